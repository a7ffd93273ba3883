"""A world answers every call, lets nothing half-done stand, and tells what changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from atlas.crm.records import Entity, ErrorCode, ToolCall, ToolError, ToolSpec
from atlas.crm.respond import RESPOND
from atlas.crm.tools.definition import Tool
from atlas.crm.tools.registry import TOOL_SPECS
from atlas.crm.validation_rules import AmountStep
from atlas.crm.workbench import Workbench
from atlas.crm.world import World

MakeWorld = Callable[..., World]
Call = Callable[..., dict[str, object]]
Fail = Callable[..., ToolError]

DEAL: dict[str, object] = {"name": "X", "client_id": "c1", "amount": 100, "stage": "Prospecting"}

PUBLISHED = {
    *("create_new_client", "modify_client", "client_search", "create_new_contact", "modify_contact", "contact_search"),
    *("create_new_opportunity", "modify_opportunity", "delete_opportunity", "clone_opportunity", "opportunity_search"),
    *("view_opportunity_details", "opportunity_details", "summarize_opportunities", "create_quote", "modify_quote"),
    *("cancel_quote", "delete_quote", "quote_details", "quote_search", "compare_quotes", "compare_quote_details"),
    *("quote_prefixes", "create_contract", "contract_search", "company_search", "upload_document", "add_note"),
}
"""The business tools that public data sets use."""
ADDED = {
    *("client_details", "contact_details", "contract_details", "modify_contract"),
    *("list_notes", "list_documents", "staff_search"),
}
"""What real work needs besides."""
KNOWN = [tool.name for tool in TOOL_SPECS[:-1]]


def test_the_tools_are_the_published_ones(world: World) -> None:
    """Names are public, because data sets use them."""
    names = [tool.name for tool in world.tools]
    assert len(PUBLISHED) == 28
    assert set(names) == {*PUBLISHED, *ADDED, "respond"}
    assert len(set(names)) == len(names)
    assert world.tools[-1] is RESPOND


def test_the_world_knows_its_day_and_who_acts(world: World) -> None:
    """What agents get to know besides the rows."""
    assert world.today.isoformat() == "2026-03-02"
    assert world.actor.handle == "m.okafor"


def test_changes_carry_the_number_and_the_tool_of_their_call(world: World, call: Call, reject: Fail) -> None:
    """Every call counts, those that failed too."""
    call("client_search")
    reject("add_note", entity_type="Client", entity_id="c9", content="x")
    call("add_note", entity_type="Client", entity_id="c1", content="x")
    deal = call("create_new_opportunity", **DEAL)
    call("modify_opportunity", opportunity_id=deal["opportunity_id"], amount=200)
    assert [change.cause for change in world.journal()] == [
        "3:add_note",
        "4:create_new_opportunity",
        "5:modify_opportunity",
    ]
    net = world.changes()
    assert [(change.entity, change.cause) for change in net] == [
        (Entity.NOTE, "3:add_note"),
        (Entity.OPPORTUNITY, "5:modify_opportunity"),
    ]
    assert net[1].before is None
    assert net[1].after is not None
    assert net[1].after["amount"] == 20_000


def test_only_calls_that_changed_something_count_as_writes(world: World, call: Call, reject: Fail) -> None:
    """Reading, failing, and setting what is there already are no writes."""
    call("opportunity_search")
    reject("create_new_opportunity", **{**DEAL, "amount": -1})
    call("modify_opportunity", opportunity_id="o1", amount=10_000, stage="Proposal")
    assert (world.writes, world.changes()) == (0, ())
    call("modify_opportunity", opportunity_id="o1", amount=10_001)
    call("modify_opportunity", opportunity_id="o1", amount=10_000)
    assert (world.writes, world.changes()) == (2, ())
    assert len(world.journal()) == 2


@pytest.mark.parametrize(
    "updates",
    [
        {"name": "Y", "amount": 5, "stage": "Proposal", "notes": "z", "probability": 0},
        {"name": "Y", "owner": "nobody"},
        {"name": "Y", "client_id": "c9"},
        {"name": "Y", "amount": 7},
    ],
    ids=["fifth-field", "owner", "reference", "company-rule"],
)
def test_a_failed_call_changes_nothing(
    make_world: MakeWorld, fail_in: Fail, succeed_in: Call, updates: dict[str, object]
) -> None:
    """Also when only the last of several fields is bad."""
    world = make_world(rules=(AmountStep(Entity.OPPORTUNITY, 500),))
    before = succeed_in(world, "view_opportunity_details", opportunity_id="o1")
    fail_in(world, "modify_opportunity", opportunity_id="o1", updates=updates)
    assert succeed_in(world, "view_opportunity_details", opportunity_id="o1") == before
    assert (world.writes, world.changes()) == (0, ())


def test_what_a_call_wrote_before_it_failed_is_taken_back(
    world: World, fail_in: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also for tools that write more than once."""

    def run(bench: Workbench, arguments: object) -> ToolError:
        del arguments
        note = {"entity_type": "Client", "entity_id": "c1", "content": "half done"}
        assert not isinstance(bench.create(Entity.NOTE, note), ToolError)
        return ToolError(ErrorCode.MISMATCH, "the second half cannot be done")

    spec = ToolSpec("halfway", "Fails in the middle.", {})
    monkeypatch.setattr("atlas.crm.world.TOOLS", {"halfway": Tool(spec, writes=True, run=run, returns="")})
    assert fail_in(world, "halfway").code is ErrorCode.MISMATCH
    assert (world.writes, world.changes()) == (0, ())


CONTACT_TOOLS = "contact_search, contact_details, create_new_contact, modify_contact"


@pytest.mark.parametrize(
    ("tool", "message"),
    [
        ("client_serch", "unknown tool `client_serch`; did you mean `client_search`?"),
        ("create_opportunity", "unknown tool `create_opportunity`; did you mean `create_new_opportunity`?"),
        ("update_client", "unknown tool `update_client`; did you mean `modify_client`?"),
        ("get_quote", "unknown tool `get_quote`; did you mean `quote_details`?"),
        ("search_opportunities", "unknown tool `search_opportunities`; did you mean `opportunity_search`?"),
        ("delete_contact", f"unknown tool `delete_contact`; for such records there are: {CONTACT_TOOLS}"),
        ("finish", "unknown tool `finish`; did you mean `respond`?"),
        ("respond", "`respond` ends a turn; it is not carried out in the CRM"),
        ("x" * 500, f"unknown tool {'x' * 60}...; known: {', '.join(KNOWN[:12])} and {len(KNOWN) - 12} others"),
        ("", f"unknown tool ``; known: {', '.join(KNOWN[:12])} and {len(KNOWN) - 12} others"),
    ],
    ids=["near", "create", "update", "get", "search", "nothing-like-it", "the-end", "respond", "long", "empty"],
)
def test_unknown_tools_are_an_error_value(reject: Fail, tool: str, message: str) -> None:
    """An agent may name any tool."""
    error = reject(tool)
    assert (error.code, error.message) == (ErrorCode.UNKNOWN_TOOL, message)


def test_colleagues_who_may_only_read_cannot_write(make_world: MakeWorld, fail_in: Fail, succeed_in: Call) -> None:
    """Access is checked before anything else about the call."""
    world = make_world(actor="l.bell")
    assert succeed_in(world, "client_search")["total"] == 2
    error = fail_in(world, "add_note", nonsense=True)
    assert error.code is ErrorCode.PERMISSION_DENIED
    assert error.message == "l.bell has read-only access and may not use add_note"


def test_equal_worlds_answer_equally(make_world: MakeWorld) -> None:
    """Ids and times are seeded: an episode can be repeated to the letter."""
    calls = [
        ToolCall("create_new_opportunity", DEAL),
        ToolCall("add_note", {"entity_type": "Client", "entity_id": "c1", "content": "x"}),
        ToolCall("opportunity_search", {}),
    ]
    one, other = make_world(), make_world()
    assert [one.call(call) for call in calls] == [other.call(call) for call in calls]
    assert one.changes() == other.changes()


def test_results_can_be_changed_without_changing_the_world(call: Call) -> None:
    """What an agent does to an answer is its own affair."""
    for tool, arguments in (
        ("opportunity_search", {"name": "Badge Upgrade"}),
        ("view_opportunity_details", {"opportunity_id": "o1"}),
    ):
        first = call(tool, **arguments)
        text = repr(first)
        _spoil(first)
        assert repr(call(tool, **arguments)) == text


def _spoil(value: object) -> None:
    if isinstance(value, dict):
        for inner in list(value.values()):
            _spoil(inner)
        value.clear()
    elif isinstance(value, list):
        for inner in value:
            _spoil(inner)
        value.clear()
