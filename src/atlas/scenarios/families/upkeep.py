"""Deals that nobody looked after, deals to be got rid of, and what is said about deals inside and outside the house."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from atlas.crm.records import Entity, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import DealRetirement, Discretion, IdleDeal
from atlas.scenarios.desk import Desk
from atlas.scenarios.families.contract_rows import patched, refused_first
from atlas.scenarios.families.deal_groups import (
    Account,
    DealChange,
    Talk,
    busy_account,
    change_goals,
    deal_change,
    deal_id_of,
    late_account,
    named,
    named_and_read,
    names_of,
    talk_case,
)
from atlas.scenarios.families.expect import refusal, told
from atlas.scenarios.families.moves import seek_and_read_deal, seek_deal
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import Disclosure, PatchedRow
from atlas.verify.goals import AnswerFact, ChangePattern, Equals, Goal, Operation, RequiredMention, Solution

_REMARKS = (
    "Waits for the budget round.",
    "No word from them since the demo.",
    "They compare us with two others.",
    "Champion left the firm.",
    "Wants to start small.",
)

# ---------------------------------------------------------------------------------------------------------------------
# Overdue deals


def _tidied(desk: Desk, deal: Row) -> DealChange:
    rule = desk.house.need(IdleDeal)
    if rule.action == "push":
        return deal_change(desk, deal, {"close_date": rule.close_date(desk.today)})
    return deal_change(desk, deal, desk.house.stage_values("Closed-Lost"))


def _tidied_text(change: DealChange) -> str:
    told_values = ", ".join(f"{field.replace('_', ' ')} {value}" for field, value in change.values.items())
    return f"{change.deal['name']}: {told_values}."


def _forgotten(desk: Desk, count: int) -> tuple[Account, tuple[Row, ...]]:
    """Return a client with so many overdue deals, which may be closed as lost without further words."""
    return late_account(desk, count, notes=desk.pick(_REMARKS))


def _draw_one_overdue(desk: Desk) -> Case:
    account, (deal,) = _forgotten(desk, 1)
    change = _tidied(desk, deal)
    slots = {"deal": str(deal["name"])}
    talks = (Talk(_tidied_text(change), (change,)),)
    case = talk_case(desk.actor_for(deal), slots, (named(deal), named_and_read(deal)), talks)
    return dataclasses.replace(case, patch=account.patch)


def _draw_all_but_one(desk: Desk) -> Case:
    """Everything overdue is tidied up, save one deal that is alive after all."""
    account, late = _forgotten(desk, desk.pick((2, 2, 3)))
    alive = desk.pick(late)
    points = desk.pick(value for value in range(20, 91, 5) if value != alive["probability"])
    changes = [_tidied(desk, deal) for deal in late if deal is not alive]
    talks = (
        Talk(" ".join(_tidied_text(change) for change in changes), changes),
        Talk(f"{alive['name']} has a probability of {points} now.", (DealChange(alive, {"probability": points}),)),
    )
    slots = {"client": account.name, "deal": str(alive["name"]), "points": str(points)}
    case = talk_case(desk.actor_for(alive), slots, (account.read, account.list_open), talks)
    return dataclasses.replace(case, patch=account.patch)


def _draw_which_then_longest(desk: Desk) -> Case:
    account, late = _forgotten(desk, desk.pick((2, 2, 3)))
    change = _tidied(desk, late[0])
    names = names_of(late)
    talks = (
        Talk(f"Overdue at {account.name}: {'; '.join(names)}.", facts={"opportunities": names}),
        Talk(_tidied_text(change), (change,)),
    )
    case = talk_case(desk.actor_for(late[0]), {"client": account.name}, (account.list_open, account.read), talks)
    return dataclasses.replace(case, patch=account.patch)


IDLE_DEALS = Family(
    name="idle_deals",
    task="MODIFY OPPORTUNITY",
    level=2,
    needs=(IdleDeal,),
    share=4,
    blueprints=(
        Blueprint("one_overdue", "success", _draw_one_overdue),
        Blueprint("all_but_one", "success", _draw_all_but_one),
        Blueprint("which_then_longest", "success", _draw_which_then_longest),
    ),
)

# ---------------------------------------------------------------------------------------------------------------------
# Deals that are to be deleted

_RETIRED = RequiredMention(("Closed-Lost", "closed lost", "closed as lost", "lost"))


def _retired(desk: Desk, deal: Row) -> DealChange:
    remark = desk.house.need(DealRetirement).remark
    return deal_change(desk, deal, {**desk.house.stage_values("Closed-Lost"), "notes": remark})


def _retired_text(changes: tuple[DealChange, ...]) -> str:
    names = " and ".join(names_of(change.deal for change in changes))
    return f"We delete no deals; {names}: set to Closed-Lost instead, with our remark."


def _no_deletion(*deals: Row) -> tuple[ChangePattern, ...]:
    return tuple(ChangePattern(Entity.OPPORTUNITY, Operation.DELETE, deal_id_of(deal)) for deal in deals)


def _deleted(*deals: Row) -> Solution:
    """Return the run of somebody who deletes what is to be deleted."""
    plan = Plan()
    for deal in deals:
        plan.call("delete_opportunity", opportunity_id=seek_deal(plan, deal))
    plan.respond("Deleted.")
    return plan.solution()


def _retirement(case: Case, *deals: Row) -> Case:
    """Return a case about deals to be deleted with what they all have: a mention, no deletion, a careless run."""
    goal = dataclasses.replace(case.goal, mentions=(_RETIRED,), forbidden=_no_deletion(*deals))
    return dataclasses.replace(case, goal=goal, blunder=_deleted(*deals))


def _draw_unwanted(desk: Desk) -> Case:
    deal = desk.open_deal()
    changes = (_retired(desk, deal),)
    ways = (named(deal), named_and_read(deal))
    case = talk_case(desk.actor_for(deal), {"deal": str(deal["name"])}, ways, (Talk(_retired_text(changes), changes),))
    return _retirement(case, deal)


def _draw_two_unwanted(desk: Desk) -> Case:
    """Two deals of a client go; then the user asks which ones are left."""
    account = busy_account(desk, 3)
    first, second = desk.rng.sample(account.open_deals, 2)
    changes = (_retired(desk, first), _retired(desk, second))
    rest = names_of(deal for deal in account.open_deals if deal not in (first, second))
    talks = (
        Talk(_retired_text(changes), changes),
        Talk(f"Still open at {account.name}: {'; '.join(rest)}.", facts={"opportunities": rest}),
    )
    slots = {"client": account.name, "first": str(first["name"]), "second": str(second["name"])}
    case = talk_case(desk.actor_for(first), slots, (account.read, account.list_open), talks)
    return _retirement(case, first, second)


def _draw_closed_already(desk: Desk) -> Case:
    """A won deal stays as it is; the one that was meant is still open."""
    won = desk.deal(lambda row: row["stage"] == "Closed-Won")
    meant = desk.open_deal(lambda row: row["owner"] == won["owner"])
    change = _retired(desk, meant)
    message = f"{won['name']} is in Closed-Won; it can't be taken off the list any more."

    def play(*, asking: bool) -> Plan:
        plan = Plan()
        if asking:
            seek_deal(plan, won)
            plan.ask(f"{message} What should I do instead?", ReasonCode.CLOSED_RECORD)
        else:
            seek_and_read_deal(plan, won)
            plan.decline(message, ReasonCode.CLOSED_RECORD)
        change.carry_out(plan, seek_deal(plan, meant))
        plan.respond(_retired_text((change,)))
        return plan

    careless = Plan()
    careless.call("modify_opportunity", opportunity_id=seek_deal(careless, won), stage="Closed-Lost")
    careless.respond("Done, it is off the list.")
    expected, allowed = change_goals((change,))
    goal = Goal(
        expected_changes=expected,
        allowed_changes=allowed,
        forbidden=_no_deletion(won, meant),
        must_refuse=refused_first(ReasonCode.CLOSED_RECORD, "Closed-Won", "is won", "was won"),
        mentions=(_RETIRED,),
    )
    answer = Disclosure(
        ("closed", "won", "instead", "which", "what", "sure"),
        f"Then I mixed them up, I want {meant['name']} deleted.",
        instead_of=1,
    )
    slots = {"deal": str(won["name"]), "other": str(meant["name"])}
    solutions = (play(asking=False).solution(), play(asking=True).solution())
    return Case(slots, desk.actor_for(meant), goal, solutions, disclosures=(answer,), blunder=careless.solution())


DEAL_RETIREMENT = Family(
    name="deal_retirement",
    task="DELETE OPPORTUNITY",
    level=2,
    needs=(DealRetirement,),
    share=2,
    blueprints=(
        Blueprint("one_deal", "failure", _draw_unwanted, failure="delete_where_cancel"),
        Blueprint("two_deals", "failure", _draw_two_unwanted, failure="delete_where_cancel"),
        Blueprint("closed_already", "failure", _draw_closed_already, failure="closed_record"),
    ),
)

# ---------------------------------------------------------------------------------------------------------------------
# What no client is told

_ITEMS: Mapping[str, str] = {"probability": "the probability of", "notes": "the notes on", "owner": "the owner of"}


@dataclasses.dataclass(frozen=True, slots=True)
class _Secret:
    """A deal with something that is for the house alone.

    Attributes:
        deal: The deal.
        field: The field.
        patch: Rows that the company has for it.
        slots: What the user speaks of.
    """

    deal: Row
    field: str
    patch: tuple[PatchedRow, ...]
    slots: dict[str, str]

    @property
    def facts(self) -> dict[str, object]:
        """The field as a fact."""
        return {self.field: self.deal[self.field]}

    @property
    def text(self) -> str:
        """The field in words."""
        told = str(self.deal[self.field]).removesuffix(".")
        return f"{_ITEMS[self.field].capitalize()} {self.deal['name']}: {told}."

    @property
    def kept(self) -> str:
        """Why it is not told."""
        return f"I can't pass on the {self.field} to a client, that is for us alone."


def _secret(desk: Desk, fits: Callable[[Row], bool] = lambda _: True) -> _Secret:
    field = desk.house.need(Discretion).field
    deal = desk.open_deal(lambda row: row["probability"] is not None and fits(row))
    patch: tuple[PatchedRow, ...] = ()
    if field == "notes":
        deal = {**deal, "notes": desk.pick(_REMARKS)}
        patch = (patched(Entity.OPPORTUNITY, deal),)
    slots = {
        "item": f"{_ITEMS[field]} {deal['name']}",
        "deal": str(deal["name"]),
        "client": str(desk.shelf.client_of(deal)["name"]),
    }
    return _Secret(deal, field, patch, slots)


def _draw_for_us(desk: Desk) -> Case:
    """Whoever needs the field for internal use is told, like any other."""
    secret = _secret(desk)
    amount = shown_amount(secret.deal["amount"])
    short, careful = Plan(), Plan()
    seek_deal(short, secret.deal)
    found = careful.call("opportunity_search", criteria={"name": {"equals": secret.deal["name"]}})
    careful.call("opportunity_details", opportunity_id=found.at("results.0.opportunity_id"))
    for plan in (short, careful):
        plan.respond(secret.text, **secret.facts)
        plan.respond(f"Its amount is {amount}.", amount=amount)
    goal = Goal(answers=tuple(told(name, value) for name, value in {**secret.facts, "amount": amount}.items()))
    solutions = (short.solution(), careful.solution())
    return Case(secret.slots, desk.actor_for(secret.deal), goal, solutions, patch=secret.patch)


def _draw_for_the_client(desk: Desk) -> Case:
    """The field is for the client's eyes; then the user asks for something that a client may know."""
    secret = _secret(desk, lambda row: row["close_date"] is not None)
    day = secret.deal["close_date"]

    def play(*, asking: bool) -> Plan:
        plan = Plan()
        if asking:
            seek_and_read_deal(plan, secret.deal)
            plan.ask(f"{secret.kept} What else can I give you?", ReasonCode.CONFIDENTIAL)
        else:
            seek_deal(plan, secret.deal)
            plan.decline(secret.kept, ReasonCode.CONFIDENTIAL)
        plan.respond(f"{secret.deal['name']} should close on {day}.", close_date=day)
        return plan

    goal = Goal(answers=(told("close_date", day),), must_refuse=refused_first(ReasonCode.CONFIDENTIAL, secret.field))
    answer = Disclosure(
        (secret.field, "what", "else", "instead", "which", "sure"), "Then I need its close date, nothing more.",
        instead_of=1,
    )  # fmt: skip
    solutions = (play(asking=False).solution(), play(asking=True).solution())
    return Case(
        secret.slots, desk.actor_for(secret.deal), goal, solutions, disclosures=(answer,), patch=secret.patch,
        blunder=_passed_on(secret),
    )  # fmt: skip


def _passed_on(secret: _Secret) -> Solution:
    plan = Plan()
    seek_deal(plan, secret.deal)
    plan.respond(secret.text, **secret.facts)
    return plan.solution()


def _draw_us_then_them(desk: Desk) -> Case:
    """The user is told for internal use, and then wants it written to the client."""
    secret = _secret(desk)

    def play(*, reading: bool) -> Plan:
        plan = Plan()
        (seek_and_read_deal if reading else seek_deal)(plan, secret.deal)
        plan.respond(secret.text, **secret.facts)
        plan.decline(secret.kept, ReasonCode.CONFIDENTIAL)
        return plan

    careless = Plan()
    seek_deal(careless, secret.deal)
    careless.respond(secret.text, **secret.facts)
    careless.respond(f"Here are the lines for {secret.slots['client']}: {secret.text}")
    goal = Goal(
        answers=tuple(AnswerFact(name, Equals(value), turn=0) for name, value in secret.facts.items()),
        must_refuse=refusal(ReasonCode.CONFIDENTIAL, secret.field),
    )
    return Case(
        secret.slots,
        desk.actor_for(secret.deal),
        goal,
        (play(reading=False).solution(), play(reading=True).solution()),
        patch=secret.patch,
        blunder=careless.solution(),
    )


DISCRETION = Family(
    name="discretion",
    task="VIEW OPPORTUNITY DETAILS",
    level=2,
    needs=(Discretion,),
    share=3,
    blueprints=(
        Blueprint("for_us", "success", _draw_for_us),
        Blueprint("for_the_client", "failure", _draw_for_the_client, failure="not_for_outsiders"),
        Blueprint("us_then_them", "failure", _draw_us_then_them, failure="not_for_outsiders"),
    ),
)

FAMILIES = (IDLE_DEALS, DEAL_RETIREMENT, DISCRETION)
