"""Quotes: making one with the house's validity and prefix, the named quote, and what a rep may not quote."""

from __future__ import annotations

from typing import cast

from atlas.crm.records import Entity, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import DiscountApproval, QuoteApproval, QuoteValidity, StandardQuote
from atlas.scenarios.desk import Desk
from atlas.scenarios.families.expect import created, may_note, may_version, note_on_deal, refusal
from atlas.scenarios.families.moves import both_ways, leave_note
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.verify.goals import Goal

_LEVELS = ("Draft", "Sent")


def _quoted_deal(desk: Desk) -> Row:
    """Return an open deal on which a rep may make a quote over nearly its whole amount."""
    return desk.open_deal(lambda deal: not desk.house.quote_needs_approval(_amount(deal), _amount(deal)))


def _amount(deal: Row) -> int:
    return cast("int", deal["amount"])


def _usual_amount(desk: Desk, deal: Row) -> int:
    """Return an amount that a rep may quote: a little below the deal's, on whole tens."""
    return _amount(deal) * desk.rng.choice((96, 97, 98, 99)) // 100_000 * 1000


def _quote_case(desk: Desk, deal: Row, amount: int, *, status: str, valid_until: str | None = None) -> Case:
    values = {"amount": shown_amount(amount), "status": status}
    values |= desk.house.quote_values(desk.today, valid_until=valid_until)

    def rest(plan: Plan, deal_id: str) -> None:
        plan.call("create_quote", opportunity_id=deal_id, **values)
        plan.respond(f"The quote over {values['amount']} for {deal['name']} is made, status {status}.")

    slots = {"deal": str(deal["name"]), "amount": desk.money(amount), "status": status}
    slots["client"] = str(desk.shelf.client_of(deal)["name"])
    if valid_until is not None:
        slots["day"] = desk.day(valid_until)
    goal = Goal(
        expected_changes=(created(Entity.QUOTE, {"opportunity_id": deal["opportunity_id"], **values}),),
        allowed_changes=(may_note(deal), may_version()),
    )
    return Case(slots, desk.actor_for(deal), goal, both_ways(deal, rest))


def _draw_usual(desk: Desk) -> Case:
    deal = _quoted_deal(desk)
    return _quote_case(desk, deal, _usual_amount(desk, deal), status=desk.rng.choice(_LEVELS))


def _draw_dated(desk: Desk) -> Case:
    deal = _quoted_deal(desk)
    day = desk.coming_day(12, 80)
    return _quote_case(desk, deal, _usual_amount(desk, deal), status=desk.rng.choice(_LEVELS), valid_until=day)


QUOTE_VALIDITY = Family(
    name="quote_validity",
    task="CREATE QUOTE",
    level=2,
    needs=(QuoteValidity,),
    share=9,
    blueprints=(
        Blueprint(
            "usual_terms",
            "success",
            _draw_usual,
        ),
        Blueprint(
            "promised_date",
            "success",
            _draw_dated,
        ),
    ),
)


def _draw_named(desk: Desk) -> Case:
    named = desk.house.need(StandardQuote)
    deal = desk.open_deal(
        lambda row: not desk.house.quote_needs_approval(named.amount_cents(_amount(row)), _amount(row))
    )
    case = _quote_case(desk, deal, named.amount_cents(_amount(deal)), status=desk.rng.choice(_LEVELS))
    slots = {name: text for name, text in case.slots.items() if name != "amount"}
    return _tagged(case, {**slots, "kind": named.name}, natural=named.natural)


def _tagged(case: Case, slots: dict[str, str], *, natural: bool) -> Case:
    return Case(slots, case.actor, case.goal, case.solutions, tags=("natural" if natural else "opaque",))


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
    extra = desk.house.quote_values(desk.today)
    wanted: list[dict[str, object]] = [
        {"opportunity_id": deal["opportunity_id"], "amount": shown_amount(named.amount_cents(_amount(deal)))}
        | {"status": "Draft"}
        | extra
        for deal in (first, second)
    ]

    def play(*, by_view: bool) -> Plan:
        plan = Plan()
        for deal, values in zip((first, second), wanted, strict=True):
            found = plan.call("opportunity_search", name=deal["name"])
            deal_id = found.at("results.0.opportunity_id")
            if by_view:
                plan.call("view_opportunity_details", opportunity_id=deal_id)
            plan.call("create_quote", **{**values, "opportunity_id": deal_id})
            plan.respond(f"The {named.name} for {deal['name']} is made: {values['amount']}.")
        return plan

    goal = Goal(
        expected_changes=tuple(created(Entity.QUOTE, values) for values in wanted),
        allowed_changes=(may_note(first), may_note(second), may_version()),
    )
    slots = {"deal": str(first["name"]), "other": str(second["name"]), "kind": named.name}
    solutions = (play(by_view=False).solution(), play(by_view=True).solution())
    tag = "natural" if named.natural else "opaque"
    return Case(slots, desk.actor_for(first), goal, solutions, tags=(tag,))


STANDARD_QUOTE = Family(
    name="standard_quote",
    task="CREATE QUOTE",
    level=2,
    needs=(StandardQuote, QuoteValidity),
    share=6,
    blueprints=(
        Blueprint(
            "named_quote",
            "success",
            _draw_named,
        ),
        Blueprint(
            "one_more",
            "success",
            _draw_named_twice,
        ),
    ),
)


def _approval_case(desk: Desk, deal: Row, amount: int, approver: tuple[str, str], note: str | None) -> Case:
    """A quote that a rep may not make."""
    handle, name = approver

    def rest(plan: Plan, deal_id: str) -> None:
        if note is not None:
            leave_note(plan, deal_id, note)
        plan.decline(
            f"A quote over {shown_amount(amount)} for {deal['name']} needs approval; please turn to {name} ({handle}).",
            ReasonCode.APPROVAL_REQUIRED,
        )

    goal = Goal(
        expected_changes=() if note is None else (note_on_deal(deal, note),),
        allowed_changes=(may_note(deal),),
        must_refuse=refusal(ReasonCode.APPROVAL_REQUIRED, handle, name),
    )
    slots = {"deal": str(deal["name"]), "amount": desk.money(amount), "client": str(desk.shelf.client_of(deal)["name"])}
    return Case(slots, str(deal["owner"]), goal, both_ways(deal, rest))


def _draw_too_large(desk: Desk) -> Case:
    rule = desk.house.need(QuoteApproval)
    discount = desk.house.get(DiscountApproval)
    floor = 100 - discount.max_percent if discount else 0
    deal = desk.open_deal(lambda row: _amount(row) * 98 // 100 > rule.limit_cents)
    lowest = max(rule.limit_cents + 100_000, _amount(deal) * max(floor, 85) // 100)
    amount = desk.rng.randint(lowest // 100_000 + 1, max(_amount(deal) // 100_000, lowest // 100_000 + 1)) * 100_000
    return _approval_case(desk, deal, amount, (rule.approver, rule.approver_name), rule.note)


def _draw_manager(desk: Desk) -> Case:
    rule = desk.house.need(QuoteApproval)
    deal = desk.open_deal(lambda row: _amount(row) * 98 // 100 > rule.limit_cents)
    amount = max(_amount(deal) * 98 // 100_000 * 1000, rule.limit_cents + 100_000)
    case = _quote_case(desk, deal, amount, status="Draft")
    return Case(case.slots, desk.manager().handle, case.goal, case.solutions)


def _draw_too_cheap(desk: Desk) -> Case:
    rule = desk.house.need(DiscountApproval)
    limit = desk.house.get(QuoteApproval)
    deal = desk.open_deal(lambda row: limit is None or _amount(row) <= limit.limit_cents)
    percent = 100 - rule.max_percent - desk.rng.choice((5, 8, 12, 20))
    amount = _amount(deal) * percent // 100_000 * 1000
    return _approval_case(desk, deal, amount, (rule.approver, rule.approver_name), None)


def _draw_small_discount(desk: Desk) -> Case:
    rule = desk.house.need(DiscountApproval)
    limit = desk.house.get(QuoteApproval)
    deal = desk.open_deal(lambda row: limit is None or _amount(row) <= limit.limit_cents)
    percent = 100 - desk.rng.randint(1, rule.max_percent - 1)
    amount = -(-_amount(deal) * percent // 100_000) * 1000
    return _quote_case(desk, deal, amount, status="Draft")


QUOTE_APPROVAL = Family(
    name="quote_approval",
    task="CREATE QUOTE",
    level=2,
    needs=(QuoteApproval,),
    share=4,
    blueprints=(
        Blueprint("above_limit", "failure", _draw_too_large),
        Blueprint(
            "by_a_manager",
            "success",
            _draw_manager,
        ),
    ),
)

DISCOUNT_APPROVAL = Family(
    name="discount_approval",
    task="CREATE QUOTE",
    level=2,
    needs=(DiscountApproval,),
    share=4,
    blueprints=(
        Blueprint("too_cheap", "failure", _draw_too_cheap),
        Blueprint(
            "small_discount",
            "success",
            _draw_small_discount,
        ),
    ),
)

FAMILIES = (QUOTE_VALIDITY, STANDARD_QUOTE, QUOTE_APPROVAL, DISCOUNT_APPROVAL)
