"""The tools create, modify and show what they say."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest

from atlas.core.ids import draw_uuid
from atlas.crm.records import Entity, ErrorCode, Row, ToolError
from atlas.crm.world import World

MakeWorld = Callable[..., World]
Call = Callable[..., dict[str, object]]
Fail = Callable[..., ToolError]

NOW = "2026-03-02T09:00:00+00:00"
FIRST_ID = draw_uuid(random.Random(7))


@pytest.mark.parametrize(
    ("tool", "arguments", "shown"),
    [
        (
            "create_new_opportunity",
            {"name": "X", "client_id": "c1", "amount": 1250.5, "stage": "Proposal"},
            {
                "opportunity_id": FIRST_ID,
                "name": "X",
                "client_id": "c1",
                "stage": "Proposal",
                "amount": 1250.5,
                "close_date": None,
                "owner": None,
                "probability": None,
                "notes": None,
            },
        ),
        (
            "create_quote",
            {"opportunity_id": "o1", "amount": 9_000, "status": "Sent", "valid_until": "2026-03-02"},
            {
                "quote_id": FIRST_ID,
                "opportunity_id": "o1",
                "version": None,
                "amount": 9_000,
                "status": "Sent",
                "valid_until": "2026-03-02",
                "created_date": NOW,
                "quote_prefix": None,
            },
        ),
        (
            "create_new_client",
            {"name": "New", "email": "n@n.example", "status": "Active", "owner": "j.lind"},
            {
                "client_id": FIRST_ID,
                "name": "New",
                "industry": None,
                "email": "n@n.example",
                "phone": None,
                "address": None,
                "status": "Active",
                "created_date": NOW,
                "owner": "j.lind",
            },
        ),
        (
            "create_new_contact",
            {"first_name": "Eve", "last_name": "Dorn", "client_id": "c2", "title": "CTO"},
            {
                "contact_id": FIRST_ID,
                "first_name": "Eve",
                "last_name": "Dorn",
                "title": "CTO",
                "email": None,
                "phone": None,
                "client_id": "c2",
                "notes": None,
            },
        ),
        (
            "upload_document",
            {"entity_type": "Client", "entity_id": "c1", "file_name": "nda.pdf"},
            {
                "document_id": FIRST_ID,
                "entity_type": "Client",
                "entity_id": "c1",
                "file_name": "nda.pdf",
                "uploaded_by": "m.okafor",
                "uploaded_at": NOW,
                "file_url": None,
            },
        ),
        (
            "add_note",
            {"entity_type": "Contact", "entity_id": "k1", "content": "On leave."},
            {
                "note_id": FIRST_ID,
                "entity_type": "Contact",
                "entity_id": "k1",
                "content": "On leave.",
                "created_by": "m.okafor",
                "created_at": NOW,
            },
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_new_records_hold_what_was_given_and_what_the_world_puts_in(
    call: Call, tool: str, arguments: dict[str, object], shown: dict[str, object]
) -> None:
    """Ids, times and authors come from the world; everything else is empty unless given."""
    assert call(tool, **arguments) == shown


@pytest.mark.parametrize(
    ("tool", "arguments", "field"),
    [
        (
            "add_note",
            {"entity_type": "Client", "entity_id": "c1", "content": "x", "created_by": "j.lind"},
            "created_by",
        ),
        (
            "create_new_client",
            {"client_id": "c3", "name": "A", "email": "a@b.example", "status": "Active"},
            "client_id",
        ),
        ("modify_quote", {"quote_id": "q1", "created_date": NOW}, "created_date"),
    ],
    ids=["author", "id", "time"],
)
def test_what_the_world_puts_in_cannot_be_given(
    reject: Fail, tool: str, arguments: dict[str, object], field: str
) -> None:
    """Nobody writes notes in another's name."""
    error = reject(tool, **arguments)
    assert error.code is ErrorCode.UNKNOWN_ARGUMENT
    assert error.message == f"argument `{field}` of {tool} cannot be given: it is set by the CRM"


def test_modifying_takes_the_values_wrapped_or_on_their_own(call: Call) -> None:
    """Both ways, and both at once."""
    wrapped = call("modify_opportunity", opportunity_id="o1", updates={"amount": 5, "notes": "a"})
    flat = call("modify_opportunity", opportunity_id="o1", amount=6, close_date=None)
    both = call("modify_opportunity", opportunity_id="o1", updates={"stage": "Negotiation"}, probability=80)
    assert (wrapped["amount"], wrapped["notes"]) == (5, "a")
    assert (flat["amount"], flat["notes"], flat["close_date"]) == (6, "a", None)
    assert (both["stage"], both["probability"], both["amount"]) == ("Negotiation", 80, 6)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            {"amount": 5},
            "missing_argument",
            "missing argument `opportunity_id`; modify_opportunity needs: opportunity_id",
        ),
        ({"opportunity_id": "o9", "amount": 5}, "not_found", "there is no opportunity with `opportunity_id` 'o9'"),
        ({"opportunity_id": 7, "amount": 5}, "invalid_type", "`opportunity_id` must be a text, not a number: 7"),
        (
            {"opportunity_id": "o1"},
            "missing_argument",
            (
                "nothing to change: give at least one of name, client_id, stage, amount, close_date, owner, "
                "probability, notes"
            ),
        ),
        (
            {"opportunity_id": "o1", "updates": '{"amount": 5}'},
            "invalid_type",
            "`updates` must be an object, not a text: '{\"amount\": 5}'",
        ),
        (
            {"opportunity_id": "o1", "updates": {"amount": 5}, "amount": 6},
            "mismatch",
            "`amount` is given twice, in `updates` and on its own; give it once",
        ),
        (
            {"opportunity_id": "o1", "updates": {"opportunity_name": "X"}},
            "unknown_argument",
            "unknown argument `opportunity_name`; did you mean `name`?",
        ),
    ],
    ids=["no-id", "unknown-id", "odd-id", "nothing", "text", "twice", "unknown-field"],
)
def test_modifying_says_what_is_wrong(reject: Fail, arguments: dict[str, object], code: str, message: str) -> None:
    """Messages are part of the contract."""
    error = reject("modify_opportunity", **arguments)
    assert (error.code, error.message) == (ErrorCode(code), message)


def test_a_quote_stays_with_its_opportunity(reject: Fail) -> None:
    """Fields that never change are named as such."""
    error = reject("modify_quote", quote_id="q1", opportunity_id="o2")
    assert error.message == (
        "argument `opportunity_id` of modify_quote cannot be given: it stays as it was when the quote was created"
    )


def test_canceling_a_quote_changes_its_status_only(call: Call, world: World) -> None:
    """The quote stays, canceled."""
    assert call("cancel_quote", quote_id="q1")["status"] == "Canceled"
    (change,) = world.changes()
    assert change.before is not None
    assert change.after == {**change.before, "status": "Canceled"}


def test_the_details_of_an_opportunity_hold_everything_around_it(call: Call) -> None:
    """Client, the client's contacts by surname, quotes, documents and notes."""
    data = call("view_opportunity_details", opportunity_id="o1")
    assert list(data) == ["opportunity", "client", "contacts", "quotes", "documents", "notes"]
    assert ids(data, "contacts", "contact_id") == ["k2", "k1"]
    assert ids(data, "quotes", "quote_id") == ["q1", "q2"]
    assert ids(data, "documents", "document_id") == ["d1"]
    assert ids(data, "notes", "note_id") == ["n1"]
    opportunity, client = data["opportunity"], data["client"]
    assert isinstance(opportunity, dict)
    assert isinstance(client, dict)
    assert opportunity["amount"] == 10_000
    assert client["name"] == "Halden Foods"


def ids(data: dict[str, object], key: str, field: str) -> list[object]:
    rows = data[key]
    assert isinstance(rows, list)
    return [row[field] for row in rows]


def test_details_follow_what_happens_in_the_episode(call: Call) -> None:
    """A note just written is there, behind the older ones."""
    note = call("add_note", entity_type="Opportunity", entity_id="o1", content="New.")
    call("add_note", entity_type="Quote", entity_id="q1", content="Elsewhere.")
    data = call("view_opportunity_details", opportunity_id="o1")
    assert set(ids(data, "notes", "note_id")) == {"n1", note["note_id"]}


def test_documents_of_another_record_with_the_same_id_are_not_shown(make_world: MakeWorld, succeed_in: Call) -> None:
    """Ids are unique within a kind of record only."""
    rows: dict[Entity, tuple[Row, ...]] = {
        Entity.OPPORTUNITY: ({"opportunity_id": "1", "client_id": "gone"},),
        Entity.DOCUMENT: ({"document_id": "d", "entity_type": "Quote", "entity_id": "1", "file_name": "a.pdf"},),
    }
    data = succeed_in(make_world(rows=rows), "view_opportunity_details", opportunity_id="1")
    assert data["documents"] == []
    assert data["client"] is None


def test_a_clone_is_a_copy_with_a_new_id_and_name(call: Call, world: World) -> None:
    """An open opportunity keeps its stage; the original stays as it is."""
    copy = call("clone_opportunity", opportunity_id="o1")
    original = call("view_opportunity_details", opportunity_id="o1")["opportunity"]
    assert isinstance(original, dict)
    assert re.fullmatch(r"[0-9a-f-]{36}", str(copy["opportunity_id"]))
    assert copy == {**original, "opportunity_id": copy["opportunity_id"], "name": "Badge Upgrade (Clone)"}
    assert len(world.changes()) == 1


def test_cloning_reopens_a_closed_opportunity(call: Call) -> None:
    """The copy starts in the first stage, keeps a close date that has passed, and can be changed."""
    copy = call("clone_opportunity", opportunity_id="o2")
    assert (copy["stage"], copy["close_date"], copy["amount"]) == ("Prospecting", "2026-01-15", 2_500.5)
    changed = call("modify_opportunity", opportunity_id=copy["opportunity_id"], close_date="2026-04-01", amount=3_000)
    assert changed["amount"] == 3_000


def test_a_copy_whose_name_would_be_too_long_is_not_made(make_world: MakeWorld, fail_in: Fail) -> None:
    """The suffix counts."""
    rows: dict[Entity, tuple[Row, ...]] = {Entity.OPPORTUNITY: ({"opportunity_id": "o1", "name": "x" * 195},)}
    error = fail_in(make_world(rows=rows), "clone_opportunity", opportunity_id="o1")
    assert error.code is ErrorCode.TOO_LONG
    assert error.message == "the copy's `name` would have 203 characters; at most 200 are allowed"


def test_a_copy_is_made_even_of_a_record_that_could_not_be_created_today(
    make_world: MakeWorld, succeed_in: Call
) -> None:
    """An owner who left the company does not stop a reopening."""
    rows: dict[Entity, tuple[Row, ...]] = {
        Entity.OPPORTUNITY: ({"opportunity_id": "o1", "name": "X", "owner": "left", "stage": "Closed-Lost"},)
    }
    assert succeed_in(make_world(rows=rows), "clone_opportunity", opportunity_id="o1")["owner"] == "left"


@pytest.mark.parametrize(
    ("criteria", "summary"),
    [
        (
            {},
            {
                "count": 3,
                "total_amount": 17_500.5,
                "average_amount": 5_833.5,
                "by_stage": {
                    "Prospecting": {"count": 1, "total_amount": 5_000},
                    "Proposal": {"count": 1, "total_amount": 10_000},
                    "Closed-Won": {"count": 1, "total_amount": 2_500.5},
                },
            },
        ),
        (
            {"client_id": "c1", "criteria": {"stage": {"in": ["Proposal", "Negotiation"]}}},
            {
                "count": 1,
                "total_amount": 10_000,
                "average_amount": 10_000,
                "by_stage": {"Proposal": {"count": 1, "total_amount": 10_000}},
            },
        ),
        ({"name": "nothing"}, {"count": 0, "total_amount": 0, "average_amount": None, "by_stage": {}}),
    ],
    ids=["all", "some", "none"],
)
def test_summaries_count_and_add_up(call: Call, criteria: dict[str, object], summary: dict[str, object]) -> None:
    """Exact sums; the average to the cent; only stages that occur."""
    assert call("summarize_opportunities", **criteria) == summary


def test_averages_are_rounded_to_the_cent_halves_up(make_world: MakeWorld, succeed_in: Call) -> None:
    """0.01 and 0.02 average to 0.02, not to 0.015."""
    rows: dict[Entity, tuple[Row, ...]] = {
        Entity.OPPORTUNITY: (
            {"opportunity_id": "a", "amount": 1, "stage": "Proposal"},
            {"opportunity_id": "b", "amount": 2, "stage": "Proposal"},
        )
    }
    assert succeed_in(make_world(rows=rows), "summarize_opportunities")["average_amount"] == 0.02


def test_summaries_take_no_order(reject: Fail) -> None:
    """There is nothing to sort."""
    assert reject("summarize_opportunities", limit=5).code is ErrorCode.UNKNOWN_ARGUMENT


@pytest.mark.parametrize(
    ("criteria", "handles"),
    [
        ({}, ["m.okafor", "j.lind", "d.roth", "l.bell"]),
        ({"role": "account"}, ["m.okafor", "j.lind"]),
        ({"territory": "north"}, ["m.okafor"]),
        ({"name": {"equals": "dana roth"}}, ["d.roth"]),
        ({"handle": "J.LIND"}, ["j.lind"]),
        ({"access": {"in": ["manager", "read-only"]}}, ["d.roth", "l.bell"]),
        ({"order_by": "-name", "limit": 2}, ["m.okafor", "l.bell"]),
        ({"name": "nobody"}, []),
    ],
    ids=str,
)
def test_colleagues_are_found(call: Call, criteria: dict[str, object], handles: list[str]) -> None:
    """By part of name, role or territory, in the order of the directory."""
    data = call("staff_search", **criteria)
    assert ids(data, "results", "handle") == handles


def test_colleagues_are_shown_with_everything_that_is_known(call: Call) -> None:
    """What an owner field needs, and who may approve."""
    assert call("staff_search", name="Roth") == {
        "results": [
            {"handle": "d.roth", "name": "Dana Roth", "role": "Sales Director", "territory": "", "access": "manager"}
        ],
        "total": 1,
        "next_cursor": None,
    }
    first = call("staff_search", limit=1)
    assert first["total"] == 4
    assert "j.lind" in str(call("staff_search", limit=1, cursor=first["next_cursor"])["results"])


def test_an_opportunity_of_nobody_is_not_copied(make_world: Callable[..., World], fail_in: Fail) -> None:
    """An imported record may refer to a client that is gone; no new one is made for that client."""
    deal = {"opportunity_id": "o9", "name": "Left over", "client_id": "gone", "stage": "Proposal", "amount": 100}
    world = make_world(rows={Entity.OPPORTUNITY: (deal,)})
    error = fail_in(world, "clone_opportunity", opportunity_id="o9")
    assert (error.code, error.field, error.value) == (ErrorCode.NOT_FOUND, "client_id", "gone")
