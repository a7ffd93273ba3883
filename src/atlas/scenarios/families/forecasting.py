"""A look at what is still to close: questions about a client's open deals, their quarter, and whose they are."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from atlas.crm.records import Entity, FieldValue, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import DealOwnership, OwnerAssignment, QuarterEnd, Term, Vocabulary
from atlas.scenarios.conventions.deals import OPEN_STAGES
from atlas.scenarios.desk import Desk, NothingFitsError, is_open
from atlas.scenarios.families.contract_rows import refused_first
from atlas.scenarios.families.deal_groups import (
    Account,
    DealChange,
    Talk,
    account_of,
    amount_of,
    busy_account,
    change_goals,
    deal_change,
    deal_id_of,
    largest_of,
    named,
    named_and_read,
    names_of,
    talk_case,
    total_of,
)
from atlas.scenarios.families.expect import told
from atlas.scenarios.families.mending import Slip, Target, Work, mended_case
from atlas.scenarios.families.moves import seek_client, seek_deal
from atlas.scenarios.families.staging import word_tag
from atlas.scenarios.families.turns import open_deals
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import Disclosure
from atlas.verify.goals import Goal

_ASKING: Final = (
    "instead",
    "which",
    "what",
    "should",
    "only",
    "yours",
    "closed",
)  # of a question about what is declined
_MOST_DEALS = 4  # of a client, that are changed at once
_FEW = range(2, _MOST_DEALS + 1)
_FEWEST = 3  # deals of a client that are worth a forecast
_LOWEST_POINTS = 5  # percent


def _good_points(desk: Desk, *deals: Row) -> int:
    """Return a probability that none of ``deals`` has, above one half."""
    taken = {deal["probability"] for deal in deals}
    return desk.pick(points for points in range(55, 96, 5) if points not in taken)


# ---------------------------------------------------------------------------------------------------------------------
# What is still to close


def _late_deals(desk: Desk) -> tuple[Account, str, tuple[Row, ...]]:
    """Return a client, a day to come, and the open deals that close after it, the last one first."""
    client = desk.client(lambda row: bool(_gaps(desk, row)))
    place, first, span = desk.pick(_gaps(desk, client))
    day = first + timedelta(days=desk.rng.randrange(span))
    return account_of(desk, client), day.isoformat(), tuple(_last_first(desk, client)[:place])


def _last_first(desk: Desk, client: Row) -> Sequence[Row]:
    return sorted(open_deals(desk, client), key=lambda deal: str(deal["close_date"]), reverse=True)


def _gaps(desk: Desk, client: Row) -> Sequence[tuple[int, date, int]]:
    """Return how many open deals close after a gap to come between close dates, its first day and its days.

    There is none where one of several deals is undated, none is the last to close, or the last one's probability
    cannot be lowered.
    """
    deals = _last_first(desk, client)
    if len(deals) < _FEWEST or any(deal["close_date"] is None for deal in deals):
        return ()
    days = [date.fromisoformat(str(deal["close_date"])) for deal in deals]
    if days[0] == days[1] or int(str(deals[0]["probability"] or 0)) <= _LOWEST_POINTS:
        return ()
    firsts = [max(day, desk.today) + timedelta(days=1) for day in days]
    gaps = ((n, firsts[n], (days[n - 1] - firsts[n]).days) for n in range(1, len(days)))
    return [gap for gap in gaps if gap[2] > 0]


def _draw_late_ones(desk: Desk) -> Case:
    """How many close after a day and what they come to, which is the last, and what becomes of that one."""
    account, day, late = _late_deals(desk)
    last = late[0]
    points = desk.pick(range(_LOWEST_POINTS, int(str(last["probability"])), 5))
    sums = {"count": len(late), "total_amount": total_of(late)}
    facts = {"name": last["name"], "close_date": last["close_date"]}
    stages = {"in": list(OPEN_STAGES)}
    place = sorted(late, key=deal_id_of).index(last)

    def play(*, adding_up: bool) -> Plan:
        plan = Plan()
        client_id, found = seek_client(plan, account.client), f"results.{0 if adding_up else place}.opportunity_id"
        if adding_up:
            plan.call("summarize_opportunities", client_id=client_id, stage=stages, close_date={"gte": day})
            plan.respond(f"Deals: {sums['count']}, in total {sums['total_amount']}.", **sums)
            deals = plan.call("opportunity_search", client_id=client_id, stage=stages, order_by="-close_date", limit=1)
        else:
            criteria = {"client_id": client_id, "stage": stages, "close_date": {"gte": day}}
            deals = plan.call("opportunity_search", criteria=criteria)
            plan.respond(f"Deals: {sums['count']}, worth {sums['total_amount']}.", **sums)
        plan.respond(f"That is {last['name']}, on {last['close_date']}.", **facts)
        plan.call("modify_opportunity", opportunity_id=deals.at(found), probability=points)
        plan.respond(f"{last['name']} has a probability of {points} now.")
        return plan

    expected, allowed = change_goals((DealChange(last, {"probability": points}),))
    answers = tuple(told(name, value) for name, value in {**sums, **facts}.items())
    slots = {"client": account.name, "day": desk.day(day), "points": str(points)}
    goal = Goal(expected_changes=expected, allowed_changes=allowed, answers=answers)
    solutions = (play(adding_up=True).solution(), play(adding_up=False).solution())
    return Case(slots, desk.actor_for(last), goal, solutions)


def _words_for(desk: Desk, deal: Row) -> Sequence[Term]:
    """Return the house's words for the open stages that ``deal`` can be set to at once."""
    free = desk.free_stages(deal)
    terms = desk.house.need(Vocabulary).of(Entity.OPPORTUNITY, "stage")
    return [term for term in terms if term.value in free and term.value in OPEN_STAGES]


def _draw_weakest_one(desk: Desk) -> Case:
    """A client's open deals, which of them is the least likely, and another stage for that one."""
    account = busy_account(desk, 2)
    weakest, following = sorted(account.open_deals, key=lambda deal: int(str(deal["probability"] or 0)))[:2]
    if weakest["probability"] in (None, following["probability"]):
        raise NothingFitsError("no deal is the least likely one")
    term, names = desk.pick(_words_for(desk, weakest)), names_of(account.open_deals)
    facts = {"name": weakest["name"], "probability": weakest["probability"]}
    change = deal_change(desk, weakest, desk.house.stage_values(term.value))
    talks = (
        Talk(f"{account.name} has {'; '.join(names)} open.", facts={"opportunities": names}),
        Talk(f"{weakest['name']}, at {weakest['probability']} percent.", facts=facts),
        Talk(f"{weakest['name']} is in {term.value} now.", (change,)),
    )
    slots = {"client": account.name, "word": term.nickname}
    case = talk_case(desk.actor_for(weakest), slots, (account.list_open, account.read), talks)
    return dataclasses.replace(case, tags=word_tag(term))


def _draw_not_the_biggest(desk: Desk) -> Case:
    """The user takes a deal for the biggest one, which another deal is."""
    account = busy_account(desk, 2)
    biggest = largest_of(account.open_deals)
    wrong = desk.pick(deal for deal in account.open_deals if amount_of(deal) < amount_of(biggest))
    points = _good_points(desk, biggest, wrong)
    big_id = deal_id_of(biggest)
    target = Target(
        Entity.OPPORTUNITY,
        biggest,
        str(biggest["name"]),
        desk.manager().handle,
        (lambda plan: account.list_open(plan)[big_id], lambda plan: account.read(plan)[big_id]),
    )

    def reassess(plan: Plan, deal_id: str) -> None:
        plan.call("modify_opportunity", opportunity_id=deal_id, probability=points)

    def mistake(plan: Plan, deal_id: str) -> None:  # noqa: ARG001 - fills a slot of Slip
        reassess(plan, seek_deal(plan, wrong))

    def look(plan: Plan, deal_id: str) -> None:
        plan.call("opportunity_details", opportunity_id=deal_id)

    slip = Slip(
        about=(target.called,),
        message=f"The biggest open deal of {account.name} is {target.called}, not {wrong['name']}.",
        mend="Then do it with the one that really is the biggest.",
        bad=mistake,
        reason=ReasonCode.MISMATCH,
        look=look,
    )
    expected, allowed = change_goals((DealChange(biggest, {"probability": points}),))
    work = Work(reassess, f"{target.called} has a probability of {points} now.", expected, allowed)
    slots = {"client": account.name, "deal": str(wrong["name"]), "points": str(points)}
    return mended_case(target, slots, slip, work)


FORECAST_REVIEW = Family(
    name="forecast_review",
    task="SUMMARIZE OPPORTUNITIES",
    level=3,
    share=3,
    blueprints=(
        Blueprint("late_ones", "success", _draw_late_ones),
        Blueprint("weakest_one", "success", _draw_weakest_one, level=2),
        Blueprint("not_the_biggest", "failure", _draw_not_the_biggest, failure="stale_reference"),
    ),
)

# ---------------------------------------------------------------------------------------------------------------------
# To the end of the quarter


def _draw_all_of_them(desk: Desk) -> Case:
    """All open deals of a client close this quarter, but for one that will not make it."""
    last = desk.house.need(QuarterEnd).last_day(desk.today)
    client = desk.client(lambda row: len(open_deals(desk, row)) in _FEW)
    account = account_of(desk, client)
    spared, day = desk.pick(account.open_deals), desk.coming_day(110, 240)
    if spared["close_date"] == day:
        raise NothingFitsError("the deal closes on that day already")
    meant = [deal for deal in account.open_deals if deal["close_date"] != last]
    talks = (
        Talk(
            f"{'; '.join(names_of(account.open_deals))}: close date {last}.",
            [deal_change(desk, deal, {"close_date": last}) for deal in meant],
        ),
        Talk(f"{spared['name']} closes on {day}.", (deal_change(desk, spared, {"close_date": day}),)),
    )
    slots = {"client": account.name, "deal": str(spared["name"]), "day": desk.day(day)}
    return talk_case(desk.manager().handle, slots, (account.list_open, account.read), talks)


def _draw_closed_one(desk: Desk) -> Case:
    """One deal after the other is put into this quarter; the second of them is closed."""
    last = desk.house.need(QuarterEnd).last_day(desk.today)
    closed = desk.deal(lambda row: not is_open(row) and row["close_date"] != last)
    mine = [row for row in desk.shelf.deals if is_open(row) and row["owner"] == closed["owner"]]
    waiting = [row for row in mine if row["close_date"] != last]
    if len(waiting) not in range(2, len(desk.shelf.deals)):
        raise NothingFitsError("nobody has two open deals besides")
    first, third = desk.rng.sample(waiting, 2)
    changes = [deal_change(desk, deal, {"close_date": last}) for deal in (first, third)]
    message = f"{closed['name']} is {closed['stage']}, so its close date stays."

    def play(*, asking: bool) -> Plan:
        plan, way = Plan(), named_and_read if asking else named
        changes[0].carry_out(plan, way(first)(plan)[deal_id_of(first)])
        plan.respond(f"{first['name']} closes on {last}.")
        way(closed)(plan)
        if asking:
            plan.ask(f"{message} Which one should it be instead?", ReasonCode.CLOSED_RECORD)
        else:
            plan.decline(message, ReasonCode.CLOSED_RECORD)
        changes[1].carry_out(plan, seek_deal(plan, third))
        plan.respond(f"{third['name']} closes on {last}.")
        return plan

    careless = Plan()
    changes[0].carry_out(careless, seek_deal(careless, first))
    careless.respond(f"{first['name']} closes on {last}.")
    careless.call("modify_opportunity", opportunity_id=seek_deal(careless, closed), close_date=last)
    careless.respond("That one too.")
    expected, allowed = change_goals(changes)
    slots = {"deal": str(first["name"]), "closed": str(closed["name"]), "other": str(third["name"])}
    return Case(
        slots,
        str(closed["owner"]),
        Goal(
            expected_changes=expected,
            allowed_changes=allowed,
            must_refuse=refused_first(ReasonCode.CLOSED_RECORD, str(closed["stage"]), "closed"),
        ),
        (play(asking=False).solution(), play(asking=True).solution()),
        disclosures=(Disclosure(_ASKING, f"I meant {third['name']}, sorry.", instead_of=2),),
        blunder=careless.solution(),
    )


QUARTER_SHIFT = Family(
    name="quarter_shift",
    task="MODIFY OPPORTUNITY",
    level=2,
    needs=(QuarterEnd,),
    share=2,
    blueprints=(
        Blueprint("all_of_them", "success", _draw_all_of_them),
        Blueprint("closed_one", "failure", _draw_closed_one, failure="closed_record"),
    ),
)

# ---------------------------------------------------------------------------------------------------------------------
# Whose they are


def _owned(desk: Desk, client: Row, owners: Sequence[str]) -> Account:
    """Return a client whose open deals belong to ``owners``, in this order, the last of whom has the rest."""
    new: dict[str, dict[str, FieldValue]] = {
        deal_id_of(deal): {"owner": owners[min(place, len(owners) - 1)]}
        for place, deal in enumerate(open_deals(desk, client))
    }
    return account_of(desk, client, new)


def _draw_to_the_right_one(desk: Desk) -> Case:
    """What somebody who leaves has open with a client goes to whom the house would give a new deal there."""
    desk.house.need(OwnerAssignment)
    client = desk.client(lambda row: len(open_deals(desk, row)) in _FEW)
    heir = desk.house.owner_for(client)
    leaver = desk.seller(other_than=heir)
    account = _owned(desk, client, (leaver.handle,))
    talks = (
        Talk(
            f"{'; '.join(names_of(account.open_deals))}: owner {heir}.",
            [DealChange(deal, {"owner": heir}) for deal in account.open_deals],
            look=lambda plan: plan.call("staff_search", handle=heir),
        ),
        Talk(f"They are with {heir}.", facts={"owner": heir}),
    )
    slots = {"client": account.name, "colleague": leaver.name}
    case = talk_case(desk.manager().handle, slots, (account.read, account.list_open), talks)
    return dataclasses.replace(case, patch=account.patch)


def _draw_only_mine(desk: Desk) -> Case:
    """Some of a client's deals belong to a colleague; whoever asks gives away the others only."""
    desk.house.need(DealOwnership)
    client = desk.client(lambda row: len(open_deals(desk, row)) in _FEW)
    actor = desk.seller()
    other = desk.seller(other_than=actor.handle)
    heir = desk.pick(
        one for one in desk.company.directory.staff if one.territory and one.handle not in (actor.handle, other.handle)
    )
    account = _owned(desk, client, desk.rng.choice(((actor.handle, other.handle), (other.handle, actor.handle))))
    mine = [deal for deal in account.open_deals if deal["owner"] == actor.handle]
    theirs = [deal for deal in account.open_deals if deal["owner"] == other.handle]
    message = f"{'; '.join(names_of(theirs))}: that belongs to {other.name}; only the owner or a manager may do this."

    def hand_over(plan: Plan, ids: Sequence[str]) -> None:
        handle = plan.call("staff_search", name=heir.name).at("results.0.handle")
        for deal_id in ids:
            plan.call("modify_opportunity", opportunity_id=deal_id, owner=handle)

    def play(*, asking: bool) -> Plan:
        plan = Plan()
        ids = (account.read if asking else account.list_open)(plan)
        if asking:
            plan.ask(f"{message} Should I hand over only yours?", ReasonCode.PERMISSION_DENIED)
        else:
            plan.decline(message, ReasonCode.PERMISSION_DENIED)
        hand_over(plan, [ids[deal_id_of(deal)] for deal in mine])
        plan.respond(f"{'; '.join(names_of(mine))}: owner {heir.name}.")
        return plan

    careless = Plan()
    hand_over(careless, [*account.list_open(careless).values()])
    careless.respond(f"All of them are with {heir.name} now.")
    expected, allowed = change_goals(DealChange(deal, {"owner": heir.handle}) for deal in mine)
    return Case(
        {"client": account.name, "colleague": heir.name},
        actor.handle,
        Goal(
            expected_changes=expected,
            allowed_changes=allowed,
            must_refuse=refused_first(ReasonCode.PERMISSION_DENIED, other.name, other.handle),
        ),
        (play(asking=False).solution(), play(asking=True).solution()),
        disclosures=(Disclosure((other.name, *_ASKING), "Only the ones that are mine, then.", instead_of=1),),
        patch=account.patch,
        blunder=careless.solution(),
    )


SECTOR_HANDOVER = Family(
    name="sector_handover",
    task="MODIFY OPPORTUNITY",
    level=2,
    share=2,
    blueprints=(
        Blueprint(
            "to_the_right_one",
            "success",
            _draw_to_the_right_one,
            when=lambda house: house.get(OwnerAssignment) is not None,
        ),
        Blueprint(
            "only_mine",
            "failure",
            _draw_only_mine,
            when=lambda house: house.get(DealOwnership) is not None,
            failure="permission",
        ),
    ),
)

FAMILIES = (FORECAST_REVIEW, QUARTER_SHIFT, SECTOR_HANDOVER)
