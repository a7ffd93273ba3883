"""The user's side of a public conversation, and a record of what an agent did turn by turn.

A message that names an earlier result ("show me ``{{turn_2.quote_id}}``") is filled from what the agent's own call of
that turn returned. Where the agent made none, the user still knows the records that were there from the start, so the
golden result is used for those; an id that only exists in the golden run is never said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from atlas.core.records import JsonObject, record
from atlas.crm.records import Actor, Change, Response, ToolCall, ToolResult, ToolSpec
from atlas.crm.world import Workplace
from atlas.scenarios.importers.clbench import Conversation
from atlas.scenarios.importers.references import look_up, spell


@record
class MadeCall:
    """A call that an agent made, and what came of it."""

    call: ToolCall
    result: ToolResult


@record
class TurnRecord:
    """What happened in one turn.

    Attributes:
        said: What the user said, filled in.
        calls: The agent's calls, in order.
        response: What the agent told the user, None where the turn was never ended.
        changes: The net changes of the conversation at the end of the turn.
    """

    said: str
    calls: tuple[MadeCall, ...]
    response: Response | None
    changes: tuple[Change, ...]


class WatchedWorld:
    """A world that keeps what was called in it since somebody last looked."""

    def __init__(self, world: Workplace) -> None:
        self._world = world
        self._calls: list[MadeCall] = []

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

    def call(self, call: ToolCall) -> ToolResult:
        result = self._world.call(call)
        self._calls.append(MadeCall(call, result))
        return result

    def changes(self) -> tuple[Change, ...]:
        return self._world.changes()

    def take_calls(self) -> tuple[MadeCall, ...]:
        """Return the calls since the last time this was asked."""
        made = tuple(self._calls)
        self._calls.clear()
        return made


class ConversationCustomer:
    """Says the messages of a conversation one after the other, whatever the agent answers, and keeps what it did.

    Args:
        conversation: What is said.
        world: Where the agent works.
        golden: By number of the turn, what the golden call returned.
        new_ids: Ids of the rows that the golden calls created.
    """

    def __init__(
        self, conversation: Conversation, world: WatchedWorld, golden: Mapping[int, JsonObject], new_ids: frozenset[str]
    ) -> None:
        self._conversation = conversation
        self._world = world
        self._golden = golden
        self._new_ids = new_ids
        self._turns: list[TurnRecord] = []
        self._said = ""

    def open(self) -> str:
        """Return the first message."""
        self._said = self._message()
        return self._said

    def reply(self, response: Response | None) -> str | None:
        """Return the next message, None after the last."""
        self._close(response)
        if len(self._turns) == len(self._conversation.turns):
            return None
        self._said = self._message()
        return self._said

    def turns(self) -> tuple[TurnRecord, ...]:
        """Return the turns that the agent ended, in order."""
        return tuple(self._turns)

    def close(self) -> TurnRecord | None:
        """Return the turn that the agent left open when it used up its budget, None where there is none."""
        if len(self._turns) == len(self._conversation.turns):
            return None
        return TurnRecord(self._said, self._world.take_calls(), None, self._world.changes())

    def _close(self, response: Response | None) -> None:
        self._turns.append(TurnRecord(self._said, self._world.take_calls(), response, self._world.changes()))

    def _message(self) -> str:
        return spell(self._conversation.turns[len(self._turns)].user_utterance, self._known_value)

    def _known_value(self, number: int, field: str) -> object:
        """What a user knows about ``field`` of turn ``number``."""
        if number <= len(self._turns):
            tool = self._conversation.turns[number - 1].expected_tool
            own = _best_result(self._turns[number - 1].calls, tool, field)
            if own is not None:
                return own
        golden = self._golden.get(number)
        value = None if golden is None else look_up(golden, field)
        return None if isinstance(value, str) and value in self._new_ids else value


def _best_result(calls: Sequence[MadeCall], tool: str | None, field: str) -> object:
    """What ``field`` holds in the last result that has it, those of ``tool`` first."""
    latest = [made for made in reversed(calls) if made.result.data is not None]
    for made in sorted(latest, key=lambda made: made.call.tool != tool):
        value = look_up(made.result.data or {}, field)
        if value is not None:
            return value
    return None
