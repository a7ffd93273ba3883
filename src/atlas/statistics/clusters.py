"""Values that come in clusters: their mean, and a standard error that knows that cases of one cluster are alike.

The error is the delete-one-cluster jackknife. Where all clusters are equally large it is exactly the standard error of
the cluster means, which is what makes a *t* interval "on cluster means"; where they are not, the estimate stays the
mean over cases, the error leans to the safe side, and *t* counts only as many clusters as their sizes are worth.

Sources: J. G. MacKinnon, M. Ø. Nielsen, M. D. Webb, "Fast and reliable jackknife and bootstrap methods for
cluster-robust inference", Journal of Applied Econometrics 38 (2023), estimator CV3; A. V. Carter, K. T. Schnepel,
D. G. Steigerwald, "Asymptotic behavior of a t-test robust to cluster heterogeneity", Review of Economics and
Statistics 99 (2017), for the effective number of clusters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from atlas.core.records import record

MIN_CLUSTERS = 2
"""With fewer clusters than this nothing is known about how clusters differ."""


@record
class ClusterSums:
    """Sums per cluster, clusters in the order of their labels.

    Attributes:
        totals: Sum of the values of each cluster.
        sizes: Number of values of each cluster.
    """

    totals: tuple[float, ...]
    sizes: tuple[int, ...]

    @property
    def n(self) -> int:
        """Number of values."""
        return sum(self.sizes)

    @property
    def count(self) -> int:
        """Number of clusters."""
        return len(self.sizes)

    @property
    def mean(self) -> float:
        """Mean over values: a large cluster counts for more than a small one."""
        return math.fsum(self.totals) / self.n

    @property
    def degrees(self) -> float:
        """Degrees of freedom for *t*: clusters minus 1 where all are equally large, fewer where not, at least 1."""
        return max(1.0, self.n**2 / sum(size**2 for size in self.sizes) - 1)


def sum_by_cluster(values: Sequence[float], clusters: Sequence[str | int]) -> ClusterSums:
    """Return the sums of ``values`` per cluster; the order of the values does not matter, to the last bit.

    Args:
        values: Finite numbers, at least one.
        clusters: The label of each value's cluster.

    Raises:
        ValueError: there are no values, the two differ in length, or a value is not finite.

    Example:
        >>> sum_by_cluster([1, 0, 1], ["b", "a", "b"])
        ClusterSums(totals=(0.0, 2.0), sizes=(1, 2))
    """
    if len(values) != len(clusters):
        raise ValueError(f"{len(values)} values but {len(clusters)} cluster labels; give one label per value")
    if not values:
        raise ValueError("there are no values; the mean of nothing is undefined, record None instead")
    members: dict[str | int, list[float]] = {}
    for value, cluster in zip(values, clusters, strict=True):
        if not math.isfinite(value):
            raise ValueError(f"value {value!r} of cluster {cluster!r} is not finite; leave unscored cases out")
        members.setdefault(cluster, []).append(value)
    ordered = [members[label] for label in sorted(members, key=lambda label: (str(label), isinstance(label, str)))]
    return ClusterSums(tuple(math.fsum(group) for group in ordered), tuple(len(group) for group in ordered))


def jackknife_error(sums: ClusterSums) -> float:
    """Return the standard error of ``sums.mean``, from leaving out one cluster at a time.

    Raises:
        ValueError: there is only one cluster.

    Example:
        >>> round(jackknife_error(ClusterSums((1.0, 2.0, 6.0), (10, 10, 10))), 6)  # sd of (.1, .2, .6), over sqrt(3)
        0.152753
    """
    if sums.count < MIN_CLUSTERS:
        raise ValueError("one cluster has no spread between clusters; its standard error is undefined")
    total, n, mean = math.fsum(sums.totals), sums.n, sums.mean
    without = ((total - part) / (n - size) for part, size in zip(sums.totals, sums.sizes, strict=True))
    spread = math.fsum((left - mean) ** 2 for left in without)
    return math.sqrt(spread * (sums.count - 1) / sums.count)


def t_quantile(probability: float, degrees: float) -> float:
    """Return the quantile of Student's *t* with ``degrees`` (at least 1) degrees of freedom.

    Example:
        >>> round(t_quantile(0.975, 4), 3)
        2.776
    """
    # most commands compute no interval; they need not wait for scipy
    from scipy.special import stdtrit  # noqa: PLC0415

    return float(stdtrit(degrees, probability))


def check_confidence(confidence: float) -> None:
    """Let through a coverage between 0 and 1, both excluded.

    Raises:
        ValueError: it is something else.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence!r} is not between 0 and 1; for 95 % give 0.95")
