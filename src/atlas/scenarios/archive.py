"""The records of a company, ready to be searched by name and by what points to what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from atlas.crm.records import Entity, Row
from atlas.crm.schema import SCHEMA
from atlas.scenarios.rederivation import shown_field

_SHORTEST_PART = 3  # characters; shorter parts are in every name
_NAMING_FIELDS: Mapping[Entity, tuple[str, ...]] = {
    Entity.CLIENT: ("name", "email", "address"),
    Entity.CONTACT: ("name", "last_name", "first_name", "email"),
    Entity.OPPORTUNITY: ("name",),
    Entity.COMPANY: ("name", "type", "industry"),
    Entity.DOCUMENT: ("file_name",),
    Entity.NOTE: ("content",),
}
_REFERENCES: Mapping[Entity, tuple[tuple[str, tuple[Entity, ...]], ...]] = {
    entity: tuple(
        (field.name, tuple(other for other in SCHEMA if field.name in {SCHEMA[other].id_field, "entity_id"}))
        for field in definition.fields
        if field.name != definition.id_field
        and (field.name == "entity_id" or field.name in {other.id_field for other in SCHEMA.values()})
    )
    for entity, definition in SCHEMA.items()
}
"""The fields of each kind that point to other records, and the kinds that they may point to."""

Rows = Mapping[Entity, Mapping[str, Row]]
"""Records by kind and id."""


Place = tuple[Entity, str, str]
"""Kind and id of a record, and one of its fields."""


class Archive:
    """The records of a company, ready to be searched; made once per company.

    Args:
        rows: Every record.
    """

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._base: Archive | None = None
        self._replaced: frozenset[str] = frozenset()
        self._named: dict[str, list[Place]] = {}
        self._pointing: dict[str, list[Place]] = {}
        for entity, entries in rows.items():
            for row_id, row in entries.items():
                self._enter(entity, row_id, row)

    @classmethod
    def of_rows(cls, rows: Mapping[Entity, Sequence[Row]]) -> Archive:
        """Return the archive of a company's rows."""
        return cls({entity: {str(row[SCHEMA[entity].id_field]): row for row in rows[entity]} for entity in Entity})

    def with_rows(self, rows: Iterable[tuple[Entity, str, Row]]) -> Archive:
        """Return the archive with some more rows, or others in the place of those with their ids."""
        patch = list(rows)
        over = Archive({})
        over._base = self
        over._replaced = frozenset(row_id for _, row_id, _ in patch)
        merged = dict(self.rows)
        for entity, row_id, row in patch:
            merged[entity] = {**merged[entity], row_id: row}
            over._enter(entity, row_id, row)
        over.rows = merged
        return over

    def _enter(self, entity: Entity, row_id: str, row: Row) -> None:
        for field in _NAMING_FIELDS.get(entity, ()):
            held = shown_field(entity, field, row)
            if isinstance(held, str):
                self._named.setdefault(held.casefold(), []).append((entity, row_id, field))
        for _, field, target in self.references_of(entity, row):
            self._pointing.setdefault(target, []).append((entity, row_id, field))

    def called(self, text: str) -> Sequence[Place]:
        """Return kind, id and field of the records of exactly that name."""
        own = self._named.get(text.casefold(), [])
        return own if self._base is None else [*own, *self._kept(self._base.called(text))]

    def named(self, text: str) -> Sequence[Place]:
        """Return kind, id and field of the records of that name, or else of those with it in their names."""
        exact = self.called(text)
        return exact if exact or len(text) <= _SHORTEST_PART else self.containing(text.casefold())

    def containing(self, folded: str) -> list[Place]:
        """Return kind, id and field of the records in whose names a text (in lower case) stands."""
        own = [found for name, entries in self._named.items() if folded in name for found in entries]
        return own if self._base is None else [*own, *self._kept(self._base.containing(folded))]

    def pointing_to(self, row_id: str) -> Sequence[Place]:
        """Return kind, id and field of the records that point to one."""
        own = self._pointing.get(row_id, [])
        return own if self._base is None else [*own, *self._kept(self._base.pointing_to(row_id))]

    def _kept(self, found: Sequence[Place]) -> Iterator[Place]:
        return (place for place in found if place[1] not in self._replaced)

    def references_of(self, entity: Entity, row: Row) -> Iterator[Place]:
        """Yield the kinds that a row may point to, the id in it, and the field that it stands in."""
        for field, others in _REFERENCES[entity]:
            target = row.get(field)
            if target is not None:
                yield from ((other, field, str(target)) for other in others)
