"""Goals out of golden changes: what leaves the rows as the golden calls did is right, however it got there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from atlas.crm.records import Change, Response, Row
from atlas.crm.schema import to_shown
from atlas.verify.goals import CreatedRef, Equals, ExpectedChange, Goal, Matcher, Operation
from atlas.verify.judge import changed_fields, judge, operation_of
from atlas.verify.verdict import ItemKind, Verdict

_NOTHING_SAID: Final = Response("-")
"""In the place of what an agent said: these verdicts are about rows only."""


def goal_of(changes: Iterable[Change]) -> Goal:
    """Return the goal that is reached by exactly these net changes.

    Created rows may have any id, and refer to each other by whatever ids they have; what the world puts into a row by
    itself (ids, times, authors) is left out.

    Example:
        >>> from atlas.crm.records import Entity
        >>> goal = goal_of([Change(Entity.NOTE, "n1", None, {"note_id": "n1", "content": "Called."}, "1:add_note")])
        >>> goal.expected_changes[0].fields
        {'content': Equals(value='Called.', kind='equals')}
    """
    golden = tuple(changes)
    created = frozenset(change.id for change in golden if change.before is None)
    return Goal(expected_changes=tuple(_expected(change, created) for change in golden))


def compare(goal: Goal, changes: Sequence[Change]) -> Verdict:
    """Return the verdict on net changes alone; what was said to the user plays no part."""
    return judge(goal, changes=changes, responses=(_NOTHING_SAID,), writes=len(changes))


def share_of_changes(verdict: Verdict) -> float:
    """Return the share of the expected changes that happened, 0 to 1, with the caps of the verdict; 1 for none.

    Example:
        >>> share_of_changes(compare(Goal(), ()))
        1.0
    """
    wanted = [item for item in verdict.items if item.kind is ItemKind.CHANGE]
    share = sum(item.credit for item in wanted) / len(wanted) if wanted else 1.0
    return min(share, verdict.score)


def _expected(change: Change, created: frozenset[str]) -> ExpectedChange:
    operation = operation_of(change)
    fields: dict[str, Matcher] = {}
    if change.after is not None:
        fields = {name: _matcher(change, change.after, name, created) for name in changed_fields(change)}
    is_new = operation is Operation.CREATE
    return ExpectedChange(
        entity=change.entity,
        operation=operation,
        fields=fields,
        id=None if is_new else change.id,
        label=change.id if is_new else None,
    )


def _matcher(change: Change, row: Row, name: str, created: frozenset[str]) -> Matcher:
    value = row[name]
    if isinstance(value, str) and value in created:
        return CreatedRef(value)
    return Equals(to_shown(change.entity, name, value))
