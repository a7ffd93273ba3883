"""The tables of the PostgreSQL store as SQL text, derived from the schema: columns, checks, keys, cascades, journal.

Rows hold stored values, as in memory: money in whole cents, dates and times as ISO 8601 texts. Beside every text that
searches compare without regard to case stands a folded copy, written by us, because the database folds differently.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from atlas.crm.fields import EntityDef, FieldDef, FieldKind
from atlas.crm.records import Entity
from atlas.crm.schema import SCHEMA

FOLDED_KINDS: Final = frozenset(FieldKind) - {
    FieldKind.MONEY,
    FieldKind.WHOLE_NUMBER,
    FieldKind.DATE,
    FieldKind.TIMESTAMP,
    FieldKind.NAMES,
}
"""Kinds of fields that have a folded copy."""

_TYPES: Final[Mapping[FieldKind, str]] = {
    FieldKind.MONEY: "bigint",
    FieldKind.WHOLE_NUMBER: "integer",
    FieldKind.NAMES: "text[]",
}
_TEXT: Final = 'text COLLATE "C"'
_DAY: Final = r"'^\d{4}-\d{2}-\d{2}$'"
_TIME: Final = r"'^\d{4}-\d{2}-\d{2}T'"


def table_of(entity: Entity) -> str:
    """Return the name of the table that holds such records.

    Example:
        >>> table_of(Entity.OPPORTUNITY)
        'crm.opportunities'
    """
    return f"crm.{SCHEMA[entity].plural}"


def folded_column(field: str) -> str:
    """Return the name of the column that holds the folded copy of ``field``.

    Example:
        >>> folded_column("email")
        'email_folded'
    """
    return f"{field}_folded"


def is_folded(field: FieldDef) -> bool:
    """Tell whether ``field`` has a folded copy."""
    return field.kind in FOLDED_KINDS


def column_type(field: FieldDef) -> str:
    """Return the type of a column that holds ``field``, without its collation.

    Example:
        >>> column_type(SCHEMA[Entity.QUOTE].field("amount"))
        'bigint'
    """
    return _TYPES.get(field.kind, "text")


def schema_sql() -> str:
    """Return everything that has to be made, in order, as one text."""
    parts = [_HEAD, *(_table(SCHEMA[entity]) for entity in Entity), _JOURNAL]
    parts += [_triggers(SCHEMA[entity]) for entity in Entity]
    return "\n".join(parts)


def row_check(entity: Entity) -> str:
    """Return the condition that a row of its own making fulfils, as SQL over the columns of its table."""
    return "\n        AND ".join(_conditions(SCHEMA[entity]))


def _table(definition: EntityDef) -> str:
    name = table_of(definition.entity)
    columns = [f"    {field.name} {_TYPES.get(field.kind, _TEXT)}," for field in definition.fields]
    columns += [f"    {folded_column(field.name)} {_TEXT}," for field in definition.fields if is_folded(field)]
    lines = [
        f"-- {definition.description}",
        f"CREATE TABLE {name} (",
        "    world_id bigint NOT NULL,",
        *columns,
        "    imported_as_is boolean NOT NULL DEFAULT false,",
        f"    PRIMARY KEY (world_id, {definition.id_field}),",
        *(f"    {line}," for line in _foreign_keys(definition)),
        f"    CONSTRAINT {definition.plural}_are_valid CHECK (imported_as_is OR ({row_check(definition.entity)}))",
        ");",
        *_indexes(definition),
        "",
    ]
    return "\n".join(lines)


def _conditions(definition: EntityDef) -> Iterator[str]:
    for field in definition.fields:
        yield from _field_conditions(field)
    if definition.entity is Entity.CONTRACT:
        yield "(start_date IS NULL OR end_date IS NULL OR start_date <= end_date)"


def _field_conditions(field: FieldDef) -> Iterator[str]:
    name = field.name
    if field.required and field.kind is not FieldKind.NAMES:
        yield f"{name} IS NOT NULL"
    within = _bounds(field)
    if within:
        yield within if field.required else f"({name} IS NULL OR {within})"


def _bounds(field: FieldDef) -> str | None:
    name = field.name
    match field.kind:
        case FieldKind.ENUM:
            allowed = ", ".join(f"'{value}'" for value in field.allowed)
            return f"{name} IN ({allowed})"
        case FieldKind.MONEY | FieldKind.WHOLE_NUMBER:
            return f"{name} BETWEEN {field.minimum} AND {field.maximum}"
        case FieldKind.DATE:
            return f"{name} ~ {_DAY}"
        case FieldKind.TIMESTAMP:
            return f"{name} ~ {_TIME}"
        case FieldKind.NAMES:
            return f"coalesce(cardinality({name}), 0) <= {field.max_length}"
        case _:
            longest = f" AND char_length({name}) <= {field.max_length}" if field.max_length else ""
            return f"({name} <> ''{longest})"


def _foreign_keys(definition: EntityDef) -> Iterator[str]:
    for field in definition.fields:
        if field.references is not None:
            parent = SCHEMA[field.references]
            ending = _ON_DELETE[definition.entity, field.name]
            yield (
                f"CONSTRAINT {definition.plural}_have_their_{parent.noun} FOREIGN KEY (world_id, {field.name}) "
                f"REFERENCES {table_of(parent.entity)} (world_id, {parent.id_field}) {ending}"
            )


_ON_DELETE: Final[Mapping[tuple[Entity, str], str]] = {
    (Entity.CONTACT, "client_id"): "ON DELETE CASCADE",
    (Entity.OPPORTUNITY, "client_id"): "ON DELETE CASCADE",
    (Entity.QUOTE, "opportunity_id"): "ON DELETE CASCADE",
    (Entity.CONTRACT, "client_id"): "ON DELETE CASCADE",
    (Entity.CONTRACT, "opportunity_id"): "ON DELETE SET NULL (opportunity_id)",
}
"""What becomes of a record when the one that it refers to is deleted by raw SQL; tools do the same by themselves."""


def _indexes(definition: EntityDef) -> Iterator[str]:
    table, plural = table_of(definition.entity), definition.plural
    for field in definition.fields:
        column = folded_column(field.name)
        if field.unique:
            yield (
                f"CREATE UNIQUE INDEX {plural}_{field.name}_is_unique ON {table} (world_id, {column}) "
                "WHERE NOT imported_as_is;"
            )
        if field.unique or field.kind is FieldKind.REFERENCE:
            yield f"CREATE INDEX {plural}_by_{field.name} ON {table} (world_id, {column});"


def _triggers(definition: EntityDef) -> str:
    table, plural = table_of(definition.entity), definition.plural
    lines = [
        f"CREATE TRIGGER {plural}_are_journalled AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW",
        f"    WHEN ({JOURNALLING}) EXECUTE FUNCTION crm.note_change('{definition.entity}', '{definition.id_field}');",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {plural}_are_journalled;",
    ]
    if any(definition.entity.value in SCHEMA[kind].field("entity_type").allowed for kind in ATTACHED):
        lines += [
            f"CREATE TRIGGER {plural}_take_what_is_on_them AFTER DELETE ON {table} FOR EACH ROW",
            f"    EXECUTE FUNCTION crm.take_what_is_attached('{definition.entity}', '{definition.id_field}');",
        ]
    return "\n".join((*lines, ""))


ATTACHED: Final = (Entity.DOCUMENT, Entity.NOTE)
"""Kinds of records that are attached to others."""

JOURNALLING: Final = "current_setting('crm.journal', true) = 'on'"
"""Whether row changes are noted: only inside an episode."""

_HEAD: Final = """\
CREATE SCHEMA IF NOT EXISTS crm;

-- A world is one set of records: a named one, or a slot, a committed copy of a company that an episode leases.
CREATE TABLE crm.worlds (
    world_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" UNIQUE,
    origin text,
    company_hash text COLLATE "C" NOT NULL,
    slot integer,
    CONSTRAINT worlds_are_named_or_slots CHECK ((name IS NULL) <> (slot IS NULL)),
    UNIQUE (company_hash, slot)
);
"""

_JOURNAL: Final = """\
-- Every row change of an episode, in order; it goes with the episode's transaction.
CREATE TABLE crm.journal (
    seq bigint GENERATED ALWAYS AS IDENTITY,
    world_id bigint NOT NULL,
    entity text COLLATE "C" NOT NULL,
    row_id text COLLATE "C" NOT NULL,
    before jsonb,
    after jsonb,
    cause text NOT NULL
);
CREATE INDEX journal_by_world ON crm.journal (world_id, seq);

CREATE FUNCTION crm.note_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before jsonb := to_jsonb(OLD);
    after jsonb := to_jsonb(NEW);
BEGIN
    INSERT INTO crm.journal (world_id, entity, row_id, before, after, cause)
    VALUES (
        (coalesce(after, before) ->> 'world_id')::bigint,
        TG_ARGV[0],
        coalesce(after, before) ->> TG_ARGV[1],
        before,
        after,
        coalesce(current_setting('crm.cause', true), 'sql')
    );
    RETURN NULL;
END
$$;

-- Notes and documents go with the record that they are on; tools delete them first, raw SQL has this.
CREATE FUNCTION crm.take_what_is_attached() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    gone text := to_jsonb(OLD) ->> TG_ARGV[1];
BEGIN
    DELETE FROM crm.documents
    WHERE world_id = OLD.world_id AND entity_type = TG_ARGV[0] AND entity_id = gone;
    DELETE FROM crm.notes
    WHERE world_id = OLD.world_id AND entity_type = TG_ARGV[0] AND entity_id = gone;
    RETURN NULL;
END
$$;

-- A foreign key that is emptied by the database takes its folded copy along.
CREATE FUNCTION crm.forget_opportunity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.opportunity_id_folded := NULL;
    RETURN NEW;
END
$$;
CREATE TRIGGER contracts_forget_their_opportunity BEFORE UPDATE ON crm.contracts FOR EACH ROW
    WHEN (NEW.opportunity_id IS NULL AND NEW.opportunity_id_folded IS NOT NULL)
    EXECUTE FUNCTION crm.forget_opportunity();
"""
