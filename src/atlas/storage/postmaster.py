"""A PostgreSQL server as a process: is it there, start it, stop it."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from atlas.core.errors import StorageError
from atlas.core.records import record
from atlas.storage.account import Account, own_account
from atlas.storage.places import PORT, RUN_FOLDER_PREFIX, Site, remove_folder
from atlas.storage.programs import Programs

ROLE = "atlas"
MOST_CONNECTIONS = 200

_POLL_S = 0.02
_FAST_STOP_S = 30  # a shutdown writes what is in memory to disk
_CUT_OFF_S = 10  # and one that does not is over at once
_LOG_TAIL = 2_000  # characters; the end of the log that an error shows
_STILL_IN_USE = "is still in use"  # PostgreSQL's words for processes of a killed server that are not gone yet
_STILL_IN_USE_S = 10


@record
class Postmaster:
    """The first process of a running server.

    Args:
        pid: Its number.
        command: Its command line.
    """

    pid: int
    command: str

    @property
    def is_embedded(self) -> bool:
        """Whether it was started by :func:`start_postmaster`, not by hand."""
        return f"/{RUN_FOLDER_PREFIX}" in self.command

    def runs_in(self, run: Path) -> bool:
        """Tell whether its socket lies in that run folder."""
        return f"unix_socket_directories={run}/" in self.command


def find_postmaster(data: Path, account: Account) -> Postmaster | None:
    """Return the process that serves ``data``, None when there is none.

    The number in ``postmaster.pid`` alone is no proof: after a crash it may be that of any other process.
    """
    pid = _noted_pid(data)
    command = "" if pid is None else _command_of(pid, account)
    return Postmaster(pid=pid, command=command) if pid is not None and _serves(command, data) else None


def initialise(site: Site, programs: Programs, account: Account, *, durable: bool, timeout_s: float) -> None:
    """Make the data directory of ``site``; one that an interrupted call left unfinished is made anew.

    Raises:
        StorageError: it cannot be made.
    """
    unfinished = site.home / "data.unfinished"
    remove_folder(unfinished)
    unfinished.mkdir(mode=0o700)
    account.take_over(unfinished)
    command = [
        "initdb",
        *("-D", str(unfinished)),
        *("--username", ROLE),
        *("--encoding", "UTF8", "--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
        *("--auth-local", "peer", "--auth-host", "reject", "--no-instructions"),
        *(() if durable else ("--no-sync",)),
    ]
    _run(programs, command, site=site, account=account, timeout_s=timeout_s)
    unfinished.rename(site.data)


def start_postmaster(site: Site, programs: Programs, account: Account, *, timeout_s: float) -> None:
    """Start the server of ``site``, of which none runs, and return when it takes connections.

    Raises:
        StorageError: it does not start in ``timeout_s`` seconds; the message ends with what it logged.
    """
    # No server runs here, so this is a leftover. PostgreSQL would not start if its number is that of a process again,
    # be it a zombie. Processes that still use the data are noticed all the same, by the memory that they share.
    (site.data / "postmaster.pid").unlink(missing_ok=True)
    remove_folder(site.socket)
    site.socket.mkdir(mode=0o700)
    account.take_over(site.socket)
    options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in _settings(site).items())
    command = ["pg_ctl", "start", "-D", str(site.data), "-w", "-t", str(max(1, round(timeout_s))), "-o", options]
    end = time.monotonic() + min(timeout_s, _STILL_IN_USE_S)
    while True:
        try:
            _run(programs, command, site=site, account=account, timeout_s=timeout_s + 5)
        except StorageError as exc:
            if _STILL_IN_USE not in str(exc) or time.monotonic() > end:
                raise
            time.sleep(_POLL_S)
        else:
            return


def stop_postmaster(data: Path, account: Account, *, gently: bool) -> None:
    """Stop the server of ``data`` and wait until it is gone; nothing happens when none runs.

    Args:
        data: The data directory.
        account: Whom the server runs as.
        gently: Write everything to disk first; needless for data that are removed next.

    Raises:
        StorageError: it does not stop.
    """
    found = find_postmaster(data, account)
    if found is None:
        return
    ways = ((signal.SIGINT, _FAST_STOP_S), (signal.SIGQUIT, _CUT_OFF_S)) if gently else ((signal.SIGQUIT, _CUT_OFF_S),)
    for number, patience_s in ways:
        if _ask_to_stop(found.pid, number, data, account, patience_s):
            return
    raise StorageError(f"the PostgreSQL server of {data} (process {found.pid}) does not stop; stop it by hand")


def write_access_rules(site: Site) -> None:
    """Let only this user in, and only over the socket.

    The kernel says who is at the other end of a socket; there is no password to lose.
    """
    rules = f"local all all peer map={ROLE}\n"
    names = f'{ROLE} "{own_account().name}" {ROLE}\n'
    for path, text in ((_rules_file(site), rules), (_names_file(site), names)):
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)  # the server's account reads it, whatever our umask is


def _settings(site: Site) -> Mapping[str, str]:
    """Return what differs from stock; given on the command line, so no file of the data directory is ever edited."""
    return {
        "listen_addresses": "",
        "unix_socket_directories": str(site.socket),
        "unix_socket_permissions": "0700",
        "port": str(PORT),
        "hba_file": str(_rules_file(site)),
        "ident_file": str(_names_file(site)),
        "max_connections": str(MOST_CONNECTIONS),
        "timezone": "UTC",
        "log_timezone": "UTC",
    }


def _rules_file(site: Site) -> Path:
    return site.run / "pg_hba.conf"


def _names_file(site: Site) -> Path:
    return site.run / "pg_ident.conf"


def _run(programs: Programs, command: list[str], *, site: Site, account: Account, timeout_s: float) -> None:
    said_before = site.log.stat().st_size if site.log.exists() else 0
    try:
        done = programs.run(command, account=account, folder=site.run, log=site.log, timeout_s=timeout_s)
        problem = f"{command[0]} ended with status {done.returncode}" if done.returncode else None
    except subprocess.TimeoutExpired:
        problem = f"{command[0]} took longer than {timeout_s:.0f} s"
    except OSError as exc:
        problem = f"{command[0]} cannot be run as {account.name!r}: {exc.strerror or exc}"
    if problem is not None:
        with site.log.open("rb") as log:
            log.seek(said_before)
            said = log.read().decode(errors="replace").strip()[-_LOG_TAIL:] or "(nothing)"
        raise StorageError(f"the embedded PostgreSQL server does not start: {problem}; it logged:\n{said}")


def _noted_pid(data: Path) -> int | None:
    try:
        first = (data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").split("\n", 1)[0]
    except (FileNotFoundError, NotADirectoryError):
        return None
    return int(first) if first.strip().isdecimal() else None


def _serves(command: str, data: Path) -> bool:
    return f"/postgres -D {data} " in command


def _command_of(pid: int, account: Account) -> str:
    """Return the command line of a process of ``account``; empty when there is none, or it has ended."""
    if sys.platform == "linux":
        process = Path("/proc") / str(pid)
        try:
            command = (process / "cmdline").read_bytes() if process.stat().st_uid == account.uid else b""
        except (FileNotFoundError, ProcessLookupError):
            return ""
        return os.fsdecode(command.replace(b"\0", b" "))
    listed = subprocess.run(  # noqa: S603 - a fixed command with a number
        ["/bin/ps", "-ww", "-p", str(pid), "-o", "uid=,command="], capture_output=True, text=True, check=False
    )
    uid, _, command = listed.stdout.strip().partition(" ")
    return f"{command.strip()} " if uid == str(account.uid) else ""


def _ask_to_stop(pid: int, number: signal.Signals, data: Path, account: Account, patience_s: float) -> bool:
    end = time.monotonic() + patience_s
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return True
    while _serves(_command_of(pid, account), data):
        if time.monotonic() > end:
            return False
        time.sleep(_POLL_S)
    return True
