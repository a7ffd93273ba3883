"""What depends on a record: the records that refer to it, and those that are attached to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from atlas.crm.records import Entity, Row
from atlas.crm.schema import SCHEMA
from atlas.crm.store import Store, attached_to, equal_to


class Dependent(NamedTuple):
    """A record that depends on another.

    Attributes:
        entity: Its kind.
        row: It.
        field: The field that is emptied when the other goes; None where this record goes along.
    """

    entity: Entity
    row: Row
    field: str | None


def dependents(store: Store, entity: Entity, row_id: str) -> Iterator[Dependent]:
    """Yield what depends on a record directly: first what refers to it, then what is attached to it."""
    for kind, field, is_needed in _REFERRING[entity]:
        for row in store.select(equal_to(kind, field, row_id)).rows:
            if row[field] == row_id:  # the search takes no notice of case
                yield Dependent(kind, row, None if is_needed else field)
    for kind in _ATTACHED[entity]:
        for row in store.select(attached_to(kind, entity, row_id)).rows:
            if row["entity_id"] == row_id:
                yield Dependent(kind, row, None)


_REFERRING: Final[Mapping[Entity, tuple[tuple[Entity, str, bool], ...]]] = {
    entity: tuple(
        (other.entity, field.name, field.required)
        for other in SCHEMA.values()
        for field in other.fields
        if field.references is entity
    )
    for entity in Entity
}
"""For each kind of record the kinds that refer to it: by which field, and whether they have to."""

_ATTACHED: Final[Mapping[Entity, tuple[Entity, ...]]] = {
    entity: tuple(
        other.entity
        for other in SCHEMA.values()
        for field in other.fields
        if field.references_by is not None and entity.value in other.field(field.references_by).allowed
    )
    for entity in Entity
}
"""For each kind of record the kinds that can be attached to it."""
