"""Paired differences over clusters."""

from __future__ import annotations

import itertools
import math
import random
from statistics import fmean, stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from atlas.statistics.paired import BOOTSTRAP_CLUSTERS, paired_delta

Case = tuple[float, float, int]
OUTCOME = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1))
CASES = st.lists(st.tuples(OUTCOME, OUTCOME, st.integers(0, 30)), min_size=1, max_size=80)


def _columns(cases: list[Case]) -> tuple[list[float], list[float], list[int]]:
    return [before for before, _, _ in cases], [after for _, after, _ in cases], [cluster for *_, cluster in cases]


def _draw_experiment(rng: random.Random, sizes: list[int], *, spread: float) -> list[Case]:
    """Clusters whose true gain varies with standard deviation ``spread`` around 0.3."""
    cases: list[Case] = []
    for cluster, size in enumerate(sizes):
        gain = 0.3 + min(0.3, max(-0.3, rng.gauss(0, spread)))
        for _ in range(size):
            before = float(rng.random() < 0.3)
            # a case that failed before is won so often that the expected difference is the gain
            after = 1.0 if before else float(rng.random() < gain / 0.7)
            cases.append((before, after, cluster))
    return cases


def test_few_clusters_give_the_paired_t_interval_of_their_means() -> None:
    """Six equal clusters: the textbook t interval on cluster means."""
    rng = random.Random(3)
    cases = [(rng.random(), rng.random(), cluster) for cluster in range(6) for _ in range(9)]
    means = [fmean(after - before for before, after, c in cases if c == cluster) for cluster in range(6)]
    half = float(student.ppf(0.975, 5)) * stdev(means) / math.sqrt(6)
    result = paired_delta(*_columns(cases), seed=0)
    assert result.method == "cluster-t"
    assert result.delta == pytest.approx(fmean(means))
    assert (result.low, result.high) == (pytest.approx(result.delta - half), pytest.approx(result.delta + half))


def test_many_clusters_are_bootstrapped_close_to_t() -> None:
    """From twenty clusters on the bootstrap decides; for well-behaved clusters it nearly agrees with t."""
    rng = random.Random(4)
    cases = [(rng.random(), rng.random(), cluster) for cluster in range(60) for _ in range(5)]
    means = [fmean(after - before for before, after, c in cases if c == cluster) for cluster in range(60)]
    half = float(student.ppf(0.975, 59)) * stdev(means) / math.sqrt(60)
    result = paired_delta(*_columns(cases), seed=0)
    assert result.method == "cluster-bootstrap"
    assert result.high - result.low == pytest.approx(2 * half, rel=0.08)


@pytest.mark.parametrize(
    ("count", "method"),
    [
        pytest.param(1, "undefined", id="one"),
        pytest.param(2, "cluster-t", id="two"),
        pytest.param(BOOTSTRAP_CLUSTERS - 1, "cluster-t", id="below the bootstrap"),
        pytest.param(BOOTSTRAP_CLUSTERS, "cluster-bootstrap", id="bootstrap"),
    ],
)
def test_the_number_of_clusters_decides_the_method(count: int, method: str) -> None:
    """Student's t below twenty clusters, bootstrap from twenty on, nothing for one."""
    cases: list[Case] = [(0.0, float(cluster % 2), cluster) for cluster in range(count) for _ in range(2)]
    result = paired_delta(*_columns(cases), seed=1)
    assert (result.method, result.clusters) == (method, count)


def test_one_cluster_bears_no_interval() -> None:
    """Pairs of a single cluster give the point, the whole scale as bounds and no detectable effect."""
    result = paired_delta([0, 0, 0], [1, 1, 0], ["only"] * 3, seed=1)
    assert (result.low, result.high, result.detectable) == (-1.0, 1.0, None)
    assert result.delta == pytest.approx(2 / 3)


@pytest.mark.parametrize("clusters", [5, 40])
def test_ties_are_not_certainty(clusters: int) -> None:
    """Pairs that all tie leave an interval around zero that shrinks with the number of pairs."""
    few = paired_delta([1] * 40, [1] * 40, [n % clusters for n in range(40)], seed=1)
    many = paired_delta([1] * 4000, [1] * 4000, [n % clusters for n in range(4000)], seed=1)
    assert (few.delta, few.ties) == (0, 40)
    assert few.low < many.low < 0 < many.high < few.high
    assert few.detectable is not None
    assert few.detectable > 0


def test_too_few_pairs_detect_nothing() -> None:
    """Where not even a change of the whole scale would be found, no detectable effect is printed."""
    result = paired_delta([0, 1], [1, 0], ["a", "b"], seed=1)
    assert result.detectable is None
    assert (result.low, result.high) == (-1, 1)


@settings(deadline=None)
@given(CASES, st.integers(0, 2**64 - 1), st.randoms(use_true_random=False))
def test_invariants(cases: list[Case], seed: int, rng: random.Random) -> None:
    """Bounds enclose the difference, counts add up, and neither order nor repetition changes a bit of the result."""
    result = paired_delta(*_columns(cases), seed=seed)
    assert -1 <= result.low <= result.delta <= result.high <= 1
    assert result.wins + result.losses + result.ties == result.n == len(cases)
    assert result.detectable is None or 0 < result.detectable <= 1
    shuffled = list(cases)
    rng.shuffle(shuffled)
    assert paired_delta(*_columns(shuffled), seed=seed) == result


@settings(deadline=None)
@given(CASES)
def test_swapping_the_arms_mirrors_the_result(cases: list[Case]) -> None:
    """Baseline against treatment is treatment against baseline with the sign turned."""
    before, after, clusters = _columns(cases)
    forth, back = paired_delta(before, after, clusters, seed=2), paired_delta(after, before, clusters, seed=2)
    assert back.delta == -forth.delta
    assert (back.wins, back.losses) == (forth.losses, forth.wins)
    assert back.low == pytest.approx(-forth.high, abs=1e-12)


def test_the_seed_moves_the_bootstrap_a_little() -> None:
    """Another seed gives another resampling of the same size."""
    rng = random.Random(8)
    cases = _columns([(rng.random(), rng.random(), cluster) for cluster in range(30) for _ in range(3)])
    one, other = paired_delta(*cases, seed=1), paired_delta(*cases, seed=2)
    assert one != other
    assert one.low == pytest.approx(other.low, abs=0.01)


def test_batches_are_drawn_alike_for_many_clusters() -> None:
    """Thousands of clusters are resampled in batches and still give an interval of the right width."""
    rng = random.Random(9)
    cases = [(rng.random(), rng.random(), cluster) for cluster in range(3000)]
    differences = [after - before for before, after, _ in cases]
    result = paired_delta(*_columns(cases), seed=1)
    assert result.high - result.low == pytest.approx(2 * 1.96 * stdev(differences) / math.sqrt(3000), rel=0.05)


@pytest.mark.parametrize(
    ("sizes", "spread", "runs"),
    [
        pytest.param([40] * 5, 0.10, 1500, id="5 equal clusters, t"),
        pytest.param([10, 20, 30, 40, 50, 60, 70, 80], 0.10, 1500, id="8 unequal clusters, t"),
        pytest.param([100, 10, 10, 10, 10, 10, 10], 0.10, 600, id="one large cluster among small ones, t"),
        pytest.param([12] * 24, 0.15, 300, id="24 clusters, bootstrap"),
        pytest.param([4, 8, 12, 16, 20] * 6, 0.15, 300, id="30 unequal clusters, bootstrap"),
    ],
)
def test_intervals_cover_the_truth(sizes: list[int], spread: float, runs: int) -> None:
    """In repeated experiments with a known difference, about 95 % of the intervals hold it."""
    rng = random.Random(2026)
    held = 0
    for seed in range(runs):
        result = paired_delta(*_columns(_draw_experiment(rng, sizes, spread=spread)), seed=seed)
        held += result.low <= 0.3 <= result.high
    slack = 3 * math.sqrt(0.95 * 0.05 / runs)  # what chance may take away from the share of this many runs
    assert held / runs >= 0.945 - slack
    assert held / runs <= 0.999


def test_ignoring_clusters_would_not_cover() -> None:
    """The same experiments with each case as its own cluster cover far less: clusters are why the interval is right."""
    rng = random.Random(2026)
    held = 0
    for seed in range(100):
        before, after, _ = _columns(_draw_experiment(rng, [20] * 5, spread=0.3))
        result = paired_delta(before, after, range(len(before)), seed=seed)
        held += result.low <= 0.3 <= result.high
    assert held / 100 < 0.8


@pytest.mark.parametrize(
    ("baseline", "treatment", "clusters", "seed", "said"),
    [
        pytest.param([], [], [], 0, "no values", id="no pairs"),
        pytest.param([1], [1, 0], [1], 0, "pairs need both", id="unpaired"),
        pytest.param([1], [1], [1, 2], 0, "one label per value", id="labels"),
        pytest.param([1], [7], [1], 0, r"treatment\[0\] is 7", id="off the scale"),
        pytest.param([math.nan], [1], [1], 0, r"baseline\[0\] is nan", id="nan"),
        pytest.param([1], [1], [1], -1, "seed -1", id="negative seed"),
    ],
)
def test_misuse_is_named(
    baseline: list[float], treatment: list[float], clusters: list[int], seed: int, said: str
) -> None:
    """Bad input raises and names the value; it never becomes an interval."""
    with pytest.raises(ValueError, match=said):
        paired_delta(baseline, treatment, clusters, seed=seed)


def test_higher_confidence_is_wider() -> None:
    """Coverage is bought with width, for t and bootstrap alike."""
    rng = random.Random(6)
    for count in (6, 30):
        cases = _columns([(rng.random(), rng.random(), cluster) for cluster in range(count) for _ in range(4)])
        widths = [
            (result := paired_delta(*cases, seed=1, confidence=level)).high - result.low for level in (0.8, 0.9, 0.99)
        ]
        assert all(narrow < wide for narrow, wide in itertools.pairwise(widths))
