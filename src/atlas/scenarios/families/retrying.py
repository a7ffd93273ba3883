"""Requests that are declined for whatever reason, and what the user wants instead, which need not be the same record.

Where one record is at hand all the time, see :func:`atlas.scenarios.families.mending.mended_case`; where the first
request names something that is not there, :func:`atlas.scenarios.families.turns.missed_case`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TypeAlias

from atlas.crm.records import Outcome, ReasonCode
from atlas.scenarios.blueprints import Case
from atlas.scenarios.families.mending import Seek, Work
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import Disclosure
from atlas.verify.goals import Goal, RequiredRefusal

Steps: TypeAlias = Callable[[Plan], object]
"""Makes calls; what it returns is not used."""

# words of a question about what was declined
_ASKING = ("instead", "which", "what", "correct", "right", "should", "shall", "would you")


@dataclasses.dataclass(frozen=True, slots=True)
class Rebuff:
    """A first request that is declined.

    Attributes:
        reason: Why.
        about: What the response has to name; one of these texts.
        message: The response.
        mend: What the user says when asked; the second turn of the wordings says the same.
        looks: Two ways to come to the response.
        bad: The calls of somebody who carries the request out as it stands.
        claim: What that somebody tells the user, by name of the fact.
    """

    reason: ReasonCode
    about: tuple[str, ...]
    message: str
    mend: str
    looks: tuple[Steps, Steps]
    bad: Steps
    claim: Mapping[str, object] = dataclasses.field(default_factory=dict[str, object])


def second_try(slots: Mapping[str, str], actor: str, rebuff: Rebuff, work: Work, seekers: tuple[Seek, Seek]) -> Case:
    """Return a case whose first turn is declined, and whose second turn asks for ``work``.

    Args:
        slots: What stands for the slots of the wordings.
        actor: Handle of the colleague who asks.
        rebuff: The first turn.
        work: The second turn.
        seekers: Two ways to find the record that the work is about.
    """
    refusing, asking, careless = Plan(), Plan(), Plan()
    rebuff.looks[0](refusing)
    refusing.decline(rebuff.message, rebuff.reason)
    refused = work.finish(refusing, seekers[0](refusing))
    rebuff.looks[1](asking)
    asking.ask(f"{rebuff.message} What should I do instead?", rebuff.reason)
    asked = work.finish(asking, seekers[1](asking))
    rebuff.bad(careless)
    told = "; ".join(f"{name.replace('_', ' ')}: {value}" for name, value in rebuff.claim.items())
    careless.respond(f"Done. {told}".strip(), **rebuff.claim)
    outcomes = (Outcome.REFUSED, Outcome.REPORTED, Outcome.ASKED)
    goal = Goal(
        expected_changes=work.expected,
        allowed_changes=work.allowed,
        answers=work.answers,
        must_refuse=RequiredRefusal(rebuff.reason, rebuff.about, outcomes, at_end=False),
    )
    answer = Disclosure((*rebuff.about, *_ASKING), rebuff.mend, instead_of=1)
    return Case(slots, actor, goal, (refused, asked), disclosures=(answer,), blunder=careless.solution())


def no_steps(plan: Plan) -> None:
    """Make no call: the words alone tell."""
