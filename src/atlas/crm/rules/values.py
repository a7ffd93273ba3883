"""Rules about one value: its type, its form, its bounds. Each field gets its check once, as a closure.

A check takes a shown value of any JSON shape and the world's today, and returns the value as rows store it, or the
error.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, TypeAlias

from atlas.core.money import from_cents, to_cents
from atlas.crm.fields import FieldDef, FieldKind
from atlas.crm.records import Entity, ErrorCode, FieldValue, ToolError
from atlas.crm.rules.file_names import unsafe_file_name
from atlas.crm.rules.readings import (
    address_meant,
    as_number,
    choice_meant,
    day_hint,
    later_year,
    number_meant,
    rounded,
    web_address_meant,
)
from atlas.crm.rules.texts import has_unseen, parse_text, text_error, wrong_type
from atlas.crm.wording import is_array, kept, quoted

Check: TypeAlias = Callable[[object, str], "FieldValue | ToolError"]
"""From a shown value and the world's today (ISO) to the stored value or the error."""

_LABEL = r"[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_EMAIL = re.compile(rf"(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[A-Za-z]{{2,}}")
_URL = re.compile(rf"https?://{_LABEL}(?:\.{_LABEL})*(?::[0-9]{{1,5}})?(?:[/?#]\S*)?")
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


def parse_day(name: str, value: object, today: str = "", *, not_past: bool = False) -> str | ToolError:
    """Return ``value`` where it is an ISO date, else the error.

    Args:
        name: Name of the argument.
        value: Anything.
        today: The world's today, ISO, for the hint; empty where it does not matter.
        not_past: Whether a day before today would not be taken, so that none is suggested.

    Example:
        >>> parse_day("close_date", "2026-03-02"), parse_day("close_date", "2.3.2026").message
        ('2026-03-02', "`close_date` is not a date: '2.3.2026'; write it as YYYY-MM-DD")
    """
    if not isinstance(value, str):
        is_number = isinstance(value, int) and not isinstance(value, bool)
        hint = day_hint(quoted(value), "") if is_number else None
        return wrong_type(name, value, "a date written as YYYY-MM-DD", hint=hint)
    if len(value) == _ISO_DATE_LENGTH and value[4] == value[7] == "-":
        try:
            date.fromisoformat(value)
        except ValueError:
            pass
        else:
            return value
    if not value or value.isspace():
        return ToolError(
            ErrorCode.BLANK, f"`{name}` must not be blank", name, kept(value), hint="write it as YYYY-MM-DD"
        )
    message = f"`{name}` is not a date: {quoted(value)}; write it as YYYY-MM-DD"
    return ToolError(
        ErrorCode.INVALID_FORMAT, message, name, kept(value), hint=day_hint(value, today, not_past=not_past)
    )


def _id_check(field: FieldDef) -> Check:
    """Check an id or a handle: it is compared with those that there are, so its form is free."""
    name, max_length = field.name, field.max_length

    def check(value: object, today: str) -> FieldValue | ToolError:
        del today
        error = text_error(name, value, max_length, lines=False)
        return value if error is None and isinstance(value, str) else error

    return check


def _name_check(field: FieldDef) -> Check:
    name, max_length = field.name, field.max_length

    def check(value: object, today: str) -> FieldValue | ToolError:
        del today
        return parse_text(name, value, max_length, lines=False)

    return check


def _text_check(field: FieldDef) -> Check:
    name, max_length = field.name, field.max_length

    def check(value: object, today: str) -> FieldValue | ToolError:
        del today
        return parse_text(name, value, max_length, lines=True)

    return check


def _shaped_check(
    pattern: re.Pattern[str], what: str, advice: str, meant: Callable[[str], str | None]
) -> Callable[[FieldDef], Check]:
    def build(field: FieldDef) -> Check:
        plain = _name_check(field)
        name = field.name

        def check(value: object, today: str) -> FieldValue | ToolError:
            text = plain(value, today)
            if isinstance(text, str) and not pattern.fullmatch(text):
                guess = meant(text)
                hint = f"did you mean {guess!r}?" if guess and guess != text else None
                message = f"`{name}` is not {what}: {quoted(text)}; {advice}"
                return ToolError(ErrorCode.INVALID_FORMAT, message, name, kept(text), hint=hint)
            return text

        return check

    return build


def _enum_check(field: FieldDef, allowed: tuple[str, ...]) -> Check:
    name = field.name
    known = frozenset(allowed)
    later = tuple(option for option in field.allowed if option not in known)

    def check(value: object, today: str) -> FieldValue | ToolError:
        del today
        if isinstance(value, str):
            return value if value in known else enum_error(name, value, allowed, later=later)
        return wrong_type(name, value, f"one of {', '.join(allowed)}")

    return check


def enum_error(name: str, value: str, allowed: tuple[str, ...], *, later: tuple[str, ...] = ()) -> ToolError:
    """Return the error for a text that is none of the allowed ones.

    Args:
        name: Name of the argument.
        value: What was given.
        allowed: What may be given.
        later: What a record that is there already may come to hold.

    Example:
        >>> enum_error("stage", "won", ("Open", "Closed-Won")).message
        "`stage` cannot be 'won'; allowed: Open, Closed-Won"
        >>> enum_error("stage", "won", ("Open", "Closed-Won")).hint
        "did you mean 'Closed-Won'? values are compared exactly"
    """
    message = f"`{name}` cannot be {quoted(value)}; allowed: {', '.join(allowed)}"
    if choice_meant(value, (*allowed, *later)) in later:
        hint = f"a new record starts with {' or '.join(allowed)}; its `{name}` is changed afterwards"
        return ToolError(ErrorCode.INVALID_ENUM, message, name, kept(value), allowed, hint)
    guess = None if _is_another_kind(value, allowed) else choice_meant(value, allowed)
    hint = f"did you mean {guess!r}? values are compared exactly" if guess else None
    return ToolError(ErrorCode.INVALID_ENUM, message, name, kept(value), allowed, hint)


def _is_another_kind(value: str, allowed: tuple[str, ...]) -> bool:
    """Whether ``value`` is a kind of record that is not allowed here, however much it looks like one that is."""
    meant = value.strip().casefold()
    return meant in _KINDS and meant not in (option.casefold() for option in allowed)


_KINDS: Final = frozenset(entity.value.casefold() for entity in Entity)


def _money_check(field: FieldDef) -> Check:
    name = field.name
    high = field.maximum or 0

    def check(value: object, today: str) -> FieldValue | ToolError:
        del today
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return number_error(name, value, most=from_cents(high))
        if isinstance(value, float) and not math.isfinite(value):
            return wrong_type(name, value, "a finite number")
        if value <= 0 or value * 100 > high:
            return _out_of_range(name, value, f"more than 0 and at most {from_cents(high):,}")
        if isinstance(value, int):
            return value * 100
        try:
            return to_cents(value)
        except ValueError:
            near = rounded(value, 2)
            hint = f"did you mean {as_number(near)}?" if near else None
            message = f"`{name}` has a fraction of a cent: {quoted(value)}; use at most two decimals"
            return ToolError(ErrorCode.INVALID_FORMAT, message, name, kept(value), hint=hint)

    return check


def _whole_number_check(field: FieldDef) -> Check:
    name = field.name
    low, high = field.minimum or 0, field.maximum or 0

    def check(value: object, today: str) -> FieldValue | ToolError:
        del today
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return number_error(name, value, whole=True, most=high)
        if isinstance(value, float) and not value.is_integer():  # NaN and infinity are no integers either
            return wrong_type(name, value, "a whole number", hint=_whole_hint(value, low, high))
        if not low <= value <= high:
            return _out_of_range(name, value, f"between {low} and {high}")
        return int(value)

    return check


def _whole_hint(value: float, low: int, high: int) -> str | None:
    """What a fraction means: a share of one, or a number that was not rounded."""
    if not math.isfinite(value):
        return None
    share = rounded(value * 100, 0)
    near = share if 0 < value < 1 else rounded(value, 0)
    return f"did you mean {near}?" if low <= near <= high else None


def number_error(name: str, value: object, *, whole: bool = False, most: float | None = None) -> ToolError:
    """Return the error for something else where a number is wanted.

    Args:
        name: Name of the argument.
        value: What was given.
        whole: Whether a whole number of percent is wanted, so that a fraction of one means a share.
        most: The largest that would be taken; what is no more than zero, or more than this, is not suggested. None
            where any number would be taken.

    Example:
        >>> number_error("amount", "$50,000").hint
        'did you mean 50000? send it as a JSON number, without quotes, currency or separators'
        >>> number_error("probability", "0.6", whole=True).hint
        'did you mean 60? send it as a JSON number, without quotes'
    """
    meant = number_meant(value) if isinstance(value, str) else None
    if meant is not None and most is not None and not 0 < meant <= most:
        meant = None
    hint = None
    if meant is not None and whole:
        near = rounded(meant * 100 if 0 < meant < 1 else meant, 0)
        hint = f"did you mean {near}? send it as a JSON number, without quotes"
    elif meant is not None:
        hint = f"did you mean {as_number(meant)}? send it as a JSON number, without quotes, currency or separators"
    return wrong_type(name, value, "a number", hint=hint)


def _out_of_range(name: str, value: object, bounds: str) -> ToolError:
    return ToolError(ErrorCode.OUT_OF_RANGE, f"`{name}` must be {bounds}, got {quoted(value)}", name, kept(value))


def _date_check(field: FieldDef) -> Check:
    name, not_past = field.name, field.not_past

    def check(value: object, today: str) -> FieldValue | ToolError:
        day = parse_day(name, value, today, not_past=not_past)
        if not_past and isinstance(day, str) and day < today:
            message = f"`{name}` {day} lies before today ({today}); choose today or a later day"
            later = later_year(day, today)
            hint = f"did you mean {later!r}?" if later else None
            return ToolError(ErrorCode.DATE_IN_PAST, message, name, day, hint=hint)
        return day

    return check


def _file_name_check(field: FieldDef) -> Check:
    plain = _name_check(field)
    name = field.name

    def check(value: object, today: str) -> FieldValue | ToolError:
        if isinstance(value, str) and has_unseen(value):
            return unsafe_file_name(name, value)
        text = plain(value, today)
        return (unsafe_file_name(name, text) or text) if isinstance(text, str) else text

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
            text = parse_text(name, item, _ITEM_LENGTH, lines=False)
            if not isinstance(text, str):
                return text
            names.append(text)
        return tuple(names)

    return check


_ITEM_LENGTH = 200  # characters of one item of a list

_BUILDERS: Mapping[FieldKind, Callable[[FieldDef], Check]] = {
    FieldKind.ID: _id_check,
    FieldKind.REFERENCE: _id_check,
    FieldKind.NAME: _name_check,
    FieldKind.TEXT: _text_check,
    FieldKind.EMAIL: _shaped_check(_EMAIL, "an e-mail address", "write it like name@example.com", address_meant),
    FieldKind.URL: _shaped_check(_URL, "a web address", "write it like https://example.com/page", web_address_meant),
    FieldKind.FILE_NAME: _file_name_check,
    FieldKind.MONEY: _money_check,
    FieldKind.WHOLE_NUMBER: _whole_number_check,
    FieldKind.DATE: _date_check,
    FieldKind.STAFF: _id_check,
    FieldKind.NAMES: _names_check,
}
