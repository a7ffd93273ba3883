"""Cases of several turns about one record: a piece of work in each, or something missing first and what to do then."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeAlias, cast

from atlas.core.records import JsonObject
from atlas.crm.records import Outcome, ReasonCode, Row
from atlas.scenarios.blueprints import Case
from atlas.scenarios.conventions.deals import OPEN_STAGES
from atlas.scenarios.desk import Desk, is_open
from atlas.scenarios.families.expect import updated
from atlas.scenarios.families.mending import Step, Target, Work
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import Disclosure, PatchedRow
from atlas.verify.goals import ExpectedChange, Goal, RequiredRefusal

Look: TypeAlias = Callable[[Plan], str | None]
"""Looks for something in vain; returns what stands for the id of the record at hand where that was found on the way."""

FIELD_WORDS: Mapping[str, str] = {
    "phone": "phone number", "email": "e-mail address", "address": "postal address", "status": "status",
    "title": "job title",
}  # fmt: skip
_ASKING = ("which", "who", "instead", "name", "should", "meant", "correct")  # words of a question about what is missing


def set_work(target: Target, values: JsonObject) -> Work:
    """Return the work of setting fields of a client or a contact."""
    told = ", ".join(f"{FIELD_WORDS.get(field, field)} {value}" for field, value in values.items())
    expected = (updated(target.entity, target.id, values),)
    return Work(
        partial(target.change, values=values), f"{target.called} now has: {told}.", expected, (target.may_note,)
    )


def telling(done: str, facts: Mapping[str, object], do: Step | None = None) -> Work:
    """Return the work of telling something, after ``do`` where the user's words and the record do not hold it."""
    return Work(do or _nothing, done, facts=facts)


def _nothing(plan: Plan, record_id: str) -> None:
    """Make no call."""


def in_turns(
    target: Target, slots: Mapping[str, str], works: Sequence[Work], *, patch: tuple[PatchedRow, ...] = ()
) -> Case:
    """Return a case with a turn for each of ``works``, all about the record that is found in the first."""
    plans = (Plan(), Plan())
    for plan, seek in zip(plans, target.seekers, strict=True):
        record_id = seek(plan)
        for work in works:
            work.do(plan, record_id)
            plan.respond(work.done, **work.facts)
    goal = Goal(
        expected_changes=_net(change for work in works for change in work.expected),
        allowed_changes=tuple(pattern for work in works for pattern in work.allowed),
        answers=tuple(fact for work in works for fact in work.answers),
    )
    return Case(slots, target.actor, goal, tuple(plan.solution() for plan in plans), patch=patch)


def _net(changes: Iterable[ExpectedChange]) -> tuple[ExpectedChange, ...]:
    """Return what the changes of several turns come to: one per changed row, later values in place of earlier ones."""
    rows: dict[object, ExpectedChange] = {}
    for place, change in enumerate(changes):
        key = place if change.id is None else (change.entity, change.id)
        before = rows.get(key)
        fields = change.fields if before is None else {**before.fields, **change.fields}
        rows[key] = dataclasses.replace(change, fields=fields)
    return tuple(rows.values())


@dataclasses.dataclass(frozen=True, slots=True)
class Miss:
    """Something that a request names and that is not there.

    Attributes:
        about: What whoever declines it has to name; one of these texts.
        message: Says what is missing.
        mend: What the user says when asked; the second turn of the wordings says the same.
        looks: Two ways to look for it.
        bad: The calls of somebody who goes on without it; None for one who does nothing and calls it done.
    """

    about: tuple[str, ...]
    message: str
    mend: str
    looks: tuple[Look, Look]
    bad: Step | None = None


def missed_case(target: Target, slots: Mapping[str, str], miss: Miss, work: Work) -> Case:
    """Return a case whose first turn names something that is not there, and whose second turn says what to do then."""
    refusing, asking, careless = Plan(), Plan(), Plan()
    found = miss.looks[0](refusing)
    refusing.decline(miss.message, ReasonCode.NOT_FOUND)
    refused = work.finish(refusing, found or target.seekers[0](refusing))
    found = miss.looks[1](asking)
    asking.ask(f"{miss.message} What should I do instead?", ReasonCode.NOT_FOUND)
    asked = work.finish(asking, found or target.seekers[1](asking))
    found = miss.looks[0](careless)
    if miss.bad is not None:
        miss.bad(careless, found or target.seekers[0](careless))
    careless.respond("Done.")
    outcomes = (Outcome.REFUSED, Outcome.REPORTED, Outcome.ASKED)
    goal = Goal(
        expected_changes=work.expected,
        allowed_changes=work.allowed,
        answers=work.answers,
        must_refuse=RequiredRefusal(ReasonCode.NOT_FOUND, miss.about, outcomes, at_end=False),
    )
    answer = Disclosure((*miss.about, *_ASKING), miss.mend, instead_of=1)
    return Case(slots, target.actor, goal, (refused, asked), disclosures=(answer,), blunder=careless.solution())


def new_phone(desk: Desk) -> str:
    """Return a phone number."""
    return f"+{desk.rng.randint(30, 49)} {desk.rng.randint(100, 999)} {desk.rng.randint(100_000, 999_999)}"


def full_name(contact: Row) -> str:
    """Return first and last name of a contact."""
    return f"{contact['first_name']} {contact['last_name']}"


def open_deals(desk: Desk, client: Row) -> Sequence[Row]:
    """Return the open deals of a client."""
    return [deal for deal in desk.shelf.deals_of(client) if is_open(deal)]


def list_deals_work(desk: Desk, client: Row) -> Work:
    """Return the work of telling which open deals a client has."""
    names = [str(deal["name"]) for deal in open_deals(desk, client)]

    def look(plan: Plan, client_id: str) -> None:
        plan.call("opportunity_search", criteria={"client_id": client_id, "stage": {"in": list(OPEN_STAGES)}})

    return telling(f"Open deals: {'; '.join(names)}.", {"opportunities": names}, look)


def total_work(desk: Desk, client: Row) -> Work:
    """Return the work of telling what the open deals of a client come to."""
    total = shown_amount(sum(cast("int", deal["amount"]) for deal in open_deals(desk, client)))

    def add_up(plan: Plan, client_id: str) -> None:
        plan.call("summarize_opportunities", client_id=client_id, stage={"in": list(OPEN_STAGES)})

    return telling(f"They come to {total} in total.", {"total_amount": total}, add_up)
