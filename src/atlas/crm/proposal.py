"""A write that somebody wants to make, with everything that a rule may look at to judge it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping

from atlas.crm.records import Actor, Entity, Row, StaffMember
from atlas.crm.store import Store


@dataclasses.dataclass(frozen=True, slots=True)
class Surroundings:
    """What a world knows besides its rows.

    Attributes:
        store: The rows, as they are before the write.
        staff: The colleagues by handle.
        actor: Who wants to write.
    """

    store: Store
    staff: Mapping[str, StaffMember]
    actor: Actor


@dataclasses.dataclass(frozen=True, slots=True)
class Proposal:
    """A write that somebody wants to make.

    Attributes:
        entity: Kind of the row.
        before: The row as it is, None where it is to be created.
        after: The row as it is to be, None where it is to be deleted.
        changed: Names of the fields that were given a new value; for a created row, all that were given.
        around: Everything else that there is to know.
    """

    entity: Entity
    before: Row | None
    after: Row | None
    changed: Collection[str]
    around: Surroundings
