"""What a situation says for a playbook: features by kind of record, their counts, and evidence that follows changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from atlas.crm.records import ErrorCode, Outcome, ReasonCode, ToolCall, ToolError, ToolResult
from atlas.episodes.records import Step, Turn
from atlas.learning.binding import NoKnowledge
from atlas.learning.features import EvidenceWeights, Feature, FeatureCounts, features_of, speak_for, widen
from atlas.learning.memory import Memory
from atlas.learning.playbooks import Cue, Evidence, FeatureRange, Playbook, PlaybookKind, found_playbook
from atlas.learning.programs import LeaveToDefault, ReplyPlan, StepPlan, Workflow
from atlas.learning.sightings import PublicWords
from atlas.learning.situation import Situation

WEIGHTS = EvidenceWeights()
PUBLIC = PublicWords([])
DEAL = {"opportunity_id": "o1", "name": "Fleet Rollout", "stage": "Proposal", "amount": 500, "owner": "m.okafor"}


def _features(*steps: Step) -> Mapping[str, Feature]:
    situation = Situation((Turn("Hi", steps),), actor="m.okafor", role="Rep", today=date(2026, 3, 2))
    return features_of(situation, NoKnowledge(), (), PUBLIC)


def _step(tool: str, data: Mapping[str, object]) -> Step:
    return Step(ToolCall(tool, {}), ToolResult(data=dict(data)))


def test_a_search_and_a_details_call_give_the_same_names() -> None:
    """It is the kind of record that counts, not the call that found it, nor what the list is called."""
    calls = (
        _step("opportunity_search", {"results": [DEAL], "total": 1}),
        _step("view_opportunity_details", {"opportunity": DEAL}),
        _step("client_details", {"pipeline": [DEAL]}),
    )
    searched, viewed, listed = (_features(call) for call in calls)
    names = {"opportunity.found", "opportunity.stage", "opportunity.amount", "opportunity.owner.own"}
    for found in (searched, viewed, listed):
        assert names <= set(found)
        assert all(found[name] == searched[name] for name in names)
    assert searched["opportunity.found"] == "one"


def test_an_empty_list_has_the_kind_of_its_tool_or_its_own_name() -> None:
    assert _features(_step("opportunity_search", {"results": []}))["opportunity.found"] == "none"
    assert _features(_step("client_details", {"quotes": []}))["quote.found"] == "none"


def test_what_a_change_returns_is_no_feature() -> None:
    """Only whether it went well is one: what it returns is its consequence."""
    changed = {"opportunity": {**DEAL, "stage": "Negotiation"}}
    plain = set(_features())
    assert set(_features(_step("modify_opportunity", changed))) - plain == {"modify_opportunity#0.code"}
    failed = Step(ToolCall("modify_opportunity", {}), ToolResult(error=ToolError(ErrorCode.CLOSED_RECORD, "no")))
    assert _features(failed)["modify_opportunity#0.code"] == "closed_record"


def _ranges(*words: str) -> tuple[FeatureRange, ...]:
    ranges: tuple[FeatureRange, ...] = ()
    for word in words:
        ranges = widen(ranges, {"d.stage": word, "d.amount": 5.0})
    return ranges


def test_counted_cases_can_be_taken_out_again() -> None:
    counts = FeatureCounts()
    counts.add(_ranges("Proposal", "Proposal", "Lead"))
    assert counts.share("d.stage", "Proposal", 0.5, 0.0) == pytest.approx(2 / 3)
    assert counts.share("d.stage", "Won", 0.5, 1.0) == pytest.approx(0.5 / 4)
    counts.add(_ranges("Lead"), -1)
    assert counts.share("d.stage", "Proposal", 0.5, 0.0) == 1
    assert counts.share("d.stage", "Lead", 0.5, 0.0) == 0
    counts.add(_ranges("Proposal", "Proposal"), -1)
    assert not counts.knows("d.stage")
    assert counts.share("d.stage", "Proposal", 0.25, 1.0) == 0.25


def test_numbers_are_not_counted() -> None:
    """Guards tell numbers apart; counts know words only."""
    counts = FeatureCounts()
    counts.add(_ranges("Lead"))
    assert counts.knows("d.stage")
    assert not counts.knows("d.amount")


def _counts(*all_ranges: tuple[FeatureRange, ...]) -> FeatureCounts:
    counts = FeatureCounts()
    for ranges in all_ranges:
        counts.add(ranges)
    return counts


def test_what_was_commoner_here_than_elsewhere_speaks_for_a_playbook() -> None:
    own, other = _ranges("Lead", "Lead"), _ranges("Won", "Won")
    group, everything = _counts(own), _counts(own, other)
    assert speak_for(own, group, everything, {"d.stage": "Lead"}, WEIGHTS) > 0
    assert speak_for(own, group, everything, {"d.stage": "Won"}, WEIGHTS) < 0
    assert speak_for(own, group, everything, {"d.stage": "Lead"}, replace(WEIGHTS, scale=1.0)) == pytest.approx(
        2 * speak_for(own, group, everything, {"d.stage": "Lead"}, WEIGHTS), abs=1e-5
    )


@pytest.mark.parametrize(
    "here", [{}, {"d.amount": 5.0}, {"unheard": "Lead"}], ids=["nothing", "a-number", "never-seen"]
)
def test_what_no_case_had_says_nothing(here: Mapping[str, Feature]) -> None:
    own, other = _ranges("Lead"), _ranges("Won")
    assert speak_for(own, _counts(own), _counts(own, other), here, WEIGHTS) == 0


def test_a_playbook_with_few_cases_leans_on_its_group() -> None:
    """What its sisters often saw speaks for one that has seen nothing of it, less than for one that has."""
    own, sister, rest = _ranges("Lead"), _ranges("Won", "Won", "Won"), _ranges("Lost", "Lost", "Lost", "Lost")
    everything = _counts(own, sister, rest)
    here = {"d.stage": "Won"}
    alone = speak_for(own, _counts(own), everything, here, WEIGHTS)
    with_sister = speak_for(own, _counts(own, sister), everything, here, WEIGHTS)
    assert alone < with_sister < speak_for(sister, _counts(own, sister), everything, here, WEIGHTS)


def _playbook(program: Workflow | LeaveToDefault, name: str, *words: str) -> Playbook:
    evidence = Evidence(ranges=_ranges(*words))
    return found_playbook("t", PlaybookKind.WORKFLOW, Cue(((name,),)), program, evidence)


def _ending(outcome: Outcome, *tools: str) -> Workflow:
    reason = None if outcome is Outcome.DONE else ReasonCode.POLICY_VIOLATION
    return Workflow(tuple(StepPlan(tool, ()) for tool in tools), ReplyPlan(outcome, reason))


REFUSED, DONE = _ending(Outcome.REFUSED, "find_deal"), _ending(Outcome.DONE, "find_deal")


def test_evidence_follows_putting_and_replacing() -> None:
    """Every put counts the cases of a playbook, every replacement takes the old ones out."""
    memory = Memory()
    here = {"d.stage": "Won"}
    refusing, doing = _playbook(REFUSED, "a", "Won", "Won"), _playbook(DONE, "b", "Lead", "Lead")
    for playbook in (refusing, doing):
        memory.put(playbook)
    before = [memory.evidence(playbook, here, WEIGHTS) for playbook in (refusing, doing)]
    assert before[0] > 0 > before[1]
    swapped = [replace(playbook, evidence=Evidence(ranges=_ranges("Lead", "Lead"))) for playbook in (refusing,)]
    swapped += [replace(doing, evidence=Evidence(ranges=_ranges("Won", "Won")))]
    for playbook in swapped:
        memory.put(playbook)
    assert [memory.evidence(playbook, here, WEIGHTS) for playbook in swapped] == before[::-1]
    for playbook in (refusing, doing):
        memory.put(playbook)
    assert [memory.evidence(playbook, here, WEIGHTS) for playbook in (refusing, doing)] == before


def test_evidence_is_restored_with_the_memory() -> None:
    memory = Memory()
    playbooks = [_playbook(REFUSED, "a", "Won"), _playbook(DONE, "b", "Lead")]
    for playbook in playbooks:
        memory.put(playbook)
    again = Memory.restore(memory.snapshot())
    here = {"d.stage": "Won"}
    for playbook in playbooks:
        assert again.evidence(playbook, here, WEIGHTS) == memory.evidence(playbook, here, WEIGHTS) != 0


@pytest.mark.parametrize(
    ("sister", "lends"),
    [
        (_ending(Outcome.REFUSED, "other_search"), True),
        (_ending(Outcome.DONE, "find_deal"), False),
        (_ending(Outcome.REFUSED, "add_note"), False),
        (LeaveToDefault(), False),
    ],
    ids=["looks-elsewhere", "ends-otherwise", "changes-something", "default"],
)
def test_what_changes_the_same_and_ends_alike_is_one_group(sister: Workflow | LeaveToDefault, lends: object) -> None:
    """Looking something up makes no other group; a change or another end does."""
    own = _playbook(REFUSED, "a", "Lead")
    with_sister, alone = Memory(), Memory()
    for memory in (with_sister, alone):
        memory.put(own)
        memory.put(_playbook(_ending(Outcome.DONE, "create_note"), "c", "Lead", "Won", "Won"))
    with_sister.put(_playbook(sister, "b", "Won", "Won", "Won"))
    alone.put(_playbook(_ending(Outcome.DONE, "delete_note"), "b", "Won", "Won", "Won"))
    here = {"d.stage": "Won"}
    assert (with_sister.evidence(own, here, WEIGHTS) > alone.evidence(own, here, WEIGHTS)) is lends


def test_another_company_has_other_evidence() -> None:
    """A playbook of a company that has no other cases is compared with its own ones alone."""
    memory = Memory()
    memory.put(_playbook(REFUSED, "a", "Won"))
    own = replace(_playbook(DONE, "b", "Lead"), id="pb-u", tenant="u")
    memory.put(own)
    assert memory.evidence(own, {"d.stage": "Lead"}, WEIGHTS) == pytest.approx(0, abs=0.2)
    same_house = Memory()
    same_house.put(_playbook(REFUSED, "a", "Won"))
    same_house.put(replace(own, tenant="t"))
    assert same_house.evidence(replace(own, tenant="t"), {"d.stage": "Lead"}, WEIGHTS) > memory.evidence(
        own, {"d.stage": "Lead"}, WEIGHTS
    )
