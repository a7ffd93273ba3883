"""People at clients: what changes about somebody, who moves to another employer, who gets which paper."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial
from itertools import combinations

from atlas.crm.records import Entity, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import DocumentContact, Escalation
from atlas.scenarios.desk import Desk, NothingFitsError
from atlas.scenarios.families.expect import created, told, updated
from atlas.scenarios.families.mending import (
    Slip,
    Target,
    Work,
    blunder_of,
    client_target,
    contact_target,
    domain_of,
    enter_contact,
    entered_contact,
    mended_case,
    new_person,
    note_work,
)
from atlas.scenarios.families.moves import seek_client, seek_contact
from atlas.scenarios.families.turns import (
    FIELD_WORDS,
    Miss,
    full_name,
    in_turns,
    missed_case,
    new_phone,
    set_work,
    telling,
)
from atlas.scenarios.naming import INDUSTRIES, TITLES, plain_ascii
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import Disclosure
from atlas.verify.goals import CreatedRef, Goal, RequiredQuestion

_OFFICES = ("office", "info", "contact", "hello")


# -- changes of contacts ----------------------------------------------------------------------------------------------


def _open_fields(desk: Desk) -> Sequence[str]:
    """Return the fields of contacts whose change is nobody's duty in particular."""
    rule = desk.house.get(Escalation)
    guarded = rule is not None and rule.duty == "contact_titles"
    return ("phone", "email") if guarded else ("phone", "email", "title")


def _new_value(desk: Desk, contact: Row, field: str) -> str:
    """Return a value that a field of ``contact`` does not have."""
    if field == "phone":
        return new_phone(desk)
    if field == "email":
        return _short_email(contact, str(contact["email"]).partition("@")[2])
    client = desk.shelf.client_of(contact)
    held = {row["title"] for row in desk.shelf.contacts_of(client)}
    return desk.pick(title for title in TITLES if title not in held)


def _short_email(contact: Row, domain: str) -> str:
    """Return an e-mail address with the first letter of the first name; those on record have all of it."""
    first, last = plain_ascii(str(contact["first_name"])), plain_ascii(str(contact["last_name"]))
    return f"{first[0]}.{last}@{domain}"


def _draw_two_details(desk: Desk) -> Case:
    target = contact_target(desk)
    first, second = desk.rng.sample(_open_fields(desk), 2)
    value, another = (_new_value(desk, target.row, field) for field in (first, second))
    slots = {
        "person": full_name(target.row), "client": str(desk.shelf.client_of(target.row)["name"]),
        "field": FIELD_WORDS[first], "value": value, "other": FIELD_WORDS[second], "another": another,
    }  # fmt: skip
    return in_turns(target, slots, (set_work(target, {first: value}), set_work(target, {second: another})))


def _draw_namesakes(desk: Desk) -> Case:
    """Two people of that surname work for the client; only a question tells which one is meant."""
    pair = desk.pick(pair for client in desk.shelf.clients for pair in _pairs(desk, client))
    meant, client = desk.pick(pair), desk.shelf.client_of(pair[0])
    surname, firsts = str(meant["last_name"]), [str(row["first_name"]) for row in pair]
    seekers = (partial(seek_contact, contact=meant), partial(_seek_by_email, contact=meant))
    target = Target(Entity.CONTACT, meant, full_name(meant), str(client["owner"]), seekers)
    field = desk.pick(field for field in _open_fields(desk) if field != "email")
    value, email = _new_value(desk, meant, field), meant["email"]
    setting = set_work(target, {field: value})

    def look(plan: Plan) -> str:
        found = plan.call("contact_search", client_id=seek_client(plan, client), last_name=surname)
        return found.at("results.0.contact_id")

    def look_everywhere(plan: Plan) -> str:
        return plan.call("contact_search", criteria={"last_name": {"equals": surname}}).at("results.0.contact_id")

    plans = (Plan(), Plan())
    for plan, search, seek in zip(plans, (look, look_everywhere), seekers, strict=True):
        search(plan)
        plan.ask(
            f"{client['name']} has {firsts[0]} {surname} and {firsts[1]} {surname}. Which one do you mean?",
            ReasonCode.AMBIGUOUS_REQUEST,
        )
        setting.do(plan, seek(plan))
        plan.respond(setting.done)
        plan.respond(f"The e-mail address of {target.called} is {email}.", email=email)
    about = (surname, *firsts)
    goal = Goal(
        expected_changes=setting.expected,
        allowed_changes=setting.allowed,
        answers=(told("email", email),),
        must_ask=RequiredQuestion(about),
    )
    answer = Disclosure((*about, "which", "who"), f"{meant['first_name']}.")
    slots = {"surname": surname, "client": str(client["name"]), "field": FIELD_WORDS[field], "value": value}
    blunder = blunder_of(look, setting.do)
    solutions = tuple(plan.solution() for plan in plans)
    return Case(slots, target.actor, goal, solutions, disclosures=(answer,), blunder=blunder)


def _seek_by_email(plan: Plan, contact: Row) -> str:
    found = plan.call("contact_search", criteria={"email": {"equals": contact["email"]}})
    return found.at("results.0.contact_id")


def _pairs(desk: Desk, client: Row) -> Sequence[tuple[Row, Row]]:
    """Return the contacts of a client that share a surname, two and two, where nobody else has their full names."""
    unmistakable = {str(row["contact_id"]) for row in desk.shelf.unmistakable_contacts}
    people = [row for row in desk.shelf.contacts_of(client) if row["contact_id"] in unmistakable]
    return [pair for pair in combinations(people, 2) if pair[0]["last_name"] == pair[1]["last_name"]]


def _draw_bad_email(desk: Desk) -> Case:
    """The user mends the address and wants to know who else is there."""
    target = contact_target(desk)
    client = desk.shelf.client_of(target.row)
    domain = str(client["email"]).partition("@")[2]
    good = _short_email(target.row, domain)
    bad = desk.pick((good.replace("@", "(at)"), good.replace("@", "@@"), good.removesuffix(".example"), domain))
    slip = Slip(
        about=(bad, "e-mail", "email"),
        message=f"{bad} is no valid e-mail address, so I changed nothing about {target.called}.",
        mend=f"I slipped. {good}, please.",
        bad=partial(target.change, values={"email": bad}),
    )
    slots = {"person": full_name(target.row), "client": str(client["name"]), "bad": bad, "good": good}
    return mended_case(target, slots, slip, set_work(target, {"email": good}))


def _draw_unknown_person(desk: Desk) -> Case:
    target = contact_target(desk)
    client, (first, last) = desk.shelf.client_of(target.row), new_person(desk)
    if any(row["last_name"] == last for row in desk.shelf.contacts_of(client)):
        raise NothingFitsError("somebody of that surname is there")
    field = desk.pick(field for field in _open_fields(desk) if field != "email")
    value, stranger = _new_value(desk, target.row, field), f"{first} {last}"

    def search(plan: Plan) -> None:
        plan.call("contact_search", first_name=first, last_name=last)

    def search_there(plan: Plan) -> None:
        plan.call("contact_search", client_id=seek_client(plan, client), last_name=last)

    miss = Miss(
        about=(last,),
        message=f"I find no contact called {stranger} at {client['name']}.",
        mend=f"The name is {full_name(target.row)}.",
        looks=(search, search_there),
    )
    slots = {
        "stranger": stranger, "client": str(client["name"]), "person": full_name(target.row),
        "field": FIELD_WORDS[field], "value": value,
    }  # fmt: skip
    return missed_case(target, slots, miss, set_work(target, {field: value}))


CONTACT_UPDATE = Family(
    name="contact_update",
    task="MODIFY CONTACT",
    level=3,
    share=2,
    blueprints=(
        Blueprint("two_details", "success", _draw_two_details),
        Blueprint("namesakes", "failure", _draw_namesakes, failure="several_records"),
        Blueprint("malformed_email", "failure", _draw_bad_email, failure="malformed_email"),
        Blueprint("unknown_person", "failure", _draw_unknown_person, failure="unknown_record"),
    ),
)


# -- contacts who change employer -------------------------------------------------------------------------------------


def _other_client(desk: Desk, contact: Row) -> Row:
    return desk.client(lambda row: row["client_id"] != contact["client_id"])


def _move_work(target: Target, employer: Row, email: str) -> Work:
    """Return the work of moving a contact to another client."""

    def do(plan: Plan, contact_id: str) -> None:
        target.change(plan, contact_id, {"client_id": seek_client(plan, employer), "email": email})

    values = {"client_id": employer["client_id"], "email": email}
    done = f"{full_name(target.row)} is a contact of {employer['name']} now, {email}."
    return Work(do, done, (updated(Entity.CONTACT, target.id, values),), (target.may_note,))


def _draw_moved(desk: Desk) -> Case:
    """The user then wants to know who is left; the list as it was before is wrong."""
    target = contact_target(desk)
    old, new = desk.shelf.client_of(target.row), _other_client(desk, target.row)
    left = [full_name(row) for row in desk.shelf.contacts_of(old) if row["contact_id"] != target.id]
    if not left:
        raise NothingFitsError("nobody is left")
    email = _short_email(target.row, str(new["email"]).partition("@")[2])

    def look(plan: Plan, _contact_id: str) -> None:
        plan.call("contact_search", client_id=old["client_id"])

    rest = telling(f"Left at {old['name']}: {', '.join(left)}.", {"contacts": left}, look)
    slots = {"person": full_name(target.row), "old": str(old["name"]), "new": str(new["name"]), "email": email}
    return in_turns(target, slots, (_move_work(target, new, email), rest))


def _no_client(desk: Desk, target: Target, industry: str) -> tuple[str, Miss]:
    """Return the name of a firm that is no client, and what comes of moving a contact there."""
    stranger = desk.names.firm(industry)

    def search(plan: Plan) -> None:
        plan.call("client_search", name=stranger)

    def search_widely(plan: Plan) -> None:
        plan.call("client_search", criteria={"name": {"equals": stranger}})
        plan.call("company_search", name=stranger)

    message = f"{stranger} is no client, so {full_name(target.row)} can't be moved there."
    return stranger, Miss((stranger,), message, "", (search, search_widely))


def _draw_employer_misnamed(desk: Desk) -> Case:
    target = contact_target(desk)
    old, new = desk.shelf.client_of(target.row), _other_client(desk, target.row)
    stranger, miss = _no_client(desk, target, str(new["industry"]))
    email = _short_email(target.row, str(new["email"]).partition("@")[2])
    miss = dataclasses.replace(miss, mend=f"It's {new['name']}, and the e-mail address there is {email}.")
    slots = {
        "person": full_name(target.row), "old": str(old["name"]), "stranger": stranger, "new": str(new["name"]),
        "email": email,
    }  # fmt: skip
    return missed_case(target, slots, miss, _move_work(target, new, email))


def _draw_employer_to_enter(desk: Desk) -> Case:
    target = contact_target(desk)
    industry = desk.pick(INDUSTRIES)
    stranger, miss = _no_client(desk, target, industry)
    domain, status = f"{plain_ascii(stranger)}.example", desk.pick(("Prospect", "Active"))
    email, office = _short_email(target.row, domain), f"{desk.pick(_OFFICES)}@{domain}"
    employer: dict[str, object] = {
        "name": stranger, "industry": industry, "email": office, "status": status
    }  # fmt: skip
    mend = f"Then enter {stranger} as a client first: {industry}, {office}, status {status}."
    miss = dataclasses.replace(miss, mend=mend, bad=partial(target.change, values={"email": email}))

    def do(plan: Plan, contact_id: str) -> None:
        client_id = plan.call("create_new_client", **employer).at("client_id")
        target.change(plan, contact_id, {"client_id": client_id, "email": email})

    moved = updated(Entity.CONTACT, target.id, {"email": email})
    moved = dataclasses.replace(moved, fields={**moved.fields, "client_id": CreatedRef("employer")})
    expected = (created(Entity.CLIENT, employer, label="employer"), moved)
    done = f"{stranger} is a client now, and {full_name(target.row)} a contact there."
    slots = {
        "person": full_name(target.row), "old": str(desk.shelf.client_of(target.row)["name"]), "stranger": stranger,
        "email": email, "office": office, "industry": industry, "status": status,
    }  # fmt: skip
    return missed_case(target, slots, miss, Work(do, done, expected, (target.may_note,)))


MOVING_CONTACT = Family(
    name="moving_contact",
    task="MODIFY CONTACT",
    level=3,
    share=2,
    blueprints=(
        Blueprint("to_a_client", "success", _draw_moved),
        Blueprint("employer_misnamed", "failure", _draw_employer_misnamed, failure="unknown_parent"),
        Blueprint("employer_to_enter", "failure", _draw_employer_to_enter, failure="unknown_parent"),
    ),
)


# -- who gets which paper ---------------------------------------------------------------------------------------------


def _sent_remark(desk: Desk, paper: str) -> str:
    return desk.pick((f"Sent the {paper} today.", f"The {paper} went out this morning.", f"Has our {paper} by e-mail."))


def _holder(desk: Desk, client: Row, title: str) -> Row | None:
    return next((row for row in desk.shelf.contacts_of(client) if row["title"] == title), None)


def _draw_who_gets_it(desk: Desk) -> Case:
    titles = desk.house.need(DocumentContact).titles
    paper, client, contact = desk.pick(
        (paper, client, contact)
        for paper, title in titles.items()
        for client in desk.shelf.clients
        if (contact := _holder(desk, client, title)) is not None
    )
    seekers = (
        partial(_seek_holder, client=client, title=titles[paper]),
        partial(_read_holder, client=client, title=titles[paper]),
    )
    name, email, content = full_name(contact), contact["email"], _sent_remark(desk, paper)
    target = Target(Entity.CONTACT, contact, name, desk.seller().handle, seekers)
    asked = telling(f"{name}, the {contact['title']}, gets it: {email}.", {"contacts": [name], "email": email})
    slots = {"client": str(client["name"]), "paper": paper, "content": content}
    return in_turns(target, slots, (asked, note_work(target, content)))


def _seek_holder(plan: Plan, client: Row, title: str) -> str:
    return plan.call("contact_search", client_id=seek_client(plan, client), title=title).at("results.0.contact_id")


def _read_holder(plan: Plan, client: Row, title: str) -> str:
    client_id = plan.call("client_search", criteria={"name": {"equals": client["name"]}}).at("results.0.client_id")
    found = plan.call("contact_search", criteria={"client_id": client_id, "title": {"equals": title}})
    return plan.call("contact_details", contact_id=found.at("results.0.contact_id")).at("contact.contact_id")


def _draw_nobody_there(desk: Desk) -> Case:
    titles = desk.house.need(DocumentContact).titles
    paper, title = desk.pick(titles.items())
    target = client_target(desk, lambda row: _holder(desk, row, title) is None)
    first, last = new_person(desk)
    email = f"{plain_ascii(first)}.{plain_ascii(last)}@{domain_of(target)}"
    values = {"first_name": first, "last_name": last, "title": title, "email": email}

    def search(plan: Plan) -> str:
        client_id = target.seekers[0](plan)
        plan.call("contact_search", client_id=client_id, title=title)
        return client_id

    miss = Miss(
        about=(title,),
        message=f"The {paper} goes to the {title}, and {target.called} has none among its contacts.",
        mend=f"Then enter {first} {last} there, {email}, with that very title.",
        looks=(search, target.seekers[1]),
    )
    done = f"{first} {last}, {title}, is a contact of {target.called} now."
    work = Work(partial(enter_contact, values=values), done, (entered_contact(target, values),))
    slots = {"client": target.called, "paper": paper, "person": f"{first} {last}", "email": email}
    return missed_case(target, slots, miss, work)


DOCUMENT_CONTACT = Family(
    name="document_contact",
    task="CONTACT SEARCH",
    level=2,
    needs=(DocumentContact,),
    share=4,
    blueprints=(
        Blueprint("who_gets_it", "success", _draw_who_gets_it),
        Blueprint("nobody_there", "failure", _draw_nobody_there, failure="unknown_record"),
    ),
)


FAMILIES = (CONTACT_UPDATE, MOVING_CONTACT, DOCUMENT_CONTACT)
