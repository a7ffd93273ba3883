"""Where the files of an embedded server lie, and which of them a crashed run left behind.

Every server has a *home* (locks, the note that says where it runs, the data) and a *run folder* of a short name,
because the path of a socket must fit into 100 bytes or so. The home of a server without a directory is its run folder.
Run folders lie where every process of this user finds them again.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import shutil
import stat
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from atlas.core.errors import StorageError
from atlas.core.records import as_json, record
from atlas.storage.account import Account
from atlas.storage.locks import FileLock, try_alone

RUN_FOLDER_PREFIX = "atlas-pg-"
PORT = 5432  # nothing listens on it: it is a part of the socket's name
START_LOCK = "start.lock"  # held while a server is started or stopped
USERS_LOCK = "users.lock"  # held, together, by all who use the server

_HOME_FILE = "home"
_NOTE_FILE = "server.json"
_LONGEST_SOCKET = 100  # bytes; the kernels allow 104 (macOS) and 108 (Linux) with the closing zero
_PLAIN_PATH = re.compile(r"[\w./+-]+", flags=re.ASCII)  # a comma, say, would end the path in a server setting
_UNQUOTABLE = re.compile(r'["$`\\\n]')  # pg_ctl puts the path of the data into a shell command, between double quotes


@record
class Site:
    """Where the files of one server lie.

    Args:
        home: Folder of the locks, the note and the data.
        run: Folder of the socket, the rules of access and the log.
    """

    home: Path
    run: Path

    @property
    def data(self) -> Path:
        """The data directory, as PostgreSQL calls it."""
        return self.home / "data"

    @property
    def socket(self) -> Path:
        """The folder of the socket."""
        return self.run / "socket"

    @property
    def log(self) -> Path:
        """What the server and its tools say."""
        return self.run / "server.log"

    @property
    def is_temporary(self) -> bool:
        """Whether nothing outlives the run folder."""
        return self.home == self.run


@record
class Note:
    """What a home says about the server that was started last.

    Args:
        run: Its run folder.
        machine: Where it was started, see :func:`this_machine`.
        keep: Whether the data stay when nobody uses them any more.
    """

    run: str
    machine: str
    keep: bool


def this_machine() -> str:
    """Return what tells apart places that share files but do not see each other's processes, such as containers."""
    namespace = Path("/proc/self/ns/pid")
    return f"{platform.node()} {namespace.readlink() if namespace.is_symlink() else ''}".strip()


def write_note(home: Path, note: Note) -> None:
    """Say in ``home`` which server is started now."""
    _write(home / _NOTE_FILE, json.dumps(as_json(note)))


def read_note(home: Path) -> Note | None:
    """Return what ``home`` says about its last server, None when it says nothing that can be understood."""
    try:
        found = cast("Mapping[str, object]", json.loads((home / _NOTE_FILE).read_text(encoding="utf-8")))
        return Note(run=str(found["run"]), machine=str(found["machine"]), keep=found["keep"] is True)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def scratch_bases() -> Sequence[Path]:
    """Return the folders that run folders may lie in, best first."""
    named = Path(tempfile.gettempdir()).resolve()
    usual = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - short, on every system; mkdtemp makes the names in it
    return tuple(dict.fromkeys((named, *(path.resolve() for path in usual))))


def find_base(account: Account) -> Path:
    """Return the folder for run folders: short, ours to write to, and open for ``account``.

    Raises:
        StorageError: there is none.
    """
    for base in scratch_bases():
        if _is_fit(base, account):
            return base
    tried = ", ".join(str(base) for base in scratch_bases())
    raise StorageError(
        f"there is no folder for the socket of the embedded server: none of {tried} is short enough, can be written"
        f" to and can be entered by the account {account.name!r}; set TMPDIR to one that is"
    )


def make_run_folder(account: Account) -> tuple[Path, FileLock]:
    """Make a folder that only we write to and ``account`` can enter; its start lock is ours already.

    Raises:
        StorageError: there is no place for it.
    """
    base = find_base(account)
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_prefix(), dir=base))
        try:
            if not account.is_ours:
                folder.chmod(0o711)
            lock = try_alone(folder / START_LOCK)
        except FileNotFoundError:
            lock = None
        if lock is not None:  # else another process took the empty folder for a leftover
            return folder, lock


def make_home(home: Path, account: Account) -> None:
    """Make ``home``, or check that it can be one; nothing that exists is changed.

    Raises:
        StorageError: it cannot be used, with what to do instead.
    """
    missing = [folder for folder in (home, *home.parents) if not folder.exists()]
    there = missing[-1].parent if missing else home
    if _UNQUOTABLE.search(str(home)):
        raise StorageError(f"{str(home)!r} cannot hold a server: choose a directory without quotes, $, ` and \\")
    if not str(home).isprintable():
        raise StorageError(f"{str(home)!r} cannot hold a server: choose a directory of letters, digits and signs")
    if not missing and not is_own_folder(home):
        raise StorageError(f"{home} is not a folder of this user; choose another directory for the server")
    if not account.may_enter(there):
        if account.is_ours:
            raise StorageError(f"{there} cannot be entered by this user; choose another directory for the server")
        raise StorageError(
            f"{there} cannot be entered by the account {account.name!r}, which the server runs as because root may not"
            " run it; choose a directory whose parents everyone may enter"
        )
    try:
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700 if account.is_ours else 0o711)
    except OSError as exc:
        raise StorageError(f"cannot make the directory {home}: {exc.strerror}; choose another one") from exc


def mark_run_folder(site: Site) -> None:
    """Write into a run folder whose it is; from now on others know what it is good for."""
    _write(site.run / _HOME_FILE, str(site.home))


def run_folders() -> Sequence[Path]:
    """Return the run folders of this user, those of running servers included."""
    found = (folder for base in scratch_bases() for folder in sorted(base.glob(f"{_prefix()}*")))
    return tuple(folder for folder in found if is_own_folder(folder))


def home_of(run: Path) -> Path:
    """Return the home that a run folder belongs to; its own when it says nothing."""
    try:
        home = Path((run / _HOME_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return run
    return home if home.is_absolute() else run


def is_own_folder(folder: Path) -> bool:
    """Tell whether ``folder`` is a real folder that belongs to this user; one out of reach is not."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()


def remove_folder(folder: Path) -> None:
    """Remove ``folder`` and everything in it; nothing happens when it is gone already."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        shutil.rmtree(folder)


def remove_home(home: Path) -> None:
    """Remove what a server put into ``home``, and ``home`` itself when nothing else is in it."""
    for folder in (home / "data", home / "data.unfinished"):
        remove_folder(folder)
    for name in (_NOTE_FILE, USERS_LOCK, START_LOCK):
        (home / name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # it holds files of others
        home.rmdir()


def _write(path: Path, text: str) -> None:
    """Let ``path`` hold ``text``, whole or not at all: a start may be killed at any moment."""
    scratch = path.with_name(f"{path.name}.next")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(path)


def _is_fit(base: Path, account: Account) -> bool:
    longest = base / f"{_prefix()}12345678" / "socket" / f".s.PGSQL.{PORT}"
    plain = _PLAIN_PATH.fullmatch(str(base)) is not None
    short = len(os.fsencode(longest)) <= _LONGEST_SOCKET
    return plain and short and base.is_dir() and os.access(base, os.W_OK | os.X_OK) and account.may_enter(base)


def _prefix() -> str:
    return f"{RUN_FOLDER_PREFIX}{os.geteuid()}-"
