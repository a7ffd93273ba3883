"""The reference pages are what the definitions say, and their examples are true."""

from __future__ import annotations

from pathlib import Path

import pytest

from atlas.crm.records import Entity, ErrorCode, ReasonCode
from atlas.crm.schema import SCHEMA
from atlas.crm.store import Operator
from atlas.crm.tools.examples import EXAMPLES, play_example
from atlas.crm.tools.reference import render_reference
from atlas.crm.tools.registry import TOOL_SPECS, TOOLS
from atlas.crm.tools.schema_reference import render_schema_reference

PAGES = Path(__file__).resolve().parents[3] / "docs" / "reference"


def test_the_page_of_the_tools_is_current() -> None:
    """Whoever changes a definition renders the page again (``atlas.crm.tools.reference.render_reference``)."""
    assert (PAGES / "crm-tools.md").read_text(encoding="utf-8") == render_reference()


def test_the_page_of_the_schema_is_current() -> None:
    """Likewise (``atlas.crm.tools.schema_reference.render_schema_reference``)."""
    assert (PAGES / "crm-schema.md").read_text(encoding="utf-8") == render_schema_reference()


def test_the_page_names_every_tool_operator_and_code() -> None:
    """Nothing public is left out."""
    page = render_reference()
    for spec in TOOL_SPECS:
        assert f"### `{spec.name}`" in page
    for word in (*ErrorCode, *ReasonCode, *Operator):
        assert f"`{word.value}`" in page


@pytest.mark.parametrize("entity", list(Entity), ids=str)
def test_the_page_of_the_schema_names_every_field_and_value(entity: Entity) -> None:
    """Under the heading of its record, in the order of the schema."""
    section = render_schema_reference().partition(f"\n## {entity.value}\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == [field.name for field in SCHEMA[entity].fields]
    for field, row in zip(SCHEMA[entity].fields, rows, strict=True):
        assert all(value in row for value in field.allowed)


def test_every_tool_has_its_example() -> None:
    """In the order of the tools."""
    assert list(EXAMPLES) == list(TOOLS)


@pytest.mark.parametrize("tool", TOOLS)
def test_the_example_of_a_tool_succeeds(tool: str) -> None:
    """The page shows what really comes back, every time the same."""
    result = play_example(tool)
    assert result.error is None
    assert result.data
    assert play_example(tool) == result
