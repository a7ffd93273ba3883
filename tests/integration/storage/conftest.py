"""Folders and databases for the tests of one room."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TypeAlias

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import TupleRow

from atlas.storage.databases import MAINTENANCE_DATABASE, make_databases

UrlOf: TypeAlias = "Callable[[str], str]"


@pytest.fixture
def open_folder() -> Generator[Path]:
    """Make a short folder that every account can enter, as a server that root starts needs it."""
    with tempfile.TemporaryDirectory(prefix="st", dir="/tmp") as name:
        folder = Path(name).resolve()
        folder.chmod(0o711)
        yield folder


@pytest.fixture(scope="session")
def postgres_url(request: pytest.FixtureRequest, postgres_server: UrlOf) -> Generator[str]:
    """Give the URL of a database of this room's own: its tests forget which migrations were applied."""
    worker: dict[str, str] = getattr(request.config, "workerinput", {})
    database = f"atlas_storage_{worker.get('workerid', 'main')}_{os.getpid()}"
    make_databases(postgres_server(MAINTENANCE_DATABASE), [database])
    yield postgres_server(database)
    with psycopg.connect(postgres_server(MAINTENANCE_DATABASE), autocommit=True) as opened:
        opened.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(database)))


@pytest.fixture
def connection(postgres_url: str) -> Generator[psycopg.Connection[TupleRow]]:
    """Give a connection in autocommit mode; what it makes in the schema of this test is gone afterwards."""
    with psycopg.connect(postgres_url, autocommit=True) as opened:
        opened.execute("drop schema if exists atlas cascade; drop schema if exists demo cascade; create schema demo")
        yield opened
        opened.execute("drop schema if exists atlas cascade; drop schema if exists demo cascade")
