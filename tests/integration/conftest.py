"""One PostgreSQL server for a whole test session, and a database of its own for each worker."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from typing import TypeAlias

import psycopg
import pytest
from psycopg import sql

from atlas.settings.environment import read_environment
from atlas.storage.account import server_account
from atlas.storage.connect import PostgresSettings
from atlas.storage.databases import MAINTENANCE_DATABASE
from atlas.storage.embedded import EmbeddedServer
from atlas.storage.places import find_base
from atlas.storage.urls import checked_url, with_database

UrlOf: TypeAlias = "Callable[[str], str]"


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> Generator[UrlOf]:
    """Give what returns the URL of a database by its name.

    The server is that of ``ATLAS_POSTGRES_URL`` where it is set, else an embedded one, which the workers of a session
    share and the last of them removes.
    """
    configured = PostgresSettings.from_environment(read_environment()).url
    if configured is not None:
        yield lambda database: with_database(checked_url(configured), database)
        return
    worker: dict[str, str] = getattr(request.config, "workerinput", {})
    session = worker.get("testrunuid")
    shared = None if session is None else find_base(server_account()) / f"atlas-tests-{session}"
    with EmbeddedServer.start(shared, keep=False) as server:
        yield server.url


@pytest.fixture(scope="session")
def postgres_url(request: pytest.FixtureRequest, postgres_server: UrlOf) -> Generator[str]:
    """Give the URL of an empty database that no other worker uses."""
    worker: dict[str, str] = getattr(request.config, "workerinput", {})
    database = f"atlas_test_{worker.get('workerid', 'main')}_{os.getpid()}"
    name = sql.Identifier(database)
    with psycopg.connect(postgres_server(MAINTENANCE_DATABASE), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {} encoding 'UTF8' template template0").format(name))
    yield postgres_server(database)
    with psycopg.connect(postgres_server(MAINTENANCE_DATABASE), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(name))
