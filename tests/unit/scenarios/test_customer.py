"""Promises of the scripted customer: what is said when, and that nothing is told twice or unasked."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.crm.records import Outcome, Response
from atlas.scenarios.customer import (
    SHRUGS,
    FaithfulVoice,
    Move,
    ScriptedCustomer,
    Utterance,
    advance,
    open_conversation,
)
from atlas.scenarios.records import CustomerScript, Disclosure

SCRIPT = CustomerScript(
    ("Move the deal.", "Sorry, to May.", "And tell me when it is done."),
    (Disclosure(("which deal", "deal"), "The big one."), Disclosure(("when", "day"), "In May.", instead_of=1)),
    "No idea.",
)


def asked(question: str) -> Response:
    """A question."""
    return Response(question, Outcome.ASKED)


def test_messages_come_in_order_and_end() -> None:
    """One message per turn, whatever the agent did, and then nothing."""
    customer = ScriptedCustomer(SCRIPT)
    said = [customer.open(), customer.reply(Response("Ok.")), customer.reply(Response("No.", Outcome.REFUSED))]
    assert said == list(SCRIPT.turns)
    assert customer.reply(Response("Done.")) is None


def test_a_question_is_answered_by_what_it_is_about() -> None:
    """In whatever case it is asked; a disclosure uses up no message."""
    customer = ScriptedCustomer(SCRIPT)
    customer.open()
    assert customer.reply(asked("WHICH DEAL do you mean?")) == "The big one."
    assert customer.reply(Response("Ok.")) == "Sorry, to May."


def test_what_was_disclosed_is_not_said_again() -> None:
    """A message that says the same is left out; the next one comes in its place."""
    customer = ScriptedCustomer(SCRIPT)
    customer.open()
    assert customer.reply(asked("To which day?")) == "In May."
    assert customer.reply(Response("Ok.")) == SCRIPT.turns[2]


def test_what_was_said_is_not_disclosed_again() -> None:
    """A question about something that a message said already gets no second answer."""
    customer = ScriptedCustomer(SCRIPT)
    customer.open()
    customer.reply(Response("Ok."))
    assert customer.reply(asked("To which day?")) == SCRIPT.shrug


def test_a_user_gives_up_after_a_few_shrugs() -> None:
    """Questions that nothing answers end the conversation, and so does silence."""
    customer = ScriptedCustomer(SCRIPT)
    customer.open()
    assert [customer.reply(asked("Why?")) for _ in range(SHRUGS)] == [SCRIPT.shrug] * SHRUGS
    assert customer.reply(asked("Why?")) is None
    silent = ScriptedCustomer(SCRIPT)
    silent.open()
    assert silent.reply(None) is None


class Loud:
    """A voice that shouts."""

    def word(self, utterance: Utterance) -> str:
        """Return the text in capitals."""
        return utterance.text.upper()


def test_a_voice_words_what_the_state_machine_decided() -> None:
    """Other words, the same moves."""
    customer = ScriptedCustomer(SCRIPT, Loud())
    assert customer.open() == "MOVE THE DEAL."
    assert customer.reply(asked("which deal?")) == "THE BIG ONE."


class Parrot:
    """A voice that always says the same."""

    def __init__(self, text: str) -> None:
        self._text = text

    def word(self, utterance: Utterance) -> str:  # noqa: ARG002 - fills a slot of Voice
        """Return the text."""
        return self._text


@pytest.mark.parametrize(
    ("said", "faithful"),
    [
        ("Would you be so kind as to put Parking Pilot at 45k?", True),
        ("Would you be so kind as to put the pilot at 45k?", False),
        ("Put Parking Pilot at 50k.", False),
        ("Put Parking Pilot at 45k, for client 7.", False),
        ("Put Parking Pilot at 45k. " + "I mean it. " * 40, False),
        ("", False),
    ],
    ids=["reworded", "name lost", "figure changed", "figure added", "speech", "silent"],
)
def test_a_voice_is_only_heard_where_it_is_faithful(said: str, faithful: bool) -> None:  # noqa: FBT001 - a table
    """Whoever words it cannot change what is said."""
    script = CustomerScript(("Parking Pilot to 45k please.",), literals=("Parking Pilot", "45k"))
    voice = FaithfulVoice(Parrot(said), script)
    assert ScriptedCustomer(script, voice).open() == (said if faithful else script.turns[0])
    assert voice.unfaithful == (not faithful)


RESPONSES = st.lists(
    st.sampled_from(
        [None, Response("Done."), Response("No.", Outcome.REFUSED), asked("which deal?"), asked("when?"), asked("why?")]
    ),
    max_size=12,
)


@given(RESPONSES)
def test_whatever_an_agent_does_a_conversation_is_sound(responses: Sequence[Response | None]) -> None:
    """Disclosures only when asked about and once, shrugs only to questions, messages in order, an end in sight."""
    state, first = open_conversation(SCRIPT)
    heard = [first]
    for response in responses:
        before = state
        state, utterance = advance(SCRIPT, state, response)
        if utterance is None:
            assert state == before
            continue
        question = response is not None and response.outcome is Outcome.ASKED
        assert question is (utterance.move is not Move.SAY)
        heard.append(utterance)
    said = [one.text for one in heard if one.move is Move.SAY]
    told = [one.text for one in heard if one.move is Move.DISCLOSE]
    assert said == [text for text in SCRIPT.turns if text in said]
    assert len(set(told)) == len(told)
    assert sum(one.move is Move.SHRUG for one in heard) <= SHRUGS
    assert len(heard) <= len(SCRIPT.turns) + len(SCRIPT.disclosures) + SHRUGS
