"""Numbers and dates that follow from others: shares, roundings, changes that a message states, days counted on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TypeAlias

from atlas.learning.binding import move_day, read_day, round_to
from atlas.learning.dates import quarter_end
from atlas.learning.language import (
    Adjusted,
    Arg,
    ClockDate,
    Derived,
    Entity,
    Horizon,
    Prev,
    Ref,
    RoundingMode,
    Source,
    Span,
    SpanType,
)
from atlas.learning.situation import is_number, same

Atom: TypeAlias = tuple[Source, object]
"""A source with its value."""

SMALLEST_BASE = 100
"""Currency units; smaller numbers are no amounts to take a share of."""

_STEPS = (5, 10, 50, 100, 250, 500, 1000, 5000)  # currency units that companies round to
_NICE_PERCENT = 0.5  # percentages come in halves
_PERCENT_RANGE = (1, 400)
_ALL_OF_IT = 100  # percent
_LONGEST_COUNT = 800  # days
_MOST_MONTHS = 36


def numbers_from(value: float, atoms: Sequence[Atom]) -> Iterator[Source]:
    """Yield the sources that give ``value`` as a share, a change or a rounding of a number among ``atoms``."""
    bases = [
        (source, held) for source, held in atoms if is_number(held) and held >= SMALLEST_BASE and _may_be_base(source)
    ]
    percents = [(source, held) for source, held in atoms if _is_adjuster(source) and is_number(held)]
    for source, held in bases:
        percent = value / held * 100
        nice = round(percent / _NICE_PERCENT) * _NICE_PERCENT
        if (
            _PERCENT_RANGE[0] <= nice <= _PERCENT_RANGE[1]
            and nice != _ALL_OF_IT
            and same(round_to(held * nice / 100, 0, RoundingMode.NEAREST), value)
        ):
            yield Derived(source, nice)
    for source, held in bases:
        for by, amount in percents:
            if isinstance(by, Span) and by != source:
                yield from _adjusted(value, (source, held), (by, amount))
    for source, held in bases:
        yield from _rounded(value, source, held)


def _adjusted(value: float, base: tuple[Source, float], by: tuple[Span, float]) -> Iterator[Source]:
    change = base[1] * by[1] / 100 if by[0].type is SpanType.PERCENT else by[1]
    for sign in (1, -1):
        if change and same(round_to(base[1] + sign * change, 0, RoundingMode.NEAREST), value):
            yield Adjusted(base[0], by[0], 1 if sign == 1 else -1)


def _rounded(value: float, source: Source, held: float) -> Iterator[Source]:
    if same(held, value):
        return
    for step in _STEPS:
        if value % step or abs(value - held) >= step:
            continue
        for mode in RoundingMode:
            if same(round_to(held, step, mode), value):
                yield Derived(source, 100.0, step, mode)


def _may_be_base(source: Source) -> bool:
    if isinstance(source, Span):
        return source.type in (SpanType.MONEY, SpanType.NUMBER)
    return isinstance(source, (Prev, Entity, Ref, Arg))


def _is_adjuster(source: Source) -> bool:
    return isinstance(source, Span) and source.type in (SpanType.MONEY, SpanType.PERCENT, SpanType.NUMBER)


def days_from(day: date, atoms: Sequence[Atom], today: date) -> Iterator[Source]:
    """Yield the sources that give ``day`` as a day counted from today or from a date among ``atoms``."""
    bases: list[tuple[Source | None, date]] = [(None, today)]
    for source, held in atoms:
        base = read_day(held)
        if base is not None and not (isinstance(source, ClockDate)):
            bases.append((source, base))
    for source, base in bases:
        count = (day - base).days
        if count and abs(count) <= _LONGEST_COUNT:
            yield ClockDate(count, Horizon.DAY, source)
    for source, base in bases:
        yield from _months_from(day, source, base)


def _months_from(day: date, source: Source | None, base: date) -> Iterator[Source]:
    months = (day.year - base.year) * 12 + day.month - base.month
    if 0 < abs(months) <= _MOST_MONTHS and move_day(base, months, Horizon.MONTH) == day.isoformat():
        yield ClockDate(months, Horizon.MONTH, source)
    if abs(months) <= _MOST_MONTHS and move_day(base, months, Horizon.MONTH_END) == day.isoformat():
        yield ClockDate(months, Horizon.MONTH_END, source)
    for first in (1, 2, 3):
        if quarter_end(base, first) == day:
            yield ClockDate(first, Horizon.QUARTER_END, source)
