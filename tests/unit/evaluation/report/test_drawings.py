"""Axes, strips, curves and bars."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.evaluation.arms import SHAPES
from atlas.evaluation.records import Arm, ExperimentMetrics
from atlas.evaluation.report.bars import build_histograms
from atlas.evaluation.report.curves import CURVE_UNITS, build_curve
from atlas.evaluation.report.scale import Scale, coordinate, difference_scale, difference_ticks
from atlas.evaluation.report.strips import build_families, build_forest, build_ladder


def _percent(place: str) -> float:
    assert place.endswith("%")
    return float(place.removesuffix("%"))


@given(st.lists(st.floats(-1, 1), max_size=12))
def test_an_axis_of_differences_holds_everything(values: list[float]) -> None:
    """Every value and zero lie on the axis, and its few ticks are round, distinct and in order."""
    scale = difference_scale(values)
    assert scale.low <= 0 <= scale.high
    assert scale.low < scale.high
    assert all(scale.low - 1e-6 <= value <= scale.high + 1e-6 for value in values)
    ticks = difference_ticks(scale)
    places = [_percent(tick.at) for tick in ticks]
    assert places == sorted(places)
    assert 2 <= len({tick.label for tick in ticks}) == len(ticks) <= 8
    assert "0" in [tick.label for tick in ticks]


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_places_are_monotone_and_inside(first: float, second: float) -> None:
    """A larger value is never further left, and nothing is drawn outside the axis."""
    scale = Scale(-1, 1, 0.5)
    low, high = sorted((first, second))
    assert 0 <= _percent(scale.at(low)) <= _percent(scale.at(high)) <= 100
    assert _percent(scale.up(low)) >= _percent(scale.up(high))


@given(st.floats(allow_nan=False, min_value=-1e6, max_value=1e6))
def test_coordinates_are_short_and_exact_enough(value: float) -> None:
    """A coordinate has at most two decimals and is off by half a hundredth at most."""
    text = coordinate(value)
    assert re.fullmatch(r"-?\d+(\.\d{1,2})?", text)
    assert float(text) == pytest.approx(value, abs=0.00501)


def test_the_ladder_shows_the_intervals_and_the_floor(metrics: ExperimentMetrics) -> None:
    """Each dot lies inside its interval, the best arm is on top, and the reference is memory off."""
    ladder = build_ladder(metrics, "test_same")
    dots = [_percent(row.dots[0].at) for row in ladder.rows]
    assert dots == sorted(dots, reverse=True)
    for row, dot in zip(ladder.rows, dots, strict=True):
        assert _percent(row.lines[0].start) <= dot <= _percent(row.lines[0].end)
        assert len(row.cells) == len(ladder.headings)
    floor = next(row for row in ladder.rows if row.label == "memory off")
    assert ladder.reference == floor.dots[0].at


def test_every_arm_has_a_shape_of_its_own() -> None:
    """Arms can be told apart without colour."""
    assert set(SHAPES) == set(Arm)
    assert len(set(SHAPES.values())) == len(Arm)


def test_the_forest_has_every_company_and_the_whole(metrics: ExperimentMetrics) -> None:
    """One row per company seed, then all of them with both kinds of clusters."""
    forest = build_forest(metrics, "test_same")
    assert forest is not None
    assert [row.label for row in forest.rows] == [
        *(f"company {seed}" for seed in metrics.company_seeds),
        "all companies",
        "all companies",
    ]
    assert [row.note for row in forest.rows[-2:]] == ["60 blueprints as clusters", "5 companies as clusters"]


def test_a_family_that_got_worse_is_marked(metrics: ExperimentMetrics) -> None:
    """The link of a family that learning hurt has another tone and still runs from left to right."""
    chart = build_families(metrics)
    assert chart is not None
    tones = {row.label: row.lines[0].tone for row in chart.rows}
    worse = {one.family.replace("_", " ") for one in metrics.families if one.learned < one.memory_off}
    assert worse
    assert {label for label, tone in tones.items() if tone == "worse"} == worse
    assert all(_percent(row.lines[0].start) <= _percent(row.lines[0].end) for row in chart.rows)


def test_families_show_what_a_compiled_memory_does(metrics: ExperimentMetrics) -> None:
    """A third dot and two more columns, where there is such an arm."""
    chart = build_families(metrics)
    assert chart is not None
    assert chart.headings == ("memory off", "learned", "compiled", "explained", "n")
    assert all(len(row.dots) == 3 and len(row.cells) == 5 for row in chart.rows)
    without = tuple(replace(one, compiled=None, explained=None) for one in metrics.families)
    chart = build_families(replace(metrics, families=without))
    assert chart is not None
    assert chart.headings == ("memory off", "learned", "n")
    assert all(len(row.dots) == 2 and len(row.cells) == 3 for row in chart.rows)


def test_the_curve_has_thin_companies_and_thick_wholes(metrics: ExperimentMetrics) -> None:
    """Companies are thin and have no band; pooled lines come last, with a band that encloses them."""
    chart = build_curve(metrics)
    assert chart is not None
    thick = [line for line in chart.series if line.thick]
    assert chart.series[-len(thick) :] == tuple(thick)
    assert [line.tone for line in thick] == ["memory_off", "learned", "outcome_only"]
    assert sum(not line.thick for line in chart.series) == 2 * len(metrics.company_seeds)
    for line in thick:
        path, band = (re.findall(r"[\d.]+ ([\d.]+)", text) for text in (line.path, line.band))
        upper, lower = band[: len(path)], band[: len(path) - 1 : -1]
        assert all(float(a) <= float(b) <= float(c) for a, b, c in zip(upper, path, lower, strict=True))
        assert all(0 <= float(y) <= CURVE_UNITS for y in band)
    assert all(not line.band for line in chart.series if not line.thick)
    assert len(chart.table) == 8


def test_one_company_has_no_thin_lines(metrics: ExperimentMetrics) -> None:
    """With a single company its line and the whole are the same, and only one is drawn."""
    kept = tuple(point for point in metrics.curves if point.company_seed in (None, 100))
    chart = build_curve(replace(metrics, company_seeds=(100,), curves=kept))
    assert chart is not None
    assert all(line.thick for line in chart.series)


@pytest.mark.parametrize("last", [7, 25, 200, 300, 1500, 100_000])
def test_episode_ticks_are_few_and_even(metrics: ExperimentMetrics, last: int) -> None:
    """Whatever the length of the stream, the axis has between two and seven evenly spaced ticks."""
    point = replace(metrics.curves[0], episodes=last, company_seed=None)
    chart = build_curve(replace(metrics, curves=(point,)))
    assert chart is not None
    places = [_percent(tick.at) for tick in chart.x_ticks]
    gaps = [after - before for before, after in itertools.pairwise(places)]
    assert 2 <= len(places) <= 7
    assert max(gaps) - min(gaps) < 0.02


def test_bars_share_one_scale_and_set_full_scores_apart(metrics: ExperimentMetrics) -> None:
    """Heights compare across arms, bars never overlap, and exactly 1 stands alone on the right."""
    charts = build_histograms(metrics)
    assert [chart.tone for chart in charts] == [arm.value for arm in Arm]
    heights = {chart.tone: [_percent(bar.height) for bar in chart.bars] for chart in charts}
    tallest = max(share for shares in metrics.score_histogram.values() for share in shares)
    for tone, shares in metrics.score_histogram.items():
        assert heights[tone] == pytest.approx([100 * share / tallest for share in shares], abs=0.01)
    for chart in charts:
        edges = [(_percent(bar.left), _percent(bar.left) + _percent(bar.width)) for bar in chart.bars]
        assert all(before[1] < after[0] for before, after in itertools.pairwise(edges))
        assert edges[-1][1] <= 100
        assert [bar.whole for bar in chart.bars] == [False] * 10 + [True]
        assert edges[-1][0] - edges[-2][1] > edges[1][0] - edges[0][1]
