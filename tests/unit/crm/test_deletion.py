"""Deleting a record takes what cannot be without it, visibly, all or nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date

import pytest

from atlas.core.clock import FrozenClock, start_of_business
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Actor, Entity, ErrorCode, Row, StaffDirectory, ToolError
from atlas.crm.store import Query
from atlas.crm.validation_rules import NoDelete, OwnerOnly, RequiredFields, ValidationRule
from atlas.crm.workbench import Removal, Workbench
from atlas.crm.world import World

Call = Callable[..., dict[str, object]]
Fail = Callable[..., ToolError]
MakeWorld = Callable[..., World]


TODAY = date(2026, 3, 2)
FURNISHED: dict[Entity, tuple[Row, ...]] = {
    Entity.CLIENT: ({"client_id": "c1", "name": "Halden Foods"},),
    Entity.CONTACT: ({"contact_id": "k1", "client_id": "c1"},),
    Entity.OPPORTUNITY: ({"opportunity_id": "o1", "client_id": "c1", "owner": "m.okafor"},),
    Entity.QUOTE: ({"quote_id": "q1", "opportunity_id": "o1"},),
    Entity.CONTRACT: ({"contract_id": "t2", "client_id": "c1", "opportunity_id": "o1"},),
    Entity.NOTE: ({"note_id": "n2", "entity_type": "Quote", "entity_id": "q1"},),
}


def furnish(call: Call) -> tuple[str, str]:
    """Put a note on a quote of the deal o1 and a contract on the deal; return their ids."""
    note = call("add_note", entity_type="Quote", entity_id="q1", content="Call first.")
    contract = call("create_contract", client_id="c1", opportunity_id="o1", value=500)
    return str(note["note_id"]), str(contract["contract_id"])


def test_an_opportunity_goes_with_everything_on_it(world: World, call: Call, reject: Fail) -> None:
    """Quotes, and notes and documents on them and on it, go; a contract stays and lets go of it; the result says so."""
    note_id, contract_id = furnish(call)
    before = len(world.journal())
    data = call("delete_opportunity", opportunity_id="o1")
    assert data["also_deleted"] == {"quotes": ["q1", "q2"], "documents": ["d1"], "notes": [note_id, "n1"]}
    assert data["unlinked"] == {"contracts": [contract_id]}
    deleted = data["deleted"]
    assert isinstance(deleted, dict)
    assert deleted["name"] == "Badge Upgrade"

    steps = [(change.entity, change.id, change.after is None) for change in world.journal()[before:]]
    assert steps == [
        (Entity.NOTE, note_id, True),
        (Entity.QUOTE, "q1", True),
        (Entity.QUOTE, "q2", True),
        (Entity.CONTRACT, contract_id, False),
        (Entity.DOCUMENT, "d1", True),
        (Entity.NOTE, "n1", True),
        (Entity.OPPORTUNITY, "o1", True),
    ]
    assert {change.cause for change in world.journal()[before:]} == {"3:delete_opportunity"}
    assert call("contract_details", contract_id=contract_id)["opportunity"] is None
    assert reject("opportunity_details", opportunity_id="o1").code is ErrorCode.NOT_FOUND
    assert reject("list_notes", entity_type="Opportunity", entity_id="o1").code is ErrorCode.NOT_FOUND
    assert reject("delete_opportunity", opportunity_id="o1").code is ErrorCode.NOT_FOUND


def test_nothing_else_goes(call: Call) -> None:
    """Records of the same kind, of the same client, with an id that differs in case only, stay."""
    call("delete_opportunity", opportunity_id="o3")
    assert call("opportunity_search")["total"] == 2
    assert call("client_details", client_id="c2")["opportunities"] == []
    assert call("quote_search")["total"] == 2


def test_a_quote_goes_with_its_notes(call: Call) -> None:
    """Its opportunity stays."""
    note_id, _ = furnish(call)
    data = call("delete_quote", quote_id="q1")
    assert (data["also_deleted"], data["unlinked"]) == ({"notes": [note_id]}, {})
    assert [row["quote_id"] for row in call("quote_search")["results"]] == ["q2"]  # type: ignore[attr-defined]


def test_a_rule_that_keeps_a_part_keeps_all(make_world: MakeWorld, succeed_in: Call, fail_in: Fail) -> None:
    """Where quotes are never deleted, an opportunity with quotes is not either; one without is."""
    world = make_world(rules=(NoDelete(Entity.QUOTE),))
    error = fail_in(world, "delete_opportunity", opportunity_id="o1")
    assert error.code is ErrorCode.COMPANY_RULE
    assert succeed_in(world, "quote_search")["total"] == 2
    assert succeed_in(world, "list_documents", entity_type="Opportunity", entity_id="o1")["total"] == 1
    assert succeed_in(world, "delete_opportunity", opportunity_id="o2")["unlinked"] == {"contracts": ["t1"]}


def test_only_the_owner_deletes_where_that_is_the_rule(make_world: MakeWorld, fail_in: Fail, succeed_in: Call) -> None:
    """The rule about changing records holds for deleting them."""
    world = make_world(actor="j.lind", rules=(OwnerOnly(Entity.OPPORTUNITY),))
    assert fail_in(world, "delete_opportunity", opportunity_id="o1").code is ErrorCode.PERMISSION_DENIED
    assert succeed_in(world, "delete_opportunity", opportunity_id="o2")["deleted"]


@pytest.mark.parametrize(
    ("rule", "message", "hint"),
    [
        pytest.param(
            NoDelete(Entity.OPPORTUNITY),
            "company rule: opportunities are not deleted here",
            "set its `stage` to Closed-Lost instead",
            id="the-record-itself",
        ),
        pytest.param(
            NoDelete(Entity.QUOTE),
            "company rule: quotes are not deleted here",
            "quote 'q1' would go with the opportunity, so the opportunity has to stay as well",
            id="a-part",
        ),
        pytest.param(
            NoDelete(Entity.NOTE),
            "company rule: notes are not deleted here",
            "note 'n2' would go with the opportunity, so the opportunity has to stay as well",
            id="a-part-of-a-part",
        ),
        pytest.param(
            RequiredFields(Entity.CONTRACT, ("opportunity_id",)),
            "company rule: a contract needs `opportunity_id`",
            "contract 't2' would lose its `opportunity_id`, so the opportunity has to stay as well",
            id="what-refers-to-it",
        ),
    ],
)
def test_the_rule_and_the_record_that_it_keeps_are_named(
    make_world: MakeWorld, fail_in: Fail, rule: ValidationRule, message: str, hint: str
) -> None:
    """Whoever wanted to delete one record is told which other one stands in the way."""
    error = fail_in(make_world(rules=(rule,), rows=FURNISHED), "delete_opportunity", opportunity_id="o1")
    assert (error.message, error.hint) == (message, hint)


def test_parts_belong_to_the_owner_of_the_whole(make_world: MakeWorld, fail_in: Fail, succeed_in: Call) -> None:
    """A rule about the owners of quotes holds for those that go with their opportunity, and is asked of its owner."""
    rules = (OwnerOnly(Entity.QUOTE),)
    error = fail_in(make_world(actor="j.lind", rules=rules, rows=FURNISHED), "delete_opportunity", opportunity_id="o1")
    assert error.code is ErrorCode.PERMISSION_DENIED
    assert error.hint == "quote 'q1' would go with the opportunity, so the opportunity has to stay as well"
    for actor in ("m.okafor", "d.roth"):
        assert succeed_in(
            make_world(actor=actor, rules=rules, rows=FURNISHED), "delete_opportunity", opportunity_id="o1"
        )


def test_ids_that_differ_in_case_are_ids_of_others(make_world: MakeWorld, succeed_in: Call) -> None:
    """Searches take no notice of case; a delete does."""
    rows: dict[Entity, tuple[Row, ...]] = {
        Entity.OPPORTUNITY: ({"opportunity_id": "a"}, {"opportunity_id": "A"}),
        Entity.QUOTE: ({"quote_id": "q", "opportunity_id": "A"}, {"quote_id": "r", "opportunity_id": "a"}),
        Entity.CONTRACT: ({"contract_id": "t", "opportunity_id": "A"},),
        Entity.NOTE: ({"note_id": "n", "entity_type": "Opportunity", "entity_id": "A"},),
        Entity.DOCUMENT: ({"document_id": "d", "entity_type": "Quote", "entity_id": "a"},),
    }
    world = make_world(rows=rows)
    assert succeed_in(world, "delete_opportunity", opportunity_id="a")["also_deleted"] == {"quotes": ["r"]}
    assert {change.id for change in world.changes()} == {"r", "a"}


def test_what_was_made_and_deleted_in_one_episode_leaves_no_change(world: World, call: Call) -> None:
    """The journal keeps every step; the net of it is nothing."""
    made = call("create_new_opportunity", name="X", client_id="c1", amount=5, stage="Proposal")
    call("create_quote", opportunity_id=made["opportunity_id"], amount=5, status="Draft")
    call("add_note", entity_type="Opportunity", entity_id=made["opportunity_id"], content="x")
    call("delete_opportunity", opportunity_id=made["opportunity_id"])
    assert (len(world.journal()), world.changes(), world.writes) == (6, (), 4)


def test_a_client_would_go_with_all_that_is_its() -> None:
    """No tool deletes clients; the workbench could: what refers goes before what it refers to, each row once."""
    store = FrozenBase.build(FURNISHED).fork()
    bench = Workbench(
        store,
        directory=StaffDirectory(TODAY, ()),
        actor=Actor("d.roth", "Sales Director", "manager"),
        rules=(),
        rng=random.Random(1),
        clock=FrozenClock(start_of_business(TODAY)),
    )
    client = store.get(Entity.CLIENT, "c1")
    assert client is not None
    assert bench.delete(Entity.CLIENT, client) == Removal(
        deleted={
            Entity.CONTACT: ["k1"],
            Entity.QUOTE: ["q1"],
            Entity.NOTE: ["n2"],
            Entity.OPPORTUNITY: ["o1"],
            Entity.CONTRACT: ["t2"],
        },
        unlinked={},
    )
    order = [change.id for change in store.journal()]
    assert order == ["k1", "n2", "q1", "o1", "t2", "c1"]
    assert [store.select(Query(entity)).total for entity in Entity] == [0] * len(Entity)
