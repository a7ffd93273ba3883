"""Questions that look over many records, and what follows: what was won with a client, which quotes lie unanswered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import partial

from atlas.crm.records import Entity, FieldValue, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import Confidentiality, QuoteExtension, QuoteWithdrawal
from atlas.scenarios.desk import Desk, NothingFitsError
from atlas.scenarios.families.deal_groups import (
    Account,
    account_of,
    amount_of,
    deal_id_of,
    largest_of,
    names_of,
    total_of,
)
from atlas.scenarios.families.expect import may_note, told
from atlas.scenarios.families.midway import Find, Known, Snag, client_finds, nothing, run_through
from atlas.scenarios.families.quote_rows import quote_set, quoted_deal
from atlas.scenarios.house import House, shown_amount
from atlas.scenarios.plans import Plan
from atlas.verify.goals import AnswerFact, Equals, Goal

# ---------------------------------------------------------------------------------------------------------------------
# What was won

_FEWEST_DEALS = 4  # of a client that a report is worthwhile for
_OF_OLD: Mapping[str, Mapping[str, FieldValue]] = {
    "Closed-Won": {"probability": 99, "notes": "Won against two bidders."},
    "Closed-Lost": {"probability": 1, "notes": "Project postponed."},
}


def _decided_account(desk: Desk) -> Account:
    """Return a client with two won deals or more, and two lost ones or more where it has enough deals."""
    client = desk.client(lambda row: len(desk.shelf.deals_of(row)) >= _FEWEST_DEALS)
    deals = desk.rng.sample(desk.shelf.deals_of(client), _FEWEST_DEALS)
    days = desk.rng.sample(range(5, 300), _FEWEST_DEALS)
    new: dict[str, dict[str, FieldValue]] = {}
    for place, (deal, ago) in enumerate(zip(deals, days, strict=True)):
        stage = ("Closed-Won", "Closed-Lost")[place % 2]
        closed = (desk.today - timedelta(days=ago)).isoformat()
        new[deal_id_of(deal)] = {"stage": stage, "close_date": closed, **_OF_OLD[stage]}
    return account_of(desk, client, new)


def _in_stage(account: Account, stage: str) -> Sequence[Row]:
    return [deal for deal in account.deals if deal["stage"] == stage]


def _report(plan: Plan, known: Known, stage: str, deals: Sequence[Row]) -> None:
    """Add the call that sums up the deals in a stage, and the response."""
    plan.call("summarize_opportunities", criteria={"client_id": known["client"], "stage": stage})
    plan.respond(f"{len(deals)} deals, {total_of(deals)} in total.", count=len(deals), total_amount=total_of(deals))


def _figures(deals: Sequence[Row], turn: int) -> tuple[AnswerFact, ...]:
    return AnswerFact("count", Equals(len(deals)), turn), AnswerFact("total_amount", Equals(total_of(deals)), turn)


def _draw_won_and_largest(desk: Desk) -> Case:
    account = _decided_account(desk)
    won = _in_stage(account, "Closed-Won")
    largest = largest_of(won)
    facts = {"name": largest["name"], "amount": shown_amount(largest["amount"]), "owner": largest["owner"]}

    def talk(plan: Plan, known: Known) -> None:
        _report(plan, known, "Closed-Won", won)
        plan.call("opportunity_search", client_id=known["client"], stage="Closed-Won", order_by="-amount", limit=1)
        plan.respond(f"{facts['name']}, {facts['amount']}.", name=facts["name"], amount=facts["amount"])
        plan.respond(f"It was {facts['owner']}'s deal.", owner=facts["owner"])

    answers = (*_figures(won, 0), *(told(name, value) for name, value in facts.items()))
    finds, actor = client_finds(account.client), desk.colleague().handle
    return run_through(actor, {"client": account.name}, finds, talk, Goal(answers=answers), patch=account.patch)


def _draw_won_and_lost(desk: Desk) -> Case:
    account = _decided_account(desk)
    won, lost = (_in_stage(account, stage) for stage in ("Closed-Won", "Closed-Lost"))
    names = names_of(lost)

    def talk(plan: Plan, known: Known) -> None:
        _report(plan, known, "Closed-Won", won)
        _report(plan, known, "Closed-Lost", lost)
        plan.call("opportunity_search", criteria={"client_id": known["client"], "stage": "Closed-Lost"})
        plan.respond(f"Those were {'; '.join(names)}.", opportunities=names)

    answers = (*_figures(won, 0), *_figures(lost, 1), told("opportunities", tuple(names)))
    finds, actor = client_finds(account.client), desk.colleague().handle
    return run_through(actor, {"client": account.name}, finds, talk, Goal(answers=answers), patch=account.patch)


def _amounts_are_guarded(house: House) -> bool:
    rule = house.get(Confidentiality)
    return rule is not None and rule.entity is Entity.OPPORTUNITY


def _draw_count_only(desk: Desk) -> Case:
    """A colleague who is not told amounts asks for their sum; then how many deals it was, and which."""
    account, rule = _decided_account(desk), desk.house.need(Confidentiality)
    won = _in_stage(account, "Closed-Won")
    names, total = names_of(won), total_of(won)

    def tell(plan: Plan, known: Known) -> None:
        plan.call("opportunity_search", criteria={"client_id": known["client"], "stage": "Closed-Won"})
        plan.respond(f"{len(won)}: {'; '.join(names)}.", count=len(won), opportunities=names)

    snag = Snag(
        reason=ReasonCode.CONFIDENTIAL,
        about=("amount", "total"),
        message=f"I can't share amounts of deals with your role, so no total for {account.name} either.",
        mend="Then just tell me how many there were, and their names.",
        turn=1,
        before=nothing,
        bad=lambda plan, known: plan.call(
            "summarize_opportunities", client_id=known["client"], stage={"equals": "Closed-Won"}
        ),
        after=tell,
        claim={"total_amount": total},
    )
    goal = Goal(answers=(told("count", len(won)), told("opportunities", tuple(names))))
    actor = desk.holder_of(rule.role).handle
    return snag.case(actor, {"client": account.name}, client_finds(account.client), goal, patch=account.patch)


WON_REPORT = Family(
    name="won_report",
    task="SUMMARIZE OPPORTUNITIES",
    level=3,
    share=2,
    blueprints=(
        Blueprint("won_and_largest", "success", _draw_won_and_largest),
        Blueprint("won_and_lost", "success", _draw_won_and_lost),
        Blueprint(
            "count_only", "failure", _draw_count_only, when=_amounts_are_guarded, failure="not_for_this_role", level=2
        ),
    ),
)

# ---------------------------------------------------------------------------------------------------------------------
# Quotes that nobody answered


def _versions(quotes: Sequence[Row]) -> list[str]:
    return [str(row["version"]) for row in quotes]


def _quote_ids(plan: Plan, deal: Row, *, reading: bool) -> Known:
    """Look at the Sent quotes of a deal, the dearest first; return the ids under "q0", "q1" ..., and the deal's."""
    name = {"equals": deal["name"]} if reading else deal["name"]
    found = plan.call("opportunity_search", criteria={"name": name})
    deal_id = found.at("results.0.opportunity_id")
    if reading:
        plan.call("view_opportunity_details", opportunity_id=deal_id)
    quotes = plan.call("quote_search", opportunity_id=deal_id, status="Sent", order_by="-amount")
    return {"deal": deal_id, "q0": quotes.at("results.0.quote_id"), "q1": quotes.at("results.1.quote_id")}


def _quote_finds(deal: Row) -> tuple[Find, Find]:
    return partial(_quote_ids, deal=deal, reading=False), partial(_quote_ids, deal=deal, reading=True)


def _draw_past_a_day(desk: Desk) -> Case:
    """Sent quotes are listed; the one that ends before a day is valid longer, and its amount is wanted."""
    quoted = quoted_deal(desk, "Sent", "Sent", "Draft")
    sent = sorted(quoted.quotes[:2], key=amount_of, reverse=True)
    first, second = sorted(sent, key=lambda row: str(row["valid_until"]))
    ends = [date.fromisoformat(str(row["valid_until"])) for row in (first, second)]
    if (ends[1] - ends[0]).days < 2:  # noqa: PLR2004 - a day has to lie between them
        raise NothingFitsError("both quotes end at the same time")
    between = (ends[0] + (ends[1] - ends[0]) / 2).isoformat()
    day, amount = desk.later_day(between, 14, 60), shown_amount(first["amount"])
    versions = _versions(sent)

    def talk(plan: Plan, known: Known) -> None:
        plan.respond(f"Sent and not answered: versions {' and '.join(versions)}.", quotes=versions)
        plan.call("modify_quote", quote_id=known[f"q{sent.index(first)}"], valid_until=day)
        plan.respond(f"Version {first['version']} is valid until {day} now.")
        plan.respond(f"It is for {amount}.", amount=amount)

    goal = Goal(
        expected_changes=(quote_set(first, valid_until=day),),
        allowed_changes=(may_note(quoted.deal),),
        answers=(told("quotes", tuple(versions)), told("amount", amount)),
    )
    slots = {"deal": quoted.name, "between": desk.day(between), "day": desk.day(day)}
    finds, actor = _quote_finds(quoted.deal), desk.actor_for(quoted.deal)
    return run_through(actor, slots, finds, talk, goal, patch=quoted.patch)


def _sent_may_go(house: House) -> bool:
    """Tell whether quotes are extended by a rule and taken back although they were sent."""
    locked = house.get(QuoteWithdrawal)
    return house.get(QuoteExtension) is not None and (locked is None or locked.locked != "Sent")


def _draw_extend_and_cancel(desk: Desk) -> Case:
    """Of two Sent quotes the dearer one is extended as usual, and the cheaper one is taken back."""
    day = desk.house.need(QuoteExtension).valid_until(desk.today)
    quoted = quoted_deal(desk, "Sent", "Sent", desk.pick(("Draft", "Rejected")))
    dear, cheap = sorted(quoted.quotes[:2], key=amount_of, reverse=True)
    if str(dear["valid_until"]) >= day:
        raise NothingFitsError("the quote is valid until that day or longer already")
    versions = _versions((dear, cheap))

    def talk(plan: Plan, known: Known) -> None:
        plan.respond(f"Versions {' and '.join(versions)} are out.", quotes=versions)
        plan.call("modify_quote", quote_id=known["q0"], updates={"valid_until": day})
        plan.respond(f"Version {dear['version']} is valid until {day} now.")
        plan.call("cancel_quote", quote_id=known["q1"])
        plan.respond(f"Version {cheap['version']} is canceled.")

    goal = Goal(
        expected_changes=(quote_set(dear, valid_until=day), quote_set(cheap, status="Canceled")),
        allowed_changes=(may_note(quoted.deal),),
        answers=(told("quotes", tuple(versions)),),
    )
    finds, actor = _quote_finds(quoted.deal), desk.actor_for(quoted.deal)
    return run_through(actor, {"deal": quoted.name}, finds, talk, goal, patch=quoted.patch)


def _find_draft(plan: Plan, deal: Row, *, reading: bool) -> Known:
    deal_id = plan.call("opportunity_search", name=deal["name"]).at("results.0.opportunity_id")
    if reading:
        plan.call("view_opportunity_details", opportunity_id=deal_id)
    else:
        plan.call("quote_search", criteria={"opportunity_id": deal_id, "status": {"equals": "Sent"}})
    found = plan.call("quote_search", criteria={"opportunity_id": deal_id, "status": "Draft"})
    return {"draft": found.at("results.0.quote_id")}


def _draw_nothing_out(desk: Desk) -> Case:
    """The quote that the user believes to be out is a draft; it is then sent, valid as long as that one should be."""
    decided = desk.pick(("Approved", "Rejected", "Canceled"))
    quoted = quoted_deal(desk, "Draft", decided)
    draft, _ = quoted.quotes
    day = desk.later_day(draft["valid_until"], 14, 60)

    def send(plan: Plan, known: Known) -> None:
        plan.call("modify_quote", quote_id=known["draft"], status="Sent", valid_until=day)
        plan.respond(f"Version {draft['version']} is Sent, valid until {day}.")

    snag = Snag(
        reason=ReasonCode.MISMATCH,
        about=("Sent", "Draft", decided),
        message=f"No quote on {quoted.name} is Sent: one is a Draft, one {decided}.",
        mend=f"Oh. Then send the one that is ready, valid until {desk.day(day)}.",
        turn=1,
        before=nothing,
        bad=lambda plan, known: plan.call("modify_quote", quote_id=known["draft"], valid_until=day),
        after=send,
    )
    goal = Goal(
        expected_changes=(quote_set(draft, status="Sent", valid_until=day),), allowed_changes=(may_note(quoted.deal),)
    )
    slots = {"deal": quoted.name, "day": desk.day(day)}
    finds = (
        partial(_find_draft, deal=quoted.deal, reading=True),
        partial(_find_draft, deal=quoted.deal, reading=False),
    )
    return snag.case(desk.actor_for(quoted.deal), slots, finds, goal, patch=quoted.patch)


UNANSWERED_QUOTES = Family(
    name="unanswered_quotes",
    task="MODIFY QUOTE",
    level=3,
    share=2,
    blueprints=(
        Blueprint("past_a_day", "success", _draw_past_a_day),
        Blueprint("extend_and_cancel", "success", _draw_extend_and_cancel, when=_sent_may_go, level=2),
        Blueprint("nothing_out", "failure", _draw_nothing_out, failure="stale_reference"),
    ),
)

FAMILIES = (WON_REPORT, UNANSWERED_QUOTES)
