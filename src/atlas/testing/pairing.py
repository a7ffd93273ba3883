"""Two sessions of one company side by side, each with a world of its own, and the comparison of what they show."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Protocol, cast, runtime_checkable

from atlas.core.canonical import canonical_json, content_hash
from atlas.crm.fields import FieldKind
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Entity, FieldValue, Row, ToolCall, ToolResult
from atlas.crm.schema import SCHEMA, to_shown
from atlas.crm.store import Criterion, Operand, Operator, Query, Store, attached_to, equal_to
from atlas.crm.tools.search import operators_of
from atlas.testing.plans import Arguments, Held, Known, Plan, SelectChanged, Sought, Twist, filled
from atlas.testing.worlds import SmallCompany, open_world

CAUSE = "0:store"  # of writes that no tool made


@runtime_checkable
class Hashed(Protocol):
    """A store that can hash all of its rows by itself."""

    def content_hash(self) -> str:
        """Return the hash of all rows, as ``FrozenBase.content_hash`` gives it."""
        ...


class DifferenceError(Exception):
    """The two stores differ.

    Args:
        what: What was compared, such as ``"journal"``.
        expected: What the reference has, as JSON text.
        got: What the store under test has.
    """

    def __init__(self, what: str, expected: str, got: str) -> None:
        super().__init__(f"{what} differs")
        self.what = what
        self.expected = expected
        self.got = got


class Pair:
    """Two sessions of one company side by side, each with a world of its own."""

    def __init__(self, company: SmallCompany, plan: Plan, reference: Store, tested: Store) -> None:
        self.reference = reference
        self.next_page: ToolCall | None = None
        self._tested = tested
        self._order = plan.order
        self._worlds = tuple(
            open_world(company, store=store, actor=plan.actor, rules=plan.rules) for store in (reference, tested)
        )
        self._marks: list[tuple[int, int]] = []
        self._ids = {entity: [_id_of(entity, row) for row in company.base.rows(entity)] for entity in Entity}
        for entity, row in plan.patch:
            self._note_id(entity, _id_of(entity, row))

    # steps -------------------------------------------------------------------------------------------------------

    def call(self, call: ToolCall) -> ToolResult:
        """Make the call in both worlds, and return the reference's answer."""
        expected, got = (world.call(call) for world in self._worlds)
        require_equal("the result", canonical_json(expected), canonical_json(got))
        self.compare_journals()
        cursor = (expected.data or {}).get("next_cursor")
        if cursor is not None:
            self.next_page = ToolCall(call.tool, {**call.arguments, "cursor": cursor})
        for change in self.reference.journal():
            self._note_id(change.entity, change.id)
        return expected

    def write(self, entity: Entity, row_id: str, row: Row | None, log: list[str]) -> None:
        """Write to both stores, past all rules."""
        log.append(f"store.write({entity.value}, {row_id!r}, {None if row is None else dict(row)!r})")
        for store in (self.reference, self._tested):
            store.write(entity, row_id, row, cause=CAUSE)
        self._note_id(entity, row_id)

    def mark(self) -> None:
        """Set a savepoint in both stores."""
        self._marks.append((self.reference.savepoint(), self._tested.savepoint()))

    def go_back(self, number: int) -> None:
        """Go back in both stores; without a savepoint nothing happens."""
        self.compare_journals()
        if self._marks:
            place = len(self._marks) - 1 - number % len(self._marks)
            reference, tested = self._marks[place]
            del self._marks[place + 1 :]
            self.reference.rollback(reference)
            self._tested.rollback(tested)
            self.compare_rows("rows after going back")

    # comparing ---------------------------------------------------------------------------------------------------

    def compare(self, what: str, look: Callable[[Store], object]) -> None:
        """Compare what both stores show."""
        require_equal(what, canonical_json(look(self.reference)), canonical_json(look(self._tested)))

    def compare_journals(self) -> None:
        """Compare every change so far, in order."""
        self.compare("the journal", lambda store: list(store.journal()))

    def compare_rows(self, what: str) -> None:
        """Compare all rows."""
        self.compare(what, rows_of)

    def compare_end(self) -> None:
        """Compare what an episode leaves behind."""
        self.compare_journals()
        self.compare_rows("rows at the end")
        for entity, definition in SCHEMA.items():
            fields = [field for field in definition.fields if field.kind is not FieldKind.NAMES]
            query = Query(entity, (), fields[self._order // 2 % len(fields)].name, bool(self._order % 2))
            self.compare(f"select {shown_query(query)}", partial(_selected, query=query))
        expected, got = (canonical_json(world.changes()) for world in self._worlds)
        require_equal("the folded changes", expected, got)
        if isinstance(self._tested, Hashed):
            require_equal("the hash of all rows", content_hash(rows_of(self.reference)), self._tested.content_hash())

    # from what a plan says to what is there ----------------------------------------------------------------------

    def id_of(self, named: Known | str) -> str:
        """Return the id that a plan means."""
        if isinstance(named, str):
            return named
        known = self._ids[named.entity]
        return known[named.number % len(known)] if known else f"no-{named.entity.value.lower()}"

    def resolve(self, arguments: Arguments) -> Arguments:
        """Return ``arguments`` with ids and values in the place of what stands for them."""
        return cast("Arguments", filled(arguments, self._meant))

    def criteria(self, sought: Iterable[Sought]) -> tuple[Criterion, ...]:
        """Return the criteria that a plan means; one whose operand turns out to be empty is left out."""
        criteria: list[Criterion] = []
        for part in sought:
            stored = [self._held(operand) if isinstance(operand, Held) else operand for operand in part.operands]
            operands = cast("list[str | int]", [operand for operand in stored if operand is not None])
            if operands:
                operand: Operand = tuple(operands) if part.operator is Operator.IN else operands[0]
                criteria.append(Criterion(part.field, part.operator, operand))
        return tuple(criteria)

    def query_for_change(self, step: SelectChanged) -> Query | None:
        """Return what to ask for, None where nothing that can be asked for was changed."""
        journal = self.reference.journal()
        if not journal:
            return None
        change = journal[-1 - step.change % len(journal)]
        row, other = (change.before, change.after) if step.before else (change.after, change.before)
        held = row or {}
        texts_and_numbers = {
            name: value
            for name, value in held.items()
            if isinstance(value, (str, int)) and (other is None or other[name] != value)
        }
        if not texts_and_numbers:
            return None
        name = list(texts_and_numbers)[step.field % len(texts_and_numbers)]
        value = texts_and_numbers[name]
        if isinstance(value, str) and Operator.CONTAINS in operators_of(SCHEMA[change.entity].field(name)):
            return Query(change.entity, (Criterion(name, Operator.CONTAINS, _TWISTS[step.twist](value)),))
        return Query(change.entity, (Criterion(name, Operator.EQUALS, value),), name)

    def as_rules_write(self, entity: Entity, row: Row) -> Row:
        """Return ``row`` without what no rule lets pass, and a database may insist on.

        That is references to records that there are not, and texts that have to be unique and are not.
        """
        fields = SCHEMA[entity].fields
        lost = [
            field.name
            for field in fields
            if field.references is not None and self.reference.get(field.references, str(row[field.name])) is None
        ]
        unique = [field.name for field in fields if field.unique and row[field.name] is not None]
        lost += [name for name in unique if self.reference.select(equal_to(entity, name, str(row[name]))).rows]
        return {**row, **dict.fromkeys(lost)}

    def with_dependents(self, entity: Entity, row_id: str) -> list[tuple[Entity, str]]:
        """Return a row and everything that refers to it, directly or not; what refers comes first."""
        found: dict[tuple[Entity, str], None] = {}
        ahead = [(entity, row_id)]
        while ahead:
            here = ahead.pop(0)
            found.pop(here, None)
            found[here] = None
            ahead += [place for place in _referring(self.reference, *here) if place not in found]
        return [place for place in reversed(found) if self.reference.get(*place) is not None]

    def _meant(self, named: Known | Held) -> object:
        if isinstance(named, Known):
            return self.id_of(named)
        return to_shown(named.entity, named.field, self._held(named))

    def _held(self, held: Held) -> FieldValue:
        row = self.reference.get(held.entity, self.id_of(Known(held.entity, held.number)))
        value = None if row is None else row[held.field]
        return _TWISTS[held.twist](value) if isinstance(value, str) else value

    def _note_id(self, entity: Entity, row_id: str) -> None:
        known = self._ids[entity]
        if row_id not in known:
            known.append(row_id)


def shown_query(query: Query) -> str:
    """Return ``query`` in one line, for people.

    Example:
        >>> shown_query(equal_to(Entity.CLIENT, "email", "a@example.com", order_by="name"))
        "Client where email equals 'a@example.com' by name"
    """
    where = " and ".join(f"{field} {operator.value} {operand!r}" for field, operator, operand in query.criteria)
    parts = [query.entity.value, f"where {where}" if where else "", f"by {query.order_by}" if query.order_by else ""]
    parts += ["descending" if query.descending else "", "" if query.limit is None else f"limit {query.limit}"]
    parts += [f"offset {query.offset}" if query.offset else ""]
    return " ".join(part for part in parts if part)


def require_equal(what: str, expected: str, got: str) -> None:
    """Compare two JSON texts.

    Raises:
        DifferenceError: they differ.
    """
    if expected != got:
        raise DifferenceError(what, expected, got)


def _referring(store: Store, entity: Entity, row_id: str) -> list[tuple[Entity, str]]:
    queries = [
        equal_to(kind, field.name, row_id)
        for kind, definition in SCHEMA.items()
        for field in definition.fields
        if field.references is entity
    ]
    queries += [attached_to(kind, entity, row_id) for kind in (Entity.DOCUMENT, Entity.NOTE)]
    return [
        (query.entity, _id_of(query.entity, row))
        for query in queries
        for row in store.select(query).rows
        if row_id in row.values()  # the criterion ignores case
    ]


def _selected(store: Store, *, query: Query) -> object:
    return tuple(store.select(query))


def rows_of(store: Store) -> Mapping[str, list[Row]]:
    """Return all rows of a store by kind and id, as its content hash is taken of them."""
    return {entity.value: list(store.select(Query(entity)).rows) for entity in Entity}


def rows_of_base(base: FrozenBase) -> Mapping[str, list[Row]]:
    """Return all rows of a company likewise."""
    return {entity.value: list(base.rows(entity)) for entity in Entity}


def _id_of(entity: Entity, row: Row) -> str:
    return cast("str", row[SCHEMA[entity].id_field])


_TWISTS: Mapping[Twist, Callable[[str], str]] = {
    Twist.NONE: str,
    Twist.SWAPPED: str.swapcase,
    Twist.UPPER: str.upper,
    Twist.FOLDED: str.casefold,
    Twist.START: operator.itemgetter(slice(0, 3)),
    Twist.MIDDLE: operator.itemgetter(slice(1, -1)),
    Twist.END: operator.itemgetter(slice(-3, None)),
}
