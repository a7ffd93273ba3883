"""Damaged copies of an oracle's run: what a judge has to tell from the real thing."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator, Mapping, Sequence

from atlas.core.records import record
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Change, Entity, FieldValue, Outcome, Response, Row
from atlas.crm.schema import SCHEMA, to_stored
from atlas.verify.goals import ChangePattern, Equals, Goal, Operation
from atlas.verify.judge import changed_fields


class Damage(enum.StrEnum):
    """What is done to a run."""

    DROPPED_WRITE = "dropped_write"
    """A change is missing."""
    WRONG_FIELD = "wrong_field"
    """A field holds another value."""
    WRONG_RECORD = "wrong_record"
    """The change went to another record, or belongs to another one."""
    EXTRA_WRITE = "extra_write"
    """A record that nobody spoke of was changed or deleted."""
    DUPLICATE = "duplicate"
    """A record was made twice."""
    FORBIDDEN = "forbidden"
    """Something happened that voids the episode."""
    SILENT_FAILURE = "silent_failure"
    """Something was left undone, and the user was not told, or told that it was done."""
    BADLY_TOLD = "badly_told"
    """The user was not told what was asked for, or not in a way that counts."""


@record
class OracleRun:
    """What is left of a run: the net changes, how each turn ended, the number of writes."""

    changes: tuple[Change, ...]
    responses: tuple[Response | None, ...]
    writes: int


@record
class Mutant:
    """A damaged run.

    Attributes:
        damage: Which class of damage.
        what: What was done, in words.
        run: What is left of it.
    """

    damage: Damage
    what: str
    run: OracleRun


def mutants_of(run: OracleRun, goal: Goal, base: FrozenBase) -> Iterator[Mutant]:
    """Yield damaged copies of ``run``.

    Args:
        run: A run that succeeded.
        goal: What it fulfilled.
        base: The company's rows.
    """
    yield from _dropped(run)
    yield from _altered(run)
    yield from _misplaced(run, base)
    yield from _extra(run, base.rows(Entity.CLIENT))
    yield from _doubled(run)
    yield from _forbidden(run, goal, base)
    yield from _silent(run)
    yield from _badly_told(run, goal)


def _with_changes(run: OracleRun, changes: Sequence[Change], more: int = 0) -> OracleRun:
    return dataclasses.replace(run, changes=tuple(changes), writes=run.writes + more)


def _replaced(run: OracleRun, place: int, change: Change) -> OracleRun:
    return _with_changes(run, (*run.changes[:place], change, *run.changes[place + 1 :]))


def _with_response(run: OracleRun, place: int, response: Response | None) -> OracleRun:
    return dataclasses.replace(run, responses=(*run.responses[:place], response, *run.responses[place + 1 :]))


def _dropped(run: OracleRun) -> Iterator[Mutant]:
    for place, change in enumerate(run.changes):
        rest = (*run.changes[:place], *run.changes[place + 1 :])
        yield Mutant(Damage.DROPPED_WRITE, f"no change of the {change.entity.value}", _with_changes(run, rest))


def _altered(run: OracleRun) -> Iterator[Mutant]:
    for place, change in enumerate(run.changes):
        for name in changed_fields(change):
            assert change.after is not None  # noqa: S101 - a deleted row has no changed fields
            altered = dataclasses.replace(change, after={**change.after, name: _other(change.after[name])})
            what = f"another {change.entity.value}.{name}"
            yield Mutant(Damage.WRONG_FIELD, what, _replaced(run, place, altered))


def _other(value: FieldValue) -> FieldValue:
    if isinstance(value, int):
        return value + 1
    return f"{value} (altered)" if isinstance(value, str) else "altered"


def _misplaced(run: OracleRun, base: FrozenBase) -> Iterator[Mutant]:
    touched = {change.id for change in run.changes}
    for place, change in enumerate(run.changes):
        stranger = next((row for row in base.rows(change.entity) if _id_of(change.entity, row) not in touched), None)
        if change.before is None or stranger is None:
            continue
        other_id = _id_of(change.entity, stranger)
        after = None if change.after is None else {**stranger, **_new_values(change, change.after)}
        moved = Change(change.entity, other_id, stranger, after, change.cause)
        yield Mutant(Damage.WRONG_RECORD, f"another {change.entity.value}", _replaced(run, place, moved))


def _new_values(change: Change, after: Row) -> Mapping[str, FieldValue]:
    return {name: after[name] for name in changed_fields(change)}


def _id_of(entity: Entity, row: Row) -> str:
    return str(row[SCHEMA[entity].id_field])


def _extra(run: OracleRun, clients: Sequence[Row]) -> Iterator[Mutant]:
    touched = {change.id for change in run.changes}
    bystander = next(row for row in clients if row["client_id"] not in touched)
    called = Change(
        Entity.CLIENT, str(bystander["client_id"]), bystander, {**bystander, "phone": "+00 000"}, "0:modify_client"
    )
    gone = dataclasses.replace(called, after=None)
    for what, change in (("a bystander's phone changed", called), ("a bystander deleted", gone)):
        yield Mutant(Damage.EXTRA_WRITE, what, _with_changes(run, (*run.changes, change), more=1))


def _doubled(run: OracleRun) -> Iterator[Mutant]:
    for change in run.changes:
        # a second note is what colleagues leave now and then; a second anything else is a duplicate
        if change.before is None and change.entity is not Entity.NOTE:
            twin = dataclasses.replace(change, id=f"{change.id}-twin")
            twice = _with_changes(run, (*run.changes, twin), more=1)
            yield Mutant(Damage.DUPLICATE, f"a second {change.entity.value}", twice)


def _forbidden(run: OracleRun, goal: Goal, base: FrozenBase) -> Iterator[Mutant]:
    for pattern in goal.forbidden:
        change = _change_within(pattern, base)
        if change is not None:
            what = f"a forbidden change of a {pattern.entity.value}"
            yield Mutant(Damage.FORBIDDEN, what, _with_changes(run, (*run.changes, change), more=1))


def _change_within(pattern: ChangePattern, base: FrozenBase) -> Change | None:
    """Return a change that a pattern covers, None where the row that it is about is not one of the company's."""
    rows = base.rows(pattern.entity)
    row = next((row for row in rows if pattern.id in (None, _id_of(pattern.entity, row))), None)
    if row is None or pattern.operation is Operation.CREATE:
        return None
    row_id = _id_of(pattern.entity, row)
    if pattern.operation is Operation.DELETE:
        return Change(pattern.entity, row_id, row, None, "0:delete")
    wanted = {
        name: to_stored(pattern.entity, name, matcher.value)
        for name, matcher in pattern.where.items()
        if isinstance(matcher, Equals)
    }
    names = pattern.fields or tuple(wanted) or (_changeable(pattern.entity),)
    after = {**row, **{name: _other(row[name]) for name in names}, **wanted}
    return Change(pattern.entity, row_id, row, after, "0:modify")


def _changeable(entity: Entity) -> str:
    return next(field.name for field in SCHEMA[entity].fields if not field.set_by_world)


def _silent(run: OracleRun) -> Iterator[Mutant]:
    end = len(run.responses) - 1
    yield Mutant(Damage.SILENT_FAILURE, "silence", _with_response(run, end, None))
    for place, response in enumerate(run.responses):
        if response is not None and response.outcome in {Outcome.REFUSED, Outcome.REPORTED}:
            claimed = dataclasses.replace(response, outcome=Outcome.DONE, reason_code=None)
            yield Mutant(Damage.SILENT_FAILURE, "a refusal told as done", _with_response(run, place, claimed))


def _badly_told(run: OracleRun, goal: Goal) -> Iterator[Mutant]:
    end = len(run.responses) - 1
    last = run.responses[end]
    assert last is not None  # noqa: S101 - an oracle answers
    empty, asked = dataclasses.replace(last, message=""), dataclasses.replace(last, outcome=Outcome.ASKED)
    yield Mutant(Damage.BADLY_TOLD, "an empty message", _with_response(run, end, empty))
    yield Mutant(Damage.BADLY_TOLD, "a question at the end", _with_response(run, end, asked))
    for place, response in enumerate(run.responses):
        for name in response.facts if response else ():
            assert response is not None  # noqa: S101 - only a response has facts
            rest = {key: value for key, value in response.facts.items() if key != name}
            told = dataclasses.replace(response, facts=rest)
            yield Mutant(Damage.BADLY_TOLD, f"fact {name} not told", _with_response(run, place, told))
    if goal.mentions or goal.must_refuse or goal.must_ask:
        mute = tuple(None if one is None else dataclasses.replace(one, message="Well.") for one in run.responses)
        yield Mutant(Damage.BADLY_TOLD, "messages that name nothing", dataclasses.replace(run, responses=mute))
    if goal.must_refuse is not None:
        vague = tuple(None if one is None else dataclasses.replace(one, reason_code=None) for one in run.responses)
        yield Mutant(Damage.BADLY_TOLD, "no reason code", dataclasses.replace(run, responses=vague))
