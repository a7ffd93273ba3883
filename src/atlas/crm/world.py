"""A company that agents can work in: tools in front, rules behind, a store underneath."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from typing import Protocol

from atlas.core.clock import Clock
from atlas.crm import respond
from atlas.crm.guard import WITHHELD, Guard, NotPermittedError
from atlas.crm.idempotency import CallLedger
from atlas.crm.journal import fold
from atlas.crm.permissions import DeniedAttempt, PermissionPolicy
from atlas.crm.records import (
    Actor,
    Change,
    Entity,
    ErrorCode,
    StaffDirectory,
    ToolCall,
    ToolError,
    ToolResult,
    ToolSpec,
)
from atlas.crm.rules.tool_names import nearest_tool, tools_about
from atlas.crm.store import Store
from atlas.crm.tools.definition import Outcome, Tool
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
        permissions: Who may see and change what; None for everybody everything, except for read-only access.

    Raises:
        MisuseError: ``permissions`` do not fit the actor or the schema.
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
        permissions: PermissionPolicy | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._guard = None if permissions is None else Guard(store, permissions, directory=directory, actor=actor)
        self._bench = Workbench(
            self._guard or store,
            directory=directory,
            actor=actor,
            rules=rules,
            rng=rng,
            clock=clock,
            may_search=self._guard.check_search if self._guard else None,
        )
        self._calls = 0
        self._writing_calls = 0
        self._ledger: CallLedger | None = None
        self._denied: list[DeniedAttempt] = []

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

    @property
    def denied_attempts(self) -> tuple[DeniedAttempt, ...]:
        """Every call so far that was not permitted, in order."""
        return tuple(self._denied)

    def call(self, call: ToolCall, *, idempotency_key: str | None = None) -> ToolResult:
        """Carry out ``call`` and return what came of it; a call that fails changes nothing.

        Args:
            call: The call; any JSON value is taken for its arguments.
            idempotency_key: Where given, the call is carried out once: sent again with its key, it gets the same
                answer, and another call with that key is an error. See ``atlas.crm.idempotency``.

        Raises:
            StorageError: the database behind the store broke.
        """
        if idempotency_key is not None:
            if self._ledger is None:
                self._ledger = CallLedger()
            return self._ledger.once(call, idempotency_key, self.call)
        self._calls += 1
        try:
            tool = TOOLS.get(call.tool)
        except TypeError:  # a name that is a list or an object
            tool = None
        if tool is None:
            return ToolResult(error=_unknown_tool(call.tool))
        bench = self._bench
        bench.cause = f"{self._calls}:{tool.name}"
        if tool.writes and bench.actor.access == READ_ONLY:
            return ToolResult(error=self._log_denial(_not_permitted(bench.actor, tool.name)))
        written = bench.writes
        savepoint = self._store.savepoint()
        outcome = tool.run(bench, call.arguments) if self._guard is None else self._guarded(self._guard, tool, call)
        if isinstance(outcome, ToolError):
            self._store.rollback(savepoint)
            bench.writes = written
            if outcome.code is ErrorCode.PERMISSION_DENIED and self._guard is None:
                self._log_denial(outcome)
            return ToolResult(error=outcome)
        if bench.writes > written:
            self._writing_calls += 1
        return ToolResult(data=outcome)

    def _guarded(self, guard: Guard, tool: Tool, call: ToolCall) -> Outcome:
        """Run a tool under permissions."""
        try:
            guard.begin_call(tool.name)
            outcome = tool.run(self._bench, call.arguments)
        except NotPermittedError as exc:
            return self._log_denial(exc.error, exc.entity, exc.row_id)
        if not isinstance(outcome, ToolError):
            withheld = guard.withheld(outcome)
            return {**outcome, WITHHELD: withheld} if withheld else outcome
        blocked = guard.blocked(outcome)
        if blocked is not None:
            return self._log_denial(blocked.error, blocked.entity, blocked.row_id)
        return self._log_denial(outcome) if outcome.code is ErrorCode.PERMISSION_DENIED else outcome

    def _log_denial(self, error: ToolError, entity: Entity | None = None, row_id: str | None = None) -> ToolError:
        self._denied.append(DeniedAttempt(self._bench.cause, error.message, entity, row_id, error.field))
        return error

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
    near = nearest_tool(name, (*known, respond.NAME))
    about = () if near else tools_about(name, known)
    others = f"for such records there are: {listed(about)}" if about else f"known: {listed(known)}"
    advice = f"did you mean `{near}`?" if near else others
    return ToolError(ErrorCode.UNKNOWN_TOOL, f"unknown tool {named(name)}; {advice}", value=kept(name), allowed=known)


def _not_permitted(actor: Actor, tool: str) -> ToolError:
    message = f"{actor.handle} has read-only access and may not use {tool}"
    return ToolError(ErrorCode.PERMISSION_DENIED, message, hint="ask a colleague who may change records")
