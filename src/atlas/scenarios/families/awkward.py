"""Requests that do not fit the records as they are: two that do not belong together, something that was so once."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from functools import partial
from typing import cast

from atlas.crm.records import Entity, FieldValue, ReasonCode, Row
from atlas.crm.schema import OPEN_QUOTE_STATUSES, SCHEMA
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions.deals import OPEN_STAGES
from atlas.scenarios.desk import Desk, NothingFitsError
from atlas.scenarios.families.expect import created, may_note, may_version, told
from atlas.scenarios.families.mending import (
    Slip,
    Step,
    Target,
    Work,
    amount_text,
    change_work,
    contact_target,
    deal_target,
    mended_case,
    quotable,
)
from atlas.scenarios.families.moves import modify_deal, seek_client, seek_deal
from atlas.scenarios.families.staging import stage_goal
from atlas.scenarios.families.turns import in_turns, new_phone, set_work, telling
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.verify.goals import Goal, Solution


def reading(target: Target) -> Step:
    """Return the step of reading a record with what is around it."""
    noun = target.entity.value.lower()
    tool = "view_opportunity_details" if target.entity is Entity.OPPORTUNITY else f"{noun}_details"

    def look(plan: Plan, record_id: str) -> None:
        plan.call(tool, **{SCHEMA[target.entity].id_field: record_id})

    return look


# ---------------------------------------------------------------------------------------------------------------------
# Pairs that do not belong together


def _seek_person(plan: Plan, person: Row) -> str:
    first, last = {"equals": person["first_name"]}, {"equals": person["last_name"]}
    found = plan.call("contact_search", criteria={"first_name": first, "last_name": last})
    return found.at("results.0.contact_id")


def _seek_person_there(plan: Plan, person: Row, client: Row) -> str:
    """Look for somebody at a client in vain, then everywhere."""
    plan.call("contact_search", client_id=seek_client(plan, client), last_name=person["last_name"])
    return _seek_person(plan, person)


def _other_client(desk: Desk, person: Row) -> Row:
    """Return a client that ``person`` does not work for, and nobody of that surname."""
    return desk.client(
        lambda row: (
            row["client_id"] != person["client_id"]
            and all(other["last_name"] != person["last_name"] for other in desk.shelf.contacts_of(row))
        )
    )


def _draw_person_elsewhere(desk: Desk) -> Case:
    found = contact_target(desk)
    employer, wrong = desk.shelf.client_of(found.row), _other_client(desk, found.row)
    person, phone = f"{found.row['first_name']} {found.row['last_name']}", new_phone(desk)
    seekers = (
        partial(_seek_person_there, person=found.row, client=wrong),
        partial(_seek_person, person=found.row),
    )
    target = dataclasses.replace(found, called=person, seekers=seekers)
    slip = Slip(
        about=(str(employer["name"]),),
        message=f"{person} works for {employer['name']}, not for {wrong['name']}.",
        mend="Then I had the company wrong; the person is the one I mean. Please put the number in.",
        bad=partial(target.change, values={"phone": phone}),
        reason=ReasonCode.MISMATCH,
        look=reading(target),
    )
    slots = {"person": person, "client": str(wrong["name"]), "phone": phone}
    return mended_case(target, slots, slip, set_work(target, {"phone": phone}))


def _seek_by_amount(plan: Plan, amount: object) -> str:
    return plan.call("quote_search", amount={"equals": amount}).at("results.0.quote_id")


def _seek_there_first(plan: Plan, deal: Row, amount: object) -> str:
    """Look for a quote on a deal in vain, then everywhere."""
    plan.call("quote_search", opportunity_id=seek_deal(plan, deal))
    return plan.call("quote_search", criteria={"amount": {"gte": amount, "lte": amount}}).at("results.0.quote_id")


def _draw_quote_elsewhere(desk: Desk) -> Case:
    amounts = Counter(row["amount"] for row in desk.company.file.rows[Entity.QUOTE])
    quote = desk.pick(
        row
        for row in desk.shelf.quotes
        if row["status"] in OPEN_QUOTE_STATUSES and amounts[row["amount"]] == 1 and not cast("int", row["amount"]) % 100
    )
    deal = desk.shelf.deal_of(quote)
    wrong = desk.open_deal(lambda row: row["opportunity_id"] != deal["opportunity_id"])
    amount, day = shown_amount(quote["amount"]), desk.later_day(quote["valid_until"], 12, 70)
    said = amount_text(cast("int", quote["amount"]))
    seekers = (partial(_seek_there_first, deal=wrong, amount=amount), partial(_seek_by_amount, amount=amount))
    target = Target(Entity.QUOTE, quote, f"the quote for {said}", desk.actor_for(deal), seekers)
    slip = Slip(
        about=(str(deal["name"]),),
        message=f"The quote for {said} belongs to {deal['name']}, not to {wrong['name']}.",
        mend="Then the deal was my mistake; the amount is right. Please change that one.",
        bad=partial(target.change, values={"valid_until": day}),
        reason=ReasonCode.MISMATCH,
        look=reading(target),
    )
    slots = {"amount": said, "deal": str(wrong["name"]), "day": desk.day(day)}
    return mended_case(target, slots, slip, change_work(desk, target, {"valid_until": day}))


def _draw_if_it_fits(desk: Desk) -> Case:
    """A change under a condition that holds, or one that does not, and then the user wants to know what is the case."""
    found = contact_target(desk)
    employer, phone = desk.shelf.client_of(found.row), new_phone(desk)
    fits = desk.rng.random() < 0.5  # noqa: PLR2004 - half of the cases each way
    client = employer if fits else _other_client(desk, found.row)
    person = f"{found.row['first_name']} {found.row['last_name']}"
    work = set_work(dataclasses.replace(found, called=person), {"phone": phone})

    def play(*, there_first: bool) -> Solution:
        plan = Plan()
        contact_id = _seek_person_there(plan, found.row, client) if there_first else _seek_person(plan, found.row)
        plan.call("contact_details", contact_id=contact_id)
        if fits:
            return work.finish(plan, contact_id)
        name = str(employer["name"])
        plan.respond(f"I changed nothing: {person} works for {name}.", name=name)
        return plan.solution()

    goal = (
        Goal(expected_changes=work.expected, allowed_changes=work.allowed)
        if fits
        else Goal(answers=(told("name", employer["name"]),))
    )
    slots = {"person": person, "client": str(client["name"]), "phone": phone}
    return Case(slots, found.actor, goal, (play(there_first=False), play(there_first=True)))


WRONG_PAIRS = Family(
    name="wrong_pairs",
    task="MODIFY CONTACT",
    level=3,
    share=2,
    blueprints=(
        Blueprint("person_elsewhere", "failure", _draw_person_elsewhere, failure="cross_mismatch"),
        Blueprint("quote_elsewhere", "failure", _draw_quote_elsewhere, failure="cross_mismatch"),
        Blueprint("only_if_it_fits", "success", _draw_if_it_fits),
    ),
)


# ---------------------------------------------------------------------------------------------------------------------
# What the user knows is no longer so


def _draw_moved_on(desk: Desk) -> Case:
    """A step from a stage that the deal is no longer in, or not yet."""
    points = desk.rng.randrange(5, 96)
    target = deal_target(desk, lambda row: row["probability"] != points)
    stage = str(target.row["stage"])
    steps = [step for step in itertools.pairwise(OPEN_STAGES) if stage not in step]
    believed, following = desk.pick(steps)
    slip = Slip(
        about=(stage,),
        message=f"{target.called} is in {stage}, not in {believed}.",
        mend=f"Then leave the stage alone and set the probability to {points}.",
        bad=partial(target.change, values={"stage": following}),
        reason=ReasonCode.MISMATCH,
        look=reading(target),
    )
    slots = {"deal": target.called, "believed": believed, "stage": following, "points": str(points)}
    return mended_case(target, slots, slip, change_work(desk, target, {"probability": points}))


def _draw_other_amount(desk: Desk) -> Case:
    target = deal_target(desk)
    present = cast("int", target.row["amount"])
    believed, wanted = sorted(desk.round_amount(12, 120) for _ in range(2))
    good = desk.round_amount(20, 150)
    if len({present, believed, wanted, good}) < 4:  # noqa: PLR2004 - the four amounts
        raise NothingFitsError("two of the amounts are the same")
    said = desk.money(good)
    slip = Slip(
        about=(amount_text(present), str(shown_amount(present))),
        message=f"The amount of {target.called} is {amount_text(present)}, not {amount_text(believed)}.",
        mend=f"Then make it {said}.",
        bad=partial(target.change, values={"amount": shown_amount(wanted)}),
        reason=ReasonCode.MISMATCH,
        look=reading(target),
    )
    slots = {"deal": target.called, "believed": desk.money(believed), "wanted": desk.money(wanted), "good": said}
    return mended_case(target, slots, slip, change_work(desk, target, {"amount": shown_amount(good)}))


def _draw_no_draft(desk: Desk) -> Case:
    """A change of a draft that is no draft any more; the user then wants a new one."""
    target = deal_target(desk, lambda row: _past_draft(desk, row))
    (quote,) = desk.shelf.quotes_of(target.row)
    cents, day = (
        cast("int", target.row["amount"]) * desk.pick((96, 97, 98, 99)) // 100_000 * 1000,
        desk.coming_day(14, 75),
    )
    if cents == quote["amount"]:
        raise NothingFitsError("that is the amount already")
    status, said = str(quote["status"]), amount_text(cents)
    values = {"amount": shown_amount(cents), "status": "Draft"}
    values |= desk.house.quote_values(desk.today, valid_until=day)

    def look(plan: Plan, deal_id: str) -> None:
        plan.call("quote_search", opportunity_id=deal_id)

    def overwrite(plan: Plan, deal_id: str) -> None:
        quote_id = plan.call("quote_search", opportunity_id=deal_id).at("results.0.quote_id")
        plan.call("modify_quote", quote_id=quote_id, amount=values["amount"])

    def quote_anew(plan: Plan, deal_id: str) -> None:
        plan.call("create_quote", opportunity_id=deal_id, **values)

    slip = Slip(
        about=(status, *(("cancelled",) if status == "Canceled" else ())),
        message=f"There is no draft on {target.called}; its only quote is {status}.",
        mend=f"Then make a new draft for that amount, valid until {day}.",
        bad=overwrite,
        reason=ReasonCode.MISMATCH,
        look=look,
    )
    expected = created(Entity.QUOTE, {"opportunity_id": target.id, **values})
    done = f"There is a new draft for {said} on {target.called}."
    work = Work(quote_anew, done, (expected,), (may_note(target.row), may_version()))
    return mended_case(target, {"deal": target.called, "amount": said, "day": desk.day(day)}, slip, work)


def _past_draft(desk: Desk, deal: Row) -> bool:
    quotes = desk.shelf.quotes_of(deal)
    return len(quotes) == 1 and quotes[0]["status"] != "Draft" and quotable(desk, deal)


def _draw_as_believed(desk: Desk) -> Case:
    """The counterpart: what the user believes is so."""
    field = desk.pick(("amount", "close_date", "probability", "stage"))
    target = deal_target(desk, lambda row: row[field] is not None and (field != "stage" or bool(_next(desk, row))))
    work, old, new = _believed_change(desk, target, field)
    owner = target.row["owner"]
    slots = {"deal": target.called, "field": field.replace("_", " "), "old": old, "new": new}
    return in_turns(target, slots, (work, telling(f"{target.called} belongs to {owner}.", {"owner": owner})))


def _next(desk: Desk, deal: Row) -> tuple[str, ...]:
    return tuple(stage for stage in desk.free_stages(deal) if stage in OPEN_STAGES)


def _believed_change(desk: Desk, target: Target, field: str) -> tuple[Work, str, str]:
    """Return the work of a change, the old value and the new one as people write them."""
    if field == "stage":
        stage = desk.pick(_next(desk, target.row))
        values, note, expected, allowed = stage_goal(desk, target.row, stage)
        done = f"{target.called} is in {stage} now."
        work = Work(
            lambda plan, deal_id: cast("None", modify_deal(plan, deal_id, values, note)), done, expected, allowed
        )
        return work, str(target.row["stage"]), stage
    if field == "amount":
        cents = desk.round_amount(12, 150)
        work = change_work(desk, target, {"amount": shown_amount(_unlike(cents, target.row["amount"]))})
        return work, desk.money(cast("int", target.row["amount"])), desk.money(cents)
    if field == "close_date":
        day = desk.coming_day(20, 200, instead_of=target.row["close_date"])
        return change_work(desk, target, {"close_date": day}), desk.day(str(target.row["close_date"])), desk.day(day)
    points = cast("int", _unlike(desk.rng.randrange(5, 96), target.row["probability"]))
    return change_work(desk, target, {"probability": points}), str(target.row["probability"]), str(points)


def _unlike(value: FieldValue, present: FieldValue) -> FieldValue:
    """Return ``value``, which has to be a new one.

    Raises:
        NothingFitsError: it is the present one.
    """
    if value == present:
        raise NothingFitsError("the record holds that already")
    return value


STALE_FACTS = Family(
    name="stale_facts",
    task="MODIFY OPPORTUNITY",
    level=3,
    share=2,
    blueprints=(
        Blueprint("moved_on", "failure", _draw_moved_on, failure="stale_reference"),
        Blueprint("other_amount", "failure", _draw_other_amount, failure="stale_reference"),
        Blueprint("no_draft_any_more", "failure", _draw_no_draft, failure="stale_reference"),
        Blueprint("as_believed", "success", _draw_as_believed),
    ),
)


FAMILIES = (WRONG_PAIRS, STALE_FACTS)
