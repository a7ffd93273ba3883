"""Which row is which expected change: the assignment with the highest total gain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def best_assignment(gains: Sequence[Sequence[float]]) -> list[int | None]:
    """Return, per row of ``gains``, the column it is assigned to, so that the sum of gains is highest.

    Args:
        gains: One row per expected change, one column per candidate; all rows have the same length.

    Returns:
        One column (or None, where there are fewer columns than rows) per row; no column twice.

    Example:
        >>> best_assignment([[1.0, 0.9], [1.0, 0.0]])
        [1, 0]
        >>> best_assignment([[0.5], [1.0]])
        [None, 0]
    """
    if not gains or not gains[0]:
        return [None] * len(gains)
    if len(gains) == 1:
        row = gains[0]
        return [max(range(len(row)), key=row.__getitem__)]
    return _solve(gains)


def _solve(gains: Sequence[Sequence[float]]) -> list[int | None]:
    # scipy takes a third of a second to import; most goals expect one row of a kind and never come here
    from scipy import optimize  # noqa: PLC0415

    solve = cast("Callable[..., tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]", optimize.linear_sum_assignment)  # pyright: ignore[reportUnknownMemberType] - scipy is untyped
    rows, columns = solve(gains, maximize=True)
    assigned: list[int | None] = [None] * len(gains)
    for row, column in zip(rows, columns, strict=True):
        assigned[int(row)] = int(column)
    return assigned
