"""An agent's conversation graded by what it did to the rows: per turn, at the end, and as the conversation asks.

What is right is what the golden calls did in the same company. After every turn the net changes so far have to be the
golden ones; how a turn was worked on does not matter. Where the golden calls themselves could not be made, nothing can
be said about an agent, and the grade is None with its cause.
"""

from __future__ import annotations

from collections.abc import Sequence

from atlas.core.records import record
from atlas.evaluation.datasets.answers import AnswerCheck, check_answer
from atlas.evaluation.datasets.goals import compare, goal_of, share_of_changes
from atlas.evaluation.datasets.outcomes import FinalCheck, ReplayedConversation
from atlas.evaluation.datasets.user_side import TurnRecord
from atlas.scenarios.importers.clbench import Conversation


@record
class TurnGrade:
    """How one turn went.

    Attributes:
        turn: Its number, from 1.
        state_ok: Whether the net changes at its end are the golden ones; None where nothing can be said.
        wrong: What differs, as names only: ``"Quote.amount"``, ``"collateral:Note"``.
        answer: How much of the golden answer the user was told.
    """

    turn: int
    state_ok: bool | None
    wrong: tuple[str, ...]
    answer: AnswerCheck


@record
class Grade:
    """How a conversation went.

    Attributes:
        success: Whether what the conversation asks for (all turns, the final state, or both) is right; None where
            nothing can be said.
        unscored_because: Why nothing can be said, None where something can.
        failed_at_turn: The first turn that spoilt it; None where there is none.
        final_state_ok: Whether the rows at the end are right.
        score: Share of the expected changes at the end, 0 to 1, capped by collateral ones; None where nothing can be
            said.
        turns: The turns that were begun.
    """

    success: bool | None
    unscored_because: str | None
    failed_at_turn: int | None
    final_state_ok: bool | None
    score: float | None
    turns: tuple[TurnGrade, ...]


def grade(
    conversation: Conversation,
    golden: ReplayedConversation,
    turns: Sequence[TurnRecord],
    final_checks: Sequence[FinalCheck],
) -> Grade:
    """Return how an agent's conversation went.

    Args:
        conversation: What was asked for.
        golden: The golden calls, replayed with the net changes of every turn.
        turns: What the agent did, one entry per turn that was begun.
        final_checks: What ``final_expected_state`` says, checked on the agent's rows.
    """
    cause = _unscorable(golden)
    graded = tuple(
        _grade_turn(conversation, golden, place, turn, scored=cause is None) for place, turn in enumerate(turns)
    )
    if cause is not None:
        return Grade(None, cause, None, None, None, graded)
    verdict = compare(goal_of(golden.changes), turns[-1].changes if turns else ())
    complete = len(turns) == len(conversation.turns)
    final_state_ok = verdict.strict and all(check.holds is not False for check in final_checks)
    first_wrong = next((turn.turn for turn in graded if not turn.state_ok), None)
    if first_wrong is None and not complete:
        first_wrong = len(turns) + 1
    all_turns_ok = first_wrong is None
    success = {
        "all_turns": all_turns_ok,
        "final_state": final_state_ok,
        "both": all_turns_ok and final_state_ok,
    }[conversation.criteria]
    failed_at = None
    if not success:
        by_turns = first_wrong if conversation.criteria != "final_state" else None
        failed_at = by_turns or len(conversation.turns)
    return Grade(success, None, failed_at, final_state_ok, share_of_changes(verdict), graded)


def _grade_turn(
    conversation: Conversation, golden: ReplayedConversation, place: int, turn: TurnRecord, *, scored: bool
) -> TurnGrade:
    message = turn.response.message if turn.response else None
    answer = check_answer(conversation.turns[place].expected_response, message)
    if not scored:
        return TurnGrade(place + 1, None, (), answer)
    verdict = compare(goal_of(golden.turns[place].changes), turn.changes)
    return TurnGrade(place + 1, verdict.strict, verdict.failed_fields, answer)


def _unscorable(golden: ReplayedConversation) -> str | None:
    spoilt = golden.unplayable
    if spoilt is not None:
        why = spoilt.reason.value if spoilt.reason else spoilt.outcome.value
        return f"the golden call of turn {spoilt.turn} cannot be made: {why}"
    broken = next((check for check in golden.final_checks if check.holds is False), None)
    if broken is not None:
        return f"the golden calls do not reach the final state: {broken.entity} {broken.row_id}: {broken.message}"
    return None
