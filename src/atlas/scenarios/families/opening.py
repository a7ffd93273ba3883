"""New deals: everything said, the short request that the house rules complete, and what cannot be entered."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import cast

from atlas.crm.records import Entity, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import (
    AmountRounding,
    DealNaming,
    OwnerAssignment,
    QuarterEnd,
    StageFields,
    Vocabulary,
)
from atlas.scenarios.desk import Desk
from atlas.scenarios.families.expect import created, may_own
from atlas.scenarios.families.mending import Slip, Step, Target, Work, both_paths, client_target, mended_case
from atlas.scenarios.families.retrying import Rebuff, second_try
from atlas.scenarios.families.staging import word_tag
from atlas.scenarios.families.turns import in_turns, telling
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.verify.goals import AnyNewId, ChangePattern, Goal, Operation, Solution

_EARLY = ("Prospecting", "Qualification")
_RARE = 0.4  # share of requests about records that do not exist; their names are easily given away


def _buyer(desk: Desk) -> Target:
    """Return a client that somebody, whose client it need not be, enters a deal for."""
    return dataclasses.replace(client_target(desk), actor=desk.seller().handle)


def _enter(plan: Plan, client_id: str, values: Mapping[str, object]) -> str:
    """Enter a deal; return what stands for its id."""
    return plan.call("create_new_opportunity", **{**values, "client_id": client_id}).at("opportunity_id")


def _entering(values: Mapping[str, object]) -> Step:
    def do(plan: Plan, client_id: str) -> None:
        _enter(plan, client_id, values)

    return do


def _entry_work(target: Target, values: Mapping[str, object]) -> Work:
    """Return the work of entering a deal with exactly ``values``; who asks may own it where no owner is told."""
    expected = created(Entity.OPPORTUNITY, {"client_id": target.id, **values})
    allowed = () if "owner" in values else (may_own(Entity.OPPORTUNITY, target.actor),)
    done = f"{values['name']} is entered for {target.called}, amount {values['amount']}."

    return Work(_entering(values), done, (expected,), allowed)


def _entry_case(target: Target, work: Work, slots: Mapping[str, str], tags: tuple[str, ...] = ()) -> Case:
    goal = Goal(expected_changes=work.expected, allowed_changes=work.allowed)
    return Case({"client": target.called, **slots}, target.actor, goal, both_paths(target, work), tags=tags)


# ---------------------------------------------------------------------------------------------------------------------
# Everything said


def _everything(desk: Desk, client: Row) -> tuple[dict[str, object], dict[str, str]]:
    """Return the values of a deal that leave nothing to the house, and how they are said."""
    name, stage = desk.deal_name(client), desk.pick(_EARLY)
    amount, day, points = desk.round_amount(8, 160), desk.coming_day(20, 200), desk.pick(range(5, 60, 5))
    owner = desk.seller().handle
    values: dict[str, object] = {
        "name": name, "amount": shown_amount(amount), "stage": stage, "probability": points, "close_date": day,
        "owner": owner,
    }  # fmt: skip
    slots = {
        "name": name, "amount": desk.money(amount), "stage": stage, "points": str(points), "day": desk.day(day),
        "owner": owner,
    }  # fmt: skip
    return values, slots


def _draw_everything(desk: Desk) -> Case:
    target = _buyer(desk)
    values, slots = _everything(desk, target.row)
    return _entry_case(target, _entry_work(target, values), slots)


def _draw_then_corrected(desk: Desk) -> Case:
    """The deal is entered, and then its amount turns out to be another one.

    A manager asks, who may change the deal whoever owns it.
    """
    target = dataclasses.replace(client_target(desk), actor=desk.manager().handle)
    values, slots = _everything(desk, target.row)
    thousands = int(cast("float", values["amount"])) // 1000
    right = desk.round_amount(thousands + 2, 2 * thousands + 4)
    amount = shown_amount(right)
    note = desk.house.note_after("amount", amount)

    def play(plan: Plan, client_id: str) -> Solution:
        deal_id = _enter(plan, client_id, values)
        plan.respond(f"{values['name']} is entered for {target.called}.")
        plan.call("modify_opportunity", opportunity_id=deal_id, amount=amount)
        if note is not None:
            plan.call("add_note", entity_type="Opportunity", entity_id=deal_id, content=note)
        plan.respond(f"The amount of {values['name']} is {amount} now.")
        return plan.solution()

    expected = [created(Entity.OPPORTUNITY, {"client_id": target.id, **values, "amount": amount}, label="deal")]
    allowed: tuple[ChangePattern, ...] = (
        ChangePattern(Entity.NOTE, Operation.CREATE, where={"entity_id": AnyNewId()}),
    )
    if note is not None:
        fields = {"entity_type": "Opportunity", "content": note}
        expected.append(created(Entity.NOTE, fields, refs={"entity_id": "deal"}))
        allowed = ()
    goal = Goal(expected_changes=tuple(expected), allowed_changes=allowed)
    plans = (Plan(), Plan())
    solutions = tuple(play(plan, seek(plan)) for plan, seek in zip(plans, target.seekers, strict=True))
    return Case({"client": target.called, **slots, "right": desk.money(right)}, target.actor, goal, solutions)


def _draw_unknown_client(desk: Desk) -> Case:
    """A client that is not there; then the user remembers what it is called."""
    target = _buyer(desk)
    stranger = desk.names.firm(str(target.row["industry"]))
    values, slots = _everything(desk, target.row)

    def look(plan: Plan) -> None:
        plan.call("client_search", name=stranger)

    def look_twice(plan: Plan) -> None:
        look(plan)
        plan.call("client_search", criteria={"name": {"contains": stranger.split(" ")[0]}})

    rebuff = Rebuff(
        reason=ReasonCode.NOT_FOUND,
        about=(stranger,),
        message=f"There is no client called {stranger}, so I did not enter the deal.",
        mend=f"Then it is {target.called}; the rest stands.",
        looks=(look, look_twice),
        bad=partial(_enter, client_id=stranger, values=values),
    )
    slots = {"client": stranger, **slots, "right": target.called}
    return second_try(slots, target.actor, rebuff, _entry_work(target, values), target.seekers)


def _mended_entry(desk: Desk, field: str, bad: tuple[object, str], why: tuple[tuple[str, ...], str], mend: str) -> Case:
    """Return a case in which one value of a new deal is impossible, and the user gives another one.

    Args:
        desk: Draws the case.
        field: The field.
        bad: The impossible value, and how the user says it.
        why: What the response has to name, one of these texts; and the response.
        mend: What the user says when asked, with the right value in the place of ``{}``.
    """
    target = _buyer(desk)
    values, slots = _everything(desk, target.row)
    slot = {"amount": "amount", "close_date": "day"}[field]
    good = slots[slot]
    about, message = why
    slip = Slip(
        about=about,
        message=f"{message}; {values['name']} is not entered.",
        mend=mend.format(good),
        bad=_entering({**values, field: bad[0]}),
    )
    slots = {"client": target.called, **slots, slot: bad[1], "good": good}
    return mended_case(target, slots, slip, _entry_work(target, values))


def _draw_nothing(desk: Desk) -> Case:
    text = desk.pick(("0", "zero", "0 EUR", "€0"))
    why = (("amount", "zero"), "The amount of a deal has to be more than 0")
    return _mended_entry(desk, "amount", (0, text), why, "Our estimate is {}, take that.")


_TENDERS = (12_500_000, 18_000_000, 25_000_000, 40_000_000, 62_000_000, 150_000_000)


def _draw_beyond(desk: Desk) -> Case:
    """The volume of the whole tender is taken for our part of it."""
    units = desk.pick(_TENDERS)
    text = desk.pick((f"{units:,}", f"{units:,} EUR", f"{units}", f"€{units:,}"))
    why = (("amount", "too large", "too high"), f"{units:,} is more than the amount of a deal can be")
    return _mended_entry(desk, "amount", (units, text), why, "That is the whole tender. Our part of it is {}.")


def _draw_gone_by(desk: Desk) -> Case:
    """The day of the first meeting is taken for the close date."""
    gone = (desk.today - timedelta(days=desk.rng.randint(5, 90))).isoformat()
    why = (("date", "past", gone), f"{gone} lies in the past, so it can't be the close date")
    return _mended_entry(
        desk, "close_date", (gone, desk.day(gone)), why, "That was our first meeting. It should close on {}."
    )


DEAL_EXPLICIT = Family(
    name="deal_explicit",
    task="CREATE NEW OPPORTUNITY",
    level=3,
    share=5,
    blueprints=(
        Blueprint("everything_said", "success", _draw_everything),
        Blueprint("then_corrected", "success", _draw_then_corrected),
        Blueprint(
            "unknown_client",
            "failure",
            _draw_unknown_client,
            # a name by the house's template would give away which client is meant
            when=lambda house: house.get(DealNaming) is None,
            share=_RARE,
            failure="unknown_parent",
        ),
        Blueprint("for_nothing", "failure", _draw_nothing, failure="zero_amount"),
        Blueprint("beyond_bounds", "failure", _draw_beyond, failure="amount_too_large"),
        Blueprint("gone_by", "failure", _draw_gone_by, failure="past_date"),
    ),
)


# ---------------------------------------------------------------------------------------------------------------------
# What the house rules complete


def _house_values(desk: Desk, client: Row, product: str, said_cents: int, stage: str) -> dict[str, object]:
    values: dict[str, object] = {
        "name": desk.house.deal_name(str(client["name"]), product, desk.today),
        "amount": shown_amount(desk.house.deal_amount(said_cents)),
        **desk.house.stage_values(stage),
    }
    owner = desk.house.owner_for(client)
    return values if owner is None else {**values, "owner": owner}


def _house_entry_work(desk: Desk, target: Target, values: dict[str, object]) -> Work:
    """Return the work of entering a deal whose owner, where the territory decides, is looked up among the staff."""
    work = _entry_work(target, values)
    rule = desk.house.get(OwnerAssignment)
    if rule is None or rule.by != "territory":
        return work

    def do(plan: Plan, client_id: str) -> None:
        found = plan.call("staff_search", territory=desk.territory(target.row), role="Account Executive")
        _enter(plan, client_id, {**values, "owner": found.at("results.0.handle")})

    return dataclasses.replace(work, do=do)


def _said_amount(desk: Desk) -> int:
    """Return an amount in cents, one that has to be rounded where the house rounds."""
    return desk.rng.randrange(8_000, 160_000, 10) * 100 if desk.house.get(AmountRounding) else desk.round_amount(8, 160)


def _start(desk: Desk) -> tuple[str, str]:
    """Return the stage of a new deal, and what the user says about it: nothing where the house has an opening stage."""
    opening = desk.house.opening_stage()
    stage = opening or desk.pick(_EARLY)
    return stage, "" if opening else f", stage {stage}"


def _draw_brief(desk: Desk) -> Case:
    """Client, product, amount; the stage too where the house has no opening stage."""
    target, product, said = _buyer(desk), desk.product(), _said_amount(desk)
    stage, start = _start(desk)
    work = _house_entry_work(desk, target, _house_values(desk, target.row, product, said, stage))
    return _entry_case(target, work, {"product": product, "amount": desk.money(said), "start": start})


def _draw_word(desk: Desk) -> Case:
    """The stage is said in the house's words."""
    target, product, amount = _buyer(desk), desk.product(), desk.round_amount(8, 160)
    needs = desk.house.get(StageFields)
    term = desk.pick(
        term
        for term in desk.house.need(Vocabulary).of(Entity.OPPORTUNITY, "stage")
        if term.value in _EARLY and (needs is None or needs.stage != term.value)
    )
    work = _house_entry_work(desk, target, _house_values(desk, target.row, product, amount, term.value))
    slots = {"product": product, "amount": desk.money(amount), "word": term.nickname}
    return _entry_case(target, work, slots, word_tag(term))


def _draw_quarter(desk: Desk) -> Case:
    """The close date is "this quarter", which the house's fiscal year decides."""
    target, product, amount = _buyer(desk), desk.product(), desk.round_amount(8, 160)
    stage, start = _start(desk)
    values = _house_values(desk, target.row, product, amount, stage)
    values["close_date"] = desk.house.need(QuarterEnd).last_day(desk.today)
    work = _house_entry_work(desk, target, values)
    return _entry_case(target, work, {"product": product, "amount": desk.money(amount), "start": start})


def _draw_read_back(desk: Desk) -> Case:
    """The user wants to know under which name and with which amount the deal stands in the books."""
    target, product, said = _buyer(desk), desk.product(), _said_amount(desk)
    stage, start = _start(desk)
    values = _house_values(desk, target.row, product, said, stage)
    facts = {name: values[name] for name in ("name", "amount")}
    read = telling(f"It is called {facts['name']}, and its amount is {facts['amount']}.", facts)
    slots = {"client": target.called, "product": product, "amount": desk.money(said), "start": start}
    return in_turns(target, slots, (_house_entry_work(desk, target, values), read))


def _draw_one_more(desk: Desk) -> Case:
    """A second deal for the same client, in the same stage."""
    target, (stage, start) = _buyer(desk), _start(desk)
    slots, works = {"client": target.called, "start": start}, list[Work]()
    for product_slot, amount_slot in (("product", "amount"), ("second", "price")):
        product, said = desk.product(), _said_amount(desk)
        slots |= {product_slot: product, amount_slot: desk.money(said)}
        works.append(_house_entry_work(desk, target, _house_values(desk, target.row, product, said, stage)))
    return in_turns(target, slots, works)


DEAL_HOUSE = Family(
    name="deal_house",
    task="CREATE NEW OPPORTUNITY",
    level=2,
    needs=(Vocabulary,),
    share=14,
    blueprints=(
        Blueprint("brief", "success", _draw_brief),
        Blueprint("in_house_words", "success", _draw_word),
        Blueprint(
            "closes_this_quarter",
            "success",
            _draw_quarter,
            when=lambda house: house.get(QuarterEnd) is not None,
        ),
        Blueprint("read_back", "success", _draw_read_back),
        Blueprint("one_more", "success", _draw_one_more),
    ),
)

FAMILIES = (DEAL_EXPLICIT, DEAL_HOUSE)
