"""Clients: named by a word of the house, changed by who may, entered, asked about question by question."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import partial

from atlas.core.records import JsonObject
from atlas.crm.records import Entity, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import AccountReference, ClientIntake, ClientOwnership, Escalation
from atlas.scenarios.conventions.deals import OPEN_STAGES
from atlas.scenarios.desk import Desk
from atlas.scenarios.families.account_names import find_account, town_of
from atlas.scenarios.families.deal_groups import largest_of
from atlas.scenarios.families.expect import created, may_own
from atlas.scenarios.families.mending import Slip, Target, Work, client_target, domain_of, mended_case, note_work
from atlas.scenarios.families.turns import (
    FIELD_WORDS,
    Miss,
    full_name,
    in_turns,
    list_deals_work,
    missed_case,
    new_phone,
    open_deals,
    set_work,
    telling,
    total_work,
)
from atlas.scenarios.naming import INDUSTRIES, plain_ascii
from atlas.scenarios.plans import Plan
from atlas.verify.goals import Goal, RequiredMention

_STATUSES = ("Active", "Prospect", "Inactive")
_LANES = ("Orchard Lane", "Castle Road", "River Road", "Chapel Lane", "Park Avenue", "Tannery Row")
_MAILBOXES = ("sales", "team", "reception", "mail", "service", "backoffice")
_REMARKS = (
    "Wants to be called back after the trade fair.", "Their reception moved to the second floor.",
    "Asked for our new price list.", "Plans a visit to our showroom in spring.", "Merging two of their departments.",
    "Prefers to be reached in the morning.", "Looking for a second site.", "Very happy with our support.",
)  # fmt: skip


# -- "the X account" --------------------------------------------------------------------------------------------------


def _draw_account_status(desk: Desk) -> Case:
    account = find_account(desk)
    status = desk.pick(status for status in _STATUSES if status != account.client["status"])
    target = account.target(desk.actor_for(account.client))
    slots = {"account": account.word, "status": status}
    return in_turns(target, slots, (set_work(target, {"status": status}),), patch=account.patch)


def _draw_account_deals(desk: Desk) -> Case:
    account = find_account(desk, lambda row: len(open_deals(desk, row)) > 1)
    target = account.target(desk.colleague().handle)
    works = (list_deals_work(desk, account.client), total_work(desk, account.client))
    return in_turns(target, {"account": account.word}, works, patch=account.patch)


def _draw_account_note(desk: Desk) -> Case:
    account, content = find_account(desk), desk.pick(_REMARKS)
    target = account.target(desk.seller().handle)
    owner, name = account.client["owner"], account.client["name"]

    def read(plan: Plan, client_id: str) -> None:
        plan.call("client_details", client_id=client_id)

    asked = telling(f"{name} belongs to {owner}.", {"name": name, "owner": owner}, read)
    slots = {"account": account.word, "content": content}
    return in_turns(target, slots, (note_work(target, content), asked), patch=account.patch)


ACCOUNT_REFERENCE = Family(
    name="account_reference",
    task="CLIENT SEARCH",
    level=2,
    needs=(AccountReference,),
    share=3,
    blueprints=(
        Blueprint("status_of_it", "success", _draw_account_status),
        Blueprint("deals_with_it", "success", _draw_account_deals),
        Blueprint("note_on_it", "success", _draw_account_note),
    ),
)


# -- changes of clients -----------------------------------------------------------------------------------------------


def _open_fields(desk: Desk) -> Sequence[str]:
    """Return the fields of clients whose change is nobody's duty in particular."""
    rule = desk.house.get(Escalation)
    guarded = rule is not None and rule.duty == "client_addresses"
    return [field for field in ("phone", "email", "status", "address") if field != "address" or not guarded]


def _new_value(desk: Desk, client: Row, field: str, *, besides: str = "") -> str:
    """Return a value that a field of ``client`` does not have, another one than ``besides``."""
    if field == "phone":
        return new_phone(desk)
    if field == "status":
        return desk.pick(status for status in _STATUSES if status not in {client["status"], besides})
    if field == "email":
        mailbox = desk.pick(name for name in _MAILBOXES if name != besides.partition("@")[0])
        return f"{mailbox}@{str(client['email']).partition('@')[2]}"
    return f"{desk.rng.randint(1, 99)} {desk.pick(_LANES)}, {town_of(client)}, {desk.territory(client)}"


def _client(desk: Desk) -> Target:
    """Return a client, asked about by somebody who may change it."""
    target = client_target(desk)
    return dataclasses.replace(target, actor=desk.actor_for(target.row))


def _draw_two_changes(desk: Desk) -> Case:
    target = _client(desk)
    fields = desk.rng.sample(_open_fields(desk), 2)
    values = {field: _new_value(desk, target.row, field) for field in fields}
    first, second = fields
    slots = {
        "client": target.called,
        "field": FIELD_WORDS[first], "value": values[first],
        "other": FIELD_WORDS[second], "another": values[second],
    }  # fmt: skip
    return in_turns(target, slots, (set_work(target, values),))


def _draw_corrected(desk: Desk) -> Case:
    target = _client(desk)
    field = desk.pick(_open_fields(desk))
    wrong = _new_value(desk, target.row, field)
    good = _new_value(desk, target.row, field, besides=wrong)
    slots = {"client": target.called, "field": FIELD_WORDS[field], "wrong": wrong, "good": good}
    return in_turns(target, slots, (set_work(target, {field: wrong}), set_work(target, {field: good})))


def _draw_wrong_client(desk: Desk) -> Case:
    target = _client(desk)
    stranger, field = desk.names.firm(str(target.row["industry"])), desk.pick(("phone", "status"))
    value = _new_value(desk, target.row, field)

    def search(plan: Plan) -> None:
        plan.call("client_search", name=stranger)

    def search_widely(plan: Plan) -> None:
        search(plan)
        plan.call("company_search", name=stranger)

    miss = Miss(
        about=(stranger,),
        message=f"There is no client called {stranger}.",
        mend=f"Sorry, I mean {target.called}.",
        looks=(search, search_widely),
    )
    slots = {"stranger": stranger, "client": target.called, "field": FIELD_WORDS[field], "value": value}
    return missed_case(target, slots, miss, set_work(target, {field: value}))


CLIENT_UPDATE = Family(
    name="client_update",
    task="MODIFY CLIENT",
    level=3,
    share=2,
    blueprints=(
        Blueprint("two_changes", "success", _draw_two_changes),
        Blueprint("corrected", "success", _draw_corrected),
        Blueprint("wrong_client", "failure", _draw_wrong_client, failure="unknown_record"),
    ),
)


def _draw_bad_email(desk: Desk) -> Case:
    target = _client(desk)
    good, domain = _new_value(desk, target.row, "email"), domain_of(target)
    mailbox = good.partition("@")[0]
    bad = desk.pick((f"{mailbox}(at){domain}", f"{mailbox}@{domain.partition('.')[0]}", f"{mailbox}.{domain}"))
    slip = Slip(
        about=(bad, "e-mail", "email"),
        message=f"{bad} is no valid e-mail address, so {target.called} keeps the one it has.",
        mend=f"It's {good}, sorry.",
        bad=partial(target.change, values={"email": bad}),
    )
    slots = {"client": target.called, "bad": bad, "good": good}
    return mended_case(target, slots, slip, set_work(target, {"email": good}))


_NO_STATUSES = ("Dormant", "Key Account", "Churned", "Blocked", "Former", "Onboarding", "Lead", "At Risk")


def _draw_no_such_status(desk: Desk) -> Case:
    """The user wants to know how it stands now and then picks one of the statuses that there are."""
    target = _client(desk)
    bad, good = desk.pick(_NO_STATUSES), _new_value(desk, target.row, "status")
    slip = Slip(
        about=(bad, "status"),
        message=f"{bad} is no status of a client; there are {', '.join(_STATUSES)}.",
        mend=f"Then make it {good}, and tell me what it was before.",
        bad=partial(target.change, values={"status": bad}),
    )
    setting, before = set_work(target, {"status": good}), str(target.row["status"])

    def read_and_set(plan: Plan, client_id: str) -> None:
        plan.call("client_details", client_id=client_id)
        setting.do(plan, client_id)

    done = f"{target.called} was {before} and is {good} now."
    case = mended_case(target, {"client": target.called, "bad": bad, "good": good}, slip, dataclasses.replace(
        setting, do=read_and_set, done=done
    ))  # fmt: skip
    return _mentioning(case, before)


def _mentioning(case: Case, *about: str) -> Case:
    """Return ``case`` with something more that the user has to be told."""
    return dataclasses.replace(case, goal=dataclasses.replace(case.goal, mentions=(RequiredMention(about),)))


def _draw_taken_email(desk: Desk) -> Case:
    """The user wants to know whose address it is."""
    target = _client(desk)
    holder = desk.client(lambda row: row is not target.row)
    taken, good = str(holder["email"]), _new_value(desk, target.row, "email")

    def look(plan: Plan, _client_id: str) -> None:
        plan.call("client_search", criteria={"email": {"equals": taken}})

    slip = Slip(
        about=(taken, str(holder["name"]), "e-mail", "email"),
        message=f"{taken} belongs to {holder['name']} already.",
        mend=f"Who has that one, then? {target.called} gets {good}.",
        bad=partial(target.change, values={"email": taken}),
        reason=ReasonCode.DUPLICATE,
        look=look,
    )
    work = set_work(target, {"email": good})
    done = f"The address that you gave first is that of {holder['name']}. {work.done}"
    slots = {"client": target.called, "taken": taken, "good": good}
    return _mentioning(mended_case(target, slots, slip, dataclasses.replace(work, done=done)), str(holder["name"]))


CLIENT_VALUES = Family(
    name="client_values",
    task="MODIFY CLIENT",
    level=3,
    share=2,
    blueprints=(
        Blueprint("malformed_email", "failure", _draw_bad_email, failure="malformed_email"),
        Blueprint("no_such_status", "failure", _draw_no_such_status, failure="invalid_enum"),
        Blueprint("taken_email", "failure", _draw_taken_email, failure="duplicate_key"),
    ),
)


# -- whose client it is -----------------------------------------------------------------------------------------------


def _draw_not_the_owner(desk: Desk) -> Case:
    """The user learns from the refusal whose client it is, and leaves that colleague a note."""
    desk.house.need(ClientOwnership)
    owned, content = client_target(desk), desk.pick(_REMARKS)
    owner = str(owned.row["owner"])
    target = dataclasses.replace(owned, actor=desk.seller(other_than=owner).handle)
    name = next(member.name for member in desk.company.directory.staff if member.handle == owner)
    field = desk.pick(_open_fields(desk))
    value = _new_value(desk, target.row, field)

    def look(plan: Plan, _client_id: str) -> None:
        plan.call("staff_search", handle=owner)

    slip = Slip(
        about=(owner, name),
        message=f"{target.called} belongs to {name} ({owner}); only the owner and managers may change it.",
        mend=f'Then put a note on that client: "{content}"',
        bad=partial(target.change, values={field: value}),
        reason=ReasonCode.PERMISSION_DENIED,
        look=look,
    )
    slots = {"client": target.called, "field": FIELD_WORDS[field], "value": value, "content": content}
    return mended_case(target, slots, slip, note_work(target, content))


def _draw_owner(desk: Desk) -> Case:
    desk.house.need(ClientOwnership)
    target = _client(desk)
    field, other = desk.rng.sample(_open_fields(desk), 2)
    value, present = _new_value(desk, target.row, field), target.row[other]

    def read(plan: Plan, client_id: str) -> None:
        plan.call("client_details", client_id=client_id)

    asked = telling(f"The {FIELD_WORDS[other]} is {present}.", {other: present}, read)
    slots = {"client": target.called, "field": FIELD_WORDS[field], "value": value, "other": FIELD_WORDS[other]}
    return in_turns(target, slots, (set_work(target, {field: value}), asked))


CLIENT_OWNERSHIP = Family(
    name="client_ownership",
    task="MODIFY CLIENT",
    level=2,
    needs=(ClientOwnership,),
    share=2,
    blueprints=(
        Blueprint("not_the_owner", "failure", _draw_not_the_owner, failure="permission"),
        Blueprint("owner_or_manager", "success", _draw_owner),
    ),
)


# -- new clients ------------------------------------------------------------------------------------------------------


def _newcomer(desk: Desk) -> dict[str, object]:
    """Return what a colleague knows of a client that nobody has entered."""
    industry = desk.pick(INDUSTRIES)
    name = desk.names.firm(industry)
    email = f"{desk.pick(_MAILBOXES)}@{plain_ascii(name)}.example"
    return {"name": name, "industry": industry, "email": email}


def _intake_case(desk: Desk, newcomers: Sequence[JsonObject], slots: Mapping[str, str]) -> Case:
    """Return a case in which each of ``newcomers`` is entered, one per turn."""
    actor = desk.seller().handle
    plans = (Plan(), Plan())
    for plan, criterion in zip(plans, ("name", "email"), strict=True):
        for values in newcomers:
            plan.call("client_search", criteria={criterion: values[criterion]})
            plan.call("create_new_client", **values)
            plan.respond(f"{values['name']} is entered with the status {values['status']}.")
    expected = tuple(created(Entity.CLIENT, values) for values in newcomers)
    goal = Goal(expected_changes=expected, allowed_changes=(may_own(Entity.CLIENT, actor),))
    return Case(slots, actor, goal, tuple(plan.solution() for plan in plans))


def _draw_no_status(desk: Desk) -> Case:
    values = {**_newcomer(desk), "phone": new_phone(desk)}
    slots = {slot: str(value) for slot, value in values.items()}
    return _intake_case(desk, ({**values, "status": desk.house.need(ClientIntake).status},), slots)


def _draw_status_said(desk: Desk) -> Case:
    usual = desk.house.need(ClientIntake).status
    values = {**_newcomer(desk), "status": desk.pick(status for status in _STATUSES if status != usual)}
    return _intake_case(desk, (values,), {slot: str(value) for slot, value in values.items()})


def _draw_two_newcomers(desk: Desk) -> Case:
    status = desk.house.need(ClientIntake).status
    first, second = _newcomer(desk), _newcomer(desk)
    slots = {slot: str(value) for slot, value in first.items()}
    slots |= {f"second_{slot}": str(value) for slot, value in second.items()}
    return _intake_case(desk, ({**first, "status": status}, {**second, "status": status}), slots)


CLIENT_INTAKE = Family(
    name="client_intake",
    task="CREATE NEW CLIENT",
    level=2,
    needs=(ClientIntake,),
    share=3,
    blueprints=(
        Blueprint("nobody_said_one", "success", _draw_no_status),
        Blueprint("status_said", "success", _draw_status_said, level=1),
        Blueprint("one_after_the_other", "success", _draw_two_newcomers),
    ),
)

# -- looking around at a client ---------------------------------------------------------------------------------------


def _asked_about(desk: Desk, client: Row) -> Target:
    """Return a client as the record that any colleague asks about."""
    target = client_target(desk, lambda row: row is client)
    return dataclasses.replace(target, actor=desk.colleague().handle)


def _known(field: str, row: Row) -> Work:
    return telling(f"The {field.replace('_', ' ')} is {row[field]}.", {field: row[field]})


def _draw_all_about_it(desk: Desk) -> Case:
    """Five questions: status, owner, contacts, open deals, what these come to."""
    client = desk.client(lambda row: len(desk.shelf.contacts_of(row)) > 1 and len(open_deals(desk, row)) > 1)
    target = _asked_about(desk, client)
    people = [full_name(row) for row in desk.shelf.contacts_of(client)]

    def look(plan: Plan, client_id: str) -> None:
        plan.call("contact_search", client_id=client_id)

    works = (
        _known("status", client),
        _known("owner", client),
        telling(f"We know {', '.join(people)}.", {"contacts": people}, look),
        list_deals_work(desk, client),
        total_work(desk, client),
    )
    return in_turns(target, {"client": target.called}, works)


def _draw_largest_deal(desk: Desk) -> Case:
    """Three questions: which deals are open, which one is the largest, when that one closes."""
    client = desk.client(
        lambda row: len(open_deals(desk, row)) > 1 and all(deal["close_date"] for deal in open_deals(desk, row))
    )
    target, largest = _asked_about(desk, client), largest_of(open_deals(desk, client))
    name = largest["name"]
    criteria = {"stage": {"in": list(OPEN_STAGES)}, "order_by": "-amount", "limit": 1}

    def rank(plan: Plan, client_id: str) -> None:
        plan.call("opportunity_search", client_id=client_id, **criteria)

    works = (
        list_deals_work(desk, client),
        telling(f"The largest of them is {name}.", {"name": name}, rank),
        _known("close_date", largest),
    )
    return in_turns(target, {"client": target.called}, works)


CLIENT_OVERVIEW = Family(
    name="client_overview",
    task="CLIENT SEARCH",
    level=3,
    share=2,
    blueprints=(
        Blueprint("all_about_it", "success", _draw_all_about_it),
        Blueprint("largest_deal", "success", _draw_largest_deal),
    ),
)

FAMILIES = (ACCOUNT_REFERENCE, CLIENT_UPDATE, CLIENT_VALUES, CLIENT_OWNERSHIP, CLIENT_INTAKE, CLIENT_OVERVIEW)
