"""Several tests at once: p-values adjusted so that the whole family keeps its level."""

from __future__ import annotations

from collections.abc import Mapping


def holm(p: Mapping[str, float]) -> dict[str, float]:
    """Return Holm's step-down adjusted p-values, under the same names and in the same order.

    Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statistics 6 (1979).

    Args:
        p: Raw p-values by name; an empty family gives an empty result.

    Raises:
        ValueError: a p-value is not in [0, 1].

    Example:
        >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
        {'a': 0.03, 'b': 0.06, 'c': 0.06}
    """
    for name, value in p.items():
        if not 0 <= value <= 1:
            raise ValueError(f"p-value of {name!r} is {value!r}; it has to be in [0, 1]")
    adjusted: dict[str, float] = {}
    largest = 0.0
    for rank, name in enumerate(sorted(p, key=lambda key: p[key])):
        largest = max(largest, min(1.0, (len(p) - rank) * p[name]))
        adjusted[name] = largest
    return {name: adjusted[name] for name in p}
