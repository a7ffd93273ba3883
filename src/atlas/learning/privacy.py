"""Looks for literals of customer records in a memory.

The types already forbid them (``atlas.learning.language``); this is the independent check of that promise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from atlas.core.canonical import canonical_json
from atlas.core.records import as_json
from atlas.learning.memory import MemorySnapshot
from atlas.learning.situation import is_list, is_number, is_object

_SHORTEST_TEXT = 4  # characters; shorter texts are no names
_SMALLEST_AMOUNT = 1000  # currency units; smaller numbers count and rank
_COUNTERS = frozenset(
    {"count", "texts", "hits", "cases", "first", "nth", "back", "calls", "followed", "episodes", "format", "level"}
)


def find_literals(snapshot: MemorySnapshot, literals: Iterable[str | int | float]) -> tuple[str, ...]:
    """Return those of ``literals`` (ids, e-mails, names, amounts, dates of records) that the memory holds, as texts.

    A text is found anywhere inside a text of the memory, in any case, at word boundaries; a number as a number or
    written out. Texts of fewer than four characters and numbers below 1000 are not looked for: they name no record.
    """
    texts, numbers = _collect(snapshot)
    everything = "\n".join(sorted(texts)).lower()
    found: list[str] = []
    for literal in literals:
        if is_number(literal):
            if abs(literal) >= _SMALLEST_AMOUNT and (float(literal) in numbers or _stands(str(literal), everything)):
                found.append(str(literal))
        elif len(str(literal)) >= _SHORTEST_TEXT and _stands(str(literal).lower(), everything):
            found.append(str(literal))
    return tuple(dict.fromkeys(found))


def unsealed(snapshot: MemorySnapshot) -> int:
    """Return how many guarded values of a memory hold their text without being allowed to; always 0.

    Example:
        >>> unsealed(MemorySnapshot(1, 0, (), ()))
        0
    """
    return sum(
        1
        for node in _objects(as_json(snapshot))
        if set(node) == {"digest", "value", "known"} and not node["known"] and node["value"] is not None
    )


def size_bytes(snapshot: MemorySnapshot) -> int:
    """Return the size of a memory's canonical JSON."""
    return len(canonical_json(snapshot).encode())


def _stands(text: str, everything: str) -> bool:
    return text in everything and re.search(rf"(?<!\w){re.escape(text)}(?!\w)", everything) is not None


def _collect(snapshot: MemorySnapshot) -> tuple[set[str], set[float]]:
    texts: set[str] = set()
    numbers: set[float] = set()
    for node in _objects(as_json(snapshot)):
        for name, value in node.items():
            for leaf in value if is_list(value) else [value]:
                if isinstance(leaf, str) and name not in ("digest", "id", "supersedes", "mark"):
                    texts.add(leaf)
                elif is_number(leaf) and name not in _COUNTERS:
                    numbers.add(float(leaf))
                elif is_list(leaf):
                    texts |= {part for part in leaf if isinstance(part, str)}
    return texts, numbers


def _objects(data: object) -> Iterator[Mapping[str, object]]:
    if is_object(data):
        yield data
        for part in data.values():
            yield from _objects(part)
    elif is_list(data):
        for part in data:
            yield from _objects(part)
