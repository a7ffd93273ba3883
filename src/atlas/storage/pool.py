"""Connections that are kept open and lent out."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from atlas.storage.databases import connect
from atlas.storage.driver import DriverNeeded
from atlas.storage.failures import translated
from atlas.storage.urls import masked

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import TupleRow
    from psycopg_pool import ConnectionPool


_REST_S = 1.0


class _CheckAfterRest:
    """Looks at connections as ``check`` does, and not again within a second: that costs a round trip each time."""

    def __init__(self, check: Callable[[Connection[TupleRow]], None]) -> None:
        self._check = check
        self._lent: WeakKeyDictionary[Connection[TupleRow], float] = WeakKeyDictionary()

    def __call__(self, connection: Connection[TupleRow]) -> None:
        now = time.monotonic()
        last = self._lent.get(connection)
        if last is None or now - last > _REST_S:
            self._check(connection)
        self._lent[connection] = now


def open_pool(
    url: str, *, min_size: int = 1, max_size: int = 16, timeout_s: float = 30.0
) -> ConnectionPool[Connection[TupleRow]]:
    """Return an open pool of connections, with ``min_size`` of them ready; close it, or use it in a ``with`` block.

    A connection that was not lent for a second is looked at before it is lent again, so one that a restarted server
    dropped is replaced and not handed out.

    Args:
        url: The database.
        min_size: How many connections are kept open.
        max_size: How many there are at most; whoever wants one more waits.
        timeout_s: How long it may take to open the pool, and how long whoever wants a connection waits for it.

    Raises:
        ConfigError: ``url`` is no URL of a PostgreSQL server.
        MissingExtraError: the extra ``postgres`` is not installed.
        StorageError: the server cannot be reached, refuses us, or is too old.
    """
    with DriverNeeded("a pool of PostgreSQL connections"):
        from psycopg_pool import ConnectionPool  # noqa: PLC0415 - of an extra
    connect(url).close()  # says at once, and why, where the pool would try again until its time is over
    pool: ConnectionPool[Connection[TupleRow]] = ConnectionPool(
        url,
        min_size=min_size,
        max_size=max_size,
        timeout=timeout_s,
        kwargs={"fallback_application_name": "atlas"},
        check=_CheckAfterRest(ConnectionPool.check_connection),
        open=False,
    )
    with translated(f"opening {min_size} connections to {masked(url)}"):
        pool.open(wait=True, timeout=timeout_s)
    return pool
