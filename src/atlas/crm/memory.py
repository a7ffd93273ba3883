"""A store in memory: what has changed, laid over rows that never change.

A company is built once as a :class:`FrozenBase`; every episode works on a fork of it, which costs nothing until
something is written. Indexes and the answers to searches belong to the base and are shared by its forks; a fork
corrects them by the few rows that it has touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from atlas.core.canonical import content_hash
from atlas.core.errors import MisuseError
from atlas.crm.fields import EntityDef, FieldDef, FieldKind
from atlas.crm.indexes import Found, Shelf, arranged
from atlas.crm.records import Change, Entity, FieldValue, Row
from atlas.crm.schema import SCHEMA
from atlas.crm.store import Query, Selection
from atlas.crm.wording import quoted

_Overlay = dict[str, "Row | None"]
_Entry = tuple[Entity, str, "Row | None", "Row | None", str, bool]
"""A write: entity, id, before, after, cause, and whether the overlay held the row already."""


class FrozenBase:
    """The rows of a company, and everything that was ever found in them. It never changes; forks of it do.

    Example:
        >>> base = FrozenBase.build({Entity.CLIENT: [{"client_id": "c1", "name": "Halden Foods"}]})
        >>> base.fork().get(Entity.CLIENT, "c1")["name"], base.rows(Entity.NOTE)
        ('Halden Foods', ())
    """

    __slots__ = ("_hash", "_shelves")

    def __init__(self, shelves: Mapping[Entity, Shelf]) -> None:
        self._shelves = shelves
        self._hash: str | None = None

    @classmethod
    def build(cls, rows: Mapping[Entity, Iterable[Row]]) -> FrozenBase:
        """Return a base that holds ``rows`` (stored values), in whatever order they come.

        Seeds are state, not calls: the rules for new records are not applied. Fields that a row leaves out are empty.

        Raises:
            MisuseError: a row has an unknown field, no id, the id of another row, a value of the wrong type, or one
                that no database keeps (NUL, half of a surrogate pair, a number or an id that is too large).
        """
        return cls({entity: _build_shelf(SCHEMA[entity], rows.get(entity, ())) for entity in Entity})

    def fork(self, patch: Iterable[tuple[Entity, Row]] = ()) -> MemoryStore:
        """Return a store that starts with these rows; nothing is copied.

        Args:
            patch: Rows that the store starts with besides; one with the id of a row of the base replaces it. They are
                no changes: the journal does not show them.

        Raises:
            MisuseError: a row of the patch is malformed.
        """
        store = MemoryStore(self._shelves)
        for entity, row in patch:
            store.start_with(entity, row)
        return store

    def rows(self, entity: Entity) -> Sequence[Row]:
        """Return the rows of one kind, by id."""
        return self._shelves[entity].rows

    def content_hash(self) -> str:
        """Return the hash of all rows: equal contents give equal hashes."""
        if self._hash is None:
            self._hash = content_hash({entity.value: list(shelf.rows) for entity, shelf in self._shelves.items()})
        return self._hash


class MemoryStore:
    """A fork of a base: the ``Store`` of one episode. Made by :meth:`FrozenBase.fork`."""

    __slots__ = ("_journal", "_overlays", "_shelves")

    def __init__(self, shelves: Mapping[Entity, Shelf]) -> None:
        self._shelves = shelves
        self._overlays: dict[Entity, _Overlay] = {}
        self._journal: list[_Entry] = []

    def start_with(self, entity: Entity, row: Row) -> None:
        """Put a row into the world before anything happens there; see :meth:`FrozenBase.fork`."""
        definition = SCHEMA[entity]
        complete = _complete_row(definition, row, f"patched {definition.noun}")
        self._overlays.setdefault(entity, {})[cast("str", complete[definition.id_field])] = complete

    def get(self, entity: Entity, row_id: str) -> Row | None:
        overlay = self._overlays.get(entity)
        if overlay is not None and row_id in overlay:
            return overlay[row_id]
        return self._shelves[entity].by_id.get(row_id)

    def select(self, query: Query) -> Selection:
        entity, criteria, order_by, descending, limit, offset = query
        end = None if limit is None else offset + limit
        shelf = self._shelves[entity]
        order = (order_by, descending)
        found = shelf.find(criteria, order)
        overlay = self._overlays.get(entity)
        if not overlay:
            rows = found.rows
            return Selection(rows[offset:end] if offset or end is not None else rows, len(rows))
        gone = found.ids & overlay.keys()
        fulfils = found.fulfils
        come = [row for row in overlay.values() if row is not None and fulfils(row)]
        total = len(found.rows) - len(gone) + len(come)
        rows = _remaining(found, gone, shelf.id_field, end)
        if come:
            rows = arranged([*rows, *come], order, shelf.id_field)
        return Selection(rows[offset:end] if offset or end is not None else rows, total)

    def write(self, entity: Entity, row_id: str, row: Row | None, *, cause: str) -> None:
        overlay = self._overlays.get(entity)
        if overlay is None:
            overlay = self._overlays[entity] = {}
        known = row_id in overlay
        before = overlay[row_id] if known else self._shelves[entity].by_id.get(row_id)
        if before != row:
            overlay[row_id] = row
            self._journal.append((entity, row_id, before, row, cause, known))

    def savepoint(self) -> int:
        return len(self._journal)

    def rollback(self, savepoint: int) -> None:
        journal = self._journal
        while len(journal) > savepoint:
            entity, row_id, before, _, _, known = journal.pop()
            if known:
                self._overlays[entity][row_id] = before
            else:
                del self._overlays[entity][row_id]

    def journal(self) -> Sequence[Change]:
        return [
            Change(entity, row_id, before, after, cause) for entity, row_id, before, after, cause, _ in self._journal
        ]

    def content_hash(self) -> str:
        """Return the hash of all rows as they are now, comparable with that of a base."""
        rows = {entity.value: [dict(row) for row in self.select(Query(entity)).rows] for entity in Entity}
        return content_hash(rows)


def _remaining(found: Found, gone: frozenset[FieldValue], id_field: str, end: int | None) -> Sequence[Row]:
    """The first rows of ``found`` that are not ``gone``: at least ``end`` of them where there are so many."""
    rows = found.rows if end is None else found.rows[: end + len(gone)]
    return [row for row in rows if row[id_field] not in gone] if gone else rows


def _build_shelf(definition: EntityDef, rows: Iterable[Row]) -> Shelf:
    by_id: dict[str, Row] = {}
    for number, row in enumerate(rows):
        where = f"{definition.noun} {number}"
        complete = _complete_row(definition, row, where)
        row_id = cast("str", complete[definition.id_field])
        if row_id in by_id:
            raise MisuseError(f"{where}: another {definition.noun} has the {definition.id_field} {row_id!r}")
        by_id[row_id] = complete
    return Shelf(definition.id_field, by_id)


def _complete_row(definition: EntityDef, row: Row, where: str) -> Row:
    """``row`` with every field of the schema, in schema order; absent ones are empty."""
    fields = {field.name: field for field in definition.fields}
    known = {name: _STORED_TYPES.get(field.kind, str) for name, field in fields.items()}
    for name, value in row.items():
        if name not in known:
            raise MisuseError(f"{where}: unknown field {name!r}; known: {', '.join(known)}")
        if value is not None and (isinstance(value, bool) or not isinstance(value, known[name])):
            raise MisuseError(f"{where}: `{name}` is stored as {known[name].__name__}, not {quoted(value)}")
        flaw = _unkeepable(fields[name], value)
        if flaw:
            raise MisuseError(f"{where}: `{name}` {flaw}, which no database keeps: {quoted(value)}")
    if not row.get(definition.id_field):
        raise MisuseError(f"{where}: `{definition.id_field}` is missing; every row needs its id")
    return {field.name: field.empty if row.get(field.name) is None else row[field.name] for field in definition.fields}


def _unkeepable(field: FieldDef, value: object) -> str | None:
    """Return what makes ``value`` one that not every store can keep, None where nothing does."""
    if isinstance(value, str):
        return _unkeepable_text(field, value)
    if isinstance(value, tuple):
        names = cast("tuple[object, ...]", value)
        flaws = (
            _unkeepable(field, one) if isinstance(one, str) else "holds something else than names" for one in names
        )
        return next(filter(None, flaws), None)
    bits = _BITS.get(field.kind)
    if bits is None or not isinstance(value, int) or -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
        return None
    return f"needs more than {bits} bits"


def _unkeepable_text(field: FieldDef, text: str) -> str | None:
    if "\x00" in text:
        return "holds a NUL character"
    if not text.isascii() and _HALVES.search(text):
        return "holds half of a surrogate pair"
    if len(text) > _SHORT and _is_looked_up(field) and len(text.casefold().encode()) > _LONGEST_KEY:
        return f"is looked up by and has more than {_LONGEST_KEY} bytes"
    return None


def _is_looked_up(field: FieldDef) -> bool:
    key = field.kind in (FieldKind.ID, FieldKind.REFERENCE)
    return key or field.unique or field.references_by is not None


_SHORT = 200  # characters: at most three when folded, of three bytes each
_LONGEST_KEY = 2_000  # bytes; an index of PostgreSQL takes some 2,700 for a row
_HALVES = re.compile(r"[\ud800-\udfff]")
_BITS: Mapping[FieldKind, int] = {FieldKind.MONEY: 64, FieldKind.WHOLE_NUMBER: 32}
_STORED_TYPES: Mapping[FieldKind, type] = {
    FieldKind.MONEY: int,
    FieldKind.WHOLE_NUMBER: int,
    FieldKind.NAMES: tuple,
}
