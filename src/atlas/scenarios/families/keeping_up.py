"""What follows from a phone call, and what is got ready before a contract ends."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from functools import partial
from typing import Final, cast

from atlas.core.clock import start_of_business
from atlas.core.ids import draw_uuid
from atlas.crm.records import Entity, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import AmountRounding, Escalation, Renewal
from atlas.scenarios.conventions.deals import OPEN_STAGES
from atlas.scenarios.desk import Desk
from atlas.scenarios.families.contract_rows import Patch, patched, years_before
from atlas.scenarios.families.deal_groups import (
    Account,
    account_of,
    change_goals,
    deal_change,
    deal_id_of,
    names_of,
)
from atlas.scenarios.families.expect import created
from atlas.scenarios.families.mending import Slip, Target, Work, client_target, mended_case, note_work
from atlas.scenarios.families.moves import seek_contact, seek_deal
from atlas.scenarios.families.replanning import NewDeal, new_deal
from atlas.scenarios.families.turns import full_name, in_turns, open_deals, telling
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import Disclosure
from atlas.verify.goals import ExpectedChange, Goal, RequiredQuestion

# ---------------------------------------------------------------------------------------------------------------------
# After a phone call

_SAID = (
    "Rang during lunch, call back in the afternoon.", "Moves to their new office in spring.",
    "Wants all papers by e-mail from now on.", "Was at the fair and liked our stand.",
    "Speaks for the whole purchasing team now.", "Asked for our sustainability report.",
    "Works from home on Mondays.", "Had trouble with the last delivery, is calm again.",
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class _PhoneCall:
    """Somebody at a client who rang, what was said, and the client's deals."""

    contact: Row
    account: Account
    content: str

    @property
    def noted(self) -> ExpectedChange:
        """Expect what was said in a note on the contact."""
        fields = {"entity_type": "Contact", "entity_id": self.contact["contact_id"], "content": self.content}
        return created(Entity.NOTE, fields)

    def note(self, plan: Plan, contact_id: str) -> None:
        """Leave the note, and say so."""
        plan.call("add_note", entity_type="Contact", entity_id=contact_id, content=self.content)
        plan.respond(f"The note is on {full_name(self.contact)}.")

    def slots(self, day: str) -> dict[str, str]:
        """Return the slots of the wordings."""
        return {"person": full_name(self.contact), "client": self.account.name, "content": self.content, "day": day}


def _phone_call(desk: Desk, wanted: range) -> _PhoneCall:
    """Return a call from a client with so many open deals."""
    contact = desk.pick(
        row for row in desk.shelf.unmistakable_contacts if len(open_deals(desk, desk.shelf.client_of(row))) in wanted
    )
    return _PhoneCall(contact, account_of(desk, desk.shelf.client_of(contact)), desk.pick(_SAID))


def _open_deals_of(plan: Plan, client_id: str) -> str:
    """Look up the open deals of a client; return what stands for the id of the first."""
    found = plan.call("opportunity_search", client_id=client_id, stage={"in": list(OPEN_STAGES)})
    return found.at("results.0.opportunity_id")


def _seek_caller(plan: Plan, call: _PhoneCall, *, reading: bool) -> tuple[str, str]:
    """Look up who rang; return what stands for the ids of the contact and of the client."""
    if not reading:
        found = plan.call("contact_search", first_name=call.contact["first_name"], last_name=call.contact["last_name"])
        return found.at("results.0.contact_id"), found.at("results.0.client_id")
    shown = plan.call("contact_details", contact_id=seek_contact(plan, call.contact))
    return shown.at("contact.contact_id"), shown.at("client.client_id")


def _draw_their_only_deal(desk: Desk) -> Case:
    """A note on who rang; then the close date of the only deal that is open with the client."""
    call = _phone_call(desk, range(1, 2))
    (deal,) = call.account.open_deals
    day = desk.later_day(deal["close_date"], 14, 120)
    change = deal_change(desk, deal, {"close_date": day})
    place = sorted(names_of(call.account.deals), key=str.casefold).index(str(deal["name"]))

    def play(*, reading: bool) -> Plan:
        plan = Plan()
        contact_id, client_id = _seek_caller(plan, call, reading=reading)
        call.note(plan, contact_id)
        if reading:
            page = plan.call("client_details", client_id=client_id)
            deal_id = page.at(f"opportunities.{place}.opportunity_id")
        else:
            deal_id = _open_deals_of(plan, client_id)
        change.carry_out(plan, deal_id)
        plan.respond(f"{deal['name']} closes on {day} now.")
        return plan

    expected, allowed = change_goals((change,))
    goal = Goal(expected_changes=(call.noted, *expected), allowed_changes=allowed)
    solutions = (play(reading=False).solution(), play(reading=True).solution())
    return Case(call.slots(desk.day(day)), desk.actor_for(deal), goal, solutions)


def _draw_two_deals(desk: Desk) -> Case:
    """The same, where several deals are open, so that "their deal" has to be asked about."""
    call = _phone_call(desk, range(2, 6))
    deals = sorted(call.account.open_deals, key=deal_id_of)
    meant = desk.pick(deals)
    day = desk.later_day(meant["close_date"], 14, 120)
    change, names = deal_change(desk, meant, {"close_date": day}), names_of(deals)

    def play(*, reading: bool) -> Plan:
        plan = Plan()
        contact_id, client_id = _seek_caller(plan, call, reading=reading)
        call.note(plan, contact_id)
        _open_deals_of(plan, client_id)
        plan.ask(f"{call.account.name} has {'; '.join(names)} open. Which one?", ReasonCode.AMBIGUOUS_REQUEST)
        change.carry_out(plan, seek_deal(plan, meant))
        plan.respond(f"{meant['name']} closes on {day} now.")
        return plan

    def guess() -> Plan:
        plan = Plan()
        contact_id, client_id = _seek_caller(plan, call, reading=False)
        call.note(plan, contact_id)
        deal_id = _open_deals_of(plan, client_id)
        plan.call("modify_opportunity", opportunity_id=deal_id, close_date=day)
        plan.respond(f"Their deal closes on {day} now.")
        return plan

    expected, allowed = change_goals((change,))
    about = tuple(names)
    goal = Goal(expected_changes=(call.noted, *expected), allowed_changes=allowed, must_ask=RequiredQuestion(about))
    answer = desk.pick(("{}, that's the one.", "We talked about {}.", "Oh, of course. {}."))
    return Case(
        call.slots(desk.day(day)),
        desk.actor_for(meant),
        goal,
        (play(reading=False).solution(), play(reading=True).solution()),
        disclosures=(Disclosure((*about, "which"), answer.format(meant["name"])),),
        blunder=guess().solution(),
    )


CALL_FOLLOW_UP = Family(
    name="call_follow_up",
    task="ADD NOTE",
    level=3,
    share=2,
    blueprints=(
        Blueprint("their_only_deal", "success", _draw_their_only_deal),
        Blueprint("two_deals", "failure", _draw_two_deals, failure="several_records"),
    ),
)

# ---------------------------------------------------------------------------------------------------------------------
# Contracts that end soon

_PAGES: Final = ("frame_agreement.pdf", "annex_prices.xlsx", "annex_service.docx", "signature_page.pdf")
_FILES: Final = ("renewal_offer.pdf", "usage_report.xlsx", "renewal_slides.pptx", "price_history.csv", "review.docx")
_OUTLOOK = (
    "They are happy with the service.", "Want to talk about more seats first.", "A competitor has called on them.",
    "Renewal is in their budget.", "Their lawyer wants a shorter term.", "Decision lies with the head office.",
)  # fmt: skip
_DEAREST = 20_000_000  # cents, about the value of the largest contracts


@dataclasses.dataclass(frozen=True, slots=True)
class _Ending:
    """A client whose only contract ends soon.

    Attributes:
        client: The client, asked about by some seller.
        contract: The contract.
    """

    client: Target
    contract: Row

    @property
    def end(self) -> str:
        """Its last day."""
        return str(self.contract["end_date"])

    @property
    def patch(self) -> Patch:
        """The row that makes it so."""
        return (patched(Entity.CONTRACT, self.contract),)

    def renewal(self, desk: Desk, product: str, close_date: str) -> NewDeal:
        """Return the deal for its renewal."""
        value = desk.house.need(Renewal).value_cents(cast("int", self.contract["value"]))
        return new_deal(desk, self.client.row, product, value, {"close_date": close_date})


def _ending(desk: Desk) -> _Ending:
    client = client_target(desk, lambda row: not desk.shelf.contracts_of(row))
    end = desk.coming_day(12, 75)
    row: Row = {
        "contract_id": draw_uuid(desk.rng),
        "client_id": client.id,
        "opportunity_id": None,
        "start_date": (date.fromisoformat(years_before(end, 1)) + timedelta(days=1)).isoformat(),
        "end_date": end,
        "value": _contract_value(desk),
        "status": "Active",
        "document_url": None,
    }
    return _Ending(dataclasses.replace(client, actor=desk.seller().handle), row)


def _contract_value(desk: Desk) -> int:
    """Return the value of a contract, such a one that what is some percent above it needs no rounding."""
    rule = desk.house.get(AmountRounding)
    if rule is None:
        return desk.round_amount(8, 160)
    whole = rule.step_cents * 100
    return whole * desk.pick(range(1, max(_DEAREST // whole, 1) + 1))


def _see_contracts(plan: Plan, client_id: str) -> None:
    plan.call("contract_search", client_id=client_id)


def _opening(deal: NewDeal, actor: str) -> Work:
    return Work(deal.enter, f"{deal.name} is opened.", (deal.expected,), deal.allowed(actor))


def _draw_deal_for_it(desk: Desk) -> Case:
    """Until when a contract runs and what it is worth; then a deal for its renewal."""
    ending, product = _ending(desk), desk.product()
    deal = ending.renewal(desk, product, ending.end)
    facts = {"end_date": ending.end, "value": shown_amount(ending.contract["value"])}
    seen = telling(f"It ends on {facts['end_date']} and is worth {facts['value']}.", facts, _see_contracts)
    slots = {"client": ending.client.called, "product": product, "start": deal.start}
    return in_turns(ending.client, slots, (seen, _opening(deal, ending.client.actor)), patch=ending.patch)


def _draw_other_end(desk: Desk) -> Case:
    """The contract ends on another day than the user thinks, and the deal is to close when it ends."""
    ending, product = _ending(desk), desk.product()
    wrong = desk.coming_day(80, 160)
    deal = ending.renewal(desk, product, ending.end)
    misled = dataclasses.replace(deal, values={**deal.values, "close_date": wrong})
    day = date.fromisoformat(ending.end)
    slip = Slip(
        about=(ending.end, f"{day.day} {day:%B %Y}", f"{day:%B} {day.day}, {day.year}"),
        message=f"The contract with {ending.client.called} ends on {ending.end}, not on {wrong}.",
        mend="Then go by the day that is in the CRM, the rest stands.",
        bad=misled.enter,
        reason=ReasonCode.MISMATCH,
        look=_see_contracts,
    )
    slots = {
        "client": ending.client.called, "product": product, "day": desk.day(wrong), "start": deal.start,
    }  # fmt: skip
    case = mended_case(ending.client, slots, slip, _opening(deal, ending.client.actor))
    return dataclasses.replace(case, patch=ending.patch)


def _on_contract(desk: Desk, ending: _Ending) -> Target:
    """Return the contract as the record that somebody asks about for whom contracts are changed."""
    client, rule = ending.client, desk.house.get(Escalation)
    actor = rule.handle if rule is not None and rule.duty == "contracts" else str(client.row["owner"])

    def search(plan: Plan) -> str:
        return plan.call("contract_search", client_id=client.seekers[0](plan)).at("results.0.contract_id")

    def read(plan: Plan) -> str:
        found = plan.call("contract_search", client_id=client.seekers[0](plan), order_by="-end_date")
        return plan.call("contract_details", contract_id=found.at("results.0.contract_id")).at("contract.contract_id")

    called = f"the contract with {client.called}"
    return Target(Entity.CONTRACT, ending.contract, called, actor, (search, read))


def _draw_papers(desk: Desk) -> Case:
    """Which documents a contract has; then another one, and a note."""
    ending = _ending(desk)
    target, file, content = _on_contract(desk, ending), desk.pick(_FILES), desk.pick(_OUTLOOK)
    names, made = desk.rng.sample(_PAGES, 2), desk.today - timedelta(days=desk.rng.randint(200, 300))
    stored = desk.house.file_name(file, desk.today)

    def look(plan: Plan, contract_id: str) -> None:
        plan.call("list_documents", entity_type="Contract", entity_id=contract_id)

    fields = {"entity_type": "Contract", "entity_id": target.id, "file_name": stored}
    works = (
        telling(f"There are {' and '.join(names)}.", {"documents": names}, look),
        Work(partial(target.attach, file_name=stored), f"{stored} is there now.", (created(Entity.DOCUMENT, fields),)),
        note_work(target, content),
    )
    slots = {"client": ending.client.called, "file": file, "content": content}
    files = tuple(patched(Entity.DOCUMENT, _file_row(desk, target.id, name, made)) for name in names)
    return in_turns(target, slots, works, patch=(*ending.patch, *files))


def _file_row(desk: Desk, contract_id: str, name: str, made: date) -> Row:
    return {
        "document_id": draw_uuid(desk.rng),
        "entity_type": "Contract",
        "entity_id": contract_id,
        "file_name": name,
        "uploaded_by": desk.seller().handle,
        "uploaded_at": start_of_business(made).isoformat(),
        "file_url": None,
    }


RENEWAL_PREP = Family(
    name="renewal_prep",
    task="CREATE NEW OPPORTUNITY",
    level=2,
    needs=(Renewal,),
    share=1,
    blueprints=(
        Blueprint("deal_for_it", "success", _draw_deal_for_it),
        Blueprint("papers", "success", _draw_papers),
        Blueprint("other_end", "failure", _draw_other_end, failure="stale_reference"),
    ),
)

FAMILIES = (CALL_FOLLOW_UP, RENEWAL_PREP)
