"""How many cases of which blueprint a split has."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from atlas.scenarios.blueprints import Blueprint, Family
from atlas.scenarios.families import FAMILIES
from atlas.scenarios.house import House

Profile: TypeAlias = Literal["production", "balanced"]

FAILURE_SHARE = 0.4  # of every split

_HELD_OUT = 6  # one in so many families is held out
_FREQUENT = 5  # families with a larger share of production are not
_ROOMY = 1.3  # cases per blueprint from which on every blueprint has one
_RARE = 6  # per mille added to every task, so that rare ones occur
_TASKS: Mapping[str, int] = {  # how often each task is asked for in production, per mille; others hardly ever are
    "CREATE NEW OPPORTUNITY": 243,
    "MODIFY OPPORTUNITY": 194,
    "OPPORTUNITY SEARCH": 150,
    "UPLOAD DOCUMENT": 144,
    "CREATE QUOTE": 119,
    "VIEW OPPORTUNITY DETAILS": 58,
    "CONTACT SEARCH": 25,
    "CLONE OPPORTUNITY": 18,
    "SUMMARIZE OPPORTUNITIES": 13,
    "CLIENT SEARCH": 13,
    "CREATE NEW CLIENT": 9,
    "CREATE NEW CONTACT": 7,
    "CONTRACT SEARCH": 3,
    "QUOTE SEARCH": 2,
    "CREATE NEW CONTRACT": 2,
}


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


def held_out(slots: Sequence[Slot], rng: random.Random) -> frozenset[str]:
    """Return the families that have cases in ``test_new_family`` only: about one in six, not the most frequent ones.

    What a held-out family takes can be learned from the others: it needs no convention that they do not need as well.

    Args:
        slots: What the company can have cases of.
        rng: Decides among those that fit.
    """
    families = {slot.family.name: slot.family for slot in slots}
    fails = {slot.family.name for slot in slots if slot.blueprint.category == "failure"}
    succeeds = {slot.family.name for slot in slots if slot.blueprint.category == "success"}
    order = sorted(families)
    rng.shuffle(order)
    order.sort(key=lambda name: name not in fails or name not in succeeds)  # first those that have both
    chosen: list[str] = []
    for name in order:
        if len(chosen) * _HELD_OUT >= len(families):
            break
        rest = {need for other, family in families.items() if other not in {*chosen, name} for need in family.needs}
        if families[name].share <= _FREQUENT and set(families[name].needs) <= rest:
            chosen.append(name)
    return frozenset(chosen)


def in_composition(order: Sequence[Slot]) -> list[Slot]:
    """Return the places so that what needs several conventions comes after what needs one, and that after the rest.

    Args:
        order: The places in a drawn order, which is kept among equals.
    """
    return sorted(order, key=lambda slot: len(slot.family.needs))


def plan_split(slots: Sequence[Slot], count: int, profile: Profile, rng: random.Random) -> list[Slot]:
    """Return ``count`` places, blueprint by blueprint, with the promised share of failures.

    Where there are cases enough and the families are balanced, every blueprint has one.

    Args:
        slots: What the company can have cases of.
        count: Number of cases.
        profile: ``production`` follows how often tasks are asked for; ``balanced`` gives every family the same.
        rng: Decides who gets the odd case.
    """
    failures = round(count * FAILURE_SHARE)
    planned: list[Slot] = []
    for category, number in (("success", count - failures), ("failure", failures)):
        chosen = [slot for slot in slots if slot.blueprint.category == category]
        weights = [_weight(slot, slots, profile) for slot in chosen]
        quotas = _quotas(number, weights, rng) if profile == "balanced" else apportion(number, weights, rng.random())
        for slot, quota in zip(chosen, quotas, strict=True):
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
    return slot.blueprint.share * (_frequency(slot, slots) if profile == "production" else 1.0) / siblings


def _frequency(slot: Slot, slots: Sequence[Slot]) -> float:
    """Return how much of production a family stands for: its part of how often its task is asked for."""
    alike = {other.family.name: other.family.share for other in slots if other.family.task == slot.family.task}
    return (_TASKS.get(slot.family.task, 0) + _RARE) * slot.family.share / sum(alike.values())
