"""The learning curve: success over the stream, companies as thin lines, all of them together thick with a band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from atlas.core.records import record
from atlas.evaluation import formats
from atlas.evaluation.arms import ARM_NAMES, SHAPES
from atlas.evaluation.records import Arm, CurvePoint, ExperimentMetrics
from atlas.evaluation.report.scale import Scale, Tick, coordinate, share_scale, share_ticks

CURVE_UNITS = 1000  # the curve's own coordinates, stretched over whatever room it gets
_MOST_EPISODE_STEPS = 6
_EPISODE_STEPS = (5, 10, 25, 50, 100, 200, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000)


@record
class Series:
    """One line of a curve: its path, and the band around it (empty without one)."""

    title: str
    tone: str
    thick: bool
    path: str
    band: str
    dots: tuple[tuple[str, str, str], ...]


@record
class CurveChart:
    """Lines over episodes.

    Attributes:
        caption: What is shown.
        x_ticks: Of the episodes.
        y_ticks: Of the share.
        series: Thin lines first.
        legend: Tone, shape and name of what the colours mean.
        shapes: Marker by tone.
        table: The pooled numbers: one row per window, beginning with its last episode.
        headings: Headings of that table.
    """

    caption: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    series: tuple[Series, ...]
    legend: tuple[tuple[str, str, str], ...]
    shapes: Mapping[str, str]
    headings: tuple[str, ...]
    table: tuple[tuple[str, ...], ...]


def build_curve(metrics: ExperimentMetrics) -> CurveChart | None:
    """Return success over the stream, per company thin and pooled thick with its band; None without curves."""
    if not metrics.curves:
        return None
    arms = [arm for arm in Arm if any(point.arm is arm for point in metrics.curves)]
    x_scale = _episode_scale(max(point.episodes for point in metrics.curves))
    y_scale = share_scale()
    thin = [
        _series(points, x_scale, y_scale)
        for arm in (Arm.MEMORY_OFF, Arm.LEARNED)
        for seed in metrics.company_seeds
        if (points := _curve_points(metrics, arm, seed)) and len(metrics.company_seeds) > 1
    ]
    pooled = {arm: points for arm in arms if (points := _curve_points(metrics, arm, None))}
    return CurveChart(
        caption="Strict success in each window of the stream, predicted before learning from it",
        x_ticks=_episode_ticks(x_scale),
        y_ticks=share_ticks(y_scale, upright=True),
        series=(*thin, *(_series(points, x_scale, y_scale) for points in pooled.values())),
        legend=tuple((arm.value, SHAPES[arm], ARM_NAMES[arm]) for arm in pooled),
        shapes={arm.value: SHAPES[arm] for arm in pooled},
        headings=("episodes", *(ARM_NAMES[arm] for arm in pooled)),
        table=_curve_table(pooled),
    )


def _curve_points(metrics: ExperimentMetrics, arm: Arm, company_seed: int | None) -> list[CurvePoint]:
    points = [point for point in metrics.curves if point.arm is arm and point.company_seed == company_seed]
    return sorted(points, key=lambda point: point.episodes)


def _series(points: Sequence[CurvePoint], x_scale: Scale, y_scale: Scale) -> Series:
    first = points[0]
    thick = first.company_seed is None
    name = ARM_NAMES[first.arm]
    xs = [x_scale.share(point.episodes) for point in points]
    band = ""
    if thick and len(points) > 1:
        upper = [(x, y_scale.share(point.strict.high)) for x, point in zip(xs, points, strict=True)]
        lower = [(x, y_scale.share(point.strict.low)) for x, point in zip(xs, points, strict=True)]
        band = f"{_path([*upper, *reversed(lower)])}Z"
    return Series(
        title=name if thick else f"{name}, company {first.company_seed}",
        tone=first.arm.value,
        thick=thick,
        path=_path([(x, y_scale.share(point.strict.point)) for x, point in zip(xs, points, strict=True)]),
        band=band,
        dots=tuple(
            (
                x_scale.at(point.episodes),
                y_scale.up(point.strict.point),
                f"{name}, to episode {point.episodes}: {formats.share_with_interval(point.strict)}",
            )
            for point in points
        )
        if thick
        else (),
    )


def _path(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{coordinate(CURVE_UNITS * x)} {coordinate(CURVE_UNITS * (1 - y))}" for x, y in places)


def _episode_scale(last: int) -> Scale:
    step = next((step for step in _EPISODE_STEPS if last / step <= _MOST_EPISODE_STEPS), last)
    return Scale(0.0, float(last), float(step))


def _episode_ticks(scale: Scale) -> tuple[Tick, ...]:
    return tuple(
        Tick(scale.at(value), formats.count(value)) for value in range(0, int(scale.high) + 1, int(scale.step))
    )


def _curve_table(pooled: Mapping[Arm, Sequence[CurvePoint]]) -> tuple[tuple[str, ...], ...]:
    ends = sorted({point.episodes for points in pooled.values() for point in points})
    shown = {(arm, point.episodes): point.strict for arm, points in pooled.items() for point in points}
    return tuple(
        (formats.count(end), *(formats.share_with_interval(shown.get((arm, end))) for arm in pooled)) for end in ends
    )
