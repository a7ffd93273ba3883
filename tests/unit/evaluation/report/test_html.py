"""The page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from atlas.core.canonical import canonical_json
from atlas.crm.records import Outcome, Response, ToolCall, ToolResult
from atlas.episodes.records import Attribution, Step, Turn
from atlas.evaluation.records import Arm, ArmResult, Claim, EpisodeTrace, ExperimentMetrics, FailureExample, Timings
from atlas.evaluation.report import PlaybookPage, render_report
from atlas.evaluation.report.rows import arm_rows
from atlas.settings.parsing import parse_json, parse_record

VOID = {"meta", "br", "link", "img", "input", "hr"}
HOSTILE = (
    "<script>alert(1)</script>\"' onload=alert(2) <img src=x onerror=alert(3)> {{ 777*777 }} ]]> --> </style></title>"
)


class Page(HTMLParser):
    """Reads a page and notes what a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, name: str) -> list[str]:
        """Values of an attribute, wherever it stands."""
        return [value for _, attribute, value in self.attributes if attribute == name]


@pytest.fixture(scope="module")
def html(
    metrics: ExperimentMetrics,
    traces: tuple[EpisodeTrace, ...],
    playbooks: tuple[PlaybookPage, ...],
    timings: Timings,
) -> str:
    """The full page."""
    return render_report(metrics, timings=timings, playbooks=playbooks, traces=traces)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    """The full page, read."""
    return Page(html)


def test_every_arm_and_number_is_on_the_page(metrics: ExperimentMetrics, page: Page) -> None:
    """Each figure of each arm, pooled and on the stream, can be read."""
    for split in ("test_same", "stream"):
        for row in arm_rows(metrics, split):
            shown = (row.name, row.n, row.strict, row.delta, row.delta_by_company, row.p, row.reviews, row.calls)
            more = (row.demonstrations, row.mean_score, row.outcomes, row.detectable, row.method)
            assert [text for text in (*shown, *more) if text not in page.text] == []


def test_sentences_claims_and_identification_are_on_the_page(metrics: ExperimentMetrics, page: Page) -> None:
    """Headline, claims with their state, seeds, agents and whole hashes are there, and no claim twice."""
    assert metrics.headline[0] in page.text
    for claim in metrics.claims:
        assert page.text.count(claim.sentence) == 1
    for state in ("met", "missed", "not measured"):
        assert state in page.text
    hashes = (metrics.config_hash, metrics.preregistration_hash or "", *metrics.corpus_hashes.values())
    assert all(one in page.text for one in hashes)
    assert all(one in page.text for one in ("clerk", "supervisor T3", "100, 101, 102, 103, 104"))


def test_families_memories_playbooks_and_cases_are_on_the_page(
    metrics: ExperimentMetrics,
    traces: tuple[EpisodeTrace, ...],
    playbooks: tuple[PlaybookPage, ...],
    page: Page,
) -> None:
    """What was learned and what went wrong can be read with its evidence and its trace."""
    assert all(family.family.replace("_", " ") in page.text for family in metrics.families)
    assert all(memory.content_hash[:12] in page.text for memory in metrics.memories)
    assert all(one.text in page.text and one.title in page.text for one in playbooks)
    assert all(str(name) in page.text for one in playbooks for name in one.evidence)
    assert all(field in page.text for case in metrics.worst_cases for field in case.failed_fields)
    for trace in traces:
        assert all(step.call.tool in page.text for turn in trace.turns for step in turn.steps)
    assert "invalid_enum: stage 'Moving' is not allowed" in page.text
    assert "the student never answered" in page.text
    assert "The trace of this case was not kept." in page.text


def test_the_page_is_well_formed(html: str, page: Page) -> None:
    """Every element is closed in order, ids are unique, and every link leads to one of them."""
    assert html.startswith("<!DOCTYPE html>\n<html")
    assert page.unbalanced == []
    assert page.open == []
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {href.removeprefix("#") for href in page.values("href")} <= set(ids)
    assert page.tags.count("h1") == 1


def test_the_page_needs_nothing_from_outside(html: str, page: Page) -> None:
    """No script, no address, nothing to load; and the browser is told to refuse it anyway."""
    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form", "use", "image"} & set(page.tags)
    assert not re.search(r"https?:|url\(|@import|src=|//\w", html)
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert "default-src 'none'" in html


def test_drawings_have_a_text_for_those_who_do_not_see_them(page: Page) -> None:
    """Tables have captions, stand-alone drawings have labels, and the rest is hidden from screen readers."""
    strips = page.values("class").count("strips")
    assert strips == 3
    assert page.tags.count("caption") >= strips
    labels = [value for tag, name, value in page.attributes if tag == "svg" and name == "aria-label"]
    assert len(labels) == 1 + len(Arm)
    assert all(labels)


def test_coordinates_are_numbers(page: Page) -> None:
    """No NaN, infinity or exponent ever reaches a drawing."""
    for tag, name, value in page.attributes:
        if name in {"x", "y", "x1", "x2", "y1", "y2", "width", "height", "cx", "cy"} and tag != "meta":
            assert re.fullmatch(r"-?\d+(\.\d+)?%?", value), (tag, name, value)
        if name == "d":
            assert re.fullmatch(r"[MLHVZ0-9 .\-]+", value), value


def test_equal_metrics_give_equal_bytes(
    metrics: ExperimentMetrics, traces: tuple[EpisodeTrace, ...], html: str, timings: Timings
) -> None:
    """Rendering twice, or from the saved JSON with its sorted keys, gives the same page."""
    saved = parse_record(ExperimentMetrics, parse_json(canonical_json(metrics), "metrics.json"), "metrics.json")
    assert render_report(saved, traces=traces) == render_report(metrics, traces=traces)
    assert render_report(metrics, timings=timings) != html  # the arguments do matter


def test_bytes_do_not_depend_on_the_process(metrics: ExperimentMetrics, tmp_path: Path) -> None:
    """Another process with another hash seed writes the same page."""
    path = tmp_path / "metrics.json"
    path.write_text(canonical_json(metrics), encoding="utf-8")
    program = (
        "import sys, pathlib\n"
        "from atlas.evaluation.records import ExperimentMetrics\n"
        "from atlas.evaluation.report import render_report\n"
        "from atlas.settings.parsing import parse_json, parse_record\n"
        "text = pathlib.Path(sys.argv[1]).read_text(encoding='utf-8')\n"
        "metrics = parse_record(ExperimentMetrics, parse_json(text, 'm'), 'm')\n"
        "sys.stdout.buffer.write(render_report(metrics).encode())\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, check=True, env=environment)
    assert done.stdout.decode() == render_report(metrics)


def _hostile(metrics: ExperimentMetrics) -> ExperimentMetrics:
    family = metrics.families[0]
    first = replace(metrics.arms[0], strict=None, delta=None, not_applicable=HOSTILE)
    case = FailureExample(100, HOSTILE, HOSTILE, HOSTILE, 0.0, (HOSTILE,))
    return replace(
        metrics,
        experiment=HOSTILE,
        agents={HOSTILE: HOSTILE},
        generator_version=HOSTILE,
        config_hash=HOSTILE,
        headline=(HOSTILE,),
        claims=(Claim(HOSTILE, None, f"sentence {HOSTILE}", None, None, None),),
        arms=(*metrics.arms[1:], first),
        families=(replace(family, family=HOSTILE, category=HOSTILE),),
        memories=(replace(metrics.memories[0], content_hash=HOSTILE, by_kind={HOSTILE: 1}),),
        worst_cases=(case,),
    )


def test_hostile_text_stays_text(
    metrics: ExperimentMetrics, traces: tuple[EpisodeTrace, ...], timings: Timings
) -> None:
    """Whatever users, agents or files say is shown as it is and never becomes markup, wherever it stands."""
    steps = (Step(ToolCall(HOSTILE, {HOSTILE: HOSTILE}), ToolResult({HOSTILE: [HOSTILE]})),)
    turn = Turn(HOSTILE, steps, Response(HOSTILE, Outcome.DONE, facts={HOSTILE: HOSTILE}))
    trace = replace(
        traces[0],
        company_seed=100,
        scenario_id=HOSTILE,
        turns=(turn,),
        attributions=(Attribution(0, HOSTILE, 0.5, reason=HOSTILE),),
    )
    book = PlaybookPage(100, HOSTILE, HOSTILE, HOSTILE, HOSTILE, 2, HOSTILE, {HOSTILE: HOSTILE})
    html = render_report(
        _hostile(metrics), timings=replace(timings, platform=HOSTILE), playbooks=(book,), traces=(trace,)
    )
    page = Page(html)
    assert not {"script", "img"} & set(page.tags)
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert page.unbalanced == []
    assert page.text.count("<script>alert(1)</script>") > 20  # read as text by every reader
    assert str(777 * 777) not in page.text


def test_unprintable_text_is_replaced(metrics: ExperimentMetrics) -> None:
    """Control characters and lone surrogates cannot make the page unreadable or unwritable."""
    html = render_report(replace(metrics, headline=("a\x00b\ud800c\x1b[31m",)))
    assert "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c\N{REPLACEMENT CHARACTER}[31m" in html
    html.encode("utf-8")


def test_without_timings_nothing_differs_between_equal_runs(metrics: ExperimentMetrics, page: Page) -> None:
    """Times and machine are shown when given, and only then."""
    assert "71.4 s" in page.text
    assert "How long it took" not in render_report(metrics)


def _only(metrics: ExperimentMetrics, *arms: Arm) -> ExperimentMetrics:
    kept: tuple[ArmResult, ...] = tuple(one for one in metrics.arms if one.arm in arms)
    return replace(
        metrics,
        arms=kept,
        curves=tuple(one for one in metrics.curves if one.arm in arms),
        families=(),
        score_histogram={},
        memories=(),
        worst_cases=(),
        p_values={},
        claims=(),
    )


@pytest.mark.parametrize(
    "arms",
    [
        pytest.param((), id="nothing"),
        pytest.param((Arm.MEMORY_OFF,), id="floor only"),
        pytest.param((Arm.LEARNED,), id="no floor"),
        pytest.param((Arm.MEMORY_OFF, Arm.LEARNED), id="no controls"),
    ],
)
def test_a_partial_experiment_still_has_a_page(metrics: ExperimentMetrics, arms: tuple[Arm, ...]) -> None:
    """What was not run is left out; the page stays whole and its links work."""
    page = Page(render_report(_only(metrics, *arms)))
    assert page.unbalanced == []
    assert {href.removeprefix("#") for href in page.values("href")} <= set(page.values("id"))
    assert metrics.headline[0] in page.text


def test_an_arm_that_could_not_run_says_why(metrics: ExperimentMetrics) -> None:
    """A control without meaning shows its reason instead of numbers."""
    reason = "needs the memory of a second company; this experiment has one"
    missing = ArmResult(Arm.WRONG_COMPANY, "test_same", None, 0, None, {}, None, None, 0, 0, None, reason)
    arms = tuple(one for one in metrics.arms if one.arm is not Arm.WRONG_COMPANY)
    page = Page(render_report(replace(metrics, arms=(*arms, missing))))
    assert page.text.count(f"not applicable: {reason}") == 2  # ladder and table
