"""Tools about contacts."""

from __future__ import annotations

from atlas.crm.records import Entity, Row
from atlas.crm.schema import show_row
from atlas.crm.store import attached_to
from atlas.crm.tools.definition import (
    Outcome,
    Tool,
    create_tool,
    modify_tool,
    record_tool,
    shown_rows,
    stored_text,
)
from atlas.crm.tools.search import search_tool
from atlas.crm.workbench import Workbench


def _details(bench: Workbench, row: Row) -> Outcome:
    contact_id = stored_text(row, "contact_id")
    client = bench.store.get(Entity.CLIENT, stored_text(row, "client_id"))
    return {
        "contact": show_row(Entity.CONTACT, row),
        "client": None if client is None else show_row(Entity.CLIENT, client),
        "notes": shown_rows(bench, attached_to(Entity.NOTE, Entity.CONTACT, contact_id, order_by="created_at")),
    }


TOOLS: tuple[Tool, ...] = (
    search_tool("contact_search", Entity.CONTACT, "Find contacts of clients."),
    record_tool(
        "contact_details",
        Entity.CONTACT,
        "Show a contact with the client it works for and the notes on it.",
        _details,
        writes=False,
        returns="`contact`, `client`, and the list `notes`.",
    ),
    create_tool("create_new_contact", Entity.CONTACT, "Create a contact at a client."),
    modify_tool("modify_contact", Entity.CONTACT, "Change fields of a contact."),
)
