"""Worst cases with their traces."""

from __future__ import annotations

from dataclasses import replace

from atlas.crm.records import ToolCall, ToolResult
from atlas.episodes.records import Step, Turn
from atlas.evaluation.records import Arm, EpisodeTrace, ExperimentMetrics, Phase
from atlas.evaluation.report.cases import build_cases


def test_a_case_carries_its_own_trace(metrics: ExperimentMetrics, traces: tuple[EpisodeTrace, ...]) -> None:
    """The trace is that of the learned arm's test of this very case; another arm's does not stand in for it."""
    other = [replace(trace, arm=Arm.SHUFFLED) for trace in traces] + [
        replace(trace, phase=Phase.STREAM) for trace in traces
    ]
    assert [len(case.turns) for case in build_cases(metrics, traces)] == [2, 1, 0]
    assert [len(case.turns) for case in build_cases(metrics, other)] == [0, 0, 0]


def test_calls_answers_and_lessons_are_shown(metrics: ExperimentMetrics, traces: tuple[EpisodeTrace, ...]) -> None:
    """A reader sees each call with its result, the answer with its outcome, and which lesson was followed."""
    first, second, _ = build_cases(metrics, traces)
    turn = first.turns[0]
    assert [step.answered for step in turn.steps] == [True, False, True]
    assert turn.steps[1].result.startswith("invalid_enum: stage 'Moving'")
    assert turn.lessons == ("followed pb-1f0c2d3e4a5b6c7d (similarity 0.71): margin 0.12 over the next",)
    assert (turn.outcome, turn.facts) == ("done", '{"stage": "Negotiation"}')
    assert first.turns[1].outcome == ""
    assert second.turns[0].outcome == "refused: missing_prerequisite"


def test_long_answers_are_shortened(metrics: ExperimentMetrics, traces: tuple[EpisodeTrace, ...]) -> None:
    """A tool's long answer is cut and says how much is missing."""
    step = Step(ToolCall("client_search", {}), ToolResult({"results": ["x" * 5000]}))
    long = replace(traces[0], turns=(Turn("hello", (step,)),))
    shown = build_cases(metrics, [long])[0].turns[0].steps[0].result
    assert len(shown) < 700
    assert shown.endswith("more characters)")
