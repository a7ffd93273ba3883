"""Making contracts: with everything said, with days that follow from the deal, with a paper first."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date
from typing import cast

from atlas.crm.records import Entity, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import ContractDocument, ContractTerm
from atlas.scenarios.desk import Desk
from atlas.scenarios.families.contract_rows import (
    Patch,
    deal_contract,
    documents_on,
    draw_terms,
    make_contract,
    refused_first,
    won_deal,
    years_before,
)
from atlas.scenarios.families.expect import created, told
from atlas.scenarios.families.moves import seek_client
from atlas.scenarios.house import shown_amount
from atlas.scenarios.naming import INDUSTRIES, plain_ascii
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import Disclosure
from atlas.verify.goals import Goal

_SLIP_YEARS = 4  # longer than any term drawn here, so that a year mistaken by it ends a contract before it starts


# ---------------------------------------------------------------------------------------------------------------------
# With everything said


def _draw_for_deal(desk: Desk) -> Case:
    deal, patch = won_deal(desk)
    client, terms = desk.shelf.client_of(deal), draw_terms(desk, deal)

    def play(*, by_client: bool) -> Plan:
        plan = Plan()
        if by_client:
            client_id = seek_client(plan, client)
            found = plan.call("opportunity_search", criteria={"client_id": client_id, "name": deal["name"]})
            deal_id = found.at("results.0.opportunity_id")
            documents_on(plan, deal_id)
            plan.call("create_contract", client_id=client_id, opportunity_id=deal_id, **terms.values)
        else:
            make_contract(plan, desk, deal, terms.values, reading=True)
        plan.respond(f"The contract for {deal['name']} is entered, {terms.start} to {terms.end}.")
        return plan

    goal = Goal(expected_changes=(created(Entity.CONTRACT, deal_contract(deal, terms.values)),))
    slots = {"client": str(client["name"]), "deal": str(deal["name"]), **terms.slots(desk)}
    solutions = (play(by_client=True).solution(), play(by_client=False).solution())
    return Case(slots, desk.actor_for(deal), goal, solutions, patch=patch)


def _draw_two_clients(desk: Desk) -> Case:
    """Two contracts without a deal; the second is said in terms of the first."""
    client, terms = desk.client(), draw_terms(desk)
    other = desk.client(lambda row: row["client_id"] != client["client_id"])
    second = dataclasses.replace(terms, cents=desk.round_amount(8, 160))

    def play(*, looking: bool) -> Plan:
        plan = Plan()
        for party, agreed in ((client, terms), (other, second)):
            if looking:
                found = plan.call("client_search", criteria={"name": {"equals": party["name"]}})
                client_id = found.at("results.0.client_id")
                plan.call("client_details", client_id=client_id)
            else:
                client_id = seek_client(plan, party)
            plan.call("create_contract", client_id=client_id, **agreed.values)
            plan.respond(f"The contract with {party['name']} is entered, {agreed.start} to {agreed.end}.")
        return plan

    parties = ((client, terms), (other, second))
    goal = Goal(
        expected_changes=tuple(
            created(Entity.CONTRACT, {"client_id": party["client_id"], **agreed.values}) for party, agreed in parties
        )
    )
    slots = {"client": str(client["name"]), "other": str(other["name"]), "second": desk.money(second.cents)}
    solutions = (play(looking=False).solution(), play(looking=True).solution())
    return Case({**terms.slots(desk), **slots}, desk.actor_for(client), goal, solutions)


def _draw_end_before_start(desk: Desk) -> Case:
    client, terms = desk.client(), draw_terms(desk)
    wrong = {**terms.values, "end_date": years_before(terms.end, _SLIP_YEARS)}

    def play(*, trying: bool) -> Plan:
        plan = Plan()
        client_id = seek_client(plan, client)
        if trying:
            plan.call("create_contract", client_id=client_id, **wrong)
        else:
            plan.call("contract_search", client_id=client_id)
        plan.decline(
            f"The end date {wrong['end_date']} lies before the start date {terms.start}; nothing was entered.",
            ReasonCode.INVALID_VALUE,
        )
        plan.call("create_contract", client_id=client_id, **terms.values)
        plan.respond(f"The contract with {client['name']} runs from {terms.start} to {terms.end}.")
        return plan

    blunder = Plan()
    blunder.call("create_contract", client_id=seek_client(blunder, client), **wrong)
    blunder.respond(f"The contract with {client['name']} is entered.")
    said = desk.day(terms.end)
    goal = Goal(
        expected_changes=(created(Entity.CONTRACT, {"client_id": client["client_id"], **terms.values}),),
        must_refuse=refused_first(ReasonCode.INVALID_VALUE, "end date", "end_date", "before", str(wrong["end_date"])),
    )
    slots = {**terms.slots(desk), "client": str(client["name"]), "wrong": desk.day(str(wrong["end_date"])), "end": said}
    return Case(
        slots,
        desk.actor_for(client),
        goal,
        (play(trying=False).solution(), play(trying=True).solution()),
        disclosures=(Disclosure(("date", "end", "year", "start"), f"It ends on {said}, of course.", instead_of=1),),
        blunder=blunder.solution(),
    )


def _draw_unknown_client(desk: Desk) -> Case:
    client, terms = desk.client(), draw_terms(desk)
    stranger = desk.names.firm(desk.pick(INDUSTRIES))

    def play(*, again: bool) -> Plan:
        plan = Plan()
        plan.call("client_search", name=stranger)
        if again:
            plan.call("company_search", name=stranger)
        plan.decline(f"There is no client {stranger}, so I entered no contract.", ReasonCode.NOT_FOUND)
        plan.call("create_contract", client_id=seek_client(plan, client), **terms.values)
        plan.respond(f"The contract with {client['name']} is entered.")
        return plan

    blunder = Plan()
    email = f"office@{plain_ascii(stranger)}.example"
    made = blunder.call("create_new_client", name=stranger, email=email, status="Active")
    blunder.call("create_contract", client_id=made.at("client_id"), **terms.values)
    blunder.respond(f"The contract with {stranger} is entered.")
    goal = Goal(
        expected_changes=(created(Entity.CONTRACT, {"client_id": client["client_id"], **terms.values}),),
        must_refuse=refused_first(ReasonCode.NOT_FOUND, stranger),
    )
    about = (stranger, "client", "which", "name", "who")
    return Case(
        {**terms.slots(desk), "stranger": stranger, "client": str(client["name"])},
        desk.actor_for(client),
        goal,
        (play(again=False).solution(), play(again=True).solution()),
        disclosures=(Disclosure(about, f"Sorry, the client is {client['name']}.", instead_of=1),),
        blunder=blunder.solution(),
    )


def _draw_foreign_deal(desk: Desk) -> Case:
    """A client and a deal of another one; the user then leaves it to the record whose deal it is."""
    deal, patch = won_deal(desk)
    client, terms = desk.shelf.client_of(deal), draw_terms(desk, deal)
    other = desk.client(lambda row: row["client_id"] != client["client_id"])

    def play(*, trying: bool) -> Plan:
        plan = Plan()
        found = plan.call("opportunity_search", name=deal["name"])
        deal_id, client_id = found.at("results.0.opportunity_id"), found.at("results.0.client_id")
        if trying:
            plan.call("create_contract", client_id=seek_client(plan, other), opportunity_id=deal_id, **terms.values)
            plan.call("view_opportunity_details", opportunity_id=deal_id)
        else:
            plan.call("client_details", client_id=client_id)
        plan.decline(f"{deal['name']} is a deal with {client['name']}, not with {other['name']}.", ReasonCode.MISMATCH)
        documents_on(plan, deal_id)
        plan.call("create_contract", client_id=client_id, opportunity_id=deal_id, **terms.values)
        plan.respond(f"The contract for {deal['name']} is made out to {client['name']}.")
        return plan

    blunder = Plan()
    deal_id = blunder.call("opportunity_search", name=deal["name"]).at("results.0.opportunity_id")
    blunder.call("create_contract", client_id=seek_client(blunder, other), opportunity_id=deal_id, **terms.values)
    blunder.respond(f"The contract with {other['name']} is entered.")
    goal = Goal(
        expected_changes=(created(Entity.CONTRACT, deal_contract(deal, terms.values)),),
        must_refuse=refused_first(ReasonCode.MISMATCH, str(client["name"])),
    )
    answer = "The deal is right. Make it out to the client that the deal is with."
    return Case(
        {**terms.slots(desk), "deal": str(deal["name"]), "other": str(other["name"])},
        desk.actor_for(deal),
        goal,
        (play(trying=False).solution(), play(trying=True).solution()),
        disclosures=(Disclosure(("client", "which", "deal", str(client["name"])), answer, instead_of=1),),
        patch=patch,
        blunder=blunder.solution(),
    )


CONTRACT_ENTRY = Family(
    name="contract_entry",
    task="CREATE NEW CONTRACT",
    level=3,
    share=2,
    blueprints=(
        Blueprint("for_a_deal", "success", _draw_for_deal),
        Blueprint("two_clients", "success", _draw_two_clients),
        Blueprint("end_before_start", "failure", _draw_end_before_start, failure="date_order"),
        Blueprint("unknown_client", "failure", _draw_unknown_client, failure="unknown_parent"),
        Blueprint("foreign_deal", "failure", _draw_foreign_deal, failure="cross_mismatch"),
    ),
)


# ---------------------------------------------------------------------------------------------------------------------
# Days that follow from the deal


def _usual_values(desk: Desk, deal: Row, status: str) -> dict[str, object]:
    start, end = desk.house.need(ContractTerm).dates(date.fromisoformat(str(deal["close_date"])))
    return {"start_date": start, "end_date": end, "value": shown_amount(deal["amount"]), "status": status}


def _draw_usual_term(desk: Desk) -> Case:
    deal, patch = won_deal(desk)
    values = _usual_values(desk, deal, desk.pick(("Active", "Pending")))
    slots = {"deal": str(deal["name"]), "status": str(values["status"])}
    return _term_case(desk, deal, patch, values, slots)


def _draw_promised_days(desk: Desk) -> Case:
    desk.house.need(ContractTerm)
    deal, patch = won_deal(desk)
    terms = dataclasses.replace(draw_terms(desk), cents=cast("int", deal["amount"]))
    slots = terms.slots(desk)
    return _term_case(desk, deal, patch, terms.values, {**slots, "deal": str(deal["name"])})


def _term_case(desk: Desk, deal: Row, patch: Patch, values: Mapping[str, object], slots: Mapping[str, str]) -> Case:
    def play(*, reading: bool) -> Plan:
        plan = Plan()
        make_contract(plan, desk, deal, values, reading=reading)
        plan.respond(f"{deal['name']} has its contract: {values['start_date']} to {values['end_date']}.")
        return plan

    goal = Goal(expected_changes=(created(Entity.CONTRACT, deal_contract(deal, values)),))
    solutions = (play(reading=False).solution(), play(reading=True).solution())
    return Case(slots, desk.actor_for(deal), goal, solutions, patch=patch)


def _draw_next_deal(desk: Desk) -> Case:
    """Two deals in turn, the second the same way; nobody says a status, so both contracts are pending."""
    first, patch = won_deal(desk)
    second, more = won_deal(desk, other_than=first["opportunity_id"])
    pairs = tuple((deal, _usual_values(desk, deal, "Pending")) for deal in (first, second))

    def play(*, reading: bool) -> Plan:
        plan = Plan()
        for deal, values in pairs:
            make_contract(plan, desk, deal, values, reading=reading)
            plan.respond(f"{deal['name']} has its contract: {values['start_date']} to {values['end_date']}.")
        return plan

    goal = Goal(expected_changes=tuple(created(Entity.CONTRACT, deal_contract(*pair)) for pair in pairs))
    slots = {"deal": str(first["name"]), "other": str(second["name"])}
    solutions = (play(reading=True).solution(), play(reading=False).solution())
    return Case(slots, desk.manager().handle, goal, solutions, patch=(*patch, *more))


CONTRACT_TERM = Family(
    name="contract_term",
    task="CREATE NEW CONTRACT",
    level=2,
    needs=(ContractTerm,),
    share=2,
    blueprints=(
        Blueprint("usual_term", "success", _draw_usual_term),
        Blueprint("promised_days", "success", _draw_promised_days, level=1),
        Blueprint("next_deal", "success", _draw_next_deal),
    ),
)


# ---------------------------------------------------------------------------------------------------------------------
# A paper first


def _draw_paper_missing(desk: Desk) -> Case:
    rule = desk.house.need(ContractDocument)
    deal, patch = won_deal(desk, paper=False)
    terms = draw_terms(desk, deal)
    file = f"{rule.word}_{desk.pick(('signed', 'final', 'scan', 'copy'))}.pdf"
    stored = desk.house.file_name(file, desk.today)
    document = {"entity_type": "Opportunity", "entity_id": deal["opportunity_id"], "file_name": stored}

    def play(*, reading: bool) -> Plan:
        plan = Plan()
        found = plan.call("opportunity_search", name=deal["name"])
        deal_id, client_id = found.at("results.0.opportunity_id"), found.at("results.0.client_id")
        if reading:
            plan.call("view_opportunity_details", opportunity_id=deal_id)
        else:
            documents_on(plan, deal_id)
        plan.decline(
            f"There is no {rule.word} document on {deal['name']} yet; I can't make the contract without it.",
            ReasonCode.MISSING_PREREQUISITE,
        )
        plan.call("upload_document", entity_type="Opportunity", entity_id=deal_id, file_name=stored)
        plan.call("create_contract", client_id=client_id, opportunity_id=deal_id, **terms.values)
        plan.respond(f"{stored} is on {deal['name']}, and the contract is entered.")
        return plan

    blunder = Plan()
    make_contract(blunder, desk, deal, terms.values, reading=False)
    blunder.respond(f"The contract for {deal['name']} is entered.")
    goal = Goal(
        expected_changes=(
            created(Entity.DOCUMENT, document),
            created(Entity.CONTRACT, deal_contract(deal, terms.values)),
        ),
        must_refuse=refused_first(ReasonCode.MISSING_PREREQUISITE, rule.word),
    )
    answer = f"I have it here: {file}. Please upload it to the deal, and then I need the contract as I said."
    return Case(
        {**terms.slots(desk), "deal": str(deal["name"]), "file": file},
        desk.actor_for(deal),
        goal,
        (play(reading=False).solution(), play(reading=True).solution()),
        disclosures=(Disclosure((rule.word, "document", "file", "paper"), answer, instead_of=1),),
        patch=patch,
        blunder=blunder.solution(),
    )


def _draw_paper_there(desk: Desk) -> Case:
    """The paper is there; what is filed with the deal is asked for afterwards."""
    desk.house.need(ContractDocument)
    deal, patch = won_deal(desk)
    terms = draw_terms(desk, deal)
    added = tuple(str(row.fields["file_name"]) for row in patch if row.entity is Entity.DOCUMENT)
    files = (*desk.shelf.files_of(deal), *added)

    def play(*, reading: bool) -> Plan:
        plan = Plan()
        made = make_contract(plan, desk, deal, terms.values, reading=reading)
        plan.respond(f"The contract for {deal['name']} is entered.")
        documents_on(plan, made.at("opportunity_id"))
        plan.respond(f"On {deal['name']} there is: {', '.join(files)}.", documents=list(files))
        return plan

    goal = Goal(
        expected_changes=(created(Entity.CONTRACT, deal_contract(deal, terms.values)),),
        answers=(told("documents", files),),
    )
    slots = {**terms.slots(desk), "deal": str(deal["name"]), "client": str(desk.shelf.client_of(deal)["name"])}
    solutions = (play(reading=False).solution(), play(reading=True).solution())
    return Case(slots, desk.actor_for(deal), goal, solutions, patch=patch)


CONTRACT_PAPER = Family(
    name="contract_paper",
    task="CREATE NEW CONTRACT",
    level=2,
    needs=(ContractDocument,),
    share=1.5,
    blueprints=(
        Blueprint("paper_missing", "failure", _draw_paper_missing, failure="missing_paper"),
        Blueprint("paper_there", "success", _draw_paper_there),
    ),
)

FAMILIES = (CONTRACT_ENTRY, CONTRACT_TERM, CONTRACT_PAPER)
