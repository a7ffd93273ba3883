"""Which names a planner looks for, and what it says where it would only repeat itself."""

from __future__ import annotations

from datetime import date

import pytest

from atlas.agents.answering import at_a_loss
from atlas.agents.surroundings import names_for
from atlas.crm.records import ErrorCode, Outcome, ReasonCode, ToolCall, ToolError, ToolResult
from atlas.episodes.records import Step, Turn
from atlas.learning.perception import CLIENT, PERSON, Familiar, perceive
from atlas.learning.situation import Situation

TODAY = date(2026, 3, 2)
HOUSE = Familiar(endings={"cranes": CLIENT, "rollout": "opportunity"}, values={"ada moss": PERSON})


@pytest.mark.parametrize(
    ("noun", "message", "names"),
    [
        ("client", "so Ada Moss, Nordic Rail, Harbor Cranes", ["Harbor Cranes"]),
        ("company", "so Ada Moss, Nordic Rail, Harbor Cranes", ["Harbor Cranes"]),
        ("contact", "so Nordic Rail, Ada Moss, Harbor Cranes", ["Ada Moss"]),
        ("staff", "so Nordic Rail, Ada Moss, Harbor Cranes", ["Ada Moss"]),
        ("opportunity", "so Ada Moss, Fleet Rollout", ["Fleet Rollout"]),
        ("opportunity", "so Ada Moss, Nordic Rail, Zenith Mill", ["Nordic Rail", "Zenith Mill"]),
        ("opportunity", "so Ada Moss, Nordic Rail with Zenith Mill", ["Zenith Mill", "Nordic Rail"]),
        ("opportunity", "so Ada Moss, Harbor Cranes", ["Ada Moss", "Harbor Cranes"]),
        ("client", "so nobody", []),
    ],
)
def test_names_that_speak_for_the_kind_come_before_names_of_none(noun: str, message: str, names: list[str]) -> None:
    """Where all speak for other kinds, they are better than nothing; those behind a place word come first."""
    assert [span.text for span in names_for(noun, perceive(message, TODAY, HOUSE))] == names


FAILED = ToolResult(error=ToolError(ErrorCode.NOT_FOUND, "no"))


def _situation(*results: ToolResult) -> Situation:
    steps = tuple(Step(ToolCall("client_search", {"name": "Bolt"}), result) for result in results)
    return Situation((Turn("Find Bolt", steps),), actor="a", role="r", today=TODAY)


@pytest.mark.parametrize(
    ("tool", "noun"),
    [("client_search", "client"), ("view_deal", "opportunity"), ("find_it", "record"), (None, "record")],
)
def test_a_search_that_would_be_repeated_found_no_such_record(tool: str | None, noun: str) -> None:
    """The kind of record is that of the tool that would be called again."""
    for result in (FAILED, ToolResult(data={"results": []})):
        reply = at_a_loss(tool, _situation(result)).reply
        assert reply is not None
        assert (reply.outcome, reply.reason) == (Outcome.REFUSED, ReasonCode.NOT_FOUND)
        assert f"such a {noun}." in reply.message
        assert "Find Bolt" in reply.message


@pytest.mark.parametrize(
    "results",
    [(), (ToolResult(data={"results": [{"client_id": "x"}]}),), (FAILED, ToolResult(data={"total": 1}))],
    ids=["nothing-done", "found", "found-in-the-end"],
)
def test_where_something_was_found_more_is_asked_for(results: tuple[ToolResult, ...]) -> None:
    """It is the last call that counts."""
    reply = at_a_loss("client_search", _situation(*results)).reply
    assert reply is not None
    assert (reply.outcome, reply.reason) == (Outcome.ASKED, ReasonCode.MISSING_INFORMATION)
    assert "Find Bolt" in reply.message
