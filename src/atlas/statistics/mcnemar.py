"""McNemar's test: do two treatments of the same cases differ?"""

from __future__ import annotations


def mcnemar_exact(b: int, c: int) -> float:
    """Return the exact two-sided p-value of McNemar's test, computed in whole numbers.

    Under the null hypothesis each pair that differs is a fair coin. The test takes cases as independent; for cases
    that come in clusters, read the interval of ``paired_delta`` first.

    Source: Q. McNemar, Psychometrika 12 (1947); two-sided by doubling the smaller binomial tail.

    Args:
        b: Pairs in which only the first treatment succeeds.
        c: Pairs in which only the second one does.

    Returns:
        The p-value; 1.0 where no pair differs.

    Raises:
        ValueError: a count is negative.

    Example:
        >>> mcnemar_exact(1, 9)
        0.021484375
        >>> mcnemar_exact(0, 0)
        1.0
    """
    if b < 0 or c < 0:
        raise ValueError(f"counts of pairs cannot be negative, got b = {b}, c = {c}")
    pairs = b + c
    tail, ways = 0, 1
    for k in range(min(b, c) + 1):
        tail += ways
        ways = ways * (pairs - k) // (k + 1)  # binomial coefficient of k + 1
    return min(1.0, 2 * tail / 2**pairs)
