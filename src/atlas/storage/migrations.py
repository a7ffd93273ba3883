"""Changes to the tables of a database, each applied once, all in the order in which they were written.

A component (a room with tables of its own) lists its migrations; the database remembers which it has, with a checksum
of each. A migration that was applied is never edited: a further change is a further migration.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, LiteralString, cast

from atlas.core.errors import StorageError
from atlas.core.records import record
from atlas.storage.failures import translated
from atlas.storage.queries import load_queries

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import TupleRow

LOCK = 0x61746C6173_01  # "atlas" and a number; the advisory lock of whoever migrates a database

_LOCK_WAIT_MS = 60_000


@record
class Migration:
    """One change.

    Args:
        name: What it does, such as ``"add_slots"``; unique in its component.
        sql: Statements without parameters. They run in a transaction together with those of the other migrations.
    """

    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """What tells whether the statements are those that were applied; line ends and outer space do not count."""
        lines = (line.rstrip() for line in self.sql.strip().splitlines())
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@record
class Applied:
    """What a database remembers of a migration.

    Args:
        name: Its name.
        checksum: Its checksum when it was applied.
    """

    name: str
    checksum: str


def pending(component: str, applied: Sequence[Applied], wanted: Sequence[Migration]) -> Sequence[Migration]:
    """Return the migrations that a database lacks.

    Args:
        component: Whose they are, for the message.
        applied: What the database has, in order.
        wanted: All migrations of the component, in order.

    Raises:
        ValueError: two migrations have one name.
        StorageError: the database has one that is not listed or stands elsewhere in the list, or the statements of one
            were changed after it was applied.

    Example:
        >>> first, second = Migration("make", "create table t ()"), Migration("drop", "drop table t")
        >>> [change.name for change in pending("demo", [Applied("make", first.checksum)], [first, second])]
        ['drop']
    """
    names = [change.name for change in wanted]
    if len(set(names)) != len(names):
        raise ValueError(f"two migrations of {component!r} have one name: {', '.join(names)}")
    for number, done in enumerate(applied):
        if done.name not in names:
            raise StorageError(
                f"the database has the migration {done.name!r} of {component!r}, which this version of Atlas does not"
                " know; use the version that applied it, or a newer one"
            )
        if names[number] != done.name:
            raise StorageError(
                f"the database has {done.name!r} as migration {number + 1} of {component!r}, where this version of"
                f" Atlas has {names[number]!r}; migrations are only ever added at the end"
            )
        if wanted[number].checksum != done.checksum:
            raise StorageError(
                f"the migration {done.name!r} of {component!r} was changed after it was applied (checksum"
                f" {done.checksum[:12]} in the database, {wanted[number].checksum[:12]} now); put its statements back"
                " and write a further migration"
            )
    return tuple(wanted[len(applied) :])


def migrate(connection: Connection[TupleRow], component: str, migrations: Sequence[Migration]) -> Sequence[str]:
    """Bring the tables of ``component`` up to date: all of the missing migrations are applied, or none.

    Any number of processes may do so at once; one does the work and the others wait for it.

    Args:
        connection: Outside of a transaction; what is applied is committed.
        component: Whose tables, such as ``"crm"``.
        migrations: All of its migrations, in order.

    Returns:
        The names of those that were applied now.

    Raises:
        ValueError: the connection is in a transaction, or two migrations have one name.
        StorageError: the database and the list do not fit together, or a statement fails.
    """
    from psycopg.pq import TransactionStatus  # noqa: PLC0415 - of an extra; who has a connection has it

    if connection.info.transaction_status is not TransactionStatus.IDLE:
        raise ValueError("migrate() commits, so it needs a connection that is outside of a transaction")
    queries = load_queries("atlas.storage", "migrations.sql")
    with translated(f"migrating the tables of {component!r}"), connection.transaction():
        connection.execute(queries["limit_the_wait"], (f"{_LOCK_WAIT_MS}ms",))
        connection.execute(queries["lock"], (LOCK,))
        connection.execute(queries["limit_the_wait"], ("0",))
        connection.execute(queries["make_table"])
        found = connection.execute(queries["list_applied"], (component,)).fetchall()
        applied = [Applied(name=str(name), checksum=str(checksum)) for name, checksum in found]
        missing = pending(component, applied, migrations)
        for number, change in enumerate(missing, start=len(applied) + 1):
            with translated(f"applying the migration {change.name!r} of {component!r}"):
                connection.execute(cast("LiteralString", change.sql))  # a file of a package, never outside text
            connection.execute(queries["remember"], (component, number, change.name, change.checksum))
    return tuple(change.name for change in missing)
