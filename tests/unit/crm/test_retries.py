"""The harness tries again, and nobody but the connection notices."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.core.errors import ConfigError
from atlas.crm.faults import Delivery, FaultKind, FaultPlan, FaultyWorld, Replica
from atlas.crm.records import Actor, Change, ErrorCode, ToolCall, ToolError, ToolResult, ToolSpec
from atlas.crm.retries import Backoff, Retrying
from atlas.crm.world import World

MakeWorld = Callable[..., World]

NOTE = ToolCall("add_note", {"entity_type": "Client", "entity_id": "c1", "content": "Called."})
SEARCH = ToolCall("client_search", {})
DONE = Delivery(ToolResult(data={"n": 1}), 0)
LATE = Delivery(ToolResult(error=ToolError(ErrorCode.TIMEOUT, "late", retryable=True)), None)
REFUSED = Delivery(ToolResult(error=ToolError(ErrorCode.RATE_LIMITED, "busy", retryable=True)), None, 0.0, 7.0)
WRONG = Delivery(ToolResult(error=ToolError(ErrorCode.BLANK, "blank")), 0)


class Line:
    """A connection that answers as it was told to, over and over from the start."""

    actor = Actor("m.okafor", "Account Executive")
    today = date(2026, 3, 2)
    tools: tuple[ToolSpec, ...] = ()
    writes = 0

    def __init__(self, answers: Sequence[Delivery]) -> None:
        self._answers = answers
        self.sent: list[tuple[ToolCall, str | None]] = []

    def call(self, call: ToolCall) -> ToolResult:
        return self.deliver(call).result

    def changes(self) -> tuple[Change, ...]:
        return ()

    def deliver(self, call: ToolCall, *, idempotency_key: str | None = None) -> Delivery:
        self.sent.append((call, idempotency_key))
        return self._answers[(len(self.sent) - 1) % len(self._answers)]

    @property
    def keys(self) -> list[str | None]:
        return [key for _, key in self.sent]


class Naps:
    """Takes no time, and notes how long it would have taken."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def sleep(self, secs: float, /) -> None:
        self.slept.append(secs)


def _harness(line: Line, naps: Naps | None = None, **options: object) -> Retrying:
    return Retrying(line, rng=random.Random(1), sleeper=naps or Naps(), **options)  # type: ignore[arg-type]


def test_a_call_is_sent_with_one_key_until_it_is_answered() -> None:
    """Two failures, then the answer; the agent sees only that."""
    line = Line([LATE, REFUSED, DONE])
    harness = _harness(line)
    assert harness.call(NOTE) is DONE.result
    assert len(line.sent) == 3
    assert len(set(line.keys)) == 1
    assert [(retry.tries, retry.cause) for retry in harness.retries] == [
        (1, ErrorCode.TIMEOUT),
        (2, ErrorCode.RATE_LIMITED),
    ]


def test_every_logical_call_has_a_key_of_its_own() -> None:
    """Two equal calls are two: only a try is repeated, never a wish."""
    line = Line([DONE])
    harness = _harness(line)
    harness.call(NOTE)
    harness.call(NOTE)
    assert len(set(line.keys)) == 2
    other = Line([DONE])
    Retrying(other, rng=random.Random(2), sleeper=Naps()).call(NOTE)
    assert other.keys[0] not in line.keys


@pytest.mark.parametrize("most", [1, 2, 6], ids=str)
def test_the_last_error_goes_to_the_agent(most: int) -> None:
    """After so many tries and no more."""
    line = Line([LATE])
    assert _harness(line, max_tries=most).call(NOTE) == LATE.result
    assert len(line.sent) == most


def test_an_error_that_will_not_pass_is_not_tried_again() -> None:
    """A wrong call stays wrong."""
    line = Line([WRONG])
    assert _harness(line).call(NOTE) is WRONG.result
    assert len(line.sent) == 1


def test_waits_grow_and_keep_what_the_crm_asks_for() -> None:
    """Half of each wait is left to chance, and a time to wait is added to it."""
    naps = Naps()
    _harness(Line([LATE, LATE, REFUSED, LATE, DONE]), naps).call(SEARCH)
    bounds = [(0.25, 0.5), (0.5, 1.0), (8.0, 9.0), (2.0, 4.0)]
    assert [low <= wait <= high for wait, (low, high) in zip(naps.slept, bounds, strict=True)] == [True] * 4


@given(st.integers(1, 40), st.floats(0, 100), st.integers())
def test_no_wait_is_longer_than_the_longest_or_shorter_than_asked_for(tries: int, asked_s: float, seed: int) -> None:
    """Whatever the number of tries."""
    backoff = Backoff()
    wait_s = backoff.wait_s(tries, random.Random(seed), at_least_s=asked_s)
    assert asked_s <= wait_s <= asked_s + backoff.most_s


def test_a_write_whose_outcome_is_unknown_keeps_its_key() -> None:
    """If the agent makes the call again, it is the same call; another one, or a read, is not."""
    line = Line([LATE] * 12 + [DONE])
    harness = _harness(line)
    assert not harness.call(NOTE).ok
    assert not harness.call(SEARCH).ok
    assert harness.call(NOTE).ok
    assert line.keys[12] == line.keys[0] != line.keys[6]
    harness.call(NOTE)
    assert line.keys[13] != line.keys[0]


def test_an_agent_that_repeats_a_call_whose_reply_was_lost_does_not_write_twice(make_world: MakeWorld) -> None:
    """Six lost replies, then the agent's own seventh try: one note."""
    world = make_world()
    always = FaultyWorld(world, FaultPlan.by_kind({FaultKind.LOST_REPLY: 1.0}), rng=random.Random(1))
    harness = Retrying(always, rng=random.Random(1), sleeper=Naps())
    error = harness.call(NOTE).error
    assert error is not None
    assert error.code is ErrorCode.TIMEOUT
    harness.call(NOTE)
    assert (always.calls, world.writes, len(world.journal())) == (12, 1, 1)


def test_stale_answers_are_not_handed_on(make_world: MakeWorld) -> None:
    """Read your writes: a search after a change shows it, although every other answer is stale."""
    world, behind = make_world(), make_world()
    plan = FaultPlan.by_kind({FaultKind.STALE_READ: 0.5})
    connection = FaultyWorld(world, plan, rng=random.Random(4), replica=Replica(behind, behind._store, world.journal))
    harness = Retrying(connection, rng=random.Random(1), sleeper=Naps())
    for amount in range(100, 140):
        harness.call(ToolCall("modify_quote", {"quote_id": "q1", "amount": amount}))
        seen = harness.call(ToolCall("quote_search", {"status": "Draft"})).data
        assert seen is not None
        assert seen["results"][0]["amount"] == amount  # type: ignore[index]
    assert sum(fault.lag > 0 for fault in connection.faults) >= 10


def test_nothing_but_stale_answers_is_an_error() -> None:
    """An old answer would be a wrong one."""
    stale = Delivery(ToolResult(data={"old": True}), 2)
    harness = _harness(Line([Delivery(ToolResult(data={}), 3), *[stale] * 6]))
    harness.call(NOTE)
    error = harness.call(SEARCH).error
    assert error is not None
    assert (error.code, error.retryable) == (ErrorCode.SERVER_ERROR, True)


def test_the_harness_is_a_workplace_like_the_world(make_world: MakeWorld) -> None:
    """Everything else is handed through."""
    world = make_world()
    harness = Retrying(
        FaultyWorld(world, FaultPlan(rate=0), rng=random.Random(1)), rng=random.Random(1), sleeper=Naps()
    )
    harness.call(NOTE)
    assert (harness.actor, harness.today, harness.tools) == (world.actor, world.today, world.tools)
    assert (harness.writes, harness.changes(), harness.retries) == (1, world.changes(), ())


@pytest.mark.parametrize(
    "make",
    [
        lambda: _harness(Line([DONE]), max_tries=0),
        lambda: Backoff(first_s=-1),
        lambda: Backoff(factor=0.5),
        lambda: Backoff(jitter=2),
    ],
    ids=["tries", "first", "factor", "jitter"],
)
def test_figures_that_cannot_be_are_rejected(make: Callable[[], object]) -> None:
    """Before anything is sent."""
    with pytest.raises(ConfigError):
        make()
