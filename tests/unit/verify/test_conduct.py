"""What the judge asks of the words to a user: what is to be mentioned, and when a refusal has to come."""

from __future__ import annotations

import pytest

from atlas.crm.records import Outcome, ReasonCode, Response
from atlas.verify.goals import Goal, RequiredMention, RequiredRefusal
from atlas.verify.judge import WRONG_VALUE_CAP, judge
from atlas.verify.verdict import ItemKind, Verdict

DONE = Response("Done.")
DECLINED = Response("The stage of Rollout cannot change: it is closed.", Outcome.REFUSED, ReasonCode.CLOSED_RECORD)
REFUSAL = RequiredRefusal(ReasonCode.CLOSED_RECORD, ("Rollout",))


def verdict(goal: Goal, *responses: Response | None) -> Verdict:
    """Judge an episode in which nothing was changed."""
    return judge(goal, changes=(), responses=responses, writes=0)


# ---------------------------------------------------------------------------------------------------------------------
# Mentions

MENTION = Goal(mentions=(RequiredMention(("Ada Lund", "alund")),))


@pytest.mark.parametrize(
    ("responses", "told"),
    [
        ((Response("Please turn to Ada Lund."),), True),
        ((Response("Please turn to ALUND."),), True),
        ((Response("Please turn to Ada Lund."), DONE), True),
        ((None, Response("Please turn to Ada Lund.")), True),
        ((Response("Please turn to Ada."),), False),
        ((DONE,), False),
        ((None,), False),
        ((), False),
    ],
    ids=[
        "name",
        "other-case",
        "earlier-turn",
        "after-a-turn-without-end",
        "half-a-name",
        "silent",
        "no-end",
        "no-turn",
    ],
)
def test_a_mention_counts_in_any_turn_with_any_of_its_texts(
    responses: tuple[Response | None, ...], *, told: bool
) -> None:
    """In any case of letters; a part of a text is not the text."""
    found = verdict(MENTION, *responses)
    assert ("mention" not in found.failed_fields) is told
    assert [item.credit for item in found.items if item.kind is ItemKind.MENTION] == [float(told)]


def test_facts_that_nobody_reads_are_no_mention() -> None:
    """The user reads the message, not what goes with it for machines."""
    assert not verdict(MENTION, Response("Done.", facts={"approver": "Ada Lund"})).strict


def test_a_missing_mention_costs_its_share_and_caps_the_score() -> None:
    """One of two is there: two items of three are earned, and what is missing is named without its text."""
    goal = Goal(mentions=(RequiredMention(("Ada Lund",)), RequiredMention(("closed as lost",))))
    found = verdict(goal, Response("I told Ada Lund."))
    assert (found.score, found.strict) == (pytest.approx(2 / 3, abs=1e-6), False)
    assert (found.failed_fields, found.caps) == (("mention",), ("wrong_value",))
    assert "closed as lost" not in repr(found)
    assert verdict(goal, Response("I told Ada Lund."), Response("It is closed as lost.")).strict


def test_one_missing_mention_among_many_stays_below_the_cap() -> None:
    """Eleven items of twelve would be 0.92."""
    goal = Goal(mentions=tuple(RequiredMention((f"w{number:02}",)) for number in range(11)))
    told = Response(" ".join(f"w{number:02}" for number in range(10)))
    assert verdict(goal, told).score == WRONG_VALUE_CAP


def test_a_refusal_that_does_not_say_whom_to_turn_to_is_half_a_refusal() -> None:
    """Reason and record are right, the colleague is not named: three items, two of them earned."""
    goal = Goal(must_refuse=REFUSAL, mentions=MENTION.mentions, final_outcome=Outcome.REFUSED)
    found = verdict(goal, DECLINED)
    assert (found.score, found.failed_fields) == (pytest.approx(2 / 3, abs=1e-6), ("mention",))
    named = Response(f"{DECLINED.message} Ada Lund can.", Outcome.REFUSED, ReasonCode.CLOSED_RECORD)
    assert verdict(goal, named).strict


# ---------------------------------------------------------------------------------------------------------------------
# Refusals on the way

AT_END = Goal(must_refuse=REFUSAL, final_outcome=Outcome.REFUSED)
ON_THE_WAY = Goal(must_refuse=RequiredRefusal(ReasonCode.CLOSED_RECORD, ("Rollout",), at_end=False))

WRONG_REASON = Response("Rollout is closed.", Outcome.REFUSED, ReasonCode.DUPLICATE)
NAMES_NOTHING = Response("No.", Outcome.REFUSED, ReasonCode.CLOSED_RECORD)


@pytest.mark.parametrize(
    ("responses", "at_end", "on_the_way"),
    [
        ((DECLINED,), (), ("outcome",)),
        ((DECLINED, DONE), ("outcome", "reason_code", "message"), ()),
        ((DONE, DECLINED, DONE), ("outcome", "reason_code", "message"), ()),
        ((DONE, DECLINED), (), ("outcome",)),
        ((None, DECLINED), ("silence",), ("silence", "outcome")),
        ((WRONG_REASON, DONE), ("outcome", "reason_code", "message"), ("reason_code",)),
        ((WRONG_REASON, NAMES_NOTHING), ("message",), ("reason_code", "outcome")),
        ((DONE,), ("outcome", "reason_code", "message"), ("outcome", "reason_code", "message")),
        ((), ("outcome", "reason_code", "message", "silence"), ("outcome", "reason_code", "message", "silence")),
    ],
    ids=[
        "only-turn",
        "first-turn",
        "middle-turn",
        "last-turn",
        "after-a-turn-without-end",
        "wrong-reason",
        "in-pieces",
        "never",
        "no-turn",
    ],
)
def test_a_refusal_has_to_come_where_the_goal_wants_it(
    responses: tuple[Response | None, ...], at_end: tuple[str, ...], on_the_way: tuple[str, ...]
) -> None:
    """At the end, or in any turn where the user then asks for something that can be done; then the end is ``done``."""
    for goal, failed in ((AT_END, at_end), (ON_THE_WAY, on_the_way)):
        found = verdict(goal, *responses)
        assert (found.failed_fields, found.strict) == (failed, not failed)


def test_on_the_way_the_best_turn_counts() -> None:
    """What is told about a failed refusal is what was wrong with the turn that came nearest."""
    found = verdict(ON_THE_WAY, NAMES_NOTHING, DONE)
    assert (found.failed_fields, found.score) == (("message",), 0.5)


@pytest.mark.parametrize("at_end", [True, False])
def test_other_outcomes_count_where_the_goal_says_so(*, at_end: bool) -> None:
    """A tool that is down is reported, not refused."""
    reported = Response("The quote tool is down.", Outcome.REPORTED, ReasonCode.TOOL_FAILURE)
    refusal = RequiredRefusal(ReasonCode.TOOL_FAILURE, ("quote",), (Outcome.REPORTED,), at_end)
    goal = Goal(must_refuse=refusal, final_outcome=Outcome.REPORTED)
    assert verdict(goal, reported).strict
    assert not verdict(goal, Response(reported.message, Outcome.REFUSED, ReasonCode.TOOL_FAILURE)).strict
