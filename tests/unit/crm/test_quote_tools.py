"""Tools that look at several quotes, and at one with what is around it."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest

from atlas.crm.records import Entity, ErrorCode, Row, ToolError
from atlas.crm.world import World

Call = Callable[..., dict[str, object]]
Fail = Callable[..., ToolError]


def test_quotes_are_compared_by_amount(call: Call) -> None:
    """Which is lowest and highest, and how far apart; the quotes stay in the order in which they were asked for."""
    data = call("compare_quotes", quote_ids=["q1", "q2"])
    assert [row["quote_id"] for row in data.pop("quotes")] == ["q1", "q2"]  # type: ignore[attr-defined]
    assert data == {
        "lowest": {"quote_id": "q2", "amount": 9500},
        "highest": {"quote_id": "q1", "amount": 9800},
        "difference": 300,
        "total_amount": 19300,
    }


def test_quotes_are_compared_field_by_field(call: Call) -> None:
    """What differs, with the value of each quote; what is the same, with the one value."""
    data = call("compare_quote_details", quote_ids=["q2", "q1"])
    assert data["quote_ids"] == ["q2", "q1"]
    assert data["differences"] == {"amount": [9500, 9800], "status": ["Approved", "Draft"]}
    same = data["same"]
    assert isinstance(same, dict)
    assert (same["opportunity_id"], same["valid_until"]) == ("o1", None)


@pytest.mark.parametrize("tool", ["compare_quotes", "compare_quote_details"])
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        pytest.param({}, "missing_argument", "missing argument `quote_ids`", id="missing"),
        pytest.param({"quote_ids": "q1"}, "invalid_type", "`quote_ids` must be a list of quote ids", id="text"),
        pytest.param({"quote_ids": ["q1"]}, "out_of_range", "`quote_ids` takes 2 to 20 ids, got 1", id="one"),
        pytest.param({"quote_ids": ["q1"] * 21}, "out_of_range", "`quote_ids` takes 2 to 20 ids, got 21", id="many"),
        pytest.param({"quote_ids": ["q1", "q1"]}, "mismatch", "`quote_ids` names 'q1' twice", id="twice"),
        pytest.param({"quote_ids": ["q1", 5]}, "invalid_type", "must be a text, not a number: 5", id="number"),
        pytest.param({"quote_ids": ["q1", "q9"]}, "not_found", "there is no quote with `quote_id` 'q9'", id="unknown"),
        pytest.param({"quote_ids": ["q1", "q2"], "sort": 1}, "unknown_argument", "argument `sort`", id="argument"),
    ],
)
def test_what_cannot_be_compared_is_said(
    reject: Fail, tool: str, arguments: dict[str, object], code: str, message: str
) -> None:
    """The error names the offending id, or how many there may be."""
    error = reject(tool, **arguments)
    assert error.code is ErrorCode(code)
    assert message in error.message


@pytest.mark.parametrize("tool", ["compare_quotes", "compare_quote_details"])
def test_the_argument_to_blame_is_the_list(reject: Fail, tool: str) -> None:
    """Whatever is wrong with one of the ids, ``field`` names the argument that there is."""
    for ids in (["q1", "q9"], ["q1", 5], ["q1", "q1"], ["q1", ""], "q1", []):
        assert reject(tool, quote_ids=ids).field == "quote_ids"


@pytest.mark.parametrize("tool", ["compare_quotes", "compare_quote_details"])
def test_deeply_nested_ids_are_no_ids(reject: Fail, tool: str) -> None:
    """Lists too deep to be compared with each other are refused like any other list."""
    deep = [functools.reduce(lambda inner, _: [inner], range(5_000), list[object]()) for _ in range(2)]
    assert reject(tool, quote_ids=deep).message == "`quote_id` must be a text, not a list"


def test_quotes_without_an_amount_are_compared_too(make_world: Callable[..., World], succeed_in: Call) -> None:
    """Imported quotes may lack it: they are no lowest one, and count for nothing."""
    rows: dict[Entity, tuple[Row, ...]] = {
        Entity.QUOTE: ({"quote_id": "a"}, {"quote_id": "b", "amount": 150}, {"quote_id": "c"})
    }
    world = make_world(rows=rows)
    data = succeed_in(world, "compare_quotes", quote_ids=["a", "b"])
    one = {"quote_id": "b", "amount": 1.5}
    assert (data["lowest"], data["highest"], data["difference"], data["total_amount"]) == (one, one, 0, 1.5)
    data = succeed_in(world, "compare_quotes", quote_ids=["a", "c"])
    none = {"quote_id": None, "amount": None}
    assert (data["lowest"], data["highest"], data["difference"], data["total_amount"]) == (none, none, None, 0)


def test_prefixes_are_counted(call: Call) -> None:
    """Sorted, with how often each is used, of all quotes or of some."""
    for prefix in ("QX", "QA", "QX"):
        call("create_quote", opportunity_id="o3", amount=5, status="Draft", quote_prefix=prefix)
    found = [{"quote_prefix": "QA", "count": 1}, {"quote_prefix": "QX", "count": 2}]
    assert call("quote_prefixes") == {"prefixes": found, "without_prefix": 2}
    assert call("quote_prefixes", opportunity_id="o1") == {"prefixes": [], "without_prefix": 2}


@pytest.mark.parametrize(
    ("tool", "arguments", "keys"),
    [
        ("quote_details", {"quote_id": "q1"}, ["quote", "opportunity", "documents", "notes"]),
        (
            "client_details",
            {"client_id": "c1"},
            ["client", "contacts", "opportunities", "contracts", "documents", "notes"],
        ),
        ("contact_details", {"contact_id": "k1"}, ["contact", "client", "notes"]),
        ("contract_details", {"contract_id": "t1"}, ["contract", "client", "opportunity", "documents", "notes"]),
    ],
)
def test_details_show_a_record_and_what_is_around_it(
    call: Call, tool: str, arguments: dict[str, object], keys: list[str]
) -> None:
    """One call instead of a search per kind of record; ids match."""
    data = call(tool, **arguments)
    assert list(data) == keys
    record = data[keys[0]]
    assert isinstance(record, dict)
    assert {name: record[name] for name in arguments} == arguments
    assert all(value is not None for value in data.values())


def test_short_details_are_the_record_alone(call: Call) -> None:
    """`opportunity_details` gives the fields, `view_opportunity_details` everything around them."""
    short = call("opportunity_details", opportunity_id="o1")
    assert short == call("view_opportunity_details", opportunity_id="o1")["opportunity"]


def test_a_contract_is_made_changed_and_found(call: Call, reject: Fail) -> None:
    """Pending unless said; dates in order, also when only one of them is changed; never of another client's deal."""
    made = call("create_contract", client_id="c1", opportunity_id="o1", start_date="2026-04-01")
    assert (made["status"], made["value"]) == ("Pending", None)
    changed = call("modify_contract", contract_id=made["contract_id"], updates={"end_date": "2027-03-31", "value": 9.5})
    assert (changed["end_date"], changed["value"]) == ("2027-03-31", 9.5)
    error = reject("modify_contract", contract_id=made["contract_id"], start_date="2028-01-01")
    assert error.code is ErrorCode.DATE_ORDER
    assert reject("modify_contract", contract_id=made["contract_id"], opportunity_id="o3").code is ErrorCode.MISMATCH
    assert reject("create_contract", client_id="c2", opportunity_id="o1").code is ErrorCode.MISMATCH
    assert reject("modify_contract", contract_id=made["contract_id"], client_id="c2").hint == "leave it out"
    assert call("contract_search", status="Pending")["total"] == 1


def test_notes_and_documents_of_a_record_are_listed(call: Call, reject: Fail) -> None:
    """The oldest first; a record of a kind that takes none is named."""
    call("add_note", entity_type="Opportunity", entity_id="o1", content="Second.")
    listed = call("list_notes", entity_type="Opportunity", entity_id="o1")
    assert [row["content"] for row in listed["results"]] == ["Second.", "Prefers e-mail."]  # type: ignore[attr-defined]
    assert call("list_documents", entity_type="Opportunity", entity_id="o1")["total"] == 1
    assert reject("list_documents", entity_type="Contact", entity_id="k1").code is ErrorCode.INVALID_ENUM
    assert reject("list_notes", entity_type="Client").message.startswith("missing argument `entity_id`")


def test_clients_and_contacts_are_changed(call: Call, reject: Fail) -> None:
    """Wrapped in `updates` or on their own; an address stays unique, whatever its case."""
    assert call("modify_client", client_id="c1", updates={"industry": "Food"})["industry"] == "Food"
    assert call("modify_client", client_id="c1", email="OFFICE@HALDEN.example")["email"] == "OFFICE@HALDEN.example"
    assert reject("modify_client", client_id="c2", email="office@HALDEN.example").code is ErrorCode.DUPLICATE
    assert call("modify_contact", contact_id="k1", title="Head of Buying", client_id="c2")["client_id"] == "c2"
    assert reject("modify_contact", contact_id="k1", last_name=None).code is ErrorCode.BLANK


def test_reference_companies_are_looked_up(call: Call) -> None:
    """They are read-only: nothing creates or changes one."""
    assert call("company_search", name="Tiber") == {"results": [], "total": 0, "next_cursor": None}
