"""What an agent run on a file of conversations leaves behind, in the shapes that tools of the format read.

The names of fields are those of the format. What we have no value for is null, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping

from atlas.core.records import JsonObject, record
from atlas.evaluation.datasets.answers import AnswerCheck
from atlas.statistics.records import Interval

EXECUTION_MODE = "student_alone"
"""How conversations are worked through here: by one agent, with nobody at its side."""


@record
class AgentConfig:
    """Who works; null where a setting has no meaning for the agent."""

    provider: str
    model_name: str
    temperature: float | None = None
    max_output_tokens: int | None = None


@record
class TaskPayload:
    """One conversation to be worked through: a line of ``tasks.jsonl``.

    Attributes:
        task_id: ``<conversation>::<run>``.
        run_id: ``YYYYmmddTHHMMSS-8hex``, one for all tasks of a file.
        conversation: The conversation.
        dataset_revision: Of public conversations the git commit of the file, or its modification time in UTC; of a
            generated corpus the version of its generator, or its content hash where it is in a folder.
        dataset_hash: Hash of the content.
        backend: Where the records are kept.
        use_llm_judge: Whether answers are judged by a model.
        agent_config: Who works; None where that is not said yet.
    """

    task_id: str
    run_id: str
    conversation: JsonObject
    dataset_revision: str
    dataset_hash: str
    backend: str
    use_llm_judge: bool
    agent_config: AgentConfig | None = None


@record
class ToolUse:
    """One call of an agent."""

    tool: str
    arguments: JsonObject
    ok: bool
    error_code: str | None


@record
class TurnResult:
    """What the agent did in one turn."""

    turn_id: int
    user_utterance: str
    tool_calls: tuple[ToolUse, ...]
    response: str | None
    outcome: str | None
    reason_code: str | None


@record
class FinalPayload:
    """What the agent did in a conversation.

    Attributes:
        status: ``success``, ``failed`` or ``unscored``.
        conversation_id: The conversation.
        dataset_revision: Which version of the file.
        turn_results: Turn by turn.
        execution_mode: How it was worked through.
    """

    status: str
    conversation_id: str
    dataset_revision: str
    turn_results: tuple[TurnResult, ...]
    execution_mode: str


@record
class TurnScore:
    """How one turn went.

    Attributes:
        turn_id: Its number, from 1.
        success: Whether the rows are right at its end; None where nothing can be said.
        wrong: What differs, as names only.
        answer: How much of the golden answer was told; not part of ``success``.
    """

    turn_id: int
    success: bool | None
    wrong: tuple[str, ...]
    answer: AnswerCheck


@record
class ConversationResult:
    """How a conversation went.

    Attributes:
        overall_success: Whether what it asks for is right; None where nothing can be said.
        turns_executed: Turns that the agent ended.
        failed_at_turn: The first turn that spoilt it.
        reward_signal: 1 for a success, 0 for a failure, None where nothing can be said.
        per_turn_results: Turn by turn.
        metadata: ``success_criteria``, ``final_state_ok``, ``unscored_because``, ``derivable``, ``episode_status``,
            ``tool_calls``, ``writes``.
    """

    overall_success: bool | None
    turns_executed: int
    failed_at_turn: int | None
    reward_signal: float | None
    per_turn_results: tuple[TurnScore, ...]
    metadata: JsonObject


@record
class Judgement:
    """What one judge said; ``score`` is None where it could not tell."""

    identifier: str
    score: float | None
    rationale: str
    principles: tuple[str, ...] = ()
    samples: tuple[float, ...] = ()
    escalated: bool = False
    escalation_reason: str | None = None


@record
class SessionReward:
    """What the session was worth: the share of the expected changes; None where nothing can be said."""

    score: float | None
    rationale: str
    judges: tuple[Judgement, ...]


@record
class TokenUsage:
    """Tokens used; null for agents that use none."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    calls: int | None = None


@record
class LearningUsage:
    """What the agent used of its memory: playbooks that it followed, and how many it had to choose from."""

    followed: tuple[str, ...]
    retrieved: int


@record
class AtlasMetadata:
    """What Atlas adds to a session."""

    session_reward: SessionReward
    token_usage: TokenUsage
    execution_mode: str
    adaptive_summary: JsonObject | None
    learning_usage: LearningUsage


@record
class SessionRecord:
    """One line of ``sessions.jsonl``."""

    conversation_id: str
    final_payload: FinalPayload
    conversation_result: ConversationResult
    task_payload: TaskPayload
    atlas_metadata: AtlasMetadata


@record
class RateOfSuccess:
    """How many of how many.

    Attributes:
        n: Conversations that could be graded.
        succeeded: Those that succeeded.
        interval: Their share with its Wilson interval; None where ``n`` is 0.
    """

    n: int
    succeeded: int
    interval: Interval | None


@record
class AnswerSummary:
    """Golden answers, apart from the verdicts on rows.

    Attributes:
        graded: Turns whose answer a machine could compare.
        mean_share: Mean share of the details that were told; None where none could be compared.
        not_gradable: Why the others could not, with counts.
    """

    graded: int
    mean_share: float | None
    not_gradable: Mapping[str, int]


@record
class RewardSummary:
    """Session rewards; those that are None are not counted."""

    count: int
    mean: float | None
    min: float | None
    max: float | None


@record
class RunTotals:
    """How many of each, over the whole run."""

    conversations: int
    scored: int
    unscored: int
    turns: int
    turns_executed: int
    turns_right: int
    tool_calls: int
    writes: int


@record
class RunMetrics:
    """The figures of an agent run: ``metrics.json``.

    Attributes:
        run_id: The run.
        dataset: Name of the file.
        dataset_revision: Which version of it.
        dataset_hash: SHA-256 of its bytes.
        agent_config: Who worked.
        backend: Where the records were kept.
        totals: Counts.
        success: All conversations that could be graded.
        success_derivable: Those of them whose golden values an agent could know.
        success_changing: Those of them whose golden calls change something; the others reward doing nothing.
        success_by_complexity: By ``complexity_level``.
        success_by_category: By ``workflow_category``.
        unscored: Why conversations could not be graded, with counts.
        answers: Golden answers, apart.
        execution_modes: Conversations by how they were worked through.
        reward_summary: Session rewards.
        token_usage: Tokens of the whole run.
    """

    run_id: str
    dataset: str
    dataset_revision: str
    dataset_hash: str
    agent_config: AgentConfig
    backend: str
    totals: RunTotals
    success: RateOfSuccess
    success_derivable: RateOfSuccess
    success_changing: RateOfSuccess
    success_by_complexity: Mapping[str, RateOfSuccess]
    success_by_category: Mapping[str, RateOfSuccess]
    unscored: Mapping[str, int]
    answers: AnswerSummary
    execution_modes: Mapping[str, int]
    reward_summary: RewardSummary
    token_usage: TokenUsage
