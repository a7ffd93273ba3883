"""Values that look odd and are right: the counterparts of the requests that have to be declined."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Final

from atlas.crm.records import Entity
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.desk import Desk, NothingFitsError
from atlas.scenarios.families.expect import created
from atlas.scenarios.families.mending import (
    MONEY_FIELDS,
    Target,
    Work,
    any_of,
    both_paths,
    change_work,
    client_target,
    contact_target,
    contract_target,
    deal_target,
    domain_of,
    enter_contact,
    new_amount,
    quote_target,
)
from atlas.scenarios.families.moves import leave_note
from atlas.scenarios.house import shown_amount
from atlas.scenarios.naming import TITLES, plain_ascii
from atlas.scenarios.plans import Plan
from atlas.verify.goals import Goal, Solution

_LEAP_CYCLE = 4  # years
_HUNDRED, _QUARTER_K = 100, 250  # currency units: steps of amounts that people write as in "47.5k"


def _case(target: Target, slots: dict[str, str], work: Work) -> Case:
    goal = Goal(expected_changes=work.expected, allowed_changes=work.allowed)
    return Case(slots, target.actor, goal, both_paths(target, work))


_WHY_SO_SURE = {
    99: ("Contract is at the printer's.", "Only a formality is missing.", "Their board has agreed, papers to follow."),
    1: ("Their board said no, unofficially.", "They hardly answer any more.", "Budget went to another project."),
}


def _draw_edge(desk: Desk) -> Case:
    """The lowest or highest probability that there is; the user then gives the reason for it."""
    points = desk.pick(_WHY_SO_SURE)
    content = desk.pick(_WHY_SO_SURE[points])
    target = deal_target(desk, lambda row: row["probability"] != points)
    setting = change_work(desk, target, {"probability": points})

    def play(number: int) -> Solution:
        plan = Plan()
        deal_id = target.seekers[number](plan)
        setting.finish(plan, deal_id)
        leave_note(plan, deal_id, content)
        plan.respond(f"The note is on {target.called}.")
        return plan.solution()

    goal = Goal(expected_changes=(*setting.expected, target.noted(content)))
    slots = {"deal": target.called, "points": str(points), "content": content}
    return Case(slots, target.actor, goal, (play(0), play(1)))


def _draw_cents(desk: Desk) -> Case:
    target = any_of(desk, (quote_target, contract_target))
    cents = new_amount(desk, target) + desk.rng.randrange(1, 100)
    amount, field = shown_amount(cents), MONEY_FIELDS[target.entity]
    slots = {"record": target.called, "field": field, "amount": desk.pick((f"{amount:,.2f}", f"{amount:.2f} EUR"))}
    return _case(target, slots, change_work(desk, target, {field: amount}))


def _draw_thousands(desk: Desk) -> Case:
    """An amount in thousands, often with a point in it."""
    target = any_of(desk, (deal_target, quote_target, contract_target))
    amount, field = shown_amount(new_amount(desk, target)), MONEY_FIELDS[target.entity]
    if amount % _HUNDRED and amount % _QUARTER_K:
        raise NothingFitsError("nobody writes that amount in thousands")
    text = f"{amount / 1000:g}k"
    slots = {"record": target.called, "field": field, "amount": desk.pick((text, f"€{text}", f"{text} EUR"))}
    return _case(target, slots, change_work(desk, target, {field: amount}))


_LAST_DAYS: Final = {Entity.OPPORTUNITY: ("close_date", "close date"), Entity.CONTRACT: ("end_date", "end date")}


def _draw_leap_day(desk: Desk) -> Case:
    target = any_of(desk, (deal_target, contract_target))
    field, called = _LAST_DAYS[target.entity]
    year = desk.today.year + _LEAP_CYCLE - desk.today.year % _LEAP_CYCLE
    day = date(year, 2, 29).isoformat()
    if day == target.row[field] or day < str(target.row.get("start_date") or ""):
        raise NothingFitsError("that is no new day for it")
    slots = {"record": target.called, "field": called, "day": desk.day(day)}
    return _case(target, slots, change_work(desk, target, {field: day}))


_TODAY_FIELDS: Final = {
    Entity.OPPORTUNITY: ("close_date", "close date", "closes"),
    Entity.QUOTE: ("valid_until", "last day of validity", "runs out"),
}


def _draw_today(desk: Desk) -> Case:
    """Today is not in the past."""
    target = any_of(desk, (deal_target, quote_target))
    field, called, verb = _TODAY_FIELDS[target.entity]
    today = desk.today.isoformat()
    if target.row[field] in {today, (desk.today + timedelta(days=1)).isoformat()}:
        raise NothingFitsError("the day is that one already, or nearly")
    slots = {"record": target.called, "field": called, "verb": verb, "day": desk.day(today)}
    return _case(target, slots, change_work(desk, target, {field: today}))


def _draw_odd_address(desk: Desk) -> Case:
    """An e-mail address with a plus sign, a hyphen or a subdomain in it."""
    target = any_of(desk, (client_target, contact_target))
    present = str(target.row["email"])
    mailbox, _, domain = present.partition("@")
    email = desk.pick(
        (
            f"{mailbox}+{desk.pick(('crm', 'sales', 'invoices'))}@{domain}",
            f"{mailbox}@{desk.pick(('mail', 'eu', 'north'))}.{domain}",
            f"{mailbox}_{desk.rng.randint(2, 9)}@{desk.pick(('post', 'hq'))}.{domain}",
        )
    )
    slots = {"record": target.called, "email": email}
    return _case(target, slots, change_work(desk, target, {"email": email}))


_ODD_FILES = (
    "Offer v2.1 final.pdf", "Site plan (rev 3).pdf", "minutes.2026.q1.docx", "R&D budget, draft.xlsx",
    "Floor plan - 2nd floor.v4.pdf", "FAQ & answers.txt", "Angebot für März.docx", "no. 7 - price list.csv",
)  # fmt: skip


def _draw_odd_file(desk: Desk) -> Case:
    """A file name with spaces, several dots or signs in it that leads nowhere."""
    target = any_of(desk, (deal_target, client_target, quote_target))
    file = desk.pick(_ODD_FILES)
    stored = desk.house.file_name(file, desk.today)
    fields = {"entity_type": target.entity.value, "entity_id": target.id, "file_name": stored}
    work = Work(
        partial(target.attach, file_name=stored),
        f"{stored} is on {target.called} now.",
        (created(Entity.DOCUMENT, fields),),
        (target.may_note,),
    )
    return _case(target, {"record": target.called, "file": file}, work)


_ODD_FIRSTS = ("Siobhán", "Zoë", "Jean-Luc", "Anne-Sofie", "Željko", "Chloé", "Jürgen", "Núria")
_ODD_LASTS = ("O'Connell", "d'Aubigny", "Müller-Lindqvist", "Núñez", "St. John", "de la Peña", "N'Diaye", "Łukasik")
_HOBBIES = (
    "Speaks German and French.", "Signs for orders up to 50,000.", "Back from parental leave in May.",
    "Knows our product from the last job.", "Best reached by phone.",
)  # fmt: skip


def _draw_odd_name(desk: Desk) -> Case:
    """Somebody whose name has an apostrophe, an accent, a hyphen or a space in it; then a note on that contact."""
    target, title, content = client_target(desk), desk.pick(TITLES), desk.pick(_HOBBIES)
    first, last = desk.pick(_ODD_FIRSTS), desk.pick(_ODD_LASTS)
    email = f"{plain_ascii(first)[:1]}.{plain_ascii(last)}@{domain_of(target)}"
    values = {"first_name": first, "last_name": last, "title": title, "email": email}

    def play(number: int) -> Solution:
        plan = Plan()
        client_id = target.seekers[number](plan)
        plan.call("contact_search", client_id=client_id, last_name=last)
        enter_contact(plan, client_id, values)
        plan.respond(f"{first} {last} is entered at {target.called}.")
        found = plan.call("contact_search", criteria={"client_id": client_id, "email": {"equals": email}})
        contact_id = found.at("results.0.contact_id")
        plan.call("add_note", entity_type="Contact", entity_id=contact_id, content=content)
        plan.respond(f"The note is on {first} {last}.")
        return plan.solution()

    entered = created(Entity.CONTACT, {"client_id": target.id, **values}, label="contact")
    noted = created(Entity.NOTE, {"entity_type": "Contact", "content": content}, refs={"entity_id": "contact"})
    slots = {
        "client": target.called, "person": f"{first} {last}", "title": title, "email": email, "content": content,
    }  # fmt: skip
    return Case(slots, target.actor, Goal(expected_changes=(entered, noted)), (play(0), play(1)))


ALMOST_RIGHT = Family(
    name="almost_right",
    task="MODIFY OPPORTUNITY",
    level=3,
    share=4,
    blueprints=(
        Blueprint("lowest_or_highest", "success", _draw_edge),
        Blueprint("to_the_cent", "success", _draw_cents),
        Blueprint("in_thousands", "success", _draw_thousands),
        Blueprint("leap_day", "success", _draw_leap_day),
        Blueprint("this_very_day", "success", _draw_today),
        Blueprint("address_with_a_plus", "success", _draw_odd_address),
        Blueprint("file_with_spaces", "success", _draw_odd_file),
        Blueprint("name_with_an_accent", "success", _draw_odd_name),
    ),
)

FAMILIES = (ALMOST_RIGHT,)
