"""Exact money: whole cents inside, JSON numbers outside."""

from __future__ import annotations

from decimal import Decimal


def to_cents(amount: float | Decimal) -> int:
    """Return ``amount`` (currency units) as whole cents.

    Raises:
        ValueError: the amount is not finite or has a fraction of a cent.

    Example:
        >>> to_cents(1250.5), to_cents(0.1), to_cents(3)
        (125050, 10, 300)
    """
    exact = Decimal(str(amount))
    if not exact.is_finite():
        raise ValueError(f"{amount!r} is not a finite amount")
    cents = exact * 100
    if cents != cents.to_integral_value():
        raise ValueError(f"{amount!r} has a fraction of a cent")
    return int(cents)


def from_cents(cents: int) -> int | float:
    """Return ``cents`` in currency units: a whole number where it is one, else a number with two decimals.

    Example:
        >>> from_cents(125050), from_cents(300)
        (1250.5, 3)
    """
    units, rest = divmod(cents, 100)
    return units if rest == 0 else cents / 100
