"""The store on PostgreSQL: an episode is one transaction on a leased copy of its company, and is rolled back.

Copies (slots) are committed; whoever leases one locks its row in ``crm.worlds``, so a slot whose client is killed is
free again as soon as the server notices. Row triggers keep the journal, which therefore shows cascades and raw SQL too.
"""

from __future__ import annotations

import contextlib
import time
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, LiteralString, cast

from atlas.core.canonical import content_hash
from atlas.core.errors import MisuseError, NoFreeSlotError
from atlas.crm.loading.postgres import (
    QUERIES,
    all_rows,
    has_dangling_references,
    is_untouched,
    make_slots,
    migrate_tables,
    put_back,
    suspend_references,
)
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Change, Entity, Row
from atlas.crm.schema import SCHEMA
from atlas.crm.statements import (
    count_statement,
    delete_statement,
    get_statement,
    put_statement,
    row_columns,
    select_statement,
    to_row,
    written_values,
)
from atlas.crm.store import Query, Selection, Store
from atlas.storage.failures import translated

if TYPE_CHECKING:
    from psycopg import Connection, Cursor
    from psycopg.rows import TupleRow
    from psycopg_pool import ConnectionPool

_POLL_S = 0.01  # between two looks for a free slot
_WAIT_S = 30.0


class PostgresStore:
    """The rows of one world, inside the open transaction of a connection. Made by :class:`PostgresSessions`.

    Args:
        connection: Its transaction is the episode; used by nobody else meanwhile.
        world_id: Which world.
        dangles: Whether it holds rows whose references lead nowhere. The database looks at a reference again when a
            row is written twice in one transaction, so such a world's rows are written past it; rules have judged them.
        give_back: What becomes of the connection at the end; called once, also when the store is just dropped.
    """

    def __init__(
        self,
        connection: Connection[TupleRow],
        world_id: int,
        *,
        dangles: bool,
        give_back: Callable[[Connection[TupleRow]], None],
    ) -> None:
        self.connection = connection
        self.world_id = world_id
        self._cursor = connection.cursor()
        self._dangles = dangles
        self._end = weakref.finalize(self, give_back, connection)
        self._end.atexit = False  # the server rolls back by itself
        self._marks = 0
        self._set: list[int] = []  # marks for which a savepoint was really set, the oldest first

    def get(self, entity: Entity, row_id: str) -> Row | None:
        with translated("reading a row"):
            found = self._cursor.execute(get_statement(entity), (self.world_id, row_id)).fetchone()
        return None if found is None else to_row(entity, found)

    def select(self, query: Query) -> Selection:
        with translated("searching rows"):
            found = self._cursor.execute(*select_statement(query, self.world_id)).fetchall()
            if found:
                total = found[0][-1]
            elif query.offset or query.limit == 0:  # rows that were left out do not tell how many there are
                counted = self._cursor.execute(*count_statement(query, self.world_id)).fetchone()
                total = counted[0] if counted else 0
            else:
                total = 0
        return Selection([to_row(query.entity, values) for values in found], total)

    def write(self, entity: Entity, row_id: str, row: Row | None, *, cause: str) -> None:
        with translated("writing a row"), self.connection.pipeline():
            self._set_savepoint()
            if row is None:
                self._cursor.execute(delete_statement(entity), (cause, self.world_id, row_id))
            else:
                if self._dangles:
                    self._cursor.execute(QUERIES["suspend_references"])
                self._cursor.execute(put_statement(entity), (False, self.world_id, *written_values(entity, row), cause))
                if self._dangles:
                    self._cursor.execute(QUERIES["resume_references"])
            self._cursor.execute(QUERIES["end_of_call"])

    def savepoint(self) -> int:
        # nothing is sent before the first write behind a mark: most calls only read
        self._marks += 1
        return self._marks

    def rollback(self, savepoint: int) -> None:
        for place, mark in enumerate(self._set):
            if mark >= savepoint:
                with translated("going back to a savepoint"):
                    self._cursor.execute(_savepoint("ROLLBACK TO SAVEPOINT", mark))
                del self._set[place + 1 :]
                return

    def journal(self) -> Sequence[Change]:
        with translated("reading the journal"):
            found = self._cursor.execute(QUERIES["read_journal"], (self.world_id,)).fetchall()
        return [
            Change(Entity(entity), row_id, _journalled(entity, before), _journalled(entity, after), cause)
            for entity, row_id, before, after, cause in found
        ]

    def content_hash(self) -> str:
        """Return the hash of all rows as they are now, comparable with that of a base."""
        rows = {entity.value: [dict(row) for row in self.select(Query(entity)).rows] for entity in Entity}
        return content_hash(rows)

    def end(self) -> None:
        """Roll back and give the connection back. Once is enough; after it, every other verb is a MisuseError."""
        self._end()
        self.connection, self._cursor = cast("tuple[Connection[TupleRow], Cursor[TupleRow]]", (_Ended(), _Ended()))

    def _set_savepoint(self) -> None:
        if self._marks and (not self._set or self._set[-1] < self._marks):
            self._cursor.execute(_savepoint("SAVEPOINT", self._marks), prepare=False)
            self._set.append(self._marks)


class _Ended:
    """Stands where the connection of a store was, which serves others by now."""

    def __getattr__(self, name: str) -> object:
        raise MisuseError("this session was rolled back, its store cannot be used any more; begin another one")


class PostgresSessions:
    """Episodes on PostgreSQL, any number at once: each leases a slot of its company.

    Args:
        pool: Where connections come from; a session keeps one until it is rolled back.
        slots: How many copies of a company are made when it is first needed; at least as many as episodes of one
            company run at once, over all processes.
        wait_s: How long a session waits for a free slot.
    """

    def __init__(self, pool: ConnectionPool[Connection[TupleRow]], *, slots: int = 4, wait_s: float = _WAIT_S) -> None:
        self._pool = pool
        self._slots = slots
        self._wait_s = wait_s
        self._is_migrated = False
        self._dangling: dict[str, bool] = {}  # content hash of a company -> whether a reference of its leads nowhere

    def load(self, base: FrozenBase, *, slots: int | None = None) -> int:
        """See to it that a company has so many slots; return how many were made now.

        Sessions do this by themselves; loading beforehand keeps the time apart.

        Args:
            base: The company.
            slots: How many; None for as many as sessions make.

        Raises:
            StorageError: the database is down or refuses.
        """
        with translated("connecting to PostgreSQL"), self._pool.connection() as connection:
            self._migrate(connection)
            return make_slots(connection, base, self._slots if slots is None else slots)

    def begin_session(
        self, base: FrozenBase, patch: Iterable[tuple[Entity, Row]] = (), *, reset: bool = False
    ) -> Store:
        rows = _patched_rows(base, patch)
        with translated("connecting to PostgreSQL"):
            connection = self._pool.getconn()
        try:
            self._migrate(connection)
            with translated("beginning a session"):
                world_id = self._lease(connection, base, reset=reset)
                dangles = has_dangling_references(base.fork(rows), rows)
                if rows:
                    _put_in(connection, world_id, rows, dangles=dangles)
            dangles = dangles or self._has_dangling_references(base)
        except BaseException:
            self._give_back(connection)
            raise
        return PostgresStore(connection, world_id, dangles=dangles, give_back=self._give_back)

    def rollback_session(self, store: Store) -> None:
        cast("PostgresStore", store).end()

    def _has_dangling_references(self, base: FrozenBase) -> bool:
        company = base.content_hash()
        if company not in self._dangling:
            self._dangling[company] = has_dangling_references(base.fork(), all_rows(base))
        return self._dangling[company]

    def _migrate(self, connection: Connection[TupleRow]) -> None:
        if not self._is_migrated:  # two threads that both find it so do no harm
            migrate_tables(connection)
            self._is_migrated = True

    def _lease(self, connection: Connection[TupleRow], base: FrozenBase, *, reset: bool) -> int:
        company = base.content_hash()
        end = time.monotonic() + self._wait_s
        while True:
            found = connection.execute(QUERIES["lease_slot"], (company,)).fetchone()
            if found is not None:
                world_id = cast("int", found[0])
                if not reset or is_untouched(connection, base, world_id):
                    return world_id
                connection.execute(QUERIES["stop_journal"])
                put_back(connection, base, world_id)
                connection.commit()  # and lease again: the lock went with the transaction
                continue
            connection.rollback()
            if not make_slots(connection, base, self._slots):
                if time.monotonic() > end:
                    raise _no_free_slot(connection, company, self._wait_s)
                time.sleep(_POLL_S)

    def _give_back(self, connection: Connection[TupleRow]) -> None:
        from psycopg import Error  # noqa: PLC0415 - of an extra; who has a connection has it

        with contextlib.suppress(Error):  # one that is broken was rolled back by the server; the pool replaces it
            connection.rollback()
        self._pool.putconn(connection)


def _no_free_slot(connection: Connection[TupleRow], company: str, waited_s: float) -> NoFreeSlotError:
    counted = connection.execute(QUERIES["count_slots"], (company,)).fetchone()
    there = counted[0] if counted else 0
    return NoFreeSlotError(
        f"all {there} copies of the company {company[:12]} were in use for {waited_s:g} s; run fewer episodes at once,"
        " or load more copies"
    )


def _patched_rows(base: FrozenBase, patch: Iterable[tuple[Entity, Row]]) -> Sequence[tuple[Entity, Row]]:
    """The rows of a patch, complete, those that others refer to first."""
    given = list(patch)
    if not given:
        return ()
    store = base.fork(given)
    named = {(entity, cast("str", row[SCHEMA[entity].id_field])): None for entity, row in given}
    order = {entity: place for place, entity in enumerate(Entity)}
    return [
        (entity, cast("Row", store.get(entity, row_id)))
        for entity, row_id in sorted(named, key=lambda name: order[name[0]])
    ]


def _put_in(
    connection: Connection[TupleRow], world_id: int, rows: Sequence[tuple[Entity, Row]], *, dangles: bool
) -> None:
    """Write the rows of a patch: state, not a call, so they may break every rule and no journal shows them."""
    if dangles:
        suspend_references(connection)
    with connection.pipeline():
        connection.execute(QUERIES["stop_journal"])
        for entity, row in rows:
            connection.execute(put_statement(entity), (True, world_id, *written_values(entity, row), "patch"))
        if dangles:
            connection.execute(QUERIES["resume_references"])
        connection.execute(QUERIES["start_journal"])


def _journalled(entity: str, columns: dict[str, object] | None) -> Row | None:
    if columns is None:
        return None
    kind = Entity(entity)
    return to_row(kind, [columns[name] for name in row_columns(kind)])


def _savepoint(verb: str, mark: int) -> LiteralString:
    return cast("LiteralString", f"{verb} mark_{mark}")  # a number of ours
