"""JSON Schema of arguments, derived from the fields of the schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from atlas.core.money import from_cents
from atlas.core.records import JsonObject
from atlas.crm.fields import FieldDef, FieldKind


def field_schema(field: FieldDef, *, creating: bool = False, nullable: bool = False) -> JsonObject:
    """Return the JSON Schema of a shown value of ``field``.

    Args:
        field: The field.
        creating: Whether the value is for a new record; some enums start with fewer values.
        nullable: Whether null may be given, too, to empty the field.

    Example:
        >>> field_schema(FieldDef("stage", FieldKind.ENUM, "Stage.", allowed=("Open", "Won")))
        {'type': 'string', 'enum': ['Open', 'Won'], 'description': 'Stage.'}
    """
    schema = value_schema(field, creating=creating)
    if nullable:
        schema = {"anyOf": [schema, {"type": "null"}]}
    return {**schema, "description": field.description}


def value_schema(field: FieldDef, *, creating: bool = False) -> dict[str, object]:
    """Return :func:`field_schema` without the description."""
    match field.kind:
        case FieldKind.ENUM:
            schema: dict[str, object] = {
                "type": "string",
                "enum": list(field.starting_values if creating else field.allowed),
            }
        case FieldKind.MONEY:
            schema = {"type": "number", "exclusiveMinimum": 0, "maximum": from_cents(field.maximum or 0)}
        case FieldKind.WHOLE_NUMBER:
            schema = {"type": "integer", "minimum": field.minimum, "maximum": field.maximum}
        case FieldKind.NAMES:
            schema = {"type": "array", "items": {"type": "string"}, "maxItems": field.max_length}
        case FieldKind.DATE | FieldKind.TIMESTAMP:
            schema = {"type": "string", "format": _FORMATS[field.kind]}
        case FieldKind.EMAIL | FieldKind.URL:
            schema = {"type": "string", "format": _FORMATS[field.kind], "maxLength": field.max_length}
        case FieldKind.NAME | FieldKind.TEXT | FieldKind.FILE_NAME:
            schema = {"type": "string", "minLength": 1, "maxLength": field.max_length}
        case FieldKind.ID | FieldKind.REFERENCE | FieldKind.STAFF:
            schema = {"type": "string", "minLength": 1}
        case _:
            assert_never(field.kind)
    return schema


def object_schema(properties: Mapping[str, JsonObject], required: Iterable[str] = ()) -> JsonObject:
    """Return the JSON Schema of an object that has these properties and no others.

    Example:
        >>> object_schema({"a": {"type": "string"}})["additionalProperties"]
        False
    """
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


_FORMATS: Mapping[FieldKind, str] = {
    FieldKind.DATE: "date",
    FieldKind.TIMESTAMP: "date-time",
    FieldKind.EMAIL: "email",
    FieldKind.URL: "uri",
}
