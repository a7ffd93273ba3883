"""Paired differences: the same cases under two treatments, in clusters, with an interval.

Fewer than 20 clusters: *t* over clusters (see ``atlas.statistics.clusters``). From 20 on: a paired cluster bootstrap,
which assumes no distribution. Its percentiles are stretched by what *t* would add at that number of clusters, because
plain percentiles are too narrow for a few dozen.

Sources: T. C. Hesterberg, "What teachers should know about the bootstrap", The American Statistician 69 (2015), for
the stretched percentiles; D. G. Bonett, R. M. Price, "Adjusted Wald confidence interval for a difference of binomial
proportions based on paired data", Journal of Educational and Behavioral Statistics 37 (2012), for the extra win and
loss.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from atlas.core.records import record
from atlas.core.rng import derive_seed
from atlas.statistics.clusters import (
    MIN_CLUSTERS,
    ClusterSums,
    check_confidence,
    jackknife_error,
    sum_by_cluster,
    t_quantile,
)
from atlas.statistics.power import minimum_detectable_effect
from atlas.statistics.records import PairedDelta

BOOTSTRAP_CLUSTERS = 20
"""From this many clusters on, the interval comes from the bootstrap."""
RESAMPLES = 10_000
_BATCH_DRAWS = 2_000_000  # cluster draws held in memory at a time: 16 MB
_LARGEST_SEED = 2**64 - 1

_Floats: TypeAlias = NDArray[np.float64]


@record
class _Bounds:
    """An interval, how it was made, and the smallest difference that such a comparison finds."""

    low: float
    high: float
    method: str
    detectable: float | None


def paired_delta(
    baseline: Sequence[float],
    treatment: Sequence[float],
    clusters: Sequence[str | int],
    *,
    seed: int,
    confidence: float = 0.95,
) -> PairedDelta:
    """Return the mean of treatment minus baseline over pairs, with an interval that respects clusters.

    The interval is never narrower than one more win and one more loss among the pairs would make it: pairs that all
    tie show a small difference, not certainty. Pairs of a single cluster bear no interval at all: the bounds are then
    -1 and 1 and the method is ``"undefined"``. The result does not depend on the order of the pairs.

    Args:
        baseline: Outcome of each case without the treatment, in [0, 1]: a score, or a success as 0 or 1.
        treatment: Outcome of the same case with it.
        clusters: Label of the cluster that each case belongs to.
        seed: Seed of the resampling, 0 to 2**64 - 1; the same seed gives the same interval.
        confidence: Coverage aimed at.

    Raises:
        ValueError: there are no pairs, the lengths differ, an outcome is outside [0, 1], or an option is out of range.

    Example:
        >>> change = paired_delta([0, 0, 1, 0], [1, 1, 1, 0], ["a", "a", "b", "b"], seed=1)
        >>> change.delta, change.wins, change.losses, change.ties, change.method
        (0.5, 2, 0, 2, 'cluster-t')
    """
    check_confidence(confidence)
    _check_seed(seed)
    differences = _differences(baseline, treatment)
    sums = sum_by_cluster(differences, clusters)
    delta = min(1.0, max(-1.0, sums.mean))  # summing may leave [-1, 1] by a rounding error
    bounds = _bounds(sums, delta, seed=seed, confidence=confidence)
    wins = sum(difference > 0 for difference in differences)
    losses = sum(difference < 0 for difference in differences)
    return PairedDelta(
        delta=delta,
        low=bounds.low,
        high=bounds.high,
        n=sums.n,
        clusters=sums.count,
        wins=wins,
        losses=losses,
        ties=sums.n - wins - losses,
        confidence=confidence,
        method=bounds.method,
        detectable=bounds.detectable,
    )


def _check_seed(seed: int) -> None:
    if not 0 <= seed <= _LARGEST_SEED:
        raise ValueError(f"seed {seed!r} is out of range; give a whole number from 0 to 2**64 - 1")


def _differences(baseline: Sequence[float], treatment: Sequence[float]) -> list[float]:
    if len(baseline) != len(treatment):
        raise ValueError(f"{len(baseline)} baseline outcomes but {len(treatment)} treated ones; pairs need both")
    for name, outcomes in (("baseline", baseline), ("treatment", treatment)):
        for place, outcome in enumerate(outcomes):
            if not 0 <= outcome <= 1:
                raise ValueError(f"{name}[{place}] is {outcome!r}; outcomes are scores or successes in [0, 1]")
    return [float(after) - float(before) for before, after in zip(baseline, treatment, strict=True)]


def _bounds(sums: ClusterSums, delta: float, *, seed: int, confidence: float) -> _Bounds:
    if sums.count < MIN_CLUSTERS:
        return _Bounds(-1.0, 1.0, "undefined", None)
    # the standard error if a win (+1) and a loss (-1) were added to pairs that all differ by delta
    floor = math.sqrt(2 * (1 + delta * delta)) / (sums.n + 2)
    error = max(jackknife_error(sums), floor)
    quantile = t_quantile((1 + confidence) / 2, sums.degrees)
    detectable = minimum_detectable_effect(error, sums.degrees, confidence=confidence)
    if sums.count < BOOTSTRAP_CLUSTERS:
        low, high, method = delta - quantile * error, delta + quantile * error, "cluster-t"
    else:
        low, high = _bootstrap_bounds(sums, quantile, seed=seed)
        low, high = min(low, delta - quantile * floor), max(high, delta + quantile * floor)
        method = "cluster-bootstrap"
    return _Bounds(max(-1.0, low), min(1.0, high), method, detectable if detectable <= 1 else None)


def _bootstrap_bounds(sums: ClusterSums, quantile: float, *, seed: int) -> tuple[float, float]:
    tail = NormalDist().cdf(-quantile * math.sqrt(sums.count / (sums.count - 1)))
    low, high = np.quantile(_resampled_means(sums, seed=seed), [tail, 1 - tail])
    return float(low), float(high)


def _resampled_means(sums: ClusterSums, *, seed: int) -> _Floats:
    """Return the mean of each resample of whole clusters, shape (RESAMPLES,)."""
    generator = np.random.Generator(np.random.PCG64(derive_seed(seed, "paired_delta")))
    totals = np.asarray(sums.totals, dtype=np.float64)
    sizes = np.asarray(sums.sizes, dtype=np.float64)
    means = np.empty(RESAMPLES, dtype=np.float64)
    batch = max(1, _BATCH_DRAWS // sums.count)
    for start in range(0, RESAMPLES, batch):
        stop = min(start + batch, RESAMPLES)
        drawn = generator.integers(sums.count, size=(stop - start, sums.count))  # (batch, clusters)
        means[start:stop] = totals[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    return means
