"""Unwritten rules about opportunities: names, first stage, owner, amounts, the way through the stages, notes, dates."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import ClassVar, Literal

from atlas.core.money import from_cents
from atlas.core.records import record

STAGES: tuple[str, ...] = ("Prospecting", "Qualification", "Proposal", "Negotiation", "Closed-Won", "Closed-Lost")
OPEN_STAGES: tuple[str, ...] = STAGES[:4]
CLOSED_STAGES: tuple[str, ...] = STAGES[4:]


@record
class DealNaming:
    """Opportunities are named by a template.

    Attributes:
        template: Text with ``{client}``, ``{product}`` and ``{year}`` (of the day it is made).
    """

    template: str
    kind: Literal["deal_naming"] = "deal_naming"
    enforced: ClassVar[bool] = True

    def render(self, client: str, product: str, today: date) -> str:
        """Return the name of a deal.

        Example:
            >>> DealNaming("{client} / {product} / {year}").render("Halden Foods", "Intranet Pilot", date(2026, 3, 2))
            'Halden Foods / Intranet Pilot / 2026'
        """
        return self.template.format(client=client, product=product, year=today.year)

    @property
    def pattern(self) -> str:
        """A regular expression that every such name matches, and the name of a clone too."""
        text = re.escape(self.template)
        for slot, shape in (("client", ".+"), ("product", ".+"), ("year", r"\d{4}")):
            text = text.replace(re.escape(f"{{{slot}}}"), shape)
        return text + r"( \(Clone\))*"

    def paragraph(self) -> str:
        return (
            f"Opportunities are named `{self.template}`: the client's name as in the CRM, the product, and the year in "
            "which the deal is opened. Clones keep the name that the CRM gives them."
        )


@record
class OpeningStage:
    """A new opportunity starts in this stage when nobody says otherwise."""

    stage: str
    kind: Literal["opening_stage"] = "opening_stage"
    enforced: ClassVar[bool] = False

    def paragraph(self) -> str:
        return f"A new opportunity starts in {self.stage} unless another stage is asked for."


@record
class OwnerAssignment:
    """Who owns a new opportunity follows from the client.

    Attributes:
        by: What decides: the client's industry, or the sales territory that ends its address.
        owners: Handle of the owner, by industry or territory.
    """

    by: Literal["industry", "territory"]
    owners: Mapping[str, str]
    kind: Literal["owner_assignment"] = "owner_assignment"
    enforced: ClassVar[bool] = False

    def owner(self, *, industry: str, address: str) -> str:
        """Return the handle of the owner of a new deal with such a client.

        Example:
            >>> rule = OwnerAssignment("territory", {"North": "m.okafor"})
            >>> rule.owner(industry="Energy", address="4 Mill Road, Veldburg, North")
            'm.okafor'
        """
        return self.owners[self.decided_by(industry=industry, address=address)]

    def decided_by(self, *, industry: str, address: str) -> str:
        """Return the industry or territory of such a client, whichever decides."""
        return industry if self.by == "industry" else territory_of(address)

    def paragraph(self) -> str:
        what = "industry" if self.by == "industry" else "territory (the last part of the client's address)"
        listed = "; ".join(f"{key}: {handle}" for key, handle in self.owners.items())
        return (
            f"A new opportunity belongs to the colleague who goes with the client's {what}, unless another owner is "
            f"asked for: {listed}. A clone keeps the owner of the deal that was cloned."
        )


@record
class AmountRounding:
    """Amounts of opportunities are whole multiples of a step; other amounts are rounded.

    Attributes:
        step_cents: The step.
        direction: Which way to round.
    """

    step_cents: int
    direction: Literal["up", "down"]
    kind: Literal["amount_rounding"] = "amount_rounding"
    enforced: ClassVar[bool] = True

    def round_cents(self, cents: int) -> int:
        """Return the amount that goes into the record.

        Example:
            >>> AmountRounding(50_000, "up").round_cents(1_234_500)
            1250000
        """
        whole, rest = divmod(cents, self.step_cents)
        return (whole + (rest > 0 and self.direction == "up")) * self.step_cents

    def paragraph(self) -> str:
        return (
            f"Amounts of opportunities are multiples of {from_cents(self.step_cents):,}; anything between is rounded "
            f"{self.direction}."
        )


@record
class StageProbability:
    """A probability goes with every stage; whoever sets the stage sets it too, unless told another one.

    Attributes:
        points: Probability in percent by open stage.
    """

    points: Mapping[str, int]
    kind: Literal["stage_probability"] = "stage_probability"
    enforced: ClassVar[bool] = False

    def paragraph(self) -> str:
        listed = ", ".join(f"{stage} {points}" for stage, points in self.points.items())
        return (
            "Whoever sets a stage, of a new deal too, sets the probability that goes with it, unless the colleague "
            f"says another one: {listed}. A deal that is closed keeps the probability that it has."
        )


@record
class StageLadder:
    """Open stages are climbed one at a time.

    Attributes:
        on_skip: What to do when somebody asks to skip one: ``walk`` through the stages between, or ``refuse``.
    """

    on_skip: Literal["walk", "refuse"]
    kind: Literal["stage_ladder"] = "stage_ladder"
    enforced: ClassVar[bool] = True

    def transitions(self) -> Mapping[str, tuple[str, ...]]:
        """Return the stages that may follow each stage: the next one, any earlier open one, or Closed-Lost."""
        allowed: dict[str, tuple[str, ...]] = {}
        for place, stage in enumerate(OPEN_STAGES):
            following = STAGES[place + 1]
            allowed[stage] = (*OPEN_STAGES[:place], *dict.fromkeys((following, "Closed-Lost")))
        return allowed

    def steps(self, start: str, end: str) -> tuple[str, ...]:
        """Return the stages to set one after the other to come from ``start`` to ``end``.

        Example:
            >>> StageLadder("walk").steps("Prospecting", "Negotiation")
            ('Qualification', 'Proposal', 'Negotiation')
        """
        if end in self.transitions().get(start, ()):
            return (end,)
        return STAGES[STAGES.index(start) + 1 : STAGES.index(end) + 1]

    def paragraph(self) -> str:
        instead = (
            "a deal that is to skip one is taken through the stages between, one change each"
            if self.on_skip == "walk"
            else "a request to skip one is declined as against policy"
        )
        return (
            f"Stages are climbed one at a time ({', '.join(STAGES[:5])}); {instead}. Back and Closed-Lost go at once."
        )


@record
class StageFields:
    """A stage needs a field that is filled; whoever sets the stage asks for what is missing.

    Attributes:
        stage: The stage.
        field: The opportunity's field.
    """

    stage: str
    field: Literal["close_date", "notes"]
    kind: Literal["stage_fields"] = "stage_fields"
    enforced: ClassVar[bool] = True

    def paragraph(self) -> str:
        return f"No deal enters {self.stage} without `{self.field}`; where it is missing, ask the colleague for it."


@record
class StageDocument:
    """A stage needs a document on the deal; without it the move is declined.

    Attributes:
        stage: The stage.
        word: Part of the document's file name.
    """

    stage: str
    word: str
    kind: Literal["stage_document"] = "stage_document"
    enforced: ClassVar[bool] = True

    def paragraph(self) -> str:
        return (
            f"No deal enters {self.stage} before a document with `{self.word}` in its file name is on it; without it, "
            "decline and name the missing prerequisite."
        )


@record
class ChangeNote:
    """A note on the deal goes with every change of a field, in the house's wording.

    Attributes:
        field: The field whose change is noted.
        template: The note, with ``{value}`` (the new value as the CRM shows it).
    """

    field: Literal["stage", "close_date", "amount"]
    template: str
    kind: Literal["change_note"] = "change_note"
    enforced: ClassVar[bool] = False

    def render(self, value: object) -> str:
        """Return the note on a change to ``value``.

        Example:
            >>> ChangeNote("stage", "Pipeline log: {value}").render("Proposal")
            'Pipeline log: Proposal'
        """
        return self.template.format(value=value)

    def paragraph(self) -> str:
        return (
            f"Whoever changes `{self.field}` of a deal, or of a clone, leaves a note on it: `{self.template}`, with "
            "the new value. None is left where the colleague wants none."
        )


@record
class Reopening:
    """A closed deal is reopened by cloning it; the clone gets a close date so many days from now."""

    days: int
    kind: Literal["reopening"] = "reopening"
    enforced: ClassVar[bool] = False

    def close_date(self, today: date) -> str:
        """Return the close date of a clone made ``today``.

        Example:
            >>> Reopening(45).close_date(date(2026, 3, 2))
            '2026-04-16'
        """
        return (today + timedelta(days=self.days)).isoformat()

    def paragraph(self) -> str:
        return (
            "Closed deals stay closed. To reopen one, clone it and set the close date of the clone to "
            f"{self.days} days from today. Nothing else is set on the clone: it keeps the probability and the owner "
            "that it comes with."
        )


@record
class QuarterEnd:
    """A deal that is to close "this quarter" closes on the last day of the fiscal quarter.

    Attributes:
        first_month: Month in which the fiscal year begins (1-12).
    """

    first_month: int
    kind: Literal["quarter_end"] = "quarter_end"
    enforced: ClassVar[bool] = False

    def last_day(self, today: date) -> str:
        """Return the last day of the fiscal quarter that ``today`` is in.

        Example:
            >>> QuarterEnd(2).last_day(date(2026, 3, 2))
            '2026-04-30'
        """
        months_left = 2 - (today.month - self.first_month) % 3
        year, month = divmod(today.year * 12 + today.month - 1 + months_left, 12)
        return date(year, month + 1, calendar.monthrange(year, month + 1)[1]).isoformat()

    def paragraph(self) -> str:
        return (
            f'The fiscal year begins in {calendar.month_name[self.first_month]}. "This quarter" as a close date means '
            "the last day of the fiscal quarter, unless a day is said as well."
        )


def territory_of(address: str) -> str:
    """Return the sales territory that ends an address.

    Example:
        >>> territory_of("4 Mill Road, Veldburg, North")
        'North'
    """
    return address.rsplit(", ", maxsplit=1)[-1]
