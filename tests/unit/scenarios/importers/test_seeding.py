"""From seeds to rows, a day, and colleagues."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.crm.memory import FrozenBase
from atlas.crm.records import Entity, ToolCall
from atlas.scenarios.importers.clbench import Conversation, parse_conversation, parse_dataset
from atlas.scenarios.importers.seeding import (
    ACTOR,
    ImportedCompany,
    import_company,
    open_imported,
    owners_named,
    recorded_day,
)
from conversation_files import CLIENT, DEAL, QUOTES, Json, available_files, conversation, turn

TODAY = date(2025, 11, 12)
FILES = available_files()


def _parsed(seeds: Json | None = None, *turns: Json, **more: Any) -> Conversation:  # noqa: ANN401 - any JSON
    return parse_conversation(conversation("x", turns or (turn(1, "Hi", None),), seeds, **more), "x:1")


def _rows(company: ImportedCompany) -> dict[tuple[Entity, str], dict[str, object]]:
    ids = {Entity.CLIENT: "client_id", Entity.OPPORTUNITY: "opportunity_id", Entity.QUOTE: "quote_id"}
    return {(entity, str(row[ids[entity]])): dict(row) for entity, row in company.rows if entity in ids}


def test_rows_are_taken_as_they_are() -> None:
    """Stored values, ids from the keys, nothing invented for missing fields."""
    company = import_company(_parsed(), TODAY)
    rows = _rows(company)
    assert rows[Entity.OPPORTUNITY, DEAL] == {
        "opportunity_id": DEAL,
        "name": "Loom Refit",
        "client_id": CLIENT,
        "stage": "Proposal",
        "amount": 4_800_050,
        "probability": 50,
    }
    assert company.problems == ()


def test_rows_come_in_the_order_in_which_they_refer_to_each_other() -> None:
    """Clients, contacts, opportunities, quotes, contracts, then other kinds, however the file has them."""
    seeds = {
        "Note": {"n1": {"entity_type": "Client", "entity_id": CLIENT, "content": "Hello"}},
        "Contract": {"k1": {"client_id": CLIENT}},
        **dict(reversed(list(_standard().items()))),
    }
    kinds = list(dict.fromkeys(entity for entity, _ in import_company(_parsed(seeds), TODAY).rows))
    expected = [Entity.CLIENT, Entity.CONTACT, Entity.OPPORTUNITY, Entity.QUOTE, Entity.CONTRACT, Entity.NOTE]
    assert kinds == expected


def _standard() -> Json:
    found = conversation("x", [])["initial_entities"]["seed_data"]
    return {name: rows for name, rows in found.items() if rows}


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        pytest.param("amount", "100", "it is no number", id="amount is a text"),
        pytest.param("amount", True, "it is no number", id="amount is a truth value"),
        pytest.param("amount", 10.005, "it has a fraction of a cent", id="fraction of a cent"),
        pytest.param("amount", 10**30, "it is too large", id="amount beyond any column"),
        pytest.param("probability", 12.5, "it is no whole number", id="fraction of a percent"),
        pytest.param("probability", 2**40, "it is too large", id="probability beyond any column"),
        pytest.param("name", 5, "it is no text", id="name is a number"),
        pytest.param("name", "a\0b", "it holds a NUL character", id="NUL"),
        pytest.param("name", ["a"], "it is no text", id="name is a list"),
        pytest.param("colour", "red", "an opportunity has no such field", id="unknown field"),
        pytest.param("opportunity_id", "other", "the row stands under the id 'd', which it keeps", id="another id"),
        pytest.param("client_id", "gone", "there is no such client", id="dangling reference"),
    ],
)
def test_what_no_row_can_hold_is_listed_and_left_out(field: str, value: object, problem: str) -> None:
    """With kind, id and field; the rest of the row is there."""
    company = import_company(_parsed({"Opportunity": {"d": {"stage": "Proposal", field: value}}}), TODAY)
    ((_, row),) = company.rows
    assert (row["opportunity_id"], row["stage"]) == ("d", "Proposal")
    assert [(found.entity, found.row_id, found.field, found.problem) for found in company.problems] == [
        ("Opportunity", "d", field, problem)
    ]
    assert row.get(field) in (None, "d", "gone")  # only a dangling reference stays, and the row keeps its own id


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        pytest.param(["A. Bell", "B. Cho"], ("A. Bell", "B. Cho"), id="texts"),
        pytest.param([], (), id="none"),
        pytest.param("A. Bell", None, id="a text"),
        pytest.param(["A. Bell", 5], None, id="a number among them"),
        pytest.param(["A\0"], None, id="a text that no database keeps"),
    ],
)
def test_lists_of_names_are_stored_whole_or_listed(value: object, stored: object) -> None:
    """Contacts of a reference company."""
    company = import_company(_parsed({"Company": {"p": {"name": "Partner", "contacts": value}}}), TODAY)
    assert company.rows[0][1].get("contacts") == stored
    assert [found.field for found in company.problems] == ([] if stored is not None else ["contacts"])


def test_half_of_a_surrogate_pair_is_listed() -> None:
    """No line of UTF-8 holds one, but an escape does."""
    seeds = {"Client": {"c": {"name": "a\ud800"}}}
    read = Conversation("x", _parsed().turns, initial_entities={"seed_data": seeds})
    assert [found.problem for found in import_company(read, TODAY).problems] == ["it holds half of a surrogate pair"]


@pytest.mark.parametrize(
    ("initial", "problem"),
    [
        pytest.param({"seed_data": []}, "seed_data is no object of kinds of records", id="list of kinds"),
        pytest.param({"seed_data": {"Client": []}}, "clients are no object of ids and fields", id="list of rows"),
        pytest.param({"seed_data": {"Client": {"c": 5}}}, "the row is no object of fields", id="row is a number"),
        pytest.param({"seed_data": {"Client": {"": {}}}}, "no record can have this id", id="empty id"),
        pytest.param({"seed_data": {"Invoice": {"i": {}}}}, "there is no such kind of record", id="unknown kind"),
        pytest.param({"files": [1]}, "initial_entities has no such part; only seed_data is loaded", id="unknown part"),
    ],
)
def test_seeds_of_another_shape_are_listed(initial: Json, problem: str) -> None:
    """Nothing crashes, nothing is dropped in silence."""
    company = import_company(_parsed(initial_entities=initial), TODAY)
    assert [found.problem for found in company.problems] == [problem]
    assert company.rows == ()


ANY = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text())
ANY_ROWS = st.dictionaries(
    st.text(max_size=3),
    st.dictionaries(st.sampled_from(["name", "amount", "contacts", "probability", "owner", "x"]), ANY) | ANY,
    max_size=3,
)


@given(st.dictionaries(st.sampled_from([*Entity, "Invoice"]), ANY_ROWS | ANY, max_size=3))
def test_whatever_the_seeds_are_the_rows_can_be_loaded(seeds: Json) -> None:
    """And every field of every row is either there or listed."""
    read = Conversation("x", _parsed().turns, initial_entities={"seed_data": seeds})
    company = import_company(read, TODAY)
    FrozenBase.build({entity: [row for kind, row in company.rows if kind is entity] for entity in Entity})
    listed = {(found.entity, found.row_id, found.field) for found in company.problems}
    for entity, rows in seeds.items():
        if not isinstance(rows, dict):
            continue
        loaded = {str(next(iter(row.values()))): row for kind, row in company.rows if kind == entity}
        for row_id, fields in rows.items():
            if isinstance(fields, dict) and row_id in loaded:
                lost = [name for name, value in fields.items() if value is not None and name not in loaded[row_id]]
                assert all((entity, row_id, name) in listed for name in lost)


def test_whom_the_data_name_as_owner_is_a_colleague() -> None:
    """Owners of seeds and of golden calls, wrapped or not; never a reference."""
    turns = (
        turn(1, "a", "create_new_client", {"owner": "Ann"}),
        turn(2, "b", "modify_client", {"updates": {"owner": "Bo"}}),
        turn(3, "c", "client_search", {"criteria": {"owner": {"equals": "Cy"}}}),
        turn(4, "d", "modify_client", {"owner": "{{turn_1.owner}}"}),
    )
    read = _parsed(None, *turns)
    assert owners_named(read) == ("Ann", "Bo", "Cy", "Kim")
    company = import_company(read, TODAY)
    assert [member.handle for member in company.directory.staff] == [ACTOR.handle, "Ann", "Bo", "Cy", "Kim"]
    world = open_imported(company, FrozenBase.build({}).fork(company.rows), random.Random(1))
    assert world.call(ToolCall("modify_client", {"client_id": CLIENT, "owner": "Bo"})).ok
    assert world.call(ToolCall("cancel_quote", {"quote_id": QUOTES[0]})).ok


def test_the_day_is_the_first_that_the_answers_tell() -> None:
    """Later days are in the future of it, which worlds accept; seeds and dates that are none do not count."""
    told = "Added it. Key details: created_at=2025-11-13T08:00:00+00:00, amount=5."
    late = _parsed({"Client": {"c": {"created_date": "2019-01-01T00:00:00Z"}}}, turn(1, "Hi", None, told=told))
    early = _parsed(
        None, turn(1, "Hi", None, told='{"uploaded_at": "2025-11-12T23:59:00Z", "created_date": "2025-13-99T"}')
    )
    silent = _parsed()
    assert recorded_day([late]) == date(2025, 11, 13)
    assert recorded_day([late, early, silent]) == date(2025, 11, 12)
    assert recorded_day([silent]) is None


@pytest.mark.parametrize("name", FILES)
def test_every_conversation_becomes_a_world(name: str) -> None:
    """On the day it is given."""
    for each in parse_dataset(FILES[name], "x").conversations:
        company = import_company(each, TODAY)
        world = open_imported(company, FrozenBase.build({}).fork(company.rows), random.Random(1))
        assert world.today == TODAY
        assert world.call(ToolCall("client_search", {})).ok
