"""Version spaces shrink with cases; guards tell rivals apart; prototypes and templates are merged with care."""

from __future__ import annotations

from datetime import date

import pytest

from atlas.crm.records import ToolSpec
from atlas.episodes.records import Turn
from atlas.learning.binding import UNBOUND, Binder, NoKnowledge
from atlas.learning.features import contradicts_findings, round_bound, tell_apart, widen
from atlas.learning.language import ClockDate, Const, Lex, Phrase, Span, SpanType
from atlas.learning.programs import Comparison, Hypothesis, Slot
from atlas.learning.sightings import PublicWords, disjoint, mark_case
from atlas.learning.situation import Situation
from atlas.learning.slots import bind_slot, demoted, is_consistent, merge_slot, new_slot
from atlas.learning.templates import find_templates

PUBLIC = PublicWords([ToolSpec("t", "", {"properties": {"stage": {"type": "string", "enum": ["Proposal"]}}})])


def _binder(message: str) -> Binder:
    return Binder(Situation((Turn(message),), actor="a", role="r", today=date(2026, 3, 2)), NoKnowledge())


def test_a_second_case_thins_the_explanations_out() -> None:
    """What both cases share is left; it gives the value in a third one."""
    first = new_slot("amount", (Span(SpanType.MONEY), Const(PUBLIC.guard(9000))), _binder("for $9,000"), 0)
    merged = merge_slot(first, (Span(SpanType.MONEY),), _binder("for $7,000"), 7000, case=1, revealing=[0])
    assert is_consistent(merged)
    assert merged.hypotheses[0].source == Span(SpanType.MONEY)
    assert bind_slot(merged, _binder("make it $1,500"), least_share=0.5) == (1500, "span")


def test_a_constant_is_known_after_two_cases_about_different_records() -> None:
    """Seen once, or twice about one record, its text is not kept."""
    text = "Call the regional office"
    binder = _binder("x")
    slot = new_slot("note", (Phrase(PUBLIC.guard(text)),), binder, 0)
    same_record = merge_slot(slot, (Phrase(PUBLIC.guard(text)),), binder, text, case=1, revealing=[])
    assert bind_slot(same_record, binder, least_share=0.5) == (UNBOUND, "")
    other_record = merge_slot(slot, (Phrase(PUBLIC.guard(text)),), binder, text, case=1, revealing=[0])
    assert bind_slot(other_record, binder, least_share=0.5) == (text, "phrase")


def test_contradicting_cases_leave_nothing_consistent() -> None:
    """Two constants that differ cannot both always hold."""
    binder = _binder("x")
    slot = new_slot("stage", (Const(PUBLIC.guard("Proposal")),), binder, 0)
    merged = merge_slot(slot, (Const(PUBLIC.guard(5)),), binder, 5, case=1, revealing=[0])
    assert not is_consistent(merged)


def test_an_unknown_word_is_no_evidence_for_long() -> None:
    """A lexicon that never knew a value stays possible for a few cases only."""
    binder = _binder("x")
    slot = new_slot("stage", (Lex("stage"),), binder, 0)
    assert is_consistent(slot)
    for case in range(1, 6):
        slot = merge_slot(slot, (Lex("stage"),), binder, "Proposal", case=case, revealing=[])
    assert not is_consistent(slot)


def test_a_wrong_explanation_loses_its_place() -> None:
    """Demoted, the best explanation gives way to one that held as often; a lone one stays."""
    two = Slot("d", 2, (Hypothesis(ClockDate(30), 2, 0), Hypothesis(ClockDate(1), 2, 0)))
    assert demoted(two).hypotheses[0].source == ClockDate(1)
    lone = Slot("d", 2, (Hypothesis(ClockDate(30), 2, 0),))
    assert demoted(lone) == lone
    strong = Slot("d", 9, (Hypothesis(ClockDate(30), 9, 0), Hypothesis(ClockDate(1), 2, 0)))
    assert demoted(strong).hypotheses[0].source == ClockDate(30)


def test_a_guard_is_found_between_two_ranges() -> None:
    """Amounts on two sides of a limit: the guard is a round number between them, and points to the right side."""
    below, above = ((), ())
    for amount in (9_000.0, 21_000.0, 44_000.0):
        below = widen(below, {"said.money": amount, "x.found": "one"})
    for amount in (61_000.0, 80_000.0, 120_000.0):
        above = widen(above, {"said.money": amount, "x.found": "one"})
    low = tell_apart(below, above, {"said.money": 30_000.0})
    high = tell_apart(below, above, {"said.money": 70_000.0})
    assert low is not None
    assert high is not None
    assert (low.winner, high.winner) == (0, 1)
    assert low.guard.value == 50_000
    assert (low.guard.comparison, high.guard.comparison) == (Comparison.BELOW, Comparison.AT_LEAST)
    assert tell_apart(above, below, {"said.money": 30_000.0}) is not None
    assert tell_apart(below, below, {"said.money": 30_000.0}) is None
    assert all(known.low != 9_000 for known in below)


def test_words_tell_apart_too() -> None:
    """A stage that only one of two playbooks ever had decides for it; one that neither had decides nothing."""
    one = widen(widen((), {"d.stage": "Proposal"}), {"d.stage": "Proposal"})
    other = widen(widen((), {"d.stage": "Closed-Won"}), {"d.stage": "Closed-Won"})
    choice = tell_apart(one, other, {"d.stage": "Closed-Won"})
    assert choice is not None
    assert choice.winner == 1
    assert tell_apart(one, other, {"d.stage": "Negotiation"}) is None


@pytest.mark.parametrize(
    ("seen", "here", "expected"),
    [
        ("one", "none", True),
        ("none", "one", True),
        ("many", "one", False),
        ("none", "none", False),
    ],
)
def test_findings_contradict(seen: str, here: str, expected: object) -> None:
    """A search that always found something and now finds nothing is another kind of case."""
    ranges = widen((), {"s#0.found": seen})
    assert contradicts_findings(ranges, {"s#0.found": here}) is expected
    assert contradicts_findings(widen((), {"asked": "True"}), {"asked": "False"})


@pytest.mark.parametrize(("low", "high", "bound"), [(9.0, 11.0, 10.0), (0.0, 1.0, 0.5), (1.0, 1.0, 1.0)])
def test_round_bounds(low: float, high: float, bound: float) -> None:
    """The bound lies above the lower side and is as round as it can be."""
    assert round_bound(low, high) == bound


def test_templates_need_something_to_fill_in() -> None:
    """A text without a known part, or that is one, is no template."""
    span = Span(SpanType.NAME)
    assert list(find_templates("nothing here", [(span, "Harbor Crane")], PUBLIC)) == []
    assert list(find_templates("Harbor Crane", [(span, "Harbor Crane")], PUBLIC)) == []
    (template,) = find_templates("To HARBOR_CRANE", [(span, "HARBOR CRANE")], PUBLIC)
    assert [part.value for part in template.glue] == ["To ", ""]


def test_marks() -> None:
    """Cases about a common record are not disjoint."""
    assert disjoint(mark_case(["a"]), mark_case(["b"]))
    assert not disjoint(mark_case(["a", "c"]), mark_case(["b", "c"]))
