"""Does a value fulfil a matcher, and does it stand in a message."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TypeGuard, assert_never

from atlas.core.records import record
from atlas.verify.goals import AnyNewId, Approx, CreatedRef, Equals, Matcher, OneOf, Regex

_NUMBER = re.compile(r"(?<![\w.])-?\d(?:[\d,]*\d)?(?:\.\d+)?")
_HALF_CENT = 0.005  # currency units; two amounts closer than this are the same amount


@record
class Created:
    """The rows that an episode created: every id, and the ids that labels of the goal were matched to."""

    ids: frozenset[str] = frozenset()
    by_label: Mapping[str, str] = field(default_factory=dict[str, str])


def matches(matcher: Matcher, value: object, created: Created) -> bool:
    """Tell whether ``value`` (shown) fulfils ``matcher``.

    Example:
        >>> matches(Equals(1250), 1250.0, Created())
        True
        >>> matches(Equals(1), True, Created())
        False
        >>> matches(Regex("Q-[0-9]+"), "Q-17", Created())
        True
    """
    match matcher:
        case Equals():
            return same_value(matcher.value, value)
        case OneOf():
            return any(same_value(option, value) for option in matcher.values)
        case Approx():
            return is_number(value) and abs(value - matcher.value) <= matcher.tolerance
        case Regex():
            return isinstance(value, str) and re.fullmatch(matcher.pattern, value) is not None
        case AnyNewId():
            return value in created.ids
        case CreatedRef():
            return value is not None and created.by_label.get(matcher.label) == value
    assert_never(matcher)


def same_value(expected: object, value: object) -> bool:
    """Tell whether two shown values are equal; lists are compared without order, a number is never a truth value.

    Example:
        >>> same_value(["b", "a"], ("a", "b"))
        True
    """
    if is_list(expected):
        return is_list(value) and _same_items(expected, value)
    if isinstance(expected, bool) or isinstance(value, bool):
        return expected is value
    return expected == value


def stands_in(value: object, message: str) -> bool:
    """Tell whether a value can be read in a message: a number in any usual spelling, a text in any case.

    Every item of a list has to stand there.

    Example:
        >>> stands_in(45000, "The total is 45,000.00 EUR."), stands_in("Proposal", "It is in proposal now.")
        (True, True)
        >>> stands_in(4500, "The total is 45,000.")
        False
    """
    if is_list(value):
        return all(stands_in(item, message) for item in value)
    if is_number(value):
        return any(abs(number - value) < _HALF_CENT for number in _numbers(message))
    return isinstance(value, str) and bool(value) and value.casefold() in message.casefold()


def is_number(value: object) -> TypeGuard[int | float]:
    """Tell whether ``value`` is a number and no truth value."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_list(value: object) -> TypeGuard[Sequence[object]]:
    """Tell whether ``value`` is a JSON array."""
    return isinstance(value, (list, tuple))


def _numbers(message: str) -> list[float]:
    return [float(text.replace(",", "")) for text in _NUMBER.findall(message)]


def _same_items(expected: Sequence[object], value: Sequence[object]) -> bool:
    rest = list(value)
    for item in expected:
        found = next((index for index, other in enumerate(rest) if same_value(item, other)), None)
        if found is None:
            return False
        rest.pop(found)
    return not rest
