"""Recipes: everything that a corpus is generated from, in one record."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import Literal, TypeAlias

from atlas.core.errors import MisuseError
from atlas.core.records import record
from atlas.core.rng import derive_seed
from atlas.scenarios.companies import LARGEST_SIZE, POOLS, SKELETON_SIZE, SMALLEST_SIZE
from atlas.scenarios.schedule import Profile, apportion
from atlas.verify.goals import Split

STREAM_CASES, DEV_CASES, TEST_CASES = 180, 60, 120
FULL_SIZE = 1500
FULL_RECORDS = 1800  # records of the company that a corpus of full size is about

DEFAULT_DIVISION: Mapping[Split, int] = {
    Split.STREAM: 600,
    Split.DEV: 150,
    Split.TEST_SAME: 350,
    Split.TEST_NEW_FAMILY: 150,
    Split.TEST_NEW_COMPANY: 100,
    Split.TEST_RENAMED: 100,
    Split.AUDIT: 50,
}
"""How many of 1,500 cases each split has."""

Order: TypeAlias = Literal["naive", "compositional"]
"""In which order the stream is met: shuffled, or so that earlier cases hold what later ones need."""

SMALLEST_CORPUS = 20  # cases for which the division into seven splits makes sense
LARGEST_SPLIT = 100_000  # cases

_CASES_PER_STRANGER = 25  # cases of a company that nobody has learned from
_SEED_RANGE = 1_000_000_000
_SHORTEST_SECRET = 16  # characters
_STRANGER_SEEDS = 1_000_000  # the smallest seed of such a company; smaller ones are given by people


@record
class Recipe:
    """Everything that a corpus is generated from.

    Attributes:
        company_seed: Draws the company and the cases.
        stream: Number of cases to learn from.
        dev: Number of cases to tune thresholds on.
        test_same: Number of held-out cases of the same families: other wordings, other clients.
        size: Records of the company, roughly.
        profile: How the families are mixed.
        reskin: See ``generate_company``.
        test_new_family: Number of cases of families that have no cases elsewhere.
        test_new_company: Number of cases at companies with other conventions, which have no cases to learn from.
        test_renamed: Number of cases in which tools and fields have other names.
        audit: Number of cases for people to read.
        order: How the stream is ordered.
    """

    company_seed: int
    stream: int = STREAM_CASES
    dev: int = DEV_CASES
    test_same: int = TEST_CASES
    size: int = SKELETON_SIZE
    profile: Profile = "production"
    reskin: int | None = None
    test_new_family: int = 0
    test_new_company: int = 0
    test_renamed: int = 0
    audit: int = 0
    order: Order = "naive"

    @property
    def counts(self) -> Mapping[Split, int]:
        """Number of cases of each split."""
        return {
            Split.STREAM: self.stream,
            Split.DEV: self.dev,
            Split.TEST_SAME: self.test_same,
            Split.TEST_NEW_FAMILY: self.test_new_family,
            Split.TEST_NEW_COMPANY: self.test_new_company,
            Split.TEST_RENAMED: self.test_renamed,
            Split.AUDIT: self.audit,
        }

    @property
    def home_counts(self) -> Mapping[Split, int]:
        """Number of cases of each split of the company that is learned from."""
        return {split: self.counts[split] for split in POOLS}

    @property
    def strangers(self) -> tuple[tuple[int, int], ...]:
        """Seed and number of cases of each company that nobody has learned from."""
        number = -(-self.test_new_company // _CASES_PER_STRANGER)
        return tuple(
            (_STRANGER_SEEDS + derive_seed(self.company_seed, "stranger", place) % _SEED_RANGE, count)
            for place, count in enumerate(apportion(self.test_new_company, [1.0] * number))
        )

    def reskinned(self, seed: int) -> Recipe:
        """Return the recipe with other house words and parameters; see ``generate_company``."""
        return dataclasses.replace(self, reskin=seed)

    @property
    def dialect(self) -> int:
        """Seed of the other names of tools and fields."""
        return derive_seed(self.company_seed, "dialect") % _SEED_RANGE


def divide(size: int, *, holdout: float | None = None) -> Mapping[Split, int]:
    """Return how many cases each split of a corpus of so many cases has.

    Args:
        size: Number of cases in all.
        holdout: Share of the cases that are not to learn from; None for the usual three fifths.

    Raises:
        MisuseError: too few cases, a share that is none, or one that leaves nothing to learn from or nothing held out.

    Example:
        >>> divide(1500)[Split.TEST_SAME], divide(1000, holdout=0.15)[Split.STREAM]
        (350, 850)
    """
    if size < SMALLEST_CORPUS:
        raise MisuseError(f"{size} cases are too few for seven splits; ask for {SMALLEST_CORPUS} or more")
    if holdout is not None and not 0 < holdout < 1:
        raise MisuseError(f"the hold-out is a share between 0 and 1, not {holdout}")
    splits = list(DEFAULT_DIVISION)
    if holdout is None:
        return dict(zip(splits, apportion(size, list(DEFAULT_DIVISION.values())), strict=True))
    stream = size - round(size * holdout)
    if stream in {0, size}:
        lacking, way = ("to learn from", "smaller") if stream == 0 else ("that is held out", "larger")
        raise MisuseError(
            f"a hold-out of {holdout} leaves none of {size} cases {lacking}; give a {way} share, or ask for more cases"
        )
    rest = [split for split in splits if split is not Split.STREAM]
    held = apportion(size - stream, [DEFAULT_DIVISION[split] for split in rest])
    return {Split.STREAM: stream, **dict(zip(rest, held, strict=True))}


def flaw_of_recipe(recipe: Recipe) -> str | None:
    """Return why no corpus can be generated from a recipe, None where one might be.

    Example:
        >>> flaw_of_recipe(Recipe(7, stream=-5))
        'stream: -5 is not a whole number from 0 to 100000'
        >>> flaw_of_recipe(Recipe(7, stream=0, dev=0, test_same=0))
        'counts: an exam has one case or more'
    """
    for split, count in recipe.counts.items():
        if not 0 <= count <= LARGEST_SPLIT:
            return f"{split.value}: {count} is not a whole number from 0 to {LARGEST_SPLIT}"
    if not SMALLEST_SIZE <= recipe.size <= LARGEST_SIZE:
        return f"size: {recipe.size} is not a whole number from {SMALLEST_SIZE} to {LARGEST_SIZE}"
    for name, seed in (("company_seed", recipe.company_seed), ("reskin", recipe.reskin)):
        if seed is not None and seed < 0:
            return f"{name}: {seed} is not a whole number from 0 on"
    return None if any(recipe.counts.values()) else "counts: an exam has one case or more"


def seed_of_secret(secret: str) -> int:
    """Return the seed of a private corpus; nobody who does not know the secret can guess it.

    Raises:
        MisuseError: the secret is shorter than 16 characters, and could be found by trying.
    """
    if len(secret) < _SHORTEST_SECRET:
        raise MisuseError(f"a secret has {_SHORTEST_SECRET} characters or more, not {len(secret)}; write a longer one")
    digest = hashlib.sha256(f"atlas private corpus: {secret}".encode()).hexdigest()
    return int(digest[:15], 16)


def commitment_to(secret: str) -> str:
    """Return a hash of a secret that can be published before it is used, and checked once the secret is known."""
    return hashlib.sha256(secret.encode()).hexdigest()


def recipe_of(
    seed: int,
    size: int = FULL_SIZE,
    *,
    holdout: float | None = None,
    profile: Profile = "production",
    order: Order = "naive",
    records: int = FULL_RECORDS,
) -> Recipe:
    """Return the recipe of a corpus with all seven splits.

    Args:
        seed: Draws everything.
        size: Number of cases.
        holdout: See :func:`divide`.
        profile: How the families are mixed.
        order: How the stream is ordered.
        records: Records of the company, roughly.
    """
    recipe = recipe_with(seed, divide(size, holdout=holdout))
    return dataclasses.replace(recipe, size=records, profile=profile, order=order)


def recipe_with(seed: int, counts: Mapping[Split, int]) -> Recipe:
    """Return the recipe of a corpus with so many cases of each split; a split that is not listed has none."""
    return Recipe(
        seed,
        stream=counts.get(Split.STREAM, 0),
        dev=counts.get(Split.DEV, 0),
        test_same=counts.get(Split.TEST_SAME, 0),
        test_new_family=counts.get(Split.TEST_NEW_FAMILY, 0),
        test_new_company=counts.get(Split.TEST_NEW_COMPANY, 0),
        test_renamed=counts.get(Split.TEST_RENAMED, 0),
        audit=counts.get(Split.AUDIT, 0),
    )
