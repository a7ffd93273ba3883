"""What a family of scenarios is made of: blueprints with wordings, and a way to draw a case from a company.

A blueprint is written once and declares everything about a kind of case; a case is one drawing of it, ready to be put
into words.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

from atlas.crm.outages import Outage
from atlas.scenarios.desk import Desk
from atlas.scenarios.house import House
from atlas.scenarios.records import Disclosure, PatchedRow
from atlas.verify.goals import Goal, Solution

Level: TypeAlias = Literal[1, 2, 3, 4]
"""What has to be learned: one case (1), this company (2), the workflow (3), anything that has tools (4)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """One drawing of a blueprint.

    Attributes:
        slots: What stands for the slots of the wordings; never a value that only the goal may know.
        actor: Handle of the colleague who asks.
        goal: What has to become true.
        solutions: Ways to get there, the one to be taught first.
        disclosures: What the user tells when asked.
        patch: Rows to be put into the company first.
        outages: Tools that do not work.
        blunder: Of a failure, the run of somebody who carries out the request as it stands.
        tags: Free labels.
    """

    slots: Mapping[str, str]
    actor: str
    goal: Goal
    solutions: tuple[Solution, ...]
    disclosures: tuple[Disclosure, ...] = ()
    patch: tuple[PatchedRow, ...] = ()
    outages: tuple[Outage, ...] = ()
    blunder: Solution | None = None
    tags: tuple[str, ...] = ()


def _always(house: House) -> bool:  # noqa: ARG001 - fills a slot of Blueprint
    return True


@dataclasses.dataclass(frozen=True, slots=True)
class Blueprint:
    """A kind of case. Its wordings stand in the phrasebook.

    Attributes:
        name: Unique within its family.
        category: Whether the request can be carried out as it stands.
        draw: Draws a case; raises ``NothingFitsError`` where the pool holds nothing that fits.
        when: Whether a company whose house rules meet the family's needs can have such cases.
        share: Its weight, in parts of what an even division of the family's share would give it.
        failure: Of a failure, the id of its category.
        level: What has to be learned, where it is not what the rest of the family takes.
    """

    name: str
    category: Literal["success", "failure"]
    draw: Callable[[Desk], Case]
    when: Callable[[House], bool] = _always
    share: float = 1.0
    failure: str | None = None
    level: Level | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Family:
    """Blueprints that exercise the same kind of work.

    Attributes:
        name: Unique.
        task: Which task of production it stands for.
        level: What has to be learned (see ``Scenario.level``).
        blueprints: At least two.
        needs: Conventions that the company has to have; a company without them has no case of the family.
        share: Its weight in the production mix.
    """

    name: str
    task: str
    level: Level
    blueprints: tuple[Blueprint, ...]
    needs: tuple[type, ...] = ()
    share: float = 1.0
