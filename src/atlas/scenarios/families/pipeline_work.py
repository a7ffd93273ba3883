"""Questions about a client's whole pipeline, reports of what is overdue there, and changes of many deals at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from itertools import pairwise

from atlas.crm.records import Entity, FieldValue, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import StageProbability
from atlas.scenarios.conventions.deals import OPEN_STAGES
from atlas.scenarios.desk import Desk, is_open
from atlas.scenarios.families.deal_groups import (
    Account,
    DealChange,
    Talk,
    account_of,
    amount_of,
    busy_account,
    deal_change,
    deal_id_of,
    largest_of,
    late_account,
    names_of,
    talk_case,
    total_of,
)
from atlas.scenarios.families.expect import told
from atlas.scenarios.families.moves import seek_client
from atlas.scenarios.plans import Plan
from atlas.verify.goals import AnswerFact, Equals, Goal

_OPEN: Mapping[str, object] = {"in": list(OPEN_STAGES)}
_EARLY = ("Prospecting", "Qualification")

# ---------------------------------------------------------------------------------------------------------------------
# Questions


def _figures(deals: Sequence[Row]) -> dict[str, object]:
    return {"count": len(deals), "total_amount": total_of(deals)}


def _figures_told(deals: Sequence[Row], turn: int) -> tuple[AnswerFact, ...]:
    return tuple(AnswerFact(name, Equals(value), turn) for name, value in _figures(deals).items())


def _sum_up(plan: Plan, client_id: str, part: Sequence[Row], criteria: Mapping[str, object]) -> None:
    """Add the call that sums up a part of a client's deals, and the response."""
    plan.call("summarize_opportunities", client_id=client_id, **criteria)
    deals = "1 deal" if len(part) == 1 else f"{len(part)} deals"
    plan.respond(f"{deals}, {total_of(part)} in total.", **_figures(part))


def _draw_open_then_stage(desk: Desk) -> Case:
    """All open deals of a client, then those of one stage."""
    account = account_of(desk, desk.client(lambda row: bool(_smaller_stages(account_of(desk, row)))))
    stage = desk.pick(_smaller_stages(account))
    part = [deal for deal in account.deals if deal["stage"] == stage]

    def play(*, listing: bool) -> Plan:
        plan = Plan()
        client_id = seek_client(plan, account.client)
        if listing:
            plan.call("opportunity_search", criteria={"client_id": client_id, "stage": _OPEN})
        _sum_up(plan, client_id, account.open_deals, {"stage": _OPEN})
        _sum_up(plan, client_id, part, {"stage": stage})
        return plan

    goal = Goal(answers=(*_figures_told(account.open_deals, 0), *_figures_told(part, 1)))
    slots = {"client": account.name, "stage": stage}
    solutions = (play(listing=False).solution(), play(listing=True).solution())
    return Case(slots, desk.colleague().handle, goal, solutions)


def _smaller_stages(account: Account) -> Sequence[str]:
    """Return the open stages that some, but not all, open deals of a client are in."""
    stages = {str(deal["stage"]) for deal in account.open_deals}
    return sorted(stages) if len(stages) > 1 else ()


def _draw_before_a_day(desk: Desk) -> Case:
    """What should close before a day, and then which deals that is."""
    account = account_of(desk, desk.client(lambda row: len(_days_between(account_of(desk, row))) > 0))
    day = desk.pick(_days_between(account))
    part = [deal for deal in account.open_deals if deal["close_date"] is not None and str(deal["close_date"]) < day]
    names = names_of(part)
    due = {"lte": day}

    def play(*, listing: bool) -> Plan:
        plan = Plan()
        client_id = seek_client(plan, account.client)
        if listing:
            plan.call("opportunity_search", client_id=client_id, stage=_OPEN, close_date=due, order_by="close_date")
        _sum_up(plan, client_id, part, {"stage": _OPEN, "close_date": due})
        if not listing:
            plan.call("opportunity_search", criteria={"client_id": client_id, "stage": _OPEN, "close_date": due})
        plan.respond(f"Those are {'; '.join(names)}.", opportunities=names)
        return plan

    facts = {**_figures(part), "opportunities": names}
    goal = Goal(answers=tuple(told(name, value) for name, value in facts.items()))
    slots = {"client": account.name, "day": desk.day(day)}
    solutions = (play(listing=False).solution(), play(listing=True).solution())
    return Case(slots, desk.colleague().handle, goal, solutions)


def _days_between(account: Account) -> Sequence[str]:
    """Return a day between every two close dates of open deals that are some days apart."""
    dated = (str(deal["close_date"]) for deal in account.open_deals if deal["close_date"] is not None)
    days = sorted(map(date.fromisoformat, dated))
    return [
        (earlier + (later - earlier) // 2).isoformat()
        for earlier, later in pairwise(days)
        if later - earlier > timedelta(days=3)
    ]


def _draw_of_colleagues(desk: Desk) -> Case:
    """What one colleague has open with a client, then another one."""
    account, (first, second) = _shared_account(desk)
    parts = [[deal for deal in account.open_deals if deal["owner"] == one] for one in (first, second)]

    def play(*, listing: bool) -> Plan:
        plan = Plan()
        client_id = seek_client(plan, account.client)
        if listing:
            plan.call("client_details", client_id=client_id)
        for colleague, part in zip((first, second), parts, strict=True):
            _sum_up(plan, client_id, part, {"stage": _OPEN, "owner": colleague})
        return plan

    goal = Goal(answers=(*_figures_told(parts[0], 0), *_figures_told(parts[1], 1)))
    slots = {"client": account.name, "colleague": first, "other": second}
    solutions = (play(listing=False).solution(), play(listing=True).solution())
    return Case(slots, desk.colleague().handle, goal, solutions, patch=account.patch)


def _shared_account(desk: Desk) -> tuple[Account, tuple[str, str]]:
    """Return a client whose open deals two colleagues have between them, and their handles."""
    busy = busy_account(desk, 3)
    first, second = _two_sellers(desk)
    fewer = desk.rng.sample(busy.open_deals, desk.pick(range(1, (len(busy.open_deals) + 1) // 2)))
    owners: dict[str, dict[str, FieldValue]] = {
        deal_id_of(deal): {"owner": second if deal in fewer else first} for deal in busy.open_deals
    }
    return account_of(desk, busy.client, owners), (first, second)


def _two_sellers(desk: Desk) -> tuple[str, str]:
    """Return the handles of two sellers that are no part of anybody's e-mail address.

    Raises:
        NothingFitsError: there are fewer.
    """
    addresses = " ".join(str(row["email"]) for row in desk.company.file.rows[Entity.CONTACT])
    clear = [member.handle for member in desk.company.directory.staff if member.territory]
    clear = [handle for handle in clear if handle not in addresses]
    first = desk.pick(clear)
    return first, desk.pick(handle for handle in clear if handle != first)


def _draw_biggest(desk: Desk) -> Case:
    """The biggest open deal of a client, its owner, and somebody to talk to."""
    account = account_of(desk, desk.client(lambda row: _can_compare(desk, row)))
    biggest = largest_of(account.open_deals)
    contact = desk.pick(desk.shelf.contacts_of(account.client))
    person = f"{contact['first_name']} {contact['last_name']}"

    def play(*, reading: bool) -> Plan:
        plan = Plan()
        client_id = seek_client(plan, account.client)
        found = plan.call("opportunity_search", client_id=client_id, stage=_OPEN, order_by="-amount", limit=1)
        plan.respond(f"The biggest one is {biggest['name']}.", name=biggest["name"])
        plan.respond(f"It belongs to {biggest['owner']}.", owner=biggest["owner"])
        if reading:
            plan.call("view_opportunity_details", opportunity_id=found.at("results.0.opportunity_id"))
        else:
            plan.call("contact_search", client_id=client_id, title=contact["title"])
        plan.respond(f"Write to {person}, {contact['email']}.", email=contact["email"])
        return plan

    facts = {"name": biggest["name"], "owner": biggest["owner"], "email": contact["email"]}
    goal = Goal(answers=tuple(told(name, value) for name, value in facts.items()))
    slots = {"client": account.name, "title": str(contact["title"])}
    solutions = (play(reading=False).solution(), play(reading=True).solution())
    return Case(slots, desk.colleague().handle, goal, solutions)


def _can_compare(desk: Desk, client: Row) -> bool:
    deals = [deal for deal in desk.shelf.deals_of(client) if is_open(deal)]
    return len(deals) > 1 and bool(desk.shelf.contacts_of(client))


PIPELINE_QUESTIONS = Family(
    name="pipeline_questions",
    task="SUMMARIZE OPPORTUNITIES",
    level=3,
    share=2,
    blueprints=(
        Blueprint("open_then_stage", "success", _draw_open_then_stage),
        Blueprint("before_a_day", "success", _draw_before_a_day),
        Blueprint("of_colleagues", "success", _draw_of_colleagues),
        Blueprint("biggest", "success", _draw_biggest),
    ),
)

# ---------------------------------------------------------------------------------------------------------------------
# What is overdue


def _draw_list_and_push(desk: Desk) -> Case:
    account, late = late_account(desk, 2)
    bigger = desk.rng.random() < 0.5  # noqa: PLR2004 - half of the cases each way
    meant = (max if bigger else min)(late, key=amount_of)
    day = desk.coming_day(10, 120)
    names = names_of(late)
    talks = (
        Talk(f"Past their close dates: {'; '.join(names)}.", facts={"opportunities": names}),
        Talk(f"{meant['name']} closes on {day} now.", (deal_change(desk, meant, {"close_date": day}),)),
    )
    slots = {"client": account.name, "size": "bigger" if bigger else "smaller", "day": desk.day(day)}
    case = talk_case(desk.actor_for(meant), slots, (account.list_open, account.read), talks)
    return dataclasses.replace(case, patch=account.patch)


def _draw_worth_and_reassess(desk: Desk) -> Case:
    account, late = late_account(desk, 2)
    taken = {deal["probability"] for deal in late}
    points = desk.pick(value for value in range(5, 51, 5) if value not in taken)
    changes = [DealChange(deal, {"probability": points}) for deal in late]
    talks = (
        Talk(f"{len(late)} deals are overdue, {total_of(late)} in total.", facts=_figures(late)),
        Talk(f"Both have a probability of {points} now.", changes),
    )
    slots = {"client": account.name, "points": str(points)}
    case = talk_case(desk.actor_for(late[0]), slots, (account.read, account.list_open), talks)
    return dataclasses.replace(case, patch=account.patch)


OVERDUE_REPORT = Family(
    name="overdue_report",
    task="OPPORTUNITY SEARCH",
    level=3,
    share=3,
    blueprints=(
        Blueprint("list_and_push", "success", _draw_list_and_push),
        Blueprint("worth_and_reassess", "success", _draw_worth_and_reassess),
    ),
)

# ---------------------------------------------------------------------------------------------------------------------
# Many deals at once


def _draw_probability_undone(desk: Desk) -> Case:
    """All deals of a client in a stage get a probability; then one of them gets its old one back."""
    account, stage = _one_stage(desk)
    meant = [deal for deal in account.deals if deal["stage"] == stage]
    taken = {deal["probability"] for deal in meant}
    points = desk.pick(value for value in range(5, 96, 5) if value not in taken)
    spared = desk.pick(meant)
    old = spared["probability"]
    talks = (
        Talk(
            f"{len(meant)} deals have a probability of {points} now: {'; '.join(names_of(meant))}.",
            [DealChange(deal, {"probability": points}) for deal in meant],
        ),
        Talk(f"{spared['name']} is back at {old}.", (DealChange(spared, {"probability": old}),)),
    )
    slots = {"client": account.name, "stage": stage, "points": str(points), "deal": str(spared["name"])}
    ways = (partial(account.list_stage, stage=stage), account.read)
    case = talk_case(desk.manager().handle, slots, ways, talks)
    return dataclasses.replace(case, patch=account.patch)


def _one_stage(desk: Desk) -> tuple[Account, str]:
    """Return a client with three deals or more in an early stage, which asks for nothing, and the stage."""
    busy = busy_account(desk, 3)
    stage = desk.pick(_EARLY)
    rule = desk.house.get(StageProbability)
    moved = [deal for deal in desk.rng.sample(busy.open_deals, 3) if deal["stage"] != stage]
    new: dict[str, dict[str, FieldValue]] = {
        deal_id_of(deal): {"stage": stage, "probability": rule.points[stage] if rule else desk.pick(range(11, 39, 2))}
        for deal in moved
    }
    return account_of(desk, busy.client, new), stage


def _draw_dates_but_one(desk: Desk) -> Case:
    """All open deals of a client but one get the same close date."""
    account = busy_account(desk, 3)
    kept = desk.pick(account.open_deals)
    day = desk.coming_day(30, 150)
    meant = [deal for deal in account.open_deals if deal is not kept and deal["close_date"] != day]
    changes = [deal_change(desk, deal, {"close_date": day}) for deal in meant]
    talks = (Talk(f"{'; '.join(names_of(meant))}: close date {day}. {kept['name']} is as it was.", changes),)
    slots = {"client": account.name, "day": desk.day(day), "deal": str(kept["name"])}
    return talk_case(desk.manager().handle, slots, (account.list_open, account.read), talks)


def _draw_handed_over(desk: Desk) -> Case:
    """A colleague takes over all open deals of a client but one, which then goes to another one."""
    account = busy_account(desk, 3)
    owner = account.open_deals[0]["owner"]
    heir = desk.seller(other_than=owner)
    other = desk.pick(
        member
        for member in desk.company.directory.staff
        if member.territory and member.handle not in (owner, heir.handle)
    )
    kept = desk.pick(account.open_deals)
    talks = (
        Talk(
            f"{heir.name} has the open deals of {account.name} now, but for {kept['name']}.",
            [DealChange(deal, {"owner": heir.handle}) for deal in account.open_deals if deal is not kept],
            look=lambda plan: plan.call("staff_search", name=heir.name),
        ),
        Talk(
            f"{kept['name']} belongs to {other.name} now.",
            (DealChange(kept, {"owner": other.handle}),),
            look=lambda plan: plan.call("staff_search", criteria={"name": other.name}),
        ),
    )
    slots = {"client": account.name, "colleague": heir.name, "deal": str(kept["name"]), "other": other.name}
    return talk_case(desk.manager().handle, slots, (account.read, account.list_open), talks)


BULK_CHANGES = Family(
    name="bulk_changes",
    task="MODIFY OPPORTUNITY",
    level=3,
    share=3,
    blueprints=(
        Blueprint("probability_undone", "success", _draw_probability_undone),
        Blueprint("dates_but_one", "success", _draw_dates_but_one),
        Blueprint("handed_over", "success", _draw_handed_over),
    ),
)

FAMILIES = (PIPELINE_QUESTIONS, OVERDUE_REPORT, BULK_CHANGES)
