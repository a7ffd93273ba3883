"""A pool of connections: ready when it is opened, whole after a loss, clear when there is none."""

from __future__ import annotations

import time

import psycopg
import pytest

from atlas.core.errors import StorageError
from atlas.storage.failures import translated
from atlas.storage.pool import open_pool

SILENT = "postgresql://ada:s3cret@127.0.0.1:1/atlas"  # nothing listens there


def test_connections_are_ready_and_lent_again(postgres_url: str) -> None:
    """As many as were asked for are open, and one that is given back is used again."""
    with open_pool(postgres_url, min_size=2, max_size=3) as pool:
        assert pool.get_stats()["pool_available"] == 2
        with pool.connection() as connection:
            first = connection.info.backend_pid
        backends = set[int]()
        for _ in range(4):
            with pool.connection() as connection:
                backends.add(connection.info.backend_pid)
        assert first in backends
        assert len(backends) == 2


def test_a_block_that_fails_is_rolled_back(postgres_url: str) -> None:
    """A connection comes back clean, whatever was begun on it."""
    with open_pool(postgres_url) as pool:
        with pytest.raises(psycopg.errors.DivisionByZero), pool.connection() as connection:
            connection.execute("create table half_done (); select 1 / 0")
        with pool.connection() as connection:
            assert connection.execute("select to_regclass('half_done')").fetchone() == (None,)


def test_a_lost_connection_is_replaced(postgres_url: str) -> None:
    """After the server dropped all of them, whoever asks next gets one that works."""
    with open_pool(postgres_url, min_size=2, max_size=2) as pool, psycopg.connect(postgres_url) as other:
        mine = "select count(pg_terminate_backend(pid)) from pg_stat_activity"
        condition = "where application_name = 'atlas' and datname = current_database() and pid <> pg_backend_pid()"
        assert other.execute(f"{mine} {condition}").fetchone() == (2,)
        with pool.connection() as connection:
            assert connection.execute("select 1").fetchone() == (1,)


def test_whoever_waits_too_long_is_told(postgres_url: str) -> None:
    """With every connection lent, the time given is kept and the error is ours."""
    with open_pool(postgres_url, max_size=1, timeout_s=0.1) as pool, pool.connection():
        began = time.monotonic()
        with (
            pytest.raises(StorageError, match=r"asking for a connection: .*0\.1"),
            translated("asking for a connection"),
            pool.connection(),
        ):
            pass
        assert time.monotonic() - began < 5


def test_a_server_that_is_not_there_is_named_at_once() -> None:
    """Not after the time that a pool would go on trying; without the password, and with nothing left running."""
    began = time.monotonic()
    with pytest.raises(StorageError, match=r"connecting to postgresql://ada:\*\*\*@127\.0\.0\.1:1/atlas: .*refused"):
        open_pool(SILENT, timeout_s=30)
    assert time.monotonic() - began < 10
