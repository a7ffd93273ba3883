"""The store on PostgreSQL does what the store in memory does, verb for verb."""

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString, TypeAlias

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from atlas.core.errors import MisuseError, NoFreeSlotError, StorageError
from atlas.crm.memory import FrozenBase, MemoryStore
from atlas.crm.postgres import PostgresSessions, PostgresStore
from atlas.crm.records import Entity, FieldValue, Row
from atlas.crm.schema import SCHEMA, blank_row
from atlas.crm.store import Criterion, Operator, Query, attached_to

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import TupleRow
    from psycopg_pool import ConnectionPool

    Pool: TypeAlias = ConnectionPool[Connection[TupleRow]]

CONTACT, COMPANY, DEAL = Entity.CONTACT, Entity.COMPANY, Entity.OPPORTUNITY
# what folds, sorts or counts differently in other places: sharp s, dotted I, long s, Kelvin, combining marks, emoji
NAMES = st.sampled_from(
    [
        "Ada",
        "ADA",
        "Ben",
        "Zo\u00eb",
        "Zoe\u0308",
        "straße",
        "STRASSE",
        "\u017fam",
        "\u0130z",
        "i\u0307z",
        "\u212a",
        "k",
        "😀",
        "z",
        "\ufffd",
    ]
)
IDS = st.sampled_from(["k1", "k2", "k3", "k4", "K4"])
NUMBERS = st.sampled_from([None, 1, 5, 5, 99])
BASE = FrozenBase.build(
    {
        Entity.CLIENT: [{"client_id": "c1", "name": "Halden"}, {"client_id": "c2", "name": ""}],
        CONTACT: [
            {"contact_id": "k1", "first_name": "Ada", "client_id": "c1"},
            {"contact_id": "k2", "first_name": "ben", "client_id": "c1", "notes": ""},
            {"contact_id": "k3", "first_name": "Zoë Straße", "client_id": "gone"},
        ],
        COMPANY: [{"company_id": "k1", "name": "Tiber", "contacts": ("A", "b c")}],
    }
)


def complete(entity: Entity, **known: FieldValue) -> Row:
    return {**blank_row(entity), **known}


def criteria(entity: Entity) -> st.SearchStrategy[Criterion]:
    """Conditions on a text and, where there is one, on a number."""
    field = "first_name" if entity is CONTACT else "name"
    on_text = st.builds(Criterion, st.just(field), st.sampled_from([Operator.EQUALS, Operator.CONTAINS]), NAMES)
    among = st.builds(Criterion, st.just(field), st.just(Operator.IN), st.lists(NAMES, max_size=3).map(tuple))
    between = st.builds(Criterion, st.just(field), st.sampled_from([Operator.GTE, Operator.LTE]), NAMES)
    on_number = st.builds(
        Criterion, st.just("probability"), st.sampled_from([Operator.EQUALS, Operator.GTE, Operator.LTE]), st.just(5)
    )
    empty = st.builds(Criterion, st.just(field), st.just(Operator.EMPTY), st.sampled_from([0, 1]))
    return st.one_of(on_text, among, between, empty, *([on_number] if entity is DEAL else []))


def queries(entity: Entity) -> st.SearchStrategy[Query]:
    names = [field.name for field in SCHEMA[entity].fields if field.name != "contacts"]
    return st.builds(
        Query,
        st.just(entity),
        st.lists(criteria(entity), max_size=2).map(tuple),
        st.sampled_from([None, *names]),
        st.booleans(),
        st.sampled_from([None, 1, 2, 10]),
        st.sampled_from([0, 0, 1, 7]),
    )


QUERIES = st.sampled_from([CONTACT, COMPANY, DEAL]).flatmap(queries)


class AgainstMemory(RuleBasedStateMachine):
    """Every step is taken on a fork in memory and on a slot; both hold and find the same, and noted the same."""

    sessions: PostgresSessions

    def __init__(self) -> None:
        super().__init__()
        patch: list[tuple[Entity, Row]] = [(CONTACT, {"contact_id": "k4", "client_id": "c1", "first_name": "Patch"})]
        self.memory: MemoryStore = BASE.fork(patch)
        self.store = self.sessions.begin_session(BASE, patch)
        self.calls = 0
        self.marks: list[tuple[int, int]] = []

    def _write(self, entity: Entity, row_id: str, row: Row | None) -> None:
        self.calls += 1
        for store in (self.memory, self.store):
            store.write(entity, row_id, row, cause=f"{self.calls}:test")

    @rule(row_id=IDS, name=NAMES, client=st.sampled_from(["c1", "c2"]))
    def put_contact(self, row_id: str, name: str, client: str) -> None:
        """Create or replace a contact."""
        self._write(CONTACT, row_id, complete(CONTACT, contact_id=row_id, first_name=name, client_id=client))

    @rule(row_id=IDS, names=st.lists(NAMES, max_size=3).map(tuple))
    def put_company(self, row_id: str, names: tuple[str, ...]) -> None:
        """Create or replace a company, which holds a list."""
        self._write(COMPANY, row_id, complete(COMPANY, company_id=row_id, name="Tiber", contacts=names))

    @rule(row_id=IDS, name=NAMES, chance=NUMBERS)
    def put_deal(self, row_id: str, name: str, chance: int | None) -> None:
        """Create or replace an opportunity, which holds numbers."""
        row = complete(DEAL, opportunity_id=row_id, name=name, client_id="c1", amount=10**9, probability=chance)
        self._write(DEAL, row_id, row)

    @rule(entity=st.sampled_from([CONTACT, COMPANY, DEAL]), row_id=IDS)
    def delete(self, entity: Entity, row_id: str) -> None:
        """Delete a row, or what is not there."""
        self._write(entity, row_id, None)

    @rule()
    def mark(self) -> None:
        """Set a savepoint."""
        self.marks.append((self.memory.savepoint(), self.store.savepoint()))

    @precondition(lambda self: bool(self.marks))
    @rule(data=st.data())
    def go_back(self, data: st.DataObject) -> None:
        """Go back to some savepoint; later ones are void then."""
        place = data.draw(st.integers(min_value=0, max_value=len(self.marks) - 1))
        in_memory, in_store = self.marks[place]
        self.memory.rollback(in_memory)
        self.store.rollback(in_store)
        del self.marks[place + 1 :]

    @rule(query=QUERIES)
    def search(self, query: Query) -> None:
        """Find the same rows, in the same order, with the same total."""
        expected, found = self.memory.select(query), self.store.select(query)
        assert (list(found.rows), found.total) == (list(expected.rows), expected.total)

    @invariant()
    def journals_agree(self) -> None:
        """Both have noted the same changes."""
        assert list(self.store.journal()) == list(self.memory.journal())

    def teardown(self) -> None:
        """Both hold the same rows; and nothing is left when the session is over."""
        assert isinstance(self.store, PostgresStore)
        assert self.store.content_hash() == self.memory.content_hash()
        for row_id in ("k1", "k2", "k3", "k4", "K4"):
            assert self.store.get(CONTACT, row_id) == self.memory.get(CONTACT, row_id)
        self.sessions.rollback_session(self.store)


def test_the_stores_agree(pool: Pool) -> None:
    """Any sequence of verbs gives the same rows, results and journal on both."""

    class OnThisServer(AgainstMemory):
        sessions = PostgresSessions(pool, slots=1)

    case = OnThisServer.TestCase
    case.settings = settings(
        max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    case("runTest").runTest()
    left = OnThisServer.sessions.begin_session(BASE)
    assert isinstance(left, PostgresStore)
    assert left.content_hash() == BASE.content_hash()
    OnThisServer.sessions.rollback_session(left)


def test_rows_are_as_they_were_seeded(pool: Pool) -> None:
    """Imported rows that break every rule are kept, read and changed: seeds are state, not calls."""
    base = FrozenBase.build(
        {
            Entity.CLIENT: [
                {"client_id": "c1", "name": "A", "email": "x@y.example"},
                {"client_id": "c2", "name": "B" * 500, "email": "X@Y.example", "status": "sleeping"},
            ],
            DEAL: [{"opportunity_id": "o1", "client_id": "gone", "amount": -3, "close_date": "soon"}],
            Entity.CONTRACT: [{"contract_id": "t1", "start_date": "2026-05-01", "end_date": "2025-01-01"}],
            Entity.NOTE: [{"note_id": "n1", "entity_type": "Robot", "entity_id": "r2", "content": ""}],
        }
    )
    sessions = PostgresSessions(pool, slots=2)
    store = sessions.begin_session(base)
    assert isinstance(store, PostgresStore)
    assert store.content_hash() == base.content_hash()
    row = store.get(DEAL, "o1")
    assert row is not None
    store.write(DEAL, "o1", {**row, "notes": "Called."}, cause="1:x")
    other = store.get(Entity.CLIENT, "c2")
    assert other is not None
    store.write(Entity.CLIENT, "c2", {**other, "phone": "1"}, cause="2:x")
    assert [(change.id, change.cause) for change in store.journal()] == [("o1", "1:x"), ("c2", "2:x")]
    sessions.rollback_session(store)


def test_a_patch_may_lead_nowhere_and_still_be_changed(pool: Pool) -> None:
    """Rows that a case puts into the company are its start, whatever they refer to."""
    patch: list[tuple[Entity, Row]] = [(Entity.QUOTE, {"quote_id": "q1", "opportunity_id": "gone", "amount": 5})]
    sessions = PostgresSessions(pool, slots=1)
    store = sessions.begin_session(BASE, patch)
    row = store.get(Entity.QUOTE, "q1")
    assert row is not None
    assert store.journal() == []
    store.write(Entity.QUOTE, "q1", {**row, "amount": 7}, cause="1:x")
    (change,) = store.journal()
    assert (change.before, change.after, change.cause) == (row, {**row, "amount": 7}, "1:x")
    sessions.rollback_session(store)
    with pytest.raises(MisuseError, match="patched quote: unknown field 'colour'"):
        sessions.begin_session(BASE, [(Entity.QUOTE, {"quote_id": "q1", "colour": "red"})])


@pytest.mark.parametrize("patched", [False, True], ids=["of-the-company", "of-the-case"])
def test_a_row_that_leads_nowhere_can_be_changed_again_and_again(pool: Pool, *, patched: bool) -> None:
    """The database looks at the reference of a row anew when one transaction writes it twice; both stores take it."""
    row: Row = {"contact_id": "k7", "first_name": "Ada", "client_id": "gone"}
    base = FrozenBase.build({Entity.CLIENT: [{"client_id": "c1"}], CONTACT: [] if patched else [row]})
    patch = [(CONTACT, row)] if patched else []
    sessions = PostgresSessions(pool, slots=1)
    on_postgres, in_memory = sessions.begin_session(base, patch), base.fork(patch)
    for store in (on_postgres, in_memory):
        for number in range(3):
            mark = store.savepoint()
            found = store.get(CONTACT, "k7")
            assert found is not None
            store.write(CONTACT, "k7", {**found, "phone": str(number)}, cause=f"{number}:x")
            if number == 1:
                store.rollback(mark)
    assert list(on_postgres.journal()) == list(in_memory.journal())
    sessions.rollback_session(on_postgres)


def test_deletes_take_along_what_refers_to_a_row_beside_one_that_leads_nowhere(pool: Pool) -> None:
    """One odd row of a case does not switch off what the database does with all others."""
    rows: dict[Entity, list[Row]] = {
        Entity.CLIENT: [{"client_id": "c1", "name": "Halden"}],
        CONTACT: [{"contact_id": "k1", "client_id": "c1"}],
        Entity.NOTE: [{"note_id": "n1", "entity_type": "Client", "entity_id": "c1"}],
    }
    sessions = PostgresSessions(pool, slots=1)
    store = sessions.begin_session(FrozenBase.build(rows), [(CONTACT, {"contact_id": "k2", "client_id": "gone"})])
    assert isinstance(store, PostgresStore)
    store.connection.execute("DELETE FROM crm.clients WHERE client_id = 'c1'")
    assert {change.id for change in store.journal()} == {"c1", "k1", "n1"}
    sessions.rollback_session(store)


def test_a_store_is_of_no_use_once_it_was_rolled_back(pool: Pool) -> None:
    """It has nothing to do with the next episode; rolling back once more does nothing, to nobody."""
    sessions = PostgresSessions(pool, slots=1)
    old = sessions.begin_session(BASE)
    sessions.rollback_session(old)
    store = sessions.begin_session(BASE)
    store.write(Entity.CLIENT, "c3", complete(Entity.CLIENT, client_id="c3", name="New"), cause="1:x")
    for use in (
        lambda: old.get(Entity.CLIENT, "c1"),
        lambda: old.select(Query(Entity.CLIENT)),
        lambda: old.write(Entity.CLIENT, "c1", None, cause="1:x"),
        old.journal,
    ):
        with pytest.raises(MisuseError, match="this session was rolled back"):
            use()
    sessions.rollback_session(old)
    assert [change.id for change in store.journal()] == ["c3"]
    sessions.rollback_session(store)


def test_a_store_that_is_dropped_gives_its_connection_back(pool: Pool) -> None:
    """Whoever forgets to roll back takes nothing from others."""
    sessions = PostgresSessions(pool, slots=1, wait_s=1)
    for _ in range(pool.max_size + 1):
        sessions.begin_session(BASE)


def test_the_journal_shows_cascades_and_raw_sql(pool: Pool) -> None:
    """Whatever happens inside an episode is noted, in order, whoever did it."""
    base = FrozenBase.build(
        {
            Entity.CLIENT: [{"client_id": "c1", "name": "Halden"}],
            DEAL: [{"opportunity_id": "o1", "client_id": "c1"}],
            Entity.QUOTE: [{"quote_id": "q1", "opportunity_id": "o1"}],
            Entity.CONTRACT: [{"contract_id": "t1", "client_id": "c1", "opportunity_id": "o1"}],
            Entity.NOTE: [{"note_id": "n1", "entity_type": "Quote", "entity_id": "q1"}],
            Entity.DOCUMENT: [{"document_id": "d1", "entity_type": "Opportunity", "entity_id": "o1"}],
        }
    )
    sessions = PostgresSessions(pool, slots=1)
    store = sessions.begin_session(base)
    assert isinstance(store, PostgresStore)
    store.write(Entity.CLIENT, "c1", complete(Entity.CLIENT, client_id="c1", name="Other"), cause="1:modify_client")
    store.connection.execute("DELETE FROM crm.opportunities WHERE opportunity_id = 'o1'")
    changes = store.journal()
    assert (changes[0].entity, changes[0].id, changes[0].cause) == (Entity.CLIENT, "c1", "1:modify_client")
    assert {(change.entity, change.id, change.cause) for change in changes[1:]} == {
        (DEAL, "o1", "sql"),
        (Entity.QUOTE, "q1", "sql"),
        (Entity.NOTE, "n1", "sql"),
        (Entity.DOCUMENT, "d1", "sql"),
        (Entity.CONTRACT, "t1", "sql"),
    }
    contract = store.get(Entity.CONTRACT, "t1")
    assert contract is not None
    assert contract["opportunity_id"] is None
    by_deal = Query(Entity.CONTRACT, (Criterion("opportunity_id", Operator.EQUALS, "o1"),))
    assert store.select(by_deal).total == 0
    assert store.select(attached_to(Entity.NOTE, Entity.QUOTE, "q1")).total == 0
    sessions.rollback_session(store)


def test_no_free_slot_is_said_with_numbers(pool: Pool) -> None:
    """Whoever comes when every copy is in use waits, and then learns how many there are."""
    base = FrozenBase.build({Entity.CLIENT: [{"client_id": "c1", "name": "Two at most"}]})
    sessions = PostgresSessions(pool, slots=2, wait_s=0.05)
    taken = [sessions.begin_session(base) for _ in range(2)]
    with pytest.raises(NoFreeSlotError, match=r"all 2 copies of the company [0-9a-f]{12} were in use for 0.05 s"):
        sessions.begin_session(base)
    sessions.rollback_session(taken.pop())
    taken.append(sessions.begin_session(base))
    for store in taken:
        sessions.rollback_session(store)


def test_a_reset_puts_a_changed_copy_back(pool: Pool) -> None:
    """A slot into which somebody committed a change is put right when it is asked for."""
    base = FrozenBase.build({Entity.CLIENT: [{"client_id": "c1", "name": "As it was"}]})
    sessions = PostgresSessions(pool, slots=1)
    store = sessions.begin_session(base)
    assert isinstance(store, PostgresStore)
    store.connection.execute("UPDATE crm.clients SET name = 'Changed' WHERE world_id = %s", (store.world_id,))
    store.connection.commit()
    sessions.rollback_session(store)
    spoilt = sessions.begin_session(base)
    assert isinstance(spoilt, PostgresStore)
    assert spoilt.content_hash() != base.content_hash()
    sessions.rollback_session(spoilt)
    for reset in (True, False):
        store = sessions.begin_session(base, reset=reset)
        assert isinstance(store, PostgresStore)
        assert store.content_hash() == base.content_hash()
        assert store.journal() == []
        sessions.rollback_session(store)


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE crm.companies SET contacts = ARRAY['A', NULL]",
        "UPDATE crm.companies SET name_folded = 'other'",
        "UPDATE crm.companies SET imported_as_is = true",
        "INSERT INTO crm.companies (world_id, company_id, imported_as_is) SELECT world_id, '', true FROM crm.companies",
    ],
    ids=["no-list-of-ours", "folded", "mark", "no-id"],
)
def test_a_reset_mends_what_only_searches_see_and_what_no_company_can_hold(pool: Pool, spoil: LiteralString) -> None:
    """Whatever was committed to a copy by hand, it is as it was loaded."""
    base = FrozenBase.build({COMPANY: [{"company_id": "p1", "name": f"Spoilt by {spoil}", "contacts": ("A",)}]})
    sessions = PostgresSessions(pool, slots=1)
    store = sessions.begin_session(base)
    assert isinstance(store, PostgresStore)
    store.connection.execute(f"{spoil} WHERE world_id = %s", (store.world_id,))
    store.connection.commit()
    sessions.rollback_session(store)
    store = sessions.begin_session(base, reset=True)
    assert isinstance(store, PostgresStore)
    assert store.content_hash() == base.content_hash()
    assert store.select(Query(COMPANY, (Criterion("name", Operator.CONTAINS, "SPOILT"),))).total == 1
    marked = store.connection.execute(
        "SELECT count(*) FROM crm.companies WHERE world_id = %s AND imported_as_is", (store.world_id,)
    )
    assert marked.fetchone() == (0,)
    sessions.rollback_session(store)


def test_a_broken_connection_is_a_storage_error_and_gives_the_slot_back(pool: Pool) -> None:
    """When the server drops a client in mid-episode, the episode fails as a storage error; the next one works."""
    sessions = PostgresSessions(pool, slots=1)
    store = sessions.begin_session(BASE)
    assert isinstance(store, PostgresStore)
    pid = store.connection.info.backend_pid
    with pool.connection() as killer:
        killer.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    with pytest.raises(StorageError, match="reading a row"):
        store.get(CONTACT, "k1")
    sessions.rollback_session(store)
    again = sessions.begin_session(BASE)
    assert again.get(CONTACT, "k1") == BASE.rows(CONTACT)[0]
    sessions.rollback_session(again)
