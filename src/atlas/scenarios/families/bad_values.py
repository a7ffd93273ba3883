"""Numbers and dates that no record can hold: declined by name, and mended by the colleague."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from functools import partial
from typing import cast

from atlas.crm.records import Entity
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.desk import Desk, NothingFitsError
from atlas.scenarios.families.expect import created
from atlas.scenarios.families.mending import (
    MONEY_FIELDS,
    Slip,
    Target,
    Work,
    amount_text,
    any_of,
    change_work,
    client_target,
    contract_target,
    deal_target,
    mended_case,
    new_amount,
    note_work,
    quote_target,
)
from atlas.scenarios.house import shown_amount
from atlas.scenarios.phrasebook import choose
from atlas.scenarios.plans import Plan

_MOST_UNITS = 10_000_000  # the largest amount that a record holds
_AMOUNT_WORDS = ("amount", "value")
_FREE_OF_CHARGE = (
    "Free pilot until the summer.", "Goodwill, nothing to be charged.", "First year free of charge.",
    "Given away as a reference project.", "No fee agreed for the trial.",
)  # fmt: skip
_WORDS_FOR_AMOUNTS = (
    "to be agreed", "a fair bit more", "as discussed on the phone", "whatever they can spend", "somewhere between",
)  # fmt: skip
_ODDS = ((100, 99), (0, 1), (110, 90), (120, 95))  # a probability that cannot be, and the one that is meant


def _change(target: Target, field: str, value: object) -> partial[None]:
    return partial(target.change, values={field: value})


def _amount_slots(target: Target) -> dict[str, str]:
    return {"record": target.called, "field": MONEY_FIELDS[target.entity]}


def _draw_zero(desk: Desk) -> Case:
    target = any_of(desk, (deal_target, contract_target))
    field, content = MONEY_FIELDS[target.entity], desk.pick(_FREE_OF_CHARGE)
    slip = Slip(
        about=(*_AMOUNT_WORDS, "zero"),
        message=f"The CRM takes no {field} of 0; it has to be more than nothing.",
        mend=choose(f'[Leave|Keep] the {field} as it is[, then,| then] and [add|write] a note: "{content}"', desk.rng),
        bad=_change(target, field, 0),
    )
    return mended_case(target, {**_amount_slots(target), "content": content}, slip, note_work(target, content))


def _draw_negative(desk: Desk) -> Case:
    target = any_of(desk, (deal_target, quote_target, contract_target))
    field, units = MONEY_FIELDS[target.entity], desk.rng.randrange(5, 90) * 100
    present = shown_amount(target.row[field])
    slip = Slip(
        about=(*_AMOUNT_WORDS, "negative"),
        message=f"The {field} can't be negative, so I can't set it to -{units:,}.",
        mend=choose(f"[I see|Okay]. Don't change anything, just tell me the [present|current] {field}.", desk.rng),
        bad=_change(target, field, -units),
    )
    slots = {**_amount_slots(target), "bad": desk.pick((f"-{units:,}", f"minus {units:,}", f"-{units} EUR"))}
    work = Work(lambda _plan, _id: None, f"The {field} of {target.called} is {present}.", facts={field: present})
    return mended_case(target, slots, slip, work)


def _draw_too_large(desk: Desk) -> Case:
    target = any_of(desk, (deal_target, quote_target, contract_target))
    field, good = MONEY_FIELDS[target.entity], new_amount(desk, target)
    units = cast("int", shown_amount(good)) * 1000
    if units <= _MOST_UNITS:
        raise NothingFitsError("a thousand times the amount is still one that a record holds")
    said = desk.money(good)
    slip = Slip(
        about=(*_AMOUNT_WORDS, "too large", "too high"),
        message=f"{units:,} is more than the {field} of a record can be; the most is {_MOST_UNITS:,}.",
        mend=choose(f"[Three zeros too many|Wrong unit][, sorry|], it [should be|is] {said}.", desk.rng),
        bad=_change(target, field, units),
    )
    slots = {**_amount_slots(target), "bad": desk.pick((f"{units:,}", f"{units:,} EUR")), "good": said}
    return mended_case(target, slots, slip, change_work(desk, target, {field: shown_amount(good)}))


def _draw_words(desk: Desk) -> Case:
    target = any_of(desk, (deal_target, quote_target, contract_target))
    field, good, words = MONEY_FIELDS[target.entity], new_amount(desk, target), desk.pick(_WORDS_FOR_AMOUNTS)
    said = desk.money(good)
    slip = Slip(
        about=(*_AMOUNT_WORDS, "number", words),
        message=f'The {field} has to be a number; "{words}" is none.',
        mend=choose(f"[Take|Use|Write] {said} [for now|for the moment].", desk.rng),
        bad=_change(target, field, words),
    )
    slots = {**_amount_slots(target), "bad": words, "good": said}
    return mended_case(target, slots, slip, change_work(desk, target, {field: shown_amount(good)}))


def _draw_odds(desk: Desk) -> Case:
    bad, good = desk.pick(_ODDS)
    target = deal_target(desk, lambda row: row["probability"] != good)
    slip = Slip(
        about=("probability", str(bad)),
        message=f"A probability of {bad} is not possible; it lies between 1 and 99.",
        mend=choose(f"[Then|Well then,] [take|make it] {good}.", desk.rng),
        bad=_change(target, "probability", bad),
    )
    slots = {"deal": target.called, "bad": str(bad), "good": str(good)}
    return mended_case(target, slots, slip, change_work(desk, target, {"probability": good}))


def _draw_fraction(desk: Desk) -> Case:
    whole = desk.rng.randrange(10, 90)
    target = deal_target(desk, lambda row: row["close_date"] is not None and row["probability"] != whole)
    bad = desk.pick((whole - 0.5, whole + 0.5, whole + 0.4))
    slip = Slip(
        about=("probability", f"{bad:g}"),
        message=f"The probability has to be a whole number, so {bad:g} is not possible.",
        mend=choose(f"[Make it|Take] {whole}, and [tell me|I need] the close date of that deal.", desk.rng),
        bad=_change(target, "probability", bad),
    )
    setting, day = change_work(desk, target, {"probability": whole}), target.row["close_date"]
    done = f"{target.called} has a probability of {whole} now; its close date is {day}."
    work = Work(setting.do, done, setting.expected, setting.allowed, {"close_date": day})
    slots = {"deal": target.called, "bad": f"{bad:g}", "good": str(whole)}
    return mended_case(target, slots, slip, work)


WRONG_NUMBERS = Family(
    name="wrong_numbers",
    task="MODIFY OPPORTUNITY",
    level=3,
    share=3,
    blueprints=(
        Blueprint("nothing_to_pay", "failure", _draw_zero, failure="zero_amount"),
        Blueprint("below_nothing", "failure", _draw_negative, failure="negative_amount"),
        Blueprint("too_many_zeros", "failure", _draw_too_large, failure="amount_too_large"),
        Blueprint("words_for_a_number", "failure", _draw_words, failure="wrong_type", level=4),
        Blueprint("beyond_certain", "failure", _draw_odds, failure="probability_out_of_range"),
        Blueprint("half_a_percent", "failure", _draw_fraction, failure="probability_fractional"),
    ),
)

_DATE_FIELDS = {
    Entity.OPPORTUNITY: ("close_date", "close date"),
    Entity.QUOTE: ("valid_until", "last day of validity"),
    Entity.CONTRACT: ("end_date", "end date"),
}
_DATE_WORDS = ("date", "day", "past")


def _draw_gone(desk: Desk) -> Case:
    target = any_of(desk, (deal_target, quote_target))
    field, called = _DATE_FIELDS[target.entity]
    gone = (desk.today - timedelta(days=desk.rng.randint(3, 90))).isoformat()
    good = desk.coming_day(12, 120, instead_of=target.row[field])
    said = desk.day(good)
    slip = Slip(
        about=_DATE_WORDS,
        message=f"{gone} lies in the past, and the {called} has to be today or later.",
        mend=choose(f"[I looked at the wrong line|Wrong page] of my calendar. {said}[, please| it is].", desk.rng),
        bad=_change(target, field, gone),
    )
    slots = {"record": target.called, "field": called, "bad": desk.day(gone), "good": said}
    return mended_case(target, slots, slip, change_work(desk, target, {field: good}))


def _draw_gone_for_a_new_deal(desk: Desk) -> Case:
    """A new deal with everything said, its close date a year too early."""
    target = client_target(desk)
    client, name = target.row, desk.deal_name(target.row)
    good = desk.coming_day(40, 200)
    if good.endswith("-02-29"):
        raise NothingFitsError("the year before has no such day")
    gone = f"{int(good[:4]) - 1}{good[4:]}"
    amount, points = desk.round_amount(8, 160), desk.pick(range(5, 60, 5))
    stage, owner = desk.pick(("Prospecting", "Qualification")), desk.seller().handle
    values: dict[str, object] = {
        "name": name, "stage": stage, "amount": shown_amount(amount), "probability": points, "owner": owner
    }  # fmt: skip
    said = desk.day(good)

    def enter(plan: Plan, client_id: str, day: str) -> None:
        plan.call("create_new_opportunity", client_id=client_id, **values, close_date=day)

    slip = Slip(
        about=_DATE_WORDS,
        message=f"The close date {gone} lies in the past, so I did not enter {name}.",
        mend=choose(f"[Wrong year|The year is wrong], it [closes|is to close] on {said}.", desk.rng),
        bad=partial(enter, day=gone),
    )
    expected = created(Entity.OPPORTUNITY, {"client_id": client["client_id"], **values, "close_date": good})
    work = Work(partial(enter, day=good), f"{name} is entered for {client['name']}, closing {good}.", (expected,))
    slots = {
        "client": str(client["name"]), "name": name, "amount": desk.money(amount), "bad": desk.day(gone), "good": said,
        "details": f"{stage}, {points} %, owner {owner}",
    }  # fmt: skip
    return mended_case(target, slots, slip, work)


def _draw_no_such_day(desk: Desk) -> Case:
    """A day that no calendar has; the last day of its month is meant."""
    target = any_of(desk, (deal_target, quote_target, contract_target))
    field, called = _DATE_FIELDS[target.entity]
    year, month = desk.today.year + 1, desk.pick((2, 4, 6, 9, 11))
    last = calendar.monthrange(year, month)[1]
    good = date(year, month, last).isoformat()
    if good == target.row[field] or good < str(target.row.get("start_date") or ""):
        raise NothingFitsError("the last day of that month is no new date for it")
    day, month_name = last + desk.pick((1, 1, 2) if month == 2 else (1,)), calendar.month_name[month]  # noqa: PLR2004
    text = desk.pick((f"{day} {month_name} {year}", f"{month_name} {day}, {year}", f"{year}-{month:02}-{day}"))
    said = desk.day(good)
    slip = Slip(
        about=(month_name, f"-{month:02}-", "date", "calendar"),
        message=f"There is no {day} {month_name} {year}; the month ends on day {last}.",
        mend=choose(f"[The last day|The end] of that month, [so|I mean] {said}.", desk.rng),
        bad=_change(target, field, f"{year}-{month:02}-{day}"),
    )
    slots = {"record": target.called, "field": called, "bad": text, "good": said}
    return mended_case(target, slots, slip, change_work(desk, target, {field: good}))


def _draw_end_before_start(desk: Desk) -> Case:
    """The day on which the contract starts is not in the request; only a look at the contract shows what is wrong."""
    target = contract_target(desk, lambda row: row["start_date"] is not None and row["end_date"] is not None)
    start, end = (date.fromisoformat(str(target.row[name])) for name in ("start_date", "end_date"))
    bad = (start - timedelta(days=desk.rng.randint(6, 70))).isoformat()
    good = (end + timedelta(days=desk.rng.choice((30, 61, 92, 184)))).isoformat()
    said = desk.day(good)
    slip = Slip(
        about=("start", start.isoformat()),
        message=f"Since {target.called} starts on {start}, it can't end on {bad}.",
        mend=choose(
            f"I [mixed it up|confused it] with another contract. This one [is to end|ends] on {said}.", desk.rng
        ),
        bad=_change(target, "end_date", bad),
        look=_read_contract,
    )
    slots = {"contract": target.called, "bad": desk.day(bad), "good": said}
    return mended_case(target, slots, slip, change_work(desk, target, {"end_date": good}))


def _read_contract(plan: Plan, contract_id: str) -> None:
    plan.call("contract_details", contract_id=contract_id)


def _draw_swapped(desk: Desk) -> Case:
    """A new contract whose first day is said as the last one."""
    target = client_target(desk)
    start = desk.coming_day(10, 90)
    end = (date.fromisoformat(start) + timedelta(days=desk.rng.choice((181, 364, 546, 729)))).isoformat()
    cents = desk.rng.randrange(40, 900) * 25_000
    values: dict[str, object] = {"start_date": start, "end_date": end, "value": shown_amount(cents)}
    swapped = {**values, "start_date": end, "end_date": start}

    def enter(plan: Plan, client_id: str, given: dict[str, object]) -> None:
        plan.call("create_contract", client_id=client_id, **given)

    slip = Slip(
        about=("date", "start", "end", "before"),
        message=f"A contract can't end on {start} when it only starts on {end}.",
        mend=choose("[The other way round|Swap them]: the earlier day is the start, the later one the end.", desk.rng),
        bad=partial(enter, given=swapped),
    )
    expected = created(Entity.CONTRACT, {"client_id": target.id, **values})
    work = Work(partial(enter, given=values), f"The contract runs from {start} to {end}.", (expected,))
    slots = {"client": target.called, "value": amount_text(cents), "first": desk.day(end), "last": desk.day(start)}
    return mended_case(target, slots, slip, work)


WRONG_DATES = Family(
    name="wrong_dates",
    task="MODIFY OPPORTUNITY",
    level=3,
    share=3,
    blueprints=(
        Blueprint("gone_by", "failure", _draw_gone, failure="past_date"),
        Blueprint("new_deal_gone_by", "failure", _draw_gone_for_a_new_deal, failure="past_date"),
        Blueprint("in_no_calendar", "failure", _draw_no_such_day, failure="bad_date", level=4),
        Blueprint("over_before_it_starts", "failure", _draw_end_before_start, failure="date_order", level=4),
        Blueprint("first_and_last_swapped", "failure", _draw_swapped, failure="date_order", level=4),
    ),
)

FAMILIES = (WRONG_NUMBERS, WRONG_DATES)
