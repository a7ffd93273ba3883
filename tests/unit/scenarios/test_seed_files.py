"""A company's rows as seed files; that the SQL loads is tested against a server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from atlas.core.errors import MisuseError
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Entity
from atlas.crm.schema import SCHEMA, show_row
from atlas.crm.tools.json_schema import field_schema
from atlas.scenarios.companies import generate_company
from atlas.scenarios.seed_files import seed_json_lines, seed_sql

Json = dict[str, Any]

PUBLISHED_SCHEMA = Path(__file__).resolve().parents[4] / "shared" / "data" / "crm_schema.json"  # not in the repository
TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "number": (int, float),
    "integer": int,
    "array": list,
    "object": dict,
}


def _schemas() -> dict[str, Json]:
    """Our own fields as a schema, and the published one where it is there."""
    ours = {
        "type": "object",
        "properties": {
            entity.value: {
                "type": "object",
                "properties": {field.name: field_schema(field) for field in definition.fields},
                "required": [definition.id_field],
            }
            for entity, definition in SCHEMA.items()
        },
    }
    published = {"published": json.loads(PUBLISHED_SCHEMA.read_text())} if PUBLISHED_SCHEMA.exists() else {}
    return {"ours": ours, **published}


SCHEMAS = _schemas()


def _faults(value: Any, schema: Json, path: str = "$") -> list[str]:  # noqa: ANN401 - any JSON
    """What is wrong with a value; as much of JSON Schema as the two schemas use."""
    kind = schema.get("type")
    if kind is not None and (not isinstance(value, TYPES[kind]) or isinstance(value, bool)):
        return [f"{path} is no {kind}"]
    faults = [f"{path} is none of {schema['enum']}"] if value not in schema.get("enum", [value]) else []
    if isinstance(value, dict):
        faults += [f"{path}.{name} is missing" for name in schema.get("required", []) if name not in value]
        known: Json = schema.get("properties", {})
        faults += [f"{path}.{name} is unknown" for name in value if name not in known]
        for name in set(value) & set(known):
            faults += _faults(value[name], known[name], f"{path}.{name}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            faults += _faults(item, schema.get("items", {}), f"{path}.{place}")
    elif isinstance(value, (int, float)):
        low, high = schema.get("minimum", value), schema.get("maximum", value)
        faults += [f"{path} is out of range"] if not low <= value <= high else []
    return faults


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_line_is_a_document_of_the_schema(name: str) -> None:
    """One row a line, under its kind; and the check notices what is wrong."""
    lines = [json.loads(line) for line in seed_json_lines(generate_company(7).base)]
    assert len(lines) > 300
    assert [_faults(line, SCHEMAS[name]) for line in lines] == [[]] * len(lines)
    assert _faults({"Client": {"client_id": 5, "colour": "red", "status": "Gone"}}, SCHEMAS[name])


def test_the_lines_hold_every_row_and_every_value() -> None:
    """Shown values; only empty fields are left out; parents come before children."""
    base = generate_company(8).base
    lines = [next(iter(json.loads(line).items())) for line in seed_json_lines(base)]
    rows = [(entity.value, show_row(entity, row)) for entity in Entity for row in base.rows(entity)]
    assert len(lines) == len(rows)
    for (told_kind, told), (kind, row) in zip(lines, rows, strict=True):
        assert told_kind == kind
        assert told == {name: value for name, value in row.items() if value not in (None, [])}


def test_texts_cannot_leave_their_quotes() -> None:
    """Whatever a row or a name holds, it stays inside the literal that it is put into."""
    nasty = "x'); drop table crm.clients; --"

    def script(text: str) -> str:
        base = FrozenBase.build({Entity.CLIENT: [{"client_id": "c", "name": text}]})
        return "".join(seed_sql(base, world=text, origin=text)).replace(base.content_hash(), "")

    assert script(nasty).replace("'x''); drop table crm.clients; --'", "'plain'") == script("plain")


def test_a_malformed_row_never_gets_here() -> None:
    """Rows are checked when the base is built."""
    with pytest.raises(MisuseError):
        FrozenBase.build({Entity.CLIENT: [{"client_id": "c", "name": 5}]})
