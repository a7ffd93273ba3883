"""Colleagues: whose deals go to whom, who sells where, who holds which post."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial
from typing import cast

from atlas.crm.records import Row, StaffMember
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions.deals import OPEN_STAGES
from atlas.scenarios.desk import Desk
from atlas.scenarios.families.expect import deal_updated, may_note, told, updated
from atlas.scenarios.families.mending import Target, Work, client_target, deal_target, note_work
from atlas.scenarios.families.turns import Miss, in_turns, missed_case, open_deals, telling
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.verify.goals import AnswerFact, Goal

_LEGACY = (
    "They expect a call before Friday.", "References were sent last week.", "The lab visit is still to be arranged.",
    "Their legal team is slow to answer.", "Pricing was discussed, nothing is promised.", "Knows our product well.",
    "Second supplier is in the race.", "Demo account runs until month's end.",
)  # fmt: skip
_POSTS = ("Sales Director", "Sales Operations Manager", "Deal Desk Analyst")
_MOST_DEALS = 4  # that are handed over at once


def _seek_colleague(plan: Plan, name: str) -> str:
    return plan.call("staff_search", name=name).at("results.0.handle")


def _owner_work(target: Target, colleague: StaffMember) -> Work:
    """Return the work of handing a record over to a colleague whose name is said."""

    def do(plan: Plan, record_id: str) -> None:
        target.change(plan, record_id, {"owner": _seek_colleague(plan, colleague.name)})

    expected = (updated(target.entity, target.id, {"owner": colleague.handle}),)
    return Work(do, f"{target.called} belongs to {colleague.name} now.", expected, (target.may_note,))


def _draw_one_deal(desk: Desk) -> Case:
    target = deal_target(desk)
    colleague, content = desk.seller(other_than=target.row["owner"]), desk.pick(_LEGACY)
    slots = {"deal": target.called, "colleague": colleague.name, "content": content}
    return in_turns(target, slots, (_owner_work(target, colleague), note_work(target, content)))


def _draw_all_deals(desk: Desk) -> Case:
    """Every open deal of a client; the user then wants to know how many these were and what they come to."""
    target = client_target(desk, lambda row: _has_some_of_one_owner(desk, row))
    deals = open_deals(desk, target.row)
    colleague = desk.seller(other_than=deals[0]["owner"])
    criteria = {"stage": {"in": list(OPEN_STAGES)}}

    def hand_over(plan: Plan, client_id: str) -> None:
        handle = _seek_colleague(plan, colleague.name)
        found = plan.call("opportunity_search", client_id=client_id, **criteria)
        for place in range(len(deals)):
            deal_id = found.at(f"results.{place}.opportunity_id")
            plan.call("modify_opportunity", opportunity_id=deal_id, owner=handle)

    def add_up(plan: Plan, client_id: str) -> None:
        plan.call("summarize_opportunities", client_id=client_id, **criteria)

    total = shown_amount(sum(cast("int", deal["amount"]) for deal in deals))
    works = (
        Work(
            hand_over,
            f"The open deals of {target.called} belong to {colleague.name} now.",
            tuple(deal_updated(deal, {"owner": colleague.handle}) for deal in deals),
            tuple(may_note(deal) for deal in deals),
        ),
        Work(
            add_up,
            f"These were {len(deals)}, {total} in total.",
            facts={"count": len(deals), "total_amount": total},
        ),
    )
    case = in_turns(target, {"client": target.called, "colleague": colleague.name}, works)
    return dataclasses.replace(case, actor=desk.actor_for(deals[0]))


def _has_some_of_one_owner(desk: Desk, client: Row) -> bool:
    deals = open_deals(desk, client)
    return 1 < len(deals) <= _MOST_DEALS and len({deal["owner"] for deal in deals}) == 1


def _draw_no_such_colleague(desk: Desk) -> Case:
    target = deal_target(desk)
    colleague, stranger = desk.seller(other_than=target.row["owner"]), _nobody(desk)

    def search(plan: Plan) -> None:
        plan.call("staff_search", name=stranger)

    def search_twice(plan: Plan) -> None:
        search(plan)
        plan.call("staff_search", criteria={"name": {"contains": stranger.split(" ")[1]}})

    miss = Miss(
        about=(stranger.split(" ")[1],),
        message=f"I find no colleague called {stranger}.",
        mend=f"{colleague.name}, I mean.",
        looks=(search, search_twice),
        bad=partial(target.change, values={"owner": stranger}),
    )
    slots = {"deal": target.called, "stranger": stranger, "colleague": colleague.name}
    return missed_case(target, slots, miss, _owner_work(target, colleague))


def _nobody(desk: Desk) -> str:
    """Return a full name of which no colleague has either part."""
    parts = {part for member in desk.company.directory.staff for part in member.name.split(" ")}
    first = desk.pick(name for name in desk.words.first_names if name not in parts)
    return f"{first} {desk.pick(name for name in desk.words.surnames if name not in parts)}"


DEAL_HANDOVER = Family(
    name="deal_handover",
    task="MODIFY OPPORTUNITY",
    level=3,
    share=2,
    blueprints=(
        Blueprint("one_deal", "success", _draw_one_deal),
        Blueprint("all_open_deals", "success", _draw_all_deals),
        Blueprint("no_such_colleague", "failure", _draw_no_such_colleague, failure="unknown_record"),
    ),
)


def _found_and_used(
    target: Target, slots: Mapping[str, str], colleague: StaffMember, known: Mapping[str, str], last: Work | None = None
) -> Case:
    """Return a case that asks who a colleague is and then makes that colleague the owner of a record.

    Args:
        target: The record, named in the second turn.
        slots: The slots of the wordings.
        colleague: Who is asked for.
        known: What the user knows of the colleague, by field of the directory.
        last: What the user wants in a third turn.
    """
    plans = (Plan(), Plan())
    searches: tuple[Mapping[str, object], ...] = (
        known, {"criteria": {name: {"equals": value} for name, value in known.items()}}
    )  # fmt: skip
    for plan, search, seek in zip(plans, searches, target.seekers, strict=True):
        handle = plan.call("staff_search", **search).at("results.0.handle")
        plan.respond(f"That is {colleague.name}.", name=colleague.name)
        record_id = seek(plan)
        target.change(plan, record_id, {"owner": handle})
        plan.respond(f"{target.called} belongs to {colleague.name} now.")
        if last is not None:
            last.do(plan, record_id)
            plan.respond(last.done, **last.facts)
    answers: tuple[AnswerFact, ...] = (told("name", colleague.name), *(last.answers if last else ()))
    expected = (updated(target.entity, target.id, {"owner": colleague.handle}),)
    goal = Goal(expected_changes=expected, allowed_changes=(target.may_note,), answers=answers)
    return Case(slots, target.actor, goal, tuple(plan.solution() for plan in plans))


def _draw_who_sells_there(desk: Desk) -> Case:
    colleague = desk.seller()
    target = client_target(desk, lambda row: row["owner"] != colleague.handle)
    target = dataclasses.replace(target, actor=desk.actor_for(target.row))
    slots = {"territory": colleague.territory, "client": target.called}
    return _found_and_used(target, slots, colleague, {"territory": colleague.territory})


def _draw_who_is_it(desk: Desk) -> Case:
    """Asked by the owner of the deal, who is not the one asked for."""
    colleague = desk.holder_of(desk.pick(_POSTS))
    target = deal_target(desk, lambda row: row["close_date"] is not None)
    target = dataclasses.replace(target, actor=str(target.row["owner"]))
    day = target.row["close_date"]
    closing = telling(f"{target.called} closes on {day}.", {"close_date": day})
    return _found_and_used(
        target, {"post": colleague.role, "deal": target.called}, colleague, {"role": colleague.role}, closing
    )


STAFF_LOOKUP = Family(
    name="staff_lookup",
    task="MODIFY OPPORTUNITY",
    level=3,
    share=1.5,
    blueprints=(
        Blueprint("who_sells_there", "success", _draw_who_sells_there),
        Blueprint("who_holds_the_post", "success", _draw_who_is_it),
    ),
)

FAMILIES = (DEAL_HANDOVER, STAFF_LOOKUP)
