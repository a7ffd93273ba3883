"""``atlas crm``: the world that agents work in: its tools, its records, its doors."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Annotated, assert_never

import typer
from rich.table import Table
from rich.text import Text

from atlas.cli.options import JsonOption
from atlas.cli.terminal import put_json, put_table
from atlas.core.errors import UnknownNameError
from atlas.core.records import JsonObject
from atlas.crm.records import ToolSpec
from atlas.crm.tools.export import to_anthropic, to_mcp, to_openai
from atlas.crm.tools.registry import TOOL_SPECS

app = typer.Typer(help="The world that agents work in: its tools, its records, its doors.", no_args_is_help=True)


class ToolFormat(enum.StrEnum):
    """How a tool is described to a model."""

    JSON_SCHEMA = "json_schema"
    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    MCP = "mcp"


@app.callback()
def crm() -> None:
    """The world that agents work in: its tools, its records, its doors."""


@app.command()
def tools(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TOOL...]", envvar="ATLAS_TOOLS", help="Tools.", show_default="all of them"),
    ] = None,
    *,
    tool_format: Annotated[
        ToolFormat | None,
        typer.Option(
            "--format",
            envvar="ATLAS_TOOL_FORMAT",
            help="Write JSON as this kind of model API takes it.",
            show_default="a table for people",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the tools of the world, or write them as a model API takes them.

    \b
    Example:
      atlas crm tools --format openai
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    chosen = _choose(names or [])
    if tool_format is None and not as_json:
        put_table(_list_of(chosen))
    else:
        put_json(describe_tools(chosen, tool_format or ToolFormat.JSON_SCHEMA))


def describe_tools(specs: Iterable[ToolSpec], tool_format: ToolFormat) -> list[JsonObject]:
    """Return the definitions of tools as a kind of model API takes them.

    Example:
        >>> describe_tools([ToolSpec("ping", "Ping.", {"type": "object"})], ToolFormat.ANTHROPIC)
        [{'name': 'ping', 'description': 'Ping.', 'input_schema': {'type': 'object'}}]
    """
    match tool_format:
        case ToolFormat.JSON_SCHEMA:
            return [{"title": spec.name, "description": spec.description, **spec.parameters} for spec in specs]
        case ToolFormat.OPENAI:
            return to_openai(specs)
        case ToolFormat.ANTHROPIC:
            return to_anthropic(specs)
        case ToolFormat.MCP:
            return to_mcp(specs)
        case _:
            assert_never(tool_format)


def _choose(names: list[str]) -> tuple[ToolSpec, ...]:
    known = {spec.name: spec for spec in TOOL_SPECS}
    for name in names:
        if name not in known:
            raise UnknownNameError("tool", name, known)
    return tuple(known[name] for name in names) or TOOL_SPECS


def _list_of(specs: tuple[ToolSpec, ...]) -> Table:
    table = Table(title=Text(f"{len(specs)} tools"), title_justify="left")
    table.add_column("tool", no_wrap=True)
    table.add_column("what it does", overflow="fold")
    for spec in specs:
        table.add_row(spec.name, Text(spec.description))
    return table
