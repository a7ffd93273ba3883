"""All tools of the world by name, and the list that agents see."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from atlas.crm.records import ToolSpec
from atlas.crm.respond import RESPOND
from atlas.crm.tools import (
    clients,
    companies,
    contacts,
    contracts,
    documents,
    notes,
    opportunities,
    quotes,
    staff,
)
from atlas.crm.tools.definition import Tool

TOOLS: Final[Mapping[str, Tool]] = MappingProxyType(
    {
        tool.name: tool
        for module in (opportunities, quotes, clients, contacts, contracts, companies, documents, notes, staff)
        for tool in module.TOOLS
    }
)
"""The business tools, in the order in which they are listed."""

TOOL_SPECS: Final[tuple[ToolSpec, ...]] = (*(tool.spec for tool in TOOLS.values()), RESPOND)
"""What agents see: the business tools and ``respond``."""
