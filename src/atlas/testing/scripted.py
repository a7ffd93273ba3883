"""Agents and users who do what a script says: stand-ins for testing everything around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from atlas.core.errors import MisuseError
from atlas.crm.records import ToolCall
from atlas.crm.world import Workplace
from atlas.episodes.loop import STANDARD_BUDGET, EpisodeBudget, run_episode
from atlas.episodes.protocols import Agent
from atlas.episodes.records import Action, Episode, Observation
from atlas.scenarios.customer import ScriptedCustomer
from atlas.scenarios.records import CustomerScript, Disclosure

Move: TypeAlias = "Action | ToolCall | str | Callable[[Observation], Action]"
"""What an agent does once: an action, a single call, a text that ends the turn, or whatever a function decides."""


class ScriptedAgent:
    """An agent that makes one move after the other, whatever it sees.

    It remembers how far it is, so that one agent plays one episode. ``observations`` holds what it saw, for tests of
    what reaches an agent.

    Args:
        moves: What it does, in order.

    Example:
        >>> agent = ScriptedAgent([ToolCall("cancel_quote", {"quote_id": "q1"}), "It is canceled."])
        >>> from atlas.testing.worlds import open_world
        >>> episode = play(agent, open_world(), "Cancel quote q1, please.")
        >>> episode.calls, episode.turns[0].response.message
        (1, 'It is canceled.')
    """

    def __init__(self, moves: Iterable[Move]) -> None:
        self._moves = list(moves)
        self.observations: list[Observation] = []

    def act(self, observation: Observation) -> Action:
        """Return the next move.

        Raises:
            MisuseError: the script has no moves left.
        """
        number = len(self.observations)
        self.observations.append(observation)
        if number >= len(self._moves):
            raise MisuseError(f"the script has {number} moves and is asked for another; end every turn with a text")
        return _action(self._moves[number], observation)


class RecordingAgent:
    """Wraps an agent and keeps what it saw and did.

    Example:
        >>> recorded = RecordingAgent(ScriptedAgent(["Hello."]))
        >>> from atlas.testing.worlds import open_world
        >>> _ = play(recorded, open_world(), "Hi.")
        >>> [(seen.turns[-1].user, done.text) for seen, done in recorded.moves]
        [('Hi.', 'Hello.')]
    """

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self.moves: list[tuple[Observation, Action]] = []

    def act(self, observation: Observation) -> Action:
        """Let the agent act; see ``atlas.episodes.protocols.Agent``."""
        action = self._agent.act(observation)
        self.moves.append((observation, action))
        return action


def scripted_user(*messages: str, answers: Iterable[Disclosure] = ()) -> ScriptedCustomer:
    """Return a user who says ``messages``, one per turn, and tells ``answers`` when asked about them.

    Example:
        >>> user = scripted_user("Move it.", answers=[Disclosure(("which",), "The big one.")])
        >>> user.open()
        'Move it.'
    """
    return ScriptedCustomer(CustomerScript(messages, tuple(answers)))


def play(agent: Agent, world: Workplace, *messages: str, budget: EpisodeBudget = STANDARD_BUDGET) -> Episode:
    """Let ``agent`` work in ``world`` on what a user says, and return what is left of the episode.

    Args:
        agent: Who acts: any ``atlas.episodes.protocols.Agent``.
        world: Where; it is changed.
        *messages: What the user says, one per turn; questions are answered with a shrug.
        budget: Bounds on calls, actions and turns.
    """
    return run_episode(agent, world, scripted_user(*messages), tenant="tn-testing", budget=budget).episode


def _action(move: Move, observation: Observation) -> Action:
    if isinstance(move, Action):
        return move
    if isinstance(move, ToolCall):
        return Action((move,))
    return Action(text=move) if isinstance(move, str) else move(observation)
