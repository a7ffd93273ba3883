"""The fixtures that every integration test builds on."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql


@pytest.mark.parametrize("number", range(4))
def test_the_database_of_a_worker_takes_tables(postgres_url: str, number: int) -> None:
    """Each worker has a database of its own, in which it may do what it likes."""
    with psycopg.connect(postgres_url) as connection:
        connection.execute(sql.SQL("create table {} (id int)").format(sql.Identifier(f"table_{number}")))
        connection.rollback()
