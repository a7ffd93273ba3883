"""URLs of databases: put together, taken apart, and shown without their password."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from atlas.core.errors import ConfigError

_SCHEMES = ("postgresql", "postgres")
_HIDDEN = "***"

# Up to the last @, because a password that was not percent-encoded may hold anything, @ and / included.
_PASSWORD_BEFORE_HOST = re.compile(r"(?P<user>^\w+://[^:@/]*):.*@", flags=re.DOTALL)
_PASSWORD_WITHOUT_HOST = re.compile(r"(?P<user>^\w+://[^:@/\[]*):(?!\d{1,5}(?:[,/?]|$)).*", flags=re.DOTALL)
_PASSWORD_PARAMETER = re.compile(r"(?P<name>[?&](?:ssl)?password=)[^&]*", flags=re.IGNORECASE)


def masked(url: str) -> str:
    """Return ``url`` for the eyes of a reader: without its password, also when it is malformed.

    Example:
        >>> masked("postgresql://ada:s3cret@db.example.com:5433/atlas")
        'postgresql://ada:***@db.example.com:5433/atlas'
        >>> masked("postgresql://ada:not/encoded@x@db.example.com/atlas")
        'postgresql://ada:***@db.example.com/atlas'
        >>> masked("host=db password=s3cret")
        '***'
    """
    if "://" not in url:
        return _HIDDEN
    shown = _PASSWORD_BEFORE_HOST.sub(rf"\g<user>:{_HIDDEN}@", url)
    if shown == url:
        shown = _PASSWORD_WITHOUT_HOST.sub(rf"\g<user>:{_HIDDEN}", url)
    return _PASSWORD_PARAMETER.sub(rf"\g<name>{_HIDDEN}", shown)


def checked_url(url: str) -> str:
    """Return ``url`` where it is the URL of a PostgreSQL server.

    Raises:
        ConfigError: it is not; the message shows it without its password.

    Example:
        >>> checked_url("postgresql://ada@db.example.com:5433/atlas")
        'postgresql://ada@db.example.com:5433/atlas'
    """
    if not _is_well_formed(url):
        raise ConfigError(
            f"{masked(url)} is not the URL of a PostgreSQL server; it looks like"
            " postgresql://user:password@host:port/database, special characters written as %XX"
        )
    return url


def with_database(url: str, database: str) -> str:
    """Return the URL of another database of the same server.

    Example:
        >>> with_database("postgresql://ada@db.example.com/postgres?sslmode=require", "atlas")
        'postgresql://ada@db.example.com/atlas?sslmode=require'
        >>> with_database("postgresql:///postgres?host=/run/a+b&dbname=x", "atlas")
        'postgresql:///atlas?host=/run/a+b'
    """
    parts = urlsplit(url)
    # as they are written: to libpq a + is a +, which the query of a web address would make a space
    query = "&".join(option for option in parts.query.split("&") if unquote(option.partition("=")[0]) != "dbname")
    # urlunsplit leaves out the // of a URL without a host
    return f"{parts.scheme}://{parts.netloc}" + urlunsplit(("", "", f"/{quote(database, safe='')}", query, ""))


def socket_url(folder: Path, *, port: int, role: str, database: str) -> str:
    """Return the URL of a database behind a socket.

    Example:
        >>> socket_url(Path("/run/pg"), port=5432, role="atlas", database="crm_sandbox")
        'postgresql://atlas@/crm_sandbox?host=/run/pg&port=5432'
    """
    return f"postgresql://{quote(role)}@/{quote(database, safe='')}?host={quote(str(folder))}&port={port}"


def _is_well_formed(url: str) -> bool:
    if not url.isprintable():
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    user, _, hosts = parts.netloc.rpartition("@")
    ports = [host.rpartition(":")[2] for host in hosts.split(",") if ":" in host.rpartition("]")[2]]
    # Where one of these fails, a password was written as it is, and the driver would take a part of it for a host, a
    # database or an option, and name it in a message.
    return (
        parts.scheme in _SCHEMES
        and all(port.isdecimal() and port.isascii() for port in ports)
        and "@" not in user + parts.path
        and not parts.fragment
        and all("=" in option for option in parts.query.split("&") if option)
    )
