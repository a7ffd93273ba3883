"""The reference page is what the definitions say."""

from __future__ import annotations

from pathlib import Path

from atlas.crm.records import Entity, ErrorCode, ReasonCode
from atlas.crm.tools.reference import render_reference
from atlas.crm.tools.registry import TOOL_SPECS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "crm-tools.md"


def test_the_page_is_current() -> None:
    """Whoever changes a definition renders the page again (``atlas.crm.tools.reference.render_reference``)."""
    assert PAGE.read_text(encoding="utf-8") == render_reference()


def test_the_page_names_every_tool_record_and_code() -> None:
    """Nothing public is left out."""
    page = render_reference()
    for spec in TOOL_SPECS:
        assert f"### `{spec.name}`" in page
    for entity in Entity:
        assert f"### {entity.value}\n" in page
    for code in (*ErrorCode, *ReasonCode):
        assert f"`{code.value}`" in page
