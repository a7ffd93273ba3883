"""Promises of the card, and of the reference page."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from jsonschema import Draft202012Validator

from atlas.core.canonical import canonical_json
from atlas.scenarios.card import render_card
from atlas.scenarios.companies import generate_company
from atlas.scenarios.corpus import Corpus
from atlas.scenarios.gates import check_corpus
from atlas.scenarios.reference import render_schema, render_tables

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "scenarios.md"
START = "<!-- start of generated part: atlas.scenarios.reference.render_tables -->"


def test_the_card_counts_what_is_there(corpus: Corpus) -> None:
    """The card names the hash, the number of cases, and every family that has some."""
    card = render_card(corpus)
    assert corpus.content_hash in card
    assert f"cases: {len(corpus.scenarios)}" in card
    for family in {scenario.family for scenario in corpus.scenarios}:
        count = sum(scenario.family == family for scenario in corpus.scenarios)
        assert f"| {family} | {count} |" in card


def test_the_card_tells_what_was_checked(corpus: Corpus) -> None:
    """After a check, every gate is on it with its counts; before, it says that none was applied."""
    report = check_corpus(corpus)
    card = render_card(corpus, report)
    for gate in report.gates:
        assert f"| {gate.gate} | {gate.promise} | {gate.checked} | {gate.failed} | {gate.verdict} |" in card
        assert all(f"- {gate.gate}: {part}\n" in card for part in gate.unchecked)
    for damage, count in report.mutants.items():
        assert f"| {damage} | {count} |" in card
    assert "The gates were not applied yet" in render_card(corpus)
    assert "not applied" not in card


def test_the_card_of_a_private_corpus_names_no_seed(corpus: Corpus) -> None:
    """It shows what was committed to instead."""
    stranger = generate_company(1_000_001, size=200)
    card = render_card(dataclasses.replace(corpus, strangers=(stranger,)), commitment="0" * 64)
    assert card.startswith("# Private corpus\n")
    assert f"`{'0' * 64}`" in card
    assert "1000001" not in card
    assert f"| {corpus.company.name} |" in card
    assert f"| {corpus.company_seed} (" not in card


def test_the_generated_part_of_the_page_is_up_to_date() -> None:
    """``render_tables`` gives what stands on the page."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    assert rest.partition("<!-- end of generated part -->")[0].strip() == render_tables().strip()


def test_the_published_schema_is_up_to_date() -> None:
    """``render_schema`` gives the file."""
    assert (PAGE.parent / "scenarios.schema.json").read_text(encoding="utf-8") == render_schema()


def test_every_line_of_a_corpus_fits_the_published_schema(corpus: Corpus) -> None:
    """Scenarios, goals and companies, as they are written."""
    schema = json.loads(render_schema())["files"]
    lines = {
        "scenarios.jsonl": corpus.scenarios,
        "goals.jsonl": corpus.sealed,
        "companies.jsonl": [corpus.company.file],
    }
    for name, entries in lines.items():
        check = Draft202012Validator(schema[name])
        for entry in entries:
            assert not list(check.iter_errors(json.loads(canonical_json(entry))))
