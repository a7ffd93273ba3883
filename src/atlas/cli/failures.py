"""From errors to exit codes: 0 done, 1 ran and failed, 2 misuse, 3 something outside is missing, 130 interrupted.

This is the only place where an error of Atlas becomes a message on the terminal. Bugs keep their traceback.
"""

from __future__ import annotations

import errno
from collections.abc import Callable

from atlas.cli.terminal import tell
from atlas.core.errors import AtlasError, DependencyError, MisuseError

INTERRUPTED = 130  # what shells report for a program that Ctrl-C ended


_FULL = frozenset((errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO))  # what a write meets that names no file


class Interrupted(Exception):  # noqa: N818 - being interrupted is no error
    """Somebody pressed Ctrl-C; the message says how to go on."""


def exit_code_of(command: Callable[[], None]) -> int:
    """Run ``command`` and return its exit code; an error of Atlas becomes one message on stderr.

    ``SystemExit``, with which the argument parser ends, passes through, unless it stands for Ctrl-C.
    """
    try:
        command()
    except AtlasError as exc:
        tell(f"error: {exc}")
        return exc.exit_code
    except OSError as exc:
        if exc.filename is not None:
            # a path that somebody named: no permission, no such device, a file where a folder should be
            tell(f"error: cannot use {exc.filename}: {exc.strerror}; name another place")
            return MisuseError.exit_code
        if exc.errno not in _FULL:
            raise
        tell(f"error: cannot write: {exc.strerror}")
        return DependencyError.exit_code
    except (Interrupted, KeyboardInterrupt) as exc:
        tell(f"interrupted: {exc}" if str(exc) else "interrupted")
        return INTERRUPTED
    except SystemExit as exc:
        if exc.code == INTERRUPTED:  # what the argument parser makes of Ctrl-C, without a word
            tell("interrupted")
        raise
    return 0
