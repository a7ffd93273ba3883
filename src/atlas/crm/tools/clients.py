"""Tools about clients."""

from __future__ import annotations

from atlas.crm.records import Entity
from atlas.crm.tools.definition import Tool, create_tool
from atlas.crm.tools.search import search_tool

TOOLS: tuple[Tool, ...] = (
    search_tool("client_search", Entity.CLIENT, "Find clients."),
    create_tool("create_new_client", Entity.CLIENT, "Create a client; its e-mail address must be new."),
)
