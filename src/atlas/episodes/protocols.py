"""The parts that can be played in an episode. Each is one Protocol of one or two verbs."""

from __future__ import annotations

from typing import Protocol

from atlas.crm.records import Response
from atlas.episodes.records import Action, Episode, Feedback, Observation, Turn
from atlas.verify.verdict import Verdict


class Agent(Protocol):
    """Something that works in a world on a user's behalf."""

    def act(self, observation: Observation) -> Action:
        """Return what to do next.

        Called again and again with a growing observation until the action ends the turn; then the user speaks again or
        the episode ends. An agent keeps nothing between calls that the observation does not hold, except what it has
        learned; so any two calls with equal observations and equal memory return equal actions.
        """
        ...


class Learner(Protocol):
    """An agent's ability to learn from episodes that have ended."""

    def learn(self, episode: Episode, observation: Observation, feedback: Feedback) -> None:
        """Take in what a teacher said about ``episode``, whose first observation was ``observation``.

        Raises:
            FrozenMemoryError: the memory is read-only.
        """
        ...


class Customer(Protocol):
    """The user's side of a conversation."""

    def open(self) -> str:
        """Return the first message."""
        ...

    def reply(self, response: Response | None) -> str | None:
        """Return the next message, or None when the conversation is over.

        Args:
            response: How the agent ended the last turn; None when it never did.
        """
        ...


class Demonstrator(Protocol):
    """Somebody who knows how one stream case is done right."""

    def demonstrate(self) -> tuple[Turn, ...]:
        """Return the case solved from its start: every user message, the calls with their results, the responses."""
        ...


class Teacher(Protocol):
    """Somebody who looks at an episode and tells the student about it."""

    def review(self, episode: Episode, verdict: Verdict, demonstrator: Demonstrator | None) -> Feedback:
        """Return what the student gets to hear; ``demonstrator`` is None for cases that may not be taught."""
        ...
