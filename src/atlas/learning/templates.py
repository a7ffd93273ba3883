"""Texts with holes: finds the parts of a text that stand in the situation, and merges two such findings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from atlas.learning.binding import shape
from atlas.learning.language import (
    Arg,
    ClockDate,
    Entity,
    Guarded,
    Hole,
    Prev,
    Ref,
    Shape,
    Source,
    Span,
    SpanType,
    Staff,
    Template,
)
from atlas.learning.sightings import PublicWords, reveal
from atlas.learning.situation import is_number

Identity = Callable[[Source], object]

_MOST_SOURCES_PER_HOLE = 6
_SHORTEST_FILL = 2  # characters
_LONGEST_TEXT = 400  # characters
_TEXT_SHAPES = (Shape.PLAIN, Shape.LOWER, Shape.UPPER, Shape.SNAKE, Shape.KEBAB, Shape.JOINED)
_NUMBER_SHAPES = (Shape.PLAIN, Shape.GROUPED)
_DATE_SHAPES = (Shape.PLAIN, Shape.COMPACT_DATE, Shape.MONTH, Shape.COMPACT_MONTH, Shape.QUARTER, Shape.YEAR)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_FILL_ORDER: dict[type, int] = {Entity: 1, Prev: 2, Span: 3, Arg: 4, Staff: 5, ClockDate: 6, Ref: 7}


def find_templates(text: str, atoms: Sequence[tuple[Source, object]], public: PublicWords) -> Iterator[Template]:
    """Yield ``text`` as a template whose holes are the longest parts that ``atoms`` explain; nothing where none are.

    Args:
        text: A text of a demonstration.
        atoms: Sources with their values.
        public: The words that may be kept at once.
    """
    if not _SHORTEST_FILL < len(text) <= _LONGEST_TEXT:
        return
    fills = _fills(text, atoms)
    spots: list[tuple[int, int, str]] = []
    for fill in sorted(fills, key=lambda fill: (-len(fill), fill)):
        for match in re.finditer(_standing_alone(fill), text):
            if all(match.end() <= start or match.start() >= end for start, end, _ in spots):
                spots.append((match.start(), match.end(), fill))
    if not spots or (len(spots) == 1 and spots[0][2] == text):
        return
    spots.sort()
    yield _build(text, spots, fills, public)


def merge_templates(kept: Template, found: Template, identity: Identity, *, can_reveal: bool) -> Template | None:
    """Return what two templates have in common, None where they are different texts.

    Args:
        kept: The template of earlier cases.
        found: The template of a new case.
        identity: Key under which two sources are the same.
        can_reveal: Whether the cases are about different records, so that their common words may be kept.
    """
    if len(kept.glue) != len(found.glue) or any(
        one.digest != other.digest for one, other in zip(kept.glue, found.glue, strict=True)
    ):
        return None
    holes: list[Hole] = []
    for one, other in zip(kept.holes, found.holes, strict=True):
        wanted = {identity(source) for source in other.sources}
        common = tuple(source for source in one.sources if identity(source) in wanted)
        if not common or one.shape is not other.shape:
            return None
        holes.append(Hole(common, one.shape))
    glue = tuple(reveal(one, other) if can_reveal else one for one, other in zip(kept.glue, found.glue, strict=True))
    return Template(glue, tuple(holes))


def _standing_alone(fill: str) -> str:
    """Return the pattern of a fill that is no part of a longer word; a number may stand right behind letters."""
    letter = r"\d" if fill.isdigit() else r"[^\W_]"
    return rf"(?<!{letter}){re.escape(fill)}(?!{letter})"


def _fills(text: str, atoms: Sequence[tuple[Source, object]]) -> dict[str, tuple[Shape, list[Source]]]:
    """Ways to write the atoms' values that stand in ``text``, with their sources."""
    by_value: dict[str | int | float, list[Source]] = {}
    for source, value in atoms:
        if isinstance(value, (str, int, float)) and not isinstance(value, bool) and type(source) in _FILL_ORDER:
            by_value.setdefault(value, []).append(source)
    fills: dict[str, tuple[Shape, list[Source]]] = {}
    for value, sources in by_value.items():
        kept = [source for source in sources if not _is_whole_tail(source, value, text)]
        for how in _shapes_of(value) if kept else ():
            shown = shape(value, how)
            if shown is None or len(shown) < _SHORTEST_FILL or shown not in text:
                continue
            known_shape, known = fills.setdefault(shown, (how, []))
            if known_shape is how:
                known += kept
    return fills


def _is_whole_tail(source: Source, value: object, text: str) -> bool:
    return isinstance(source, Span) and source.type is SpanType.TAIL and value == text


def _shapes_of(value: object) -> tuple[Shape, ...]:
    if is_number(value):
        return _NUMBER_SHAPES
    if not isinstance(value, str):
        return ()
    return _DATE_SHAPES if _DATE.match(value) else _TEXT_SHAPES


def _build(
    text: str,
    spots: Sequence[tuple[int, int, str]],
    fills: dict[str, tuple[Shape, list[Source]]],
    public: PublicWords,
) -> Template:
    glue: list[Guarded] = []
    holes: list[Hole] = []
    at = 0
    for start, end, fill in spots:
        glue.append(_guard(text[at:start], public))
        how, sources = fills[fill]
        ordered = sorted(dict.fromkeys(sources), key=_fill_order)
        holes.append(Hole(tuple(ordered[:_MOST_SOURCES_PER_HOLE]), how))
        at = end
    glue.append(_guard(text[at:], public))
    return Template(tuple(glue), tuple(holes))


def _fill_order(source: Source) -> int:
    """Rank sources of a hole: fields of records are surer than places in a message."""
    return 0 if isinstance(source, Span) and source.fresh else _FILL_ORDER[type(source)]


def _guard(text: str, public: PublicWords) -> Guarded:
    kept = public.guard(text)
    return Guarded(kept.digest, text, known=True) if not any(map(str.isalnum, text)) else kept
