"""One call of every tool in a small company: the examples of the reference page, which a test carries out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from atlas.core.clock import FrozenClock, start_of_business
from atlas.core.records import JsonObject
from atlas.core.rng import derive_rng
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Actor, Entity, Row, StaffDirectory, StaffMember, ToolCall, ToolResult
from atlas.crm.world import World

_TODAY = date(2026, 3, 2)
_STAFF = (
    StaffMember("m.okafor", "Mara Okafor", "Account Executive", "North"),
    StaffMember("d.roth", "Dana Roth", "Sales Director", "", "manager"),
)
_ROWS: Mapping[Entity, tuple[Row, ...]] = {
    Entity.CLIENT: (
        {
            "client_id": "c1",
            "name": "Halden Foods",
            "email": "office@halden.example",
            "status": "Active",
            "owner": "m.okafor",
        },
    ),
    Entity.CONTACT: ({"contact_id": "k1", "first_name": "Ada", "last_name": "Moor", "client_id": "c1"},),
    Entity.OPPORTUNITY: (
        {
            "opportunity_id": "o1",
            "name": "Badge Upgrade",
            "client_id": "c1",
            "stage": "Proposal",
            "amount": 1_000_000,
            "close_date": "2026-05-01",
            "probability": 60,
        },
    ),
    Entity.QUOTE: (
        {"quote_id": "q1", "opportunity_id": "o1", "amount": 980_000, "status": "Sent", "quote_prefix": "QX"},
        {"quote_id": "q2", "opportunity_id": "o1", "amount": 950_000, "status": "Draft", "quote_prefix": "QX"},
    ),
    Entity.CONTRACT: (
        {"contract_id": "t1", "client_id": "c1", "opportunity_id": "o1", "value": 950_000, "status": "Pending"},
    ),
    Entity.COMPANY: (
        {"company_id": "p1", "name": "Tiber Labs", "type": "Partner", "contacts": ("Ann Bell", "Cy Dorn")},
    ),
    Entity.DOCUMENT: (
        {"document_id": "d1", "entity_type": "Opportunity", "entity_id": "o1", "file_name": "site_survey.pdf"},
    ),
    Entity.NOTE: ({"note_id": "n1", "entity_type": "Quote", "entity_id": "q1", "content": "Prefers e-mail."},),
}

EXAMPLES: Final[Mapping[str, JsonObject]] = {
    "create_new_opportunity": {
        "name": "Cold Store",
        "client_id": "c1",
        "stage": "Prospecting",
        "amount": 5000,
        "close_date": "2026-06-30",
    },
    "modify_opportunity": {"opportunity_id": "o1", "updates": {"stage": "Negotiation", "probability": 80}},
    "opportunity_search": {"amount": {"gte": 5000}, "owner": {"empty": True}, "order_by": "-amount", "limit": 1},
    "view_opportunity_details": {"opportunity_id": "o1"},
    "opportunity_details": {"opportunity_id": "o1"},
    "delete_opportunity": {"opportunity_id": "o1"},
    "clone_opportunity": {"opportunity_id": "o1"},
    "summarize_opportunities": {"client_id": "c1"},
    "create_quote": {"opportunity_id": "o1", "amount": 9250.5, "status": "Draft", "valid_until": "2026-03-31"},
    "modify_quote": {"quote_id": "q1", "status": "Approved"},
    "cancel_quote": {"quote_id": "q2"},
    "delete_quote": {"quote_id": "q1"},
    "quote_search": {"criteria": {"opportunity_id": "o1", "status": {"in": ["Draft", "Sent"]}}, "limit": 1},
    "quote_details": {"quote_id": "q1"},
    "compare_quotes": {"quote_ids": ["q1", "q2"]},
    "compare_quote_details": {"quote_ids": ["q1", "q2"]},
    "quote_prefixes": {},
    "client_search": {"name": "halden"},
    "client_details": {"client_id": "c1"},
    "create_new_client": {"name": "Brightwater", "email": "hi@brightwater.example", "status": "Prospect"},
    "modify_client": {"client_id": "c1", "industry": "Food", "owner": None},
    "contact_search": {"client_id": "c1", "last_name": "moor"},
    "contact_details": {"contact_id": "k1"},
    "create_new_contact": {"first_name": "Ben", "last_name": "Abel", "client_id": "c1", "title": "Head of Buying"},
    "modify_contact": {"contact_id": "k1", "email": "ada.moor@halden.example"},
    "contract_search": {"client_id": "c1", "status": "Pending"},
    "contract_details": {"contract_id": "t1"},
    "create_contract": {"client_id": "c1", "opportunity_id": "o1", "start_date": "2026-04-01", "value": 9500},
    "modify_contract": {"contract_id": "t1", "status": "Active", "end_date": "2027-03-31"},
    "company_search": {"type": "Partner"},
    "upload_document": {"entity_type": "Contract", "entity_id": "t1", "file_name": "signed.pdf"},
    "list_documents": {"entity_type": "Opportunity", "entity_id": "o1"},
    "add_note": {"entity_type": "Contact", "entity_id": "k1", "content": "On leave until May."},
    "list_notes": {"entity_type": "Quote", "entity_id": "q1"},
    "staff_search": {"role": "director"},
}
"""The arguments of one call of each tool, by its name."""


def play_example(tool: str) -> ToolResult:
    """Return what the example of a tool gives in the small company, as if it were the only call there.

    Example:
        >>> play_example("compare_quotes").data["difference"]
        300
    """
    world = World(
        FrozenBase.build(_ROWS).fork(),
        directory=StaffDirectory(_TODAY, _STAFF),
        actor=Actor(_STAFF[0].handle, _STAFF[0].role, _STAFF[0].access),
        rules=(),
        rng=derive_rng(0, "reference", tool),
        clock=FrozenClock(start_of_business(_TODAY)),
    )
    return world.call(ToolCall(tool, EXAMPLES[tool]))
