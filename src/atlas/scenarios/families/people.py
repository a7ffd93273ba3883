"""Clients and contacts: finding them, entering them, not entering them twice."""

from __future__ import annotations

from atlas.crm.records import Entity, ReasonCode
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import DuplicatePolicy, Vocabulary
from atlas.scenarios.desk import Desk
from atlas.scenarios.families.expect import created, may_own, refusal, told
from atlas.scenarios.families.moves import seek_client, seek_contact
from atlas.scenarios.families.staging import word_tag
from atlas.scenarios.naming import INDUSTRIES, TITLES, plain_ascii
from atlas.scenarios.plans import Plan
from atlas.verify.goals import Goal

_ASKED_FIELDS = {"email": "e-mail address", "phone": "phone number", "title": "job title"}
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
        plan.respond(f"The {_ASKED_FIELDS[field]} of {called} is {value}.", **{field: value})
        return plan

    slots = {"person": called, "client": str(client["name"]), "what": _ASKED_FIELDS[field]}
    solutions = (play(by_client=False).solution(), play(by_client=True).solution())
    return Case(slots, desk.colleague().handle, Goal(answers=(told(field, value),)), solutions)


def _draw_contact_list(desk: Desk) -> Case:
    client = desk.client(lambda row: len(desk.shelf.contacts_of(row)) > 1)
    names = tuple(f"{row['first_name']} {row['last_name']}" for row in desk.shelf.contacts_of(client))

    def play(*, wrapped: bool) -> Plan:
        plan = Plan()
        client_id = seek_client(plan, client)
        if wrapped:
            plan.call("contact_search", criteria={"client_id": client_id})
        else:
            plan.call("contact_search", client_id=client_id)
        plan.respond(f"Our contacts at {client['name']}: {', '.join(names)}.", contacts=list(names))
        return plan

    goal = Goal(answers=(told("contacts", names),))
    solutions = (play(wrapped=False).solution(), play(wrapped=True).solution())
    return Case({"client": str(client["name"])}, desk.colleague().handle, goal, solutions)


def _draw_unknown_contact(desk: Desk) -> Case:
    client = desk.client()
    first, last = _new_person(desk)
    short, careful = Plan(), Plan()
    short.call("contact_search", first_name=first, last_name=last)
    careful.call("contact_search", client_id=seek_client(careful, client))
    for plan in (short, careful):
        plan.decline(f"I find no contact {first} {last} at {client['name']}.", ReasonCode.NOT_FOUND)
    slots = {"person": f"{first} {last}", "client": str(client["name"])}
    goal = Goal(must_refuse=refusal(ReasonCode.NOT_FOUND, last))
    return Case(slots, desk.colleague().handle, goal, (short.solution(), careful.solution()))


def _new_person(desk: Desk) -> tuple[str, str]:
    """Return the name of somebody whom nobody in the company knows."""
    known = {(row["first_name"], row["last_name"]) for row in desk.shelf.contacts}
    firsts, lasts = desk.words.first_names, desk.words.surnames
    return desk.pick((first, last) for first in firsts for last in lasts if (first, last) not in known)


CONTACT_SEARCH = Family(
    name="contact_search",
    task="CONTACT SEARCH",
    level=3,
    share=2.5,
    blueprints=(
        Blueprint(
            "one_detail",
            "success",
            _draw_contact_detail,
        ),
        Blueprint(
            "whom_we_know",
            "success",
            _draw_contact_list,
        ),
        Blueprint("unknown_person", "failure", _draw_unknown_contact, share=_RARE),
    ),
)


def _draw_is_it(desk: Desk) -> Case:
    """Status and industry of one client."""
    client = desk.client()
    field = desk.pick(("status", "industry", "owner"))
    value = client[field]

    def play(*, wrapped: bool) -> Plan:
        plan = Plan()
        if wrapped:
            plan.call("client_search", criteria={"name": client["name"]})
        else:
            seek_client(plan, client)
        plan.respond(f"{client['name']}: {field} {value}.", **{field: value})
        return plan

    goal = Goal(answers=(told(field, value),))
    solutions = (play(wrapped=False).solution(), play(wrapped=True).solution())
    return Case({"client": str(client["name"]), "what": field}, desk.colleague().handle, goal, solutions)


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


def _draw_known_client(desk: Desk) -> Case:
    desk.house.need(DuplicatePolicy)
    client = desk.client()
    email = f"sales@{plain_ascii(str(client['name']))}.example"
    plans = (Plan(), Plan())
    for plan, extra in zip(plans, (False, True), strict=True):
        plan.call("client_search", name=client["name"])
        if extra:
            plan.call("client_search", criteria={"email": email})
        plan.decline(f"{client['name']} is a client already, so I did not enter it again.", ReasonCode.DUPLICATE)
    goal = Goal(must_refuse=refusal(ReasonCode.DUPLICATE, str(client["name"])))
    slots = {"client": str(client["name"]), "email": email, "status": "Prospect", "industry": str(client["industry"])}
    return Case(slots, desk.seller().handle, goal, tuple(plan.solution() for plan in plans))


def _draw_bad_email(desk: Desk) -> Case:
    line = desk.pick(INDUSTRIES)
    name = desk.names.firm(line)
    email = desk.pick(
        (f"info(at){plain_ascii(name)}.example", f"info@{plain_ascii(name)}", f"{plain_ascii(name)}.example")
    )
    plans = (Plan(), Plan())
    for plan, tries in zip(plans, (True, False), strict=True):
        plan.call("client_search", name=name)
        if tries:
            plan.call("create_new_client", name=name, email=email, status="Prospect", industry=line)
        plan.decline(f"{email} is no valid e-mail address; {name} was not entered.", ReasonCode.INVALID_VALUE)
    goal = Goal(must_refuse=refusal(ReasonCode.INVALID_VALUE, email, "email", "e-mail"))
    slots = {"client": name, "email": email, "status": "Prospect", "industry": line}
    return Case(slots, desk.seller().handle, goal, tuple(plan.solution() for plan in plans))


CLIENT_ENTRY = Family(
    name="client_entry",
    task="CREATE NEW CLIENT",
    level=3,
    share=2,
    blueprints=(
        Blueprint(
            "all_given",
            "success",
            _draw_new_client,
        ),
        Blueprint(
            "bad_email",
            "failure",
            _draw_bad_email,
        ),
    ),
)

CLIENT_WORDS = Family(
    name="client_words",
    task="CREATE NEW CLIENT",
    level=2,
    needs=(Vocabulary,),
    share=3,
    blueprints=(
        Blueprint(
            "status_word",
            "success",
            _draw_client_in_words,
        ),
        Blueprint(
            "segment_word",
            "success",
            _draw_segment,
        ),
    ),
)


def _new_contact_case(desk: Desk) -> Case:
    client, title = desk.client(), desk.pick(TITLES)
    first, last = _new_person(desk)
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
    desk.house.need(DuplicatePolicy)
    contact = desk.pick(desk.shelf.unmistakable_contacts)
    client = desk.shelf.client_of(contact)
    person = f"{contact['first_name']} {contact['last_name']}"
    plans = (Plan(), Plan())
    for plan, by_client in zip(plans, (True, False), strict=True):
        if by_client:
            plan.call("contact_search", client_id=seek_client(plan, client), last_name=contact["last_name"])
        else:
            seek_contact(plan, contact)
        plan.decline(f"{person} is a contact of {client['name']} already; I entered nothing.", ReasonCode.DUPLICATE)
    goal = Goal(must_refuse=refusal(ReasonCode.DUPLICATE, person))
    email = f"{plain_ascii(str(contact['last_name']))}@{str(client['email']).partition('@')[2]}"
    slots = {"person": person, "client": str(client["name"]), "title": str(contact["title"]), "email": email}
    return Case(slots, desk.seller().handle, goal, tuple(plan.solution() for plan in plans))


def _draw_contact_of_stranger(desk: Desk) -> Case:
    stranger = desk.names.firm(desk.pick(INDUSTRIES))
    first, last = _new_person(desk)
    email = f"{plain_ascii(first)}.{plain_ascii(last)}@{plain_ascii(stranger)}.example"
    plans = (Plan(), Plan())
    for plan, again in zip(plans, (False, True), strict=True):
        plan.call("client_search", name=stranger)
        if again:
            plan.call("client_search", criteria={"name": {"contains": stranger.split(" ")[0]}})
        plan.decline(f"There is no client {stranger}, so {first} {last} was not entered.", ReasonCode.NOT_FOUND)
    goal = Goal(must_refuse=refusal(ReasonCode.NOT_FOUND, stranger))
    slots = {"person": f"{first} {last}", "client": stranger, "title": desk.pick(TITLES), "email": email}
    return Case(slots, desk.seller().handle, goal, tuple(plan.solution() for plan in plans))


CONTACT_ENTRY = Family(
    name="contact_entry",
    task="CREATE NEW CONTACT",
    level=3,
    share=2,
    blueprints=(
        Blueprint(
            "all_given",
            "success",
            _new_contact_case,
        ),
        Blueprint("unknown_client", "failure", _draw_contact_of_stranger, share=_RARE),
    ),
)


DUPLICATES = Family(
    name="duplicate_policy",
    task="CREATE NEW CONTACT",
    level=2,
    needs=(DuplicatePolicy,),
    share=4,
    blueprints=(
        Blueprint(
            "known_client",
            "failure",
            _draw_known_client,
        ),
        Blueprint(
            "known_contact",
            "failure",
            _draw_known_contact,
        ),
    ),
)


def _draw_stranger(desk: Desk) -> Case:
    name = desk.names.firm(desk.pick(INDUSTRIES))
    plans = (Plan(), Plan())
    for plan, again in zip(plans, (False, True), strict=True):
        plan.call("client_search", name=name)
        if again:
            plan.call("client_search", criteria={"name": {"contains": name.split(" ")[0]}})
        plan.decline(f"{name} is not in our CRM.", ReasonCode.NOT_FOUND)
    goal = Goal(must_refuse=refusal(ReasonCode.NOT_FOUND, name))
    return Case({"client": name}, desk.colleague().handle, goal, tuple(plan.solution() for plan in plans))


CLIENT_SEARCH = Family(
    name="client_search",
    task="CLIENT SEARCH",
    level=3,
    share=2,
    blueprints=(
        Blueprint(
            "one_detail",
            "success",
            _draw_is_it,
        ),
        Blueprint("unknown", "failure", _draw_stranger, share=_RARE),
    ),
)


FAMILIES = (CONTACT_SEARCH, CLIENT_SEARCH, CLIENT_ENTRY, CLIENT_WORDS, CONTACT_ENTRY, DUPLICATES)
