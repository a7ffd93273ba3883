"""Values that depend on what was found: kinds of records, texts of records, rows that are left, news in a message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from atlas.crm.records import ErrorCode, ToolCall, ToolError, ToolResult, ToolSpec
from atlas.episodes.records import Step, Turn
from atlas.learning.binding import LONGEST, UNBOUND, Binder, Knowledge, NoKnowledge
from atlas.learning.explanation import Explainer, explains
from atlas.learning.language import (
    Const,
    Every,
    Hole,
    KindOf,
    Lex,
    Pick,
    Prev,
    Read,
    Ref,
    Shape,
    Source,
    Span,
    SpanType,
    Template,
    Where,
)
from atlas.learning.perception import CLIENT, PERSON, Familiar, Percept
from atlas.learning.sightings import PublicWords
from atlas.learning.situation import Situation, number_steps
from atlas.learning.templates import find_templates

TODAY = date(2027, 3, 2)
ID_A, ID_B, ID_C, ID_D = (f"{number:08x}-0000-4000-8000-000000000000" for number in range(4))
WON = {"opportunity_id": ID_A, "name": "Harbor Crane", "stage": "Closed-Won"}
OFFERED = {"opportunity_id": ID_B, "name": "Cedar Foods", "stage": "Proposal"}
STARTED = {"opportunity_id": ID_C, "name": "Nordic Rail", "stage": "Prospecting"}
ACME = {
    "client_id": ID_D,
    "name": "Acme Foods",
    "notes": "On hold, call jo@acme.example or ada@acme.example 2027-05-01.",
}
FOUND = Where("opportunity_search", 0, "results")
NOTES = Prev(Where("view_client", 0, "client"), "notes")
KINDS = ["Opportunity", "Client", "Quote"]
TOOL = ToolSpec("t", "", {"properties": {"entity_type": {"type": "string", "enum": KINDS}}})


class _House:
    """Knows that "on hold" is a stage."""

    def familiar(self, public: frozenset[str]) -> Familiar:
        return Familiar(public)

    def meaning(self, param: str, percept: Percept) -> object:
        return "Paused" if param == "stage" and "on hold" in percept.text.lower() else UNBOUND

    def companion(self, table: str, key: object) -> object:
        del table, key
        return UNBOUND


def _step(tool: str, data: Mapping[str, object], arguments: Mapping[str, object] | None = None) -> Step:
    return Step(ToolCall(tool, arguments or {}), ToolResult(data=dict(data)))


def _search(*rows: Mapping[str, object]) -> Step:
    return _step("opportunity_search", {"results": list(rows)})


def _change(identifier: str) -> Step:
    return _step("modify_opportunity", {}, {"opportunity_id": identifier, "updates": {"stage": "Proposal"}})


VIEW = _step("view_client", {"client": ACME})


def _situation(message: str, *steps: Step, before: Sequence[Turn] = ()) -> Situation:
    return Situation((*before, Turn(message, steps)), actor="m.okafor", role="Rep", today=TODAY)


def _value(source: Source, situation: Situation, arguments: Mapping[str, object] | None = None) -> object:
    return Binder(situation, _House(), arguments).value(source)


def _sources(
    path: str,
    value: object,
    situation: Situation,
    arguments: Mapping[str, object] | None = None,
    knowledge: Knowledge | None = None,
) -> tuple[Source, ...]:
    """Everything that explains a value; what points to a place gives the value again."""
    knowledge = knowledge or _House()
    given = {**(arguments or {}), path: value}
    found = Explainer(situation, knowledge, PublicWords([TOOL]), {}).sources(path, value, given)
    binder = Binder(situation, knowledge, given)
    for source in found:
        assert not isinstance(source, (KindOf, Read, Every, Ref, Span)) or explains(source, value, binder), source
    return found


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [(ID_B, "Opportunity"), (ID_D, "Client"), (ID_C, UNBOUND), (None, UNBOUND), ("Cedar Foods", UNBOUND)],
    ids=["this-turn", "earlier-turn", "never-found", "none", "a-name"],
)
def test_the_kind_of_a_record_is_that_of_the_row_with_its_id(identifier: object, expected: object) -> None:
    """Rows found in this turn and in earlier ones count; what was never found has no kind."""
    situation = _situation("Note it", _search(WON, OFFERED), before=(Turn("Show Acme", (VIEW,)),))
    assert _value(KindOf("entity_id"), situation, {"entity_id": identifier}) == expected


def test_an_argument_that_is_not_given_has_no_kind() -> None:
    assert _value(KindOf("entity_id"), _situation("Note it", _search(OFFERED))) is UNBOUND


def test_an_id_that_was_only_used_has_no_kind() -> None:
    """Arguments are no records, whether the call went well or not."""
    failed = Step(ToolCall("view_client", {"client_id": ID_D}), ToolResult(error=ToolError(ErrorCode.NOT_FOUND, "no")))
    situation = _situation("Note it", failed, _change(ID_C))
    assert _value(KindOf("entity_id"), situation, {"entity_id": ID_D}) is UNBOUND
    assert _value(KindOf("entity_id"), situation, {"entity_id": ID_C}) is UNBOUND


def test_the_kind_of_a_record_explains_before_a_constant() -> None:
    """``Client`` goes with the id of a client; that it is always ``Client`` is the poorer explanation."""
    sources = _sources("entity_type", "Client", _situation("Note it", VIEW), {"entity_id": ID_D})
    constant = next(source for source in sources if isinstance(source, Const))
    assert sources.index(KindOf("entity_id")) < sources.index(constant)


@pytest.mark.parametrize(("value", "identifier"), [("Quote", ID_D), ("Client", ID_A), ("client", ID_D)])
def test_another_kind_or_another_record_explains_nothing(value: str, identifier: str) -> None:
    sources = _sources("entity_type", value, _situation("Note it", VIEW), {"entity_id": identifier})
    assert KindOf("entity_id") not in sources


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (Span(SpanType.EMAIL), "jo@acme.example"),
        (Span(SpanType.EMAIL, 1), "ada@acme.example"),
        (Span(SpanType.EMAIL, after="or"), "ada@acme.example"),
        (Span(SpanType.DATE), "2027-05-01"),
        (Span(SpanType.MONEY), UNBOUND),
        (Lex("stage"), "Paused"),
        (Lex("status"), UNBOUND),
    ],
)
def test_the_text_of_a_record_is_read_like_a_message(what: Span | Lex, expected: object) -> None:
    """A stretch of it, or what a word of it means; what the message itself says does not matter."""
    assert _value(Read(NOTES, what), _situation("Do it by 2027-04-01 for $500", VIEW)) == expected


@pytest.mark.parametrize(
    "steps",
    [(), (_step("view_client", {"client": {**ACME, "notes": None}}),), (_search(OFFERED),)],
    ids=["not-called", "no-notes", "another-call"],
)
@pytest.mark.parametrize("what", [Span(SpanType.EMAIL), Lex("stage")])
def test_without_the_text_nothing_is_read(steps: Sequence[Step], what: Span | Lex) -> None:
    assert _value(Read(NOTES, what), _situation("It is on hold, ask jo@acme.example", *steps)) is UNBOUND


def test_what_a_text_says_is_explained_by_it() -> None:
    situation = _situation("As agreed", VIEW)
    assert Read(NOTES, Span(SpanType.DATE)) in _sources("close_date", "2027-05-01", situation)
    assert Read(NOTES, Span(SpanType.EMAIL, 1)) in _sources("email", "ada@acme.example", situation)
    assert Read(NOTES, Lex("stage")) in _sources("updates.stage", "Paused", situation)
    assert Read(NOTES, Lex("stage")) not in _sources("updates.stage", "Proposal", situation)


def test_a_text_of_an_earlier_turn_is_read_too() -> None:
    situation = _situation("As agreed", before=(Turn("Show Acme", (VIEW,)),))
    earlier = Prev(Where("view_client", 0, "client", earlier=True), "notes")
    source = Read(earlier, Span(SpanType.DATE))
    assert source in _sources("close_date", "2027-05-01", situation)
    assert _value(source, situation) == "2027-05-01"


def test_a_text_that_a_call_wrote_is_not_read() -> None:
    """What stands in the arguments of a call came from elsewhere; nor is a name a text."""
    wrote = _step("add_note", {}, {"content": "Call jo@acme.example"})
    named = _step("view_client", {"client": {"client_id": ID_D, "name": "Mail jo@acme.example"}})
    sources = _sources("email", "jo@acme.example", _situation("As agreed", wrote, named))
    assert not any(isinstance(source, Read) for source in sources)


@pytest.mark.parametrize(
    ("live", "rows", "expected"),
    [
        (True, (WON, OFFERED, STARTED), [ID_B, ID_C]),
        (False, (WON, OFFERED, STARTED), [ID_A, ID_B, ID_C]),
        (True, (WON,), []),
        (True, ({"quote_id": ID_A, "status": "Canceled"}, {"opportunity_id": ID_B, "status": "Draft"}), [ID_B]),
    ],
    ids=["live", "all", "all-closed", "by-status"],
)
def test_every_live_row_leaves_closed_ones_aside(
    live: bool,  # noqa: FBT001 - a value of the table
    rows: Sequence[Mapping[str, object]],
    expected: Sequence[str],
) -> None:
    situation = _situation("All of them", _search(*rows))
    assert _value(Every(FOUND, "opportunity_id", live=live), situation) == expected


def test_a_list_of_the_live_rows_is_explained_as_such() -> None:
    """In any order; where all rows are live, both explanations hold; without one, none of them does."""
    mixed, open_ones, closed = (
        _situation("Them", step) for step in (_search(WON, OFFERED, STARTED), _search(OFFERED), _search(WON))
    )
    every, living = Every(FOUND, "name"), Every(FOUND, "name", live=True)
    assert _sources("names", ["Nordic Rail", "Cedar Foods"], mixed)[0] == living
    assert every not in _sources("names", ["Nordic Rail", "Cedar Foods"], mixed)
    assert living not in _sources("names", ["Nordic Rail", "Cedar Foods", "Harbor Crane"], mixed)
    assert {every, living} <= set(_sources("names", ["Cedar Foods"], open_ones))
    assert living not in _sources("names", [], closed)


OTHER = Ref(FOUND, "opportunity_id", Pick.OTHER)


@pytest.mark.parametrize(
    ("rows", "changed", "expected"),
    [
        ((OFFERED, STARTED), ID_B, ID_C),
        ((OFFERED, STARTED), ID_C, ID_B),
        ((OFFERED, WON, STARTED), ID_B, ID_C),
        ((OFFERED, WON), ID_B, UNBOUND),
        ((OFFERED,), ID_B, UNBOUND),
        ((OFFERED, STARTED), ID_D, UNBOUND),
    ],
    ids=["second", "first", "closed-between", "only-a-closed-one", "none-left", "none-changed"],
)
def test_the_other_row_is_the_first_live_one_that_no_call_changed(
    rows: Sequence[Mapping[str, object]], changed: str, expected: object
) -> None:
    assert _value(OTHER, _situation("And the other", _search(*rows), _change(changed))) == expected


def test_looking_at_a_row_or_failing_to_change_it_changes_nothing() -> None:
    refused = Step(_change(ID_B).call, ToolResult(error=ToolError(ErrorCode.COMPANY_RULE, "no")))
    looked = _step("opportunity_details", {}, {"opportunity_id": ID_B})
    for step in (refused, looked):
        assert _value(OTHER, _situation("And the other", _search(OFFERED, STARTED), step)) is UNBOUND


def test_the_other_row_may_be_left_over_from_an_earlier_turn() -> None:
    """The change was made in the turn before, on a row of a search before it."""
    before = Turn("Move Cedar Foods", (_search(OFFERED, STARTED), _change(ID_B)))
    situation = _situation("Now the other one too", before=(before,))
    earlier = Ref(Where("opportunity_search", 0, "results", earlier=True), "opportunity_id", Pick.OTHER)
    assert _value(earlier, situation) == ID_C
    assert earlier in _sources("opportunity_id", ID_C, situation)
    assert earlier not in _sources("opportunity_id", ID_B, situation)


LEASE = {
    "contract_id": ID_A,
    "name": "Harbor Lease",
    "end_date": "2027-04-01",
    "value": 9000,
    "email": "jo@acme.example",
    "phone": "+49 30 1234567",
    "address": "12 Harbor Road, Leeds",
}
LEASED = _step("contract_search", {"results": [LEASE]})


@pytest.mark.parametrize(
    ("kind", "message", "value"),
    [
        (SpanType.NAME, "Rename Harbor Lease into Quay Lease", "Quay Lease"),
        (SpanType.DATE, "Not 2027-04-01 but 2027-06-30", "2027-06-30"),
        (SpanType.NUMBER, "From $9,000 to $9,500", 9500),
        (SpanType.EMAIL, "Mail is not jo@acme.example but ada@acme.example", "ada@acme.example"),
        (SpanType.PHONE, "Not +49 30 1234567 but +49 30 7654321", "+49 30 7654321"),
        (SpanType.POSTAL, "From 12 Harbor Road, Leeds to 7 Old Mill Lane, York", "7 Old Mill Lane, York"),
    ],
)
def test_what_the_found_record_holds_already_is_no_news(kind: SpanType, message: str, value: object) -> None:
    """The first stretch is the record's own, so that the second is the first new one, and is explained so."""
    situation = _situation(message, LEASED)
    source = Span(kind, fresh=True)
    assert _value(source, situation) == value
    assert source in _sources("x", value, situation)
    assert _value(source, _situation(message)) == _value(Span(kind), _situation(message)) == LEASE_VALUES[kind]


LEASE_VALUES: Mapping[SpanType, object] = {
    SpanType.NAME: LEASE["name"],
    SpanType.DATE: LEASE["end_date"],
    SpanType.NUMBER: LEASE["value"],
    SpanType.EMAIL: LEASE["email"],
    SpanType.PHONE: LEASE["phone"],
    SpanType.POSTAL: LEASE["address"],
}


def test_what_the_record_does_not_hold_is_news() -> None:
    """Also where the message says nothing else; what the record holds is no news, and a name only beside others."""
    new = _situation("Until 2027-06-30", LEASED)
    old = _situation("Until 2027-04-01", LEASED)
    assert Span(SpanType.DATE, fresh=True) in _sources("end_date", "2027-06-30", new)
    assert Span(SpanType.NAME, fresh=True) not in _sources("name", "Zenith", _situation("As Zenith", LEASED))
    assert Span(SpanType.DATE, fresh=True) not in _sources("end_date", "2027-04-01", old)
    assert _value(Span(SpanType.DATE, fresh=True), old) is UNBOUND


def test_arguments_and_rows_that_were_not_looked_for_hold_nothing() -> None:
    """Of several rows, the one that the message names counts."""
    other = {"contract_id": ID_B, "name": "Quay Lease", "end_date": "2027-06-30"}
    asked = _step("contract_search", {"results": [LEASE, other]}, {"criteria": {"end_date": "2027-05-05"}})
    fresh = Span(SpanType.DATE, fresh=True)
    assert _value(fresh, _situation("Quay Lease: 2027-04-01", asked)) == "2027-04-01"
    assert _value(fresh, _situation("Quay Lease: 2027-06-30", asked)) is UNBOUND
    assert _value(fresh, _situation("Quay Lease: 2027-05-05", asked)) == "2027-05-05"


@pytest.mark.parametrize(
    ("message", "name", "longest"),
    [
        ("so Ada Moss or Nordic Rail", "Nordic Rail", True),
        ("so Ada Moss or Nordic Rail", "Ada Moss", False),
        ("so Cedar Mills or Nordic Rail", "Cedar Mills", True),
        ("so Nordic Rail or Cedar Rail", "Nordic Rail", True),
        ("so Cedar Rails or Nordic Rail", "Nordic Rail", False),
        ("so Nordic Rail now", "Nordic Rail", False),
    ],
    ids=["longest", "shorter", "as-long-and-first", "longest-and-first", "as-long-and-second", "alone"],
)
def test_one_name_alone_is_the_longest(message: str, name: str, longest: object) -> None:
    """Of several as long as each other, it is the first; a name without others is not called the longest."""
    source = Span(SpanType.NAME, LONGEST)
    assert (source in _sources("name", name, _situation(message))) is longest


def test_the_longest_name_is_one_that_may_be_meant() -> None:
    """A name of no known kind counts as much as one of the right kind; one of another kind does not."""
    house = Familiar(endings={"cranes": CLIENT}, values={"anastasia montgomery": PERSON})
    message = "so Anastasia Montgomery for Sea Cranes or Nordic Rail Way"
    situation = Situation((Turn(message),), actor="a", role="r", today=TODAY, familiar=house)
    binder = Binder(situation, NoKnowledge(), expected=CLIENT)
    assert binder.value(Span(SpanType.NAME, LONGEST)) == "Nordic Rail Way"
    assert binder.value(Span(SpanType.NAME)) == "Sea Cranes"


def _templates(text: str, value: object, source: Source) -> list[Template]:
    return list(find_templates(text, [(source, value)], PublicWords([])))


@pytest.mark.parametrize(
    ("text", "value", "how"),
    [
        ("CWF202703", "2027-03-02", Shape.COMPACT_MONTH),
        ("CWF-202703-A", "2027-03-02", Shape.COMPACT_MONTH),
        ("CWF20270302", "2027-03-02", Shape.COMPACT_DATE),
        ("Plan 2027-03", "2027-03-02", Shape.MONTH),
        ("FY2027", "2027-03-02", Shape.YEAR),
        ("PO4711", 4711, Shape.PLAIN),
    ],
)
def test_numbers_behind_letters_are_filled_in(text: str, value: object, how: Shape) -> None:
    source = Span(SpanType.DATE)
    (template,) = _templates(text, value, source)
    assert template.holes == (Hole((source,), how),)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("CWF2027031", "2027-03-02"),
        ("CWF1202703", "2027-03-02"),
        ("PO47110", 4711),
        ("PO84711", 4711),
        ("Craned Foods", "Crane"),
        ("aCrane Foods", "Crane"),
    ],
)
def test_nothing_is_filled_into_a_longer_number_or_word(text: str, value: object) -> None:
    assert _templates(text, value, Span(SpanType.DATE)) == []


def test_the_month_of_today_is_written_into_a_number() -> None:
    """Explained in one case, it gives the number of another day."""
    found = _sources("name", "CWF202703", _situation("Number it"))
    (template,) = (source for source in found if isinstance(source, Template))
    known = Template(
        tuple(PublicWords([ToolSpec("CWF", "", {})]).guard(part.value) for part in template.glue), template.holes
    )
    later = Situation((Turn("Number it"),), actor="a", role="r", today=date(2028, 11, 30))
    assert Binder(later, NoKnowledge()).value(known) == "CWF202811"


@pytest.mark.parametrize(
    ("messages", "learned"),
    [
        (("Mark it amber",), True),
        (("Show it", "mark it amber"), True),
        (("Mark it paused",), False),
        (("Is it paused?", "Then mark it amber"), False),
        (("Is it Paused?", "Why?", "mark it amber"), False),
    ],
    ids=["never-said", "never-said-before", "said", "said-before", "said-long-before"],
)
def test_a_word_that_was_said_is_no_word_of_the_house(messages: Sequence[str], learned: object) -> None:
    """A value that stands in a message of the conversation needs no word that stands for it."""
    before = tuple(Turn(message) for message in messages[:-1])
    situation = _situation(messages[-1], before=before)
    assert (Lex("stage") in _sources("stage", "Paused", situation, knowledge=NoKnowledge())) is learned


def test_the_steps_of_a_case_are_seen_one_by_one() -> None:
    """An explainer knows the kind of a record as soon as a call has found it."""
    situation = _situation("Note it")
    explainer = Explainer(situation, NoKnowledge(), PublicWords([TOOL]), {})
    arguments = {"entity_id": ID_D, "entity_type": "Client"}
    assert KindOf("entity_id") not in explainer.sources("entity_type", "Client", arguments)
    situation.steps += number_steps((VIEW,))
    assert explainer.sources("entity_type", "Client", arguments)[0] == KindOf("entity_id")
