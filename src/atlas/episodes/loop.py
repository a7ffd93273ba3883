"""The plain episode loop: a customer speaks, an agent acts in a world, until the conversation is over."""

from __future__ import annotations

from atlas.core.records import record
from atlas.crm.records import ErrorCode, Response, ToolCall, ToolError, ToolResult
from atlas.crm.respond import RESPOND, parse_response
from atlas.crm.world import World
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
    agent: Agent, world: World, customer: Customer, *, tenant: str, budget: EpisodeBudget = STANDARD_BUDGET
) -> EpisodeRun:
    """Let ``agent`` work in ``world`` until ``customer`` has nothing more to say, or the budget is used up.

    Args:
        agent: Who acts.
        world: Where; its changes are the agent's doing. Not rolled back.
        customer: Who speaks first and after every turn.
        tenant: Opaque id of the company, shown to the agent.
        budget: Bounds; an agent that breaks one loses the rest of the episode.
    """
    table = _Table(world, tenant, budget)
    message: str | None = customer.open()
    while message is not None and len(table.closed) < budget.turns:
        turn = table.play(agent, message)
        if turn.response is None:
            break
        message = customer.reply(turn.response)
    return table.leave()


class _Table:
    """Where one episode is played: the conversation so far and what is left of the budget."""

    def __init__(self, world: World, tenant: str, budget: EpisodeBudget) -> None:
        self.closed: list[Turn] = []
        self._world = world
        self._tenant = tenant
        self._limits = budget
        self._calls_left = budget.calls
        self._attributions: list[Attribution] = []
        self._first: Observation | None = None

    def play(self, agent: Agent, message: str) -> Turn:
        """Play one turn to its end and return it; its response is None where the budget ran out first."""
        steps: list[Step] = []
        last: tuple[ToolResult, ...] = ()
        response: Response | None = None
        for spent in range(self._limits.actions_per_turn):
            open_turn = Turn(message, tuple(steps))
            observation = self._observe(open_turn, last, self._limits.actions_per_turn - spent)
            self._first = self._first or observation
            action = agent.act(observation)
            if action.attribution is not None:
                self._attributions.append(action.attribution)
            last, response = self._carry_out(action, steps)
            if response is not None or self._calls_left < 0:
                break
        turn = Turn(message, tuple(steps), response)
        self.closed.append(turn)
        return turn

    def leave(self) -> EpisodeRun:
        """Return what is left of the episode."""
        silent = self.closed[-1].response is None
        episode = Episode(
            turns=tuple(self.closed),
            changes=self._world.changes(),
            status=EpisodeStatus.BUDGET_EXHAUSTED if silent else EpisodeStatus.COMPLETED,
            writes=self._world.writes,
            attributions=tuple(self._attributions),
        )
        assert self._first is not None  # noqa: S101 - a customer's first message is always played
        return EpisodeRun(episode, self._first)

    def _observe(self, turn: Turn, last: tuple[ToolResult, ...], actions_left: int) -> Observation:
        return Observation(
            turns=(*self.closed, turn),
            actor=self._world.actor.handle,
            role=self._world.actor.role,
            today=self._world.today,
            tools=self._world.tools,
            budget=Budget(self._calls_left, actions_left),
            tenant=self._tenant,
            last_results=last,
        )

    def _carry_out(self, action: Action, steps: list[Step]) -> tuple[tuple[ToolResult, ...], Response | None]:
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
                result = self._call(call)
            steps.append(Step(call, result))
            results.append(result)
        return tuple(results), response

    def _call(self, call: ToolCall) -> ToolResult:
        self._calls_left -= 1
        if self._calls_left < 0:
            return _rejected(ErrorCode.BUDGET_EXHAUSTED, f"{call.tool} was not carried out: no tool calls are left")
        return self._world.call(call)


def _rejected(code: ErrorCode, message: str) -> ToolResult:
    return ToolResult(error=ToolError(code, message))
