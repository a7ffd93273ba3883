"""Locks that end with their process, and that guard nothing once their file was replaced."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from atlas.core.errors import StorageError
from atlas.storage.locks import FileLock, try_alone, wait_alone

HOLD = "import sys; from atlas.storage.locks import FileLock; from pathlib import Path; lock = FileLock(Path(sys.argv[1])); print(lock.try_exclusive(), flush=True); sys.stdin.read()"  # noqa: E501 - a program


def test_many_share_and_one_excludes(tmp_path: Path) -> None:
    """Whoever wants it alone gets it when the last of the others has gone, and they get none meanwhile."""
    first, second, third = (FileLock(tmp_path / "lock") for _ in range(3))
    assert first.try_shared()
    assert second.try_shared()
    assert not third.try_exclusive()
    first.release()
    assert second.try_exclusive()
    assert not third.try_shared()
    second.release()
    second.release()
    assert third.try_shared()
    third.release()


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    """The kernel frees the lock of a process that got no chance to."""
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        assert try_alone(path) is None
        holder.kill()
    lock = try_alone(path)
    assert lock is not None
    lock.release()


def test_a_lock_on_a_replaced_file_counts_as_lost(tmp_path: Path) -> None:
    """Another process removed it while we waited: both would hold a lock, each on a file of its own."""
    path = tmp_path / "lock"
    late = FileLock(path)
    path.unlink()
    assert not late.try_exclusive()
    path.touch()
    assert not late.try_exclusive()
    late.release()


def test_without_a_folder_there_is_no_lock(tmp_path: Path) -> None:
    """Whoever waits makes it first, in every turn."""
    path = tmp_path / "gone" / "lock"
    assert try_alone(path) is None
    lock = wait_alone(path, 0, make_folder=path.parent.mkdir)
    assert path.exists()
    lock.release()


def test_nobody_waits_for_ever(tmp_path: Path) -> None:
    """The message names the folder that is busy."""
    holder = FileLock(tmp_path / "lock")
    assert holder.try_exclusive()
    with pytest.raises(StorageError, match=f"another process has been starting or stopping {tmp_path}"):
        wait_alone(tmp_path / "lock", 0.05, make_folder=lambda: None)
    holder.release()
