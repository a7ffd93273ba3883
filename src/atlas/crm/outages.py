"""Tools that fail in one case: for good, or for the first few calls, whatever anybody does.

Where ``atlas.crm.faults`` draws a bad connection for a whole run, an outage is part of a case: written into it, the
same for everybody, with a right thing to do about it (try again, or tell the user).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Literal

from atlas.core.records import record
from atlas.crm.records import Actor, Change, ErrorCode, ToolCall, ToolError, ToolResult, ToolSpec
from atlas.crm.world import Workplace

_MESSAGES = {
    ErrorCode.TIMEOUT: "{tool} did not answer in time; nothing was carried out.",
    ErrorCode.RATE_LIMITED: "{tool} is called too often at the moment; nothing was carried out.",
    ErrorCode.SERVER_ERROR: "{tool} failed with an internal error of the CRM; nothing was carried out.",
}


@record
class Outage:
    """A tool that does not work.

    Attributes:
        tool: The tool.
        code: How its calls fail.
        calls: How many calls fail, from the first on; None for all of them.
    """

    tool: str
    code: Literal[ErrorCode.TIMEOUT, ErrorCode.RATE_LIMITED, ErrorCode.SERVER_ERROR]
    calls: int | None = None


class PartlyDownWorld:
    """A workplace in which some tools fail.

    Args:
        world: The workplace.
        outages: What fails; at most one outage per tool.
    """

    def __init__(self, world: Workplace, outages: Sequence[Outage]) -> None:
        self._world = world
        self._outages = {outage.tool: outage for outage in outages}
        self._calls: Counter[str] = Counter()

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
        """Carry out ``call``, or fail it where its tool is down; a call that fails changes nothing."""
        outage = self._outages.get(call.tool)
        if outage is None:
            return self._world.call(call)
        self._calls[call.tool] += 1
        if outage.calls is not None and self._calls[call.tool] > outage.calls:
            return self._world.call(call)
        message = _MESSAGES[outage.code].format(tool=call.tool)
        return ToolResult(error=ToolError(outage.code, message, hint="try again", retryable=True))

    def changes(self) -> tuple[Change, ...]:
        return self._world.changes()
