"""Small companies to test against: a handful of records, a few colleagues, a fixed day.

A company is built from as little as a test cares about; what it leaves out is filled with example values. Everything is
deterministic: two worlds opened alike answer equal calls equally, down to the ids of new rows.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Final

from atlas.core.clock import FrozenClock, start_of_business
from atlas.core.errors import UnknownNameError
from atlas.core.rng import derive_rng
from atlas.crm.fields import EntityDef, FieldDef, FieldKind
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Actor, Entity, FieldValue, Row, StaffDirectory, StaffMember
from atlas.crm.schema import SCHEMA
from atlas.crm.store import Store
from atlas.crm.validation_rules import ValidationRule
from atlas.crm.world import World

TODAY: Final = date(2026, 3, 2)
STAFF: Final = (
    StaffMember("m.okafor", "Mara Okafor", "Account Executive", "North"),
    StaffMember("j.lind", "Jon Lind", "Account Executive", "South"),
    StaffMember("d.roth", "Dana Roth", "Sales Director", "", "manager"),
    StaffMember("l.bell", "Lee Bell", "Legal Counsel", "", "read-only"),
)


@dataclasses.dataclass(frozen=True, slots=True)
class SmallCompany:
    """A company to open worlds in.

    Attributes:
        base: Its rows.
        directory: Its colleagues, and its day.
        rules: Its own rules, besides those that hold everywhere.
    """

    base: FrozenBase
    directory: StaffDirectory
    rules: tuple[ValidationRule, ...] = ()

    def actor(self, handle: str) -> Actor:
        """Return the colleague of that handle as the one on whose behalf calls are made.

        Raises:
            UnknownNameError: nobody has it.
        """
        for member in self.directory.staff:
            if member.handle == handle:
                return Actor(member.handle, member.role, member.access)
        raise UnknownNameError("actor", handle, [member.handle for member in self.directory.staff])


EXAMPLE_ROWS: Final[Mapping[Entity, tuple[Row, ...]]] = MappingProxyType(
    {
        Entity.CLIENT: (
            {"client_id": "c1", "name": "Halden Foods", "owner": "m.okafor"},
            {"client_id": "c2", "name": "Brightwater", "status": "Prospect", "owner": "j.lind"},
        ),
        Entity.CONTACT: (
            {"contact_id": "k1", "first_name": "Ada", "last_name": "Moor", "client_id": "c1"},
            {"contact_id": "k2", "first_name": "Ben", "last_name": "Abel", "client_id": "c1"},
        ),
        Entity.OPPORTUNITY: (
            {"opportunity_id": "o1", "name": "Badge Upgrade", "client_id": "c1", "stage": "Proposal"},
            {"opportunity_id": "o2", "name": "Badge Renewal", "client_id": "c1", "stage": "Closed-Won"},
            {"opportunity_id": "o3", "name": "Cold Store", "client_id": "c2"},
        ),
        Entity.QUOTE: (
            {"quote_id": "q1", "opportunity_id": "o1", "amount": 980_000},
            {"quote_id": "q2", "opportunity_id": "o1", "amount": 950_000, "status": "Approved"},
        ),
        Entity.CONTRACT: ({"contract_id": "t1", "client_id": "c1", "opportunity_id": "o2", "status": "Active"},),
        Entity.DOCUMENT: (
            {"document_id": "d1", "entity_type": "Opportunity", "entity_id": "o1", "file_name": "site_survey.pdf"},
        ),
        Entity.NOTE: ({"note_id": "n1", "entity_type": "Opportunity", "entity_id": "o1", "content": "Prefers mail."},),
    }
)
"""The company that is built when nothing else is said."""


def build_company(
    rows: Mapping[Entity, Iterable[Row]] | None = None,
    *,
    staff: Sequence[StaffMember] = STAFF,
    today: date = TODAY,
    rules: Iterable[ValidationRule] = (),
) -> SmallCompany:
    """Return a company that holds ``rows``.

    Args:
        rows: Stored values (money in cents, days as ISO texts) by kind of record; :func:`example_row` fills in what a
            row leaves out and cannot be without. None for two clients with what belongs to them.
        staff: The colleagues.
        today: The day of the company.
        rules: The company's own rules.

    Raises:
        MisuseError: a row has an unknown field, no id, the id of another row, or a value of the wrong type.

    Example:
        >>> company = build_company({Entity.CLIENT: [{"client_id": "c1", "name": "Halden Foods"}]})
        >>> company.base.rows(Entity.CLIENT)[0]["email"]
        'c1@example.com'
        >>> len(build_company().base.rows(Entity.OPPORTUNITY))
        3
    """
    given = EXAMPLE_ROWS if rows is None else rows
    complete = {
        entity: [example_row(entity, today=today, **row) for row in entries] for entity, entries in given.items()
    }
    return SmallCompany(FrozenBase.build(complete), StaffDirectory(today, tuple(staff)), tuple(rules))


def open_world(
    company: SmallCompany | None = None,
    *,
    store: Store | None = None,
    actor: str | Actor = "m.okafor",
    rules: Iterable[ValidationRule] | None = None,
    seed: int = 0,
) -> World:
    """Return a fresh world.

    Args:
        company: The company; None for the one that :func:`build_company` makes of nothing.
        store: Where its rows are; None for a fork of them in memory.
        actor: On whose behalf calls are made: a handle, or somebody who need not be in the directory.
        rules: In the place of the company's own rules.
        seed: Draws the ids of new rows.

    Raises:
        UnknownNameError: no colleague has the handle ``actor``.

    Example:
        >>> from atlas.crm.records import ToolCall
        >>> world = open_world()
        >>> world.call(ToolCall("cancel_quote", {"quote_id": "q1"})).data["status"]
        'Canceled'
        >>> [change.id for change in world.changes()]
        ['q1']
    """
    company = company or build_company()
    return World(
        company.base.fork() if store is None else store,
        directory=company.directory,
        actor=company.actor(actor) if isinstance(actor, str) else actor,
        rules=company.rules if rules is None else tuple(rules),
        rng=derive_rng(seed, "testing", "world"),
        clock=FrozenClock(start_of_business(company.directory.today)),
    )


def example_row(entity: Entity, *, today: date = TODAY, **fields: FieldValue) -> dict[str, FieldValue]:
    """Return ``fields`` with what a record of that kind cannot be without.

    Args:
        entity: Kind of the record.
        today: The day on which it was made.
        **fields: Stored values, those given as None included; the id should be among them.

    Example:
        >>> example_row(Entity.QUOTE, quote_id="q7", amount=5_00)["status"]
        'Draft'
        >>> example_row(Entity.CLIENT, client_id="c7", email=None)["email"] is None
        True
    """
    definition = SCHEMA[entity]
    row_id = str(fields.get(definition.id_field) or f"{definition.noun}-1")
    examples = {
        field.name: _example(definition, field, row_id, today)
        for field in definition.fields
        if field.required and field.default is None
    }
    defaults = {field.name: field.default for field in definition.fields if field.default is not None}
    return {**defaults, **examples, **fields}


def _example(definition: EntityDef, field: FieldDef, row_id: str, today: date) -> FieldValue:
    if field.kind is FieldKind.REFERENCE:
        target = field.references or Entity(definition.field(field.references_by or "").allowed[0])
        return f"{target.value[0].lower()}1"
    make = _EXAMPLES.get(field.kind)
    return f"{definition.entity.value} {row_id}" if make is None else make(field, row_id, today)


_EXAMPLES: Mapping[FieldKind, Callable[[FieldDef, str, date], FieldValue]] = {
    FieldKind.ID: lambda field, row_id, today: row_id,  # noqa: ARG005 - one shape for all
    FieldKind.EMAIL: lambda field, row_id, today: f"{row_id}@example.com",  # noqa: ARG005 - one shape for all
    FieldKind.ENUM: lambda field, row_id, today: field.starting_values[0],  # noqa: ARG005 - one shape for all
    FieldKind.MONEY: lambda field, row_id, today: 1_000_000,  # noqa: ARG005 - one shape for all
    FieldKind.FILE_NAME: lambda field, row_id, today: f"{row_id}.pdf",  # noqa: ARG005 - one shape for all
    FieldKind.STAFF: lambda field, row_id, today: STAFF[0].handle,  # noqa: ARG005 - one shape for all
    FieldKind.TIMESTAMP: lambda field, row_id, today: start_of_business(today).isoformat(),  # noqa: ARG005 - as above
}
