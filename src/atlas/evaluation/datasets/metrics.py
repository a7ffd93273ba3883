"""The figures of an agent run, a pure function of its sessions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from atlas.evaluation.datasets.records import (
    AgentConfig,
    AnswerSummary,
    RateOfSuccess,
    RewardSummary,
    RunMetrics,
    RunTotals,
    SessionRecord,
    TokenUsage,
)
from atlas.statistics.intervals import wilson

UNKNOWN = "unknown"  # label of conversations that do not say


def summarize(sessions: Sequence[SessionRecord], dataset: str) -> RunMetrics:
    """Return the figures of a run.

    Args:
        sessions: All of them, at least one, in file order.
        dataset: Name of the file.
    """
    task = sessions[0].task_payload
    return RunMetrics(
        run_id=task.run_id,
        dataset=dataset,
        dataset_revision=task.dataset_revision,
        dataset_hash=task.dataset_hash,
        agent_config=task.agent_config or AgentConfig(UNKNOWN, UNKNOWN),
        backend=task.backend,
        totals=_totals(sessions),
        success=_rate(sessions),
        success_derivable=_rate(each for each in sessions if each.conversation_result.metadata["derivable"]),
        success_changing=_rate(each for each in sessions if each.conversation_result.metadata["golden_changes"]),
        success_by_complexity=_by(sessions, "complexity_level"),
        success_by_category=_by(sessions, "workflow_category"),
        unscored=_counted(each.conversation_result.metadata["unscored_because"] for each in sessions),
        answers=_answers(sessions),
        execution_modes=_counted(each.final_payload.execution_mode for each in sessions),
        reward_summary=_rewards(sessions),
        token_usage=_tokens(sessions),
    )


def _totals(sessions: Sequence[SessionRecord]) -> RunTotals:
    results = [each.conversation_result for each in sessions]
    scored = sum(result.overall_success is not None for result in results)
    return RunTotals(
        conversations=len(sessions),
        scored=scored,
        unscored=len(sessions) - scored,
        turns=sum(_number_of_turns(each) for each in sessions),
        turns_executed=sum(result.turns_executed for result in results),
        turns_right=sum(turn.success is True for result in results for turn in result.per_turn_results),
        tool_calls=sum(len(turn.tool_calls) for each in sessions for turn in each.final_payload.turn_results),
        writes=sum(int(str(result.metadata["writes"])) for result in results),
    )


def _number_of_turns(session: SessionRecord) -> int:
    turns = session.task_payload.conversation.get("turns")
    return len(turns) if isinstance(turns, (list, tuple)) else 0  # pyright: ignore[reportUnknownArgumentType] - any JSON


def _rate(sessions: Iterable[SessionRecord]) -> RateOfSuccess:
    successes = [each.conversation_result.overall_success for each in sessions]
    n, succeeded = sum(success is not None for success in successes), sum(success is True for success in successes)
    return RateOfSuccess(n, succeeded, wilson(succeeded, n) if n else None)


def _by(sessions: Iterable[SessionRecord], label: str) -> Mapping[str, RateOfSuccess]:
    groups: dict[str, list[SessionRecord]] = {}
    for each in sessions:
        groups.setdefault(str(each.conversation_result.metadata[label] or UNKNOWN), []).append(each)
    return {name: _rate(groups[name]) for name in sorted(groups)}


def _answers(sessions: Iterable[SessionRecord]) -> AnswerSummary:
    checks = [turn.answer for each in sessions for turn in each.conversation_result.per_turn_results]
    shares = [check.share for check in checks if check.share is not None]
    causes = _counted(check.cause for check in checks)
    return AnswerSummary(len(shares), _mean(shares), causes)


def _rewards(sessions: Iterable[SessionRecord]) -> RewardSummary:
    scores = [each.atlas_metadata.session_reward.score for each in sessions]
    known = [score for score in scores if score is not None]
    return RewardSummary(len(known), _mean(known), min(known, default=None), max(known, default=None))


def _tokens(sessions: Sequence[SessionRecord]) -> TokenUsage:
    used = [each.atlas_metadata.token_usage for each in sessions]

    def added(part: Callable[[TokenUsage], int | None]) -> int | None:
        known = [count for each in used if (count := part(each)) is not None]
        return sum(known) if known else None

    return TokenUsage(
        prompt_tokens=added(lambda usage: usage.prompt_tokens),
        completion_tokens=added(lambda usage: usage.completion_tokens),
        total_tokens=added(lambda usage: usage.total_tokens),
        calls=added(lambda usage: usage.calls),
    )


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 6) if values else None


def _counted(labels: Iterable[object]) -> Mapping[str, int]:
    return dict(sorted(Counter(str(label) for label in labels if label is not None).items()))
