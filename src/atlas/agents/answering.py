"""Replies of the default plan: what was done and found out, what went wrong, what has to be asked."""

from __future__ import annotations

from collections.abc import Mapping

from atlas.agents.proposal import Proposal, Reply
from atlas.agents.surroundings import full_name
from atlas.agents.toolbook import ToolReading
from atlas.agents.wording import say_done, say_error, say_request
from atlas.crm.records import ErrorCode, Outcome, ReasonCode, ToolError
from atlas.learning.english import RECORD_NOUNS, canonical
from atlas.learning.perception import Percept
from atlas.learning.situation import ARGUMENTS, PLAIN_FIELDS, RowView, SeenStep, Situation, came_to_nothing, is_number

REASONS: Mapping[ErrorCode, ReasonCode] = {
    ErrorCode.NOT_FOUND: ReasonCode.NOT_FOUND,
    ErrorCode.DUPLICATE: ReasonCode.DUPLICATE,
    ErrorCode.MISMATCH: ReasonCode.MISMATCH,
    ErrorCode.CLOSED_RECORD: ReasonCode.CLOSED_RECORD,
    ErrorCode.ILLEGAL_TRANSITION: ReasonCode.POLICY_VIOLATION,
    ErrorCode.COMPANY_RULE: ReasonCode.POLICY_VIOLATION,
    ErrorCode.APPROVAL_REQUIRED: ReasonCode.APPROVAL_REQUIRED,
    ErrorCode.PERMISSION_DENIED: ReasonCode.PERMISSION_DENIED,
    ErrorCode.MISSING_ARGUMENT: ReasonCode.MISSING_INFORMATION,
    ErrorCode.BUDGET_EXHAUSTED: ReasonCode.TOOL_FAILURE,
    ErrorCode.TURN_ENDED: ReasonCode.TOOL_FAILURE,
    ErrorCode.UNKNOWN_TOOL: ReasonCode.TOOL_FAILURE,
    ErrorCode.TIMEOUT: ReasonCode.TOOL_FAILURE,
    ErrorCode.RATE_LIMITED: ReasonCode.TOOL_FAILURE,
    ErrorCode.SERVER_ERROR: ReasonCode.TOOL_FAILURE,
}
"""The public reason that an error of the world comes down to; any other is an invalid value."""
_LEAST_RECORD = 3  # fields; fewer are counters


def report(error: ToolError, percept: Percept) -> Proposal:
    """Return the reply to an error: a refusal with the matching public reason, or a question for what is missing."""
    reason = REASONS.get(error.code, ReasonCode.INVALID_VALUE)
    outcome = Outcome.REFUSED
    if reason is ReasonCode.MISSING_INFORMATION:
        outcome = Outcome.ASKED
    elif reason is ReasonCode.TOOL_FAILURE:
        outcome = Outcome.REPORTED
    return Proposal(reply=Reply(say_error(error, percept), outcome, reason), reason=f"error {error.code.value}")


def ask(reason: ReasonCode, question: str, situation: Situation) -> Proposal:
    """Return a question."""
    message = question + say_request(situation.percept)
    return Proposal(reply=Reply(message, Outcome.ASKED, reason), reason=reason.value)


def not_found(noun: str, situation: Situation) -> Proposal:
    """Return that there is no such record."""
    message = f"I could not find such a {noun}.{say_request(situation.percept)}"
    return Proposal(reply=Reply(message, Outcome.REFUSED, ReasonCode.NOT_FOUND), reason="not found")


def at_a_loss(tool: str | None, situation: Situation) -> Proposal:
    """Return the reply where the next call would be one that was made before: nothing was found, or more is needed."""
    last = situation.made[-1].result if situation.made else None
    if last is not None and came_to_nothing(last):
        nouns = [canonical(word) for word in (tool or "").split("_")]
        return not_found(next((noun for noun in nouns if noun in RECORD_NOUNS), "record"), situation)
    return ask(ReasonCode.MISSING_INFORMATION, "Please tell me more about what you need.", situation)


def conclude(tool: ToolReading, step: SeenStep, situation: Situation) -> Proposal:
    """Return the reply after the main call succeeded: what was done and, after looking, what was asked for."""
    facts = _facts(tool, step, situation) if tool.reads else {}
    message = say_done(tool.name, step.row_sets[ARGUMENTS][0], facts)
    return Proposal(reply=Reply(message, Outcome.DONE, facts=facts), reason="default plan")


def _facts(tool: ToolReading, step: SeenStep, situation: Situation) -> dict[str, object]:
    plain = step.row_sets.get(PLAIN_FIELDS, ())
    asked = frozenset(canonical(word) for word, _ in situation.percept.words)
    if tool.verb == "summarize" and plain:
        return {name: value for name, value in plain[0].items() if is_number(value)}
    if tool.verb == "search" and tool.nouns:
        found = step.row_sets.get("results", ())
        told = _asked_fields(found[0], asked) if len(found) == 1 else {}
        return told or {_plural(tool.nouns[0]): [full_name(row) for row in found]}
    return _asked_fields(_main_record(step), asked)


def _main_record(step: SeenStep) -> RowView:
    candidates: list[RowView] = [rows[0] for name, rows in step.row_sets.items() if name != ARGUMENTS and rows]
    return next((row for row in candidates if len(row) > _LEAST_RECORD), dict[str, object]())


def _asked_fields(row: RowView, asked: frozenset[str]) -> dict[str, object]:
    return {
        name: value
        for name, value in row.items()
        if value is not None
        and name != "name"
        and not name.endswith("_id")
        and frozenset(canonical(word) for word in name.split("_")) <= asked
    }


def _plural(noun: str) -> str:
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
