"""Calls that language models typically get wrong: each error names the right argument or the fix, and the fix works."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atlas.crm.records import Entity, ErrorCode, Row, ToolCall, ToolError
from atlas.crm.rules.terms import TERMS
from atlas.crm.tools.registry import TOOL_SPECS, TOOLS
from atlas.crm.wording import is_object
from atlas.crm.world import World

ACME = "3f2a9c1e-7b40-4c55-9d21-0a6e8f1b2c3d"
NORDWIND = "b81d44f0-05a6-4f0e-8f0b-6f1d8c0a9e77"
SENSORS = "0d9e6a52-11c8-4d3a-a5c1-2f7b9e30d481"
PUMPS = "77c0be19-3f5d-4a21-9c64-e8d2a15b7f06"
PUMPS_TWIN = "77c0be19-90ab-4b7e-8d12-54f6c3e2a801"
OFFER = "e5a1c7d3-62b9-4e08-b7f4-90c3d6a82e15"
ADA = "9a64f3b8-2c1d-4f57-8e90-b3d5a7c1e264"
FRAME = "c4d8e2f6-a1b3-4c5d-9e7f-081a2b3c4d5e"

ROWS: Mapping[Entity, tuple[Row, ...]] = {
    Entity.CLIENT: (
        {"client_id": ACME, "name": "Acme", "email": "office@acme.example", "status": "Active", "owner": "m.okafor"},
        {"client_id": NORDWIND, "name": "Nordwind", "email": "hi@nordwind.example", "status": "Prospect"},
    ),
    Entity.CONTACT: ({"contact_id": ADA, "first_name": "Ada", "last_name": "Moor", "client_id": ACME},),
    Entity.OPPORTUNITY: (
        {
            "opportunity_id": SENSORS,
            "name": "Sensor Retrofit",
            "client_id": ACME,
            "stage": "Proposal",
            "amount": 4_000_000,
            "close_date": "2026-06-30",
            "owner": "m.okafor",
            "probability": 60,
        },
        {
            "opportunity_id": PUMPS,
            "name": "Pump Service",
            "client_id": NORDWIND,
            "stage": "Qualification",
            "amount": 900_000,
        },
        {
            "opportunity_id": PUMPS_TWIN,
            "name": "Pump Service",
            "client_id": ACME,
            "stage": "Closed-Won",
            "amount": 950_000,
        },
    ),
    Entity.QUOTE: (
        {
            "quote_id": OFFER,
            "opportunity_id": SENSORS,
            "amount": 3_900_000,
            "status": "Draft",
            "quote_prefix": "Q-2026-014",
        },
    ),
    Entity.CONTRACT: ({"contract_id": FRAME, "client_id": ACME, "status": "Pending"},),
}

LONGEST = 400  # characters of a message, and of a hint


@dataclasses.dataclass(frozen=True)
class Mistake:
    """A wrong call, what its error says, and the right call that it leads to.

    Attributes:
        tool: Name of the tool.
        wrong: The arguments that are wrong; those of ``GOOD`` that it does not name are given besides.
        code: The class of the error.
        says: What the message or the hint contains.
        field: The argument that the error names.
        right: What stands in their place in the right call; None where a single call does not put it right.
    """

    tool: str
    wrong: Mapping[str, object]
    code: ErrorCode
    says: tuple[str, ...]
    field: str | None
    right: Mapping[str, object] | None = None


GOOD: Mapping[str, Mapping[str, object]] = {
    "create_new_opportunity": {"name": "Valve Upgrade", "client_id": ACME, "amount": 5_000, "stage": "Prospecting"},
    "modify_opportunity": {"opportunity_id": SENSORS},
    "create_quote": {"opportunity_id": SENSORS, "amount": 39_000, "status": "Draft"},
    "modify_quote": {"quote_id": OFFER},
    "create_new_client": {"name": "Halden", "email": "mail@halden.example", "status": "Prospect"},
    "create_new_contact": {"first_name": "Ben", "last_name": "Abel", "client_id": ACME},
    "upload_document": {"entity_type": "Opportunity", "entity_id": SENSORS, "file_name": "offer.pdf"},
    "add_note": {"entity_type": "Opportunity", "entity_id": SENSORS, "content": "Called."},
    "create_contract": {"client_id": ACME},
}


def unknown(
    tool: str, wrong: Mapping[str, object], says: tuple[str, ...], right: Mapping[str, object] | None
) -> Mistake:
    """An argument that there is not; the first one of ``wrong`` is to blame."""
    return Mistake(tool, wrong, ErrorCode.UNKNOWN_ARGUMENT, says, next(iter(wrong)), right)


def value(
    tool: str, wrong: Mapping[str, object], code: str, says: tuple[str, ...], right: Mapping[str, object] | None
) -> Mistake:
    """A value that is not taken."""
    return Mistake(tool, wrong, ErrorCode(code), says, next(iter(wrong)), right)


NEW = "create_new_opportunity"
MODIFY = "modify_opportunity"
SEARCH = "opportunity_search"
QUOTE = "create_quote"
MISTAKES: Mapping[str, Mistake] = {
    # what a record's name, client and people are called
    "opportunity_name": unknown(NEW, {"opportunity_name": "X"}, ("`opportunity_name`", "`name`"), {"name": "X"}),
    "opportunity_name-on-modify": unknown(
        MODIFY,
        {"opportunity_name": "Sensor Retrofit", "amount": 5},
        ("`name`", "to say which opportunity is meant, give `opportunity_id`"),
        {"amount": 5},
    ),
    "deal_name": unknown(NEW, {"deal_name": "X"}, ("did you mean `name`?",), {"name": "X"}),
    "title-of-a-deal": unknown(NEW, {"title": "X"}, ("did you mean `name`?",), {"name": "X"}),
    "client_name": unknown(
        NEW, {"client_name": "Acme"}, ("did you mean `client_id`?", "client_search"), {"client_id": ACME}
    ),
    "client_name-on-create": unknown(
        "create_new_client", {"client_name": "Halden"}, ("did you mean `name`?",), {"name": "Halden"}
    ),
    "company-for-client": unknown(
        NEW, {"company": "Acme"}, ("did you mean `client_id`?", "client_search"), {"client_id": ACME}
    ),
    "account_name": unknown(
        "create_new_contact", {"account_name": "Acme"}, ("`client_id`", "client_search"), {"client_id": ACME}
    ),
    "customer": unknown(
        "create_new_contact", {"customer": "Acme"}, ("`client_id`", "client_search"), {"client_id": ACME}
    ),
    "contact_name": unknown(
        NEW, {"contact_name": "Ada Moor"}, ("contacts belong to clients", "contact_search", "`client_id`"), {}
    ),
    "contact-as-one-name": unknown(
        "create_new_contact",
        {"name": "Eve Stone"},
        ("did you mean `first_name` and `last_name`?", "on their own"),
        {"first_name": "Eve", "last_name": "Stone"},
    ),
    "contact_name-on-create": unknown(
        "create_new_contact",
        {"contact_name": "Eve Stone"},
        ("`first_name` and `last_name`",),
        {"first_name": "Eve", "last_name": "Stone"},
    ),
    "fullName": unknown("contact_search", {"fullName": "Ada Moor"}, ("`first_name` and `last_name`",), {}),
    "job_title": unknown("create_new_contact", {"job_title": "CFO"}, ("did you mean `title`?",), {"title": "CFO"}),
    "phone_number": unknown("create_new_client", {"phone_number": "+49 1"}, ("did you mean `phone`?",), {"phone": "1"}),
    "email_address": unknown(
        "create_new_client", {"email_address": "a@b.example"}, ("did you mean `email`?",), {"email": "a@b.example"}
    ),
    "own-id-on-create": unknown(NEW, {"opportunity_id": "OPP-1"}, ("is set by the CRM", "leave it out"), {}),
    "id-on-create": unknown(NEW, {"id": "1"}, ("`opportunity_id`", "is set by the CRM", "leave it out"), {}),
    "created_at-on-create": unknown(
        "create_new_client", {"created_at": "2026-03-02"}, ("`created_date`", "is set by the CRM"), {}
    ),
    "id-on-modify": unknown(MODIFY, {"id": SENSORS, "amount": 5}, ("did you mean `opportunity_id`?",), {"amount": 5}),
    "deal_id": unknown(MODIFY, {"deal_id": SENSORS, "amount": 5}, ("did you mean `opportunity_id`?",), {"amount": 5}),
    # owners
    "assign_to": unknown(
        MODIFY, {"assign_to": "j.lind"}, ("did you mean `owner`?", "staff_search"), {"owner": "j.lind"}
    ),
    "assignee": unknown(NEW, {"assignee": "j.lind"}, ("did you mean `owner`?", "handle"), {"owner": "j.lind"}),
    "owner_id": unknown(NEW, {"owner_id": "j.lind"}, ("did you mean `owner`?",), {"owner": "j.lind"}),
    "sales_rep": unknown(NEW, {"sales_rep": "Jon Lind"}, ("did you mean `owner`?",), {"owner": "j.lind"}),
    "account_manager": unknown(
        "create_new_client", {"account_manager": "j.lind"}, ("did you mean `owner`?",), {"owner": "j.lind"}
    ),
    "owner-by-name": value(
        NEW, {"owner": "Jon Lind"}, "not_found", ("did you mean 'j.lind' (Jon Lind)?",), {"owner": "j.lind"}
    ),
    "owner-by-surname": value(NEW, {"owner": "lind"}, "not_found", ("did you mean 'j.lind'",), {"owner": "j.lind"}),
    "owner-surname-first": value(
        NEW, {"owner": "Lind, Jon"}, "not_found", ("did you mean 'j.lind'",), {"owner": "j.lind"}
    ),
    "owner-by-address": value(
        NEW, {"owner": "j.lind@ours.example"}, "not_found", ("did you mean 'j.lind'",), {"owner": "j.lind"}
    ),
    "owner-me": value(NEW, {"owner": "me"}, "not_found", ("did you mean 'm.okafor'",), {"owner": "m.okafor"}),
    "owner-with-at": value(NEW, {"owner": "@J.Lind"}, "not_found", ("did you mean 'j.lind'",), {"owner": "j.lind"}),
    # ids
    "id-that-nobody-has": value(
        MODIFY,
        {"opportunity_id": "99999999-0000-4000-8000-000000000000", "amount": 5},
        "not_found",
        ("there is no opportunity", "opportunity_search"),
        {"opportunity_id": SENSORS, "amount": 5},
    ),
    "id-cut": value(
        "create_new_contact",
        {"client_id": ACME[:8]},
        "not_found",
        (f"did you mean '{ACME}'?", "in full"),
        {"client_id": ACME},
    ),
    "id-cut-with-dots": value(
        MODIFY,
        {"opportunity_id": f"{SENSORS[:8]}...", "amount": 5},
        "not_found",
        (f"did you mean '{SENSORS}'?",),
        {"opportunity_id": SENSORS, "amount": 5},
    ),
    "id-cut-to-several": value(
        MODIFY,
        {"opportunity_id": PUMPS[:8], "amount": 5},
        "not_found",
        ("the ids of 2 opportunities start so", "in full"),
        {"opportunity_id": PUMPS, "amount": 5},
    ),
    "id-in-capitals": value(
        "view_opportunity_details",
        {"opportunity_id": SENSORS.upper()},
        "not_found",
        (f"did you mean '{SENSORS}'?",),
        {"opportunity_id": SENSORS},
    ),
    "id-with-spaces": value(
        "view_opportunity_details",
        {"opportunity_id": f" {SENSORS} "},
        "not_found",
        (f"did you mean '{SENSORS}'?", "exactly as results show it"),
        {"opportunity_id": SENSORS},
    ),
    "id-in-quotes": value(
        "cancel_quote", {"quote_id": f'"{OFFER}"'}, "not_found", (f"did you mean '{OFFER}'?",), {"quote_id": OFFER}
    ),
    "id-in-braces": value(
        QUOTE,
        {"opportunity_id": f"{{{SENSORS}}}"},
        "not_found",
        (f"did you mean '{SENSORS}'?",),
        {"opportunity_id": SENSORS},
    ),
    "id-with-label": value(
        QUOTE, {"opportunity_id": f"ID: {SENSORS}"}, "not_found", (SENSORS,), {"opportunity_id": SENSORS}
    ),
    "id-with-unseen": value(
        QUOTE, {"opportunity_id": f"{SENSORS}\u200b"}, "not_found", (SENSORS,), {"opportunity_id": SENSORS}
    ),
    "client-for-opportunity": value(
        QUOTE,
        {"opportunity_id": ACME},
        "not_found",
        ("is the id of a client", "opportunity_search", "`client_id`"),
        {"opportunity_id": SENSORS},
    ),
    "quote-for-opportunity": value(
        "view_opportunity_details",
        {"opportunity_id": OFFER},
        "not_found",
        ("is the id of a quote", "that quote shows its `opportunity_id`"),
        {"opportunity_id": SENSORS},
    ),
    "contact-for-client": value(
        NEW,
        {"client_id": ADA},
        "not_found",
        ("is the id of a contact", "that contact shows its `client_id`"),
        {"client_id": ACME},
    ),
    "wrong-entity_type": value(
        "add_note",
        {"entity_id": SENSORS, "entity_type": "Client"},
        "not_found",
        ("is the id of an opportunity", "give `entity_type` Opportunity"),
        {"entity_type": "Opportunity"},
    ),
    "name-for-id": value(
        NEW, {"client_id": "Acme"}, "not_found", ("that is a name", f"did you mean '{ACME}'?"), {"client_id": ACME}
    ),
    "name-of-several": value(
        QUOTE,
        {"opportunity_id": "pump service"},
        "not_found",
        ("the name of several opportunities", PUMPS, PUMPS_TWIN),
        {"opportunity_id": PUMPS},
    ),
    "name-of-a-person": value(
        "add_note",
        {"entity_id": "Ada Moor", "entity_type": "Contact"},
        "not_found",
        (f"did you mean '{ADA}'?",),
        {"entity_id": ADA, "entity_type": "Contact"},
    ),
    "quote-by-number": value(
        "cancel_quote", {"quote_id": "Q-2026-014"}, "not_found", (f"did you mean '{OFFER}'?",), {"quote_id": OFFER}
    ),
    "name-nobody-has": value(NEW, {"client_id": "Umbrella"}, "not_found", ("client_search",), {"client_id": ACME}),
    "number-for-id": value(NEW, {"client_id": "#12"}, "not_found", ("client_search",), {"client_id": ACME}),
    "bare-number-for-id": value(NEW, {"client_id": 12}, "invalid_type", ('in quotes: "12"',), None),
    "placeholder": value(
        NEW,
        {"client_id": "{{turn_1.client_id}}"},
        "not_found",
        ("stands in for an id", "client_search"),
        {"client_id": ACME},
    ),
    "placeholder-words": value(
        NEW, {"client_id": "<client_id>"}, "not_found", ("stands in for an id",), {"client_id": ACME}
    ),
    # amounts
    "value": unknown(NEW, {"value": 5_000}, ("did you mean `amount`?",), {"amount": 5_000}),
    "deal_value": unknown(NEW, {"deal_value": 5_000}, ("did you mean `amount`?",), {"amount": 5_000}),
    "price": unknown(QUOTE, {"price": 5_000}, ("did you mean `amount`?",), {"amount": 5_000}),
    "total": unknown(QUOTE, {"total": 5_000}, ("did you mean `amount`?",), {"amount": 5_000}),
    "amount-of-a-contract": unknown("create_contract", {"amount": 5_000}, ("did you mean `value`?",), {"value": 5_000}),
    "currency": unknown(NEW, {"currency": "USD"}, ("all amounts are in one currency",), {}),
    "discount": unknown(QUOTE, {"discount": 10}, ("the amount that is left after the discount",), {}),
    "line-items": unknown(QUOTE, {"line_items": []}, ("records hold one amount",), {}),
    "amount-dollars": value(NEW, {"amount": "$50,000"}, "invalid_type", ("did you mean 50000?",), {"amount": 50_000}),
    "amount-k": value(NEW, {"amount": "50k"}, "invalid_type", ("did you mean 50000?",), {"amount": 50_000}),
    "amount-million": value(
        NEW, {"amount": "1.2 million"}, "invalid_type", ("did you mean 1200000?",), {"amount": 1_200_000}
    ),
    "amount-european": value(
        NEW, {"amount": "50.000,00 EUR"}, "invalid_type", ("did you mean 50000?",), {"amount": 50_000}
    ),
    "amount-plain-text": value(
        NEW, {"amount": "1250.50"}, "invalid_type", ("did you mean 1250.5?",), {"amount": 1250.5}
    ),
    "amount-negative": value(NEW, {"amount": -5_000}, "out_of_range", ("more than 0", "-5000"), {"amount": 5_000}),
    "amount-too-fine": value(NEW, {"amount": 99.999}, "invalid_format", ("did you mean 100?",), {"amount": 100}),
    # chances
    "probability-share": value(
        NEW, {"probability": 0.6}, "invalid_type", ("whole number", "did you mean 60?"), {"probability": 60}
    ),
    "probability-text": value(NEW, {"probability": "60%"}, "invalid_type", ("did you mean 60?",), {"probability": 60}),
    "probability-half": value(NEW, {"probability": 60.5}, "invalid_type", ("did you mean 61?",), {"probability": 61}),
    "probability-full": value(NEW, {"probability": 100}, "out_of_range", ("between 1 and 99",), {"probability": 99}),
    "win_probability": unknown(
        NEW, {"win_probability": 60}, ("did you mean `probability`?", "percent"), {"probability": 60}
    ),
    # days
    "due_date": unknown(NEW, {"due_date": "2026-05-01"}, ("did you mean `close_date`?",), {"close_date": "2026-05-01"}),
    "expected_close_date": unknown(
        NEW, {"expected_close_date": "2026-05-01"}, ("did you mean `close_date`?",), {"close_date": "2026-05-01"}
    ),
    "closingDate": unknown(
        NEW, {"closingDate": "2026-05-01"}, ("did you mean `close_date`?",), {"close_date": "2026-05-01"}
    ),
    "expiry_date": unknown(
        QUOTE, {"expiry_date": "2026-05-01"}, ("did you mean `valid_until`?",), {"valid_until": "2026-05-01"}
    ),
    "valid_till": unknown(
        QUOTE, {"valid_till": "2026-05-01"}, ("did you mean `valid_until`?",), {"valid_until": "2026-05-01"}
    ),
    "date-in-words": value(
        NEW,
        {"close_date": "next Friday"},
        "invalid_format",
        ("today is 2026-03-02, a Monday", "YYYY-MM-DD"),
        {"close_date": "2026-03-06"},
    ),
    "date-with-slashes": value(
        NEW,
        {"close_date": "31/12/2026"},
        "invalid_format",
        ("did you mean '2026-12-31'?",),
        {"close_date": "2026-12-31"},
    ),
    "date-of-two-readings": value(
        NEW,
        {"close_date": "04/05/2026"},
        "invalid_format",
        ("'2026-05-04' or '2026-04-05'",),
        {"close_date": "2026-05-04"},
    ),
    "date-with-time": value(
        NEW,
        {"close_date": "2026-12-31T00:00:00Z"},
        "invalid_format",
        ("did you mean '2026-12-31'?",),
        {"close_date": "2026-12-31"},
    ),
    "date-with-month": value(
        NEW,
        {"close_date": "December 31st, 2026"},
        "invalid_format",
        ("did you mean '2026-12-31'?",),
        {"close_date": "2026-12-31"},
    ),
    "date-that-is-none": value(
        NEW, {"close_date": "2026-02-30"}, "invalid_format", ("2026-02 has 28 days",), {"close_date": "2026-03-30"}
    ),
    "date-as-number": value(
        NEW, {"close_date": 20261231}, "invalid_type", ("did you mean '2026-12-31'?",), {"close_date": "2026-12-31"}
    ),
    "date-past": value(
        NEW,
        {"close_date": "2024-06-30"},
        "date_in_past",
        ("today (2026-03-02)", "did you mean '2026-06-30'?"),
        {"close_date": "2026-06-30"},
    ),
    # choices
    "stage-spaced": value(
        NEW, {"stage": "Closed Won"}, "invalid_enum", ("did you mean 'Closed-Won'?",), {"stage": "Closed-Won"}
    ),
    "stage-small": value(
        MODIFY, {"stage": "negotiation"}, "invalid_enum", ("did you mean 'Negotiation'?",), {"stage": "Negotiation"}
    ),
    "stage-won": value(
        MODIFY, {"stage": "Won"}, "invalid_enum", ("did you mean 'Closed-Won'?",), {"stage": "Closed-Won"}
    ),
    "stage-called-status": unknown(
        MODIFY, {"status": "Closed-Won"}, ("did you mean `stage`?",), {"stage": "Closed-Won"}
    ),
    "stage-unheard-of": value(
        NEW, {"stage": "Ghosted"}, "invalid_enum", ("allowed: Prospecting,",), {"stage": "Closed-Lost"}
    ),
    "status-small": value(
        "create_new_client", {"status": "active"}, "invalid_enum", ("did you mean 'Active'?",), {"status": "Active"}
    ),
    "status-lead": value(
        "create_new_client", {"status": "Lead"}, "invalid_enum", ("did you mean 'Prospect'?",), {"status": "Prospect"}
    ),
    "status-signed": value(
        "create_contract", {"status": "Signed"}, "invalid_enum", ("did you mean 'Active'?",), {"status": "Active"}
    ),
    "status-approved-at-once": value(
        QUOTE,
        {"status": "Approved"},
        "invalid_enum",
        ("starts with Draft or Sent", "changed afterwards"),
        {"status": "Sent"},
    ),
    "status-cancelled": value(
        "modify_quote",
        {"status": "Cancelled"},
        "invalid_enum",
        ("did you mean 'Canceled'?",),
        {"status": "Canceled"},
    ),
    "status-skipped": value(
        "modify_quote",
        {"status": "Approved"},
        "illegal_transition",
        ("set `status` to Sent first",),
        {"status": "Sent"},
    ),
    "entity_type-small": value(
        "add_note",
        {"entity_type": "opportunity"},
        "invalid_enum",
        ("did you mean 'Opportunity'?",),
        {"entity_type": "Opportunity"},
    ),
    "entity_type-deal": value(
        "add_note",
        {"entity_type": "Deal"},
        "invalid_enum",
        ("did you mean 'Opportunity'?",),
        {"entity_type": "Opportunity"},
    ),
    "entity_type-account": value(
        "upload_document",
        {"entity_type": "Account", "entity_id": ACME},
        "invalid_enum",
        ("did you mean 'Client'?",),
        {"entity_type": "Client", "entity_id": ACME},
    ),
    # notes and documents
    "text": unknown("add_note", {"text": "Called."}, ("did you mean `content`?",), {"content": "Called."}),
    "body": unknown("add_note", {"body": "Called."}, ("did you mean `content`?",), {"content": "Called."}),
    "note": unknown("add_note", {"note": "Called."}, ("did you mean `content`?",), {"content": "Called."}),
    "opportunity_id-of-a-note": unknown(
        "add_note", {"opportunity_id": SENSORS}, ("`entity_type` and `entity_id`", "the kind of that record"), {}
    ),
    "record_id": unknown("add_note", {"record_id": SENSORS}, ("did you mean `entity_id`?",), {"entity_id": SENSORS}),
    "filename": unknown("upload_document", {"filename": "a.pdf"}, ("`file_name`",), {"file_name": "a.pdf"}),
    "file": unknown("upload_document", {"file": "a.pdf"}, ("`file_name`",), {"file_name": "a.pdf"}),
    "document_name": unknown("upload_document", {"document_name": "a.pdf"}, ("`file_name`",), {"file_name": "a.pdf"}),
    "document_url": unknown(
        "upload_document",
        {"document_url": "https://f.example/a.pdf"},
        ("did you mean `file_url`?",),
        {"file_url": "https://f.example/a.pdf"},
    ),
    "file-with-folder": value(
        "upload_document",
        {"file_name": "offers/2026/offer.pdf"},
        "unsafe_file_name",
        ("plain name such as proposal.pdf", "leave out slashes"),
        {"file_name": "offer.pdf"},
    ),
    "file-type": value(
        "upload_document",
        {"file_name": "offer.zip"},
        "unsupported_file_type",
        ("'zip'", "allowed: csv,", "pdf"),
        {"file_name": "offer.pdf"},
    ),
    "address-with-name": value(
        "create_new_client",
        {"email": "Halden <mail@halden.example>"},
        "invalid_format",
        ("did you mean 'mail@halden.example'?",),
        {"email": "mail@halden.example"},
    ),
    "web-address-bare": value(
        "upload_document",
        {"file_url": "www.f.example/a.pdf"},
        "invalid_format",
        ("did you mean 'https://www.f.example/a.pdf'?",),
        {"file_url": "https://www.f.example/a.pdf"},
    ),
    "version-as-number": value("modify_quote", {"version": 2}, "invalid_type", ('in quotes: "2"',), {"version": "2"}),
    "quote_number": unknown(
        "modify_quote", {"quote_number": OFFER, "amount": 5}, ("did you mean `quote_id`?",), {"amount": 5}
    ),
    "reason-for-cancelling": unknown(
        "cancel_quote", {"reason": "too dear", "quote_id": OFFER}, ("add_note",), {"quote_id": OFFER}
    ),
    # the form of a change and of a search
    "updates-as-text": value(
        MODIFY, {"updates": '{"stage": "Proposal"}'}, "invalid_type", ("must be an object", "JSON object"), None
    ),
    "updates-as-list": value(
        MODIFY, {"updates": [{"stage": "Proposal"}]}, "invalid_type", ("must be an object",), None
    ),
    "changes-for-updates": unknown(
        MODIFY, {"changes": {"amount": 5}}, ("did you mean `updates`?",), {"updates": {"amount": 5}}
    ),
    "wrong-name-in-updates": unknown(
        MODIFY, {"updates": {"assign_to": "j.lind"}}, ("did you mean `owner`?",), {"updates": {"owner": "j.lind"}}
    ),
    "criteria-as-text": value(SEARCH, {"criteria": '{"name": "Pump"}'}, "invalid_type", ("must be an object",), None),
    "query": unknown(SEARCH, {"query": "Pump"}, ("did you mean `criteria`?", "by field name"), {"name": "Pump"}),
    "filters": unknown(SEARCH, {"filters": {"name": "x"}}, ("`criteria`",), {"criteria": {"name": "x"}}),
    "client_name-in-search": unknown(
        SEARCH, {"client_name": "Acme"}, ("did you mean `client_id`?", "client_search"), {"client_id": ACME}
    ),
    "min_amount": unknown(SEARCH, {"min_amount": 5}, ("`amount`", '{"amount": {"gte": ...}}'), {"amount": {"gte": 5}}),
    "amount__lte": unknown(SEARCH, {"amount__lte": 5}, ('{"amount": {"lte": ...}}',), {"amount": {"lte": 5}}),
    "close_before": unknown(
        SEARCH,
        {"closing_before": "2026-05-01"},
        ('{"close_date": {"lte": ...}}',),
        {"close_date": {"lte": "2026-05-01"}},
    ),
    "sort_by": unknown(SEARCH, {"sort_by": "amount"}, ("did you mean `order_by`?", "-amount"), {"order_by": "-amount"}),
    "sort": unknown(SEARCH, {"sort": "amount"}, ("did you mean `order_by`?",), {"order_by": "amount"}),
    "top": unknown(SEARCH, {"top": 3}, ("did you mean `limit`?",), {"limit": 3}),
    "max_results": unknown(SEARCH, {"max_results": 3}, ("did you mean `limit`?",), {"limit": 3}),
    "order_by-amount-desc": value(
        SEARCH,
        {"order_by": "amount desc"},
        "invalid_enum",
        ("leading -", "did you mean '-amount'?"),
        {"order_by": "-amount"},
    ),
    "page": unknown(SEARCH, {"page": 2}, ("did you mean `cursor`?", "`next_cursor`"), {"limit": 50}),
    "phone_is_null": unknown(
        "client_search", {"phone_is_null": True}, ('{"phone": {"empty": ...}}',), {"phone": {"empty": True}}
    ),
    "limit-0": value(SEARCH, {"limit": 0}, "out_of_range", ("between 1 and 200",), {"limit": 1}),
    "limit-1000": value(SEARCH, {"limit": 1_000}, "out_of_range", ("between 1 and 200",), {"limit": 200}),
    "stage-in-search": value(
        SEARCH, {"stage": "closed won"}, "invalid_enum", ("did you mean 'Closed-Won'?",), {"stage": "Closed-Won"}
    ),
}
OPERATORS: tuple[tuple[str, str, object, str], ...] = (
    ("amount", "$gte", 5, "gte"),
    ("amount", ">=", 5, "gte"),
    ("amount", "gt", 5, "gte"),
    ("amount", "min", 5, "gte"),
    ("amount", "<", 5, "lte"),
    ("amount", "max", 5, "lte"),
    ("amount", "$lte", 5, "lte"),
    ("amount", "==", 5, "equals"),
    ("close_date", "before", "2026-05-01", "lte"),
    ("close_date", "from", "2026-05-01", "gte"),
    ("name", "like", "Pump", "contains"),
    ("name", "$regex", "Pump", "contains"),
    ("name", "startsWith", "Pump", "contains"),
    ("name", "eq", "Pump", "equals"),
    ("stage", "$in", ["Proposal"], "in"),
    ("stage", "any_of", ["Proposal"], "in"),
    ("close_date", "is_null", True, "empty"),
)
TOOL_NAMES: tuple[tuple[str, str], ...] = (
    ("client_seach", "client_search"),
    ("upload_documents", "upload_document"),
    ("create_opportunity", "create_new_opportunity"),
    ("update_opportunity", "modify_opportunity"),
    ("search_opportunities", "opportunity_search"),
    ("get_client", "client_"),
    ("add_contact", "create_new_contact"),
    ("attach_file", "upload_document"),
    ("duplicate_deal", "clone_opportunity"),
    ("find_user", "staff_search"),
    ("reply", "respond"),
)


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """A company whose ids look like those of a real one."""
    return make_world(rows=ROWS)


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_the_error_of_a_typical_mistake_names_the_fix(reject: Callable[..., ToolError], mistake: Mistake) -> None:
    """A model that reads the error knows what to write instead."""
    error = reject(mistake.tool, **{**GOOD.get(mistake.tool, {}), **mistake.wrong})
    said = f"{error.message} {error.hint or ''}"
    assert error.code is mistake.code, said
    for text in mistake.says:
        assert text in said
    blamed = mistake.field if mistake.field != "updates" or error.code is ErrorCode.INVALID_TYPE else "assign_to"
    assert error.field == blamed
    assert len(error.message) <= LONGEST
    assert len(error.hint or "") <= LONGEST
    assert not error.retryable


@pytest.mark.parametrize(
    "mistake", [pytest.param(row, id=name) for name, row in MISTAKES.items() if row.right is not None]
)
def test_the_fix_works(world: World, mistake: Mistake) -> None:
    """Who does what the error says gets through."""
    assert mistake.right is not None
    result = world.call(ToolCall(mistake.tool, {**GOOD.get(mistake.tool, {}), **mistake.right}))
    assert result.ok, result.error


@pytest.mark.parametrize(("field", "wrong", "operand", "right"), OPERATORS, ids=str)
def test_operators_of_other_languages_are_recognised(
    *, world: World, reject: Callable[..., ToolError], field: str, wrong: str, operand: object, right: str
) -> None:
    """SQL, MongoDB, Django and plain English: each operator leads to ours."""
    error = reject(SEARCH, **{field: {wrong: operand}})
    assert error.code is ErrorCode.UNKNOWN_ARGUMENT
    assert f"did you mean `{right}`?" in error.message
    assert error.field == field
    assert world.call(ToolCall(SEARCH, {field: {right: operand}})).ok


ANY_NAME = st.sampled_from([word for term in TERMS for word in term.words]) | st.text(max_size=80)
ANY_VALUE = st.sampled_from(
    [
        "\u202e" * 500,
        "\U000e0041" * 300,
        "x" * 10_000,
        "Acme",
        ACME[:8],
        "31/12/2026",
        "50k",
        10**80,
        [],
        {},
        True,
        -1.5,
    ]
) | st.text(max_size=200)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the fixture only opens worlds
@given(tool=st.sampled_from(sorted(TOOLS)), data=st.data())
def test_no_error_is_longer_than_a_model_reads(
    make_world: Callable[..., World], tool: str, data: st.DataObject
) -> None:
    """However odd the names and values: a message and a hint of a few lines each, all of them printable."""
    properties = TOOLS[tool].spec.parameters["properties"]
    assert is_object(properties)
    names = st.sampled_from(sorted(properties)) | ANY_NAME
    wrong = data.draw(st.dictionaries(names, ANY_VALUE, max_size=3))
    error = make_world(rows=ROWS).call(ToolCall(tool, {**GOOD.get(tool, {}), **wrong})).error
    if error is not None:
        for text in (error.message, error.hint or "-"):
            assert 0 < len(text) <= LONGEST
            assert text.isprintable()


@pytest.mark.parametrize(("wrong", "right"), TOOL_NAMES, ids=str)
def test_misspelt_tools_lead_to_the_right_one(reject: Callable[..., ToolError], wrong: str, right: str) -> None:
    """The name of a tool is guessed, too."""
    assert any(spec.name.startswith(right) for spec in TOOL_SPECS)
    error = reject(wrong)
    assert error.code is ErrorCode.UNKNOWN_TOOL
    assert f"did you mean `{right}" in error.message


@pytest.mark.parametrize(
    "arguments",
    [
        {"opportunity_id": SENSORS, "stage": "Negotiation"},
        {"opportunity_id": SENSORS, "updates": {"stage": "Negotiation"}},
        {"opportunity_id": SENSORS, "updates": {}, "stage": "Negotiation"},
    ],
    ids=["flat", "wrapped", "flat-and-empty"],
)
def test_changes_may_be_given_flat_or_wrapped(world: World, arguments: dict[str, object]) -> None:
    """What models do most often is no mistake here."""
    result = world.call(ToolCall(MODIFY, arguments))
    assert result.data is not None
    assert result.data["stage"] == "Negotiation"
