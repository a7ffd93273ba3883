"""A conversation for people to read."""

from __future__ import annotations

from atlas.crm.records import ErrorCode, Outcome, ReasonCode, Response, ToolCall, ToolError, ToolResult
from atlas.environments.transcript import LONGEST_VALUE, transcript
from atlas.episodes.records import Step, Turn

SEARCH = ToolCall("client_search", {"name": "Halden"})


def test_everybody_has_a_line() -> None:
    """The user, each call with its result or error, the agent with outcome and reason."""
    turns = [
        Turn(
            "Delete Halden Foods.",
            (
                Step(SEARCH, ToolResult({"total": 1})),
                Step(ToolCall("x", {}), ToolResult(error=ToolError(ErrorCode.UNKNOWN_TOOL, "unknown tool `x`"))),
            ),
            Response("I may not.", Outcome.REFUSED, ReasonCode.PERMISSION_DENIED),
        ),
        Turn("Then leave it."),
    ]
    assert transcript(turns).splitlines() == [
        "user: Delete Halden Foods.",
        '  client_search {"name":"Halden"}',
        '    {"total":1}',
        "  x {}",
        "    unknown_tool: unknown tool `x`",
        "agent (refused, permission_denied): I may not.",
        "user: Then leave it.",
    ]


def test_long_results_are_cut() -> None:
    """And say so."""
    (_, _, line) = transcript([Turn("Find all.", (Step(SEARCH, ToolResult({"a": "b" * 5_000})),))]).splitlines()
    assert "truncated_characters" in line
    assert len(line) <= LONGEST_VALUE + 4
