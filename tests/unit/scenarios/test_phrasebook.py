"""Promises of the phrasebook: enough wordings, well-formed, divided among the splits."""

from __future__ import annotations

import string

import pytest

from atlas.core.errors import CorpusError
from atlas.scenarios.companies import POOLS
from atlas.scenarios.families import FAMILIES
from atlas.scenarios.phrasebook import FEWEST_WORDINGS, Phrasebook, load_phrasebook

BLUEPRINTS = [(family.name, blueprint.name) for family in FAMILIES for blueprint in family.blueprints]


@pytest.fixture(scope="module")
def phrasebook() -> Phrasebook:
    """The phrasebook of the package."""
    return load_phrasebook()


def test_wordings_and_blueprints_belong_together(phrasebook: Phrasebook) -> None:
    """No blueprint without wordings, no wordings without a blueprint."""
    assert sorted(phrasebook.blueprints()) == sorted(BLUEPRINTS)


@pytest.mark.parametrize(("family", "blueprint"), BLUEPRINTS, ids=["/".join(pair) for pair in BLUEPRINTS])
def test_a_blueprint_is_said_in_many_ways(phrasebook: Phrasebook, family: str, blueprint: str) -> None:
    """At least four different wordings in at least three registers, all with as many turns, slots and no oddities."""
    wordings = phrasebook.wordings(family, blueprint)
    assert len(wordings) >= FEWEST_WORDINGS
    assert len({wording.turns for wording in wordings}) == len(wordings)
    assert len({wording.register for wording in wordings}) >= 3
    assert len({len(wording.turns) for wording in wordings}) == 1
    for wording in wordings:
        for text in wording.turns:
            slots = [slot for _, slot, form, _ in string.Formatter().parse(text) if slot is not None and not form]
            assert all(slot.isidentifier() for slot in slots)
            assert text == text.strip()


@pytest.mark.parametrize(("family", "blueprint"), BLUEPRINTS, ids=["/".join(pair) for pair in BLUEPRINTS])
def test_splits_divide_the_wordings(phrasebook: Phrasebook, family: str, blueprint: str) -> None:
    """Every wording belongs to exactly one split, and every split has one."""
    parts = [phrasebook.numbers_for(split, family, blueprint) for split in POOLS]
    assert all(parts)
    assert sorted(number for part in parts for number in part) == list(
        range(len(phrasebook.wordings(family, blueprint)))
    )


def test_no_text_stands_for_two_blueprints_in_different_splits(phrasebook: Phrasebook) -> None:
    """A message known from the stream is never a held-out one of another blueprint."""
    homes: dict[tuple[str, ...], set[str]] = {}
    for family, blueprint in BLUEPRINTS:
        for split in POOLS:
            for number in phrasebook.numbers_for(split, family, blueprint):
                turns = phrasebook.wordings(family, blueprint)[number].turns
                homes.setdefault(turns, set()).add(split.value)
    assert not {turns: splits for turns, splits in homes.items() if len(splits) > 1}


def test_too_few_wordings_are_an_error() -> None:
    """A family that nobody wrote wordings for is named."""
    with pytest.raises(CorpusError, match="none/such has 0 wordings"):
        Phrasebook({}).wordings("none", "such")
