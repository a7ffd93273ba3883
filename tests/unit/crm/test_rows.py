"""Rows refer to what exists, stay unique and consistent, and move only where they may."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from atlas.crm.memory import FrozenBase
from atlas.crm.proposal import Proposal, Surroundings
from atlas.crm.records import Actor, Entity, ErrorCode, FieldValue, Row, ToolError
from atlas.crm.rules.rows import check_row
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
    assert near.hint == "did you mean 'm.okafor'? look handles up with staff_search"
    far = reject("create_new_opportunity", **{**NEW_DEAL, "owner": "zzz"})
    assert far.hint == "look handles up with staff_search"
    closed = reject("modify_opportunity", opportunity_id="o2", amount=5)
    assert closed.hint == "to reopen it, make a copy with clone_opportunity and change that"
    note_on_contract = reject("add_note", entity_type="Contract", entity_id="t9", content="x")
    assert note_on_contract.hint is None


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


def contract(**fields: FieldValue) -> Proposal:
    rows: Mapping[Entity, tuple[Row, ...]] = {
        Entity.CLIENT: ({"client_id": "c1", "name": "A"}, {"client_id": "c2", "name": "B"}),
        Entity.OPPORTUNITY: ({"opportunity_id": "o1", "client_id": "c1"},),
    }
    around = Surroundings(FrozenBase.build(rows).fork(), {}, Actor("x", "y"))
    after = {**blank_row(Entity.CONTRACT), "contract_id": "t1", **fields}
    return Proposal(Entity.CONTRACT, None, after, fields, around)


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
    """A contract is checked like every other record, though no tool makes one yet."""
    error = check_row(contract(**fields))
    assert error is not None
    assert (error.code, error.message) == (ErrorCode(code), message)


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
