"""The schema is the published one: every record, field and enum of the shared file, and nothing besides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

from atlas.crm.fields import FieldKind
from atlas.crm.records import Entity
from atlas.crm.schema import SCHEMA
from atlas.crm.tools.json_schema import value_schema

FILE = Path(__file__).resolve().parents[4] / "shared" / "data" / "crm_schema.json"
NOT_HERE = "needs the shared data beside the checkout: ../shared/data"

Published = Mapping[str, Mapping[str, object]]
Fields = Mapping[str, Mapping[str, object]]

LOOSER_TYPES = {("Opportunity", "probability"): ("number", "integer")}
"""Where the world takes less than the file says: its own rule is a whole number of percent."""


@pytest.fixture(scope="module")
def published() -> Published:
    """The records of the shared file, by name."""
    if not FILE.exists():
        pytest.skip(NOT_HERE)
    return cast("Published", json.loads(FILE.read_text(encoding="utf-8"))["properties"])


def fields_of(published: Published, entity: Entity) -> Fields:
    return cast("Fields", published[entity.value]["properties"])


def test_the_records_are_those_of_the_file(published: Published) -> None:
    """Names, order and descriptions."""
    ours = {entity.value: definition.description for entity, definition in SCHEMA.items()}
    assert list(ours.items()) == [(name, record["description"]) for name, record in published.items()]


@pytest.mark.parametrize("entity", list(Entity), ids=str)
def test_the_fields_are_those_of_the_file(published: Published, entity: Entity) -> None:
    """Names and order, nothing missing and nothing extra."""
    assert [field.name for field in SCHEMA[entity].fields] == list(fields_of(published, entity))


@pytest.mark.parametrize("entity", list(Entity), ids=str)
def test_enums_types_and_forms_are_those_of_the_file(published: Published, entity: Entity) -> None:
    """What a field holds, as its JSON Schema says it."""
    for name, theirs in fields_of(published, entity).items():
        ours = value_schema(SCHEMA[entity].field(name))
        looser = LOOSER_TYPES.get((entity.value, name))
        assert (theirs["type"], ours["type"]) == (looser or (theirs["type"], theirs["type"])), name
        assert ours.get("enum") == theirs.get("enum"), name
        assert ours.get("format") == theirs.get("format"), name
        assert (SCHEMA[entity].field(name).kind is FieldKind.ENUM) == ("enum" in theirs), name


@pytest.mark.parametrize("entity", list(Entity), ids=str)
def test_what_the_file_requires_is_required(published: Published, entity: Entity) -> None:
    """The world is stricter than the file, never looser."""
    required = {field.name for field in SCHEMA[entity].fields if field.required}
    assert set(cast("list[str]", published[entity.value]["required"])) <= required


@pytest.mark.parametrize("entity", list(Entity), ids=str)
def test_ranges_lie_within_those_of_the_file(published: Published, entity: Entity) -> None:
    """Whatever the world takes, the file allows."""
    for name, theirs in fields_of(published, entity).items():
        field = SCHEMA[entity].field(name)
        if "minimum" in theirs:
            assert field.minimum is not None
            assert field.maximum is not None
            assert cast("int", theirs["minimum"]) <= field.minimum <= field.maximum <= cast("int", theirs["maximum"])
