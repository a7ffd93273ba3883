"""The schema is what the CRM promises, and converts values there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.crm.records import Entity, FieldValue
from atlas.crm.schema import SCHEMA, FieldKind, blank_row, show_row, to_shown, to_stored

FIELDS = {
    Entity.CLIENT: "client_id name industry email phone address status created_date owner",
    Entity.CONTACT: "contact_id first_name last_name title email phone client_id notes",
    Entity.OPPORTUNITY: "opportunity_id name client_id stage amount close_date owner probability notes",
    Entity.QUOTE: "quote_id opportunity_id version amount status valid_until created_date quote_prefix",
    Entity.CONTRACT: "contract_id client_id opportunity_id start_date end_date value status document_url",
    Entity.COMPANY: "company_id name type industry address contacts",
    Entity.DOCUMENT: "document_id entity_type entity_id file_name uploaded_by uploaded_at file_url",
    Entity.NOTE: "note_id entity_type entity_id content created_by created_at",
}
NEEDED = {
    Entity.CLIENT: "name email status",
    Entity.CONTACT: "first_name last_name client_id",
    Entity.OPPORTUNITY: "name client_id stage amount",
    Entity.QUOTE: "opportunity_id amount status",
    Entity.CONTRACT: "client_id",
    Entity.COMPANY: "name",
    Entity.DOCUMENT: "entity_type entity_id file_name",
    Entity.NOTE: "entity_type entity_id content",
}
ENUMS = {
    (Entity.CLIENT, "status"): "Active Prospect Inactive",
    (Entity.OPPORTUNITY, "stage"): "Prospecting Qualification Proposal Negotiation Closed-Won Closed-Lost",
    (Entity.QUOTE, "status"): "Draft Sent Approved Rejected Canceled",
    (Entity.CONTRACT, "status"): "Active Pending Expired",
    (Entity.COMPANY, "type"): "Partner Vendor Competitor",
    (Entity.DOCUMENT, "entity_type"): "Opportunity Contract Quote Client",
    (Entity.NOTE, "entity_type"): "Opportunity Client Contact Quote Contract",
}


@pytest.mark.parametrize("entity", list(Entity))
def test_fields_are_those_of_the_published_schema_in_its_order(entity: Entity) -> None:
    """Names and order of the fields are public."""
    assert [field.name for field in SCHEMA[entity].fields] == FIELDS[entity].split()


@pytest.mark.parametrize("entity", list(Entity))
def test_callers_have_to_give_the_required_fields_only(entity: Entity) -> None:
    """What a new record needs."""
    assert [field.name for field in SCHEMA[entity].fields if field.needed] == NEEDED[entity].split()


def test_enums_allow_the_published_values_and_no_others() -> None:
    """Every enum of every kind of record."""
    found = {
        (entity, field.name): " ".join(field.allowed)
        for entity, definition in SCHEMA.items()
        for field in definition.fields
        if field.kind is FieldKind.ENUM
    }
    assert found == ENUMS


@pytest.mark.parametrize("entity", list(Entity))
def test_a_blank_row_has_every_field_and_only_defaults(entity: Entity) -> None:
    """Blank rows are new objects in schema order."""
    row = blank_row(entity)
    assert list(row) == FIELDS[entity].split()
    assert blank_row(entity) is not row
    assert {name for name, value in row.items() if value} == ({"status"} if entity is Entity.CONTRACT else set())


def test_unknown_fields_are_an_error_of_the_programmer() -> None:
    """A misspelt field name in code does not pass silently."""
    with pytest.raises(KeyError, match="Client has no field 'nme'"):
        SCHEMA[Entity.CLIENT].field("nme")


@given(st.integers(min_value=1, max_value=1_000_000_000))
def test_money_survives_the_way_there_and_back(cents: int) -> None:
    """No cent is lost between stored and shown."""
    shown = to_shown(Entity.OPPORTUNITY, "amount", cents)
    assert to_stored(Entity.OPPORTUNITY, "amount", shown) == cents


@pytest.mark.parametrize(
    ("entity", "field", "stored", "shown"),
    [
        (Entity.OPPORTUNITY, "probability", 40, 40),
        (Entity.OPPORTUNITY, "amount", 100, 1),
        (Entity.OPPORTUNITY, "amount", 150, 1.5),
        (Entity.COMPANY, "contacts", ("A. Bell",), ["A. Bell"]),
        (Entity.CLIENT, "phone", None, None),
        (Entity.CLIENT, "name", "Acme", "Acme"),
    ],
    ids=str,
)
def test_values_are_shown_and_stored(entity: Entity, field: str, stored: FieldValue, shown: object) -> None:
    """Each kind of value has one stored and one shown form."""
    assert to_shown(entity, field, stored) == shown
    assert to_stored(entity, field, shown) == stored


def test_shown_rows_hold_every_field_and_leave_the_row_alone() -> None:
    """Showing a row makes a new object."""
    row = {**blank_row(Entity.COMPANY), "company_id": "x", "contacts": ("A",)}
    shown = show_row(Entity.COMPANY, row)
    assert shown["contacts"] == ["A"]
    assert row["contacts"] == ("A",)
    assert show_row(Entity.COMPANY, {**row, "contacts": None})["contacts"] == []
