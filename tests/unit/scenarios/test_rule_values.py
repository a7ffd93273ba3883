"""Promises of the table of values that unwritten rules give: right, complete, and of the kind that it says."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date
from typing import get_args

import pytest

from atlas.crm.records import Entity
from atlas.scenarios.companies import Company, generate_company
from atlas.scenarios.conventions import (
    AmountRounding,
    ChangeNote,
    Convention,
    DealNaming,
    DocumentContact,
    IdleDeal,
    OwnerAssignment,
    QuoteApproval,
    QuotePrefix,
    QuoteValidity,
    StageProbability,
    StandardQuote,
    Term,
    Vocabulary,
)
from atlas.scenarios.conventions.deals import STAGES
from atlas.scenarios.rule_values import NEEDS, RULE_VALUES, Known
from atlas.verify.matchers import is_number

TODAY = date(2026, 3, 2)
WITHOUT_VALUES = {
    "account_reference",
    "client_ownership",
    "confidentiality",
    "deal_ownership",
    "discretion",
    "duplicate_policy",
    "stage_fields",
    "stage_ladder",
    "superlative",
}
"""Kinds of rules that forbid, order or point to records, and give no value of their own."""


def test_every_kind_of_rule_gives_values_or_is_known_to_give_none() -> None:
    """A kind of rule that nobody entered would make every value of it underivable."""
    union, *_ = get_args(Convention)
    kinds = {field.default for rule in get_args(union) for field in dataclasses.fields(rule) if field.name == "kind"}
    assert kinds - set(RULE_VALUES) == WITHOUT_VALUES
    assert set(RULE_VALUES) <= kinds


def test_values_follow_from_what_can_be_known() -> None:
    """Every input is a field of what is known, and is named once."""
    assert set(NEEDS) <= {field.name for field in dataclasses.fields(Known)}
    for values in RULE_VALUES.values():
        for value in values.values():
            assert set(value.needs) <= set(NEEDS)
            assert len(set(value.needs)) == len(value.needs)


@pytest.mark.parametrize(
    ("rule", "name", "known", "value"),
    [
        (QuoteValidity(30), "valid_until", Known(TODAY), "2026-04-01"),
        (QuotePrefix("ZKL-{year}{month}"), "prefix", Known(TODAY), "ZKL-202603"),
        (StandardQuote("house quote", 90, natural=True), "amount", Known(TODAY, money=12_500.5), 11_250.45),
        (AmountRounding(50_000, "up"), "amount", Known(TODAY, money=45_000.01), 45_500),
        (AmountRounding(50_000, "down"), "amount", Known(TODAY, money=45_499.99), 45_000),
        (StageProbability({"Proposal": 47}), "probability", Known(TODAY, stage="Proposal"), 47),
        (StageProbability({"Proposal": 47}), "probability", Known(TODAY, stage="Negotiation"), None),
        (
            DealNaming("{client} / {product} / {year}"),
            "name",
            Known(TODAY, client="Halden", product="Badges"),
            "Halden / Badges / 2026",
        ),
        (ChangeNote("stage", "Log: {value}"), "note", Known(TODAY, shown="Proposal"), "Log: Proposal"),
        (DocumentContact({"offer": "Buyer"}), "title", Known(TODAY, text="offer"), "Buyer"),
        (DocumentContact({"offer": "Buyer"}), "title", Known(TODAY, text="contract"), None),
        (IdleDeal("push", 30), "close_date", Known(TODAY), "2026-04-01"),
        (IdleDeal("push", 30), "stage", Known(TODAY), None),
        (IdleDeal("lose", 0), "close_date", Known(TODAY), None),
        (IdleDeal("lose", 0), "stage", Known(TODAY), "Closed-Lost"),
        (QuoteApproval(100, "alund", "Ada Lund", None), "note", Known(TODAY), None),
        (OwnerAssignment("industry", {"Energy": "alund"}), "owner", Known(TODAY, industry="Energy"), "alund"),
        (OwnerAssignment("industry", {"Energy": "alund"}), "owner", Known(TODAY, industry="Retail"), None),
        (OwnerAssignment("territory", {"North": "alund"}), "owner", Known(TODAY, address="1 Elm, X, North"), "alund"),
        (OwnerAssignment("territory", {"North": "alund"}), "owner", Known(TODAY, address="1 Elm, X"), None),
        (QuoteApproval(100, "alund", "Ada Lund", None), "approver", Known(TODAY), "alund"),
    ],
)
def test_a_rule_gives_what_it_says(rule: Convention, name: str, known: Known, value: object) -> None:
    """From the rule and what is known alone; None where the rule is silent."""
    assert RULE_VALUES[rule.kind][name].give(rule, known) == value


def test_a_house_word_means_what_the_vocabulary_says() -> None:
    """And a word that is none means nothing."""
    rule = next(rule for rule in generate_company(2).conventions if isinstance(rule, Vocabulary))
    give = RULE_VALUES["vocabulary"]["meaning"].give
    term: Term
    for term in rule.terms:
        assert give(rule, Known(TODAY, text=term.nickname)) == term.value
    assert give(rule, Known(TODAY, text="no such word")) is None


@pytest.mark.parametrize("seed", range(8))
def test_values_are_of_the_kind_that_the_table_says(seed: int) -> None:
    """For the rules of generated companies: days are days, numbers numbers, texts not empty."""
    given = list(_given_by(generate_company(seed)))
    assert {kind for _, kind, _ in given} == {"text", "number", "day"}
    for where, kind, value in given:
        match kind:
            case "day":
                assert date.fromisoformat(str(value)).isoformat() == value, where
            case "number":
                assert is_number(value), where
            case _:
                assert isinstance(value, str), where
                assert value, where


def _given_by(company: Company) -> Iterator[tuple[str, str, object]]:
    """Yield where a value comes from, the kind that it should be, and the value."""
    client = company.base.rows(Entity.CLIENT)[0]
    for rule in company.conventions:
        for name, one in RULE_VALUES.get(rule.kind, {}).items():
            for stage in STAGES:
                known = Known(
                    TODAY,
                    day=TODAY,
                    money=12_500.0,
                    stage=stage,
                    text="offer",
                    client="Halden",
                    product="Badges",
                    industry=str(client["industry"]),
                    address=str(client["address"]),
                    shown="Proposal",
                )
                value = one.give(rule, known)
                if value is not None:
                    yield f"{rule.kind}.{name}", one.gives, value
