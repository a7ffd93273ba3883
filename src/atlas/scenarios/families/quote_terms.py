"""What the house gives a quote: more time when it is extended, the prefix of a new one."""

from __future__ import annotations

from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import QuoteExtension, QuotePrefix
from atlas.scenarios.desk import Desk, NothingFitsError
from atlas.scenarios.families.expect import may_note, told
from atlas.scenarios.families.quote_rows import (
    Found,
    Quoted,
    by_amount,
    by_client,
    by_search,
    by_view,
    may_besides,
    new_quote,
    offer,
    quotable,
    quote_made,
    quote_set,
    quoted_deal,
    ways,
)
from atlas.scenarios.plans import Plan
from atlas.verify.goals import Goal


def _draw_extended(desk: Desk) -> Case:
    day = desk.house.need(QuoteExtension).valid_until(desk.today)
    quoted = quoted_deal(desk, desk.pick(("Draft", "Sent")))
    (quote,) = quoted.quotes
    if quote["valid_until"] == day:
        raise NothingFitsError("the quote is valid until that day already")

    def talk(plan: Plan, found: Found) -> None:
        plan.call("modify_quote", quote_id=found.quote(quote), valid_until=day)
        plan.respond(f"The quote on {quoted.name} is extended.")
        plan.respond(f"It is valid until {day}.", valid_until=day)

    goal = Goal(
        expected_changes=(quote_set(quote, valid_until=day),),
        allowed_changes=(may_note(quoted.deal),),
        answers=(told("valid_until", day),),
    )
    slots = {"deal": quoted.name, "client": str(desk.shelf.client_of(quoted.deal)["name"])}
    solutions = ways(quoted, talk, by_search, by_client(desk))
    return Case(slots, desk.actor_for(quoted.deal), goal, solutions, patch=quoted.patch)


def _draw_promised_once(desk: Desk) -> Case:
    usual = desk.house.need(QuoteExtension).valid_until(desk.today)
    quoted = quoted_deal(desk, desk.pick(("Draft", "Sent")))
    (quote,) = quoted.quotes
    day = desk.later_day(quote["valid_until"], 14, 60)
    if day == usual:
        raise NothingFitsError("that is what the house gives anyway")

    def talk(plan: Plan, found: Found) -> None:
        plan.call("modify_quote", quote_id=found.quote(quote), valid_until=day)
        plan.respond(f"The quote on {quoted.name} is valid until {day}.")

    goal = Goal(expected_changes=(quote_set(quote, valid_until=day),), allowed_changes=(may_note(quoted.deal),))
    client = str(desk.shelf.client_of(quoted.deal)["name"])
    slots = {"deal": quoted.name, "client": client, "day": desk.day(day)}
    solutions = ways(quoted, talk, by_client(desk), by_view)
    return Case(slots, desk.actor_for(quoted.deal), goal, solutions, patch=quoted.patch)


def _draw_all_open(desk: Desk) -> Case:
    """Two quotes that are open and one that is not."""
    day = desk.house.need(QuoteExtension).valid_until(desk.today)
    quoted = quoted_deal(desk, "Draft", "Sent", desk.pick(("Approved", "Rejected", "Canceled")))
    *both, _ = quoted.quotes
    if any(row["valid_until"] == day for row in both):
        raise NothingFitsError("a quote is valid until that day already")
    versions = tuple(str(row["version"]) for row in both)

    def talk(plan: Plan, found: Found) -> None:
        for row in both:
            plan.call("modify_quote", quote_id=found.quote(row), valid_until=day)
        plan.respond(f"The open quotes on {quoted.name} are extended.")
        plan.respond(f"Versions {' and '.join(versions)}, until {day}.", quotes=list(versions), valid_until=day)

    goal = Goal(
        expected_changes=tuple(quote_set(row, valid_until=day) for row in both),
        allowed_changes=(may_note(quoted.deal),),
        answers=(told("quotes", versions), told("valid_until", day)),
    )
    solutions = ways(quoted, talk, by_amount, by_view)
    return Case({"deal": quoted.name}, desk.actor_for(quoted.deal), goal, solutions, patch=quoted.patch)


QUOTE_EXTENSION = Family(
    name="quote_extension",
    task="MODIFY QUOTE",
    level=2,
    needs=(QuoteExtension,),
    share=2,
    blueprints=(
        Blueprint("extended", "success", _draw_extended),
        Blueprint("promised_once", "success", _draw_promised_once, level=1),
        Blueprint("all_open", "success", _draw_all_open),
    ),
)


_SPECIAL_PREFIXES = ("TENDER", "PARTNER", "FRAME", "PILOT", "GROUP")


def _draw_usual_prefix(desk: Desk) -> Case:
    """The prefix in use may be an older one; a new quote gets that of today."""
    desk.house.need(QuotePrefix)
    quoted = quoted_deal(desk, desk.pick(("Rejected", "Canceled", "Sent")), fits=lambda row: quotable(desk, row))
    (quote,) = quoted.quotes
    cents, day = offer(desk, quoted.deal), desk.coming_day(12, 60)
    values = new_quote(desk, cents, valid_until=day)

    def talk(plan: Plan, found: Found) -> None:
        plan.call("quote_prefixes", opportunity_id=found.deal_id)
        plan.respond(f"The quote on {quoted.name} has {quote['quote_prefix']}.", quote_prefix=quote["quote_prefix"])
        plan.call("create_quote", opportunity_id=found.deal_id, **values)
        plan.respond(f"The new quote for {values['amount']} is made.")

    goal = Goal(
        expected_changes=(quote_made(quoted.deal, values),),
        allowed_changes=may_besides(quoted.deal),
        answers=(told("quote_prefix", quote["quote_prefix"]),),
    )
    slots = {"deal": quoted.name, "amount": desk.money(cents), "day": desk.day(day)}
    solutions = ways(quoted, talk, by_search, by_view)
    return Case(slots, desk.actor_for(quoted.deal), goal, solutions, patch=quoted.patch)


def _draw_other_prefix(desk: Desk) -> Case:
    desk.house.need(QuotePrefix)
    quoted = Quoted(desk.open_deal(lambda row: quotable(desk, row)), ())
    cents, day = offer(desk, quoted.deal), desk.coming_day(12, 60)
    prefix = f"{desk.pick(_SPECIAL_PREFIXES)}-{desk.rng.randint(11, 99)}"
    values = {**new_quote(desk, cents, valid_until=day), "quote_prefix": prefix}

    def talk(plan: Plan, found: Found) -> None:
        plan.call("create_quote", opportunity_id=found.deal_id, **values)
        plan.respond(f"The quote for {values['amount']} has the prefix {prefix}.")

    goal = Goal(expected_changes=(quote_made(quoted.deal, values),), allowed_changes=may_besides(quoted.deal))
    client = str(desk.shelf.client_of(quoted.deal)["name"])
    slots = {"deal": quoted.name, "client": client, "prefix": prefix}
    slots |= {"amount": desk.money(cents), "day": desk.day(day)}
    return Case(slots, desk.actor_for(quoted.deal), goal, ways(quoted, talk, by_client(desk), by_search))


QUOTE_PREFIX = Family(
    name="quote_prefix",
    task="CREATE QUOTE",
    level=2,
    needs=(QuotePrefix,),
    share=2,
    blueprints=(
        Blueprint("usual_prefix", "success", _draw_usual_prefix),
        Blueprint("other_prefix", "success", _draw_other_prefix, level=1),
    ),
)

FAMILIES = (QUOTE_EXTENSION, QUOTE_PREFIX)
