"""Bars: how the scores of each arm are spread."""

from __future__ import annotations

from collections.abc import Sequence

from atlas.core.records import record
from atlas.evaluation import formats
from atlas.evaluation.arms import ARM_NAMES
from atlas.evaluation.records import Arm, ExperimentMetrics
from atlas.evaluation.report.scale import Scale, coordinate


@record
class Bar:
    """One bar: left end, width, top and height; ``whole`` marks the bar of exactly 1."""

    left: str
    width: str
    top: str
    height: str
    title: str
    whole: bool


@record
class BarChart:
    """How the scores of one arm are spread."""

    name: str
    tone: str
    caption: str
    bars: tuple[Bar, ...]
    full: str


def build_histograms(metrics: ExperimentMetrics) -> tuple[BarChart, ...]:
    """Return how the scores of each arm are spread, all charts with the same height scale."""
    present = [(arm, metrics.score_histogram[arm.value]) for arm in Arm if arm.value in metrics.score_histogram]
    tallest = max((share for _, shares in present for share in shares), default=0.0)
    scale = Scale(0.0, tallest or 1.0, tallest or 1.0)
    return tuple(_bar_chart(arm, shares, scale) for arm, shares in present)


def _bar_chart(arm: Arm, shares: Sequence[float], scale: Scale) -> BarChart:
    slot = 100 / (len(shares) + 0.5)  # half a slot sets the bar of exactly 1 apart
    last = len(shares) - 1
    bars: list[Bar] = []
    for place, share in enumerate(shares):
        whole = place == last
        span = "exactly 1" if whole else f"{place / last:.1f} to below {(place + 1) / last:.1f}"
        bars.append(
            Bar(
                left=f"{coordinate(slot * (place + (0.5 if whole else 0) + 0.08))}%",
                width=f"{coordinate(slot * 0.84)}%",
                top=scale.up(share),
                height=f"{coordinate(100 * scale.share(share))}%",
                title=f"score {span}: {formats.percent(share)}",
                whole=whole,
            )
        )
    spread = "; ".join(bar.title for bar in bars if not bar.title.endswith(": 0.0 %"))
    caption = f"{ARM_NAMES[arm]}: {spread}"
    return BarChart(ARM_NAMES[arm], arm.value, caption, tuple(bars), formats.percent(shares[last]))
