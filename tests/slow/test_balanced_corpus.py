"""A corpus of full size in which the families are even: it keeps every promise, and no tool dominates."""

from __future__ import annotations

import pytest

from atlas.scenarios.corpus import cook
from atlas.scenarios.gates import MOST_FREQUENT_TOOL, check_corpus
from atlas.scenarios.recipes import FULL_SIZE, recipe_of

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", [3, 42])
def test_a_balanced_corpus_of_full_size_passes_every_gate(seed: int, request: pytest.FixtureRequest) -> None:
    """1,500 cases; the most frequent tool makes at most a quarter of the calls, which is put on record."""
    corpus = cook(recipe_of(seed, profile="balanced"))
    assert len(corpus.scenarios) == FULL_SIZE == 1_500
    report = check_corpus(corpus)
    (tool, share), (second, next_share), *_ = report.diversity.tools.items()
    checks = sum(gate.checked for gate in report.gates)
    damaged = sum(report.mutants.values())
    figures = (
        f"balanced, seed {seed}: {checks} checks, {damaged} damaged runs; "
        f"most frequent tools {tool} {share:.2%}, {second} {next_share:.2%}"
    )
    request.node.user_properties.append(("figures", figures))
    assert [(gate.gate, gate.examples) for gate in report.gates if not gate.passed] == []
    assert share <= MOST_FREQUENT_TOOL == 0.25
