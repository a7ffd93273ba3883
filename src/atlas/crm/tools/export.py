"""The tools in the shapes that model providers and protocols want, all from the same definition."""

from __future__ import annotations

from collections.abc import Iterable

from atlas.core.records import JsonObject
from atlas.crm.records import ToolSpec
from atlas.crm.tools.registry import TOOLS


def to_openai(specs: Iterable[ToolSpec]) -> list[JsonObject]:
    """Return ``specs`` as the ``tools`` of an OpenAI-compatible chat completion.

    Example:
        >>> to_openai([ToolSpec("ping", "Ping.", {"type": "object"})])
        [{'type': 'function', 'function': {'name': 'ping', 'description': 'Ping.', 'parameters': {'type': 'object'}}}]
    """
    return [
        {
            "type": "function",
            "function": {"name": spec.name, "description": spec.description, "parameters": spec.parameters},
        }
        for spec in specs
    ]


def to_anthropic(specs: Iterable[ToolSpec]) -> list[JsonObject]:
    """Return ``specs`` as the ``tools`` of an Anthropic message.

    Example:
        >>> to_anthropic([ToolSpec("ping", "Ping.", {"type": "object"})])
        [{'name': 'ping', 'description': 'Ping.', 'input_schema': {'type': 'object'}}]
    """
    return [{"name": spec.name, "description": spec.description, "input_schema": spec.parameters} for spec in specs]


def to_mcp(specs: Iterable[ToolSpec]) -> list[JsonObject]:
    """Return ``specs`` as the tools that a Model Context Protocol server lists.

    The annotations say whether a tool only reads, and whether what it does is more than an addition: whether it may
    delete or overwrite something. ``respond`` ends a turn, so it is more than reading. None reaches outside the world.

    Example:
        >>> to_mcp([ToolSpec("client_search", "Find clients.", {"type": "object"})])[0]["annotations"]["readOnlyHint"]
        True
    """
    return [
        {
            "name": spec.name,
            "description": spec.description,
            "inputSchema": spec.parameters,
            "annotations": {
                "readOnlyHint": spec.name in TOOLS and not TOOLS[spec.name].writes,
                "destructiveHint": spec.name in TOOLS and (TOOLS[spec.name].deletes or TOOLS[spec.name].overwrites),
                "openWorldHint": False,
            },
        }
        for spec in specs
    ]
