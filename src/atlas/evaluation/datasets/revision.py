"""Which version of a file is used: the git commit where the file is tracked and clean, else when it was changed."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from atlas.core.errors import InputFileError
from atlas.core.records import record

_GIT_TIMEOUT_S = 10.0


@record
class Revision:
    """Which version of a file.

    Attributes:
        label: The commit that the file was last changed in, or its modification time in UTC.
        content_hash: SHA-256 of its bytes.
    """

    label: str
    content_hash: str


def revision_of(path: Path) -> Revision:
    """Return which version of the file at ``path`` is there.

    Raises:
        InputFileError: it cannot be read.
    """
    try:
        data = path.read_bytes()
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as exc:
        raise InputFileError(f"cannot read {path}: {exc.strerror or exc}") from exc
    label = _commit_of(path) or changed.strftime("%Y-%m-%dT%H:%M:%SZ")
    return Revision(label, hashlib.sha256(data).hexdigest())


def _commit_of(path: Path) -> str | None:
    """The last commit that changed the file, None where it is not tracked, was changed since, or git is not there."""
    folder, name = path.resolve().parent, path.resolve().name
    tracked = _git(folder, "ls-files", "--error-unmatch", "--", name)
    if tracked is None or _git(folder, "status", "--porcelain", "--", name) != "":
        return None
    return _git(folder, "log", "-1", "--format=%H", "--", name) or None


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says, None where it refuses or is not there."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments and the name of a file behind `--`
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            timeout=_GIT_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
