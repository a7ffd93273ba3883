"""The server of the setting, or an embedded one; the database is there either way."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from atlas.core.errors import ConfigError, StorageError
from atlas.storage.connect import database_url
from atlas.storage.databases import DATABASES, MAINTENANCE_DATABASE, make_databases
from atlas.storage.urls import with_database

UrlOf = Callable[[str], str]
MADE = f"atlas_made_{os.getpid()}"


@pytest.fixture
def server_url(postgres_server: UrlOf) -> Generator[str]:
    """Give the URL of a server without the database and the role that these tests make."""
    url = postgres_server(MAINTENANCE_DATABASE)
    yield url
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(MADE)))
        connection.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(MADE)))


def test_a_missing_database_is_made_and_kept(server_url: str) -> None:
    """In UTF-8, whichever database the URL names; the next one finds what the first one wrote."""
    with database_url(server_url, MADE) as url, psycopg.connect(url) as connection:
        assert connection.info.dbname == MADE
        assert connection.info.parameter_status("server_encoding") == "UTF8"
        connection.execute("create table t ()")
    with database_url(with_database(server_url, "template1"), MADE) as url, psycopg.connect(url) as connection:
        assert connection.execute("select count(*) from t").fetchone() == (0,)


def test_a_database_in_another_encoding_is_refused(server_url: str) -> None:
    """The message says which encoding, and how a fitting one is made."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        make = sql.SQL("create database {} encoding 'SQL_ASCII' locale 'C' template template0")
        connection.execute(make.format(sql.Identifier(MADE)))
    with pytest.raises(StorageError, match=f"'{MADE}' .* is encoded in SQL_ASCII; .* encoding 'UTF8'"):
        make_databases(server_url, [MADE])


def test_a_user_that_may_not_make_it_is_told_what_to_ask_for(server_url: str) -> None:
    """The statement for the administrator names the database and the user."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("create role {}").format(sql.Identifier(MADE)))
    join = "&" if "?" in server_url else "?"
    poor = f"{server_url}{join}options=-c%20role%3D{MADE}"
    with pytest.raises(StorageError, match=f'create database {MADE} encoding .* owner "{MADE}"'):
        make_databases(poor, [MADE])


def test_what_is_no_url_is_refused() -> None:
    """Before anything is connected to."""
    with pytest.raises(ConfigError, match="is not the URL of a PostgreSQL server"), database_url("db", "atlas"):
        pass


@pytest.mark.parametrize("database", DATABASES)
def test_without_a_setting_there_is_a_server_for_the_length_of_the_block(database: str) -> None:
    """With nothing kept and nothing left."""
    with database_url(None, database) as url, psycopg.connect(url) as connection:
        assert connection.info.dbname == database
        (socket,) = [Path(connection.info.host)]
        assert socket.exists()
    assert not socket.parent.exists()


def test_an_embedded_server_can_keep_its_data(open_folder: Path) -> None:
    """In the directory of the setting, also those of a database of another name."""
    for count in (0, 1):
        directory = open_folder / "kept"
        with database_url(None, "atlas_more", directory=directory) as url, psycopg.connect(url) as connection:
            connection.execute("create table if not exists t (a int)")
            assert connection.execute("select count(*) from t").fetchone() == (count,)
            connection.execute("insert into t values (1)")
