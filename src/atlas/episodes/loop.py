"""One episode, step by step: a customer speaks, an agent acts in a world, until the conversation is over.

:class:`EpisodeDriver` holds the rules; :func:`run_episode` drives it with an agent that is at hand, and the doors of
``atlas.environments`` with one that is not.
"""

from __future__ import annotations

from typing import cast

from atlas.core.errors import MisuseError, StorageError
from atlas.core.records import JsonObject, record
from atlas.crm.records import Change, ErrorCode, Response, ToolCall, ToolError, ToolResult
from atlas.crm.respond import RESPOND, parse_response
from atlas.crm.world import Workplace
from atlas.episodes.protocols import Agent, Customer
from atlas.episodes.records import (
    Action,
    Attribution,
    Budget,
    Episode,
    EpisodeStatus,
    Observation,
    Step,
    Turn,
)
from atlas.telemetry.escaping import escaped


@record
class EpisodeBudget:
    """What an agent may use up.

    Attributes:
        calls: Tool calls in the whole episode, ``respond`` not counted.
        actions_per_turn: Actions until the agent has to end a turn.
        turns: User messages in the whole episode.
    """

    calls: int = 40
    actions_per_turn: int = 20
    turns: int = 12


STANDARD_BUDGET = EpisodeBudget()


@record
class EpisodeRun:
    """An episode and the first thing that the agent saw of it."""

    episode: Episode
    first_observation: Observation


def run_episode(
    agent: Agent, world: Workplace, customer: Customer, *, tenant: str, budget: EpisodeBudget = STANDARD_BUDGET
) -> EpisodeRun:
    """Let ``agent`` work in ``world`` until ``customer`` has nothing more to say, or the budget is used up.

    Args:
        agent: Who acts.
        world: Where; its changes are the agent's doing. Not rolled back.
        customer: Who speaks first and after every turn.
        tenant: Opaque id of the company, shown to the agent.
        budget: Bounds; an agent that breaks one loses the rest of the episode.
    """
    driver = EpisodeDriver(world, customer, tenant=tenant, budget=budget)
    while not driver.finished:
        driver.act(agent.act(driver.observe()))
    return driver.leave()


class EpisodeDriver:
    """One episode that waits for its next action.

    ``observe`` and ``act`` take turns until ``finished``; ``leave`` then (or earlier, when the agent goes away) returns
    what is left. A world whose backend fails ends the episode, with status ``backend_failed``.

    Args:
        world: Where the agent works; not rolled back.
        customer: Who speaks first and after every turn.
        tenant: Opaque id of the company, shown to the agent.
        budget: Bounds; an agent that breaks one loses the rest of the episode.
    """

    def __init__(
        self, world: Workplace, customer: Customer, *, tenant: str, budget: EpisodeBudget = STANDARD_BUDGET
    ) -> None:
        self._world = world
        self._customer = customer
        self._tenant = tenant
        self._limits = budget
        self._calls_left = budget.calls
        self._attributions: list[Attribution] = []
        self._closed: list[Turn] = []
        self._steps: list[Step] = []
        self._last: tuple[ToolResult, ...] = ()
        self._actions = 0
        self._failure: str | None = None
        self._message: str | None = customer.open()
        self._view: Observation | None = None
        self._first = self.observe()
        self._left: EpisodeRun | None = None

    @property
    def finished(self) -> bool:
        """Whether the conversation is over, for whatever reason."""
        return self._message is None

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The conversation so far; the last turn is open while the episode is not finished."""
        return self._turns()

    def observe(self) -> Observation:
        """Return what the agent sees now; after the end, what it would see if it came back."""
        if self._view is None:
            self._view = Observation(
                turns=self._turns(),
                actor=self._world.actor.handle,
                role=self._world.actor.role,
                today=self._world.today,
                tools=self._world.tools,
                budget=Budget(max(self._calls_left, 0), self._actions_left()),
                tenant=self._tenant,
                last_results=self._last,
            )
        return self._view

    def act(self, action: Action) -> tuple[ToolResult, ...]:
        """Carry out ``action`` and return the answers to its calls, in order.

        A response that was accepted has no answer: it ends the turn, and the customer speaks again or goes.

        Raises:
            MisuseError: the episode is over.
        """
        self._spend_action()
        if action.attribution is not None:
            self._attributions.append(action.attribution)
        results, response = self._carry_out(action)
        self._go_on(results, response)
        return results

    def reject(self, error: ToolError) -> None:
        """Answer something that was no action at all with ``error``; it uses up one action of the turn.

        Raises:
            MisuseError: the episode is over.
        """
        self._spend_action()
        self._go_on((ToolResult(error=error),), None)

    def episode(self) -> Episode:
        """Return the episode as it would be if the agent went away now; the turn it left open has no response."""
        changes: tuple[Change, ...] = ()
        if self._failure is None:
            try:
                changes = self._world.changes()
            except StorageError as exc:
                self._fail(exc)
        return Episode(
            turns=self._turns(),
            changes=changes,
            status=self._status(),
            writes=self._world.writes,
            attributions=tuple(self._attributions),
            failure=self._failure,
        )

    def leave(self) -> EpisodeRun:
        """End the episode where it has not ended, and return what is left of it; any number of times the same."""
        if self._left is None:
            self._left = EpisodeRun(self.episode(), self._first)
            self._closed = list(self._left.episode.turns)
            self._message = self._view = None
        return self._left

    def _turns(self) -> tuple[Turn, ...]:
        if self._message is None:
            return tuple(self._closed)
        return (*self._closed, Turn(self._message, tuple(self._steps)))

    def _actions_left(self) -> int:
        return 0 if self._message is None else self._limits.actions_per_turn - self._actions

    def _status(self) -> EpisodeStatus:
        if self._failure is not None:
            return EpisodeStatus.BACKEND_FAILED
        if self._message is not None:
            return EpisodeStatus.ABANDONED
        if self._closed[-1].response is None:
            return EpisodeStatus.BUDGET_EXHAUSTED
        return EpisodeStatus.COMPLETED

    def _spend_action(self) -> None:
        if self._message is None:
            raise MisuseError("the episode is over; its agent cannot act any more")
        self._view = None
        self._actions += 1

    def _go_on(self, results: tuple[ToolResult, ...], response: Response | None) -> None:
        self._last = results
        if response is not None:
            self._last = ()
            self._close_turn(response, self._customer.reply(response))
        elif not self.finished and (self._calls_left < 0 or self._actions >= self._limits.actions_per_turn):
            self._close_turn(None, None)

    def _close_turn(self, response: Response | None, following: str | None) -> None:
        assert self._message is not None  # noqa: S101 - only an open turn is closed
        self._closed.append(Turn(self._message, tuple(self._steps), response))
        self._message = following if len(self._closed) < self._limits.turns else None
        self._steps = []
        self._actions = 0

    def _carry_out(self, action: Action) -> tuple[tuple[ToolResult, ...], Response | None]:
        if not action.calls:
            return (), Response(message=action.text)
        results: list[ToolResult] = []
        response: Response | None = None
        for call in action.calls:
            if response is not None:
                result = _rejected(
                    ErrorCode.TURN_ENDED, f"{call.tool} was not carried out: `respond` had ended the turn"
                )
            elif call.tool == RESPOND.name:
                answer = parse_response(call.arguments)
                if isinstance(answer, Response):
                    response = answer
                    continue
                result = ToolResult(error=answer)
            else:
                try:
                    result = self._call(call)
                except StorageError as exc:
                    self._fail(exc)
                    return tuple(results), None
            self._steps.append(Step(_on_record(call), result))
            results.append(result)
        return tuple(results), response

    def _call(self, call: ToolCall) -> ToolResult:
        self._calls_left -= 1
        if self._calls_left < 0:
            return _rejected(ErrorCode.BUDGET_EXHAUSTED, f"{call.tool} was not carried out: no tool calls are left")
        return self._world.call(call)

    def _fail(self, cause: StorageError) -> None:
        self._failure = str(cause)
        self._view = None
        if not self.finished:
            self._close_turn(None, None)


def _rejected(code: ErrorCode, message: str) -> ToolResult:
    return ToolResult(error=ToolError(code, message))


def _on_record(call: ToolCall) -> ToolCall:
    """``call`` as it can be written down and sent to other processes, whatever the agent has put into it."""
    return ToolCall(str(escaped(call.tool)), cast("JsonObject", escaped(call.arguments)))
