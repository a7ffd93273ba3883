"""Contracts that are there: renewing them, telling about them, changing them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, timedelta
from typing import cast

from atlas.crm.records import Entity, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import Escalation, Renewal
from atlas.scenarios.conventions.contracts import last_day_of_term
from atlas.scenarios.desk import Desk, NothingFitsError
from atlas.scenarios.families.contract_rows import (
    Patch,
    client_without_contract,
    contract_row,
    contracted_client,
    end_of,
    patched,
    refused_first,
    seek_contract,
    won_deal,
    years_before,
)
from atlas.scenarios.families.expect import created, told, updated
from atlas.scenarios.families.moves import seek_client
from atlas.scenarios.house import shown_amount
from atlas.scenarios.naming import INDUSTRIES
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import Disclosure
from atlas.verify.goals import ChangePattern, Equals, Goal, Operation

_FOUND = "results.0"
_SLIP_YEARS = 4  # longer ago than any active contract began
_FOREIGN_STATUSES = {"Terminated": "Expired", "Finished": "Expired", "Suspended": "Pending", "On Hold": "Pending"}
_STRANGER_CHANCE = 0.5  # share of questions about a contract that is not there whose client is not there either


# ---------------------------------------------------------------------------------------------------------------------
# Renewing


def _renewal_values(desk: Desk, old: Row) -> dict[str, object]:
    rule = desk.house.need(Renewal)
    start, end = rule.dates(date.fromisoformat(str(old["end_date"])))
    value = shown_amount(rule.value_cents(cast("int", old["value"])))
    return {"start_date": start, "end_date": end, "value": value, "status": "Pending"}


def _renewed(old: Row, values: Mapping[str, object]) -> Goal:
    """Expect a new contract; one that names the deal of the old one is as good."""
    deal_id, named = old["opportunity_id"], "opportunity_id"
    pattern = ChangePattern(Entity.CONTRACT, Operation.CREATE, fields=(named,), where={named: Equals(deal_id)})
    return Goal(
        expected_changes=(created(Entity.CONTRACT, {"client_id": old["client_id"], **values}),),
        allowed_changes=(pattern,) if deal_id else (),
    )


def _draw_renewal_told(desk: Desk) -> Case:
    client, (old,), patch = contracted_client(desk, "Active")
    values = _renewal_values(desk, old)

    def play(*, reading: bool) -> Plan:
        plan = Plan()
        client_id = seek_client(plan, client)
        plan.call("client_details" if reading else "contract_search", client_id=client_id)
        made = plan.call("create_contract", client_id=client_id, **values)
        plan.respond(f"The contract with {client['name']} is renewed.")
        if reading:
            plan.call("contract_details", contract_id=made.at("contract_id"))
        text = f"The new contract runs until {values['end_date']} and is worth {values['value']}."
        plan.respond(text, end_date=values["end_date"], value=values["value"])
        return plan

    answers = (told("end_date", values["end_date"]), told("value", values["value"]))
    goal = dataclasses.replace(_renewed(old, values), answers=answers)
    solutions = (play(reading=False).solution(), play(reading=True).solution())
    return Case({"client": str(client["name"])}, desk.actor_for(client), goal, solutions, patch=patch)


def _draw_last_to_end(desk: Desk) -> Case:
    """Several contracts; the one to renew is the one that ends last."""
    statuses = desk.pick((("Active", "Active"), ("Expired", "Active", "Active"), ("Expired", "Active")))
    client, rows, patch = contracted_client(desk, *statuses)
    old = max(rows, key=end_of)
    values = _renewal_values(desk, old)

    def play(*, reading: bool) -> Plan:
        plan = Plan()
        client_id = seek_client(plan, client)
        if reading:
            plan.call("client_details", client_id=client_id)
        plan.call("contract_search", client_id=client_id, order_by="-end_date", limit=None if reading else 1)
        plan.call("create_contract", client_id=client_id, **values)
        plan.respond(f"{client['name']} has a new contract from {values['start_date']} to {values['end_date']}.")
        return plan

    solutions = (play(reading=False).solution(), play(reading=True).solution())
    slots = {"client": str(client["name"])}
    return Case(slots, desk.actor_for(client), _renewed(old, values), solutions, patch=patch)


def _draw_nothing_to_renew(desk: Desk) -> Case:
    """A client that has no contract; the user meant another one."""
    client, (old,), patch = contracted_client(desk, "Active")
    bare = client_without_contract(desk, client)
    values = _renewal_values(desk, old)

    def play(*, reading: bool) -> Plan:
        plan = Plan()
        bare_id = seek_client(plan, bare)
        plan.call("client_details" if reading else "contract_search", client_id=bare_id)
        plan.decline(f"{bare['name']} has no contract that could be renewed.", ReasonCode.NOT_FOUND)
        client_id = seek_client(plan, client)
        plan.call("client_details" if reading else "contract_search", client_id=client_id)
        plan.call("create_contract", client_id=client_id, **values)
        plan.respond(f"The contract with {client['name']} is renewed until {values['end_date']}.")
        return plan

    blunder = Plan()
    blunder.call("create_contract", client_id=seek_client(blunder, bare), status="Pending")
    blunder.respond(f"The contract with {bare['name']} is renewed.")
    needed = refused_first(ReasonCode.NOT_FOUND, str(bare["name"]), "no contract")
    goal = dataclasses.replace(_renewed(old, values), must_refuse=needed)
    about = ("contract", "client", "which", str(bare["name"]))
    return Case(
        {"bare": str(bare["name"]), "client": str(client["name"])},
        desk.actor_for(client),
        goal,
        (play(reading=False).solution(), play(reading=True).solution()),
        disclosures=(Disclosure(about, f"I mean the contract with {client['name']}, sorry.", instead_of=1),),
        patch=patch,
        blunder=blunder.solution(),
    )


CONTRACT_RENEWAL = Family(
    name="contract_renewal",
    task="CREATE NEW CONTRACT",
    level=2,
    needs=(Renewal,),
    share=2,
    blueprints=(
        Blueprint("renewal_told", "success", _draw_renewal_told),
        Blueprint("last_to_end", "success", _draw_last_to_end),
        Blueprint("nothing_to_renew", "failure", _draw_nothing_to_renew, failure="unknown_record"),
    ),
)


# ---------------------------------------------------------------------------------------------------------------------
# Telling


def _draw_until_when(desk: Desk) -> Case:
    client, (contract,), patch = contracted_client(desk, desk.pick(("Active", "Pending")))
    end, value = contract["end_date"], shown_amount(contract["value"])

    def play(*, reading: bool) -> Plan:
        plan = Plan()
        client_id = seek_client(plan, client)
        plan.call("client_details" if reading else "contract_search", client_id=client_id)
        plan.respond(f"The contract with {client['name']} ends on {end}.", end_date=end)
        plan.respond(f"It is worth {value}.", value=value)
        return plan

    goal = Goal(answers=(told("end_date", end), told("value", value)))
    solutions = (play(reading=False).solution(), play(reading=True).solution())
    return Case({"client": str(client["name"])}, desk.colleague().handle, goal, solutions, patch=patch)


def _draw_which_contracts(desk: Desk) -> Case:
    """All contracts of a client by their first days, then one of them, known by its status."""
    client, rows, patch = contracted_client(desk, "Expired", "Active", "Pending")
    starts = tuple(str(row["start_date"]) for row in rows)
    meant = desk.pick(rows)
    status, end, value = str(meant["status"]), meant["end_date"], shown_amount(meant["value"])

    def play(*, again: bool) -> Plan:
        plan = Plan()
        client_id = seek_client(plan, client)
        plan.call("contract_search", client_id=client_id)
        plan.respond(f"{client['name']} has contracts from {', '.join(starts)}.", contracts=list(starts))
        if again:
            plan.call("contract_search", criteria={"client_id": client_id, "status": status})
        plan.respond(f"The {status} one ends on {end}.", end_date=end)
        plan.respond(f"It is worth {value}.", value=value)
        return plan

    facts = (told("contracts", starts), told("end_date", end), told("value", value))
    solutions = (play(again=False).solution(), play(again=True).solution())
    slots = {"client": str(client["name"]), "status": status}
    return Case(slots, desk.colleague().handle, Goal(answers=facts), solutions, patch=patch)


def _draw_of_the_deal(desk: Desk) -> Case:
    """A contract known by the deal that it came from."""
    deal, patch = won_deal(desk)
    contract = contract_row(desk, desk.shelf.client_of(deal), desk.pick(("Active", "Pending")), deal)
    start, status, value = contract["start_date"], contract["status"], shown_amount(contract["value"])

    def play(*, reading: bool) -> Plan:
        plan = Plan()
        deal_id = plan.call("opportunity_search", name=deal["name"]).at(f"{_FOUND}.opportunity_id")
        found = plan.call("contract_search", opportunity_id=deal_id)
        if reading:
            plan.call("contract_details", contract_id=found.at(f"{_FOUND}.contract_id"))
        plan.respond(f"The contract for {deal['name']} starts on {start}.", start_date=start)
        plan.respond(f"It is {status} and worth {value}.", status=status, value=value)
        return plan

    goal = Goal(answers=(told("start_date", start), told("status", status), told("value", value)))
    solutions = (play(reading=False).solution(), play(reading=True).solution())
    rows = (*patch, patched(Entity.CONTRACT, contract))
    return Case({"deal": str(deal["name"])}, desk.colleague().handle, goal, solutions, patch=rows)


def _draw_no_contract(desk: Desk) -> Case:
    """A client without any contract, or one that nobody knows; then a client that has one."""
    client, (contract,), patch = contracted_client(desk, desk.pick(("Active", "Pending")))
    unknown = desk.rng.random() < _STRANGER_CHANCE
    bare = desk.names.firm(desk.pick(INDUSTRIES)) if unknown else str(client_without_contract(desk, client)["name"])
    start, status = contract["start_date"], contract["status"]
    why = f"There is no client {bare}." if unknown else f"{bare} has no contract with us."

    def play(*, reading: bool) -> Plan:
        plan = Plan()
        found = plan.call("client_search", name=bare)
        if not unknown:
            plan.call("contract_search", client_id=found.at(f"{_FOUND}.client_id"))
        elif reading:
            plan.call("company_search", name=bare)
        plan.decline(why, ReasonCode.NOT_FOUND)
        plan.call("client_details" if reading else "contract_search", client_id=seek_client(plan, client))
        plan.respond(
            f"The contract with {client['name']} starts on {start}, {status}.", start_date=start, status=status
        )
        return plan

    blunder = Plan()
    blunder.call("client_search", name=bare)
    blunder.respond(f"The contract with {bare} is Active since {desk.today.isoformat()}.", status="Active")
    goal = Goal(
        answers=(told("start_date", start), told("status", status)),
        must_refuse=refused_first(ReasonCode.NOT_FOUND, bare),
    )
    return Case(
        {"bare": bare, "client": str(client["name"])},
        desk.colleague().handle,
        goal,
        (play(reading=False).solution(), play(reading=True).solution()),
        disclosures=(Disclosure((bare, "client", "which"), f"Tell me about {client['name']} instead.", instead_of=1),),
        patch=patch,
        blunder=blunder.solution(),
    )


CONTRACT_LOOKUP = Family(
    name="contract_lookup",
    task="CONTRACT SEARCH",
    level=3,
    share=2,
    blueprints=(
        Blueprint("until_when", "success", _draw_until_when),
        Blueprint("which_contracts", "success", _draw_which_contracts),
        Blueprint("of_the_deal", "success", _draw_of_the_deal),
        Blueprint("no_contract", "failure", _draw_no_contract, failure="unknown_record"),
    ),
)


# ---------------------------------------------------------------------------------------------------------------------
# Changing contracts


def contract_keeper(desk: Desk, client: Row) -> str:
    """Return the handle of somebody who may have the contracts of a client changed."""
    rule = desk.house.get(Escalation)
    return rule.handle if rule and rule.duty == "contracts" else desk.actor_for(client)


def _draw_end_early(desk: Desk) -> Case:
    client, (contract,), patch = contracted_client(desk, "Active")
    end = desk.coming_day(8, 60)
    if end >= end_of(contract):
        raise NothingFitsError("the contract ends before that day")

    def play(*, reading: bool) -> Plan:
        plan = Plan()
        contract_id = seek_contract(plan, client, reading=reading)
        plan.call("modify_contract", contract_id=contract_id, end_date=end)
        plan.respond(f"The contract with {client['name']} ends on {end} now.")
        return plan

    goal = Goal(expected_changes=(updated(Entity.CONTRACT, contract["contract_id"], {"end_date": end}),))
    slots = {"client": str(client["name"]), "day": desk.day(end)}
    solutions = (play(reading=False).solution(), play(reading=True).solution())
    return Case(slots, contract_keeper(desk, client), goal, solutions, patch=patch)


def _draw_new_terms(desk: Desk) -> Case:
    """The pending one of two contracts: a new value, a later last day, then it is in force."""
    client, rows, patch = contracted_client(desk, "Active", "Pending")
    contract = next(row for row in rows if row["status"] == "Pending")
    later = date.fromisoformat(end_of(contract)) + timedelta(days=1)
    end = last_day_of_term(later, desk.pick((3, 6, 12))).isoformat()
    value = _other_value(desk, contract)
    values: dict[str, object] = {"value": shown_amount(value), "end_date": end, "status": "Active"}

    def play(*, wrapped: bool) -> Plan:
        plan = Plan()
        contract_id = seek_contract(plan, client, reading=wrapped, status="Pending")
        for name, new in values.items():
            step = {name: new}
            plan.call("modify_contract", contract_id=contract_id, **({"updates": step} if wrapped else step))
            plan.respond(f"The {name.replace('_', ' ')} is {new} now.")
        return plan

    goal = Goal(expected_changes=(updated(Entity.CONTRACT, contract["contract_id"], values),))
    slots = {"client": str(client["name"]), "value": desk.money(value), "day": desk.day(end)}
    solutions = (play(wrapped=False).solution(), play(wrapped=True).solution())
    return Case(slots, contract_keeper(desk, client), goal, solutions, patch=patch)


def _other_value(desk: Desk, contract: Row) -> int:
    return desk.pick(cents for cents in (desk.round_amount(8, 160) for _ in range(2)) if cents != contract["value"])


def _draw_ends_before_start(desk: Desk) -> Case:
    client, (contract,), patch = contracted_client(desk, "Active")
    end = desk.coming_day(30, 200, instead_of=contract["end_date"])
    wrong = years_before(end, _SLIP_YEARS)
    start = str(contract["start_date"])
    said = {"wrong": desk.day(wrong), "day": desk.day(end)}
    slip = _Slip(
        wrong={"end_date": wrong},
        right={"end_date": end},
        said=said,
        why=f"The contract with {client['name']} started on {start}, so it can't end on {wrong}.",
        about=(start,),
        asked=("date", "end", "year", start),
        answer=f"I had the wrong year, it ends on {said['day']}.",
    )
    return _slip_case(desk, slip, client=client, contract=contract, patch=patch)


def _draw_for_nothing(desk: Desk) -> Case:
    client, (contract,), patch = contracted_client(desk, desk.pick(("Active", "Pending")))
    value, present = _other_value(desk, contract), shown_amount(contract["value"])
    said = {"zero": desk.pick(("0", "0 EUR", "€0")), "value": desk.money(value)}
    slip = _Slip(
        wrong={"value": 0},
        right={"value": shown_amount(value)},
        said=said,
        why=f"A contract has no value of 0; the one with {client['name']} keeps its {present}.",
        about=("value", str(present)),
        asked=("value", "amount", "worth", "much"),
        answer=f"Make it {said['value']} then.",
    )
    return _slip_case(desk, slip, client=client, contract=contract, patch=patch)


def _draw_no_such_status(desk: Desk) -> Case:
    client, (contract,), patch = contracted_client(desk, "Active")
    word, right = desk.pick(_FOREIGN_STATUSES.items())
    slip = _Slip(
        wrong={"status": word},
        right={"status": right},
        said={"word": word, "status": right},
        why=f"There is no contract status {word}; a contract is Active, Pending or Expired.",
        about=("Active", "Pending", "Expired"),
        asked=("status", "Expired", "Pending"),
        answer=f"{right} is fine.",
    )
    return _slip_case(desk, slip, client=client, contract=contract, patch=patch)


@dataclasses.dataclass(frozen=True, slots=True)
class _Slip:
    """A change that no contract can take, and the one that the user asks for then.

    Attributes:
        wrong: The field with the impossible value.
        right: The same field with the value that is meant.
        said: Slots: both values as people write them.
        why: What the user has to be told.
        about: What a refusal has to name, one of these.
        asked: Words of a question that the right value answers.
        answer: What the user says to such a question.
    """

    wrong: Mapping[str, object]
    right: Mapping[str, object]
    said: Mapping[str, str]
    why: str
    about: tuple[str, ...]
    asked: tuple[str, ...]
    answer: str


def _slip_case(desk: Desk, slip: _Slip, *, client: Row, contract: Row, patch: Patch) -> Case:
    def play(*, trying: bool) -> Plan:
        plan = Plan()
        contract_id = seek_contract(plan, client, reading=not trying)
        if trying:
            plan.call("modify_contract", contract_id=contract_id, **slip.wrong)
        else:
            plan.call("contract_details", contract_id=contract_id)
        plan.decline(slip.why, ReasonCode.INVALID_VALUE)
        plan.call("modify_contract", contract_id=contract_id, **slip.right)
        plan.respond(f"The contract with {client['name']} is changed.")
        return plan

    blunder = Plan()
    blunder.call("modify_contract", contract_id=seek_contract(blunder, client, reading=False), **slip.wrong)
    blunder.respond(f"The contract with {client['name']} is changed.")
    goal = Goal(
        expected_changes=(updated(Entity.CONTRACT, contract["contract_id"], slip.right),),
        must_refuse=refused_first(ReasonCode.INVALID_VALUE, *slip.about),
    )
    return Case(
        {"client": str(client["name"]), **slip.said},
        contract_keeper(desk, client),
        goal,
        (play(trying=False).solution(), play(trying=True).solution()),
        disclosures=(Disclosure(slip.asked, slip.answer, instead_of=1),),
        patch=patch,
        blunder=blunder.solution(),
    )


CONTRACT_CHANGE = Family(
    name="contract_change",
    task="MODIFY CONTRACT",
    level=3,
    share=2,
    blueprints=(
        Blueprint("end_early", "success", _draw_end_early),
        Blueprint("new_terms", "success", _draw_new_terms),
        Blueprint("ends_before_start", "failure", _draw_ends_before_start, failure="date_order"),
        Blueprint("for_nothing", "failure", _draw_for_nothing, failure="zero_amount"),
        Blueprint("no_such_status", "failure", _draw_no_such_status, failure="invalid_enum"),
    ),
)


FAMILIES = (CONTRACT_RENEWAL, CONTRACT_LOOKUP, CONTRACT_CHANGE)
