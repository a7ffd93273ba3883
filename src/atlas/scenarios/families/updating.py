"""What goes with the change of a deal, and changes of the deal that the house's superlative means."""

from __future__ import annotations

from functools import partial

from atlas.crm.records import Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import Superlative
from atlas.scenarios.conventions.deals import OPEN_STAGES
from atlas.scenarios.desk import Desk, NothingFitsError, is_open
from atlas.scenarios.families.expect import deal_updated, may_note, note_on_deal, told
from atlas.scenarios.families.moves import modify_deal, seek_client
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.verify.goals import ChangePattern, ExpectedChange, Goal, Solution


def change_goal(
    desk: Desk, deal: Row, values: dict[str, object], noted: str
) -> tuple[str | None, tuple[ExpectedChange, ...], tuple[ChangePattern, ...]]:
    """Return the note that goes with a change of field ``noted``, what has to change, and what else may."""
    note = desk.house.note_after(noted, values[noted])
    expected = [deal_updated(deal, values)]
    if note is None:
        return None, tuple(expected), (may_note(deal),)
    return note, (*expected, note_on_deal(deal, note)), ()


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
        stage={"in": list(OPEN_STAGES)},
        order_by=f"-{rule.field}" if rule.highest else rule.field,
    )
    return found.at("results.0.opportunity_id")


def _read_outstanding(plan: Plan, desk: Desk, client: Row) -> str:
    """Compare all deals on the client's page; return what stands for the id of the one that is meant."""
    deal = outstanding_deal(desk, client)
    place = sorted(str(row["name"]) for row in desk.shelf.deals_of(client)).index(str(deal["name"]))
    page = plan.call("client_details", client_id=seek_client(plan, client))
    return page.at(f"opportunities.{place}.opportunity_id")


def _superlative_case(
    desk: Desk, client: Row, deal: Row, values: dict[str, object], asked: dict[str, object] | None = None
) -> Case:
    """Return a case in which the deal that the superlative means is changed, after a question about it if any.

    Args:
        desk: Draws the case.
        client: Whose deal it is.
        deal: The deal.
        values: What is set; one field.
        asked: What the user wants to know in a turn before that, by name of the fact.
    """
    rule = desk.house.need(Superlative)
    ((field, value),) = values.items()
    note, expected, allowed = change_goal(desk, deal, values, field)

    def play(*, reading: bool) -> Solution:
        plan = Plan()
        deal_id = (_read_outstanding if reading else seek_outstanding)(plan, desk, client)
        if asked:
            listed = "; ".join(f"{name}: {fact}" for name, fact in asked.items())
            plan.respond(f"The {rule.nickname} of {client['name']} has {listed}.", **asked)
        modify_deal(plan, deal_id, values, note)
        plan.respond(f"The {field.replace('_', ' ')} of the {rule.nickname} of {client['name']} is {value} now.")
        return plan.solution()

    answers = tuple(told(name, fact) for name, fact in (asked or {}).items())
    goal = Goal(expected_changes=expected, allowed_changes=allowed, answers=answers)
    slots = {"client": str(client["name"]), "kind": rule.nickname}
    ways = tuple(partial(play, reading=reading) for reading in desk.rng.sample((False, True), 2))
    tag = "natural" if rule.natural else "opaque"
    return Case(slots, desk.actor_for(deal), goal, tuple(way() for way in ways), tags=(tag,))


def _with_slots(case: Case, **slots: str) -> Case:
    return Case({**case.slots, **slots}, case.actor, case.goal, case.solutions, tags=case.tags)


def _draw_outstanding(desk: Desk) -> Case:
    client, deal = client_with_outstanding_deal(desk)
    day = desk.later_day(deal["close_date"], 14, 120)
    return _with_slots(_superlative_case(desk, client, deal, {"close_date": day}), day=desk.day(day))


def _draw_outstanding_raise(desk: Desk) -> Case:
    client, deal = client_with_outstanding_deal(desk)
    points = desk.pick(value for value in range(5, 96, 5) if value != deal["probability"])
    return _with_slots(_superlative_case(desk, client, deal, {"probability": points}), points=str(points))


def _draw_outstanding_asked(desk: Desk) -> Case:
    """Which deal it is and what is in for it; then that figure turns out to be out of date."""
    client, deal = client_with_outstanding_deal(desk)
    amount = desk.round_amount(12, 180)
    if amount == deal["amount"]:
        raise NothingFitsError("the deal has that amount already")
    asked: dict[str, object] = {"name": deal["name"], "amount": shown_amount(deal["amount"])}
    case = _superlative_case(desk, client, deal, {"amount": shown_amount(amount)}, asked)
    return _with_slots(case, amount=desk.money(amount))


OUTSTANDING_DEAL = Family(
    name="outstanding_deal",
    task="MODIFY OPPORTUNITY",
    level=2,
    needs=(Superlative,),
    share=4,
    blueprints=(
        Blueprint("postpone", "success", _draw_outstanding),
        Blueprint("reassess", "success", _draw_outstanding_raise),
        Blueprint("out_of_date", "success", _draw_outstanding_asked),
    ),
)

FAMILIES = (OUTSTANDING_DEAL,)
