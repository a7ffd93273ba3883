"""Quotes: making one with the house's validity and prefix, the named quote, and what a rep may not quote."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

from atlas.crm.records import Entity, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import DiscountApproval, QuoteApproval, QuoteValidity, StandardQuote
from atlas.scenarios.desk import Desk, is_open
from atlas.scenarios.families.expect import created, may_note, may_version, note_on_deal
from atlas.scenarios.families.mending import Seek, Work, quotable
from atlas.scenarios.families.moves import both_ways, leave_note, seek_and_read_deal, seek_deal
from atlas.scenarios.families.retrying import Rebuff, second_try
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import PatchedRow
from atlas.verify.goals import Goal, Solution

_LEVELS = ("Draft", "Sent")


def _quoted_deal(desk: Desk) -> Row:
    """Return an open deal on which a rep may make a quote over nearly its whole amount."""
    return desk.open_deal(lambda deal: quotable(desk, deal))


def _amount(deal: Row) -> int:
    return cast("int", deal["amount"])


def _usual_amount(desk: Desk, deal: Row) -> int:
    """Return an amount that a rep may quote: a little below the deal's, on whole tens."""
    return _amount(deal) * desk.rng.choice((96, 97, 98, 99)) // 100_000 * 1000


def _quote_values(desk: Desk, amount: int, status: str, valid_until: str | None = None) -> dict[str, object]:
    """Return what a quote over ``amount`` (cents) holds, with what the house wants on it."""
    values = {"amount": shown_amount(amount), "status": status}
    return values | desk.house.quote_values(desk.today, valid_until=valid_until)


def _quote_work(deal: Row, values: dict[str, object]) -> Work:
    return Work(
        partial(_make_quote, values=values),
        f"The quote of {values['amount']} for {deal['name']} is made, status {values['status']}.",
        (created(Entity.QUOTE, {"opportunity_id": deal["opportunity_id"], **values}),),
        (may_note(deal), may_version()),
    )


def _make_quote(plan: Plan, deal_id: str, values: dict[str, object]) -> None:
    plan.call("create_quote", opportunity_id=deal_id, **values)


def _quote_case(desk: Desk, deal: Row, amount: int, status: str) -> Case:
    work = _quote_work(deal, _quote_values(desk, amount, status))
    goal = Goal(expected_changes=work.expected, allowed_changes=work.allowed)
    slots = {"deal": str(deal["name"]), "amount": desk.money(amount), "status": status}
    return Case(slots, desk.actor_for(deal), goal, both_ways(deal, _finishing(work)))


def _finishing(work: Work) -> Callable[[Plan, str], None]:
    def rest(plan: Plan, deal_id: str) -> None:
        work.do(plan, deal_id)
        plan.respond(work.done)

    return rest


def _draw_usual(desk: Desk) -> Case:
    deal = _quoted_deal(desk)
    return _quote_case(desk, deal, _usual_amount(desk, deal), desk.rng.choice(_LEVELS))


def _draw_dated(desk: Desk) -> Case:
    """A quote with a last day that was promised; the second turn puts that day off."""
    deal, status = _quoted_deal(desk), desk.rng.choice(_LEVELS)
    amount = _usual_amount(desk, deal)
    day, later = desk.coming_day(12, 60), desk.coming_day(65, 120)
    values = _quote_values(desk, amount, status, day)

    def play(*, searching: bool) -> Solution:
        plan = Plan()
        deal_id = seek_and_read_deal(plan, deal) if searching else seek_deal(plan, deal)
        quote_id = plan.call("create_quote", opportunity_id=deal_id, **values).at("quote_id")
        plan.respond(f"The quote of {values['amount']} for {deal['name']} is made, valid until {day}.")
        if searching:
            criteria = {"opportunity_id": deal_id, "valid_until": day, "amount": values["amount"]}
            quote_id = plan.call("quote_search", criteria=criteria, order_by="-created_date").at("results.0.quote_id")
        plan.call("modify_quote", quote_id=quote_id, valid_until=later)
        plan.respond(f"The quote on {deal['name']} is valid until {later} now.")
        return plan.solution()

    work = _quote_work(deal, {**values, "valid_until": later})
    goal = Goal(expected_changes=work.expected, allowed_changes=work.allowed)
    slots = {
        "deal": str(deal["name"]), "amount": desk.money(amount), "status": status, "day": desk.day(day),
        "later": desk.day(later),
    }  # fmt: skip
    return Case(slots, desk.actor_for(deal), goal, (play(searching=False), play(searching=True)))


QUOTE_VALIDITY = Family(
    name="quote_validity",
    task="CREATE QUOTE",
    level=2,
    needs=(QuoteValidity,),
    share=9,
    blueprints=(
        Blueprint("usual_terms", "success", _draw_usual),
        Blueprint("promised_date", "success", _draw_dated),
    ),
)


def _draw_named(desk: Desk) -> Case:
    named = desk.house.need(StandardQuote)
    deal = desk.open_deal(
        lambda row: not desk.house.quote_needs_approval(named.amount_cents(_amount(row)), _amount(row))
    )
    case = _quote_case(desk, deal, named.amount_cents(_amount(deal)), desk.rng.choice(_LEVELS))
    slots = {name: text for name, text in case.slots.items() if name != "amount"}
    return dataclasses.replace(case, slots={**slots, "kind": named.name}, tags=_name_tag(named))


def _name_tag(named: StandardQuote) -> tuple[str, ...]:
    return ("natural" if named.natural else "opaque",)


def _draw_named_twice(desk: Desk) -> Case:
    named = desk.house.need(StandardQuote)
    deals = [
        deal
        for deal in desk.shelf.deals
        if deal["stage"] in {"Proposal", "Negotiation", "Qualification"}
        and not desk.house.quote_needs_approval(named.amount_cents(_amount(deal)), _amount(deal))
    ]
    first = desk.pick(deals)
    second = desk.pick(deal for deal in deals if deal is not first and deal["owner"] == first["owner"])
    case = _case_of_two(desk, [(deal, named.amount_cents(_amount(deal))) for deal in (first, second)])
    slots = {"deal": str(first["name"]), "other": str(second["name"]), "kind": named.name}
    return dataclasses.replace(case, slots=slots, tags=_name_tag(named))


def _case_of_two(desk: Desk, wanted: Sequence[tuple[Row, int]]) -> Case:
    """Return a case of two draft quotes, one per turn, over so many cents each."""
    works = [_quote_work(deal, _quote_values(desk, amount, "Draft")) for deal, amount in wanted]

    def play(seek: Callable[[Plan, Row], str]) -> Solution:
        plan = Plan()
        for (deal, _), work in zip(wanted, works, strict=True):
            work.do(plan, seek(plan, deal))
            plan.respond(work.done)
        return plan.solution()

    goal = Goal(
        expected_changes=tuple(change for work in works for change in work.expected),
        allowed_changes=tuple(pattern for work in works for pattern in work.allowed),
    )
    (first, amount), (second, other) = wanted
    slots = {
        "deal": str(first["name"]), "amount": desk.money(amount), "other": str(second["name"]),
        "good": desk.money(other),
    }  # fmt: skip
    return Case(slots, desk.actor_for(first), goal, (play(seek_deal), play(seek_and_read_deal)))


STANDARD_QUOTE = Family(
    name="standard_quote",
    task="CREATE QUOTE",
    level=2,
    needs=(StandardQuote, QuoteValidity),
    share=6,
    blueprints=(
        Blueprint("named_quote", "success", _draw_named),
        Blueprint("one_more", "success", _draw_named_twice),
    ),
)


def _refused_quote(
    deal: Row, amount: int, rule: QuoteApproval | DiscountApproval, *, mend: str, note: str | None = None
) -> Rebuff:
    """Return what happens to the request for a quote that a rep may not make: the approver, whom no user names, is."""
    values: dict[str, object] = {"amount": shown_amount(amount), "status": "Draft"}

    def look(plan: Plan, seek: Callable[[Plan, Row], str]) -> None:
        deal_id = seek(plan, deal)
        if note is not None:
            leave_note(plan, deal_id, note)

    def insist(plan: Plan) -> None:
        _make_quote(plan, seek_deal(plan, deal), values)

    return Rebuff(
        reason=ReasonCode.APPROVAL_REQUIRED,
        about=(rule.approver, rule.approver_name),
        message=(
            f"A quote of {shown_amount(amount)} for {deal['name']} needs approval; please turn to "
            f"{rule.approver_name} ({rule.approver})."
        ),
        mend=mend,
        looks=(partial(look, seek=seek_deal), partial(look, seek=seek_and_read_deal)),
        bad=insist,
    )


def _large_and_small(desk: Desk) -> tuple[Row, Row, tuple[PatchedRow, ...]]:
    """Return a deal too large for reps to quote, one of the same owner that is not, and the rows to be put in."""
    rule = desk.house.need(QuoteApproval)
    large, patch = _large_deal(desk, rule.limit_cents)
    small = desk.open_deal(
        lambda row: (
            row["opportunity_id"] != large["opportunity_id"] and row["owner"] == large["owner"] and quotable(desk, row)
        )
    )
    return large, small, patch


def _large_deal(desk: Desk, limit_cents: int) -> tuple[Row, tuple[PatchedRow, ...]]:
    """Return an open deal well above a limit, made so where the pool has none."""
    found = [row for row in desk.shelf.deals if is_open(row) and _amount(row) * 98 // 100 > limit_cents]
    if found:
        return desk.pick(found), ()
    thousands = limit_cents // 100_000
    deal = {**desk.open_deal(), "amount": desk.round_amount(thousands + 20, thousands + 90)}
    return deal, (PatchedRow(Entity.OPPORTUNITY, str(deal["opportunity_id"]), deal),)


def _draw_too_large(desk: Desk) -> Case:
    """A quote above the limit, and one within it in the second turn."""
    rule = desk.house.need(QuoteApproval)
    discount = desk.house.get(DiscountApproval)
    floor = 100 - discount.max_percent if discount else 0
    deal, other, patch = _large_and_small(desk)
    lowest = max(rule.limit_cents + 100_000, _amount(deal) * max(floor, 85) // 100)
    amount = desk.rng.randint(lowest // 100_000 + 1, max(_amount(deal) // 100_000, lowest // 100_000 + 1)) * 100_000
    good = _usual_amount(desk, other)
    slots = {
        "deal": str(deal["name"]), "amount": desk.money(amount), "other": str(other["name"]), "good": desk.money(good),
    }  # fmt: skip
    mend = f"I'll take that up myself. Next one: a draft quote for {other['name']} at {slots['good']}, please."
    work = _quote_work(other, _quote_values(desk, good, "Draft"))
    if rule.note is not None:
        work = dataclasses.replace(work, expected=(*work.expected, note_on_deal(deal, rule.note)))
    work = dataclasses.replace(work, allowed=(*work.allowed, may_note(deal)))
    rebuff = _refused_quote(deal, amount, rule, mend=mend, note=rule.note)
    case = second_try(slots, str(deal["owner"]), rebuff, work, _seekers(other))
    return dataclasses.replace(case, patch=patch)


def _seekers(deal: Row) -> tuple[Seek, Seek]:
    return partial(seek_deal, deal=deal), partial(seek_and_read_deal, deal=deal)


def _draw_manager(desk: Desk) -> Case:
    """The same, asked by somebody who may."""
    rule = desk.house.need(QuoteApproval)
    deal, other, patch = _large_and_small(desk)
    amount = max(_amount(deal) * 98 // 100_000 * 1000, rule.limit_cents + 100_000)
    case = _case_of_two(desk, ((deal, amount), (other, _usual_amount(desk, other))))
    return dataclasses.replace(case, actor=desk.manager().handle, patch=patch)


_PRICE_TALKS = (
    "Asked for a better price.", "Compares us with two other suppliers.", "Price talks go on next week.",
    "Wants to see the price per seat.", "Budget for this year is fixed.", "Buyer decides together with finance.",
    "Would pay in advance for a lower price.",
)  # fmt: skip


def _limited_deal(desk: Desk) -> Row:
    """Return an open deal of which only a discount can need approval."""
    limit = desk.house.get(QuoteApproval)
    return desk.open_deal(lambda row: limit is None or _amount(row) <= limit.limit_cents)


def _draw_too_cheap(desk: Desk) -> Case:
    """A quote with too large a discount; a note on the deal is all right."""
    rule = desk.house.need(DiscountApproval)
    deal, content = _limited_deal(desk), desk.pick(_PRICE_TALKS)
    percent = 100 - rule.max_percent - desk.rng.choice((5, 8, 12, 20))
    amount = _amount(deal) * percent // 100_000 * 1000
    slots = {"deal": str(deal["name"]), "amount": desk.money(amount), "content": content}
    rebuff = _refused_quote(deal, amount, rule, mend=f'Then just leave a note on the deal: "{content}"')
    return second_try(slots, str(deal["owner"]), rebuff, _price_note(deal, content), _seekers(deal))


def _price_note(deal: Row, content: str) -> Work:
    def leave(plan: Plan, deal_id: str) -> None:
        leave_note(plan, deal_id, content)

    return Work(leave, f"The note is on {deal['name']}.", (note_on_deal(deal, content),), (may_note(deal),))


def _draw_small_discount(desk: Desk) -> Case:
    """The same with a discount that anybody may give."""
    rule = desk.house.need(DiscountApproval)
    deal, content = _limited_deal(desk), desk.pick(_PRICE_TALKS)
    percent = 100 - desk.rng.randint(1, rule.max_percent - 1)
    amount = -(-_amount(deal) * percent // 100_000) * 1000
    quote, note = _quote_work(deal, _quote_values(desk, amount, "Draft")), _price_note(deal, content)

    def rest(plan: Plan, deal_id: str) -> None:
        for work in (quote, note):
            work.do(plan, deal_id)
            plan.respond(work.done)

    goal = Goal(expected_changes=(*quote.expected, *note.expected), allowed_changes=quote.allowed)
    slots = {"deal": str(deal["name"]), "amount": desk.money(amount), "content": content}
    return Case(slots, desk.actor_for(deal), goal, both_ways(deal, rest))


QUOTE_APPROVAL = Family(
    name="quote_approval",
    task="CREATE QUOTE",
    level=2,
    needs=(QuoteApproval,),
    share=4,
    blueprints=(
        Blueprint("above_limit", "failure", _draw_too_large, failure="approval_threshold"),
        Blueprint("by_a_manager", "success", _draw_manager),
    ),
)

DISCOUNT_APPROVAL = Family(
    name="discount_approval",
    task="CREATE QUOTE",
    level=2,
    needs=(DiscountApproval,),
    share=4,
    blueprints=(
        Blueprint("too_cheap", "failure", _draw_too_cheap, failure="approval_threshold"),
        Blueprint("small_discount", "success", _draw_small_discount),
    ),
)

FAMILIES = (QUOTE_VALIDITY, STANDARD_QUOTE, QUOTE_APPROVAL, DISCOUNT_APPROVAL)
