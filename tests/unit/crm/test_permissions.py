"""Permissions hold for every tool alike, and nothing tells of what may not be seen."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping
from datetime import date
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.core.canonical import canonical_json
from atlas.core.clock import FrozenClock, start_of_business
from atlas.core.errors import MisuseError, UnknownNameError
from atlas.crm.memory import FrozenBase
from atlas.crm.permissions import POLICIES, Grant, PermissionPolicy, Role, Scope
from atlas.crm.records import Actor, Entity, ErrorCode, Row, StaffDirectory, StaffMember, ToolCall, ToolError
from atlas.crm.schema import SCHEMA
from atlas.crm.tools.registry import TOOLS
from atlas.crm.validation_rules import OwnerOnly, ValidationRule
from atlas.crm.world import World
from atlas.settings.parsing import parse_json, parse_record

TODAY = date(2026, 3, 2)
STAFF = (
    StaffMember("m.okafor", "Mara Okafor", "Account Executive", "North"),
    StaffMember("j.lind", "Jon Lind", "Account Executive", "South"),
    StaffMember("s.tran", "Sam Tran", "Support Agent", ""),
    StaffMember("d.roth", "Dana Roth", "Sales Director", "", "manager"),
    StaffMember("l.bell", "Lee Bell", "Legal Counsel", "", "read-only"),
)
DIRECTORY = StaffDirectory(TODAY, STAFF)


def _client(number: int, owner: str | None, territory: str) -> Row:
    return {
        "client_id": f"c{number}",
        "name": f"Client {number}",
        "email": f"c{number}@example.com",
        "status": "Active",
        "address": f"{number} Main Street, Town, {territory}",
        "owner": owner,
    }


def _deal(number: int, client: int, owner: str | None, amount: int) -> Row:
    return {
        "opportunity_id": f"o{number}",
        "name": f"Deal {number}",
        "client_id": f"c{client}",
        "stage": "Proposal",
        "amount": amount,
        "owner": owner,
    }


ROWS: Mapping[Entity, tuple[Row, ...]] = {
    Entity.CLIENT: (
        _client(1, "m.okafor", "North"),
        _client(2, "j.lind", "South"),
        _client(3, "j.lind", "North"),
        _client(4, None, "South"),
    ),
    Entity.CONTACT: (
        {"contact_id": "k1", "first_name": "Ada", "last_name": "Moor", "client_id": "c1"},
        {"contact_id": "k2", "first_name": "Ben", "last_name": "Abel", "client_id": "c2"},
    ),
    Entity.OPPORTUNITY: (
        _deal(1, 1, "m.okafor", 100_00),
        _deal(2, 2, "j.lind", 200_00),
        _deal(3, 3, "j.lind", 400_00),
        _deal(4, 4, None, 800_00),
        _deal(5, 2, "m.okafor", 1600_00),
    ),
    Entity.QUOTE: (
        {"quote_id": "q1", "opportunity_id": "o1", "amount": 90_00, "status": "Draft"},
        {"quote_id": "q2", "opportunity_id": "o2", "amount": 190_00, "status": "Draft"},
    ),
    Entity.CONTRACT: (
        {"contract_id": "t1", "client_id": "c1", "opportunity_id": "o1", "status": "Active", "value": 77_00},
        {"contract_id": "t2", "client_id": "c2", "opportunity_id": "o5", "status": "Active", "value": 88_00},
    ),
    Entity.COMPANY: ({"company_id": "p1", "name": "Partner"},),
    Entity.DOCUMENT: (
        {"document_id": "d2", "entity_type": "Opportunity", "entity_id": "o2", "file_name": "offer.pdf"},
    ),
    Entity.NOTE: (
        {"note_id": "n1", "entity_type": "Opportunity", "entity_id": "o1", "content": "Mine."},
        {"note_id": "n2", "entity_type": "Quote", "entity_id": "q2", "content": "Theirs."},
        {"note_id": "n3", "entity_type": "Company", "entity_id": "p1", "content": "Nobody's."},
    ),
}
BASE = FrozenBase.build(ROWS)


def _world(
    actor: str, policy: PermissionPolicy | None, rules: tuple[ValidationRule, ...] = (), *, base: FrozenBase = BASE
) -> World:
    member = next(member for member in STAFF if member.handle == actor)
    return World(
        base.fork(),
        directory=DIRECTORY,
        actor=Actor(member.handle, member.role, member.access),
        rules=rules,
        rng=random.Random(7),
        clock=FrozenClock(start_of_business(TODAY)),
        permissions=policy,
    )


def _do(world: World, tool: str, **arguments: object) -> Mapping[str, object]:
    result = world.call(ToolCall(tool, arguments))
    assert result.error is None, result.error
    assert result.data is not None
    return result.data


def _fail(world: World, tool: str, **arguments: object) -> ToolError:
    before = list(world.journal())
    result = world.call(ToolCall(tool, arguments))
    assert result.error is not None, result.data
    assert list(world.journal()) == before
    return result.error


def _ids(found: Mapping[str, object], key: str = "results") -> list[object]:
    return [next(iter(row.values())) for row in cast("list[dict[str, object]]", found[key])]


def _reps(grant: Grant | None = None, **entities: Grant) -> PermissionPolicy:
    by_entity = {Entity(name): one for name, one in entities.items()}
    return PermissionPolicy((Role("rep", grant or Grant(), by_entity), Role("read-only"), Role("manager")))


OWN = _reps(Grant(read=Scope.OWN, create=Scope.OWN, change=Scope.OWN, delete=Scope.OWN))


# ---------------------------------------------------------------------------------------------------------------------
# Rows


@pytest.mark.parametrize(
    ("actor", "policy", "deals", "clients"),
    [
        ("m.okafor", "public", "o1 o2 o3 o4 o5", "c1 c2 c3 c4"),
        ("m.okafor", "territories", "o1 o3 o4 o5", "c1 c3 c4"),
        ("j.lind", "territories", "o2 o3 o4 o5", "c2 c3 c4"),
        ("s.tran", "territories", "o4", "c4"),
        ("m.okafor", "private", "o1 o4 o5", "c1 c4"),
        ("j.lind", "private", "o2 o3 o4", "c2 c3 c4"),
        ("d.roth", "private", "o1 o2 o3 o4 o5", "c1 c2 c3 c4"),
        ("l.bell", "private", "o1 o2 o3 o4 o5", "c1 c2 c3 c4"),
    ],
)
def test_searches_find_what_may_be_seen(actor: str, policy: str, deals: str, clients: str) -> None:
    """Own records and what nobody owns; by territory, those of clients there as well."""
    world = _world(actor, POLICIES[policy])
    assert _ids(_do(world, "opportunity_search")) == deals.split()
    assert _ids(_do(world, "client_search")) == clients.split()


def test_totals_pages_and_summaries_count_what_may_be_seen() -> None:
    """A number would tell of a hidden record as well as its name."""
    world = _world("m.okafor", OWN)
    page = _do(world, "opportunity_search", order_by="-amount", limit=2)
    assert (_ids(page), page["total"]) == (["o5", "o4"], 3)
    rest = _do(world, "opportunity_search", order_by="-amount", limit=2, cursor=page["next_cursor"])
    assert (_ids(rest), rest["total"], rest["next_cursor"]) == (["o1"], 3, None)
    summary = _do(world, "summarize_opportunities")
    assert (summary["count"], summary["total_amount"]) == (3, 2500)
    assert _do(world, "quote_prefixes")["without_prefix"] == 1


def test_records_belong_to_the_owner_of_what_they_are_part_of() -> None:
    """Contacts, quotes, contracts, documents, notes; what hangs on nothing that has an owner is everybody's."""
    mine, theirs = _world("m.okafor", OWN), _world("j.lind", OWN)
    found = {tool: (_ids(_do(mine, tool)), _ids(_do(theirs, tool))) for tool in _LISTS}
    assert found == {
        "contact_search": (["k1"], ["k2"]),
        "quote_search": (["q1"], ["q2"]),
        "contract_search": (["t1"], ["t2"]),
        "company_search": (["p1"], ["p1"]),
    }
    assert _fail(mine, "list_documents", entity_type="Opportunity", entity_id="o2").code is _DENIED
    assert _ids(_do(theirs, "list_documents", entity_type="Opportunity", entity_id="o2")) == ["d2"]


_LISTS = ("contact_search", "quote_search", "contract_search", "company_search")
_DENIED = ErrorCode.PERMISSION_DENIED


def test_what_surrounds_a_record_is_left_out_where_it_may_not_be_seen() -> None:
    """My opportunity with somebody else's client: the client, its contacts and contract stay hidden."""
    shown = _do(_world("m.okafor", OWN), "view_opportunity_details", opportunity_id="o5")
    assert shown["opportunity"]["name"] == "Deal 5"  # type: ignore[index]
    assert (shown["client"], shown["contacts"]) == (None, [])


@pytest.mark.parametrize(
    ("tool", "arguments", "noun", "field"),
    [
        ("view_opportunity_details", {"opportunity_id": "o2"}, "opportunity 'o2'", "opportunity_id"),
        ("modify_opportunity", {"opportunity_id": "o2", "amount": 5}, "opportunity 'o2'", "opportunity_id"),
        ("delete_opportunity", {"opportunity_id": "o2"}, "opportunity 'o2'", "opportunity_id"),
        ("quote_details", {"quote_id": "q2"}, "quote 'q2'", "quote_id"),
        (
            "create_quote",
            {"opportunity_id": "o2", "amount": 5, "status": "Draft"},
            "opportunity 'o2'",
            "opportunity_id",
        ),
        ("add_note", {"entity_type": "Client", "entity_id": "c2", "content": "x"}, "client 'c2'", "entity_id"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_who_asks_for_a_hidden_record_by_its_id_is_told_so(
    tool: str, arguments: dict[str, object], noun: str, field: str
) -> None:
    """Not that it does not exist; and whom to ask. Nothing else about the record is told."""
    world = _world("m.okafor", OWN)
    error = _fail(world, tool, **arguments)
    assert error.message == f"not permitted: m.okafor (rep access) may not see {noun}"
    assert (error.code, error.field, error.hint) == (_DENIED, field, "ask Dana Roth (d.roth)")
    (attempt,) = world.denied_attempts
    assert (attempt.cause, attempt.message, attempt.field) == (f"1:{tool}", error.message, field)
    assert f"{SCHEMA[attempt.entity].noun} {attempt.id!r}" == noun  # type: ignore[index]


def test_an_id_that_nobody_has_is_still_not_found() -> None:
    """Also where the hint looks around; and that is no attempt at anything."""
    world = _world("m.okafor", OWN)
    assert _fail(world, "view_opportunity_details", opportunity_id="o9").code is ErrorCode.NOT_FOUND
    assert _fail(world, "view_opportunity_details", opportunity_id="O2").code is ErrorCode.NOT_FOUND
    assert _fail(world, "view_opportunity_details", opportunity_id="Deal 2").code is ErrorCode.NOT_FOUND
    assert world.denied_attempts == ()


@pytest.mark.parametrize("given_id", ["O2", " o2 ", "Deal 2", "opportunity_id: o2", "c2"])
def test_hints_do_not_lead_to_hidden_records(given_id: str) -> None:
    """What is guessed for a wrong id comes from what may be seen."""
    error = _fail(_world("m.okafor", OWN), "view_opportunity_details", opportunity_id=given_id)
    assert "'o2'" not in f"{error.message} {error.hint}".replace(repr(given_id), "")


@given(st.sampled_from(sorted(name for name, tool in TOOLS.items() if not tool.writes)), st.data())
def test_no_answer_tells_of_hidden_records(tool: str, data: st.DataObject) -> None:
    """For every reading tool: the world without the hidden records gives the same answers."""
    hidden = {Entity.CLIENT: {"c2", "c3"}, Entity.OPPORTUNITY: {"o2", "o3"}, Entity.CONTACT: {"k2"}}
    hidden |= {Entity.QUOTE: {"q2"}, Entity.CONTRACT: {"t2"}, Entity.DOCUMENT: {"d2"}, Entity.NOTE: {"n2"}}
    left = {
        entity: [row for row in rows if next(iter(row.values())) not in hidden.get(entity, set())]
        for entity, rows in ROWS.items()
    }
    names = sorted(cast("Mapping[str, object]", TOOLS[tool].spec.parameters["properties"]))
    values = st.sampled_from(
        ["o1", "o4", "c1", "q1", "k1", "t1", "Client", "Opportunity", "Proposal", "Deal", "m.okafor"]
    )
    arguments = data.draw(st.dictionaries(st.sampled_from(names), values, max_size=3))
    call = ToolCall(tool, arguments)
    without = _world("m.okafor", None, base=FrozenBase.build(left)).call(call)
    assert _world("m.okafor", OWN).call(call) == without


# ---------------------------------------------------------------------------------------------------------------------
# Writes


@pytest.mark.parametrize(
    ("tool", "arguments", "what"),
    [
        ("modify_client", {"client_id": "c2", "phone": "1"}, "change client 'c2' of j.lind"),
        ("modify_quote", {"quote_id": "q2", "amount": 5}, "change quote 'q2' of j.lind"),
        ("delete_opportunity", {"opportunity_id": "o3"}, "delete opportunity 'o3' of j.lind"),
    ],
    ids=["client", "quote", "delete"],
)
def test_what_somebody_else_owns_may_be_seen_and_not_changed(
    tool: str, arguments: dict[str, object], what: str
) -> None:
    """The owner is the one to ask."""
    world = _world("m.okafor", POLICIES["public"])
    error = _fail(world, tool, **arguments)
    assert error.message == f"not permitted: m.okafor (rep access) may not {what}"
    assert error.hint == "ask Jon Lind (j.lind)"
    assert len(world.denied_attempts) == 1


def test_own_records_and_ownerless_ones_may_be_changed() -> None:
    """Under every policy that comes with Atlas."""
    for policy in POLICIES.values():
        world = _world("m.okafor", policy)
        _do(world, "modify_opportunity", opportunity_id="o1", amount=5)
        _do(world, "modify_opportunity", opportunity_id="o4", amount=5)
        _do(world, "cancel_quote", quote_id="q1")
        _do(world, "create_new_opportunity", name="X", client_id="c1", amount=5, stage="Proposal", owner="m.okafor")
        assert world.denied_attempts == ()


def test_a_record_is_created_only_as_what_may_be_created() -> None:
    """An opportunity of somebody else is not one's own, whoever enters it."""
    arguments = {"name": "X", "client_id": "c1", "amount": 5, "stage": "Proposal", "owner": "j.lind"}
    error = _fail(_world("m.okafor", OWN), "create_new_opportunity", **arguments)
    assert error.message == "not permitted: m.okafor (rep access) may not create an opportunity of j.lind"


def test_what_belongs_to_a_record_has_to_be_deletable_too() -> None:
    """Nothing is deleted by a detour, and nothing is left without what it is part of."""
    everything = Grant()
    keeps = _reps(everything, Note=Grant(delete=Scope.NONE))
    error = _fail(_world("m.okafor", keeps), "delete_opportunity", opportunity_id="o1")
    assert "may not delete note 'n1'" in error.message
    blind = _reps(everything, Note=Grant(read=Scope.NONE))
    error = _fail(_world("m.okafor", blind), "delete_opportunity", opportunity_id="o1")
    assert "may not delete opportunity 'o1', because of what else belongs to it" in error.message
    assert _do(_world("m.okafor", _reps(everything)), "delete_opportunity", opportunity_id="o1")["deleted"]


def test_barred_tools_cannot_be_used() -> None:
    """Whatever the arguments."""
    policy = PermissionPolicy((Role("rep", barred_tools=("clone_opportunity",), ask="j.lind"),))
    world = _world("m.okafor", policy)
    error = _fail(world, "clone_opportunity", nonsense=1)
    assert error.message == "not permitted: m.okafor (rep access) may not use clone_opportunity"
    assert error.hint == "ask Jon Lind (j.lind)"
    assert world.denied_attempts[0].entity is None


def test_a_hidden_record_still_keeps_its_email_to_itself() -> None:
    """The address stays unique; the answer does not say whose it is."""
    arguments = {"name": "Copy", "email": "C2@example.com", "status": "Active"}
    error = _fail(_world("m.okafor", OWN), "create_new_client", **arguments)
    assert (error.code, error.field) == (ErrorCode.DUPLICATE, "email")
    assert error.message == "this client does not fit a record that m.okafor may not see (duplicate)"
    seen = _fail(_world("d.roth", OWN), "create_new_client", **arguments)
    assert "Client 2" in seen.message


def test_a_hidden_contract_keeps_its_opportunity_with_its_client() -> None:
    """The data stays whole, also where somebody does not see all of it."""
    error = _fail(_world("m.okafor", OWN), "modify_opportunity", opportunity_id="o5", client_id="c1")
    assert (error.code, error.field) == (ErrorCode.MISMATCH, "client_id")
    assert "t2" not in error.message


def test_a_copy_of_an_old_row_that_breaks_rules_is_still_allowed() -> None:
    """What a tool leaves unjudged is not judged by the permissions either."""
    rows = {**ROWS, Entity.OPPORTUNITY: (dict(_deal(1, 1, "left.long.ago", 100)),)}
    world = _world("d.roth", OWN, base=FrozenBase.build(rows))
    assert _do(world, "clone_opportunity", opportunity_id="o1")["owner"] == "left.long.ago"


# ---------------------------------------------------------------------------------------------------------------------
# Fields


FIGURES = _reps(Contract=Grant(hidden=("value",)), Opportunity=Grant(hidden=("amount", "notes")))


def test_hidden_fields_are_empty_and_named() -> None:
    """An agent should not take hidden for empty."""
    world = _world("m.okafor", FIGURES)
    found = _do(world, "contract_search")
    assert [row["value"] for row in cast("list[dict[str, object]]", found["results"])] == [None, None]
    assert found["not_permitted"] == ["Contract.value"]
    assert "not_permitted" not in _do(world, "client_search")
    shown = _do(world, "view_opportunity_details", opportunity_id="o1")
    assert shown["opportunity"]["amount"] is None  # type: ignore[index]
    assert shown["not_permitted"] == ["Opportunity.amount", "Opportunity.notes"], "whether it is filled is not told"
    noted = _do(world, "add_note", entity_type="Opportunity", entity_id="o1", content="x")
    assert "not_permitted" not in noted


@pytest.mark.parametrize(
    ("tool", "arguments", "what"),
    [
        ("contract_search", {"value": {"gte": 80}}, "search contracts by `value`"),
        ("contract_search", {"order_by": "-value"}, "search contracts by `value`"),
        ("opportunity_search", {"notes": "x"}, "search opportunities by `notes`"),
        (
            "summarize_opportunities",
            {},
            "use summarize_opportunities, which is made from the `amount` of opportunities",
        ),
        ("modify_contract", {"contract_id": "t1", "value": 5}, "set the `value` of contract 't1'"),
        ("create_contract", {"client_id": "c1", "value": 5}, "set the `value` of a contract"),
        ("clone_opportunity", {"opportunity_id": "o1"}, "set the `amount` of an opportunity"),
    ],
    ids=["criterion", "order", "text", "summary", "modify", "create", "clone"],
)
def test_a_hidden_field_can_be_reached_in_no_way(tool: str, arguments: dict[str, object], what: str) -> None:
    """Not by searching, sorting, adding up, copying; and not by setting it."""
    error = _fail(_world("m.okafor", FIGURES), tool, **arguments)
    assert error.message == f"not permitted: m.okafor (rep access) may not {what}"


def test_rules_and_hints_do_without_a_hidden_field() -> None:
    """Who sets it is told that; an id that nobody has is simply not found; a search by it is refused."""
    world = _world("m.okafor", _reps(Client=Grant(hidden=("email", "phone"))))
    for email in ("new@example.com", "C2@example.com"):
        error = _fail(world, "create_new_client", name="A", email=email, status="Active")
        assert error.message == "not permitted: m.okafor (rep access) may not set the `email` of a client"
    world = _world("m.okafor", _reps(Client=Grant(hidden=("name",))))
    assert _fail(world, "client_details", client_id="Client 1").code is ErrorCode.NOT_FOUND
    assert _fail(world, "client_search", name="Client 1").code is _DENIED
    assert _ids(_do(world, "client_search", email="c2@example.com")) == ["c2"]


@pytest.mark.parametrize("value", [76, 77, 78])
def test_a_hidden_value_cannot_be_guessed(value: int) -> None:
    """A guess that hits is answered like one that misses."""
    world = _world("m.okafor", FIGURES)
    error = _fail(world, "modify_contract", contract_id="t1", value=value)
    assert error.message == "not permitted: m.okafor (rep access) may not set the `value` of contract 't1'"
    assert (error.value, world.writes) == (None, 0)


@pytest.mark.parametrize(
    ("entity", "hidden", "tool", "arguments", "code"),
    [
        ("Contract", "start_date", "modify_contract", {"contract_id": "t9", "end_date": "2026-01-01"}, "date_order"),
        ("Opportunity", "stage", "modify_opportunity", {"opportunity_id": "o9", "amount": 5}, "closed_record"),
    ],
    ids=["dates", "closed"],
)
def test_a_hidden_field_still_counts(
    entity: str, hidden: str, tool: str, arguments: dict[str, object], code: str
) -> None:
    """What keeps the data whole does not depend on who looks; the answer does not tell what is in the field."""
    contract: Row = {"contract_id": "t9", "client_id": "c1", "status": "Active", "start_date": "2026-06-01"}
    closed = {**_deal(9, 1, "m.okafor", 100_00), "stage": "Closed-Won"}
    rows = {**ROWS, Entity.CONTRACT: (contract,), Entity.OPPORTUNITY: (closed,)}
    world = _world("m.okafor", _reps(**{entity: Grant(hidden=(hidden,))}), base=FrozenBase.build(rows))
    error = _fail(world, tool, **arguments)
    assert error.message == f"this {entity.lower()} does not fit a field that m.okafor may not see ({code})"
    assert error.value is None


def test_a_comparison_is_made_from_every_field() -> None:
    """What is empty for somebody would look the same."""
    error = _fail(
        _world("m.okafor", _reps(Quote=Grant(hidden=("status",)))), "compare_quote_details", quote_ids=["q1", "q2"]
    )
    assert "which is made from the `status` of quotes" in error.message


def test_a_hidden_field_keeps_its_value_when_others_change() -> None:
    """The tool saw it empty and writes the row back."""
    world = _world("m.okafor", FIGURES)
    _do(world, "modify_contract", contract_id="t1", status="Expired")
    _do(world, "modify_opportunity", opportunity_id="o1", stage="Negotiation")
    values = {change.id: change.after for change in world.changes()}
    assert values["t1"]["value"] == 77_00  # type: ignore[index]
    assert values["o1"]["amount"] == 100_00  # type: ignore[index]


def test_locked_fields_are_shown_and_cannot_be_set() -> None:
    """Reps leave value and status of contracts to managers."""
    world = _world("m.okafor", POLICIES["public"])
    contract = cast("list[dict[str, object]]", _do(world, "contract_search")["results"])[0]
    assert contract["value"] == 77
    error = _fail(world, "modify_contract", contract_id="t1", updates={"status": "Expired"})
    assert error.message == "not permitted: m.okafor (rep access) may not set the `status` of contract 't1'"
    assert error.field == "status"
    assert _fail(world, "create_contract", client_id="c1", status="Active").code is _DENIED
    assert _do(world, "create_contract", client_id="c1")["status"] == "Pending"


def test_tools_may_sort_what_they_show_by_a_hidden_field() -> None:
    """A field that only the tool's own order uses does not bar the tool; the order is that of ids then."""
    hidden = _reps(Contact=Grant(hidden=("last_name",)), Opportunity=Grant(hidden=("name",)))
    shown = _do(_world("m.okafor", hidden), "client_details", client_id="c2")
    assert _ids(shown, "opportunities") == ["o2", "o5"]


# ---------------------------------------------------------------------------------------------------------------------
# Attempts, policies


def test_read_only_colleagues_are_logged_when_they_try_to_write() -> None:
    """With a policy and without one."""
    for policy in (None, POLICIES["public"]):
        world = _world("l.bell", policy)
        _do(world, "client_search")
        error = _fail(world, "add_note", entity_type="Client", entity_id="c1", content="x")
        assert error.message == "l.bell has read-only access and may not use add_note"
        (attempt,) = world.denied_attempts
        assert (attempt.cause, attempt.message) == ("2:add_note", error.message)


def test_a_company_rule_about_owners_is_logged_too() -> None:
    """Every answer with that code is an attempt, once."""
    for policy in (None, _reps()):
        world = _world("m.okafor", policy, (OwnerOnly(Entity.OPPORTUNITY),))
        error = _fail(world, "modify_opportunity", opportunity_id="o2", amount=5)
        assert error.code is _DENIED
        assert [attempt.message for attempt in world.denied_attempts] == [error.message]


def test_a_policy_that_allows_everything_changes_nothing() -> None:
    """Results, errors and journal are those of a world without one."""
    calls = [
        ToolCall("view_opportunity_details", {"opportunity_id": "o2"}),
        ToolCall("opportunity_search", {"amount": {"gte": 200}, "order_by": "-amount", "limit": 2}),
        ToolCall("summarize_opportunities", {}),
        ToolCall("modify_client", {"client_id": "c2", "email": "c1@example.com"}),
        ToolCall("clone_opportunity", {"opportunity_id": "o3"}),
        ToolCall("delete_opportunity", {"opportunity_id": "o5"}),
        ToolCall("modify_quote", {"quote_id": "q2", "amount": 7}),
    ]
    free, bound = _world("m.okafor", None), _world("m.okafor", _reps())
    assert [free.call(call) for call in calls] == [bound.call(call) for call in calls]
    assert free.journal() == bound.journal()


def test_a_policy_needs_a_role_for_the_actor() -> None:
    """Nobody is let in by oversight."""
    with pytest.raises(UnknownNameError, match="unknown access 'rep'"):
        _world("m.okafor", PermissionPolicy((Role("manager"),)))


@pytest.mark.parametrize(
    ("grant", "message"),
    [
        (Grant(hidden=("amuont",)), "unknown field of an opportunity 'amuont'; did you mean 'amount'"),
        (Grant(locked=("colour",)), "unknown field of an opportunity 'colour'"),
        (Grant(hidden=("client_id",)), "Opportunity.client_id cannot be hidden"),
        (Grant(hidden=("owner",)), "Opportunity.owner cannot be hidden: refusals name whom to ask"),
        (Grant(hidden=("opportunity_id",)), "Opportunity.opportunity_id cannot be hidden"),
    ],
    ids=["typo", "unknown", "reference", "owner", "id"],
)
def test_a_policy_that_does_not_fit_the_schema_is_rejected(grant: Grant, message: str) -> None:
    """When a world is opened with it."""
    with pytest.raises(MisuseError, match=message):
        _world("m.okafor", _reps(Opportunity=grant))


@pytest.mark.parametrize(
    ("role", "message"),
    [
        (Role("rep", barred_tools=("delete_oportunity",)), "unknown tool 'delete_oportunity'; did you mean"),
        (Role("rep", ask="nobody"), "unknown colleague 'nobody'"),
    ],
    ids=["tool", "colleague"],
)
def test_a_role_that_names_what_there_is_not_is_rejected(role: Role, message: str) -> None:
    """A slip of the pen must not open what was to be barred."""
    with pytest.raises(UnknownNameError, match=message):
        _world("m.okafor", PermissionPolicy((role,)))


@pytest.mark.parametrize("name", POLICIES)
def test_policies_have_a_json_form(name: str) -> None:
    """So that they can stand in a file; and each has a role for every access, with fields that exist."""
    policy = POLICIES[name]
    assert parse_record(PermissionPolicy, parse_json(canonical_json(policy), name), name) == policy
    for member in STAFF:
        _world(member.handle, policy)


def test_policies_are_data() -> None:
    """A company's own one is made from parts of another."""
    strict = dataclasses.replace(POLICIES["public"].role("rep"), barred_tools=("delete_opportunity",))
    assert strict.grant(Entity.CONTRACT).locked == ("value", "status")
