"""Mistakes about quotes: put right before anything is done, or corrected afterwards."""

from __future__ import annotations

from datetime import timedelta

from atlas.crm.records import ReasonCode
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.desk import Desk
from atlas.scenarios.families.expect import may_note, note_on_deal
from atlas.scenarios.families.moves import leave_note
from atlas.scenarios.families.quote_rows import (
    REMARKS,
    Found,
    Mended,
    Quoted,
    by_client,
    by_search,
    by_status,
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
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.verify.goals import Goal

# ---------------------------------------------------------------------------------------------------------------------
# Put right before anything is done

_ODD_STATUSES = ("On Hold", "Under Review", "Archived", "Urgent", "Renegotiated")


def _draw_zero_amount(desk: Desk) -> Case:
    quoted = Quoted(desk.open_deal(lambda row: quotable(desk, row)), ())
    cents, day = offer(desk, quoted.deal), desk.coming_day(12, 60)
    values = new_quote(desk, cents, valid_until=day)

    def talk(plan: Plan, found: Found) -> None:
        plan.decline("The amount of a quote has to be above 0; nothing was made.", ReasonCode.INVALID_VALUE)
        plan.call("create_quote", opportunity_id=found.deal_id, **values)
        plan.respond(f"The draft of {values['amount']} for {quoted.name} is made.")

    def claim(plan: Plan, found: Found) -> None:
        plan.call("create_quote", opportunity_id=found.deal_id, **{**values, "amount": 0})
        plan.respond(f"The quote for {quoted.name} is made.")

    amount = desk.money(cents)
    mended = Mended(
        quoted,
        ReasonCode.INVALID_VALUE,
        about=("amount", "0", "zero"),
        asked=("amount", "how much", "price"),
        answer=f"Sorry, the amount is {amount}.",
        changes=(quote_made(quoted.deal, values),),
    )
    client = str(desk.shelf.client_of(quoted.deal)["name"])
    slots = {"client": client, "amount": amount, "day": desk.day(day), "zero": desk.pick(("0", "0 EUR", "€0"))}
    return mended.case(desk, slots, ways(quoted, talk, by_client(desk), by_search), play(quoted, claim, by_search))


def _draw_day_gone_by(desk: Desk) -> Case:
    status = desk.pick(("Draft", "Sent"))
    quoted = quoted_deal(desk, status)
    (quote,) = quoted.quotes
    past = (desk.today - timedelta(days=desk.rng.randint(4, 40))).isoformat()
    day = desk.coming_day(10, 75, instead_of=quote["valid_until"])

    def talk(plan: Plan, found: Found) -> None:
        plan.decline(f"{past} lies in the past; a quote cannot end then.", ReasonCode.INVALID_VALUE)
        plan.call("modify_quote", quote_id=found.quote(quote), updates={"valid_until": day})
        plan.respond(f"The quote on {quoted.name} is valid until {day}.")

    def claim(plan: Plan, found: Found) -> None:
        plan.call("modify_quote", quote_id=found.quote(quote), valid_until=past)
        plan.respond(f"The quote on {quoted.name} is valid until {past}.")

    said = desk.day(day)
    mended = Mended(
        quoted,
        ReasonCode.INVALID_VALUE,
        about=("past", past, "valid_until", "already over", "gone by"),
        asked=("date", "day", "until", "when"),
        answer=f"Sorry, it should be {said}.",
        changes=(quote_set(quote, valid_until=day),),
    )
    slots = {"past": desk.day(past), "day": said}
    return mended.case(desk, slots, ways(quoted, talk, by_view, by_status(status)), play(quoted, claim, by_search))


def _draw_no_such_deal(desk: Desk) -> Case:
    quoted = Quoted(desk.open_deal(lambda row: quotable(desk, row)), ())
    client = desk.shelf.client_of(quoted.deal)
    stranger = desk.deal_name(client)
    cents, day = offer(desk, quoted.deal), desk.coming_day(12, 60)
    values = new_quote(desk, cents, valid_until=day)
    bystander = Quoted(desk.open_deal(lambda row: row is not quoted.deal), ())

    def no_such(plan: Plan, *, among: bool) -> None:
        plan.call("opportunity_search", name=stranger)
        if among:
            client_id = plan.call("client_search", name=client["name"]).at("results.0.client_id")
            plan.call("client_details", client_id=client_id)
        plan.decline(f"I find no deal called {stranger}, so I made no quote.", ReasonCode.NOT_FOUND)

    plans = (Plan(), Plan())
    for plan, among in zip(plans, (False, True), strict=True):
        no_such(plan, among=among)
        found = by_view(plan, quoted) if among else by_search(plan, quoted)
        plan.call("create_quote", opportunity_id=found.deal_id, **values)
        plan.respond(f"The draft of {values['amount']} for {quoted.name} is made.")

    def claim(plan: Plan, found: Found) -> None:
        plan.call("create_quote", opportunity_id=found.deal_id, **values)
        plan.respond(f"The quote for {stranger} is made.")

    mended = Mended(
        quoted,
        ReasonCode.NOT_FOUND,
        about=(stranger, "no deal", "no opportunity"),
        asked=("deal", "which", "opportunity", "name"),
        answer=f"Sorry, the deal is {quoted.name}.",
        changes=(quote_made(quoted.deal, values),),
    )
    slots = {"stranger": stranger, "client": str(client["name"]), "amount": desk.money(cents), "day": desk.day(day)}
    solutions = tuple(plan.solution() for plan in plans)
    return mended.case(desk, slots, solutions, play(bystander, claim, by_search))


def _draw_odd_status(desk: Desk) -> Case:
    quoted = quoted_deal(desk, "Sent")
    (quote,) = quoted.quotes
    odd, status = desk.pick(_ODD_STATUSES), desk.pick(("Approved", "Rejected"))

    def talk(plan: Plan, found: Found) -> None:
        plan.decline(f"Quotes have no status {odd}.", ReasonCode.INVALID_VALUE)
        plan.call("modify_quote", quote_id=found.quote(quote), status=status)
        plan.respond(f"The quote on {quoted.name} is {status}.")

    def claim(plan: Plan, found: Found) -> None:
        plan.call("modify_quote", quote_id=found.quote(quote), status=odd)
        plan.respond(f"The quote on {quoted.name} is {odd}.")

    mended = Mended(
        quoted,
        ReasonCode.INVALID_VALUE,
        about=(odd, "status"),
        asked=("status", "which", "instead"),
        answer=f"Then {status}, please.",
        changes=(quote_set(quote, status=status),),
    )
    client = str(desk.shelf.client_of(quoted.deal)["name"])
    slots = {"client": client, "odd": odd, "status": status}
    return mended.case(
        desk, slots, ways(quoted, talk, by_status("Sent"), by_client(desk)), play(quoted, claim, by_view)
    )


QUOTE_MISTAKES = Family(
    name="quote_mistakes",
    task="CREATE QUOTE",
    level=3,
    share=2,
    blueprints=(
        Blueprint("zero_amount", "failure", _draw_zero_amount, failure="zero_amount"),
        Blueprint("day_gone_by", "failure", _draw_day_gone_by, failure="past_date"),
        Blueprint("no_such_deal", "failure", _draw_no_such_deal, failure="quote_without_deal"),
        Blueprint("odd_status", "failure", _draw_odd_status, failure="invalid_enum"),
    ),
)


# ---------------------------------------------------------------------------------------------------------------------
# Corrected afterwards


def _draw_misspoken(desk: Desk) -> Case:
    """An amount or a day of a quote, said wrongly at first."""
    quoted = quoted_deal(desk, desk.pick(("Draft", "Sent")), fits=lambda row: quotable(desk, row))
    (quote,) = quoted.quotes
    if desk.pick(("amount", "day")) == "amount":
        cents = offer(desk, quoted.deal, other_than=(quote["amount"],))
        wrong = offer(desk, quoted.deal, other_than=(quote["amount"], cents))
        field, what, said = "amount", "amount", (desk.money(wrong), desk.money(cents))
        values = (shown_amount(wrong), shown_amount(cents))
    else:
        values = (desk.coming_day(10, 60), desk.coming_day(61, 90, instead_of=quote["valid_until"]))
        field, what, said = "valid_until", "expiry date", (desk.day(values[0]), desk.day(values[1]))

    def talk(plan: Plan, found: Found) -> None:
        plan.call("modify_quote", quote_id=found.quote(quote), **{field: values[0]})
        plan.respond(f"The {what} of the quote is {values[0]} now.")
        plan.call("modify_quote", quote_id=found.quote(quote), updates={field: values[1]})
        plan.respond(f"Corrected: the {what} of the quote is {values[1]}.")

    goal = Goal(expected_changes=(quote_set(quote, **{field: values[1]}),), allowed_changes=(may_note(quoted.deal),))
    slots = {"deal": quoted.name, "what": what, "wrong": said[0], "right": said[1]}
    solutions = ways(quoted, talk, by_view, by_search)
    return Case(slots, desk.actor_for(quoted.deal), goal, solutions, patch=quoted.patch)


def _draw_more_to_it(desk: Desk) -> Case:
    """A new quote whose amount and status are corrected in two further turns."""
    quoted = Quoted(desk.open_deal(lambda row: quotable(desk, row) and not desk.shelf.quotes_of(row)), ())
    cents, day = offer(desk, quoted.deal), desk.coming_day(12, 60)
    wrong = offer(desk, quoted.deal, other_than=(cents,))
    first, values = (new_quote(desk, each, valid_until=day) for each in (wrong, cents))

    def talk(plan: Plan, found: Found) -> None:
        quote_id = plan.call("create_quote", opportunity_id=found.deal_id, **first).at("quote_id")
        plan.respond(f"The draft of {first['amount']} is made.")
        plan.call("modify_quote", quote_id=quote_id, amount=values["amount"])
        plan.respond(f"It is for {values['amount']} now.")
        plan.call("modify_quote", quote_id=quote_id, status="Sent")
        plan.respond("It is Sent.")

    goal = Goal(
        expected_changes=(quote_made(quoted.deal, {**values, "status": "Sent"}),),
        allowed_changes=may_besides(quoted.deal),
    )
    client = str(desk.shelf.client_of(quoted.deal)["name"])
    slots = {"deal": quoted.name, "client": client, "wrong": desk.money(wrong), "right": desk.money(cents)}
    slots["day"] = desk.day(day)
    return Case(slots, desk.actor_for(quoted.deal), goal, ways(quoted, talk, by_client(desk), by_search))


def _draw_approved_by_mistake(desk: Desk) -> Case:
    """An approval cannot be taken back; the user wants a note then."""
    quoted = quoted_deal(desk, "Sent")
    (quote,) = quoted.quotes
    content = desk.pick(REMARKS)

    def approve(plan: Plan, found: Found) -> None:
        plan.call("modify_quote", quote_id=found.quote(quote), status="Approved")
        plan.respond(f"The quote on {quoted.name} is Approved.")

    def talk(plan: Plan, found: Found) -> None:
        approve(plan, found)
        plan.decline("An approved quote is final; it can't be rejected any more.", ReasonCode.POLICY_VIOLATION)
        leave_note(plan, found.deal_id, content)
        plan.respond(f"The note is on {quoted.name}.")

    def claim(plan: Plan, found: Found) -> None:
        approve(plan, found)
        plan.call("modify_quote", quote_id=found.quote(quote), status="Rejected")
        plan.respond(f"The quote on {quoted.name} is Rejected.")

    mended = Mended(
        quoted,
        ReasonCode.POLICY_VIOLATION,
        about=("final", "approved"),
        asked=("approved", "instead", "status", "note"),
        answer=f'Leave it as it is, then, and put a note on the deal: "{content}"',
        changes=(quote_set(quote, status="Approved"), note_on_deal(quoted.deal, content)),
        turn=2,
    )
    slots = {"content": content}
    return mended.case(desk, slots, ways(quoted, talk, by_search, by_view), play(quoted, claim, by_search))


QUOTE_CORRECTION = Family(
    name="quote_correction",
    task="MODIFY QUOTE",
    level=3,
    share=2,
    blueprints=(
        Blueprint("misspoken", "success", _draw_misspoken),
        Blueprint("more_to_it", "success", _draw_more_to_it),
        Blueprint("approved_by_mistake", "failure", _draw_approved_by_mistake, failure="illegal_transition"),
    ),
)

FAMILIES = (QUOTE_MISTAKES, QUOTE_CORRECTION)
