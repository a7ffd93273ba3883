"""Quotes that go up with the prices, and quotes that are made like other ones."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Final

from atlas.crm.records import Entity, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import (
    QuoteApproval,
    QuoteValidity,
    StandardQuote,
    Term,
    Vocabulary,
)
from atlas.scenarios.conventions.deals import OPEN_STAGES
from atlas.scenarios.desk import Desk, NothingFitsError, is_open
from atlas.scenarios.families.contract_rows import Patch, patched, refused_first
from atlas.scenarios.families.deal_groups import amount_of as cents_of
from atlas.scenarios.families.deal_groups import deal_id_of
from atlas.scenarios.families.expect import may_note, note_on_deal
from atlas.scenarios.families.mending import (
    change_work,
    deal_target,
    new_amount,
)
from atlas.scenarios.families.moves import leave_note, seek_and_read_deal, seek_client, seek_deal
from atlas.scenarios.families.quote_rows import (
    Found,
    Mended,
    Quoted,
    amount_of,
    by_amount,
    by_search,
    by_view,
    may_besides,
    new_quote,
    offer,
    play,
    quotable,
    quote_made,
    quote_set,
    quoted_deal,
    ways,
)
from atlas.scenarios.families.staging import word_tag
from atlas.scenarios.families.turns import open_deals
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import Disclosure
from atlas.verify.goals import ExpectedChange, Goal

_ASKING: Final = ("instead", "which", "what", "should", "approv", "lower")  # of a question about what was declined
_MOST_DRAFTS = 3
_ABOVE = range(1020, 1041)  # per mille of the limit for quotes
_WITHIN, _DRAFTED = 95, 93  # percent of such an amount that may still be quoted, or is in a draft


def _sent_word(desk: Desk) -> Term:
    terms = desk.house.need(Vocabulary).of(Entity.QUOTE, "status")
    return desk.pick(term for term in terms if term.value == "Sent")


# ---------------------------------------------------------------------------------------------------------------------
# Prices go up


def _drafted_client(desk: Desk) -> tuple[Row, tuple[Quoted, ...]]:
    """Return a client with a few open deals, each of them with one quote, a draft below the deal's amount."""
    draft = Counter({"Draft": 1})

    def held(deal: Row) -> Counter[str]:
        return Counter(str(row["status"]) for row in desk.shelf.quotes_of(deal))

    def fits(client: Row) -> bool:
        deals = open_deals(desk, client)
        closed = [deal for deal in desk.shelf.deals_of(client) if not is_open(deal)]
        return (
            1 < len(deals) <= _MOST_DRAFTS
            and all(quotable(desk, deal) and not held(deal) - draft for deal in deals)
            and not any(held(deal)["Draft"] for deal in closed)
        )

    client = desk.client(fits)
    deals = sorted(open_deals(desk, client), key=deal_id_of)
    drafts = tuple(quoted_deal(desk, "Draft", fits=partial(_is_deal, deal_id=deal_id_of(deal))) for deal in deals)
    if any(cents_of(quoted.quotes[0]) >= cents_of(quoted.deal) for quoted in drafts):
        raise NothingFitsError("a draft is not below the deal's amount")
    return client, drafts


def _is_deal(deal: Row, deal_id: str) -> bool:
    return deal_id_of(deal) == deal_id


def _draw_full_price(desk: Desk) -> Case:
    """All drafts of a client go up to what the deals are worth; then one of them goes out."""
    client, drafts = _drafted_client(desk)
    chosen, term = desk.pick(drafts), _sent_word(desk)
    names = sorted((str(deal["name"]) for deal in desk.shelf.deals_of(client)), key=str.casefold)

    def talk(*, reading: bool) -> Plan:
        plan = Plan()
        client_id, quotes = seek_client(plan, client), dict[str, str]()
        if reading:
            page = plan.call("client_details", client_id=client_id)
        else:
            page = plan.call("opportunity_search", client_id=client_id, stage={"in": list(OPEN_STAGES)})
        for place, quoted in enumerate(drafts):
            deal_id = page.at(
                f"opportunities.{names.index(quoted.name)}.opportunity_id"
                if reading
                else f"results.{place}.opportunity_id"
            )
            quote_id = plan.call("quote_search", opportunity_id=deal_id, status="Draft").at("results.0.quote_id")
            quotes[quoted.name] = quote_id
            plan.call("modify_quote", quote_id=quote_id, amount=amount_of(quoted.deal))
        plan.respond(f"{len(drafts)} drafts are at the full amount now.")
        plan.call("modify_quote", quote_id=quotes[chosen.name], status="Sent")
        plan.respond(f"The quote for {chosen.name} is Sent.")
        return plan

    changes = (
        quote_set(quoted.quotes[0], amount=amount_of(quoted.deal), **({"status": "Sent"} if quoted is chosen else {}))
        for quoted in drafts
    )
    goal = Goal(expected_changes=tuple(changes), allowed_changes=tuple(may_note(quoted.deal) for quoted in drafts))
    slots = {"client": str(client["name"]), "deal": chosen.name, "word": term.nickname}
    solutions = (talk(reading=False).solution(), talk(reading=True).solution())
    patch = tuple(row for quoted in drafts for row in quoted.patch)
    return Case(slots, desk.actor_for(chosen.deal), goal, solutions, patch=patch, tags=word_tag(term))


def _draw_new_list(desk: Desk) -> Case:
    """A deal gets dearer, and its draft becomes the house's named quote for the new amount."""
    rule = desk.house.need(StandardQuote)
    quoted = quoted_deal(desk, "Draft", fits=partial(quotable, desk))
    target = deal_target(desk, partial(_is_deal, deal_id=deal_id_of(quoted.deal)))
    cents = new_amount(desk, target)
    standard = rule.amount_cents(cents)
    if cents <= cents_of(quoted.deal) or desk.house.quote_needs_approval(standard, cents):
        raise NothingFitsError("the new amount is no rise, or too high a one")
    raised = change_work(desk, target, {"amount": shown_amount(cents)})
    values = {"amount": shown_amount(standard)}

    def talk(plan: Plan, found: Found) -> None:
        raised.do(plan, found.deal_id)
        plan.respond(raised.done)
        plan.call("modify_quote", quote_id=found.quote(quoted.quotes[0]), **values)
        plan.respond(f"The draft is for {values['amount']} now.")

    goal = Goal(
        expected_changes=(*raised.expected, quote_set(quoted.quotes[0], **values)), allowed_changes=raised.allowed
    )
    slots = {"deal": quoted.name, "amount": desk.money(cents), "standard": rule.name}
    tag = "natural" if rule.natural else "opaque"
    return Case(slots, target.actor, goal, ways(quoted, talk, by_search, by_view), patch=quoted.patch, tags=(tag,))


def _above_limit(desk: Desk, rule: QuoteApproval) -> int:
    """Return the amount of a deal (cents) that a rep may not quote in full, though nearly."""
    return desk.house.deal_amount(rule.limit_cents * desk.pick(_ABOVE) // 1000)


def _declined(rule: QuoteApproval, deal: Row, cents: int) -> str:
    """Say why a quote is not made, and who may approve it."""
    approver = f"{rule.approver_name} ({rule.approver})"
    return f"{shown_amount(cents)} for {deal['name']} needs approval; please turn to {approver}."


def _noting(plan: Plan, deal_id: str, rule: QuoteApproval) -> None:
    """Leave the note that the house may want where a quote is declined."""
    if rule.note is not None:
        leave_note(plan, deal_id, rule.note)


def _noted(deal: Row, rule: QuoteApproval) -> tuple[ExpectedChange, ...]:
    return () if rule.note is None else (note_on_deal(deal, rule.note),)


def _draw_over_limit(desk: Desk) -> Case:
    """A draft is to go up beyond what a rep may quote; the user then stays within it."""
    rule, quoted = desk.house.need(QuoteApproval), quoted_deal(desk, "Draft")
    high = _above_limit(desk, rule)
    good, draft = high * _WITHIN // 100_000 * 1000, {**quoted.quotes[0], "amount": high * _DRAFTED // 100_000 * 1000}
    patch = (patched(Entity.OPPORTUNITY, {**quoted.deal, "amount": high}), patched(Entity.QUOTE, draft))
    message = _declined(rule, quoted.deal, high)

    def talk(plan: Plan, found: Found, *, asking: bool) -> None:
        _noting(plan, found.deal_id, rule)
        if asking:
            plan.ask(f"{message} What should I do instead?", ReasonCode.APPROVAL_REQUIRED)
        else:
            plan.decline(message, ReasonCode.APPROVAL_REQUIRED)
        plan.call("modify_quote", quote_id=found.quote(draft), amount=shown_amount(good))
        plan.respond(f"The draft is for {shown_amount(good)} now.")

    def insist(plan: Plan, found: Found) -> None:
        plan.call("modify_quote", quote_id=found.quote(draft), amount=shown_amount(high))
        plan.respond("The draft is raised.")

    slots = {"amount": desk.money(high), "good": desk.money(good)}
    mended = Mended(
        quoted,
        ReasonCode.APPROVAL_REQUIRED,
        about=(rule.approver_name, rule.approver),
        asked=_ASKING,
        answer=f"Then take it to {slots['good']} only.",
        changes=(quote_set(draft, amount=shown_amount(good)), *_noted(quoted.deal, rule)),
    )
    solutions = (
        play(quoted, partial(talk, asking=False), by_search),
        play(quoted, partial(talk, asking=True), by_amount),
    )
    case = mended.case(desk, slots, solutions, play(quoted, insist, by_view))
    return dataclasses.replace(case, actor=str(quoted.deal["owner"]), patch=patch)


PRICE_RISE = Family(
    name="price_rise",
    task="MODIFY QUOTE",
    level=2,
    share=2,
    blueprints=(
        Blueprint("full_price", "success", _draw_full_price),
        Blueprint("new_list", "success", _draw_new_list),
        Blueprint(
            "over_limit",
            "failure",
            _draw_over_limit,
            when=lambda house: house.get(QuoteApproval) is not None,
            failure="approval_threshold",
        ),
    ),
)

# ---------------------------------------------------------------------------------------------------------------------
# Quotes like other quotes


@dataclasses.dataclass(frozen=True, slots=True)
class _Copy:
    """A deal without a quote, and another one whose quote it is to get; both are worth the same.

    Attributes:
        deal: The one without a quote.
        source: The other one.
        cents: The amount of the quote.
        patch: What makes it so.
    """

    deal: Row
    source: Quoted
    cents: int
    patch: Patch

    @property
    def name(self) -> str:
        """Name of the deal without a quote."""
        return str(self.deal["name"])

    def seek(self, plan: Plan, *, reading: bool) -> str:
        """Look at the quote of the one, then for the other; return what stands for the id of the latter."""
        (by_view if reading else by_search)(plan, self.source)
        return (seek_and_read_deal if reading else seek_deal)(plan, self.deal)


def _copy(desk: Desk, fits: Callable[[Row], bool], worth: int | None = None) -> _Copy:
    """Return a pair of deals of which the first fits, worth what it is worth or so many cents."""
    deal = desk.open_deal(lambda row: fits(row) and not desk.shelf.quotes_of(row))
    source = quoted_deal(desk, "Sent", fits=lambda row: is_open(row) and deal_id_of(row) != deal_id_of(deal))
    cents = offer(desk, deal) if worth is None else worth * 99 // 100_000 * 1000
    deal = {**deal, "amount": worth or deal["amount"]}
    rows = (
        patched(Entity.OPPORTUNITY, deal),
        patched(Entity.OPPORTUNITY, {**source.deal, "amount": deal["amount"]}),
        patched(Entity.QUOTE, {**source.quotes[0], "amount": cents}),
    )
    return _Copy(deal, source, cents, rows)


def _draw_same_offer(desk: Desk) -> Case:
    """The amount is that of the other quote, but how long it runs is not; then the copy goes out."""
    copy, term = _copy(desk, partial(quotable, desk)), _sent_word(desk)
    values = new_quote(desk, copy.cents)

    def play_it(*, reading: bool) -> Plan:
        plan = Plan()
        deal_id = copy.seek(plan, reading=reading)
        quote = plan.call("create_quote", opportunity_id=deal_id, **values)
        plan.respond(f"{copy.name} has a draft for {values['amount']}.")
        plan.call("modify_quote", quote_id=quote.at("quote_id"), status="Sent")
        plan.respond("It is Sent.")
        return plan

    goal = Goal(
        expected_changes=(quote_made(copy.deal, {**values, "status": "Sent"}),), allowed_changes=may_besides(copy.deal)
    )
    slots = {"deal": copy.name, "other": copy.source.name, "word": term.nickname}
    solutions = (play_it(reading=False).solution(), play_it(reading=True).solution())
    return Case(slots, desk.actor_for(copy.deal), goal, solutions, patch=copy.patch, tags=word_tag(term))


def _draw_too_dear(desk: Desk) -> Case:
    """The other quote is for more than a rep may quote, which only the record tells."""
    rule = desk.house.need(QuoteApproval)
    worth = _above_limit(desk, rule)
    copy = _copy(desk, is_open, worth)
    good = worth * _WITHIN // 100_000 * 1000
    values, message = new_quote(desk, good), _declined(rule, copy.deal, copy.cents)

    def play_it(*, asking: bool) -> Plan:
        plan = Plan()
        deal_id = copy.seek(plan, reading=asking)
        _noting(plan, deal_id, rule)
        if asking:
            plan.ask(f"{message} What should I do instead?", ReasonCode.APPROVAL_REQUIRED)
        else:
            plan.decline(message, ReasonCode.APPROVAL_REQUIRED)
        plan.call("create_quote", opportunity_id=deal_id, **values)
        plan.respond(f"{copy.name} has a draft for {values['amount']}.")
        return plan

    careless = Plan()
    deal_id = copy.seek(careless, reading=False)
    careless.call("create_quote", opportunity_id=deal_id, **{**values, "amount": shown_amount(copy.cents)})
    careless.respond("The quote is made.")
    slots = {"deal": copy.name, "other": copy.source.name, "good": desk.money(good)}
    goal = Goal(
        expected_changes=(quote_made(copy.deal, values), *_noted(copy.deal, rule)),
        allowed_changes=may_besides(copy.deal),
        must_refuse=refused_first(ReasonCode.APPROVAL_REQUIRED, rule.approver_name, rule.approver),
    )
    answer = Disclosure((rule.approver_name, *_ASKING), f"A draft of {slots['good']} will do, then.", instead_of=1)
    solutions = (play_it(asking=False).solution(), play_it(asking=True).solution())
    return Case(
        slots,
        str(copy.deal["owner"]),
        goal,
        solutions,
        disclosures=(answer,),
        patch=copy.patch,
        blunder=careless.solution(),
    )


QUOTE_COPY = Family(
    name="quote_copy",
    task="CREATE QUOTE",
    level=2,
    needs=(QuoteValidity,),
    share=2,
    blueprints=(
        Blueprint("same_offer", "success", _draw_same_offer),
        Blueprint(
            "too_dear",
            "failure",
            _draw_too_dear,
            when=lambda house: house.get(QuoteApproval) is not None,
            failure="approval_threshold",
        ),
    ),
)

FAMILIES = (PRICE_RISE, QUOTE_COPY)
