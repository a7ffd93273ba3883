"""Whole companies into PostgreSQL and back: as slots that episodes lease, and as named worlds.

A company is streamed in once; further slots are copies made inside the database. Seeds are state, not calls: rows that
break a check are marked as imported and kept as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources
from typing import TYPE_CHECKING, cast

from atlas.core.errors import StorageError
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Entity, Row
from atlas.crm.schema import SCHEMA
from atlas.crm.snapshots import Snapshot, snapshot_of
from atlas.crm.statements import (
    clone_statement,
    copy_statement,
    drop_statement,
    empty_statement,
    list_statement,
    list_written_statement,
    staging_statement,
    staging_table,
    take_in_statement,
    to_row,
    written_values,
)
from atlas.crm.store import Store
from atlas.storage.failures import translated
from atlas.storage.migrations import Migration, migrate
from atlas.storage.queries import load_queries

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import TupleRow

COMPONENT = "crm"
QUERIES = load_queries("atlas.crm", "sql/worlds.sql")

_MIGRATIONS = ("0001_tables",)


def migrate_tables(connection: Connection[TupleRow]) -> None:
    """Make the tables of the store, or bring them up to date.

    Args:
        connection: Outside of a transaction; what is done is committed.

    Raises:
        StorageError: the database has tables of another version, or refuses.
    """
    folder = resources.files("atlas.crm").joinpath("sql")
    found = [Migration(name, folder.joinpath(f"{name}.sql").read_text(encoding="utf-8")) for name in _MIGRATIONS]
    migrate(connection, COMPONENT, found)


# ---------------------------------------------------------------------------------------------------------------------
# Slots


def make_slots(connection: Connection[TupleRow], base: FrozenBase, slots: int) -> int:
    """See to it that there are at least ``slots`` committed copies of a company; return how many were made now.

    Any number of processes may do so at once; one does the work and the others wait for it.

    Raises:
        StorageError: the database refuses.
    """
    company = base.content_hash()
    with translated("loading a company"), connection.transaction():
        connection.execute(QUERIES["lock_company"], (company,))
        there = _ids(connection, "list_slots", (company,))
        if len(there) >= slots:
            return 0
        made = _ids(connection, "add_slots", (company, len(there), slots))
        if there:
            source, targets = there[0], made
        else:
            source, targets = made[0], made[1:]
            take_in(connection, base, source)
        if targets:
            for entity in Entity:
                connection.execute(clone_statement(entity), (targets, source))
        return len(made)


def take_in(connection: Connection[TupleRow], base: FrozenBase, world_id: int) -> None:
    """Put all rows of ``base`` into an empty world, inside the open transaction.

    Raises:
        StorageError: a reference leads nowhere and this user may not let such rows in.
    """
    if has_dangling_references(base.fork(), all_rows(base)):
        suspend_references(connection)
    for entity in Entity:
        rows = base.rows(entity)
        if rows:
            connection.execute(staging_statement(entity))
            with connection.cursor().copy(copy_statement(entity, staging_table(entity))) as copy:
                for row in rows:
                    copy.write_row(written_values(entity, row))
            connection.execute(take_in_statement(entity), (world_id,))
            connection.execute(drop_statement(entity))


def put_back(connection: Connection[TupleRow], base: FrozenBase, world_id: int) -> None:
    """Replace all rows of a world by those of ``base``, inside the open transaction."""
    connection.execute(QUERIES["forget_journal"], (world_id,))
    for entity in reversed(Entity):
        connection.execute(empty_statement(entity), (world_id,))
    take_in(connection, base, world_id)


def is_untouched(connection: Connection[TupleRow], base: FrozenBase, world_id: int) -> bool:
    """Tell whether a world is as it was loaded: exactly the rows of ``base``, as searches see them, and no journal."""
    noted = connection.execute(QUERIES["has_journal"], (world_id,)).fetchone()
    if noted != (False,):
        return False
    for entity in Entity:
        found = connection.execute(list_written_statement(entity), (world_id,)).fetchall()
        if any(marked is not rightly for *_, marked, rightly in found):
            return False
        if [list(values[:-2]) for values in found] != [written_values(entity, row) for row in base.rows(entity)]:
            return False
    return True


def read_rows(connection: Connection[TupleRow], world_id: int) -> FrozenBase:
    """Return all rows of a world."""
    rows: dict[Entity, Sequence[Row]] = {}
    for entity in Entity:
        found = connection.execute(list_statement(entity), (world_id,)).fetchall()
        rows[entity] = [to_row(entity, values) for values in found]
    return FrozenBase.build(rows)


def all_rows(base: FrozenBase) -> Iterator[tuple[Entity, Row]]:
    """Yield every row of a company, those that others refer to first."""
    yield from ((entity, row) for entity in Entity for row in base.rows(entity))


def has_dangling_references(store: Store, rows: Iterable[tuple[Entity, Row]]) -> bool:
    """Tell whether one of ``rows`` has a foreign key that leads to no row of ``store``.

    Example:
        >>> base = FrozenBase.build({Entity.CONTACT: [{"contact_id": "k1", "client_id": "gone"}]})
        >>> has_dangling_references(base.fork(), [(Entity.CONTACT, row) for row in base.rows(Entity.CONTACT)])
        True
    """
    return any(
        row[name] is not None and store.get(target, cast("str", row[name])) is None
        for entity, row in rows
        for name, target in _FOREIGN_KEYS[entity]
    )


def suspend_references(connection: Connection[TupleRow]) -> None:
    """Let rows in whose references lead nowhere, until the transaction ends.

    Raises:
        StorageError: this user may not.
    """
    from psycopg import errors  # noqa: PLC0415 - of an extra; who has a connection has it

    try:
        connection.execute(QUERIES["suspend_references"])
    except errors.InsufficientPrivilege as exc:
        user = connection.info.user
        raise StorageError(
            "the rows hold references that lead nowhere, and letting such rows in takes a right that the user"
            f" {user!r} lacks; an administrator can give it:"
            f' grant set on parameter session_replication_role to "{user}"'
        ) from exc


def _ids(connection: Connection[TupleRow], query: str, parameters: tuple[object, ...]) -> list[int]:
    return [cast("int", row[0]) for row in connection.execute(QUERIES[query], parameters).fetchall()]


_FOREIGN_KEYS: Mapping[Entity, tuple[tuple[str, Entity], ...]] = {
    entity: tuple((field.name, field.references) for field in definition.fields if field.references is not None)
    for entity, definition in SCHEMA.items()
}


# ---------------------------------------------------------------------------------------------------------------------
# Named worlds


class PostgresWorlds:
    """Worlds with a name, which outlive whoever wrote them.

    Args:
        connection: Outside of a transaction; the tables are made where they are missing.
    """

    def __init__(self, connection: Connection[TupleRow]) -> None:
        self._connection = connection
        migrate_tables(connection)

    def names(self) -> Sequence[str]:
        """Return the names of the worlds, sorted."""
        with translated("listing the worlds"), self._connection.transaction():
            return [cast("str", row[0]) for row in self._connection.execute(QUERIES["list_worlds"]).fetchall()]

    def read(self, name: str) -> Snapshot | None:
        """Return the records of a world, None where there is no such world."""
        with translated(f"reading the world {name!r}"), self._connection.transaction():
            found = self._connection.execute(QUERIES["find_world"], (name,)).fetchone()
            if found is None:
                return None
            base = read_rows(self._connection, cast("int", found[0]))
        return snapshot_of(base, origin=str(found[1] or ""))

    def write(self, name: str, snapshot: Snapshot, *, replace: bool = True) -> bool:
        """Make a world hold exactly these records; others see the old ones or the new ones, never a part.

        Args:
            name: Its name.
            snapshot: The records.
            replace: Whether a world of that name may be replaced.

        Returns:
            Whether it was written.

        Raises:
            StorageError: the database refuses; the world is as it was.
        """
        header = snapshot.header
        with translated(f"writing the world {name!r}"), self._connection.transaction():
            parameters = (name, header.origin, header.content_hash)
            query = QUERIES["name_world" if replace else "add_world"]
            found = self._connection.execute(query, parameters).fetchone()
            if found is None:
                return False
            put_back(self._connection, snapshot.base, cast("int", found[0]))
        return True
