"""What the user says when a message names an earlier result."""

from __future__ import annotations

from datetime import date

import pytest

from atlas.core.records import JsonObject
from atlas.core.rng import derive_rng
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Response, ToolCall
from atlas.evaluation.datasets.user_side import ConversationCustomer, WatchedWorld
from atlas.scenarios.importers.clbench import parse_conversation
from atlas.scenarios.importers.seeding import import_company, open_imported
from conversation_files import CLIENT, DEAL, QUOTES, Json, conversation, turn

FIND = turn(1, "Find the quotes", "quote_search", {})
GOLDEN: dict[int, JsonObject] = {1: {"results": [{"quote_id": "golden", "opportunity_id": DEAL}]}}


def _open(
    *turns: Json, golden: dict[int, JsonObject] | None = None, new: frozenset[str] = frozenset()
) -> tuple[ConversationCustomer, WatchedWorld]:
    read = parse_conversation(conversation("x", turns), "x:1")
    company = import_company(read, date(2025, 11, 12))
    world = WatchedWorld(open_imported(company, FrozenBase.build({}).fork(company.rows), derive_rng(1)))
    return ConversationCustomer(read, world, golden or {}, new), world


def test_messages_come_one_after_the_other() -> None:
    """Whatever the agent answers; None after the last."""
    customer, _ = _open(turn(1, "One", None), turn(2, "Two", None))
    assert customer.open() == "One"
    assert customer.reply(Response("What?")) == "Two"
    assert customer.reply(None) is None


def test_a_reference_means_what_the_agents_own_call_returned() -> None:
    """Not what the golden call did."""
    customer, world = _open(FIND, turn(2, "Show {{turn_1.quote_id}}.", "quote_details"), golden=GOLDEN)
    customer.open()
    world.call(ToolCall("quote_search", {"version": "2"}))
    assert customer.reply(Response("Found.")) == f"Show {QUOTES[1]}."


def test_of_several_calls_the_last_of_the_golden_tool_counts_first() -> None:
    """Others serve where it has no such field."""
    second = turn(2, "{{turn_1.quote_id}} of {{turn_1.stage}}, {{turn_1.client_id}}", None)
    customer, world = _open(FIND, second)
    customer.open()
    world.call(ToolCall("quote_search", {"version": "1"}))
    world.call(ToolCall("quote_search", {"version": "2"}))
    world.call(ToolCall("quote_details", {"quote_id": QUOTES[0]}))
    world.call(ToolCall("opportunity_search", {}))
    assert customer.reply(Response("Found.")) == f"{QUOTES[1]} of Proposal, {CLIENT}"


@pytest.mark.parametrize(
    ("new", "said"),
    [
        pytest.param(frozenset[str](), "Show golden", id="a record that was there from the start"),
        pytest.param(frozenset({"golden"}), "Show {{turn_1.quote_id}}", id="one that only the golden run made"),
    ],
)
def test_without_a_call_of_the_agent_the_user_knows_what_was_there_before(new: frozenset[str], said: str) -> None:
    """And never an id of another world."""
    customer, _ = _open(FIND, turn(2, "Show {{turn_1.quote_id}}", None), golden=GOLDEN, new=new)
    customer.open()
    assert customer.reply(Response("Nothing done.")) == said


def test_a_failed_call_is_no_result() -> None:
    """Nor is a turn that is still to come."""
    customer, world = _open(FIND, turn(2, "Show {{turn_1.quote_id}} and {{turn_2.quote_id}}", None))
    customer.open()
    assert not world.call(ToolCall("quote_details", {"quote_id": "gone"})).ok
    assert customer.reply(Response("No.")) == "Show {{turn_1.quote_id}} and {{turn_2.quote_id}}"


def test_what_happened_is_kept_turn_by_turn() -> None:
    """Message, calls, answer, and the net changes so far; a turn left open has no answer."""
    customer, world = _open(FIND, turn(2, "Cancel {{turn_1.quote_id}}", None), turn(3, "Bye", None))
    customer.open()
    world.call(ToolCall("quote_search", {"version": "1"}))
    customer.reply(Response("Found."))
    world.call(ToolCall("cancel_quote", {"quote_id": QUOTES[0]}))
    customer.reply(Response("Canceled."))
    world.call(ToolCall("cancel_quote", {"quote_id": QUOTES[1]}))
    first, second = customer.turns()
    assert (first.said, len(first.calls), first.changes) == ("Find the quotes", 1, ())
    assert (second.said, len(second.changes)) == (f"Cancel {QUOTES[0]}", 1)
    left = customer.close()
    assert left is not None
    assert (left.said, len(left.calls), left.response, len(left.changes)) == ("Bye", 1, None, 2)


def test_a_finished_conversation_leaves_no_turn_open() -> None:
    """However it ended."""
    customer, _ = _open(turn(1, "One", None))
    customer.open()
    customer.reply(None)
    assert customer.close() is None
