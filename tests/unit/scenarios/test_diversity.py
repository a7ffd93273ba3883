"""Promises of the diversity report: names do not count as variety, and near-duplicates across splits are found."""

from __future__ import annotations

import dataclasses

from atlas.scenarios.corpus import Corpus
from atlas.scenarios.diversity import delexicalise, measure_diversity
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
