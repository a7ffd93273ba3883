"""Migrations are applied once, whole or not at all, however many processes try."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg.rows import TupleRow

from atlas.core.errors import StorageError
from atlas.storage.migrations import LOCK, Migration, migrate

MAKE = Migration("make", "create table demo.t (a text); insert into demo.t values ('100 %s');")
GROW = Migration("grow", "alter table demo.t add column b int default 7;")
BREAK = Migration("break", "alter table demo.t drop column a; select 1 / 0;")

Connection = psycopg.Connection[TupleRow]


def test_each_is_applied_once(connection: Connection) -> None:
    """In order, committed, and only those that are missing."""
    assert migrate(connection, "demo", [MAKE]) == ("make",)
    assert migrate(connection, "demo", [MAKE, GROW]) == ("grow",)
    assert migrate(connection, "demo", [MAKE, GROW]) == ()
    assert connection.execute("select a, b from demo.t").fetchall() == [("100 %s", 7)]


def test_components_do_not_concern_each_other(connection: Connection) -> None:
    """Each has a list of its own, names included."""
    assert migrate(connection, "demo", [MAKE]) == ("make",)
    assert migrate(connection, "other", [Migration("make", "create table demo.other ()")]) == ("make",)


def test_a_failure_leaves_nothing(connection: Connection) -> None:
    """Not even those in front of it; the message names the migration, and the connection can go on."""
    with pytest.raises(StorageError, match=r"applying the migration 'break' of 'demo': division by zero"):
        migrate(connection, "demo", [MAKE, BREAK])
    assert connection.execute("select to_regclass('demo.t')").fetchone() == (None,)
    assert migrate(connection, "demo", [MAKE]) == ("make",)


def test_a_changed_migration_is_refused(connection: Connection) -> None:
    """Nothing is applied, those behind it included."""
    migrate(connection, "demo", [MAKE])
    changed = Migration(MAKE.name, MAKE.sql.replace("100", "200"))
    with pytest.raises(StorageError, match="'make' of 'demo' was changed after it was applied"):
        migrate(connection, "demo", [changed, GROW])
    with pytest.raises(psycopg.errors.UndefinedColumn):
        connection.execute("select b from demo.t")


def test_the_connection_may_commit_by_itself_or_not(postgres_url: str, connection: Connection) -> None:
    """Others see what was applied either way; within a transaction it would not be so, and is refused."""
    with psycopg.connect(postgres_url) as own:
        migrate(own, "demo", [MAKE])
        assert connection.execute("select count(*) from demo.t").fetchone() == (1,)
        own.execute("select 1")
        with pytest.raises(ValueError, match="outside of a transaction"):
            migrate(own, "demo", [MAKE, GROW])


def test_many_at_once_apply_each_once(postgres_url: str, connection: Connection) -> None:
    """Eight start at the same moment on an empty database; one does the work, the others find it done."""
    together = threading.Barrier(8)

    def run(_: int) -> int:
        with psycopg.connect(postgres_url, autocommit=True) as own:
            together.wait(timeout=30)
            return len(migrate(own, "demo", [MAKE, GROW]))

    with ThreadPoolExecutor(8) as threads:
        counts = list(threads.map(run, range(8)))
    assert sorted(counts) == [0] * 7 + [2]
    assert connection.execute("select count(*) from demo.t").fetchone() == (1,)


def test_whoever_migrates_holds_the_lock(postgres_url: str, connection: Connection) -> None:
    """While another holds it nothing is applied; when it is free the work is done."""
    done: list[object] = []

    def run() -> None:
        with psycopg.connect(postgres_url, autocommit=True) as own:
            done.append(migrate(own, "demo", [MAKE]))

    connection.execute("select pg_advisory_lock(%s)", (LOCK,))
    waiting = threading.Thread(target=run)
    waiting.start()
    waiting.join(timeout=0.3)
    assert done == []
    connection.execute("select pg_advisory_unlock(%s)", (LOCK,))
    waiting.join(timeout=30)
    assert done == [("make",)]
