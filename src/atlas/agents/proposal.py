"""What a student means to do next, before it becomes an action."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from atlas.core.records import JsonObject, record
from atlas.crm.records import Outcome, ReasonCode, ToolCall
from atlas.learning.situation import unflatten


@record
class Reply:
    """An end of the turn: the arguments of ``respond``."""

    message: str
    outcome: Outcome
    reason: ReasonCode | None = None
    facts: JsonObject = field(default_factory=dict[str, object])

    def as_call(self, respond: str) -> ToolCall:
        """Return the call that ends the turn this way; ``respond`` is the tool's name."""
        arguments: dict[str, object] = {"message": self.message, "outcome": self.outcome.value}
        if self.reason is not None:
            arguments["reason_code"] = self.reason.value
        if self.facts:
            arguments["facts"] = dict(self.facts)
        return ToolCall(respond, arguments)


@record
class Proposal:
    """A call (flat arguments) or a reply, and where its values come from.

    Attributes:
        tool: The tool to call, None for a reply.
        arguments: Its arguments, flat.
        reply: The reply, None for a call.
        sources: ``"tool.argument"`` to source.
        reason: Why, in a few words.
    """

    tool: str | None = None
    arguments: Mapping[str, object] = field(default_factory=dict[str, object])
    reply: Reply | None = None
    sources: Mapping[str, str] = field(default_factory=dict[str, str])
    reason: str = ""

    def as_call(self, respond: str) -> ToolCall:
        """Return the call that carries the proposal out."""
        if self.reply is not None or self.tool is None:
            reply = self.reply or Reply("I do not know what to do.", Outcome.ASKED, ReasonCode.AMBIGUOUS_REQUEST)
            return reply.as_call(respond)
        return ToolCall(self.tool, unflatten(self.arguments))
