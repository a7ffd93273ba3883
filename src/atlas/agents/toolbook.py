"""The tools as a planner reads them: verb, object, parameters, and which tool looks up which kind of record."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import cast

from atlas.agents.proposal import Proposal
from atlas.core.records import record
from atlas.crm.records import ToolSpec
from atlas.learning.english import FILLERS, canonical
from atlas.learning.situation import is_list, is_number, is_object

READING_VERBS = frozenset({"search", "view", "summarize"})
_NOUNS = frozenset({"opportunity", "client", "contact", "quote", "contract", "document", "note", "staff", "company"})
_VERBS = frozenset({"create", "modify", "search", "view", "cancel", "delete", "clone", "upload", "summarize"})
_OBJECT_ARGUMENTS = ("updates", "criteria")


@record
class Parameter:
    """A parameter of a tool.

    Attributes:
        name: Its name.
        type: JSON type; ``string`` where the schema gives several.
        format: JSON Schema format, empty where it has none.
        required: Whether a call needs it.
        allowed: Its closed set, empty where it has none.
        words: Canonical words of its name.
    """

    name: str
    type: str
    format: str
    required: bool
    allowed: tuple[str, ...]
    words: frozenset[str]
    least: float | None = None
    most: float | None = None

    def accepts(self, value: object) -> bool:
        """Tell whether the schema leaves room for ``value`` (an enum or a range; types are the world's business)."""
        if is_number(value):
            return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)
        return not (isinstance(value, str) and self.allowed) or value in self.allowed


@record
class ToolReading:
    """A tool as a planner reads it.

    Attributes:
        name: Its name.
        verb: What it does, a canonical verb; empty where its name has none.
        nouns: The kinds of records in its name, in order.
        words: Canonical words of its description.
        parameters: Its parameters, in schema order.
    """

    name: str
    verb: str
    nouns: tuple[str, ...]
    words: frozenset[str]
    parameters: tuple[Parameter, ...]

    @property
    def reads(self) -> bool:
        """Whether it only looks."""
        return self.verb in READING_VERBS or (not self.verb and bool(self.nouns))

    @property
    def required(self) -> tuple[Parameter, ...]:
        """The parameters that a call needs."""
        return tuple(parameter for parameter in self.parameters if parameter.required)

    def parameter(self, name: str) -> Parameter | None:
        """Return the parameter of that name, None where there is none."""
        return next((parameter for parameter in self.parameters if parameter.name == name), None)


class Toolbook:
    """All tools that an agent has.

    Args:
        tools: As the observation lists them.
        respond: Name of the tool that ends a turn.
    """

    def __init__(self, tools: Sequence[ToolSpec], respond: str = "respond") -> None:
        self.respond = respond
        self.tools: Mapping[str, ToolReading] = {tool.name: read_tool(tool) for tool in tools if tool.name != respond}
        self.names = frozenset(self.tools)

    def accepts(self, proposal: Proposal) -> bool:
        """Tell whether the schemas leave room for a proposed call."""
        tool = self.tools.get(proposal.tool or "")
        if tool is None:
            return True
        parameters = {parameter.name: parameter for parameter in tool.parameters}
        return all(
            parameters[path].accepts(value)
            for path, value in ((path.rpartition(".")[2], value) for path, value in proposal.arguments.items())
            if path in parameters
        )

    def lookup(self, noun: str) -> ToolReading | None:
        """Return the tool that searches for records of a kind by their names, None where there is none."""
        searches = (tool for tool in self.tools.values() if tool.verb == "search" and tool.nouns[:1] == (noun,))
        return next((tool for tool in searches if tool.parameter("name") or tool.parameter("last_name")), None)

    def details(self, noun: str) -> ToolReading | None:
        """Return the tool that shows all about one record of a kind, None where there is none."""
        return next((tool for tool in self.tools.values() if tool.verb == "view" and tool.nouns[:1] == (noun,)), None)


def read_tool(tool: ToolSpec) -> ToolReading:
    """Return a tool as a planner reads it.

    Example:
        >>> reading = read_tool(ToolSpec("add_note", "Write a note.", {"properties": {}}))
        >>> reading.verb, reading.nouns
        ('create', ('note',))
    """
    words = [canonical(word) for word in tool.name.split("_")]
    verb = next((word for word in words if word in _VERBS), "")
    nouns = tuple(word for word in words if word in _NOUNS)
    described = re.findall(r"[a-z]+", tool.description.lower())
    return ToolReading(
        name=tool.name,
        verb=verb,
        nouns=nouns,
        words=frozenset(canonical(word) for word in described if word not in FILLERS),
        parameters=tuple(_parameters(tool)),
    )


def _parameters(tool: ToolSpec) -> list[Parameter]:
    properties = tool.parameters.get("properties")
    if not is_object(properties):
        return []
    wanted = tool.parameters.get("required")
    required = {str(name) for name in wanted} if is_list(wanted) else set[str]()
    found = [
        _parameter(name, definition, required=name in required)
        for name, definition in properties.items()
        if name not in _OBJECT_ARGUMENTS and is_object(definition)
    ]
    for name in _OBJECT_ARGUMENTS:
        inner = properties.get(name)
        nested = inner.get("properties") if is_object(inner) else None
        if is_object(nested):
            known = {parameter.name for parameter in found}
            found += [
                _parameter(field, definition, required=False)
                for field, definition in nested.items()
                if field not in known and is_object(definition)
            ]
    return found


def _parameter(name: str, definition: Mapping[str, object], *, required: bool) -> Parameter:
    options = [definition]
    for form in ("anyOf", "oneOf"):
        listed = definition.get(form)
        if is_list(listed):
            options += [option for option in listed if is_object(option)]
    kinds = [option["type"] for option in options if isinstance(option.get("type"), str)]
    formats = [option["format"] for option in options if isinstance(option.get("format"), str)]
    allowed = [
        value for option in options if is_list(option.get("enum")) for value in cast("list[object]", option["enum"])
    ]
    return Parameter(
        name=name,
        type=str(kinds[0]) if kinds else "string",
        format=str(formats[0]) if formats else "",
        required=required,
        allowed=tuple(dict.fromkeys(str(value) for value in allowed)),
        words=frozenset(canonical(word) for word in name.split("_") if word not in FILLERS),
        least=_bound(options, "minimum", "exclusiveMinimum"),
        most=_bound(options, "maximum", "exclusiveMaximum"),
    )


def _bound(options: Sequence[Mapping[str, object]], *names: str) -> float | None:
    found = [value for option in options for name in names if is_number(value := option.get(name))]
    return float(found[0]) if found else None
