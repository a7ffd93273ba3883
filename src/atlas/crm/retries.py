"""The harness between an agent and a bad connection: it tries again, so that the agent does not have to.

An agent makes a *logical* call; the harness sends it up to six times, always with the same idempotency key, so that a
call whose answer was lost is not carried out again. None of that is counted anywhere: to the agent, to the budget of an
episode and to a goal's limits it is one call.

Two promises go beyond trying again. *Read your writes*: an answer that knows less than an earlier answer of the same
session is not handed on (the CRM says in its headers how much an answer knows). *Settle what is open*: when all tries
of a call that writes have failed, nobody knows whether it took effect; if the agent makes the same call again, it goes
out with the same key.
"""

from __future__ import annotations

import random
from collections import OrderedDict
from datetime import date, timedelta
from typing import Protocol

from atlas.core.clock import FrozenClock
from atlas.core.errors import ConfigError
from atlas.core.ids import draw_uuid
from atlas.core.records import record
from atlas.crm.faults import Delivery, Remote, reads_only
from atlas.crm.idempotency import fingerprint
from atlas.crm.records import Actor, Change, ErrorCode, ToolCall, ToolError, ToolResult, ToolSpec

STANDARD_TRIES = 6
_MOST_OPEN_CALLS = 64  # calls without an outcome whose keys are kept


@record
class Backoff:
    """How long to wait before the next try: longer each time, and never quite the same.

    Attributes:
        first_s: Before the second try, in seconds.
        factor: By how much it grows from try to try.
        most_s: The longest, in seconds; a longer time that the CRM asks for is kept all the same.
        jitter: Share of it that is left to chance, in [0, 1], so that callers who failed together do not come back
            together.

    Raises:
        ConfigError: a figure is out of its range.
    """

    first_s: float = 0.5
    factor: float = 2.0
    most_s: float = 30.0
    jitter: float = 0.5

    def __post_init__(self) -> None:
        if self.first_s < 0 or self.factor < 1 or self.most_s < 0 or not 0 <= self.jitter <= 1:
            raise ConfigError(f"a backoff starts from 0 s, grows by 1 or more and has a jitter from 0 to 1, not {self}")

    def wait_s(self, tries: int, rng: random.Random, *, at_least_s: float = 0.0) -> float:
        """Return how long to wait after so many failed tries, in seconds.

        Args:
            tries: How many there were, from 1.
            rng: Where the jitter comes from.
            at_least_s: What the CRM asked for; the wait is never shorter.

        Example:
            >>> steady = Backoff(jitter=0.0)
            >>> [steady.wait_s(tries, random.Random(1)) for tries in (1, 2, 3, 9)]
            [0.5, 1.0, 2.0, 30.0]
            >>> steady.wait_s(1, random.Random(1), at_least_s=40)
            40.5
        """
        longest = min(self.first_s * self.factor ** (tries - 1), self.most_s)
        return at_least_s + longest * (1 - self.jitter * rng.random())


class Sleeper(Protocol):
    """Somebody who can wait; the ``time`` module is one."""

    def sleep(self, secs: float, /) -> object:
        """Return after ``secs`` seconds."""
        ...


class ClockSleeper:
    """Waits by moving a clock forward, which takes no time.

    Args:
        clock: The clock.

    Example:
        >>> from atlas.core.clock import start_of_business
        >>> clock = FrozenClock(start_of_business(date(2026, 3, 2)))
        >>> ClockSleeper(clock).sleep(90)
        >>> clock.now().isoformat()
        '2026-03-02T09:01:30+00:00'
    """

    def __init__(self, clock: FrozenClock) -> None:
        self._clock = clock

    def sleep(self, secs: float, /) -> None:
        """See :class:`Sleeper`."""
        self._clock.advance(timedelta(seconds=secs))


@record
class Retry:
    """A try that failed and was followed by another.

    Attributes:
        call: Number of the logical call, from 1.
        tool: What was called.
        tries: How many tries there had been.
        cause: Why it failed; ``server_error`` for an answer that was stale, too.
        waited_s: How long the next try was put off, in seconds.
    """

    call: int
    tool: str
    tries: int
    cause: ErrorCode
    waited_s: float


class Retrying:
    """A workplace that tries again.

    Args:
        remote: Where calls are sent.
        rng: Where keys and jitter come from; seeded, and used by nothing else.
        sleeper: Who waits between two tries.
        max_tries: Most times that one call is sent.
        backoff: How long to wait.

    Raises:
        ConfigError: ``max_tries`` is less than 1.
    """

    def __init__(
        self,
        remote: Remote,
        *,
        rng: random.Random,
        sleeper: Sleeper,
        max_tries: int = STANDARD_TRIES,
        backoff: Backoff | None = None,
    ) -> None:
        if max_tries < 1:
            raise ConfigError(f"a call is tried at least once; max_tries cannot be {max_tries}")
        self._remote = remote
        self._rng = rng
        self._sleeper = sleeper
        self._max_tries = max_tries
        self._backoff = backoff or Backoff()
        self._session = draw_uuid(rng)
        self._calls = 0
        self._known = 0  # calls that wrote something of which an answer has told
        self._open: OrderedDict[str, str] = OrderedDict()  # fingerprint of a call without an outcome -> its key
        self._retries: list[Retry] = []

    @property
    def actor(self) -> Actor:
        return self._remote.actor

    @property
    def today(self) -> date:
        return self._remote.today

    @property
    def tools(self) -> tuple[ToolSpec, ...]:
        return self._remote.tools

    @property
    def writes(self) -> int:
        return self._remote.writes

    @property
    def retries(self) -> tuple[Retry, ...]:
        """Every try so far that was followed by another."""
        return tuple(self._retries)

    def changes(self) -> tuple[Change, ...]:
        return self._remote.changes()

    def call(self, call: ToolCall) -> ToolResult:
        self._calls += 1
        mark = fingerprint(call)
        key: str | None = None  # arguments of more parts than a key is kept for break some rule anyway
        if mark is not None:
            key = f"{self._session}-{self._calls}"
            if not reads_only(call):
                key = self._open.pop(mark, key)
        tries = 1
        while (failure := self._failure(delivery := self._remote.deliver(call, idempotency_key=key))) is not None:
            if tries == self._max_tries:
                if mark is not None and key is not None and not reads_only(call):
                    self._leave_open(mark, key)
                return ToolResult(error=failure)
            wait_s = round(self._backoff.wait_s(tries, self._rng, at_least_s=delivery.retry_after_s or 0.0), 3)
            self._retries.append(Retry(self._calls, call.tool, tries, failure.code, wait_s))
            self._sleeper.sleep(wait_s)
            tries += 1
        self._known = max(self._known, delivery.version or 0)
        return delivery.result

    def _failure(self, delivery: Delivery) -> ToolError | None:
        """Return why there has to be another try, None where the answer is final."""
        if delivery.version is not None and delivery.version < self._known:
            return _STALE
        error = delivery.result.error
        return error if error is not None and error.retryable else None

    def _leave_open(self, mark: str, key: str) -> None:
        self._open[mark] = key
        if len(self._open) > _MOST_OPEN_CALLS:
            self._open.popitem(last=False)


_STALE = ToolError(
    ErrorCode.SERVER_ERROR,
    "the answer was older than what this session has seen already",
    hint="try again later",
    retryable=True,
)
