"""The user's side of a case: a state machine decides what is said and what is disclosed, a voice words it.

The state machine looks at how the agent ended its turn and at what it asked for, at nothing else; the script holds
every word that can be said. A voice may say the same in other words, see :class:`Voice`.
"""

from __future__ import annotations

import enum
import re
from typing import Protocol

from atlas.core.records import record
from atlas.crm.records import Outcome, Response
from atlas.scenarios.records import CustomerScript, Disclosure

SHRUGS = 2  # questions that get no answer before the user gives up

_FIGURE = re.compile(r"\d+")
_LONGEST, _SHORTEST = 4, 60  # times as long, and characters that any message may have


class Move(enum.StrEnum):
    """What a user does when it is their turn."""

    SAY = "say"
    """The next message of the script."""
    DISCLOSE = "disclose"
    """Something that was held back, because the agent asked for it."""
    SHRUG = "shrug"
    """An answer that says nothing, to a question that nothing in the script answers."""


@record
class CustomerState:
    """Where a conversation stands.

    Attributes:
        said: How many messages of the script were said or have become needless.
        told: Numbers of the disclosures that were told.
        shrugs: How many questions got no answer.
    """

    said: int = 0
    told: frozenset[int] = frozenset()
    shrugs: int = 0


@record
class Utterance:
    """What the user says next, before a voice words it."""

    move: Move
    text: str


def open_conversation(script: CustomerScript) -> tuple[CustomerState, Utterance]:
    """Return the state after the first message, and the message."""
    return CustomerState(said=1), Utterance(Move.SAY, script.turns[0])


def advance(
    script: CustomerScript, state: CustomerState, response: Response | None
) -> tuple[CustomerState, Utterance | None]:
    """Return the state after the user's answer to ``response``, and the answer; None where the conversation is over.

    A question is answered with the first disclosure not told yet that it is about, else with a shrug; both leave the
    script's next message for later. After a third question without an answer, and after silence, it is over. A
    message that says what was disclosed already is left out.

    Example:
        >>> script = CustomerScript(("Move it.", "To May."), (Disclosure(("when",), "May.", instead_of=1),))
        >>> state, _ = open_conversation(script)
        >>> state, answer = advance(script, state, Response("When?", Outcome.ASKED))
        >>> answer.text, advance(script, state, Response("Moved."))[1] is None
        ('May.', True)
    """
    if response is None:
        return state, None
    if response.outcome is Outcome.ASKED:
        return _answer(script, state, response.message)
    return _go_on(script, state)


def _answer(script: CustomerScript, state: CustomerState, question: str) -> tuple[CustomerState, Utterance | None]:
    asked = question.casefold()
    for number, disclosure in enumerate(script.disclosures):
        if number not in state.told and _is_about(disclosure, asked) and not _was_said(disclosure, state):
            told = CustomerState(state.said, state.told | {number}, state.shrugs)
            return told, Utterance(Move.DISCLOSE, disclosure.text)
    if state.shrugs < SHRUGS:
        return CustomerState(state.said, state.told, state.shrugs + 1), Utterance(Move.SHRUG, script.shrug)
    return state, None


def _is_about(disclosure: Disclosure, asked: str) -> bool:
    return any(text.casefold() in asked for text in disclosure.about)


def _was_said(disclosure: Disclosure, state: CustomerState) -> bool:
    return disclosure.instead_of is not None and disclosure.instead_of < state.said


def _go_on(script: CustomerScript, state: CustomerState) -> tuple[CustomerState, Utterance | None]:
    needless = {script.disclosures[number].instead_of for number in state.told}
    following = next((place for place in range(state.said, len(script.turns)) if place not in needless), None)
    if following is None:
        return state, None
    return CustomerState(following + 1, state.told, state.shrugs), Utterance(Move.SAY, script.turns[following])


class Voice(Protocol):
    """Words what a user says. It decides nothing: whatever it is given has to be in what it returns."""

    def word(self, utterance: Utterance) -> str:
        """Return ``utterance`` in this voice's words."""
        ...


class PlainVoice:
    """Says the script's own words."""

    def word(self, utterance: Utterance) -> str:
        return utterance.text


class FaithfulVoice:
    """Lets another voice word it, a language model say, and says the script's own words where that one is not faithful.

    A wording is faithful where every name, figure and house word of the script is still in it, none is added, and it is
    not a speech.

    Args:
        voice: The other voice.
        script: What the user says and knows.
    """

    def __init__(self, voice: Voice, script: CustomerScript) -> None:
        self._voice = voice
        self._literals = script.literals
        self.unfaithful = 0
        """How often the script's own words were said instead."""

    def word(self, utterance: Utterance) -> str:
        said = self._voice.word(utterance)
        if self._is_faithful(said, utterance.text):
            return said
        self.unfaithful += 1
        return utterance.text

    def _is_faithful(self, said: str, text: str) -> bool:
        kept = all((literal in said) is (literal in text) for literal in self._literals)
        figures = sorted(_FIGURE.findall(said)) == sorted(_FIGURE.findall(text))
        return kept and figures and 0 < len(said.strip()) <= _LONGEST * max(len(text), _SHORTEST)


class ScriptedCustomer:
    """A user who says what the script says, and tells what it holds back when asked for it; see :func:`advance`.

    Args:
        script: What the user says and knows.
        voice: Who words it.

    Example:
        >>> customer = ScriptedCustomer(CustomerScript(("Move it.",), (Disclosure(("which",), "The big one."),)))
        >>> customer.open()
        'Move it.'
        >>> customer.reply(Response("Which one?", Outcome.ASKED))
        'The big one.'
        >>> customer.reply(Response("Done.")) is None
        True
    """

    def __init__(self, script: CustomerScript, voice: Voice | None = None) -> None:
        self._script = script
        self._voice = voice or PlainVoice()
        self._state = CustomerState()

    def open(self) -> str:
        """Return the first message."""
        self._state, utterance = open_conversation(self._script)
        return self._voice.word(utterance)

    def reply(self, response: Response | None) -> str | None:
        """Return the next message, or None when the conversation is over."""
        self._state, utterance = advance(self._script, self._state, response)
        return None if utterance is None else self._voice.word(utterance)
