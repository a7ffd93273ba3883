"""Two requests in one message, and conversations about one deal that go on for several turns."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from atlas.crm.records import Entity, FieldValue, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import DocumentNaming
from atlas.scenarios.desk import Desk, NothingFitsError
from atlas.scenarios.families.contract_rows import refused_first
from atlas.scenarios.families.deal_groups import (
    DealChange,
    Talk,
    amount_of,
    busy_account,
    change_goals,
    deal_change,
    deal_id_of,
    named,
    named_and_read,
    names_of,
    talk_case,
)
from atlas.scenarios.families.expect import created, note_on_deal, told
from atlas.scenarios.families.mending import (
    Target,
    Work,
    both_paths,
    change_work,
    deal_target,
    new_amount,
    new_person,
    note_work,
)
from atlas.scenarios.families.moves import leave_note, seek_and_read_deal, seek_deal
from atlas.scenarios.families.turns import in_turns, new_phone, telling
from atlas.scenarios.house import shown_amount
from atlas.scenarios.naming import TITLES, plain_ascii
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import Disclosure
from atlas.verify.goals import Goal

_NEWS = (
    "Their new buyer starts next month.", "They want the training in English.", "Asked for a second site visit.",
    "Lawyer is looking at our terms.", "Prefers delivery in two parts.", "Compares us with one other vendor.",
    "Wants monthly invoices.", "Demo went well, three people attended.", "Board meets at the end of the month.",
)  # fmt: skip
_FILES = ("offer.pdf", "site_plan.pdf", "call_notes.docx", "cost_sheet.xlsx", "slides_final.pptx", "answers_v2.docx",
          "risk_review.pdf", "timeline.xlsx")  # fmt: skip
_ASKING = ("which", "what", "instead", "should", "probability", "close date", "close_date")

# ---------------------------------------------------------------------------------------------------------------------
# Two requests in one message


def _joined(first: Work, second: Work) -> Work:
    """Return two pieces of work on the same record as one."""

    def do(plan: Plan, record_id: str) -> None:
        first.do(plan, record_id)
        second.do(plan, record_id)

    return Work(
        do,
        f"{first.done} {second.done}",
        (*first.expected, *second.expected),
        (*first.allowed, *second.allowed),
        {**first.facts, **second.facts},
    )


def _draw_change_and_note(desk: Desk) -> Case:
    target, content = deal_target(desk), desk.pick(_NEWS)
    day = desk.coming_day(10, 200, instead_of=target.row["close_date"])
    work = _joined(change_work(desk, target, {"close_date": day}), note_work(target, content))
    slots = {"deal": target.called, "day": desk.day(day), "content": content}
    goal = Goal(expected_changes=work.expected, allowed_changes=work.allowed)
    return Case(slots, target.actor, goal, both_paths(target, work))


def _draw_upload_and_question(desk: Desk) -> Case:
    target = deal_target(desk, lambda row: row["close_date"] is not None)
    file = desk.pick(_FILES)
    stored = desk.house.file_name(file, desk.today)
    day = target.row["close_date"]
    upload = Work(
        partial(target.attach, file_name=stored),
        f"{stored} is on {target.called}.",
        (created(Entity.DOCUMENT, {"entity_type": "Opportunity", "entity_id": target.id, "file_name": stored}),),
        (target.may_note,),
    )
    work = _joined(upload, telling(f"It should close on {day}.", {"close_date": day}))
    slots = {"deal": target.called, "file": file}
    goal = Goal(expected_changes=work.expected, allowed_changes=work.allowed, answers=work.answers)
    return Case(slots, target.actor, goal, both_paths(target, work))


def _draw_person_and_amount(desk: Desk) -> Case:
    """A new contact at the client and a new amount of its deal; then the phone number of the contact."""
    target = deal_target(desk)
    client = desk.shelf.client_of(target.row)
    first, last = new_person(desk)
    domain = str(client["email"]).partition("@")[2]
    email, phone = f"{plain_ascii(first)[0]}{plain_ascii(last)}@{domain}", new_phone(desk)
    title = desk.pick(TITLES)
    cents = new_amount(desk, target)
    raised = change_work(desk, target, {"amount": shown_amount(cents)})
    person = {"first_name": first, "last_name": last, "title": title, "email": email}

    def play(*, by_deal: bool) -> Plan:
        plan = Plan()
        if by_deal:
            found = plan.call("opportunity_search", name=target.row["name"])
            deal_id, client_id = found.at("results.0.opportunity_id"), found.at("results.0.client_id")
        else:
            client_id = plan.call("client_search", name=client["name"]).at("results.0.client_id")
            found = plan.call("opportunity_search", criteria={"client_id": client_id, "name": target.row["name"]})
            deal_id = found.at("results.0.opportunity_id")
        contact = plan.call("create_new_contact", client_id=client_id, **person)
        raised.do(plan, deal_id)
        plan.respond(f"{first} {last} is entered. {raised.done}")
        plan.call("modify_contact", contact_id=contact.at("contact_id"), phone=phone)
        plan.respond(f"{first} {last} has the phone number {phone} now.")
        return plan

    entered = created(Entity.CONTACT, {"client_id": client["client_id"], **person, "phone": phone})
    goal = Goal(expected_changes=(entered, *raised.expected), allowed_changes=raised.allowed)
    slots = {
        "client": str(client["name"]),
        "deal": target.called,
        "person": f"{first} {last}",
        "title": title,
        "email": email,
        "phone": phone,
        "amount": desk.money(cents),
    }
    return Case(slots, target.actor, goal, (play(by_deal=True).solution(), play(by_deal=False).solution()))


def _draw_one_impossible(desk: Desk) -> Case:
    """A note that can be left and a probability that cannot be set; then one that can."""
    deal, content = desk.open_deal(), desk.pick(_NEWS)
    wrong = desk.pick((0, 100, 110, 120, 150))
    points = desk.pick(value for value in range(60, 96, 5) if value != deal["probability"])
    message = f"The note is on {deal['name']}; but a probability of {wrong} is not possible, 1 to 99 is."

    def play(*, asking: bool) -> Plan:
        plan = Plan()
        deal_id = seek_and_read_deal(plan, deal) if asking else seek_deal(plan, deal)
        leave_note(plan, deal_id, content)
        if asking:
            plan.ask(f"{message} Which one should I set?", ReasonCode.INVALID_VALUE)
        else:
            plan.decline(message, ReasonCode.INVALID_VALUE)
        plan.call("modify_opportunity", opportunity_id=deal_id, probability=points)
        plan.respond(f"{deal['name']} has a probability of {points} now.")
        return plan

    careless = Plan()
    deal_id = seek_deal(careless, deal)
    leave_note(careless, deal_id, content)
    careless.call("modify_opportunity", opportunity_id=deal_id, probability=wrong)
    careless.respond("Both done.")
    expected, _ = change_goals((DealChange(deal, {"probability": points}),))
    goal = Goal(
        expected_changes=(*expected, note_on_deal(deal, content)),
        must_refuse=refused_first(ReasonCode.INVALID_VALUE, "probability"),
    )
    answer = Disclosure(_ASKING, f"{points}, in that case.", instead_of=1)
    slots = {"deal": str(deal["name"]), "content": content, "wrong": str(wrong), "points": str(points)}
    solutions = (play(asking=False).solution(), play(asking=True).solution())
    return Case(slots, desk.actor_for(deal), goal, solutions, disclosures=(answer,), blunder=careless.solution())


TWO_REQUESTS = Family(
    name="two_requests",
    task="MODIFY OPPORTUNITY",
    level=3,
    share=4,
    blueprints=(
        Blueprint("change_and_note", "success", _draw_change_and_note),
        Blueprint(
            "upload_and_question",
            "success",
            _draw_upload_and_question,
            when=lambda house: house.get(DocumentNaming) is not None,
            level=2,
        ),
        Blueprint("person_and_amount", "success", _draw_person_and_amount),
        Blueprint("one_impossible", "failure", _draw_one_impossible, failure="probability_out_of_range"),
    ),
)

# ---------------------------------------------------------------------------------------------------------------------
# Conversations


def _draw_amount_and_date(desk: Desk) -> Case:
    """Five turns: the amount, a new one, a better one, the close date, a new one."""
    target = deal_target(desk, lambda row: row["close_date"] is not None)
    first, second = _two_amounts(desk, target)
    old = target.row["close_date"]
    day = desk.later_day(old, 20, 120)
    amount = shown_amount(target.row["amount"])
    works = (
        telling(f"{target.called} is worth {amount}.", {"amount": amount}),
        change_work(desk, target, {"amount": shown_amount(first)}),
        change_work(desk, target, {"amount": shown_amount(second)}),
        telling(f"It should close on {old}.", {"close_date": old}),
        change_work(desk, target, {"close_date": day}),
    )
    slots = {
        "deal": target.called,
        "amount": desk.money(first),
        "better": desk.money(second),
        "day": desk.day(day),
    }
    return in_turns(target, slots, works)


def _two_amounts(desk: Desk, target: Target) -> tuple[int, int]:
    first, second = new_amount(desk, target), new_amount(desk, target)
    if first == second:
        raise NothingFitsError("both amounts are the same")
    return first, second


def _draw_from_the_list(desk: Desk) -> Case:
    """Four turns: a client's open deals, one of them picked by its size, its owner, a note on it."""
    account = busy_account(desk, 2)
    biggest = desk.rng.random() < 0.5  # noqa: PLR2004 - half of the cases each way
    meant = (max if biggest else min)(account.open_deals, key=amount_of)
    points = desk.pick(value for value in range(5, 96, 5) if value != meant["probability"])
    content = desk.pick(_NEWS)
    names = names_of(account.open_deals)
    talks = (
        Talk(f"Open deals of {account.name}: {'; '.join(names)}.", facts={"opportunities": names}),
        Talk(f"{meant['name']} has a probability of {points} now.", (DealChange(meant, {"probability": points}),)),
        Talk(f"It belongs to {meant['owner']}.", facts={"owner": meant["owner"]}),
        Talk(f"The note is on {meant['name']}.", notes=((meant, content),)),
    )
    slots = {
        "client": account.name,
        "size": "biggest" if biggest else "smallest",
        "points": str(points),
        "content": content,
    }
    return talk_case(desk.actor_for(meant), slots, (account.read, account.list_open), talks)


def _draw_slip_on_the_way(desk: Desk) -> Case:
    """Four turns: the close date, one that went by already, one to come, a note."""
    deal = desk.open_deal(lambda row: row["close_date"] is not None)
    gone = (desk.today - timedelta(days=desk.rng.randint(3, 60))).isoformat()
    day = desk.coming_day(20, 200, instead_of=deal["close_date"])
    content = desk.pick(_NEWS)
    change = deal_change(desk, deal, {"close_date": day})
    message = f"The close date can't be {gone}: that day lies in the past."

    def play(*, asking: bool) -> Plan:
        plan = Plan()
        way = named_and_read if asking else named
        deal_id = way(deal)(plan)[deal_id_of(deal)]
        plan.respond(f"{deal['name']} should close on {deal['close_date']}.", close_date=deal["close_date"])
        if asking:
            plan.ask(f"{message} Which day should it be?", ReasonCode.INVALID_VALUE)
        else:
            plan.decline(message, ReasonCode.INVALID_VALUE)
        change.carry_out(plan, deal_id)
        plan.respond(f"{deal['name']} closes on {day} now.")
        leave_note(plan, deal_id, content)
        plan.respond(f"The note is on {deal['name']}.")
        return plan

    expected, allowed = change_goals((change,))
    goal = Goal(
        expected_changes=(*expected, note_on_deal(deal, content)),
        allowed_changes=allowed,
        answers=(told("close_date", deal["close_date"]),),
        must_refuse=refused_first(ReasonCode.INVALID_VALUE, "past", "gone by", "already over", gone),
    )
    slots = {
        "deal": str(deal["name"]),
        "gone": desk.day(gone),
        "day": desk.day(day),
        "content": content,
    }
    answer = Disclosure((*_ASKING, "day", "date"), f"Then let it be {slots['day']}.", instead_of=2)
    solutions = (play(asking=False).solution(), play(asking=True).solution())
    blunder = _past_date(deal, gone)
    return Case(slots, desk.actor_for(deal), goal, solutions, disclosures=(answer,), blunder=blunder.solution())


def _past_date(deal: Row, gone: FieldValue) -> Plan:
    plan = Plan()
    deal_id = seek_deal(plan, deal)
    plan.respond(f"{deal['name']} should close on {deal['close_date']}.", close_date=deal["close_date"])
    plan.call("modify_opportunity", opportunity_id=deal_id, close_date=gone)
    plan.respond("Done.")
    return plan


RUNNING_ORDER = Family(
    name="running_order",
    task="MODIFY OPPORTUNITY",
    level=3,
    share=4,
    blueprints=(
        Blueprint("amount_and_date", "success", _draw_amount_and_date),
        Blueprint("from_the_list", "success", _draw_from_the_list),
        Blueprint("slip_on_the_way", "failure", _draw_slip_on_the_way, failure="past_date"),
    ),
)

FAMILIES = (TWO_REQUESTS, RUNNING_ORDER)
