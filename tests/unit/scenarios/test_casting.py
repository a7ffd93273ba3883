"""Promises of putting a case into words and of its labels."""

from __future__ import annotations

import dataclasses

import pytest

from atlas.core.errors import CorpusError, UnknownNameError
from atlas.scenarios.blueprints import Case
from atlas.scenarios.casting import difficulty_of, fill, level_of
from atlas.scenarios.companies import build_company, generate_company
from atlas.scenarios.conventions import ChangeNote, DealOwnership, QuoteValidity, StageLadder
from atlas.scenarios.corpus import Corpus
from atlas.scenarios.families import FAMILIES
from atlas.scenarios.house import House
from atlas.scenarios.plans import Plan
from atlas.scenarios.schedule import Slot
from atlas.scenarios.stage import open_world
from atlas.verify.goals import Goal, Solution


def _case(**slots: str) -> Case:
    return Case(slots, "m.okafor", Goal(), ())


def test_slots_are_filled_and_what_fills_them_is_left_alone() -> None:
    """A value with braces of its own stays as it is."""
    assert fill("{deal} to {word}.", _case(deal="A {strange} name", word="amber")) == "A {strange} name to amber."


def test_a_slot_that_nothing_fills_is_an_error() -> None:
    """The wording and the slot are named."""
    with pytest.raises(CorpusError, match="has the slot 'word'"):
        fill("{deal} to {word}.", _case(deal="A"))


def _solution(calls: int) -> Solution:
    plan = Plan()
    for _ in range(calls):
        plan.call("client_search", name="x")
    plan.respond("Done.")
    return plan.solution()


@pytest.mark.parametrize(
    ("calls", "difficulty"), [(1, "simple"), (3, "simple"), (4, "medium"), (6, "medium"), (7, "complex")]
)
def test_difficulty_is_the_length_of_the_shortest_way(calls: int, difficulty: str) -> None:
    """Longer ways to the same goal make a case no harder; the response is no call."""
    assert difficulty_of((_solution(9), _solution(calls))) == difficulty


def test_a_convention_that_a_company_lacks_is_named() -> None:
    """A family that forgets to say what it needs is found at once."""
    house = House([QuoteValidity(30)])
    assert house.need(QuoteValidity).days == 30
    assert house.applied == ("quote_validity",)
    with pytest.raises(CorpusError, match="the company has no StageLadder"):
        house.need(StageLadder)


@pytest.mark.parametrize(
    ("family", "blueprint", "applied", "level"),
    [
        ("deal_update", "close_date", ("change_note",), 2),
        ("deal_update", "close_date", (), 3),
        ("deal_update", "close_date", ("deal_ownership",), 3),
        ("look_alike", "deal_alike", ("change_note", "deal_ownership"), 2),
        ("one_off", None, ("quote_validity",), 1),
    ],
    ids=["expected", "none", "enforced", "one-of-two", "exception"],
)
def test_what_only_the_company_knows_makes_a_case_one_of_its_company(
    family: str, blueprint: str | None, applied: tuple[str, ...], level: int
) -> None:
    """Elsewhere another lesson would be right. What the world enforces, its errors tell; an exception stays one."""
    rules = (ChangeNote("amount", "Seen: {value}"), DealOwnership(), QuoteValidity(30))
    company = build_company(dataclasses.replace(generate_company(0, size=200).file, conventions=rules))
    drawn = next(one for one in FAMILIES if one.name == family)
    slot = Slot(drawn, next(one for one in drawn.blueprints if blueprint in (None, one.name)))
    assert level_of(slot, company, applied) == level


def test_a_stranger_cannot_act(corpus: Corpus) -> None:
    """A case whose actor is not in the directory does not open."""
    scenario = dataclasses.replace(corpus.scenarios[0], actor="n.obody")
    with pytest.raises(UnknownNameError, match=r"unknown actor 'n\.obody'"):
        open_world(corpus.company, scenario)
