"""A pool of connections to an empty database, shared by the tests of a worker."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, TypeAlias

import pytest

from atlas.storage.pool import open_pool

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import TupleRow
    from psycopg_pool import ConnectionPool

    Pool: TypeAlias = ConnectionPool[Connection[TupleRow]]


@pytest.fixture(scope="session")
def pool(postgres_url: str) -> Generator[Pool]:
    """Connections to the database of this worker."""
    with open_pool(postgres_url, max_size=80) as opened:
        yield opened
