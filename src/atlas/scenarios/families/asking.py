"""Questions about deals: what one is worth, which ones a client has, how much they come to, what may not be told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from atlas.crm.records import Entity, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import Confidentiality, Superlative, Vocabulary
from atlas.scenarios.conventions.deals import OPEN_STAGES
from atlas.scenarios.desk import Desk, is_open
from atlas.scenarios.families.expect import refusal, told
from atlas.scenarios.families.moves import both_ways, seek_client, seek_contact
from atlas.scenarios.families.staging import word_tag
from atlas.scenarios.families.updating import client_with_outstanding_deal, seek_outstanding
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.verify.goals import Goal

_RARE = 0.4  # share of requests about records that do not exist; their names are easily given away


def _draw_detail(desk: Desk) -> Case:
    """Close date, stage or owner of a deal."""
    deal = desk.open_deal(lambda row: row["close_date"] is not None)
    field = desk.pick(("close_date", "stage", "owner"))
    question = {
        "close_date": "when it should close",
        "stage": "which stage it is in",
        "owner": "who owns it",
    }[field]

    def rest(plan: Plan, deal_id: str) -> None:
        plan.call("view_opportunity_details", opportunity_id=deal_id)
        plan.respond(f"{deal['name']}: {field.replace('_', ' ')} {deal[field]}.", **{field: deal[field]})

    goal = Goal(answers=(told(field, deal[field]),))
    slots = {"deal": str(deal["name"]), "question": question}
    return Case(slots, desk.colleague().handle, goal, both_ways(deal, rest))


def _draw_two_details(desk: Desk) -> Case:
    """Amount first, then, about the same deal, the close date."""
    deal = desk.open_deal(lambda row: row["close_date"] is not None)
    amount = shown_amount(deal["amount"])

    def play(*, viewing: bool) -> Plan:
        plan = Plan()
        found = plan.call("opportunity_search", name=deal["name"])
        if viewing:
            plan.call("view_opportunity_details", opportunity_id=found.at("results.0.opportunity_id"))
        plan.respond(f"{deal['name']} is worth {amount}.", amount=amount)
        plan.respond(f"It should close on {deal['close_date']}.", close_date=deal["close_date"])
        return plan

    goal = Goal(answers=(told("amount", amount), told("close_date", deal["close_date"])))
    solutions = (play(viewing=True).solution(), play(viewing=False).solution())
    return Case({"deal": str(deal["name"])}, desk.colleague().handle, goal, solutions)


def _draw_unknown_deal(desk: Desk) -> Case:
    name = desk.deal_name(desk.client())
    short, careful = Plan(), Plan()
    short.call("opportunity_search", name=name)
    careful.call("opportunity_search", name=name)
    careful.call("opportunity_search", criteria={"name": {"contains": name}})
    for plan in (short, careful):
        plan.decline(f"I find no deal called {name}.", ReasonCode.NOT_FOUND)
    goal = Goal(must_refuse=refusal(ReasonCode.NOT_FOUND, name))
    return Case({"deal": name}, desk.colleague().handle, goal, (short.solution(), careful.solution()))


DEAL_DETAILS = Family(
    name="deal_details",
    task="VIEW OPPORTUNITY DETAILS",
    level=3,
    share=4,
    blueprints=(
        Blueprint(
            "one_detail",
            "success",
            _draw_detail,
        ),
        Blueprint(
            "and_then",
            "success",
            _draw_two_details,
        ),
        Blueprint("unknown_deal", "failure", _draw_unknown_deal, share=_RARE),
    ),
)


def _names(deals: Sequence[Row]) -> tuple[str, ...]:
    return tuple(str(deal["name"]) for deal in deals)


def _listed(deals: Sequence[Row]) -> str:
    return "; ".join(_names(deals)) or "none"


def _draw_open_deals(desk: Desk) -> Case:
    client = desk.client(lambda row: any(is_open(deal) for deal in desk.shelf.deals_of(row)))
    deals = [deal for deal in desk.shelf.deals_of(client) if is_open(deal)]
    return _list_case(desk, client, deals, {"in": list(OPEN_STAGES)}, {})


def _list_case(desk: Desk, client: Row, deals: Sequence[Row], stage: object, slots: dict[str, str]) -> Case:
    def play(*, wrapped: bool) -> Plan:
        plan = Plan()
        client_id = seek_client(plan, client)
        if wrapped:
            plan.call("opportunity_search", criteria={"client_id": client_id, "stage": stage})
        else:
            plan.call("opportunity_search", client_id=client_id)
        plan.respond(f"{client['name']}: {_listed(deals)}.", opportunities=list(_names(deals)))
        return plan

    goal = Goal(answers=(told("opportunities", _names(deals)),))
    solutions = (play(wrapped=True).solution(), play(wrapped=False).solution())
    return Case({"client": str(client["name"]), **slots}, desk.colleague().handle, goal, solutions)


def _draw_in_stage_word(desk: Desk) -> Case:
    terms = desk.house.need(Vocabulary).of(Entity.OPPORTUNITY, "stage")
    pairs = [
        (client, term)
        for client in desk.shelf.clients
        for term in terms
        if any(deal["stage"] == term.value for deal in desk.shelf.deals_of(client))
    ]
    client, term = desk.pick(pairs)
    deals = [deal for deal in desk.shelf.deals_of(client) if deal["stage"] == term.value]
    case = _list_case(desk, client, deals, term.value, {"word": term.nickname})
    return Case(case.slots, case.actor, case.goal, case.solutions, tags=word_tag(term))


def _draw_unknown_client(desk: Desk) -> Case:
    name = desk.names.firm(str(desk.client()["industry"]))
    short, careful = Plan(), Plan()
    short.call("client_search", name=name)
    careful.call("client_search", name=name)
    careful.call("client_search", criteria={"name": {"contains": name.split(" ")[0]}})
    for plan in (short, careful):
        plan.decline(f"We have no client called {name}.", ReasonCode.NOT_FOUND)
    goal = Goal(must_refuse=refusal(ReasonCode.NOT_FOUND, name))
    return Case({"client": name}, desk.colleague().handle, goal, (short.solution(), careful.solution()))


DEAL_SEARCH = Family(
    name="deal_search",
    task="OPPORTUNITY SEARCH",
    level=3,
    share=4,
    blueprints=(
        Blueprint(
            "open_deals",
            "success",
            _draw_open_deals,
        ),
        Blueprint("unknown_client", "failure", _draw_unknown_client, share=_RARE),
    ),
)


def _draw_outstanding_amount(desk: Desk) -> Case:
    rule = desk.house.need(Superlative)
    client, deal = client_with_outstanding_deal(desk)
    amount = shown_amount(deal["amount"])

    def play(*, viewing: bool) -> Plan:
        plan = Plan()
        deal_id = seek_outstanding(plan, desk, client)
        if viewing:
            plan.call("view_opportunity_details", opportunity_id=deal_id)
        plan.respond(f"The {rule.nickname} of {client['name']} is {deal['name']}, worth {amount}.", amount=amount)
        return plan

    goal = Goal(answers=(told("amount", amount),))
    slots = {"client": str(client["name"]), "kind": rule.nickname}
    solutions = (play(viewing=False).solution(), play(viewing=True).solution())
    tag = "natural" if rule.natural else "opaque"
    return Case(slots, desk.colleague().handle, goal, solutions, tags=(tag,))


DEAL_SEARCH_WORDS = Family(
    name="deal_search_words",
    task="OPPORTUNITY SEARCH",
    level=2,
    needs=(Vocabulary, Superlative),
    share=9,
    blueprints=(
        Blueprint(
            "in_stage_word",
            "success",
            _draw_in_stage_word,
        ),
        Blueprint(
            "outstanding_amount",
            "success",
            _draw_outstanding_amount,
        ),
    ),
)


def _total(deals: Sequence[Row]) -> int | float:
    return shown_amount(sum(cast("int", deal["amount"]) for deal in deals))


def _summary_case(desk: Desk, client: Row, stage: str, slots: dict[str, str]) -> Case:
    deals = [deal for deal in desk.shelf.deals_of(client) if deal["stage"] == stage]
    total = _total(deals)

    def play(*, counting: bool) -> Plan:
        plan = Plan()
        client_id = seek_client(plan, client)
        if counting:
            plan.call("opportunity_search", client_id=client_id, stage=stage)
        plan.call("summarize_opportunities", client_id=client_id, stage=stage)
        message = f"{client['name']}, deals in {stage}: {len(deals)}, {total} in total."
        plan.respond(message, count=len(deals), total_amount=total)
        return plan

    goal = Goal(answers=(told("count", len(deals)), told("total_amount", total)))
    solutions = (play(counting=False).solution(), play(counting=True).solution())
    return Case({"client": str(client["name"]), **slots}, desk.colleague().handle, goal, solutions)


def _draw_summary(desk: Desk) -> Case:
    deal = desk.open_deal()
    stage = str(deal["stage"])
    return _summary_case(desk, desk.shelf.client_of(deal), stage, {"stage": stage})


def _draw_summary_word(desk: Desk) -> Case:
    term = desk.pick(desk.house.need(Vocabulary).of(Entity.OPPORTUNITY, "stage"))
    deal = desk.deal(lambda row: row["stage"] == term.value)
    case = _summary_case(desk, desk.shelf.client_of(deal), term.value, {"word": term.nickname})
    return Case(case.slots, case.actor, case.goal, case.solutions, tags=word_tag(term))


PIPELINE_SUMMARY = Family(
    name="pipeline_summary",
    task="SUMMARIZE OPPORTUNITIES",
    level=2,
    needs=(Vocabulary,),
    share=3,
    blueprints=(
        Blueprint(
            "by_stage",
            "success",
            _draw_summary,
        ),
        Blueprint(
            "by_stage_word",
            "success",
            _draw_summary_word,
        ),
    ),
)


def _secret(desk: Desk) -> tuple[Row, str, str, object]:
    """Return a record, what a user calls it, what a user calls the guarded field, and its value."""
    rule = desk.house.need(Confidentiality)
    if rule.entity is Entity.OPPORTUNITY:
        deal = desk.open_deal()
        return deal, str(deal["name"]), "amount", shown_amount(deal["amount"])
    contact = desk.pick(desk.shelf.unmistakable_contacts)
    client = desk.shelf.client_of(contact)
    called = f"{contact['first_name']} {contact['last_name']} at {client['name']}"
    return contact, called, "phone number" if rule.field == "phone" else "e-mail address", contact[rule.field]


def _seek_secret(plan: Plan, rule: Confidentiality, row: Row) -> None:
    if rule.entity is Entity.OPPORTUNITY:
        plan.call("opportunity_search", name=row["name"])
    else:
        seek_contact(plan, row)


def _draw_secret_kept(desk: Desk) -> Case:
    rule = desk.house.need(Confidentiality)
    row, called, what, _ = _secret(desk)
    blunt, careful = Plan(), Plan()
    _seek_secret(careful, rule, row)
    for plan in (blunt, careful):
        plan.decline(
            f"I can't share the {what} of {called} with your role, it is confidential.", ReasonCode.CONFIDENTIAL
        )
    goal = Goal(must_refuse=refusal(ReasonCode.CONFIDENTIAL, rule.field, what, called))
    solutions = (careful.solution(), blunt.solution())
    return Case({"record": called, "what": what}, desk.holder_of(rule.role).handle, goal, solutions)


def _draw_secret_told(desk: Desk) -> Case:
    rule = desk.house.need(Confidentiality)
    row, called, what, value = _secret(desk)
    plan = Plan()
    _seek_secret(plan, rule, row)
    plan.respond(f"The {what} of {called} is {value}.", **{rule.field: value})
    goal = Goal(answers=(told(rule.field, value),))
    slots = {"record": called, "what": what}
    return Case(slots, desk.seller().handle, goal, (plan.solution(),))


CONFIDENTIAL = Family(
    name="confidentiality",
    task="OPPORTUNITY SEARCH",
    level=2,
    needs=(Confidentiality,),
    share=4,
    blueprints=(
        Blueprint(
            "not_for_this_role",
            "failure",
            _draw_secret_kept,
        ),
        Blueprint(
            "for_this_role",
            "success",
            _draw_secret_told,
        ),
    ),
)

FAMILIES = (DEAL_DETAILS, DEAL_SEARCH, DEAL_SEARCH_WORDS, PIPELINE_SUMMARY, CONFIDENTIAL)
