"""Where an expected value comes from, as a small language of records that can be worked out again.

A goal may only ask for what a colleague can know: what the user said, what the records hold, what the schema or an
unwritten rule of the company gives, and the day. Every expected value carries a trace that says which of these it is.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator

from atlas.core.records import record
from atlas.crm.records import Entity


@record
class Said:
    """The user said it.

    Attributes:
        turn: Number of the message, from 0; disclosures are numbered on after the messages.
        text: The words as they stand there.
        form: How they are read: as they are, as a number, as thousands (``45k``), as millions, or as a day.
    """

    turn: int
    text: str
    form: Literal["text", "number", "thousands", "millions", "day"]
    kind: Literal["said"] = "said"


@record
class Found:
    """A record that can be found: one of its fields is, or contains, something that is known.

    Attributes:
        entity: Its kind.
        id: Its id.
        field: The field; the id field itself where another record points to it, ``name`` for a person's two names.
        value: What is known.
    """

    entity: Entity
    id: str
    field: str
    value: Trace
    kind: Literal["found"] = "found"


@record
class Stored:
    """A record holds it.

    Attributes:
        record: The record.
        field: The field.
    """

    record: Found
    field: str
    kind: Literal["stored"] = "stored"


@record
class InDirectory:
    """The directory of colleagues has it."""

    handle: str
    field: Literal["handle", "name", "role", "territory"]
    kind: Literal["in_directory"] = "in_directory"


@record
class OfSchema:
    """It is one of the values that a field can have, or the name of a kind of record."""

    value: str
    kind: Literal["of_schema"] = "of_schema"


@record
class Aggregate:
    """It sums up records.

    Attributes:
        operation: Their number; the sum, the list or the difference (of two) of their values; the greatest or smallest.
        field: Which values; the names of people are ``name``.
        records: The records.
    """

    operation: Literal["count", "sum", "list", "difference", "greatest", "smallest"]
    field: str
    records: tuple[Found, ...]
    kind: Literal["aggregate"] = "aggregate"


@record
class OfClock:
    """It is so many days from the day of the case."""

    days: int
    kind: Literal["of_clock"] = "of_clock"


@record
class ByRule:
    """An unwritten rule of the company gives it.

    Attributes:
        convention: Kind of the rule.
        operation: Which of the values that it can give.
        inputs: What they follow from.
    """

    convention: str
    operation: str
    inputs: tuple[Trace, ...] = ()
    kind: Literal["by_rule"] = "by_rule"


@record
class Joined:
    """It is put together: texts with something between them, such as a first and a last name, or a copy's name."""

    parts: tuple[Trace, ...]
    between: str = " "
    end: str = ""
    kind: Literal["joined"] = "joined"


Trace: TypeAlias = Annotated[
    Said | Found | Stored | InDirectory | OfSchema | Aggregate | OfClock | ByRule | Joined, Discriminator("kind")
]


@record
class ValueTrace:
    """The trace of one expected value.

    Attributes:
        where: Which value of the goal, such as ``"changes.0.amount"``, ``"answers.1"`` or ``"changes.0.id"``.
        value: The value, as the goal has it.
        trace: Where it comes from.
    """

    where: str
    value: object
    trace: Trace
