"""The tools fit what providers and protocols want, and their schemas are those of the checks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import cast

import pytest

from atlas.core.records import as_json
from atlas.crm.records import Entity, ToolError, ToolSpec
from atlas.crm.schema import SCHEMA
from atlas.crm.tools.export import to_anthropic, to_mcp, to_openai
from atlas.crm.tools.registry import TOOL_SPECS, TOOLS
from atlas.crm.wording import is_array, is_object

Fail = Callable[..., ToolError]

JSON_TYPES = {"string", "number", "integer", "boolean", "object", "array", "null"}


def test_each_shape_holds_every_tool_with_its_schema() -> None:
    """Name, description and parameters under the keys of each shape."""
    openai, anthropic, mcp = to_openai(TOOL_SPECS), to_anthropic(TOOL_SPECS), to_mcp(TOOL_SPECS)
    for place, spec in enumerate(TOOL_SPECS):
        assert openai[place] == {
            "type": "function",
            "function": {"name": spec.name, "description": spec.description, "parameters": spec.parameters},
        }
        assert anthropic[place] == {
            "name": spec.name,
            "description": spec.description,
            "input_schema": spec.parameters,
        }
        assert mcp[place]["inputSchema"] is spec.parameters


def test_mcp_clients_are_told_which_tools_only_read() -> None:
    """The hints follow from the definition; ``respond`` ends a turn, and what overwrites is more than an addition."""
    hints = {str(tool["name"]): cast("dict[str, bool]", tool["annotations"]) for tool in to_mcp(TOOL_SPECS)}
    reading = {name for name, hint in hints.items() if hint["readOnlyHint"]}
    changing = re.compile("create_|modify_|delete_|cancel_|clone_|upload_|add_|respond")
    assert reading == {name for name in hints if not changing.match(name)}
    assert {name for name, tool in TOOLS.items() if not tool.writes} == reading
    destructive = {name for name, hint in hints.items() if hint["destructiveHint"]}
    assert destructive == {name for name in hints if re.match("modify_|delete_|cancel_", name)}


def schemas_in(schema: object) -> Iterator[dict[str, object]]:
    if is_object(schema):
        yield dict(schema)
        for name, part in schema.items():
            if name == "properties" and is_object(part):
                for inner in part.values():
                    yield from schemas_in(inner)
            elif is_array(part):
                for inner in part:
                    yield from schemas_in(inner)
            else:
                yield from schemas_in(part)


@pytest.mark.parametrize("spec", TOOL_SPECS, ids=lambda spec: spec.name)
def test_schemas_are_plain_json_and_closed(spec: ToolSpec) -> None:
    """Every argument has a type and a description, and there are no others."""
    assert json.loads(json.dumps(spec.parameters)) == as_json(spec.parameters)
    assert spec.parameters["additionalProperties"] is False
    properties = spec.parameters["properties"]
    assert is_object(properties)
    for schema in properties.values():
        assert is_object(schema)
        assert schema["description"]
        assert "type" in schema or "anyOf" in schema
    for schema in schemas_in(spec.parameters):
        kinds = schema.get("type", [])
        assert set(kinds if isinstance(kinds, list) else [kinds]) <= JSON_TYPES


@pytest.mark.parametrize("name", TOOLS)
def test_required_arguments_of_the_schema_are_those_that_the_tool_misses(reject: Fail, name: str) -> None:
    """Schema and check come from one definition."""
    required = TOOLS[name].spec.parameters["required"]
    assert is_array(required)
    if not required:
        return
    error = reject(name)
    assert error.code.value == "missing_argument"
    assert list(error.allowed) == list(required)


def test_schemas_show_the_enums_that_a_new_record_may_start_with() -> None:
    """A model is not offered what would be rejected."""
    created = TOOLS["create_quote"].spec.parameters["properties"]
    modified = TOOLS["modify_quote"].spec.parameters["properties"]
    assert is_object(created)
    assert is_object(modified)
    first, later = created["status"], modified["status"]
    assert is_object(first)
    assert is_object(later)
    assert first["enum"] == ["Draft", "Sent"]
    assert later["enum"] == list(SCHEMA[Entity.QUOTE].field("status").allowed)
