"""The reference page of records and tools, written from their definitions: ``docs/reference/crm-tools.md``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atlas.core.money import from_cents
from atlas.crm.fields import EntityDef, FieldDef, FieldKind, WorldValue
from atlas.crm.records import ErrorCode, ReasonCode, ToolSpec
from atlas.crm.respond import RESPOND
from atlas.crm.schema import SCHEMA
from atlas.crm.tools.definition import Tool
from atlas.crm.tools.registry import TOOLS
from atlas.crm.tools.search import DEFAULT_LIMIT, MAX_LIMIT
from atlas.crm.wording import is_array, is_object

_HEAD = f"""\
# Records and tools of the CRM

This page is generated from `atlas.crm.schema` and `atlas.crm.tools`; a test compares it with them.

Every tool takes a JSON object and answers with an object, or with an error value. A call that fails changes nothing.
An unknown argument is rejected, with the nearest known name as a suggestion; `null` counts as not given.

- **Searches** take criteria by field name, on their own or wrapped in `criteria`. A criterion is a value or an object
  of operators: `{{"amount": {{"gte": 5000, "lte": 9000}}}}`. A plain value means `contains` for texts and `equals` for
  everything else; texts are compared without regard to case. A day given for a point in time means all of that day.
  Results come in the order of `order_by` (`amount`, or `-amount` for the highest first; empty values come last) and
  otherwise in the order of their ids; at most `limit` of them ({DEFAULT_LIMIT} unless given, at most {MAX_LIMIT}), with
  `total` telling how many there are.
- **modify_…** tools take the new values on their own or wrapped in `updates`; `null` empties a field that may be empty.
- **Amounts** are JSON numbers in currency units with at most two decimals; **dates** are `YYYY-MM-DD`.
"""

_KIND_WORDS: dict[FieldKind, str] = {
    FieldKind.ID: "id",
    FieldKind.REFERENCE: "id of a record",
    FieldKind.NAME: "text of one line",
    FieldKind.TEXT: "text",
    FieldKind.EMAIL: "e-mail address",
    FieldKind.URL: "web address",
    FieldKind.FILE_NAME: "file name",
    FieldKind.ENUM: "one of",
    FieldKind.MONEY: "amount",
    FieldKind.WHOLE_NUMBER: "whole number",
    FieldKind.DATE: "date",
    FieldKind.TIMESTAMP: "point in time",
    FieldKind.STAFF: "handle of a colleague",
    FieldKind.NAMES: "list of texts",
}
_WORLD_WORDS: dict[WorldValue, str] = {
    WorldValue.NEW_ID: "given by the CRM",
    WorldValue.NOW: "the time in the world",
    WorldValue.ACTOR: "the acting colleague",
}


def render_reference() -> str:
    """Return the reference page as Markdown, ending in one line break."""
    parts = [_HEAD, "## Tools\n"]
    parts += [_tool_section(tool) for tool in TOOLS.values()]
    parts.append(_section(RESPOND, "Ends the turn; nothing is answered."))
    parts.append("## Records\n")
    parts += [_entity_section(definition) for definition in SCHEMA.values()]
    parts.append(_codes("Error codes", "The `code` of an error value.", [code.value for code in ErrorCode]))
    parts.append(_codes("Reason codes", "The `reason_code` of `respond`.", [code.value for code in ReasonCode]))
    return "\n".join(parts)


def _tool_section(tool: Tool) -> str:
    kind = "Changes records." if tool.writes else "Only reads."
    return _section(tool.spec, f"Returns: {tool.returns} {kind}")


def _section(spec: ToolSpec, returns: str) -> str:
    lines = [f"### `{spec.name}`", "", spec.description, ""]
    lines += ["| argument | required | type | meaning |", "|---|---|---|---|"]
    required = spec.parameters["required"]
    properties = spec.parameters["properties"]
    if is_object(properties) and is_array(required):
        for name, schema in properties.items():
            needed = "yes" if name in required else ""
            meaning = schema["description"] if is_object(schema) else ""
            lines.append(f"| `{name}` | {needed} | {_type_words(schema)} | {meaning} |")
    return "\n".join([*lines, "", returns, ""])


def _type_words(schema: object) -> str:
    if not is_object(schema):
        return ""
    if "anyOf" in schema and is_array(schema["anyOf"]):
        plain, wrapped = schema["anyOf"][0], schema["anyOf"][-1]
        operators = wrapped.get("properties") if is_object(wrapped) else None
        names = [f"`{name}`" for name in operators] if is_object(operators) else []
        return f"{_type_words(plain)}; operators {', '.join(names)}"
    if "enum" in schema and is_array(schema["enum"]):
        return ", ".join(str(value) for value in schema["enum"])
    form = schema.get("format")
    return str(schema["type"]) if form is None else f"{schema['type']} ({form})"


def _entity_section(definition: EntityDef) -> str:
    lines = [f"### {definition.entity.value}", "", definition.description, ""]
    lines += ["| field | required | holds | meaning |", "|---|---|---|---|"]
    lines += [_field_line(field) for field in definition.fields]
    return "\n".join([*lines, ""])


def _field_line(field: FieldDef) -> str:
    needed = "yes" if field.required else ""
    return f"| `{field.name}` | {needed} | {'; '.join(_field_words(field))} | {field.description} |"


def _field_words(field: FieldDef) -> Iterator[str]:
    yield f"one of {', '.join(field.allowed)}" if field.kind is FieldKind.ENUM else _KIND_WORDS[field.kind]
    if field.kind is FieldKind.MONEY:
        yield f"more than 0, at most {from_cents(field.maximum or 0):,}"
    if field.kind is FieldKind.WHOLE_NUMBER:
        yield f"{field.minimum} to {field.maximum}"
    if field.max_length is not None:
        yield f"at most {field.max_length:,} {'items' if field.kind is FieldKind.NAMES else 'characters'}"
    if field.allowed_at_creation:
        yield f"starts as {' or '.join(field.allowed_at_creation)}"
    if field.not_past:
        yield "not before today when given"
    if field.unique:
        yield "unique, ignoring case"
    if field.fixed:
        yield "never changes"
    if field.world_value is not None:
        yield _WORLD_WORDS[field.world_value]
    if field.default:
        yield f"{field.default} unless given"


def _codes(title: str, what: str, codes: Sequence[str]) -> str:
    return "\n".join([f"## {title}", "", what, "", ", ".join(f"`{code}`" for code in codes), ""])
