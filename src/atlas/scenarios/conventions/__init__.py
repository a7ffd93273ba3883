"""Conventions: the unwritten rules of a company, each one record with parameters drawn per company.

Everything that depends on a convention derives from its record: the world's rule where it is *enforced* (the world
rejects with a readable error), goals and solutions, and the paragraph of the handbook. A convention that is *expected*
only is accepted either way by the world; a verdict alone tells.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Discriminator

from atlas.scenarios.conventions.contracts import ContractDocument, ContractTerm, Renewal
from atlas.scenarios.conventions.customs import (
    AccountReference,
    ClientIntake,
    ClientOwnership,
    DealRetirement,
    Discretion,
    DocumentContact,
    Escalation,
    IdleDeal,
)
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
    QuoteExtension,
    QuotePrefix,
    QuoteValidity,
    QuoteWithdrawal,
    StandardQuote,
)

Convention: TypeAlias = Annotated[
    AccountReference
    | AmountRounding
    | ChangeNote
    | ClientIntake
    | ClientOwnership
    | Confidentiality
    | ContractDocument
    | ContractTerm
    | DealNaming
    | DealOwnership
    | DealRetirement
    | DiscountApproval
    | Discretion
    | DocumentContact
    | DocumentNaming
    | DuplicatePolicy
    | Escalation
    | IdleDeal
    | OpeningStage
    | OwnerAssignment
    | QuarterEnd
    | QuoteApproval
    | QuoteExtension
    | QuotePrefix
    | QuoteValidity
    | QuoteWithdrawal
    | Renewal
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
    "AccountReference",
    "AmountRounding",
    "ChangeNote",
    "ClientIntake",
    "ClientOwnership",
    "Confidentiality",
    "ContractDocument",
    "ContractTerm",
    "Convention",
    "DealNaming",
    "DealOwnership",
    "DealRetirement",
    "DiscountApproval",
    "Discretion",
    "DocumentContact",
    "DocumentNaming",
    "DuplicatePolicy",
    "Escalation",
    "IdleDeal",
    "OpeningStage",
    "OwnerAssignment",
    "QuarterEnd",
    "QuoteApproval",
    "QuoteExtension",
    "QuotePrefix",
    "QuoteValidity",
    "QuoteWithdrawal",
    "Renewal",
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
