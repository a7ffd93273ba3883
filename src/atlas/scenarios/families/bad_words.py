"""Words that a record cannot hold: choices that are none, names of files, e-mail addresses."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from atlas.crm.records import Entity, ReasonCode
from atlas.crm.schema import FILE_EXTENSIONS, SCHEMA
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.desk import Desk
from atlas.scenarios.families.expect import created
from atlas.scenarios.families.mending import (
    Slip,
    Step,
    Target,
    Work,
    any_of,
    blunder_of,
    both_paths,
    change_work,
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
    quote_target,
)
from atlas.scenarios.families.moves import modify_deal
from atlas.scenarios.families.staging import stage_goal
from atlas.scenarios.naming import TITLES, plain_ascii
from atlas.scenarios.phrasebook import choose
from atlas.scenarios.plans import Plan
from atlas.verify.goals import Goal, RequiredMention

_NO_STAGES = (  # a stage that there is not, and one that somebody may take for it
    ("Legal Review", "Proposal"), ("Legal Review", "Negotiation"), ("Verbal Agreement", "Negotiation"),
    ("Contracting", "Negotiation"), ("Demo Given", "Qualification"), ("Demo Given", "Proposal"),
    ("Discovery", "Prospecting"), ("Discovery", "Qualification"), ("Budget Approved", "Qualification"),
)  # fmt: skip
_NO_STATUSES = {  # likewise
    Entity.CLIENT: (
        ("Dormant", "Inactive"),
        ("Blacklisted", "Inactive"),
        ("Key Account", "Active"),
        ("On Trial", "Prospect"),
    ),
    Entity.CONTRACT: (
        ("Terminated", "Expired"),
        ("Paused", "Pending"),
        ("Under Review", "Pending"),
        ("Signed", "Active"),
    ),
}


def _stage_work(desk: Desk, target: Target, stage: str) -> Work:
    values, note, expected, allowed = stage_goal(desk, target.row, stage)

    def do(plan: Plan, deal_id: str) -> None:
        modify_deal(plan, deal_id, values, note)

    return Work(do, f"The stage of {target.called} is {stage} now.", expected, allowed)


def _choice_work(desk: Desk, target: Target, value: str) -> Work:
    """Return the work of setting the stage of a deal, or the status of anything else."""
    if target.entity is Entity.OPPORTUNITY:
        return _stage_work(desk, target, value)
    return change_work(desk, target, {"status": value})


def _free_choices(desk: Desk, target: Target) -> tuple[str, ...]:
    if target.entity is Entity.OPPORTUNITY:
        return desk.free_stages(target.row)
    allowed = SCHEMA[target.entity].field("status").allowed
    return tuple(value for value in allowed if value != target.row["status"])


def _unknown_choice(desk: Desk, target: Target, field: str, words: tuple[str, str], work: Work) -> Case:
    bad, good = words
    allowed = SCHEMA[target.entity].field(field).allowed
    slip = Slip(
        about=(bad, field, *allowed),
        message=f'There is no {field} "{bad}"; there are {", ".join(allowed)}.',
        mend=choose(f"[Then|In that case] {good}[, please|].", desk.rng),
        bad=partial(target.change, values={field: bad}),
    )
    slots = {"record": target.called, "bad": bad, "good": good}
    return mended_case(target, slots, slip, work)


def _draw_no_stage(desk: Desk) -> Case:
    target = deal_target(desk, lambda row: any(good in desk.free_stages(row) for _, good in _NO_STAGES))
    free = desk.free_stages(target.row)
    bad, good = desk.pick(pair for pair in _NO_STAGES if pair[1] in free)
    return _unknown_choice(desk, target, "stage", (bad, good), _stage_work(desk, target, good))


def _draw_no_status(desk: Desk) -> Case:
    target = any_of(desk, (client_target, contract_target))
    bad, good = desk.pick(pair for pair in _NO_STATUSES[target.entity] if pair[1] != target.row["status"])
    return _unknown_choice(desk, target, "status", (bad, good), change_work(desk, target, {"status": good}))


_ODD_SPELLINGS = {
    "Prospecting": ("PROSPECTING", "prospecting", "Pros-pecting"),
    "Qualification": ("QUALIFICATION", "qualification", "Qualifi-cation"),
    "Proposal": ("PROPOSAL", "proposal", "Pro-posal"),
    "Negotiation": ("NEGOTIATION", "negotiation", "Nego-tiation"),
    "Closed-Won": ("closed won", "CLOSED WON", "closed_won", "ClosedWon"),
    "Closed-Lost": ("closed lost", "CLOSED LOST", "closed_lost", "ClosedLost"),
    "Active": ("ACTIVE", "active", "A c t i v e"),
    "Prospect": ("PROSPECT", "prospect", "Pro-spect"),
    "Inactive": ("in active", "INACTIVE", "In-Active"),
    "Pending": ("PENDING", "pending", "Pend-ing"),
    "Expired": ("EXPIRED", "expired", "Ex-pired"),
}


def _draw_spelling(desk: Desk) -> Case:
    """An allowed value in odd spelling: done as it is meant, and the user is told what was entered."""
    target = any_of(desk, (deal_target, client_target, contract_target))
    field = "stage" if target.entity is Entity.OPPORTUNITY else "status"
    value = desk.pick(_free_choices(desk, target))
    spelt = desk.pick(_ODD_SPELLINGS[value])
    work = _choice_work(desk, target, value)
    goal = Goal(expected_changes=work.expected, allowed_changes=work.allowed, mentions=(RequiredMention((value,)),))
    slots = {"record": target.called, "field": field, "spelt": spelt}
    blunder = blunder_of(target.seekers[0], partial(target.change, values={field: spelt}))
    return Case(slots, target.actor, goal, both_paths(target, work), blunder=blunder)


_NO_FIELDS = {  # what records do not hold, the argument that somebody careless would make of it, values
    Entity.CLIENT: ("fax number", "fax_number", ("+31 20 555 0134", "+49 30 555 0199", "+44 161 555 0172")),
    Entity.CONTACT: ("birthday", "birthday", ("12 May", "3 October", "27 January")),
    Entity.OPPORTUNITY: ("color", "color", ("green", "amber-red", "dark blue")),
    Entity.CONTRACT: ("penalty rate", "penalty_rate", ("0.5 % per week", "2 % per month", "1 % per day")),
}


def _draw_no_field(desk: Desk) -> Case:
    target = any_of(desk, (client_target, contact_target, deal_target, contract_target))
    what, argument, values = _NO_FIELDS[target.entity]
    value = desk.pick(values)
    content = f"{what.capitalize()}: {value}"
    slip = Slip(
        about=(what, what.partition(" ")[0]),
        message=f"There is no field for a {what} on this kind of record, so I entered nothing.",
        mend=choose(f'[Put|Write] it into a note on that record[, then|]: "{content}"', desk.rng),
        bad=partial(target.change, values={argument: value}),
    )
    slots = {"record": target.called, "what": what, "value": value, "content": content}
    return mended_case(target, slots, slip, note_work(target, content))


_PERSONAL = {"shoe size": ("shoe_size", ("38", "42", "44")), "car": ("car", ("a red Volvo", "an old Fiat")),
             "hobby": ("hobby", ("sailing", "chess", "gardening"))}  # fmt: skip


def _draw_rest_is_fine(desk: Desk) -> Case:
    """A contact with something that contacts do not have; the wordings say that it is to be left out then."""
    target, title = client_target(desk), desk.pick(TITLES)
    first, last = new_person(desk)
    what = desk.pick(_PERSONAL)
    argument, choices = _PERSONAL[what]
    extra = desk.pick(choices)
    values = {
        "first_name": first,
        "last_name": last,
        "title": title,
        "email": f"{plain_ascii(first)}.{plain_ascii(last)}@{domain_of(target)}",
    }
    done = f"{first} {last} is entered at {target.called}. There is no field for the {what}, so that was left out."
    work = Work(partial(enter_contact, values=values), done, (entered_contact(target, values),))
    goal = Goal(expected_changes=work.expected, mentions=(RequiredMention((what,)),))
    slots = {
        "client": target.called, "person": f"{first} {last}", "title": title, "email": values["email"],
        "what": what, "extra": extra,
    }  # fmt: skip
    blunder = blunder_of(target.seekers[0], partial(enter_contact, values={**values, argument: extra}))
    return Case(slots, target.actor, goal, both_paths(target, work), blunder=blunder)


WRONG_CHOICES = Family(
    name="wrong_choices",
    task="MODIFY OPPORTUNITY",
    level=3,
    share=3,
    blueprints=(
        Blueprint("stage_that_is_none", "failure", _draw_no_stage, failure="invalid_enum"),
        Blueprint("status_that_is_none", "failure", _draw_no_status, failure="invalid_enum"),
        Blueprint("odd_spelling", "failure", _draw_spelling, failure="enum_spelling"),
        Blueprint("no_place_for_it", "failure", _draw_no_field, failure="extra_field"),
        Blueprint("leave_out_the_rest", "failure", _draw_rest_is_fine, failure="extra_field"),
    ),
)

_STEMS = ("survey", "offer", "specification", "price_list", "minutes", "floor_plan", "rollout_plan", "checklist")
_FOLDERS = ("../../etc/", "C:\\..\\", "..\\..\\shared\\", "/var/../", "../")
_OTHER_KINDS = ("zip", "mp4", "png", "heic", "msg", "odt", "rar", "html")


def _upload_work(desk: Desk, target: Target, file: str) -> Work:
    stored = desk.house.file_name(file, desk.today)
    fields = {"entity_type": target.entity.value, "entity_id": target.id, "file_name": stored}
    done = f"{stored} is on {target.called} now."
    return Work(partial(target.attach, file_name=stored), done, (created(Entity.DOCUMENT, fields),), (target.may_note,))


def _draw_path(desk: Desk) -> Case:
    target = any_of(desk, (deal_target, client_target))
    file = f"{desk.pick(_STEMS)}_{desk.rng.randint(2, 40)}.{desk.pick(('pdf', 'docx', 'xlsx'))}"
    bad = f"{desk.pick(_FOLDERS)}{file}"
    slip = Slip(
        about=("file name", "folder", "path", bad),
        message=f"{bad} is no plain file name, it leads into a folder; I uploaded nothing.",
        mend=choose(f"[Just|Simply] [call|name] it {file}.", desk.rng),
        bad=partial(target.attach, file_name=bad),
    )
    slots = {"record": target.called, "bad": bad, "good": file}
    return mended_case(target, slots, slip, _upload_work(desk, target, file))


def _draw_other_kind(desk: Desk) -> Case:
    target = any_of(desk, (deal_target, quote_target, contract_target))
    stem, kind = f"{desk.pick(_STEMS)}_{desk.rng.randint(2, 40)}", desk.pick(_OTHER_KINDS)
    file = f"{stem}.{desk.pick(('pdf', 'docx', 'pptx'))}"
    slip = Slip(
        about=(f".{kind}", f"{kind} file", "type", "extension"),
        message=f"The CRM takes no .{kind} files, only {', '.join(FILE_EXTENSIONS)}.",
        mend=choose(f"I [saved|converted] it[ again|], it's [called|named] {file} now.", desk.rng),
        bad=partial(target.attach, file_name=f"{stem}.{kind}"),
    )
    slots = {"record": target.called, "bad": f"{stem}.{kind}", "good": file}
    return mended_case(target, slots, slip, _upload_work(desk, target, file))


WRONG_FILES = Family(
    name="wrong_files",
    task="UPLOAD DOCUMENT",
    level=3,
    share=2,
    blueprints=(
        Blueprint("path_for_a_name", "failure", _draw_path, failure="unsafe_file_name", level=4),
        Blueprint("kind_not_taken", "failure", _draw_other_kind, failure="unsupported_file"),
    ),
)

_MAILBOXES = ("sales", "accounts", "reception", "team", "orders", "purchasing")


def _malformed(desk: Desk, email: str) -> str:
    """Return what becomes of an e-mail address when somebody writes it down in a hurry."""
    return desk.pick(
        (
            email.replace("@", " at "),
            email.replace("@", "@@"),
            email.replace("@", "."),
            email.replace(".example", ",example"),
            email.removesuffix(".example"),
        )
    )


def _bad_address(desk: Desk, email: str, bad: Callable[[str], Step]) -> tuple[str, Slip]:
    text = _malformed(desk, email)
    return text, Slip(
        about=("e-mail", "email", "address", text),
        message=f"{text} is no e-mail address, so I entered nothing.",
        mend=choose(f"It [has to|should] be {email}[, sorry|].", desk.rng),
        bad=bad(text),
    )


def _draw_client_address(desk: Desk) -> Case:
    target = client_target(desk)
    email = f"{desk.pick(_MAILBOXES)}@{domain_of(target)}"
    text, slip = _bad_address(desk, email, lambda bad: partial(target.change, values={"email": bad}))
    slots = {"client": target.called, "bad": text, "good": email}
    return mended_case(target, slots, slip, change_work(desk, target, {"email": email}))


def _draw_contact_address(desk: Desk) -> Case:
    target, title = client_target(desk), desk.pick(TITLES)
    first, last = new_person(desk)
    email = f"{plain_ascii(first)}.{plain_ascii(last)}@{domain_of(target)}"
    values = {"first_name": first, "last_name": last, "title": title}
    text, slip = _bad_address(desk, email, lambda bad: partial(enter_contact, values={**values, "email": bad}))
    full = {**values, "email": email}
    work = Work(partial(enter_contact, values=full), f"{first} {last} is entered.", (entered_contact(target, full),))
    slots = {"client": target.called, "person": f"{first} {last}", "title": title, "bad": text, "good": email}
    return mended_case(target, slots, slip, work)


def _draw_taken(desk: Desk) -> Case:
    """The address belongs to another client, whom the user does not name."""
    target = client_target(desk)
    other = desk.client(lambda row: row is not target.row)
    email = f"{desk.pick(_MAILBOXES)}@{domain_of(target)}"

    def look(plan: Plan, _: str) -> None:
        plan.call("client_search", email=other["email"])

    slip = Slip(
        about=(str(other["name"]),),
        message=f"{other['email']} is the address of {other['name']}, and no two clients share one.",
        mend=choose(f"[Then|In that case] [take|use] {email}.", desk.rng),
        bad=partial(target.change, values={"email": other["email"]}),
        reason=ReasonCode.DUPLICATE,
        look=look,
    )
    slots = {"client": target.called, "bad": str(other["email"]), "good": email}
    return mended_case(target, slots, slip, change_work(desk, target, {"email": email}))


WRONG_ADDRESSES = Family(
    name="wrong_addresses",
    task="MODIFY CLIENT",
    level=3,
    share=2,
    blueprints=(
        Blueprint("clients_address", "failure", _draw_client_address, failure="malformed_email", level=4),
        Blueprint("contacts_address", "failure", _draw_contact_address, failure="malformed_email", level=4),
        Blueprint("address_taken", "failure", _draw_taken, failure="duplicate_key"),
    ),
)

FAMILIES = (WRONG_CHOICES, WRONG_FILES, WRONG_ADDRESSES)
