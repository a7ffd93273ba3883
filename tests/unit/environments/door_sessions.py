"""Where tests of the doors keep records: sessions that count, and sessions on a database that breaks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from atlas.core.errors import StorageError
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Change, Entity, Row
from atlas.crm.sessions import MemorySessions
from atlas.crm.store import Query, Selection, Store


class CountedSessions(MemorySessions):
    """Sessions that remember which of them are open."""

    def __init__(self) -> None:
        self.begun = 0
        self.open: list[Store] = []

    def begin_session(
        self, base: FrozenBase, patch: Iterable[tuple[Entity, Row]] = (), *, reset: bool = False
    ) -> Store:
        self.begun += 1
        self.open.append(super().begin_session(base, patch, reset=reset))
        return self.open[-1]

    def rollback_session(self, store: Store) -> None:
        self.open.remove(store)


class BreakingStore:
    """A store whose database goes away at the first search, or when it is asked for its journal, for good."""

    def __init__(self, inner: Store, *, at_journal: bool) -> None:
        self._inner = inner
        self._gone = False
        self._at_journal = at_journal

    def get(self, entity: Entity, row_id: str) -> Row | None:
        self._check()
        return self._inner.get(entity, row_id)

    def select(self, query: Query) -> Selection:
        self._gone = self._gone or not self._at_journal
        self._check()
        return self._inner.select(query)

    def write(self, entity: Entity, row_id: str, row: Row | None, *, cause: str) -> None:
        self._check()
        self._inner.write(entity, row_id, row, cause=cause)

    def savepoint(self) -> int:
        return self._inner.savepoint()

    def rollback(self, savepoint: int) -> None:
        self._inner.rollback(savepoint)

    def journal(self) -> Sequence[Change]:
        self._gone = self._gone or self._at_journal
        self._check()
        return self._inner.journal()

    def _check(self) -> None:
        if self._gone:
            raise StorageError("the database went away")


class BreakingSessions(MemorySessions):
    """Sessions on a database that goes away."""

    def __init__(self, *, at_journal: bool = False) -> None:
        self.at_journal = at_journal

    def begin_session(
        self, base: FrozenBase, patch: Iterable[tuple[Entity, Row]] = (), *, reset: bool = False
    ) -> Store:
        return BreakingStore(super().begin_session(base, patch, reset=reset), at_journal=self.at_journal)

    def rollback_session(self, store: Store) -> None:
        del store
        raise StorageError("the database went away")
