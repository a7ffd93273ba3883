"""Agents that can be let loose on a file of conversations, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from atlas.agents.baselines import DoNothing
from atlas.agents.clerk import Clerk
from atlas.core.errors import MisuseError, UnknownNameError
from atlas.core.records import JsonObject, record
from atlas.crm.records import ToolCall
from atlas.episodes.protocols import Agent
from atlas.episodes.records import Action, Observation
from atlas.evaluation.datasets.replay import renamed_arguments
from atlas.evaluation.embedded import read_memory
from atlas.learning.memory import Memory
from atlas.scenarios.importers.clbench import Conversation
from atlas.scenarios.importers.references import fill

AgentFor: TypeAlias = Callable[[Conversation], Agent]
"""Returns who works through a conversation. All agents but the golden one ignore which it is."""


@record
class AgentOptions:
    """What an agent is made with.

    Attributes:
        memory: A saved memory, for agents that have one; None for an empty one.
        renames: Arguments that go by another name in our world, for the golden agent.
    """

    memory: str | None = None
    renames: Mapping[str, str] | None = None


class GoldenAgent:
    """The control: makes the golden call of every turn and says that it is done. It must never fail.

    Args:
        conversation: What it has read before; no other agent ever sees it.
        renames: Arguments that go by another name in our world.
    """

    def __init__(self, conversation: Conversation, renames: Mapping[str, str]) -> None:
        self._conversation = conversation
        self._renames = renames

    def act(self, observation: Observation) -> Action:
        """See :class:`atlas.episodes.protocols.Agent`."""
        place = len(observation.turns) - 1
        golden = self._conversation.turns[place]
        if golden.expected_tool is None or observation.turns[place].steps:
            text = golden.expected_response.text if golden.expected_response else None
            return Action(text=text or "Done.")
        results = {
            number: turn.steps[0].result.data
            for number, turn in enumerate(observation.turns, start=1)
            if turn.steps and turn.steps[0].result.data is not None
        }
        arguments, _ = renamed_arguments(golden.expected_args or {}, self._renames)
        filled: JsonObject = {name: fill(value, results).value for name, value in arguments.items()}
        return Action(calls=(ToolCall(golden.expected_tool, filled),))


def build_agent(name: str, options: AgentOptions) -> AgentFor:
    """Return the agent of that name.

    Raises:
        UnknownNameError: there is none.
        MisuseError: it was given a memory and has no use for one.
        InputFileError: the memory is none.
    """
    if name not in AGENTS:
        raise UnknownNameError("agent", name, AGENTS)
    if options.memory is not None and name not in _WITH_MEMORY:
        raise MisuseError(
            f"the agent {name!r} has no memory; give a memory to one of {', '.join(sorted(_WITH_MEMORY))}"
        )
    return AGENTS[name](options)


def _do_nothing(options: AgentOptions) -> AgentFor:
    del options
    idle = DoNothing()
    return lambda conversation: idle  # noqa: ARG005 - it does the same nothing everywhere


def _clerk(options: AgentOptions) -> AgentFor:
    snapshot = Memory().snapshot() if options.memory is None else read_memory(options.memory)
    clerk = Clerk(Memory.restore(snapshot, frozen=True))
    return lambda conversation: clerk  # noqa: ARG005 - it sees what the observation holds


def _golden(options: AgentOptions) -> AgentFor:
    return lambda conversation: GoldenAgent(conversation, options.renames or {})


_WITH_MEMORY: Final = frozenset({"clerk"})

AGENTS: Final[Mapping[str, Callable[[AgentOptions], AgentFor]]] = MappingProxyType(
    {"do_nothing": _do_nothing, "clerk": _clerk, "golden": _golden}
)
"""The agents by name: what shows what a file gives away for nothing, the embedded student, and the control."""
