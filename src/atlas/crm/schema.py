"""The one definition of the eight kinds of records, and the way between stored and shown values.

Validation, tool schemas, defaults, search operators and the reference page all derive from :data:`SCHEMA`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, cast

from atlas.core.money import from_cents, to_cents
from atlas.crm.fields import EntityDef, FieldDef, FieldKind, WorldValue
from atlas.crm.records import Entity, FieldValue, Row

__all__ = [
    "CLOSED_STAGES",
    "FILE_EXTENSIONS",
    "MAX_AMOUNT_CENTS",
    "OPEN_QUOTE_STATUSES",
    "SCHEMA",
    "EntityDef",
    "FieldDef",
    "FieldKind",
    "WorldValue",
    "blank_row",
    "show_row",
    "to_shown",
    "to_stored",
]

MAX_AMOUNT_CENTS: Final = 1_000_000_000  # 10,000,000 in currency units
CLOSED_STAGES: Final = ("Closed-Won", "Closed-Lost")
OPEN_QUOTE_STATUSES: Final = ("Draft", "Sent")
FILE_EXTENSIONS: Final = ("csv", "doc", "docx", "key", "pdf", "ppt", "pptx", "txt", "xlsx")

_NAME_LENGTH = 200  # characters of a one-line text
_TEXT_LENGTH = 4_000  # characters of a text of several lines
_EMAIL_LENGTH = 254  # characters, the limit of RFC 5321
_URL_LENGTH = 2_000  # characters
_LIST_LENGTH = 200  # items


def _id(name: str, entity: str) -> FieldDef:
    description = f"Id of the {entity}, given by the CRM."
    return FieldDef(name, FieldKind.ID, description, required=True, world_value=WorldValue.NEW_ID)


def _reference(entity: Entity, description: str, *, required: bool = True, fixed: bool = False) -> FieldDef:
    name = f"{entity.value.lower()}_id"
    return FieldDef(name, FieldKind.REFERENCE, description, required=required, references=entity, fixed=fixed)


def _attached_to(description: str, allowed: tuple[Entity, ...]) -> tuple[FieldDef, FieldDef]:
    names = tuple(entity.value for entity in allowed)
    return (
        FieldDef("entity_type", FieldKind.ENUM, f"Kind of {description}.", required=True, allowed=names, fixed=True),
        FieldDef(
            "entity_id",
            FieldKind.REFERENCE,
            f"Id of {description}.",
            required=True,
            references_by="entity_type",
            fixed=True,
        ),
    )


def _name(name: str, description: str, *, required: bool = False, max_length: int = _NAME_LENGTH) -> FieldDef:
    return FieldDef(name, FieldKind.NAME, description, required=required, max_length=max_length)


def _text(name: str, description: str, *, required: bool = False) -> FieldDef:
    return FieldDef(name, FieldKind.TEXT, description, required=required, max_length=_TEXT_LENGTH)


def _email(description: str, *, required: bool = False, unique: bool = False) -> FieldDef:
    return FieldDef("email", FieldKind.EMAIL, description, required=required, unique=unique, max_length=_EMAIL_LENGTH)


def _url(name: str, description: str) -> FieldDef:
    return FieldDef(name, FieldKind.URL, description, max_length=_URL_LENGTH)


def _money(name: str, description: str, *, required: bool = False) -> FieldDef:
    return FieldDef(name, FieldKind.MONEY, description, required=required, minimum=1, maximum=MAX_AMOUNT_CENTS)


def _owner(noun: str) -> FieldDef:
    return FieldDef("owner", FieldKind.STAFF, f"Handle of the colleague who owns the {noun}, see staff_search.")


def _now(name: str, description: str) -> FieldDef:
    return FieldDef(name, FieldKind.TIMESTAMP, description, required=True, world_value=WorldValue.NOW)


def _actor(name: str, description: str) -> FieldDef:
    return FieldDef(name, FieldKind.STAFF, description, required=True, world_value=WorldValue.ACTOR)


_CLIENT = EntityDef(
    Entity.CLIENT,
    "clients",
    "Accounts and prospects tracked by the revenue team.",
    (
        _id("client_id", "client"),
        _name("name", "Name of the client.", required=True),
        _name("industry", "Line of business."),
        _email("Main e-mail address; no two clients share one.", required=True, unique=True),
        _name("phone", "Phone number."),
        _name("address", "Postal address, with the sales territory as its last part where there is one."),
        FieldDef(
            "status",
            FieldKind.ENUM,
            "Where the relationship stands.",
            required=True,
            allowed=("Active", "Prospect", "Inactive"),
        ),
        _now("created_date", "When the client was entered."),
        _owner("client"),
    ),
)

_CONTACT = EntityDef(
    Entity.CONTACT,
    "contacts",
    "People associated with a client who can be engaged.",
    (
        _id("contact_id", "contact"),
        _name("first_name", "First name.", required=True),
        _name("last_name", "Last name.", required=True),
        _name("title", "Job title."),
        _email("E-mail address."),
        _name("phone", "Phone number."),
        _reference(Entity.CLIENT, "Id of the client that the contact works for."),
        _text("notes", "Remarks about the contact."),
    ),
)

_OPPORTUNITY = EntityDef(
    Entity.OPPORTUNITY,
    "opportunities",
    "Sales pipeline records tied to a client.",
    (
        _id("opportunity_id", "opportunity"),
        _name("name", "Name of the opportunity.", required=True),
        _reference(Entity.CLIENT, "Id of the client that the opportunity is with."),
        FieldDef(
            "stage",
            FieldKind.ENUM,
            "Stage in the pipeline; the two closed stages freeze stage, amount, probability and close_date.",
            required=True,
            allowed=("Prospecting", "Qualification", "Proposal", "Negotiation", *CLOSED_STAGES),
        ),
        _money("amount", "Expected amount in currency units.", required=True),
        FieldDef("close_date", FieldKind.DATE, "Day on which it is expected to close.", not_past=True),
        _owner("opportunity"),
        FieldDef("probability", FieldKind.WHOLE_NUMBER, "Chance of winning it, in percent.", minimum=1, maximum=99),
        _text("notes", "Remarks about the opportunity."),
    ),
)

_QUOTE = EntityDef(
    Entity.QUOTE,
    "quotes",
    "Pricing proposals generated for a given opportunity.",
    (
        _id("quote_id", "quote"),
        _reference(Entity.OPPORTUNITY, "Id of the opportunity that is quoted for.", fixed=True),
        _name("version", "Version of the quote."),
        _money("amount", "Quoted amount in currency units.", required=True),
        FieldDef(
            "status",
            FieldKind.ENUM,
            "Draft, then Sent, then Approved or Rejected; Canceled from Draft or Sent.",
            required=True,
            allowed=("Draft", "Sent", "Approved", "Rejected", "Canceled"),
            allowed_at_creation=OPEN_QUOTE_STATUSES,
        ),
        FieldDef("valid_until", FieldKind.DATE, "Last day on which the quote is valid.", not_past=True),
        _now("created_date", "When the quote was made."),
        _name("quote_prefix", "Prefix of the quote's number."),
    ),
)

_CONTRACT = EntityDef(
    Entity.CONTRACT,
    "contracts",
    "Executed agreements for a client or opportunity.",
    (
        _id("contract_id", "contract"),
        _reference(Entity.CLIENT, "Id of the client that the contract is with.", fixed=True),
        _reference(Entity.OPPORTUNITY, "Id of the opportunity it came from, one of the same client.", required=False),
        FieldDef("start_date", FieldKind.DATE, "First day of the contract."),
        FieldDef("end_date", FieldKind.DATE, "Last day of the contract, not before the first."),
        _money("value", "Value in currency units."),
        FieldDef(
            "status",
            FieldKind.ENUM,
            "Whether it is in force.",
            required=True,
            allowed=("Active", "Pending", "Expired"),
            default="Pending",
        ),
        _url("document_url", "Where the signed document is kept."),
    ),
)

_COMPANY = EntityDef(
    Entity.COMPANY,
    "companies",
    "Reference companies (partners/vendors/competitors).",
    (
        _id("company_id", "company"),
        _name("name", "Name of the company.", required=True),
        FieldDef("type", FieldKind.ENUM, "What it is to us.", allowed=("Partner", "Vendor", "Competitor")),
        _name("industry", "Line of business."),
        _name("address", "Postal address."),
        FieldDef("contacts", FieldKind.NAMES, "Names of people there.", max_length=_LIST_LENGTH, default=()),
    ),
)

_DOCUMENT = EntityDef(
    Entity.DOCUMENT,
    "documents",
    "Files uploaded against another CRM record.",
    (
        _id("document_id", "document"),
        *_attached_to(
            "the record that the file belongs to",
            (Entity.OPPORTUNITY, Entity.CONTRACT, Entity.QUOTE, Entity.CLIENT),
        ),
        FieldDef(
            "file_name",
            FieldKind.FILE_NAME,
            f"Name of the file, without a folder; its extension is one of {', '.join(FILE_EXTENSIONS)}.",
            required=True,
            max_length=_NAME_LENGTH,
        ),
        _actor("uploaded_by", "Handle of the colleague who uploaded it."),
        _now("uploaded_at", "When it was uploaded."),
        _url("file_url", "Where the file is kept."),
    ),
)

_NOTE = EntityDef(
    Entity.NOTE,
    "notes",
    "Internal collaboration notes linked to CRM records.",
    (
        _id("note_id", "note"),
        *_attached_to(
            "the record that the note is about",
            (Entity.OPPORTUNITY, Entity.CLIENT, Entity.CONTACT, Entity.QUOTE, Entity.CONTRACT),
        ),
        _text("content", "What the note says.", required=True),
        _actor("created_by", "Handle of the colleague who wrote it."),
        _now("created_at", "When it was written."),
    ),
)

SCHEMA: Final[Mapping[Entity, EntityDef]] = MappingProxyType(
    {
        definition.entity: definition
        for definition in (_CLIENT, _CONTACT, _OPPORTUNITY, _QUOTE, _CONTRACT, _COMPANY, _DOCUMENT, _NOTE)
    }
)
"""Every kind of record, in the order of :class:`Entity`."""

_MONEY_FIELDS: Final[Mapping[Entity, tuple[str, ...]]] = {
    entity: tuple(field.name for field in definition.fields if field.kind is FieldKind.MONEY)
    for entity, definition in SCHEMA.items()
}
_LIST_FIELDS: Final[Mapping[Entity, tuple[str, ...]]] = {
    entity: tuple(field.name for field in definition.fields if field.kind is FieldKind.NAMES)
    for entity, definition in SCHEMA.items()
}
_BLANK_ROWS: Final[Mapping[Entity, Row]] = {
    entity: {field.name: field.default for field in definition.fields} for entity, definition in SCHEMA.items()
}


def to_stored(entity: Entity, field: str, shown: object) -> FieldValue:
    """Return a shown value as rows hold it. The value is taken to be valid; ``atlas.crm.rules`` checks.

    Example:
        >>> to_stored(Entity.OPPORTUNITY, "amount", 1250.5), to_stored(Entity.COMPANY, "contacts", ["A. Bell"])
        (125050, ('A. Bell',))
    """
    if shown is None:
        return None
    kind = SCHEMA[entity].field(field).kind
    if kind is FieldKind.MONEY:
        return to_cents(cast("float", shown))
    if kind is FieldKind.WHOLE_NUMBER:
        return int(cast("float", shown))
    if kind is FieldKind.NAMES:
        return tuple(cast("list[str]", shown))
    return cast("str", shown)


def to_shown(entity: Entity, field: str, stored: FieldValue) -> object:
    """Return a stored value as arguments and results show it.

    Example:
        >>> to_shown(Entity.OPPORTUNITY, "amount", 125050), to_shown(Entity.CLIENT, "phone", None)
        (1250.5, None)
    """
    if stored is None:
        return None
    if field in _MONEY_FIELDS[entity]:
        return from_cents(cast("int", stored))
    return list(stored) if isinstance(stored, tuple) else stored


def show_row(entity: Entity, row: Row) -> dict[str, object]:
    """Return a stored row as results show it: every field, in schema order, empty ones as None."""
    shown: dict[str, object] = dict(row)
    for name in _MONEY_FIELDS[entity]:
        cents = row[name]
        if cents is not None:
            shown[name] = from_cents(cast("int", cents))
    for name in _LIST_FIELDS[entity]:
        shown[name] = list(cast("tuple[str, ...]", row[name] or ()))
    return shown


def blank_row(entity: Entity) -> dict[str, FieldValue]:
    """Return a new row that holds the defaults of its fields, in schema order."""
    return dict(_BLANK_ROWS[entity])
