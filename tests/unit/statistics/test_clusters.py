"""Sums by cluster and the jackknife error."""

from __future__ import annotations

import math
import random
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from atlas.statistics.clusters import ClusterSums, jackknife_error, sum_by_cluster, t_quantile

CASES = st.lists(st.tuples(st.floats(-1, 1), st.integers(0, 6)), min_size=1, max_size=60)


@given(CASES, st.randoms(use_true_random=False))
def test_order_does_not_matter(cases: list[tuple[float, int]], rng: random.Random) -> None:
    """Shuffled cases give the same sums to the last bit."""
    shuffled = list(cases)
    rng.shuffle(shuffled)
    first, second = (sum_by_cluster([v for v, _ in some], [c for _, c in some]) for some in (cases, shuffled))
    assert first == second


@given(st.integers(2, 8), st.integers(1, 6), st.randoms(use_true_random=False))
def test_equal_clusters_give_the_error_of_their_means(count: int, size: int, rng: random.Random) -> None:
    """The jackknife of equally large clusters is the standard error of the cluster means."""
    groups = [[rng.random() for _ in range(size)] for _ in range(count)]
    sums = ClusterSums(tuple(sum(group) for group in groups), (size,) * count)
    means = [fmean(group) for group in groups]
    assert jackknife_error(sums) == pytest.approx(stdev(means) / math.sqrt(count))


def test_one_giant_cluster_makes_the_error_large() -> None:
    """A mean that hangs on one cluster is not trusted: its error exceeds that of equal clusters."""
    giant = jackknife_error(ClusterSums((90.0, 0.0, 0.0), (90, 5, 5)))
    assert giant > 0.5


@pytest.mark.parametrize(
    ("sizes", "degrees"),
    [
        pytest.param((30,) * 6, 5.0, id="equal"),
        pytest.param((20, 40), 1.0, id="never below one"),
        pytest.param((10, 20, 30, 40, 50, 60, 70, 80), 360**2 / 20400 - 1, id="unequal"),
    ],
)
def test_unequal_clusters_count_for_fewer(sizes: tuple[int, ...], degrees: float) -> None:
    """Degrees of freedom are clusters minus one for equal sizes, and fewer when a few clusters hold most cases."""
    assert ClusterSums((0.0,) * len(sizes), sizes).degrees == pytest.approx(degrees)


def test_one_cluster_has_no_error() -> None:
    """The spread between clusters cannot be seen in one of them."""
    with pytest.raises(ValueError, match="one cluster"):
        jackknife_error(ClusterSums((3.0,), (5,)))


def test_labels_of_two_types_stay_apart() -> None:
    """Cluster 1 and cluster "1" are two clusters, in a fixed order."""
    assert sum_by_cluster([1, 0], ["1", 1]) == sum_by_cluster([0, 1], [1, "1"])
    assert sum_by_cluster([1, 0], ["1", 1]).count == 2


@pytest.mark.parametrize("degrees", [1, 4, 19, 300])
def test_t_quantile_agrees_with_scipy_stats(degrees: int) -> None:
    """The quantile is that of Student's t."""
    assert t_quantile(0.975, degrees) == pytest.approx(float(student.ppf(0.975, degrees)))
