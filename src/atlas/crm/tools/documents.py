"""Tools about documents."""

from __future__ import annotations

from atlas.crm.records import Entity
from atlas.crm.tools.definition import Tool, create_tool

TOOLS: tuple[Tool, ...] = (
    create_tool("upload_document", Entity.DOCUMENT, "Attach a file to an opportunity, contract, quote or client."),
)
