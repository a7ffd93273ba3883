"""Unwritten rules about quotes: how long, under which prefix, how much, who approves, how one is taken back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import ClassVar, Literal

from atlas.core.money import from_cents
from atlas.core.records import record


@record
class QuoteValidity:
    """A quote is valid for so many days from the day it is made, unless the customer was promised another date."""

    days: int
    kind: Literal["quote_validity"] = "quote_validity"
    enforced: ClassVar[bool] = False

    def valid_until(self, today: date) -> str:
        """Return the last day of a quote made ``today``.

        Example:
            >>> QuoteValidity(30).valid_until(date(2026, 3, 2))
            '2026-04-01'
        """
        return (today + timedelta(days=self.days)).isoformat()

    def paragraph(self) -> str:
        return f"A quote is valid for {self.days} days from the day it is made, unless another date was agreed."


@record
class QuotePrefix:
    """Every new quote carries the house prefix.

    Attributes:
        template: Text with ``{year}`` and ``{month}`` (two digits) of the day it is made.
    """

    template: str
    kind: Literal["quote_prefix"] = "quote_prefix"
    enforced: ClassVar[bool] = False

    def render(self, today: date) -> str:
        """Return the prefix of a quote made ``today``.

        Example:
            >>> QuotePrefix("ZKL-{year}").render(date(2026, 3, 2))
            'ZKL-2026'
        """
        return self.template.format(year=today.year, month=f"{today.month:02}")

    def paragraph(self) -> str:
        return (
            f"Quotes carry the prefix `{self.template}` (year and month of the day they are made), unless another one "
            "is asked for."
        )


@record
class StandardQuote:
    """A named kind of quote whose amount follows from the deal.

    Attributes:
        name: What colleagues call it, such as ``"standard quote"``.
        percent: Share of the deal's amount.
        natural: Whether the name is English.
    """

    name: str
    percent: int
    natural: bool
    kind: Literal["standard_quote"] = "standard_quote"
    enforced: ClassVar[bool] = False

    def amount_cents(self, deal_cents: int) -> int:
        """Return the quote's amount for a deal of that amount (both in cents).

        Example:
            >>> StandardQuote("standard quote", 90, True).amount_cents(1_000_000)
            900000
        """
        return deal_cents * self.percent // 100

    def paragraph(self) -> str:
        return f'The "{self.name}" is a quote for {self.percent} % of the amount of the deal.'


@record
class QuoteApproval:
    """A quote above a limit has to be approved; a rep does not make it.

    Attributes:
        limit_cents: Largest amount that needs no approval.
        approver: Handle of the colleague who approves.
        approver_name: That colleague's name.
        note: Wording of the note that the deal gets instead; None where no note is kept.
    """

    limit_cents: int
    approver: str
    approver_name: str
    note: str | None
    kind: Literal["quote_approval"] = "quote_approval"
    enforced: ClassVar[bool] = True

    def paragraph(self) -> str:
        text = (
            f"Reps do not make quotes above {from_cents(self.limit_cents):,}, nor raise one above that: they decline "
            f"and send the colleague to {self.approver_name} ({self.approver}) for approval."
        )
        return text if self.note is None else f'{text} The deal gets a note that says "{self.note}".'


@record
class DiscountApproval:
    """A quote too far below the deal's amount has to be approved; a rep does not make it.

    Attributes:
        max_percent: Largest discount on the deal's amount that needs no approval.
        approver: Handle of the colleague who approves.
        approver_name: That colleague's name.
    """

    max_percent: int
    approver: str
    approver_name: str
    kind: Literal["discount_approval"] = "discount_approval"
    enforced: ClassVar[bool] = True

    def paragraph(self) -> str:
        return (
            f"Discounts above {self.max_percent} % of the deal's amount need approval by {self.approver_name} "
            f"({self.approver}); reps decline such quotes."
        )


@record
class QuoteWithdrawal:
    """Quotes are canceled, never deleted; one in the locked status stays as it is.

    Attributes:
        locked: Status in which a quote is not taken back.
    """

    locked: Literal["Sent", "Approved"]
    kind: Literal["quote_withdrawal"] = "quote_withdrawal"
    enforced: ClassVar[bool] = False

    def paragraph(self) -> str:
        return (
            f"Quotes are never deleted: whoever wants one gone has it canceled. {self.locked} quotes are not taken "
            "back at all (policy)."
        )


@record
class QuoteExtension:
    """A quote that is extended is valid for so many days from today."""

    days: int
    kind: Literal["quote_extension"] = "quote_extension"
    enforced: ClassVar[bool] = False

    def valid_until(self, today: date) -> str:
        """Return the last day of a quote that is extended ``today``.

        Example:
            >>> QuoteExtension(10).valid_until(date(2026, 3, 2))
            '2026-03-12'
        """
        return (today + timedelta(days=self.days)).isoformat()

    def paragraph(self) -> str:
        return f"To extend a quote, set its last day to {self.days} days from today, unless another date was agreed."
