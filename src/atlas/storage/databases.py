"""The two databases of Atlas on a server: there, in UTF-8, on a PostgreSQL that is new enough."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from atlas.core.errors import ConfigError, StorageError
from atlas.storage.driver import DriverNeeded
from atlas.storage.failures import translated
from atlas.storage.urls import checked_url, masked, with_database

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import TupleRow

CRM_DATABASE = "crm_sandbox"
ATLAS_DATABASE = "atlas"
DATABASES = (CRM_DATABASE, ATLAS_DATABASE)
MAINTENANCE_DATABASE = "postgres"
OLDEST_VERSION = 15

_CONNECT_TIMEOUT_S = 10
_UTF8 = "UTF8"


def connect(url: str) -> Connection[TupleRow]:
    """Return a connection in autocommit mode to a server that is new enough.

    Raises:
        ConfigError: ``url`` is no URL of a PostgreSQL server.
        MissingExtraError: the extra ``postgres`` is not installed.
        StorageError: the server cannot be reached, refuses us, or is too old.
    """
    with DriverNeeded("PostgreSQL"):
        import psycopg  # noqa: PLC0415 - of an extra
    _check_options(checked_url(url))
    try:
        with translated(f"connecting to {masked(url)}"):
            connection = psycopg.connect(url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S)
    except UnicodeError:  # not as the cause, as below
        raise ConfigError(f"{masked(url)} names a host that there cannot be") from None
    try:
        check_version(connection.info.server_version, masked(url))
    except StorageError:
        connection.close()
        raise
    return connection


def check_version(number: int, where: str) -> None:
    """Do nothing if a server is new enough.

    Args:
        number: Its version as libpq gives it, such as 150006 for 15.6.
        where: Its URL, without a password.

    Raises:
        StorageError: it is too old.

    Example:
        >>> check_version(150006, "postgresql://db.example.com/")
        >>> check_version(140011, "postgresql://db.example.com/")
        Traceback (most recent call last):
        atlas.core.errors.StorageError: postgresql://db.example.com/ is PostgreSQL 14; Atlas needs 15 or newer
    """
    if number // 10_000 < OLDEST_VERSION:
        raise StorageError(f"{where} is PostgreSQL {number // 10_000}; Atlas needs {OLDEST_VERSION} or newer")


def make_databases(url: str, names: Sequence[str]) -> None:
    """Make the databases of ``names`` that are missing on the server of ``url``, which may name any of its databases.

    Where the server has the extension vector, the database ``atlas`` gets it.

    Raises:
        StorageError: one is missing and cannot be made, or has another encoding than UTF-8.
    """
    with connect(url) as connection, translated(f"listing the databases of {masked(url)}"):
        found = connection.execute("select datname, pg_encoding_to_char(encoding) from pg_database").fetchall()
        encodings = {str(name): str(encoding) for name, encoding in found}
        for name in names:
            if name not in encodings:
                _make_database(connection, name)
            elif encodings[name] != _UTF8:
                raise StorageError(
                    f"the database {name!r} of {masked(url)} is encoded in {encodings[name]}; Atlas needs one in UTF-8:"
                    f" create database {name} encoding 'UTF8' template template0"
                )
    if ATLAS_DATABASE in names:
        _add_vectors(with_database(url, ATLAS_DATABASE))


def _check_options(url: str) -> None:
    from psycopg import ProgrammingError, conninfo  # noqa: PLC0415 - of an extra, there already

    try:
        conninfo.conninfo_to_dict(url)
    except ProgrammingError:  # not as the cause: its text may quote a part of a password
        raise ConfigError(
            f"{masked(url)} has an option that PostgreSQL's client does not know, or a % that is not followed by two"
            " hexadecimal digits; a % itself is written %25"
        ) from None
    except UnicodeError:
        raise ConfigError(f"{masked(url)} holds %XX that are no UTF-8 text") from None


def _make_database(connection: Connection[TupleRow], name: str) -> None:
    from psycopg import errors, sql  # noqa: PLC0415 - of an extra, there already

    create = sql.SQL("create database {} encoding 'UTF8' template template0").format(sql.Identifier(name))
    try:
        connection.execute(create)
    except (errors.DuplicateDatabase, errors.UniqueViolation):
        return  # another process was faster
    except errors.InsufficientPrivilege as exc:
        (user,) = connection.execute("select current_user").fetchone() or (connection.info.user,)
        raise StorageError(
            f"the database {name!r} is missing and the user {user!r} may not make it; let an administrator run:"
            f" create database {name} encoding 'UTF8' template template0 owner \"{user}\""
        ) from exc


def _add_vectors(url: str) -> None:
    from psycopg import errors  # noqa: PLC0415 - of an extra, there already

    with connect(url) as connection, translated(f"adding the extension vector to {masked(url)}"):
        offered = "select installed_version is null from pg_available_extensions where name = 'vector'"
        if connection.execute(offered).fetchone() == (True,):
            try:
                connection.execute("create extension vector")
            except (errors.InsufficientPrivilege, errors.UniqueViolation, errors.DuplicateObject):
                return  # of use for nearest neighbours only: what needs it says so; or another process was faster
