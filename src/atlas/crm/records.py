"""The words of the world: rows, changes, tool calls and their results, responses, the people and facts of a company.

Rows hold *stored* values: money in whole cents, dates and times as ISO 8601 texts, lists as tuples, missing as None.
Tool arguments and results hold *shown* values: money in currency units, lists as JSON arrays. ``atlas.crm.schema``
converts between the two.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import field
from datetime import date
from typing import TypeAlias

from atlas.core.records import JsonObject, record

FieldValue: TypeAlias = "str | int | tuple[str, ...] | None"
Row: TypeAlias = Mapping[str, FieldValue]


class Entity(enum.StrEnum):
    """The eight kinds of records."""

    CLIENT = "Client"
    CONTACT = "Contact"
    OPPORTUNITY = "Opportunity"
    QUOTE = "Quote"
    CONTRACT = "Contract"
    COMPANY = "Company"
    DOCUMENT = "Document"
    NOTE = "Note"


@record
class Change:
    """One row before and after.

    Attributes:
        entity: Kind of the row.
        id: Its id.
        before: The stored row before, None where it was created.
        after: The stored row after, None where it was deleted.
        cause: The tool call behind it, as ``"<number of the call>:<tool>"``; in a folded diff, the last one.
    """

    entity: Entity
    id: str
    before: Row | None
    after: Row | None
    cause: str


class ErrorCode(enum.StrEnum):
    """Why the world rejected a call. Part of the public contract."""

    UNKNOWN_TOOL = "unknown_tool"
    UNKNOWN_ARGUMENT = "unknown_argument"
    MISSING_ARGUMENT = "missing_argument"
    INVALID_TYPE = "invalid_type"
    INVALID_ENUM = "invalid_enum"
    INVALID_FORMAT = "invalid_format"
    BLANK = "blank"
    TOO_LONG = "too_long"
    OUT_OF_RANGE = "out_of_range"
    DATE_IN_PAST = "date_in_past"
    DATE_ORDER = "date_order"
    NOT_FOUND = "not_found"
    MISMATCH = "mismatch"
    DUPLICATE = "duplicate"
    CLOSED_RECORD = "closed_record"
    ILLEGAL_TRANSITION = "illegal_transition"
    UNSAFE_FILE_NAME = "unsafe_file_name"
    UNSUPPORTED_FILE_TYPE = "unsupported_file_type"
    COMPANY_RULE = "company_rule"
    APPROVAL_REQUIRED = "approval_required"
    PERMISSION_DENIED = "permission_denied"
    TURN_ENDED = "turn_ended"
    BUDGET_EXHAUSTED = "budget_exhausted"
    IDEMPOTENCY_CONFLICT = "idempotency_conflict"
    TIMEOUT = "timeout"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"


@record
class ToolError:
    """Why a call failed and how to mend it. The state is as it was before the call.

    Attributes:
        code: The class of the error.
        message: One sentence that names the value, what is allowed and what to do.
        field: The offending argument or field, None where no single one is to blame.
        value: The offending value as it was given.
        allowed: The allowed values, where they form a list.
        hint: What to do next, None where the message says it all.
        retryable: True when the same call may succeed later.
    """

    code: ErrorCode
    message: str
    field: str | None = None
    value: object = None
    allowed: tuple[str, ...] = ()
    hint: str | None = None
    retryable: bool = False


@record
class ToolCall:
    """A request to the world: a tool's name and its arguments (shown values)."""

    tool: str
    arguments: JsonObject


@record
class ToolResult:
    """What the world answered: ``data`` where the call succeeded, else ``error``."""

    data: JsonObject | None = None
    error: ToolError | None = None

    @property
    def ok(self) -> bool:
        """Whether the call succeeded."""
        return self.error is None


@record
class ToolSpec:
    """A tool as an agent sees it.

    Attributes:
        name: Its name.
        description: One line: what it does.
        parameters: JSON Schema of its arguments: ``properties`` with types, enums and descriptions, ``required``.
    """

    name: str
    description: str
    parameters: JsonObject


class Outcome(enum.StrEnum):
    """How an agent ends a turn."""

    DONE = "done"
    ASKED = "asked"
    REFUSED = "refused"
    REPORTED = "reported"


class ReasonCode(enum.StrEnum):
    """Why an agent refused, asked or reported. Public: every agent sees this list in the schema of ``respond``."""

    INVALID_VALUE = "invalid_value"
    MISSING_INFORMATION = "missing_information"
    AMBIGUOUS_REQUEST = "ambiguous_request"
    NOT_FOUND = "not_found"
    DUPLICATE = "duplicate"
    MISMATCH = "mismatch"
    CLOSED_RECORD = "closed_record"
    MISSING_PREREQUISITE = "missing_prerequisite"
    POLICY_VIOLATION = "policy_violation"
    APPROVAL_REQUIRED = "approval_required"
    PERMISSION_DENIED = "permission_denied"
    CONFIDENTIAL = "confidential"
    SUSPICIOUS_CONTENT = "suspicious_content"
    TOOL_FAILURE = "tool_failure"


@record
class Response:
    """What an agent told the user at the end of a turn (the arguments of ``respond``).

    Attributes:
        message: The text shown to the user.
        outcome: What the agent did with the request.
        reason_code: Why, where the outcome is not ``done``.
        facts: Values the user asked for, by field name; one counts only if it also stands in the message.
    """

    message: str
    outcome: Outcome = Outcome.DONE
    reason_code: ReasonCode | None = None
    facts: JsonObject = field(default_factory=dict[str, object])


@record
class StaffMember:
    """A colleague in the company's directory.

    Attributes:
        handle: What owner and author fields hold, such as ``"m.okafor"``.
        name: Full name.
        role: Job, such as ``"Account Executive"``.
        territory: Sales territory, empty where the job has none.
        access: What the person may do: ``rep``, ``manager`` or ``read-only``.
    """

    handle: str
    name: str
    role: str
    territory: str
    access: str = "rep"


@record
class Actor:
    """The colleague on whose behalf the agent works."""

    handle: str
    role: str
    access: str = "rep"


@record
class StaffDirectory:
    """Everybody in the company, and the day it is there.

    Attributes:
        today: The day of the world; its clock opens at 09:00 UTC of that day.
        staff: The colleagues, in directory order.
    """

    today: date
    staff: tuple[StaffMember, ...]
