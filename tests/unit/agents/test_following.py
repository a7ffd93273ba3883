"""Replies of lessons that know less than the default plan."""

from __future__ import annotations

import pytest

from atlas.agents.following import with_default_facts
from atlas.agents.proposal import Proposal, Reply
from atlas.crm.records import Outcome, ReasonCode

ANSWER = Proposal(reply=Reply("Contacts: Ada Lund.", Outcome.DONE, None, {"contacts": ["Ada Lund"]}))


def test_a_lesson_without_an_answer_leaves_it_to_the_default_plan() -> None:
    """The facts are told too, and stand in the message."""
    told = with_default_facts(Proposal(reply=Reply("Done.", Outcome.DONE)), ANSWER).reply
    assert told is not None
    assert told.facts == {"contacts": ["Ada Lund"]}
    assert told.message == "Done. Contacts: Ada Lund."


@pytest.mark.parametrize(
    ("lesson", "default"),
    [
        (Proposal(reply=Reply("7", Outcome.DONE, None, {"count": 7})), ANSWER),
        (Proposal(reply=Reply("No.", Outcome.REFUSED, ReasonCode.CONFIDENTIAL)), ANSWER),
        (Proposal(tool="add_note"), ANSWER),
        (Proposal(reply=Reply("Done.", Outcome.DONE)), Proposal(tool="contact_search")),
        (Proposal(reply=Reply("Done.", Outcome.DONE)), Proposal(reply=Reply("Done.", Outcome.DONE))),
    ],
    ids=["knows-better", "refuses", "still-acts", "default-still-acts", "nothing-to-tell"],
)
def test_a_lesson_that_says_otherwise_stands(lesson: Proposal, default: Proposal) -> None:
    """Above all a refusal never gives away what the default plan would have told."""
    assert with_default_facts(lesson, default) == lesson
