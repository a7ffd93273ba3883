"""Whom the embedded server runs as: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path

from atlas.core.errors import StorageError
from atlas.core.records import record

_UNPRIVILEGED = ("nobody", "daemon")  # found on every Linux and macOS; none is ever created


@record
class Account:
    """An account of this machine that already exists.

    Args:
        name: Its name.
        uid: Its number.
        gid: Its group.
        is_ours: Whether it is the account of this process.
    """

    name: str
    uid: int
    gid: int
    is_ours: bool

    def take_over(self, path: Path) -> None:
        """Make a file or folder of ours this account's."""
        if not self.is_ours:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def may_enter(self, folder: Path) -> bool:
        """Tell whether ``folder`` and all folders above it let this account through; of others, by their mode bits."""
        if self.is_ours:
            return os.access(folder, os.X_OK)
        return all(self._passes(place.stat()) for place in (folder, *folder.parents))

    def _passes(self, found: os.stat_result) -> bool:
        if found.st_uid == self.uid:
            return bool(found.st_mode & stat.S_IXUSR)
        if found.st_gid == self.gid:
            return bool(found.st_mode & stat.S_IXGRP)
        # groups beyond its own are not looked up: the server is started without them
        return bool(found.st_mode & stat.S_IXOTH)


def own_account() -> Account:
    """Return the account of this process.

    Raises:
        StorageError: its number has no name, which PostgreSQL needs.
    """
    uid = os.geteuid()
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise StorageError(
            f"user number {uid} has no account on this machine, and PostgreSQL needs one; run as a user with"
            " an account, or name a server of your own with ATLAS_POSTGRES_URL"
        ) from None
    return Account(name=entry.pw_name, uid=uid, gid=os.getegid(), is_ours=True)


def server_account() -> Account:
    """Return the account that the server runs under: ours, or an unprivileged one when we are root.

    Raises:
        StorageError: there is no such account.
    """
    ours = own_account()
    if ours.uid != 0:
        return ours
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in _UNPRIVILEGED:
        if name in known and known[name].pw_uid != 0:
            return Account(name=name, uid=known[name].pw_uid, gid=known[name].pw_gid, is_ours=False)
    raise StorageError(
        f"PostgreSQL does not run as root, and none of the accounts {', '.join(_UNPRIVILEGED)} exists;"
        " run as another user, or name a server of your own with ATLAS_POSTGRES_URL"
    )
