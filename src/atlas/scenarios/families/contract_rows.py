"""What cases about contracts are drawn from: terms, won deals with their papers, clients with contracts."""

from __future__ import annotations

import calendar
import dataclasses
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final, cast

from atlas.core.clock import start_of_business
from atlas.core.ids import draw_uuid
from atlas.crm.records import Entity, FieldValue, Outcome, ReasonCode, Row
from atlas.scenarios.conventions import ContractDocument, DocumentNaming
from atlas.scenarios.conventions.contracts import last_day_of_term
from atlas.scenarios.desk import Desk, NothingFitsError
from atlas.scenarios.families.moves import seek_client
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan, Ref
from atlas.scenarios.records import PatchedRow
from atlas.verify.goals import RequiredRefusal

Patch = tuple[PatchedRow, ...]

_WINNABLE = ("Closed-Won", "Negotiation", "Proposal")
_K: Final = 100_000  # cents in a thousand
_LATELY: Final = timedelta(days=45)  # a deal won before that has long had its contract
_FIRST_DAYS = {"Active": (-300, -40), "Pending": (10, 90), "Expired": (-900, -760)}  # days from today, by status


@dataclasses.dataclass(frozen=True, slots=True)
class Terms:
    """What a user says about a contract: its first and last day (ISO), its value in cents, its status."""

    start: str
    end: str
    cents: int
    status: str

    @property
    def values(self) -> dict[str, object]:
        """The contract's fields."""
        value = shown_amount(self.cents)
        return {"start_date": self.start, "end_date": self.end, "value": value, "status": self.status}

    def slots(self, desk: Desk) -> dict[str, str]:
        """The same as people write it."""
        days = {"start": desk.day(self.start), "end": desk.day(self.end)}
        return {**days, "value": desk.money(self.cents), "status": self.status}


def draw_terms(desk: Desk, deal: Row | None = None) -> Terms:
    """Return the terms of a contract, for ``deal`` if there is one, that begins to run in these weeks."""
    status = desk.pick(("Active", "Pending"))
    start = desk.coming_day(-25, -2) if status == "Active" else desk.coming_day(10, 120)
    end = last_day_of_term(date.fromisoformat(start), desk.pick((12, 18, 24, 36)))
    return Terms(start, end.isoformat(), _draw_value(desk, deal), status)


def _draw_value(desk: Desk, deal: Row | None) -> int:
    """Return what a contract is worth (cents): about as much as its deal, but not the same."""
    if deal is None:
        return desk.round_amount(8, 160)
    thousands = cast("int", deal["amount"]) // _K
    return (thousands + desk.pick((-1, 1)) * (1 + thousands // desk.pick((9, 11, 14, 20)))) * _K


def years_before(iso: str, years: int) -> str:
    """Return the same day so many years earlier (the last of February for a leap day)."""
    day = date.fromisoformat(iso)
    year = day.year - years
    return date(year, day.month, min(day.day, calendar.monthrange(year, day.month)[1])).isoformat()


def refused_first(reason: ReasonCode, *about: str) -> RequiredRefusal:
    """Expect a request to be declined, or asked about, before the user comes up with one that can be carried out."""
    return RequiredRefusal(reason, about, (Outcome.REFUSED, Outcome.REPORTED, Outcome.ASKED), at_end=False)


def contract_row(desk: Desk, client: Row, status: str, deal: Row | None = None) -> Row:
    """Return a contract with ``client`` that may have been made some time ago."""
    start = desk.today + timedelta(days=desk.rng.randint(*_FIRST_DAYS[status]))
    return {
        "contract_id": draw_uuid(desk.rng),
        "client_id": client["client_id"],
        "opportunity_id": deal["opportunity_id"] if deal else None,
        "start_date": start.isoformat(),
        "end_date": last_day_of_term(start, desk.pick((12, 24) if status == "Expired" else (12, 24, 36))).isoformat(),
        "value": _draw_value(desk, deal),
        "status": status,
        "document_url": None,
    }


def patched(entity: Entity, row: Row) -> PatchedRow:
    """Return ``row`` as one that is put into the company."""
    return PatchedRow(entity, str(row[f"{entity.value.lower()}_id"]), row)


def contracted_client(desk: Desk, *statuses: str, other_than: FieldValue = None) -> tuple[Row, tuple[Row, ...], Patch]:
    """Return a client with one contract of each status, no more, all contracts, and those that it has for the case.

    Raises:
        NothingFitsError: two of the contracts end on the same day, so that nobody could tell them apart.
    """
    wanted = Counter(statuses)
    client = desk.client(lambda row: row["client_id"] != other_than and not _held(desk, row) - wanted)
    missing = (wanted - _held(desk, client)).elements()
    added = tuple(contract_row(desk, client, status) for status in missing)
    rows = (*desk.shelf.contracts_of(client), *added)
    if len({row["end_date"] for row in rows}) < len(rows):
        raise NothingFitsError("two contracts end on the same day")
    return client, rows, tuple(patched(Entity.CONTRACT, row) for row in added)


def _held(desk: Desk, client: Row) -> Counter[str]:
    return Counter(str(row["status"]) for row in desk.shelf.contracts_of(client))


def client_without_contract(desk: Desk, other_than: Row) -> Row:
    """Return a client, another one than that, that has no contract."""
    return desk.client(lambda row: row["client_id"] != other_than["client_id"] and not desk.shelf.contracts_of(row))


def won_deal(desk: Desk, *, paper: bool = True, other_than: FieldValue = None) -> tuple[Row, Patch]:
    """Return a deal won in these weeks that has no contract, and the rows that make it one.

    Args:
        desk: Where it is drawn.
        paper: Whether the document is on it that the house may want before a contract.
        other_than: Id of a deal that it must not be.
    """
    contracted = {other_than, *(row["opportunity_id"] for row in desk.shelf.contracts)}
    deal = desk.deal(
        lambda row: (
            row["stage"] in _WINNABLE and row["opportunity_id"] not in contracted and (paper or not _paper(desk, row))
        )
    )
    patch = (_paper_row(desk, deal),) if paper and not _paper(desk, deal) else ()
    if deal["stage"] == "Closed-Won" and str(deal["close_date"]) >= (desk.today - _LATELY).isoformat():
        return deal, patch
    closed = (desk.today - timedelta(days=desk.rng.randint(3, 25))).isoformat()
    notes = deal["notes"] or "Signed after the last round."
    won = {**deal, "stage": "Closed-Won", "close_date": closed, "probability": 99, "notes": notes}
    return won, (patched(Entity.OPPORTUNITY, won), *patch)


def _paper(desk: Desk, deal: Row) -> bool:
    """Tell whether everything is on ``deal`` that the house wants there before a contract."""
    rule = desk.house.get(ContractDocument)
    return rule is None or any(rule.word in name for name in desk.shelf.files_of(deal))


def _paper_row(desk: Desk, deal: Row) -> PatchedRow:
    rule, naming = desk.house.need(ContractDocument), desk.house.get(DocumentNaming)
    day = desk.today - timedelta(days=desk.rng.randint(1, 12))
    name = f"{rule.word}_signed.pdf"
    row: dict[str, FieldValue] = {
        "document_id": draw_uuid(desk.rng),
        "entity_type": Entity.OPPORTUNITY.value,
        "entity_id": deal["opportunity_id"],
        "file_name": naming.render(name, day) if naming else name,
        "uploaded_by": deal["owner"],
        "uploaded_at": start_of_business(day).isoformat(),
        "file_url": None,
    }
    return patched(Entity.DOCUMENT, row)


def documents_on(plan: Plan, deal_id: str) -> Ref:
    """Look at the documents of a deal."""
    return plan.call("list_documents", entity_type="Opportunity", entity_id=deal_id)


def make_contract(plan: Plan, desk: Desk, deal: Row, values: Mapping[str, object], *, reading: bool) -> Ref:
    """Find a deal and make its contract, after a look for the paper where the house wants one.

    Args:
        plan: What is added to.
        desk: The company.
        deal: The deal.
        values: The contract's fields.
        reading: Whether the whole deal is read.
    """
    found = plan.call("opportunity_search", name=deal["name"])
    deal_id, client_id = found.at("results.0.opportunity_id"), found.at("results.0.client_id")
    if reading:
        details = plan.call("view_opportunity_details", opportunity_id=deal_id)
        deal_id, client_id = details.at("opportunity.opportunity_id"), details.at("client.client_id")
    elif desk.house.get(ContractDocument):
        documents_on(plan, deal_id)
    return plan.call("create_contract", client_id=client_id, opportunity_id=deal_id, **values)


def deal_contract(deal: Row, values: Mapping[str, object]) -> dict[str, object]:
    """Return what the contract of a deal holds."""
    return {"client_id": deal["client_id"], "opportunity_id": deal["opportunity_id"], **values}


def seek_contract(plan: Plan, client: Row, *, reading: bool, **criteria: object) -> str:
    """Look up a client's contract, the first that fits; return what stands for its id."""
    client_id = seek_client(plan, client)
    if reading:
        plan.call("client_details", client_id=client_id)
    found = plan.call("contract_search", client_id=client_id, **criteria)
    return found.at("results.0.contract_id")


def end_of(contract: Row) -> str:
    """Return the last day of a contract (ISO)."""
    return str(contract["end_date"])
