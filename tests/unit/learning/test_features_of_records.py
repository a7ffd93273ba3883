"""What a message and the records found say together: which row is meant, what is stated of it, what that decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from atlas.crm.records import ToolCall, ToolResult, ToolSpec
from atlas.episodes.records import Step, Turn
from atlas.learning.binding import UNBOUND, NoKnowledge
from atlas.learning.features import (
    EvidenceWeights,
    Feature,
    FeatureCounts,
    features_of,
    speak_for,
    tell_apart,
    widen,
)
from atlas.learning.perception import Familiar, Percept, perceive
from atlas.learning.playbooks import FeatureRange
from atlas.learning.sightings import PublicWords, digest_text
from atlas.learning.situation import Situation, says

TODAY = date(2026, 3, 2)
WEIGHTS = EvidenceWeights()
ROLES = ToolSpec("t", "", {"properties": {"role": {"type": "string", "enum": ["Rep", "Manager"]}}})
PUBLIC = PublicWords([ROLES])


class _House:
    """Knows that amber is a stage and that a friend is a type."""

    def familiar(self, public: frozenset[str]) -> Familiar:
        return Familiar(public)

    def meaning(self, param: str, percept: Percept) -> object:
        word = {"stage": "amber", "type": "friend"}.get(param, "?")
        return f"the {param}" if word in percept.text.lower() else UNBOUND

    def companion(self, table: str, key: object) -> object:
        del table, key
        return UNBOUND


def _situation(
    message: str, *steps: Step, before: Sequence[Turn] = (), actor: str = "m.okafor", role: str = "Rep"
) -> Situation:
    return Situation((*before, Turn(message, steps)), actor=actor, role=role, today=TODAY)


def _step(tool: str, **data: object) -> Step:
    return Step(ToolCall(tool, {}), ToolResult(data=data))


DRAFT = {"quote_id": "q1", "name": "Crane Offer", "status": "Draft", "title": None}
SENT = {"quote_id": "q2", "name": "Freight Offer", "status": "Sent", "title": None}
SENT_TOO = {**SENT, "quote_id": "q3"}
DRAFT_TOO = {**DRAFT, "quote_id": "q4"}
WON = {"opportunity_id": "o1", "name": "Harbor Crane", "stage": "Closed-Won"}
OFFERED = {"opportunity_id": "o2", "name": "Cedar Foods", "stage": "Proposal"}
PEOPLE = (
    {"contact_id": "c1", "first_name": "Ada", "last_name": "Moss", "title": "Buyer", "role": "Rep"},
    {"contact_id": "c2", "first_name": "Pia", "last_name": "Lund", "title": "Chief Buyer", "role": "Rep"},
)


@pytest.mark.parametrize(
    ("message", "rows", "named"),
    [
        ("send the draft one", (SENT, DRAFT), 1),
        ("send the DRAFT, please", (SENT, DRAFT), 1),
        ("send the one we drafted", (SENT, DRAFT), None),
        ("send the draft one", (SENT, SENT_TOO, DRAFT), 2),
        ("send the draft one", (DRAFT, SENT, DRAFT_TOO), None),
        ("send Freight Offer with the draft", (DRAFT, SENT), 1),
        ("move the one in closed-won", (OFFERED, WON), 1),
        ("call the buyer", PEOPLE, 0),
        ("call the chief buyer", PEOPLE, None),
        ("call the rep", PEOPLE, None),
        ("call the chief buyer, the rep", (PEOPLE[0], {**PEOPLE[1], "role": "Manager"}), 0),
        ("send the draft one", (DRAFT,), None),
        ("we are in Food", ({"name": "Acme", "industry": "Rail"}, {"name": "Bolt", "industry": "Food"}), 1),
        ("who is for North", ({"handle": "a.b", "territory": "South"}, {"handle": "c.d", "territory": "North"}), 1),
        ("the one with Hold", ({"name": "Acme", "notes": "x"}, {"name": "Bolt", "notes": "Hold"}), None),
    ],
    ids=[
        "status",
        "any-case",
        "part-of-a-word",
        "only-one-fits",
        "two-fit",
        "a-name-comes-first",
        "stage",
        "title",
        "two-titles-fit",
        "role-of-both",
        "the-next-field-decides",
        "a-single-row",
        "industry",
        "territory",
        "notes-do-not-describe",
    ],
)
def test_a_row_is_named_by_what_describes_it_alone(
    message: str, rows: Sequence[Mapping[str, object]], named: int | None
) -> None:
    """Where no row is named, the only one whose title, status, stage and the like stands in the message."""
    assert _situation(message).named_row(rows) == named


def test_a_description_is_taken_from_the_nearest_message_that_has_one() -> None:
    """A description now comes before a name in an earlier message; one in an earlier message still counts."""
    assert _situation("No, the draft one", before=(Turn("Send Freight Offer"),)).named_row((SENT, DRAFT)) == 1
    assert _situation("Yes, that one", before=(Turn("Send the draft one"),)).named_row((SENT, DRAFT)) == 1


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("Is it a Draft?", "Draft", True),
        ("is it a draft?", "DRAFT", True),
        ("move it to closed-won now", "Closed-Won", True),
        ("still in due diligence.", "Due Diligence", True),
        ("drafts", "Draft", False),
        ("redraft it", "Draft", False),
        ("closed won", "Closed-Won", False),
        ("Plan A+ (new)", "A+", True),
        ("axb", "a.b", False),
        ("", "Draft", False),
    ],
)
def test_a_message_says_a_value_as_whole_words(text: str, value: str, expected: object) -> None:
    """In any case, and letter by letter."""
    assert says(perceive(text, TODAY), value) is expected


@pytest.mark.parametrize(
    ("actor", "role", "expected"),
    [
        ("m.okafor", "Rep", "own"),
        ("j.lee", "Rep", "Rep"),
        ("j.lee", "Manager", "Manager"),
        ("j.lee", "Night Watch", f"#{digest_text('Night Watch')}"),
    ],
    ids=["own", "another-rep", "a-manager", "no-public-word"],
)
@pytest.mark.parametrize("field", ["owner", "handle", "author"])
def test_who_asks_about_a_record_is_its_owner_or_has_a_role(field: str, actor: str, role: str, expected: str) -> None:
    """Where it is not the owner, the role decides; a role that is no public word is kept as a digest."""
    row = {"opportunity_id": "o1", field: "m.okafor"}
    situation = _situation("Move it", _step("opportunity_search", results=[row]), actor=actor, role=role)
    found = features_of(situation, NoKnowledge(), (), PUBLIC)
    assert found[f"opportunity.{field}.asker"] == expected
    assert found[f"opportunity.{field}.own"] == str(expected == "own")


def test_a_record_of_nobody_has_no_asker() -> None:
    step = _step("opportunity_search", results=[{"opportunity_id": "o1", "owner": None}])
    found = features_of(_situation("Move it", step), NoKnowledge(), (), PUBLIC)
    assert not any(name.endswith(".asker") for name in found)


DEAL = {
    "opportunity_id": "o1",
    "name": "Fleet Rollout",
    "stage": "Proposal",
    "amount": 1500,
    "probability": 40,
    "close_date": "2026-03-03",
    "email": None,
}


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("now it moves", {"stage": "False"}),
        ("so Fleet Rollout is in proposal", {"stage": "True", "name": "True"}),
        ('so "Fleet Rollout" moves', {"stage": "False", "name": "True"}),
        ("so Harbor Crane moves", {"stage": "False", "name": "False"}),
        ("it is at $1,500.00", {"stage": "False", "amount": "True"}),
        ("from $1,200 to $1,500", {"stage": "False", "amount": "True"}),
        ("only $1,400", {"stage": "False", "amount": "False"}),
        ("at 40%", {"stage": "False", "probability": "True"}),
        ("at 40", {"stage": "False", "probability": "True", "amount": "False"}),
        ("until tomorrow", {"stage": "False", "close_date": "True"}),
        ("until 2026-04-01", {"stage": "False", "close_date": "False"}),
        ("mail jo@acme.example", {"stage": "False", "email": "False"}),
    ],
)
def test_whether_a_message_states_what_a_record_has(message: str, said: Mapping[str, str]) -> None:
    """Only of fields of whose kind the message states something; a stage or status always is or is not stated."""
    found = features_of(_situation(message, _step("view_opportunity", opportunity=DEAL)), NoKnowledge(), (), PUBLIC)
    prefix, suffix = "opportunity.", ".said"
    got = {name.removeprefix(prefix).removesuffix(suffix): found[name] for name in found if name.endswith(suffix)}
    assert got == said


def test_the_stated_values_are_those_of_the_named_row() -> None:
    """Of several rows, the one that the message names is compared with it."""
    step = _step("opportunity_search", results=[DEAL, {**DEAL, "name": "Harbor Crane", "amount": 700}])
    found = features_of(_situation("so Harbor Crane is at $700", step), NoKnowledge(), (), PUBLIC)
    assert (found["opportunity.name.said"], found["opportunity.amount.said"]) == ("True", "True")


@pytest.mark.parametrize("field", ["content", "notes"])
@pytest.mark.parametrize(
    ("text", "says_of"),
    [
        ("All quiet", "none"),
        ("Goes amber", "stage"),
        ("A friend of the house", "type"),
        ("Amber for a friend", "stage type"),
    ],
)
def test_of_which_parameters_the_text_of_a_record_names_a_value(field: str, text: str, says_of: str) -> None:
    """In order of their names; which values they are is not kept."""
    step = _step("view_note", note={"note_id": "n1", field: text})
    found = features_of(_situation("Do it"), _House(), ("type", "stage"), PUBLIC)
    assert f"note.{field}.says" not in found
    found = features_of(_situation("Do it", step), _House(), ("type", "stage", "unknown"), PUBLIC)
    assert found[f"note.{field}.says"] == says_of
    assert not any(name.startswith("means.") for name in found)


@pytest.mark.parametrize(
    "step",
    [
        _step("view_note", note={"note_id": "n1", "content": ""}),
        _step("view_note", note={"note_id": "n1", "content": None}),
        _step("view_note", note={"note_id": "n1", "title": "Amber"}),
        _step("note_search", results=[]),
        _step("add_note", note={"note_id": "n1", "content": "Amber"}),
        Step(ToolCall("view_note", {"content": "Amber"}), ToolResult(data={})),
    ],
    ids=["empty", "none", "no-text-field", "nothing-found", "a-change", "an-argument"],
)
def test_without_a_text_found_nothing_is_said(step: Step) -> None:
    """What a change returns, and what was given to a call, are no texts of a found record."""
    found = features_of(_situation("Do it", step), _House(), ("stage",), PUBLIC)
    assert not any(name.endswith(".says") for name in found)


def test_the_text_of_the_named_row_counts() -> None:
    rows = [{"client_id": "c1", "name": "Acme Foods", "notes": "Quiet"}]
    rows += [{"client_id": "c2", "name": "Bolt Freight", "notes": "Amber"}]
    step = _step("client_search", results=rows)
    named, first = (
        features_of(_situation(message, step), _House(), ("stage",), PUBLIC)
        for message in ("so Bolt Freight it is", "so it is")
    )
    assert (named["client.notes.says"], first["client.notes.says"]) == ("stage", "none")


@pytest.mark.parametrize("feature", ["opportunity.owner.asker", "opportunity.amount.said"])
def test_one_case_of_each_is_enough_for_what_usually_decides(feature: str) -> None:
    """Who asks, and whether a value is stated, tell two playbooks apart at once; a text needs more cases."""
    one, other = widen((), {feature: "a", "n.says": "a"}), widen((), {feature: "b", "n.says": "b"})
    choice = tell_apart(one, other, {feature: "b", "n.says": "b"})
    assert choice is not None
    assert (choice.guard.feature, choice.winner) == (feature, 1)
    assert tell_apart(one, other, {"n.says": "b"}) is None


def _ranges(cases: int, features: Mapping[str, Feature]) -> tuple[FeatureRange, ...]:
    ranges: tuple[FeatureRange, ...] = ()
    for _ in range(cases):
        ranges = widen(ranges, features)
    return ranges


def _speaks(cases: int, feature: str) -> float:
    """What a word that only a sister's cases had says for a playbook with so many cases."""
    sister = widen((), {"d.amount": 5.0, feature: "Proposal"})
    counts = FeatureCounts()
    counts.add(sister)
    own = _ranges(cases, {"role": "Rep"})
    return speak_for(own, counts, counts, {feature: "Proposal"}, WEIGHTS)


def test_a_meaning_that_no_case_had_speaks_against_a_playbook() -> None:
    """The more cases it has without such a word, the more; other features that it never had do not."""
    silent = [_speaks(cases, "means.stage") for cases in (0, 1, 3, 9)]
    assert silent == sorted(silent, reverse=True)
    assert len(set(silent)) == len(silent)
    assert silent[-1] < 0
    assert len({_speaks(cases, "d.stage") for cases in (0, 1, 3, 9)}) == 1
    assert silent[0] == _speaks(0, "d.stage")


def test_a_meaning_that_some_case_had_does_not_speak_against_a_playbook() -> None:
    """The same words speak for the playbook in whose cases they were said, against its silent sister."""
    heard = widen(_ranges(4, {"role": "Rep"}), {"role": "Rep", "means.stage": "Proposal"})
    silent = _ranges(5, {"role": "Rep"})
    group, everything = FeatureCounts(), FeatureCounts()
    for ranges in (heard, silent):
        group.add(ranges)
        everything.add(ranges)
    everything.add(_ranges(5, {"means.stage": "Lead"}))
    here = {"means.stage": "Proposal"}
    assert speak_for(heard, group, everything, here, WEIGHTS) > 0
    assert speak_for(silent, group, everything, here, WEIGHTS) < speak_for(heard, group, everything, here, WEIGHTS)
