"""Tools about contracts."""

from __future__ import annotations

from typing import cast

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
    here = (Entity.CONTRACT, stored_text(row, "contract_id"))
    return {
        "contract": show_row(Entity.CONTRACT, row),
        "client": _shown(bench, Entity.CLIENT, row, "client_id"),
        "opportunity": _shown(bench, Entity.OPPORTUNITY, row, "opportunity_id"),
        "documents": shown_rows(bench, attached_to(Entity.DOCUMENT, *here, order_by="uploaded_at")),
        "notes": shown_rows(bench, attached_to(Entity.NOTE, *here, order_by="created_at")),
    }


def _shown(bench: Workbench, entity: Entity, row: Row, field: str) -> dict[str, object] | None:
    """The record that a field refers to, None where it refers to nothing."""
    row_id = cast("str | None", row[field])
    found = None if row_id is None else bench.store.get(entity, row_id)
    return None if found is None else show_row(entity, found)


TOOLS: tuple[Tool, ...] = (
    search_tool("contract_search", Entity.CONTRACT, "Find contracts."),
    record_tool(
        "contract_details",
        Entity.CONTRACT,
        "Show a contract with its client, the opportunity it came from, its documents and notes.",
        _details,
        writes=False,
        returns="`contract`, `client`, `opportunity` (null without one), and the lists `documents`, `notes`.",
    ),
    create_tool("create_contract", Entity.CONTRACT, "Create a contract with a client; it is Pending unless said."),
    modify_tool("modify_contract", Entity.CONTRACT, "Change fields of a contract; it stays with its client."),
)
