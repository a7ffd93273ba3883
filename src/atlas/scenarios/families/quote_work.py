"""Everyday work with quotes: looked up, compared, taken from draft to answer."""

from __future__ import annotations

from typing import cast

from atlas.crm.records import ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.desk import Desk, NothingFitsError
from atlas.scenarios.families.contract_rows import refused_first
from atlas.scenarios.families.expect import may_note, note_on_deal, told
from atlas.scenarios.families.moves import leave_note
from atlas.scenarios.families.quote_rows import (
    REMARKS,
    Found,
    Mended,
    Quoted,
    amount_of,
    by_amount,
    by_client,
    by_search,
    by_status,
    by_view,
    new_quote,
    offer,
    open_statuses,
    play,
    quotable,
    quote_made,
    quote_set,
    quoted_deal,
    ways,
)
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import Disclosure
from atlas.verify.goals import Goal

_STATUSES = ("Draft", "Sent", "Approved", "Rejected", "Canceled")


# ---------------------------------------------------------------------------------------------------------------------
# Looking them up

_DETAILS = {"amount": "amount", "status": "status", "valid_until": "expiry date"}


def _shown(row: Row, field: str) -> object:
    return amount_of(row) if field == "amount" else row[field]


def _draw_two_details(desk: Desk) -> Case:
    quoted = quoted_deal(desk, desk.pick(_STATUSES))
    (quote,) = quoted.quotes
    first, second = desk.rng.sample(list(_DETAILS), 2)

    def talk(plan: Plan, found: Found) -> None:
        plan.respond(f"The {_DETAILS[first]} is {_shown(quote, first)}.", **{first: _shown(quote, first)})
        plan.call("quote_details", quote_id=found.quote(quote))
        plan.respond(f"The {_DETAILS[second]} is {_shown(quote, second)}.", **{second: _shown(quote, second)})

    goal = Goal(answers=(told(first, _shown(quote, first)), told(second, _shown(quote, second))))
    slots = {"deal": quoted.name, "first": _DETAILS[first], "second": _DETAILS[second]}
    solutions = ways(quoted, talk, by_search, by_view)
    return Case(slots, desk.colleague().handle, goal, solutions, patch=quoted.patch)


def _draw_in_status(desk: Desk) -> Case:
    """Two of three quotes are in the status that the user asks for; the newer of them is then canceled."""
    status = desk.pick(open_statuses(desk))
    quoted = quoted_deal(desk, status, status, desk.pick(one for one in _STATUSES if one != status))
    older, newer = quoted.in_status(status).by("version")
    if not str(older["created_date"]) < str(newer["created_date"]):
        raise NothingFitsError("the later version is not the newer quote")
    versions = tuple(str(row["version"]) for row in quoted.in_status(status).by("version"))

    def talk(plan: Plan, found: Found) -> None:
        plan.respond(f"{status} on {quoted.name}: versions {', '.join(versions)}.", quotes=list(versions))
        plan.call("quote_details", quote_id=found.quote(newer))
        plan.respond(f"Version {newer['version']} is for {amount_of(newer)}.", amount=amount_of(newer))
        plan.call("cancel_quote", quote_id=found.quote(newer))
        plan.respond(f"Version {newer['version']} is canceled.")

    goal = Goal(
        expected_changes=(quote_set(newer, status="Canceled"),),
        allowed_changes=(may_note(quoted.deal),),
        answers=(told("quotes", versions), told("amount", amount_of(newer))),
    )
    slots = {"deal": quoted.name, "status": status}
    solutions = ways(quoted, talk, by_status(status), by_view)
    return Case(slots, desk.actor_for(quoted.deal), goal, solutions, patch=quoted.patch)


def _draw_without_quote(desk: Desk) -> Case:
    bare = desk.open_deal(lambda row: not desk.shelf.quotes_of(row))
    quoted = quoted_deal(
        desk, desk.pick(_STATUSES), fits=lambda row: row is not bare and bool(desk.shelf.quotes_of(row))
    )
    (quote,) = quoted.quotes
    name = str(bare["name"])
    facts = {"status": quote["status"], "valid_until": quote["valid_until"]}
    without = Quoted(bare, ())

    def talk(plan: Plan, _: Found) -> None:
        plan.decline(f"There is no quote on {name}.", ReasonCode.NOT_FOUND)
        found = by_search(plan, quoted)
        plan.call("quote_details", quote_id=found.quote(quote))
        plan.respond(f"It is {quote['status']}, valid until {quote['valid_until']}.", **facts)

    def claim(plan: Plan, _: Found) -> None:
        plan.respond(f"The quote on {name} is Sent.", status="Sent")

    goal = Goal(
        answers=tuple(told(field, value) for field, value in facts.items()),
        must_refuse=refused_first(ReasonCode.NOT_FOUND, name, "no quote"),
    )
    answer = Disclosure(("deal", "which", "quote", name), f"Oh, I meant {quoted.name}.", instead_of=1)
    return Case(
        {"deal": name, "other": quoted.name},
        desk.colleague().handle,
        goal,
        ways(without, talk, by_search, by_view),
        disclosures=(answer,),
        blunder=play(without, claim, by_search),
    )


QUOTE_LOOKUP = Family(
    name="quote_lookup",
    task="QUOTE SEARCH",
    level=3,
    share=3,
    blueprints=(
        Blueprint("two_details", "success", _draw_two_details),
        Blueprint("in_status", "success", _draw_in_status),
        Blueprint("deal_without_quote", "failure", _draw_without_quote, failure="unknown_record"),
    ),
)


# ---------------------------------------------------------------------------------------------------------------------
# Comparing them


def _difference(one: Row, other: Row) -> object:
    return shown_amount(abs(cast("int", one["amount"]) - cast("int", other["amount"])))


def _draw_higher_sent(desk: Desk) -> Case:
    """Two drafts: the higher or lower one is sent, the other one canceled."""
    quoted = quoted_deal(desk, "Draft", "Draft")
    which = desk.pick(("higher", "lower"))
    low, high = quoted.by("amount")
    chosen, other = (high, low) if which == "higher" else (low, high)
    facts = {"version": chosen["version"], "difference": _difference(low, high)}

    def talk(plan: Plan, found: Found) -> None:
        plan.call("compare_quotes", quote_ids=[found.quote(low), found.quote(high)])
        plan.respond(f"Version {chosen['version']}; they are {facts['difference']} apart.", **facts)
        plan.call("modify_quote", quote_id=found.quote(chosen), status="Sent")
        plan.respond(f"Version {chosen['version']} is Sent.")
        plan.call("cancel_quote", quote_id=found.quote(other))
        plan.respond(f"Version {other['version']} is canceled.")

    goal = Goal(
        expected_changes=(quote_set(chosen, status="Sent"), quote_set(other, status="Canceled")),
        allowed_changes=(may_note(quoted.deal),),
        answers=tuple(told(field, value) for field, value in facts.items()),
    )
    slots = {"deal": quoted.name, "which": which}
    solutions = ways(quoted, talk, by_amount, by_view)
    return Case(slots, desk.actor_for(quoted.deal), goal, solutions, patch=quoted.patch)


def _draw_one_validity(desk: Desk) -> Case:
    """The quote that ends earlier is to end together with the other one."""
    quoted = quoted_deal(desk, *desk.rng.sample(("Draft", "Sent"), 2))
    early, late = quoted.by("valid_until")
    day = str(late["valid_until"])
    if not str(early["valid_until"]) < day >= desk.today.isoformat():
        raise NothingFitsError("neither quote is still valid, or they end on the same day")

    def talk(plan: Plan, found: Found) -> None:
        plan.call("compare_quote_details", quote_ids=[found.quote(row) for row in quoted.by("version")])
        plan.respond(f"Version {late['version']} runs longer, until {day}.", version=late["version"], valid_until=day)
        plan.call("modify_quote", quote_id=found.quote(early), updates={"valid_until": day})
        plan.respond(f"Both are valid until {day} now.")

    goal = Goal(
        expected_changes=(quote_set(early, valid_until=day),),
        allowed_changes=(may_note(quoted.deal),),
        answers=(told("version", late["version"]), told("valid_until", day)),
    )
    slots = {"deal": quoted.name, "client": str(desk.shelf.client_of(quoted.deal)["name"])}
    solutions = ways(quoted, talk, by_client(desk), by_search)
    return Case(slots, desk.actor_for(quoted.deal), goal, solutions, patch=quoted.patch)


def _draw_only_one(desk: Desk) -> Case:
    quoted = quoted_deal(desk, "Draft")
    (quote,) = quoted.quotes

    def talk(plan: Plan, found: Found) -> None:
        plan.decline(f"{quoted.name} has only one quote, version {quote['version']}.", ReasonCode.NOT_FOUND)
        plan.call("modify_quote", quote_id=found.quote(quote), status="Sent")
        plan.respond(f"The quote on {quoted.name} is Sent.")

    def claim(plan: Plan, found: Found) -> None:
        plan.call("compare_quotes", quote_ids=[found.quote(quote)])
        plan.respond(f"The two quotes on {quoted.name} do not differ.", difference=0)

    answer = "Then there is just that one. Set it to Sent, please."
    mended = Mended(
        quoted,
        ReasonCode.NOT_FOUND,
        about=("one quote", "only", "single", "second quote", quoted.name),
        asked=("quote", "which", "version"),
        answer=answer,
        changes=(quote_set(quote, status="Sent"),),
    )
    return mended.case(desk, {}, ways(quoted, talk, by_search, by_view), play(quoted, claim, by_search))


QUOTE_COMPARE = Family(
    name="quote_compare",
    task="COMPARE QUOTES",
    level=3,
    share=2,
    blueprints=(
        Blueprint("higher_sent", "success", _draw_higher_sent),
        Blueprint("one_validity", "success", _draw_one_validity),
        Blueprint("only_one", "failure", _draw_only_one, failure="unknown_record"),
    ),
)


# ---------------------------------------------------------------------------------------------------------------------
# From draft to answer


def _draw_sent_then_approved(desk: Desk) -> Case:
    quoted = quoted_deal(desk, "Draft")
    (quote,) = quoted.quotes

    def talk(plan: Plan, found: Found) -> None:
        plan.call("modify_quote", quote_id=found.quote(quote), status="Sent")
        plan.respond(f"The quote on {quoted.name} is Sent.")
        plan.respond(f"It is for {amount_of(quote)}.", amount=amount_of(quote))
        plan.call("modify_quote", quote_id=found.quote(quote), status="Approved")
        plan.respond(f"The quote on {quoted.name} is Approved.")

    goal = Goal(
        expected_changes=(quote_set(quote, status="Approved"),),
        allowed_changes=(may_note(quoted.deal),),
        answers=(told("amount", amount_of(quote)),),
    )
    slots = {"deal": quoted.name, "client": str(desk.shelf.client_of(quoted.deal)["name"])}
    solutions = ways(quoted, talk, by_client(desk), by_status("Draft"))
    return Case(slots, desk.actor_for(quoted.deal), goal, solutions, patch=quoted.patch)


def _draw_turned_down(desk: Desk) -> Case:
    quoted = quoted_deal(desk, "Sent")
    (quote,) = quoted.quotes
    content = desk.pick(REMARKS)

    def talk(plan: Plan, found: Found) -> None:
        plan.call("modify_quote", quote_id=found.quote(quote), updates={"status": "Rejected"})
        plan.respond(f"The quote on {quoted.name} is Rejected.")
        leave_note(plan, found.deal_id, content)
        plan.respond(f"The note is on {quoted.name}.")

    goal = Goal(expected_changes=(quote_set(quote, status="Rejected"), note_on_deal(quoted.deal, content)))
    client = str(desk.shelf.client_of(quoted.deal)["name"])
    slots = {"deal": quoted.name, "client": client, "content": content}
    solutions = ways(quoted, talk, by_client(desk), by_view)
    return Case(slots, desk.actor_for(quoted.deal), goal, solutions, patch=quoted.patch)


def _draw_approved_at_once(desk: Desk) -> Case:
    """A draft cannot be approved: it has to be sent first."""
    quoted = quoted_deal(desk, "Draft")
    (quote,) = quoted.quotes

    def talk(plan: Plan, found: Found) -> None:
        plan.decline("The quote is still a Draft; only a sent quote can be approved.", ReasonCode.POLICY_VIOLATION)
        plan.call("modify_quote", quote_id=found.quote(quote), status="Sent")
        plan.respond(f"The quote on {quoted.name} is Sent.")

    def claim(plan: Plan, found: Found) -> None:
        plan.call("modify_quote", quote_id=found.quote(quote), status="Approved")
        plan.respond(f"The quote on {quoted.name} is Approved.")

    mended = Mended(
        quoted,
        ReasonCode.POLICY_VIOLATION,
        about=("Draft",),
        asked=("sent", "draft", "first", "status"),
        answer="It never went out, then. Just set it to Sent for now.",
        changes=(quote_set(quote, status="Sent"),),
    )
    slots = {"client": str(desk.shelf.client_of(quoted.deal)["name"])}
    return mended.case(desk, slots, ways(quoted, talk, by_view, by_client(desk)), play(quoted, claim, by_search))


def _draw_after_the_end(desk: Desk) -> Case:
    """A rejected or canceled quote stays so; the user wants a new one then."""
    status = desk.pick(("Rejected", "Canceled"))
    quoted = quoted_deal(desk, status, fits=lambda row: quotable(desk, row))
    (quote,) = quoted.quotes
    cents, day = offer(desk, quoted.deal), desk.coming_day(12, 60)
    values = new_quote(desk, cents, valid_until=day)

    def talk(plan: Plan, found: Found) -> None:
        plan.decline(f"That quote is {status}, which is final.", ReasonCode.POLICY_VIOLATION)
        plan.call("create_quote", opportunity_id=found.deal_id, **values)
        plan.respond(f"There is a new draft for {values['amount']} on {quoted.name}.")

    def claim(plan: Plan, found: Found) -> None:
        plan.call("modify_quote", quote_id=found.quote(quote), status="Sent")
        plan.respond(f"The quote on {quoted.name} is Sent.")

    amount, until = desk.money(cents), desk.day(day)
    mended = Mended(
        quoted,
        ReasonCode.POLICY_VIOLATION,
        about=(status,),
        asked=("new", "quote", "instead", "which"),
        answer=f"Then I need a new one in Draft: {amount}, valid until {until}.",
        changes=(quote_made(quoted.deal, values),),
    )
    slots = {"amount": amount, "day": until}
    return mended.case(desk, slots, ways(quoted, talk, by_search, by_view), play(quoted, claim, by_search))


QUOTE_LIFECYCLE = Family(
    name="quote_lifecycle",
    task="MODIFY QUOTE",
    level=3,
    share=3,
    blueprints=(
        Blueprint("sent_then_approved", "success", _draw_sent_then_approved),
        Blueprint("turned_down", "success", _draw_turned_down),
        Blueprint("approved_at_once", "failure", _draw_approved_at_once, failure="illegal_transition"),
        Blueprint("after_the_end", "failure", _draw_after_the_end, failure="illegal_transition"),
    ),
)

FAMILIES = (QUOTE_LOOKUP, QUOTE_COMPARE, QUOTE_LIFECYCLE)
