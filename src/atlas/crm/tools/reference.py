"""The reference page of the tools, written from their definitions: ``docs/reference/crm-tools.md``."""

from __future__ import annotations

import json
from collections.abc import Sequence

from atlas.core.records import as_json
from atlas.crm.records import ErrorCode, ReasonCode, ToolSpec
from atlas.crm.respond import RESPOND
from atlas.crm.tools.definition import Tool
from atlas.crm.tools.examples import EXAMPLES, play_example
from atlas.crm.tools.registry import TOOLS
from atlas.crm.tools.search import DEFAULT_LIMIT, MAX_LIMIT
from atlas.crm.wording import is_array, is_object

_HEAD = f"""\
# Tools of the CRM

This page is generated from `atlas.crm.tools`; a test compares it with them and carries out every example. What the
records hold is on the page of the [schema](crm-schema.md).

Every tool takes a JSON object and answers with an object, or with an error value. A call that fails changes nothing.
An unknown argument is rejected, with the nearest known name as a suggestion; `null` counts as not given,
except where a tool modifies a record.

- **Searches** take criteria by field name, on their own or wrapped in `criteria`. A criterion is a value or an object
  of operators: `{{"amount": {{"gte": 5000, "lte": 9000}}}}`. A plain value means `contains` for texts and `equals` for
  everything else; texts are compared without regard to case. A day given for a point in time means all of that day.
  An empty field fulfils no criterion but `{{"empty": true}}`.
- **Results** come in the order of `order_by` (`amount`, or `-amount` for the highest first; empty values come last) and
  otherwise in the order of their ids; at most `limit` of them ({DEFAULT_LIMIT} unless given, at most {MAX_LIMIT}), with
  `total` telling how many there are. `next_cursor` of a result, given as `cursor` with the same criteria and order,
  leads to the results behind it; it is null where there are none. Pages are cut from the records as they are when the
  call is made: one that is written in between may shift them.
- **modify_…** tools take the new values on their own or wrapped in `updates`; `null` empties a field that may be empty.
- **delete_…** tools delete what cannot be without the record as well, empty the references of what can, and say both.
  Where a rule of the company keeps one of these records, nothing is deleted.
- **…_details** tools show a record with what is around it; `opportunity_details` shows the opportunity alone, and
  `view_opportunity_details` everything around it.
- **Amounts** are JSON numbers in currency units with at most two decimals; **dates** are `YYYY-MM-DD`.

In the examples it is 2026-03-02, and Mara Okafor (`m.okafor`) acts in a company of a handful of records.
"""


def render_reference() -> str:
    """Return the reference page as Markdown, ending in one line break."""
    parts = [_HEAD, "## Tools\n"]
    parts += [_tool_section(tool) for tool in TOOLS.values()]
    parts.append(_section(RESPOND, "Ends the turn; nothing is answered."))
    parts.append(_codes("Error codes", "The `code` of an error value.", [code.value for code in ErrorCode]))
    parts.append(_codes("Reason codes", "The `reason_code` of `respond`.", [code.value for code in ReasonCode]))
    return "\n".join(parts)


def _tool_section(tool: Tool) -> str:
    kind = "Deletes records." if tool.deletes else "Changes records." if tool.writes else "Only reads."
    return f"{_section(tool.spec, f'Returns: {tool.returns} {kind}')}\n{_example(tool.name)}"


def _example(name: str) -> str:
    """The call of the example and what it gives, each part of the result on a line of its own."""
    result = play_example(name)
    shown = result.data or {"error": as_json(result.error)}
    parts = ",\n".join(f" {json.dumps(key)}: {_one_line(value)}" for key, value in shown.items())
    return f"```text\n{name}({_one_line(EXAMPLES[name])})\n{{\n{parts}\n}}\n```\n"


def _one_line(value: object) -> str:
    return json.dumps(as_json(value), ensure_ascii=False)


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


def _codes(title: str, what: str, codes: Sequence[str]) -> str:
    return "\n".join([f"## {title}", "", what, "", ", ".join(f"`{code}`" for code in codes), ""])
