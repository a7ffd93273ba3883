"""Changes that the user takes back: it was not meant so, or another record was meant."""

from __future__ import annotations

from datetime import date
from functools import partial
from itertools import permutations
from typing import cast

from atlas.crm.records import Entity, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import Reopening
from atlas.scenarios.desk import Desk, NothingFitsError, is_open
from atlas.scenarios.families.contract_rows import Patch, patched
from atlas.scenarios.families.deal_endings import LOST_REASONS, ending_of, losable
from atlas.scenarios.families.deal_groups import Talk, deal_change, named, named_and_read, talk_case
from atlas.scenarios.families.expect import may_note, note_on_deal, told, updated
from atlas.scenarios.families.mending import client_target, deal_target, new_amount
from atlas.scenarios.families.midway import Known, Snag, deal_finds, run_through
from atlas.scenarios.families.moves import leave_note, seek_client, seek_contact
from atlas.scenarios.families.quote_rows import (
    Quoted,
    may_besides,
    new_quote,
    quotable,
    quote_made,
    quote_set,
    quoted_deal,
)
from atlas.scenarios.families.turns import full_name, in_turns, new_phone, set_work, telling
from atlas.scenarios.house import shown_amount
from atlas.scenarios.naming import plain_ascii
from atlas.scenarios.plans import Plan
from atlas.verify.goals import Goal

# ---------------------------------------------------------------------------------------------------------------------
# On second thoughts


def _keeps_date(desk: Desk, deal: Row) -> bool:
    """Tell whether the close date of an open deal can be set to what it is."""
    return is_open(deal) and str(deal["close_date"] or "") >= desk.today.isoformat()


def _draw_amount_back(desk: Desk) -> Case:
    """The amount, the close date, and the amount back to what it was."""
    target = deal_target(desk, lambda row: bool(row["close_date"]))
    deal, cents = target.row, new_amount(desk, target)
    day, old = desk.later_day(deal["close_date"], 14, 120), shown_amount(deal["amount"])
    talks = (
        Talk(
            f"{target.called} is at {shown_amount(cents)} now.",
            (deal_change(desk, deal, {"amount": shown_amount(cents)}),),
        ),
        Talk(f"It closes on {day} now.", (deal_change(desk, deal, {"close_date": day}),)),
        Talk(f"It is at {old} again; the close date stays {day}.", (deal_change(desk, deal, {"amount": old}),)),
    )
    slots = {"deal": target.called, "amount": desk.money(cents), "day": desk.day(day)}
    return talk_case(target.actor, slots, (named(deal), named_and_read(deal)), talks)


def _draw_half_of_it(desk: Desk) -> Case:
    """Status and phone number of a client; the status goes back to what it was, the number does not."""
    target = client_target(desk)
    before, phone = str(target.row["status"]), new_phone(desk)
    status = desk.pick(one for one in ("Active", "Prospect", "Inactive") if one != before)
    industry = target.row["industry"]
    works = (
        set_work(target, {"status": status, "phone": phone}),
        telling(f"{target.called} is in {industry}.", {"industry": industry}),
        set_work(target, {"status": before}),
    )
    return in_turns(target, {"client": target.called, "status": status, "phone": phone}, works)


_AFTER_ALL = (
    "They want to talk again next month.", "Not over yet, their director called.", "Loss announced too early.",
    "Ask them again before the summer.", "Their buyer regrets it.", "Second round possible in autumn.",
)  # fmt: skip


def _draw_closed_for_good(desk: Desk) -> Case:
    """A deal is closed as lost, and that cannot be taken back; the user has it noted."""
    deal = desk.open_deal(lambda row: losable(desk, row))
    reason, content = desk.pick(LOST_REASONS), desk.pick(_AFTER_ALL)
    ending = ending_of(desk, deal, "Closed-Lost", notes=reason)

    def note(plan: Plan, known: Known) -> None:
        leave_note(plan, known["deal"], content)
        plan.respond(f"The note is on {deal['name']}.")

    snag = Snag(
        reason=ReasonCode.CLOSED_RECORD,
        about=("closed", "Closed-Lost"),
        message=f"{deal['name']} is Closed-Lost, and a closed deal stays closed; I can't take that back.",
        mend=f'Then put a note on it: "{content}"',
        turn=2,
        before=lambda plan, known: ending.carry_out(plan, known["deal"]),
        bad=lambda plan, known: plan.call("modify_opportunity", opportunity_id=known["deal"], stage=deal["stage"]),
        after=note,
    )
    goal = Goal(expected_changes=(*ending.expected, note_on_deal(deal, content)), allowed_changes=ending.allowed)
    slots = {"deal": str(deal["name"]), "reason": reason, "content": content}
    return snag.case(desk.actor_for(deal), slots, deal_finds(deal=deal), goal)


_SOON = 3  # days


def _draw_sent_for_good(desk: Desk) -> Case:
    """A draft is set to Sent, and that cannot be taken back; the user then wants it to end sooner."""
    quoted = quoted_deal(desk, "Draft")
    (quote,) = quoted.quotes
    left = (date.fromisoformat(str(quote["valid_until"])) - desk.today).days
    if left <= _SOON:
        raise NothingFitsError("the quote ends soon anyway")
    day = desk.coming_day(_SOON, left - 1)

    def set_quote(plan: Plan, known: Known, **values: object) -> None:
        found = plan.call("quote_search", opportunity_id=known["deal"])
        plan.call("modify_quote", quote_id=found.at("results.0.quote_id"), **values)

    def send(plan: Plan, known: Known) -> None:
        set_quote(plan, known, status="Sent")
        plan.respond(f"The quote on {quoted.name} is Sent.")

    def shorten(plan: Plan, known: Known) -> None:
        set_quote(plan, known, valid_until=day)
        plan.respond(f"The quote on {quoted.name} is valid until {day}.")

    snag = Snag(
        reason=ReasonCode.POLICY_VIOLATION,
        about=("sent", "draft"),
        message=f"A quote that was Sent can't be a Draft again, so the one on {quoted.name} stays as it is.",
        mend=f"Then let it be valid until {desk.day(day)} only.",
        turn=2,
        before=send,
        bad=lambda plan, known: set_quote(plan, known, status="Draft"),
        after=shorten,
    )
    goal = Goal(
        expected_changes=(quote_set(quote, status="Sent", valid_until=day),), allowed_changes=(may_note(quoted.deal),)
    )
    slots, finds = {"deal": quoted.name, "day": desk.day(day)}, deal_finds(deal=quoted.deal)
    return snag.case(desk.actor_for(quoted.deal), slots, finds, goal, patch=quoted.patch)


UNDO_THAT = Family(
    name="undo_that",
    task="MODIFY OPPORTUNITY",
    level=3,
    share=2,
    blueprints=(
        Blueprint("amount_back", "success", _draw_amount_back),
        Blueprint("half_of_it", "success", _draw_half_of_it),
        Blueprint(
            "closed_for_good",
            "failure",
            _draw_closed_for_good,
            when=lambda house: house.get(Reopening) is None,
            failure="closed_record",
        ),
        Blueprint("sent_for_good", "failure", _draw_sent_for_good, failure="illegal_transition"),
    ),
)

# ---------------------------------------------------------------------------------------------------------------------
# Another one was meant


def _draw_put_back(desk: Desk) -> Case:
    """A close date for one of two deals of a client; it was meant for the other one."""
    deal, meant = desk.pick(
        pair
        for client in desk.shelf.clients
        for pair in permutations((row for row in desk.shelf.deals_of(client) if is_open(row)), 2)
        if _keeps_date(desk, pair[0])
    )
    day, old = desk.coming_day(15, 180, instead_of=deal["close_date"]), deal["close_date"]
    if meant["close_date"] == day:
        raise NothingFitsError("the other deal closes on that day already")
    talks = (
        Talk(f"{deal['name']} closes on {day} now.", (deal_change(desk, deal, {"close_date": day}),)),
        Talk(
            f"{meant['name']} closes on {day} now, {deal['name']} as before.",
            (deal_change(desk, deal, {"close_date": old}), deal_change(desk, meant, {"close_date": day})),
            find=named(meant),
        ),
        Talk(f"It closes on {old}.", facts={"close_date": old}),
    )
    actor = desk.actor_for(deal) if deal["owner"] == meant["owner"] else desk.manager().handle
    slots = {"deal": str(deal["name"]), "other": str(meant["name"]), "day": desk.day(day)}
    return talk_case(actor, slots, (named(deal), named_and_read(deal)), talks)


def _find_first(plan: Plan, contact: Row) -> Known:
    return {"first": seek_contact(plan, contact)}


def _find_at_client(plan: Plan, contact: Row, client: Row) -> Known:
    """Find somebody among the people of that surname at a client."""
    client_id = seek_client(plan, client)
    plan.call("contact_search", criteria={"client_id": client_id, "last_name": {"equals": contact["last_name"]}})
    found = plan.call("contact_search", client_id=client_id, first_name={"equals": contact["first_name"]})
    return {"first": found.at("results.0.contact_id")}


def _namesakes(desk: Desk) -> tuple[Row, Row, Patch]:
    """Return two contacts of a client who share a surname, and the row that makes it so where there are no such two."""
    known = desk.shelf.unmistakable_contacts
    pairs = [pair for client in desk.shelf.clients for pair in permutations(desk.shelf.contacts_of(client), 2)]
    pairs = [pair for pair in pairs if all(row in known for row in pair)]
    found = [pair for pair in pairs if pair[0]["last_name"] == pair[1]["last_name"]]
    if found:
        return *desk.pick(found), ()
    names = {(row["first_name"], row["last_name"]) for row in desk.shelf.contacts}
    first, second = desk.pick(pair for pair in pairs if (pair[1]["first_name"], pair[0]["last_name"]) not in names)
    surname = str(first["last_name"])
    email = str(second["email"]).replace(plain_ascii(str(second["last_name"])), plain_ascii(surname))
    renamed: Row = {**second, "last_name": surname, "email": email}
    return first, renamed, (patched(Entity.CONTACT, renamed),)


def _draw_namesake(desk: Desk) -> Case:
    """A phone number for somebody; it belongs to a colleague of the same surname."""
    wrong, meant, patch = _namesakes(desk)
    client = desk.shelf.client_of(wrong)
    phone, old, email = new_phone(desk), wrong["phone"], meant["email"]

    def talk(plan: Plan, known: Known) -> None:
        plan.call("modify_contact", contact_id=known["first"], phone=phone)
        plan.respond(f"{full_name(wrong)} has the number {phone} now.")
        meant_id = seek_contact(plan, meant)
        plan.call("modify_contact", contact_id=known["first"], phone=old)
        plan.call("modify_contact", contact_id=meant_id, phone=phone)
        plan.respond(f"{full_name(meant)} has the number {phone} now, {full_name(wrong)} has {old} again.")
        plan.respond(f"It is {email}.", email=email)

    goal = Goal(
        expected_changes=(updated(Entity.CONTACT, meant["contact_id"], {"phone": phone}),),
        answers=(told("email", email),),
    )
    slots = {
        "client": str(client["name"]), "person": full_name(wrong), "first": str(wrong["first_name"]),
        "meant": str(meant["first_name"]), "phone": phone,
    }  # fmt: skip
    finds = (partial(_find_first, contact=wrong), partial(_find_at_client, contact=wrong, client=client))
    return run_through(str(client["owner"]), slots, finds, talk, goal, patch=patch)


def _two_drafts(desk: Desk) -> tuple[Quoted, Quoted]:
    """Return two deals with a draft each, of one owner, the first such that a rep may quote the same again."""
    first = quoted_deal(desk, "Draft", fits=lambda row: quotable(desk, row))
    other = quoted_deal(
        desk,
        "Draft",
        fits=lambda row: (
            is_open(row)
            and row["owner"] == first.deal["owner"]
            and row["opportunity_id"] != first.deal["opportunity_id"]
        ),
    )
    cents = cast("int", first.quotes[0]["amount"])
    if desk.house.quote_needs_approval(cents, cast("int", first.deal["amount"])):
        raise NothingFitsError("the same quote could not be made again")
    return first, other


def _draw_quote_gone(desk: Desk) -> Case:
    """The draft on the wrong deal is called off, which is final; the user has it made anew."""
    first, other = _two_drafts(desk)
    (gone,), (meant,) = first.quotes, other.quotes
    values = new_quote(desk, cast("int", gone["amount"]))

    def cancel_both(plan: Plan, known: Known) -> None:
        quote_id = plan.call("quote_search", opportunity_id=known["deal"]).at("results.0.quote_id")
        plan.call("cancel_quote", quote_id=quote_id)
        plan.respond(f"The draft on {first.name} is canceled.")
        found = plan.call("opportunity_search", name=other.deal["name"])
        other_id = found.at("results.0.opportunity_id")
        quotes = plan.call("quote_search", criteria={"opportunity_id": other_id, "status": "Draft"})
        plan.call("cancel_quote", quote_id=quotes.at("results.0.quote_id"))

    def restore(plan: Plan, known: Known) -> None:
        found = plan.call("quote_search", opportunity_id=known["deal"])
        plan.call("modify_quote", quote_id=found.at("results.0.quote_id"), status="Draft")

    def make_anew(plan: Plan, known: Known) -> None:
        plan.call("create_quote", opportunity_id=known["deal"], **values)
        plan.respond(f"There is a new draft for {values['amount']} on {first.name}.")

    snag = Snag(
        reason=ReasonCode.POLICY_VIOLATION,
        about=("canceled", "cancelled", "final"),
        message=f"The draft on {other.name} is canceled now; but the one on {first.name} can't come back, it is final.",
        mend=f"Then make a new draft on {first.name} for the same amount.",
        turn=2,
        before=cancel_both,
        bad=restore,
        after=make_anew,
    )
    goal = Goal(
        expected_changes=(
            quote_set(gone, status="Canceled"),
            quote_set(meant, status="Canceled"),
            quote_made(first.deal, values),
        ),
        allowed_changes=(*may_besides(first.deal), may_note(other.deal)),
    )
    slots = {"deal": first.name, "other": other.name}
    actor, patch = desk.actor_for(first.deal), (*first.patch, *other.patch)
    return snag.case(actor, slots, deal_finds(deal=first.deal), goal, patch=patch)


WRONG_RECIPIENT = Family(
    name="wrong_recipient",
    task="MODIFY OPPORTUNITY",
    level=3,
    share=2,
    blueprints=(
        Blueprint("put_back", "success", _draw_put_back),
        Blueprint("namesake", "success", _draw_namesake),
        Blueprint("quote_gone", "failure", _draw_quote_gone, failure="illegal_transition", level=2),
    ),
)

FAMILIES = (UNDO_THAT, WRONG_RECIPIENT)
