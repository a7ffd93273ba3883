"""Promises of the profile: the cases of a corpus are told from those of another profile, and never wrongly refused."""

from __future__ import annotations

import dataclasses
from typing import get_args

import pytest

from atlas.scenarios.corpus import cook
from atlas.scenarios.gate_profile import follows_profile
from atlas.scenarios.recipes import Recipe, recipe_of
from atlas.scenarios.schedule import Profile

RECIPES = {
    "all splits": recipe_of(5, 60, records=300),
    "one split": Recipe(3, stream=20, dev=0, test_same=0, size=200),
    "compositional": recipe_of(7, 40, order="compositional", records=300),
    "other words": Recipe(4, stream=20, dev=5, test_same=5, size=300, reskin=9),
}


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("profile", get_args(Profile))
def test_cases_follow_the_profile_that_they_were_planned_by(name: str, profile: Profile) -> None:
    """And no other."""
    corpus = cook(dataclasses.replace(RECIPES[name], profile=profile))
    assert follows_profile(corpus)
    (other,) = (one for one in get_args(Profile) if one != profile)
    assert not follows_profile(dataclasses.replace(corpus, recipe=dataclasses.replace(corpus.recipe, profile=other)))
