"""Where a lesson stands in an open turn, what it does next, and what it says where it knows less than the default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from atlas.agents.clerk import Clerk
from atlas.agents.following import aligned, expected_name, options, propose_step, was_made, with_default_facts
from atlas.agents.proposal import Proposal, Reply
from atlas.agents.toolbook import Toolbook
from atlas.crm.records import ErrorCode, Outcome, ReasonCode, ToolCall, ToolError, ToolResult, ToolSpec
from atlas.episodes.records import Budget, Observation, Step, Turn
from atlas.learning.binding import NoKnowledge
from atlas.learning.features import Feature, widen
from atlas.learning.language import Const, Guarded, KindOf, Prev, Source, Span, SpanType, Where
from atlas.learning.memory import Memory
from atlas.learning.perception import CLIENT, PERSON, TITLE, Familiar, perceive
from atlas.learning.playbooks import Cue, Evidence, Playbook, PlaybookKind, found_playbook
from atlas.learning.programs import Hypothesis, LeaveToDefault, ReplyPlan, Slot, StepPlan, Workflow
from atlas.learning.recall import Recalled
from atlas.learning.situation import Situation

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


def _slot(path: str, value: object = None) -> Slot:
    if isinstance(value, (Prev, Span)):
        return Slot(path, 2, (Hypothesis(value, 2, 0),))
    return Slot(path, 2, (Hypothesis(Const(Guarded("d", str(value), known=True)), 2, 0),))


FIND = StepPlan("client_search", (_slot("name", "Bolt"),))
NOTE = StepPlan("add_note", (_slot("content", "Hi"), _slot("entity_id", "x")))
PROGRAM = Workflow((FIND, NOTE), ReplyPlan(Outcome.DONE))


def _step(tool: str, arguments: Mapping[str, object], error: ErrorCode | None = None) -> Step:
    if error is not None:
        return Step(ToolCall(tool, arguments), ToolResult(error=ToolError(error, "no")))
    return Step(ToolCall(tool, arguments), ToolResult(data={"total": len(arguments)}))


def _situation(*steps: Step, message: str = "Hi", familiar: Familiar | None = None) -> Situation:
    return Situation(
        (Turn(message, steps),),
        actor="m.okafor",
        role="Rep",
        today=date(2026, 3, 2),
        familiar=familiar or Familiar(),
    )


FOUND = _step("client_search", {"name": "Bolt"})
NOTED = _step("add_note", {"content": "Hi", "entity_id": "x"})
LOOKED = _step("contact_search", {"last_name": "Moss"})


@pytest.mark.parametrize(
    ("steps", "own"),
    [
        ((), ()),
        ((FOUND,), ("client_search",)),
        ((FOUND, NOTED), ("client_search", "add_note")),
        ((LOOKED, FOUND), ("client_search",)),
        ((FOUND, LOOKED, NOTED), ("client_search", "add_note")),
        ((FOUND, NOTED, LOOKED), ("client_search", "add_note")),
        ((_step("client_search", {"status": "Active"}), FOUND), ("client_search",)),
        ((_step("add_note", {"content": "Hi"}),), None),
        ((FOUND, _step("delete_note", {})), None),
        ((FOUND, NOTED, NOTED), None),
        ((_step("contact_search", {}, ErrorCode.NOT_FOUND),), None),
        ((_step("client_search", {"name": "Bolt"}, ErrorCode.TIMEOUT),), None),
    ],
    ids=[
        "start",
        "first",
        "end",
        "foreign-look-up-first",
        "foreign-look-up-between",
        "foreign-look-up-last",
        "other-criteria",
        "too-early",
        "foreign-change",
        "change-again",
        "foreign-failure",
        "own-failure",
    ],
)
def test_a_lesson_goes_on_where_its_own_calls_end(steps: Sequence[Step], own: Sequence[str] | None) -> None:
    """A foreign look-up does no harm; a foreign change or an error does."""
    situation = aligned(PROGRAM, _situation(*steps))
    assert (None if situation is None else tuple(step.tool for step in situation.steps)) == own


def test_a_call_that_was_to_fail_belongs_to_its_lesson() -> None:
    """A lesson whose call ended with that error goes on behind it; after a success or another error it does not."""
    program = Workflow((StepPlan("add_note", NOTE.slots, "company_rule"),), ReplyPlan(Outcome.REFUSED))
    arguments = NOTED.call.arguments
    assert aligned(program, _situation(_step("add_note", arguments, ErrorCode.COMPANY_RULE))) is not None
    assert aligned(program, _situation(_step("add_note", arguments, ErrorCode.TIMEOUT))) is None
    assert aligned(program, _situation(NOTED)) is None


def test_a_call_to_the_same_tool_behind_a_foreign_one_is_counted_from_the_first_own() -> None:
    """What the lesson calls its first search is its own first one, not a foreign one before it."""
    foreign = Step(ToolCall("client_search", {"status": "Active"}), ToolResult(data={"total": 7}))
    own = Step(ToolCall("client_search", {"name": "Bolt"}), ToolResult(data={"total": 3}))
    situation = aligned(PROGRAM, _situation(foreign, own))
    assert situation is not None
    assert situation.rows_at(Where("client_search", 0, ".")) == [{"total": 3}]


def test_a_call_counts_as_made_whatever_came_of_it() -> None:
    """The tool and all arguments have to be the same, nested or flat; a reply was never made."""
    nested = _step("client_search", {"criteria": {"name": "Bolt"}}, ErrorCode.TIMEOUT)
    situation = _situation(nested, NOTED)
    assert was_made(Proposal("client_search", {"criteria.name": "Bolt"}), situation)
    assert was_made(Proposal("add_note", {"entity_id": "x", "content": "Hi"}), situation)
    assert not was_made(Proposal("client_search", {"criteria.name": "Acme"}), situation)
    assert not was_made(Proposal("add_note", {"content": "Hi"}), situation)
    assert not was_made(Proposal("contact_search", {"criteria.name": "Bolt"}), situation)
    assert not was_made(ANSWER, situation)


def test_a_failed_search_that_was_repeated_counts_as_made() -> None:
    """Calls that led nowhere are left out of the steps, not out of what was made."""
    empty = Step(ToolCall("client_search", {"name": "Bolt"}), ToolResult(data={"results": []}))
    situation = _situation(empty, Step(ToolCall("client_search", {"name": "Acme"}), ToolResult(data={"results": []})))
    assert len(situation.steps) == 1
    assert was_made(Proposal("client_search", {"name": "Bolt"}), situation)


@pytest.mark.parametrize(
    ("tool", "path", "expected"),
    [
        ("client_search", "name", CLIENT),
        ("client_search", "criteria.name.equals", CLIENT),
        ("staff_search", "name", PERSON),
        ("create_new_opportunity", "name", "opportunity"),
        ("modify_deal", "updates.name", "opportunity"),
        ("create_contact", "first_name", PERSON),
        ("client_search", "last_name", PERSON),
        ("modify_contact", "updates.title", TITLE),
        ("client_search", "industry", "industry"),
        ("staff_search", "territory", "territory"),
        ("find_it", "name", ""),
        ("client_search", "client_id", ""),
        ("add_note", "content", ""),
    ],
)
def test_the_argument_says_what_a_name_has_to_speak_for(tool: str, path: str, expected: str) -> None:
    """The field says it, for a plain name the kind of record that the tool is about; other arguments say nothing."""
    assert expected_name(tool, path) == expected


HOUSE = Familiar(endings={"cranes": CLIENT}, values={"ada moss": PERSON})
NO_TOOLS = Toolbook(())


def _recalled(program: Workflow | LeaveToDefault) -> Recalled:
    return Recalled(found_playbook("t", PlaybookKind.WORKFLOW, Cue((("x",),)), program, Evidence()), 1.0, 1.0)


def _options(program: Workflow | LeaveToDefault, situation: Situation, default: Proposal) -> list[Proposal | None]:
    found = options([_recalled(program)], situation, NoKnowledge(), NO_TOOLS, default=default, here={}, least_share=0.5)
    return [option.proposal for option in found]


def test_a_lesson_searches_for_the_name_of_the_right_kind() -> None:
    """The first name of the message is a person's, so that the client search takes the second."""
    program = Workflow((StepPlan("client_search", (_slot("name", Span(SpanType.NAME)),)),), ReplyPlan(Outcome.DONE))
    situation = _situation(message="so Ada Moss for Harbor Cranes", familiar=HOUSE)
    (proposal,) = _options(program, situation, ANSWER)
    assert proposal is not None
    assert proposal.arguments == {"name": "Harbor Cranes"}


@pytest.mark.parametrize(
    ("default", "taken"),
    [
        (Proposal("add_note"), 1),
        (Proposal("client_search"), 1),
        (Proposal("delete_note"), 0),
        (ANSWER, 1),
    ],
    ids=["same-change", "same-look-up", "another-tool", "reply"],
)
def test_the_default_plan_is_left_to_only_where_it_does_what_was_right(default: Proposal, taken: int) -> None:
    """What was right was the default plan with those calls; with another one, the lesson does not fit."""
    lesson = LeaveToDefault(("client_search", "add_note"))
    assert _options(lesson, _situation(), default) == [None] * taken


def test_a_lesson_whose_next_call_was_made_is_no_option() -> None:
    """A foreign search with the same arguments, or one that failed, is not made again."""
    assert _options(PROGRAM, _situation(), ANSWER) == [
        Proposal("client_search", {"name": "Bolt"}, sources={"client_search.name": "const"}, reason="followed")
    ]
    longer = Workflow((FIND, FIND, NOTE), ReplyPlan(Outcome.DONE))
    assert _options(longer, _situation(FOUND), ANSWER) == []
    (next_call,) = _options(PROGRAM, _situation(FOUND), ANSWER)
    assert next_call is not None
    assert next_call.tool == "add_note"


CLIENT_ID, DEAL_ID = (f"{number:08x}-0000-4000-8000-000000000000" for number in range(2))


def _rival_slot(path: str, *sources: Source) -> Slot:
    return Slot(path, 2, tuple(Hypothesis(source, 2, 0) for source in sources))


@pytest.mark.parametrize("order", [("entity_id", "entity_type"), ("entity_type", "entity_id")])
@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ({"opportunity_id": DEAL_ID}, ("Opportunity", "kind_of")),
        ({"client_id": CLIENT_ID}, ("Client", "kind_of")),
        ({"id": DEAL_ID}, ("Quote", "const")),
    ],
    ids=["a-deal", "a-client", "no-kind"],
)
def test_the_kind_of_a_record_is_bound_when_the_record_is_known(
    order: Sequence[str], rows: Mapping[str, str], expected: tuple[str, str]
) -> None:
    """Wherever the argument stands, it follows the id; the poorer explanation counts only where there is no kind."""
    (identifier,) = rows
    usual = Const(Guarded("d", "Quote", known=True))
    slots = {
        "entity_type": _rival_slot("entity_type", KindOf("entity_id"), usual),
        "entity_id": _slot("entity_id", Prev(Where("find_it", 0, "results"), identifier)),
    }
    found = Step(ToolCall("find_it", {}), ToolResult(data={"results": [dict(rows)]}))
    step = StepPlan("add_note", tuple(slots[path] for path in order))
    proposal = propose_step(step, _situation(found), NoKnowledge(), least_share=0.5)
    assert proposal is not None
    assert (proposal.arguments["entity_type"], proposal.sources["add_note.entity_type"]) == expected
    assert tuple(proposal.arguments) == tuple(order)


def test_without_the_record_a_call_that_needs_its_kind_is_not_made() -> None:
    """No other explanation, and no row with the id: the argument has no value."""
    step = StepPlan("add_note", (_slot("entity_id", DEAL_ID), _rival_slot("entity_type", KindOf("entity_id"))))
    assert propose_step(step, _situation(), NoKnowledge(), least_share=0.5) is None


def _tool(name: str, *params: str) -> ToolSpec:
    properties = {param: {"type": "string"} for param in params}
    return ToolSpec(name, "", {"type": "object", "properties": properties, "required": list(params)})


TOOLS = (
    _tool("client_search", "name"),
    _tool("contact_search", "last_name"),
    _tool("create_new_client", "name"),
    _tool("respond", "message"),
)
OPENING = "Make sure that Harbor Cranes is there"
FRUITLESS = Step(ToolCall("client_search", {"name": "Harbor Cranes"}), ToolResult(data={"results": [], "total": 0}))


def _lesson(steps: Sequence[tuple[str, str]], found: Mapping[str, Feature], *, ok: int, bad: int) -> Playbook:
    plans = tuple(StepPlan(tool, (_slot(path, Span(SpanType.NAME)),)) for tool, path in steps)
    evidence = Evidence(followed_ok=ok, followed_bad=bad, ranges=widen((), {"asked": "False", **found}))
    cue = Cue((perceive(OPENING, date(2026, 3, 2)).tokens,))
    return found_playbook("t", PlaybookKind.WORKFLOW, cue, Workflow(plans, ReplyPlan(Outcome.DONE)), evidence)


def _next_call(*lessons: Playbook, steps: Sequence[Step]) -> ToolCall:
    memory = Memory()
    for lesson in lessons:
        memory.put(lesson)
    turns = (Turn(OPENING, tuple(steps)),)
    observation = Observation(turns, "m.okafor", "Rep", date(2026, 3, 2), TOOLS, Budget(9, 9), "t")
    (call,) = Clerk(memory).act(observation).calls
    return call


def _making(*, ok: int, bad: int) -> Playbook:
    """Expects to find no client, and makes one."""
    return _lesson(
        [("client_search", "name"), ("create_new_client", "name")],
        {"client.found": "none"},
        ok=ok,
        bad=bad,
    )


def _asking(*, ok: int, bad: int) -> Playbook:
    """Looks for a person first, then for the client, and always found both."""
    return _lesson(
        [("contact_search", "last_name"), ("client_search", "name")],
        {"contact.found": "one", "client.found": "one"},
        ok=ok,
        bad=bad,
    )


@pytest.mark.parametrize(
    ("making", "asking", "tool"),
    [
        (_making(ok=20, bad=0), _asking(ok=0, bad=2), "create_new_client"),
        (_making(ok=0, bad=2), _asking(ok=20, bad=0), "contact_search"),
    ],
    ids=["expected-by-the-best", "another-weighs-more"],
)
def test_a_fruitless_search_is_followed_up_by_the_lesson_that_weighs_more(
    making: Playbook, asking: Playbook, tool: str
) -> None:
    """The best lesson goes on where it expected to find nothing; else a better one searches elsewhere."""
    assert _next_call(making, asking, steps=[FRUITLESS]).tool == tool


def test_a_fruitless_search_that_no_lesson_expects_leads_elsewhere() -> None:
    """Where no lesson can go on, one that searches elsewhere is taken, however little it weighs."""
    call = _next_call(_asking(ok=0, bad=2), steps=[FRUITLESS])
    assert (call.tool, call.arguments) == ("contact_search", {"last_name": "Harbor Cranes"})
