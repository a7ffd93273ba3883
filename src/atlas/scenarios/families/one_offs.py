"""Exceptions to the rules of the house that the user makes for one case only; the next request follows them again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from atlas.crm.records import Entity, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import ChangeNote, DocumentNaming, OpeningStage, QuarterEnd
from atlas.scenarios.conventions.deals import OPEN_STAGES
from atlas.scenarios.desk import Desk, NothingFitsError
from atlas.scenarios.families.deal_groups import DealChange, Talk, deal_change, named, named_and_read, talk_case
from atlas.scenarios.families.expect import created, may_note, may_own
from atlas.scenarios.families.moves import both_ways, seek_client
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.verify.goals import ChangePattern, Goal

_EARLY = ("Prospecting", "Qualification")
_STEMS = ("price_sheet", "site_plan", "contract_draft", "spec_list", "answers", "rollout_plan", "photo_log", "minutes")
_EXTENSIONS = ("pdf", "docx", "xlsx", "pptx")

# ---------------------------------------------------------------------------------------------------------------------
# A new deal in another stage


def _draw_opening_stage(desk: Desk) -> Case:
    """The first of two new deals is entered in a stage that is said, the second as always."""
    rule = desk.house.need(OpeningStage)
    client, actor = desk.client(), desk.seller().handle
    stage = desk.pick(stage for stage in _EARLY if stage != rule.stage)
    products = (desk.product(), desk.product())
    amounts = (desk.round_amount(8, 90), desk.round_amount(90, 160))
    deals = [
        _new_deal(desk, client, product, cents) | desk.house.stage_values(entered)
        for product, cents, entered in zip(products, amounts, (stage, rule.stage), strict=True)
    ]

    def play(*, reading: bool) -> Plan:
        plan = Plan()
        client_id = seek_client(plan, client)
        if reading:
            plan.call("client_details", client_id=client_id)
        for values in deals:
            plan.call("create_new_opportunity", **{**values, "client_id": client_id})
            plan.respond(f"{values['name']} is entered in {values['stage']}.")
        return plan

    allowed: tuple[ChangePattern, ...] = () if "owner" in deals[0] else (may_own(Entity.OPPORTUNITY, actor),)
    goal = Goal(
        expected_changes=tuple(created(Entity.OPPORTUNITY, values) for values in deals), allowed_changes=allowed
    )
    slots = {
        "client": str(client["name"]),
        "stage": stage,
        "product": products[0],
        "amount": desk.money(amounts[0]),
        "second": products[1],
        "more": desk.money(amounts[1]),
    }
    return Case(slots, actor, goal, (play(reading=False).solution(), play(reading=True).solution()))


def _new_deal(desk: Desk, client: Row, product: str, cents: int) -> dict[str, object]:
    owner = desk.house.owner_for(client)
    return {
        "client_id": client["client_id"],
        "name": desk.house.deal_name(str(client["name"]), product, desk.today),
        "amount": shown_amount(cents),
        **({} if owner is None else {"owner": owner}),
    }


# ---------------------------------------------------------------------------------------------------------------------
# A file that keeps its name


def _draw_file_kept(desk: Desk) -> Case:
    """The first of two files keeps its name, the second gets one as always."""
    desk.house.need(DocumentNaming)
    deal = desk.open_deal()
    stems = desk.rng.sample(_STEMS, 2)
    kept, usual = (f"{stem}.{desk.pick(_EXTENSIONS)}" for stem in stems)
    stored = (kept, desk.house.file_name(usual, desk.today))

    def rest(plan: Plan, deal_id: str) -> None:
        for file in stored:
            plan.call("upload_document", entity_type="Opportunity", entity_id=deal_id, file_name=file)
            plan.respond(f"{file} is on {deal['name']} now.")

    fields = {"entity_type": "Opportunity", "entity_id": deal["opportunity_id"]}
    goal = Goal(
        expected_changes=tuple(created(Entity.DOCUMENT, {**fields, "file_name": file}) for file in stored),
        allowed_changes=(may_note(deal),),
    )
    slots = {"deal": str(deal["name"]), "file": kept, "second": usual}
    return Case(slots, desk.actor_for(deal), goal, both_ways(deal, rest))


# ---------------------------------------------------------------------------------------------------------------------
# A change without a note


def _to_stage(desk: Desk, deal: Row) -> tuple[Mapping[str, object], str]:
    stage = desk.pick(stage for stage in desk.free_stages(deal) if stage in OPEN_STAGES)
    return desk.house.stage_values(stage), f"{desk.pick(('move', 'set'))} {deal['name']} to {stage}"


def _to_amount(desk: Desk, deal: Row) -> tuple[Mapping[str, object], str]:
    cents = desk.round_amount(12, 180)
    if cents == deal["amount"]:
        raise NothingFitsError("the deal has that amount already")
    verb = desk.pick(("set the amount of", "change the amount of"))
    return {"amount": shown_amount(cents)}, f"{verb} {deal['name']} to {desk.money(cents)}"


def _to_day(desk: Desk, deal: Row) -> tuple[Mapping[str, object], str]:
    day = desk.coming_day(10, 200, instead_of=deal["close_date"])
    verb = desk.pick(("set the close date of", "move the close date of"))
    return {"close_date": day}, f"{verb} {deal['name']} to {desk.day(day)}"


_NOTED: Mapping[str, Callable[[Desk, Row], tuple[Mapping[str, object], str]]] = {
    "stage": _to_stage,
    "amount": _to_amount,
    "close_date": _to_day,
}


def _draw_no_note(desk: Desk) -> Case:
    """The first of two changes leaves no trace in the notes, the second one as always."""
    rule = desk.house.need(ChangeNote)
    first = desk.open_deal()
    second = desk.open_deal(lambda row: row["owner"] == first["owner"] and row is not first)
    values, request = _NOTED[rule.field](desk, first)
    usual, again = _NOTED[rule.field](desk, second)
    talks = (
        Talk(f"{first['name']} is changed, without a note.", (DealChange(first, values),)),
        Talk(f"{second['name']} is changed.", (deal_change(desk, second, usual),), find=named(second)),
    )
    ways = (named(first), named_and_read(first))
    slots = {"change": request, "deal": str(first["name"]), "again": again, "other": str(second["name"])}
    case = talk_case(desk.actor_for(first), slots, ways, talks)
    return Case(case.slots, case.actor, Goal(expected_changes=case.goal.expected_changes), case.solutions)


# ---------------------------------------------------------------------------------------------------------------------
# A close date of its own


def _draw_own_day(desk: Desk) -> Case:
    """The first of two deals closes this quarter on a day that is said, the second as always."""
    last = desk.house.need(QuarterEnd).last_day(desk.today)
    first = desk.open_deal(lambda row: row["close_date"] != last)
    second = desk.open_deal(
        lambda row: row["owner"] == first["owner"] and row is not first and row["close_date"] != last
    )
    day = desk.coming_day(3, 40, instead_of=first["close_date"])
    if day >= last:
        raise NothingFitsError("the quarter is nearly over")
    talks = (
        Talk(f"{first['name']} closes on {day}.", (deal_change(desk, first, {"close_date": day}),)),
        Talk(
            f"{second['name']} closes on {last}.",
            (deal_change(desk, second, {"close_date": last}),),
            find=named(second),
        ),
    )
    ways = (named(first), named_and_read(first))
    slots = {"deal": str(first["name"]), "day": desk.day(day), "other": str(second["name"])}
    return talk_case(desk.actor_for(first), slots, ways, talks)


ONE_OFF = Family(
    name="one_off",
    task="MODIFY OPPORTUNITY",
    level=1,
    share=3,
    blueprints=(
        Blueprint(
            "opening_stage", "success", _draw_opening_stage, when=lambda house: house.get(OpeningStage) is not None
        ),
        Blueprint("file_kept", "success", _draw_file_kept, when=lambda house: house.get(DocumentNaming) is not None),
        Blueprint("no_note", "success", _draw_no_note, when=lambda house: house.get(ChangeNote) is not None),
        Blueprint("own_day", "success", _draw_own_day, when=lambda house: house.get(QuarterEnd) is not None),
    ),
)

FAMILIES = (ONE_OFF,)
