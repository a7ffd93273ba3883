"""A bad connection to a world: calls that time out, are refused, fail, lose their answer, or are answered late.

Faults are drawn from a seed, call by call: the same seed and the same calls give the same faults. What goes wrong on
the way is an error value like any other, with ``retryable`` set; a call that took effect but whose answer was lost
looks exactly like one that never arrived. An answer can also be *stale*: given by a copy of the CRM that lags behind.

A :class:`FaultyWorld` is a workplace, so an agent can be put in front of it as it is. Whoever wants to do better uses
:meth:`FaultyWorld.deliver`, which adds to the answer what a real connection has in its headers; see
``atlas.crm.retries``.
"""

from __future__ import annotations

import enum
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import date, timedelta
from itertools import accumulate
from typing import Protocol

from atlas.core.clock import FrozenClock
from atlas.core.errors import ConfigError
from atlas.core.records import record
from atlas.crm.records import Actor, Change, ErrorCode, ToolCall, ToolError, ToolResult, ToolSpec
from atlas.crm.store import Store
from atlas.crm.tools.registry import TOOLS
from atlas.crm.world import Workplace


class FaultKind(enum.StrEnum):
    """What can go wrong between an agent and the CRM."""

    TIMEOUT = "timeout"
    """No answer; the call was not carried out."""
    RATE_LIMIT = "rate_limit"
    """Refused with the time to wait (HTTP 429); not carried out."""
    SERVER_ERROR = "server_error"
    """Refused with an internal error (HTTP 503); not carried out."""
    LOST_REPLY = "lost_reply"
    """The call was carried out, and its answer lost: nobody can tell it from a timeout."""
    STALE_READ = "stale_read"
    """A read that is answered as it would have been before the last changes; calls that write never are."""
    SLOW_REPLY = "slow_reply"
    """The right answer, late."""


_LONGEST_S = 86_400.0  # seconds of a day


@record
class FaultPlan:
    """How often what goes wrong.

    Attributes:
        rate: Share of calls that something goes wrong with, in [0, 1]; retries are calls too.
        weights: How often each kind occurs in relation to the others; one that is not listed does not. A kind that
            cannot happen to a call (a stale read, where something is written or nothing has been) leaves its share to
            the rest.
        retry_after_s: Shortest and longest time that a refusal asks to wait, in seconds.
        slow_reply_s: Shortest and longest time that a slow answer takes, in seconds.
        timeout_s: How long somebody waits for an answer that does not come, in seconds.
        lag_writes: Most calls that wrote something which a stale answer does not know of yet.

    Raises:
        ConfigError: a figure is out of its range.
    """

    rate: float = 0.2
    weights: Mapping[FaultKind, float] = field(default_factory=lambda: dict.fromkeys(FaultKind, 1.0))
    retry_after_s: tuple[float, float] = (1.0, 5.0)
    slow_reply_s: tuple[float, float] = (2.0, 20.0)
    timeout_s: float = 30.0
    lag_writes: int = 3

    def __post_init__(self) -> None:
        if not 0 <= self.rate <= 1:
            raise ConfigError(f"faults.rate is a share from 0 to 1, not {self.rate}")
        if any(not 0 <= weight < float("inf") for weight in self.weights.values()):
            raise ConfigError(f"faults.weights are numbers from 0, not {dict(self.weights)}")
        if self.rate and not any(self.weights.values()):
            raise ConfigError("faults.weights name no kind of fault, so that none could happen; set faults.rate to 0")
        for name, (low, high) in {"retry_after_s": self.retry_after_s, "slow_reply_s": self.slow_reply_s}.items():
            if not 0 <= low <= high <= _LONGEST_S:
                raise ConfigError(
                    f"faults.{name} is a shortest and a longest time of a day at most, not [{low}, {high}]"
                )
        if not self.slow_reply_s[1] < self.timeout_s <= _LONGEST_S:
            raise ConfigError(
                f"faults.timeout_s is longer than the slowest reply and a day at most, not {self.timeout_s}"
            )
        if self.lag_writes < 1:
            raise ConfigError(f"faults.lag_writes is 1 or more, not {self.lag_writes}")

    @classmethod
    def by_kind(cls, rates: Mapping[FaultKind, float]) -> FaultPlan:
        """Return the plan in which each kind happens to its own share of the calls that every kind can happen to.

        Example:
            >>> FaultPlan.by_kind({FaultKind.TIMEOUT: 0.1, FaultKind.LOST_REPLY: 0.05}).rate
            0.15000000000000002
        """
        return cls(rate=sum(rates.values()), weights=dict(rates))


@record
class InjectedFault:
    """A fault that happened.

    Attributes:
        call: Number of the call on the connection, from 1; retries count.
        tool: What was called.
        kind: What happened.
        lag: Of a stale read, how many calls that wrote something its answer did not know of.
    """

    call: int
    tool: str
    kind: FaultKind
    lag: int = 0


@record
class Delivery:
    """An answer, and what its headers say.

    Attributes:
        result: The answer.
        version: How many calls that wrote something the answer knows of; None where the CRM did not answer.
        latency_s: How long it took, in seconds.
        retry_after_s: How long the CRM asks to wait before the next try, in seconds; None where it does not say.
    """

    result: ToolResult
    version: int | None
    latency_s: float = 0.0
    retry_after_s: float | None = None


class Keyed(Workplace, Protocol):
    """A workplace that carries out calls with the same idempotency key once."""

    def call(self, call: ToolCall, *, idempotency_key: str | None = None) -> ToolResult:
        """Carry out ``call``, or return again what came of it."""
        ...


class Remote(Workplace, Protocol):
    """A workplace at the other end of a connection."""

    def deliver(self, call: ToolCall, *, idempotency_key: str | None = None) -> Delivery:
        """Send ``call`` once and return what came back."""
        ...


class Replica:
    """A copy of a world that lags behind it, for stale reads; it only ever moves forward.

    Args:
        world: A world that was opened as the first one was, on rows of its own. Nothing is written through it.
        store: Its rows.
        journal: Returns every change to the first world so far.
    """

    def __init__(self, world: Keyed, store: Store, journal: Callable[[], Sequence[Change]]) -> None:
        self._world = world
        self._store = store
        self._journal = journal
        self._applied = 0

    def is_behind(self) -> bool:
        """Tell whether there is something that an answer of this copy might not know of yet."""
        return len(self._journal()) > self._applied

    def answer(self, call: ToolCall, lag: int) -> tuple[ToolResult, int]:
        """Return the answer to a reading call without the last ``lag`` calls that wrote something.

        Returns:
            The answer, and how many of those calls it really did not know of: fewer, where fewer were made or the copy
            had already seen them.
        """
        journal = self._journal()
        starts = [
            place for place, change in enumerate(journal) if place == 0 or change.cause != journal[place - 1].cause
        ]
        ends = [*starts, len(journal)]
        wanted = ends[max(len(ends) - 1 - lag, 0)]
        for change in journal[self._applied : wanted]:
            self._store.write(change.entity, change.id, change.after, cause=change.cause)
        self._applied = max(self._applied, wanted)
        return self._world.call(call), sum(start >= self._applied for start in starts)


class FaultyWorld:
    """A world behind a bad connection.

    Args:
        world: The world.
        plan: What goes wrong, and how often.
        rng: What decides; seeded, and used by nothing else.
        replica: Who gives stale answers; without one there are none.
        clock: Moved forward by the time that every answer takes. Not the clock of the world, where time stands still
            within an episode: ids, times and rows are the same with faults as without.
    """

    def __init__(
        self,
        world: Keyed,
        plan: FaultPlan,
        *,
        rng: random.Random,
        replica: Replica | None = None,
        clock: FrozenClock | None = None,
    ) -> None:
        self._world = world
        self._plan = plan
        self._rng = rng
        self._replica = replica
        self._clock = clock
        self._calls = 0
        self._faults: list[InjectedFault] = []

    @property
    def actor(self) -> Actor:
        return self._world.actor

    @property
    def today(self) -> date:
        return self._world.today

    @property
    def tools(self) -> tuple[ToolSpec, ...]:
        return self._world.tools

    @property
    def writes(self) -> int:
        return self._world.writes

    @property
    def calls(self) -> int:
        """Number of calls that were sent, retries included."""
        return self._calls

    @property
    def faults(self) -> tuple[InjectedFault, ...]:
        """What has gone wrong so far."""
        return tuple(self._faults)

    def call(self, call: ToolCall, *, idempotency_key: str | None = None) -> ToolResult:
        return self.deliver(call, idempotency_key=idempotency_key).result

    def changes(self) -> tuple[Change, ...]:
        return self._world.changes()

    def deliver(self, call: ToolCall, *, idempotency_key: str | None = None) -> Delivery:
        """Send ``call`` once and return what came back: the answer, or what went wrong."""
        self._calls += 1
        strikes, which, how = self._rng.random(), self._rng.random(), self._rng.random()  # always three: see below
        kind = self._kind(call, which) if strikes < self._plan.rate else None
        delivery = self._deliver(call, idempotency_key, kind, how)
        if self._clock is not None:
            self._clock.advance(timedelta(seconds=delivery.latency_s))
        return delivery

    # Every call takes three numbers from the generator, whatever becomes of them: a change of the rate or of a time
    # moves no fault to another call.

    def _kind(self, call: ToolCall, which: float) -> FaultKind | None:
        stale = self._replica is not None and reads_only(call) and self._replica.is_behind()
        kinds = [kind for kind in FaultKind if stale or kind is not FaultKind.STALE_READ]
        sums = list(accumulate(self._plan.weights.get(kind, 0.0) for kind in kinds))
        return next((kind for kind, upto in zip(kinds, sums, strict=True) if which * sums[-1] < upto), None)

    def _deliver(self, call: ToolCall, key: str | None, kind: FaultKind | None, how: float) -> Delivery:
        plan = self._plan
        if kind is None:
            return self._answered(call, key)
        if kind is FaultKind.STALE_READ and self._replica is not None:
            return self._stale(self._replica, call, key, how)
        self._note(call, kind)
        if kind is FaultKind.SLOW_REPLY:
            return self._answered(call, key, latency_s=_between(plan.slow_reply_s, how))
        if kind is FaultKind.RATE_LIMIT:
            wait_s = _between(plan.retry_after_s, how)
            return Delivery(_failed(ErrorCode.RATE_LIMITED, *_rate_limited(wait_s)), None, 0.0, wait_s)
        if kind is FaultKind.SERVER_ERROR:
            return Delivery(_failed(ErrorCode.SERVER_ERROR, *_SERVER_ERROR), None)
        if kind is FaultKind.LOST_REPLY:
            self._world.call(call, idempotency_key=key)
        return Delivery(_failed(ErrorCode.TIMEOUT, *_timed_out(plan.timeout_s)), None, plan.timeout_s)

    def _stale(self, replica: Replica, call: ToolCall, key: str | None, how: float) -> Delivery:
        result, lag = replica.answer(call, 1 + int(how * self._plan.lag_writes))
        if result.error is not None and result.error.code is ErrorCode.PERMISSION_DENIED:
            return self._answered(call, key)  # the world keeps what was tried in vain
        self._note(call, FaultKind.STALE_READ, lag)
        return Delivery(result, self._world.writes - lag)

    def _answered(self, call: ToolCall, key: str | None, *, latency_s: float = 0.0) -> Delivery:
        result = self._world.call(call, idempotency_key=key)
        return Delivery(result, self._world.writes, latency_s)

    def _note(self, call: ToolCall, kind: FaultKind, lag: int = 0) -> None:
        self._faults.append(InjectedFault(self._calls, call.tool, kind, lag))


def reads_only(call: ToolCall) -> bool:
    """Tell whether a call changes nothing, whatever comes of it; a tool that there is not may do anything.

    Example:
        >>> reads_only(ToolCall("client_search", {})), reads_only(ToolCall("add_note", {}))
        (True, False)
    """
    tool = TOOLS.get(call.tool) if isinstance(call.tool, str) else None  # pyright: ignore[reportUnnecessaryIsInstance]
    return tool is not None and not tool.writes


def _between(bounds: tuple[float, float], how: float) -> float:
    low, high = bounds
    return round(low + how * (high - low), 3)


def _failed(code: ErrorCode, message: str, hint: str) -> ToolResult:
    return ToolResult(error=ToolError(code, message, hint=hint, retryable=True))


def _rate_limited(wait_s: float) -> tuple[str, str]:
    return "too many requests (429); the call was not carried out", f"try again after {wait_s:g} seconds"


def _timed_out(timeout_s: float) -> tuple[str, str]:
    message = f"no answer within {timeout_s:g} seconds; the call may have been carried out, or not"
    return message, "if it writes, look whether it took effect before you repeat it"


_SERVER_ERROR = ("the CRM failed with an internal error (503); the call was not carried out", "try again")
