"""Promises of outages: a tool fails for a while or for good, the rest works, and nothing is changed by a failure."""

from __future__ import annotations

from atlas.crm.outages import Outage, PartlyDownWorld
from atlas.crm.records import ErrorCode, ToolCall
from atlas.testing.worlds import open_world

LOOK = ToolCall("client_search", {})
CHANGE = ToolCall("modify_opportunity", {"opportunity_id": "o1", "amount": 4200})


def test_a_tool_that_fails_at_first_works_then() -> None:
    """As many calls fail as the outage says, with an error that says to try again."""
    world = PartlyDownWorld(open_world(), [Outage("client_search", ErrorCode.TIMEOUT, calls=2)])
    results = [world.call(LOOK) for _ in range(3)]
    assert [result.ok for result in results] == [False, False, True]
    error = results[0].error
    assert error is not None
    assert (error.code, error.retryable) == (ErrorCode.TIMEOUT, True)
    assert "client_search" in error.message


def test_a_tool_that_is_down_changes_nothing() -> None:
    """However often it is called; other tools are not touched by it."""
    world = PartlyDownWorld(open_world(), [Outage("modify_opportunity", ErrorCode.SERVER_ERROR)])
    assert not any(world.call(CHANGE).ok for _ in range(4))
    assert world.changes() == ()
    assert world.writes == 0
    assert world.call(LOOK).ok


def test_the_rest_of_the_world_shows_through() -> None:
    """Who works there, when, and with which tools is as it was."""
    inner = open_world()
    world = PartlyDownWorld(inner, [Outage("add_note", ErrorCode.RATE_LIMITED)])
    assert (world.actor, world.today, world.tools) == (inner.actor, inner.today, inner.tools)
    assert world.call(CHANGE).ok
    assert world.changes() == inner.changes()
