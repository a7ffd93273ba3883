"""A company that agents can work in: tools in front, rules behind, a store underneath."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from typing import Protocol

from atlas.core.clock import Clock
from atlas.core.errors import nearest_name
from atlas.crm import respond
from atlas.crm.journal import fold
from atlas.crm.records import (
    Actor,
    Change,
    ErrorCode,
    StaffDirectory,
    ToolCall,
    ToolError,
    ToolResult,
    ToolSpec,
)
from atlas.crm.store import Store
from atlas.crm.tools.registry import TOOL_SPECS, TOOLS
from atlas.crm.validation_rules import ValidationRule
from atlas.crm.wording import kept, listed, named
from atlas.crm.workbench import Workbench

READ_ONLY = "read-only"


class Workplace(Protocol):
    """What an episode needs of a world; whatever is laid around one (faults, retries) offers the same."""

    @property
    def actor(self) -> Actor:
        """On whose behalf calls are made."""
        ...

    @property
    def today(self) -> date:
        """The day of the world."""
        ...

    @property
    def tools(self) -> tuple[ToolSpec, ...]:
        """What agents may call: the business tools and ``respond``."""
        ...

    @property
    def writes(self) -> int:
        """Number of successful calls that changed something."""
        ...

    def call(self, call: ToolCall) -> ToolResult:
        """Carry out ``call`` and return what came of it; a call that fails changes nothing."""
        ...

    def changes(self) -> tuple[Change, ...]:
        """Return the net changes so far, one per row, in the order in which the rows were first touched."""
        ...


class World:
    """One company for the length of one episode.

    Calls are answered, never raised: a bad call is an error value, and leaves everything as it was.

    Args:
        store: The rows.
        directory: The colleagues.
        actor: On whose behalf calls are made. With ``read-only`` access, calls that write are denied.
        rules: The company's own rules, besides those that hold everywhere.
        rng: Where the ids of new rows come from.
        clock: The time in the world.
    """

    def __init__(
        self,
        store: Store,
        *,
        directory: StaffDirectory,
        actor: Actor,
        rules: tuple[ValidationRule, ...],
        rng: random.Random,
        clock: Clock,
    ) -> None:
        self._store = store
        self._clock = clock
        self._bench = Workbench(store, directory=directory, actor=actor, rules=rules, rng=rng, clock=clock)
        self._calls = 0
        self._writing_calls = 0

    @property
    def actor(self) -> Actor:
        return self._bench.actor

    @property
    def today(self) -> date:
        return self._clock.now().date()

    @property
    def tools(self) -> tuple[ToolSpec, ...]:
        return TOOL_SPECS

    @property
    def writes(self) -> int:
        return self._writing_calls

    def call(self, call: ToolCall) -> ToolResult:
        self._calls += 1
        tool = TOOLS.get(call.tool)
        if tool is None:
            return ToolResult(error=_unknown_tool(call.tool))
        bench = self._bench
        if tool.writes and bench.actor.access == READ_ONLY:
            return ToolResult(error=_not_permitted(bench.actor, tool.name))
        bench.cause = f"{self._calls}:{tool.name}"
        written = bench.writes
        savepoint = self._store.savepoint()
        outcome = tool.run(bench, call.arguments)
        if isinstance(outcome, ToolError):
            self._store.rollback(savepoint)
            bench.writes = written
            return ToolResult(error=outcome)
        if bench.writes > written:
            self._writing_calls += 1
        return ToolResult(data=outcome)

    def changes(self) -> tuple[Change, ...]:
        return fold(self._store.journal())

    def journal(self) -> Sequence[Change]:
        """Return every change so far, in order."""
        return self._store.journal()


def _unknown_tool(name: object) -> ToolError:
    if name == respond.NAME:
        message = f"`{respond.NAME}` ends a turn; it is not carried out in the CRM"
        return ToolError(ErrorCode.UNKNOWN_TOOL, message)
    known = tuple(TOOLS)
    near = nearest_name(name, known) if isinstance(name, str) and len(name) <= _LONGEST_GUESS else None
    advice = f"did you mean `{near}`?" if near else f"known: {listed(known)}"
    return ToolError(ErrorCode.UNKNOWN_TOOL, f"unknown tool {named(name)}; {advice}", value=kept(name), allowed=known)


_LONGEST_GUESS = 100  # characters of an unknown name that a guess is made from


def _not_permitted(actor: Actor, tool: str) -> ToolError:
    message = f"{actor.handle} has read-only access and may not use {tool}"
    return ToolError(ErrorCode.PERMISSION_DENIED, message, hint="ask a colleague who may change records")
