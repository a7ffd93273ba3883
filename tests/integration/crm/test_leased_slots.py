"""Episodes on one server never wait for each other, leave nothing behind, and cannot keep a slot by dying."""

from __future__ import annotations

import functools
import random
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeAlias

import pytest

from atlas.core.clock import FrozenClock, start_of_business
from atlas.crm.loading.postgres import is_untouched
from atlas.crm.memory import FrozenBase
from atlas.crm.postgres import PostgresSessions
from atlas.crm.records import Actor, Entity, StaffDirectory, StaffMember, ToolCall
from atlas.crm.world import World

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import TupleRow
    from psycopg_pool import ConnectionPool

    Pool: TypeAlias = ConnectionPool[Connection[TupleRow]]

EPISODES = 64
TODAY = date(2026, 3, 2)
DIRECTORY = StaffDirectory(TODAY, (StaffMember("m.okafor", "Mara Okafor", "Account Executive", "North"),))


def company(name: str) -> FrozenBase:
    """Return a company whose only deal every episode works on."""
    return FrozenBase.build(
        {
            Entity.CLIENT: [{"client_id": "c1", "name": name, "email": "a@b.example", "status": "Active"}],
            Entity.OPPORTUNITY: [
                {"opportunity_id": "o1", "name": "Deal", "client_id": "c1", "stage": "Proposal", "amount": 500_000}
            ],
        }
    )


def play(sessions: PostgresSessions, base: FrozenBase, together: threading.Barrier, number: int) -> int:
    """Play an episode that changes the same rows as all others, and return how many changes it saw."""
    store = sessions.begin_session(base)
    try:
        world = World(
            store,
            directory=DIRECTORY,
            actor=Actor("m.okafor", "Account Executive"),
            rules=(),
            rng=random.Random(7),  # the same for all: the new rows have the same ids too
            clock=FrozenClock(start_of_business(TODAY)),
        )
        together.wait(timeout=60)
        deal = {"opportunity_id": "o1"}
        for call in (
            ToolCall("modify_opportunity", {**deal, "notes": f"Episode {number}.", "amount": 1000 + number}),
            ToolCall("create_quote", {**deal, "amount": 4321, "status": "Draft"}),
            ToolCall("add_note", {"entity_type": "Opportunity", "entity_id": "o1", "content": "Called."}),
            ToolCall("create_new_client", {"name": "New", "email": "new@b.example", "status": "Prospect"}),
            ToolCall("view_opportunity_details", deal),
        ):
            result = world.call(call)
            assert result.error is None, result.error
        together.wait(timeout=60)  # nobody rolls back before everybody has written
        return len(world.changes())
    finally:
        sessions.rollback_session(store)


class LockWaits:
    """Looks again and again for connections of this database that wait for a lock.

    Waits for a file to grow by some pages are counted apart: nobody holds that lock for longer than this takes, an
    episode least of all.

    Args:
        connection: For looking; in autocommit mode.
    """

    def __init__(self, connection: Connection[TupleRow]) -> None:
        self.for_others = 0
        self.for_files = 0
        self.looks = 0
        self.most_at_once = 0
        self._connection = connection
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        query = """
            SELECT count(*) FILTER (WHERE wait_event_type = 'Lock' AND wait_event <> 'extend'),
                   count(*) FILTER (WHERE wait_event_type = 'Lock' AND wait_event = 'extend'),
                   count(*) FILTER (WHERE xact_start IS NOT NULL)
            FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        """
        while not self._over.is_set():
            found = self._connection.execute(query).fetchone()
            assert found is not None
            self.for_others += found[0]
            self.for_files += found[1]
            self.most_at_once = max(self.most_at_once, found[2])
            self.looks += 1

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def test_64_episodes_at_once_do_not_wait_for_each_other(pool: Pool, capsys: pytest.CaptureFixture[str]) -> None:
    """All of them change the same rows of their copies, at the same time; no lock is waited for, no row is left."""
    base = company("Halden")
    sessions = PostgresSessions(pool, slots=EPISODES)
    assert sessions.load(base) == EPISODES
    together = threading.Barrier(EPISODES)
    with pool.connection() as looking:
        looking.autocommit = True
        with LockWaits(looking) as waits, ThreadPoolExecutor(EPISODES) as threads:
            began = time.perf_counter()
            found = list(threads.map(functools.partial(play, sessions, base, together), range(EPISODES)))
            took_s = time.perf_counter() - began
        looking.autocommit = False
    with capsys.disabled():
        sys.stdout.write(
            f"\n{EPISODES} episodes in {took_s:.2f} s, {waits.most_at_once} transactions open at a time; in"
            f" {waits.looks} looks {waits.for_others} waits for another episode, {waits.for_files} for a file to grow\n"
        )
    assert found == [4] * EPISODES
    assert waits.most_at_once == EPISODES
    assert (waits.for_others, waits.looks > 10) == (0, True)
    with pool.connection() as connection:
        slots = connection.execute(
            "SELECT world_id FROM crm.worlds WHERE company_hash = %s", (base.content_hash(),)
        ).fetchall()
        assert len(slots) == EPISODES
        assert all(is_untouched(connection, base, slot[0]) for slot in slots)


def test_lock_waits_would_be_seen(pool: Pool) -> None:
    """What looks for waits finds one where there is one; so zero means none."""
    base = company("Waiting")
    sessions = PostgresSessions(pool, slots=1)
    sessions.load(base)
    change = "UPDATE crm.clients SET phone = '1' WHERE name = 'Waiting'"
    with pool.connection() as looking, pool.connection() as one, pool.connection() as other:
        looking.autocommit = True
        one.execute(change)
        with LockWaits(looking) as waits:
            blocked = threading.Thread(target=lambda: other.execute(change))
            blocked.start()
            while not waits.for_others:
                time.sleep(0.01)
            one.rollback()
            blocked.join()
        other.rollback()
        looking.autocommit = False


DYING_CLIENT = """
import sys, time
sys.path[:0] = {path!r}
from test_leased_slots import company
from atlas.crm.postgres import PostgresSessions
from atlas.crm.records import Entity
from atlas.storage.pool import open_pool

pool = open_pool({url!r})
base = company("Dying")
store = PostgresSessions(pool, slots=1).begin_session(base)
store.write(Entity.CLIENT, "c1", None if {delete!r} else {{**base.rows(Entity.CLIENT)[0], "name": "Gone"}}, cause="1:x")
print("in mid-episode", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("delete", [False, True], ids=["changing", "deleting"])
def test_a_killed_client_gives_its_slot_back_untouched(
    pool: Pool, postgres_url: str, capsys: pytest.CaptureFixture[str], *, delete: bool
) -> None:
    """After kill -9 in mid-episode the only slot is free again by itself, with the rows that it had."""
    here = str(Path(__file__).parent)
    program = DYING_CLIENT.format(path=[here, *sys.path], url=postgres_url, delete=delete)
    client = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert client.stdout is not None
    assert client.stdout.readline().strip() == "in mid-episode"
    base = company("Dying")
    client.kill()
    began = time.perf_counter()
    sessions = PostgresSessions(pool, slots=1, wait_s=20)
    store = sessions.begin_session(base)
    took_s = time.perf_counter() - began
    client.wait()
    client.stdout.close()
    with capsys.disabled():
        sys.stdout.write(f"\nslot of a killed client leased again after {took_s * 1000:.0f} ms\n")
    assert store.get(Entity.CLIENT, "c1") == base.rows(Entity.CLIENT)[0]
    assert store.journal() == []
    sessions.rollback_session(store)
