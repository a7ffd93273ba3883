"""Worst cases for human eyes: what the user said, what the student did, and which lesson it followed."""

from __future__ import annotations

import json
from collections.abc import Sequence

from atlas.core.records import as_json, record
from atlas.crm.records import ToolError
from atlas.episodes.records import Attribution, Step, Turn
from atlas.evaluation import formats
from atlas.evaluation.records import Arm, EpisodeTrace, ExperimentMetrics, FailureExample, Phase

_LONGEST_RESULT = 600  # characters of a tool's answer; the whole of it is in traces.jsonl


@record
class StepView:
    """One call: the tool, its arguments and what the world answered, as text."""

    tool: str
    arguments: str
    answered: bool
    result: str


@record
class TurnView:
    """One message of the user with what followed; ``outcome`` is empty where the student never answered."""

    user: str
    steps: tuple[StepView, ...]
    answer: str
    outcome: str
    facts: str
    lessons: tuple[str, ...]


@record
class CaseView:
    """A failed case; without turns where its trace was not kept."""

    company_seed: int
    scenario_id: str
    family: str
    score: str
    user: str
    failed_fields: tuple[str, ...]
    turns: tuple[TurnView, ...]


def build_cases(metrics: ExperimentMetrics, traces: Sequence[EpisodeTrace]) -> tuple[CaseView, ...]:
    """Return the worst cases of the metrics, each with its trace where ``traces`` holds it."""
    kept = {
        (trace.company_seed, trace.scenario_id): trace
        for trace in traces
        if trace.arm is Arm.LEARNED and trace.phase is Phase.TEST
    }
    return tuple(_case(case, kept.get((case.company_seed, case.scenario_id))) for case in metrics.worst_cases)


def _case(case: FailureExample, trace: EpisodeTrace | None) -> CaseView:
    turns = trace.turns if trace else ()
    attributions = trace.attributions if trace else ()
    return CaseView(
        company_seed=case.company_seed,
        scenario_id=case.scenario_id,
        family=case.family.replace("_", " "),
        score=formats.decimal(case.score),
        user=case.user,
        failed_fields=case.failed_fields,
        turns=tuple(
            _turn(turn, [one for one in attributions if one.turn == place]) for place, turn in enumerate(turns)
        ),
    )


def _turn(turn: Turn, attributions: Sequence[Attribution]) -> TurnView:
    response = turn.response
    outcome = ""
    if response is not None:
        outcome = response.outcome.value
        if response.reason_code is not None:
            outcome = f"{outcome}: {response.reason_code.value}"
    return TurnView(
        user=turn.user,
        steps=tuple(_step(step) for step in turn.steps),
        answer=response.message if response else "",
        outcome=outcome,
        facts=_as_text(response.facts) if response and response.facts else "",
        lessons=tuple(dict.fromkeys(_lesson(one) for one in attributions)),
    )


def _step(step: Step) -> StepView:
    error = step.result.error
    return StepView(
        tool=step.call.tool,
        arguments=_as_text(step.call.arguments),
        answered=error is None,
        result=_shortened(_as_text(step.result.data) if error is None else _error(error)),
    )


def _error(error: ToolError) -> str:
    return f"{error.code.value}: {error.message}"


def _lesson(attribution: Attribution) -> str:
    followed = f"followed {attribution.playbook_id}" if attribution.playbook_id else "followed no playbook"
    reason = f": {attribution.reason}" if attribution.reason else ""
    return f"{followed} (similarity {formats.decimal(attribution.similarity)}){reason}"


def _as_text(data: object) -> str:
    return json.dumps(as_json(data), ensure_ascii=False, sort_keys=True)


def _shortened(text: str) -> str:
    if len(text) <= _LONGEST_RESULT:
        return text
    return f"{text[:_LONGEST_RESULT]} … ({formats.count(len(text) - _LONGEST_RESULT)} more characters)"
