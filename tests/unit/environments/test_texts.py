"""Texts at the doors: always JSON, always ASCII, never too long, and what is left out is told."""

from __future__ import annotations

import json
import string
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from atlas.crm.records import ErrorCode, Response, ToolCall, ToolError, ToolResult
from atlas.environments.texts import (
    DEEPEST_ACTION,
    LONGEST_ACTION,
    SHORTEST_LIMIT,
    ascii_json,
    clipped,
    conversation_text,
    read_action,
    results_text,
)
from atlas.episodes.records import Step, Turn

LONG = st.one_of(st.text(max_size=3_000), st.integers(1, 20_000).map(lambda size: "\N{SNOWMAN}" * size))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), LONG),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=8), JSON, max_size=4)
RESULTS = st.one_of(OBJECTS.map(ToolResult), LONG.map(lambda text: ToolResult(error=ToolError(ErrorCode.BLANK, text))))
STEPS = st.builds(Step, st.builds(ToolCall, LONG, OBJECTS), RESULTS)
TURNS = st.builds(Turn, LONG, st.lists(STEPS, max_size=4).map(tuple), st.none() | st.builds(Response, message=LONG))
FILLED = Step(ToolCall("client_search", {"name": "x" * 50}), ToolResult({"results": ["y" * 200] * 20}))


def is_plain(text: str) -> bool:
    """Whether the text is of characters that the spaces of the environment allow."""
    return set(text) <= set(string.printable)


@given(turns=st.lists(TURNS, min_size=1, max_size=5), limit=st.integers(SHORTEST_LIMIT, 30_000))
def test_a_conversation_fits_and_is_json(turns: list[Turn], limit: int) -> None:
    """Whatever was said: within the limit, printable ASCII, a JSON array with the newest turn last."""
    text = conversation_text(turns, limit)
    shown: list[dict[str, Any]] = json.loads(text)
    assert len(text) <= limit
    assert is_plain(text)
    assert "steps" in shown[-1]
    whole = ascii_json(tuple(turns))
    assert (text == whole) == (len(whole) <= limit)


def test_the_oldest_is_left_out_first_and_told() -> None:
    """What was said comes before what was returned, what is new before what is old."""
    turns = [Turn(f"Message {number}", (FILLED,) * 5, Response("Done.")) for number in range(12)]
    shown: list[dict[str, Any]] = json.loads(conversation_text(turns, 40_000))
    assert [turn["user"] for turn in shown] == [f"Message {number}" for number in range(12)]
    assert "truncated_characters" in shown[0]["steps"][0]["result"]
    shown = json.loads(conversation_text(turns, 4_000))
    assert shown[0] == {"omitted_turns": 12 - len(shown) + 1}
    assert shown[-1]["user"] == "Message 11"
    shown = json.loads(conversation_text([Turn("Only one", (FILLED,) * 60)], 2_000))
    assert shown[0]["omitted_steps"] + len(shown[0]["steps"]) == 60
    assert shown[0]["user"] == "Only one"


def test_a_limit_that_nothing_fits_is_refused() -> None:
    """Rather than never coming to an end."""
    with pytest.raises(ValueError, match="needs room for 1000 characters, not 999"):
        conversation_text([Turn("Hello")], SHORTEST_LIMIT - 1)


@given(results=st.lists(RESULTS, min_size=1, max_size=5), limit=st.integers(1_000, 20_000))
def test_results_fit_and_are_json(results: list[ToolResult], limit: int) -> None:
    """One entry for each call, whatever came back."""
    text = results_text(results, limit)
    assert len(text) <= limit
    assert is_plain(text)
    assert len(json.loads(text)) == len(results)


@given(value=JSON, room=st.integers(80, 5_000))
@example(value="\N{SNOWMAN}" * 500, room=80)
@example(value='"' * 500, room=80)
def test_what_is_clipped_fits(value: object, room: int) -> None:
    """What fits is left as it is; what does not says how much is missing."""
    short = clipped(value, room)
    assert len(ascii_json(short)) <= room
    if len(ascii_json(value)) <= room:
        assert short == value
    else:
        assert "more characters]" in str(short) or "truncated_characters" in str(short)


def nested(depth: int) -> str:
    """An action whose arguments are nested so deep."""
    return '{"tool": "x", "arguments": {"a": ' + "[" * depth + "]" * depth + "}}"


MALFORMED = {
    "empty": ("", ErrorCode.INVALID_FORMAT, "not valid JSON at character 0"),
    "prose": ("I will search now.", ErrorCode.INVALID_FORMAT, "not valid JSON at character 0"),
    "cut": ('{"tool": "client_search", "argu', ErrorCode.INVALID_FORMAT, "not valid JSON at character"),
    "two": ('{"tool": "a"} {"tool": "b"}', ErrorCode.INVALID_FORMAT, "Extra data"),
    "list": ("[]", ErrorCode.INVALID_TYPE, "a JSON object is wanted"),
    "nothing": ("{}", ErrorCode.MISSING_ARGUMENT, "missing key `tool`"),
    "null-tool": ('{"tool": null}', ErrorCode.INVALID_TYPE, "`tool` has to be a text"),
    "text-arguments": (
        '{"tool": "x", "arguments": "{}"}',
        ErrorCode.INVALID_TYPE,
        "`arguments` must be an object, not a text",
    ),
    "other-key": ('{"tool": "x", "args": {}}', ErrorCode.UNKNOWN_ARGUMENT, "unknown key 'args'"),
    "nan": ('{"tool": "x", "arguments": {"a": NaN}}', ErrorCode.INVALID_FORMAT, "NaN is no JSON number"),
    "infinity": (
        '{"tool": "x", "arguments": {"a": -Infinity}}',
        ErrorCode.INVALID_FORMAT,
        "-Infinity is no JSON number",
    ),
    "overflow": ('{"tool": "x", "arguments": {"a": 1e999}}', ErrorCode.INVALID_FORMAT, "a number is too large"),
    "endless-digits": (
        '{"tool": "x", "arguments": {"a": ' + "9" * 5_000 + "}}",
        ErrorCode.INVALID_FORMAT,
        "a number has 5000 digits",
    ),
    "deep": (nested(DEEPEST_ACTION), ErrorCode.TOO_LONG, "nested deeper than 40 levels"),
    "bottomless": (nested(8_000), ErrorCode.TOO_LONG, "nested deeper than 40 levels"),
    "long": (" " * (LONGEST_ACTION + 1), ErrorCode.TOO_LONG, "16385 characters; at most 16384 are allowed"),
    "no-text": (7, ErrorCode.INVALID_TYPE, "an action is a text, not int"),
}


@pytest.mark.parametrize(("text", "code", "message"), list(MALFORMED.values()), ids=list(MALFORMED))
def test_what_is_no_action_is_told(text: object, code: ErrorCode, message: str) -> None:
    """What is wrong, and what an action looks like."""
    error = read_action(text)
    assert isinstance(error, ToolError)
    assert error.code is code
    assert message in error.message
    assert 'an action is {"tool": "<name>", "arguments": {...}}' in error.message


@given(st.one_of(st.text(), JSON.map(json.dumps), OBJECTS.map(lambda fields: json.dumps({"tool": "x", **fields}))))
def test_any_text_is_read_or_told(text: str) -> None:
    """Never an exception."""
    assert isinstance(read_action(text), (ToolCall, ToolError))


@given(tool=st.text(max_size=20), arguments=st.dictionaries(st.text(max_size=5), st.integers() | st.text(), max_size=3))
def test_an_action_is_read_as_it_was_written(tool: str, arguments: dict[str, object]) -> None:
    """Tool and arguments; arguments may be left out."""
    assert read_action(json.dumps({"tool": tool, "arguments": arguments})) == ToolCall(tool, arguments)
    assert read_action(json.dumps({"tool": tool})) == ToolCall(tool, {})
