"""A company's rows as files that other tools load: JSON lines in the published schema, and SQL for our own tables.

``seeds.jsonl`` holds one row per line as a document of the published schema, ``{"Client": {...}}``, with shown values
(money in currency units) and without empty fields. ``seeds.sql`` makes a named world in the tables of the PostgreSQL
store, exactly as the store itself would load it. Both come in the order in which rows refer to each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from atlas.core.canonical import canonical_json
from atlas.crm.loading.postgres import QUERIES, all_rows, has_dangling_references
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Entity, Row
from atlas.crm.schema import show_row
from atlas.crm.statements import (
    drop_statement,
    staging_statement,
    staging_table,
    take_in_text,
    written_columns,
    written_values,
)


def seed_json_lines(base: FrozenBase) -> Iterator[str]:
    """Yield every row as a JSON document of the published schema, without line breaks.

    Example:
        >>> base = FrozenBase.build({Entity.CLIENT: [{"client_id": "c1", "name": "Halden Foods"}]})
        >>> list(seed_json_lines(base))
        ['{"Client":{"client_id":"c1","name":"Halden Foods"}}']
    """
    for entity in Entity:
        for row in base.rows(entity):
            shown = show_row(entity, row)
            yield canonical_json({entity.value: {name: value for name, value in shown.items() if _is_told(value)}})


def seed_sql(base: FrozenBase, *, world: str, origin: str) -> Iterator[str]:
    """Yield the statements that put the rows into a new world of the PostgreSQL store, one text each.

    They need the store's tables, run as one transaction, and fail where a world of that name is there already.

    Args:
        base: The rows.
        world: Name of the world.
        origin: Where the rows come from, for people.
    """
    yield (
        "-- Rows of a company, to be loaded with: psql -v ON_ERROR_STOP=1 -f seeds.sql\n"
        "BEGIN;\n"
        "SET LOCAL standard_conforming_strings = on;\n"
        "INSERT INTO crm.worlds (name, origin, company_hash)\n"
        f"VALUES ({_text(world)}, {_text(origin)}, {_text(base.content_hash())});\n"
    )
    if has_dangling_references(base.fork(), all_rows(base)):
        yield f"{QUERIES['suspend_references'].rstrip().rstrip(';')};\n"
    for entity in Entity:
        if base.rows(entity):
            yield _insert(entity, base.rows(entity), world)
    yield "COMMIT;\n"


def _insert(entity: Entity, rows: Sequence[Row], world: str) -> str:
    """The statements that load ``rows`` the way the store loads a company: staged, checked, moved."""
    columns = ", ".join(written_columns(entity))
    values = ",\n".join(f"({', '.join(map(_literal, written_values(entity, row)))})" for row in rows)
    world_id = f"(SELECT world_id FROM crm.worlds WHERE name = {_text(world)})"  # noqa: S608 - the name is quoted
    return (
        f"{staging_statement(entity)};\n"
        f"INSERT INTO {staging_table(entity)} ({columns}) VALUES\n{values};\n"
        f"{take_in_text(entity, world_id)};\n"
        f"{drop_statement(entity)};\n"
    )


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        items = ", ".join(_text(item) for item in cast("list[str]", value))
        return f"ARRAY[{items}]::text[]"
    return str(cast("int", value))


def _text(text: str) -> str:
    """A text as an SQL literal; quotes are doubled, backslashes mean themselves."""
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _is_told(value: object) -> bool:
    return value is not None and value != []
