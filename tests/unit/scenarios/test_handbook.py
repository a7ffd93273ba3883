"""Promises of the handbook: one cited paragraph per rule, in order, saying whether the CRM enforces it."""

from __future__ import annotations

import dataclasses
import re

import pytest

from atlas.scenarios.companies import Company, generate_company
from atlas.scenarios.conventions import QuoteApproval, QuoteValidity
from atlas.scenarios.handbook import render_handbook, title_of

PARAGRAPH = re.compile(r"^\*\*\[H-(\d+)\] ([^*]+)\*\* \((enforced|expected)\)\. (.+)$")


def _with_rules(*rules: QuoteValidity | QuoteApproval) -> Company:
    company = generate_company(2)
    return dataclasses.replace(company, file=dataclasses.replace(company.file, conventions=rules))


@pytest.mark.parametrize("seed", range(5))
def test_every_rule_is_cited_once_in_the_order_of_the_record(seed: int) -> None:
    """Numbered from 1, with its title, whether it is enforced, and its words; nothing else stands there."""
    company = generate_company(seed)
    heading, *paragraphs = render_handbook(company).rstrip("\n").split("\n\n")
    assert heading == f"# Handbook of {company.name}"
    cited = [found.groups() for found in map(PARAGRAPH.match, paragraphs) if found is not None]
    assert cited == [
        (str(number), title_of(rule), "enforced" if rule.enforced else "expected", rule.paragraph())
        for number, rule in enumerate(company.conventions, start=1)
    ]


def test_the_handbook_follows_the_record() -> None:
    """Another parameter gives another paragraph: what is written is what decides."""
    approval = QuoteApproval(4_500_000, "alund", "Ada Lund", "needs a nod")
    book = render_handbook(_with_rules(QuoteValidity(30), approval))
    assert "**[H-1] Quote validity** (expected). A quote is valid for 30 days" in book
    assert "**[H-2] Quote approval** (enforced). Reps do not make quotes above 45,000" in book
    assert 'says "needs a nod"' in book
    assert render_handbook(_with_rules(QuoteValidity(31), approval)) == book.replace("30 days", "31 days")
