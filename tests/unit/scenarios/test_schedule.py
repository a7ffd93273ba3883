"""Promises of the schedule: how many cases of what."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.core.errors import UnknownNameError
from atlas.scenarios.companies import generate_company
from atlas.scenarios.families import FAMILIES, get_family
from atlas.scenarios.house import House
from atlas.scenarios.schedule import Profile, apportion, plan_split, playable


@given(st.integers(0, 500), st.lists(st.floats(0.1, 50), min_size=1, max_size=20), st.floats(0, 0.999))
def test_apportioning_loses_and_invents_nothing(count: int, weights: list[float], offset: float) -> None:
    """The parts add up, none is negative, and each is within one of its exact share."""
    dealt = apportion(count, weights, offset)
    assert min(dealt) >= 0
    assert sum(dealt) == count
    for part, weight in zip(dealt, weights, strict=True):
        assert abs(part - count * weight / sum(weights)) < 1 + 1e-9


@pytest.mark.parametrize("profile", ["production", "balanced"])
@pytest.mark.parametrize("seed", range(6))
def test_a_split_has_as_many_cases_and_failures_as_promised(seed: int, profile: Profile) -> None:
    """The count is exact, two cases in five are failures, at least fifteen families take part."""
    slots = playable(House(generate_company(seed).conventions))
    planned = plan_split(slots, 120, profile, random.Random(seed))
    assert len(planned) == 120
    assert sum(slot.blueprint.category == "failure" for slot in planned) == 48
    assert len({slot.family.name for slot in planned}) >= 15


def test_the_balanced_profile_is_more_even_than_the_production_one() -> None:
    """In the balanced profile the most frequent family has fewer cases."""
    slots = playable(House(generate_company(1).conventions))
    counts = {
        profile: max(
            sum(slot.family is family for slot in plan_split(slots, 300, profile, random.Random(1)))
            for family in FAMILIES
        )
        for profile in ("production", "balanced")
    }
    assert counts["balanced"] < counts["production"]


def test_every_blueprint_has_a_case_where_there_is_room() -> None:
    """Where families are balanced and cases suffice, nothing that a company can have is missing."""
    slots = playable(House(generate_company(1).conventions))
    assert {id(slot) for slot in plan_split(slots, 900, "balanced", random.Random(1))} == {id(slot) for slot in slots}


def test_a_family_is_played_only_where_its_conventions_are() -> None:
    """No company has cases of a family whose convention it lacks."""
    for seed in range(10):
        house = House(generate_company(seed).conventions)
        for slot in playable(house):
            assert all(house.get(need) is not None for need in slot.family.needs)


def test_names_of_families_and_blueprints_are_unique_and_numerous() -> None:
    """Fifteen or more families with two or more blueprints each; lookups by name work and fail readably."""
    names = [family.name for family in FAMILIES]
    assert len(set(names)) == len(names) >= 15
    for family in FAMILIES:
        blueprints = [blueprint.name for blueprint in family.blueprints]
        assert len(set(blueprints)) == len(blueprints) >= 2
        assert get_family(family.name) is family
    with pytest.raises(UnknownNameError, match="unknown family 'quote_validty'; did you mean 'quote_validity'"):
        get_family("quote_validty")
