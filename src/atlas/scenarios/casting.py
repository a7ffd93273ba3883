"""Turning a drawn case into a scenario and its sealed part: words, ids, labels."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Collection, Sequence
from datetime import date
from typing import Literal, TypeAlias

from atlas.core.errors import CorpusError
from atlas.core.ids import content_id
from atlas.core.records import record
from atlas.scenarios.archive import Archive
from atlas.scenarios.blueprints import Case, Level
from atlas.scenarios.companies import Company
from atlas.scenarios.desk import Desk, Shelf
from atlas.scenarios.naming import NameMaker
from atlas.scenarios.phrasebook import Phrasebook, Wording, choose
from atlas.scenarios.plans import RESPOND_TOOL
from atlas.scenarios.records import CustomerScript, Disclosure, Scenario
from atlas.scenarios.schedule import Slot
from atlas.scenarios.tracing import evidence_of, trace_goal
from atlas.verify.goals import SealedCase, Solution, Split

GENERATOR_VERSION = "6"

Difficulty: TypeAlias = Literal["simple", "medium", "complex"]

_OWN_WORDS = 0.05  # share of disclosures that keep the words of the blueprint where a message says the same
_CHOICES = 12  # tries to say something in other words
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
        archive: The company's records, ready to be searched.
        taken: Names that new records cannot have; names given out are added.
        said: Wordings that were used, as they were chosen; a case uses others where it can.
        names_share: Which of how many shares of all names new records get theirs from; no two splits have the same.
        dialect: Seed of the names that tools and fields have; None for their own.
        every_wording: Whether cases may have any wording, not only those of the split.
    """

    company: Company
    shelf: Shelf
    split: Split
    phrasebook: Phrasebook
    archive: Archive
    taken: set[str]
    said: set[str] = dataclasses.field(default_factory=set[str])
    names_share: tuple[int, int] = (0, 1)
    dialect: int | None = None
    every_wording: bool = False


def cast_case(casting: Casting, slot: Slot, day: date, rng: random.Random) -> CastCase:
    """Return a case of ``slot`` that plays on ``day``, drawn from ``rng``.

    Raises:
        NothingFitsError: the pool holds nothing that the blueprint can be drawn from.
    """
    company, split = casting.company, casting.split
    names = NameMaker(rng, casting.taken, casting.names_share)
    desk = Desk(company, casting.shelf, day, rng, names)
    case = slot.blueprint.draw(desk)
    wordings = casting.phrasebook.wordings(slot.family.name, slot.blueprint.name)
    own = casting.phrasebook.numbers_for(split, slot.family.name, slot.blueprint.name)
    numbers = list(range(len(wordings)) if casting.every_wording else own)
    rng.shuffle(numbers)
    number, chosen = _choose_wording(wordings, numbers, casting.said, rng)
    wording = wordings[number]
    turns = tuple(fill(text, case) for text in chosen)
    disclosures = tuple(_disclosure(entry, wording, case, casting.said, rng) for entry in case.disclosures)
    said = "\n".join((*turns, *(entry.text for entry in disclosures)))
    literals = tuple(dict.fromkeys(value for value in case.slots.values() if value and value in said))
    script = CustomerScript(turns, disclosures, literals=literals)
    draft = Scenario(
        scenario_id="",
        generator_version="",  # no part of the id: a case that is put the same is the same case in every version
        company_seed=company.seed,
        split=split,
        family=slot.family.name,
        blueprint=slot.blueprint.name,
        paraphrase=f"{slot.blueprint.name}-{number}-{wording.register}",
        level=level_of(slot, company, desk.house.applied),
        category=slot.blueprint.category,
        failure=slot.blueprint.failure,
        difficulty=difficulty_of(case.solutions),
        actor=case.actor,
        today=day,
        world_patch=case.patch,
        outages=case.outages,
        dialect=casting.dialect,
        customer_script=script,
        conventions=desk.house.applied,
        tags=(slot.family.task.lower().replace(" ", "_"), wording.register, *case.tags),
        canary="",
    )
    marked = dataclasses.replace(draft, canary=content_id("atlas-canary", draft))
    scenario = dataclasses.replace(marked, scenario_id=content_id("sc", marked), generator_version=GENERATOR_VERSION)
    evidence, archive = evidence_of(scenario, company.file, casting.archive)
    sealed = SealedCase(
        scenario.scenario_id,
        split,
        goal=case.goal,
        solutions=case.solutions,
        blunder=case.blunder,
        slots=dict(case.slots),
        traces=trace_goal(case.goal, evidence, archive, case.slots),
    )
    return CastCase(scenario, sealed)


def level_of(slot: Slot, company: Company, applied: Collection[str]) -> Level:
    """Return what has to be learned for a case: what its blueprint says, and no more than the company where it counts.

    Args:
        slot: What the case is drawn from.
        company: Where it plays.
        applied: Kinds of the conventions that decided something in it.
    """
    declared = slot.blueprint.level or slot.family.level
    expected = {convention.kind for convention in company.conventions if not convention.enforced}
    return 2 if declared > 2 and expected & set(applied) else declared  # noqa: PLR2004 - 2 is the company


def _choose_wording(
    wordings: Sequence[Wording], numbers: Sequence[int], said: set[str], rng: random.Random
) -> tuple[int, tuple[str, ...]]:
    """Return a wording's number and its turns as chosen: the first wording that can still be said otherwise.

    Args:
        wordings: Those of the blueprint.
        numbers: The ones to choose among, in a drawn order.
        said: What was said before; what is chosen is added.
        rng: Takes the choices.
    """
    tried = [(number, tuple(_fresh(text, said, rng) for text in wordings[number].turns)) for number in numbers[:1]]
    for number in numbers[1:]:
        if not said & set(tried[-1][1]):
            break
        tried.append((number, tuple(_fresh(text, said, rng) for text in wordings[number].turns)))
    number, chosen = min(tried, key=lambda entry: len(said & set(entry[1])))
    said.update(chosen)
    return number, chosen


def _disclosure(entry: Disclosure, wording: Wording, case: Case, said: set[str], rng: random.Random) -> Disclosure:
    """Return what is told when asked: mostly, where a message says the same, in the way of that message."""
    if entry.instead_of is None or rng.random() < _OWN_WORDS:
        return entry
    chosen = _fresh(wording.turns[entry.instead_of], said, rng)
    said.add(chosen)
    return dataclasses.replace(entry, text=fill(chosen, case))


def _fresh(text: str, said: set[str], rng: random.Random) -> str:
    """Return a wording with one of every choice taken, and otherwise than before where it can be said otherwise."""
    chosen = choose(text, rng)
    for _ in range(_CHOICES):
        if chosen not in said:
            break
        chosen = choose(text, rng)
    return chosen


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
