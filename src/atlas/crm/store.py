"""The seam between the world and where its rows are kept: six verbs, and the query that one of them takes.

Rules, tools and permissions live above this seam, once; a store only keeps rows, finds them and takes writes back.
Every store gives the same rows in the same order: texts are compared without regard to case in criteria, by code point
in orders, empty values come last, ids break ties.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeAlias

from atlas.crm.records import Change, Entity, Row

Operand: TypeAlias = "str | int | tuple[str | int, ...]"


class Operator(enum.StrEnum):
    """How a criterion compares. Texts are compared without regard to case; an empty field fulfils only ``empty``."""

    EQUALS = "equals"
    CONTAINS = "contains"
    GTE = "gte"
    LTE = "lte"
    IN = "in"
    EMPTY = "empty"


class Criterion(NamedTuple):  # a tuple, not a record: it is hashed on every search
    """One condition on a field.

    Attributes:
        field: The field.
        operator: How to compare.
        operand: A stored value; for ``IN`` a tuple of them, for ``CONTAINS`` a text, for ``EMPTY`` 1 or 0: whether the
            field is to be empty (it holds nothing, or a text or list of nothing).
    """

    field: str
    operator: Operator
    operand: Operand


class Query(NamedTuple):  # a tuple, not a record: it is hashed on every search
    """What to select.

    Attributes:
        entity: Kind of the rows.
        criteria: All of them have to be fulfilled.
        order_by: Field to sort by; None for the id.
        descending: Whether the highest value comes first (empty values come last either way).
        limit: Most rows to return; None for all.
        offset: How many of the first rows to leave out.
    """

    entity: Entity
    criteria: tuple[Criterion, ...] = ()
    order_by: str | None = None
    descending: bool = False
    limit: int | None = None
    offset: int = 0


class Selection(NamedTuple):
    """The rows of a query that were asked for, and how many there are in all."""

    rows: Sequence[Row]
    total: int


class Store(Protocol):
    """Where rows are kept. Rows that it returns are never changed afterwards, and must not be by callers."""

    def get(self, entity: Entity, row_id: str) -> Row | None:
        """Return a row, or None where there is none of that id."""
        ...

    def select(self, query: Query) -> Selection:
        """Return the rows that fulfil ``query``, in its order."""
        ...

    def write(self, entity: Entity, row_id: str, row: Row | None, *, cause: str) -> None:
        """Put ``row`` in the place of the row of that id (None deletes it) and note the change in the journal.

        A write that changes nothing is not noted. The row has to be complete: every field of the schema.
        """
        ...

    def savepoint(self) -> int:
        """Return a mark to come back to; marks are only good until one before them is gone back to."""
        ...

    def rollback(self, savepoint: int) -> None:
        """Take back every write since ``savepoint``."""
        ...

    def journal(self) -> Sequence[Change]:
        """Return every write so far that was not taken back, in order."""
        ...


def equal_to(entity: Entity, field: str, value: str, *, order_by: str | None = None) -> Query:
    """Return the query for all rows of ``entity`` whose ``field`` holds ``value``."""
    return Query(entity, (Criterion(field, Operator.EQUALS, value),), order_by)


def attached_to(entity: Entity, target: Entity, target_id: str, *, order_by: str | None = None) -> Query:
    """Return the query for all documents or notes (``entity``) on one record."""
    by_id = Criterion("entity_id", Operator.EQUALS, target_id)
    by_type = Criterion("entity_type", Operator.EQUALS, target.value)
    return Query(entity, (by_id, by_type), order_by)


def folded(value: object) -> object:
    """Return ``value`` as criteria compare it: a text without its case, the rest as it is.

    Example:
        >>> folded("Straße"), folded(5), folded(None)
        ('strasse', 5, None)
    """
    return value.casefold() if isinstance(value, str) else value
