"""The results as Markdown: the same sentences and numbers as the page, for a pull request or a log."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from atlas.evaluation import formats
from atlas.evaluation.freeze import describe_learner
from atlas.evaluation.records import ExperimentMetrics
from atlas.evaluation.report import rows
from atlas.verify.goals import Split

# brackets alone are no link; an interval such as [1, 2] stays readable
_SPECIAL = re.compile(r"([\\`*_<>|~&]|\](?=[(\[:]))")

_HEADINGS = (
    "arm",
    "n",
    "strict success",
    "paired delta, points",
    "over companies, points",
    "p (Holm)",
    "reviews",
    "demonstrations",
    "calls per episode",
)


def render_markdown(metrics: ExperimentMetrics) -> str:
    """Return headline, claims, one table per split, families and identification of an experiment as Markdown."""
    return "\n".join(_lines(metrics)) + "\n"


def _lines(metrics: ExperimentMetrics) -> Iterator[str]:
    yield f"# {escape(metrics.experiment)}"
    for sentence in rows.opening(metrics):
        yield from ("", escape(sentence))
    if metrics.claims:
        yield from ("", "## Claims", "")
        for claim in rows.claim_rows(metrics):
            yield f"- **{claim.state}**: {escape(claim.name)}: {escape(claim.sentence)}"
    for split in (*rows.frozen_splits(metrics), Split.STREAM.value):
        yield from _split(metrics, split)
    yield from _titled("Claims in each company", "claim", rows.claim_table(metrics))
    yield from _titled("Companies", "company", rows.company_table(metrics))
    yield from _titled("Kinds of cases", "cases", rows.group_table(metrics))
    yield from _families(metrics)
    yield from _identification(metrics)


def _split(metrics: ExperimentMetrics, split: str) -> Iterator[str]:
    lines = rows.arm_rows(metrics, split)
    if not lines:
        return
    level = formats.level(metrics.confidence)
    yield from ("", f"## {escape(split)}: {rows.split_name(split)}", "")
    yield from _table(
        _HEADINGS,
        [
            (
                line.name,
                line.n,
                escape(f"not applicable: {line.not_applicable}") if line.not_applicable else line.strict,
                line.delta,
                line.delta_by_company,
                line.p,
                line.reviews,
                line.demonstrations,
                line.calls,
            )
            for line in lines
        ],
    )
    yield from ("", f"Brackets are {level} intervals; deltas are against memory off on the same cases.")


def _families(metrics: ExperimentMetrics) -> Iterator[str]:
    if not metrics.families:
        return
    compiled = any(one.compiled is not None for one in metrics.families)
    yield from ("", "## Families", "")
    yield from _table(
        (
            "family",
            "kind",
            "n",
            "memory off",
            "learned",
            *(("compiled", "explained", "remarks") if compiled else ()),
        ),
        [
            (
                escape(one.family),
                escape(one.category),
                formats.count(one.n),
                formats.percent(one.memory_off),
                formats.percent(one.learned),
                *((*rows.compiled_cells(one), escape(", ".join(rows.family_notes(one)))) if compiled else ()),
            )
            for one in metrics.families
        ],
    )


def _titled(title: str, first: str, table: rows.Table) -> Iterator[str]:
    if not table.lines:
        return
    yield from ("", f"## {title}", "")
    yield from _table((first, *table.headings), [tuple(map(escape, line)) for line in table.lines])


def _identification(metrics: ExperimentMetrics) -> Iterator[str]:
    agents = ", ".join(f"{part} {metrics.agents[part]}" for part in sorted(metrics.agents))
    yield from (
        "",
        "## What was run",
        "",
        f"- companies: {', '.join(str(seed) for seed in metrics.company_seeds)}",
        f"- agents: {escape(agents)}; offline: {str(metrics.offline).lower()}",
        f"- learner: {escape(describe_learner(metrics.learner))}",
        f"- scenario generator: {escape(metrics.generator_version)}",
        f"- configuration: {escape(metrics.config_hash)}",
    )


def _table(headings: Sequence[str], lines: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(headings) + " |"
    yield "|" + "|".join(" --- " if place == 0 else " ---: " for place in range(len(headings))) + "|"
    for line in lines:
        yield "| " + " | ".join(line) + " |"


def escape(text: str) -> str:
    r"""Return ``text`` so that Markdown shows it as it is, on one line.

    Example:
        >>> print(escape("a|b <i> _c_"))
        a\|b \<i\> \_c\_
    """
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
