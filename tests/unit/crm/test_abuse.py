"""Calls that are meant to hurt: each gets a clear answer in bounded time, changes nothing when it fails, can be logged.

The values come from ``atlas.testing.abuse``: statements in texts and names, ten million characters, a million items, a
hundred thousand levels, numbers of a hundred thousand digits, NaN, halves of surrogate pairs, look-alikes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atlas.core.canonical import canonical_json
from atlas.core.records import JsonObject
from atlas.crm.memory import MemoryStore
from atlas.crm.records import Entity, ErrorCode, ToolCall, ToolError, ToolResult
from atlas.crm.respond import RESPOND, parse_response
from atlas.crm.schema import SCHEMA
from atlas.crm.tools.registry import TOOL_SPECS, TOOLS
from atlas.crm.wording import is_array, is_object
from atlas.crm.world import World
from atlas.episodes.records import Episode, Step
from atlas.telemetry.jsonl import JsonlSink, encoded_line, read_jsonl_tolerant
from atlas.testing import ScriptedAgent, build_company, open_world, play
from atlas.testing.abuse import (
    LARGE_TEXT,
    LARGE_VALUES,
    LONG_LIST,
    ODD_TEXTS,
    SMALL_VALUES,
    SQL_FRAGMENTS,
    deep_list,
    deep_object,
    draw_abuse,
    look_alikes,
)
from atlas.testing.choosing import Chooser

LONGEST_MESSAGE = 1_000  # characters
LONGEST_ERROR = 20_000  # characters of an error as JSON, its list of allowed values included
SLOWEST_CALL_S = 1.5  # CPU time; what grows with the square of its input takes hours here
COMPANY = build_company()
IDS = {entity: tuple(str(row[SCHEMA[entity].id_field]) for row in COMPANY.base.rows(entity)) for entity in Entity}
TOOL_NAMES = sorted(TOOLS)


@st.composite
def abuses(draw: st.DrawFn) -> ToolCall:
    return draw_abuse(Chooser(lambda size: draw(st.integers(0, size - 1))), IDS)


class Arena:
    """A small company in which every call is watched."""

    def __init__(self) -> None:
        self.store: MemoryStore = COMPANY.base.fork()
        self.world: World = open_world(COMPANY, store=self.store)
        self._state = self._look()

    def call(self, tool: object, arguments: object) -> ToolResult:
        """Make a call and check everything that holds for every call."""
        call = ToolCall(cast("str", tool), cast("JsonObject", arguments))
        began = time.process_time()
        result = self.world.call(call)
        taken = time.process_time() - began
        assert taken < SLOWEST_CALL_S, f"{taken:.1f} s"
        assert isinstance(result, ToolResult)
        if result.error is None:
            canonical_json(result).encode()
            self._state = self._look()
        else:
            assert result.data is None
            check_error(result.error)
            assert self._look() == self._state, "a call that failed left a trace"
        return result

    def _look(self) -> tuple[str, str]:
        return canonical_json(list(self.store.journal())), self.store.content_hash()


def check_error(error: ToolError) -> None:
    """An error is one bounded, printable sentence and bounded JSON."""
    assert 0 < len(error.message) <= LONGEST_MESSAGE
    assert error.message.isprintable(), ascii(error.message)
    text = canonical_json(error)
    text.encode()
    assert len(text) <= LONGEST_ERROR


def properties_of(tool: str) -> JsonObject:
    properties = TOOLS[tool].spec.parameters["properties"]
    assert is_object(properties)
    return properties


# ---------------------------------------------------------------------------------------------------------------------
# Anything, anywhere


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(calls=st.lists(abuses(), min_size=1, max_size=8))
def test_every_abuse_is_answered_and_can_be_logged(calls: list[ToolCall]) -> None:
    """Whatever is sent: an answer, bounded and printable, no trace of what failed, and a line for the log."""
    arena = Arena()
    for call in calls:
        result = arena.call(call.tool, call.arguments)
        line = encoded_line(Step(call, result))
        line.encode()
        assert is_object(json.loads(line))


@pytest.mark.parametrize("tool", TOOL_NAMES)
def test_every_argument_takes_every_nasty_value(tool: str) -> None:
    """One nasty value at a time, on its own and inside a wrapper, for every argument of every tool."""
    arena = Arena()
    for name in properties_of(tool):
        for value in SMALL_VALUES:
            arena.call(tool, {name: value})
            arena.call(tool, {"criteria": {name: value}, "updates": {name: value}})
    for value in SMALL_VALUES:
        arena.call(tool, value)


@pytest.mark.parametrize("what", LARGE_VALUES)
def test_large_values_cost_no_more_than_a_look(what: str) -> None:
    """Every argument of every tool, the wrappers, and the arguments as a whole: bounded time, bounded words."""
    arena, value = Arena(), LARGE_VALUES[what]()
    for tool in TOOL_NAMES:
        for name in properties_of(tool):
            assert arena.call(tool, {name: value}).error is not None
        for arguments in (value, {"updates": {"name": value}}, {"criteria": {"name": value}}):
            arena.call(tool, arguments)
    arena.call(value, {})


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(lambda: "x" * LARGE_TEXT, id="large"),
        pytest.param(lambda: "\x01" * LARGE_TEXT, id="large-unprintable"),
        pytest.param(lambda: "client_id" * 1_000, id="long-and-like-one"),
        pytest.param(lambda: 5, id="number"),
        pytest.param(lambda: None, id="null"),
        pytest.param(lambda: ("a", "b"), id="pair"),
        pytest.param(lambda: 10**100_000, id="huge-number"),
        pytest.param(lambda: "\ud800", id="half-a-pair"),
    ],
)
def test_a_name_of_an_argument_may_be_anything(name: object) -> None:
    """Names that no schema has, of any size and type, on their own, wrapped, as an operator, and given twice."""
    arena, key = Arena(), cast("object", name())  # type: ignore[operator] # each parameter is a function
    for tool in TOOL_NAMES:
        for arguments in (
            {key: 1},
            {"criteria": {key: 1}},
            {"updates": {key: 1}},
            {key: 1, "criteria": {key: 2}},
            {key: 1, "updates": {key: 2}},
            {"name": {key: 1}},
        ):
            assert arena.call(tool, arguments).error is not None


@pytest.mark.parametrize("tool", [*ODD_TEXTS, *SQL_FRAGMENTS, None, 5, ["add_note"], {"name": "add_note"}], ids=ascii)
def test_a_name_of_a_tool_may_be_anything(tool: object) -> None:
    """What is no tool is answered as such."""
    error = Arena().call(tool, {}).error
    assert error is not None
    assert error.code is ErrorCode.UNKNOWN_TOOL


def test_a_million_unknown_arguments_are_one_error() -> None:
    """Size alone does not slow an answer down."""
    arguments = {f"argument {number}": number for number in range(LONG_LIST)}
    arena = Arena()
    for tool in TOOL_NAMES:
        error = arena.call(tool, arguments).error
        assert error is not None
        assert error.code is ErrorCode.UNKNOWN_ARGUMENT


# ---------------------------------------------------------------------------------------------------------------------
# Statements in texts


@pytest.mark.parametrize("fragment", SQL_FRAGMENTS)
def test_a_statement_in_a_text_is_a_text(fragment: str) -> None:
    """It is stored as it is, found as it is, and nothing else is."""
    arena = Arena()
    made = arena.call("create_new_client", {"name": fragment, "email": "sql@example.com", "status": "Active"})
    assert made.data is not None
    assert made.data["name"] == fragment
    for criterion in ({"equals": fragment}, {"contains": fragment}, {"in": [fragment]}):
        found = arena.call("client_search", {"name": criterion}).data
        assert found is not None
        assert found["results"] == [made.data]


@pytest.mark.parametrize("fragment", SQL_FRAGMENTS)
@pytest.mark.parametrize("tool", [name for name in TOOL_NAMES if "order_by" in properties_of(name)])
def test_a_statement_never_becomes_a_name(tool: str, fragment: str) -> None:
    """As the name of an argument, an operator, an order or a cursor it is refused by name."""
    arena = Arena()
    first = next(name for name in properties_of(tool) if name != "criteria")
    for arguments in ({fragment: "x"}, {first: {fragment: "x"}}, {"order_by": fragment}, {"cursor": fragment}):
        error = arena.call(tool, arguments).error
        assert error is not None
        assert error.code in {ErrorCode.UNKNOWN_ARGUMENT, ErrorCode.INVALID_ENUM, ErrorCode.INVALID_FORMAT}


# ---------------------------------------------------------------------------------------------------------------------
# Look-alikes


@pytest.mark.parametrize("tool", TOOL_NAMES)
def test_a_look_alike_of_an_argument_is_not_the_argument(tool: str) -> None:
    """Letters of other scripts, invisible ones and other cases do not pass; the answer names what was sent."""
    arena = Arena()
    for name in properties_of(tool):
        for alike in look_alikes(name):
            error = arena.call(tool, {alike: "x"}).error
            assert error is not None
            assert error.code in {ErrorCode.UNKNOWN_ARGUMENT, ErrorCode.MISSING_ARGUMENT}, (alike, error)


def enum_arguments() -> Iterator[tuple[str, str, str]]:
    for tool in TOOL_NAMES:
        for name, schema in properties_of(tool).items():
            allowed = cast("Mapping[str, object]", schema).get("enum")
            if is_array(allowed):
                yield from ((tool, name, str(value)) for value in allowed)


@pytest.mark.parametrize("tool", sorted({tool for tool, _, _ in enum_arguments()}))
def test_a_look_alike_of_an_allowed_value_is_not_allowed(tool: str) -> None:
    """Values of enums are compared exactly: by code point, case and space."""
    arena = Arena()
    given = dict.fromkeys(cast("list[str]", TOOLS[tool].spec.parameters["required"]), "x")
    for _, name, value in (entry for entry in enum_arguments() if entry[0] == tool):
        for alike in look_alikes(value):
            assert arena.call(tool, {**given, name: alike}).error is not None, alike


# ---------------------------------------------------------------------------------------------------------------------
# Wrong types


def number_arguments() -> Iterator[tuple[str, str]]:
    for tool in TOOL_NAMES:
        for name, schema in properties_of(tool).items():
            if cast("Mapping[str, object]", schema).get("type") in {"number", "integer"}:
                yield tool, name


@pytest.mark.parametrize(("tool", "name"), list(number_arguments()))
def test_a_boolean_is_no_number(tool: str, name: str) -> None:
    """True is not 1, though Python has it so."""
    arena = Arena()
    required = cast("list[str]", TOOLS[tool].spec.parameters["required"])
    good: dict[str, object] = {
        "client_id": "c1",
        "opportunity_id": "o1",
        "quote_id": "q1",
        "contract_id": "t1",
        "name": "X",
        "stage": "Proposal",
        "status": "Draft",
        "amount": 5,
    }
    for value in (True, False):
        error = arena.call(tool, {**{key: good[key] for key in required}, name: value}).error
        assert error is not None
        assert (error.code, error.field) == (ErrorCode.INVALID_TYPE, name)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        pytest.param("client_search", {"criteria": {"name": "a"}, "name": "b"}, id="criteria-and-flat"),
        pytest.param("client_search", {"criteria": {"criteria": {"name": "a"}}}, id="criteria-in-criteria"),
        pytest.param("client_search", {"criteria": [{"name": "a"}]}, id="criteria-in-a-list"),
        pytest.param("client_search", {"criteria": '{"name": "a"}'}, id="criteria-as-text"),
        pytest.param("modify_client", {"client_id": "c1", "updates": {"name": "a"}, "name": "b"}, id="updates-twice"),
        pytest.param("modify_client", {"client_id": "c1", "updates": {"updates": {"name": "a"}}}, id="nested-updates"),
        pytest.param("modify_client", {"client_id": "c1", "updates": {"client_id": "c2", "name": "a"}}, id="two-ids"),
    ],
)
def test_wrapping_twice_is_an_error(tool: str, arguments: JsonObject) -> None:
    """What is given twice, or wrapped where nothing is unwrapped, is not guessed at."""
    assert Arena().call(tool, arguments).error is not None


# ---------------------------------------------------------------------------------------------------------------------
# Around the world: idempotency keys, respond, traces


@given(call=abuses())
def test_an_idempotency_key_takes_any_arguments(call: ToolCall) -> None:
    """The same abuse with the same key gets the same answer, another one an answer too."""
    world = open_world(COMPANY)
    first = world.call(call, idempotency_key="k")
    again = world.call(call, idempotency_key="k")
    assert canonical_json(first) == canonical_json(again)
    other = world.call(ToolCall("client_search", {"name": "another call"}), idempotency_key="k")
    assert other.error is not None


@pytest.mark.parametrize("value", [*SMALL_VALUES, *LARGE_VALUES], ids=lambda value: ascii(value)[:30])
def test_respond_takes_anything(value: object) -> None:
    """The tool that ends a turn answers like every other one."""
    made = LARGE_VALUES[value]() if isinstance(value, str) and value in LARGE_VALUES else value
    for arguments in (
        made,
        {"message": made, "outcome": "done"},
        {"message": "Done.", "outcome": made},
        {"message": "Done.", "outcome": "done", "reason_code": made},
        {"message": "Done.", "outcome": "done", "facts": made},
        {"message": "Done.", "outcome": "done", "facts": {"amount": made}},
    ):
        answer = parse_response(arguments)
        if isinstance(answer, ToolError):
            check_error(answer)
        else:
            canonical_json(answer).encode()


def test_an_episode_full_of_abuse_is_played_and_logged(tmp_path: Path) -> None:
    """Agent, loop and log survive it; the line reads back, and the calls can still be told apart."""
    values = [*SMALL_VALUES, deep_list(), deep_object(), 10**100_000]
    calls = [ToolCall("add_note", {"content": value, "entity_id": "c1", "entity_type": "Client"}) for value in values]
    moves = [*calls, *(ToolCall(cast("str", value), cast("JsonObject", value)) for value in values), "Sorry."]
    episode: Episode | None = None
    for start in range(0, len(moves), 15):
        part = [*moves[start : start + 15], "Next."]
        episode = play(ScriptedAgent(part), open_world(COMPANY), "Do your worst.")
        with JsonlSink(tmp_path / "traces.jsonl") as sink:
            sink.append(episode)
    lines = list(read_jsonl_tolerant(tmp_path / "traces.jsonl"))
    assert len(lines) == -(-len(moves) // 15)
    assert all(is_object(line) for line in lines)


def test_the_tools_are_all_here() -> None:
    """The tests above cover what agents can call."""
    assert {spec.name for spec in TOOL_SPECS} == {*TOOL_NAMES, RESPOND.name}
