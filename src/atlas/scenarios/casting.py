"""Turning a drawn case into a scenario and its sealed part: words, ids, labels."""

from __future__ import annotations

import dataclasses
import random
from datetime import date
from typing import Literal, TypeAlias

from atlas.core.errors import CorpusError
from atlas.core.ids import content_id
from atlas.core.records import record
from atlas.scenarios.blueprints import Case
from atlas.scenarios.companies import Company
from atlas.scenarios.desk import Desk, Shelf
from atlas.scenarios.phrasebook import Phrasebook
from atlas.scenarios.plans import RESPOND_TOOL
from atlas.scenarios.records import CustomerScript, Scenario
from atlas.scenarios.schedule import Slot
from atlas.verify.goals import SealedCase, Solution, Split

GENERATOR_VERSION = "skeleton-1"

Difficulty: TypeAlias = Literal["simple", "medium", "complex"]

_SIMPLE, _MEDIUM = 3, 6  # most calls of a simple and of a medium case


@record
class CastCase:
    """A scenario with what only the vault may hold of it."""

    scenario: Scenario
    sealed: SealedCase


@dataclasses.dataclass(frozen=True, slots=True)
class Casting:
    """What the cases of one split are cast from.

    Attributes:
        company: Where they play.
        shelf: The records of the split.
        split: What they may be used for.
        phrasebook: How users say things.
        taken: Names that new records cannot have; names given out are added.
    """

    company: Company
    shelf: Shelf
    split: Split
    phrasebook: Phrasebook
    taken: set[str]


def cast_case(casting: Casting, slot: Slot, day: date, rng: random.Random) -> CastCase:
    """Return a case of ``slot`` that plays on ``day``, drawn from ``rng``.

    Raises:
        NothingFitsError: the pool holds nothing that the blueprint can be drawn from.
    """
    company, split = casting.company, casting.split
    desk = Desk(company, casting.shelf, day, rng, casting.taken)
    case = slot.blueprint.draw(desk)
    number = rng.choice(casting.phrasebook.numbers_for(split, slot.family.name, slot.blueprint.name))
    wording = casting.phrasebook.wordings(slot.family.name, slot.blueprint.name)[number]
    script = CustomerScript(tuple(fill(text, case) for text in wording.turns), case.disclosures)
    draft = Scenario(
        scenario_id="",
        generator_version=GENERATOR_VERSION,
        company_seed=company.seed,
        split=split,
        family=slot.family.name,
        blueprint=slot.blueprint.name,
        paraphrase=f"{slot.blueprint.name}-{number}-{wording.register}",
        level=slot.family.level,
        category=slot.blueprint.category,
        difficulty=difficulty_of(case.solutions),
        actor=case.actor,
        today=day,
        world_patch=case.patch,
        customer_script=script,
        conventions=desk.house.applied,
        tags=(slot.family.task.lower().replace(" ", "_"), wording.register, *case.tags),
        canary="",
    )
    marked = dataclasses.replace(draft, canary=content_id("atlas-canary", draft))
    scenario = dataclasses.replace(marked, scenario_id=content_id("sc", marked))
    return CastCase(scenario, SealedCase(scenario.scenario_id, split, case.goal, case.solutions))


def fill(text: str, case: Case) -> str:
    """Return a wording with the slots of the case filled in.

    Raises:
        CorpusError: the wording has a slot that the case does not fill.
    """
    try:
        return text.format_map(case.slots)
    except KeyError as exc:
        raise CorpusError(f"the wording {text!r} has the slot {exc.args[0]!r}, which its case does not fill") from exc


def difficulty_of(solutions: tuple[Solution, ...]) -> Difficulty:
    """Return how hard a case is, by the number of calls of its shortest solution, ``respond`` not counted."""
    calls = min(sum(call.tool != RESPOND_TOOL for turn in solution.turns for call in turn) for solution in solutions)
    if calls <= _SIMPLE:
        return "simple"
    return "medium" if calls <= _MEDIUM else "complex"
