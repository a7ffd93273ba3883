"""Intervals for one share: Wilson for independent cases, *t* over clusters for cases that come in clusters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from atlas.statistics.clusters import MIN_CLUSTERS, check_confidence, jackknife_error, sum_by_cluster, t_quantile
from atlas.statistics.records import Interval


def wilson(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """Return a share with its Wilson score interval, which stays honest near 0 and 1.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).

    Args:
        successes: Number of successes, 0 to ``n``.
        n: Number of independent cases, at least 1.
        confidence: Coverage aimed at.

    Raises:
        ValueError: there are no cases (a share of nothing is undefined: record None), or an argument is out of range.

    Example:
        >>> share = wilson(8, 10)
        >>> share.point, round(share.low, 3), round(share.high, 3)
        (0.8, 0.49, 0.943)
    """
    check_confidence(confidence)
    if n < 1:
        raise ValueError(f"a share of n = {n} cases is undefined; record None instead of an interval")
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes out of {n} cases is impossible; give 0 to {n}")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # at the ends of the scale the formula gives the end itself, up to rounding
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return Interval(share, low, high, n, confidence, "wilson")


def cluster_mean(values: Sequence[float], clusters: Sequence[str | int], confidence: float = 0.95) -> Interval:
    """Return the mean of clustered values with a *t* interval over clusters: what another cluster would look like.

    The width never falls below that of one more 0 and one more 1 among the values, so that clusters which happen to
    agree do not pass for certainty. One cluster alone bears no interval: the bounds are 0 and 1, the method
    ``"undefined"``.

    Args:
        values: Numbers in [0, 1], at least one.
        clusters: The label of each value's cluster.
        confidence: Coverage aimed at.

    Raises:
        ValueError: there are no values, the lengths differ, or a value is outside [0, 1].

    Example:
        >>> mean = cluster_mean([1, 0, 1, 1, 0, 0], ["a", "a", "b", "b", "c", "c"])
        >>> mean.point, mean.low, mean.high, mean.method
        (0.5, 0.0, 1.0, 'cluster-t')
    """
    check_confidence(confidence)
    sums = sum_by_cluster(values, clusters)
    for value in values:
        if not 0 <= value <= 1:
            raise ValueError(f"value {value!r} is outside [0, 1]; this interval is for shares and scores")
    point = min(1.0, max(0.0, sums.mean))  # summing may leave [0, 1] by a rounding error
    if sums.count < MIN_CLUSTERS:
        return Interval(point, 0.0, 1.0, sums.n, confidence, "undefined")
    floor = math.hypot(point, 1 - point) / (sums.n + 2)
    half = t_quantile((1 + confidence) / 2, sums.degrees) * max(jackknife_error(sums), floor)
    return Interval(point, max(0.0, point - half), min(1.0, point + half), sums.n, confidence, "cluster-t")
