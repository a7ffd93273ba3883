"""The store in memory behaves like a plain dictionary of rows, and forks never see each other."""

from __future__ import annotations

import operator
from collections.abc import Iterable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from atlas.core.errors import MisuseError
from atlas.crm.indexes import Shelf
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Entity, FieldValue, Row
from atlas.crm.store import Criterion, Operator, Query

CONTACT = Entity.CONTACT
IDS = st.sampled_from(["k1", "k2", "k3", "k4", "k5"])
NAMES = st.sampled_from(["Ada", "ADA", "Ben", "Zoë", "straße", "STRASSE", "a b", "", "\x1f"])
CLIENTS = st.sampled_from(["c1", "c2", None])
FIELDS = ("contact_id", "first_name", "last_name", "title", "email", "phone", "client_id", "notes")


def person(row_id: str, first_name: str | None, client_id: str | None) -> Row:
    known: dict[str, FieldValue] = {"contact_id": row_id, "first_name": first_name, "client_id": client_id}
    return {name: known.get(name) for name in FIELDS}


BASE_ROWS = (
    person("k1", "Ada", "c1"),
    person("k2", "ben", "c1"),
    person("k3", "Zoë Straße", "c2"),
    person("k4", None, None),
)


def fulfils(row: Row, criterion: Criterion) -> bool:
    """The naive meaning of a criterion."""
    value = row[criterion.field]
    if value is None or criterion.operator is Operator.EMPTY:
        return criterion.operator is Operator.EMPTY and (not value) == bool(criterion.operand)
    value, operand = str(value).casefold(), criterion.operand
    match criterion.operator:
        case Operator.EQUALS:
            return value == str(operand).casefold()
        case Operator.CONTAINS:
            return str(operand).casefold() in value
        case Operator.IN:
            return isinstance(operand, tuple) and value in [str(item).casefold() for item in operand]
        case Operator.GTE:
            return str(row[criterion.field]) >= str(operand)
        case Operator.LTE:
            return str(row[criterion.field]) <= str(operand)


def naive_select(rows: Iterable[Row], query: Query) -> tuple[list[Row], int]:
    """The rows of a query, found by looking at all of them."""
    found = [row for row in rows if all(fulfils(row, criterion) for criterion in query.criteria)]
    found.sort(key=operator.itemgetter("contact_id"))
    if query.order_by is None:
        ordered = found[::-1] if query.descending else found
    else:
        field = query.order_by
        filled = [row for row in found if row[field] is not None]
        filled.sort(key=lambda row: str(row[field]), reverse=query.descending)
        ordered = filled + [row for row in found if row[field] is None]
    return ordered[query.offset :][: query.limit], len(found)


CRITERIA = st.one_of(
    st.builds(Criterion, st.just("first_name"), st.just(Operator.CONTAINS), NAMES),
    st.builds(Criterion, st.just("first_name"), st.just(Operator.EQUALS), NAMES),
    st.builds(Criterion, st.just("client_id"), st.just(Operator.EQUALS), st.sampled_from(["c1", "C2", "c3"])),
    st.builds(
        Criterion, st.just("client_id"), st.just(Operator.IN), st.lists(st.sampled_from(["c1", "c2"])).map(tuple)
    ),
    st.builds(Criterion, st.just("first_name"), st.sampled_from([Operator.GTE, Operator.LTE]), NAMES),
    st.builds(Criterion, st.just("first_name"), st.just(Operator.EMPTY), st.sampled_from([0, 1])),
)
QUERIES = st.builds(
    Query,
    st.just(CONTACT),
    st.lists(CRITERIA, max_size=2).map(tuple),
    st.sampled_from([None, "first_name", "client_id"]),
    st.booleans(),
    st.sampled_from([None, 1, 2, 10]),
    st.sampled_from([0, 0, 1, 3]),
)


class AgainstDictionary(RuleBasedStateMachine):
    """Every step is taken on a fork and on a dictionary; afterwards both hold the same and find the same."""

    base = FrozenBase.build({CONTACT: BASE_ROWS})  # shared by all runs, as its forks are meant to be

    def __init__(self) -> None:
        super().__init__()
        self.store = self.base.fork()
        self.rows: dict[str, Row] = {str(row["contact_id"]): row for row in BASE_ROWS}
        self.journal: list[tuple[str, Row | None, Row | None, str]] = []
        self.savepoints: list[tuple[int, dict[str, Row], int]] = []

    @rule(row_id=IDS, name=NAMES, client=CLIENTS)
    def put(self, row_id: str, name: str, client: str | None) -> None:
        """Create or replace a row."""
        self._write(row_id, person(row_id, name, client))

    @rule(row_id=IDS)
    def delete(self, row_id: str) -> None:
        """Delete a row, or what is not there."""
        self._write(row_id, None)

    def _write(self, row_id: str, row: Row | None) -> None:
        cause = f"{len(self.journal)}:test"
        before = self.rows.get(row_id)
        self.store.write(CONTACT, row_id, row, cause=cause)
        if before != row:
            self.journal.append((row_id, before, row, cause))
        if row is None:
            self.rows.pop(row_id, None)
        else:
            self.rows[row_id] = row

    @rule()
    def mark(self) -> None:
        """Set a savepoint."""
        self.savepoints.append((self.store.savepoint(), dict(self.rows), len(self.journal)))

    @precondition(lambda self: bool(self.savepoints))
    @rule(data=st.data())
    def go_back(self, data: st.DataObject) -> None:
        """Go back to some savepoint; later ones are void then."""
        place = data.draw(st.integers(min_value=0, max_value=len(self.savepoints) - 1))
        mark, rows, length = self.savepoints[place]
        self.store.rollback(mark)
        self.rows = dict(rows)
        del self.journal[length:]
        del self.savepoints[place + 1 :]

    @rule(query=QUERIES)
    def search(self, query: Query) -> None:
        """Find the same rows, in the same order, with the same total."""
        found = self.store.select(query)
        assert (list(found.rows), found.total) == naive_select(self.rows.values(), query)

    @invariant()
    def rows_agree(self) -> None:
        """Both hold the same rows."""
        for row_id in ("k1", "k2", "k3", "k4", "k5"):
            assert self.store.get(CONTACT, row_id) == self.rows.get(row_id)

    @invariant()
    def journals_agree(self) -> None:
        """The journal is what was done and not taken back."""
        seen = [(change.id, change.before, change.after, change.cause) for change in self.store.journal()]
        assert seen == self.journal

    def teardown(self) -> None:
        """The base has not changed, and equal rows have equal hashes."""
        assert self.base.rows(CONTACT) == BASE_ROWS
        assert self.store.content_hash() == FrozenBase.build({CONTACT: self.rows.values()}).content_hash()


AgainstDictionary.TestCase.settings = settings(max_examples=150, stateful_step_count=30)
TestAgainstDictionary = AgainstDictionary.TestCase


def test_forks_of_one_base_never_see_each_other() -> None:
    """Episodes on one company are independent."""
    base = FrozenBase.build({CONTACT: BASE_ROWS})
    one, other = base.fork(), base.fork()
    one.write(CONTACT, "k1", None, cause="1:x")
    assert one.get(CONTACT, "k1") is None
    assert other.get(CONTACT, "k1") == BASE_ROWS[0]
    assert base.content_hash() == FrozenBase.build({CONTACT: BASE_ROWS[::-1]}).content_hash()


def test_a_patch_replaces_and_adds_rows_and_is_no_change() -> None:
    """Rows that a case puts into the company are its start, not something that happened."""
    base = FrozenBase.build({CONTACT: BASE_ROWS})
    store = base.fork([(CONTACT, {"contact_id": "k1", "first_name": "Eve"}), (CONTACT, {"contact_id": "k9"})])
    assert store.get(CONTACT, "k1") == person("k1", "Eve", None)
    assert store.journal() == []
    everybody = store.select(Query(CONTACT))
    assert [row["contact_id"] for row in everybody.rows] == ["k1", "k2", "k3", "k4", "k9"]
    store.write(CONTACT, "k1", None, cause="1:x")
    store.rollback(0)
    assert store.get(CONTACT, "k1") == person("k1", "Eve", None)


def test_the_memory_of_answers_is_bounded() -> None:
    """Thousands of different searches do not fill the memory, and answers stay right after old ones were dropped."""
    shelf = Shelf("contact_id", {str(row["contact_id"]): row for row in BASE_ROWS})
    for number in range(5_000):
        assert not shelf.find((Criterion("first_name", Operator.CONTAINS, f"x{number}"),), (None, False)).rows
    assert 1_000 < shelf.answers_kept < 5_000
    assert shelf.find((Criterion("first_name", Operator.CONTAINS, "ad"),), (None, False)).rows == [BASE_ROWS[0]]


def test_an_answer_larger_than_the_memory_is_given_and_not_kept() -> None:
    """Listing a very large company works, only not from memory."""
    rows = {f"k{number:06}": person(f"k{number:06}", "Ada", None) for number in range(200_001)}
    shelf = Shelf("contact_id", rows)
    assert len(shelf.find((), (None, False)).rows) == len(rows)
    assert shelf.answers_kept == 0


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"contact_id": "k1", "age": 5}], "contact 0: unknown field 'age'; known: contact_id, first_name"),
        ([{"first_name": "A"}], "contact 0: `contact_id` is missing; every row needs its id"),
        ([{"contact_id": "k1"}, {"contact_id": "k1"}], "contact 1: another contact has the contact_id 'k1'"),
        ([{"contact_id": "k1", "title": 5}], "contact 0: `title` is stored as str, not 5"),
        ([{"contact_id": "k1", "title": True}], "contact 0: `title` is stored as str, not true"),
        ([{"contact_id": "k1", "title": "a\x00"}], "contact 0: `title` holds a NUL character, which no database keeps"),
        ([{"contact_id": "k1", "title": "\ud800"}], "contact 0: `title` holds half of a surrogate pair, which no"),
    ],
    ids=["field", "id", "twice", "type", "bool", "nul", "surrogate"],
)
def test_malformed_seeds_are_refused(rows: list[Row], message: str) -> None:
    """A company that cannot be worked with is not built."""
    with pytest.raises(MisuseError) as caught:
        FrozenBase.build({CONTACT: rows})
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("entity", "row", "message"),
    [
        (
            Entity.OPPORTUNITY,
            {"opportunity_id": "o1", "amount": 2**63},
            "opportunity 0: `amount` needs more than 64 bits",
        ),
        (Entity.OPPORTUNITY, {"opportunity_id": "o1", "probability": 2**31}, "opportunity 0: `probability` needs more"),
        (
            Entity.COMPANY,
            {"company_id": "p1", "contacts": ("A", "B\x00")},
            "company 0: `contacts` holds a NUL character",
        ),
        (Entity.CLIENT, {"client_id": "c1", "email": "\u2ec4" * 700}, "client 0: `email` is looked up by and has more"),
        (Entity.NOTE, {"note_id": "n" * 2001}, "note 0: `note_id` is looked up by and has more than 2000 bytes"),
        (Entity.NOTE, {"note_id": "n", "entity_id": "e" * 2001}, "note 0: `entity_id` is looked up by"),
        (Entity.COMPANY, {"company_id": "p1", "contacts": ("A", 5)}, "company 0: `contacts` holds something else than"),
    ],
    ids=["amount", "probability", "nul-in-a-list", "long-email", "long-id", "long-reference", "number-in-a-list"],
)
def test_what_no_database_keeps_is_refused(entity: Entity, row: Row, message: str) -> None:
    """Otherwise the store in memory would start where the other one cannot."""
    with pytest.raises(MisuseError) as caught:
        FrozenBase.build({entity: [row]})
    assert str(caught.value).startswith(message)


def test_seeds_may_break_the_rules_for_new_records() -> None:
    """Imported rows are state, not calls: a past date, a dangling reference, an unknown owner are kept."""
    row = {"opportunity_id": "o1", "client_id": "gone", "owner": "left.long.ago", "close_date": "2001-01-01"}
    store = FrozenBase.build({Entity.OPPORTUNITY: [row]}).fork()
    kept = store.get(Entity.OPPORTUNITY, "o1")
    assert kept is not None
    assert {name: kept[name] for name in row} == row
