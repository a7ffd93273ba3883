"""Worlds with a name that outlive a command: in a folder of files, or in PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from atlas.core.errors import MisuseError
from atlas.crm.snapshots import Snapshot, parse_snapshot, snapshot_lines
from atlas.evaluation.backends import Backend
from atlas.scenarios.companies import Company, generate_company
from atlas.scenarios.naming import NoFreshNameError
from atlas.settings.parsing import read_text
from atlas.storage.account import own_account, server_account
from atlas.storage.connect import database_url
from atlas.storage.databases import CRM_DATABASE, connect
from atlas.storage.driver import DriverNeeded
from atlas.storage.places import find_base
from atlas.telemetry.files import write_atomically

DEFAULT_HOME = Path("artifacts/crm")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_SUFFIX = ".jsonl"


class NamedWorlds(Protocol):
    """Worlds by name. What is written is there whole or not at all."""

    def names(self) -> Sequence[str]:
        """Return the names of the worlds, sorted."""
        ...

    def read(self, name: str) -> Snapshot | None:
        """Return the records of a world, None where there is no such world."""
        ...

    def write(self, name: str, snapshot: Snapshot, *, replace: bool = True) -> bool:
        """Make a world hold exactly these records, and return True; False where it is there and not to be replaced."""
        ...


class FileWorlds:
    """Worlds of the memory backend: between two commands each is kept as a snapshot in a file.

    Args:
        home: The folder of the files.
    """

    def __init__(self, home: Path) -> None:
        self._home = home

    def names(self) -> Sequence[str]:
        return sorted(path.name.removesuffix(_SUFFIX) for path in self._home.glob(f"*{_SUFFIX}"))

    def read(self, name: str) -> Snapshot | None:
        path = self._path(name)
        return parse_snapshot(read_text(path).split("\n"), str(path)) if path.exists() else None

    def write(self, name: str, snapshot: Snapshot, *, replace: bool = True) -> bool:
        text = "".join(f"{line}\n" for line in snapshot_lines(snapshot))
        return write_atomically(self._path(name), text, replace=replace)

    def _path(self, name: str) -> Path:
        return self._home / f"{checked_name(name)}{_SUFFIX}"


def generated_company(seed: int, size: int) -> Company:
    """Return the company of a seed with roughly so many records.

    Raises:
        MisuseError: the word lists have too few names for it.
    """
    try:
        return generate_company(seed, size=size)
    except NoFreshNameError as exc:
        raise MisuseError(
            f"the word lists have too few names for a company of seed {seed} with {size} records; ask for fewer with "
            "--size, or take another seed"
        ) from exc


def checked_name(name: str) -> str:
    """Return ``name`` where a world may be called so.

    Raises:
        MisuseError: it may not.

    Example:
        >>> checked_name("main")
        'main'
    """
    if _NAME.fullmatch(name):
        return name
    raise MisuseError(f"{name!r} is no name for a world; use 1 to 64 letters, digits, - and _, a letter or digit first")


@contextmanager
def open_worlds(
    backend: Backend, *, home: Path, postgres_url: str | None, postgres_dir: Path | None
) -> Generator[NamedWorlds]:
    """Give access to the worlds of a backend for the length of a ``with`` block.

    Args:
        backend: Which.
        home: Folder of the memory backend.
        postgres_url: Server of the postgres backend; None for the embedded one.
        postgres_dir: Where the embedded server keeps its data; None for a folder of this user.

    Raises:
        MisuseError: ``home`` is no folder.
        StorageError: the server cannot be reached or started.
        MissingExtraError: the packages of the postgres backend are not installed.
    """
    if backend is Backend.MEMORY:
        if home.exists() and not home.is_dir():
            raise MisuseError(f"{home} is no folder; name one that keeps worlds with --home")
        yield FileWorlds(home)
        return
    with DriverNeeded("the postgres backend"):
        from atlas.crm.loading.postgres import PostgresWorlds  # noqa: PLC0415 - of an extra
    directory = postgres_dir or kept_directory()
    with database_url(postgres_url, CRM_DATABASE, directory=directory) as url, connect(url) as connection:
        yield PostgresWorlds(connection)


def kept_directory() -> Path:
    """Return where the embedded server keeps its data when nobody says where: the same place for every command."""
    account = server_account()
    return find_base(account) / f"atlas-data-{own_account().uid}"
