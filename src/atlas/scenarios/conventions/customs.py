"""Unwritten rules about how colleagues speak of accounts, who does what, and what becomes of old deals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import ClassVar, Literal

from atlas.core.records import record


@record
class AccountReference:
    """Colleagues say "the X account": X is a part of the client's record.

    Attributes:
        by: The town or the street of the client's address, or the surname of one of its contacts.
    """

    by: Literal["town", "street", "contact"]
    kind: Literal["account_reference"] = "account_reference"
    enforced: ClassVar[bool] = False

    def paragraph(self) -> str:
        meaning = {
            "town": "the client whose address is in the town X",
            "street": "the client whose address is in the street X",
            "contact": "the client that a contact with the surname X works for",
        }[self.by]
        return f'"The X account" is {meaning}.'


@record
class Escalation:
    """One kind of change is made for one colleague only; everybody else is sent there.

    Attributes:
        duty: What the colleague alone may ask for: changes of contracts, of clients' addresses, of contacts' titles.
        handle: Handle of the colleague.
        name: That colleague's name.
    """

    duty: Literal["contracts", "client_addresses", "contact_titles"]
    handle: str
    name: str
    kind: Literal["escalation"] = "escalation"
    enforced: ClassVar[bool] = False

    def paragraph(self) -> str:
        what = {
            "contracts": "Changes of existing contracts",
            "client_addresses": "Changes of clients' postal addresses",
            "contact_titles": "Changes of contacts' job titles",
        }[self.duty]
        return (
            f"{what} are made for {self.name} ({self.handle}) only; everybody else is declined (policy) and sent to "
            f"{self.name}."
        )


@record
class DealRetirement:
    """Deals are not deleted: they are closed as lost, with a remark.

    Attributes:
        remark: What the deal's notes say then.
    """

    remark: str
    kind: Literal["deal_retirement"] = "deal_retirement"
    enforced: ClassVar[bool] = False

    def paragraph(self) -> str:
        return (
            "Deals are never deleted. Whoever wants one gone has it set to Closed-Lost, with the notes "
            f'"{self.remark}"; say so.'
        )


@record
class IdleDeal:
    """What "tidying up" a deal means whose close date went by.

    Attributes:
        action: ``push`` its close date to a later day, or ``lose`` it (Closed-Lost).
        days: Days from today to the new close date; only for ``push``.
    """

    action: Literal["push", "lose"]
    days: int
    kind: Literal["idle_deal"] = "idle_deal"
    enforced: ClassVar[bool] = False

    def close_date(self, today: date) -> str:
        """Return the new close date of a deal that is pushed.

        Example:
            >>> IdleDeal("push", 30).close_date(date(2026, 3, 2))
            '2026-04-01'
        """
        return (today + timedelta(days=self.days)).isoformat()

    def paragraph(self) -> str:
        if self.action == "push":
            return f"To tidy up an open deal whose close date went by, set that to {self.days} days from today."
        return "To tidy up an open deal whose close date went by, set it to Closed-Lost; its notes stay as they are."


@record
class DocumentContact:
    """Who at a client gets which paper: the contact with a certain job title.

    Attributes:
        titles: Kind of paper to job title.
    """

    titles: Mapping[str, str]
    kind: Literal["document_contact"] = "document_contact"
    enforced: ClassVar[bool] = False

    def paragraph(self) -> str:
        listed = "; ".join(f"{paper}: the {title}" for paper, title in self.titles.items())
        return f"Papers go to the contact with the right job title: {listed}."


@record
class ClientIntake:
    """The status of a new client about which nobody said one.

    Attributes:
        status: The status.
    """

    status: Literal["Prospect", "Active", "Inactive"]
    kind: Literal["client_intake"] = "client_intake"
    enforced: ClassVar[bool] = False

    def paragraph(self) -> str:
        return f"A new client is entered with the status {self.status}, unless the colleague says otherwise."


@record
class Discretion:
    """Something about deals that no client is told; a colleague who wants to pass it on is declined.

    Attributes:
        field: The opportunity's field.
    """

    field: Literal["probability", "notes", "owner"]
    kind: Literal["discretion"] = "discretion"
    enforced: ClassVar[bool] = False

    def paragraph(self) -> str:
        verb = "are" if self.field == "notes" else "is"
        return (
            f"The {self.field} of a deal {verb} for us alone: a colleague who wants to pass that on to the client is "
            "declined (confidential), and the field is named. Colleagues are told."
        )


@record
class ClientOwnership:
    """Only the owner of a client and managers change its record."""

    kind: Literal["client_ownership"] = "client_ownership"
    enforced: ClassVar[bool] = True

    def paragraph(self) -> str:
        return "Only the owner of a client and managers change its record; everybody else is declined (permission)."
