"""Tests of significance, their adjustment, power and gain."""

from __future__ import annotations

import math
import random
import subprocess
import sys
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from atlas.statistics.gain import normalized_gain
from atlas.statistics.mcnemar import mcnemar_exact
from atlas.statistics.multiple import holm
from atlas.statistics.power import minimum_detectable_effect

P_VALUES = st.dictionaries(st.text(max_size=4), st.floats(0, 1), max_size=12)


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_agrees_with_statsmodels(b: int, c: int) -> None:
    """An independent implementation gives the same p-value."""
    reference = cast("Any", mcnemar([[5, b], [c, 5]], exact=True))
    expected = reference.pvalue if b + c else 1.0
    assert mcnemar_exact(b, c) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_gives_published_values() -> None:
    """121 against 59 pairs is the textbook example (Agresti, approval ratings 150 and 86)."""
    assert mcnemar_exact(86, 150) == pytest.approx(3.7e-5, rel=0.02)
    assert mcnemar_exact(5, 5) == 1.0


def test_mcnemar_is_symmetric_and_survives_large_counts() -> None:
    """The order of the arms does not matter, and thousands of pairs neither overflow nor take long."""
    assert mcnemar_exact(3, 2000) == mcnemar_exact(2000, 3) < 1e-300
    assert mcnemar_exact(4000, 4000) == 1.0


@pytest.mark.parametrize(("b", "c"), [(-1, 3), (3, -1)])
def test_mcnemar_refuses_negative_counts(b: int, c: int) -> None:
    """A negative count is a mistake of the caller."""
    with pytest.raises(ValueError, match="cannot be negative"):
        mcnemar_exact(b, c)


@settings(max_examples=30, deadline=None)
@given(P_VALUES)
def test_holm_agrees_with_statsmodels(p: dict[str, float]) -> None:
    """An independent implementation gives the same adjusted values, under the same names in the same order."""
    adjusted = holm(p)
    assert list(adjusted) == list(p)
    if p:
        expected = cast("list[float]", multipletests(list(p.values()), method="holm")[1])
        assert list(adjusted.values()) == pytest.approx(list(expected))


@given(P_VALUES)
def test_holm_never_lowers_and_keeps_the_order(p: dict[str, float]) -> None:
    """Adjusting makes no result look better, and a smaller p-value stays at least as small as a larger one."""
    adjusted = holm(p)
    assert all(p[name] <= adjusted[name] <= 1 for name in p)
    ranked = sorted(p, key=lambda name: p[name])
    assert [adjusted[name] for name in ranked] == sorted(adjusted.values())


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan])
def test_holm_refuses_what_is_no_p_value(value: float) -> None:
    """The offending name is in the message."""
    with pytest.raises(ValueError, match="'shuffled'"):
        holm({"shuffled": value})


def test_detectable_effect_is_found_at_the_stated_rate() -> None:
    """Simulated t tests on a true difference of that size come out significant about 80 % of the time."""
    rng = random.Random(11)
    count, runs = 12, 2000
    effect = minimum_detectable_effect(1 / math.sqrt(count), count - 1)  # clusters with standard deviation 1
    found = 0
    for _ in range(runs):
        means = [rng.gauss(effect, 1) for _ in range(count)]
        mean = sum(means) / count
        error = math.sqrt(sum((value - mean) ** 2 for value in means) / (count - 1) / count)
        found += abs(mean / error) > 2.201  # two-sided 5 % point of t with 11 degrees of freedom
    assert found / runs == pytest.approx(0.8, abs=0.035)


@pytest.mark.parametrize(
    ("error", "degrees", "power", "said"),
    [
        pytest.param(-0.1, 5, 0.8, "standard error", id="negative error"),
        pytest.param(math.nan, 5, 0.8, "standard error", id="nan"),
        pytest.param(0.1, 0, 0.8, "two clusters", id="no degrees of freedom"),
        pytest.param(0.1, 5, 80, "give 0.8", id="power in percent"),
    ],
)
def test_detectable_effect_refuses_misuse(error: float, degrees: int, power: float, said: str) -> None:
    """Each argument out of range is named."""
    with pytest.raises(ValueError, match=said):
        minimum_detectable_effect(error, degrees, power=power)


@pytest.mark.parametrize(
    ("stateful", "stateless", "gain"),
    [
        pytest.param(0.9, 0.2, 0.875, id="usual"),
        pytest.param(0.1, 0.2, -0.125, id="memory hurt"),
        pytest.param(1.0, 0.2, 1.0, id="all of the room"),
        pytest.param(1.0, 1.0, None, id="no room"),
    ],
)
def test_normalized_gain(stateful: float, stateless: float, gain: float | None) -> None:
    """The share of the room that was used; None where there was none."""
    assert normalized_gain(stateful, stateless) == pytest.approx(gain)


@pytest.mark.parametrize("value", [1.2, math.nan])
def test_normalized_gain_refuses_results_above_the_maximum(value: float) -> None:
    """A result in points instead of a share is caught."""
    with pytest.raises(ValueError, match="stateful"):
        normalized_gain(value, 0.2)


def test_importing_the_package_loads_no_numpy() -> None:
    """`import atlas` and its records stay light; numpy and scipy come with the functions that need them."""
    program = (
        "import sys, atlas, atlas.statistics.records, atlas.evaluation.records;"
        "print(sorted({'numpy', 'scipy', 'jinja2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
