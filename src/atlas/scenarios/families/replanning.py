"""Deals that change their shape: one becomes two, or another product is bought."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, TypeAlias

from atlas.crm.records import Entity, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import AmountRounding, DealNaming, DealOwnership
from atlas.scenarios.desk import Desk, NothingFitsError, is_open
from atlas.scenarios.families.deal_groups import (
    DealChange,
    Talk,
    amount_of,
    deal_change,
    named,
    named_and_read,
    talk_case,
)
from atlas.scenarios.families.expect import created, may_own, refusal, told
from atlas.scenarios.families.mending import (
    Slip,
    Target,
    Work,
    change_work,
    deal_target,
    mended_case,
    new_amount,
)
from atlas.scenarios.families.moves import seek_and_read_deal, seek_deal
from atlas.scenarios.families.staging import read_deal
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.verify.goals import ChangePattern, ExpectedChange, Goal

_EARLY: Final = ("Prospecting", "Qualification")
_WORTH_SPLITTING = 2_000_000  # cents
_WHOLE_TEN = 1000  # cents

# ---------------------------------------------------------------------------------------------------------------------
# New deals, as the house completes them


@dataclasses.dataclass(frozen=True, slots=True)
class NewDeal:
    """A deal that is to be opened.

    Attributes:
        client: Whom it is with.
        values: Its fields (shown), the client left out.
        start: What the user says about its stage, as a sentence of its own; nothing where the house decides.
    """

    client: Row
    values: Mapping[str, object]
    start: str

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self.values["name"])

    def enter(self, plan: Plan, client_id: str) -> None:
        """Add the call that opens it."""
        plan.call("create_new_opportunity", client_id=client_id, **self.values)

    @property
    def expected(self) -> ExpectedChange:
        """Expect it."""
        return created(Entity.OPPORTUNITY, {"client_id": self.client["client_id"], **self.values})

    def allowed(self, *owners: str) -> tuple[ChangePattern, ...]:
        """Allow any of these colleagues to own it (who asks, who has the deal it came from), where no owner is told."""
        return (
            () if "owner" in self.values else tuple(may_own(Entity.OPPORTUNITY, one) for one in dict.fromkeys(owners))
        )


def new_deal(desk: Desk, client: Row, product: str, said_cents: int, agreed: Mapping[str, object]) -> NewDeal:
    """Return a deal about ``product`` with an amount that somebody said, with what else was ``agreed``."""
    opening = desk.house.opening_stage()
    stage = opening or desk.pick(_EARLY)
    values: dict[str, object] = {
        "name": desk.house.deal_name(str(client["name"]), product, desk.today),
        "amount": shown_amount(desk.house.deal_amount(said_cents)),
        **desk.house.stage_values(stage),
        **agreed,
    }
    owner = desk.house.owner_for(client)
    if owner is not None:
        values["owner"] = owner
    return NewDeal(client, values, "" if opening else f" The new one starts in {stage}.")


# ---------------------------------------------------------------------------------------------------------------------
# One deal becomes two

_Pair: TypeAlias = Callable[[Plan, Row], tuple[str, str]]
"""Looks a deal up; returns what stands for its id and for that of its client."""


def _found(plan: Plan, deal: Row) -> tuple[str, str]:
    found = plan.call("opportunity_search", name=deal["name"])
    return found.at("results.0.opportunity_id"), found.at("results.0.client_id")


def _looked_at(plan: Plan, deal: Row) -> tuple[str, str]:
    found = plan.call("opportunity_search", criteria={"name": {"equals": deal["name"]}})
    shown = plan.call("opportunity_details", opportunity_id=found.at("results.0.opportunity_id"))
    return shown.at("opportunity_id"), shown.at("client_id")


_PAIRS: Final[tuple[_Pair, _Pair]] = (_found, _looked_at)


@dataclasses.dataclass(frozen=True, slots=True)
class _Split:
    """A deal, the part of it that becomes a deal of its own, and what is left."""

    target: Target
    second: NewDeal
    reduced: Work
    slots: Mapping[str, str]

    @property
    def goal(self) -> Goal:
        return Goal(
            expected_changes=(self.second.expected, *self.reduced.expected),
            allowed_changes=(
                *self.reduced.allowed,
                *self.second.allowed(self.target.actor, str(self.target.row["owner"])),
            ),
        )


def _split(desk: Desk, *, same_day: bool) -> _Split:
    target = deal_target(
        desk,
        lambda row: (
            amount_of(row) >= _WORTH_SPLITTING
            and (not same_day or str(row["close_date"] or "") >= desk.today.isoformat())
        ),
    )
    product, said = desk.product(), _part_of(desk, amount_of(target.row))
    agreed = {"close_date": target.row["close_date"]} if same_day else {}
    second = new_deal(desk, desk.shelf.client_of(target.row), product, said, agreed)
    rest = amount_of(target.row) - desk.house.deal_amount(said)
    slots = {
        "deal": target.called, "product": product, "amount": desk.money(said), "rest": desk.money(rest),
        "start": second.start,
    }  # fmt: skip
    return _Split(target, second, change_work(desk, target, {"amount": shown_amount(rest)}), slots)


def _part_of(desk: Desk, whole: int) -> int:
    """Return less than half of an amount (cents), one that has to be rounded where the house rounds."""
    if desk.house.get(AmountRounding):
        return desk.rng.randrange(4 * 100_000, whole // 2, _WHOLE_TEN)
    return desk.round_amount(4, whole // 200_000)


def _draw_in_two(desk: Desk) -> Case:
    split = _split(desk, same_day=False)

    def play(pair: _Pair) -> Plan:
        plan = Plan()
        deal_id, client_id = pair(plan, split.target.row)
        split.second.enter(plan, client_id)
        plan.respond(f"{split.second.name} is opened.")
        split.reduced.do(plan, deal_id)
        plan.respond(split.reduced.done)
        return plan

    solutions = tuple(play(pair).solution() for pair in _PAIRS)
    return Case(split.slots, split.target.actor, split.goal, solutions)


def _draw_dated_alike(desk: Desk) -> Case:
    """Both closes are on one day; then the user wants the new deal read back."""
    split = _split(desk, same_day=True)
    facts = {field: split.second.values[field] for field in ("name", "amount")}

    def play(pair: _Pair) -> Plan:
        plan = Plan()
        deal_id, client_id = pair(plan, split.target.row)
        if pair is _found:
            split.second.enter(plan, client_id)
        split.reduced.do(plan, deal_id)
        if pair is not _found:
            split.second.enter(plan, client_id)
        plan.respond(f"{split.second.name} is opened. {split.reduced.done}")
        plan.respond(f"It is called {facts['name']} and is worth {facts['amount']}.", **facts)
        return plan

    goal = dataclasses.replace(split.goal, answers=tuple(told(name, value) for name, value in facts.items()))
    return Case(split.slots, split.target.actor, goal, tuple(play(pair).solution() for pair in _PAIRS))


def _draw_others_deal(desk: Desk) -> Case:
    """Anybody may open the second deal; only the owner and managers may reduce the first."""
    desk.house.need(DealOwnership)
    split = _split(desk, same_day=False)
    owner = desk.pick(one for one in desk.company.directory.staff if one.handle == split.target.row["owner"])
    actor = desk.seller(other_than=owner.handle).handle

    def play(pair: _Pair, *, insisting: bool = False) -> Plan:
        plan = Plan()
        deal_id, client_id = pair(plan, split.target.row)
        split.second.enter(plan, client_id)
        plan.respond(f"{split.second.name} is opened.")
        if insisting:
            split.reduced.do(plan, deal_id)
            plan.respond(split.reduced.done)
        else:
            message = f"{split.target.called} belongs to {owner.name}; only the owner or a manager may change it."
            plan.decline(message, ReasonCode.PERMISSION_DENIED)
        return plan

    goal = Goal(
        expected_changes=(split.second.expected,),
        allowed_changes=(split.target.may_note, *split.second.allowed(actor, str(split.target.row["owner"]))),
        must_refuse=refusal(ReasonCode.PERMISSION_DENIED, owner.name, owner.handle),
    )
    solutions = tuple(play(pair).solution() for pair in _PAIRS)
    return Case(split.slots, actor, goal, solutions, blunder=play(_found, insisting=True).solution())


DEAL_SPLIT = Family(
    name="deal_split",
    task="CREATE NEW OPPORTUNITY",
    level=2,
    share=1,
    blueprints=(
        Blueprint("in_two", "success", _draw_in_two),
        Blueprint("dated_alike", "success", _draw_dated_alike),
        Blueprint(
            "others_deal",
            "failure",
            _draw_others_deal,
            when=lambda house: house.get(DealOwnership) is not None,
            failure="permission",
        ),
    ),
)

# ---------------------------------------------------------------------------------------------------------------------
# Another product is bought


def _renamed(desk: Desk, deal: Row, product: str) -> str:
    """Return the name of a deal that is about ``product`` from now on.

    Raises:
        NothingFitsError: the year in which the deal was opened belongs into its name, and that was another year.
    """
    year = str(desk.today.year)
    if "{year}" in desk.house.need(DealNaming).template and year not in str(deal["name"]):
        raise NothingFitsError("the deal was opened in another year")
    return desk.house.deal_name(str(desk.shelf.client_of(deal)["name"]), product, desk.today)


def _draw_renamed(desk: Desk) -> Case:
    """Product and amount in one message, the close date in the next."""
    target, product = deal_target(desk), desk.product()
    deal, cents = target.row, new_amount(desk, target)
    day = desk.later_day(deal["close_date"], 20, 120)
    values: dict[str, object] = {"amount": shown_amount(cents), "name": _renamed(desk, deal, product)}
    talks = (
        Talk(f"It is {values['name']} now, at {values['amount']}.", (deal_change(desk, deal, values),)),
        Talk(f"It closes on {day}.", (deal_change(desk, deal, {"close_date": day}),)),
    )
    slots = {"deal": target.called, "product": product, "amount": desk.money(cents), "day": desk.day(day)}
    return talk_case(target.actor, slots, (named(deal), named_and_read(deal)), talks)


def _draw_changed_mind(desk: Desk) -> Case:
    """The client takes one product, then another one; what it comes to is said last."""
    target, first, second = deal_target(desk), desk.product(), desk.product()
    deal, cents = target.row, new_amount(desk, target)
    amount = shown_amount(cents)
    names = [_renamed(desk, deal, product) for product in (first, second)]
    talks = (
        *(Talk(f"The deal is called {name} now.", (DealChange(deal, {"name": name}),)) for name in names),
        Talk(f"{names[1]} is at {amount}.", (deal_change(desk, deal, {"amount": amount}),)),
    )
    slots = {"deal": target.called, "product": first, "second": second, "amount": desk.money(cents)}
    return talk_case(target.actor, slots, (named_and_read(deal), named(deal)), talks)


def _closed_target(desk: Desk) -> Target:
    deal = desk.deal(lambda row: not is_open(row))
    seekers = (partial(seek_deal, deal=deal), partial(seek_and_read_deal, deal=deal))
    return Target(Entity.OPPORTUNITY, deal, str(deal["name"]), desk.actor_for(deal), seekers)


def _draw_signed_already(desk: Desk) -> Case:
    """A closed deal takes no other amount; the product becomes a deal of its own then."""
    target, product = _closed_target(desk), desk.product()
    cents = new_amount(desk, target)
    second = new_deal(desk, desk.shelf.client_of(target.row), product, cents, {})
    values: dict[str, object] = {"amount": shown_amount(cents), "name": _renamed(desk, target.row, product)}

    def enter(plan: Plan, deal_id: str) -> None:
        shown = plan.call("opportunity_details", opportunity_id=deal_id)
        second.enter(plan, shown.at("client_id"))

    slip = Slip(
        about=(str(target.row["stage"]),),
        message=f"{target.called} is {target.row['stage']}; its amount can't be changed any more.",
        mend=f"Then leave it as it is and open a new deal for {product}.{second.start}",
        bad=partial(target.change, values=values),
        reason=ReasonCode.CLOSED_RECORD,
        look=read_deal,
    )
    work = Work(
        enter, f"{second.name} is opened.", (second.expected,), second.allowed(target.actor, str(target.row["owner"]))
    )
    slots = {"deal": target.called, "product": product, "amount": desk.money(cents), "start": second.start}
    return mended_case(target, slots, slip, work)


PRODUCT_SWITCH = Family(
    name="product_switch",
    task="MODIFY OPPORTUNITY",
    level=2,
    needs=(DealNaming,),
    share=2,
    blueprints=(
        Blueprint("renamed", "success", _draw_renamed),
        Blueprint("changed_mind", "success", _draw_changed_mind),
        Blueprint("signed_already", "failure", _draw_signed_already, failure="closed_record"),
    ),
)

FAMILIES = (DEAL_SPLIT, PRODUCT_SWITCH)
