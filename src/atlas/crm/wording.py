"""Putting any JSON value into a sentence: bounded, one line, safe for values that no message should choke on.

Used by everything that words an error; a value may be NaN, a number of a million digits, a list nested ten thousand
deep, or a text with control characters.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeGuard, cast

from atlas.core.errors import nearest_name
from atlas.crm.rules.synonyms import meaning_of, plain_name

_SHOWN_CHARACTERS = 60  # of an offending text, in a message
_ESCAPED_CHARACTERS = 120  # of an offending text that is shown with escapes
_KEPT_CHARACTERS = 200  # of an offending text, in ToolError.value
_SHOWN_BITS = 200  # of an offending whole number; about 60 digits
_LISTED_NAMES = 12  # in a message


def quoted(value: object) -> str:
    """Return ``value`` as a message shows it: short, on one line.

    Example:
        >>> quoted("Acme"), quoted(float("nan")), quoted([[1]]), quoted(10**5000), quoted(True), quoted(None)
        ("'Acme'", 'NaN', 'a list', 'a number of 16610 bits', 'true', 'null')
    """
    if isinstance(value, str):
        cut = value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "..."
        return repr(cut) if cut.isprintable() else escaped(cut)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value) if value.bit_length() <= _SHOWN_BITS else f"a number of {value.bit_length()} bits"
    if isinstance(value, float):
        return _quoted_float(value)
    return kind_of(value)


def escaped(text: str) -> str:
    r"""Return ``text`` in quotes and in ASCII, so that every character of it can be seen.

    Example:
        >>> escaped("Ac\u200bme"), len(escaped("\u200b" * 500))
        ("'Ac\\u200bme'", 124)
    """
    shown = ascii(text[: _SHOWN_CHARACTERS + 1])
    return shown if len(shown) <= _ESCAPED_CHARACTERS else f"{shown[:_ESCAPED_CHARACTERS]}...'"


def kind_of(value: object) -> str:
    """Return what kind of JSON value this is, with its article.

    Example:
        >>> kind_of("x"), kind_of(True), kind_of(2.5), kind_of({}), kind_of(None)
        ('a text', 'a boolean', 'a number', 'an object', 'null')
    """
    if value is None:
        return "null"
    for kind, words in _KINDS:
        if isinstance(value, kind):
            return words
    return f"a {type(value).__name__}"


def kept(value: object) -> object:
    """Return ``value`` as an error keeps it: itself where it is short and has a JSON form, else its description.

    Example:
        >>> kept(5), kept("x" * 300)[-4:], kept({"a": 1})
        (5, 'x...', 'an object')
    """
    if isinstance(value, str):
        text = value if len(value) <= _KEPT_CHARACTERS else value[:_KEPT_CHARACTERS] + "..."
        return text if _is_encodable(text) else ascii(text)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and value.bit_length() <= _SHOWN_BITS:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return quoted(value)


def named(name: object) -> str:
    """Return the name of an argument as a message shows it.

    Example:
        >>> named("amount"), named("a" * 70)[-6:]
        ('`amount`', 'aaa...')
    """
    text = quoted(name)
    return f"`{text[1:-1]}`" if isinstance(name, str) and len(name) <= _SHOWN_CHARACTERS else text.strip("'")


def field_named(name: object) -> str | None:
    """Return the name of an argument as an error's ``field`` holds it, None where it is no name that anybody has.

    Example:
        >>> field_named("amount"), field_named("a" * 100), field_named(5), field_named(chr(0xD800))
        ('amount', None, None, None)
    """
    short = isinstance(name, str) and len(name) <= _SHOWN_CHARACTERS
    return name if short and isinstance(name, str) and _is_encodable(name) else None


def listed(names: Sequence[str]) -> str:
    """Return names as a list in a sentence; a long one is cut.

    Example:
        >>> listed(["a", "b"]), listed([str(n) for n in range(14)])[-19:]
        ('a, b', '10, 11 and 2 others')
    """
    shown = ", ".join(names[:_LISTED_NAMES])
    rest = len(names) - _LISTED_NAMES
    return shown if rest <= 0 else f"{shown} and {rest} other{'s' if rest > 1 else ''}"


def nearest_argument(name: object, known: Iterable[str], *, owner: str = "") -> str | None:
    """Return the known argument that ``name`` most likely means, None where none is close.

    Args:
        name: What was given.
        known: The names that there are.
        owner: Word that people put in front of a field's name: ``opportunity`` in ``opportunity_name``.

    Example:
        >>> nearest_argument("opportunity_name", ["client_id", "name"], owner="opportunity")
        'name'
        >>> nearest_argument("client_name", ["client_id", "name"], owner="opportunity")
        'client_id'
        >>> nearest_argument("Close Date", ["close_date"])
        'close_date'
    """
    if not isinstance(name, str) or len(name) > _SHOWN_CHARACTERS:
        return None
    choices = tuple(known)
    meant = meaning_of(name, choices, owner=owner)
    if meant is None:
        return nearest_name(plain_name(name), choices)
    return meant.arguments[0] if meant.arguments else None


def is_object(value: object) -> TypeGuard[Mapping[str, object]]:
    """Tell whether ``value`` is a JSON object; its keys are texts where it came from JSON."""
    return isinstance(value, Mapping)


def is_array(value: object) -> TypeGuard[Sequence[object]]:
    """Tell whether ``value`` is a JSON array."""
    return isinstance(value, (list, tuple))


def _quoted_float(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)


def _is_encodable(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a boolean"),
    (str, "a text"),
    ((int, float), "a number"),
    (cast("type", Mapping), "an object"),
    ((list, tuple), "a list"),
)
