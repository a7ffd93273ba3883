"""A company of a given number of records for benchmarks: plain rows in believable proportions."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date

from atlas.core.ids import draw_uuid
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Entity, Row, StaffDirectory, StaffMember
from atlas.crm.schema import SCHEMA

TODAY = date(2026, 3, 2)
DIRECTORY = StaffDirectory(
    TODAY, tuple(StaffMember(f"rep.{n}", f"Rep {n}", "Account Executive", f"Area {n}") for n in range(8))
)

_SHARES: Mapping[Entity, int] = {  # in percent of all records
    Entity.CLIENT: 12,
    Entity.CONTACT: 24,
    Entity.OPPORTUNITY: 30,
    Entity.QUOTE: 16,
    Entity.CONTRACT: 2,
    Entity.COMPANY: 1,
    Entity.DOCUMENT: 7,
    Entity.NOTE: 8,
}
_WORDS = (
    "Amber",
    "Basin",
    "Cedar",
    "Delta",
    "Ember",
    "Falcon",
    "Garnet",
    "Harbor",
    "Indigo",
    "Juniper",
    "Kelp",
    "Lumen",
)
_STAGES = SCHEMA[Entity.OPPORTUNITY].field("stage").allowed


def build_rows(records: int, *, seed: int = 1) -> Mapping[Entity, Sequence[Row]]:
    """Return rows of every kind, ``records`` in all; equal arguments give equal rows."""
    rng = random.Random(seed)
    counts = {entity: records * share // 100 for entity, share in _SHARES.items()}
    ids = {entity: [draw_uuid(rng) for _ in range(count)] for entity, count in counts.items()}
    return {entity: [_row(entity, rng, ids, number) for number in range(counts[entity])] for entity in Entity}


def build_company(records: int) -> FrozenBase:
    """Return a company of so many records, with nothing looked up in it yet."""
    return FrozenBase.build(build_rows(records))


def _row(entity: Entity, rng: random.Random, ids: Mapping[Entity, Sequence[str]], number: int) -> Row:
    row_id = ids[entity][number]
    name = f"{rng.choice(_WORDS)} {rng.choice(_WORDS)} {number}"
    client = rng.choice(ids[Entity.CLIENT])
    deal = rng.choice(ids[Entity.OPPORTUNITY])
    owner = f"rep.{rng.randrange(8)}"
    amount = rng.randrange(10, 9_000) * 10_000
    on_deal: Row = {"entity_type": "Opportunity", "entity_id": deal}
    made = "2026-01-05T10:00:00+00:00"
    shapes: Mapping[Entity, Row] = {
        Entity.CLIENT: {"name": name, "email": f"office@c{number}.example", "status": "Active", "owner": owner},
        Entity.CONTACT: {"first_name": rng.choice(_WORDS), "last_name": name, "client_id": client},
        Entity.OPPORTUNITY: {
            "name": name,
            "client_id": client,
            "stage": rng.choice(_STAGES[:4]),
            "amount": amount,
            "close_date": f"2026-{rng.randint(4, 12):02}-15",
            "owner": owner,
            "probability": rng.randint(1, 99),
        },
        Entity.QUOTE: {"opportunity_id": deal, "amount": amount, "status": "Draft", "created_date": made},
        Entity.CONTRACT: {"client_id": client, "status": "Active", "value": amount},
        Entity.COMPANY: {"name": name, "type": "Partner"},
        Entity.DOCUMENT: {**on_deal, "file_name": f"file_{number}.pdf", "uploaded_by": owner, "uploaded_at": made},
        Entity.NOTE: {**on_deal, "content": f"{name} called.", "created_by": owner, "created_at": made},
    }
    return {SCHEMA[entity].id_field: row_id, **shapes[entity]}
