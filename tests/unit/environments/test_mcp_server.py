"""The MCP server, asked by the official client in the same process, in both eras of the protocol."""

from __future__ import annotations

import importlib
import json
import sys
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import cast

import anyio
import pytest
from door_players import Oracle
from door_sessions import BreakingSessions, CountedSessions
from mcp import Client, MCPError
from mcp.server import Server
from mcp.types import INTERNAL_ERROR, INVALID_PARAMS, TextContent, TextResourceContents

from atlas.core.errors import MissingExtraError, NoFreeSlotError
from atlas.core.records import as_json
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Entity, Row, ToolCall
from atlas.crm.sessions import MemorySessions, Sessions
from atlas.crm.store import Store
from atlas.crm.tools.registry import TOOL_SPECS
from atlas.environments.casebook import Casebook
from atlas.environments.mcp_server import Guest, build_server, tool_answer
from atlas.environments.texts import ascii_json
from atlas.environments.visits import CaseProgramme, CompanyProgramme, Reception, VisitRecord
from atlas.scenarios.corpus import Corpus
from atlas.scenarios.records import Scenario
from atlas.verify.goals import Split

OracleOf = Callable[[Scenario], Oracle]
Job = Callable[[Client], Awaitable[None]]

GIVE_UP = {"message": "I could not do that.", "outcome": "reported"}


def serve(reception: Reception) -> Server[Guest]:
    """A server with one guest."""

    @asynccontextmanager
    async def one_guest(_: object) -> AsyncGenerator[Guest]:
        guest = Guest(reception)
        yield guest
        await guest.leave()

    return build_server(reception, lambda context: cast("Guest", context.lifespan_context), one_guest)


@pytest.fixture(params=["auto", "legacy"])
def ask(request: pytest.FixtureRequest) -> Callable[[Reception, Job], None]:
    """Lets a client do a job at a server, in the newest revision of the protocol and in those with a handshake."""

    def run(reception: Reception, job: Job) -> None:
        async def main() -> None:
            async with Client(serve(reception), mode=request.param) as client:
                await job(client)

        anyio.run(main)

    return run


def test_the_tools_are_those_of_the_world(ask: Callable[[Reception, Job], None], corpus: Corpus) -> None:
    """Names, descriptions and schemas, `respond` included; and whether one only reads."""

    async def job(client: Client) -> None:
        tools = (await client.list_tools()).tools
        assert [(tool.name, tool.description, tool.input_schema) for tool in tools] == [
            (spec.name, spec.description, as_json(spec.parameters)) for spec in TOOL_SPECS
        ]
        reading = {tool.name for tool in tools if tool.annotations and tool.annotations.read_only_hint}
        assert "client_search" in reading
        assert "create_new_client" not in reading

    ask(Reception(CompanyProgramme(corpus.company), MemorySessions()), job)


def test_results_come_as_text_and_as_data(ask: Callable[[Reception, Job], None], corpus: Corpus) -> None:
    """Both the same JSON; an error is a result that says so, with everything that the world said."""

    async def job(client: Client) -> None:
        for name, arguments, failed in (("client_search", {"limit": 1}, False), ("client_search", {"lmit": 1}, True)):
            result = await client.call_tool(name, arguments)
            assert result.is_error is failed
            (content,) = result.content
            assert isinstance(content, TextContent)
            assert json.loads(content.text) == result.structured_content
        assert result.structured_content is not None
        assert result.structured_content["code"] == "unknown_argument"
        assert "did you mean `limit`?" in result.structured_content["message"]
        unknown = await client.call_tool("client_serch", {})
        assert unknown.is_error
        assert unknown.structured_content is not None
        assert unknown.structured_content["code"] == "unknown_tool"

    ask(Reception(CompanyProgramme(corpus.company), MemorySessions()), job)


def test_a_case_is_completed(
    ask: Callable[[Reception, Job], None], corpus: Corpus, oracle: OracleOf, counted_sessions: CountedSessions
) -> None:
    """By its solution: full marks in the record, of which the client sees nothing."""
    kept: list[VisitRecord] = []
    scenario = corpus.split(Split.STREAM)[2]
    case = Casebook(corpus.recipe).find(scenario.scenario_id)

    async def job(client: Client) -> None:
        assert client.instructions is not None
        assert scenario.customer_script.turns[0] in client.instructions
        player = oracle(scenario)
        heard: list[str] = []
        for call in player.calls():
            result = await client.call_tool(call.tool, dict(call.arguments))
            heard.append(result.model_dump_json())
            if call.tool != "respond":
                player.hear(result.structured_content)
        assert [word for word in ("score", "strict", "verdict") if word in heard[-1]] == []

    ask(Reception(CaseProgramme(case), counted_sessions, kept.append), job)
    assert [(record.scenario_id, record.score) for record in kept] == [(scenario.scenario_id, 1.0)]


def test_resources_tell_who_and_what(ask: Callable[[Reception, Job], None], corpus: Corpus) -> None:
    """The company, the staff, and the conversation where there is one."""
    scenario = corpus.split(Split.STREAM)[0]
    case = Casebook(corpus.recipe).find(scenario.scenario_id)
    played = Reception(CaseProgramme(case), MemorySessions())
    roamed = Reception(CompanyProgramme(corpus.company), MemorySessions())

    async def read(client: Client, uri: str) -> object:
        (content,) = (await client.read_resource(uri)).contents
        assert isinstance(content, TextResourceContents)
        assert content.mime_type == "application/json"
        return json.loads(content.text)

    async def play(client: Client) -> None:
        uris = [resource.uri for resource in (await client.list_resources()).resources]
        assert uris == ["atlas://company", "atlas://staff", "atlas://conversation"]
        assert await read(client, "atlas://company") == played.facts()
        assert await read(client, "atlas://staff") == played.colleagues()
        await client.call_tool("client_search", {"limit": 1})
        (turn,) = cast("list[dict[str, object]]", await read(client, "atlas://conversation"))
        assert turn["user"] == scenario.customer_script.turns[0]
        assert len(cast("list[object]", turn["steps"])) == 1

    async def roam(client: Client) -> None:
        uris = [resource.uri for resource in (await client.list_resources()).resources]
        assert uris == ["atlas://company", "atlas://staff"]
        for uri in ("atlas://conversation", "atlas://goal"):
            with pytest.raises(MCPError, match="there is no such resource") as caught:
                await client.read_resource(uri)
            assert caught.value.code == INVALID_PARAMS

    ask(played, play)
    ask(roamed, roam)


def test_a_client_may_send_anything(corpus: Corpus) -> None:
    """What it sent stands in the answer and in the conversation in a form that can be written as JSON."""
    case = Casebook(corpus.recipe).find(corpus.split(Split.STREAM)[0].scenario_id)
    guest = Guest(Reception(CaseProgramme(case), MemorySessions()))
    deep: object = 1
    for _ in range(1_000):
        deep = [deep]
    sent: list[object] = [float("nan"), float("-inf"), "a\0b", "\ud800", 10**5_000, deep]

    async def main() -> None:
        for value in sent:
            answer = tool_answer(await guest.call(ToolCall("client_search", {"name": value})))
            assert answer.is_error
            assert json.loads(answer.model_dump_json())["structured_content"]["field"] == "name"
        (turn,) = json.loads(ascii_json(await guest.conversation()))
        assert len(turn["steps"]) == len(sent)
        await guest.leave()

    anyio.run(main)


def test_a_client_that_only_looks_opens_no_world(
    ask: Callable[[Reception, Job], None], corpus: Corpus, counted_sessions: CountedSessions
) -> None:
    """A slot of a database is leased by the first call."""

    async def job(client: Client) -> None:
        await client.list_tools()
        await client.read_resource("atlas://staff")
        assert counted_sessions.begun == 0
        await client.call_tool("client_search", {"limit": 1})
        await client.call_tool("client_search", {"limit": 1})
        assert counted_sessions.begun == 1

    ask(Reception(CompanyProgramme(corpus.company), counted_sessions), job)


def test_calls_of_one_client_are_carried_out_one_by_one(ask: Callable[[Reception, Job], None], corpus: Corpus) -> None:
    """Even when they are sent at once: each changes the world that the one before has left."""
    kept: list[VisitRecord] = []

    async def job(client: Client) -> None:
        async def create(number: int) -> None:
            email = f"desk{number}@nordlicht.example"
            arguments = {"name": f"Nordlicht {number}", "email": email, "status": "Prospect"}
            assert not (await client.call_tool("create_new_client", arguments)).is_error

        async with anyio.create_task_group() as tasks:
            for number in range(8):
                tasks.start_soon(create, number)

    ask(Reception(CompanyProgramme(corpus.company), MemorySessions(), kept.append), job)
    assert [(record.writes, len(record.changes)) for record in kept] == [(8, 8)]


class SlowSessions(CountedSessions):
    """Sessions that take their time to begin."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.allowed = threading.Event()

    def begin_session(
        self, base: FrozenBase, patch: Iterable[tuple[Entity, Row]] = (), *, reset: bool = False
    ) -> Store:
        self.asked.set()
        self.allowed.wait()
        return super().begin_session(base, patch, reset=reset)


def test_a_client_that_goes_away_while_its_world_is_opened_leaves_none_behind(corpus: Corpus) -> None:
    """Its call is cancelled, the world is opened all the same, and closed when it has left."""
    sessions = SlowSessions()
    guest = Guest(Reception(CompanyProgramme(corpus.company), sessions))

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(guest.call, ToolCall("client_search", {"limit": 1}))
            await anyio.to_thread.run_sync(sessions.asked.wait)
            tasks.cancel_scope.cancel()
            sessions.allowed.set()
        assert len(sessions.open) == 1
        await guest.leave()

    anyio.run(main)
    assert sessions.open == []


class FullSessions(MemorySessions):
    """Sessions of which none is free."""

    def begin_session(
        self, base: FrozenBase, patch: Iterable[tuple[Entity, Row]] = (), *, reset: bool = False
    ) -> Store:
        del base, patch, reset
        raise NoFreeSlotError("all 4 copies of the company ab12 were in use for 30 s")


@pytest.mark.parametrize(
    ("sessions", "why"),
    [(FullSessions(), "every copy of the company is in use"), (BreakingSessions(), "its database failed")],
    ids=["full", "broken"],
)
def test_a_world_that_is_not_there_is_an_error_of_the_protocol(
    ask: Callable[[Reception, Job], None], corpus: Corpus, sessions: Sessions, why: str
) -> None:
    """No mistake of the agent, and nothing of how the database is reached."""

    async def job(client: Client) -> None:
        with pytest.raises(MCPError) as caught:
            await client.call_tool("client_search", {"limit": 1})
        assert caught.value.code == INTERNAL_ERROR
        assert caught.value.message == f"this world is not available: {why}; try later"

    ask(Reception(CompanyProgramme(corpus.company), sessions), job)


@pytest.mark.parametrize("module", ["mcp_server", "mcp_transports"])
def test_without_the_extra_it_says_what_to_install(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """When somebody imports the server."""
    importlib.import_module(f"atlas.environments.{module}")
    monkeypatch.setitem(sys.modules, "mcp", None)
    monkeypatch.delitem(sys.modules, f"atlas.environments.{module}")
    with pytest.raises(MissingExtraError, match=r"the MCP server needs the extra 'mcp'.*'atlas-crm\[mcp\]'"):
        importlib.import_module(f"atlas.environments.{module}")
