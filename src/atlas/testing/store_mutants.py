"""Stores that are wrong in one operation each, to show that ``check_store`` would notice.

Each is a thin layer around any right store, in memory or on PostgreSQL, so that what is tested is the check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, cast

from atlas.core.errors import UnknownNameError
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Entity, Row
from atlas.crm.schema import SCHEMA
from atlas.crm.sessions import Sessions
from atlas.crm.store import Store
from atlas.testing import search_mutants as search
from atlas.testing import write_mutants as write
from atlas.testing.mutated_store import MutantSessions, MutatedStore


class LeakySessions:
    """What one session writes is seen by a session that is begun beside it."""

    def __init__(self, inner: Sessions) -> None:
        self._inner = inner
        self._open: list[Store] = []

    def begin_session(
        self, base: FrozenBase, patch: Iterable[tuple[Entity, Row]] = (), *, reset: bool = False
    ) -> Store:
        written = [(change.entity, change.after) for store in self._open for change in store.journal()]
        leaked = [(entity, row) for entity, row in written if row is not None]
        store = self._inner.begin_session(base, [*patch, *leaked], reset=reset)
        self._open.append(store)
        return store

    def rollback_session(self, store: Store) -> None:
        self._open = [other for other in self._open if other is not store]
        self._inner.rollback_session(store)


class CommittingSessions:
    """The last row that a session wrote stays in the company for the next one."""

    def __init__(self, inner: Sessions) -> None:
        self._inner = inner
        self._kept: list[tuple[Entity, Row]] = []

    def begin_session(
        self, base: FrozenBase, patch: Iterable[tuple[Entity, Row]] = (), *, reset: bool = False
    ) -> Store:
        return self._inner.begin_session(base, [*self._kept, *patch], reset=reset)

    def rollback_session(self, store: Store) -> None:
        written = [(change.entity, change.after) for change in store.journal()]
        self._kept = [(entity, row) for entity, row in written if row is not None][-1:]
        self._inner.rollback_session(store)


class JournallingSessions:
    """The rows that a session begins with stand in its journal."""

    def __init__(self, inner: Sessions) -> None:
        self._inner = inner

    def begin_session(
        self, base: FrozenBase, patch: Iterable[tuple[Entity, Row]] = (), *, reset: bool = False
    ) -> Store:
        store = self._inner.begin_session(base, reset=reset)
        for entity, row in patch:
            store.write(entity, cast("str", row[SCHEMA[entity].id_field]), row, cause="patch")
        return store

    def rollback_session(self, store: Store) -> None:
        self._inner.rollback_session(store)


STORE_MUTANTS: Final[Mapping[str, type[MutatedStore]]] = {
    mutant.__name__: mutant
    for mutant in (
        write.LosesCascade,
        write.ChangesRowInPlace,
        write.EmptiesTexts,
        write.TrimsTexts,
        write.NormalizesTexts,
        write.GetsDeletedRows,
        write.MissesJournalEntry,
        write.DisordersJournal,
        write.MixesCauses,
        write.ForgetsBetween,
        write.NotesUnchanged,
        write.RollsBackPartly,
        write.KeepsJournalOnRollback,
        write.MarksTooEarly,
        search.ComparesCase,
        search.FoldsByLower,
        search.ContainsAtStart,
        search.MissesStale,
        search.ReversesTies,
        search.PutsEmptyFirst,
        search.SortsWithoutCase,
        search.IgnoresLastChoice,
        search.ExcludesBounds,
        search.IgnoresDescending,
        search.LimitsTooHigh,
        search.IgnoresOffset,
        search.CountsPage,
    )
}
"""Every wrong store, by name."""

SESSION_MUTANTS: Final[Mapping[str, Callable[[Sessions], Sessions]]] = {
    mutant.__name__: mutant for mutant in (LeakySessions, CommittingSessions, JournallingSessions)
}
"""All sessions that are wrong with right stores, by name."""


def mutated(name: str, sessions: Sessions) -> Sessions:
    """Return ``sessions`` with the mutant of that name around them or around their stores.

    Raises:
        UnknownNameError: there is no such mutant.

    Example:
        >>> from atlas.crm.sessions import MemorySessions
        >>> from atlas.crm.store import Query
        >>> from atlas.testing.worlds import build_company
        >>> store = mutated("IgnoresOffset", MemorySessions()).begin_session(build_company().base)
        >>> [row["client_id"] for row in store.select(Query(Entity.CLIENT, offset=1)).rows]
        ['c1', 'c2']
    """
    if name in SESSION_MUTANTS:
        return SESSION_MUTANTS[name](sessions)
    if name not in STORE_MUTANTS:
        raise UnknownNameError("mutant", name, (*STORE_MUTANTS, *SESSION_MUTANTS))
    return MutantSessions(sessions, STORE_MUTANTS[name])
