"""Whether the cases of a corpus are mixed as its recipe says."""

from __future__ import annotations

from collections import Counter
from typing import get_args

from atlas.core.rng import derive_rng
from atlas.scenarios.corpus import Corpus, home_held_out
from atlas.scenarios.house import House
from atlas.scenarios.schedule import Profile, plan_split, playable
from atlas.verify.goals import Split


def follows_profile(corpus: Corpus) -> bool:
    """Tell whether the largest split of the home company is mixed by the profile of the recipe.

    It is not where most of its cases are of blueprints that another profile plans, and most of them are of none that
    its own profile plans. A case may stand in for one that could not be drawn, so a plan need not fit to the last one.
    """
    split = max(corpus.recipe.home_counts, key=lambda one: len(corpus.split(one)))
    cases = len(corpus.split(split))
    if _planned(corpus, split, corpus.recipe.profile) * 2 >= cases:
        return True
    others = (profile for profile in get_args(Profile) if profile != corpus.recipe.profile)
    return not any(_planned(corpus, split, profile) * 2 > cases for profile in others)


def _planned(corpus: Corpus, split: Split, profile: Profile) -> int:
    """Return how many cases of a split are of a blueprint that the profile plans for it."""
    home = corpus.company
    held = home_held_out(home) if corpus.recipe.test_new_family else frozenset[str]()
    wanted = split is Split.TEST_NEW_FAMILY
    slots = [slot for slot in playable(House(home.conventions)) if (slot.family.name in held) is wanted]
    count = corpus.recipe.counts[split]
    plan = plan_split(slots, count, profile, derive_rng(home.seed, "plan", split.value))
    planned = Counter((slot.family.name, slot.blueprint.name) for slot in plan)
    return (planned & Counter((one.family, one.blueprint) for one in corpus.split(split))).total()
