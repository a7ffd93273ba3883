"""Locks on files that the kernel frees when their process ends, however it ends.

A lock belongs to an open file: a forked child shares its parent's, a started program inherits none. A file that was
removed and made anew while a process waited for its lock counts as gone: the lock would guard nothing.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

from atlas.core.errors import StorageError

_POLL_S = 0.02


class FileLock:
    """A lock on a file, held until :meth:`release` or the end of the process.

    Args:
        path: The file; it is made when it is missing, its folder is not.

    Raises:
        FileNotFoundError: the folder is missing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)

    def try_exclusive(self) -> bool:
        """Hold the lock alone if nobody else holds it; a shared hold of our own becomes an exclusive one.

        Returns:
            Whether it is held now. If not, a hold that was there before is gone.
        """
        return self._try(fcntl.LOCK_EX)

    def try_shared(self) -> bool:
        """Hold the lock together with others if nobody holds it alone; returns whether it is held now."""
        return self._try(fcntl.LOCK_SH)

    def release(self) -> None:
        """Give the lock back; more than once does no harm."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _try(self, kind: int) -> bool:
        try:
            fcntl.flock(self._handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return self._is_current()

    def _is_current(self) -> bool:
        try:
            there = self._path.stat(follow_symlinks=False)
        except FileNotFoundError:
            return False
        return os.path.samestat(there, os.fstat(self._handle))


def try_alone(path: Path) -> FileLock | None:
    """Return a lock on ``path`` that we hold alone, or None when another holds it or its folder is gone."""
    try:
        lock = FileLock(path)
    except FileNotFoundError:
        return None
    if lock.try_exclusive():
        return lock
    lock.release()
    return None


def wait_alone(path: Path, timeout_s: float, *, make_folder: Callable[[], None]) -> FileLock:
    """Return a lock on ``path`` that we hold alone, after waiting for those who hold it.

    Args:
        path: The file.
        timeout_s: How long to wait.
        make_folder: Makes the file's folder when it is missing; called before every try, because whoever held the
            lock may have removed it.

    Raises:
        StorageError: others held it all the time.
    """
    end = time.monotonic() + timeout_s
    while True:
        make_folder()
        lock = try_alone(path)
        if lock is not None:
            return lock
        if time.monotonic() > end:
            raise StorageError(f"another process has been starting or stopping {path.parent} for {timeout_s:.0f} s")
        time.sleep(_POLL_S)
