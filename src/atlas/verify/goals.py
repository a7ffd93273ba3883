"""Goals: what has to be true after an episode, in records that any valid path can satisfy.

Values in a goal are *shown* values (money in currency units), so that a goal file reads like the tool arguments.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator

from atlas.core.records import JsonObject, record
from atlas.crm.records import Entity, Outcome, ReasonCode
from atlas.verify.traces import ValueTrace


class Split(enum.StrEnum):
    """What a case may be used for. Only ``stream`` cases may be taught."""

    STREAM = "stream"
    DEV = "dev"
    TEST_SAME = "test_same"
    TEST_NEW_FAMILY = "test_new_family"
    TEST_NEW_COMPANY = "test_new_company"
    TEST_RENAMED = "test_renamed"
    AUDIT = "audit"


@record
class Equals:
    """The value is exactly this one; None means that the field is empty."""

    value: object
    kind: Literal["equals"] = "equals"


@record
class OneOf:
    """The value is one of these."""

    values: tuple[object, ...]
    kind: Literal["one_of"] = "one_of"


@record
class Approx:
    """The number is within ``tolerance`` (absolute, in shown units) of ``value``."""

    value: float
    tolerance: float
    kind: Literal["approx"] = "approx"


@record
class Regex:
    """The whole text matches the pattern (Python syntax, case-sensitive unless it says otherwise)."""

    pattern: str
    kind: Literal["regex"] = "regex"


@record
class AnyNewId:
    """The value is the id of any row that the episode created."""

    kind: Literal["any_new_id"] = "any_new_id"


@record
class CreatedRef:
    """The value is the id of the created row that the expected change labelled ``label`` matched."""

    label: str
    kind: Literal["created_ref"] = "created_ref"


Matcher: TypeAlias = Annotated[Equals | OneOf | Approx | Regex | AnyNewId | CreatedRef, Discriminator("kind")]
ValueMatcher: TypeAlias = Annotated[Equals | OneOf | Approx | Regex, Discriminator("kind")]


class Operation(enum.StrEnum):
    """What happened to a row."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@record
class ExpectedChange:
    """A change that has to have happened, net of everything in between.

    Attributes:
        entity: Kind of the row.
        operation: What has to have happened to it.
        fields: What the changed fields have to hold afterwards; other fields must keep their value (update) or stay
            empty or at their default (create). Empty for a delete.
        id: The row, for update and delete; None for a create.
        label: A name by which other changes refer to a created row.
        weight: Its weight in the score.
    """

    entity: Entity
    operation: Operation
    fields: Mapping[str, Matcher] = field(default_factory=dict[str, "Matcher"])
    id: str | None = None
    label: str | None = None
    weight: float = 1.0


@record
class ChangePattern:
    """A set of changes: those that agree with every part that is not None.

    Attributes:
        entity: Kind of the row.
        operation: What happened to it; None for anything.
        id: The row; None for any.
        fields: For an update, the pattern covers changes of these fields only; None for all fields.
        where: What fields hold afterwards (before, for a delete) in the changes meant.
    """

    entity: Entity
    operation: Operation | None = None
    id: str | None = None
    fields: tuple[str, ...] | None = None
    where: Mapping[str, Matcher] = field(default_factory=dict[str, "Matcher"])


@record
class AnswerFact:
    """A value that the user asked for.

    Attributes:
        name: Key of the fact in ``respond(facts={name: value})``, a field name or an aggregate's name of a tool result.
        matcher: What the value has to be; for a list, compared without order.
        turn: Number of the user turn that it has to be told in, from 0; None for any.
    """

    name: str
    matcher: ValueMatcher
    turn: int | None = None


@record
class RequiredRefusal:
    """The request has to be refused, for the right reason, naming what is wrong.

    Attributes:
        reason_code: The right reason.
        about: The message has to contain one of these texts (case-insensitive): the offending field or record.
        outcomes: The outcomes that count; reporting a tool failure is ``reported``, for one.
        at_end: Whether it is the last turn that has to end so; else any turn, because the user then asks for
            something that can be done.
    """

    reason_code: ReasonCode
    about: tuple[str, ...]
    outcomes: tuple[Outcome, ...] = (Outcome.REFUSED,)
    at_end: bool = True


@record
class RequiredQuestion:
    """The agent has to ask before it acts; the message has to contain one of ``about`` (case-insensitive)."""

    about: tuple[str, ...]


@record
class RequiredMention:
    """Something that the user has to be told besides; a message has to contain one of ``about`` (case-insensitive)."""

    about: tuple[str, ...]


@record
class Limits:
    """Bounds on the way there; a broken bound is a failed item of the verdict.

    Attributes:
        max_writes: Most successful calls that changed something; None for no bound.
    """

    max_writes: int | None = None


@record
class Goal:
    """Everything that a verdict needs to know about a case.

    Attributes:
        expected_changes: Changes that have to have happened.
        allowed_changes: Further changes that may have happened.
        forbidden: Changes that void the episode.
        answers: Values that have to be told.
        must_refuse: Set where the request has to be refused.
        must_ask: Set where the agent has to ask first.
        mentions: What the user has to be told besides: who is to be turned to, what was put right.
        final_outcome: The outcome with which the last turn has to end.
        limits: Bounds on the way there.
    """

    expected_changes: tuple[ExpectedChange, ...] = ()
    allowed_changes: tuple[ChangePattern, ...] = ()
    forbidden: tuple[ChangePattern, ...] = ()
    answers: tuple[AnswerFact, ...] = ()
    must_refuse: RequiredRefusal | None = None
    must_ask: RequiredQuestion | None = None
    mentions: tuple[RequiredMention, ...] = ()
    final_outcome: Outcome = Outcome.DONE
    limits: Limits = Limits()


@record
class PlannedCall:
    """One call of a solution.

    ``{{call_2.client_id}}`` inside a text means: that field of the result of call 2 of the whole solution (from 0;
    every call counts, ``respond`` too); a path may go on: ``{{call_0.results.0.client_id}}``. A text that is nothing
    but one such reference takes the value with its type.
    """

    tool: str
    arguments: JsonObject


@record
class Solution:
    """One way to solve a case: per user turn, the calls to make, the last of them ``respond``."""

    turns: tuple[tuple[PlannedCall, ...], ...]


@record
class SealedCase:
    """What only the verifier's vault holds of a case: one line of ``goals.jsonl``.

    Attributes:
        scenario_id: The case.
        split: What it may be used for.
        goal: What has to become true.
        solutions: Ways to get there, the one to be taught first.
        blunder: Of a failure case, the run of somebody who carries out the request as it stands; it has to fail.
        slots: What the slots of the wording were filled with.
        traces: Where every value that the goal expects comes from.
    """

    scenario_id: str
    split: Split
    goal: Goal
    solutions: tuple[Solution, ...]
    blunder: Solution | None = None
    slots: Mapping[str, str] = field(default_factory=dict[str, str])
    traces: tuple[ValueTrace, ...] = ()
