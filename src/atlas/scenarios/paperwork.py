"""The paper trail of a company's deals: quotes, contracts, documents, notes; and the firms that it knows."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import cast

from atlas.core.clock import start_of_business
from atlas.core.ids import draw_uuid
from atlas.crm.records import Entity
from atlas.scenarios.conventions import (
    ContractDocument,
    ContractTerm,
    DocumentNaming,
    QuotePrefix,
    QuoteValidity,
    StageDocument,
)
from atlas.scenarios.conventions.deals import OPEN_STAGES
from atlas.scenarios.naming import INDUSTRIES, NameMaker
from atlas.scenarios.portfolio import Setting, StoredRow

QUOTED_STAGES = ("Proposal", "Negotiation", "Closed-Won", "Closed-Lost")
_STATUS_DECK = ("Draft", "Draft", "Sent", "Sent", "Approved", "Rejected", "Canceled")
_EXTRA_DOCUMENT_CHANCE = 0.25
_EARLY_DOCUMENT_CHANCE = 0.5  # share of deals that have a stage's document before they reach the stage
_CONTRACT_CHANCE = 0.5  # share of won deals that have their contract
_NOTE_CHANCE = 0.2
_NOTES = (
    "Asked for a call back next week.",
    "Prefers e-mail over phone.",
    "New budget round in autumn.",
    "Met at the trade fair, very interested.",
    "Wants references from the same industry.",
)
_FILES = ("requirements.docx", "site_survey.pdf", "price_list.xlsx", "kickoff_slides.pptx", "minutes.txt")


def write_paperwork(rng: random.Random, setting: Setting, deals: list[StoredRow]) -> Iterator[tuple[Entity, StoredRow]]:
    """Yield quotes, contracts, documents and notes for ``deals``."""
    statuses: list[str] = []
    for deal in deals:
        if deal["stage"] in QUOTED_STAGES:
            for version in range(1, rng.choice((1, 1, 2)) + 1):
                if not statuses:
                    statuses = list(_STATUS_DECK)
                    rng.shuffle(statuses)
                yield Entity.QUOTE, _quote(rng, setting, deal, version, statuses.pop())
        contracted = deal["stage"] == "Closed-Won" and rng.random() < _CONTRACT_CHANCE
        if contracted:
            yield Entity.CONTRACT, _contract(rng, setting, deal)
        for name in _file_names(rng, setting, deal, contracted=contracted):
            yield Entity.DOCUMENT, _document(rng, setting, deal, name)
        if rng.random() < _NOTE_CHANCE:
            yield Entity.NOTE, _note(rng, setting, deal)


def write_reference_companies(rng: random.Random, names: NameMaker, count: int) -> Iterator[tuple[Entity, StoredRow]]:
    """Yield partners, vendors and competitors."""
    for _ in range(count):
        industry = rng.choice(INDUSTRIES)
        yield (
            Entity.COMPANY,
            {
                "company_id": draw_uuid(rng),
                "name": names.firm(industry),
                "type": rng.choice(("Partner", "Vendor", "Competitor")),
                "industry": industry,
                "address": f"{rng.randint(1, 180)} Ring Road, {names.town()}",
                "contacts": (),
            },
        )


def _quote(rng: random.Random, setting: Setting, deal: StoredRow, version: int, status: str) -> StoredRow:
    made = setting.today - timedelta(days=rng.randint(2, 60))
    validity, prefix = setting.house.need(QuoteValidity), setting.house.get(QuotePrefix)
    return {
        "quote_id": draw_uuid(rng),
        "opportunity_id": deal["opportunity_id"],
        "version": str(version),
        "amount": cast("int", deal["amount"]) * rng.choice((96, 97, 98, 99, 100)) // 100 - version * 100,
        "status": status,
        "valid_until": validity.valid_until(made),
        "created_date": _moment(made),
        "quote_prefix": prefix.render(made) if prefix else None,
    }


def _contract(rng: random.Random, setting: Setting, deal: StoredRow) -> StoredRow:
    closed = date.fromisoformat(str(deal["close_date"]))
    usual = setting.house.get(ContractTerm)
    term = usual or ContractTerm(rng.randint(5, 30), rng.choice((12, 24)))
    start, end = (date.fromisoformat(day) for day in term.dates(closed))
    status = "Expired" if end < setting.today else "Active" if start <= setting.today else "Pending"
    return {
        "contract_id": draw_uuid(rng),
        "client_id": deal["client_id"],
        "opportunity_id": deal["opportunity_id"],
        "start_date": start.isoformat(),
        "end_date": end.isoformat(),
        "value": deal["amount"],
        "status": status,
        "document_url": None,
    }


def _file_names(rng: random.Random, setting: Setting, deal: StoredRow, *, contracted: bool) -> Iterator[str]:
    paper = setting.house.get(ContractDocument)
    if paper is not None and deal["stage"] == "Closed-Won" and (contracted or rng.random() < _EARLY_DOCUMENT_CHANCE):
        yield f"{paper.word}_signed.pdf"
    needed = setting.house.get(StageDocument)
    if needed is not None:
        ladder = (*OPEN_STAGES, "Closed-Won")
        stage = str(deal["stage"])
        reached = stage in ladder and ladder.index(stage) >= ladder.index(needed.stage)
        if reached or rng.random() < _EARLY_DOCUMENT_CHANCE:
            yield f"{needed.word.replace(' ', '_')}_signed.pdf"
    if rng.random() < _EXTRA_DOCUMENT_CHANCE:
        yield rng.choice(_FILES)


def _document(rng: random.Random, setting: Setting, deal: StoredRow, name: str) -> StoredRow:
    uploaded = setting.today - timedelta(days=rng.randint(2, 60))
    naming = setting.house.need(DocumentNaming)
    return {
        "document_id": draw_uuid(rng),
        "entity_type": Entity.OPPORTUNITY.value,
        "entity_id": deal["opportunity_id"],
        "file_name": naming.render(name, uploaded),
        "uploaded_by": deal["owner"],
        "uploaded_at": _moment(uploaded),
        "file_url": None,
    }


def _note(rng: random.Random, setting: Setting, deal: StoredRow) -> StoredRow:
    return {
        "note_id": draw_uuid(rng),
        "entity_type": Entity.OPPORTUNITY.value,
        "entity_id": deal["opportunity_id"],
        "content": rng.choice(_NOTES),
        "created_by": deal["owner"],
        "created_at": _moment(setting.today - timedelta(days=rng.randint(2, 60))),
    }


def _moment(day: date) -> str:
    return start_of_business(day).isoformat()
