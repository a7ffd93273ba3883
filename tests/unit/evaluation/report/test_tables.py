"""Rows, terminal and Markdown: the same numbers everywhere."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from atlas.evaluation.arms import ARM_NAMES
from atlas.evaluation.records import Arm, ArmResult, ExperimentMetrics
from atlas.evaluation.report import rows
from atlas.evaluation.report.markdown import render_markdown
from atlas.evaluation.report.terminal import final_table


def _printed(metrics: ExperimentMetrics, width: int = 160) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(final_table(metrics))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def _unescaped(markdown: str) -> str:
    return re.sub(r"\\(.)", r"\1", markdown)


def test_terminal_and_markdown_show_the_same_figures(metrics: ExperimentMetrics) -> None:
    """Every arm with n, strict success, delta and teaching stands in both, letter by letter."""
    printed, markdown = _printed(metrics), _unescaped(render_markdown(metrics))
    for row in rows.arm_rows(metrics, "test_same"):
        for cell in (row.name, row.n, row.strict, row.delta, row.reviews, row.demonstrations, row.calls):
            assert cell in printed
            assert cell in markdown


def test_arms_are_sorted_best_first(metrics: ExperimentMetrics) -> None:
    """The ladder goes down, and an arm without a result comes last."""
    missing = ArmResult(Arm.DO_NOTHING, "test_same", None, 0, None, {}, None, None, 0, 0, None, "no reason")
    arms = (missing, *(one for one in metrics.arms if one.arm is not Arm.DO_NOTHING))
    ordered = rows.results(replace(metrics, arms=arms), "test_same")
    points = [one.strict.point for one in ordered if one.strict]
    assert points == sorted(points, reverse=True)
    assert ordered[-1].arm is Arm.DO_NOTHING


def test_the_head_of_the_page_shows_what_the_arms_say(metrics: ExperimentMetrics) -> None:
    """Floor, learned, delta over companies, normalized gain and demonstrations agree with the results."""
    figures = {figure.label: figure for figure in rows.figures(metrics)}
    learned = rows.find_result(metrics, Arm.LEARNED, "test_same")
    off = rows.find_result(metrics, Arm.MEMORY_OFF, "test_same")
    assert learned is not None
    assert off is not None
    assert learned.strict is not None
    assert off.strict is not None
    assert learned.delta_by_company is not None
    gain = (learned.strict.point - off.strict.point) / (1 - off.strict.point)
    assert figures["normalized gain"].value == f"{100 * gain:.1f}"
    assert figures["paired delta"].value == f"{100 * learned.delta_by_company.delta:+.1f}"
    assert figures["demonstrations"].value == str(learned.demonstrations)


def test_p_values_stand_only_beside_the_split_that_they_were_computed_on(metrics: ExperimentMetrics) -> None:
    """The stream table has no p-values: the tests were made on the frozen test."""
    assert any(row.p != "—" for row in rows.arm_rows(metrics, "test_same"))
    assert all(row.p == "—" for row in rows.arm_rows(metrics, "stream"))


def test_terminal_reads_no_markup_in_text(metrics: ExperimentMetrics) -> None:
    """Square brackets in names and reasons are shown, not obeyed."""
    reason = "[bold red]boom[/] [link=x]y"
    missing = ArmResult(Arm.WRONG_COMPANY, "test_same", None, 0, None, {}, None, None, 0, 0, None, reason)
    arms = (missing, *(one for one in metrics.arms if one.arm is not Arm.WRONG_COMPANY))
    printed = _printed(replace(metrics, arms=arms, experiment="[demo]"), width=220)
    assert reason in printed
    assert "[demo]: test_same" in printed


def test_terminal_fits_eighty_columns(metrics: ExperimentMetrics) -> None:
    """On a narrow terminal cells fold and no line is longer than the terminal."""
    assert max(len(line) for line in _printed(metrics, width=80).splitlines()) <= 80


def test_terminal_names_the_splits_there_are(metrics: ExperimentMetrics) -> None:
    """An unknown split is an error that lists the known ones."""
    with pytest.raises(ValueError, match="there are results on: test_same"):
        final_table(metrics, "test_renamed")


def test_markdown_tables_have_straight_columns(metrics: ExperimentMetrics) -> None:
    """Hostile names can neither break a table nor become HTML."""
    families = (replace(metrics.families[0], family="a|b\n| <script> [x](y)"),)
    markdown = render_markdown(replace(metrics, families=families, headline=("<b>bold</b>",)))
    widths: list[int] = []
    for block in re.findall(r"(?:^\|.*\n)+", markdown, re.MULTILINE):
        lengths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(lengths) == 1
        widths += lengths
    assert len(widths) == 6  # two splits, claims by company, companies, kinds of cases, families
    assert not re.search(r"(?<!\\)<(?! )", markdown)
    assert not re.search(r"(?<!\\)\]\(", markdown)


def test_families_say_what_memory_can_do_for_them(metrics: ExperimentMetrics) -> None:
    """Beyond the language, needing no memory, not helped by any, added late: each is said, and nothing else."""
    plain = replace(metrics.families[0], memory_off=0.4, compiled=0.9, explained=1.0, expressible=True)
    assert rows.family_notes(plain) == ()
    assert rows.family_notes(replace(plain, expressible=False)) == ("beyond the learner's language",)
    assert rows.family_notes(replace(plain, expressible=None, compiled=None)) == ()
    assert rows.family_notes(replace(plain, memory_off=0.9)) == ("needs no memory",)
    assert rows.family_notes(replace(plain, compiled=0.4)) == ("memory cannot help",)
    assert rows.family_notes(replace(plain, after_freeze=True)) == ("added after the freeze",)
    assert rows.compiled_cells(plain) == ("90.0 %", "100.0 %")
    assert rows.compiled_cells(replace(plain, compiled=None, explained=None)) == ("", "")


def test_kinds_of_cases_have_a_column_per_arm(metrics: ExperimentMetrics) -> None:
    table = rows.group_table(metrics)
    assert table.headings == ("n", *(ARM_NAMES[arm] for arm in Arm))
    assert [line[0] for line in table.lines if line[0].startswith("families")] == [
        "families that the language can express",
        "families beyond the language",
    ]
    assert {len(line) for line in table.lines} == {1 + len(table.headings)}
    assert rows.group_table(replace(metrics, groups=())).lines == ()


def test_companies_have_a_line_each_with_late_families_apart(metrics: ExperimentMetrics) -> None:
    """One line per company, then its families by the freeze; one company alone needs no table."""
    table = rows.company_table(metrics)
    seeds = metrics.company_seeds
    assert table.headings == ("n", *(ARM_NAMES[arm] for arm in Arm))
    assert {len(line) for line in table.lines} == {1 + len(table.headings)}
    assert [line[0] for line in table.lines[:3]] == [
        f"{seeds[0]}",
        f"{seeds[0]}, families added after the freeze",
        f"{seeds[0]}, families before the freeze",
    ]
    assert [line[0] for line in table.lines[::3]] == [str(seed) for seed in seeds]
    whole = rows.find_result(metrics, Arm.LEARNED, "test_same", company_seed=seeds[0])
    assert whole is not None
    assert whole.strict is not None
    column = 1 + table.headings.index(ARM_NAMES[Arm.LEARNED])
    assert table.lines[0][1] == str(whole.n)
    assert table.lines[0][column] == f"{100 * whole.strict.point:.1f} %"
    assert rows.company_table(replace(metrics, company_seeds=seeds[:1])).lines == ()


def test_claims_have_a_column_per_company(metrics: ExperimentMetrics) -> None:
    """Met or missed with the figure; not measured without one; a claim without findings has no line."""
    table = rows.claim_table(metrics)
    assert table.headings == tuple(str(seed) for seed in metrics.company_seeds)
    assert [line[:3] for line in table.lines] == [
        ("gain", "missed: +60.0 [+50.0, +70.0]", "met: +60.0 [+50.0, +70.0]"),
        ("renamed tools", "not measured", "not measured"),
    ]
