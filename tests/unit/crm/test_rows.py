"""Rows refer to what exists, stay unique and consistent, and move only where they may."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import Literal

import pytest

from atlas.crm.memory import FrozenBase
from atlas.crm.proposal import Proposal, Surroundings
from atlas.crm.records import Actor, Entity, ErrorCode, FieldValue, Row, ToolError
from atlas.crm.rules.rows import check_row, rows_holding
from atlas.crm.schema import blank_row
from atlas.crm.world import World

Fail = Callable[..., ToolError]
Call = Callable[..., dict[str, object]]

NEW_DEAL: dict[str, object] = {"name": "X", "client_id": "c1", "amount": 1, "stage": "Prospecting"}
NEW_CLIENT: dict[str, object] = {"name": "New", "email": "new@new.example", "status": "Active"}


@pytest.mark.parametrize(
    ("tool", "arguments", "code", "message"),
    [
        (
            "create_new_opportunity",
            {**NEW_DEAL, "client_id": "c9"},
            "not_found",
            "there is no client with `client_id` 'c9'",
        ),
        (
            "create_new_opportunity",
            {**NEW_DEAL, "owner": "m.okafo"},
            "not_found",
            "`owner` 'm.okafo' is not the handle of a colleague in the staff directory",
        ),
        (
            "create_new_contact",
            {"first_name": "A", "last_name": "B", "client_id": "o1"},
            "not_found",
            "there is no client with `client_id` 'o1'",
        ),
        (
            "create_quote",
            {"opportunity_id": "c1", "amount": 5, "status": "Draft"},
            "not_found",
            "there is no opportunity with `opportunity_id` 'c1'",
        ),
        (
            "upload_document",
            {"entity_type": "Quote", "entity_id": "o1", "file_name": "a.pdf"},
            "not_found",
            "there is no quote with `entity_id` 'o1'",
        ),
        (
            "add_note",
            {"entity_type": "Contact", "entity_id": "k9", "content": "Hello"},
            "not_found",
            "there is no contact with `entity_id` 'k9'",
        ),
        (
            "create_new_client",
            {**NEW_CLIENT, "email": "OFFICE@halden.example"},
            "duplicate",
            "another client has the `email` 'Office@Halden.example': 'Halden Foods' (client_id 'c1')",
        ),
        (
            "modify_opportunity",
            {"opportunity_id": "o2", "stage": "Negotiation"},
            "closed_record",
            "the opportunity is Closed-Won: its `stage` cannot change any more",
        ),
        (
            "modify_opportunity",
            {"opportunity_id": "o2", "amount": 9},
            "closed_record",
            "the opportunity is Closed-Won: its `amount` cannot change any more",
        ),
        (
            "modify_opportunity",
            {"opportunity_id": "o2", "probability": 50},
            "closed_record",
            "the opportunity is Closed-Won: its `probability` cannot change any more",
        ),
        (
            "modify_opportunity",
            {"opportunity_id": "o2", "close_date": None},
            "closed_record",
            "the opportunity is Closed-Won: its `close_date` cannot change any more",
        ),
        (
            "modify_opportunity",
            {"opportunity_id": "o2", "client_id": "c2"},
            "mismatch",
            "the opportunity has a contract with client 'c1'; it cannot move to another client",
        ),
        (
            "modify_quote",
            {"quote_id": "q1", "status": "Approved"},
            "illegal_transition",
            "a quote cannot go from Draft to Approved; allowed next: Sent, Canceled",
        ),
        (
            "modify_client",
            {"client_id": "c2", "email": "office@HALDEN.example"},
            "duplicate",
            "another client has the `email` 'Office@Halden.example': 'Halden Foods' (client_id 'c1')",
        ),
        (
            "create_contract",
            {"client_id": "c2", "opportunity_id": "o1"},
            "mismatch",
            "opportunity 'o1' belongs to client 'c1', not to 'c2'; a contract and its opportunity are of one client",
        ),
        (
            "modify_contract",
            {"contract_id": "t1", "opportunity_id": "o3"},
            "mismatch",
            "opportunity 'o3' belongs to client 'c2', not to 'c1'; a contract and its opportunity are of one client",
        ),
        (
            "modify_contract",
            {"contract_id": "t1", "client_id": "c2"},
            "unknown_argument",
            "argument `client_id` of modify_contract cannot be given: it stays as it was when the contract was created",
        ),
        (
            "modify_contract",
            {"contract_id": "t1", "start_date": "2026-05-02", "end_date": "2026-05-01"},
            "date_order",
            "`end_date` 2026-05-01 lies before `start_date` 2026-05-02; a contract ends on or after the day it starts",
        ),
        (
            "delete_opportunity",
            {"opportunity_id": "c1"},
            "not_found",
            "there is no opportunity with `opportunity_id` 'c1'",
        ),
        (
            "cancel_quote",
            {"quote_id": "q2"},
            "illegal_transition",
            "a quote cannot go from Approved to Canceled; a quote that is Approved is final",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and "_" in value else "",
)
def test_broken_rules_are_rejected_with_these_words(
    reject: Fail, tool: str, arguments: dict[str, object], code: str, message: str
) -> None:
    """Messages are part of the contract."""
    error = reject(tool, **arguments)
    assert (error.code, error.message) == (ErrorCode(code), message)


def test_hints_say_where_to_look(reject: Fail) -> None:
    """An agent that guessed an id or a handle learns which tool finds it."""
    assert (
        reject("create_new_opportunity", **{**NEW_DEAL, "client_id": "c9"}).hint == "look the id up with client_search"
    )
    near = reject("create_new_opportunity", **{**NEW_DEAL, "owner": "m.okafo"})
    assert near.hint == "did you mean 'm.okafor' (Mara Okafor)? look handles up with staff_search"
    far = reject("create_new_opportunity", **{**NEW_DEAL, "owner": "zzz"})
    assert far.hint == "look handles up with staff_search"
    closed = reject("modify_opportunity", opportunity_id="o2", amount=5)
    assert closed.hint == "to reopen it, make a copy with clone_opportunity and change that"
    note_on_contract = reject("add_note", entity_type="Contract", entity_id="t9", content="x")
    assert note_on_contract.hint == "look the id up with contract_search"
    taken = reject("create_new_client", **{**NEW_CLIENT, "email": "office@halden.example"})
    assert taken.hint == "use that client, or give another `email`"
    moved = reject("modify_opportunity", opportunity_id="o2", client_id="c2")
    assert moved.hint == "make a new opportunity for the other client instead"
    skipped = reject("modify_quote", quote_id="q1", status="Approved")
    assert skipped.hint == "set `status` to Sent first"
    final = reject("cancel_quote", quote_id="q2")
    assert final.hint == "make a new quote with create_quote instead"


@pytest.mark.parametrize(
    ("change", "value"),
    [({"amount": 9.5}, 9.5), ({"stage": "Proposal"}, "Proposal"), ({"close_date": None}, None)],
    ids=["amount", "stage", "emptied"],
)
def test_what_a_closed_opportunity_was_to_get_is_in_the_error(
    reject: Fail, change: dict[str, object], value: object
) -> None:
    """The offending value is told as it was given, not as it is stored."""
    error = reject("modify_opportunity", opportunity_id="o2", **change)
    assert (error.field, error.value) == (next(iter(change)), value)


def test_closed_opportunities_keep_their_figures_and_change_the_rest(call: Call) -> None:
    """Only four fields are frozen, and giving them their own value is no change."""
    changed = call("modify_opportunity", opportunity_id="o2", notes="Signed.", name="Renewed", stage="Closed-Won")
    assert (changed["notes"], changed["name"]) == ("Signed.", "Renewed")


def test_opportunities_without_contracts_move_to_another_client(call: Call) -> None:
    """Only contracts hold an opportunity with its client."""
    assert call("modify_opportunity", opportunity_id="o1", client_id="c2")["client_id"] == "c2"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (("Sent", "Approved"), True),
        (("Sent", "Rejected"), True),
        (("Sent", "Canceled"), True),
        (("Canceled",), True),
        (("Rejected",), False),
        (("Sent", "Draft"), False),
        (("Canceled", "Draft"), False),
        (("Sent", "Rejected", "Canceled"), False),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else str(value),
)
def test_quotes_move_only_forward(
    make_world: Callable[..., World],
    succeed_in: Callable[..., object],
    fail_in: Callable[..., ToolError],
    path: tuple[str, ...],
    allowed: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Draft to Sent to Approved or Rejected; Canceled while open."""
    world = make_world()
    for status in path[:-1]:
        succeed_in(world, "modify_quote", quote_id="q1", status=status)
    if allowed:
        succeed_in(world, "modify_quote", quote_id="q1", status=path[-1])
    else:
        assert fail_in(world, "modify_quote", quote_id="q1", status=path[-1]).code is ErrorCode.ILLEGAL_TRANSITION


def contract(before: Mapping[str, FieldValue] | None = None, /, **fields: FieldValue) -> Proposal:
    """A contract with these fields: a new one, or one that was there with the fields ``before``."""
    rows: Mapping[Entity, tuple[Row, ...]] = {
        Entity.CLIENT: ({"client_id": "c1", "name": "A"}, {"client_id": "c2", "name": "B"}),
        Entity.OPPORTUNITY: ({"opportunity_id": "o1", "client_id": "c1"},),
    }
    around = Surroundings(FrozenBase.build(rows).fork(), {}, Actor("x", "y"))
    old = None if before is None else {**blank_row(Entity.CONTRACT), "contract_id": "t1", **before}
    after = {**(old or blank_row(Entity.CONTRACT)), "contract_id": "t1", **fields}
    return Proposal(Entity.CONTRACT, old, after, fields, around)


OTHER_CLIENT = "opportunity 'o1' belongs to client 'c1', not to 'c2'; a contract and its opportunity are of one client"


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        (
            {"client_id": "c2", "opportunity_id": "o1"},
            "mismatch",
            "opportunity 'o1' belongs to client 'c1', not to 'c2'; a contract and its opportunity are of one client",
        ),
        (
            {"client_id": "c1", "opportunity_id": "o9"},
            "not_found",
            "there is no opportunity with `opportunity_id` 'o9'",
        ),
        (
            {"client_id": "c1", "start_date": "2026-05-02", "end_date": "2026-05-01"},
            "date_order",
            "`end_date` 2026-05-01 lies before `start_date` 2026-05-02; a contract ends on or after the day it starts",
        ),
    ],
    ids=["other-client", "no-opportunity", "dates"],
)
def test_contracts_fit_their_client_and_their_dates(fields: dict[str, FieldValue], code: str, message: str) -> None:
    """A contract is checked like every other record."""
    error = check_row(contract(**fields))
    assert error is not None
    assert (error.code, error.message) == (ErrorCode(code), message)


START_BEHIND = (
    "`end_date` 2026-05-01 lies before `start_date` 2026-05-02; a contract ends on or after the day it starts"
)


@pytest.mark.parametrize(
    ("before", "fields", "code", "field", "message"),
    [
        ({"client_id": "c2"}, {"opportunity_id": "o1"}, "mismatch", "opportunity_id", OTHER_CLIENT),
        (
            {"client_id": "c1", "end_date": "2026-05-01"},
            {"start_date": "2026-05-02"},
            "date_order",
            "start_date",
            START_BEHIND,
        ),
        (
            {"client_id": "c1", "start_date": "2026-05-02"},
            {"end_date": "2026-05-01"},
            "date_order",
            "end_date",
            START_BEHIND,
        ),
    ],
    ids=["other-client", "start", "end"],
)
def test_contracts_go_on_fitting_when_they_change(
    *, before: dict[str, FieldValue], fields: dict[str, FieldValue], code: str, field: str, message: str
) -> None:
    """A change is measured against what stays, and the field that was given is to blame."""
    error = check_row(contract(before, **fields))
    assert error is not None
    assert (error.code, error.field, error.message) == (ErrorCode(code), field, message)


def test_contracts_that_were_wrong_before_can_be_worked_with() -> None:
    """Seeds are state: a contract that came in with another client's opportunity still gets its status."""
    dates: dict[str, FieldValue] = {"start_date": "2026-05-02", "end_date": "2026-05-01"}
    wrong: dict[str, FieldValue] = {"client_id": "c2", "opportunity_id": "o1", **dates}
    assert check_row(contract(wrong, status="Active")) is None
    mended = check_row(contract(wrong, end_date="2026-05-03"))
    assert mended is None


@pytest.mark.parametrize(
    "fields",
    [
        {"client_id": "c1"},
        {"client_id": "c1", "opportunity_id": "o1", "start_date": "2026-05-01", "end_date": "2026-05-01"},
        {"client_id": "c1", "start_date": "2026-05-01"},
    ],
    ids=["bare", "full", "open-ended"],
)
def test_contracts_in_order_pass(fields: dict[str, FieldValue]) -> None:
    """A contract may start and end on the same day, or have no end."""
    assert check_row(contract(**fields)) is None


def test_deleting_breaks_no_rule_about_rows() -> None:
    """Whether something may be deleted is for other rules to say."""
    made = contract(client_id="c1")
    assert check_row(Proposal(Entity.CONTRACT, made.after, None, (), made.around)) is None


def test_clients_change_their_address_to_a_free_one_only() -> None:
    """The unique address is checked on every change, and a record is no duplicate of itself."""
    rows = {
        Entity.CLIENT: (
            {"client_id": "c1", "name": "A", "email": "a@x.example"},
            {"client_id": "c2", "name": "B", "email": "b@x.example"},
        )
    }
    store = FrozenBase.build(rows).fork()
    before = store.get(Entity.CLIENT, "c1")
    assert before is not None

    def change(email: str) -> ToolError | None:
        around = Surroundings(store, {}, Actor("x", "y"))
        return check_row(Proposal(Entity.CLIENT, before, {**before, "email": email}, ["email"], around))

    assert change("A@X.example") is None
    taken = change("B@x.EXAMPLE")
    assert taken is not None
    assert taken.code is ErrorCode.DUPLICATE


def test_addresses_taken_within_the_episode_count_as_taken(call: Call, reject: Fail) -> None:
    """Uniqueness looks at what is written now, not at the company as it was."""
    call("create_new_client", **NEW_CLIENT)
    assert reject("create_new_client", **{**NEW_CLIENT, "name": "Other"}).code is ErrorCode.DUPLICATE


def test_addresses_are_compared_without_case_in_every_alphabet() -> None:
    """Two spellings that differ by case only are one address, also where small and capital letters differ in number."""
    rows = {Entity.CLIENT: ({"client_id": "c1", "name": "A", "email": "OFFICE@STRASSE.example"},)}
    around = Surroundings(FrozenBase.build(rows).fork(), {}, Actor("x", "y"))
    after = {**blank_row(Entity.CLIENT), "client_id": "c2", "email": "office@stra\u00dfe.example"}
    error = check_row(Proposal(Entity.CLIENT, None, after, ("email",), around))
    assert error is not None
    assert error.code is ErrorCode.DUPLICATE


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_rows_are_found_whichever_way_an_accent_is_written(form: Literal["NFC", "NFD"]) -> None:
    """Rows that were there before may hold the accent as a character of its own."""
    name = unicodedata.normalize(form, "Caf\u00e9 Z\u00fcrich")
    store = FrozenBase.build({Entity.CLIENT: ({"client_id": "c1", "name": name},)}).fork()
    found = rows_holding(store, Entity.CLIENT, "name", "CAF\u00c9 Z\u00dcRICH")
    assert [row["client_id"] for row in found] == ["c1"]


def test_quotes_that_came_in_with_another_status_can_be_moved() -> None:
    """A seed may hold a status that is none of ours; it is left by any step."""
    before = {**blank_row(Entity.QUOTE), "quote_id": "q1", "status": "On hold"}
    around = Surroundings(FrozenBase.build({}).fork(), {}, Actor("x", "y"))
    proposal = Proposal(Entity.QUOTE, before, {**before, "status": "Sent"}, ("status",), around)
    assert check_row(proposal) is None
