"""What an entity and a field of it are: the records that the schema is written in."""

from __future__ import annotations

import enum

from atlas.core.records import record
from atlas.crm.records import Entity, FieldValue


class FieldKind(enum.StrEnum):
    """What a field holds. The kind decides about validation, storage, JSON Schema and search operators."""

    ID = "id"
    """The record's own id."""
    REFERENCE = "reference"
    """The id of another record: of ``references``, or of the entity that the field ``references_by`` names."""
    NAME = "name"
    """A text of one line."""
    TEXT = "text"
    """A text of any number of lines."""
    EMAIL = "email"
    URL = "url"
    FILE_NAME = "file_name"
    ENUM = "enum"
    """One of ``allowed``, exactly."""
    MONEY = "money"
    """Stored in whole cents, shown in currency units."""
    WHOLE_NUMBER = "whole_number"
    DATE = "date"
    """``YYYY-MM-DD``."""
    TIMESTAMP = "timestamp"
    """ISO 8601 with a time zone."""
    STAFF = "staff"
    """The handle of a colleague in the staff directory."""
    NAMES = "names"
    """A list of one-line texts; stored as a tuple."""


class WorldValue(enum.StrEnum):
    """What the world puts into a field by itself; such a field is no argument of any tool."""

    NEW_ID = "new_id"
    NOW = "now"
    ACTOR = "actor"


@record
class FieldDef:
    """One field.

    Attributes:
        name: Its name, in rows, arguments and results.
        kind: What it holds.
        description: One sentence for people and models.
        required: Whether a record cannot be without it.
        allowed: The values of an enum.
        allowed_at_creation: Those of them that a new record may start with; empty means all.
        references: The entity whose id it holds.
        references_by: The enum field of the same record that names the entity whose id it holds.
        max_length: Most characters of a text, most items of a list.
        minimum: Smallest value (of money: of the cents).
        maximum: Largest value (of money: of the cents).
        not_past: Whether a given date must not lie before the world's today.
        fixed: Whether it keeps the value that it was created with.
        unique: Whether no two records may hold the same text, ignoring case.
        world_value: What the world puts there, None where callers do.
        default: What it holds when nobody says anything.
    """

    name: str
    kind: FieldKind
    description: str
    required: bool = False
    allowed: tuple[str, ...] = ()
    allowed_at_creation: tuple[str, ...] = ()
    references: Entity | None = None
    references_by: str | None = None
    max_length: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    not_past: bool = False
    fixed: bool = False
    unique: bool = False
    world_value: WorldValue | None = None
    default: FieldValue = None

    @property
    def set_by_world(self) -> bool:
        """Whether the world fills it in; no tool takes it as an argument."""
        return self.world_value is not None

    @property
    def needed(self) -> bool:
        """Whether callers have to give it when they create a record."""
        return self.required and not self.set_by_world and self.default is None

    @property
    def empty(self) -> FieldValue:
        """What it holds when it holds nothing."""
        return () if self.kind is FieldKind.NAMES else None

    @property
    def starting_values(self) -> tuple[str, ...]:
        """The values of an enum that a new record may start with."""
        return self.allowed_at_creation or self.allowed


@record
class EntityDef:
    """One kind of record.

    Attributes:
        entity: Which.
        plural: Its plural in sentences and result keys, such as ``"opportunities"``.
        description: One sentence.
        fields: Its fields; the first one is its id.
    """

    entity: Entity
    plural: str
    description: str
    fields: tuple[FieldDef, ...]

    @property
    def id_field(self) -> str:
        """Name of the field that holds the id."""
        return self.fields[0].name

    @property
    def noun(self) -> str:
        """The word for one such record in a sentence, such as ``"opportunity"``."""
        return self.entity.value.lower()

    @property
    def a_noun(self) -> str:
        """The word for one such record with its article, such as ``"an opportunity"``."""
        return f"an {self.noun}" if self.noun[0] in "aeiou" else f"a {self.noun}"

    def field(self, name: str) -> FieldDef:
        """Return the field of that name.

        Raises:
            KeyError: there is none.
        """
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(f"{self.entity.value} has no field {name!r}")

    @property
    def given_fields(self) -> tuple[FieldDef, ...]:
        """The fields that callers may give when they create a record."""
        return tuple(field for field in self.fields if not field.set_by_world)

    @property
    def changeable_fields(self) -> tuple[FieldDef, ...]:
        """The fields that callers may give when they modify a record."""
        return tuple(field for field in self.given_fields if not field.fixed)

    @property
    def amount_field(self) -> str | None:
        """Name of its field of money, None where it has none."""
        return next((field.name for field in self.fields if field.kind is FieldKind.MONEY), None)
