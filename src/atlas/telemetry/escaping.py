"""A form of any value that can be written down: what JSON or UTF-8 cannot hold is replaced by a description of it.

What an agent sends is kept as it was sent, and agents send anything: NaN, half of a surrogate pair, a number of a
million digits, a list nested a hundred thousand deep, a key that is no text. A record of a run must not fail over it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Final, cast

from atlas.core.records import as_json

DEEPEST: Final = 60  # levels that are kept; what lies below is replaced

_LONGEST_NUMBER = 4_000  # bits; Python refuses to write a number of more than 4,300 digits
_ESCAPE = "$escaped"


def escaped(value: object) -> object:
    r"""Return ``value`` as JSON data that can be written as UTF-8, whatever it holds.

    Ordinary data stays as it is. What has no such form becomes ``{"$escaped": "..."}`` with a description; a text with
    half of a surrogate pair has that half written as ``\udXXX``, and so has a key. Keys that are no texts become
    texts.

    Args:
        value: JSON data or records, with anything in them.

    Example:
        >>> escaped({"amount": 5, 1: float("nan")})
        {'amount': 5, '1': {'$escaped': 'NaN'}}
        >>> escaped([chr(0xD800), {1}, 10**5000])
        ['\\ud800', {'$escaped': 'a set'}, {'$escaped': 'a number of 16610 bits'}]
    """
    return _escape(value, DEEPEST)


def _escape(value: object, levels: int) -> object:
    if isinstance(value, str):
        return _plain_text(value)
    if value is None or isinstance(value, (bool, int, float)):
        return _plain_number(value)
    parts = _parts(value)
    if parts is None:
        return _leaf(value)
    if levels == 0:
        return {_ESCAPE: f"nested more than {DEEPEST} deep"}
    if isinstance(parts, Mapping):
        return {_key(key): _escape(item, levels - 1) for key, item in parts.items()}
    return [_escape(item, levels - 1) for item in parts]


def _parts(value: object) -> Mapping[object, object] | Sequence[object] | None:
    """What ``value`` is made of, None where it is one piece."""
    if isinstance(value, Mapping):
        return cast("Mapping[object, object]", value)
    if isinstance(value, (list, tuple)):
        return cast("Sequence[object]", value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return None


def _leaf(value: object) -> object:
    """A value that is made of no others: a date, an enum, or something that has no JSON form at all."""
    if isinstance(value, (set, frozenset)):  # of records it is written sorted; of anything it cannot be
        return {_ESCAPE: f"a {type(cast('object', value)).__name__}"}
    try:
        return as_json(value)
    except TypeError:
        return {_ESCAPE: f"a {type(value).__name__}"}


def _plain_text(text: str) -> str:
    plain = str.__str__(text)  # the value of an enum
    return plain if plain.isascii() else plain.encode("utf-8", "backslashreplace").decode("utf-8")


def _plain_number(value: float | None) -> object:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        bits = value.bit_length()
        return as_json(value) if bits <= _LONGEST_NUMBER else {_ESCAPE: f"a number of {bits} bits"}
    if math.isfinite(value):
        return value
    return {_ESCAPE: "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}


def _key(key: object) -> str:
    if isinstance(key, str):
        return _plain_text(key)
    number = _plain_number(key) if key is None or isinstance(key, (bool, int, float)) else None
    return str(number) if isinstance(number, (int, float)) else f"{_ESCAPE}: a {type(key).__name__}"
