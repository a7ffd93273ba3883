"""Axes: from values to places, with ticks at round values.

Places are percentages of the drawing's width or height, so that a chart fills whatever room it gets while its text,
strokes and markers keep their size.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from atlas.core.records import record

_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5)
_MOST_STEPS = 5


@record
class Tick:
    """A labelled place on an axis."""

    at: str
    label: str


@record
class Scale:
    """A linear axis from ``low`` to ``high`` with ticks at the multiples of ``step``."""

    low: float
    high: float
    step: float

    def share(self, value: float) -> float:
        """Where a value lies between the ends, 0 to 1; values beyond an end lie on it."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def at(self, value: float) -> str:
        """Return the place of a value from the left, such as ``"37.5%"``."""
        return f"{coordinate(100 * self.share(value))}%"

    def up(self, value: float) -> str:
        """Return the place of a value on an upright axis, from the top."""
        return f"{coordinate(100 * (1 - self.share(value)))}%"


def coordinate(value: float) -> str:
    """Return a number for SVG: at most two decimals, no trailing zeros, no minus before zero.

    Example:
        >>> coordinate(37.5), coordinate(2.0), coordinate(-0.0001), coordinate(33.333333)
        ('37.5', '2', '0', '33.33')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def share_scale() -> Scale:
    """Return the axis of a share: all of 0 to 1, so that no chart exaggerates."""
    return Scale(0.0, 1.0, 0.25)


def share_ticks(scale: Scale, *, upright: bool = False) -> tuple[Tick, ...]:
    """Return the ticks of a share, labelled in percent; ``upright`` ones are placed from the top.

    Example:
        >>> [(tick.at, tick.label) for tick in share_ticks(share_scale())]
        [('0%', '0'), ('25%', '25'), ('50%', '50'), ('75%', '75'), ('100%', '100')]
    """
    place = scale.up if upright else scale.at
    return tuple(Tick(place(value), f"{100 * value:.0f}") for value in _multiples(scale))


def difference_scale(values: Iterable[float]) -> Scale:
    """Return an axis for differences that holds all values and 0, with round ends.

    Example:
        >>> difference_scale([0.62, 0.71]), difference_scale([-0.02, 0.03])
        (Scale(low=0.0, high=0.8, step=0.2), Scale(low=-0.02, high=0.03, step=0.01))
    """
    held = [0.0, *values]
    low, high = min(held), max(held)
    step = next((step for step in _STEPS if round((high - low) / step, 6) <= _MOST_STEPS), _STEPS[-1])
    low, high = math.floor(round(low / step, 6)), math.ceil(round(high / step, 6))
    return Scale(round(low * step, 6), round(max(high, low + 1) * step, 6), step)


def difference_ticks(scale: Scale) -> tuple[Tick, ...]:
    """Return ticks at round values, labelled in signed points.

    Example:
        >>> [tick.label for tick in difference_ticks(Scale(-0.25, 0.75, 0.25))]
        ['-25', '0', '+25', '+50', '+75']
    """
    return tuple(Tick(scale.at(value), f"{100 * value:+.0f}" if value else "0") for value in _multiples(scale))


def _multiples(scale: Scale) -> list[float]:
    first, last = math.ceil(round(scale.low / scale.step, 6)), math.floor(round(scale.high / scale.step, 6))
    return [round(place * scale.step, 6) for place in range(first, last + 1)]
