"""From a source to a value: evaluates the closed language on a situation.

Pure: the same source, situation and knowledge give the same value. ``UNBOUND`` means that the source has no value here.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final, Protocol, assert_never

from atlas.learning.dates import add_months, month_end, quarter_end
from atlas.learning.language import (
    Adjusted,
    Arg,
    ClockDate,
    Cond,
    Const,
    Derived,
    Entity,
    Every,
    Guarded,
    Horizon,
    KindOf,
    Lex,
    Part,
    Phrase,
    Pick,
    Prev,
    Read,
    Ref,
    RoundingMode,
    Shape,
    Source,
    Span,
    SpanType,
    Staff,
    Template,
    Where,
    Wrapped,
)
from atlas.learning.perception import Familiar, Percept, SpanFound
from atlas.learning.situation import RowView, Situation, is_number, live_rows


class Unbound(enum.Enum):
    """The type of ``UNBOUND``."""

    UNBOUND = "unbound"


UNBOUND: Final = Unbound.UNBOUND
"""A source has no value in a situation."""


ANY_PLACE: Final = -1
"""``Span.nth`` of a span that may stand anywhere; the first is tried first."""
LONGEST: Final = -2
"""``Span.nth`` of the longest span of its type."""


class Knowledge(Protocol):
    """What the house has taught beyond single programs: its words, what goes with what, the looks of its names."""

    def familiar(self, public: frozenset[str]) -> Familiar:
        """Return what helps to tell names from other words; ``public`` are words of closed sets, in lower case."""
        ...

    def meaning(self, param: str, percept: Percept) -> object:
        """Return the value of ``param`` that a word of the message stands for, else ``UNBOUND``."""
        ...

    def companion(self, table: str, key: object) -> object:
        """Return the value that goes with ``key``, else ``UNBOUND``."""
        ...


class NoKnowledge:
    """Knows nothing."""

    def familiar(self, public: frozenset[str]) -> Familiar:
        return Familiar(public)

    def meaning(self, param: str, percept: Percept) -> object:
        del param, percept
        return UNBOUND

    def companion(self, table: str, key: object) -> object:
        del table, key
        return UNBOUND


class Binder:
    """Evaluates sources in one situation.

    Args:
        situation: What is known.
        knowledge: What the house has taught.
        arguments: The arguments of the call that are bound already, flat.
        expected: What a name has to speak for (``Familiar.kind_of``), empty where that does not matter.
    """

    def __init__(
        self,
        situation: Situation,
        knowledge: Knowledge,
        arguments: Mapping[str, object] | None = None,
        *,
        expected: str = "",
    ) -> None:
        self._expected = expected
        self.situation = situation
        self.knowledge = knowledge
        self.arguments: Mapping[str, object] = arguments or {}

    def value(self, source: Source) -> object:
        """Return the value of ``source`` here, or ``UNBOUND``."""
        match source:
            case Span() | Wrapped() | Read():
                return self._heard(source)
            case Entity() | Ref() | Prev() | Every():
                return self._seen(source)
            case Derived() | Adjusted() | ClockDate():
                return self._computed(source)
            case Lex() | Cond() | Arg() | KindOf() | Staff():
                return self._known(source)
            case Const() | Phrase():
                return _kept_value(source.value)
            case Template():
                return self._written(source)
        assert_never(source)

    def _heard(self, source: Span | Wrapped | Read) -> object:
        if isinstance(source, Wrapped):
            return _unwrap(self.situation.percept, source)
        if isinstance(source, Read):
            text = self.value(source.text)
            percept = self.situation.read(text) if isinstance(text, str) else None
            if percept is None:
                return UNBOUND
            if isinstance(source.what, Span):
                return self._said(source.what, percept)
            return self.knowledge.meaning(source.what.param, percept)
        return self._said(source, self.situation.heard(source.back))

    def _said(self, source: Span, percept: Percept | None) -> object:
        if percept is None:
            return UNBOUND
        spans = [
            span
            for span in percept.spans
            if span.type in span_family(source.type)
            and (source.after is None or span.after == source.after)
            and (source.of is None or span.of == source.of)
            and not (source.fresh and self.situation.holds(span))
        ]
        span = self._chosen(source, spans)
        return UNBOUND if span is None else take_part(span.value, source.part)

    def _chosen(self, source: Span, spans: Sequence[SpanFound]) -> SpanFound | None:
        if self._expected and source.type in span_family(SpanType.NAME):
            likely = [span for span in spans if span.of in ("", self._expected)]
            if 0 < source.nth < len(spans) and spans[source.nth] in likely:
                return spans[source.nth]
            fitting = [span for span in likely if span.of]
            if len(fitting) == 1 and source.nth != LONGEST:
                return fitting[0]
            spans = likely if source.nth == LONGEST else fitting or likely
        if source.nth >= len(spans) or not spans:
            return None
        if source.nth == LONGEST:
            return max(spans, key=lambda span: len(span.text))
        return spans[max(source.nth, 0)]

    def _seen(self, source: Entity | Ref | Prev | Every) -> object:
        rows = self.situation.rows_at(source.where)
        if isinstance(source, Every):
            if not self._was_called(source.where):
                return UNBOUND
            kept = live_rows(rows) if source.live else range(len(rows))
            return [rows[index][source.field] for index in kept if source.field in rows[index]]
        index = self._row_index(source, rows)
        if index is None or index >= len(rows):
            return UNBOUND
        value = rows[index].get(source.field, UNBOUND)
        part = Part.WHOLE if isinstance(source, Ref) else source.part
        return UNBOUND if value is None or value == "" else take_part(value, part)

    def _was_called(self, where: Where) -> bool:
        step = self.situation.step_at(where)
        return step is not None and where.rows in step.row_sets

    def _row_index(self, source: Entity | Ref | Prev, rows: Sequence[RowView]) -> int | None:
        if isinstance(source, Prev):
            return self.situation.found_row(rows)
        if isinstance(source, Entity):
            return self.situation.named_row(rows)
        if source.pick is Pick.OTHER:
            return self.situation.other_row(rows)
        return pick_row(rows, source.pick, source.by, live=source.live, value=source.value)

    def _computed(self, source: Derived | Adjusted | ClockDate) -> object:
        if isinstance(source, ClockDate):
            base = self.situation.today if source.base is None else read_day(self.value(source.base))
            return UNBOUND if base is None else move_day(base, source.count, source.horizon)
        base = self.value(source.base)
        if not is_number(base):
            return UNBOUND
        if isinstance(source, Derived):
            return round_to(base * source.percent / 100, source.step, source.mode)
        by = self.value(source.by)
        if not is_number(by):
            return UNBOUND
        change = base * by / 100 if source.by.type is SpanType.PERCENT else by
        return round_to(base + source.sign * change, 0, RoundingMode.NEAREST)

    def _known(self, source: Lex | Cond | Arg | KindOf | Staff) -> object:
        match source:
            case Lex():
                percept = self.situation.heard(source.back)
                return UNBOUND if percept is None else self.knowledge.meaning(source.param, percept)
            case Cond():
                key = self.value(source.key)
                return UNBOUND if key is UNBOUND else self.knowledge.companion(source.table, key)
            case Arg():
                return self.arguments.get(source.name, UNBOUND)
            case KindOf():
                return self.situation.kind_of(self.arguments.get(source.name)) or UNBOUND
            case Staff():
                return self.situation.actor if source.field == "handle" else self.situation.role
        assert_never(source)

    def _written(self, template: Template) -> object:
        if not all(part.known for part in template.glue):
            return UNBOUND
        parts = Binder(self.situation, self.knowledge, self.arguments)
        text = _glue(template.glue[0])
        for hole, glue in zip(template.holes, template.glue[1:], strict=True):
            shown = next((shown for source in hole.sources if (shown := shape(parts.value(source), hole.shape))), None)
            if shown is None:
                return UNBOUND
            text += shown + _glue(glue)
        return text


def span_family(kind: SpanType) -> tuple[SpanType, ...]:
    """Return the types that a source of type ``kind`` reads: a name may be quoted, a number may be money.

    Example:
        >>> [found.value for found in span_family(SpanType.NAME)]
        ['name', 'quoted']
    """
    return _FAMILIES.get(kind, (kind,))


_FAMILIES = {
    SpanType.NAME: (SpanType.NAME, SpanType.QUOTED),
    SpanType.NUMBER: (SpanType.NUMBER, SpanType.MONEY, SpanType.PERCENT),
}


def pick_row(rows: Sequence[RowView], pick: Pick, by: str, *, live: bool = False, value: str = "") -> int | None:
    """Return the index of the row that ``pick`` chooses, the first among equals; None where none can be chosen.

    Example:
        >>> pick_row([{"amount": 5}, {"amount": 9}], Pick.MAX, "amount")
        1
    """
    indexes = live_rows(rows) if live else range(len(rows))
    if pick in (Pick.FIRST, Pick.LAST):
        return indexes[0 if pick is Pick.FIRST else -1] if indexes else None
    if pick is Pick.WHERE:
        return next((index for index in indexes if rows[index].get(by) == value), None)
    held = [index for index in indexes if _comparable(rows[index].get(by))]
    if not held or len({isinstance(rows[index][by], str) for index in held}) > 1:
        return None
    best = max if pick is Pick.MAX else min
    wanted = best((rows[index][by] for index in held), key=_order)
    return next(index for index in held if rows[index][by] == wanted)


def _comparable(value: object) -> bool:
    return is_number(value) or (isinstance(value, str) and value != "")


def _order(value: object) -> tuple[float, str]:
    return (float(value), "") if is_number(value) else (0.0, str(value))


def take_part(value: object, part: Part) -> object:
    """Return the words of ``value`` that ``part`` means, ``UNBOUND`` where there are none.

    Example:
        >>> take_part("Maria Lopez", Part.REST), take_part("5 Quay, Rotterdam, Netherlands", Part.LAST_CLAUSE)
        ('Lopez', 'Netherlands')
    """
    if part is Part.WHOLE:
        return value
    if not isinstance(value, str):
        return UNBOUND
    if part is Part.LAST_CLAUSE:
        return value.rpartition(",")[2].strip() if "," in value else UNBOUND
    first, _, rest = value.partition(" ")
    return (first if part is Part.FIRST else rest.strip()) if rest else UNBOUND


def round_to(number: float, step: int, mode: RoundingMode) -> int | float:
    """Return ``number`` rounded to a multiple of ``step``, or to the cent where that is 0; halves go up.

    Example:
        >>> round_to(1249, 500, RoundingMode.UP), round_to(10.005, 0, RoundingMode.NEAREST)
        (1500, 10.01)
    """
    unit = step or 0.01
    steps = number / unit
    whole = {
        RoundingMode.NEAREST: math.floor(steps + 0.5 + 1e-6),
        RoundingMode.UP: math.ceil(steps - 1e-6),
        RoundingMode.DOWN: math.floor(steps + 1e-6),
    }[mode]
    rounded = whole * step if step else whole / 100
    return int(rounded) if float(rounded).is_integer() else rounded


def read_day(value: object) -> date | None:
    """Return an ISO date (or the day of an ISO time), None for anything else."""
    if not isinstance(value, str) or len(value) < 10 or value[4] != "-":  # noqa: PLR2004 - YYYY-MM-DD
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None


def move_day(base: date, count: int, horizon: Horizon) -> object:
    """Return the ISO date that lies ``count`` from ``base`` (see ``ClockDate``), ``UNBOUND`` beyond the calendar."""
    try:
        match horizon:
            case Horizon.DAY:
                moved = base + timedelta(count)
            case Horizon.MONTH:
                moved = add_months(base, count)
            case Horizon.MONTH_END:
                moved = month_end(add_months(base.replace(day=1), count))
            case Horizon.QUARTER_END:
                moved = quarter_end(base, count)
    except (ValueError, OverflowError):
        return UNBOUND
    return moved.isoformat()


def shape(value: object, how: Shape) -> str | None:
    """Return ``value`` as it is written inside a text, None where it cannot be written so.

    Example:
        >>> shape("Harbor Crane", Shape.SNAKE), shape(12500, Shape.GROUPED), shape("2026-05-02", Shape.QUARTER)
        ('Harbor_Crane', '12,500', 'Q2')
    """
    if is_number(value):
        if how is Shape.GROUPED:
            return f"{value:,}"
        return str(value) if how is Shape.PLAIN else None
    if not isinstance(value, str) or not value:
        return None
    day = read_day(value)
    if how in _DATE_SHAPES:
        return None if day is None else _DATE_SHAPES[how](day)
    words = value.replace("-", " ").split() if how in (Shape.SNAKE, Shape.KEBAB, Shape.JOINED) else []
    return {
        Shape.PLAIN: value,
        Shape.LOWER: value.lower(),
        Shape.UPPER: value.upper(),
        Shape.SNAKE: "_".join(words),
        Shape.KEBAB: "-".join(words),
        Shape.JOINED: "".join(words),
    }.get(how)


def _month(day: date) -> str:
    return f"{day:%Y-%m}"


def _compact_month(day: date) -> str:
    return f"{day:%Y%m}"


def _year(day: date) -> str:
    return f"{day:%Y}"


def _compact(day: date) -> str:
    return f"{day:%Y%m%d}"


def _quarter(day: date) -> str:
    return f"Q{(day.month + 2) // 3}"


_DATE_SHAPES = {
    Shape.COMPACT_DATE: _compact,
    Shape.MONTH: _month,
    Shape.COMPACT_MONTH: _compact_month,
    Shape.YEAR: _year,
    Shape.QUARTER: _quarter,
}


def _kept_value(kept: Guarded) -> object:
    if not kept.known:
        return UNBOUND
    return list(kept.value) if isinstance(kept.value, tuple) else kept.value


def _glue(kept: Guarded) -> str:
    return kept.value if isinstance(kept.value, str) else ""


def _unwrap(percept: Percept, source: Wrapped) -> object:
    """Return the text between the first ``left`` and the next ``right`` behind it."""
    text = percept.text
    starts = [0] if not source.left else [at + len(word) for word, at in percept.words if word == source.left]
    if not starts:
        return UNBOUND
    start = starts[0]
    end = (
        len(text)
        if not source.right
        else next((at for word, at in percept.words if at >= start and word == source.right), None)
    )
    found = text[start:end].strip(" \t\n.,;:!?\"'“”") if end is not None else ""
    return found or UNBOUND
