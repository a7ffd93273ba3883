"""Files and notes on deals and people: how the house names a file, whose record is meant."""

from __future__ import annotations

from collections.abc import Sequence

from atlas.crm.records import Entity, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import DocumentNaming
from atlas.scenarios.desk import Desk
from atlas.scenarios.families.expect import created, may_note, note_on_deal, refusal
from atlas.scenarios.families.moves import both_ways, leave_note, seek_client, seek_contact
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import Disclosure
from atlas.verify.goals import Goal, RequiredQuestion

_STEMS = ("proposal", "offer_letter", "floor_plan", "data_sheet", "agenda", "meeting_minutes", "budget", "schedule",
          "references", "risk_list", "org_chart", "test_report")  # fmt: skip
_EXTENSIONS = ("pdf", "docx", "xlsx", "pptx", "csv", "txt")
_UNSUPPORTED = ("exe", "zip", "mp4", "html", "rar", "png")
_RARE = 0.4  # share of requests about records that do not exist; their names are easily given away


def _file(desk: Desk, extensions: Sequence[str] = _EXTENSIONS) -> str:
    version = desk.pick(("", "_v2", "_final", "_draft", "_2"))
    return f"{desk.pick(_STEMS)}{version}.{desk.pick(extensions)}"


def _upload_case(desk: Desk, deal: Row, stored: str, slots: dict[str, str]) -> Case:
    fields = {"entity_type": "Opportunity", "entity_id": deal["opportunity_id"], "file_name": stored}

    def rest(plan: Plan, deal_id: str) -> None:
        plan.call("upload_document", entity_type="Opportunity", entity_id=deal_id, file_name=stored)
        plan.respond(f"{stored} is on {deal['name']} now.")

    goal = Goal(expected_changes=(created(Entity.DOCUMENT, fields),), allowed_changes=(may_note(deal),))
    return Case({"deal": str(deal["name"]), **slots}, desk.actor_for(deal), goal, both_ways(deal, rest))


def _draw_upload(desk: Desk) -> Case:
    file = _file(desk)
    return _upload_case(desk, desk.open_deal(), desk.house.file_name(file, desk.today), {"file": file})


def _draw_client_upload(desk: Desk) -> Case:
    client, file = desk.client(), _file(desk)
    stored = desk.house.file_name(file, desk.today)

    def play(*, looking: bool) -> Plan:
        plan = Plan()
        client_id = seek_client(plan, client)
        if looking:
            plan.call("opportunity_search", client_id=client_id)
        plan.call("upload_document", entity_type="Client", entity_id=client_id, file_name=stored)
        plan.respond(f"{stored} is on the record of {client['name']} now.")
        return plan

    fields = {"entity_type": "Client", "entity_id": client["client_id"], "file_name": stored}
    goal = Goal(expected_changes=(created(Entity.DOCUMENT, fields),))
    solutions = (play(looking=False).solution(), play(looking=True).solution())
    return Case({"client": str(client["name"]), "file": file}, desk.seller().handle, goal, solutions)


def _draw_exact_name(desk: Desk) -> Case:
    file = _file(desk)
    return _upload_case(desk, desk.open_deal(), file, {"file": file})


def _draw_unsupported(desk: Desk) -> Case:
    deal, file = desk.open_deal(), _file(desk, _UNSUPPORTED)
    extension = file.rsplit(".", maxsplit=1)[-1]

    def rest(plan: Plan, deal_id: str) -> None:
        plan.call("upload_document", entity_type="Opportunity", entity_id=deal_id, file_name=file)
        plan.decline(f"{file} can't be uploaded: the CRM takes no .{extension} files.", ReasonCode.INVALID_VALUE)

    goal = Goal(
        allowed_changes=(may_note(deal),),
        must_refuse=refusal(ReasonCode.INVALID_VALUE, file, f".{extension}", "file type"),
    )
    slots = {"deal": str(deal["name"]), "file": file}
    return Case(slots, desk.actor_for(deal), goal, both_ways(deal, rest))


def _draw_unknown_deal(desk: Desk) -> Case:
    name = desk.deal_name(desk.client())
    file = _file(desk)
    short, careful = Plan(), Plan()
    short.call("opportunity_search", name=name)
    careful.call("opportunity_search", name=name)
    careful.call("opportunity_search", criteria={"name": {"contains": name}})
    for plan in (short, careful):
        plan.decline(f"I find no deal called {name}, so {file} was not uploaded.", ReasonCode.NOT_FOUND)
    goal = Goal(must_refuse=refusal(ReasonCode.NOT_FOUND, name))
    solutions = (short.solution(), careful.solution())
    return Case({"deal": name, "file": file}, desk.seller().handle, goal, solutions)


DOCUMENT_NAMING = Family(
    name="document_naming",
    task="UPLOAD DOCUMENT",
    level=2,
    needs=(DocumentNaming,),
    share=10,
    blueprints=(
        Blueprint(
            "on_a_deal",
            "success",
            _draw_upload,
        ),
        Blueprint(
            "on_a_client",
            "success",
            _draw_client_upload,
        ),
    ),
)

DOCUMENT_UPLOAD = Family(
    name="document_upload",
    task="UPLOAD DOCUMENT",
    level=3,
    share=4,
    blueprints=(
        Blueprint(
            "exact_name",
            "success",
            _draw_exact_name,
        ),
        Blueprint(
            "unsupported_type",
            "failure",
            _draw_unsupported,
        ),
        Blueprint("unknown_deal", "failure", _draw_unknown_deal, share=_RARE),
    ),
)

_CALLS = (
    "Wants a demo in the new office.", "Asked for two more user seats.", "Is on leave until next Monday.",
    "Prefers a call in the afternoon.", "Sent us the signed minutes.", "Needs the price list in English.",
    "Will talk to the board about it.", "Liked the pilot very much.", "Asked who handles support.",
)  # fmt: skip


def _draw_deal_note(desk: Desk) -> Case:
    deal, content = desk.open_deal(), desk.pick(_CALLS)

    def rest(plan: Plan, deal_id: str) -> None:
        leave_note(plan, deal_id, content)
        plan.respond(f"The note is on {deal['name']}.")

    goal = Goal(expected_changes=(note_on_deal(deal, content),))
    slots = {"deal": str(deal["name"]), "content": content}
    return Case(slots, desk.actor_for(deal), goal, both_ways(deal, rest))


def _note_on_contact(plan: Plan, contact_id: str, content: str) -> None:
    plan.call("add_note", entity_type="Contact", entity_id=contact_id, content=content)


def _draw_namesakes(desk: Desk) -> Case:
    """Two contacts of a client share the surname that the user gives; only a question tells which one is meant."""
    client = desk.client(lambda row: _namesakes(desk, row) is not None)
    pair = _namesakes(desk, client)
    assert pair is not None  # noqa: S101 - the client was picked for having one
    meant = desk.pick(pair)
    surname, content = str(meant["last_name"]), desk.pick(_CALLS)
    question = f"{client['name']} has " + " and ".join(f"{row['first_name']} {surname}" for row in pair)

    def play(*, by_client: bool) -> Plan:
        plan = Plan()
        if by_client:
            plan.call("contact_search", client_id=seek_client(plan, client), last_name=surname)
        else:
            plan.call("contact_search", last_name=surname)
        plan.ask(f"{question}. Which one do you mean?", ReasonCode.AMBIGUOUS_REQUEST)
        _note_on_contact(plan, seek_contact(plan, meant), content)
        plan.respond(f"The note is on {meant['first_name']} {surname}.")
        return plan

    fields = {"entity_type": "Contact", "entity_id": meant["contact_id"], "content": content}
    goal = Goal(
        expected_changes=(created(Entity.NOTE, fields),),
        must_ask=RequiredQuestion((surname, *(str(row["first_name"]) for row in pair))),
    )
    about = (surname, "which", *(str(row["first_name"]) for row in pair))
    answer = Disclosure(about, f"{meant['first_name']} {surname}, please.")
    slots = {"surname": surname, "client": str(client["name"]), "content": content}
    solutions = (play(by_client=True).solution(), play(by_client=False).solution())
    return Case(slots, desk.seller().handle, goal, solutions, disclosures=(answer,))


def _namesakes(desk: Desk, client: Row) -> tuple[Row, Row] | None:
    people = desk.shelf.contacts_of(client)
    unmistakable = desk.shelf.unmistakable_contacts
    for place, row in enumerate(people):
        for other in people[place + 1 :]:
            if row["last_name"] == other["last_name"] and row in unmistakable and other in unmistakable:
                return row, other
    return None


def _draw_contact_note(desk: Desk) -> Case:
    contact, content = desk.pick(desk.shelf.unmistakable_contacts), desk.pick(_CALLS)
    client = desk.shelf.client_of(contact)

    def play(*, by_client: bool) -> Plan:
        plan = Plan()
        if by_client:
            seek_client(plan, client)
        _note_on_contact(plan, seek_contact(plan, contact), content)
        plan.respond(f"The note is on {contact['first_name']} {contact['last_name']}.")
        return plan

    fields = {"entity_type": "Contact", "entity_id": contact["contact_id"], "content": content}
    slots = {"first": str(contact["first_name"]), "surname": str(contact["last_name"]), "content": content}
    slots["client"] = str(client["name"])
    solutions = (play(by_client=False).solution(), play(by_client=True).solution())
    return Case(slots, desk.seller().handle, Goal(expected_changes=(created(Entity.NOTE, fields),)), solutions)


NOTE_TAKING = Family(
    name="note_taking",
    task="ADD NOTE",
    level=3,
    share=2,
    blueprints=(
        Blueprint(
            "on_a_deal",
            "success",
            _draw_deal_note,
        ),
        Blueprint(
            "on_a_person",
            "success",
            _draw_contact_note,
        ),
        Blueprint(
            "namesakes",
            "failure",
            _draw_namesakes,
        ),
    ),
)

FAMILIES = (DOCUMENT_NAMING, DOCUMENT_UPLOAD, NOTE_TAKING)
