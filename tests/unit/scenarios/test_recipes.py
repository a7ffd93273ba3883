"""Promises of recipes: seven splits of the size asked for, seeds that people cannot guess."""

from __future__ import annotations

import dataclasses

import pytest

from atlas.core.errors import MisuseError
from atlas.scenarios.recipes import (
    DEFAULT_DIVISION,
    Recipe,
    commitment_to,
    divide,
    flaw_of_recipe,
    recipe_of,
    seed_of_secret,
)
from atlas.verify.goals import Split


def test_a_full_corpus_is_divided_as_promised() -> None:
    """600 to learn from, the rest held out in six ways."""
    assert divide(1500) == DEFAULT_DIVISION
    assert sum(DEFAULT_DIVISION.values()) == 1500


@pytest.mark.parametrize("size", [20, 150, 151, 1499, 5000])
@pytest.mark.parametrize("holdout", [None, 0.15, 0.5])
def test_every_case_is_dealt_out(size: int, holdout: float | None) -> None:
    """Whatever the size and the hold-out, the parts add up, and the hold-out is what was asked for."""
    counts = divide(size, holdout=holdout)
    assert sum(counts.values()) == size
    assert set(counts) == set(Split)
    assert size - counts[Split.STREAM] == pytest.approx(size * (0.6 if holdout is None else holdout), abs=1)


@pytest.mark.parametrize(("size", "holdout"), [(19, None), (100, 0.0), (100, 1.0), (100, 1.5)])
def test_what_cannot_be_divided_is_rejected(size: int, holdout: float | None) -> None:
    """Too few cases for seven splits, or a share that is none."""
    with pytest.raises(MisuseError):
        divide(size, holdout=holdout)


@pytest.mark.parametrize(
    ("size", "holdout", "message"),
    [
        (20, 0.999, "leaves none of 20 cases to learn from; give a smaller share, or ask for more cases"),
        (20, 0.001, "leaves none of 20 cases that is held out; give a larger share, or ask for more cases"),
        (1500, 0.0001, "leaves none of 1500 cases that is held out"),
    ],
)
def test_a_share_that_rounds_to_nothing_or_all_is_rejected(size: int, holdout: float, message: str) -> None:
    """A stream without cases teaches nothing, and without held-out cases nothing is measured."""
    with pytest.raises(MisuseError, match=message):
        divide(size, holdout=holdout)


@pytest.mark.parametrize(("holdout", "stream"), [(0.95, 1), (0.05, 19)])
def test_a_share_that_leaves_one_case_is_taken(holdout: float, stream: int) -> None:
    """Of twenty."""
    assert divide(20, holdout=holdout)[Split.STREAM] == stream


def test_strangers_share_the_cases_among_them() -> None:
    """Companies that nobody learns from: a few, all different, none with a seed that a person would give."""
    recipe = recipe_of(42)
    assert sum(count for _, count in recipe.strangers) == recipe.test_new_company == 100
    assert len({seed for seed, _ in recipe.strangers}) == 4
    assert all(seed >= 1_000_000 for seed, _ in recipe.strangers)
    assert Recipe(42).strangers == ()


def test_a_private_seed_comes_from_a_secret() -> None:
    """Equal secrets give equal seeds; the published hash does not give the seed away; short secrets are refused."""
    assert seed_of_secret("a secret of some length") == seed_of_secret("a secret of some length")
    assert seed_of_secret("a secret of some length") != seed_of_secret("a secret of some Length")
    assert str(seed_of_secret("a secret of some length")) not in commitment_to("a secret of some length")
    with pytest.raises(MisuseError, match="16 characters"):
        seed_of_secret("short")


@pytest.mark.parametrize(
    ("changed", "flaw"),
    [
        ({"stream": -5}, "stream: -5 is not a whole number from 0 to 100000"),
        ({"audit": 100_001}, "audit: 100001 is not a whole number from 0 to 100000"),
        ({"size": 10**9}, "size: 1000000000 is not a whole number from 200 to 5000"),
        ({"size": 199}, "size: 199 is not a whole number from 200 to 5000"),
        ({"company_seed": -1}, "company_seed: -1 is not a whole number from 0 on"),
        ({"reskin": -1}, "reskin: -1 is not a whole number from 0 on"),
        ({"stream": 0, "dev": 0, "test_same": 0}, "counts: an exam has one case or more"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_a_recipe_that_gives_no_corpus_is_told(changed: dict[str, int], flaw: str) -> None:
    """The figure, and what is allowed."""
    assert flaw_of_recipe(Recipe(7)) is None
    assert flaw_of_recipe(dataclasses.replace(Recipe(7), **changed)) == flaw
