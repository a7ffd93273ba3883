"""A company's own rules are records: a closed set that survives being written down."""

from __future__ import annotations

import pytest

from atlas.core.errors import InputFileError
from atlas.core.records import as_json, record
from atlas.crm.records import Entity
from atlas.crm.validation_rules import (
    AmountLimit,
    AmountStep,
    DiscountLimit,
    DocumentBefore,
    NamePattern,
    NoDelete,
    OwnerOnly,
    ProbabilityBand,
    RequiredFields,
    StagePath,
    UniqueName,
    ValidationRule,
)
from atlas.settings.parsing import parse_record


@record
class RuleBook:
    rules: tuple[ValidationRule, ...]


ALL_KINDS: tuple[ValidationRule, ...] = (
    RequiredFields(Entity.OPPORTUNITY, ("notes",), "stage", "Closed-Lost"),
    StagePath({"Prospecting": ("Qualification",)}),
    ProbabilityBand({"Proposal": (40, 60)}),
    AmountLimit(Entity.QUOTE, 5_000_000, escalate_to="d.roth"),
    DiscountLimit(10, approver_roles=("Deal Desk",)),
    OwnerOnly(Entity.OPPORTUNITY),
    NamePattern(Entity.OPPORTUNITY, "name", r".+ / \d{4}", "Acme / 2026"),
    AmountStep(Entity.OPPORTUNITY, 50_000),
    DocumentBefore(Entity.OPPORTUNITY, "stage", "Negotiation", "nda"),
    UniqueName(Entity.CONTACT),
    NoDelete(Entity.QUOTE),
)


def test_rules_survive_being_written_down() -> None:
    """A company file holds its rules; every kind comes back as it was."""
    book = RuleBook(ALL_KINDS)
    assert parse_record(RuleBook, as_json(book), "rules.json") == book


def test_rules_of_no_known_kind_are_rejected() -> None:
    """The set of rules is closed."""
    with pytest.raises(InputFileError, match="rules"):
        parse_record(RuleBook, {"rules": [{"kind": "python", "code": "pass"}]}, "rules.json")
