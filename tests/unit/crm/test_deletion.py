"""Deleting a record takes what cannot be without it, visibly, all or nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from atlas.crm.records import Entity, ErrorCode, ToolError
from atlas.crm.validation_rules import NoDelete, OwnerOnly

if TYPE_CHECKING:
    from atlas.crm.world import World

Call = Callable[..., dict[str, object]]
Fail = Callable[..., ToolError]
MakeWorld = Callable[..., "World"]


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
