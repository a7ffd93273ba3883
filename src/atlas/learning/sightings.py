"""Values seen in cases: kept as digests until a second case, about other records, shows the same value.

Source: the idea of k-anonymity with k = 2, applied to what a lesson may hold.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Sequence

from atlas.core.canonical import canonical_json
from atlas.crm.records import Entity, Outcome, ReasonCode, ToolSpec
from atlas.learning.language import (
    Guarded,
)
from atlas.learning.situation import is_list, is_number, is_object

_LARGEST_SMALL_NUMBER = 100  # a whole number up to here counts, ranks or is a percentage
CaseMark = tuple[str, ...]
"""Digests of the records that a case is about."""


@functools.lru_cache(maxsize=65536)
def digest_text(text: str) -> str:
    """Return the digest under which a text is kept.

    Example:
        >>> digest_text("a") == digest_text("a"), len(digest_text("a"))
        (True, 16)
    """
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def digest(value: object) -> str:
    """Return the digest under which a JSON value is kept."""
    if isinstance(value, str):
        return digest_text(f"s{value}")
    if is_number(value) and float(value).is_integer():
        value = int(value)
    return digest_text(f"j{canonical_json(value)}")


class PublicWords:
    """The values that lessons may hold at once: words of the tool schemas, codes, small whole numbers.

    Args:
        tools: The tools that an agent sees.
    """

    def __init__(self, tools: Sequence[ToolSpec]) -> None:
        words: set[str] = {"", "asc", "desc"}
        words |= {entity.value for entity in Entity} | {reason.value for reason in ReasonCode}
        words |= {outcome.value for outcome in Outcome}
        names: set[str] = set()
        for tool in tools:
            names.add(tool.name)
            names |= set(_property_names(tool.parameters))
            words |= set(_enum_values(tool.parameters))
        self.enums = frozenset(words)
        self.names = frozenset(names)

    def allows(self, value: object) -> bool:
        """Tell whether ``value`` may be kept after one case."""
        if value is None or isinstance(value, bool):
            return True
        if isinstance(value, str):
            bare = value.removeprefix("-")
            return value in self.enums or bare in self.names
        if is_number(value):
            return float(value).is_integer() and abs(value) <= _LARGEST_SMALL_NUMBER
        return is_list(value) and all(self.allows(item) for item in value)

    def guard(self, value: str | float | bool | tuple[str, ...] | None) -> Guarded:  # noqa: FBT001 - a value, no switch
        """Return ``value`` with its digest; ``known`` says whether a lesson may hold it after one case.

        The value itself is still there: :func:`seal` what goes into a lesson.
        """
        return Guarded(digest(value), value, known=self.allows(value))


def seal(seen: Guarded) -> Guarded:
    """Return what a lesson may hold of a value seen in one case: its digest only, unless it is public."""
    return seen if seen.known else Guarded(seen.digest)


def reveal(kept: Guarded, seen: Guarded) -> Guarded:
    """Return ``kept`` with the value that a second case, about other records, has shown."""
    return kept if kept.known else Guarded(kept.digest, seen.value, known=True)


def mark_case(values: Iterable[object]) -> CaseMark:
    """Return the mark of a case about the records with these ids and names."""
    return tuple(sorted({digest(value) for value in values}))


def disjoint(one: CaseMark, other: CaseMark) -> bool:
    """Tell whether two cases are about different records."""
    return not set(one) & set(other)


def _property_names(schema: object) -> Iterable[str]:
    if is_object(schema):
        properties = schema.get("properties")
        if is_object(properties):
            yield from properties
        for part in schema.values():
            yield from _property_names(part)
    elif is_list(schema):
        for part in schema:
            yield from _property_names(part)


def _enum_values(schema: object) -> Iterable[str]:
    if is_object(schema):
        enum = schema.get("enum")
        if is_list(enum):
            yield from (item for item in enum if isinstance(item, str))
        for part in schema.values():
            yield from _enum_values(part)
    elif is_list(schema):
        for part in schema:
            yield from _enum_values(part)
