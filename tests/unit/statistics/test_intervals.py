"""Intervals for one share."""

from __future__ import annotations

import math
import random
from statistics import NormalDist, fmean, stdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtrit
from scipy.stats import binom
from statsmodels.stats.proportion import proportion_confint

from atlas.statistics.intervals import cluster_mean, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        pytest.param(0, 10, 0.0, 0.2775, id="none"),
        pytest.param(10, 10, 0.7225, 1.0, id="all"),
        pytest.param(1, 29, 0.0061, 0.1718, id="brown-cai-dasgupta"),
        pytest.param(81, 263, 0.2553, 0.3662, id="newcombe-1998-a"),
        pytest.param(15, 148, 0.0624, 0.1605, id="newcombe-1998-b"),
        pytest.param(0, 20, 0.0, 0.1611, id="newcombe-1998-c"),
    ],
)
def test_wilson_gives_published_bounds(successes: int, n: int, low: float, high: float) -> None:
    """The bounds are those of the literature (Newcombe 1998, table I, method 3) to four digits."""
    interval = wilson(successes, n)
    assert (interval.low, interval.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))
    assert interval.point == successes / n
    assert interval.method == "wilson"


@given(st.data(), st.integers(1, 2000), st.floats(0.5, 0.999))
def test_wilson_agrees_with_statsmodels(data: st.DataObject, n: int, confidence: float) -> None:
    """An independent implementation gives the same bounds."""
    successes = data.draw(st.integers(0, n))
    interval = wilson(successes, n, confidence)
    low, high = proportion_confint(successes, n, alpha=1 - confidence, method="wilson")
    assert interval.low == pytest.approx(low, abs=1e-9)
    assert interval.high == pytest.approx(high, abs=1e-9)


@given(st.data(), st.integers(1, 500))
def test_wilson_is_ordered_mirrored_and_monotone(data: st.DataObject, n: int) -> None:
    """Bounds enclose the share and stay on the scale; swapping success and failure mirrors; more successes raise it."""
    successes = data.draw(st.integers(0, n))
    interval, mirror = wilson(successes, n), wilson(n - successes, n)
    assert 0 <= interval.low <= interval.point <= interval.high <= 1
    assert interval.low == pytest.approx(1 - mirror.high, abs=1e-12)
    assert interval.high > interval.low
    if successes < n:
        above = wilson(successes + 1, n)
        assert above.low > interval.low
        assert above.high >= interval.high


def test_wilson_covers_the_truth() -> None:
    """Summed exactly over all outcomes, 95 % intervals hold the true share about 95 % of the time, never far less."""
    for n in (10, 40, 200):
        bounds = [(wilson(k, n).low, wilson(k, n).high) for k in range(n + 1)]
        shares = np.linspace(0.02, 0.98, 97)
        coverage = [
            sum(float(binom.pmf(k, n, p)) for k, (low, high) in enumerate(bounds) if low <= p <= high) for p in shares
        ]
        assert 0.94 <= fmean(coverage) <= 0.965
        assert min(coverage) > 0.83


@pytest.mark.parametrize(
    ("successes", "n", "confidence", "said"),
    [
        pytest.param(0, 0, 0.95, "n = 0", id="no cases"),
        pytest.param(5, 4, 0.95, "5 successes out of 4", id="too many successes"),
        pytest.param(-1, 4, 0.95, "-1 successes", id="negative"),
        pytest.param(1, 4, 95.0, "give 0.95", id="confidence in percent"),
    ],
)
def test_wilson_refuses_misuse(successes: int, n: int, confidence: float, said: str) -> None:
    """A share of nothing is never a number, and the message says what to do."""
    with pytest.raises(ValueError, match=said):
        wilson(successes, n, confidence)


def test_cluster_mean_is_t_on_cluster_means_for_equal_clusters() -> None:
    """With equally large clusters the interval is the textbook t interval of the cluster means."""
    rng = random.Random(5)
    groups = [[rng.random() for _ in range(7)] for _ in range(6)]
    values = [value for group in groups for value in group]
    clusters = [place for place, group in enumerate(groups) for _ in group]
    means = [fmean(group) for group in groups]
    half = float(stdtrit(5, 0.975)) * stdev(means) / math.sqrt(6)
    interval = cluster_mean(values, clusters)
    assert interval.point == pytest.approx(fmean(means))
    assert interval.high - interval.low == pytest.approx(2 * half)


def test_one_cluster_bears_no_interval() -> None:
    """Nothing is claimed about other clusters when only one was seen."""
    interval = cluster_mean([1, 0, 1], ["only"] * 3)
    assert (interval.low, interval.high, interval.method) == (0.0, 1.0, "undefined")


def test_clusters_that_agree_are_not_certain() -> None:
    """Clusters that all show 100 % still leave doubt, the less the more cases there are."""
    few = cluster_mean([1] * 10, [0, 1] * 5)
    many = cluster_mean([1] * 1000, [0, 1] * 500)
    assert few.low < many.low < 1
    assert few.high == many.high == 1


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 5)), min_size=1, max_size=60))
def test_cluster_mean_stays_on_the_scale(cases: list[tuple[float, int]]) -> None:
    """Whatever the data, the bounds enclose the mean and stay in [0, 1]."""
    interval = cluster_mean([value for value, _ in cases], [cluster for _, cluster in cases])
    assert 0 <= interval.low <= interval.point <= interval.high <= 1
    assert interval.n == len(cases)


@pytest.mark.parametrize(
    ("values", "clusters", "said"),
    [
        pytest.param([], [], "no values", id="nothing"),
        pytest.param([1.0], [1, 2], "one label per value", id="lengths"),
        pytest.param([1.5], [1], "outside", id="off the scale"),
        pytest.param([math.nan], [1], "not finite", id="nan"),
    ],
)
def test_cluster_mean_refuses_misuse(values: list[float], clusters: list[int], said: str) -> None:
    """Bad input is named, never averaged."""
    with pytest.raises(ValueError, match=said):
        cluster_mean(values, clusters)


def test_wilson_uses_the_two_sided_quantile() -> None:
    """At n = 1 and success the lower bound is 1 / (1 + z squared)."""
    z = NormalDist().inv_cdf(0.975)
    assert wilson(1, 1).low == pytest.approx(1 / (1 + z * z))
