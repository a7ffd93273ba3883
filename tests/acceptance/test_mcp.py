"""The real MCP server as a process, and the official client: both transports, whole cases, sessions that are apart."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, cast

import anyio
import httpx2
import pytest
from mcp import Client, ClientSession, MCPError, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from atlas.core.records import as_json
from atlas.crm.tools.registry import TOOL_SPECS
from atlas.scenarios.corpus import Corpus, generate_corpus
from atlas.scenarios.records import Scenario
from atlas.scenarios.solutions import resolve
from atlas.verify.goals import Solution, Split

sys.path.insert(0, str(Path(__file__).parent))  # tests share how the process is run

from atlas_process import atlas_command, clean_environment

STARTUP_S = 60


def command(*arguments: str) -> list[str]:
    """The command that serves."""
    return atlas_command("crm", "mcp", *arguments)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """What the server plays with its defaults."""
    return generate_corpus(7)


@pytest.fixture(scope="module")
def scenario(corpus: Corpus) -> Scenario:
    """A case of several turns, in which something is written."""
    vault = corpus.vault()
    for one in corpus.split(Split.STREAM):
        tools = {call.tool for turn in vault.solutions_for_gates(one.scenario_id)[0].turns for call in turn}
        if len(one.customer_script.turns) > 1 and any(tool.startswith(("create", "modify", "add")) for tool in tools):
            return one
    raise LookupError("no such case")


@pytest.fixture(scope="module")
def solution(corpus: Corpus, scenario: Scenario) -> Solution:
    """How it is done."""
    return corpus.vault().solutions_for_gates(scenario.scenario_id)[0]


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """Where the server writes what clients never see."""
    return tmp_path / "visits.jsonl"


def visits(trace: Path) -> list[dict[str, Any]]:
    """What the server has written there."""
    return [json.loads(line) for line in trace.read_text(encoding="utf-8").splitlines()]


@contextmanager
def serving(*arguments: str) -> Generator[str]:
    """A server over HTTP for the length of a block; gives its address."""
    process = subprocess.Popen(
        command("--transport", "http", "--json", *arguments),
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        yield json.loads(line)["url"]
    finally:
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=STARTUP_S)[1]
    assert process.returncode == 0, told
    assert told.splitlines()[-1] == "stopped"
    assert "Traceback" not in told


@asynccontextmanager
async def over_stdio(*arguments: str) -> AsyncGenerator[ClientSession]:
    """A session with a server over its standard streams."""
    program, *rest = command(*arguments)
    parameters = StdioServerParameters(command=program, args=rest, env=clean_environment())
    async with stdio_client(parameters) as (reads, writes), ClientSession(reads, writes) as session:
        await session.initialize()
        yield session


@asynccontextmanager
async def over_http(url: str) -> AsyncGenerator[ClientSession]:
    """A session with a server over HTTP."""
    async with streamable_http_client(url) as (reads, writes), ClientSession(reads, writes) as session:
        await session.initialize()
        yield session


async def play(client: ClientSession | Client, solution: Solution) -> list[str]:
    """Make the calls of a solution; everything that came back, as it was sent."""
    results: list[object] = []
    received: list[str] = []
    for call in (call for turn in solution.turns for call in turn):
        arguments = cast("dict[str, Any]", resolve(call.arguments, results))
        result = await client.call_tool(call.tool, arguments)
        results.append(None if call.tool == "respond" else result.structured_content)
        received.append(result.model_dump_json())
    return received


def check_completed(received: list[str], trace: Path, scenario: Scenario) -> None:
    """The verdict is full marks; the operator knows, the client does not."""
    assert json.loads(received[-1])["structured_content"]["conversation_over"] is True
    (visit,) = visits(trace)
    assert (visit["scenario_id"], visit["status"]) == (scenario.scenario_id, "completed")
    assert (visit["score"], visit["strict"]) == (1.0, True)
    assert [turn["user"] for turn in visit["turns"]] == list(scenario.customer_script.turns)
    for word in ('"score"', '"strict"', '"failed_fields"', scenario.canary):
        assert word not in "".join(received)


async def check_tools(client: ClientSession | Client) -> None:
    """The tools are those of the world."""
    tools = (await client.list_tools()).tools
    assert [(tool.name, tool.description, tool.input_schema) for tool in tools] == [
        (spec.name, spec.description, as_json(spec.parameters)) for spec in TOOL_SPECS
    ]


def test_a_case_is_completed_over_stdio(trace: Path, scenario: Scenario, solution: Solution) -> None:
    """The client lists the tools, is told who the user is, and solves the case."""

    async def main() -> list[str]:
        async with over_stdio("--scenario", scenario.scenario_id, "--trace", str(trace)) as session:
            await check_tools(session)
            return await play(session, solution)

    check_completed(anyio.run(main), trace, scenario)


def test_a_case_is_completed_over_http(trace: Path, scenario: Scenario, solution: Solution) -> None:
    """The same over the network, with the session ended by the client."""

    async def main(url: str) -> list[str]:
        async with over_http(url) as session:
            await check_tools(session)
            return await play(session, solution)

    with serving("--scenario", scenario.scenario_id, "--trace", str(trace)) as url:
        received = anyio.run(main, url)
    check_completed(received, trace, scenario)


@pytest.mark.parametrize("transport", ["stdio", "http"])
def test_a_client_of_the_newest_protocol_is_served(
    transport: str, trace: Path, scenario: Scenario, solution: Solution
) -> None:
    """Over stdio as it is; over HTTP, where it has no sessions, by falling back to a revision that has them."""
    arguments = ("--scenario", scenario.scenario_id, "--trace", str(trace))

    async def main(server: str | StdioServerParameters) -> list[str]:
        async with Client(server) as client:
            assert (client.protocol_version >= "2026") == (transport == "stdio")
            assert client.instructions is not None
            assert scenario.customer_script.turns[0] in client.instructions
            await check_tools(client)
            return await play(client, solution)

    if transport == "stdio":
        program, *rest = command(*arguments)
        received = anyio.run(main, StdioServerParameters(command=program, args=rest, env=clean_environment()))
    else:
        with serving(*arguments) as url:
            received = anyio.run(main, url)
    check_completed(received, trace, scenario)


# ---------------------------------------------------------------------------------------------------------------------
# Sessions over HTTP


CLIENT = {"name": "Nordlicht Optik", "email": "desk@nordlicht.example", "status": "Prospect"}


async def named(session: ClientSession) -> int:
    """How many clients of that name a session sees."""
    result = await session.call_tool("client_search", {"name": CLIENT["name"]})
    assert result.structured_content is not None
    return result.structured_content["total"]


def test_two_sessions_at_once_have_worlds_of_their_own(trace: Path) -> None:
    """What one does the other does not see, and a later one finds nothing of it."""

    async def main(url: str) -> None:
        async with over_http(url) as one, over_http(url) as two:
            assert (await one.call_tool("create_new_client", CLIENT)).is_error is False
            assert [await named(one), await named(two)] == [1, 0]
            assert (await two.call_tool("create_new_client", CLIENT)).is_error is False
            assert (await one.call_tool("create_new_client", CLIENT)).is_error is True
            assert [await named(one), await named(two)] == [1, 1]
        async with over_http(url) as three:
            assert await named(three) == 0
        await wait_for(lambda: len(visits(trace)) == 3)  # a visit is over when its session is, not when the server ends

    with serving("--trace", str(trace)) as url:
        anyio.run(main, url)
    told = sorted((visit["visit"], visit["writes"], len(visit["changes"])) for visit in visits(trace))
    assert told == [(1, 1, 1), (2, 1, 1), (3, 0, 0)]


async def wait_for(done: Callable[[], bool]) -> None:
    """Wait until something is true."""
    with anyio.fail_after(STARTUP_S):
        while not done():  # noqa: ASYNC110 - nobody tells when another process writes to a file
            await anyio.sleep(0.05)


def test_a_client_that_falls_silent_loses_its_session(trace: Path, scenario: Scenario) -> None:
    """Its world is gone, it is judged by what it did, and it hears that the session is over."""

    async def main(url: str) -> None:
        async with httpx2.AsyncClient() as client:
            session = await open_session(client, url)
            assert (await client.post(url, json=call("client_search", limit=1), headers=session)).status_code == 200
            assert visits(trace) == []
            await wait_for(lambda: bool(visits(trace)))
            assert (await client.post(url, json=call("client_search", limit=1), headers=session)).status_code == 404

    with serving("--scenario", scenario.scenario_id, "--trace", str(trace), "--idle-timeout", "1") as url:
        anyio.run(main, url)
    (visit,) = visits(trace)
    assert (visit["status"], visit["strict"]) == ("abandoned", False)
    assert len(visit["turns"][0]["steps"]) == 1


def test_a_server_that_is_stopped_ends_its_visits(trace: Path) -> None:
    """With a client still there."""

    async def main(url: str) -> None:
        async with httpx2.AsyncClient() as client:
            session = await open_session(client, url)
            await client.post(url, json=call("create_new_client", **CLIENT), headers=session)

    with serving("--trace", str(trace)) as url:
        anyio.run(main, url)
        assert visits(trace) == []
    assert [visit["writes"] for visit in visits(trace)] == [1]


def test_there_are_only_so_many_sessions() -> None:
    """One more is refused, until one ends."""

    async def main(url: str) -> None:
        async with httpx2.AsyncClient() as client:
            first, _ = [await open_session(client, url) for _ in range(2)]
            refused = await client.post(url, json=INITIALIZE, headers=ACCEPT)
            assert (refused.status_code, refused.json()["error"]["message"]) == (503, "Too many open sessions")
            assert (await client.delete(url, headers=first)).status_code == 200
            await open_session(client, url)

    with serving("--max-sessions", "2") as url:
        anyio.run(main, url)


def test_requests_have_to_name_this_machine() -> None:
    """A web page that points its own name here gets nothing; nor does a request without a session."""

    async def main(url: str) -> None:
        async with httpx2.AsyncClient() as client:
            foreign = await client.post(url, json=INITIALIZE, headers={**ACCEPT, "host": "evil.example"})
            assert foreign.status_code == 421
            page = await client.post(url, json=INITIALIZE, headers={**ACCEPT, "origin": "http://evil.example"})
            assert page.status_code == 403
            bare = await client.post(url, json=call("client_search", limit=1), headers=ACCEPT)
            assert bare.status_code == 400

    with serving() as url:
        anyio.run(main, url)


def test_a_revision_without_sessions_is_refused_with_those_that_have_them() -> None:
    """A client that insists is told which; no world is opened for it."""

    async def main(url: str) -> None:
        async with Client(url, mode="2026-07-28") as client:
            with pytest.raises(MCPError, match="a world needs a session") as caught:
                await client.call_tool("client_search", {"limit": 1})
        assert "2025-11-25" in caught.value.data["supported"]

    with serving() as url:
        anyio.run(main, url)


ACCEPT = {"accept": "application/json, text/event-stream"}
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "a client without a library", "version": "1"},
    },
}


async def open_session(client: httpx2.AsyncClient, url: str) -> dict[str, str]:
    """Shake hands; the headers of later requests."""
    answer = await client.post(url, json=INITIALIZE, headers=ACCEPT)
    assert answer.status_code == 200
    headers = {**ACCEPT, "mcp-session-id": answer.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25"}
    notified = await client.post(url, json={"jsonrpc": "2.0", "method": "notifications/initialized"}, headers=headers)
    assert notified.status_code == 202
    return headers


def call(tool: str, **arguments: object) -> dict[str, object]:
    """A request that calls a tool."""
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}


# ---------------------------------------------------------------------------------------------------------------------
# The process


@contextmanager
def talking(*arguments: str) -> Generator[subprocess.Popen[str]]:
    """A server over stdio that has carried out one call, which changed something; its answers were read."""
    process = subprocess.Popen(
        command(*arguments),
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        for message in (INITIALIZE, call("create_new_client", **CLIENT)):
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            assert (answer["jsonrpc"], answer["id"]) == ("2.0", message["id"])
            assert "error" not in answer
        yield process
    finally:
        process.kill()
        process.communicate()


def test_stdout_is_the_protocol_and_nothing_else(trace: Path) -> None:
    """Every line is a message of it, with --json too; when stdin is closed the process ends, in good order."""
    with talking("--json", "--trace", str(trace)) as process:
        rest, told = process.communicate(timeout=STARTUP_S)  # closes stdin
        assert (rest, told, process.returncode) == ("", "", 0)
    assert [(visit["scenario_id"], visit["writes"]) for visit in visits(trace)] == [(None, 1)]


@pytest.mark.parametrize("signalled", [signal.SIGINT, signal.SIGTERM])
def test_a_server_that_waits_for_its_client_can_be_stopped(signalled: signal.Signals, trace: Path) -> None:
    """Though nobody writes to stdin; what was done until then is kept."""
    with talking("--trace", str(trace)) as process:
        process.send_signal(signalled)
        assert process.wait(timeout=STARTUP_S) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert [visit["writes"] for visit in visits(trace)] == [1]


def refused(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, which does not come to serving."""
    return subprocess.run(
        command(*arguments),
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=STARTUP_S,
        check=False,
    )


def test_a_port_that_somebody_has_is_told() -> None:
    """Exit code 3, with the flag to change."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = refused("--transport", "http", "--port", str(port))
    assert (done.returncode, done.stdout) == (3, "")
    assert f"error: --port {port}: another program on 127.0.0.1 has it" in done.stderr
    assert "Traceback" not in done.stderr


MISUSE = {
    "no-case": (["--scenario", "sc-0"], "unknown scenario of the company 'sc-0'"),
    "no-split": (["--split", "steam"], "unknown split 'steam'; did you mean 'stream'?"),
    "no-colleague": (["--actor", "nobody"], "unknown actor 'nobody'"),
    "no-corpus": (["--corpus", "nowhere"], "cannot read nowhere"),
    "no-port": (["--port", "70000"], "'70000' is not a whole number from 0 to 65535"),
    "no-transport": (["--transport", "smoke"], "'smoke' is not one of"),
    "elsewhere": (["--transport", "http", "--host", "192.0.2.1"], "--host 192.0.2.1: "),
    "trace-is-a-folder": (["--trace", "."], "--trace .: "),
}


@pytest.mark.parametrize(("arguments", "message"), list(MISUSE.values()), ids=list(MISUSE))
def test_misuse_is_told(arguments: list[str], message: str) -> None:
    """Exit code 2, a message that names what is wrong, and stdout empty."""
    done = refused(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_held_out_case_is_played_only_when_its_split_is_named(corpus: Corpus) -> None:
    """And a case knows who speaks."""
    held_out = corpus.split(Split.TEST_SAME)[0].scenario_id
    done = refused("--scenario", held_out)
    assert (done.returncode, "is of split 'test_same'" in done.stderr) == (2, True)
    assert refused("--scenario", held_out, "--split", "test_same").returncode == 0
    done = refused("--scenario", held_out, "--split", "test_same", "--actor", "j.ruiz")
    assert (done.returncode, "--actor j.ruiz goes without a case" in done.stderr) == (2, True)


def test_a_case_is_completed_on_postgresql(trace: Path, scenario: Scenario, solution: Solution) -> None:
    """On the embedded server, which ends with the command; two sessions at once, each on its own copy."""

    async def main(url: str) -> list[str]:
        async with over_http(url) as other, over_http(url) as session:
            assert (await other.call_tool("create_new_client", CLIENT)).is_error is False
            return await play(session, solution)

    arguments = ("--backend", "postgres", "--max-sessions", "2", "--trace", str(trace))
    with serving("--scenario", scenario.scenario_id, *arguments) as url:
        received = anyio.run(main, url)
    played, abandoned = visits(trace)
    assert (played["score"], abandoned["status"], abandoned["writes"]) == (1.0, "abandoned", 1)
    assert json.loads(received[-1])["structured_content"]["conversation_over"] is True
