"""Where a conversation stands: what the turn before says, which calls count, how people are called."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from atlas.crm.records import ErrorCode, Outcome, ReasonCode, Response, ToolCall, ToolError, ToolResult
from atlas.episodes.records import Step, Turn
from atlas.learning.binding import Binder, NoKnowledge
from atlas.learning.cases import cue_of
from atlas.learning.language import Prev, Where
from atlas.learning.situation import Situation

TODAY = date(2026, 3, 2)


def _step(tool: str, data: Mapping[str, object] | None = None) -> Step:
    if data is None:
        return Step(ToolCall(tool, {}), ToolResult(error=ToolError(ErrorCode.TIMEOUT, "slow")))
    return Step(ToolCall(tool, {}), ToolResult(data=data))


def _situation(*turns: Turn) -> Situation:
    return Situation(turns, actor="m.okafor", role="Rep", today=TODAY)


def _cue(*turns: Turn) -> frozenset[str]:
    return frozenset(cue_of(_situation(*turns), NoKnowledge(), {}))


REFUSED = Response("No.", Outcome.REFUSED, ReasonCode.NOT_FOUND)
ASKED = Response("Which one?", Outcome.ASKED, ReasonCode.AMBIGUOUS_REQUEST)
NEXT = Turn("and the invoice")


def test_the_turn_before_gives_context_words() -> None:
    """How it ended, which calls were made in it, and which facts were told; all of it stands in the cue."""
    before = Turn(
        "Hi",
        (_step("client_search", {"results": []}), _step("add_note", {})),
        Response("Done.", Outcome.DONE, None, {"amount": 5}),
    )
    context = {"<again>", "<was done>", "<after client_search>", "<after add_note>", "<told amount>"}
    assert set(_situation(before, NEXT).context) == context
    assert context <= _cue(before, NEXT)
    assert "<was refused not_found>" in _situation(Turn("Hi", (), REFUSED), NEXT).context


def test_the_first_turn_has_no_context() -> None:
    assert _situation(Turn("Hi", (_step("add_note", {}),))).context == ()
    assert not any(word.startswith("<") for word in _cue(NEXT))


def test_only_the_turn_right_before_counts() -> None:
    far = Turn("Hi", (_step("add_note", {}),), Response("Done.", Outcome.DONE, None, {"amount": 5}))
    near = Turn("Hm", (), REFUSED)
    assert set(_situation(far, near, NEXT).context) == {"<again>", "<was refused not_found>"}


def test_a_turn_that_was_never_answered_says_only_that_there_was_one() -> None:
    assert _situation(Turn("Hi"), NEXT).context == ("<again>",)


@pytest.mark.parametrize(
    ("ended", "lends"),
    [
        (REFUSED, True),
        (Response("Broken.", Outcome.REPORTED, ReasonCode.TOOL_FAILURE), True),
        (Response("Done."), False),
        (ASKED, False),
    ],
    ids=["refused", "reported", "done", "asked"],
)
def test_a_refused_request_lends_its_words_marked(ended: Response, lends: object) -> None:
    """The next message may mend it; a mark keeps its words apart from those of the message itself."""
    cue = _cue(Turn("Escalate the budget", (), ended), NEXT)
    assert ({"~escal", "~budget"} <= cue) is lends
    assert any(word.startswith("~") for word in cue) is lends
    assert "invoic" in cue


def test_the_answer_to_a_question_has_the_words_of_the_request_as_they_are() -> None:
    cue = _cue(Turn("Escalate the budget", (), ASKED), Turn("that one", (), ASKED), NEXT)
    assert {"escal", "budget", "<asked>", "invoic"} <= cue


def test_fewer_steps_are_numbered_anew() -> None:
    """The second call to a tool is the first one of a situation in which the first was not made."""
    steps = (_step("find", {"n": 1}), _step("look", {"n": 2}), _step("find", {"n": 3}))
    whole = _situation(Turn("Hi", steps))
    narrowed = whole.with_steps(whole.steps[1:])
    assert [(step.tool, step.nth) for step in whole.steps] == [("find", 0), ("look", 0), ("find", 1)]
    assert [(step.tool, step.nth) for step in narrowed.steps] == [("look", 0), ("find", 0)]
    first = Prev(Where("find", 0, "."), "n")
    assert Binder(narrowed, NoKnowledge()).value(first) == 3
    assert Binder(whole, NoKnowledge()).value(first) == 1
    assert len(narrowed.made) == 3


def test_people_get_their_whole_name() -> None:
    """In lists and in single records; a row that has a name keeps it, and half a name is none."""
    people = [
        {"first_name": "Ada", "last_name": "Moss"},
        {"first_name": "Pia", "last_name": "Lund", "name": "P. Lund"},
        {"first_name": "Otto", "last_name": None},
        {"first_name": "", "last_name": "Vale"},
    ]
    (step,) = _situation(Turn("Hi", (_step("contact_search", {"results": people, "contact": people[0]}),))).steps
    assert [row.get("name") for row in step.row_sets["results"]] == ["Ada Moss", "P. Lund", None, "Vale"]
    assert step.row_sets["contact"][0]["name"] == "Ada Moss"
