"""People come and go at clients: leads from an event, somebody who left, a client that moved."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial
from itertools import permutations

from atlas.crm.records import Entity, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import DuplicatePolicy, Escalation
from atlas.scenarios.desk import Desk, NothingFitsError, is_open
from atlas.scenarios.families.expect import created, note_on_deal, told, updated
from atlas.scenarios.families.mending import new_person
from atlas.scenarios.families.midway import Find, Known, Snag, client_finds, run_through
from atlas.scenarios.families.moves import leave_note, seek_client, seek_contact, seek_deal
from atlas.scenarios.families.turns import FIELD_WORDS, full_name, new_phone
from atlas.scenarios.house import House
from atlas.scenarios.naming import TITLES, plain_ascii
from atlas.scenarios.plans import Plan
from atlas.verify.goals import ExpectedChange, Goal

# ---------------------------------------------------------------------------------------------------------------------
# Leads from an event

_EVENTS = (
    "the spring fair", "the open house", "the partner day", "the trade show in May", "the breakfast briefing",
    "the users' meeting", "the autumn exhibition", "the round table",
)  # fmt: skip
_MET = (
    "Met at our stand, wants a demo.", "Took our brochure, call next week.", "Asked about delivery times.",
    "Interested, but not before summer.", "Wants to see a reference first.", "Knows our service team already.",
    "Asked for a price list.", "Would like a visit on site.",
)  # fmt: skip
_SMUDGES = ("(at)", "@@", "#", " at ")  # what a badly read badge has in place of the one sign


@dataclasses.dataclass(frozen=True, slots=True)
class _Lead:
    """Somebody new at a client."""

    first: str
    last: str
    title: str
    email: str

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first} {self.last}"

    @property
    def values(self) -> dict[str, object]:
        """The contact's fields."""
        return {"first_name": self.first, "last_name": self.last, "title": self.title, "email": self.email}

    def enter(self, plan: Plan, known: Known) -> str:
        """Add the call that enters the lead; return what stands for the id."""
        return plan.call("create_new_contact", client_id=known["client"], **self.values).at("contact_id")

    def entered(self, client: Row, **more: object) -> ExpectedChange:
        """Expect the lead as a contact of a client, by the label of the name."""
        values = {"client_id": client["client_id"], **self.values, **more}
        return created(Entity.CONTACT, values, label=self.name)


def _leads(desk: Desk, client: Row, count: int) -> Sequence[_Lead]:
    """Return people whom nobody in the pool knows, with different names and job titles."""
    people = [new_person(desk) for _ in range(count)]
    titles = desk.rng.sample(TITLES, count)
    if len({last for _, last in people}) < count:
        raise NothingFitsError("two leads have the same surname")
    domain = str(client["email"]).partition("@")[2]
    return [
        _Lead(first, last, title, f"{plain_ascii(first)}.{plain_ascii(last)}@{domain}")
        for (first, last), title in zip(people, titles, strict=True)
    ]


def _names_of(contact: Row) -> dict[str, object]:
    return {name: contact[name] for name in ("first_name", "last_name")}


def _lead_slots(client: Row, event: str, first: _Lead) -> dict[str, str]:
    return {
        "client": str(client["name"]), "event": event, "person": first.name, "title": first.title,
        "email": first.email,
    }  # fmt: skip


def _draw_two_new(desk: Desk) -> Case:
    """Two people in one message; in the second turn both get the same note."""
    client = desk.client()
    leads, content = _leads(desk, client, 2), desk.pick(_MET)
    one, two = leads

    def talk(plan: Plan, known: Known) -> None:
        ids = [lead.enter(plan, known) for lead in leads]
        plan.respond(f"{one.name} and {two.name} are contacts of {client['name']} now.")
        for contact_id in ids:
            plan.call("add_note", entity_type="Contact", entity_id=contact_id, content=content)
        plan.respond(f"The note is on {one.name} and on {two.name}.")

    note = {"entity_type": "Contact", "content": content}
    goal = Goal(
        expected_changes=(
            *(lead.entered(client) for lead in leads),
            *(created(Entity.NOTE, note, refs={"entity_id": lead.name}) for lead in leads),
        )
    )
    slots = {
        **_lead_slots(client, desk.pick(_EVENTS), one), "other": two.name, "other_title": two.title,
        "other_email": two.email, "content": content,
    }  # fmt: skip
    return run_through(desk.seller().handle, slots, client_finds(client, one.last, two.last), talk, goal)


def _draw_one_known(desk: Desk) -> Case:
    """One of two people is in the CRM already; the user then has a phone number for that one."""
    desk.house.need(DuplicatePolicy)
    contact = desk.pick(desk.shelf.unmistakable_contacts)
    client, known_name, phone = desk.shelf.client_of(contact), full_name(contact), new_phone(desk)
    (lead,) = _leads(desk, client, 1)

    def enter_new(plan: Plan, known: Known) -> None:
        lead.enter(plan, known)

    def enter_known(plan: Plan, known: Known) -> None:
        plan.call("create_new_contact", client_id=known["client"], title=contact["title"], **_names_of(contact))

    def set_phone(plan: Plan, known: Known) -> None:
        found = plan.call("contact_search", client_id=known["client"], **_names_of(contact))
        plan.call("modify_contact", contact_id=found.at("results.0.contact_id"), phone=phone)
        plan.respond(f"{known_name} has the phone number {phone} now.")

    snag = Snag(
        reason=ReasonCode.DUPLICATE,
        about=(known_name,),
        message=f"{lead.name} is entered, but {known_name} is a contact of {client['name']} already.",
        mend=f"Then keep the record and put in the phone number {phone} for {known_name}.",
        turn=1,
        before=enter_new,
        bad=enter_known,
        after=set_phone,
    )
    slots = {
        **_lead_slots(client, desk.pick(_EVENTS), lead), "known": known_name, "known_title": str(contact["title"]),
        "phone": phone,
    }  # fmt: skip
    goal = Goal(
        expected_changes=(lead.entered(client), updated(Entity.CONTACT, contact["contact_id"], {"phone": phone}))
    )
    finds = client_finds(client, lead.last, str(contact["last_name"]))
    return snag.case(str(client["owner"]), slots, finds, goal)


def _draw_garbled_address(desk: Desk) -> Case:
    """The address of one of two people was read badly; the user then spells it."""
    client = desk.client()
    one, two = _leads(desk, client, 2)
    wrong = dataclasses.replace(two, email=two.email.replace("@", desk.pick(_SMUDGES)))

    def enter_first(plan: Plan, known: Known) -> None:
        one.enter(plan, known)

    def enter_wrong(plan: Plan, known: Known) -> None:
        wrong.enter(plan, known)

    def enter_second(plan: Plan, known: Known) -> None:
        two.enter(plan, known)
        plan.respond(f"{two.name} is entered as well, with {two.email}.")

    snag = Snag(
        reason=ReasonCode.INVALID_VALUE,
        about=(wrong.email, "e-mail", "email"),
        message=f"{one.name} is entered, but {wrong.email} is no e-mail address, so {two.name} is not.",
        mend=f"The badge was hard to read, it should be {two.email}.",
        turn=1,
        before=enter_first,
        bad=enter_wrong,
        after=enter_second,
    )
    slots = {
        **_lead_slots(client, desk.pick(_EVENTS), one), "other": two.name, "other_title": two.title,
        "wrong": wrong.email, "other_email": two.email,
    }  # fmt: skip
    goal = Goal(expected_changes=(one.entered(client), two.entered(client)))
    return snag.case(desk.seller().handle, slots, client_finds(client, one.last, two.last), goal)


EVENT_LEADS = Family(
    name="event_leads",
    task="CREATE NEW CONTACT",
    level=3,
    share=2,
    blueprints=(
        Blueprint("two_new", "success", _draw_two_new),
        Blueprint(
            "one_known",
            "failure",
            _draw_one_known,
            when=lambda house: house.get(DuplicatePolicy) is not None,
            failure="duplicate_record",
            level=2,
        ),
        Blueprint("garbled_address", "failure", _draw_garbled_address, failure="malformed_email"),
    ),
)

# ---------------------------------------------------------------------------------------------------------------------
# Somebody left

_GONE = (
    "Left the company.", "No longer works there.", "Retired this spring.", "Moved to a competitor of theirs.",
    "Not to be written to any more.", "Changed jobs, no new address known.", "Went back to university.",
)  # fmt: skip
_HANDED = (
    "{heir} is our contact here from now on.", "Please talk to {heir} about this.", "{heir} decides about this now.",
    "New contact for this: {heir}.", "{heir} has taken this over.",
)  # fmt: skip


def _find_person(plan: Plan, contact: Row) -> Known:
    return {"leaver": seek_contact(plan, contact)}


def _find_colleague(plan: Plan, contact: Row, client: Row) -> Known:
    client_id = seek_client(plan, client)
    found = plan.call("contact_search", client_id=client_id, **_names_of(contact))
    return {"leaver": found.at("results.0.contact_id"), "client": client_id}


def _find_leaver(contact: Row, client: Row) -> tuple[Find, Find]:
    """Return two ways to find somebody: by name, or among the people of the client."""
    return partial(_find_person, contact=contact), partial(_find_colleague, contact=contact, client=client)


def _draw_takes_over(desk: Desk) -> Case:
    """Somebody left, a colleague of theirs takes over a deal, and the user wants to write to that one."""
    unmistakable = desk.shelf.unmistakable_contacts
    client, (leaver, heir) = desk.pick(
        (client, pair)
        for client in desk.shelf.clients
        if any(is_open(deal) for deal in desk.shelf.deals_of(client))
        for pair in permutations((row for row in desk.shelf.contacts_of(client) if row in unmistakable), 2)
    )
    deal = desk.pick(deal for deal in desk.shelf.deals_of(client) if is_open(deal))
    remark, content = desk.pick(_GONE), desk.pick(_HANDED).format(heir=full_name(heir))
    field = desk.pick(("email", "phone"))

    def talk(plan: Plan, known: Known) -> None:
        plan.call("modify_contact", contact_id=known["leaver"], notes=remark)
        plan.respond(f"The notes on {full_name(leaver)} say so now.")
        leave_note(plan, seek_deal(plan, deal), content)
        plan.respond(f"The note is on {deal['name']}.")
        heir_id = seek_contact(plan, heir)
        if "client" in known:
            plan.call("contact_details", contact_id=heir_id)
        plan.respond(f"It is {heir[field]}.", **{field: heir[field]})

    goal = Goal(
        expected_changes=(
            updated(Entity.CONTACT, leaver["contact_id"], {"notes": remark}),
            note_on_deal(deal, content),
        ),
        answers=(told(field, heir[field]),),
    )
    slots = {
        "person": full_name(leaver), "client": str(client["name"]), "remark": remark, "deal": str(deal["name"]),
        "heir": full_name(heir), "content": content, "what": FIELD_WORDS[field],
    }  # fmt: skip
    finds = _find_leaver(leaver, client)
    return run_through(str(client["owner"]), slots, finds, talk, goal)


def _draw_successor_unknown(desk: Desk) -> Case:
    """The successor gets a phone number, but is not in the CRM; the user then has the rest as well."""
    leaver = desk.pick(desk.shelf.unmistakable_contacts)
    client, remark, phone = desk.shelf.client_of(leaver), desk.pick(_GONE), new_phone(desk)
    (heir,) = _leads(desk, client, 1)

    def note_leaver(plan: Plan, known: Known) -> None:
        plan.call("modify_contact", contact_id=known["leaver"], notes=remark)
        plan.respond(f"The notes on {full_name(leaver)} say so now.")

    def look(plan: Plan, _known: Known) -> None:
        plan.call("contact_search", first_name=heir.first, last_name=heir.last)

    def overwrite(plan: Plan, known: Known) -> None:
        plan.call("modify_contact", contact_id=known["leaver"], phone=phone)

    def enter(plan: Plan, known: Known) -> None:
        client_id = known.get("client") or seek_client(plan, client)
        plan.call("create_new_contact", client_id=client_id, phone=phone, **heir.values)
        plan.respond(f"{heir.name} is entered as {heir.title} of {client['name']}.")

    snag = Snag(
        reason=ReasonCode.NOT_FOUND,
        about=(heir.name,),
        message=f"There is no contact called {heir.name}.",
        mend=f"Then enter {heir.name} there: {heir.title}, {heir.email}, and the number I gave you.",
        turn=2,
        before=note_leaver,
        bad=overwrite,
        after=enter,
        look=look,
    )
    slots = {
        "person": full_name(leaver), "client": str(client["name"]), "remark": remark, "heir": heir.name,
        "phone": phone, "title": heir.title, "email": heir.email,
    }  # fmt: skip
    goal = Goal(
        expected_changes=(
            updated(Entity.CONTACT, leaver["contact_id"], {"notes": remark}),
            heir.entered(client, phone=phone),
        )
    )
    finds = _find_leaver(leaver, client)
    return snag.case(str(client["owner"]), slots, finds, goal)


CHAMPION_LEFT = Family(
    name="champion_left",
    task="MODIFY CONTACT",
    level=3,
    share=2,
    blueprints=(
        Blueprint("takes_over", "success", _draw_takes_over),
        Blueprint("successor_unknown", "failure", _draw_successor_unknown, failure="unknown_record"),
    ),
)

# ---------------------------------------------------------------------------------------------------------------------
# A client moved

_STREETS = ("Mill", "Harbor", "Station", "Garden", "Market", "Bridge")
_HIGHEST_NUMBER = 180  # of a house in the records
_ABOUT_MOVE = (
    "Send the delivery papers to the new place.", "Ask when the old site closes.", "Wants a visit in the new office.",
    "Invoices still go to the old site this month.", "Needs our badges for the new entrance.",
    "Call about the parking permits.", "Check who keeps the old keys.",
)  # fmt: skip


def _anybody_may_move(house: House) -> bool:
    """Tell whether no colleague alone is in charge of clients' addresses."""
    rule = house.get(Escalation)
    return rule is None or rule.duty != "client_addresses"


def _new_address(desk: Desk, client: Row) -> str:
    """Return an address in another street number of the same town."""
    rest = str(client["address"]).partition(", ")[2]
    return f"{_HIGHEST_NUMBER + desk.rng.randint(1, 90)} {desk.pick(_STREETS)} Street, {rest}"


def _draw_moved_house(desk: Desk) -> Case:
    """A new address and number; then a note on one of the client's people, by job title, and how to reach that one."""
    contact = desk.pick(desk.shelf.contacts)
    client, content = desk.shelf.client_of(contact), desk.pick(_ABOUT_MOVE)
    values: dict[str, object] = {"address": _new_address(desk, client), "phone": new_phone(desk)}

    def talk(plan: Plan, known: Known) -> None:
        plan.call("modify_client", client_id=known["client"], **values)
        plan.respond(f"{client['name']} is at {values['address']} now, phone {values['phone']}.")
        found = plan.call("contact_search", client_id=known["client"], title=contact["title"])
        contact_id = found.at("results.0.contact_id")
        plan.call("add_note", entity_type="Contact", entity_id=contact_id, content=content)
        plan.respond(f"The note is on {full_name(contact)}.")
        plan.respond(f"Write to {contact['email']}.", email=contact["email"])

    note = {"entity_type": "Contact", "entity_id": contact["contact_id"], "content": content}
    goal = Goal(
        expected_changes=(updated(Entity.CLIENT, client["client_id"], values), created(Entity.NOTE, note)),
        answers=(told("email", contact["email"]),),
    )
    slots = {
        "client": str(client["name"]), "address": str(values["address"]), "phone": str(values["phone"]),
        "title": str(contact["title"]), "content": content,
    }  # fmt: skip
    finds = client_finds(client)
    return run_through(str(client["owner"]), slots, finds, talk, goal)


def _draw_shared_mailbox(desk: Desk) -> Case:
    """The new e-mail address belongs to another client; the user then has one of their own for them."""
    client = desk.client()
    other = desk.client(lambda row: row["client_id"] != client["client_id"])
    taken, address = str(other["email"]), _new_address(desk, client)
    domain = str(client["email"]).partition("@")[2]
    right = f"{desk.pick(('newsite', 'reception', 'frontdesk', 'mail'))}@{domain}"

    def move(plan: Plan, known: Known) -> None:
        plan.call("modify_client", client_id=known["client"], address=address)

    def look(plan: Plan, _known: Known) -> None:
        plan.call("client_search", criteria={"email": {"equals": taken}})

    def share(plan: Plan, known: Known) -> None:
        plan.call("modify_client", client_id=known["client"], email=taken)

    def mend(plan: Plan, known: Known) -> None:
        plan.call("modify_client", client_id=known["client"], email=right)
        plan.respond(f"The e-mail address of {client['name']} is {right} now.")

    snag = Snag(
        reason=ReasonCode.DUPLICATE,
        about=(taken, str(other["name"]), "e-mail", "email"),
        message=f"{client['name']} is at {address} now; but {taken} is the address of {other['name']}.",
        mend=f"Then take {right} for them.",
        turn=1,
        before=move,
        bad=share,
        after=mend,
        look=look,
    )
    goal = Goal(expected_changes=(updated(Entity.CLIENT, client["client_id"], {"address": address, "email": right}),))
    slots = {"client": str(client["name"]), "address": address, "email": taken, "right": right}
    finds = client_finds(client)
    return snag.case(str(client["owner"]), slots, finds, goal)


ADDRESS_CHANGE = Family(
    name="address_change",
    task="MODIFY CLIENT",
    level=3,
    share=2,
    blueprints=(
        Blueprint("moved_house", "success", _draw_moved_house, when=_anybody_may_move),
        Blueprint("shared_mailbox", "failure", _draw_shared_mailbox, when=_anybody_may_move, failure="duplicate_key"),
    ),
)

FAMILIES = (EVENT_LEADS, CHAMPION_LEFT, ADDRESS_CHANGE)
