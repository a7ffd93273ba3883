"""Stages that ask for something first: a field that is filled, a document that is on the deal."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from atlas.crm.records import Entity, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import StageDocument, StageFields, StageLadder
from atlas.scenarios.desk import Desk, NothingFitsError, is_open
from atlas.scenarios.families.contract_rows import patched
from atlas.scenarios.families.expect import created, deal_updated, may_note, note_on_deal, refusal
from atlas.scenarios.families.mending import (
    Slip,
    Target,
    Work,
    blunder_of,
    both_paths,
    change_work,
    deal_target,
    mended_case,
)
from atlas.scenarios.families.moves import leave_note, modify_deal
from atlas.scenarios.families.staging import read_deal, stage_goal, stage_work
from atlas.scenarios.families.turns import in_turns, telling
from atlas.scenarios.phrasebook import choose
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import Disclosure, PatchedRow
from atlas.verify.goals import Goal, RequiredQuestion, Solution

_FOR_THE_NOTES = (
    "[Put|Write|Enter|Take] [this|the following|these words|this sentence] [into|in] the notes"
    "[, please|, then|]: {text}"
)
_EXPECTED_ON = (
    "[We expect to close it on|It should close on|They want to sign on|Put down|The plan is|Let's say|I'd say] {day}"
    "[, as far as I know|, that's what they told me|, for now|, going by their last mail|]."
)


def _one_step_from(desk: Desk, deal: Row, target: str) -> bool:
    """Tell whether only what is missing keeps ``deal`` from ``target``."""
    ladder = desk.house.get(StageLadder)
    current = str(deal["stage"])
    return is_open(deal) and current != target and (ladder is None or target in ladder.transitions()[current])


def _has_document(desk: Desk, deal: Row, target: str) -> bool:
    paper = desk.house.get(StageDocument)
    return paper is None or paper.stage != target or any(paper.word in name for name in desk.shelf.files_of(deal))


_REASONS: Final[Mapping[str, Sequence[str]]] = {
    "Closed-Won": (
        "Reference visit convinced them", "Our delivery date decided it", "They know our service team",
        "Best price of three offers", "Their new director knows us",
    ),
    "Closed-Lost": (
        "Budget frozen until next year", "They picked the cheaper offer", "Their new director stopped all projects",
        "They build it themselves now", "Nobody there took it up again",
    ),
}  # fmt: skip


def _ready_but_for_field(desk: Desk, fits: Callable[[Row], bool] = lambda _: True) -> Target:
    """Return a deal that fits and lacks at most the field that a stage needs."""
    stage = desk.house.need(StageFields).stage
    return deal_target(
        desk, lambda row: fits(row) and _one_step_from(desk, row, stage) and _has_document(desk, row, stage)
    )


def _lacking_field(desk: Desk) -> tuple[Target, tuple[PatchedRow, ...]]:
    """Return a deal that lacks just the field that a stage needs, emptied for the case where the pool holds none."""
    field = desk.house.need(StageFields).field
    try:
        return _ready_but_for_field(desk, lambda row: not row[field]), ()
    except NothingFitsError:
        target = _ready_but_for_field(desk)
    target = dataclasses.replace(target, row={**target.row, field: None})
    return target, (patched(target.entity, target.row),)


def _given(desk: Desk, target: Target) -> tuple[object, str]:
    """Return what the user puts into the field that a stage needs, and how that is said."""
    if desk.house.need(StageFields).field == "close_date":
        day = desk.coming_day(20, 160, instead_of=target.row["close_date"])
        return day, desk.day(day)
    reasons = _REASONS[desk.house.need(StageFields).stage]
    reason = desk.pick(reason for reason in reasons if reason != target.row["notes"])
    return reason, f'"{reason}"'


def _field_and_stage_work(desk: Desk, target: Target, given: object) -> Work:
    """Return the work of filling the field and setting the stage at once, with every note that the house wants."""
    rule = desk.house.need(StageFields)
    values, note, _, allowed = stage_goal(desk, target.row, rule.stage)
    values = {**values, rule.field: given}
    notes = [one for one in (note, desk.house.note_after(rule.field, given)) if one is not None]

    def do(plan: Plan, deal_id: str) -> None:
        modify_deal(plan, deal_id, values, None)
        for content in notes:
            leave_note(plan, deal_id, content)

    done = f"{target.called} is in {rule.stage} now, {rule.field.replace('_', ' ')}: {given}"
    expected = (deal_updated(target.row, values), *(note_on_deal(target.row, content) for content in notes))
    return Work(do, done, expected, () if notes else allowed)


def _draw_field_missing(desk: Desk) -> Case:
    rule = desk.house.need(StageFields)
    target, patch = _lacking_field(desk)
    given, said = _given(desk, target)
    if rule.field == "close_date":
        asked, answer = ("close date", "close_date"), choose(_EXPECTED_ON, desk.rng).format(day=said)
        question = f"{rule.stage} needs a close date and {target.called} has none. Which close date should I enter?"
    else:
        asked, answer = ("notes", "reason"), choose(_FOR_THE_NOTES, desk.rng).format(text=said)
        question = f"{rule.stage} needs a reason in the notes of {target.called}. What should the notes say?"
    work = _field_and_stage_work(desk, target, given)
    plans = (Plan(), Plan())
    found = [seek(plan) for plan, seek in zip(plans, target.seekers, strict=True)]
    for plan, deal_id in zip(plans, found, strict=True):
        read_deal(plan, deal_id)
        plan.ask(question)
    solutions = tuple(work.finish(plan, deal_id) for plan, deal_id in zip(plans, found, strict=True))
    goal = Goal(expected_changes=work.expected, allowed_changes=work.allowed, must_ask=RequiredQuestion(asked))
    return Case(
        {"deal": target.called, "stage": rule.stage},
        target.actor,
        goal,
        solutions,
        disclosures=(Disclosure(asked, answer),),
        patch=patch,
        blunder=_rash_move(target, rule.stage),
    )


def _rash_move(target: Target, stage: str) -> Solution:
    return blunder_of(target.seekers[0], partial(target.change, values={"stage": stage}))


def _draw_field_given(desk: Desk) -> Case:
    rule = desk.house.need(StageFields)
    target = _ready_but_for_field(desk)
    given, said = _given(desk, target)
    detail = f"the close date is {said}" if rule.field == "close_date" else f"the notes should read {said}"
    work = _field_and_stage_work(desk, target, given)
    goal = Goal(expected_changes=work.expected, allowed_changes=work.allowed)
    slots = {"deal": target.called, "stage": rule.stage, "detail": detail}
    return Case(slots, target.actor, goal, both_paths(target, work))


def _draw_field_then_stage(desk: Desk) -> Case:
    """The field is filled in one turn, and the stage set in the next."""
    rule = desk.house.need(StageFields)
    target = _ready_but_for_field(desk)
    given, said = _given(desk, target)
    works = (change_work(desk, target, {rule.field: given}), stage_work(desk, target, rule.stage))
    slots = {"deal": target.called, "stage": rule.stage, "field": rule.field.replace("_", " "), "value": said}
    return in_turns(target, slots, works)


STAGE_FIELDS = Family(
    name="stage_fields",
    task="MODIFY OPPORTUNITY",
    level=2,
    needs=(StageFields,),
    share=5,
    blueprints=(
        Blueprint("field_missing", "failure", _draw_field_missing, failure="missing_detail"),
        Blueprint("field_given", "success", _draw_field_given),
        Blueprint("field_then_stage", "success", _draw_field_then_stage),
    ),
)


# ---------------------------------------------------------------------------------------------------------------------
# Documents


def _lacks_only_document(desk: Desk, deal: Row) -> bool:
    return _is_ready(desk, deal) and not _has_document(desk, deal, desk.house.need(StageDocument).stage)


def _is_ready(desk: Desk, deal: Row) -> bool:
    """Tell whether nothing but a document can keep ``deal`` from the stage that needs one."""
    rule, needs = desk.house.need(StageDocument), desk.house.get(StageFields)
    filled = needs is None or needs.stage != rule.stage or bool(deal[needs.field])
    return filled and _one_step_from(desk, deal, rule.stage)


def _without_document(desk: Desk) -> Target:
    return deal_target(desk, lambda row: _lacks_only_document(desk, row))


def _no_document(desk: Desk, target: Target) -> str:
    rule = desk.house.need(StageDocument)
    return f"{target.called} can't go to {rule.stage} yet: there is no {rule.word} document on it."


def _draw_document_missing(desk: Desk) -> Case:
    """The response has to name the document that is missing, of which the user does not speak."""
    rule = desk.house.need(StageDocument)
    target = _without_document(desk)
    plans = (Plan(), Plan())
    for plan, seek in zip(plans, target.seekers, strict=True):
        read_deal(plan, seek(plan))
        plan.decline(_no_document(desk, target), ReasonCode.MISSING_PREREQUISITE)
    goal = Goal(
        allowed_changes=(may_note(target.row),), must_refuse=refusal(ReasonCode.MISSING_PREREQUISITE, rule.word)
    )
    solutions = tuple(plan.solution() for plan in plans)
    slots = {"deal": target.called, "stage": rule.stage}
    return Case(slots, target.actor, goal, solutions, blunder=_rash_move(target, rule.stage))


def _document_work(desk: Desk, target: Target) -> tuple[str, Work]:
    """Return what the user calls the document that a stage needs, and the work of filing it and setting the stage."""
    rule = desk.house.need(StageDocument)
    file = f"{rule.word}_{desk.pick(('signed', 'final', 'v2', 'customer', 'latest'))}.pdf"
    stored = desk.house.file_name(file, desk.today)
    move = stage_work(desk, target, rule.stage)
    document = {"entity_type": "Opportunity", "entity_id": target.id, "file_name": stored}

    def do(plan: Plan, deal_id: str) -> None:
        target.attach(plan, deal_id, stored)
        move.do(plan, deal_id)

    done = f"{stored} is on {target.called}, which is in {rule.stage} now."
    return file, Work(do, done, (created(Entity.DOCUMENT, document), *move.expected), move.allowed)


def _draw_document_first(desk: Desk) -> Case:
    target = _without_document(desk)
    file, work = _document_work(desk, target)
    goal = Goal(expected_changes=work.expected, allowed_changes=work.allowed)
    slots = {"deal": target.called, "stage": desk.house.need(StageDocument).stage, "file": file}
    return Case(slots, target.actor, goal, both_paths(target, work))


def _draw_document_follows(desk: Desk) -> Case:
    """The move is declined; then the user hands in what is missing."""
    rule = desk.house.need(StageDocument)
    target = _without_document(desk)
    file, work = _document_work(desk, target)
    slip = Slip(
        about=(rule.word,),
        message=_no_document(desk, target),
        mend=f"Attach {file}, then, and move the deal after that.",
        bad=partial(target.change, values={"stage": rule.stage}),
        reason=ReasonCode.MISSING_PREREQUISITE,
        look=read_deal,
    )
    return mended_case(target, {"deal": target.called, "stage": rule.stage, "file": file}, slip, work)


def _draw_document_there(desk: Desk) -> Case:
    """The counterpart that keeps an agent from refusing every such move: what is needed is there."""
    rule = desk.house.need(StageDocument)
    target = deal_target(
        desk, lambda row: _is_ready(desk, row) and any(rule.word in name for name in desk.shelf.files_of(row))
    )
    names = list(desk.shelf.files_of(target.row))

    def look(plan: Plan, deal_id: str) -> None:
        plan.call("list_documents", entity_type="Opportunity", entity_id=deal_id)

    works = (
        telling(f"On {target.called}: {'; '.join(names)}.", {"documents": names}, look),
        stage_work(desk, target, rule.stage),
    )
    return in_turns(target, {"deal": target.called, "stage": rule.stage}, works)


STAGE_DOCUMENT = Family(
    name="stage_document",
    task="MODIFY OPPORTUNITY",
    level=2,
    needs=(StageDocument,),
    share=5,
    blueprints=(
        Blueprint("document_missing", "failure", _draw_document_missing, failure="missing_prerequisite"),
        Blueprint("document_follows", "failure", _draw_document_follows, failure="missing_prerequisite"),
        Blueprint("document_first", "success", _draw_document_first),
        Blueprint("document_there", "success", _draw_document_there),
    ),
)

FAMILIES = (STAGE_FIELDS, STAGE_DOCUMENT)
