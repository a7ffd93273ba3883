"""An id or a handle that nobody has: the error says what was most likely meant, from what a search would show."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.core.clock import FrozenClock, start_of_business
from atlas.crm.memory import FrozenBase, MemoryStore
from atlas.crm.permissions import POLICIES
from atlas.crm.records import Actor, Change, Entity, ErrorCode, Row, StaffDirectory, StaffMember, ToolCall
from atlas.crm.rules.lookups import SEARCHES, unknown_colleague, unknown_record
from atlas.crm.store import Query, Selection
from atlas.crm.tools.registry import TOOLS
from atlas.crm.world import World

STAFF = {
    member.handle: member
    for member in (
        StaffMember("m.okafor", "Mara Okafor", "Account Executive", "North"),
        StaffMember("j.lind", "Jon Lind", "Account Executive", "South"),
        StaffMember("e.lind", "Eva Lind", "Account Executive", "West"),
    )
}
ACTOR = Actor("m.okafor", "Account Executive")

ROWS: Mapping[Entity, tuple[Row, ...]] = {
    Entity.CLIENT: (
        {"client_id": "3f2a9c1e-aaaa", "name": "Acme"},
        {"client_id": "CL-000017", "name": "Straße AG"},
    ),
    Entity.CONTACT: (
        {"contact_id": "k-1", "first_name": "Ada", "last_name": "Moor"},
        {"contact_id": "k-2", "first_name": "Ben", "last_name": "Moor"},
        {"contact_id": "k-3", "first_name": "Eva Maria", "last_name": "Sol"},
    ),
    Entity.OPPORTUNITY: (
        {"opportunity_id": "77c0be19-1111", "name": "Pumps", "client_id": "3f2a9c1e-aaaa"},
        {"opportunity_id": "77c0be19-2222", "name": "pumps", "client_id": "3f2a9c1e-aaaa"},
        {"opportunity_id": "88888888-1111", "name": "Pumps"},
        {"opportunity_id": "99999999-1111", "name": "Pumps"},
        {"opportunity_id": "%_%_%_%_", "name": "50 % off"},
    ),
    Entity.CONTRACT: ({"contract_id": "t-1", "client_id": "3f2a9c1e-aaaa"},),
    Entity.NOTE: ({"note_id": "n-1", "entity_type": "Client", "entity_id": "3f2a9c1e-aaaa"},),
}


def hint_for(entity: Entity, given_id: str, argument: str = "", *, hosts: tuple[str, ...] = ()) -> str | None:
    store = FrozenBase.build(ROWS).fork()
    return unknown_record(entity, given_id, argument or f"{entity.lower()}_id", store, hosts=hosts).hint


@pytest.mark.parametrize(
    ("entity", "given_id", "hint"),
    [
        (Entity.CLIENT, " 3F2A9C1E-AAAA ", "did you mean '3f2a9c1e-aaaa'? give an id exactly as results show it"),
        (Entity.CLIENT, "cl-000017", "did you mean 'CL-000017'? give an id exactly as results show it"),
        (
            Entity.CLIENT,
            "client_id: '3f2a9c1e-aaaa'",
            "did you mean '3f2a9c1e-aaaa'? give an id exactly as results show it",
        ),
        (Entity.CLIENT, "3f2a9c1e", "did you mean '3f2a9c1e-aaaa'? give ids in full"),
        (Entity.CLIENT, "3F2A9C1E\u2026", "did you mean '3f2a9c1e-aaaa'? give ids in full"),
        (Entity.CLIENT, "CL-00001", "did you mean 'CL-000017'? give ids in full"),
        (Entity.CLIENT, "3f2a9", "look the id up with client_search"),
        (Entity.CLIENT, "2a9c1e-aaaa", "look the id up with client_search"),
        (Entity.OPPORTUNITY, "77c0be19", "the ids of 2 opportunities start so; give the id in full"),
        (Entity.OPPORTUNITY, "%_%_%_%", "did you mean '%_%_%_%_'? give ids in full"),
        (Entity.OPPORTUNITY, "%%%%%%%", "look the id up with opportunity_search"),
        (Entity.CLIENT, "acme", "that is a name; did you mean '3f2a9c1e-aaaa'? records are told by their id"),
        (Entity.CLIENT, "STRASSE AG", "that is a name; did you mean 'CL-000017'? records are told by their id"),
        (Entity.CONTACT, "Ada Moor", "that is a name; did you mean 'k-1'? records are told by their id"),
        (Entity.CONTACT, "eva  maria sol", "that is a name; did you mean 'k-3'? records are told by their id"),
        (Entity.CONTACT, "Moor", "that is the name of several contacts: 'k-1', 'k-2'; give the id of the one you mean"),
        (
            Entity.OPPORTUNITY,
            "Pumps",
            (
                "that is the name of several opportunities: '77c0be19-1111', '77c0be19-2222', '88888888-1111' and "
                "others; give the id of the one you mean"
            ),
        ),
        (
            Entity.OPPORTUNITY,
            "3f2a9c1e-aaaa",
            (
                "'3f2a9c1e-aaaa' is the id of a client; opportunity_search with `client_id` '3f2a9c1e-aaaa' finds its "
                "opportunities"
            ),
        ),
        (Entity.CLIENT, "t-1", "'t-1' is the id of a contract; that contract shows its `client_id`"),
        (Entity.COMPANY, "t-1", "'t-1' is the id of a contract; look the id up with company_search"),
        (Entity.QUOTE, "n-1", "'n-1' is the id of a note; look the id up with quote_search"),
        (Entity.NOTE, "n-9", "look the id up on the record that the note belongs to"),
        (Entity.CLIENT, "{{turn_2.client_id}}", "that stands in for an id; look the id up with client_search"),
        (Entity.CLIENT, "your_client_id_here", "that stands in for an id; look the id up with client_search"),
        (Entity.CLIENT, "$client", "that stands in for an id; look the id up with client_search"),
        (Entity.CLIENT, "N/A", "that stands in for an id; look the id up with client_search"),
        (Entity.CLIENT, "???", "that stands in for an id; look the id up with client_search"),
        (Entity.CLIENT, "...", "look the id up with client_search"),
        (Entity.CLIENT, "x" * 5_000, "look the id up with client_search"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_what_an_unknown_id_means_is_guessed(entity: Entity, given_id: str, hint: str) -> None:
    """Spelled otherwise, of another kind, cut short, a name, a placeholder; else where to look."""
    assert hint_for(entity, given_id) == hint


def test_an_attached_record_may_be_of_another_kind() -> None:
    """The kind was given wrongly at least as often as the id; a kind that this call does not take is not offered."""
    assert hint_for(Entity.OPPORTUNITY, "k-1", "entity_id", hosts=("Contact", "Opportunity")) == (
        "'k-1' is the id of a contact; give `entity_type` Contact for it, or the id of an opportunity"
    )
    for given_id, noun in (("k-1", "contact"), ("n-1", "note")):
        assert hint_for(Entity.OPPORTUNITY, given_id, "entity_id", hosts=("Quote", "Opportunity")) == (
            f"{given_id!r} is the id of a {noun}; look the id up with opportunity_search"
        )


def test_without_a_store_the_error_says_where_to_look() -> None:
    """The message is the same either way."""
    bare = unknown_record(Entity.CLIENT, "Acme", "client_id")
    assert bare.hint == "look the id up with client_search"
    assert bare.message == unknown_record(Entity.CLIENT, "Acme", "client_id", FrozenBase.build(ROWS).fork()).message
    assert (bare.code, bare.field, bare.value) == (ErrorCode.NOT_FOUND, "client_id", "Acme")


class Watched:
    """A store that counts what is asked of it."""

    def __init__(self, inner: MemoryStore) -> None:
        self.inner = inner
        self.gets = 0
        self.queries: list[Query] = []

    def get(self, entity: Entity, row_id: str) -> Row | None:
        self.gets += 1
        return self.inner.get(entity, row_id)

    def select(self, query: Query) -> Selection:
        self.queries.append(query)
        return self.inner.select(query)

    def write(self, entity: Entity, row_id: str, row: Row | None, *, cause: str) -> None:
        raise AssertionError(f"a diagnosis writes nothing, not {entity} {row_id}: {row} ({cause})")

    def savepoint(self) -> int:
        return self.inner.savepoint()

    def rollback(self, savepoint: int) -> None:
        self.inner.rollback(savepoint)

    def journal(self) -> Sequence[Change]:
        return self.inner.journal()


@given(st.text(max_size=120), st.sampled_from(Entity))
def test_a_guess_costs_a_few_lookups_and_ends_in_a_short_hint(given_id: str, entity: Entity) -> None:
    """However odd the id: a bounded number of lookups, each for a few rows, and one sentence."""
    watched = Watched(FrozenBase.build(ROWS).fork())
    hint = unknown_record(entity, given_id, "client_id", watched).hint
    assert hint
    assert len(hint) <= 400
    assert watched.gets <= 3 * len(Entity)
    assert len(watched.queries) <= 3
    assert all(query.limit is not None and query.limit <= 4 for query in watched.queries)


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("Mara Okafor", "did you mean 'm.okafor' (Mara Okafor)? look handles up with staff_search"),
        ("okafor, mara", "did you mean 'm.okafor' (Mara Okafor)? look handles up with staff_search"),
        ("Mara", "did you mean 'm.okafor' (Mara Okafor)? look handles up with staff_search"),
        ("@M.Okafor", "did you mean 'm.okafor' (Mara Okafor)? look handles up with staff_search"),
        ("m.okafor@ours.example", "did you mean 'm.okafor' (Mara Okafor)? look handles up with staff_search"),
        ("current_user", "did you mean 'm.okafor' (Mara Okafor)? look handles up with staff_search"),
        ("m.okafo", "did you mean 'm.okafor' (Mara Okafor)? look handles up with staff_search"),
        (
            "Lind",
            "several colleagues are called so: did you mean 'j.lind' or 'e.lind'? look handles up with staff_search",
        ),
        ("zzz", "look handles up with staff_search"),
        ("x" * 500, "look handles up with staff_search"),
        ("  ", "look handles up with staff_search"),
    ],
    ids=lambda value: value[:24],
)
def test_what_an_unknown_handle_means_is_guessed(value: str, hint: str) -> None:
    """A full name, part of one, an address, oneself, a slip of the pen."""
    error = unknown_colleague("owner", value, STAFF, ACTOR)
    assert (error.code, error.field, error.hint) == (ErrorCode.NOT_FOUND, "owner", hint)


def test_somebody_from_elsewhere_is_not_oneself() -> None:
    """`me` means nobody where the actor is in no directory."""
    assert unknown_colleague("owner", "me", {}, ACTOR).hint == "look handles up with staff_search"


def test_every_search_that_a_hint_names_is_a_tool() -> None:
    """Nobody is sent to a tool that there is not."""
    assert set(SEARCHES.values()) <= set(TOOLS)


@pytest.mark.parametrize("given_id", ["Brightwater", " C2 ", "ID: c2", "hi@bright.example"], ids=repr)
def test_records_that_somebody_may_not_see_are_not_told(given_id: str) -> None:
    """The guess looks through the permissions of the call; the same words to somebody who sees it name the record."""
    hidden: Row = {"client_id": "c2", "name": "Brightwater", "email": "hi@bright.example", "owner": "j.lind"}
    call = ToolCall("client_details", {"client_id": given_id})
    told, nothing_there = (open_private(rows).call(call) for rows in ({Entity.CLIENT: (hidden,)}, {}))
    assert told.error is not None
    assert told == nothing_there


def open_private(rows: Mapping[Entity, tuple[Row, ...]]) -> World:
    """A world in which people see their own records only."""
    today = date(2026, 3, 2)
    return World(
        FrozenBase.build(rows).fork(),
        directory=StaffDirectory(today, tuple(STAFF.values())),
        actor=ACTOR,
        rules=(),
        rng=random.Random(1),
        clock=FrozenClock(start_of_business(today)),
        permissions=POLICIES["private"],
    )
