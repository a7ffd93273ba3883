"""The report as one HTML page that opens anywhere: no script, no font, no image, no address outside itself.

Everything that comes from a run (names, messages, traces) is untrusted: the templates escape it, and the page forbids
the browser to load or run anything at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from atlas.core.records import record
from atlas.evaluation import formats
from atlas.evaluation.arms import ARM_MEANINGS, ARM_NAMES
from atlas.evaluation.freeze import describe_learner
from atlas.evaluation.records import Arm, EpisodeTrace, ExperimentMetrics, Timings
from atlas.evaluation.report import rows
from atlas.evaluation.report.bars import build_histograms
from atlas.evaluation.report.cases import build_cases
from atlas.evaluation.report.curves import CURVE_UNITS, build_curve
from atlas.evaluation.report.pages import PlaybookPage
from atlas.evaluation.report.strips import StripChart, build_families, build_forest, build_ladder
from atlas.verify.goals import Split

# what HTML forbids or UTF-8 cannot hold: control characters but tab and newline, and lone surrogates
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@record
class SplitSection:
    """One frozen split: its ladder, its deltas per company, and its table."""

    split: str
    name: str
    ladder: StripChart
    forest: StripChart | None
    rows: tuple[rows.ArmRow, ...]


@record
class PlaybookShelf:
    """The playbook pages of one company."""

    company_seed: int
    pages: tuple[PlaybookPage, ...]


@record
class MemoryRow:
    """What one company's memory holds, as text."""

    company_seed: int
    content_hash: str
    playbooks: str
    kinds: tuple[tuple[str, str], ...]
    states: tuple[tuple[str, str], ...]


def render_report(
    metrics: ExperimentMetrics,
    *,
    timings: Timings | None = None,
    playbooks: Sequence[PlaybookPage] = (),
    traces: Sequence[EpisodeTrace] = (),
) -> str:
    """Return the report of an experiment as one self-contained HTML page.

    Equal arguments give equal bytes, however the mappings in them are ordered.

    Args:
        metrics: The results.
        timings: How long it took; None leaves the page free of anything that differs between equal runs.
        playbooks: The pages of what was learned, in the order to show them in.
        traces: Episodes; those of the worst cases are shown in full, the rest is not used.
    """
    environment = Environment(
        loader=PackageLoader("atlas.evaluation.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    page = environment.get_template("report.html.j2").render(
        metrics=metrics,
        level=formats.level(metrics.confidence),
        opening=rows.opening(metrics),
        claims=rows.claim_rows(metrics),
        figures=rows.figures(metrics),
        sections=_sections(metrics),
        stream=rows.arm_rows(metrics, Split.STREAM.value),
        curve=build_curve(metrics),
        curve_units=CURVE_UNITS,
        families=build_families(metrics),
        groups=rows.group_table(metrics),
        companies=rows.company_table(metrics),
        claims_by_company=rows.claim_table(metrics),
        histograms=build_histograms(metrics),
        memories=_memories(metrics),
        shelves=_shelves(playbooks),
        cases=build_cases(metrics, traces),
        facts=_facts(metrics),
        timing_facts=_timing_facts(timings) if timings else (),
        meanings=[(ARM_NAMES[arm], ARM_MEANINGS[arm]) for arm in Arm],
    )
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", page)


def _sections(metrics: ExperimentMetrics) -> tuple[SplitSection, ...]:
    return tuple(
        SplitSection(
            split=split,
            name=rows.split_name(split),
            ladder=build_ladder(metrics, split),
            forest=build_forest(metrics, split),
            rows=rows.arm_rows(metrics, split),
        )
        for split in rows.frozen_splits(metrics)
    )


def _memories(metrics: ExperimentMetrics) -> tuple[MemoryRow, ...]:
    return tuple(
        MemoryRow(
            memory.company_seed,
            memory.content_hash,
            formats.count(memory.playbooks),
            _counts(memory.by_kind),
            _counts(memory.by_state),
        )
        for memory in metrics.memories
    )


def _counts(counts: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
    return tuple((name, formats.count(counts[name])) for name in sorted(counts) if counts[name])


def _shelves(playbooks: Sequence[PlaybookPage]) -> tuple[PlaybookShelf, ...]:
    seeds = dict.fromkeys(page.company_seed for page in playbooks)
    return tuple(PlaybookShelf(seed, tuple(page for page in playbooks if page.company_seed == seed)) for seed in seeds)


def _facts(metrics: ExperimentMetrics) -> tuple[tuple[str, str], ...]:
    """What was run, by name; hashes in full, so that they can be compared."""
    return (
        ("experiment", metrics.experiment),
        *((part, metrics.agents[part]) for part in sorted(metrics.agents)),
        ("learner", describe_learner(metrics.learner)),
        ("offline", "true: no outside model was called" if metrics.offline else "false: outside models were called"),
        ("company seeds", ", ".join(str(seed) for seed in metrics.company_seeds)),
        ("scenario generator", metrics.generator_version),
        ("configuration", metrics.config_hash),
        ("preregistration", metrics.preregistration_hash or "none"),
        *(
            (f"corpus of company {seed}", metrics.corpus_hashes[seed])
            for seed in sorted(metrics.corpus_hashes, key=lambda seed: (len(seed), seed))
        ),
    )


def _timing_facts(timings: Timings) -> tuple[tuple[str, str], ...]:
    return (
        ("started", timings.started_at),
        ("wall time", f"{formats.decimal(timings.wall_s, 1)} s{' (resumed)' if timings.resumed else ''}"),
        ("episodes", f"{formats.count(timings.episodes)}, {formats.decimal(timings.episodes_per_s, 1)} per second"),
        ("machine", f"{timings.platform}, {timings.cpu_count} cores, {timings.workers} processes"),
        ("versions", f"Atlas {timings.atlas_version}, Python {timings.python}"),
    )
