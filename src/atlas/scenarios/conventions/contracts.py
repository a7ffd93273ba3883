"""Unwritten rules about contracts: which days they run, what has to be there first, how they are renewed."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import ClassVar, Literal

from atlas.core.records import record


def last_day_of_term(start: date, months: int) -> date:
    """Return the last day of a term of so many months that begins on ``start``.

    Example:
        >>> last_day_of_term(date(2026, 3, 1), 12), last_day_of_term(date(2026, 8, 31), 6)
        (datetime.date(2027, 2, 28), datetime.date(2027, 2, 27))
    """
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return date(year, month + 1, day) - timedelta(days=1)


@record
class ContractTerm:
    """The dates of a contract follow from the close date of its deal.

    Attributes:
        after_days: Days from the close date to the first day.
        months: Length of the term.
    """

    after_days: int
    months: int
    kind: Literal["contract_term"] = "contract_term"
    enforced: ClassVar[bool] = False

    def dates(self, close_date: date) -> tuple[str, str]:
        """Return first and last day of the contract of a deal that closed on ``close_date``.

        Example:
            >>> ContractTerm(14, 12).dates(date(2026, 3, 2))
            ('2026-03-16', '2027-03-15')
        """
        start = close_date + timedelta(days=self.after_days)
        return start.isoformat(), last_day_of_term(start, self.months).isoformat()

    def paragraph(self) -> str:
        return (
            f"A contract starts {self.after_days} days after the close date of its deal and runs for {self.months} "
            "months, unless other dates were agreed."
        )


@record
class ContractDocument:
    """No contract without a document on the deal; where it is missing, the request is declined.

    Attributes:
        word: Part of the document's file name.
    """

    word: str
    kind: Literal["contract_document"] = "contract_document"
    enforced: ClassVar[bool] = False

    def paragraph(self) -> str:
        return (
            f"No contract is made for a deal before a document with `{self.word}` in its file name is on it; without "
            "it, decline and name the missing prerequisite. A renewal needs no such document."
        )


@record
class Renewal:
    """A contract is renewed by a new one that begins the day after the old one ends.

    Attributes:
        months: Length of the new term.
        uplift_percent: How much higher its value is.
    """

    months: int
    uplift_percent: int
    kind: Literal["renewal"] = "renewal"
    enforced: ClassVar[bool] = False

    def dates(self, old_end: date) -> tuple[str, str]:
        """Return first and last day of the contract that renews one which ends on ``old_end``.

        Example:
            >>> Renewal(12, 3).dates(date(2026, 6, 30))
            ('2026-07-01', '2027-06-30')
        """
        start = old_end + timedelta(days=1)
        return start.isoformat(), last_day_of_term(start, self.months).isoformat()

    def value_cents(self, old_cents: int) -> int:
        """Return the value of the new contract (both in cents).

        Example:
            >>> Renewal(12, 3).value_cents(1_000_000)
            1030000
        """
        return old_cents * (100 + self.uplift_percent) // 100

    def paragraph(self) -> str:
        return (
            "A renewal is a new contract, status Pending: it begins the day after the old one ends, runs for "
            f"{self.months} months, and its value is {self.uplift_percent} % above the old one."
        )
