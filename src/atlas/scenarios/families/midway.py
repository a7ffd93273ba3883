"""Conversations in which records are found in the first turn: those that run through, and those with a snag midway."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TypeAlias

from atlas.crm.records import ReasonCode, Row
from atlas.scenarios.blueprints import Case
from atlas.scenarios.families.contract_rows import refused_first
from atlas.scenarios.families.moves import seek_and_read_deal, seek_client, seek_deal
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import Disclosure, PatchedRow
from atlas.verify.goals import Goal

Known: TypeAlias = Mapping[str, str]
"""What stands for the ids of the records at hand, by a word for the record."""

Find: TypeAlias = Callable[[Plan], Known]
"""Looks the records up."""

Part: TypeAlias = Callable[[Plan, Known], object]
"""A part of a conversation about the records; what it returns is not used."""

# words of a question about what could not be done
_ASKING = ("instead", "which", "what", "should", "shall", "would you", "correct", "right")


@dataclasses.dataclass(frozen=True, slots=True)
class _ClientFinder:
    client: Row
    surnames: tuple[str, ...]
    reading: bool

    def __call__(self, plan: Plan) -> Known:
        if self.reading:
            found = plan.call("client_search", criteria={"name": {"equals": self.client["name"]}})
            shown = plan.call("client_details", client_id=found.at("results.0.client_id"))
            return {"client": shown.at("client.client_id")}
        client_id = seek_client(plan, self.client)
        for surname in self.surnames:
            plan.call("contact_search", client_id=client_id, last_name=surname)
        return {"client": client_id}


def client_finds(client: Row, *surnames: str) -> tuple[Find, Find]:
    """Return two ways to find a client and see whether people of these surnames are there."""
    return _ClientFinder(client, surnames, reading=False), _ClientFinder(client, surnames, reading=True)


def deal_finds(**deals: Row) -> tuple[Find, Find]:
    """Return two ways to find deals, each under a word: by name, and by exact name with a look at everything."""
    return (
        lambda plan: {word: seek_deal(plan, deal) for word, deal in deals.items()},
        lambda plan: {word: seek_and_read_deal(plan, deal) for word, deal in deals.items()},
    )


def with_client(word: str, deal: Row) -> tuple[Find, Find]:
    """Return two ways to find a deal, under a word, and its client."""

    def find(plan: Plan) -> Known:
        found = plan.call("opportunity_search", name=deal["name"])
        return {word: found.at("results.0.opportunity_id"), "client": found.at("results.0.client_id")}

    def read(plan: Plan) -> Known:
        found = plan.call("opportunity_search", criteria={"name": {"equals": deal["name"]}})
        view = plan.call("view_opportunity_details", opportunity_id=found.at("results.0.opportunity_id"))
        return {word: view.at("opportunity.opportunity_id"), "client": view.at("client.client_id")}

    return find, read


def run_through(
    actor: str,
    slots: Mapping[str, str],
    finds: tuple[Find, ...],
    talk: Part,
    goal: Goal,
    *,
    patch: tuple[PatchedRow, ...] = (),
) -> Case:
    """Return a case in which the same conversation follows different searches."""
    plans = tuple(Plan() for _ in finds)
    for plan, find in zip(plans, finds, strict=True):
        talk(plan, find(plan))
    return Case(slots, actor, goal, tuple(plan.solution() for plan in plans), patch=patch)


def nothing(plan: Plan, known: Known) -> None:
    """Make no call."""


@dataclasses.dataclass(frozen=True, slots=True)
class Snag:
    """Something in a conversation that cannot be done, and what becomes of it.

    Attributes:
        reason: Why it cannot be done.
        about: What the response has to name; one of these texts.
        message: The response.
        mend: What the user says when asked.
        turn: Number of the turn (from 0) whose words say the same as ``mend``.
        before: What was done up to then, in earlier turns or in the same.
        bad: The calls of somebody who does it as it stands.
        after: What is done in the end.
        look: The calls that it takes to see that it cannot be done.
        claim: What that somebody tells the user, by name of the fact.
    """

    reason: ReasonCode
    about: tuple[str, ...]
    message: str
    mend: str
    turn: int
    before: Part
    bad: Part
    after: Part
    look: Part = nothing
    claim: Mapping[str, object] = dataclasses.field(default_factory=dict[str, object])

    def case(
        self,
        actor: str,
        slots: Mapping[str, str],
        finds: tuple[Find, Find],
        goal: Goal,
        *,
        patch: tuple[PatchedRow, ...] = (),
    ) -> Case:
        """Return the case: one solution declines, the other one asks."""
        refusing, asking, careless = Plan(), Plan(), Plan()
        known = finds[0](refusing)
        self.before(refusing, known)
        self.look(refusing, known)
        refusing.decline(self.message, self.reason)
        self.after(refusing, known)
        known = finds[1](asking)
        self.before(asking, known)
        self.look(asking, known)
        asking.ask(f"{self.message} What should I do instead?", self.reason)
        self.after(asking, known)
        known = finds[0](careless)
        self.before(careless, known)
        self.bad(careless, known)
        told = "; ".join(f"{name.replace('_', ' ')}: {value}" for name, value in self.claim.items())
        careless.respond(f"Done. {told}".strip(), **self.claim)
        return Case(
            slots,
            actor,
            dataclasses.replace(goal, must_refuse=refused_first(self.reason, *self.about)),
            (refusing.solution(), asking.solution()),
            disclosures=(Disclosure((*self.about, *_ASKING), self.mend, instead_of=self.turn),),
            patch=patch,
            blunder=careless.solution(),
        )
