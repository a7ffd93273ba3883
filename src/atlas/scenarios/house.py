"""The house rules of one company taken together: what a careful colleague fills in when making or moving something."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TypeVar, cast

from atlas.core.errors import CorpusError
from atlas.core.money import from_cents
from atlas.crm.records import FieldValue
from atlas.scenarios.conventions import (
    AmountRounding,
    ChangeNote,
    Convention,
    DealNaming,
    DiscountApproval,
    DocumentNaming,
    OpeningStage,
    OwnerAssignment,
    QuoteApproval,
    QuotePrefix,
    QuoteValidity,
    StageDocument,
    StageFields,
    StageLadder,
    StageProbability,
)
from atlas.scenarios.conventions.deals import CLOSED_STAGES, STAGES

C = TypeVar("C")


class House:
    """Looks up conventions by type and applies those that the company has.

    Args:
        conventions: The company's; at most one of each type.
    """

    def __init__(self, conventions: Iterable[Convention]) -> None:
        self.conventions: tuple[Convention, ...] = tuple(conventions)
        self._by_type: Mapping[type[object], Convention] = {type(each): each for each in self.conventions}
        self._applied: set[str] = set()

    @property
    def applied(self) -> tuple[str, ...]:
        """Kinds of the conventions that decided something since this house was made, sorted."""
        return tuple(sorted(self._applied))

    def get(self, kind: type[C]) -> C | None:
        """Return the convention of that type, or None where the company has none."""
        return cast("C | None", self._by_type.get(kind))

    def need(self, kind: type[C]) -> C:
        """Return the convention of that type.

        Raises:
            CorpusError: the company has none; a family asked for it without saying that it needs it.
        """
        found = self.get(kind)
        if found is None:
            raise CorpusError(f"the company has no {kind.__name__}; a family that uses it has to list it in `needs`")
        self._applied.add(cast("Convention", found).kind)
        return found

    def _use(self, convention: Convention) -> None:
        self._applied.add(convention.kind)

    # -- deals ----------------------------------------------------------------------------------------------------

    def deal_name(self, client: str, product: str, today: date) -> str:
        """Return the name of a new deal."""
        naming = self.get(DealNaming)
        if naming is None:
            return product
        self._use(naming)
        return naming.render(client, product, today)

    def deal_amount(self, cents: int) -> int:
        """Return the amount (cents) that goes into a deal when somebody says ``cents``."""
        rounding = self.get(AmountRounding)
        if rounding is None or cents % rounding.step_cents == 0:
            return cents
        self._use(rounding)
        return rounding.round_cents(cents)

    def opening_stage(self) -> str | None:
        """Return the stage of a new deal about which nobody said a stage, None where that has to be said."""
        rule = self.get(OpeningStage)
        if rule is None:
            return None
        self._use(rule)
        return rule.stage

    def stage_values(self, stage: str) -> dict[str, object]:
        """Return what is set together with a stage, the stage included."""
        values: dict[str, object] = {"stage": stage}
        probability = self.get(StageProbability)
        if probability and stage in probability.points:
            self._use(probability)
            values["probability"] = probability.points[stage]
        return values

    def owner_for(self, client: Mapping[str, FieldValue]) -> str | None:
        """Return the handle of the owner of a new deal with ``client``, None where the house does not care."""
        rule = self.get(OwnerAssignment)
        if rule is None:
            return None
        self._use(rule)
        return rule.owner(industry=str(client["industry"]), address=str(client["address"]))

    def note_after(self, field: str, value: object) -> str | None:
        """Return the note that goes with a change of a deal's field to ``value`` (shown), None where none does."""
        rule = self.get(ChangeNote)
        if rule is None or rule.field != field:
            return None
        self._use(rule)
        return rule.render(value)

    def moves_freely(self, deal: Mapping[str, FieldValue], stage: str, *, file_names: Iterable[str]) -> bool:
        """Tell whether ``deal`` can be set to ``stage`` at once, with nothing missing.

        Args:
            deal: A stored row.
            stage: Where to.
            file_names: Names of the documents on the deal.
        """
        ladder, needs, paper = self.get(StageLadder), self.get(StageFields), self.get(StageDocument)
        current = str(deal["stage"])
        if current in CLOSED_STAGES or current == stage:
            return False
        if ladder and stage not in ladder.transitions()[current]:
            return False
        if needs and needs.stage == stage and not deal[needs.field]:
            return False
        return not (paper and paper.stage == stage and not any(paper.word in name for name in file_names))

    def free_stages(self, deal: Mapping[str, FieldValue], *, file_names: Iterable[str]) -> tuple[str, ...]:
        """Return the stages that ``deal`` can be set to at once, in stage order."""
        names = tuple(file_names)
        return tuple(stage for stage in STAGES if self.moves_freely(deal, stage, file_names=names))

    # -- quotes ---------------------------------------------------------------------------------------------------

    def quote_values(self, today: date, *, valid_until: str | None = None) -> dict[str, object]:
        """Return what is set on a new quote besides deal, amount and status."""
        values: dict[str, object] = {}
        validity, prefix = self.get(QuoteValidity), self.get(QuotePrefix)
        if valid_until is not None:
            values["valid_until"] = valid_until
        elif validity:
            self._use(validity)
            values["valid_until"] = validity.valid_until(today)
        if prefix:
            self._use(prefix)
            values["quote_prefix"] = prefix.render(today)
        return values

    def quote_needs_approval(self, amount_cents: int, deal_cents: int) -> bool:
        """Tell whether a rep may not make a quote of that amount on a deal of that amount."""
        amount, discount = self.get(QuoteApproval), self.get(DiscountApproval)
        if amount and amount_cents > amount.limit_cents:
            return True
        return bool(discount and amount_cents * 100 < deal_cents * (100 - discount.max_percent))

    # -- documents ------------------------------------------------------------------------------------------------

    def file_name(self, given: str, today: date) -> str:
        """Return the name under which a file that a colleague calls ``given`` is stored."""
        naming = self.get(DocumentNaming)
        if naming is None:
            return given
        self._use(naming)
        return naming.render(given, today)


def shown_amount(cents: FieldValue) -> int | float:
    """Return a stored amount as the CRM shows it."""
    return from_cents(cast("int", cents))
