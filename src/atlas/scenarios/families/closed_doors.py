"""Changes that come too late, because the record is closed, and changes by a colleague who may only look."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from atlas.crm.records import Entity, ReasonCode, Row
from atlas.crm.schema import CLOSED_STAGES
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.desk import Desk, NothingFitsError
from atlas.scenarios.families.awkward import reading
from atlas.scenarios.families.contract_rows import contracted_client, seek_contract
from atlas.scenarios.families.expect import created, deal_updated, may_note, refusal
from atlas.scenarios.families.mending import (
    Slip,
    Target,
    Work,
    any_of,
    client_target,
    contract_target,
    deal_target,
    mended_case,
    note_work,
    quote_target,
)
from atlas.scenarios.families.moves import leave_note, seek_deal
from atlas.scenarios.families.reviving import clone_values
from atlas.scenarios.families.turns import in_turns, new_phone, telling
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.verify.goals import ExpectedChange, Goal, Solution

# ---------------------------------------------------------------------------------------------------------------------
# Too late


def _closed_target(desk: Desk, stages: Sequence[str] = CLOSED_STAGES) -> Target:
    deal = desk.deal(lambda row: row["stage"] in stages)
    seekers = (partial(seek_deal, deal=deal), partial(_seek_among_closed, deal=deal))
    return Target(Entity.OPPORTUNITY, deal, str(deal["name"]), desk.actor_for(deal), seekers)


def _seek_among_closed(plan: Plan, deal: Row) -> str:
    criteria = {"name": {"contains": deal["name"]}, "stage": {"in": list(CLOSED_STAGES)}}
    return plan.call("opportunity_search", criteria=criteria).at("results.0.opportunity_id")


_DEAL_FIELDS = ("amount", "close_date", "probability")


def _new_value(desk: Desk, deal: Row, field: str) -> tuple[object, str]:
    """Return another value (shown) for a field of a deal, and how people write it.

    Raises:
        NothingFitsError: the one drawn is what it has.
    """
    if field == "close_date":
        day = desk.coming_day(15, 160, instead_of=deal["close_date"])
        return day, desk.day(day)
    value = desk.round_amount(12, 150) if field == "amount" else desk.rng.randrange(5, 96)
    if value == deal[field]:
        raise NothingFitsError("the deal has that value already")
    return (shown_amount(value), desk.money(value)) if field == "amount" else (value, str(value))


_AFTERTHOUGHTS = (
    "Customer asked for a change after the deal was closed.", "Numbers in here are off, see the mail thread.",
    "Would have been different today, look at it before the next offer.", "Came back to us about the terms.",
    "To be discussed in the next pipeline review.", "They still want to talk about it.",
)  # fmt: skip


def _closed_slip(target: Target, mend: str, values: dict[str, object]) -> Slip:
    """Return what is wrong with a change of a closed deal."""
    stage = str(target.row["stage"])
    return Slip(
        about=("closed", stage),
        message=f"{target.called} is {stage}; its figures and dates can't be changed any more.",
        mend=mend,
        bad=partial(target.change, values=values),
        reason=ReasonCode.CLOSED_RECORD,
        look=_read_deal,
    )


def _read_deal(plan: Plan, deal_id: str) -> None:
    plan.call("opportunity_details", opportunity_id=deal_id)


def _draw_note_instead(desk: Desk) -> Case:
    target, field, content = _closed_target(desk), desk.pick(_DEAL_FIELDS), desk.pick(_AFTERTHOUGHTS)
    value, said = _new_value(desk, target.row, field)
    slip = _closed_slip(target, f'Then just put a note on it: "{content}"', {field: value})
    slots = {"deal": target.called, "field": field.replace("_", " "), "value": said, "content": content}
    return mended_case(target, slots, slip, note_work(target, content))


def _draw_copy_instead(desk: Desk) -> Case:
    target = _closed_target(desk, ("Closed-Lost",))
    day = desk.later_day(target.row["close_date"], 20, 160)
    note = desk.house.note_after("close_date", day)

    def copy(plan: Plan, deal_id: str) -> None:
        clone_id = plan.call("clone_opportunity", opportunity_id=deal_id).at("opportunity_id")
        plan.call("modify_opportunity", opportunity_id=clone_id, close_date=day)
        if note is not None:
            leave_note(plan, clone_id, note)

    values = {**clone_values(target.row), "close_date": day}
    expected: tuple[ExpectedChange, ...] = (created(Entity.OPPORTUNITY, values, label="copy"),)
    if note is not None:
        fields = {"entity_type": "Opportunity", "content": note}
        expected = (*expected, created(Entity.NOTE, fields, refs={"entity_id": "copy"}))
    done = f"{values['name']} is the copy; its close date is {day}."
    slip = _closed_slip(target, f"Then make a copy of it and give the copy the close date {day}.", {"close_date": day})
    return mended_case(target, {"deal": target.called, "day": desk.day(day)}, slip, Work(copy, done, expected))


_NEXT_STATUS: Final[Mapping[str, Sequence[str]]] = {  # of a final status, those that somebody may ask for
    "Approved": ("Rejected",),
    "Rejected": ("Sent", "Approved"),
    "Canceled": ("Sent", "Approved"),
}


def _draw_final_quote(desk: Desk) -> Case:
    """A quote that was decided on or called off keeps its status; the user then wants to know what was in it."""
    deal = desk.deal(lambda row: _has_final_quote(desk, row))
    (quote,) = desk.shelf.quotes_of(deal)
    present = str(quote["status"])
    status = desk.pick(_NEXT_STATUS[present])
    amount, day = shown_amount(quote["amount"]), quote["valid_until"]
    seekers = (partial(_seek_quote, deal=deal), partial(_view_quote, deal=deal))
    target = Target(Entity.QUOTE, quote, f"the quote for {deal['name']}", desk.actor_for(deal), seekers)
    slip = Slip(
        about=(present, *(("cancelled",) if present == "Canceled" else ())),
        message=f"{target.called.capitalize()} is {present}, and that is final; it can't become {status}.",
        mend="Then leave it, and tell me how much it was for and until when it was valid.",
        bad=partial(target.change, values={"status": status}),
        reason=ReasonCode.POLICY_VIOLATION,
        look=reading(target),
    )
    work = telling(f"It is for {amount}, valid until {day}.", {"amount": amount, "valid_until": day})
    return mended_case(target, {"deal": str(deal["name"]), "status": status}, slip, work)


def _has_final_quote(desk: Desk, deal: Row) -> bool:
    quotes = desk.shelf.quotes_of(deal)
    return len(quotes) == 1 and quotes[0]["status"] in _NEXT_STATUS


def _seek_quote(plan: Plan, deal: Row) -> str:
    return plan.call("quote_search", opportunity_id=seek_deal(plan, deal)).at("results.0.quote_id")


def _view_quote(plan: Plan, deal: Row) -> str:
    return plan.call("view_opportunity_details", opportunity_id=seek_deal(plan, deal)).at("quotes.0.quote_id")


def _draw_still_possible(desk: Desk) -> Case:
    """The counterpart: what a closed deal does not keep."""
    target, content = _closed_target(desk), desk.pick(_AFTERTHOUGHTS)
    colleague = desk.seller(other_than=target.row["owner"])

    def hand_over(plan: Plan, deal_id: str) -> None:
        handle = plan.call("staff_search", name=colleague.name).at("results.0.handle")
        plan.call("modify_opportunity", opportunity_id=deal_id, owner=handle)

    done = f"{target.called} belongs to {colleague.name} now."
    expected = (deal_updated(target.row, {"owner": colleague.handle}),)
    handing = Work(hand_over, done, expected, (may_note(target.row),))
    slots = {"deal": target.called, "colleague": colleague.name, "content": content}
    return in_turns(target, slots, (handing, note_work(target, content)))


TOO_LATE = Family(
    name="too_late",
    task="MODIFY OPPORTUNITY",
    level=3,
    share=2,
    blueprints=(
        Blueprint("note_instead", "failure", _draw_note_instead, failure="closed_record"),
        Blueprint("copy_instead", "failure", _draw_copy_instead, failure="closed_record"),
        Blueprint("final_quote", "failure", _draw_final_quote, failure="illegal_transition"),
        Blueprint("still_possible", "success", _draw_still_possible),
    ),
)


# ---------------------------------------------------------------------------------------------------------------------
# A colleague who may only look

_COUNSEL = "Legal Counsel"
_ACCESS_WORDS = ("read-only", "read only", "permission", "permitted", "access", "may not", "not allowed", "rights")
_CHANGEABLE: Final[Mapping[Entity, Sequence[str]]] = {
    Entity.OPPORTUNITY: _DEAL_FIELDS,
    Entity.QUOTE: ("valid_until",),
    Entity.CONTRACT: ("end_date",),
    Entity.CLIENT: ("phone",),
}
_TOLD: Final[Mapping[Entity, Sequence[str]]] = {
    Entity.OPPORTUNITY: ("stage", "owner"),
    Entity.QUOTE: ("status", "amount"),
    Entity.CONTRACT: ("start_date", "status"),
    Entity.CLIENT: ("industry", "email"),
}
_CALLED: Final[Mapping[str, str]] = {
    "email": "e-mail address", "phone": "phone number", "valid_until": "last day", "end_date": "last day",
    "start_date": "first day", "close_date": "close date",
}  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class _Matter:
    """What counsel wants of a record: a change, and to know something.

    Attributes:
        target: The record.
        values: The change.
        said: The new value as people write it.
        fact: The field that counsel wants to know.
    """

    target: Target
    values: dict[str, object]
    said: str
    fact: str

    @property
    def slots(self) -> dict[str, str]:
        """What stands for the slots of the wordings."""
        (field,) = self.values
        return {
            "record": self.target.called, "field": _CALLED.get(field, field), "value": self.said,
            "what": _CALLED.get(self.fact, self.fact),
        }  # fmt: skip

    def question(self) -> Work:
        """Return the work of answering the question."""
        value = self.target.row[self.fact]
        shown = shown_amount(value) if self.fact == "amount" else value
        done = f"The {_CALLED.get(self.fact, self.fact)} of {self.target.called} is {shown}."
        return telling(done, {self.fact: shown}, reading(self.target))


def _matter(desk: Desk) -> _Matter:
    found = any_of(desk, (deal_target, quote_target, contract_target, client_target))
    target = dataclasses.replace(found, actor=desk.holder_of(_COUNSEL).handle)
    field = desk.pick(_CHANGEABLE[target.entity])
    if target.entity is Entity.OPPORTUNITY:
        value, said = _new_value(desk, target.row, field)
    elif field == "phone":
        value = said = new_phone(desk)
    else:
        day = desk.coming_day(400, 900) if field == "end_date" else desk.coming_day(15, 90)
        value, said = day, desk.day(day)
    return _Matter(target, {field: value}, said, desk.pick(_TOLD[target.entity]))


def _draw_counsel_changes(desk: Desk) -> Case:
    matter = _matter(desk)
    attempt = partial(matter.target.change, values=matter.values)
    question = matter.question()
    slip = Slip(
        about=_ACCESS_WORDS,
        message="You have read-only access, so I can't change records for you.",
        mend=f"Then leave it as it is and tell me the {matter.slots['what']}.",
        bad=attempt,
        reason=ReasonCode.PERMISSION_DENIED,
        look=attempt,
    )
    return mended_case(matter.target, matter.slots, slip, question)


def _draw_question_first(desk: Desk) -> Case:
    matter = _matter(desk)
    target, question = matter.target, matter.question()

    def answered(number: int) -> tuple[Plan, str]:
        plan = Plan()
        record_id = target.seekers[number](plan)
        question.do(plan, record_id)
        plan.respond(question.done, **question.facts)
        return plan, record_id

    def play(number: int) -> Solution:
        plan, record_id = answered(number)
        target.change(plan, record_id, matter.values)
        plan.decline("With your read-only access, nothing can be changed.", ReasonCode.PERMISSION_DENIED)
        return plan.solution()

    careless, record_id = answered(0)
    target.change(careless, record_id, matter.values)
    careless.respond("Done.")
    goal = Goal(answers=question.answers, must_refuse=refusal(ReasonCode.PERMISSION_DENIED, *_ACCESS_WORDS))
    return Case(matter.slots, target.actor, goal, (play(0), play(1)), blunder=careless.solution())


def _draw_counsel_asks(desk: Desk) -> Case:
    """The counterpart: questions are answered."""
    client, (contract,), patch = contracted_client(desk, desk.pick(("Active", "Pending")))
    seekers = (
        partial(seek_contract, client=client, reading=False),
        partial(seek_contract, client=client, reading=True),
    )
    actor = desk.holder_of(_COUNSEL).handle
    target = Target(Entity.CONTRACT, contract, f"the contract with {client['name']}", actor, seekers)
    value, end = shown_amount(contract["value"]), contract["end_date"]
    people = [f"{row['first_name']} {row['last_name']}" for row in desk.shelf.contacts_of(client)]

    def list_people(plan: Plan, contract_id: str) -> None:
        client_id = plan.call("contract_details", contract_id=contract_id).at("client.client_id")
        plan.call("contact_search", client_id=client_id)

    terms = telling(f"It is worth {value} and ends on {end}.", {"value": value, "end_date": end})
    contacts = telling(f"We know {', '.join(people)} there.", {"contacts": people}, list_people)
    return in_turns(target, {"client": str(client["name"])}, (terms, contacts), patch=patch)


READ_ONLY = Family(
    name="read_only",
    task="VIEW OPPORTUNITY DETAILS",
    level=3,
    share=2,
    blueprints=(
        Blueprint("change_then_question", "failure", _draw_counsel_changes, failure="read_only"),
        Blueprint("question_then_change", "failure", _draw_question_first, failure="read_only"),
        Blueprint("questions_only", "success", _draw_counsel_asks),
    ),
)


FAMILIES = (TOO_LATE, READ_ONLY)
