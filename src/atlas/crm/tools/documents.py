"""Tools about documents."""

from __future__ import annotations

from atlas.crm.records import Entity
from atlas.crm.tools.attachments import list_tool
from atlas.crm.tools.definition import Tool, create_tool

TOOLS: tuple[Tool, ...] = (
    create_tool("upload_document", Entity.DOCUMENT, "Attach a file to an opportunity, contract, quote or client."),
    list_tool(
        "list_documents",
        Entity.DOCUMENT,
        "List the documents on an opportunity, contract, quote or client.",
        order_by="uploaded_at",
    ),
)
