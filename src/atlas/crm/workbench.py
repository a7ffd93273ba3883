"""What a tool works with: one company as it is now, and the writes that every rule has agreed to."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from atlas.core.clock import Clock
from atlas.core.ids import draw_uuid
from atlas.crm.fields import WorldValue
from atlas.crm.proposal import Proposal, Surroundings
from atlas.crm.records import Actor, Entity, FieldValue, Row, StaffDirectory, StaffMember, ToolError
from atlas.crm.rules.company import check, entity_of
from atlas.crm.rules.rows import check_row, unknown_record
from atlas.crm.schema import SCHEMA, blank_row
from atlas.crm.store import Query, Selection, Store
from atlas.crm.validation_rules import ValidationRule

_WORLD_FIELDS: Mapping[Entity, tuple[tuple[str, WorldValue], ...]] = {
    entity: tuple((field.name, field.world_value) for field in definition.fields if field.world_value)
    for entity, definition in SCHEMA.items()
}


class Workbench:
    """Reads and writes on behalf of one call.

    A write that a rule rejects comes back as the error and changes nothing. ``cause`` goes into the journal with every
    write, ``writes`` counts them.

    Args:
        store: The rows.
        directory: The colleagues.
        actor: On whose behalf.
        rules: The company's own rules.
        rng: Where ids come from.
        clock: What time it is.
    """

    def __init__(
        self,
        store: Store,
        *,
        directory: StaffDirectory,
        actor: Actor,
        rules: Sequence[ValidationRule],
        rng: random.Random,
        clock: Clock,
    ) -> None:
        self.store = store
        self.directory = directory
        self.cause = ""
        self.writes = 0
        staff: dict[str, StaffMember] = {member.handle: member for member in directory.staff}
        self._around = Surroundings(store, staff, actor)
        self._rules: dict[Entity, list[ValidationRule]] = {}
        for rule in rules:
            self._rules.setdefault(entity_of(rule), []).append(rule)
        self._rng = rng
        self._clock = clock

    @property
    def actor(self) -> Actor:
        """On whose behalf the call is made."""
        return self._around.actor

    @property
    def today(self) -> str:
        """The day of the world, ISO."""
        return self._clock.now().date().isoformat()

    def find(self, entity: Entity, row_id: FieldValue, argument: str) -> Row | ToolError:
        """Return the row of that id, or the error that names ``argument``."""
        row = self.store.get(entity, cast("str", row_id))
        return unknown_record(entity, row_id, argument) if row is None else row

    def select(self, query: Query) -> Selection:
        """Return the rows that fulfil ``query``."""
        return self.store.select(query)

    def create(self, entity: Entity, values: Mapping[str, FieldValue], *, copied: bool = False) -> Row | ToolError:
        """Create a row that holds ``values``, the defaults, and what the world puts in; return it, or the error.

        Args:
            entity: Kind of the row.
            values: Stored values that were given.
            copied: Whether they are copied from a record that is there already; then no rule applies to them.
        """
        row = blank_row(entity)
        row.update(values)
        for name, source in _WORLD_FIELDS[entity]:
            row[name] = self._world_value(source)
        error = None if copied else self._judge(Proposal(entity, None, row, values, self._around))
        return error or self._write(entity, row)

    def update(self, entity: Entity, before: Row, values: Mapping[str, FieldValue]) -> Row | ToolError:
        """Set ``values`` in a row; return the row as it is then, or the error."""
        changed = [name for name, value in values.items() if before[name] != value]
        if not changed:
            return before
        row = {**before, **values}
        error = self._judge(Proposal(entity, before, row, changed, self._around))
        return error or self._write(entity, row)

    def _write(self, entity: Entity, row: Row) -> Row:
        self.store.write(entity, cast("str", row[SCHEMA[entity].id_field]), row, cause=self.cause)
        self.writes += 1
        return row

    def _world_value(self, source: WorldValue) -> str:
        return _WORLD_VALUES[source](self._rng, self._clock, self._around.actor)

    def _judge(self, proposal: Proposal) -> ToolError | None:
        error = check_row(proposal)
        if error is None:
            for rule in self._rules.get(proposal.entity, ()):
                error = check(rule, proposal)
                if error is not None:
                    return error
        return error


_WORLD_VALUES: Mapping[WorldValue, Callable[[random.Random, Clock, Actor], str]] = {
    WorldValue.NEW_ID: lambda rng, clock, actor: draw_uuid(rng),  # noqa: ARG005 - one shape for all three
    WorldValue.NOW: lambda rng, clock, actor: clock.now().isoformat(),  # noqa: ARG005 - one shape for all three
    WorldValue.ACTOR: lambda rng, clock, actor: actor.handle,  # noqa: ARG005 - one shape for all three
}
