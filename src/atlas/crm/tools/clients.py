"""Tools about clients."""

from __future__ import annotations

from atlas.crm.records import Entity, Row
from atlas.crm.schema import show_row
from atlas.crm.store import attached_to, equal_to
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
    client_id = stored_text(row, "client_id")
    return {
        "client": show_row(Entity.CLIENT, row),
        "contacts": shown_rows(bench, equal_to(Entity.CONTACT, "client_id", client_id, order_by="last_name")),
        "opportunities": shown_rows(bench, equal_to(Entity.OPPORTUNITY, "client_id", client_id, order_by="name")),
        "contracts": shown_rows(bench, equal_to(Entity.CONTRACT, "client_id", client_id, order_by="start_date")),
        "documents": shown_rows(bench, attached_to(Entity.DOCUMENT, Entity.CLIENT, client_id, order_by="uploaded_at")),
        "notes": shown_rows(bench, attached_to(Entity.NOTE, Entity.CLIENT, client_id, order_by="created_at")),
    }


TOOLS: tuple[Tool, ...] = (
    search_tool("client_search", Entity.CLIENT, "Find clients."),
    record_tool(
        "client_details",
        Entity.CLIENT,
        "Show a client with its contacts, opportunities, contracts, documents and notes.",
        _details,
        writes=False,
        returns="`client`, and the lists `contacts`, `opportunities`, `contracts`, `documents`, `notes`.",
    ),
    create_tool("create_new_client", Entity.CLIENT, "Create a client; its e-mail address must be new."),
    modify_tool("modify_client", Entity.CLIENT, "Change fields of a client; its e-mail address stays its own."),
)
