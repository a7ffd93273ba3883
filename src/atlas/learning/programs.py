"""Programs: what a lesson does, made of slots whose values come from sources (``atlas.learning.language``)."""

from __future__ import annotations

import enum
from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator

from atlas.core.records import record
from atlas.crm.records import Outcome, ReasonCode
from atlas.learning.language import Source


@record
class Hypothesis:
    """One way to explain a slot.

    Attributes:
        source: The explanation.
        hits: In how many of the slot's cases it gave the right value.
        silent: In how many it had no value, so that nothing spoke against it.
        first: Number of the playbook's case in which it was seen first.
    """

    source: Source
    hits: int
    first: int
    silent: int = 0


@record
class Slot:
    """An argument of a call and its version space.

    Attributes:
        path: The argument; dots lead into objects.
        cases: Number of cases seen.
        hypotheses: The explanations that are left, best first.
    """

    path: str
    cases: int
    hypotheses: tuple[Hypothesis, ...]


@record
class StepPlan:
    """A call to make; ``error`` is the code of the error that it ended with in its cases, empty for a success."""

    tool: str
    slots: tuple[Slot, ...]
    error: str = ""


@record
class ReplyPlan:
    """How to end the turn.

    Attributes:
        outcome: The outcome.
        reason: The reason code, None with outcome ``done``.
        facts: Values to tell; a slot's path is the fact's name.
        message: The wording, where it could be learned.
        mentions: Public names (fields, tools) that the message has to contain.
    """

    outcome: Outcome
    reason: ReasonCode | None = None
    facts: tuple[Slot, ...] = ()
    message: Slot | None = None
    mentions: tuple[str, ...] = ()


@record
class Workflow:
    """Answer one message: calls in order, then a reply."""

    steps: tuple[StepPlan, ...]
    reply: ReplyPlan
    kind: Literal["workflow"] = "workflow"


@record
class LeaveToDefault:
    """Answer one message as an agent without memory would: that was right before, with calls to these tools."""

    tools: tuple[str, ...] = ()
    kind: Literal["default"] = "default"


@record
class Habit:
    """Whenever ``tool`` is called with ``argument``, these arguments go with it, even where nobody mentions them.

    ``calls`` counts such calls seen; a slot's own ``cases`` says in how many of them the argument was given.
    """

    tool: str
    argument: str
    calls: int
    slots: tuple[Slot, ...]
    kind: Literal["habit"] = "habit"


@record
class Follow:
    """After a call to ``tool`` with the argument ``argument``, make another call.

    ``calls`` counts such calls seen, ``followed`` those after which the other call was made.
    """

    tool: str
    argument: str
    step: StepPlan
    calls: int
    followed: int
    kind: Literal["follow"] = "follow"


@record
class Repair:
    """After the error, make the call again with these arguments added or replaced; without any, reply as planned.

    Without a reply either, the same call is made again; where ``tool`` is empty, that holds for any tool.
    """

    tool: str
    code: str
    field: str
    changes: tuple[Slot, ...] = ()
    reply: ReplyPlan | None = None
    kind: Literal["repair"] = "repair"


@record
class Glossary:
    """Words of the house for one parameter: phrase to value."""

    param: str
    entries: tuple[tuple[str, str], ...]
    kind: Literal["glossary"] = "glossary"


@record
class Table:
    """What goes with what: value of the key to value, for one pair of fields."""

    table: str
    entries: tuple[tuple[str, str], ...]
    kind: Literal["table"] = "table"


Program: TypeAlias = Annotated[
    Workflow | LeaveToDefault | Habit | Follow | Repair | Glossary | Table, Discriminator("kind")
]


class Comparison(enum.StrEnum):
    """How a guard compares."""

    EQUALS = "="
    AT_LEAST = ">="
    BELOW = "<"


@record
class Guard:
    """A test on what is known at the moment of decision: ``feature`` compared with ``value``."""

    feature: str
    comparison: Comparison
    value: str | float
