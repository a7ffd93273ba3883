"""Promises of the scripted customer."""

from __future__ import annotations

from atlas.crm.records import Outcome, Response
from atlas.scenarios.customer import SHRUGS, ScriptedCustomer
from atlas.scenarios.records import CustomerScript, Disclosure

SCRIPT = CustomerScript(("first", "second"), (Disclosure(("close date",), "The 4th of May."),), shrug="No idea.")


def _asked(text: str) -> Response:
    return Response(text, Outcome.ASKED)


def test_the_script_is_said_turn_by_turn() -> None:
    """After every answer comes the next message, and at the end nothing."""
    customer = ScriptedCustomer(SCRIPT)
    assert customer.open() == "first"
    assert customer.reply(Response("ok")) == "second"
    assert customer.reply(Response("ok")) is None


def test_a_fitting_question_is_answered_once_and_uses_up_no_turn() -> None:
    """The disclosure comes when asked for in any case; asked again, the customer shrugs; the script goes on."""
    customer = ScriptedCustomer(SCRIPT)
    customer.open()
    assert customer.reply(_asked("Which CLOSE DATE?")) == "The 4th of May."
    assert customer.reply(_asked("Which close date?")) == "No idea."
    assert customer.reply(Response("ok")) == "second"


def test_a_customer_who_is_only_asked_gives_up() -> None:
    """After two shrugs the conversation is over."""
    customer = ScriptedCustomer(SCRIPT)
    customer.open()
    assert [customer.reply(_asked("Why?")) for _ in range(SHRUGS + 1)] == ["No idea.", "No idea.", None]


def test_a_refusal_is_no_question() -> None:
    """What the customer holds back is not told to an agent that refuses."""
    customer = ScriptedCustomer(SCRIPT)
    customer.open()
    assert customer.reply(Response("No close date, no.", Outcome.REFUSED)) == "second"


def test_silence_ends_the_conversation() -> None:
    """An agent that never answered hears nothing more."""
    customer = ScriptedCustomer(SCRIPT)
    customer.open()
    assert customer.reply(None) is None
