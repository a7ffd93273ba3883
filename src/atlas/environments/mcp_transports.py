"""How clients reach the MCP server: over the standard streams of a process, or over streamable HTTP.

Over HTTP every session has a visit of its own, which ends with the session: when the client says so, when nothing was
asked for a while, or with the server. Protocol revisions without sessions (2026-07-28 and later) are refused there with
the revisions that have them, which clients take as the sign to fall back; over the standard streams, where the process
is the session, they are served.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from socket import socket
from typing import Final, cast

from atlas.environments.extras import require
from atlas.environments.listening import ANY_HOST, LOCAL_HOSTS, MCP_PATH
from atlas.environments.stdin_lines import stdin_lines
from atlas.environments.visits import Reception

_READY = require("mcp", "the MCP server")

import anyio  # noqa: E402 - the line above says which extra is missing
import uvicorn  # noqa: E402 - as above
from mcp import MCPError, stdio_server, types  # noqa: E402 - as above
from mcp.server.context import CallNext, HandlerResult  # noqa: E402 - as above
from mcp.server.transport_security import TransportSecuritySettings  # noqa: E402 - as above
from mcp.types.version import HANDSHAKE_PROTOCOL_VERSIONS  # noqa: E402 - as above

from atlas.environments.mcp_server import Context, Guest, build_server  # noqa: E402 - as above

IDLE_TIMEOUT_S: Final = 1_800.0
MOST_SESSIONS: Final = 64

_FAREWELL_S: Final = 2  # that open requests get when the server is stopped
_GUEST: Final = "atlas.guest"
_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def serve_stdio(reception: Reception) -> None:
    """Serve one client over stdin and stdout until it closes stdin, or the process is told to stop.

    Stdout holds nothing but the protocol.
    """
    anyio.run(_serve_stdio, reception)


async def _serve_stdio(reception: Reception) -> None:
    server = build_server(reception, _guest_of_process, lambda _: _one_guest(reception))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_cancel_when_told, tasks.cancel_scope)
        lines = cast("anyio.AsyncFile[str]", stdin_lines())  # of which only the lines are read
        async with stdio_server(stdin=lines) as (requests, answers):
            await server.run(requests, answers, server.create_initialization_options())
        tasks.cancel_scope.cancel()


async def _cancel_when_told(scope: anyio.CancelScope) -> None:
    with anyio.open_signal_receiver(*_STOP_SIGNALS) as signals:
        async for _ in signals:
            scope.cancel()


@asynccontextmanager
async def _one_guest(reception: Reception) -> AsyncGenerator[Guest]:
    guest = Guest(reception)
    try:
        yield guest
    finally:
        await guest.leave()


def _guest_of_process(context: Context) -> Guest:
    return context.lifespan_context


def serve_http(
    reception: Reception,
    listener: socket,
    *,
    host: str,
    idle_timeout_s: float = IDLE_TIMEOUT_S,
    most_sessions: int = MOST_SESSIONS,
) -> None:
    """Serve any number of clients over streamable HTTP until the process is told to stop; for the main thread only.

    Args:
        reception: Where visits are opened.
        listener: See :func:`atlas.environments.listening.bind`.
        host: The host that it was bound to. Requests have to name it (or any name of this machine, for a local one), so
            that a web page cannot reach the server under a name of its own; where the server listens everywhere, that
            cannot be checked.
        idle_timeout_s: Seconds without a request after which a session ends.
        most_sessions: Sessions that may be open at once; one more is refused.
    """
    server = build_server(reception, lambda context: _guest_of_session(context, reception))
    server.middleware.insert(0, _refuse_without_session)
    app = server.streamable_http_app(
        streamable_http_path=MCP_PATH,
        host=host,
        transport_security=security_of(host),
        session_idle_timeout=idle_timeout_s,
        max_sessions=most_sessions,
    )
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=_FAREWELL_S
    )
    # uvicorn ends in good order when it is told to stop, and then raises the signal again
    with _termination_as_interrupt(), contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def _termination_as_interrupt() -> Generator[None]:
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def security_of(host: str) -> TransportSecuritySettings | None:
    """Return what requests have to name as their host; None for a local one, where the SDK knows the names itself."""
    if host in LOCAL_HOSTS:
        return None
    if host in ANY_HOST:
        return TransportSecuritySettings(enable_dns_rebinding_protection=False)
    named = f"[{host}]" if ":" in host else host
    return TransportSecuritySettings(
        allowed_hosts=[named, f"{named}:*"], allowed_origins=[f"http://{named}", f"http://{named}:*"]
    )


def _guest_of_session(context: Context, reception: Reception) -> Guest:
    # The SDK has this state, and a stack that is unwound when the session ends, for handlers to use, but its contexts
    # have no public way to them yet (2.3).
    connection = context.session._connection  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    if _GUEST not in connection.state:
        guest = connection.state[_GUEST] = Guest(reception)
        connection.exit_stack.push_async_callback(guest.leave)
    return connection.state[_GUEST]


async def _refuse_without_session(ctx: Context, call_next: CallNext) -> HandlerResult:
    if ctx.protocol_version in HANDSHAKE_PROTOCOL_VERSIONS:
        return await call_next(ctx)
    raise MCPError(
        code=types.UNSUPPORTED_PROTOCOL_VERSION,
        message="a world needs a session; open one with initialize, in one of the supported revisions",
        data={"supported": list(HANDSHAKE_PROTOCOL_VERSIONS), "requested": ctx.protocol_version},
    )
