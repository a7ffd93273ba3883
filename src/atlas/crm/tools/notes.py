"""Tools about notes."""

from __future__ import annotations

from atlas.crm.records import Entity
from atlas.crm.tools.attachments import list_tool
from atlas.crm.tools.definition import Tool, create_tool

TOOLS: tuple[Tool, ...] = (
    create_tool("add_note", Entity.NOTE, "Write a note on an opportunity, client, contact, quote or contract."),
    list_tool(
        "list_notes",
        Entity.NOTE,
        "List the notes on an opportunity, client, contact, quote or contract.",
        order_by="created_at",
    ),
)
