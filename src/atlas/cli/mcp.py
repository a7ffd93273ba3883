"""``atlas crm mcp``: any client of the Model Context Protocol works in a world."""

from __future__ import annotations

import enum
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, assert_never

import typer

from atlas.cli.database import (
    BackendOption,
    CompanySeedOption,
    PostgresUrlOption,
    SizeOption,
)
from atlas.cli.options import JsonOption, whole_number
from atlas.cli.terminal import put_json, tell
from atlas.core.errors import MisuseError, UnknownNameError
from atlas.environments.casebook import Casebook, parse_split
from atlas.environments.extras import require
from atlas.environments.listening import ANY_HOST, address_of, bind
from atlas.environments.visits import CaseProgramme, CompanyProgramme, Programme, Reception, VisitRecord
from atlas.evaluation.backends import Backend, open_sessions
from atlas.scenarios.companies import SKELETON_SIZE
from atlas.scenarios.recipes import Recipe
from atlas.telemetry.jsonl import JsonlSink
from atlas.verify.goals import Split

MOST_SESSIONS = 1024
LONGEST_IDLE_S = 86_400


class Transport(enum.StrEnum):
    """How clients reach the server."""

    STDIO = "stdio"
    HTTP = "http"


def mcp(
    *,
    transport: Annotated[
        Transport,
        typer.Option(
            "--transport",
            envvar="ATLAS_MCP_TRANSPORT",
            help="Serve one client over stdin and stdout, or any number over streamable HTTP.",
        ),
    ] = Transport.STDIO,
    host: Annotated[
        str, typer.Option("--host", envvar="ATLAS_MCP_HOST", help="Address of this machine to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(
            "--port",
            envvar="ATLAS_MCP_PORT",
            parser=whole_number(0, 65_535),
            metavar="PORT",
            help="Port to listen on; 0 for any free one.",
        ),
    ] = 0,
    company_seed: CompanySeedOption = 7,
    size: SizeOption = SKELETON_SIZE,
    corpus: Annotated[
        Path | None,
        typer.Option(
            "--corpus",
            envvar="ATLAS_MCP_CORPUS",
            help="Folder of a generated corpus to play in.",
            show_default="the company of the seed",
        ),
    ] = None,
    scenario: Annotated[
        str | None,
        typer.Option(
            "--scenario",
            envvar="ATLAS_MCP_SCENARIO",
            metavar="ID",
            help="Case that every client plays.",
            show_default="none: clients roam freely",
        ),
    ] = None,
    split: Annotated[
        str,
        typer.Option("--split", envvar="ATLAS_MCP_SPLIT", help="Split that the case has to be of."),
    ] = Split.STREAM.value,
    actor: Annotated[
        str | None,
        typer.Option(
            "--actor",
            envvar="ATLAS_MCP_ACTOR",
            metavar="HANDLE",
            help="Colleague that clients without a case work for.",
            show_default="the first who may change records",
        ),
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(
            "--trace",
            envvar="ATLAS_MCP_TRACE",
            help="File to append a JSON line to for every visit that is over, with its verdict; clients never see it.",
            show_default="none",
        ),
    ] = None,
    max_sessions: Annotated[
        int,
        typer.Option(
            "--max-sessions",
            envvar="ATLAS_MCP_MAX_SESSIONS",
            parser=whole_number(1, MOST_SESSIONS),
            metavar="N",
            help="Sessions that may be open at once over HTTP.",
        ),
    ] = 64,
    idle_timeout: Annotated[
        int,
        typer.Option(
            "--idle-timeout",
            envvar="ATLAS_MCP_IDLE_TIMEOUT",
            parser=whole_number(1, LONGEST_IDLE_S),
            metavar="SECONDS",
            help="Time without a request after which a session over HTTP ends.",
        ),
    ] = 1_800,
    backend: BackendOption = Backend.MEMORY,
    postgres_url: PostgresUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let clients of the Model Context Protocol work in a world: one world per session, gone when the session ends.

    Over HTTP the address is told on stderr (with --json, on stdout). Ctrl-C ends the server.

    \b
    Example:
      atlas crm mcp --transport http --port 8765 --company-seed 7
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    require("mcp", "`atlas crm mcp`")
    programme = choose_programme(
        recipe=Recipe(company_seed, size=size), corpus=corpus, scenario=scenario, split=split, actor=actor
    )
    seats = max_sessions if transport is Transport.HTTP else 1
    with (
        open_sessions(backend, postgres_url=postgres_url, concurrency=seats) as sessions,
        open_trace(trace) as keep,
    ):
        reception = Reception(programme, sessions, keep)
        match transport:
            case Transport.STDIO:
                _serve_stdio(reception)
            case Transport.HTTP:
                _serve_http(
                    reception, host, port, idle_timeout=idle_timeout, max_sessions=max_sessions, as_json=as_json
                )
            case _:
                assert_never(transport)


def choose_programme(
    *, recipe: Recipe, corpus: Path | None, scenario: str | None, split: str, actor: str | None
) -> Programme:
    """Return what clients come for: a case, or a company to roam in.

    Raises:
        MisuseError: there is no such case, split or colleague, or a case is asked for together with a colleague.
        InputFileError: the folder holds no corpus.
    """
    allowed = [parse_split(split)]
    book = Casebook(recipe, allowed) if corpus is None else Casebook.load(corpus, allowed)
    if scenario is None:
        return CompanyProgramme(book.company(), actor)
    if actor is not None:
        raise MisuseError(f"--actor {actor} goes without a case; in case {scenario} it is known who speaks")
    try:
        return CaseProgramme(book.find(scenario))
    except UnknownNameError as exc:
        if corpus is None:
            raise
        if not exc.known:
            raise MisuseError(f"{corpus} holds no cases of the split {split!r}; name another with --split") from exc
        raise UnknownNameError(f"scenario of {corpus}", exc.name, exc.known) from exc  # the seed may be a secret


@contextmanager
def open_trace(path: Path | None) -> Generator[Callable[[VisitRecord], None]]:
    """Give what writes the records of visits to a file, if there is one, for the length of a ``with`` block.

    Raises:
        MisuseError: the file cannot be written.
    """
    if path is None:
        yield lambda _: None
        return
    try:
        sink = JsonlSink(path)
    except OSError as exc:
        raise MisuseError(f"--trace {path}: {exc.strerror or exc}; name a file that can be written") from exc
    with sink:
        yield sink.append


def _serve_stdio(reception: Reception) -> None:
    from atlas.environments.mcp_transports import serve_stdio  # noqa: PLC0415 - takes a while, and is of an extra

    serve_stdio(reception)


def _serve_http(
    reception: Reception, host: str, port: int, *, idle_timeout: int, max_sessions: int, as_json: bool
) -> None:
    listener = bind(host, port)
    from atlas.environments.mcp_transports import serve_http  # noqa: PLC0415 - takes a while, and is of an extra

    url = address_of(listener, host)
    tell(f"serving at {url}; Ctrl-C ends it")
    if host in ANY_HOST:
        tell("warning: everybody who can reach this machine can work in its worlds")
    if as_json:
        put_json({"url": url})
    serve_http(reception, listener, host=host, idle_timeout_s=idle_timeout, most_sessions=max_sessions)
    tell("stopped")
