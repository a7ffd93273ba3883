"""Stores that write, note or take back wrongly, each in one way."""

from __future__ import annotations

import dataclasses
import itertools
import unicodedata
from collections.abc import Callable, Sequence

from atlas.crm.records import Change, Entity, FieldValue, Row
from atlas.crm.store import Store
from atlas.testing.mutated_store import MutatedStore

# ---------------------------------------------------------------------------------------------------------------------
# Writing


class LosesCascade(MutatedStore):
    """What belongs to a deleted record stays: deletes of notes are dropped."""

    def write(self, entity: Entity, row_id: str, row: Row | None, *, cause: str) -> None:
        if entity is not Entity.NOTE or row is not None:
            self.inner.write(entity, row_id, row, cause=cause)


class ChangesRowInPlace(MutatedStore):
    """A write changes the row that was there, which the journal and callers still hold."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self._own: dict[tuple[Entity, str], dict[str, FieldValue]] = {}

    def write(self, entity: Entity, row_id: str, row: Row | None, *, cause: str) -> None:
        old = self._own.pop((entity, row_id), None)
        if row is not None:
            row = self._own[entity, row_id] = dict(row)
        self.inner.write(entity, row_id, row, cause=cause)
        if old is not None and row is not None:
            old.update(row)


class EmptiesTexts(MutatedStore):
    """An empty text becomes no value, as some databases have it."""

    def write(self, entity: Entity, row_id: str, row: Row | None, *, cause: str) -> None:
        self.inner.write(entity, row_id, _with_texts(row, lambda text: text or None), cause=cause)


class TrimsTexts(MutatedStore):
    """Spaces at the end of a text are lost, as in columns of fixed width."""

    def write(self, entity: Entity, row_id: str, row: Row | None, *, cause: str) -> None:
        self.inner.write(entity, row_id, _with_texts(row, str.rstrip), cause=cause)


class NormalizesTexts(MutatedStore):
    """Decomposed letters are composed on the way in."""

    def write(self, entity: Entity, row_id: str, row: Row | None, *, cause: str) -> None:
        self.inner.write(entity, row_id, _with_texts(row, lambda text: unicodedata.normalize("NFC", text)), cause=cause)


class GetsDeletedRows(MutatedStore):
    """A row that was deleted can still be got by its id."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self._deleted: dict[tuple[Entity, str], Row] = {}

    def get(self, entity: Entity, row_id: str) -> Row | None:
        return self.inner.get(entity, row_id) or self._deleted.get((entity, row_id))

    def write(self, entity: Entity, row_id: str, row: Row | None, *, cause: str) -> None:
        before = self.inner.get(entity, row_id)
        if row is None and before is not None:
            self._deleted[entity, row_id] = before
        self.inner.write(entity, row_id, row, cause=cause)


# ---------------------------------------------------------------------------------------------------------------------
# The journal


class MissesJournalEntry(MutatedStore):
    """Deletes are not noted."""

    def journal(self) -> Sequence[Change]:
        return [change for change in self.inner.journal() if change.after is not None]


class DisordersJournal(MutatedStore):
    """The changes of one call are noted by kind of record, not in their order."""

    def journal(self) -> Sequence[Change]:
        groups = itertools.groupby(self.inner.journal(), key=lambda change: change.cause)
        return [change for _, group in groups for change in sorted(group, key=lambda change: change.entity.value)]


class MixesCauses(MutatedStore):
    """A change is noted with the cause of the one before it."""

    def journal(self) -> Sequence[Change]:
        changes = self.inner.journal()
        causes = [change.cause for change in changes]
        return [
            dataclasses.replace(change, cause=cause)
            for change, cause in zip(changes, causes[:1] + causes[:-1], strict=True)
        ]


class ForgetsBetween(MutatedStore):
    """Every change of a row is noted with the row as it was at first."""

    def journal(self) -> Sequence[Change]:
        first: dict[tuple[Entity, str], Row | None] = {}
        return [
            dataclasses.replace(change, before=first.setdefault((change.entity, change.id), change.before))
            for change in self.inner.journal()
        ]


class NotesUnchanged(MutatedStore):
    """A write that changes nothing is noted as well."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self._extra: list[tuple[int, Change]] = []

    def write(self, entity: Entity, row_id: str, row: Row | None, *, cause: str) -> None:
        before = self.inner.get(entity, row_id)
        if before == row:
            self._extra.append((len(self.inner.journal()), Change(entity, row_id, before, row, cause)))
        self.inner.write(entity, row_id, row, cause=cause)

    def rollback(self, savepoint: int) -> None:
        self.inner.rollback(savepoint)
        left = len(self.inner.journal())
        self._extra = [(place, change) for place, change in self._extra if place < left]

    def journal(self) -> Sequence[Change]:
        changes = list(self.inner.journal())
        for place, change in reversed(self._extra):
            changes.insert(place, change)
        return changes


# ---------------------------------------------------------------------------------------------------------------------
# Savepoints


class RollsBackPartly(MutatedStore):
    """Going back leaves one of the rows as it was written, and no trace of that in the journal."""

    _CAUSE = "survived"

    def rollback(self, savepoint: int) -> None:
        before = self.journal()
        self.inner.rollback(savepoint)
        undone = before[len(self.journal()) :]
        for change in undone[:1]:
            self.inner.write(change.entity, change.id, change.after, cause=self._CAUSE)

    def journal(self) -> Sequence[Change]:
        return [change for change in self.inner.journal() if change.cause != self._CAUSE]


class KeepsJournalOnRollback(MutatedStore):
    """Going back restores the rows and leaves the journal as it is."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self._ghosts: list[Change] = []

    def rollback(self, savepoint: int) -> None:
        before = list(self.inner.journal())
        self.inner.rollback(savepoint)
        self._ghosts += before[len(self.inner.journal()) :]

    def journal(self) -> Sequence[Change]:
        return [*self.inner.journal(), *self._ghosts]


class MarksTooEarly(MutatedStore):
    """A savepoint lies one write too early, so that going back takes that write with it."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self._before_last: int | None = None

    def write(self, entity: Entity, row_id: str, row: Row | None, *, cause: str) -> None:
        self._before_last = self.inner.savepoint()
        self.inner.write(entity, row_id, row, cause=cause)

    def savepoint(self) -> int:
        return self.inner.savepoint() if self._before_last is None else self._before_last

    def rollback(self, savepoint: int) -> None:
        self._before_last = None
        self.inner.rollback(savepoint)


def _with_texts(row: Row | None, change: Callable[[str], str | None]) -> Row | None:
    if row is None:
        return None
    return {name: change(value) if isinstance(value, str) else value for name, value in row.items()}
