"""Tools that fail: for a call or two, which is no reason to give up, or for good, which the user has to be told."""

from __future__ import annotations

import dataclasses
from functools import partial

from atlas.crm.outages import Outage
from atlas.crm.records import Entity, ErrorCode, Outcome, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.desk import Desk
from atlas.scenarios.families.errands import (
    FILES,
    REMARKS,
    Errand,
    client_inquiry,
    colleague_inquiry,
    contact_inquiry,
    deal_inquiry,
    draw_errand,
    partner_inquiry,
)
from atlas.scenarios.families.expect import created, told, updated
from atlas.scenarios.families.mending import Seek, Target, Work, deal_target, note_work
from atlas.scenarios.families.moves import seek_client, seek_deal
from atlas.scenarios.families.turns import in_turns, telling
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import Disclosure
from atlas.verify.goals import Goal, RequiredRefusal, Solution

# ---------------------------------------------------------------------------------------------------------------------
# Faults that pass


def _draw_write_again(desk: Desk) -> Case:
    """The tool that writes fails once or twice; the user then asks something about the record."""
    errand, failures = draw_errand(desk), desk.pick((1, 2))
    target = errand.target
    what, question = errand.question(desk)

    def play(number: int) -> Solution:
        plan = Plan()
        record_id = target.seekers[number](plan)
        errand.attempt(plan, record_id, times=failures + 1)
        plan.respond(f"Done, at the {('second', 'third')[failures - 1]} try: {errand.thing}, {target.called}.")
        return question.finish(plan, record_id)

    careless = Plan()
    record_id = target.seekers[0](careless)
    errand.attempt(careless, record_id)
    careless.respond(f"The {errand.thing} is taken care of.")
    goal = Goal(expected_changes=(errand.expected,), allowed_changes=errand.allowed, answers=question.answers)
    outage = dataclasses.replace(errand.outage, calls=failures)
    slots = {**errand.slots, "what": what}
    return Case(
        slots, target.actor, goal, (play(0), play(1)), outages=(outage,), blunder=question.finish(careless, record_id)
    )


_INQUIRIES = (deal_inquiry, client_inquiry, contact_inquiry)


def _draw_read_again(desk: Desk) -> Case:
    """The search fails once or twice."""
    inquiry, failures = desk.pick(_INQUIRIES)(desk), desk.pick((1, 2))

    def play(number: int) -> Solution:
        plan = Plan()
        for _ in range(failures + 1):
            inquiry.ask(plan, number)
        inquiry.answer(plan)
        return plan.solution()

    hasty = Plan()
    inquiry.ask(hasty)
    hasty.decline(
        f"The CRM does not answer, so I can't tell the {inquiry.what}.", ReasonCode.TOOL_FAILURE, Outcome.REPORTED
    )
    goal = Goal(answers=(told(inquiry.field, inquiry.value),))
    actor, slots = desk.seller().handle, {"record": inquiry.called, "what": inquiry.what}
    outage = Outage(inquiry.tool, ErrorCode.SERVER_ERROR, failures)
    return Case(slots, actor, goal, (play(0), play(1)), outages=(outage,), blunder=hasty.solution())


def _draw_both_again(desk: Desk) -> Case:
    """First the search fails, then, in the second turn, the tool that writes."""
    target, content, file = deal_target(desk), desk.pick(REMARKS), desk.pick(FILES)
    noting = note_work(target, content)
    stored = desk.house.file_name(file, desk.today)
    fields = {"entity_type": target.entity.value, "entity_id": target.id, "file_name": stored}

    def play(seek: Seek, uploads: int) -> Solution:
        plan = Plan()
        seek(plan)
        deal_id = seek(plan)
        noting.do(plan, deal_id)
        plan.respond(noting.done)
        for _ in range(uploads):
            target.attach(plan, deal_id, stored)
        plan.respond(f"{stored} is on {target.called}.")
        return plan.solution()

    seekers = (partial(seek_deal, deal=target.row), partial(_seek_exactly, deal=target.row))
    goal = Goal(expected_changes=(*noting.expected, created(Entity.DOCUMENT, fields)))
    outages = (
        Outage("opportunity_search", ErrorCode.SERVER_ERROR, 1),
        Outage("upload_document", ErrorCode.SERVER_ERROR, 2),
    )
    slots = {"deal": target.called, "content": content, "file": file}
    solutions = (play(seekers[0], 3), play(seekers[1], 3))
    return Case(slots, target.actor, goal, solutions, outages=outages, blunder=play(seekers[0], 1))


def _seek_exactly(plan: Plan, deal: Row) -> str:
    found = plan.call("opportunity_search", criteria={"name": {"equals": deal["name"]}})
    return found.at("results.0.opportunity_id")


PASSING_FAULT = Family(
    name="passing_fault",
    task="MODIFY OPPORTUNITY",
    level=4,
    share=2,
    blueprints=(
        Blueprint("write_again", "failure", _draw_write_again, failure="passing_fault"),
        Blueprint("read_again", "failure", _draw_read_again, failure="passing_fault"),
        Blueprint("both_again", "failure", _draw_both_again, failure="passing_fault"),
    ),
)


# ---------------------------------------------------------------------------------------------------------------------
# Faults that last

_OUTCOMES = (Outcome.REPORTED, Outcome.REFUSED, Outcome.ASKED)
_ASKING = ("instead", "later", "again", "what", "should", "which")  # of a question about what did not work


def _written_down_case(errand: Errand, slots: dict[str, str], work: Work, mend: str) -> Case:
    """Return a case in which the errand cannot be done, and the user then wants ``work``."""
    target = errand.target
    sorry = f"The CRM fails again and again, so nothing was saved for {target.called}: {errand.thing}."

    def play(number: int) -> Solution:
        plan = Plan()
        record_id = target.seekers[number](plan)
        errand.attempt(plan, record_id, times=2)
        plan.decline(sorry, ReasonCode.TOOL_FAILURE, Outcome.REPORTED)
        return work.finish(plan, record_id)

    careless = Plan()
    errand.attempt(careless, target.seekers[0](careless))
    careless.respond("Done.")
    about = (errand.thing, _bare_name(target))
    goal = Goal(
        expected_changes=work.expected,
        allowed_changes=work.allowed,
        answers=work.answers,
        must_refuse=RequiredRefusal(ReasonCode.TOOL_FAILURE, about, _OUTCOMES, at_end=False),
    )
    return Case(
        {**errand.slots, **slots},
        target.actor,
        goal,
        (play(0), play(1)),
        disclosures=(Disclosure((*about, *_ASKING), mend, instead_of=1),),
        outages=(errand.outage,),
        blunder=careless.solution(),
    )


def _bare_name(target: Target) -> str:
    """Return the name in what the user calls a record."""
    return target.called.removeprefix("the quote for ").partition(" of ")[0]


def _draw_told_instead(desk: Desk) -> Case:
    errand = draw_errand(desk)
    what, question = errand.question(desk)
    return _written_down_case(errand, {"what": what}, question, f"Later, then. What is the {what} there?")


def _draw_noted_instead(desk: Desk) -> Case:
    errand, content = draw_errand(desk, writing_notes=False), desk.pick(REMARKS)
    mend = f'Then leave a note on that record for now: "{content}"'
    return _written_down_case(errand, {"content": content}, note_work(errand.target, content), mend)


def _draw_search_down(desk: Desk) -> Case:
    """Something that only one search can tell, which is down; the user then asks something else."""
    hidden = desk.pick((colleague_inquiry, partner_inquiry))(desk)
    other = desk.pick((client_inquiry, contact_inquiry))(desk)

    def play(number: int) -> Solution:
        plan = Plan()
        for _ in range(2):
            hidden.ask(plan, number)
        sorry = f"The search fails, so I can't tell the {hidden.what} of {hidden.called}."
        plan.decline(sorry, ReasonCode.TOOL_FAILURE, Outcome.REPORTED)
        other.ask(plan, number)
        other.answer(plan)
        return plan.solution()

    careless = Plan()
    hidden.ask(careless)
    careless.decline(f"There is no {hidden.called} in the CRM.", ReasonCode.NOT_FOUND)
    other.ask(careless)
    other.answer(careless)
    about = (hidden.called, hidden.what)
    goal = Goal(
        answers=(told(other.field, other.value),),
        must_refuse=RequiredRefusal(ReasonCode.TOOL_FAILURE, about, _OUTCOMES, at_end=False),
    )
    mend = f"It can wait. Tell me the {other.what} of {other.called} instead."
    slots = {"hidden": hidden.called, "unknown": hidden.what, "record": other.called, "what": other.what}
    return Case(
        slots,
        desk.seller().handle,
        goal,
        (play(0), play(1)),
        disclosures=(Disclosure((*about, *_ASKING), mend, instead_of=1),),
        outages=(Outage(hidden.tool, ErrorCode.TIMEOUT),),
        blunder=careless.solution(),
    )


def _draw_way_round(desk: Desk) -> Case:
    """The counterpart: the search for deals is down for good, but the client leads to the deal."""
    points = desk.rng.randrange(5, 96)
    found = deal_target(desk, lambda row: row["probability"] != points)
    client = desk.shelf.client_of(found.row)
    names = sorted(str(row["name"]) for row in desk.shelf.deals_of(client))
    at_client = partial(_seek_at_client, client=client, place=names.index(found.called))
    seekers = (partial(_seek_in_vain, deal=found.row, seek=at_client), at_client)
    target = dataclasses.replace(found, seekers=seekers)
    values: dict[str, object] = {"probability": points}
    setting = Work(
        partial(target.change, values=values),
        f"The probability of {target.called} is {points} now.",
        (updated(target.entity, target.id, values),),
        (target.may_note,),
    )
    owner = found.row["owner"]
    slots = {"deal": target.called, "client": str(client["name"]), "points": str(points)}
    case = in_turns(target, slots, (setting, telling(f"It belongs to {owner}.", {"owner": owner})))
    return dataclasses.replace(case, outages=(Outage("opportunity_search", ErrorCode.TIMEOUT),))


def _seek_in_vain(plan: Plan, deal: Row, seek: Seek) -> str:
    """Search for a deal, which fails, then look for it in another way."""
    plan.call("opportunity_search", name=deal["name"])
    return seek(plan)


def _seek_at_client(plan: Plan, client: Row, place: int) -> str:
    """Look a deal up in the list of its client's, which is in the order of their names."""
    found = plan.call("client_details", client_id=seek_client(plan, client))
    return found.at(f"opportunities.{place}.opportunity_id")


LASTING_FAULT = Family(
    name="lasting_fault",
    task="OPPORTUNITY SEARCH",
    level=4,
    share=2,
    blueprints=(
        Blueprint("told_instead", "failure", _draw_told_instead, failure="write_down"),
        Blueprint("noted_instead", "failure", _draw_noted_instead, failure="write_down"),
        Blueprint("search_down", "failure", _draw_search_down, failure="search_down"),
        Blueprint("way_round", "success", _draw_way_round),
    ),
)


FAMILIES = (PASSING_FAULT, LASTING_FAULT)
