"""Which PostgreSQL to use: the server that is configured, or an embedded one for as long as it is needed."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from atlas.core.records import record
from atlas.storage.databases import DATABASES, make_databases
from atlas.storage.embedded import EmbeddedServer
from atlas.storage.urls import checked_url, masked, with_database

URL_VARIABLE = "ATLAS_POSTGRES_URL"
DIRECTORY_VARIABLE = "ATLAS_POSTGRES_DIR"


@record
class PostgresSettings:
    """Which server to use. Its text never shows a password.

    Args:
        url: URL of a server, PostgreSQL 15 or newer; None for an embedded one. Which of its databases the URL names
            does not matter: Atlas uses its own, and makes them where they are missing.
        directory: Where an embedded server keeps its data; None for data that live as long as the server.
    """

    url: str | None = None
    directory: Path | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> PostgresSettings:
        """Return what the variables say; an empty one says nothing.

        Example:
            >>> PostgresSettings.from_environment({"ATLAS_POSTGRES_URL": "postgresql://ada:s3cret@db/atlas"})
            PostgresSettings(url='postgresql://ada:***@db/atlas', directory=None)
        """
        directory = environment.get(DIRECTORY_VARIABLE)
        return cls(url=environment.get(URL_VARIABLE) or None, directory=Path(directory) if directory else None)

    def __repr__(self) -> str:
        url = None if self.url is None else masked(self.url)
        return f"PostgresSettings(url={url!r}, directory={None if self.directory is None else str(self.directory)!r})"


@contextmanager
def database_url(configured: str | None, database: str, *, directory: Path | None = None) -> Generator[str]:
    """Give the URL of a database for the length of a ``with`` block; it is there and in UTF-8.

    Args:
        configured: URL of a server; None for an embedded one, which the end of the block gives up again.
        database: Its name; one of ``DATABASES``.
        directory: Where an embedded server keeps its data; None for data that end with the block.

    Raises:
        ConfigError: ``configured`` is no URL of a PostgreSQL server.
        MissingExtraError: the extra ``postgres`` is not installed.
        StorageError: the server cannot be reached or started, is too old, or lacks a database that we may not make.
    """
    if configured is not None:
        make_databases(checked_url(configured), [database])
        yield with_database(configured, database)
    else:
        with EmbeddedServer.start(directory) as server:
            if database not in DATABASES:
                make_databases(server.url(DATABASES[0]), [database])
            yield server.url(database)
