"""What a tool works with: one company as it is now, and the writes that every rule has agreed to."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, cast

from atlas.core.clock import Clock
from atlas.core.ids import draw_uuid
from atlas.crm.dependents import dependents
from atlas.crm.fields import WorldValue
from atlas.crm.proposal import Proposal, Surroundings
from atlas.crm.records import Actor, Entity, FieldValue, Row, StaffDirectory, StaffMember, ToolError
from atlas.crm.rules.company import check, entity_of
from atlas.crm.rules.lookups import unknown_record
from atlas.crm.rules.rows import check_row
from atlas.crm.schema import SCHEMA, blank_row
from atlas.crm.store import Query, Selection, Store
from atlas.crm.validation_rules import ValidationRule
from atlas.crm.wording import quoted

_WORLD_FIELDS: Mapping[Entity, tuple[tuple[str, WorldValue], ...]] = {
    entity: tuple((field.name, field.world_value) for field in definition.fields if field.world_value)
    for entity, definition in SCHEMA.items()
}


@dataclasses.dataclass(frozen=True, slots=True)
class Removal:
    """What else happened when a record was deleted: ids by kind of record, in the order in which it happened.

    Attributes:
        deleted: Records that went with it.
        unlinked: Records that referred to it and stay.
    """

    deleted: Mapping[Entity, Sequence[str]]
    unlinked: Mapping[Entity, Sequence[str]]


class _Step(NamedTuple):
    """One row of a deletion: it goes, or it stays and ``field`` of it is emptied."""

    entity: Entity
    row: Row
    field: str | None

    @property
    def after(self) -> Row | None:
        """The row as it is to be, None where it goes."""
        return None if self.field is None else {**self.row, self.field: None}

    @property
    def place(self) -> tuple[Entity, str]:
        """Kind and id of the row."""
        return self.entity, _id_of(self.entity, self.row)


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
        may_search: Raises where the caller may not search for something; None where everybody may search for
            everything. Asked for the searches of tools, not for what rules and hints look up.
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
        may_search: Callable[[Query], None] | None = None,
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
        self._may_search = may_search

    @property
    def actor(self) -> Actor:
        """On whose behalf the call is made."""
        return self._around.actor

    @property
    def today(self) -> str:
        """The day of the world, ISO."""
        return self._clock.now().date().isoformat()

    def find(
        self, entity: Entity, row_id: FieldValue, argument: str, *, hosts: Collection[str] = ()
    ) -> Row | ToolError:
        """Return the row of that id, or the error that names ``argument``; for ``hosts`` see ``unknown_record``."""
        row = self.store.get(entity, cast("str", row_id))
        return unknown_record(entity, row_id, argument, self.store, hosts=hosts) if row is None else row

    def select(self, query: Query) -> Selection:
        """Return the rows that fulfil ``query``, which is the caller's own."""
        if self._may_search is not None:
            self._may_search(query)
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

    def delete(self, entity: Entity, row: Row) -> Removal | ToolError:
        """Delete a row and what cannot be without it; return what went with it, or the error.

        Records that have to refer to it go first, and notes and documents on it, each of them likewise; records that
        may refer to nothing stay, and do so. The rules are asked about every one of them before anything is written: a
        rule that keeps one keeps all.
        """
        target = _Step(entity, row, None)
        error = self._judge_step(target)
        if error is not None:
            return error
        steps = self._dependents(entity, row)
        for step in steps:
            error = self._judge_step(step)
            if error is not None:
                return _kept_by(step, entity, error)
        for step in (*steps, target):
            self.store.write(*step.place, step.after, cause=self.cause)
            self.writes += 1
        return Removal(
            deleted=_ids_by_kind(step for step in steps if step.field is None),
            unlinked=_ids_by_kind(step for step in steps if step.field is not None),
        )

    def _dependents(self, entity: Entity, row: Row) -> list[_Step]:
        """What has to happen before a row can go, in order: what refers to a row comes before it."""
        steps = self._steps_before(entity, row)
        gone = {step.place for step in steps if step.field is None}
        return [step for step in steps if step.field is None or step.place not in gone]

    def _steps_before(self, entity: Entity, row: Row) -> list[_Step]:
        steps: list[_Step] = []
        for kind, other, field in dependents(self.store, entity, _id_of(entity, row)):
            if field is None:
                steps += self._steps_before(kind, other)
            steps.append(_Step(kind, other, field))
        return steps

    def _judge_step(self, step: _Step) -> ToolError | None:
        changed = () if step.field is None else (step.field,)
        return self._judge(Proposal(step.entity, step.row, step.after, changed, self._around))

    def _write(self, entity: Entity, row: Row) -> Row:
        self.store.write(entity, _id_of(entity, row), row, cause=self.cause)
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


def _id_of(entity: Entity, row: Row) -> str:
    return cast("str", row[SCHEMA[entity].id_field])


def _ids_by_kind(steps: Iterable[_Step]) -> Mapping[Entity, Sequence[str]]:
    ids: dict[Entity, list[str]] = {}
    for step in steps:
        ids.setdefault(step.entity, []).append(step.place[1])
    return ids


def _kept_by(step: _Step, entity: Entity, error: ToolError) -> ToolError:
    """The error of a rule that keeps one of the dependents, for somebody who wanted to delete something else."""
    noun = f"{SCHEMA[step.entity].noun} {quoted(step.place[1])}"
    target = f"the {SCHEMA[entity].noun}"
    effect = f"go with {target}" if step.field is None else f"lose its `{step.field}`"
    return dataclasses.replace(error, hint=f"{noun} would {effect}, so {target} has to stay as well")


_WORLD_VALUES: Mapping[WorldValue, Callable[[random.Random, Clock, Actor], str]] = {
    WorldValue.NEW_ID: lambda rng, clock, actor: draw_uuid(rng),  # noqa: ARG005 - one shape for all three
    WorldValue.NOW: lambda rng, clock, actor: clock.now().isoformat(),  # noqa: ARG005 - one shape for all three
    WorldValue.ACTOR: lambda rng, clock, actor: actor.handle,  # noqa: ARG005 - one shape for all three
}
