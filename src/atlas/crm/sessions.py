"""The seam between episodes and where companies are kept: a session is begun, worked in, and taken back.

A session starts from the rows of a company, plus the rows that a case puts there, and nothing of it is left when it is
rolled back. In memory it is a fork; on PostgreSQL it is one transaction on a leased copy of the company.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Protocol

from atlas.crm.memory import FrozenBase
from atlas.crm.records import Entity, Row
from atlas.crm.store import Store


class Sessions(Protocol):
    """Gives each episode a company of its own. Any number of sessions may be open at once."""

    def begin_session(
        self, base: FrozenBase, patch: Iterable[tuple[Entity, Row]] = (), *, reset: bool = False
    ) -> Store:
        """Return a store that holds the rows of ``base``, and those of ``patch`` over them.

        Args:
            base: The company. It is loaded first where that has not been done.
            patch: Rows that the session starts with besides; one with the id of a row of the base replaces it. They
                are no changes: the journal does not show them.
            reset: Whether to put the copy of the company into its first state before, should anybody have committed
                a change to it. Slow; for when it is in doubt.

        Raises:
            MisuseError: a row of the patch is malformed.
            StorageError: the database is down, or no copy of the company is free.
        """
        ...

    def rollback_session(self, store: Store) -> None:
        """Take back everything that was written to ``store`` and let go of it; it must not be used afterwards."""
        ...


class MemorySessions:
    """Sessions that are forks of the company; beginning one costs nothing, rolling back is forgetting it."""

    def begin_session(
        self, base: FrozenBase, patch: Iterable[tuple[Entity, Row]] = (), *, reset: bool = False
    ) -> Store:
        del reset  # nobody can change a frozen base
        return base.fork(patch)

    def rollback_session(self, store: Store) -> None:
        del store


@contextmanager
def session(
    sessions: Sessions, base: FrozenBase, patch: Iterable[tuple[Entity, Row]] = (), *, reset: bool = False
) -> Generator[Store]:
    """Begin a session for the length of a ``with`` block; see :meth:`Sessions.begin_session`.

    Example:
        >>> base = FrozenBase.build({Entity.CLIENT: [{"client_id": "c1", "name": "Halden Foods"}]})
        >>> with session(MemorySessions(), base) as store:
        ...     store.write(Entity.CLIENT, "c1", None, cause="1:example")
        >>> base.fork().get(Entity.CLIENT, "c1")["name"]
        'Halden Foods'
    """
    store = sessions.begin_session(base, patch, reset=reset)
    try:
        yield store
    finally:
        sessions.rollback_session(store)
