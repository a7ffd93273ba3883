"""Clients and contacts: finding them, entering them, not entering them twice."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from functools import partial

from atlas.crm.records import Entity, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import DuplicatePolicy, Vocabulary
from atlas.scenarios.desk import Desk, NothingFitsError
from atlas.scenarios.families.asking import missing_client
from atlas.scenarios.families.expect import created, may_own, refusal, told
from atlas.scenarios.families.mending import (
    Slip,
    Work,
    client_target,
    contact_target,
    enter_contact,
    entered_contact,
    mended_case,
    new_person,
    note_work,
)
from atlas.scenarios.families.moves import seek_client, seek_contact
from atlas.scenarios.families.retrying import Rebuff, no_steps, second_try
from atlas.scenarios.families.staging import word_tag
from atlas.scenarios.families.turns import FIELD_WORDS, Miss, in_turns, missed_case, telling
from atlas.scenarios.naming import INDUSTRIES, TITLES, plain_ascii
from atlas.scenarios.plans import Plan
from atlas.verify.goals import Goal

_ASKED_FIELDS = ("email", "phone", "title")
_RARE = 0.4  # share of requests about records that do not exist; their names are easily given away


def _draw_contact_detail(desk: Desk) -> Case:
    contact = desk.pick(desk.shelf.unmistakable_contacts)
    client = desk.shelf.client_of(contact)
    field = desk.pick(_ASKED_FIELDS)
    called = f"{contact['first_name']} {contact['last_name']}"
    value = contact[field]

    def play(*, by_client: bool) -> Plan:
        plan = Plan()
        if by_client:
            plan.call("contact_search", client_id=seek_client(plan, client), last_name=contact["last_name"])
        else:
            seek_contact(plan, contact)
        plan.respond(f"The {FIELD_WORDS[field]} of {called} is {value}.", **{field: value})
        return plan

    slots = {"person": called, "client": str(client["name"]), "what": FIELD_WORDS[field]}
    solutions = (play(by_client=False).solution(), play(by_client=True).solution())
    return Case(slots, desk.colleague().handle, Goal(answers=(told(field, value),)), solutions)


def _draw_contact_list(desk: Desk) -> Case:
    """Whom we know at a client and, in the second turn, the address of the one with a certain job title."""
    target = client_target(desk, lambda row: len(desk.shelf.contacts_of(row)) > 1)
    people = desk.shelf.contacts_of(target.row)
    titles = Counter(row["title"] for row in people)
    person = desk.pick(row for row in people if row["title"] and titles[row["title"]] == 1 and row["email"])
    mail = telling(f"The {person['title']} can be reached at {person['email']}.", {"email": person["email"]})
    slots = {"client": target.called, "title": str(person["title"])}
    case = in_turns(target, slots, (_list_work(target.called, people), mail))
    return dataclasses.replace(case, actor=desk.colleague().handle)


def _list_work(client: str, people: Sequence[Row]) -> Work:
    """Return the work of telling whom we know at a client."""
    names = [f"{row['first_name']} {row['last_name']}" for row in people]

    def look(plan: Plan, client_id: str) -> None:
        plan.call("contact_search", client_id=client_id)

    return telling(f"Our contacts at {client}: {', '.join(names)}.", {"contacts": names}, look)


def _draw_unknown_contact(desk: Desk) -> Case:
    """Somebody whom nobody knows at a client; the user then asks whom we know there."""
    target = client_target(desk, lambda row: bool(desk.shelf.contacts_of(row)))
    first, last = new_person(desk)

    def search(plan: Plan) -> None:
        plan.call("contact_search", first_name=first, last_name=last)

    def search_there(plan: Plan) -> str:
        client_id = seek_client(plan, target.row)
        plan.call("contact_search", client_id=client_id, last_name=last)
        return client_id

    miss = Miss(
        about=(last,),
        message=f"I find no contact {first} {last} at {target.called}.",
        mend="Whom do we have there, then? All the names, please.",
        looks=(search, search_there),
    )
    slots = {"person": f"{first} {last}", "client": target.called}
    case = missed_case(target, slots, miss, _list_work(target.called, desk.shelf.contacts_of(target.row)))
    return dataclasses.replace(case, actor=desk.colleague().handle)


CONTACT_SEARCH = Family(
    name="contact_search",
    task="CONTACT SEARCH",
    level=3,
    share=2.5,
    blueprints=(
        Blueprint("one_detail", "success", _draw_contact_detail),
        Blueprint("whom_we_know", "success", _draw_contact_list),
        Blueprint("unknown_person", "failure", _draw_unknown_contact, share=_RARE, failure="unknown_record"),
    ),
)


_CLIENT_FIELDS = ("status", "industry", "owner", "email", "phone", "address")


def _draw_is_it(desk: Desk) -> Case:
    """Two fields of one client, one after the other."""
    target = client_target(desk)
    fields = desk.rng.sample([field for field in _CLIENT_FIELDS if target.row[field]], 2)
    words = [FIELD_WORDS.get(field, field) for field in fields]
    works = [
        telling(f"The {word} of {target.called} is {target.row[field]}.", {field: target.row[field]})
        for field, word in zip(fields, words, strict=True)
    ]
    case = in_turns(target, {"client": target.called, "what": words[0], "more": words[1]}, works)
    return dataclasses.replace(case, actor=desk.colleague().handle)


def _draw_client_in_words(desk: Desk) -> Case:
    """A new client whose status is said in the house's words."""
    term = desk.pick(desk.house.need(Vocabulary).of(Entity.CLIENT, "status"))
    case = _new_client_case(desk, status=term.value, said=term.nickname)
    return Case(case.slots, case.actor, case.goal, case.solutions, tags=word_tag(term))


def _draw_segment(desk: Desk) -> Case:
    """A new client whose industry is said in the house's words."""
    term = desk.pick(desk.house.need(Vocabulary).of(Entity.CLIENT, "industry"))
    case = _new_client_case(desk, status="Prospect", said="Prospect", industry=term.value, segment=term.nickname)
    return Case(case.slots, case.actor, case.goal, case.solutions, tags=word_tag(term))


def _new_client_case(
    desk: Desk, *, status: str, said: str, industry: str | None = None, segment: str | None = None
) -> Case:
    line = industry or desk.pick(INDUSTRIES)
    name = desk.names.firm(line)
    email = f"{desk.pick(('office', 'info', 'hello'))}@{plain_ascii(name)}.example"
    values: dict[str, object] = {"name": name, "email": email, "status": status, "industry": line}
    actor = desk.seller().handle

    def play(*, careful: bool) -> Plan:
        plan = Plan()
        plan.call("client_search", name=name)
        if careful:
            plan.call("client_search", criteria={"email": email})
        plan.call("create_new_client", **values)
        plan.respond(f"{name} is entered, status {status}.")
        return plan

    goal = Goal(expected_changes=(created(Entity.CLIENT, values),), allowed_changes=(may_own(Entity.CLIENT, actor),))
    slots = {"client": name, "email": email, "status": said, "industry": segment or line}
    return Case(slots, actor, goal, (play(careful=False).solution(), play(careful=True).solution()))


def _draw_new_client(desk: Desk) -> Case:
    status = desk.pick(("Active", "Prospect"))
    return _new_client_case(desk, status=status, said=status)


_SAID = (
    "Wants an offer by the end of the month.", "Has opened a second site.", "Asked for a visit next week.",
    "Is looking for a new supplier.", "Prefers to be called in the morning.", "Got our name from a partner.",
)  # fmt: skip


def _draw_known_client(desk: Desk) -> Case:
    """A client that is there already is to be entered; what the user then wants is a note on it."""
    desk.house.need(DuplicatePolicy)
    target, content = client_target(desk), desk.pick(_SAID)
    values = {
        "name": target.called, "email": f"sales@{plain_ascii(target.called)}.example", "status": "Prospect",
        "industry": str(target.row["industry"]),
    }  # fmt: skip

    def enter(plan: Plan, _client_id: str) -> None:
        plan.call("create_new_client", **values)

    slip = Slip(
        about=(target.called, str(target.row["email"])),
        message=f"{target.called} is a client already ({target.row['email']}), so I did not enter it again.",
        mend=f'Then put a note on their record: "{content}"',
        bad=enter,
        reason=ReasonCode.DUPLICATE,
        look=_found,
    )
    slots = {
        "client": target.called, "email": values["email"], "status": "Prospect", "content": content,
        "industry": values["industry"],
    }  # fmt: skip
    return mended_case(target, slots, slip, note_work(target, content))


def _found(plan: Plan, record_id: str) -> None:
    """Make no further call: that the record is found says it all."""


def _draw_bad_email(desk: Desk) -> Case:
    """A new client with an address that is none; the user then gives the right one."""
    line = desk.pick(INDUSTRIES)
    name = desk.names.firm(line)
    domain = plain_ascii(name)
    email = f"info@{domain}.example"
    bad = desk.pick((f"info(at){domain}.example", f"info@{domain}", f"{domain}.example", f"info@@{domain}.example"))
    values = {"name": name, "status": "Prospect", "industry": line}
    actor = desk.seller().handle

    def enter(plan: Plan, address: str) -> None:
        plan.call("create_new_client", **values, email=address)

    def search(plan: Plan, **criteria: str) -> str:
        """Look whether the client is there; it is not, so there is no id."""
        plan.call("client_search", **criteria)
        return ""

    rebuff = Rebuff(
        reason=ReasonCode.INVALID_VALUE,
        about=(bad, "email", "e-mail"),
        message=f"{bad} is no valid e-mail address; {name} was not entered.",
        mend=f"The e-mail address is {email}.",
        looks=(partial(enter, address=bad), no_steps),
        bad=partial(enter, address=bad),
    )
    work = Work(
        lambda plan, _: enter(plan, email),
        f"{name} is entered, status Prospect.",
        (created(Entity.CLIENT, {**values, "email": email}),),
        (may_own(Entity.CLIENT, actor),),
    )
    slots = {"client": name, "email": bad, "good": email, "status": "Prospect", "industry": line}
    return second_try(slots, actor, rebuff, work, (partial(search, name=name), partial(search, email=email)))


CLIENT_ENTRY = Family(
    name="client_entry",
    task="CREATE NEW CLIENT",
    level=3,
    share=2,
    blueprints=(
        Blueprint("all_given", "success", _draw_new_client),
        Blueprint("bad_email", "failure", _draw_bad_email, failure="malformed_email"),
    ),
)

CLIENT_WORDS = Family(
    name="client_words",
    task="CREATE NEW CLIENT",
    level=2,
    needs=(Vocabulary,),
    share=3,
    blueprints=(
        Blueprint("status_word", "success", _draw_client_in_words),
        Blueprint("segment_word", "success", _draw_segment),
    ),
)


def _new_contact_case(desk: Desk) -> Case:
    client, title = desk.client(), desk.pick(TITLES)
    first, last = new_person(desk)
    email = f"{plain_ascii(first)}.{plain_ascii(last)}@{str(client['email']).partition('@')[2]}"
    values: dict[str, object] = {"first_name": first, "last_name": last, "title": title, "email": email}

    def play(*, careful: bool) -> Plan:
        plan = Plan()
        client_id = seek_client(plan, client)
        plan.call("contact_search", client_id=client_id, last_name=last)
        if careful:
            plan.call("contact_search", criteria={"email": email})
        plan.call("create_new_contact", client_id=client_id, **values)
        plan.respond(f"{first} {last} is entered as a contact of {client['name']}.")
        return plan

    goal = Goal(expected_changes=(created(Entity.CONTACT, {"client_id": client["client_id"], **values}),))
    slots = {"person": f"{first} {last}", "client": str(client["name"]), "title": title, "email": email}
    solutions = (play(careful=False).solution(), play(careful=True).solution())
    return Case(slots, desk.seller().handle, goal, solutions)


def _draw_known_contact(desk: Desk) -> Case:
    """A contact who is there already is to be entered; the user then asks which address is on record."""
    desk.house.need(DuplicatePolicy)
    target = contact_target(desk)
    contact, client = target.row, desk.shelf.client_of(target.row)
    person = f"{contact['first_name']} {contact['last_name']}"
    email = f"{plain_ascii(str(contact['last_name']))}@{str(client['email']).partition('@')[2]}"
    if email == contact["email"]:
        raise NothingFitsError("the contact has that address already")

    def enter(plan: Plan, _contact_id: str) -> None:
        values = {"first_name": contact["first_name"], "last_name": contact["last_name"], "title": contact["title"]}
        enter_contact(plan, seek_client(plan, client), {**values, "email": email})

    slip = Slip(
        about=(person,),
        message=f"{person} is a contact of {client['name']} already; I entered nothing.",
        mend=f"Then tell me the e-mail address that we have for {person}.",
        bad=enter,
        reason=ReasonCode.DUPLICATE,
        look=_found,
    )
    work = telling(f"The e-mail address on record is {contact['email']}.", {"email": contact["email"]})
    slots = {"person": person, "client": str(client["name"]), "title": str(contact["title"]), "email": email}
    return mended_case(target, slots, slip, work)


def _draw_contact_of_stranger(desk: Desk) -> Case:
    """A contact of a client that is not there; the user then gives the name under which it is."""
    target, title = client_target(desk), desk.pick(TITLES)
    stranger = desk.names.firm(str(target.row["industry"]))
    first, last = new_person(desk)
    values = {
        "first_name": first, "last_name": last, "title": title,
        "email": f"{plain_ascii(first)}.{plain_ascii(last)}@{plain_ascii(stranger)}.example",
    }  # fmt: skip
    done = f"{first} {last} is entered as a contact of {target.called}."
    work = Work(partial(enter_contact, values=values), done, (entered_contact(target, values),))
    slots = {
        "person": f"{first} {last}", "client": stranger, "title": title, "email": values["email"],
        "other": target.called,
    }  # fmt: skip
    return missed_case(target, slots, missing_client(stranger, f"They are called {target.called} now."), work)


CONTACT_ENTRY = Family(
    name="contact_entry",
    task="CREATE NEW CONTACT",
    level=3,
    share=2,
    blueprints=(
        Blueprint("all_given", "success", _new_contact_case),
        Blueprint("unknown_client", "failure", _draw_contact_of_stranger, share=_RARE, failure="unknown_parent"),
    ),
)


DUPLICATES = Family(
    name="duplicate_policy",
    task="CREATE NEW CONTACT",
    level=2,
    needs=(DuplicatePolicy,),
    share=4,
    blueprints=(
        Blueprint("known_client", "failure", _draw_known_client, failure="duplicate_record"),
        Blueprint("known_contact", "failure", _draw_known_contact, failure="duplicate_record"),
    ),
)


def _draw_stranger(desk: Desk) -> Case:
    """A client that is not there; that is all there is to say."""
    name = desk.names.firm(desk.pick(INDUSTRIES))
    miss = missing_client(name)
    plans = (Plan(), Plan())
    for plan, look in zip(plans, miss.looks, strict=True):
        look(plan)
        plan.decline(miss.message, ReasonCode.NOT_FOUND)
    careless = Plan()
    careless.respond(f"{name} is a prospect.", status="Prospect")
    return Case(
        {"client": name},
        desk.colleague().handle,
        Goal(must_refuse=refusal(ReasonCode.NOT_FOUND, name)),
        tuple(plan.solution() for plan in plans),
        blunder=careless.solution(),
    )


CLIENT_SEARCH = Family(
    name="client_search",
    task="CLIENT SEARCH",
    level=3,
    share=2,
    blueprints=(
        Blueprint("one_detail", "success", _draw_is_it),
        Blueprint("unknown", "failure", _draw_stranger, share=_RARE, failure="unknown_record"),
    ),
)


FAMILIES = (CONTACT_SEARCH, CLIENT_SEARCH, CLIENT_ENTRY, CLIENT_WORDS, CONTACT_ENTRY, DUPLICATES)
