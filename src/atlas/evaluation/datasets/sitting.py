"""One conversation, worked through by an agent in a world of its own, beside the golden calls in another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from atlas.core.records import JsonObject, record
from atlas.core.rng import derive_rng
from atlas.crm.memory import FrozenBase
from atlas.crm.sessions import Sessions, session
from atlas.episodes.loop import EpisodeBudget, run_episode
from atlas.episodes.protocols import Agent
from atlas.episodes.records import Attribution, Episode, EpisodeStatus
from atlas.evaluation.datasets.defects import is_derivable
from atlas.evaluation.datasets.final_state import check_final_state
from atlas.evaluation.datasets.grading import Grade, grade
from atlas.evaluation.datasets.outcomes import FinalCheck, ReplayedConversation
from atlas.evaluation.datasets.records import (
    EXECUTION_MODE,
    AtlasMetadata,
    ConversationResult,
    FinalPayload,
    Judgement,
    LearningUsage,
    SessionRecord,
    SessionReward,
    TaskPayload,
    TokenUsage,
    ToolUse,
    TurnResult,
    TurnScore,
)
from atlas.evaluation.datasets.replay import Replayer
from atlas.evaluation.datasets.user_side import ConversationCustomer, TurnRecord, WatchedWorld
from atlas.scenarios.importers.clbench import Conversation
from atlas.scenarios.importers.seeding import ImportedCompany, import_company, open_imported

CALLS_PER_TURN = 8  # tool calls that an agent has per message on average; the golden run needs one


@record
class _Sitting:
    """What an agent did."""

    turns: tuple[TurnRecord, ...]
    episode: Episode
    final_checks: tuple[FinalCheck, ...]


class ConversationExam:
    """Lets agents work through conversations and grades them.

    Args:
        sessions: Where the companies are kept; two are open one after the other per conversation.
        today: The day of the worlds.
        tenant: Opaque id that the agent sees: the scope of what it has learned.
        renames: Arguments of golden calls that go by another name in our world.
    """

    def __init__(self, sessions: Sessions, *, today: date, tenant: str, renames: Mapping[str, str]) -> None:
        self._sessions = sessions
        self._today = today
        self._tenant = tenant
        self._replayer = Replayer(sessions, renames=renames, per_turn=True)
        self._empty = FrozenBase.build({})

    def sit(self, agent: Agent, conversation: Conversation, task: TaskPayload) -> SessionRecord:
        """Return what ``agent`` did in ``conversation`` and how it was graded.

        Raises:
            StorageError: the backend failed outside of the agent's work.
        """
        company = import_company(conversation, self._today)
        golden = self._replayer.replay(conversation, company)
        sitting = self._work(agent, conversation, company, golden)
        if sitting.episode.status is EpisodeStatus.BACKEND_FAILED:
            graded = Grade(None, f"the backend failed: {sitting.episode.failure}", None, None, None, ())
        else:
            graded = grade(conversation, golden, sitting.turns, sitting.final_checks)
        return _session_record(conversation, golden, sitting, graded, task)

    def _work(
        self, agent: Agent, conversation: Conversation, company: ImportedCompany, golden: ReplayedConversation
    ) -> _Sitting:
        results = {turn.turn: turn.result for turn in golden.turns if turn.result is not None}
        new_ids = frozenset(change.id for change in golden.changes if change.before is None)
        with session(self._sessions, self._empty, company.rows) as store:
            rng = derive_rng(0, "agent", conversation.conversation_id)  # other ids than the golden run draws
            world = WatchedWorld(open_imported(company, store, rng))
            customer = ConversationCustomer(conversation, world, results, new_ids)
            episode = run_episode(agent, world, customer, tenant=self._tenant, budget=_budget(conversation)).episode
            if episode.status is EpisodeStatus.BACKEND_FAILED:
                return _Sitting(customer.turns(), episode, ())
            left_open = customer.close()
            turns = customer.turns() if left_open is None else (*customer.turns(), left_open)
            own = _results(conversation, turns)
            return _Sitting(turns, episode, tuple(check_final_state(conversation, store, own)))


def _budget(conversation: Conversation) -> EpisodeBudget:
    turns = len(conversation.turns)
    return EpisodeBudget(calls=max(EpisodeBudget().calls, CALLS_PER_TURN * turns), turns=turns)


def _results(conversation: Conversation, turns: Sequence[TurnRecord]) -> dict[int, JsonObject]:
    """By number of the turn, what the agent's last call of the golden tool returned."""
    found: dict[int, JsonObject] = {}
    for golden, turn in zip(conversation.turns, turns, strict=False):
        for made in turn.calls:
            if made.call.tool == golden.expected_tool and made.result.data is not None:
                found[golden.turn_id] = made.result.data
    return found


# ---------------------------------------------------------------------------------------------------------------------
# The record


def _session_record(
    conversation: Conversation, golden: ReplayedConversation, sitting: _Sitting, graded: Grade, task: TaskPayload
) -> SessionRecord:
    episode = sitting.episode
    status = {True: "success", False: "failed", None: "unscored"}[graded.success]
    payload = FinalPayload(
        status=status,
        conversation_id=conversation.conversation_id,
        dataset_revision=task.dataset_revision,
        turn_results=tuple(_turn_result(number, turn) for number, turn in enumerate(sitting.turns, start=1)),
        execution_mode=EXECUTION_MODE,
    )
    result = ConversationResult(
        overall_success=graded.success,
        turns_executed=sum(turn.response is not None for turn in sitting.turns),
        failed_at_turn=graded.failed_at_turn,
        reward_signal=None if graded.success is None else float(graded.success),
        per_turn_results=tuple(TurnScore(turn.turn, turn.state_ok, turn.wrong, turn.answer) for turn in graded.turns),
        metadata={
            "success_criteria": conversation.criteria,
            "complexity_level": conversation.complexity_level,
            "workflow_category": conversation.workflow_category,
            "final_state_ok": graded.final_state_ok,
            "unscored_because": graded.unscored_because,
            "derivable": is_derivable(conversation),
            "golden_changes": len(golden.changes),
            "episode_status": episode.status.value,
            "tool_calls": episode.calls,
            "writes": episode.writes,
        },
    )
    return SessionRecord(
        conversation_id=conversation.conversation_id,
        final_payload=payload,
        conversation_result=result,
        task_payload=task,
        atlas_metadata=_metadata(graded, episode.attributions),
    )


def _metadata(graded: Grade, attributions: Sequence[Attribution]) -> AtlasMetadata:
    shares = [turn.answer.share for turn in graded.turns if turn.answer.share is not None]
    told = sum(shares) / len(shares) if shares else None
    followed = dict.fromkeys(entry.playbook_id for entry in attributions if entry.playbook_id is not None)
    rationale = graded.unscored_because or _rationale(graded)
    judges = (
        Judgement("rows", graded.score, rationale),
        Judgement("answers", told, f"{len(shares)} of {len(graded.turns)} answers could be compared"),
    )
    return AtlasMetadata(
        session_reward=SessionReward(graded.score, rationale, judges),
        token_usage=TokenUsage(),
        execution_mode=EXECUTION_MODE,
        adaptive_summary=None,
        learning_usage=LearningUsage(tuple(followed), sum(len(entry.retrieved) for entry in attributions)),
    )


def _rationale(graded: Grade) -> str:
    wrong = next((turn for turn in graded.turns if turn.wrong), None)
    if graded.success:
        return "the rows are as the golden calls leave them"
    if wrong is not None:
        return f"turn {wrong.turn} left the rows different from the golden ones: {', '.join(wrong.wrong)}"
    return f"turn {graded.failed_at_turn} was not brought to an end"


def _turn_result(number: int, turn: TurnRecord) -> TurnResult:
    response = turn.response
    return TurnResult(
        turn_id=number,
        user_utterance=turn.said,
        tool_calls=tuple(
            ToolUse(
                made.call.tool,
                made.call.arguments,
                made.result.ok,
                made.result.error.code.value if made.result.error else None,
            )
            for made in turn.calls
        ),
        response=response.message if response else None,
        outcome=response.outcome.value if response else None,
        reason_code=response.reason_code.value if response and response.reason_code else None,
    )
