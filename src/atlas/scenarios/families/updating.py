"""Changes of deals that need no stage rule: amounts, dates, probabilities, whose deal it is, which deal is meant."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeAlias

from atlas.crm.records import ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import DealOwnership, Superlative
from atlas.scenarios.desk import Desk, NothingFitsError, is_open
from atlas.scenarios.families.expect import deal_updated, may_note, note_on_deal, refusal
from atlas.scenarios.families.moves import both_ways, modify_deal, seek_client
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.verify.goals import ChangePattern, ExpectedChange, Goal

Refused: TypeAlias = tuple[ReasonCode, tuple[str, ...], str]
"""Why a change is declined: the reason, what the message has to name, the message."""


def change_goal(
    desk: Desk, deal: Row, values: dict[str, object], noted: str
) -> tuple[str | None, tuple[ExpectedChange, ...], tuple[ChangePattern, ...]]:
    """Return the note that goes with a change of field ``noted``, what has to change, and what else may."""
    note = desk.house.note_after(noted, values[noted])
    expected = [deal_updated(deal, values)]
    if note is None:
        return None, tuple(expected), (may_note(deal),)
    return note, (*expected, note_on_deal(deal, note)), ()


def _change_case(desk: Desk, deal: Row, values: dict[str, object], slots: dict[str, str]) -> Case:
    (noted,) = values
    note, expected, allowed = change_goal(desk, deal, values, noted)

    def rest(plan: Plan, deal_id: str) -> None:
        modify_deal(plan, deal_id, values, note)
        plan.respond(f"{deal['name']}: {noted.replace('_', ' ')} is now {values[noted]}.")

    goal = Goal(expected_changes=expected, allowed_changes=allowed)
    return Case({"deal": str(deal["name"]), **slots}, desk.actor_for(deal), goal, both_ways(deal, rest))


def _draw_amount(desk: Desk) -> Case:
    deal = desk.open_deal()
    amount = _other_amount(desk, deal)
    return _change_case(desk, deal, {"amount": shown_amount(amount)}, {"amount": desk.money(amount)})


def _other_amount(desk: Desk, deal: Row) -> int:
    amount = desk.round_amount(12, 180)
    if amount == deal["amount"]:
        raise NothingFitsError("the deal has that amount already")
    return amount


def _draw_close_date(desk: Desk) -> Case:
    deal = desk.open_deal()
    day = desk.coming_day(10, 200, instead_of=deal["close_date"])
    return _change_case(desk, deal, {"close_date": day}, {"day": desk.day(day)})


def _draw_probability(desk: Desk) -> Case:
    deal = desk.open_deal()
    points = desk.pick(value for value in range(5, 96, 5) if value != deal["probability"])
    return _change_case(desk, deal, {"probability": points}, {"points": str(points)})


def _refused_change(desk: Desk, deal: Row, values: dict[str, object], slots: dict[str, str], why: Refused) -> Case:
    """A change that the world rejects; a colleague tries it once, or knows, and says why not."""
    reason, about, message = why

    def rest(plan: Plan, deal_id: str) -> None:
        plan.call("modify_opportunity", opportunity_id=deal_id, **values)
        plan.decline(message, reason)

    goal = Goal(allowed_changes=(may_note(deal),), must_refuse=refusal(reason, *about))
    return Case({"deal": str(deal["name"]), **slots}, desk.actor_for(deal), goal, both_ways(deal, rest))


def _draw_bad_probability(desk: Desk) -> Case:
    deal = desk.open_deal()
    points = desk.pick((0, 100, 110, 120, 150, 200))
    message = f"A probability of {points} is not possible; it has to be between 1 and 99."
    why = (ReasonCode.INVALID_VALUE, ("probability", str(points)), message)
    return _refused_change(desk, deal, {"probability": points}, {"points": str(points)}, why)


def _draw_past_date(desk: Desk) -> Case:
    deal = desk.open_deal()
    day = (desk.today - timedelta(days=desk.rng.randint(3, 120))).isoformat()
    message = f"The close date {day} lies in the past; please give me a day from {desk.today.isoformat()} on."
    why = (ReasonCode.INVALID_VALUE, ("close date", "close_date", day), message)
    return _refused_change(desk, deal, {"close_date": day}, {"day": desk.day(day)}, why)


def _draw_closed(desk: Desk) -> Case:
    deal = desk.deal(lambda row: not is_open(row))
    amount = _other_amount(desk, deal)
    message = f"{deal['name']} is closed ({deal['stage']}); its amount can't be changed any more."
    why = (ReasonCode.CLOSED_RECORD, ("closed", str(deal["name"]), str(deal["stage"])), message)
    return _refused_change(desk, deal, {"amount": shown_amount(amount)}, {"amount": desk.money(amount)}, why)


DEAL_UPDATE = Family(
    name="deal_update",
    task="MODIFY OPPORTUNITY",
    level=3,
    share=4,
    blueprints=(
        Blueprint(
            "amount",
            "success",
            _draw_amount,
        ),
        Blueprint(
            "close_date",
            "success",
            _draw_close_date,
        ),
        Blueprint(
            "probability",
            "success",
            _draw_probability,
        ),
        Blueprint(
            "impossible_probability",
            "failure",
            _draw_bad_probability,
        ),
        Blueprint(
            "past_date",
            "failure",
            _draw_past_date,
        ),
        Blueprint(
            "closed_deal",
            "failure",
            _draw_closed,
        ),
    ),
)


def _draw_not_mine(desk: Desk) -> Case:
    desk.house.need(DealOwnership)
    deal = desk.open_deal()
    actor = desk.seller(other_than=deal["owner"]).handle
    amount = _other_amount(desk, deal)
    message = f"{deal['name']} belongs to {deal['owner']}; only the owner or a manager may change it."
    why = (ReasonCode.PERMISSION_DENIED, (str(deal["owner"]), str(deal["name"])), message)
    case = _refused_change(desk, deal, {"amount": shown_amount(amount)}, {"amount": desk.money(amount)}, why)
    return Case(case.slots, actor, case.goal, case.solutions)


def _draw_by_manager(desk: Desk) -> Case:
    case = _draw_amount(desk)
    return Case(case.slots, desk.manager().handle, case.goal, case.solutions)


DEAL_OWNERSHIP = Family(
    name="deal_ownership",
    task="MODIFY OPPORTUNITY",
    level=2,
    needs=(DealOwnership,),
    share=3,
    blueprints=(
        Blueprint(
            "not_mine",
            "failure",
            _draw_not_mine,
        ),
        Blueprint(
            "manager_may",
            "success",
            _draw_by_manager,
        ),
    ),
)


def outstanding_deal(desk: Desk, client: Row) -> Row:
    """Return the client's deal that the house's superlative means.

    Raises:
        NothingFitsError: fewer than two open deals, or one without the field that decides.
    """
    rule = desk.house.need(Superlative)
    deals = [deal for deal in desk.shelf.deals_of(client) if is_open(deal)]
    if len(deals) < 2 or any(deal[rule.field] is None for deal in deals):  # noqa: PLR2004 - a superlative compares
        raise NothingFitsError("the client has no two open deals to compare")
    return (max if rule.highest else min)(deals, key=lambda deal: (deal[rule.field],))


def client_with_outstanding_deal(desk: Desk) -> tuple[Row, Row]:
    """Return a client and the deal that the house's superlative means there."""
    pairs: list[tuple[Row, Row]] = []
    for client in desk.shelf.clients:
        try:
            pairs.append((client, outstanding_deal(desk, client)))
        except NothingFitsError:
            continue
    return desk.pick(pairs)


def seek_outstanding(plan: Plan, desk: Desk, client: Row) -> str:
    """Look up the client's deal that the house's superlative means; return what stands for its id."""
    rule = desk.house.need(Superlative)
    found = plan.call(
        "opportunity_search",
        client_id=seek_client(plan, client),
        stage={"in": ["Prospecting", "Qualification", "Proposal", "Negotiation"]},
        order_by=f"-{rule.field}" if rule.highest else rule.field,
    )
    return found.at("results.0.opportunity_id")


def _draw_outstanding(desk: Desk) -> Case:
    rule = desk.house.need(Superlative)
    client, deal = client_with_outstanding_deal(desk)
    day = desk.coming_day(20, 160, instead_of=deal["close_date"])
    values: dict[str, object] = {"close_date": day}
    note, expected, allowed = change_goal(desk, deal, values, "close_date")

    def play(*, by_client: bool) -> Plan:
        plan = Plan()
        deal_id = seek_outstanding(plan, desk, client)
        if not by_client:
            plan.call("view_opportunity_details", opportunity_id=deal_id)
        modify_deal(plan, deal_id, values, note)
        plan.respond(f"The {rule.nickname} of {client['name']} now closes {day}.")
        return plan

    slots = {"client": str(client["name"]), "kind": rule.nickname, "day": desk.day(day)}
    goal = Goal(expected_changes=expected, allowed_changes=allowed)
    solutions = (play(by_client=True).solution(), play(by_client=False).solution())
    tag = "natural" if rule.natural else "opaque"
    return Case(slots, desk.actor_for(deal), goal, solutions, tags=(tag,))


def _draw_outstanding_raise(desk: Desk) -> Case:
    rule = desk.house.need(Superlative)
    client, deal = client_with_outstanding_deal(desk)
    points = desk.pick(value for value in range(5, 96, 5) if value != deal["probability"])
    values: dict[str, object] = {"probability": points}

    def play(*, by_client: bool) -> Plan:
        plan = Plan()
        deal_id = seek_outstanding(plan, desk, client)
        if not by_client:
            plan.call("view_opportunity_details", opportunity_id=deal_id)
        modify_deal(plan, deal_id, values, None)
        plan.respond(f"The {rule.nickname} of {client['name']} is at a probability of {points} now.")
        return plan

    slots = {"client": str(client["name"]), "kind": rule.nickname, "points": str(points)}
    goal = Goal(expected_changes=(deal_updated(deal, values),), allowed_changes=(may_note(deal),))
    solutions = (play(by_client=True).solution(), play(by_client=False).solution())
    tag = "natural" if rule.natural else "opaque"
    return Case(slots, desk.actor_for(deal), goal, solutions, tags=(tag,))


OUTSTANDING_DEAL = Family(
    name="outstanding_deal",
    task="MODIFY OPPORTUNITY",
    level=2,
    needs=(Superlative,),
    share=4,
    blueprints=(
        Blueprint(
            "postpone",
            "success",
            _draw_outstanding,
        ),
        Blueprint(
            "reassess",
            "success",
            _draw_outstanding_raise,
        ),
    ),
)

FAMILIES = (DEAL_UPDATE, DEAL_OWNERSHIP, OUTSTANDING_DEAL)
