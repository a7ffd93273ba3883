"""New deals: everything said, the short request that the house rules complete, and what cannot be entered."""

from __future__ import annotations

from datetime import timedelta

from atlas.crm.records import Entity, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import AmountRounding, OwnerAssignment, QuarterEnd, StageFields, Vocabulary
from atlas.scenarios.desk import Desk
from atlas.scenarios.families.expect import created, may_own, refusal
from atlas.scenarios.families.moves import seek_client
from atlas.scenarios.families.staging import word_tag
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.verify.goals import ChangePattern, Goal, Solution

_EARLY = ("Prospecting", "Qualification")
_RARE = 0.4  # share of requests about records that do not exist; their names are easily given away


def _solutions(client: Row, values: dict[str, object], *, look_up_owner: str | None = None) -> tuple[Solution, ...]:
    """Return two ways to enter a deal: by the client's name, or by its e-mail address after a look at its deals."""

    def finish(plan: Plan, client_id: str) -> Solution:
        owner = values.get("owner")
        if look_up_owner is not None:
            owner = plan.call("staff_search", territory=look_up_owner, role="Account Executive").at("results.0.handle")
        given = {**values, "client_id": client_id, **({"owner": owner} if owner is not None else {})}
        plan.call("create_new_opportunity", **given)
        plan.respond(f"{values['name']} is entered for {client['name']}, amount {values['amount']}.")
        return plan.solution()

    short, careful = Plan(), Plan()
    short_id = seek_client(short, client)
    careful_id = seek_client(careful, client)
    careful.call("opportunity_search", client_id=careful_id)
    return finish(short, short_id), finish(careful, careful_id)


def _deal_case(desk: Desk, client: Row, values: dict[str, object], slots: dict[str, str]) -> Case:
    """A deal to be entered with exactly ``values``; the owner may be the asking colleague where none is told."""
    actor = desk.seller().handle
    allowed: tuple[ChangePattern, ...] = () if "owner" in values else (may_own(Entity.OPPORTUNITY, actor),)
    values = {"client_id": client["client_id"], **values}
    goal = Goal(expected_changes=(created(Entity.OPPORTUNITY, values),), allowed_changes=allowed)
    rule = desk.house.get(OwnerAssignment)
    territory = desk.territory(client) if rule is not None and rule.by == "territory" else None
    slots = {"client": str(client["name"]), **slots}
    return Case(slots, actor, goal, _solutions(client, values, look_up_owner=territory))


def _draw_everything(desk: Desk) -> Case:
    """Name, amount, stage, probability, close date and owner are all said; nothing is left to the house."""
    client = desk.client()
    name = desk.deal_name(client)
    stage = desk.pick(_EARLY)
    amount, day, points = desk.round_amount(8, 160), desk.coming_day(20, 200), desk.pick(range(5, 60, 5))
    owner = desk.pick(member for member in desk.company.directory.staff if member.territory)
    values: dict[str, object] = {
        "name": name, "amount": shown_amount(amount), "stage": stage, "probability": points, "close_date": day,
        "owner": owner.handle,
    }  # fmt: skip
    slots = {
        "name": name, "amount": desk.money(amount), "stage": stage, "points": str(points), "day": desk.day(day),
        "owner": owner.handle,
    }  # fmt: skip
    case = _deal_case(desk, client, values, slots)
    return Case(case.slots, case.actor, case.goal, _solutions(client, values))


def _draw_brief(desk: Desk) -> Case:
    """Client, product, amount; the stage too where the house has no opening stage."""
    client, product = desk.client(), desk.product()
    said = desk.rng.randrange(8_000, 160_000, 10) * 100 if desk.house.get(AmountRounding) else desk.round_amount(8, 160)
    opening = desk.house.opening_stage()
    stage = opening or desk.pick(_EARLY)
    values = _house_values(desk, client, product, said, stage)
    slots = {"product": product, "amount": desk.money(said), "start": "" if opening else f", stage {stage}"}
    return _deal_case(desk, client, values, slots)


def _house_values(desk: Desk, client: Row, product: str, said_cents: int, stage: str) -> dict[str, object]:
    values: dict[str, object] = {
        "name": desk.house.deal_name(str(client["name"]), product, desk.today),
        "amount": shown_amount(desk.house.deal_amount(said_cents)),
        **desk.house.stage_values(stage),
    }
    owner = desk.house.owner_for(client)
    return values if owner is None else {**values, "owner": owner}


def _draw_word(desk: Desk) -> Case:
    """The stage is said in the house's words."""
    client, product = desk.client(), desk.product()
    needs = desk.house.get(StageFields)
    term = desk.pick(
        term
        for term in desk.house.need(Vocabulary).of(Entity.OPPORTUNITY, "stage")
        if term.value in _EARLY and (needs is None or needs.stage != term.value)
    )
    amount = desk.round_amount(8, 160)
    values = _house_values(desk, client, product, amount, term.value)
    slots = {"product": product, "amount": desk.money(amount), "word": term.nickname}
    case = _deal_case(desk, client, values, slots)
    return Case(case.slots, case.actor, case.goal, case.solutions, tags=word_tag(term))


def _draw_quarter(desk: Desk) -> Case:
    """The close date is "this quarter", which the house's fiscal year decides."""
    client, product = desk.client(), desk.product()
    amount = desk.round_amount(8, 160)
    stage = desk.house.opening_stage() or desk.pick(_EARLY)
    values = _house_values(desk, client, product, amount, stage)
    values["close_date"] = desk.house.need(QuarterEnd).last_day(desk.today)
    start = "" if desk.house.opening_stage() else f", stage {stage}"
    return _deal_case(desk, client, values, {"product": product, "amount": desk.money(amount), "start": start})


def _refused(desk: Desk, slots: dict[str, str], plans: tuple[Plan, ...], reason: ReasonCode, *about: str) -> Case:
    goal = Goal(must_refuse=refusal(reason, *about))
    return Case(slots, desk.seller().handle, goal, tuple(plan.solution() for plan in plans))


def _draw_unknown_client(desk: Desk) -> Case:
    industry = str(desk.client()["industry"])
    stranger, product = desk.names.firm(industry), desk.product()
    amount, stage = desk.round_amount(8, 160), desk.pick(_EARLY)
    short, careful = Plan(), Plan()
    short.call("client_search", name=stranger)
    careful.call("client_search", name=stranger)
    careful.call("client_search", criteria={"name": {"contains": stranger.split(" ")[0]}})
    for plan in (short, careful):
        plan.decline(f"There is no client called {stranger}, so I did not enter the deal.", ReasonCode.NOT_FOUND)
    slots = {"client": stranger, "product": product, "amount": desk.money(amount), "stage": stage}
    return _refused(desk, slots, (short, careful), ReasonCode.NOT_FOUND, stranger)


def _draw_impossible(desk: Desk) -> Case:
    """An amount of nothing, an amount beyond all bounds, or a close date that went by."""
    client, stage = desk.client(), desk.pick(_EARLY)
    name = desk.deal_name(client)
    amount, day = desk.round_amount(8, 160), desk.coming_day(30, 150)
    shown: object = shown_amount(amount)
    text = desk.money(amount)
    if desk.rng.random() < 0.5:  # noqa: PLR2004 - half of the cases each way
        shown, text = desk.pick(((0, "0"), (25_000_000, "25,000,000"), (40_000_000, "40000000")))
        about, why = ("amount", text), f"An amount of {text} is not possible for a deal"
    else:
        day = (desk.today - timedelta(days=desk.rng.randint(5, 90))).isoformat()
        about, why = ("close date", "close_date", day), f"The close date {day} lies in the past"
    plans = (Plan(), Plan())
    for plan, tries in zip(plans, (True, False), strict=True):
        client_id = seek_client(plan, client)
        if tries:
            plan.call(
                "create_new_opportunity", name=name, client_id=client_id, amount=shown, stage=stage, close_date=day
            )
        plan.decline(f"{why}; nothing was entered for {client['name']}.", ReasonCode.INVALID_VALUE)
    slots = {"client": str(client["name"]), "name": name, "amount": text, "stage": stage, "day": desk.day(day)}
    return _refused(desk, slots, plans, ReasonCode.INVALID_VALUE, *about)


DEAL_EXPLICIT = Family(
    name="deal_explicit",
    task="CREATE NEW OPPORTUNITY",
    level=3,
    share=5,
    blueprints=(
        Blueprint(
            "everything_said",
            "success",
            _draw_everything,
        ),
        Blueprint("unknown_client", "failure", _draw_unknown_client, share=_RARE),
        Blueprint(
            "impossible_value",
            "failure",
            _draw_impossible,
        ),
    ),
)


DEAL_HOUSE = Family(
    name="deal_house",
    task="CREATE NEW OPPORTUNITY",
    level=2,
    needs=(Vocabulary,),
    share=14,
    blueprints=(
        Blueprint(
            "brief",
            "success",
            _draw_brief,
        ),
        Blueprint(
            "in_house_words",
            "success",
            _draw_word,
        ),
        Blueprint(
            "closes_this_quarter",
            "success",
            _draw_quarter,
            when=lambda house: house.get(QuarterEnd) is not None,
        ),
    ),
)

FAMILIES = (DEAL_EXPLICIT, DEAL_HOUSE)
