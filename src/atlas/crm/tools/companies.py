"""Tools about reference companies: they are looked up, not changed."""

from __future__ import annotations

from atlas.crm.records import Entity
from atlas.crm.tools.definition import Tool
from atlas.crm.tools.search import search_tool

TOOLS: tuple[Tool, ...] = (
    search_tool("company_search", Entity.COMPANY, "Find reference companies: partners, vendors, competitors."),
)
