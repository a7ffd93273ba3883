"""Files that are either there whole or not there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


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
        OSError: the folder cannot be written to.
    """
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as exc:  # it names the scratch file, which nobody has heard of
        raise OSError(exc.errno, exc.strerror, str(path)) from exc
    scratch = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        scratch.chmod(0o644)
        if replace:
            scratch.replace(path)
        else:
            os.link(scratch, path)  # unlike a rename, it fails where somebody was faster
            scratch.unlink()
    except FileExistsError:
        scratch.unlink(missing_ok=True)
        return False
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    return True
