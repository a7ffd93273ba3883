"""Files and notes on deals and people: how the house names a file, whose record is meant."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import partial

from atlas.crm.records import Entity, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import DocumentNaming
from atlas.scenarios.desk import Desk
from atlas.scenarios.families.asking import missing_deal
from atlas.scenarios.families.expect import created, note_on_deal
from atlas.scenarios.families.mending import (
    Slip,
    Target,
    Work,
    blunder_of,
    both_paths,
    client_target,
    contact_target,
    deal_target,
    mended_case,
    note_work,
)
from atlas.scenarios.families.moves import both_ways, leave_note, seek_client, seek_contact
from atlas.scenarios.families.turns import FIELD_WORDS, in_turns, missed_case, telling
from atlas.scenarios.naming import plain_ascii
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import Disclosure, PatchedRow
from atlas.verify.goals import Goal, RequiredQuestion

_STEMS = ("proposal", "offer_letter", "floor_plan", "data_sheet", "agenda", "meeting_minutes", "budget", "schedule",
          "references", "risk_list", "org_chart", "test_report")  # fmt: skip
_EXTENSIONS = ("pdf", "docx", "xlsx", "pptx", "csv", "txt")
_UNSUPPORTED = ("exe", "zip", "mp4", "html", "rar", "png")
_RARE = 0.4  # share of requests about records that do not exist; their names are easily given away


def _file(desk: Desk, extensions: Sequence[str] = _EXTENSIONS) -> str:
    version = desk.pick(("", "_v2", "_final", "_draft", "_2"))
    return f"{desk.pick(_STEMS)}{version}.{desk.pick(extensions)}"


def _upload_work(target: Target, stored: str) -> Work:
    fields = {"entity_type": target.entity.value, "entity_id": target.id, "file_name": stored}
    return Work(
        partial(target.attach, file_name=stored),
        f"{stored} is on {target.called} now.",
        (created(Entity.DOCUMENT, fields),),
        (target.may_note,),
    )


def _upload_case(desk: Desk, file: str, stored: str) -> Case:
    target = deal_target(desk)
    work = _upload_work(target, stored)
    goal = Goal(expected_changes=work.expected, allowed_changes=work.allowed)
    return Case({"deal": target.called, "file": file}, target.actor, goal, both_paths(target, work))


def _draw_upload(desk: Desk) -> Case:
    file = _file(desk)
    return _upload_case(desk, file, desk.house.file_name(file, desk.today))


def _draw_client_upload(desk: Desk) -> Case:
    """A file for a client and, in the second turn, another one for the same."""
    target, file = client_target(desk), _file(desk)
    second = desk.pick(name for name in (_file(desk) for _ in range(4)) if name != file)
    works = [_upload_work(target, desk.house.file_name(name, desk.today)) for name in (file, second)]
    return in_turns(target, {"client": target.called, "file": file, "second": second}, works)


def _draw_exact_name(desk: Desk) -> Case:
    file = _file(desk)
    return _upload_case(desk, file, file)


def _draw_unsupported(desk: Desk) -> Case:
    target, good = deal_target(desk), _file(desk)
    stem, extension = good.rpartition(".")[0], desk.pick(_UNSUPPORTED)
    file = f"{stem}.{extension}"
    slip = Slip(
        about=(file, f".{extension}", "file type"),
        message=f"{file} can't be uploaded: the CRM takes no .{extension} files.",
        mend=f"Then use {good}, it has the same content.",
        bad=partial(target.attach, file_name=file),
    )
    slots = {"deal": target.called, "file": file, "good": good}
    return mended_case(target, slots, slip, _upload_work(target, desk.house.file_name(good, desk.today)))


def _draw_unknown_deal(desk: Desk) -> Case:
    """A file for a deal that is not there; the user then gives the right name."""
    target, file = deal_target(desk), _file(desk)
    name = desk.deal_name(desk.shelf.client_of(target.row))
    miss = missing_deal(name, f"It belongs to {target.called}.")
    work = _upload_work(target, desk.house.file_name(file, desk.today))
    return missed_case(target, {"deal": name, "file": file, "other": target.called}, miss, work)


DOCUMENT_NAMING = Family(
    name="document_naming",
    task="UPLOAD DOCUMENT",
    level=2,
    needs=(DocumentNaming,),
    share=10,
    blueprints=(
        Blueprint("on_a_deal", "success", _draw_upload),
        Blueprint("on_a_client", "success", _draw_client_upload),
    ),
)

DOCUMENT_UPLOAD = Family(
    name="document_upload",
    task="UPLOAD DOCUMENT",
    level=3,
    share=4,
    blueprints=(
        Blueprint("exact_name", "success", _draw_exact_name),
        Blueprint("unsupported_type", "failure", _draw_unsupported, failure="unsupported_file", level=2),
        Blueprint("unknown_deal", "failure", _draw_unknown_deal, share=_RARE, failure="unknown_parent", level=2),
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
    pair, patch = _namesakes(desk)
    client, meant = desk.shelf.client_of(pair[0]), desk.pick(pair)
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
    blunder = blunder_of(partial(_first_of_name, surname=surname), partial(_note_on_contact, content=content))
    return Case(slots, desk.seller().handle, goal, solutions, disclosures=(answer,), patch=patch, blunder=blunder)


def _first_of_name(plan: Plan, surname: str) -> str:
    return plan.call("contact_search", last_name=surname).at("results.0.contact_id")


def _namesakes(desk: Desk) -> tuple[tuple[Row, Row], tuple[PatchedRow, ...]]:
    """Return two contacts of a client who share a surname, and the row to be put in where the pool has no such two."""
    known = desk.shelf.unmistakable_contacts
    pairs = [
        pair
        for client in desk.shelf.clients
        for pair in itertools.combinations((row for row in desk.shelf.contacts_of(client) if row in known), 2)
    ]
    found = [pair for pair in pairs if pair[0]["last_name"] == pair[1]["last_name"]]
    if found:
        return desk.pick(found), ()
    names = {(row["first_name"], row["last_name"]) for row in desk.shelf.contacts}
    first, second = desk.pick(pair for pair in pairs if (pair[1]["first_name"], pair[0]["last_name"]) not in names)
    surname = str(first["last_name"])
    email = str(second["email"]).replace(plain_ascii(str(second["last_name"])), plain_ascii(surname))
    second = {**second, "last_name": surname, "email": email}
    return (first, second), (PatchedRow(Entity.CONTACT, str(second["contact_id"]), second),)


def _draw_contact_note(desk: Desk) -> Case:
    """A note on a contact and, in the second turn, a question about the same."""
    target, content = contact_target(desk), desk.pick(_CALLS)
    contact, field = target.row, desk.pick(("email", "phone"))
    answer = telling(f"The {FIELD_WORDS[field]} is {contact[field]}.", {field: contact[field]})
    slots = {
        "first": str(contact["first_name"]), "surname": str(contact["last_name"]), "content": content,
        "client": str(desk.shelf.client_of(contact)["name"]), "what": FIELD_WORDS[field],
    }  # fmt: skip
    return in_turns(target, slots, (note_work(target, content), answer))


NOTE_TAKING = Family(
    name="note_taking",
    task="ADD NOTE",
    level=3,
    share=2,
    blueprints=(
        Blueprint("on_a_deal", "success", _draw_deal_note),
        Blueprint("on_a_person", "success", _draw_contact_note),
        Blueprint("namesakes", "failure", _draw_namesakes, failure="several_records"),
    ),
)

FAMILIES = (DOCUMENT_NAMING, DOCUMENT_UPLOAD, NOTE_TAKING)
