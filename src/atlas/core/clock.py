"""Where time comes from: a clock that is passed in, never the system's by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Something that knows what time it is."""

    def now(self) -> datetime:
        """Return the current time, always aware and in UTC."""
        ...


class SystemClock:
    """The machine's clock; used only for timings and file names, never inside a world."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FrozenClock:
    """A clock that stands still until it is told to move.

    Args:
        start: An aware time in UTC.

    Raises:
        ValueError: ``start`` carries no time zone.

    Example:
        >>> clock = FrozenClock(datetime(2026, 3, 2, 9, tzinfo=UTC))
        >>> clock.advance(timedelta(minutes=5))
        >>> clock.now().isoformat()
        '2026-03-02T09:05:00+00:00'
    """

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError(f"a clock needs an aware time, got {start.isoformat()}; add tzinfo=UTC")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move the clock forward by ``by``."""
        self._now += by


def start_of_business(day: date) -> datetime:
    """Return 09:00 UTC of ``day``, the time at which every world opens."""
    return datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
