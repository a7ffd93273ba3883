"""The shapes of a company's names: how they are put together, without any word of them.

Where every opportunity is called like ``2026 Harbor Cranes: Spare Parts``, a capital letter does not say where a name
begins and ends. Its shape does: ``Y W: W`` (a year, words, a colon, words). Shapes are learned from the records that
calls return.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

_WORD = r"(?!I\b)[A-ZÀ-Þ][\w&\u2019'-]*"
_WORDS = rf"{_WORD}(?: (?:{_WORD}|\d+\b(?!,?\d|[%.]\d)))*"
_YEAR = r"(?:19|20)\d\d"
_PIECES = re.compile(rf"(?P<words>{_WORDS})|(?P<year>\b{_YEAR}\b)|(?P<digits>\d+)|(?P<glue>.)", re.DOTALL)
_PATTERNS = {"W": _WORDS, "Y": rf"\b{_YEAR}\b", "D": r"\d+"}
_LONGEST = 24  # signs of a shape
_PLAIN = "W"


def shape_of(name: str) -> str | None:
    """Return the shape of a name: ``W`` for capitalised words, ``Y`` for a year, ``D`` for other digits, else the sign.

    None for a name of nothing but words, which has no shape to speak of, and for one that is put together otherwise.

    Example:
        >>> shape_of("2026 Harbor Cranes: Spare Parts"), shape_of("Harbor Cranes"), shape_of("harbor")
        ('Y W: W', None, None)
    """
    pieces: list[str] = []
    for match in _PIECES.finditer(name):
        kind = match.lastgroup
        glue = match.group() if kind == "glue" else {"words": "W", "year": "Y", "digits": "D"}[str(kind)]
        if kind == "glue" and glue.isalnum():
            return None
        pieces.append(glue)
    shape = "".join(pieces)
    return shape if _PLAIN in shape and shape != _PLAIN and len(shape) <= _LONGEST else None


@functools.lru_cache(maxsize=256)
def pattern_of(shape: str) -> re.Pattern[str]:
    """Return the pattern of the names of a shape.

    Example:
        >>> pattern_of("Y W: W").search("Move 2026 Harbor Cranes: Spare Parts on.").group()
        '2026 Harbor Cranes: Spare Parts'
    """
    return re.compile("".join(_PATTERNS.get(sign, re.escape(sign)) for sign in shape))


def longest_first(shapes: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return shapes with the kinds of record that they are names of, those of most pieces first."""
    return tuple(sorted(set(shapes), key=lambda item: (-len(item[0]), item)))
