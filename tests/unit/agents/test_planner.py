"""The default plan: honest competence on explicit requests, in the real world, without any memory."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date

import pytest

from atlas.agents.clerk import Clerk
from atlas.core.clock import FrozenClock, start_of_business
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Actor, Entity, Outcome, ReasonCode, Response, StaffDirectory, StaffMember
from atlas.crm.world import World
from atlas.episodes.loop import run_episode
from atlas.episodes.records import Episode, Turn
from atlas.learning.memory import Memory

TODAY = date(2026, 3, 2)
IDS = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(20)]
ACME, BOLT = IDS[0], IDS[1]
BASE = FrozenBase.build(
    {
        Entity.CLIENT: [
            {
                "client_id": ACME,
                "name": "Acme Foods",
                "email": "a@acme.example",
                "status": "Active",
                "industry": "Food",
            },
            {"client_id": BOLT, "name": "Bolt Freight", "email": "b@bolt.example", "status": "Prospect"},
        ],
        Entity.CONTACT: [
            {"contact_id": IDS[2], "first_name": "Maria", "last_name": "Lopez", "title": "Buyer", "client_id": ACME},
            {"contact_id": IDS[3], "first_name": "Juan", "last_name": "Lopez", "title": "Clerk", "client_id": BOLT},
        ],
        Entity.OPPORTUNITY: [
            {
                "opportunity_id": IDS[4],
                "name": "Cold Store Upgrade",
                "client_id": ACME,
                "stage": "Prospecting",
                "amount": 4_500_000,
                "close_date": "2026-06-01",
                "owner": "m.okafor",
            },
            {
                "opportunity_id": IDS[5],
                "name": "Fleet Rollout",
                "client_id": BOLT,
                "stage": "Proposal",
                "amount": 1_250_050,
            },
            {
                "opportunity_id": IDS[6],
                "name": "Fleet Rollout Extension",
                "client_id": BOLT,
                "stage": "Closed-Won",
                "amount": 100_000,
            },
        ],
        Entity.QUOTE: [
            {"quote_id": IDS[7], "opportunity_id": IDS[5], "amount": 1_000_000, "status": "Draft", "version": "1"},
        ],
    }
)


class _Script:
    """A customer who says one thing after the other."""

    def __init__(self, messages: Sequence[str]) -> None:
        self._messages = list(messages)

    def open(self) -> str:
        return self._messages.pop(0)

    def reply(self, response: Response | None) -> str | None:
        del response
        return self._messages.pop(0) if self._messages else None


def _play(*messages: str) -> Episode:
    world = World(
        BASE.fork(),
        directory=StaffDirectory(TODAY, (StaffMember("m.okafor", "Maria Okafor", "Account Executive", "North"),)),
        actor=Actor("m.okafor", "Account Executive"),
        rules=(),
        rng=random.Random(1),
        clock=FrozenClock(start_of_business(TODAY)),
    )
    return run_episode(Clerk(Memory(frozen=True)), world, _Script(messages), tenant="t").episode


def _end(turn: Turn) -> Response:
    assert turn.response is not None
    return turn.response


@pytest.mark.parametrize(
    ("message", "entity", "fields"),
    [
        ("Set the stage of Cold Store Upgrade to Qualification.", Entity.OPPORTUNITY, {"stage": "Qualification"}),
        ("Please change the amount of Cold Store Upgrade to $47,000.", Entity.OPPORTUNITY, {"amount": 4_700_000}),
        ("Move the close date of Cold Store Upgrade to 2026-07-15.", Entity.OPPORTUNITY, {"close_date": "2026-07-15"}),
        ("Change the probability of Cold Store Upgrade to 60%.", Entity.OPPORTUNITY, {"probability": 60}),
        (
            "Create a Draft quote of 9,000 for Cold Store Upgrade.",
            Entity.QUOTE,
            {"amount": 900_000, "status": "Draft", "opportunity_id": IDS[4]},
        ),
        (
            "Add a note to the client Acme Foods: Call them on Monday",
            Entity.NOTE,
            {"content": "Call them on Monday", "entity_id": ACME, "entity_type": "Client"},
        ),
        (
            'Put a note on the contact Maria Lopez: "Prefers mail."',
            Entity.NOTE,
            {"content": "Prefers mail.", "entity_id": IDS[2], "entity_type": "Contact"},
        ),
        (
            "Upload plan.pdf to the deal Cold Store Upgrade.",
            Entity.DOCUMENT,
            {"file_name": "plan.pdf", "entity_id": IDS[4]},
        ),
        (
            "Create a contact Nora Quist at Acme Foods, nora.quist@acme.example.",
            Entity.CONTACT,
            {"first_name": "Nora", "last_name": "Quist", "email": "nora.quist@acme.example", "client_id": ACME},
        ),
        (
            'Create a new deal "Dock Rollout" for Acme Foods over 30,000, stage Prospecting.',
            Entity.OPPORTUNITY,
            {"name": "Dock Rollout", "client_id": ACME, "amount": 3_000_000, "stage": "Prospecting"},
        ),
        ("Cancel the quote on the deal Fleet Rollout.", Entity.QUOTE, {"status": "Canceled"}),
        ("Please clone the deal Cold Store Upgrade.", Entity.OPPORTUNITY, {"name": "Cold Store Upgrade (Clone)"}),
    ],
)
def test_explicit_requests_are_carried_out(message: str, entity: Entity, fields: dict[str, object]) -> None:
    """One change, the right one, and the user is told."""
    episode = _play(message)
    (change,) = episode.changes
    assert change.entity is entity
    assert change.after is not None
    assert {name: change.after[name] for name in fields} == fields
    assert _end(episode.turns[0]).outcome is Outcome.DONE


@pytest.mark.parametrize(
    ("message", "facts"),
    [
        ("What is the amount of Cold Store Upgrade?", {"amount": 45000}),
        ("Which stage is Cold Store Upgrade in?", {"stage": "Prospecting"}),
        ("Tell me the job title of Maria Lopez, the contact.", {"title": "Buyer"}),
        ("Which deals does Bolt Freight have?", {"opportunities": ["Fleet Rollout", "Fleet Rollout Extension"]}),
        ("How many deals does Acme Foods have, in total?", {"count": 1, "total_amount": 45000}),
    ],
)
def test_questions_are_answered(message: str, facts: dict[str, object]) -> None:
    """The facts are told under their public names, and nothing is changed."""
    episode = _play(message)
    told = _end(episode.turns[0])
    assert episode.changes == ()
    assert {name: told.facts.get(name) for name in facts} == facts


@pytest.mark.parametrize(
    ("message", "outcome", "reason"),
    [
        ("Set the stage of Moon Base to Proposal.", Outcome.REFUSED, ReasonCode.NOT_FOUND),
        ("What is the amount of the deal Moon Base?", Outcome.REFUSED, ReasonCode.NOT_FOUND),
        ('Put a note on the contact Lopez: "Hello there."', Outcome.ASKED, ReasonCode.AMBIGUOUS_REQUEST),
        ("Create a Draft quote for Cold Store Upgrade.", Outcome.ASKED, ReasonCode.MISSING_INFORMATION),
        ("Change the deal Cold Store Upgrade.", Outcome.ASKED, ReasonCode.MISSING_INFORMATION),
        ("Change the probability of Cold Store Upgrade to 600%.", Outcome.REFUSED, ReasonCode.INVALID_VALUE),
        ("Change the amount of Fleet Rollout Extension to $5,000.", Outcome.REFUSED, ReasonCode.CLOSED_RECORD),
        ("Upload plan.exe to the deal Cold Store Upgrade.", Outcome.REFUSED, ReasonCode.INVALID_VALUE),
    ],
)
def test_what_cannot_be_done_is_said(message: str, outcome: Outcome, reason: ReasonCode) -> None:
    """Nothing changes; the reply has the public reason and repeats what it is about."""
    episode = _play(message)
    told = _end(episode.turns[0])
    assert episode.changes == ()
    assert (told.outcome, told.reason_code) == (outcome, reason)
    assert message in told.message


def test_an_answer_completes_the_request() -> None:
    """After a question, the answer and the request before it together make the call."""
    episode = _play("Create a Draft quote for Cold Store Upgrade.", "It is $9,500.")
    (change,) = episode.changes
    assert change.entity is Entity.QUOTE
    assert change.after is not None
    assert change.after["amount"] == 950_000


def test_a_later_question_is_about_the_same_record() -> None:
    """A question without a name is about the record that the conversation was about."""
    episode = _play("What is the amount of Cold Store Upgrade?", "And its close date?")
    assert _end(episode.turns[1]).facts == {"close_date": "2026-06-01"}


def test_a_name_answers_which_one() -> None:
    """The namesake that the user names gets the note."""
    episode = _play('Put a note on the contact Lopez: "Hello there."', "Juan Lopez, please.")
    (change,) = episode.changes
    assert change.after is not None
    assert (change.after["entity_id"], change.after["content"]) == (IDS[3], "Hello there.")


@pytest.mark.parametrize("message", ["Find deals.", "Find contracts", "Which deals are there?", "Show the staff"])
def test_nothing_is_searched_for_without_criteria(message: str) -> None:
    """A search for everything answers nobody: the user is asked which one."""
    (turn,) = _play(message).turns
    assert turn.steps == ()
    assert (_end(turn).outcome, _end(turn).reason_code) == (Outcome.ASKED, ReasonCode.MISSING_INFORMATION)


def test_a_sum_needs_no_criteria() -> None:
    (turn,) = _play("How many deals are there?").turns
    assert _end(turn).facts["count"] == 3


@pytest.mark.parametrize(
    ("message", "calls", "facts"),
    [
        (
            "Show me the notes of the client Acme Foods",
            [("client_search", {"name": "Acme Foods"}), ("list_notes", {"entity_type": "Client", "entity_id": ACME})],
            {"notes": []},
        ),
        (
            "List the documents of Cold Store Upgrade",
            [
                ("opportunity_search", {"name": "Cold Store Upgrade"}),
                ("list_documents", {"entity_type": "Opportunity", "entity_id": IDS[4]}),
            ],
            {"documents": []},
        ),
    ],
)
def test_what_hangs_on_a_record_is_listed_by_its_id(
    message: str, calls: list[tuple[str, dict[str, object]]], facts: dict[str, object]
) -> None:
    """Tools that want an id get one from a search, never a name of their own."""
    (turn,) = _play(message).turns
    assert [(step.call.tool, dict(step.call.arguments)) for step in turn.steps] == calls
    assert _end(turn).facts == facts
