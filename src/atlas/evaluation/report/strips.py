"""Strip charts: rows over one horizontal axis, for the control ladder, deltas per company, and families.

A strip chart is a table whose middle column is drawn, so everything in it can also be read as text.
"""

from __future__ import annotations

from atlas.core.records import record
from atlas.evaluation import formats
from atlas.evaluation.arms import ARM_MEANINGS, ARM_NAMES, SHAPES
from atlas.evaluation.records import Arm, ArmResult, ExperimentMetrics, FamilyResult
from atlas.evaluation.report import rows
from atlas.evaluation.report.scale import Scale, Tick, difference_scale, difference_ticks, share_scale, share_ticks
from atlas.statistics.records import PairedDelta


@record
class Line:
    """A horizontal stretch: an ``interval``, or the ``link`` between two dots."""

    start: str
    end: str
    tone: str
    kind: str


@record
class Dot:
    """A marker; ``tone`` names a colour, ``title`` is shown when pointed at."""

    at: str
    tone: str
    shape: str
    title: str


@record
class StripRow:
    """One row: a label, what is drawn, and the numbers beside it.

    Attributes:
        label: What the row is about.
        note: A smaller text under the label, may be empty.
        lines: Drawn first.
        dots: Drawn over the lines.
        cells: The numbers, one per heading of the chart.
        strong: Whether the row is set apart, as a total is.
    """

    label: str
    note: str
    lines: tuple[Line, ...]
    dots: tuple[Dot, ...]
    cells: tuple[str, ...]
    strong: bool = False


@record
class StripChart:
    """Rows over one horizontal axis.

    Attributes:
        caption: What is shown, for readers who do not see the drawing.
        subject: Heading of the labels.
        axis: Heading of the drawing: the quantity and its unit.
        headings: Headings of the formats.
        ticks: Of the axis.
        reference: Place of the reference line, None without one.
        rows: From top to bottom.
    """

    caption: str
    subject: str
    axis: str
    headings: tuple[str, ...]
    ticks: tuple[Tick, ...]
    reference: str | None
    rows: tuple[StripRow, ...]


def build_ladder(metrics: ExperimentMetrics, split: str) -> StripChart:
    """Return strict success per arm of a split, the best on top, with the floor (memory off) as reference."""
    scale = share_scale()
    floor = rows.find_result(metrics, Arm.MEMORY_OFF, split)
    return StripChart(
        caption=f"Strict success per arm, {rows.split_name(split)}",
        subject="arm",
        axis="strict success, %",
        headings=("strict success", "paired delta, points"),
        ticks=share_ticks(scale),
        reference=scale.at(floor.strict.point) if floor and floor.strict else None,
        rows=tuple(_ladder_row(result, scale) for result in rows.results(metrics, split)),
    )


def _ladder_row(result: ArmResult, scale: Scale) -> StripRow:
    name, tone = ARM_NAMES[result.arm], result.arm.value
    if result.strict is None:
        return StripRow(name, f"not applicable: {result.not_applicable}", (), (), (formats.MISSING, formats.MISSING))
    strict = formats.share_with_interval(result.strict)
    return StripRow(
        label=name,
        note=ARM_MEANINGS[result.arm],
        lines=(Line(scale.at(result.strict.low), scale.at(result.strict.high), tone, "interval"),),
        dots=(Dot(scale.at(result.strict.point), tone, SHAPES[result.arm], f"{name}: {strict}"),),
        cells=(strict, formats.delta_with_interval(result.delta)),
        strong=result.arm is Arm.LEARNED,
    )


def build_forest(metrics: ExperimentMetrics, split: str) -> StripChart | None:
    """Return the paired delta learned minus memory-off per company and pooled; None where there is none."""
    companies = [
        (f"company {seed}", result.delta)
        for seed in metrics.company_seeds
        if (result := rows.find_result(metrics, Arm.LEARNED, split, company_seed=seed)) and result.delta
    ]
    pooled = rows.find_result(metrics, Arm.LEARNED, split)
    if pooled is None or pooled.delta is None:
        return None
    changes: list[tuple[str, str, PairedDelta]] = [
        *((name, "blueprints as clusters", change) for name, change in companies),
        ("all companies", "blueprints as clusters", pooled.delta),
    ]
    if pooled.delta_by_company is not None:
        changes.append(("all companies", "companies as clusters", pooled.delta_by_company))
    scale = difference_scale(bound for *_, change in changes for bound in (change.low, change.high))
    return StripChart(
        caption=f"Paired delta, learned minus memory off per company, {rows.split_name(split)}",
        subject="company",
        axis="learned minus memory off, points",
        headings=("paired delta", "won / lost / tied", "detectable"),
        ticks=difference_ticks(scale),
        reference=scale.at(0.0),
        rows=tuple(_forest_row(name, note, change, scale) for name, note, change in changes),
    )


def _forest_row(name: str, note: str, change: PairedDelta, scale: Scale) -> StripRow:
    pooled = name == "all companies"
    text = formats.delta_with_interval(change)
    return StripRow(
        label=name,
        note=f"{change.clusters} {note}",
        lines=(Line(scale.at(change.low), scale.at(change.high), Arm.LEARNED.value, "interval"),),
        dots=(Dot(scale.at(change.delta), Arm.LEARNED.value, "diamond" if pooled else "disc", f"{name}: {text}"),),
        cells=(text, f"{change.wins} / {change.losses} / {change.ties}", formats.points(change.detectable)),
        strong=pooled,
    )


def build_families(metrics: ExperimentMetrics) -> StripChart | None:
    """Return strict success per family, without memory, with it and compiled, the best first; None without families."""
    if not metrics.families:
        return None
    scale = share_scale()
    compiled = any(family.compiled is not None for family in metrics.families)
    ordered = sorted(metrics.families, key=lambda one: (-one.learned, -one.memory_off, one.family))
    return StripChart(
        caption="Strict success per scenario family, memory off"
        + (", learned and compiled" if compiled else " and learned"),
        subject="family",
        axis="strict success, %",
        headings=("memory off", "learned", *(("compiled", "explained") if compiled else ()), "n"),
        ticks=share_ticks(scale),
        reference=None,
        rows=tuple(_family_row(family, scale, compiled=compiled) for family in ordered),
    )


def _family_row(family: FamilyResult, scale: Scale, *, compiled: bool) -> StripRow:
    off, learned = scale.at(family.memory_off), scale.at(family.learned)
    worse = family.learned < family.memory_off
    name = family.family.replace("_", " ")
    return StripRow(
        label=name,
        note=", ".join((family.category, *rows.family_notes(family))),
        lines=(Line(*((learned, off) if worse else (off, learned)), "worse" if worse else Arm.LEARNED.value, "link"),),
        dots=(
            Dot(off, Arm.MEMORY_OFF.value, "ring", f"{name}, memory off: {formats.percent(family.memory_off)}"),
            Dot(learned, Arm.LEARNED.value, "disc", f"{name}, learned: {formats.percent(family.learned)}"),
            *_compiled_dot(family, name, scale),
        ),
        cells=(
            formats.percent(family.memory_off),
            formats.percent(family.learned),
            *(rows.compiled_cells(family) if compiled else ()),
            formats.count(family.n),
        ),
    )


def _compiled_dot(family: FamilyResult, name: str, scale: Scale) -> tuple[Dot, ...]:
    if family.compiled is None:
        return ()
    arm = Arm.COMPILED
    title = f"{name}, {ARM_NAMES[arm]}: {formats.percent(family.compiled)}"
    return (Dot(scale.at(family.compiled), arm.value, SHAPES[arm], title),)
