"""Sample values, rows and companies for checks of a store: ordinary ones, and those that stores get wrong.

Rows are imports, so they may break every rule about records: references that lead nowhere, e-mail addresses twice,
empty texts and missing fields. They never break what a row *is*: known fields, an id, stored types, and texts that
every store can keep (no NUL, no half of a surrogate pair).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from atlas.core.rng import derive_rng
from atlas.crm.fields import FieldDef, FieldKind
from atlas.crm.records import Entity, FieldValue, Row
from atlas.crm.schema import FILE_EXTENSIONS, SCHEMA
from atlas.crm.validation_rules import (
    AmountLimit,
    AmountStep,
    DiscountLimit,
    DocumentBefore,
    NamePattern,
    NoDelete,
    OwnerOnly,
    ProbabilityBand,
    RequiredFields,
    StagePath,
    UniqueName,
    ValidationRule,
)
from atlas.testing.choosing import Chooser, seeded_chooser
from atlas.testing.worlds import STAFF, TODAY, SmallCompany, build_company

Ids = Mapping[Entity, Sequence[str]]

TRAP_TEXTS: Final = (
    "Straße",
    "STRASSE",
    "strasse",
    "\u1e9e",  # capital sharp s
    "\u0130stanbul",  # capital I with a dot: its small form has two code points
    "istanbul",
    "\u0131stanbul",  # small i without its dot
    "\u017ftore",  # long s
    "Store",
    "\u212a5",  # the Kelvin sign
    "K5",
    "\ufb03ne",  # one letter that folds to three
    "caf\u00e9",  # composed
    "cafe\u0301",  # decomposed
    "\u03a3\u0391\u03a3",  # capital sigmas: the small form depends on the place, the folded one does not
    "\u03c3\u03b1\u03c2",
    "100%",
    "100_",
    "1000",
    "a\\b",
    "it's",
    'the "big" one',
    "'; drop table clients; --",
    "$1 %s {0} :x ?",
    "10",
    "9",
    "null",
    "NULL",
    " leading",
    "trailing ",
    "_under",
    "Zoë",
    "zebra",
    "a b\u00a0c",
    "\ue000",  # before the next one by code point, behind it in UTF-16
    "\U0001f600",
    "x" * 200,
    "{1,2}",
    "\\N",
    "two  spaces",
)
"""Texts that stores compare, fold, sort, quote or escape wrongly."""

WORDS: Final = ("Badge", "badge renewal", "Cold Store", "Badge Upgrade", "Halden Foods", "halden", "Abel", "Moor")
DAYS: Final = tuple((TODAY + timedelta(days=days)).isoformat() for days in (30, 0, 1, -1, 365, -400, 5, 29))
TIMES: Final = (
    "2026-03-02T09:00:00+00:00",
    "2026-03-02T09:00:00.000001+00:00",
    "2026-03-01T23:59:59.999999+00:00",
    "2026-02-28T00:00:00+00:00",
    "2025-12-31T12:30:00+00:00",
)
_EMAILS = ("a@example.com", "A@Example.com", "b@example.com", "stra\u00dfe@example.com", "STRASSE@example.com", "@")
_URLS = ("https://example.com/a", "https://example.com/%C3%A9?b=1#c")
_FILE_NAMES = tuple(f"{stem}.{FILE_EXTENSIONS[place]}" for place, stem in enumerate(("nda", "NDA signed", "plan_b")))
_CENTS = (1_000_000, 950_000, 500, 1, 999_999_999, 1_000_000_000, 12_345, 1_000_000)
_IMPORTED_CENTS = (0, -5, 123_456_789_012)
_PERCENTS = (50, 1, 99, 20, 60)
_IMPORTED_PERCENTS = (0, 100, -1)
_ID_ENDINGS = ("1", "2", "3", "10", "9", "1\u00df", "1ss", "-\u0130", " x", "%")
_STRANGERS = ("nobody", "M.Okafor", "m.okafor ")

RULES: Final[tuple[ValidationRule, ...]] = (
    RequiredFields(Entity.OPPORTUNITY, ("notes",), "stage", "Negotiation"),
    StagePath({"Prospecting": ("Qualification", "Closed-Lost"), "Qualification": ("Proposal",)}),
    ProbabilityBand({"Proposal": (40, 60)}),
    AmountLimit(Entity.QUOTE, 900_000, escalate_to="d.roth"),
    DiscountLimit(10),
    OwnerOnly(Entity.OPPORTUNITY),
    OwnerOnly(Entity.QUOTE),
    NamePattern(Entity.CONTACT, "last_name", "[A-Z].*", "Moor"),
    AmountStep(Entity.OPPORTUNITY, 500),
    DocumentBefore(Entity.OPPORTUNITY, "stage", "Closed-Won", "nda"),
    UniqueName(Entity.OPPORTUNITY),
    UniqueName(Entity.CLIENT),
    NoDelete(Entity.OPPORTUNITY),
    NoDelete(Entity.QUOTE),
)
"""One company rule of every kind, for a sequence to play under some of them."""


def sample_id(entity: Entity, chooser: Chooser) -> str:
    """Return an id that a record of that kind may have; few enough that two draws often meet."""
    return f"{_PREFIXES[entity]}{chooser.pick(_ID_ENDINGS)}"


_PREFIXES: Mapping[Entity, str] = {
    Entity.CLIENT: "c",
    Entity.CONTACT: "k",
    Entity.OPPORTUNITY: "o",
    Entity.QUOTE: "q",
    Entity.CONTRACT: "t",
    Entity.COMPANY: "y",
    Entity.DOCUMENT: "d",
    Entity.NOTE: "n",
}


def sample_text(chooser: Chooser) -> str:
    """Return a text, every other time one of the traps."""
    return chooser.pick(TRAP_TEXTS) if chooser.one_in(2) else chooser.pick(WORDS)


def sample_row(entity: Entity, row_id: str, chooser: Chooser, ids: Ids) -> dict[str, FieldValue]:
    """Return a complete row of stored values.

    Args:
        entity: Kind of the row.
        row_id: Its id.
        chooser: Makes the choices.
        ids: The records that references mostly lead to.
    """
    definition = SCHEMA[entity]
    row: dict[str, FieldValue] = {definition.id_field: row_id}
    for field in definition.fields[1:]:
        row[field.name] = _sample_value(field, row, chooser, ids)
    return row


def _sample_value(field: FieldDef, row: Row, chooser: Chooser, ids: Ids) -> FieldValue:
    if chooser.one_in(12 if field.required else 4):
        return field.empty
    if field.kind is FieldKind.REFERENCE:
        target = field.references or _attached(row)
        known = ids.get(target, ())
        return sample_id(target, chooser) if not known or chooser.one_in(8) else chooser.pick(known)
    if field.kind is FieldKind.ENUM:
        return chooser.pick(field.allowed)
    if field.kind is FieldKind.NAMES:
        return chooser.some((*WORDS, *TRAP_TEXTS), 3)
    return _MAKERS.get(field.kind, _any_text)(chooser)


def _attached(row: Row) -> Entity:
    kind = row["entity_type"]
    return Entity(kind) if isinstance(kind, str) else Entity.CLIENT


def _any_text(chooser: Chooser) -> str:
    return "" if chooser.one_in(10) else sample_text(chooser)


_MAKERS: Mapping[FieldKind, Callable[[Chooser], FieldValue]] = {
    FieldKind.TEXT: lambda chooser: f"{sample_text(chooser)}\n\t2" if chooser.one_in(8) else _any_text(chooser),
    FieldKind.EMAIL: lambda chooser: chooser.pick(_EMAILS),
    FieldKind.URL: lambda chooser: chooser.pick(_URLS),
    FieldKind.FILE_NAME: lambda chooser: chooser.pick(_FILE_NAMES),
    FieldKind.MONEY: lambda chooser: chooser.pick(_IMPORTED_CENTS if chooser.one_in(10) else _CENTS),
    FieldKind.WHOLE_NUMBER: lambda chooser: chooser.pick(_IMPORTED_PERCENTS if chooser.one_in(10) else _PERCENTS),
    FieldKind.DATE: lambda chooser: chooser.pick(DAYS),
    FieldKind.TIMESTAMP: lambda chooser: chooser.pick(TIMES),
    FieldKind.STAFF: lambda chooser: chooser.pick(_STRANGERS if chooser.one_in(8) else _HANDLES),
}
_HANDLES = tuple(member.handle for member in STAFF)


def sample_companies(count: int, *, seed: int, today: date = TODAY) -> tuple[SmallCompany, ...]:
    """Return companies to play in, the first one empty, later ones larger.

    Example:
        >>> companies = sample_companies(3, seed=7)
        >>> [sum(len(company.base.rows(entity)) for entity in Entity) > 0 for company in companies]
        [False, True, True]
        >>> companies[2].base.content_hash() == sample_companies(3, seed=7)[2].base.content_hash()
        True
    """
    return tuple(_sample_company(number, seed, today) for number in range(count))


def _sample_company(number: int, seed: int, today: date) -> SmallCompany:
    chooser = seeded_chooser(derive_rng(seed, "testing", "company", number))
    most = min(2 * number, _MOST_ROWS)
    ids = {
        entity: sorted({sample_id(entity, chooser) for _ in range(chooser.number(min(1, most), most))})
        for entity in Entity
    }
    rows = {entity: [sample_row(entity, row_id, chooser, ids) for row_id in ids[entity]] for entity in Entity}
    return build_company({} if number == 0 else rows, today=today)


_MOST_ROWS = 10  # of one kind
