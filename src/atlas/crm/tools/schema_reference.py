"""The reference page of the records, written from the schema: ``docs/reference/crm-schema.md``."""

from __future__ import annotations

from collections.abc import Iterator

from atlas.core.money import from_cents
from atlas.crm.fields import EntityDef, FieldDef, FieldKind, WorldValue
from atlas.crm.records import Entity
from atlas.crm.rules.rows import FROZEN_FIELDS, QUOTE_STEPS
from atlas.crm.schema import CLOSED_STAGES, SCHEMA

_HEAD = """\
# Records of the CRM

This page is generated from `atlas.crm.schema`, from which validation, the tables of PostgreSQL, the arguments of the
[tools](crm-tools.md) and the operators of searches derive as well; a test compares it with them.

- **Required** fields hold something in every record that was made by a call. Records that were there before (imported
  ones) may lack any field but their id; a rule looks at a field when a call gives it a new value.
- **Amounts** are exact: whole cents inside, JSON numbers in currency units with at most two decimals outside.
- **Dates** are `YYYY-MM-DD`, points in time ISO 8601 with a time zone; today is that of the world.
- **Texts** are compared without regard to case, kept in Unicode's composed form, and hold no control characters.
- **Ids** are UUIDs, unique within their kind of record.
- **Deletes** have the same effects whether a tool or SQL deletes; tools delete opportunities and quotes only.
"""

_KIND_WORDS: dict[FieldKind, str] = {
    FieldKind.ID: "id",
    FieldKind.REFERENCE: "id of a record",
    FieldKind.NAME: "text of one line",
    FieldKind.TEXT: "text",
    FieldKind.EMAIL: "e-mail address",
    FieldKind.URL: "web address",
    FieldKind.FILE_NAME: "file name",
    FieldKind.ENUM: "one of",
    FieldKind.MONEY: "amount",
    FieldKind.WHOLE_NUMBER: "whole number",
    FieldKind.DATE: "date",
    FieldKind.TIMESTAMP: "point in time",
    FieldKind.STAFF: "handle of a colleague",
    FieldKind.NAMES: "list of texts",
}
_WORLD_WORDS: dict[WorldValue, str] = {
    WorldValue.NEW_ID: "given by the CRM",
    WorldValue.NOW: "the time in the world",
    WorldValue.ACTOR: "the acting colleague",
}


def render_schema_reference() -> str:
    """Return the reference page as Markdown, ending in one line break."""
    return "\n".join([_HEAD, *(_section(definition) for definition in SCHEMA.values())])


def _section(definition: EntityDef) -> str:
    lines = [f"## {definition.entity.value}", "", definition.description, ""]
    lines += ["| field | required | holds | meaning |", "|---|---|---|---|"]
    lines += [_field_line(field) for field in definition.fields]
    remarks = [*_when_deleted(definition.entity), *_steps(definition.entity)]
    lines += ["", *(f"- {remark}" for remark in remarks)] if remarks else []
    return "\n".join([*lines, ""])


def _field_line(field: FieldDef) -> str:
    needed = "yes" if field.required else ""
    return f"| `{field.name}` | {needed} | {'; '.join(_field_words(field))} | {field.description} |"


def _field_words(field: FieldDef) -> Iterator[str]:
    yield _kind_words(field)
    if field.kind is FieldKind.MONEY:
        yield f"more than 0, at most {from_cents(field.maximum or 0):,}"
    if field.kind is FieldKind.WHOLE_NUMBER:
        yield f"{field.minimum} to {field.maximum}"
    if field.max_length is not None:
        yield f"at most {field.max_length:,} {'items' if field.kind is FieldKind.NAMES else 'characters'}"
    if field.allowed_at_creation:
        yield f"starts as {' or '.join(field.allowed_at_creation)}"
    for is_so, words in (
        (field.not_past, "not before today when given"),
        (field.unique, "unique, ignoring case"),
        (field.fixed, "never changes"),
    ):
        if is_so:
            yield words
    if field.world_value is not None:
        yield _WORLD_WORDS[field.world_value]
    if field.default:
        yield f"{field.default} unless given"


def _kind_words(field: FieldDef) -> str:
    if field.kind is FieldKind.ENUM:
        return f"one of {', '.join(field.allowed)}"
    if field.kind is FieldKind.REFERENCE and field.references is not None:
        return f"id of {SCHEMA[field.references].a_noun}"
    if field.kind is FieldKind.REFERENCE:
        return f"id of a record of that `{field.references_by}`"
    return _KIND_WORDS[field.kind]


def _when_deleted(entity: Entity) -> Iterator[str]:
    """What referring to such a record means for the other one once it is deleted."""
    attached: list[str] = []
    for other in SCHEMA.values():
        for field in other.fields:
            if field.references is entity:
                effect = "go with it" if field.required else f"stay, and their `{field.name}` is emptied"
                yield f"{other.plural.capitalize()} refer to it by `{field.name}`; when it is deleted, they {effect}."
            elif field.references_by is not None and entity.value in other.field(field.references_by).allowed:
                attached.append(other.plural)
    if attached:
        yield f"{' and '.join(attached).capitalize()} can be on it; when it is deleted, they go with it."


def _steps(entity: Entity) -> Iterator[str]:
    """What may follow what."""
    if entity is Entity.OPPORTUNITY:
        frozen = ", ".join(f"`{name}`" for name in FROZEN_FIELDS)
        yield f"Once it is {' or '.join(CLOSED_STAGES)}, {frozen} stay as they are; a copy of it can be worked with."
    if entity is Entity.QUOTE:
        for status, following in QUOTE_STEPS.items():
            yield f"From {status} it goes to {' or '.join(following)}." if following else f"{status} is final."
