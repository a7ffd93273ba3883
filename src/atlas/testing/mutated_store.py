"""What wrong stores are made of: a layer that does nothing by itself, and sessions that lay it around every store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import cast

from atlas.crm.memory import FrozenBase
from atlas.crm.records import Change, Entity, Row
from atlas.crm.sessions import Sessions
from atlas.crm.store import Query, Selection, Store


class MutatedStore:
    """Does what the store inside does; each mutant overrides one thing.

    Args:
        inner: The right store.
    """

    def __init__(self, inner: Store) -> None:
        self.inner = inner

    def get(self, entity: Entity, row_id: str) -> Row | None:
        return self.inner.get(entity, row_id)

    def select(self, query: Query) -> Selection:
        return self.inner.select(query)

    def write(self, entity: Entity, row_id: str, row: Row | None, *, cause: str) -> None:
        self.inner.write(entity, row_id, row, cause=cause)

    def savepoint(self) -> int:
        return self.inner.savepoint()

    def rollback(self, savepoint: int) -> None:
        self.inner.rollback(savepoint)

    def journal(self) -> Sequence[Change]:
        return self.inner.journal()


class MutantSessions:
    """Sessions whose stores are all wrong in the same way.

    Args:
        inner: Where right stores come from.
        mutate: Lays the mutant around a store.
    """

    def __init__(self, inner: Sessions, mutate: Callable[[Store], MutatedStore]) -> None:
        self._inner = inner
        self._mutate = mutate

    def begin_session(
        self, base: FrozenBase, patch: Iterable[tuple[Entity, Row]] = (), *, reset: bool = False
    ) -> Store:
        return self._mutate(self._inner.begin_session(base, patch, reset=reset))

    def rollback_session(self, store: Store) -> None:
        self._inner.rollback_session(cast("MutatedStore", store).inner)
