"""Results of statistical functions."""

from __future__ import annotations

from atlas.core.records import record


@record
class Interval:
    """A point estimate with its confidence interval.

    Attributes:
        point: The estimate.
        low: Lower bound.
        high: Upper bound.
        n: Number of observations.
        confidence: Coverage aimed at, such as 0.95.
        method: How the bounds were computed: ``"wilson"``, ``"cluster-t"``, or ``"undefined"`` where the data bear no
            interval and the bounds are those of the scale.
    """

    point: float
    low: float
    high: float
    n: int
    confidence: float
    method: str


@record
class PairedDelta:
    """A paired difference, treatment minus baseline, with its confidence interval.

    Attributes:
        delta: Mean difference over pairs.
        low: Lower bound.
        high: Upper bound.
        n: Number of pairs.
        clusters: Number of clusters the pairs fall into.
        wins: Pairs in which the treatment is higher.
        losses: Pairs in which it is lower.
        ties: The rest.
        confidence: Coverage aimed at.
        method: How the bounds were computed: ``"cluster-t"``, ``"cluster-bootstrap"``, or ``"undefined"`` where all
            pairs fall into one cluster and the bounds are -1 and 1.
        detectable: Smallest difference that such a comparison finds with power 0.8, None where it is undefined or
            where not even the largest possible difference would be found.
    """

    delta: float
    low: float
    high: float
    n: int
    clusters: int
    wins: int
    losses: int
    ties: int
    confidence: float
    method: str
    detectable: float | None
