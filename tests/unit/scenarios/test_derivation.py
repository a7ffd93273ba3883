"""Promises of the checker that looks for values from nowhere."""

from __future__ import annotations

from datetime import date

import pytest

from atlas.scenarios.conventions import (
    AmountRounding,
    ChangeNote,
    DealNaming,
    DocumentNaming,
    QuoteValidity,
    StageProbability,
    StandardQuote,
)
from atlas.scenarios.derivation import Knowledge, Source

TODAY = date(2026, 3, 2)
RULES = (
    QuoteValidity(30),
    StandardQuote("house quote", 90, natural=True),
    AmountRounding(50_000, "up"),
    StageProbability({"Proposal": 47}),
    DocumentNaming("{date}_{file}"),
    DealNaming("{client} / {product} / {year}"),
    ChangeNote("stage", "Log: {value}"),
)


@pytest.fixture
def knowledge() -> Knowledge:
    """What a colleague knows after one message and one search."""
    known = Knowledge(RULES, TODAY)
    known.hear("Please open Badge Pilot for Halden Foods, 45.2k, close it on 13 April 2026, and upload nda_v2.pdf")
    known.see({"results": [{"client_id": "c-17", "amount": 20_000}], "total": 1})
    return known


@pytest.mark.parametrize(
    ("value", "source"),
    [
        ("Halden Foods", Source.USER),
        (45_200, Source.USER),
        ("2026-04-13", Source.USER),
        ("c-17", Source.RESULT),
        ("Negotiation", Source.SCHEMA),
        ("2026-04-01", Source.CONVENTION),
        (18_000, Source.CONVENTION),
        (45_500, Source.CONVENTION),
        (47, Source.CONVENTION),
        ("2026-03-02_nda_v2.pdf", Source.CONVENTION),
        ("Halden Foods / Badge Pilot / 2026", Source.CONVENTION),
        ("Log: Proposal", Source.CONVENTION),
        ("c-18", None),
        (45_201, None),
        ("2026-04-14", None),
        (17_000, None),
        ("2026-03-03_nda_v2.pdf", None),
        ("Other Foods / Badge Pilot / 2026", None),
        ("Log: whatever", None),
    ],
)
def test_a_value_has_the_source_that_it_comes_from(knowledge: Knowledge, value: object, source: Source | None) -> None:
    """What was said, seen, in the schema or follows from a rule is known; what merely resembles it is not."""
    assert knowledge.source_of(value) is source
