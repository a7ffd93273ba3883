"""Whose a record is.

A record without an owner of its own belongs to the owner of what it is part of: a quote to that of its opportunity, a
contact or a contract to that of their client, documents and notes to that of the record that they are on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, cast

from atlas.crm.permissions import Scope
from atlas.crm.records import Actor, Entity, Row, StaffDirectory
from atlas.crm.schema import SCHEMA
from atlas.crm.store import Store


class Ownership:
    """Whose a record is, and which territory it lies in.

    Args:
        store: The rows.
        directory: The colleagues.
        actor: Who asks.
    """

    def __init__(self, store: Store, directory: StaffDirectory, actor: Actor) -> None:
        self._store = store
        self._me = actor.handle
        self._territory = next((one.territory for one in directory.staff if one.handle == actor.handle), "")

    def admits(self, scope: Scope, entity: Entity, row: Row) -> bool:
        """Tell whether a row lies within a scope."""
        if scope in (Scope.ALL, Scope.NONE):
            return scope is Scope.ALL
        if self.owner(entity, row) in (None, self._me):
            return True
        return scope is Scope.TERRITORY and bool(self._territory) and self.territory(entity, row) == self._territory

    def owner(self, entity: Entity, row: Row) -> str | None:
        """Return the handle of the colleague who owns a row, or what it is part of; None where nobody does."""
        for _, one in self._upwards(entity, row):
            if "owner" in one:
                return cast("str | None", one["owner"])
        return None

    def territory(self, entity: Entity, row: Row) -> str:
        """Return the sales territory of the client that a row belongs to: the last part of its address."""
        for kind, one in self._upwards(entity, row):
            if kind is Entity.CLIENT:
                return str(one["address"] or "").rpartition(",")[2].strip()
        return ""

    def _upwards(self, entity: Entity, row: Row) -> Iterator[tuple[Entity, Row]]:
        """A row, what it is part of, and so on; at most four steps, as documents and notes are on nothing of theirs."""
        current: tuple[Entity, Row] | None = (entity, row)
        while current is not None:
            yield current
            current = self._above(*current)

    def _above(self, entity: Entity, row: Row) -> tuple[Entity, Row] | None:
        for parent in _PARENTS.get(entity, ()):
            row_id = row[f"{parent.value.lower()}_id"]
            above = self._store.get(parent, cast("str", row_id)) if row_id is not None else None
            if above is not None:
                return parent, above
        if entity in _ATTACHED and row["entity_type"] in _ATTACHABLE:
            target = Entity(row["entity_type"])
            above = self._store.get(target, cast("str", row["entity_id"]))
            return None if above is None else (target, above)
        return None


_PARENTS: Final[Mapping[Entity, tuple[Entity, ...]]] = {
    Entity.QUOTE: (Entity.OPPORTUNITY,),
    Entity.OPPORTUNITY: (Entity.CLIENT,),
    Entity.CONTACT: (Entity.CLIENT,),
    Entity.CONTRACT: (Entity.CLIENT,),
}
_ATTACHED: Final = (Entity.DOCUMENT, Entity.NOTE)
_ATTACHABLE: Final = frozenset(name for entity in _ATTACHED for name in SCHEMA[entity].field("entity_type").allowed)
