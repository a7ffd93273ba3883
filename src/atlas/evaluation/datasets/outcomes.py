"""What comes of replaying golden calls: records of single calls and of what rows hold at the end."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from atlas.core.records import JsonObject, record
from atlas.crm.records import Change


class CallOutcome(enum.StrEnum):
    """What became of a golden call. Every call has exactly one."""

    EXECUTED = "executed"
    """It succeeded, as the data say."""
    FAILED_AS_EXPECTED = "failed_as_expected"
    """It failed, as the data say, with a message that holds the expected text."""
    OTHER_ERROR_TEXT = "other_error_text"
    """It failed, as the data say, but with a message that does not hold the expected text."""
    LISTED = "listed"
    """It failed for a reason that lies in the data; see :class:`Reason`."""
    DEFECT = "defect"
    """Anything else: our world does not do what the data rely on."""


class Reason(enum.StrEnum):
    """Why a golden call cannot be carried out as it stands in the data."""

    UNKNOWN_ARGUMENT = "unknown_argument"
    """It gives an argument that the tool does not take."""
    UNRESOLVED_REFERENCE = "unresolved_reference"
    """It needs a value of an earlier turn that has none."""
    UNFILLED_PLACEHOLDER = "unfilled_placeholder"
    """It needs a value where the data hold a placeholder."""


@record
class CallReport:
    """A golden call that deserves a line: all but those that were executed with every value filled in.

    Attributes:
        conversation_id: The conversation.
        turn: Number of the turn, from 1.
        tool: The tool, as the data spell it.
        outcome: What became of it.
        reason: Why it is listed; for an executed call, what was left unfilled in it.
        argument: The argument that is to blame, where there is one.
        value: What it holds, shortened.
        message: What our world answered; for a call that should have failed, what was expected.
    """

    conversation_id: str
    turn: int
    tool: str
    outcome: CallOutcome
    reason: Reason | None
    argument: str | None
    value: object
    message: str


@record
class FinalCheck:
    """One thing that ``final_expected_state`` says, compared with the rows at the end.

    Attributes:
        conversation_id: The conversation.
        entity: Kind of the row, as the data spell it.
        row_id: The row.
        field: The field, None where the check is about the row being there.
        expected: What the data say.
        found: What the row holds.
        holds: Whether the two are equal; None where the check cannot be made.
        message: Why it does not hold or cannot be made; empty where it holds.
        excused: Whether a call of the conversation was listed, so that the state cannot be the expected one.
    """

    conversation_id: str
    entity: str
    row_id: str | None
    field: str | None
    expected: object
    found: object
    holds: bool | None
    message: str
    excused: bool


@record
class ReplayedTurn:
    """One turn of a replayed conversation.

    Attributes:
        turn: Its number, from 1.
        outcome: What became of its call, None where it has none.
        report: The line about it, None where there is nothing to say.
        result: What the call returned, None where it failed.
        changes: The net changes of the conversation up to here; empty unless they were asked for.
    """

    turn: int
    outcome: CallOutcome | None
    report: CallReport | None
    result: JsonObject | None
    changes: tuple[Change, ...] = ()


@record
class ReplayedConversation:
    """A conversation whose golden calls were made one after the other in a world of their own.

    Attributes:
        conversation_id: The conversation.
        turns: Its turns, in order.
        changes: The net changes at the end.
        final_checks: What ``final_expected_state`` says, checked.
        renamed: How often each mapped argument occurred.
    """

    conversation_id: str
    turns: tuple[ReplayedTurn, ...]
    changes: tuple[Change, ...]
    final_checks: tuple[FinalCheck, ...]
    renamed: Mapping[str, int]

    @property
    def unplayable(self) -> CallReport | None:
        """The first call that did not do what the data say; None where all did, so that the state at the end counts."""
        reports = (turn.report for turn in self.turns)
        spoilt = (CallOutcome.LISTED, CallOutcome.DEFECT)
        return next((report for report in reports if report is not None and report.outcome in spoilt), None)
