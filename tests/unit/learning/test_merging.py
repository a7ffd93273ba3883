"""Version spaces of whole workflows: what one case allows, and what further ones leave of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from atlas.crm.records import ErrorCode, Outcome, ReasonCode, Response, ToolCall, ToolError, ToolResult
from atlas.crm.tools.registry import TOOL_SPECS
from atlas.episodes.records import Step, Turn
from atlas.learning.binding import NoKnowledge
from atlas.learning.cases import CaseReader, Schemas, Setting, TurnCase
from atlas.learning.language import Arg, Const, Span, SpanType
from atlas.learning.memory import signature_of
from atlas.learning.merging import (
    Binders,
    all_consistent,
    found_workflow,
    merge_slots,
    merge_workflow,
    signature_of_case,
    values_of,
)
from atlas.learning.programs import Slot, Workflow

READER = CaseReader(Schemas(TOOL_SPECS), NoKnowledge(), Setting("t", "m.okafor", "Rep", date(2026, 3, 2)))
DONE = Response("Done.", Outcome.DONE)
Read = tuple[TurnCase, Binders]


def _read(message: str, *steps: Step, end: Response = DONE) -> Read:
    turns = (Turn(message, steps, end),)
    case = READER.read(turns)
    assert case is not None
    return case, Binders(READER, turns)


def _step(tool: str, arguments: Mapping[str, object], error: ErrorCode | None = None) -> Step:
    result = ToolResult(data={}) if error is None else ToolResult(error=ToolError(error, "no"))
    return Step(ToolCall(tool, arguments), result)


def _entered(name: str, stated: int, amount: int | None = None, **more: object) -> Read:
    """A deal of an amount is entered."""
    arguments = {"name": name, "amount": stated if amount is None else amount, **more}
    return _read(f"Enter {name}, {stated} EUR.", _step("create_new_opportunity", arguments))


def _merged(*reads: Read) -> Workflow:
    (first, binders), *others = reads
    program, marks = found_workflow(first, binders), [first.mark]
    for case, binders in others:
        program = merge_workflow(marks, program, case, binders)
        marks.append(case.mark)
    return program


def _slot(program: Workflow, path: str) -> Slot:
    return next(slot for step in program.steps for slot in step.slots if slot.path == path)


def _constants(slot: Slot) -> list[object]:
    """Values that always may be meant, None where only a digest is kept."""
    return [item.source.value.value for item in slot.hypotheses if isinstance(item.source, Const)]


REFUSED = Response("No stage.", Outcome.REFUSED, ReasonCode.POLICY_VIOLATION, {"amount": 4170, "name": "Bolt"})


@pytest.mark.parametrize(
    "case",
    [
        _entered("Harbor Upgrade", 4170, stage="Proposal")[0],
        _read("Hi", end=REFUSED)[0],
        _read("Hi", _step("cancel_quote", {"quote_id": str(uuid.UUID(int=7))}, ErrorCode.NOT_FOUND), end=REFUSED)[0],
    ],
    ids=["change", "refusal", "failed-call"],
)
def test_a_case_has_the_signature_of_its_workflow(case: TurnCase) -> None:
    """Cases are gathered by the one, lessons found by the other; values are in neither."""
    _, binders = _entered("Harbor Upgrade", 4170)
    assert signature_of_case(case) == signature_of(found_workflow(case, binders))


def test_signatures_leave_values_out_and_nothing_else() -> None:
    plain = signature_of_case(_entered("Harbor Upgrade", 4170)[0])
    assert plain == signature_of_case(_entered("Cedar Migration", 9000)[0])
    assert plain != signature_of_case(_entered("Harbor Upgrade", 4170, stage="Proposal")[0])
    failed = _read("Hi", _step("create_new_opportunity", {"name": "A", "amount": 1}, ErrorCode.COMPANY_RULE))
    assert plain != signature_of_case(failed[0])
    ends = [signature_of_case(_read("Hi", end=end)[0]) for end in (DONE, REFUSED, replace(REFUSED, facts={}))]
    assert len(set(ends)) == 3


def test_further_cases_leave_what_explains_all_of_them() -> None:
    """At first a stated amount may be a fixed one; the second case with another amount rules that out."""
    first, second = _entered("Harbor Upgrade", 4170), _entered("Cedar Migration", 9350)
    alone, both = _merged(first), _merged(first, second)
    assert _constants(_slot(alone, "amount"))
    best = _slot(both, "amount").hypotheses[0]
    assert isinstance(best.source, Span)
    assert best.source.type in (SpanType.MONEY, SpanType.NUMBER)
    assert (best.hits, _slot(both, "amount").cases) == (2, 2)
    assert not [item for item in _slot(both, "amount").hypotheses if isinstance(item.source, Const) and item.hits > 1]
    assert all_consistent(both)


def test_a_case_that_nothing_explains_makes_a_workflow_inconsistent() -> None:
    """In an argument as well as in a fact that is told; a wording does not count."""
    assert not all_consistent(_merged(_entered("Harbor Upgrade", 4170, 7129), _entered("Cedar Migration", 9350, 3581)))
    told = [replace(REFUSED, facts={"amount": amount}) for amount in (7129, 3581)]
    assert not all_consistent(_merged(*(_read("Hi", end=end) for end in told)))
    worded = [replace(DONE, message=text) for text in ("That is done.", "I have entered this now.")]
    assert all_consistent(_merged(*(_read("Hi", end=end) for end in worded)))


@pytest.mark.parametrize(("other", "kept"), [("Cedar Migration", "North"), ("Harbor Upgrade", None)])
def test_a_value_is_kept_once_cases_about_other_records_show_it(other: str, kept: object) -> None:
    """The same record shown twice reveals nothing."""
    reads = [_entered(name, 4170, notes="North") for name in ("Harbor Upgrade", other)]
    assert _constants(_slot(_merged(reads[0]), "notes")) == [None]
    assert _constants(_slot(_merged(*reads), "notes")) == [kept]


def test_an_argument_may_come_late_or_be_missing() -> None:
    """Slots of arguments that a call lacks stay as they are; new ones count from the case that brought them."""
    (first, first_binders), (second, binders) = _entered("Harbor Upgrade", 4170), _entered("Cedar Migration", 9350)
    (step,), (later,) = first.steps, second.steps
    slots = _merged((first, first_binders)).steps[0].slots
    lacking = {path: seen for path, seen in later.arguments.items() if path != "amount"}
    kept = merge_slots([first.mark], slots, lacking, binders, second.mark)
    assert [(slot.path, slot.cases) for slot in kept] == [("amount", 1), ("name", 2)]
    assert kept[0] == slots[0]
    fresh = merge_slots([first.mark], slots[1:], later.arguments, binders, second.mark)
    assert [(slot.path, slot.cases) for slot in fresh] == [("name", 2), ("amount", 1)]
    assert {item.first for item in fresh[1].hypotheses} == {1}
    assert values_of(step.arguments) == {"name": "Harbor Upgrade", "amount": 4170}


def test_a_binder_knows_the_other_arguments_of_its_call() -> None:
    case, binders = _entered("Harbor Upgrade", 4170)
    (step,) = case.steps
    assert binders.with_arguments(step.arguments).value(Arg("amount")) == 4170
    assert binders.with_arguments({}).value(Arg("amount")) != 4170


def test_names_that_every_answer_mentions_stay() -> None:
    """Where no name is left, the ones from before are better than none."""
    texts = ("The stage and the owner are missing.", "The stage is missing.", "The owner is missing.")
    reads = [_read("Hi", end=Response(text, Outcome.ASKED, ReasonCode.AMBIGUOUS_REQUEST)) for text in texts]
    assert _merged(reads[0]).reply.mentions == ("owner", "stage")
    assert _merged(*reads[:2]).reply.mentions == ("stage",)
    assert _merged(*reads).reply.mentions == ("stage",)
