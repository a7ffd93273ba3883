"""How figures look: one format per kind of number, for the page, the terminal and Markdown alike."""

from __future__ import annotations

from atlas.statistics.records import Interval, PairedDelta

MISSING = "—"
"""Stands where there is no figure: nothing was measured, which is not zero."""

_SMALLEST_P = 0.001


def percent(share: float | None) -> str:
    """Return a share in percent.

    Example:
        >>> percent(0.8625), percent(None)
        ('86.2 %', '—')
    """
    return MISSING if share is None else f"{100 * share:.1f} %"


def points(difference: float | None) -> str:
    """Return a difference of shares in percentage points, always signed.

    Example:
        >>> points(0.669), points(-0.0001), points(None)
        ('+66.9', '+0.0', '—')
    """
    return MISSING if difference is None else f"{_unsigned_zero(100 * difference, 1):+.1f}"


def share_with_interval(share: Interval | None) -> str:
    """Return a share with its bounds, in percent.

    Example:
        >>> share_with_interval(Interval(0.5, 0.4, 0.6, 100, 0.95, "wilson"))
        '50.0 % [40.0, 60.0]'
    """
    return MISSING if share is None else f"{percent(share.point)} [{100 * share.low:.1f}, {100 * share.high:.1f}]"


def delta_with_interval(change: PairedDelta | None) -> str:
    """Return a paired delta with its bounds, in percentage points.

    Example:
        >>> delta_with_interval(PairedDelta(0.25, 0.125, 0.375, 9, 3, 4, 1, 4, 0.95, "cluster-t", None))
        '+25.0 [+12.5, +37.5]'
    """
    if change is None:
        return MISSING
    return f"{points(change.delta)} [{points(change.low)}, {points(change.high)}]"


def p_value(p: float | None) -> str:
    """Return a p-value to three digits, small ones as a bound.

    Example:
        >>> p_value(0.0312), p_value(1e-9), p_value(None)
        ('0.031', '< 0.001', '—')
    """
    if p is None:
        return MISSING
    return f"< {_SMALLEST_P}" if p < _SMALLEST_P else f"{p:.3f}"


def level(confidence: float) -> str:
    """Return the coverage of an interval.

    Example:
        >>> level(0.95), level(0.999)
        ('95 %', '99.9 %')
    """
    return f"{100 * confidence:.6g} %"


def decimal(value: float | None, digits: int = 2) -> str:
    """Return a plain number with a fixed number of digits after the point.

    Example:
        >>> decimal(4.256), decimal(None)
        ('4.26', '—')
    """
    return MISSING if value is None else f"{_unsigned_zero(value, digits):.{digits}f}"


def count(value: int) -> str:
    """Return a whole number with its thousands set apart.

    Example:
        >>> count(12500)
        '12,500'
    """
    return f"{value:,}"


def _unsigned_zero(value: float, digits: int) -> float:
    """Without this, a tiny negative number would read "-0.0"."""
    rounded = round(value, digits)
    return 0.0 if rounded == 0 else rounded
