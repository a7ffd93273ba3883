"""Changes of deals that need no stage rule: amounts, dates, probabilities, and whose deal it is."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from functools import partial
from typing import Final

from atlas.crm.records import ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import DealOwnership
from atlas.scenarios.desk import Desk, NothingFitsError, is_open
from atlas.scenarios.families.expect import may_note, refusal
from atlas.scenarios.families.mending import (
    Slip,
    Target,
    blunder_of,
    both_paths,
    change_work,
    deal_target,
    mended_case,
    new_amount,
    note_work,
)
from atlas.scenarios.families.moves import modify_deal, seek_and_read_deal, seek_deal
from atlas.scenarios.families.retrying import Rebuff, second_try
from atlas.scenarios.families.staging import read_deal
from atlas.scenarios.families.turns import in_turns, open_deals, telling
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.verify.goals import Goal, Solution

_FIELDS: Final = ("amount", "close_date", "probability")


def _new_value(desk: Desk, target: Target, field: str) -> tuple[object, str]:
    """Return another value (shown) for a field of a deal, and how people write it.

    Raises:
        NothingFitsError: the one drawn is what it has.
    """
    if field == "amount":
        amount = new_amount(desk, target)
        return shown_amount(amount), desk.money(amount)
    if field == "close_date":
        day = desk.coming_day(10, 200, instead_of=target.row["close_date"])
        return day, desk.day(day)
    points = desk.pick(value for value in range(5, 96, 5) if value != target.row["probability"])
    return points, str(points)


def _draw_change(desk: Desk, *, field: str, slot: str) -> Case:
    target = deal_target(desk)
    value, said = _new_value(desk, target, field)
    return _change_case(desk, target, {field: value}, {slot: said})


def _change_case(desk: Desk, target: Target, values: dict[str, object], slots: dict[str, str]) -> Case:
    work = change_work(desk, target, values)
    goal = Goal(expected_changes=work.expected, allowed_changes=work.allowed)
    return Case({"deal": target.called, **slots}, target.actor, goal, both_paths(target, work))


def _draw_two_fields(desk: Desk) -> Case:
    """Amount and close date in one message; then the close date moves once more."""
    target = deal_target(desk)
    amount, said = _new_value(desk, target, "amount")
    day, later = desk.coming_day(10, 90, instead_of=target.row["close_date"]), desk.coming_day(100, 220)
    if later == target.row["close_date"]:
        raise NothingFitsError("the deal closes on that day already")
    works = [change_work(desk, target, {"amount": amount}), change_work(desk, target, {"close_date": day})]

    def both(plan: Plan, deal_id: str) -> None:
        for work in works:
            work.do(plan, deal_id)

    first = dataclasses.replace(
        works[0],
        do=both,
        done=f"{target.called}: amount {amount}, close date {day}.",
        expected=tuple(change for work in works for change in work.expected),
        allowed=tuple(pattern for work in works for pattern in work.allowed),
    )
    slots = {"deal": target.called, "amount": said, "day": desk.day(day), "later": desk.day(later)}
    return in_turns(target, slots, (first, change_work(desk, target, {"close_date": later})))


def _draw_asked_first(desk: Desk) -> Case:
    field = desk.pick(_FIELDS)
    target = deal_target(desk, lambda row: row[field] is not None)
    value, said = _new_value(desk, target, field)
    present = shown_amount(target.row[field]) if field == "amount" else target.row[field]
    called = field.replace("_", " ")
    asked = telling(f"The {called} of {target.called} is {present}.", {field: present})
    slots = {"deal": target.called, "field": called, "value": said}
    return in_turns(target, slots, (asked, change_work(desk, target, {field: value})))


def _draw_bad_probability(desk: Desk) -> Case:
    """A digit too many."""
    good = desk.pick(range(10, 96, 5))
    target = deal_target(desk, lambda row: row["probability"] != good)
    bad = good * 10
    slip = Slip(
        about=("probability", str(bad)),
        message=f"A probability of {bad} is not possible; it has to be between 1 and 99.",
        mend=f"One zero too many: {good}.",
        bad=partial(target.change, values={"probability": bad}),
    )
    slots = {"deal": target.called, "points": str(bad), "good": str(good)}
    return mended_case(target, slots, slip, change_work(desk, target, {"probability": good}))


def _draw_past_date(desk: Desk) -> Case:
    """The user looked at an old plan."""
    target = deal_target(desk)
    gone = (desk.today - timedelta(days=desk.rng.randint(3, 120))).isoformat()
    good, said = _new_value(desk, target, "close_date")
    slip = Slip(
        about=("date", gone, "past"),
        message=f"The close date {gone} lies in the past; it has to be a day from {desk.today.isoformat()} on.",
        mend=f"I had an old plan in front of me. By the new one it closes on {said}.",
        bad=partial(target.change, values={"close_date": gone}),
    )
    slots = {"deal": target.called, "day": desk.day(gone), "good": said}
    return mended_case(target, slots, slip, change_work(desk, target, {"close_date": good}))


def _draw_closed(desk: Desk) -> Case:
    """The user took a closed deal for an open one of the same client."""
    deal = desk.deal(lambda row: not is_open(row) and bool(open_deals(desk, desk.shelf.client_of(row))))
    meant = desk.pick(open_deals(desk, desk.shelf.client_of(deal)))
    target = deal_target(desk, lambda row: row["opportunity_id"] == meant["opportunity_id"])
    if deal["owner"] != meant["owner"]:
        target = dataclasses.replace(target, actor=desk.manager().handle)
    amount = new_amount(desk, target)
    if amount == deal["amount"]:
        raise NothingFitsError("the closed deal has that amount, so that nothing would be changed")
    values: dict[str, object] = {"amount": shown_amount(amount)}

    def change_closed(plan: Plan) -> None:
        modify_deal(plan, seek_deal(plan, deal), values, None)

    rebuff = Rebuff(
        reason=ReasonCode.CLOSED_RECORD,
        about=("closed", str(deal["stage"])),
        message=f"{deal['name']} is {deal['stage']}; its amount can't be changed any more.",
        mend=f"I meant {meant['name']}; that one is to get the amount.",
        looks=(partial(seek_and_read_deal, deal=deal), partial(seek_deal, deal=deal)),
        bad=change_closed,
    )
    slots = {"deal": str(deal["name"]), "amount": desk.money(amount), "other": target.called}
    return second_try(slots, target.actor, rebuff, change_work(desk, target, values), target.seekers)


DEAL_UPDATE = Family(
    name="deal_update",
    task="MODIFY OPPORTUNITY",
    level=3,
    share=4,
    blueprints=(
        Blueprint("amount", "success", partial(_draw_change, field="amount", slot="amount")),
        Blueprint("close_date", "success", partial(_draw_change, field="close_date", slot="day")),
        Blueprint("probability", "success", partial(_draw_change, field="probability", slot="points")),
        Blueprint("two_fields", "success", _draw_two_fields),
        Blueprint("asked_first", "success", _draw_asked_first),
        Blueprint("impossible_probability", "failure", _draw_bad_probability, failure="probability_out_of_range"),
        Blueprint("past_date", "failure", _draw_past_date, failure="past_date"),
        Blueprint("closed_deal", "failure", _draw_closed, failure="closed_record"),
    ),
)


# ---------------------------------------------------------------------------------------------------------------------
# Whose deal it is


def _others_deal(desk: Desk) -> tuple[Target, tuple[str, str]]:
    """Return a deal about which somebody else asks, and handle and name of its owner."""
    desk.house.need(DealOwnership)
    target = deal_target(desk)
    owner = desk.pick(member for member in desk.company.directory.staff if member.handle == target.row["owner"])
    actor = desk.seller(other_than=owner.handle)
    return dataclasses.replace(target, actor=actor.handle), (owner.handle, owner.name)


def _not_yours(deal: Row) -> str:
    return f"{deal['name']} belongs to {deal['owner']}; only the owner or a manager may change it."


def _draw_not_mine(desk: Desk) -> Case:
    """The owner has to be named, whom only the record knows."""
    target, owner = _others_deal(desk)
    amount, said = _new_value(desk, target, "amount")
    change = partial(target.change, values={"amount": amount})

    def decline(plan: Plan, deal_id: str) -> Solution:
        read_deal(plan, deal_id)
        plan.decline(_not_yours(target.row), ReasonCode.PERMISSION_DENIED)
        return plan.solution()

    plans = (Plan(), Plan())
    solutions = tuple(decline(plan, seek(plan)) for plan, seek in zip(plans, target.seekers, strict=True))
    goal = Goal(allowed_changes=(may_note(target.row),), must_refuse=refusal(ReasonCode.PERMISSION_DENIED, *owner))
    blunder = blunder_of(target.seekers[0], change)
    return Case({"deal": target.called, "amount": said}, target.actor, goal, solutions, blunder=blunder)


_MESSAGES = (
    "Customer called me by mistake, wants to talk about the price.", "Their buyer is away until the end of the month.",
    "They have a second offer on the table.", "New decision maker on their side, worth a call.",
    "They asked whether delivery can start earlier.", "Heard at the fair that their budget was approved.",
)  # fmt: skip


def _draw_note_instead(desk: Desk) -> Case:
    """A colleague who may not change a deal leaves word for its owner."""
    target, owner = _others_deal(desk)
    field, content = desk.pick(_FIELDS), desk.pick(_MESSAGES)
    value, said = _new_value(desk, target, field)
    slip = Slip(
        about=owner,
        message=_not_yours(target.row),
        mend=f'Then leave the deal as it is and put a note on it: "{content}"',
        bad=partial(target.change, values={field: value}),
        reason=ReasonCode.PERMISSION_DENIED,
        look=read_deal,
    )
    slots = {"deal": target.called, "field": field.replace("_", " "), "value": said, "content": content}
    return mended_case(target, slots, slip, note_work(target, content))


def _draw_by_manager(desk: Desk) -> Case:
    target = dataclasses.replace(deal_target(desk), actor=desk.manager().handle)
    amount, said = _new_value(desk, target, "amount")
    return _change_case(desk, target, {"amount": amount}, {"amount": said})


DEAL_OWNERSHIP = Family(
    name="deal_ownership",
    task="MODIFY OPPORTUNITY",
    level=2,
    needs=(DealOwnership,),
    share=3,
    blueprints=(
        Blueprint("not_mine", "failure", _draw_not_mine, failure="permission"),
        Blueprint("note_instead", "failure", _draw_note_instead, failure="permission"),
        Blueprint("manager_may", "success", _draw_by_manager),
    ),
)

FAMILIES = (DEAL_UPDATE, DEAL_OWNERSHIP)
