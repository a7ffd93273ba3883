"""The enforced conventions of a company as rules of its world."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from atlas.crm.records import Entity
from atlas.crm.validation_rules import (
    AmountLimit,
    AmountStep,
    DiscountLimit,
    DocumentBefore,
    NamePattern,
    OwnerOnly,
    RequiredFields,
    StagePath,
    ValidationRule,
)
from atlas.scenarios.conventions import (
    AmountRounding,
    ClientOwnership,
    Convention,
    DealNaming,
    DealOwnership,
    DiscountApproval,
    QuoteApproval,
    StageDocument,
    StageFields,
    StageLadder,
)

_EXAMPLE_DAY = date(2020, 6, 1)  # of the name that an error message shows as an example


def world_rules(conventions: Iterable[Convention]) -> tuple[ValidationRule, ...]:
    """Return the rules that the world of a company with these conventions enforces, in their order.

    Example:
        >>> [rule.kind for rule in world_rules([AmountRounding(50_000, "up")])]
        ['amount_step']
    """
    return tuple(rule for convention in conventions for rule in _rules_of(convention))


def _rules_of(convention: Convention) -> Iterator[ValidationRule]:
    match convention:
        case AmountRounding():
            yield AmountStep(Entity.OPPORTUNITY, convention.step_cents)
        case DealNaming():
            example = convention.render("Example Client", "Example Product", _EXAMPLE_DAY)
            yield NamePattern(Entity.OPPORTUNITY, "name", convention.pattern, example)
        case ClientOwnership():
            yield OwnerOnly(Entity.CLIENT)
        case DealOwnership():
            yield OwnerOnly(Entity.OPPORTUNITY)
        case QuoteApproval():
            yield AmountLimit(Entity.QUOTE, convention.limit_cents, escalate_to=convention.approver)
        case DiscountApproval():
            yield DiscountLimit(convention.max_percent, escalate_to=convention.approver)
        case StageLadder():
            yield StagePath(convention.transitions())
        case StageFields():
            yield RequiredFields(Entity.OPPORTUNITY, (convention.field,), "stage", convention.stage)
        case StageDocument():
            yield DocumentBefore(Entity.OPPORTUNITY, "stage", convention.stage, convention.word)
        case _:
            return
