"""Normalized gain: how much of the room for improvement was used."""

from __future__ import annotations


def normalized_gain(stateful: float, stateless: float, *, maximum: float = 1.0) -> float | None:
    """Return the share of the room above the stateless result that the stateful one used.

    Source: R. R. Hake, "Interactive-engagement versus traditional methods", American Journal of Physics 66 (1998).

    Args:
        stateful: Result with memory.
        stateless: Result of the same cases without it.
        maximum: The best possible result.

    Returns:
        (stateful - stateless) / (maximum - stateless): 1 for all of the room, negative where memory hurt, None where
        the stateless result leaves no room.

    Raises:
        ValueError: a result is above the maximum, or not a number.

    Example:
        >>> normalized_gain(0.875, 0.5)
        0.75
        >>> normalized_gain(1.0, 1.0) is None
        True
    """
    for name, value in (("stateful", stateful), ("stateless", stateless)):
        if not value <= maximum:
            raise ValueError(f"the {name} result {value!r} is not at most the maximum {maximum!r}")
    room = maximum - stateless
    return None if room == 0 else (stateful - stateless) / room
