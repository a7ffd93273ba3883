"""Where the companies of an evaluation are kept: in memory, or in PostgreSQL. The one place that chooses."""

from __future__ import annotations

import enum
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import assert_never

from atlas.crm.sessions import MemorySessions, Sessions
from atlas.storage.connect import database_url
from atlas.storage.databases import CRM_DATABASE
from atlas.storage.driver import DriverNeeded
from atlas.storage.pool import open_pool


class Backend(enum.StrEnum):
    """Where records are kept while an agent works with them."""

    MEMORY = "memory"
    POSTGRES = "postgres"


@contextmanager
def open_sessions(
    backend: Backend, *, postgres_url: str | None = None, postgres_dir: Path | None = None, concurrency: int = 1
) -> Generator[Sessions]:
    """Give sessions on a backend for the length of a ``with`` block.

    Args:
        backend: Which.
        postgres_url: Server of the postgres backend; None for an embedded one, which ends with the block.
        postgres_dir: Where an embedded server keeps its data; None for data that end with the block.
        concurrency: How many sessions are open at once.

    Raises:
        ConfigError: ``postgres_url`` is no URL of a PostgreSQL server.
        MissingExtraError: the packages of the postgres backend are not installed.
        StorageError: the server cannot be reached or started.

    Example:
        >>> with open_sessions(Backend.MEMORY) as sessions:
        ...     type(sessions).__name__
        'MemorySessions'
    """
    match backend:
        case Backend.MEMORY:
            yield MemorySessions()
        case Backend.POSTGRES:
            with DriverNeeded("the postgres backend"):
                from atlas.crm.postgres import PostgresSessions  # noqa: PLC0415 - of an extra
            with (
                database_url(postgres_url, CRM_DATABASE, directory=postgres_dir) as url,
                open_pool(url, max_size=concurrency + 1) as pool,
            ):
                yield PostgresSessions(pool, slots=concurrency)
        case _:
            assert_never(backend)
