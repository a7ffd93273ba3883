"""What a family of scenarios is made of: blueprints with wordings, and a way to draw a case from a company.

A blueprint is written once and declares everything about a kind of case; a case is one drawing of it, ready to be put
into words.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Literal

from atlas.scenarios.desk import Desk
from atlas.scenarios.house import House
from atlas.scenarios.records import Disclosure, PatchedRow
from atlas.verify.goals import Goal, Solution


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
        tags: Free labels.
    """

    slots: Mapping[str, str]
    actor: str
    goal: Goal
    solutions: tuple[Solution, ...]
    disclosures: tuple[Disclosure, ...] = ()
    patch: tuple[PatchedRow, ...] = ()
    tags: tuple[str, ...] = ()


def _always(house: House) -> bool:  # noqa: ARG001 - fills a slot of Blueprint
    return True


@dataclasses.dataclass(frozen=True, slots=True)
class Blueprint:
    """A kind of case. Its wordings stand in the phrasebook.

    Attributes:
        name: Unique within its family.
        category: Whether the request can be carried out.
        draw: Draws a case; raises ``NothingFitsError`` where the pool holds nothing that fits.
        when: Whether a company whose house rules meet the family's needs can have such cases.
        share: Its weight, in parts of what an even division of the family's share would give it.
    """

    name: str
    category: Literal["success", "failure"]
    draw: Callable[[Desk], Case]
    when: Callable[[House], bool] = _always
    share: float = 1.0


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
    level: Literal[2, 3]
    blueprints: tuple[Blueprint, ...]
    needs: tuple[type, ...] = ()
    share: float = 1.0
