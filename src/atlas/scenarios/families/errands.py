"""Small things that users want: a call that writes about a record, a search that tells something."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, cast

from atlas.core.records import JsonObject
from atlas.crm.outages import Outage
from atlas.crm.records import Entity, ErrorCode, Row
from atlas.crm.schema import SCHEMA
from atlas.scenarios.conventions import Escalation
from atlas.scenarios.conventions.drawing import ACCOUNT_EXECUTIVE
from atlas.scenarios.desk import Desk
from atlas.scenarios.families.awkward import reading
from atlas.scenarios.families.expect import created, may_version, updated
from atlas.scenarios.families.mending import (
    Target,
    Work,
    any_of,
    client_target,
    contact_target,
    deal_target,
    quotable,
    quote_target,
)
from atlas.scenarios.families.turns import new_phone, telling
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan, Ref
from atlas.verify.goals import ChangePattern, ExpectedChange

FILES = (
    "meeting_notes.docx", "offer_annex.pdf", "cost_sheet.xlsx", "site_photos.pptx", "delivery_terms.pdf",
    "questions.txt", "equipment_list.csv", "project_plan.pdf",
)  # fmt: skip
REMARKS = (
    "Wants to hear from us before Friday.", "Has a question about the warranty.", "Asked for the delivery times.",
    "Happy with the last visit.", "Waiting for a word from their head office.", "Compares us with two others.",
)  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------
# Errands: one call that writes


@dataclasses.dataclass(frozen=True, slots=True)
class Errand:
    """Something that takes one call of a tool that writes, about a record that has to be found first.

    Attributes:
        target: The record.
        request: What the user asks for, as a clause that begins with a verb.
        thing: What it is about, in a word or two.
        tool: The tool.
        id_argument: Which of its arguments takes the id of the record.
        values: Its other arguments.
        expected: What it has to change.
        allowed: What else may change.
    """

    target: Target
    request: str
    thing: str
    tool: str
    id_argument: str
    values: JsonObject
    expected: ExpectedChange
    allowed: tuple[ChangePattern, ...] = ()

    def attempt(self, plan: Plan, record_id: str, *, times: int = 1) -> None:
        """Make the call so many times."""
        for _ in range(times):
            plan.call(self.tool, **{self.id_argument: record_id, **self.values})

    @property
    def slots(self) -> dict[str, str]:
        """What stands for the slots of the wordings, and the name of the file where there is one."""
        file = {"file": self.thing} if self.tool == "upload_document" else {}
        return {"request": self.request, **file}

    @property
    def outage(self) -> Outage:
        """The tool does not work at all."""
        return Outage(self.tool, ErrorCode.SERVER_ERROR)

    def question(self, desk: Desk) -> tuple[str, Work]:
        """Return what else the user wants to know about the record, and the work of telling it."""
        field = desk.pick(name for name in _TOLD[self.target.entity] if name not in self.values)
        value = self.target.row[field]
        what = _CALLED.get(field, field)
        done = f"The {what} of {self.target.called} is {value}."
        return what, telling(done, {field: value}, reading(self.target))


_TOLD: Final = {
    Entity.OPPORTUNITY: ("stage", "owner"),
    Entity.QUOTE: ("status", "valid_until"),
    Entity.CLIENT: ("industry", "email"),
    Entity.CONTACT: ("title", "email"),
}
_CALLED: Final = {
    "close_date": "close date", "email": "e-mail address", "phone": "phone number", "title": "job title",
    "valid_until": "last day", "access": "access level",
}  # fmt: skip


def _modifying(target: Target, request: str, field: str, value: object) -> Errand:
    noun, word = SCHEMA[target.entity].noun, _CALLED.get(field, field)
    expected = updated(target.entity, target.id, {field: value})
    return Errand(target, request, word, f"modify_{noun}", f"{noun}_id", {field: value}, expected, (target.may_note,))


def _attaching(target: Target, request: str, tool: str, thing: str, values: JsonObject) -> Errand:
    entity = Entity.NOTE if tool == "add_note" else Entity.DOCUMENT
    fields = {"entity_type": target.entity.value, **values}
    expected = created(entity, {**fields, "entity_id": target.id})
    allowed = () if entity is Entity.NOTE else (target.may_note,)
    return Errand(target, request, thing, tool, "entity_id", fields, expected, allowed)


def _probability_errand(desk: Desk) -> Errand:
    points = desk.rng.randrange(5, 96)
    target = deal_target(desk, lambda row: row["probability"] != points)
    request = desk.pick(
        (f"set the probability of {target.called} to {points}", f"put {target.called} at {points} percent")
    )
    return _modifying(target, request, "probability", points)


def _phone_errand(desk: Desk) -> Errand:
    target, phone = any_of(desk, (contact_target, client_target)), new_phone(desk)
    request = desk.pick(
        (
            f"change the phone number of {target.called} to {phone}",
            f"enter {phone} as the phone number of {target.called}",
        )
    )
    return _modifying(target, request, "phone", phone)


def _extension_errand(desk: Desk) -> Errand:
    target = quote_target(desk)
    day = desk.coming_day(12, 80, instead_of=target.row["valid_until"])
    said = desk.day(day)
    request = desk.pick((f"let {target.called} run until {said}", f"set the last day of {target.called} to {said}"))
    return _modifying(target, request, "valid_until", day)


def _note_errand(desk: Desk) -> Errand:
    target, content = any_of(desk, (contact_target, client_target, deal_target)), desk.pick(REMARKS)
    request = desk.pick(
        (f'leave "{content}" as a note on {target.called}', f'add the note "{content}" to {target.called}')
    )
    return _attaching(target, request, "add_note", "note", {"content": content})


def _upload_errand(desk: Desk) -> Errand:
    target, file = any_of(desk, (client_target, deal_target)), desk.pick(FILES)
    request = desk.pick((f"upload {file} to {target.called}", f"attach {file} to {target.called}"))
    values = {"file_name": desk.house.file_name(file, desk.today)}
    return _attaching(target, request, "upload_document", file, values)


def _quote_errand(desk: Desk) -> Errand:
    target = deal_target(desk, partial(quotable, desk))
    cents, day = cast("int", target.row["amount"]) * desk.pick((97, 98, 99)) // 100_000 * 1000, desk.coming_day(14, 75)
    values: dict[str, object] = {"amount": shown_amount(cents), "status": "Draft"}
    values |= desk.house.quote_values(desk.today, valid_until=day)
    request = f"make a draft quote of {desk.money(cents)} for {target.called}, valid until {desk.day(day)}"
    expected = created(Entity.QUOTE, {"opportunity_id": target.id, **values})
    allowed = (may_version(), target.may_note)
    return Errand(target, request, "quote", "create_quote", "opportunity_id", values, expected, allowed)


_ERRANDS: Final[Sequence[Callable[[Desk], Errand]]] = (
    _probability_errand,
    _phone_errand,
    _extension_errand,
    _note_errand,
    _upload_errand,
    _quote_errand,
)


def draw_errand(desk: Desk, *, writing_notes: bool = True) -> Errand:
    """Return an errand of any kind, or of any kind but writing notes."""
    return desk.pick(make for make in _ERRANDS if writing_notes or make is not _note_errand)(desk)


# ---------------------------------------------------------------------------------------------------------------------
# Inquiries: one search that tells something


@dataclasses.dataclass(frozen=True, slots=True)
class Inquiry:
    """A question that takes one search.

    Attributes:
        tool: The search.
        arguments: Its arguments, in two ways.
        called: What the user calls the record.
        field: What the user wants to know.
        value: The answer (shown).
    """

    tool: str
    arguments: tuple[JsonObject, JsonObject]
    called: str
    field: str
    value: object

    def ask(self, plan: Plan, number: int = 0) -> Ref:
        """Make the search, in one of the two ways."""
        return plan.call(self.tool, **self.arguments[number])

    @property
    def what(self) -> str:
        """What the user calls the field."""
        return _CALLED.get(self.field, self.field)

    def answer(self, plan: Plan) -> None:
        """Tell the answer."""
        plan.respond(f"The {self.what} of {self.called} is {self.value}.", **{self.field: self.value})


def _by_name(tool: str, row: Row, called: str, field: str) -> Inquiry:
    exactly: JsonObject = {"criteria": {"name": {"equals": row["name"]}}}
    value = shown_amount(row[field]) if field == "amount" else row[field]
    return Inquiry(tool, ({"name": row["name"]}, exactly), called, field, value)


def deal_inquiry(desk: Desk) -> Inquiry:
    """Return a question about an open deal."""
    deal = desk.open_deal(lambda row: row["close_date"] is not None)
    return _by_name("opportunity_search", deal, str(deal["name"]), desk.pick(("amount", "close_date")))


def client_inquiry(desk: Desk) -> Inquiry:
    """Return a question about a client."""
    client = desk.client()
    return _by_name("client_search", client, str(client["name"]), desk.pick(("phone", "email", "address")))


def contact_inquiry(desk: Desk) -> Inquiry:
    """Return a question about a contact."""
    row = contact_target(desk).row
    first, last = row["first_name"], row["last_name"]
    both: JsonObject = {"criteria": {"last_name": {"equals": last}, "first_name": {"equals": first}}}
    field = desk.pick(("phone", "email"))
    return Inquiry(
        "contact_search", ({"first_name": first, "last_name": last}, both), f"{first} {last}", field, row[field]
    )


def colleague_inquiry(desk: Desk) -> Inquiry:
    """Return a question about a colleague in the office: only the search for colleagues tells.

    Not about one of those whom only a convention names.
    """
    rule = desk.house.get(Escalation)
    named = rule.handle if rule else None
    staff = (one for one in desk.company.directory.staff if one.role != ACCOUNT_EXECUTIVE)
    member = desk.pick(one for one in staff if one.access != "manager" and one.handle != named)
    row: Row = {"name": member.name, "role": member.role, "access": member.access}
    return _by_name("staff_search", row, member.name, desk.pick(("role", "access")))


def partner_inquiry(desk: Desk) -> Inquiry:
    """Return a question about a firm that we know: only the search for such firms tells."""
    company = desk.pick(desk.shelf.companies)
    return _by_name("company_search", company, str(company["name"]), desk.pick(("type", "industry", "address")))
