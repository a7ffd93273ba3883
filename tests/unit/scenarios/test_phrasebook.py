"""Promises of the phrasebook: enough wordings, well-formed, divided among the splits."""

from __future__ import annotations

import itertools
import random
import re
import string

import pytest

from atlas.core.errors import CorpusError
from atlas.scenarios.companies import POOLS
from atlas.scenarios.conventions.drawing import APPROVAL_NOTES, NOTE_OPENERS, RETIREMENT_REMARKS
from atlas.scenarios.families import FAMILIES
from atlas.scenarios.phrasebook import FEWEST_REGISTERS, FEWEST_WORDINGS, Phrasebook, choose, load_phrasebook
from atlas.verify.goals import Split

BLUEPRINTS = [(family.name, blueprint.name) for family in FAMILIES for blueprint in family.blueprints]
IDS = ["/".join(pair) for pair in BLUEPRINTS]
DIVIDED = [split for split in (*POOLS, Split.TEST_NEW_COMPANY) if split is not Split.TEST_NEW_FAMILY]
CHOICE = re.compile(r"\[([^\[\]]*)\]")


@pytest.fixture(scope="module")
def phrasebook() -> Phrasebook:
    """The phrasebook of the package."""
    return load_phrasebook()


def test_wordings_and_blueprints_belong_together(phrasebook: Phrasebook) -> None:
    """No blueprint without wordings, no wordings without a blueprint."""
    assert sorted(phrasebook.blueprints()) == sorted(BLUEPRINTS)


@pytest.mark.parametrize(("family", "blueprint"), BLUEPRINTS, ids=IDS)
def test_a_blueprint_is_said_in_many_ways(phrasebook: Phrasebook, family: str, blueprint: str) -> None:
    """Eight wordings or more in five registers, all with as many turns, slots and choices and no oddities."""
    wordings = phrasebook.wordings(family, blueprint)
    assert len(wordings) >= FEWEST_WORDINGS
    assert len({wording.turns for wording in wordings}) == len(wordings)
    assert len({wording.register for wording in wordings}) >= FEWEST_REGISTERS
    assert len({len(wording.turns) for wording in wordings}) == 1
    for wording in wordings:
        for text in wording.turns:
            slots = [slot for _, slot, form, _ in string.Formatter().parse(text) if slot is not None and not form]
            assert all(slot.isidentifier() for slot in slots)
            assert text == text.strip()
            assert all("|" in choice for choice in CHOICE.findall(text))
            assert "[" not in (left := CHOICE.sub("", text)), text
            assert "|" not in left, text


@pytest.mark.parametrize(("family", "blueprint"), BLUEPRINTS, ids=IDS)
def test_whatever_is_chosen_reads_well(phrasebook: Phrasebook, family: str, blueprint: str) -> None:
    """No choice leaves two spaces, a space before a comma, or a lower-case beginning of an e-mail's sentence."""
    for wording in phrasebook.wordings(family, blueprint):
        for text, seed in itertools.product(wording.turns, range(6)):
            said = choose(text, random.Random(seed))
            assert "  " not in said, said
            assert not re.search(r" [,.;:?!](?:\s|$)", said), said
            assert not re.search(r",,|(?<!\.)\.\.(?!\.)|\?\?|;;", said), said
            assert said.strip(), text


@pytest.mark.parametrize(("family", "blueprint"), BLUEPRINTS, ids=IDS)
def test_splits_divide_the_wordings(phrasebook: Phrasebook, family: str, blueprint: str) -> None:
    """Every wording belongs to exactly one split, and every split has one; a held-out family may use all."""
    parts = [phrasebook.numbers_for(split, family, blueprint) for split in DIVIDED]
    everything = list(range(len(phrasebook.wordings(family, blueprint))))
    assert all(parts)
    assert sorted(number for part in parts for number in part) == everything
    assert list(phrasebook.numbers_for(Split.TEST_NEW_FAMILY, family, blueprint)) == everything


def test_no_text_stands_for_two_blueprints_in_different_splits(phrasebook: Phrasebook) -> None:
    """A message known from the stream is never a held-out one of another blueprint."""
    homes: dict[tuple[str, ...], set[str]] = {}
    for family, blueprint in BLUEPRINTS:
        for split in DIVIDED:
            for number in phrasebook.numbers_for(split, family, blueprint):
                turns = phrasebook.wordings(family, blueprint)[number].turns
                homes.setdefault(turns, set()).add(split.value)
    assert not {turns: splits for turns, splits in homes.items() if len(splits) > 1}


@pytest.mark.parametrize("phrase", [*NOTE_OPENERS, *APPROVAL_NOTES, *RETIREMENT_REMARKS])
def test_no_wording_says_what_a_company_wants_to_read_in_notes(phrasebook: Phrasebook, phrase: str) -> None:
    """Whoever hears it would know the rule."""
    heard = [
        (family, blueprint, text)
        for family, blueprint in phrasebook.blueprints()
        for wording in phrasebook.wordings(family, blueprint)
        for text in wording.turns
    ]
    assert [entry for entry in heard if phrase.lower() in entry[2].lower()] == []


def test_one_of_every_choice_is_taken() -> None:
    """Every alternative can come up, and what stands around it stays."""
    said = {choose("[Hi|Hello], move it[ please|].", random.Random(seed)) for seed in range(40)}
    assert said == {"Hi, move it please.", "Hi, move it.", "Hello, move it please.", "Hello, move it."}


def test_too_few_wordings_are_an_error() -> None:
    """A family that nobody wrote wordings for is named."""
    with pytest.raises(CorpusError, match="none/such has 0 wordings"):
        Phrasebook({}).wordings("none", "such")
