"""What the driver raises leaves the room as an error of ours."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.rows import TupleRow

from atlas.core.errors import StorageError
from atlas.storage.failures import translated


def test_an_error_of_the_database_is_translated(connection: psycopg.Connection[TupleRow]) -> None:
    """What was done, PostgreSQL's words in one line, its code; the driver's error is the cause."""
    connection.execute("create table demo.t (a int primary key); insert into demo.t values (1)")
    with pytest.raises(StorageError) as failed, translated("adding a row"):
        connection.execute("insert into demo.t values (%s)", (1,))
    assert str(failed.value) == (
        'adding a row: duplicate key value violates unique constraint "t_pkey" (SQLSTATE 23505)'
    )
    assert isinstance(failed.value.__cause__, psycopg.errors.UniqueViolation)


def test_a_lost_connection_is_translated(postgres_url: str) -> None:
    """Also where there is no code."""
    with psycopg.connect(postgres_url) as connection:
        connection.close()
        with pytest.raises(StorageError, match=r"^asking: the connection is closed$"), translated("asking"):
            connection.execute("select 1")


def test_other_exceptions_pass_through() -> None:
    """A bug stays a bug, an error of ours says what it said, and a block that ends well is left alone."""
    with pytest.raises(KeyError), translated("asking"):
        raise KeyError
    with pytest.raises(StorageError, match=r"^asking inside: too bad$"), translated("asking outside"):
        raise StorageError("asking inside: too bad")
    with translated("asking"):
        pass
