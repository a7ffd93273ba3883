"""Files that are either there whole or not there, and folders that change places in one step."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_EXCHANGE: Final[Mapping[str, tuple[str, int]]] = {"linux": ("renameat2", -100), "darwin": ("renameatx_np", -2)}
"""By platform, the system call that exchanges two names, and what stands for the current folder in it."""
_SWAP = 2  # its flag, on both
_CANNOT_EXCHANGE = frozenset((errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP))


def write_atomically(path: Path, text: str, *, replace: bool = True) -> bool:
    """Replace the file at ``path`` by ``text`` (UTF-8) in one step; its folder is made when missing.

    A reader sees the old content or the new one, never a part, also when the process is killed.

    Args:
        path: The file; where it is a link, what it leads to.
        text: What it is to hold.
        replace: Whether a file that is there already may be replaced.

    Returns:
        Whether it was written.

    Raises:
        OSError: the folder cannot be written to; it names ``path``, never a scratch file.
    """
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        scratch = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        scratch.chmod(0o644)
        if replace:
            scratch.replace(path)
        else:
            os.link(scratch, path)  # unlike a rename, it fails where somebody was faster
            scratch.unlink()
    except BaseException as exc:
        if scratch is not None:
            scratch.unlink(missing_ok=True)
        if isinstance(exc, FileExistsError) and not replace:
            return False
        if isinstance(exc, OSError) and exc.filename is not None:  # the scratch file, which nobody has heard of
            raise OSError(exc.errno, exc.strerror, str(path)) from exc
        raise
    return True


def exchange(one: Path, other: Path) -> bool:
    """Let two files or folders of one file system change places in one step.

    Returns:
        Whether they did; False where the system or the file system cannot do that, and nothing was changed.

    Raises:
        OSError: one of them is missing, or may not be moved.
    """
    name, here = _EXCHANGE.get(sys.platform, ("", 0))
    call = getattr(ctypes.CDLL(None, use_errno=True), name, None) if name else None
    if call is None:
        return False
    if call(here, os.fsencode(one), here, os.fsencode(other), _SWAP) == 0:
        return True
    code = ctypes.get_errno()
    if code in _CANNOT_EXCHANGE:
        return False
    raise OSError(code, os.strerror(code), str(other))
