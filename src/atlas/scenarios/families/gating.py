"""Stages that ask for something first: a field that is filled, a document that is on the deal."""

from __future__ import annotations

from collections.abc import Sequence

from atlas.crm.records import Entity, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import StageDocument, StageFields, StageLadder
from atlas.scenarios.desk import Desk, is_open
from atlas.scenarios.families.expect import created, deal_updated, may_note, note_on_deal, refusal
from atlas.scenarios.families.moves import both_ways, leave_note, modify_deal
from atlas.scenarios.families.staging import stage_goal
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import Disclosure
from atlas.verify.goals import Goal, RequiredQuestion


def _one_step_from(desk: Desk, deal: Row, target: str) -> bool:
    """Tell whether only what is missing keeps ``deal`` from ``target``."""
    ladder = desk.house.get(StageLadder)
    current = str(deal["stage"])
    return is_open(deal) and current != target and (ladder is None or target in ladder.transitions()[current])


def _has_document(desk: Desk, deal: Row, target: str) -> bool:
    paper = desk.house.get(StageDocument)
    return paper is None or paper.stage != target or any(paper.word in name for name in desk.shelf.files_of(deal))


_REASONS = ("Budget frozen until next year", "They picked the cheaper offer", "Reference visit convinced them")


def _draw_field_missing(desk: Desk) -> Case:
    rule = desk.house.need(StageFields)
    deal = desk.open_deal(
        lambda row: (
            not row[rule.field] and _one_step_from(desk, row, rule.stage) and _has_document(desk, row, rule.stage)
        )
    )
    if rule.field == "close_date":
        given = desk.coming_day(20, 160, instead_of=deal["close_date"])
        disclosure = Disclosure(("close date", "close_date"), f"We expect to close it on {desk.day(given)}.")
        question = f"{rule.stage} needs a close date and {deal['name']} has none. Which close date should I enter?"
        asked = ("close date", "close_date")
    else:
        given = desk.pick(_REASONS)
        disclosure = Disclosure(("notes", "reason"), f'Put this into the notes: "{given}"')
        question = f"{rule.stage} needs a reason in the notes of {deal['name']}. What should the notes say?"
        asked = ("notes", "reason")
    values, note, _, allowed = stage_goal(desk, deal, rule.stage)
    values = {**values, rule.field: given}
    notes = [*([note] if note else ()), *_note_for(desk, rule.field, given)]

    def rest(plan: Plan, deal_id: str) -> None:
        plan.call("view_opportunity_details", opportunity_id=deal_id)
        plan.ask(question)
        modify_deal(plan, deal_id, values, None)
        for content in notes:
            leave_note(plan, deal_id, content)
        plan.respond(f"{deal['name']} is in {rule.stage} now, {rule.field.replace('_', ' ')}: {given}")

    goal = Goal(
        expected_changes=(deal_updated(deal, values), *(note_on_deal(deal, content) for content in notes)),
        allowed_changes=() if notes else allowed,
        must_ask=RequiredQuestion(asked),
    )
    slots = {"deal": str(deal["name"]), "stage": rule.stage}
    return Case(slots, desk.actor_for(deal), goal, both_ways(deal, rest), disclosures=(disclosure,))


def _note_for(desk: Desk, field: str, value: object) -> Sequence[str]:
    note = desk.house.note_after(field, value)
    return () if note is None else (note,)


def _draw_field_given(desk: Desk) -> Case:
    rule = desk.house.need(StageFields)
    deal = desk.open_deal(lambda row: _one_step_from(desk, row, rule.stage) and _has_document(desk, row, rule.stage))
    if rule.field == "close_date":
        given = desk.coming_day(20, 160, instead_of=deal["close_date"])
        detail = f"the close date is {desk.day(given)}"
    else:
        given = desk.pick(_REASONS)
        detail = f'the notes should read "{given}"'
    values, note, _, allowed = stage_goal(desk, deal, rule.stage)
    values = {**values, rule.field: given}
    notes = [*([note] if note else ()), *_note_for(desk, rule.field, given)]

    def rest(plan: Plan, deal_id: str) -> None:
        modify_deal(plan, deal_id, values, None)
        for content in notes:
            leave_note(plan, deal_id, content)
        plan.respond(f"{deal['name']} is in {rule.stage} now, {rule.field.replace('_', ' ')}: {given}")

    goal = Goal(
        expected_changes=(deal_updated(deal, values), *(note_on_deal(deal, content) for content in notes)),
        allowed_changes=() if notes else allowed,
    )
    slots = {"deal": str(deal["name"]), "stage": rule.stage, "detail": detail}
    return Case(slots, desk.actor_for(deal), goal, both_ways(deal, rest))


STAGE_FIELDS = Family(
    name="stage_fields",
    task="MODIFY OPPORTUNITY",
    level=2,
    needs=(StageFields,),
    share=5,
    blueprints=(
        Blueprint(
            "field_missing",
            "failure",
            _draw_field_missing,
        ),
        Blueprint(
            "field_given",
            "success",
            _draw_field_given,
        ),
    ),
)


def _draw_document_missing(desk: Desk) -> Case:
    rule = desk.house.need(StageDocument)
    deal = desk.open_deal(lambda row: _lacks_only_document(desk, row))
    label = rule.word

    def rest(plan: Plan, deal_id: str) -> None:
        plan.call("view_opportunity_details", opportunity_id=deal_id)
        plan.decline(
            f"{deal['name']} can't go to {rule.stage} yet: there is no {label} document on it.",
            ReasonCode.MISSING_PREREQUISITE,
        )

    goal = Goal(
        allowed_changes=(may_note(deal),), must_refuse=refusal(ReasonCode.MISSING_PREREQUISITE, label, "document")
    )
    slots = {"deal": str(deal["name"]), "stage": rule.stage}
    return Case(slots, desk.actor_for(deal), goal, both_ways(deal, rest))


def _lacks_only_document(desk: Desk, deal: Row) -> bool:
    rule, needs = desk.house.need(StageDocument), desk.house.get(StageFields)
    filled = needs is None or needs.stage != rule.stage or bool(deal[needs.field])
    return filled and _one_step_from(desk, deal, rule.stage) and not _has_document(desk, deal, rule.stage)


def _draw_document_first(desk: Desk) -> Case:
    rule = desk.house.need(StageDocument)
    deal = desk.open_deal(lambda row: _lacks_only_document(desk, row))
    file = f"{rule.word}_{desk.pick(('signed', 'final', 'v2'))}.pdf"
    stored = desk.house.file_name(file, desk.today)
    values, note, expected, allowed = stage_goal(desk, deal, rule.stage)
    document = {"entity_type": "Opportunity", "entity_id": deal["opportunity_id"], "file_name": stored}

    def rest(plan: Plan, deal_id: str) -> None:
        plan.call("upload_document", entity_type="Opportunity", entity_id=deal_id, file_name=stored)
        modify_deal(plan, deal_id, values, note)
        plan.respond(f"{stored} is on {deal['name']}, which is in {rule.stage} now.")

    goal = Goal(expected_changes=(created(Entity.DOCUMENT, document), *expected), allowed_changes=allowed)
    slots = {"deal": str(deal["name"]), "stage": rule.stage, "file": file}
    return Case(slots, desk.actor_for(deal), goal, both_ways(deal, rest))


STAGE_DOCUMENT = Family(
    name="stage_document",
    task="MODIFY OPPORTUNITY",
    level=2,
    needs=(StageDocument,),
    share=5,
    blueprints=(
        Blueprint(
            "document_missing",
            "failure",
            _draw_document_missing,
        ),
        Blueprint(
            "document_first",
            "success",
            _draw_document_first,
        ),
    ),
)

FAMILIES = (STAGE_FIELDS, STAGE_DOCUMENT)
