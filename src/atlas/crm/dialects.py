"""The same CRM under other names: tools and fields are called otherwise, everything else is as it was.

What an agent knows by the name of a tool is worthless in a dialect; what it knows of working with tools is not. The
world behind it never hears the other names: calls are translated on their way in, results and errors on their way out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import date
from typing import Final, cast

from atlas.core.errors import nearest_name
from atlas.core.records import JsonObject, record
from atlas.core.rng import derive_rng
from atlas.crm.records import Actor, Change, ErrorCode, Response, ToolCall, ToolError, ToolResult, ToolSpec
from atlas.crm.respond import NAME as RESPOND
from atlas.crm.schema import SCHEMA
from atlas.crm.tools.registry import TOOLS
from atlas.crm.world import Workplace

_NOUNS: Final[Mapping[str, tuple[str, ...]]] = {
    "opportunity": ("deal", "lead", "prospect"),
    "client": ("account", "customer", "organization"),
    "contact": ("person", "individual", "stakeholder"),
    "quote": ("offer", "proposal", "estimate"),
    "contract": ("agreement", "engagement", "arrangement"),
    "company": ("firm", "business", "enterprise"),
    "document": ("attachment", "artifact", "paper"),
    "note": ("remark", "memo", "comment"),
    "staff": ("employee", "colleague", "team"),
}
_VERBS: Final[Mapping[str, tuple[str, ...]]] = {
    "create": ("add", "register", "insert"),
    "modify": ("update", "edit", "change"),
    "search": ("find", "query", "lookup"),
    "details": ("record", "info", "profile"),
    "view": ("show", "open", "read"),
    "delete": ("remove", "erase", "drop"),
    "cancel": ("void", "revoke", "withdraw"),
    "clone": ("copy", "duplicate", "replicate"),
    "summarize": ("aggregate", "total", "tally"),
    "compare": ("contrast", "diff", "weigh"),
    "upload": ("attach", "store", "put"),
    "list": ("browse", "enumerate", "index"),
    "add": ("write", "append", "leave"),
}
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("label", "designation", "caption"),
    "stage": ("phase", "step", "pipeline_position"),
    "amount": ("sum", "price", "figure"),
    "close_date": ("closing_day", "expected_on", "decision_day"),
    "owner": ("assignee", "responsible", "handled_by"),
    "probability": ("likelihood", "odds", "confidence"),
    "status": ("state", "condition", "standing"),
    "valid_until": ("expires_on", "good_through", "last_day"),
    "version": ("revision", "edition", "iteration"),
    "industry": ("sector", "branch", "line_of_business"),
    "email": ("mail", "mail_address", "electronic_mail"),
    "phone": ("telephone", "tel", "call_number"),
    "address": ("location", "postal", "seat"),
    "title": ("position", "job", "function"),
    "start_date": ("begins_on", "first_day", "from_day"),
    "end_date": ("ends_on", "final_day", "to_day"),
    "value": ("worth", "volume", "total_price"),
    "file_name": ("filename", "paper_name", "doc_name"),
    "content": ("body", "text", "wording"),
    "first_name": ("given_name", "forename", "called"),
    "last_name": ("surname", "family_name", "second_name"),
    "prefix": ("code", "series", "lead_in"),
    "prefixes": ("codes", "series_list", "lead_ins"),
    "url": ("link", "uri", "web_address"),
    "handle": ("login", "user_name", "nick"),
    "role": ("duty", "job_role", "post"),
    "territory": ("region", "area", "patch"),
    "type": ("category", "sort", "class"),
}
_NAME_OR_QUOTE = re.compile(r"'[^']*'|\"[^\"]*\"|[a-z_]+")
_NAMING: Final = frozenset({ErrorCode.MISSING_ARGUMENT, ErrorCode.UNKNOWN_ARGUMENT})  # errors that allow names
_HOLDING_FIELDS: Final = ("criteria", "updates")  # arguments whose keys are names of fields
_ORDER: Final = "order_by"  # an argument whose value is the name of a field, with a sign before it


@record
class Dialect:
    """Other names for tools and fields; what is not listed keeps its own. No two things share a name.

    Attributes:
        tools: Own name to other name of a tool.
        fields: Own name to other name of a field, as arguments and results have it.
    """

    tools: Mapping[str, str] = field(default_factory=dict[str, str])
    fields: Mapping[str, str] = field(default_factory=dict[str, str])

    def original_facts(self, response: Response | None) -> Response | None:
        """Return a response with its facts under the fields' own names, as goals have them."""
        if response is None:
            return None
        back = {other: own for own, other in self.fields.items()}
        return replace(response, facts={back.get(name, name): value for name, value in response.facts.items()})


def draw_dialect(seed: int) -> Dialect:
    """Return the dialect of ``seed``; equal seeds give equal dialects.

    Example:
        >>> draw_dialect(1).tools["client_search"] != "client_search"
        True
    """
    rng = derive_rng(seed, "dialect")
    words = {own: rng.choice(others) for group in (_NOUNS, _VERBS, _FIELDS) for own, others in group.items()}
    words |= {f"{noun}s": f"{words[noun]}s" for noun in ("note", "document", "quote")}
    words["opportunities"] = f"{words['opportunity']}s"
    return Dialect(
        tools=_unique(TOOLS, lambda name: _tool_name(name, words)),
        fields=_unique(_field_names(), lambda name: words.get(name) or _translate(name, words)),
    )


def _field_names() -> tuple[str, ...]:
    names = [field_def.name for definition in SCHEMA.values() for field_def in definition.fields]
    return tuple(dict.fromkeys([*names, "quote_ids", "handle", "role", "territory"]))


def _tool_name(name: str, words: Mapping[str, str]) -> str:
    """Return a tool's other name: its parts in the other words, the first of them last."""
    first, *rest = (words.get(part, part) for part in name.split("_") if part != "new")
    return "_".join((*rest, first))


def _translate(name: str, words: Mapping[str, str]) -> str:
    return "_".join(words.get(part, part) for part in name.split("_"))


def _unique(names: Iterable[str], rename: Callable[[str], str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for name in names:
        other = rename(name)
        while other in given.values():
            other = f"{other}_too"
        given[name] = other
    return given


class RenamedWorld:
    """A workplace whose tools and fields have other names.

    Args:
        world: The workplace.
        dialect: The names.
    """

    def __init__(self, world: Workplace, dialect: Dialect) -> None:
        self._world = world
        self._dialect = dialect
        self._own_tools = {other: own for own, other in dialect.tools.items()}
        self._own_fields = {other: own for own, other in dialect.fields.items()}
        self._tools: tuple[ToolSpec, ...] | None = None

    @property
    def actor(self) -> Actor:
        return self._world.actor

    @property
    def today(self) -> date:
        return self._world.today

    @property
    def writes(self) -> int:
        return self._world.writes

    @property
    def tools(self) -> tuple[ToolSpec, ...]:
        if self._tools is None:
            self._tools = tuple(self._spec(spec) for spec in self._world.tools)
        return self._tools

    def changes(self) -> tuple[Change, ...]:
        return self._world.changes()

    def call(self, call: ToolCall) -> ToolResult:
        """Carry out ``call``, whose names are those of the dialect; a name of the world itself is unknown here."""
        own = self._own_tools.get(call.tool)
        if own is None:
            return ToolResult(error=self._unknown_tool(call.tool))
        try:
            arguments = self._arguments_in(call.arguments)
        except _UnknownFieldError as exc:
            return ToolResult(error=self._unknown_argument(call.tool, exc.name))
        result = self._world.call(ToolCall(own, arguments))
        if result.error is not None:
            return ToolResult(error=self._error_out(result.error))
        return ToolResult(data=cast("JsonObject", self._out(result.data)))

    def _arguments_in(self, arguments: JsonObject) -> dict[str, object]:
        return {self._field_in(name): self._value_in(name, value) for name, value in arguments.items()}

    def _value_in(self, name: str, value: object) -> object:
        if name in _HOLDING_FIELDS and isinstance(value, Mapping):
            held = cast("JsonObject", value)
            return {self._field_in(key): item for key, item in held.items()}
        if name == _ORDER and isinstance(value, str):
            return f"{value[: -len(bare)]}{self._field_in(bare)}" if (bare := value.lstrip("-+")) else value
        return value

    def _field_in(self, name: str) -> str:
        """Return the world's own name of a field.

        Raises:
            _UnknownFieldError: it is a name that only the world itself uses.
        """
        if name in self._own_fields:
            return self._own_fields[name]
        if name in self._dialect.fields:
            raise _UnknownFieldError(name)
        return name

    def _unknown_tool(self, name: str) -> ToolError:
        known = tuple(self._own_tools)
        near = nearest_name(name, known)
        advice = f"did you mean `{near}`?" if near else f"known: {', '.join(known)}"
        return ToolError(ErrorCode.UNKNOWN_TOOL, f"unknown tool `{name}`; {advice}", value=name, allowed=known)

    def _unknown_argument(self, tool: str, name: str) -> ToolError:
        spec = next(spec for spec in self.tools if spec.name == tool)
        known = tuple(cast("JsonObject", spec.parameters["properties"]))
        message = f"`{tool}` has no argument `{name}`; it takes {', '.join(known)}"
        return ToolError(ErrorCode.UNKNOWN_ARGUMENT, message, field=name, value=name, allowed=known)

    def _spec(self, spec: ToolSpec) -> ToolSpec:
        if spec.name == RESPOND:
            return spec
        parameters = dict(spec.parameters)
        parameters["properties"] = {
            self._name(field_name): self._described(schema)
            for field_name, schema in cast("JsonObject", parameters["properties"]).items()
        }
        if "required" in parameters:
            parameters["required"] = [self._name(name) for name in cast("list[str]", parameters["required"])]
        return ToolSpec(self._dialect.tools[spec.name], self._text(spec.description), parameters)

    def _described(self, schema: object) -> object:
        known = cast("JsonObject", schema)
        return {**known, "description": self._text(str(known["description"]))} if "description" in known else known

    def _name(self, name: str) -> str:
        return self._dialect.fields.get(name, name)

    def _out(self, value: object) -> object:
        if isinstance(value, Mapping):
            return {self._name(name): self._out(item) for name, item in cast("JsonObject", value).items()}
        if isinstance(value, (list, tuple)):
            return [self._out(item) for item in cast("Sequence[object]", value)]
        return value

    def _error_out(self, error: ToolError) -> ToolError:
        return replace(
            error,
            message=self._text(error.message),
            field=None if error.field is None else self._name(error.field),
            allowed=tuple(self._name(one) if error.code in _NAMING else one for one in error.allowed),
            hint=None if error.hint is None else self._text(error.hint),
        )

    def _text(self, text: str) -> str:
        """Return a text with every name in it translated, except for what it quotes."""
        names = {**self._dialect.fields, **self._dialect.tools}
        return _NAME_OR_QUOTE.sub(lambda found: names.get(found[0], found[0]), text)


class _UnknownFieldError(Exception):
    """A name of the world itself, where the dialect has another one; never leaves this module."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name
