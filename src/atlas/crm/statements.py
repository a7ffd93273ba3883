"""SQL text for the verbs of a store. Names come from the schema only; every value is a parameter."""

# ruff: noqa: S608 - what is put into the texts are names of tables and columns, all of the schema

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Final, LiteralString, TypeAlias, cast

from atlas.crm.ddl import column_type, folded_column, is_folded, row_check, table_of
from atlas.crm.fields import FieldDef, FieldKind
from atlas.crm.records import Entity, FieldValue, Row
from atlas.crm.schema import SCHEMA
from atlas.crm.store import Criterion, Operator, Query, folded

Parameters: TypeAlias = list[object]


@functools.cache
def row_columns(entity: Entity) -> tuple[str, ...]:
    """Return the columns that make up a row, in schema order.

    Example:
        >>> row_columns(Entity.NOTE)[:3]
        ('note_id', 'entity_type', 'entity_id')
    """
    return tuple(field.name for field in SCHEMA[entity].fields)


@functools.cache
def written_columns(entity: Entity) -> tuple[str, ...]:
    """Return the columns that we write: those of the row, then its folded copies."""
    fields = SCHEMA[entity].fields
    return (*row_columns(entity), *(folded_column(field.name) for field in fields if is_folded(field)))


def written_values(entity: Entity, row: Row) -> Parameters:
    """Return the values of :func:`written_columns` for ``row``."""
    values: Parameters = [list(value) if isinstance(value, tuple) else value for value in _row_values(entity, row)]
    values += [folded(row[name]) for name in _folded_fields(entity)]
    return values


def to_row(entity: Entity, values: Sequence[object]) -> Row:
    """Return the row whose columns hold ``values``, in schema order; further values are left out."""
    row = dict(zip(row_columns(entity), cast("Sequence[FieldValue]", values), strict=False))
    for name in _list_fields(entity):
        row[name] = tuple(cast("Sequence[str]", row[name] or ()))
    return row


def _row_values(entity: Entity, row: Row) -> list[FieldValue]:
    return [row[name] for name in row_columns(entity)]


@functools.cache
def _folded_fields(entity: Entity) -> tuple[str, ...]:
    return tuple(field.name for field in SCHEMA[entity].fields if is_folded(field))


@functools.cache
def _list_fields(entity: Entity) -> tuple[str, ...]:
    return tuple(field.name for field in SCHEMA[entity].fields if field.kind is FieldKind.NAMES)


# ---------------------------------------------------------------------------------------------------------------------
# One row


@functools.cache
def get_statement(entity: Entity) -> LiteralString:
    """Return the statement that reads one row; parameters: world, id."""
    columns, id_field = ", ".join(row_columns(entity)), SCHEMA[entity].id_field
    return _literal(f"SELECT {columns} FROM {table_of(entity)} WHERE world_id = %s AND {id_field} = %s")


@functools.cache
def put_statement(entity: Entity) -> LiteralString:
    """Return the statement that creates or replaces a row; parameters: imported, world, the written values, cause.

    A row that is replaced by an equal one is not touched, so that no trigger sees it. A new row that breaks a check
    although the rules let it pass (the copy of an imported one) is marked as imported, whatever the parameter says.
    """
    columns = ", ".join(written_columns(entity))
    types = {field.name: column_type(field) for field in SCHEMA[entity].fields}
    given = ", ".join(f"%s::{types.get(column, 'text')} AS {column}" for column in written_columns(entity))
    updates = ", ".join(f"{column} = EXCLUDED.{column}" for column in written_columns(entity))
    before = ", ".join(f"kept.{column}" for column in row_columns(entity))
    after = ", ".join(f"EXCLUDED.{column}" for column in row_columns(entity))
    return _literal(
        f"INSERT INTO {table_of(entity)} AS kept (world_id, {columns}, imported_as_is) "
        f"SELECT world_id, {columns}, %s OR ({row_check(entity)}) IS NOT TRUE "
        f"FROM (SELECT %s::bigint AS world_id, {given}, set_config('crm.cause', %s, true)) AS given "
        f"ON CONFLICT (world_id, {SCHEMA[entity].id_field}) DO UPDATE "
        f"SET {updates}, imported_as_is = kept.imported_as_is OR EXCLUDED.imported_as_is "
        f"WHERE ({before}) IS DISTINCT FROM ({after})"
    )


@functools.cache
def delete_statement(entity: Entity) -> LiteralString:
    """Return the statement that deletes a row; parameters: cause, world, id."""
    return _literal(
        "WITH told AS MATERIALIZED (SELECT set_config('crm.cause', %s, true)) "
        f"DELETE FROM {table_of(entity)} USING told WHERE world_id = %s AND {SCHEMA[entity].id_field} = %s"
    )


# ---------------------------------------------------------------------------------------------------------------------
# Many rows


def select_statement(query: Query, world_id: int) -> tuple[LiteralString, Parameters]:
    """Return the statement that finds the rows of ``query``, with its parameters; behind each row stands the total."""
    where, parameters = _where(query, world_id)
    text = f"SELECT {', '.join(row_columns(query.entity))}, count(*) OVER () {where} ORDER BY {_order(query)}"
    if query.limit is not None:
        text += " LIMIT %s"
        parameters.append(query.limit)
    if query.offset:
        text += " OFFSET %s"
        parameters.append(query.offset)
    return _literal(text), parameters


def count_statement(query: Query, world_id: int) -> tuple[LiteralString, Parameters]:
    """Return the statement that counts all rows of ``query``, with its parameters."""
    where, parameters = _where(query, world_id)
    return _literal(f"SELECT count(*) {where}"), parameters


def _where(query: Query, world_id: int) -> tuple[str, Parameters]:
    definition = SCHEMA[query.entity]
    conditions, parameters = ["world_id = %s"], cast("Parameters", [world_id])
    for criterion in query.criteria:
        condition, operands = _CONDITIONS[criterion.operator](definition.field(criterion.field), criterion)
        conditions.append(condition)
        parameters += operands
    return f"FROM {table_of(query.entity)} WHERE {' AND '.join(conditions)}", parameters


Condition: TypeAlias = tuple[str, Parameters]
"""SQL of one condition, and the parameters in it."""


def _equals(field: FieldDef, criterion: Criterion) -> Condition:
    if is_folded(field):
        return f"{folded_column(field.name)} = %s", [folded(criterion.operand)]
    return f"{field.name} = %s", [criterion.operand]


def _contains(field: FieldDef, criterion: Criterion) -> Condition:
    return f"position(%s in {folded_column(field.name)}) > 0", [folded(criterion.operand)]


def _is_in(field: FieldDef, criterion: Criterion) -> Condition:
    options = list(cast("tuple[str | int, ...]", criterion.operand))
    if is_folded(field):
        return f"{folded_column(field.name)} = ANY(%s)", [[folded(option) for option in options]]
    return f"{field.name} = ANY(%s)", [options]


def _is_empty(field: FieldDef, criterion: Criterion) -> Condition:
    nothing = {"text": "''", "text[]": "'{}'"}.get(column_type(field))
    test = f"{field.name} IS NULL" + (f" OR {field.name} = {nothing}" if nothing else "")
    return f"({test}) = %s", [bool(criterion.operand)]


def _compares(sign: str) -> Callable[[FieldDef, Criterion], Condition]:
    return lambda field, criterion: (f"{field.name} {sign} %s", [criterion.operand])


def _order(query: Query) -> str:
    definition = SCHEMA[query.entity]
    direction = " DESC" if query.descending else ""
    if query.order_by is None:
        return f"{definition.id_field}{direction}"
    return f"{definition.field(query.order_by).name}{direction} NULLS LAST, {definition.id_field}"


_CONDITIONS: Final[Mapping[Operator, Callable[[FieldDef, Criterion], Condition]]] = {
    Operator.EQUALS: _equals,
    Operator.CONTAINS: _contains,
    Operator.IN: _is_in,
    Operator.GTE: _compares(">="),
    Operator.LTE: _compares("<="),
    Operator.EMPTY: _is_empty,
}


# ---------------------------------------------------------------------------------------------------------------------
# Whole worlds


@functools.cache
def copy_statement(entity: Entity, table: str) -> LiteralString:
    """Return the statement that streams rows into a table of the shape of ``entity``'s; columns as written."""
    return _literal(f"COPY {table} ({', '.join(written_columns(entity))}) FROM STDIN")


@functools.cache
def staging_statement(entity: Entity) -> LiteralString:
    """Return the statement that makes an empty table for rows on their way in, seen by this connection only."""
    columns = ", ".join(written_columns(entity))
    return _literal(
        f"CREATE TEMPORARY TABLE {staging_table(entity)} AS SELECT {columns} FROM {table_of(entity)} WITH NO DATA"
    )


def staging_table(entity: Entity) -> str:
    """Return the name of the table for rows on their way in.

    Example:
        >>> staging_table(Entity.NOTE)
        'incoming_notes'
    """
    return f"incoming_{SCHEMA[entity].plural}"


def take_in_text(entity: Entity, world: str) -> str:
    """Return SQL that moves staged rows into a world, marking those that break a check.

    Args:
        entity: Which rows.
        world: SQL that says which world.
    """
    columns = ", ".join(written_columns(entity))
    return (
        f"INSERT INTO {table_of(entity)} (world_id, {columns}, imported_as_is) "
        f"SELECT {world}, {columns}, {_breaks_a_check(entity)} FROM {staging_table(entity)}"
    )


def _breaks_a_check(entity: Entity) -> str:
    """An expression: whether a row among all of a world breaks a check, or repeats what has to be unique."""
    unique = [folded_column(field.name) for field in SCHEMA[entity].fields if field.unique]
    repeated = "".join(f" OR ({column} IS NOT NULL AND count(*) OVER (PARTITION BY {column}) > 1)" for column in unique)
    return f"(({row_check(entity)}) IS NOT TRUE){repeated}"


@functools.cache
def take_in_statement(entity: Entity) -> LiteralString:
    """Return the statement that moves staged rows into a world; parameter: world. See :func:`take_in_text`."""
    return _literal(take_in_text(entity, "%s::bigint"))


@functools.cache
def drop_statement(entity: Entity) -> LiteralString:
    """Return the statement that drops the table for rows on their way in."""
    return _literal(f"DROP TABLE {staging_table(entity)}")


@functools.cache
def clone_statement(entity: Entity) -> LiteralString:
    """Return the statement that copies the rows of a world into others; parameters: the others' ids, the world."""
    columns = ", ".join((*written_columns(entity), "imported_as_is"))
    return _literal(
        f"INSERT INTO {table_of(entity)} (world_id, {columns}) "
        f"SELECT target.id, {columns} FROM {table_of(entity)} "
        "CROSS JOIN unnest(%s::bigint[]) AS target (id) WHERE world_id = %s"
    )


@functools.cache
def empty_statement(entity: Entity) -> LiteralString:
    """Return the statement that deletes all rows of a world; parameter: world."""
    return _literal(f"DELETE FROM {table_of(entity)} WHERE world_id = %s")


@functools.cache
def list_statement(entity: Entity) -> LiteralString:
    """Return the statement that reads all rows of a world; parameter: world."""
    return _literal(f"SELECT {', '.join(row_columns(entity))} FROM {table_of(entity)} WHERE world_id = %s")


@functools.cache
def list_written_statement(entity: Entity) -> LiteralString:
    """Return the statement that reads what is kept of all rows of a world, by id; parameter: world.

    Behind the written columns stands whether the row is marked as imported, and whether it should be.
    """
    columns = ", ".join(written_columns(entity))
    return _literal(
        f"SELECT {columns}, imported_as_is, {_breaks_a_check(entity)} FROM {table_of(entity)} WHERE world_id = %s "
        f"ORDER BY {SCHEMA[entity].id_field}"
    )


def _literal(text: str) -> LiteralString:
    """Vouch for ``text``: nothing in it comes from outside."""
    return cast("LiteralString", text)
