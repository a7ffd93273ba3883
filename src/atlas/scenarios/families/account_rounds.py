"""A client looked at before a meeting, a client taken leave of, and a person who is in the CRM twice."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Final

from atlas.core.ids import draw_uuid
from atlas.crm.records import Entity, ReasonCode, Row
from atlas.crm.schema import to_shown
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import DealRetirement, Discretion, DuplicatePolicy, QuoteWithdrawal, StageFields
from atlas.scenarios.conventions.deals import OPEN_STAGES
from atlas.scenarios.desk import Desk, NothingFitsError, is_open
from atlas.scenarios.families.contract_rows import contract_row, patched, refused_first
from atlas.scenarios.families.deal_groups import (
    Account,
    DealChange,
    account_of,
    amount_of,
    change_goals,
    deal_change,
    deal_id_of,
    names_of,
)
from atlas.scenarios.families.expect import created, told, updated
from atlas.scenarios.families.mending import Slip, Target, client_target, contact_target, enter_contact, mended_case
from atlas.scenarios.families.moves import seek_and_read_deal, seek_client, seek_deal
from atlas.scenarios.families.quote_rows import Found, Mended, by_search, by_view, play, quoted_deal
from atlas.scenarios.families.turns import full_name, new_phone, open_deals, set_work
from atlas.scenarios.house import House, shown_amount
from atlas.scenarios.naming import plain_ascii
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import Disclosure
from atlas.verify.goals import ChangePattern, Goal, Operation, RequiredMention

_ASKING: Final = ("instead", "which", "what", "should", "else", "sure")  # of a question about what is declined
_INACTIVE: Final = "Inactive"

# ---------------------------------------------------------------------------------------------------------------------
# Before a meeting


def _biggest(desk: Desk, client: Row) -> Sequence[Row]:
    """Return the biggest open deal of a client that has several, where that one deal has just one quote."""
    deals = sorted(open_deals(desk, client), key=amount_of, reverse=True)
    if len(deals) in (0, 1) or amount_of(deals[0]) == amount_of(deals[1]):
        return ()
    return deals[:1] if len(desk.shelf.quotes_of(deals[0])) == 1 else ()


def _one_of_a_kind(desk: Desk, client: Row) -> Sequence[Row]:
    """Return the people at a client who have an e-mail address and a job title that nobody else there has."""
    people = desk.shelf.contacts_of(client)
    titles = Counter(row["title"] for row in people)
    return [row for row in people if row["title"] and titles[row["title"]] == 1 and row["email"]]


def _draw_on_the_way(desk: Desk) -> Case:
    """Four questions, each about what the one before led to."""
    client = desk.client(lambda row: bool(_biggest(desk, row) and _one_of_a_kind(desk, row)))
    account, person = account_of(desk, client), desk.pick(_one_of_a_kind(desk, client))
    biggest, names = _biggest(desk, client)[0], names_of(account.open_deals)
    quote = desk.shelf.quotes_of(biggest)[0]
    facts: tuple[dict[str, object], ...] = (
        {"opportunities": names},
        {"name": biggest["name"], "stage": biggest["stage"]},
        {"amount": shown_amount(quote["amount"]), "status": quote["status"]},
        {"email": person["email"]},
    )

    def play_it(*, reading: bool) -> Plan:
        plan = Plan()
        deal_id = (account.read if reading else account.list_open)(plan)[deal_id_of(biggest)]
        plan.respond(f"Open: {'; '.join(names)}.", **facts[0])
        plan.respond(f"{biggest['name']}, which is in {biggest['stage']}.", **facts[1])
        plan.call("quote_search" if reading else "view_opportunity_details", opportunity_id=deal_id)
        plan.respond(f"{facts[2]['amount']}, the quote is {quote['status']}.", **facts[2])
        plan.respond(f"{full_name(person)} has {person['email']}.", **facts[3])
        return plan

    answers = tuple(told(name, value) for turn in facts for name, value in turn.items())
    slots = {"client": account.name, "title": str(person["title"])}
    solutions = (play_it(reading=False).solution(), play_it(reading=True).solution())
    return Case(slots, desk.colleague().handle, Goal(answers=answers), solutions)


def _draw_terms(desk: Desk) -> Case:
    """What the client is to us, what the contract says, and which papers are on one of its deals."""
    deal = desk.open_deal(
        lambda row: bool(desk.shelf.files_of(row)) and not desk.shelf.contracts_of(desk.shelf.client_of(row))
    )
    client, files = desk.shelf.client_of(deal), desk.shelf.files_of(deal)
    contract = contract_row(desk, client, "Active")
    facts: tuple[dict[str, object], ...] = (
        {"status": client["status"], "owner": client["owner"]},
        {"end_date": contract["end_date"], "value": shown_amount(contract["value"])},
        {"documents": files},
    )

    def play_it(*, reading: bool) -> Plan:
        plan = Plan()
        found = plan.call("client_search", criteria={"name": {"equals": client["name"]}})
        if reading:
            plan.call("client_details", client_id=found.at("results.0.client_id"))
        plan.respond(f"It is {client['status']} and belongs to {client['owner']}.", **facts[0])
        if not reading:
            plan.call("contract_search", client_id=found.at("results.0.client_id"), status="Active")
        plan.respond(f"Until {facts[1]['end_date']}, for {facts[1]['value']}.", **facts[1])
        if reading:
            seek_and_read_deal(plan, deal)
        else:
            plan.call("list_documents", entity_type="Opportunity", entity_id=seek_deal(plan, deal))
        plan.respond(f"{', '.join(files)}.", **facts[2])
        return plan

    answers = tuple(told(name, value) for turn in facts for name, value in turn.items())
    slots = {"client": str(client["name"]), "deal": str(deal["name"])}
    solutions = (play_it(reading=False).solution(), play_it(reading=True).solution())
    patch = (patched(Entity.CONTRACT, contract),)
    return Case(slots, desk.colleague().handle, Goal(answers=answers), solutions, patch=patch)


_REMARKS = (
    "They would pay more if pressed.", "Their boss is against it.", "We have slack in the delivery plan.",
    "They do not know about the new version.", "Their old supplier is cheaper.",
)  # fmt: skip


def _draw_not_in_the_brief(desk: Desk) -> Case:
    """A sheet for the client's eyes: one thing about the deal is for us alone, another may stand there."""
    field = desk.house.need(Discretion).field
    today = desk.today.isoformat()
    deal = desk.open_deal(lambda row: row["probability"] is not None and str(row["close_date"] or "") >= today)
    patch = ()
    if field == "notes":
        deal = {**deal, "notes": desk.pick(_REMARKS)}
        patch = (patched(Entity.OPPORTUNITY, deal),)
    amount, day = shown_amount(deal["amount"]), deal["close_date"]
    kept = f"I can't put the {field} there, that is for us alone."

    def play_it(*, asking: bool) -> Plan:
        plan = Plan()
        (seek_and_read_deal if asking else seek_deal)(plan, deal)
        plan.respond(f"It is worth {amount}.", amount=amount)
        if asking:
            plan.ask(f"{kept} What else should I give you?", ReasonCode.CONFIDENTIAL)
        else:
            plan.decline(kept, ReasonCode.CONFIDENTIAL)
        plan.respond(f"It should close on {day}.", close_date=day)
        return plan

    careless = Plan()
    seek_deal(careless, deal)
    careless.respond(f"It is worth {amount}.", amount=amount)
    careless.respond(f"For the sheet: {deal[field]}.", **{field: to_shown(Entity.OPPORTUNITY, field, deal[field])})
    goal = Goal(
        answers=(told("amount", amount), told("close_date", day)),
        must_refuse=refused_first(ReasonCode.CONFIDENTIAL, field),
    )
    client = str(desk.shelf.client_of(deal)["name"])
    actor = desk.seller(other_than=deal["owner"]).handle if field == "owner" else desk.actor_for(deal)
    return Case(
        {"client": client, "deal": str(deal["name"]), "item": field},
        actor,
        goal,
        (play_it(asking=False).solution(), play_it(asking=True).solution()),
        disclosures=(Disclosure((field, *_ASKING), "Then give me the close date for it.", instead_of=2),),
        patch=patch,
        blunder=careless.solution(),
    )


MEETING_BRIEF = Family(
    name="meeting_brief",
    task="VIEW OPPORTUNITY DETAILS",
    level=3,
    share=3,
    blueprints=(
        Blueprint("on_the_way", "success", _draw_on_the_way),
        Blueprint("terms", "success", _draw_terms),
        Blueprint(
            "not_in_the_brief",
            "failure",
            _draw_not_in_the_brief,
            when=lambda house: house.get(Discretion) is not None,
            failure="not_for_outsiders",
            level=2,
        ),
    ),
)

# ---------------------------------------------------------------------------------------------------------------------
# A client that is one no more


@dataclasses.dataclass(frozen=True, slots=True)
class _Leaving:
    """A client that is to become inactive, and the changes that end its open deals; a manager asks."""

    target: Target
    account: Account
    changes: Sequence[DealChange]

    def look(self, plan: Plan, *, reading: bool) -> tuple[str, dict[str, str]]:
        """Look the client and its deals up; return what stands for their ids."""
        client_id = seek_client(plan, self.target.row)
        if reading:
            page = plan.call("client_details", client_id=client_id)
            ordered = sorted(self.account.deals, key=lambda deal: str(deal["name"]).casefold())
            places = {deal_id_of(deal): f"opportunities.{n}" for n, deal in enumerate(ordered)}
        else:
            page = plan.call("opportunity_search", client_id=client_id, stage={"in": list(OPEN_STAGES)})
            ordered = sorted(self.account.open_deals, key=deal_id_of)
            places = {deal_id_of(deal): f"results.{n}" for n, deal in enumerate(ordered)}
        return client_id, {deal_id: page.at(f"{place}.opportunity_id") for deal_id, place in places.items()}

    def case(self, goal: Goal, listed: Sequence[str] = ()) -> Case:
        """Return the case in which the deals end, told before if ``listed``, and then the client leaves."""
        plans = (Plan(), Plan())
        for plan in plans:
            client_id, ids = self.look(plan, reading=plan is plans[1])
            if listed:
                plan.respond(f"Open: {'; '.join(listed)}.", opportunities=listed)
            for change in self.changes:
                change.carry_out(plan, ids[deal_id_of(change.deal)])
            plan.respond(f"{'; '.join(names_of(self.account.open_deals))}: Closed-Lost now.")
            plan.call("modify_client", client_id=client_id, status=_INACTIVE)
            plan.respond(f"{self.target.called} is {_INACTIVE} now.")
        solutions = tuple(plan.solution() for plan in plans)
        return Case({"client": self.target.called}, self.target.actor, goal, solutions)

    @property
    def goal(self) -> Goal:
        """What has to have changed in the end."""
        expected, allowed = change_goals(self.changes)
        status = updated(Entity.CLIENT, self.target.id, {"status": _INACTIVE})
        return Goal(expected_changes=(*expected, status), allowed_changes=(*allowed, self.target.may_note))


def _leaving(desk: Desk, remark: str | None = None) -> _Leaving:
    """Return a client with a few open deals; a remark goes into the notes of the deals, if one is given."""

    def fits(client: Row) -> bool:
        deals = open_deals(desk, client)
        lost = all(remark is not None or "Closed-Lost" in desk.free_stages(deal) for deal in deals)
        return client["status"] != _INACTIVE and len(deals) in range(2, 4) and lost

    target = client_target(desk, fits)
    account = account_of(desk, target.row)
    values = desk.house.stage_values("Closed-Lost") | ({} if remark is None else {"notes": remark})
    changes = tuple(deal_change(desk, deal, values) for deal in account.open_deals)
    return _Leaving(dataclasses.replace(target, actor=desk.manager().handle), account, changes)


def _draw_step_by_step(desk: Desk) -> Case:
    """What is open, all of it lost, the client inactive."""
    leaving = _leaving(desk)
    names = names_of(leaving.account.open_deals)
    return leaving.case(dataclasses.replace(leaving.goal, answers=(told("opportunities", names),)), listed=names)


def _draw_deals_deleted(desk: Desk) -> Case:
    """The open deals are to be deleted, which the house does in its own way; then the client becomes inactive."""
    leaving = _leaving(desk, desk.house.need(DealRetirement).remark)

    careless = Plan()
    _, ids = leaving.look(careless, reading=False)
    for deal_id in ids.values():
        careless.call("delete_opportunity", opportunity_id=deal_id)
    careless.respond("Deleted.")
    told_so, deletion = RequiredMention(("Closed-Lost", "lost")), ChangePattern(Entity.OPPORTUNITY, Operation.DELETE)
    goal = dataclasses.replace(leaving.goal, mentions=(told_so,), forbidden=(deletion,))
    case = leaving.case(goal)
    return dataclasses.replace(case, blunder=careless.solution())


def _draw_locked_quote(desk: Desk) -> Case:
    """A quote that the house does not take back any more; the client becomes inactive all the same."""
    rule = desk.house.need(QuoteWithdrawal)
    quoted = quoted_deal(
        desk, rule.locked, fits=lambda row: is_open(row) and desk.shelf.client_of(row)["status"] != _INACTIVE
    )
    client = desk.shelf.client_of(quoted.deal)
    message = f"The quote for {quoted.name} is {rule.locked}; such quotes are not taken back."

    def talk(plan: Plan, found: Found, *, asking: bool) -> None:
        if asking:
            plan.ask(f"{message} What should I do instead?", ReasonCode.POLICY_VIOLATION)
        else:
            plan.decline(message, ReasonCode.POLICY_VIOLATION)
        plan.call("modify_client", client_id=found.client_id, status=_INACTIVE)
        plan.respond(f"{client['name']} is {_INACTIVE} now.")

    def insist(plan: Plan, found: Found) -> None:
        plan.call("cancel_quote", quote_id=found.quote(quoted.quotes[0]))
        plan.respond("The quote is taken back.")

    mended = Mended(
        quoted,
        ReasonCode.POLICY_VIOLATION,
        about=(rule.locked,),
        asked=(rule.locked, *_ASKING),
        answer=f"Then leave the quote and set {client['name']} to {_INACTIVE}.",
        changes=(updated(Entity.CLIENT, client["client_id"], {"status": _INACTIVE}),),
    )
    solutions = (
        play(quoted, lambda plan, found: talk(plan, found, asking=False), by_search),
        play(quoted, lambda plan, found: talk(plan, found, asking=True), by_view),
    )
    case = mended.case(desk, {"client": str(client["name"])}, solutions, play(quoted, insist, by_search))
    return dataclasses.replace(case, actor=desk.manager().handle)


def _loses_freely(house: House) -> bool:
    """Tell whether a deal is lost without any remark in its notes."""
    rule = house.get(StageFields)
    return house.get(DealRetirement) is None and (rule is None or rule.stage != "Closed-Lost")


CLIENT_CLOSING = Family(
    name="client_closing",
    task="MODIFY CLIENT",
    level=3,
    share=2,
    blueprints=(
        Blueprint("step_by_step", "success", _draw_step_by_step, when=_loses_freely),
        Blueprint(
            "deals_deleted",
            "failure",
            _draw_deals_deleted,
            when=lambda house: house.get(DealRetirement) is not None,
            failure="delete_where_cancel",
            level=2,
        ),
        Blueprint(
            "locked_quote",
            "failure",
            _draw_locked_quote,
            when=lambda house: house.get(QuoteWithdrawal) is not None,
            failure="locked_record",
            level=2,
        ),
    ),
)

# ---------------------------------------------------------------------------------------------------------------------
# One person, two entries

_SURPLUS = (
    "Same person twice, use the other entry.", "Second entry, please do not use.", "Entered twice by mistake.",
    "Old entry, see the other one.", "Double, to be ignored from now on.",
)  # fmt: skip


def _draw_best_of_both(desk: Desk) -> Case:
    """The phone number of one entry goes into the other; then a note on the one that is too many."""
    first = desk.pick(row for row in desk.shelf.unmistakable_contacts if row["email"] and row["phone"])
    client, content = desk.shelf.client_of(first), desk.pick(_SURPLUS)
    domain = str(client["email"]).partition("@")[2]
    email = f"{plain_ascii(str(first['last_name']))}.{plain_ascii(str(first['first_name']))}@{domain}"
    second: Row = {**first, "contact_id": draw_uuid(desk.rng), "email": email, "phone": new_phone(desk)}
    entries = sorted((first, second), key=lambda row: str(row["contact_id"]))
    kept, surplus = desk.rng.sample(entries, 2)
    names = {"first_name": {"equals": first["first_name"]}, "last_name": {"equals": first["last_name"]}}

    def play_it(*, by_client: bool) -> Plan:
        plan = Plan()
        where = {"client_id": seek_client(plan, client)} if by_client else {}
        found = plan.call("contact_search", criteria={**names, **where})
        ids = [found.at(f"results.{place}.contact_id") for place in range(2)]
        plan.call("modify_contact", contact_id=ids[entries.index(kept)], phone=surplus["phone"])
        plan.respond(f"The entry with {kept['email']} has {surplus['phone']} now.")
        surplus_id = ids[entries.index(surplus)]
        plan.call("add_note", entity_type="Contact", entity_id=surplus_id, content=content)
        plan.respond("The note is on the other entry.")
        return plan

    note = {"entity_type": "Contact", "entity_id": surplus["contact_id"], "content": content}
    phone = updated(Entity.CONTACT, kept["contact_id"], {"phone": surplus["phone"]})
    expected = (phone, created(Entity.NOTE, note))
    slots = {
        "person": full_name(first), "client": str(client["name"]), "email": str(kept["email"]), "content": content,
    }  # fmt: skip
    solutions = (play_it(by_client=False).solution(), play_it(by_client=True).solution())
    patch = (patched(Entity.CONTACT, second),)
    return Case(slots, str(client["owner"]), Goal(expected_changes=expected), solutions, patch=patch)


def _draw_entered_again(desk: Desk) -> Case:
    """Somebody whom we have is to be entered with a new address; it goes to the entry that is there."""
    desk.house.need(DuplicatePolicy)
    target = contact_target(desk)
    contact, client = target.row, desk.shelf.client_of(target.row)
    email = f"{plain_ascii(str(contact['first_name']))}@{str(client['email']).partition('@')[2]}"
    if email == contact["email"]:
        raise NothingFitsError("the contact has that address already")
    values = {name: contact[name] for name in ("first_name", "last_name", "title")}

    def enter(plan: Plan, contact_id: str) -> None:  # noqa: ARG001 - fills a slot of Slip
        enter_contact(plan, seek_client(plan, client), {**values, "email": email})

    def look(plan: Plan, contact_id: str) -> None:
        plan.call("contact_details", contact_id=contact_id)

    slip = Slip(
        about=(str(contact["email"]), full_name(contact)),
        message=f"{full_name(contact)} is there already, with {contact['email']}; I entered nothing.",
        mend="Then only put the new address into the entry that we have.",
        bad=enter,
        reason=ReasonCode.DUPLICATE,
        look=look,
    )
    slots = {
        "person": full_name(contact), "client": str(client["name"]), "title": str(contact["title"]), "email": email,
    }  # fmt: skip
    return mended_case(target, slots, slip, set_work(target, {"email": email}))


CONTACT_CLEANUP = Family(
    name="contact_cleanup",
    task="MODIFY CONTACT",
    level=3,
    share=2,
    blueprints=(
        Blueprint("best_of_both", "success", _draw_best_of_both),
        Blueprint(
            "entered_again",
            "failure",
            _draw_entered_again,
            when=lambda house: house.get(DuplicatePolicy) is not None,
            failure="duplicate_record",
            level=2,
        ),
    ),
)

FAMILIES = (MEETING_BRIEF, CLIENT_CLOSING, CONTACT_CLEANUP)
