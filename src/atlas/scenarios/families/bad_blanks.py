"""What is left out: a value that has to be there, a text that says nothing."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import cast

from atlas.core.records import JsonObject
from atlas.crm.records import Entity
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.desk import Desk
from atlas.scenarios.families.expect import created, may_own, may_version
from atlas.scenarios.families.mending import (
    Seek,
    Slip,
    Step,
    Work,
    any_of,
    blunder_of,
    client_target,
    contact_target,
    contract_target,
    deal_target,
    domain_of,
    enter_contact,
    entered_contact,
    mended_case,
    new_person,
    note_work,
    quotable,
)
from atlas.scenarios.families.moves import leave_note
from atlas.scenarios.house import shown_amount
from atlas.scenarios.naming import INDUSTRIES, TITLES, plain_ascii
from atlas.scenarios.phrasebook import choose
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import Disclosure
from atlas.verify.goals import Goal, RequiredQuestion, Solution


@dataclasses.dataclass(frozen=True, slots=True)
class _Gap:
    """What a request leaves out.

    Attributes:
        about: What a question about it contains; one of these texts.
        question: What is asked.
        answer: What the user then says.
        bad: The calls of somebody who does not ask.
    """

    about: tuple[str, ...]
    question: str
    answer: str
    bad: Step


def _asked_plans(seekers: tuple[Seek, Seek], gap: _Gap, works: tuple[Work, ...]) -> tuple[Solution, ...]:
    """Return a solution that asks at once, and one that looks first; there is a turn for each of ``works``."""
    solutions: list[Solution] = []
    for seek, looks_first in zip(seekers, (False, True), strict=True):
        plan = Plan()
        found = seek(plan) if looks_first else None
        plan.ask(gap.question)
        record_id = found if found is not None else seek(plan)
        for work in works:
            work.finish(plan, record_id)
        solutions.append(plan.solution())
    return tuple(solutions)


def _asked_case(
    actor: str, seekers: tuple[Seek, Seek], slots: dict[str, str], gap: _Gap, works: tuple[Work, ...]
) -> Case:
    """Return a case whose first turn leaves something out; the agent has to ask before it acts."""
    goal = Goal(
        expected_changes=tuple(change for work in works for change in work.expected),
        allowed_changes=tuple(pattern for work in works for pattern in work.allowed),
        must_ask=RequiredQuestion(gap.about),
    )
    solutions = _asked_plans(seekers, gap, works)
    answer, blunder = Disclosure(gap.about, gap.answer), blunder_of(seekers[0], gap.bad)
    return Case(slots, actor, goal, solutions, disclosures=(answer,), blunder=blunder)


_HOW_MUCH = ("amount", "how much", "worth", "value", "price")
_KICK_OFF = (
    "Kick-off call is on Monday.", "They want a reference visit first.", "Came in through the web form.",
    "Met them at the spring fair.", "Board has to agree in the end.",
)  # fmt: skip


def _draw_deal_without_amount(desk: Desk) -> Case:
    target = client_target(desk)
    name, amount, day = desk.deal_name(target.row), desk.round_amount(8, 160), desk.coming_day(40, 200)
    stage, points, owner = desk.pick(("Prospecting", "Qualification")), desk.pick(range(5, 60, 5)), desk.seller().handle
    values: dict[str, object] = {"name": name, "stage": stage, "probability": points, "close_date": day, "owner": owner}
    shown, content = shown_amount(amount), desk.pick(_KICK_OFF)

    def enter(plan: Plan, client_id: str, given: JsonObject) -> None:
        plan.call("create_new_opportunity", client_id=client_id, **given)

    def note(plan: Plan, client_id: str) -> None:
        found = plan.call("opportunity_search", client_id=client_id, name=name)
        leave_note(plan, found.at("results.0.opportunity_id"), content)

    deal = created(Entity.OPPORTUNITY, {"client_id": target.id, **values, "amount": shown}, label="deal")
    noted = created(Entity.NOTE, {"entity_type": "Opportunity", "content": content}, refs={"entity_id": "deal"})
    gap = _Gap(
        about=_HOW_MUCH,
        question=f"Which amount should {name} have?",
        answer=choose(f"[It's worth|Put it at] {desk.money(amount)}.", desk.rng),
        bad=partial(enter, given=values),
    )
    works = (
        Work(partial(enter, given={**values, "amount": shown}), f"{name} is entered.", (deal,)),
        Work(note, f"The note is on {name}.", (noted,)),
    )
    slots = {
        "client": target.called, "name": name, "content": content,
        "details": f"{stage}, {points} %, closing {desk.day(day)}, owner {owner}",
    }  # fmt: skip
    return _asked_case(desk.seller().handle, target.seekers, slots, gap, works)


def _draw_client_without_email(desk: Desk) -> Case:
    industry, status, actor = desk.pick(INDUSTRIES), desk.pick(("Active", "Prospect")), desk.seller().handle
    name = desk.names.firm(industry)
    email = f"{desk.pick(('office', 'info', 'hello'))}@{plain_ascii(name)}.example"
    values = {"name": name, "industry": industry, "status": status}

    def look(plan: Plan) -> str:
        plan.call("client_search", name=name)
        return ""

    def look_twice(plan: Plan) -> str:
        plan.call("client_search", criteria={"name": {"equals": name}})
        plan.call("company_search", name=name)
        return ""

    def enter(plan: Plan, _: str, given: JsonObject) -> None:
        plan.call("create_new_client", **given)

    gap = _Gap(
        about=("e-mail", "email", "mail address"),
        question=f"Which e-mail address does {name} have?",
        answer=choose(f"[It's|They use|Take] {email}.", desk.rng),
        bad=partial(enter, given=values),
    )
    full = {**values, "email": email}
    allowed = (may_own(Entity.CLIENT, actor),)
    work = Work(partial(enter, given=full), f"{name} is entered.", (created(Entity.CLIENT, full),), allowed)
    slots = {"client": name, "industry": industry, "status": status}
    return _asked_case(actor, (look, look_twice), slots, gap, (work,))


def _draw_quote_without_amount(desk: Desk) -> Case:
    target = deal_target(desk, lambda row: quotable(desk, row))
    day, status = desk.coming_day(12, 80), desk.pick(("Draft", "Sent"))
    amount = cast("int", target.row["amount"]) * desk.rng.choice((96, 97, 98, 99)) // 100_000 * 1000
    values: dict[str, object] = {"status": status, **desk.house.quote_values(desk.today, valid_until=day)}

    def make(plan: Plan, deal_id: str, given: JsonObject) -> None:
        plan.call("create_quote", opportunity_id=deal_id, **given)

    gap = _Gap(
        about=_HOW_MUCH,
        question=f"Which amount should the quote for {target.called} have?",
        answer=choose(f"[Quote them|Make it|Let's say] {desk.money(amount)}.", desk.rng),
        bad=partial(make, given=values),
    )
    full: dict[str, object] = {**values, "amount": shown_amount(amount)}
    expected = created(Entity.QUOTE, {"opportunity_id": target.id, **full})
    done = f"The quote for {target.called} is made."
    work = Work(partial(make, given=full), done, (expected,), (target.may_note, may_version()))
    slots = {"deal": target.called, "status": status, "day": desk.day(day)}
    return _asked_case(target.actor, target.seekers, slots, gap, (work,))


_BLANKS = ("   ", " ", "")
_CALLS = (
    "Out of office until the 14th.", "Asked for the security papers.", "Wants to be called before noon.",
    "Changes the supplier in autumn.", "Prefers video calls.", "Needs an invoice in two parts.",
)  # fmt: skip


def _draw_empty_note(desk: Desk) -> Case:
    target = any_of(desk, (deal_target, client_target, contact_target, contract_target))
    blank, content = desk.pick(_BLANKS), desk.pick(_CALLS)
    slip = Slip(
        about=("note", "empty", "blank", "text"),
        message="The note that you gave me is empty, and a note has to say something.",
        mend=choose(f'[It should say|The text is|Write] "{content}"', desk.rng),
        bad=partial(target.note, content=blank),
    )
    slots = {"record": target.called, "blank": blank, "content": content}
    return mended_case(target, slots, slip, note_work(target, content))


def _draw_nameless(desk: Desk) -> Case:
    target, title = client_target(desk), desk.pick(TITLES)
    first, last = new_person(desk)
    blank = desk.pick(_BLANKS)
    values = {
        "first_name": first,
        "last_name": last,
        "title": title,
        "email": f"{plain_ascii(last)}@{domain_of(target)}",
    }
    slip = Slip(
        about=("first name", "first_name", "blank", "empty"),
        message=f"The first name of the contact {last} is blank, so I entered nothing.",
        mend=choose(f"[The first name is|It's] {first}.", desk.rng),
        bad=partial(enter_contact, values={**values, "first_name": blank}),
    )
    done = f"{first} {last} is entered at {target.called}."
    work = Work(partial(enter_contact, values=values), done, (entered_contact(target, values),))
    slots = {
        "client": target.called, "blank": blank, "last": last, "first": first, "title": title, "email": values["email"],
    }  # fmt: skip
    return mended_case(target, slots, slip, work)


MISSING_VALUES = Family(
    name="missing_values",
    task="CREATE NEW OPPORTUNITY",
    level=3,
    share=2,
    blueprints=(
        Blueprint("deal_without_amount", "failure", _draw_deal_without_amount, failure="missing_required"),
        Blueprint("client_without_email", "failure", _draw_client_without_email, failure="missing_required"),
        Blueprint("quote_without_amount", "failure", _draw_quote_without_amount, failure="missing_required"),
        Blueprint("note_that_says_nothing", "failure", _draw_empty_note, failure="blank_text", level=4),
        Blueprint("no_first_name", "failure", _draw_nameless, failure="blank_text", level=4),
    ),
)

FAMILIES = (MISSING_VALUES,)
