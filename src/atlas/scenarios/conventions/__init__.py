"""Conventions: the unwritten rules of a company, each one record with parameters drawn per company.

Everything that depends on a convention derives from its record: the world's rule where it is *enforced* (the world
rejects with a readable error), goals and solutions, and the paragraph of the handbook. A convention that is *expected*
only is accepted either way by the world; a verdict alone tells.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Discriminator

from atlas.scenarios.conventions.deals import (
    AmountRounding,
    ChangeNote,
    DealNaming,
    OpeningStage,
    OwnerAssignment,
    QuarterEnd,
    Reopening,
    StageDocument,
    StageFields,
    StageLadder,
    StageProbability,
)
from atlas.scenarios.conventions.office import (
    Confidentiality,
    DealOwnership,
    DocumentNaming,
    DuplicatePolicy,
    Superlative,
    Term,
    Vocabulary,
)
from atlas.scenarios.conventions.quotes import (
    DiscountApproval,
    QuoteApproval,
    QuotePrefix,
    QuoteValidity,
    QuoteWithdrawal,
    StandardQuote,
)

Convention: TypeAlias = Annotated[
    AmountRounding
    | ChangeNote
    | Confidentiality
    | DealNaming
    | DealOwnership
    | DiscountApproval
    | DocumentNaming
    | DuplicatePolicy
    | OpeningStage
    | OwnerAssignment
    | QuarterEnd
    | QuoteApproval
    | QuotePrefix
    | QuoteValidity
    | QuoteWithdrawal
    | Reopening
    | StageDocument
    | StageFields
    | StageLadder
    | StageProbability
    | StandardQuote
    | Superlative
    | Vocabulary,
    Discriminator("kind"),
]

__all__ = [
    "AmountRounding",
    "ChangeNote",
    "Confidentiality",
    "Convention",
    "DealNaming",
    "DealOwnership",
    "DiscountApproval",
    "DocumentNaming",
    "DuplicatePolicy",
    "OpeningStage",
    "OwnerAssignment",
    "QuarterEnd",
    "QuoteApproval",
    "QuotePrefix",
    "QuoteValidity",
    "QuoteWithdrawal",
    "Reopening",
    "StageDocument",
    "StageFields",
    "StageLadder",
    "StageProbability",
    "StandardQuote",
    "Superlative",
    "Term",
    "Vocabulary",
]
