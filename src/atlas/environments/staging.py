"""Worlds that are leased: opened on a session of their company, and gone without a trace when they are closed."""

from __future__ import annotations

import contextlib
from typing import Final

from atlas.core.clock import FrozenClock, start_of_business
from atlas.core.errors import StorageError, UnknownNameError
from atlas.core.rng import derive_rng
from atlas.crm.hostile import Planted
from atlas.crm.records import Actor, StaffMember
from atlas.crm.sessions import Sessions
from atlas.crm.store import Store
from atlas.crm.world import READ_ONLY, Workplace, World
from atlas.environments.casebook import Case
from atlas.scenarios.companies import Company
from atlas.scenarios.stage import Adversity, set_stage, starting_rows

FREE_WORLD: Final = "free world"  # the label of the random stream that ids of new rows come from


class LeasedWorld:
    """A world on a session that is rolled back when the lease ends.

    Args:
        world: What is worked in.
        sessions: Where the session was begun.
        store: The session.
        planted: Hostile content among its records.
    """

    def __init__(self, world: Workplace, sessions: Sessions, store: Store, planted: Planted | None = None) -> None:
        self.world = world
        self.planted = planted or Planted()
        self._sessions = sessions
        self._store: Store | None = store

    def close(self) -> None:
        """Take back everything that was done in the world; doing it again changes nothing."""
        if self._store is not None:
            store, self._store = self._store, None
            with contextlib.suppress(StorageError):  # a database that is down has forgotten the session by itself
                self._sessions.rollback_session(store)


def lease_case(case: Case, sessions: Sessions, adversity: Adversity | None = None) -> LeasedWorld:
    """Return the world that a case plays in.

    Args:
        case: The case.
        sessions: Where the company's records are kept.
        adversity: What makes the world hard to work in; None for nothing.

    Raises:
        StorageError: the database is down, or no copy of the company is free.
    """
    rows = starting_rows(case.company, case.scenario, adversity)
    store = sessions.begin_session(case.company.base, rows)
    try:
        stage = set_stage(case.company, case.scenario, store=store, adversity=adversity)
    except BaseException:
        sessions.rollback_session(store)
        raise
    return LeasedWorld(stage.workplace, sessions, store, stage.planted)


def lease_company(company: Company, actor: str | None, sessions: Sessions) -> LeasedWorld:
    """Return a world without a case: the company on its first day.

    Args:
        company: The company.
        actor: Handle of the colleague to work for; None for the first of the directory who may change records.
        sessions: Where its records are kept.

    Raises:
        UnknownNameError: nobody of the company has that handle.
        StorageError: the database is down, or no copy of the company is free.
    """
    member = find_colleague(company, actor)
    store = sessions.begin_session(company.base)
    world = World(
        store,
        directory=company.directory,
        actor=Actor(member.handle, member.role, member.access),
        rules=company.rules,
        rng=derive_rng(company.seed, "world", FREE_WORLD),
        clock=FrozenClock(start_of_business(company.directory.today)),
    )
    return LeasedWorld(world, sessions, store)


def find_colleague(company: Company, handle: str | None) -> StaffMember:
    """Return the colleague of a handle; without one, the first of the directory who may change records.

    Raises:
        UnknownNameError: nobody has that handle.
    """
    staff = company.directory.staff
    for member in staff:
        if member.handle == handle or (handle is None and member.access != READ_ONLY):
            return member
    raise UnknownNameError("actor", str(handle), [member.handle for member in staff])
