"""Tools about contacts."""

from __future__ import annotations

from atlas.crm.records import Entity
from atlas.crm.tools.definition import Tool, create_tool
from atlas.crm.tools.search import search_tool

TOOLS: tuple[Tool, ...] = (
    search_tool("contact_search", Entity.CONTACT, "Find contacts of clients."),
    create_tool("create_new_contact", Entity.CONTACT, "Create a contact at a client."),
)
