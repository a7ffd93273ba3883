"""Errors of the database driver as errors of Atlas, translated once, where they leave this room."""

from __future__ import annotations

from types import TracebackType

from atlas.core.errors import StorageError
from atlas.storage.driver import DriverNeeded


class translated:  # noqa: N801 - reads as a verb where it is used: with translated("loading a company"):
    """Turns errors of the driver and of its pool inside of the ``with`` block into storage errors.

    Any other exception passes through as it is.

    Args:
        what: What is being done, the start of the message.

    Raises:
        StorageError: (on leaving the block) the database failed; ``__cause__`` is the driver's error.
    """

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        if raised is None:
            return
        with DriverNeeded(self._what):
            import psycopg  # noqa: PLC0415 - of an extra
        if isinstance(raised, psycopg.Error):
            raise StorageError(f"{self._what}: {_said(raised)}") from raised


def _said(error: Exception) -> str:
    """Return the driver's message in one line, with the code that PostgreSQL's documentation lists."""
    import psycopg  # noqa: PLC0415 - of an extra, there already

    state = error.sqlstate if isinstance(error, psycopg.Error) else None
    words = (error.diag.message_primary if isinstance(error, psycopg.Error) else None) or str(error)
    line = " ".join(words.split()) or type(error).__name__
    return f"{line} (SQLSTATE {state})" if state else line
