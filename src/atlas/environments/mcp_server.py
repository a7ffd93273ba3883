"""A Model Context Protocol server whose clients work in worlds: one client, one visit.

Tools are those of the world and ``respond``; a result holds the data (or the error) as JSON text and as structured
content. Resources say who the client works for, who the colleagues are, and what was said so far. Transports are in
``atlas.environments.mcp_transports``.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, Final, TypeAlias

from atlas import __version__
from atlas.core.errors import NoFreeSlotError, StorageError
from atlas.crm.records import ToolCall, ToolResult
from atlas.crm.tools.export import to_mcp
from atlas.environments.extras import require
from atlas.environments.texts import ascii_json
from atlas.environments.visits import Reception, Visit
from atlas.telemetry.escaping import escaped

_READY = require("mcp", "the MCP server")

import anyio  # noqa: E402 - the line above says which extra is missing
from mcp import MCPError, types  # noqa: E402 - as above
from mcp.server import Server, ServerRequestContext  # noqa: E402 - as above

COMPANY_URI: Final = "atlas://company"
STAFF_URI: Final = "atlas://staff"
CONVERSATION_URI: Final = "atlas://conversation"

_JSON: Final = "application/json"
_LOG: Final = logging.getLogger(__name__)

Context: TypeAlias = "ServerRequestContext[Any, Any]"
Lifespan: TypeAlias = "Callable[[Server[Any]], AbstractAsyncContextManager[Any]]"


class Guest:
    """A client with its visit, which is opened by the first call and takes one call at a time.

    Calls are carried out in a thread, for a database may let them wait.

    Args:
        reception: Where visits are opened.
    """

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._visit: Visit | None = None
        self._turn = anyio.Lock()

    async def call(self, call: ToolCall) -> ToolResult:
        """Carry out a call in the visit's world.

        Raises:
            StorageError: the database is down, or no copy of the company is free.
        """
        async with self._turn:
            return await anyio.to_thread.run_sync(lambda: self._opened().call(call))

    async def conversation(self) -> object:
        """Return what was said and done so far as JSON data, whatever a client may have sent.

        Raises:
            StorageError: the database is down, or no copy of the company is free.
        """
        async with self._turn:
            return await anyio.to_thread.run_sync(lambda: escaped(self._opened().conversation))

    async def leave(self) -> None:
        """End the visit, if there is one."""
        with anyio.CancelScope(shield=True):
            async with self._turn:
                if self._visit is not None:
                    await anyio.to_thread.run_sync(self._visit.close)

    def _opened(self) -> Visit:
        """Return the visit; in the thread, so that it is known here also when whoever waits for it has gone away."""
        if self._visit is None:
            self._visit = self._reception.open()
        return self._visit


def build_server(
    reception: Reception, guest_of: Callable[[Context], Guest], lifespan: Lifespan | None = None
) -> Server[Any]:
    """Return a server that is not listening yet.

    Args:
        reception: Where visits are opened.
        guest_of: Knows whose request it is.
        lifespan: What lives as long as the server.
    """
    desk = _Desk(reception, guest_of)
    build = partial(
        Server[Any],
        "atlas-crm",
        version=__version__,
        title="Atlas CRM",
        description="A CRM to work in: one world per session, gone when the session ends.",
        instructions=reception.instructions(),
        get_tool_input_schema=_no_header_parameters,
        on_list_tools=desk.list_tools,
        on_call_tool=desk.call_tool,
        on_list_resources=desk.list_resources,
        on_read_resource=desk.read_resource,
    )
    return build() if lifespan is None else build(lifespan=lifespan)


class _Desk:
    """The answers to requests."""

    def __init__(self, reception: Reception, guest_of: Callable[[Context], Guest]) -> None:
        self._reception = reception
        self._guest_of = guest_of

    async def list_tools(self, ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        del ctx, params  # one page, the same for everybody
        return types.ListToolsResult(tools=[types.Tool.model_validate(tool) for tool in to_mcp(self._reception.tools)])

    async def call_tool(self, ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        call = ToolCall(params.name, params.arguments or {})
        return tool_answer(await _told(self._guest_of(ctx).call(call)))

    async def list_resources(
        self, ctx: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        del ctx, params
        resources = [
            types.Resource(
                uri=COMPANY_URI, name="company", mime_type=_JSON, description="Who you work for, and what day it is."
            ),
            types.Resource(uri=STAFF_URI, name="staff", mime_type=_JSON, description="The colleagues."),
        ]
        if self._reception.programme.opening is not None:
            told = "What the user said, and what you did about it."
            resources.append(
                types.Resource(uri=CONVERSATION_URI, name="conversation", mime_type=_JSON, description=told)
            )
        return types.ListResourcesResult(resources=resources)

    async def read_resource(self, ctx: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        uri = str(params.uri)
        text = ascii_json(await self._resource(ctx, uri))
        return types.ReadResourceResult(contents=[types.TextResourceContents(uri=uri, mime_type=_JSON, text=text)])

    async def _resource(self, ctx: Context, uri: str) -> object:
        if uri == COMPANY_URI:
            return self._reception.facts()
        if uri == STAFF_URI:
            return self._reception.colleagues()
        if uri == CONVERSATION_URI and self._reception.programme.opening is not None:
            return await _told(self._guest_of(ctx).conversation())
        raise MCPError(code=types.INVALID_PARAMS, message="there is no such resource; resources/list names them")


def tool_answer(result: ToolResult) -> types.CallToolResult:
    """Return a result of the world as a result of the protocol.

    Example:
        >>> tool_answer(ToolResult({"total": 1})).structured_content
        {'total': 1}
    """
    data = escaped(result.data if result.error is None else result.error)
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=ascii_json(data))],
        structured_content=data if isinstance(data, Mapping) else None,  # pyright: ignore[reportUnknownArgumentType]
        is_error=result.error is not None,
    )


async def _told(answer: Awaitable[Any]) -> Any:  # noqa: ANN401 - whatever the answer is
    """Return ``answer``; a broken backend is told as an error of the protocol, not as one of the agent's call."""
    try:
        return await answer
    except StorageError as exc:
        _LOG.warning("a world is not available: %s", exc)
        why = "every copy of the company is in use" if isinstance(exc, NoFreeSlotError) else "its database failed"
        raise MCPError(code=types.INTERNAL_ERROR, message=f"this world is not available: {why}; try later") from exc


def _no_header_parameters(tool: str) -> None:
    """Say that no argument of ``tool`` has to be repeated in a header."""
    del tool
