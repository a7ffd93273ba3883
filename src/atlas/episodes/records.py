"""What an agent sees, what it does, and what is left of an episode when it has ended."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import field
from datetime import date

from atlas.core.records import record
from atlas.crm.records import Change, Outcome, Response, ToolCall, ToolResult, ToolSpec


@record
class Step:
    """One call and what the world answered."""

    call: ToolCall
    result: ToolResult


@record
class Turn:
    """One message of the user, what the agent did about it, and how it ended the turn.

    Attributes:
        user: The user's message.
        steps: Calls made so far in this turn, ``respond`` not included.
        response: What the agent told the user; None while the turn is open, or when the agent never answered.
    """

    user: str
    steps: tuple[Step, ...] = ()
    response: Response | None = None


@record
class Budget:
    """What is left to an agent: calls in this episode, and actions in this turn."""

    calls_left: int
    actions_left: int


@record
class Observation:
    """Everything that an agent gets to see. Nothing else about a case ever reaches it.

    Attributes:
        turns: The conversation so far; the last one is open.
        actor: Handle of the colleague on whose behalf the agent works.
        role: That colleague's job.
        today: The day of the world.
        tools: The tools it may call.
        budget: What is left to it.
        tenant: An opaque id of the company: the scope of what is learned there.
        last_results: The answers to the calls of the last action, in order; empty at the start of a turn.
    """

    turns: tuple[Turn, ...]
    actor: str
    role: str
    today: date
    tools: tuple[ToolSpec, ...]
    budget: Budget
    tenant: str
    last_results: tuple[ToolResult, ...] = ()


@record
class Attribution:
    """Which memory an action came from, logged by agents that have one.

    Attributes:
        turn: Number of the user turn, from 0.
        playbook_id: The playbook that was followed, None where the agent abstained or has no memory.
        similarity: Of the best candidate, 0.0 where there was none.
        retrieved: Ids of the candidates, best first.
        sources: Which source produced which argument: ``"tool.argument"`` to source.
        reason: Why the agent followed or abstained, in a few words.
    """

    turn: int
    playbook_id: str | None = None
    similarity: float = 0.0
    retrieved: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict[str, str])
    reason: str = ""


@record
class Action:
    """What an agent does next: calls in order, or a plain text.

    A ``respond`` call ends the turn; calls behind it are answered with an error. A text without calls ends the turn
    with outcome ``done`` and no facts.
    """

    calls: tuple[ToolCall, ...] = ()
    text: str = ""
    attribution: Attribution | None = None


class EpisodeStatus(enum.StrEnum):
    """How an episode ended.

    A verdict says what the agent was worth in every case but ``backend_failed``: there the world broke, so nothing can
    be said about the agent, and nobody may take a score of it for one.
    """

    COMPLETED = "completed"
    BUDGET_EXHAUSTED = "budget_exhausted"
    ABANDONED = "abandoned"
    BACKEND_FAILED = "backend_failed"


@record
class Episode:
    """What is left of an episode: the conversation, what changed, and what the agent logged.

    Attributes:
        turns: The conversation, one entry per user message.
        changes: The net changes, one per row, in the order in which the rows were first touched.
        status: How it ended.
        writes: Number of successful calls that changed something.
        attributions: The agent's own log, in order.
        failure: What broke, where the status is ``backend_failed``; the changes are unknown then, and left empty.
    """

    turns: tuple[Turn, ...]
    changes: tuple[Change, ...]
    status: EpisodeStatus
    writes: int
    attributions: tuple[Attribution, ...] = ()
    failure: str | None = None

    @property
    def final_outcome(self) -> Outcome | None:
        """The outcome of the last turn, None where the agent never answered it."""
        last = self.turns[-1].response if self.turns else None
        return last.outcome if last else None

    @property
    def calls(self) -> int:
        """Number of calls made, ``respond`` not included."""
        return sum(len(turn.steps) for turn in self.turns)


class Tier(enum.StrEnum):
    """What a teacher may tell: each tier tells all that the tiers below it tell."""

    NONE = "T0"
    OUTCOME = "T1"
    FIELDS = "T2"
    DEMONSTRATION = "T3"


@record
class Feedback:
    """What a teacher told a student about one episode.

    Attributes:
        tier: The teacher's tier.
        success: Whether the episode was a strict success; None at T0.
        failed_fields: At T2 and above, what was wrong: ``"Quote.valid_until"``, ``"facts.amount"``, ``"reason_code"``.
        demonstration: At T3, the case solved from its start by the teacher, one entry per user message; None when the
            episode was right (there is nothing to correct) or the tier is lower.
    """

    tier: Tier
    success: bool | None = None
    failed_fields: tuple[str, ...] = ()
    demonstration: tuple[Turn, ...] | None = None
