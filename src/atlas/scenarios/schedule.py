"""How many cases of which blueprint a split has."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Sequence
from typing import Literal, TypeAlias

from atlas.scenarios.blueprints import Blueprint, Family
from atlas.scenarios.families import FAMILIES
from atlas.scenarios.house import House

Profile: TypeAlias = Literal["production", "balanced"]

FAILURE_SHARE = 0.4  # of every split

_ROOMY = 1.3  # cases per blueprint from which on every blueprint has one


@dataclasses.dataclass(frozen=True, slots=True)
class Slot:
    """A place in a schedule: a blueprint that a case is to be drawn from."""

    family: Family
    blueprint: Blueprint


def playable(house: House) -> tuple[Slot, ...]:
    """Return the blueprints that a company with such rules can have cases of, in the order of the families."""
    return tuple(
        Slot(family, blueprint)
        for family in FAMILIES
        if all(house.get(need) is not None for need in family.needs)
        for blueprint in family.blueprints
        if blueprint.when(house)
    )


def plan_split(slots: Sequence[Slot], count: int, profile: Profile, rng: random.Random) -> list[Slot]:
    """Return ``count`` places, blueprint by blueprint, with the promised share of failures.

    Where there are cases enough, every blueprint has one.

    Args:
        slots: What the company can have cases of.
        count: Number of cases.
        profile: ``production`` follows the families' shares; ``balanced`` gives every family the same.
        rng: Decides who gets the odd case.
    """
    failures = round(count * FAILURE_SHARE)
    planned: list[Slot] = []
    for category, number in (("success", count - failures), ("failure", failures)):
        chosen = [slot for slot in slots if slot.blueprint.category == category]
        weights = [_weight(slot, slots, profile) for slot in chosen]
        for slot, quota in zip(chosen, _quotas(number, weights, rng), strict=True):
            planned += [slot] * quota
    return planned


def apportion(count: int, weights: Sequence[float], offset: float = 0.5) -> list[int]:
    """Return ``count`` dealt out in proportion to ``weights``: every part is its exact share, rounded up or down.

    Args:
        count: What is dealt out.
        weights: At least one of them positive, unless nothing is dealt out.
        offset: In [0, 1); over all offsets, every part is its exact share on average.

    Example:
        >>> apportion(10, [1, 1, 2]), apportion(3, [5, 1, 1])
        ([3, 2, 5], [2, 1, 0])
    """
    total = sum(weights)
    dealt: list[int] = []
    passed, reached = 0, 0.0
    for place, weight in enumerate(weights):
        reached += count * weight / total if total else 0.0
        mark = count if place == len(weights) - 1 else min(math.floor(reached + offset), count)
        dealt.append(mark - passed)
        passed = mark
    return dealt


def _quotas(count: int, weights: Sequence[float], rng: random.Random) -> list[int]:
    offset = rng.random()
    if count < len(weights) * _ROOMY:
        return apportion(count, weights, offset)
    total = sum(weights)
    beyond_one = [max(count * weight / total - 1, 0.0) for weight in weights]
    return [1 + more for more in apportion(count - len(weights), beyond_one, offset)]


def _weight(slot: Slot, slots: Sequence[Slot], profile: Profile) -> float:
    siblings = sum(
        other.family is slot.family and other.blueprint.category == slot.blueprint.category for other in slots
    )
    return slot.blueprint.share * (slot.family.share if profile == "production" else 1.0) / siblings
