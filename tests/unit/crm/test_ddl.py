"""The tables of the PostgreSQL store follow from the schema, and the file that makes them says the same."""

from __future__ import annotations

from importlib import resources

import pytest

from atlas.crm.ddl import folded_column, is_folded, row_check, schema_sql, table_of
from atlas.crm.records import Entity
from atlas.crm.schema import SCHEMA


def test_the_migration_is_what_the_schema_gives() -> None:
    """A field that is added to the schema and not to the tables does not get through."""
    file = resources.files("atlas.crm").joinpath("sql", "0001_tables.sql").read_text(encoding="utf-8")
    assert file.split("\n", 2)[2] == schema_sql()


@pytest.mark.parametrize("entity", Entity)
def test_every_field_has_its_column_and_every_required_one_is_checked(entity: Entity) -> None:
    """The table holds each field; what a record cannot be without, a row cannot be without."""
    table = schema_sql().split(f"CREATE TABLE {table_of(entity)} (")[1].split(");", 1)[0]
    for field in SCHEMA[entity].fields:
        assert f"    {field.name} " in table
        assert (f"    {folded_column(field.name)} " in table) == is_folded(field)
        assert (f"{field.name} IS NOT NULL" in row_check(entity)) == field.required
        assert all(f"'{value}'" in row_check(entity) for value in field.allowed)
