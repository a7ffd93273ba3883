"""The user's side of a case, played from its script."""

from __future__ import annotations

from atlas.crm.records import Outcome, Response
from atlas.scenarios.records import CustomerScript, Disclosure

SHRUGS = 2  # questions that get no answer before the user gives up


class ScriptedCustomer:
    """A user who says what the script says, and tells what it holds back when asked for it.

    A question is answered with the first disclosure not told yet that it is about, else with a shrug; both leave the
    script's next message for later. A third question without an answer ends the conversation.

    Args:
        script: What the user says and knows.

    Example:
        >>> customer = ScriptedCustomer(CustomerScript(("Move it.",), (Disclosure(("which",), "The big one."),)))
        >>> customer.open()
        'Move it.'
        >>> customer.reply(Response("Which one?", Outcome.ASKED))
        'The big one.'
        >>> customer.reply(Response("Done.")) is None
        True
    """

    def __init__(self, script: CustomerScript) -> None:
        self._script = script
        self._said = 0
        self._shrugged = 0
        self._kept: list[Disclosure] = list(script.disclosures)

    def open(self) -> str:
        """Return the first message."""
        return self._next()

    def reply(self, response: Response | None) -> str | None:
        """Return the next message, or None when the conversation is over."""
        if response is None:
            return None
        if response.outcome is Outcome.ASKED:
            return self._answer(response.message)
        return self._next() if self._said < len(self._script.turns) else None

    def _next(self) -> str:
        self._said += 1
        return self._script.turns[self._said - 1]

    def _answer(self, question: str) -> str | None:
        asked = question.casefold()
        for place, disclosure in enumerate(self._kept):
            if any(text.casefold() in asked for text in disclosure.about):
                del self._kept[place]
                return disclosure.text
        self._shrugged += 1
        return self._script.shrug if self._shrugged <= SHRUGS else None
