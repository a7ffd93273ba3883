"""A bad connection does what its plan says, and nothing else."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from atlas.core.clock import FrozenClock
from atlas.core.errors import ConfigError, StorageError
from atlas.crm.faults import Delivery, FaultKind, FaultPlan, FaultyWorld, Replica
from atlas.crm.records import Entity, ErrorCode, ToolCall, ToolResult
from atlas.crm.world import World

MakeWorld = Callable[..., World]

SEARCH = ToolCall("opportunity_search", {"client_id": "c1"})
NOTE = ToolCall("add_note", {"entity_type": "Client", "entity_id": "c1", "content": "Called."})
RAISE = ToolCall("modify_quote", {"quote_id": "q1", "amount": 12})
START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def _only(kind: FaultKind, rate: float = 1.0) -> FaultPlan:
    return FaultPlan.by_kind({kind: rate})


def _error(delivery: Delivery) -> ErrorCode | None:
    return None if delivery.result.error is None else delivery.result.error.code


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (FaultKind.TIMEOUT, (ErrorCode.TIMEOUT, 0, None)),
        (FaultKind.RATE_LIMIT, (ErrorCode.RATE_LIMITED, 0, None)),
        (FaultKind.SERVER_ERROR, (ErrorCode.SERVER_ERROR, 0, None)),
        (FaultKind.LOST_REPLY, (ErrorCode.TIMEOUT, 1, None)),
        (FaultKind.SLOW_REPLY, (None, 1, 1)),
        (FaultKind.STALE_READ, (None, 1, 1)),
    ],
    ids=lambda value: value.value if isinstance(value, FaultKind) else "",
)
def test_each_kind_does_to_a_write_what_it_says(
    world: World, kind: FaultKind, outcome: tuple[ErrorCode | None, int, int | None]
) -> None:
    """What is answered, whether the call was carried out, what the answer knows of; a write is never stale."""
    delivery = FaultyWorld(world, _only(kind), rng=random.Random(1)).deliver(NOTE)
    assert (_error(delivery), world.writes, delivery.version) == outcome
    if delivery.result.error is not None:
        assert delivery.result.error.retryable
        assert delivery.result.error.hint


@pytest.mark.parametrize(
    ("kind", "shortest_s", "longest_s"),
    [
        (FaultKind.TIMEOUT, 30, 30),
        (FaultKind.LOST_REPLY, 30, 30),
        (FaultKind.RATE_LIMIT, 0, 0),
        (FaultKind.SERVER_ERROR, 0, 0),
        (FaultKind.SLOW_REPLY, 2, 20),
    ],
    ids=str,
)
def test_answers_take_their_time(world: World, kind: FaultKind, shortest_s: float, longest_s: float) -> None:
    """A caller waits for a timeout to the end; a refusal comes at once."""
    faulty = FaultyWorld(world, _only(kind), rng=random.Random(1))
    latencies = [faulty.deliver(SEARCH).latency_s for _ in range(50)]
    assert shortest_s <= min(latencies) <= max(latencies) <= longest_s
    assert (len(set(latencies)) > 1) == (shortest_s < longest_s)


def test_a_lost_reply_looks_exactly_like_a_timeout(make_world: MakeWorld) -> None:
    """Otherwise an agent could tell what nobody can tell."""
    answers = {
        kind: FaultyWorld(make_world(), _only(kind), rng=random.Random(1)).deliver(NOTE)
        for kind in (FaultKind.TIMEOUT, FaultKind.LOST_REPLY)
    }
    assert answers[FaultKind.TIMEOUT] == answers[FaultKind.LOST_REPLY]


def test_a_refusal_says_how_long_to_wait(world: World) -> None:
    """In the header for a harness, in the hint for everybody else."""
    plan = FaultPlan(rate=1, weights={FaultKind.RATE_LIMIT: 1}, retry_after_s=(2, 2))
    delivery = FaultyWorld(world, plan, rng=random.Random(1)).deliver(SEARCH)
    assert delivery.retry_after_s == 2
    assert delivery.result.error is not None
    assert delivery.result.error.hint == "try again after 2 seconds"


def test_the_same_seed_and_calls_give_the_same_faults(make_world: MakeWorld) -> None:
    """A run with faults can be repeated to the letter; another seed gives others."""

    def run(seed: int) -> tuple[list[ToolResult], object]:
        faulty = FaultyWorld(make_world(), FaultPlan(rate=0.5), rng=random.Random(seed))
        return [faulty.call(call) for _ in range(30) for call in (SEARCH, NOTE, RAISE)], faulty.faults

    assert run(1) == run(1)
    assert run(1)[1] != run(2)[1]


def test_a_figure_of_the_plan_does_not_move_the_other_faults(make_world: MakeWorld) -> None:
    """So that two plans can be compared call by call."""
    long = FaultPlan(rate=0.5, retry_after_s=(7, 9))
    runs: list[list[tuple[int, FaultKind]]] = []
    for plan in (FaultPlan(rate=0.5), long):
        faulty = FaultyWorld(make_world(), plan, rng=random.Random(3))
        for _ in range(60):
            faulty.call(SEARCH)
        runs.append([(fault.call, fault.kind) for fault in faulty.faults])
    assert runs[0] == runs[1]


def test_rates_and_weights_are_kept(make_world: MakeWorld) -> None:
    """20 % of calls, each kind by its weight: within five standard deviations of 4,000 calls."""
    plan = FaultPlan(rate=0.2, weights={FaultKind.TIMEOUT: 3, FaultKind.SERVER_ERROR: 1})
    faulty = FaultyWorld(make_world(), plan, rng=random.Random(5))
    for _ in range(4_000):
        faulty.deliver(SEARCH)
    count = Counter(fault.kind for fault in faulty.faults)
    assert faulty.calls == 4_000
    assert abs(count[FaultKind.TIMEOUT] - 600) < 5 * 22.6
    assert abs(count[FaultKind.SERVER_ERROR] - 200) < 5 * 13.8
    assert set(count) == {FaultKind.TIMEOUT, FaultKind.SERVER_ERROR}


def test_a_plan_without_faults_changes_nothing(make_world: MakeWorld) -> None:
    """Results, ids and journal are those of the world alone."""
    alone, behind = make_world(), make_world()
    faulty = FaultyWorld(behind, FaultPlan(rate=0), rng=random.Random(1))
    calls = [SEARCH, NOTE, RAISE, ToolCall("nonsense", {})]
    assert [faulty.call(call) for call in calls] == [alone.call(call) for call in calls]
    assert behind.journal() == alone.journal()
    assert (faulty.actor, faulty.today, faulty.tools) == (alone.actor, alone.today, alone.tools)
    assert (faulty.writes, faulty.changes(), faulty.faults) == (alone.writes, alone.changes(), ())


def test_the_clock_of_the_connection_moves_by_what_answers_take(world: World) -> None:
    """And the world's does not: its times are the same with faults as without."""
    clock = FrozenClock(START)
    faulty = FaultyWorld(world, _only(FaultKind.SLOW_REPLY), rng=random.Random(1), clock=clock)
    delivery = faulty.deliver(NOTE)
    assert clock.now() - START == timedelta(seconds=delivery.latency_s)
    assert delivery.result.data is not None
    assert delivery.result.data["created_at"] == START.isoformat()


def test_a_broken_database_is_no_fault_of_the_plan(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It propagates: the episode ends as data."""

    def broken(call: ToolCall, *, idempotency_key: str | None = None) -> ToolResult:
        raise StorageError(f"{call.tool} {idempotency_key}")

    monkeypatch.setattr(world, "call", broken)
    with pytest.raises(StorageError):
        FaultyWorld(world, FaultPlan(rate=0), rng=random.Random(1)).call(NOTE)


# ---------------------------------------------------------------------------------------------------------------------
# Stale reads


def _with_replica(make_world: MakeWorld, plan: FaultPlan) -> tuple[World, FaultyWorld]:
    world, behind = make_world(), make_world()
    replica = Replica(behind, behind._store, world.journal)
    return world, FaultyWorld(world, plan, rng=random.Random(1), replica=replica)


def _amount(delivery: Delivery) -> object:
    assert delivery.result.data is not None
    return delivery.result.data["results"][0]["amount"]  # type: ignore[index]


SHOW = ToolCall("quote_search", {"status": "Draft"})


def test_a_stale_read_is_answered_without_the_last_writes(make_world: MakeWorld) -> None:
    """And says how many of them it knows of."""
    plan = FaultPlan(rate=1, weights={FaultKind.STALE_READ: 1}, lag_writes=1)
    world, faulty = _with_replica(make_world, plan)
    assert (_amount(first := faulty.deliver(SHOW)), first.version) == (9800, 0)
    for amount in (11, 12):
        world.call(ToolCall("modify_quote", {"quote_id": "q1", "amount": amount}))
    assert (_amount(stale := faulty.deliver(SHOW)), stale.version) == (11, 1)
    assert [fault.lag for fault in faulty.faults] == [1], "nothing was written yet, so the first was not stale"
    assert world.writes == 2


def test_a_replica_shows_calls_whole_and_never_goes_back(make_world: MakeWorld) -> None:
    """A call that wrote several rows is there or not; what was seen once stays seen."""
    world, behind = make_world(), make_world()
    replica = Replica(behind, behind._store, world.journal)
    world.call(ToolCall("delete_opportunity", {"opportunity_id": "o1"}))
    world.call(NOTE)
    assert len({change.cause for change in world.journal()}) == 2
    details = ToolCall("view_opportunity_details", {"opportunity_id": "o1"})
    old, lag = replica.answer(details, 2)
    assert old.data is not None
    assert (lag, len(old.data["quotes"])) == (2, 2)  # type: ignore[arg-type]
    assert replica.answer(details, 1)[1] == 1
    now, lag = replica.answer(details, 2)
    assert (now.error is not None, lag) == (True, 1)
    assert behind._store.get(Entity.QUOTE, "q1") is None


def test_a_stale_read_is_drawn_for_reads_only(make_world: MakeWorld) -> None:
    """A plan of stale reads leaves writes and unknown tools alone."""
    _, faulty = _with_replica(make_world, _only(FaultKind.STALE_READ))
    for call in (NOTE, RAISE, ToolCall("nonsense", {}), SEARCH):
        faulty.deliver(call)
    assert [(fault.call, fault.tool) for fault in faulty.faults] == [(4, "opportunity_search")]


@pytest.mark.parametrize(
    "figures",
    [
        {"rate": 1.5},
        {"rate": float("nan")},
        {"weights": {FaultKind.TIMEOUT: -1.0}},
        {"retry_after_s": (3.0, 1.0)},
        {"slow_reply_s": (-1.0, 1.0)},
        {"slow_reply_s": (1.0, 40.0)},
        {"timeout_s": float("inf")},
        {"lag_writes": 0},
        {"weights": {}},
        {"weights": {FaultKind.TIMEOUT: 0}},
        {"timeout_s": 1e12},
        {"retry_after_s": (1.0, 1e6)},
    ],
    ids=str,
)
def test_a_plan_that_cannot_be_is_rejected(figures: dict[str, object]) -> None:
    """With the figure and what it has to be."""
    with pytest.raises(ConfigError, match=r"faults\."):
        FaultPlan(**figures)  # type: ignore[arg-type]
