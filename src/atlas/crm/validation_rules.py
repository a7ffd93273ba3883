"""Rules that a company can switch on: a closed set of declarative records.

They come on top of the rules that hold in every company; ``atlas.crm.rules.company`` says what each of them rejects.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator

from atlas.core.records import record
from atlas.crm.records import Entity


@record
class RequiredFields:
    """Records in a certain state have certain fields filled.

    Attributes:
        entity: Kind of the records.
        fields: The fields that have to be filled.
        when_field: The field that decides whether the rule holds; None for always.
        when_value: The value at which it holds.
    """

    entity: Entity
    fields: tuple[str, ...]
    when_field: str | None = None
    when_value: str | None = None
    kind: Literal["required_fields"] = "required_fields"


@record
class StagePath:
    """An opportunity moves from a stage to certain stages only; a stage that is not listed is left freely.

    Attributes:
        transitions: The stages that may follow each stage.
    """

    transitions: Mapping[str, tuple[str, ...]]
    kind: Literal["stage_path"] = "stage_path"


@record
class ProbabilityBand:
    """The probability of an opportunity fits its stage; a stage that is not listed takes any.

    Attributes:
        bands: Smallest and largest probability, in percent, by stage.
    """

    bands: Mapping[str, tuple[int, int]]
    kind: Literal["probability_band"] = "probability_band"


@record
class AmountLimit:
    """Large amounts need somebody's approval.

    Attributes:
        entity: Kind of the records: one with a field of money.
        limit_cents: The largest amount that needs none.
        approver_access: Kinds of access whose holders may go beyond it.
        approver_roles: Jobs whose holders may go beyond it.
        escalate_to: Handle of the colleague to be asked, who may go beyond it; empty for nobody in particular.
    """

    entity: Entity
    limit_cents: int
    approver_access: tuple[str, ...] = ("manager",)
    approver_roles: tuple[str, ...] = ()
    escalate_to: str = ""
    kind: Literal["amount_limit"] = "amount_limit"


@record
class DiscountLimit:
    """Quotes far below the amount of their opportunity need somebody's approval.

    Attributes:
        max_percent: The largest discount, in percent of the opportunity's amount, that needs none.
        approver_access: Kinds of access whose holders may go beyond it.
        approver_roles: Jobs whose holders may go beyond it.
        escalate_to: Handle of the colleague to be asked, who may go beyond it; empty for nobody in particular.
    """

    max_percent: int
    approver_access: tuple[str, ...] = ("manager",)
    approver_roles: tuple[str, ...] = ()
    escalate_to: str = ""
    kind: Literal["discount_limit"] = "discount_limit"


@record
class OwnerOnly:
    """Records are changed and deleted by their owner only.

    Records without an owner of their own belong to the owner of the record that they are part of; they are created by
    that owner only, too. What nobody owns may be changed by everybody.

    Attributes:
        entity: Kind of the records.
        exempt_access: Kinds of access whose holders may do it as well.
    """

    entity: Entity
    exempt_access: tuple[str, ...] = ("manager",)
    kind: Literal["owner_only"] = "owner_only"


@record
class NamePattern:
    """A text field follows a pattern.

    Attributes:
        entity: Kind of the records.
        field: The field.
        pattern: Regular expression that the whole text has to match.
        example: A text that does.
    """

    entity: Entity
    field: str
    pattern: str
    example: str
    kind: Literal["name_pattern"] = "name_pattern"


@record
class AmountStep:
    """Amounts are whole multiples of a step.

    Attributes:
        entity: Kind of the records: one with a field of money.
        step_cents: The step.
    """

    entity: Entity
    step_cents: int
    kind: Literal["amount_step"] = "amount_step"


@record
class DocumentBefore:
    """A field takes a value only when a certain document is there.

    Attributes:
        entity: Kind of the records.
        field: The field.
        value: The value.
        file_name_contains: Part of the document's file name; case, spaces, ``-`` and ``_`` make no difference.
    """

    entity: Entity
    field: str
    value: str
    file_name_contains: str
    kind: Literal["document_before"] = "document_before"


@record
class UniqueName:
    """No two records have the same name, ignoring case; where records belong to a client, within the client."""

    entity: Entity
    kind: Literal["unique_name"] = "unique_name"


@record
class NoDelete:
    """Records are not deleted."""

    entity: Entity
    kind: Literal["no_delete"] = "no_delete"


ValidationRule: TypeAlias = Annotated[
    RequiredFields
    | StagePath
    | ProbabilityBand
    | AmountLimit
    | DiscountLimit
    | OwnerOnly
    | NamePattern
    | AmountStep
    | DocumentBefore
    | UniqueName
    | NoDelete,
    Discriminator("kind"),
]
