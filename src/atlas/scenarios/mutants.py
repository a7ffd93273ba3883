"""Damaged copies of an oracle's run: what a judge has to tell from the real thing."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from atlas.core.records import record
from atlas.crm.records import Change, Entity, FieldValue, Outcome, Response, Row
from atlas.verify.judge import changed_fields


@record
class OracleRun:
    """What is left of a run: the net changes, how each turn ended, the number of writes."""

    changes: tuple[Change, ...]
    responses: tuple[Response | None, ...]
    writes: int


def mutants_of(run: OracleRun, clients: Sequence[Row]) -> Iterator[tuple[str, OracleRun]]:
    """Yield damaged copies of ``run``, each with what was done to it.

    Args:
        run: A run that succeeded.
        clients: Rows, one of which an extra write goes to.
    """
    yield from _missing(run)
    yield from _altered(run)
    yield from _extra(run, clients)
    yield from _badly_told(run)


def _missing(run: OracleRun) -> Iterator[tuple[str, OracleRun]]:
    for place, change in enumerate(run.changes):
        rest = (*run.changes[:place], *run.changes[place + 1 :])
        yield f"no change of the {change.entity.value}", dataclasses.replace(run, changes=rest)


def _altered(run: OracleRun) -> Iterator[tuple[str, OracleRun]]:
    for place, change in enumerate(run.changes):
        if change.after is None:
            continue
        for name in changed_fields(change):
            after = {**change.after, name: _other(change.after[name])}
            altered = dataclasses.replace(change, after=after)
            changes = (*run.changes[:place], altered, *run.changes[place + 1 :])
            yield f"another {change.entity.value}.{name}", dataclasses.replace(run, changes=changes)


def _other(value: FieldValue) -> FieldValue:
    if isinstance(value, int):
        return value + 1
    return f"{value} (altered)" if isinstance(value, str) else "altered"


def _extra(run: OracleRun, clients: Sequence[Row]) -> Iterator[tuple[str, OracleRun]]:
    touched = {change.id for change in run.changes}
    bystander = next(row for row in clients if row["client_id"] not in touched)
    extra = Change(
        Entity.CLIENT, str(bystander["client_id"]), bystander, {**bystander, "phone": "+00 000"}, "0:modify_client"
    )
    yield "a bystander's phone changed", dataclasses.replace(run, changes=(*run.changes, extra), writes=run.writes + 1)
    gone = dataclasses.replace(extra, after=None)
    yield "a bystander deleted", dataclasses.replace(run, changes=(*run.changes, gone), writes=run.writes + 1)
    for change in run.changes:
        # a second note is what colleagues leave now and then; a second anything else is a duplicate
        if change.before is None and change.entity is not Entity.NOTE:
            twin = dataclasses.replace(change, id=f"{change.id}-twin")
            twice = dataclasses.replace(run, changes=(*run.changes, twin), writes=run.writes + 1)
            yield f"a second {change.entity.value}", twice


def _badly_told(run: OracleRun) -> Iterator[tuple[str, OracleRun]]:
    last = run.responses[-1]
    assert last is not None  # noqa: S101 - an oracle answers
    rest = run.responses[:-1]
    yield "silence", dataclasses.replace(run, responses=(*rest, None))
    yield "an empty message", dataclasses.replace(run, responses=(*rest, dataclasses.replace(last, message="")))
    asked = dataclasses.replace(last, outcome=Outcome.ASKED)
    yield "a question at the end", dataclasses.replace(run, responses=(*rest, asked))
    for place, response in enumerate(run.responses):
        for name in response.facts if response else ():
            assert response is not None  # noqa: S101 - only a response has facts
            facts = {key: value for key, value in response.facts.items() if key != name}
            told = dataclasses.replace(response, facts=facts)
            responses = (*run.responses[:place], told, *run.responses[place + 1 :])
            yield f"fact {name} not told", dataclasses.replace(run, responses=responses)
    if last.reason_code is not None:
        other = dataclasses.replace(last, reason_code=None)
        yield "no reason code", dataclasses.replace(run, responses=(*rest, other))
        shrug = dataclasses.replace(last, message="I can't do that.")
        yield "a refusal that names nothing", dataclasses.replace(run, responses=(*rest, shrug))
