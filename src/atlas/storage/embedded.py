"""A PostgreSQL server that needs no installation: started when it is needed, gone when nobody needs it any more.

It listens on a socket only, lets in nobody but this user, and changes nothing outside its own folders. How a server is
shared and what survives a crash is said in docs/reference/storage.md.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from atlas.core.errors import StorageError
from atlas.storage.account import Account, server_account
from atlas.storage.databases import DATABASES, MAINTENANCE_DATABASE, connect, make_databases
from atlas.storage.driver import require_driver
from atlas.storage.locks import FileLock, try_alone, wait_alone
from atlas.storage.places import (
    PORT,
    START_LOCK,
    USERS_LOCK,
    Note,
    Site,
    home_of,
    is_own_folder,
    make_home,
    make_run_folder,
    mark_run_folder,
    read_note,
    remove_folder,
    remove_home,
    run_folders,
    this_machine,
    write_note,
)
from atlas.storage.postmaster import (
    ROLE,
    find_postmaster,
    initialise,
    start_postmaster,
    stop_postmaster,
    write_access_rules,
)
from atlas.storage.programs import find_programs, within_reach
from atlas.storage.shared_memory import release_memory
from atlas.storage.urls import socket_url

START_TIMEOUT_S = 60.0
_JOIN_S = 10  # how long a server that is there may take to answer
_POLL_S = 0.02


class EmbeddedServer:
    """A running server that this process uses; made by :meth:`start`.

    It stops when its last user closes it or ends. A forked child may use it and never stops it.
    """

    def __init__(self, site: Site, account: Account, users: FileLock, *, keep: bool) -> None:
        self._site = site
        self._account = account
        self._users = users
        self._keep = keep
        self._owner = os.getpid()
        self._closing = threading.Lock()
        self._is_open = True
        atexit.register(self.close)

    @classmethod
    def start(
        cls, directory: Path | None = None, *, keep: bool = True, timeout_s: float = START_TIMEOUT_S
    ) -> EmbeddedServer:
        """Start a server, or join the one that runs on ``directory``, and make its databases where they are missing.

        What a crashed run of this user left behind is cleared away first.

        Args:
            directory: Where its data are kept; None for data that live as long as the server.
            keep: Whether the data in ``directory`` stay when its last user is gone; said by the one who starts it.
            timeout_s: How long the start may take.

        Raises:
            MissingExtraError: the extra ``postgres`` is not installed.
            StorageError: it cannot be started; the message says why and what the server logged.
        """
        require_driver("the embedded PostgreSQL server")  # better missed before the start than after it
        find_programs()
        account = server_account()
        clear_leftovers(account)
        if directory is None:
            home, lock = make_run_folder(account)
        else:
            home = directory.resolve()
            lock = wait_alone(home / START_LOCK, timeout_s, make_folder=lambda: make_home(home, account))
        try:
            return cls._start_in(home, account, keep=keep and directory is not None, timeout_s=timeout_s)
        finally:
            lock.release()

    @classmethod
    def _start_in(cls, home: Path, account: Account, *, keep: bool, timeout_s: float) -> EmbeddedServer:
        users = FileLock(home / USERS_LOCK)
        users.try_shared()  # whoever holds it alone holds the start lock too, and that one is ours
        try:
            there = _checked_note(home, users)
            note = there or _new_note(home, account, keep=keep)
        except BaseException:
            users.release()
            raise
        site = Site(home=home, run=Path(note.run))
        try:
            if not _is_running(site, account, users):
                write_note(home, note)
                _start_server(site, account, durable=note.keep, timeout_s=timeout_s)
            make_databases(_url(site, MAINTENANCE_DATABASE), DATABASES)
        except BaseException:
            _leave(site, account, users, keep=note.keep, is_new=there is None)
            raise
        return cls(site, account, users, keep=note.keep)

    def url(self, database: str) -> str:
        """Return the URL of a database of this server; libpq and everything built on it understand it.

        Raises:
            StorageError: the server was closed.
        """
        if not self._is_open:
            raise StorageError("the embedded PostgreSQL server was closed; start another one")
        return _url(self._site, database)

    def close(self) -> None:
        """Stop using the server; its last user stops it and removes what is not to be kept. Once is enough."""
        if os.getpid() != self._owner:
            return
        with self._closing:
            if not self._is_open:
                return
            self._is_open = False
            atexit.unregister(self.close)
            home = self._site.home
            if is_own_folder(home):
                lock = wait_alone(home / START_LOCK, START_TIMEOUT_S, make_folder=lambda: None)
                try:
                    _leave(self._site, self._account, self._users, keep=self._keep)
                finally:
                    lock.release()
            else:  # somebody removed it: the server notices within a minute and ends by itself
                self._users.release()
                remove_folder(self._site.run)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"EmbeddedServer({str(self._site.home)!r}, {'open' if self._is_open else 'closed'})"


def clear_leftovers(account: Account) -> None:
    """Stop the servers of this user that nobody uses any more, and remove the folders that they ran in."""
    for run in run_folders():
        run_lock = try_alone(run / START_LOCK)
        if run_lock is None:
            continue
        site = Site(home=home_of(run), run=run)
        if site.is_temporary:
            _clear(site, account)
        elif not is_own_folder(site.home):
            remove_folder(run)
        elif (home_lock := try_alone(site.home / START_LOCK)) is not None:
            _clear(site, account)
            home_lock.release()
        run_lock.release()


def _clear(site: Site, account: Account) -> None:
    note = read_note(site.home)
    keep = not site.is_temporary if note is None else note.keep
    _leave(site, account, FileLock(site.home / USERS_LOCK), keep=keep)


def _leave(site: Site, account: Account, users: FileLock, *, keep: bool, is_new: bool = False) -> None:
    """Give up our use of a server; the last one out stops it. The start lock of its home must be ours.

    Args:
        site: Where its files lie.
        account: Whom it runs as.
        users: Our hold on it.
        keep: Whether its data stay.
        is_new: Whether nobody else can know the run folder yet.
    """
    try:
        found = find_postmaster(site.data, account)
        is_foreign = found is not None and not found.runs_in(site.run)
        is_last = users.try_exclusive()
        if is_last and not is_foreign:
            stop_postmaster(site.data, account, gently=keep)
            if not keep:
                release_memory(site.data)
                remove_home(site.home)
        if is_last or (is_new and (found is None or is_foreign)):
            remove_folder(site.run)
    finally:
        users.release()


def _checked_note(home: Path, users: FileLock) -> Note | None:
    """Return what ``home`` says about a server of this machine whose run folder is still there.

    Raises:
        StorageError: a server of another machine or container uses the data.
    """
    note = read_note(home)
    if note is None:
        return None
    if note.machine != this_machine():
        if not _is_alone(users):
            raise StorageError(f"{home} is in use on {note.machine}; choose another directory, or stop that server")
        return None
    return note if is_own_folder(Path(note.run)) else None


def _is_alone(users: FileLock) -> bool:
    alone = users.try_exclusive()
    users.try_shared()  # nobody can have come in between: the start lock is ours
    return alone


def _new_note(home: Path, account: Account, *, keep: bool) -> Note:
    run = home
    if home not in run_folders():
        run, lock = make_run_folder(account)
        mark_run_folder(Site(home=home, run=run))
        lock.release()
    return Note(run=str(run), machine=this_machine(), keep=keep)


def _is_running(site: Site, account: Account, users: FileLock) -> bool:
    """Tell whether the server of ``site`` can be joined; one of ours that lost its socket is stopped.

    Raises:
        StorageError: another server runs on its data, or others use one that cannot be joined.
    """
    end = time.monotonic() + _JOIN_S
    found = find_postmaster(site.data, account)
    while found is not None and found.runs_in(site.run):
        if _answers(site):
            return True
        if time.monotonic() > end:
            break
        time.sleep(_POLL_S)  # it was killed a moment ago, or recovers from a crash
        found = find_postmaster(site.data, account)
    if found is None:
        return False
    if not (found.is_embedded and _is_alone(users)):
        raise StorageError(f"process {found.pid} serves {site.data} and cannot be joined; stop it first")
    stop_postmaster(site.data, account, gently=True)
    return False


def _answers(site: Site) -> bool:
    try:
        connect(_url(site, MAINTENANCE_DATABASE)).close()
    except StorageError:
        return False
    return True


def _start_server(site: Site, account: Account, *, durable: bool, timeout_s: float) -> None:
    end = time.monotonic() + timeout_s
    version_file = site.data / "PG_VERSION"
    version = int(version_file.read_text(encoding="utf-8")) if version_file.exists() else None
    programs = within_reach(find_programs(version), account, folder=site.run, log=site.log)
    if version is None:
        initialise(site, programs, account, durable=durable, timeout_s=timeout_s)
    write_access_rules(site)
    start_postmaster(site, programs, account, timeout_s=max(1.0, end - time.monotonic()))


def _url(site: Site, database: str) -> str:
    return socket_url(site.socket, port=PORT, role=ROLE, database=database)
