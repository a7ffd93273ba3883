"""Promises of the diversity report: names do not count as variety, and near-duplicates across splits are found."""

from __future__ import annotations

import dataclasses
import itertools
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.scenarios.corpus import Corpus
from atlas.scenarios.diversity import NEARLY_ALIKE, delexicalise, measure_diversity
from atlas.scenarios.records import CustomerScript, Scenario
from atlas.verify.goals import Split


def test_names_and_figures_do_not_count() -> None:
    """Two messages that differ in them only are one utterance."""
    one = delexicalise("Move Parking Pilot to 2 March 2026, 45k.", {"deal": "Parking Pilot"})
    other = delexicalise("Move Crane Audit to 2026-05-09, 1,200.", {"deal": "Crane Audit"})
    assert one == other == "move <deal> to <day>, <number>."


def test_a_copy_in_another_split_is_found(corpus: Corpus) -> None:
    """The same words about another record are nearly the same; within a split nobody minds."""
    clean = measure_diversity(corpus.scenarios, corpus.sealed)
    first, case = next(
        (scenario, case)
        for scenario, case in zip(corpus.scenarios, corpus.sealed, strict=True)
        if scenario.split is Split.STREAM and len(scenario.customer_script.turns[0].split()) > 8
    )
    for split, more in ((Split.STREAM, 0), (Split.TEST_SAME, 1)):
        twin = dataclasses.replace(first, scenario_id="sc-twin", split=split)
        found = measure_diversity((*corpus.scenarios, twin), (*corpus.sealed, case))
        assert len(found.near_duplicates) == len(clean.near_duplicates) + more


def test_tools_are_counted(corpus: Corpus) -> None:
    """Shares of all calls, the most frequent one first."""
    tools = measure_diversity(corpus.scenarios, corpus.sealed).tools
    assert abs(sum(tools.values()) - 1) < 1e-9
    assert list(tools.values()) == sorted(tools.values(), reverse=True)
    assert "respond" not in tools


@pytest.mark.parametrize(
    ("said", "slots", "bare"),
    [
        ('Write to desk+eu@birch.example: "as agreed"', {}, "write to <address>: <quoted>"),
        ("It is €1,250.50, or 45k, or 7 pieces.", {}, "it is <number>, or <number>, or <number> pieces."),
        ("By March 2nd, 2026 or on 3rd April.", {}, "by <day> or on <day>."),
        ("Badge Pilot of Badge", {"deal": "Badge Pilot", "client": "Badge"}, "<deal> of <client>"),
        ("Do it for Ed in bed", {"who": "Ed"}, "do it for ed in bed"),
    ],
    ids=["addresses-and-quotes", "figures", "days", "longest-slot-first", "short-slot"],
)
def test_what_is_left_of_a_message(said: str, slots: dict[str, str], bare: str) -> None:
    """Kinds in the place of figures, slots in the place of names; a slot of two letters is no name."""
    assert delexicalise(said, slots) == bare


WORDS = st.sampled_from([f"w{letter}" for letter in string.ascii_lowercase])
TEXTS = st.lists(WORDS, min_size=1, max_size=80)
PAIRS = st.lists(st.tuples(TEXTS, st.integers(0, 79), WORDS, st.integers(0, 9)), min_size=1, max_size=6)


@given(PAIRS)
def test_no_pair_that_is_nearly_alike_is_overlooked(
    corpus: Corpus, drawn: list[tuple[list[str], int, str, int]]
) -> None:
    """Looking at the rarest word triples only finds what comparing every pair finds, near the threshold too."""
    texts = [" ".join(words) for words, *_ in drawn]
    texts += [_reworded(words, place, word, cut) for words, place, word, cut in drawn]
    scenarios = [_saying(corpus.scenarios[0], place, text) for place, text in enumerate(texts)]
    case = dataclasses.replace(corpus.sealed[0], slots={})
    found = measure_diversity(scenarios, [case] * len(scenarios)).near_duplicates
    pairs = itertools.combinations(scenarios, 2)
    assert set(found) == {(one.scenario_id, two.scenario_id) for one, two in pairs if _alike(one, two)}
    assert len(found) == len(set(found))


def _reworded(words: list[str], place: int, word: str, cut: int) -> str:
    """Return a text with one word exchanged, and some left out at the end."""
    place %= len(words)
    return " ".join((*words[:place], word, *words[place + 1 : len(words) - cut]))


def _saying(scenario: Scenario, place: int, text: str) -> Scenario:
    split = Split.STREAM if place % 3 else Split.DEV
    script = CustomerScript((text,))
    return dataclasses.replace(scenario, scenario_id=f"sc-{place:02}", split=split, customer_script=script)


def _alike(one: Scenario, two: Scenario) -> bool:
    first, second = (_triples(scenario.customer_script.turns[0]) for scenario in (one, two))
    return one.split is not two.split and len(first & second) / len(first | second) >= NEARLY_ALIKE


def _triples(text: str) -> set[tuple[str, ...]]:
    words = ["<", *text.split(), ">"]
    return {tuple(words[place : place + 3]) for place in range(len(words) - 2)}
