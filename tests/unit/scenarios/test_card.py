"""Promises of the card, and of the reference page."""

from __future__ import annotations

from pathlib import Path

from atlas.scenarios.card import render_card
from atlas.scenarios.companies import generate_company
from atlas.scenarios.corpus import Corpus
from atlas.scenarios.families import FAMILIES

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "scenarios.md"


def test_the_card_counts_what_is_there(corpus: Corpus) -> None:
    """The card names the hash, the number of cases, and every family that has some."""
    card = render_card(corpus.company, corpus.scenarios, corpus.content_hash)
    assert corpus.content_hash in card
    assert f"cases: {len(corpus.scenarios)}" in card
    for family in {scenario.family for scenario in corpus.scenarios}:
        count = sum(scenario.family == family for scenario in corpus.scenarios)
        assert f"| {family} | {count} |" in card


def test_the_reference_page_lists_every_family_and_convention() -> None:
    """Nothing that can be in a corpus is missing from the page."""
    page = PAGE.read_text(encoding="utf-8")
    kinds = {convention.kind for seed in range(30) for convention in generate_company(seed).conventions}
    assert [family.name for family in FAMILIES if f"`{family.name}`" not in page] == []
    assert [kind for kind in sorted(kinds) if f"`{kind}`" not in page] == []
