"""The optional packages of this room, and what a user reads when they are missing.

``psycopg`` is imported inside of functions, under :class:`DriverNeeded`, so that every module of the room can be
imported without the extra.
"""

from __future__ import annotations

import importlib
from types import TracebackType

from atlas.core.errors import MissingExtraError

EXTRA = "postgres"


class DriverNeeded:
    """Names the extra to install when an import inside of the ``with`` block fails.

    Args:
        what: What needs the packages.

    Raises:
        MissingExtraError: (on leaving the block) a package is not installed.

    Example:
        >>> with DriverNeeded("the store"):
        ...     import a_package_that_nobody_has
        Traceback (most recent call last):
        atlas.core.errors.MissingExtraError: the store needs the extra 'postgres'; install it with: ...
    """

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(raised, ImportError):
            raise MissingExtraError(EXTRA, self._what) from raised


def require_driver(what: str) -> None:
    """Do nothing when the driver is installed.

    Raises:
        MissingExtraError: it is not; ``what`` is what needs it.
    """
    with DriverNeeded(what):
        importlib.import_module("psycopg")
