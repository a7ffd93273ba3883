"""Rules about one value: its type, its form, its bounds. Each field gets its check once, as a closure.

A check takes a shown value of any JSON shape and the world's today, and returns the value as rows store it, or the
error.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeAlias

from atlas.core.errors import nearest_name
from atlas.core.money import from_cents, to_cents
from atlas.crm.fields import FieldDef, FieldKind
from atlas.crm.records import ErrorCode, FieldValue, ToolError
from atlas.crm.schema import FILE_EXTENSIONS
from atlas.crm.wording import is_array, kept, kind_of, quoted

Check: TypeAlias = Callable[[object, str], "FieldValue | ToolError"]
"""From a shown value and the world's today (ISO) to the stored value or the error."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LINE_BREAKS = re.compile(r"[\t\n\r\x85\u2028\u2029]")
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?:[A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z]{2,}")
_URL = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:[/?#]\S*)?")
_UNSAFE_IN_FILE_NAMES = re.compile(r'[/\\<>:"|?*]|\.\.')
_ISO_DATE_LENGTH = 10  # characters of YYYY-MM-DD


def value_check(field: FieldDef, *, creating: bool = False) -> Check:
    """Return the check of ``field``.

    Args:
        field: The field; messages name it.
        creating: Whether the value is for a new record; some enums start with fewer values.

    Example:
        >>> from atlas.crm.schema import SCHEMA, Entity
        >>> check = value_check(SCHEMA[Entity.OPPORTUNITY].field("amount"))
        >>> check(1250.5, "2026-03-02"), check("a lot", "2026-03-02").message
        (125050, "`amount` must be a number, not a text: 'a lot'")
    """
    if field.kind is FieldKind.ENUM:
        return _enum_check(field, field.starting_values if creating else field.allowed)
    return _BUILDERS[field.kind](field)


def wrong_type(name: str, value: object, wanted: str, *, hint: str | None = None) -> ToolError:
    """Return the error for a value of the wrong type.

    Example:
        >>> wrong_type("limit", True, "a whole number").message
        '`limit` must be a whole number, not a boolean: true'
    """
    got = kind_of(value)
    message = f"`{name}` must be {wanted}, not {got}"
    if quoted(value) != got:
        message = f"{message}: {quoted(value)}"
    return ToolError(ErrorCode.INVALID_TYPE, message, name, kept(value), hint=hint)


def text_error(name: str, value: object, max_length: int | None, *, lines: bool) -> ToolError | None:
    """Return what is wrong with ``value`` as a text, None where nothing is.

    Args:
        name: Name of the argument.
        value: Anything.
        max_length: Most characters, None for no bound.
        lines: Whether the text may have several lines.
    """
    if not isinstance(value, str):
        return wrong_type(name, value, "a text")
    if not value or value.isspace():
        return ToolError(ErrorCode.BLANK, f"`{name}` must not be blank", name, kept(value))
    if max_length is not None and len(value) > max_length:
        message = f"`{name}` has {len(value)} characters; at most {max_length} are allowed"
        return ToolError(ErrorCode.TOO_LONG, message, name, kept(value))
    if not value.isprintable():  # cheap, but stricter than we are
        if _CONTROL.search(value):
            message = f"`{name}` contains control characters: {quoted(value)}; leave them out"
            return ToolError(ErrorCode.INVALID_FORMAT, message, name, kept(value))
        if not lines and _LINE_BREAKS.search(value):
            message = f"`{name}` must be one line, got {quoted(value)}; leave out line breaks and tabs"
            return ToolError(ErrorCode.INVALID_FORMAT, message, name, kept(value))
    return None


def parse_day(name: str, value: object) -> str | ToolError:
    """Return ``value`` where it is an ISO date, else the error.

    Example:
        >>> parse_day("close_date", "2026-03-02"), parse_day("close_date", "2.3.2026").message
        ('2026-03-02', "`close_date` is not a date: '2.3.2026'; write it as YYYY-MM-DD")
    """
    if not isinstance(value, str):
        return wrong_type(name, value, "a date written as YYYY-MM-DD")
    if len(value) == _ISO_DATE_LENGTH and value[4] == value[7] == "-":
        try:
            date.fromisoformat(value)
        except ValueError:
            pass
        else:
            return value
    if not value or value.isspace():
        return ToolError(ErrorCode.BLANK, f"`{name}` must not be blank", name, kept(value))
    message = f"`{name}` is not a date: {quoted(value)}; write it as YYYY-MM-DD"
    return ToolError(ErrorCode.INVALID_FORMAT, message, name, kept(value))


def _name_check(field: FieldDef) -> Check:
    name, max_length = field.name, field.max_length

    def check(value: object, today: str) -> FieldValue | ToolError:
        del today
        error = text_error(name, value, max_length, lines=False)
        return value if error is None and isinstance(value, str) else error

    return check


def _text_check(field: FieldDef) -> Check:
    name, max_length = field.name, field.max_length

    def check(value: object, today: str) -> FieldValue | ToolError:
        del today
        error = text_error(name, value, max_length, lines=True)
        return value if error is None and isinstance(value, str) else error

    return check


def _shaped_check(pattern: re.Pattern[str], what: str, advice: str) -> Callable[[FieldDef], Check]:
    def build(field: FieldDef) -> Check:
        plain = _name_check(field)
        name = field.name

        def check(value: object, today: str) -> FieldValue | ToolError:
            text = plain(value, today)
            if isinstance(text, str) and not pattern.fullmatch(text):
                message = f"`{name}` is not {what}: {quoted(text)}; {advice}"
                return ToolError(ErrorCode.INVALID_FORMAT, message, name, kept(text))
            return text

        return check

    return build


def _enum_check(field: FieldDef, allowed: tuple[str, ...]) -> Check:
    name = field.name
    known = frozenset(allowed)

    def check(value: object, today: str) -> FieldValue | ToolError:
        del today
        if isinstance(value, str):
            return value if value in known else enum_error(name, value, allowed)
        return wrong_type(name, value, f"one of {', '.join(allowed)}")

    return check


def enum_error(name: str, value: str, allowed: tuple[str, ...]) -> ToolError:
    """Return the error for a text that is none of the allowed ones.

    Example:
        >>> enum_error("stage", "won", ("Open", "Won")).message
        "`stage` cannot be 'won'; allowed: Open, Won"
    """
    near = nearest_name(value[:_ENUM_GUESS], {option.casefold() for option in allowed})
    guess = next((option for option in allowed if option.casefold() == near), None)
    message = f"`{name}` cannot be {quoted(value)}; allowed: {', '.join(allowed)}"
    hint = f"did you mean {guess!r}? values are compared exactly" if guess else None
    return ToolError(ErrorCode.INVALID_ENUM, message, name, kept(value), allowed, hint)


_ENUM_GUESS = 60  # characters of a wrong value that a guess is made from


def _money_check(field: FieldDef) -> Check:
    name = field.name
    high = field.maximum or 0

    def check(value: object, today: str) -> FieldValue | ToolError:
        del today
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return _no_number(name, value)
        if isinstance(value, float) and not math.isfinite(value):
            return wrong_type(name, value, "a finite number")
        if value <= 0 or value * 100 > high:
            return _out_of_range(name, value, f"more than 0 and at most {from_cents(high):,}")
        if isinstance(value, int):
            return value * 100
        try:
            return to_cents(value)
        except ValueError:
            message = f"`{name}` has a fraction of a cent: {quoted(value)}; use at most two decimals"
            return ToolError(ErrorCode.INVALID_FORMAT, message, name, kept(value))

    return check


def _whole_number_check(field: FieldDef) -> Check:
    name = field.name
    low, high = field.minimum or 0, field.maximum or 0

    def check(value: object, today: str) -> FieldValue | ToolError:
        del today
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return _no_number(name, value)
        if isinstance(value, float) and not value.is_integer():  # NaN and infinity are no integers either
            return wrong_type(name, value, "a whole number")
        if not low <= value <= high:
            return _out_of_range(name, value, f"between {low} and {high}")
        return int(value)

    return check


def _no_number(name: str, value: object) -> ToolError:
    hint = None
    if isinstance(value, str) and re.fullmatch(r"\s*[-+]?[0-9][0-9.,]{0,20}\s*", value):
        hint = "send it as a JSON number, without quotes and thousands separators"
    return wrong_type(name, value, "a number", hint=hint)


def _out_of_range(name: str, value: object, bounds: str) -> ToolError:
    return ToolError(ErrorCode.OUT_OF_RANGE, f"`{name}` must be {bounds}, got {quoted(value)}", name, kept(value))


def _date_check(field: FieldDef) -> Check:
    name, not_past = field.name, field.not_past

    def check(value: object, today: str) -> FieldValue | ToolError:
        day = parse_day(name, value)
        if not_past and isinstance(day, str) and day < today:
            message = f"`{name}` {day} lies before today ({today}); choose today or a later day"
            return ToolError(ErrorCode.DATE_IN_PAST, message, name, day)
        return day

    return check


def _file_name_check(field: FieldDef) -> Check:
    plain = _name_check(field)
    name = field.name

    def check(value: object, today: str) -> FieldValue | ToolError:
        text = plain(value, today)
        if not isinstance(text, str):
            return text
        stem, dot, extension = text.rpartition(".")
        if _UNSAFE_IN_FILE_NAMES.search(text) or text.startswith(".") or text != text.strip():
            message = f"`{name}` is not a safe file name: {quoted(text)}; give a plain name such as proposal.pdf"
            return ToolError(ErrorCode.UNSAFE_FILE_NAME, message, name, kept(text))
        if not dot or not stem or extension.lower() not in FILE_EXTENSIONS:
            what = f"has the unsupported type {quoted(extension)}" if dot else "has no extension"
            message = f"`{name}` {quoted(text)} {what}; allowed: {', '.join(FILE_EXTENSIONS)}"
            return ToolError(ErrorCode.UNSUPPORTED_FILE_TYPE, message, name, kept(text), FILE_EXTENSIONS)
        return text

    return check


def _names_check(field: FieldDef) -> Check:
    name, max_items = field.name, field.max_length or 0

    def check(value: object, today: str) -> FieldValue | ToolError:
        del today
        if not is_array(value):
            return wrong_type(name, value, "a list of texts")
        if len(value) > max_items:
            message = f"`{name}` has {len(value)} items; at most {max_items} are allowed"
            return ToolError(ErrorCode.TOO_LONG, message, name, kept(value))
        names: list[str] = []
        for item in value:
            error = text_error(name, item, _ITEM_LENGTH, lines=False)
            if error is not None or not isinstance(item, str):
                return error
            names.append(item)
        return tuple(names)

    return check


_ITEM_LENGTH = 200  # characters of one item of a list

_BUILDERS: Mapping[FieldKind, Callable[[FieldDef], Check]] = {
    FieldKind.ID: _name_check,
    FieldKind.REFERENCE: _name_check,
    FieldKind.NAME: _name_check,
    FieldKind.TEXT: _text_check,
    FieldKind.EMAIL: _shaped_check(_EMAIL, "an e-mail address", "write it like name@example.com"),
    FieldKind.URL: _shaped_check(_URL, "a web address", "write it like https://example.com/page"),
    FieldKind.FILE_NAME: _file_name_check,
    FieldKind.MONEY: _money_check,
    FieldKind.WHOLE_NUMBER: _whole_number_check,
    FieldKind.DATE: _date_check,
    FieldKind.STAFF: _name_check,
    FieldKind.NAMES: _names_check,
}
