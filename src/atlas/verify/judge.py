"""The judge: from a goal, the net changes and the responses to a verdict.

The formula. Every required thing is an item with a weight and a credit in [0, 1]: each expected change (its fields
share its weight), each answer, a required refusal, question or mention, that the user was told at the end of every
turn, and a bound on writes where the goal has one. The score is the weighted mean of the earned; then

* a wrong or missing value in a required item other than a bound caps it at 0.85,
* a collateral change (outside of what is expected or allowed) caps it at 0.5,
* a forbidden change makes it 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from atlas.core.records import record
from atlas.crm.records import Change, Entity, FieldValue, Outcome, Response, Row
from atlas.crm.schema import SCHEMA, to_shown
from atlas.verify.assignment import best_assignment
from atlas.verify.goals import (
    AnswerFact,
    ChangePattern,
    CreatedRef,
    ExpectedChange,
    Goal,
    Matcher,
    Operation,
    RequiredMention,
    RequiredQuestion,
    RequiredRefusal,
)
from atlas.verify.matchers import Created, matches, stands_in
from atlas.verify.verdict import Collateral, ItemKind, Verdict, VerdictItem

WRONG_VALUE_CAP = 0.85
COLLATERAL_CAP = 0.5


def judge(goal: Goal, *, changes: Sequence[Change], responses: Sequence[Response | None], writes: int) -> Verdict:
    """Return the verdict on an episode that has ended.

    Args:
        goal: What had to become true.
        changes: The net changes of the episode, one per row.
        responses: How each turn ended; None for a turn that the agent never ended.
        writes: Number of successful calls that changed something.
    """
    matched = _match_changes(goal.expected_changes, changes)
    items = [
        *matched.items,
        *(_answer_item(fact, responses) for fact in goal.answers),
        *_conduct_items(goal, responses),
        _told_item(goal, responses),
        *_limit_items(goal, writes),
    ]
    collateral = _collateral(goal, matched, changes)
    forbidden = tuple(
        Collateral(change.entity, change.id, None, "forbidden")
        for change in changes
        if any(_forbids(pattern, change, matched.created) for pattern in goal.forbidden)
    )
    return _score(tuple(items), collateral, forbidden)


def _score(
    items: tuple[VerdictItem, ...], collateral: tuple[Collateral, ...], forbidden: tuple[Collateral, ...]
) -> Verdict:
    total = sum(item.weight for item in items)
    score = sum(item.weight * item.credit for item in items) / total
    caps: list[str] = []
    if any(item.credit < 1 for item in items if item.kind is not ItemKind.LIMIT):
        caps.append("wrong_value")
        score = min(score, WRONG_VALUE_CAP)
    if collateral:
        caps.append("collateral")
        score = min(score, COLLATERAL_CAP)
    if forbidden:
        caps.append("forbidden")
        score = 0.0
    return Verdict(round(score, 6), items, collateral, forbidden, tuple(caps))


# ---------------------------------------------------------------------------------------------------------------------
# Changes


@record
class _Matched:
    """Which change was taken for which expected one."""

    items: tuple[VerdictItem, ...]
    taken: Mapping[int, ExpectedChange]  # index of the change -> what it was expected to be
    created: Created


def operation_of(change: Change) -> Operation:
    """Return what happened to the row of ``change``."""
    if change.before is None:
        return Operation.CREATE
    return Operation.DELETE if change.after is None else Operation.UPDATE


def changed_fields(change: Change) -> tuple[str, ...]:
    """Return the fields that ``change`` set, in schema order.

    For a created row: fields that hold something that neither the world nor a default put there. For a deleted row:
    none.
    """
    definition = SCHEMA[change.entity]
    if change.after is None:
        return ()
    if change.before is None:
        return tuple(
            field.name
            for field in definition.fields
            if not field.set_by_world and change.after.get(field.name) not in (None, field.default)
        )
    return tuple(
        field.name for field in definition.fields if change.before.get(field.name) != change.after.get(field.name)
    )


def _match_changes(expected: tuple[ExpectedChange, ...], changes: Sequence[Change]) -> _Matched:
    created_ids = frozenset(change.id for change in changes if change.before is None)
    taken: dict[int, ExpectedChange] = {}
    earned: dict[int, tuple[float, tuple[str, ...]]] = {}
    by_label: dict[str, str] = {}
    for group in _groups(expected):
        created = Created(created_ids, by_label)
        wanted = [expected[place] for place in group]
        candidates = [
            index for index, change in enumerate(changes) if index not in taken and _is_candidate(wanted[0], change)
        ]
        gains = [[_gain(want, changes[index], created) for index in candidates] for want in wanted]
        for place, column in zip(group, best_assignment(gains), strict=True):
            if column is None:
                continue
            index = candidates[column]
            taken[index] = expected[place]
            earned[place] = _credit(expected[place], changes[index], created)
            label = expected[place].label
            if label is not None:
                by_label[label] = changes[index].id
    items = tuple(_change_item(want, earned.get(place)) for place, want in enumerate(expected))
    return _Matched(items, taken, Created(created_ids, by_label))


def _groups(expected: tuple[ExpectedChange, ...]) -> list[list[int]]:
    """Places of expected changes that compete for the same rows, in goal order.

    Creates of one entity compete; but one that refers to a label waits until the label's own group is matched.
    """
    groups: dict[tuple[Entity, Operation, str | None, bool], list[int]] = {}
    for place, want in enumerate(expected):
        groups.setdefault((want.entity, want.operation, want.id, _refers(want)), []).append(place)
    return sorted(groups.values(), key=lambda group: (_refers(expected[group[0]]), group[0]))


def _refers(want: ExpectedChange) -> bool:
    return any(isinstance(matcher, CreatedRef) for matcher in want.fields.values())


def _is_candidate(want: ExpectedChange, change: Change) -> bool:
    return (
        change.entity is want.entity
        and operation_of(change) is want.operation
        and (want.id is None or change.id == want.id)
    )


def _gain(want: ExpectedChange, change: Change, created: Created) -> float:
    """How well a change fits: the credit, and among equals the one with fewer fields that nobody asked for."""
    credit, _ = _credit(want, change, created)
    extra = sum(name not in want.fields for name in changed_fields(change))
    return want.weight * credit - 1e-3 * extra


def _credit(want: ExpectedChange, change: Change, created: Created) -> tuple[float, tuple[str, ...]]:
    if change.after is None or not want.fields:
        return 1.0, ()
    failed = tuple(
        name
        for name, matcher in want.fields.items()
        if not _field_matches(matcher, change.entity, name, change.after, created)
    )
    return 1 - len(failed) / len(want.fields), failed


def _field_matches(matcher: Matcher, entity: Entity, name: str, row: Row, created: Created) -> bool:
    return matches(matcher, _shown(entity, name, row.get(name)), created)


def _shown(entity: Entity, name: str, stored: FieldValue) -> object:
    return None if stored is None else to_shown(entity, name, stored)


def _change_item(want: ExpectedChange, credit: tuple[float, tuple[str, ...]] | None) -> VerdictItem:
    name = f"{want.operation.value} {want.entity.value}"
    if credit is None:
        missing = tuple(f"{want.entity.value}.{field}" for field in want.fields) or (want.entity.value,)
        return VerdictItem(ItemKind.CHANGE, name, want.weight, 0.0, missing)
    share, failed = credit
    return VerdictItem(
        ItemKind.CHANGE, name, want.weight, share, tuple(f"{want.entity.value}.{field}" for field in failed)
    )


# ---------------------------------------------------------------------------------------------------------------------
# Collateral and forbidden changes


def _collateral(goal: Goal, matched: _Matched, changes: Sequence[Change]) -> tuple[Collateral, ...]:
    found: list[Collateral] = []
    for index, change in enumerate(changes):
        want = matched.taken.get(index)
        operation = operation_of(change)
        if want is None and operation is not Operation.UPDATE:
            if not any(_allows_row(pattern, change, matched.created) for pattern in goal.allowed_changes):
                found.append(Collateral(change.entity, change.id, None, f"{operation.value} that nobody asked for"))
            continue
        expected = frozenset(want.fields) if want else frozenset[str]()
        for name in changed_fields(change):
            if name in expected:
                continue
            if not any(_allows_field(pattern, change, name, matched.created) for pattern in goal.allowed_changes):
                found.append(
                    Collateral(change.entity, change.id, name, f"{operation.value} of a field that nobody asked for")
                )
    return tuple(found)


def _agrees(pattern: ChangePattern, change: Change, created: Created) -> bool:
    if pattern.entity is not change.entity or pattern.operation not in (None, operation_of(change)):
        return False
    if pattern.id not in (None, change.id):
        return False
    row = change.before if change.after is None else change.after
    return row is not None and all(
        _field_matches(matcher, change.entity, name, row, created) for name, matcher in pattern.where.items()
    )


def _allows_row(pattern: ChangePattern, change: Change, created: Created) -> bool:
    if not _agrees(pattern, change, created):
        return False
    return pattern.fields is None or set(changed_fields(change)) <= set(pattern.fields)


def _allows_field(pattern: ChangePattern, change: Change, name: str, created: Created) -> bool:
    return (pattern.fields is None or name in pattern.fields) and _agrees(pattern, change, created)


def _forbids(pattern: ChangePattern, change: Change, created: Created) -> bool:
    if not _agrees(pattern, change, created):
        return False
    return pattern.fields is None or not set(pattern.fields).isdisjoint(changed_fields(change))


# ---------------------------------------------------------------------------------------------------------------------
# What the user was told


def _answer_item(fact: AnswerFact, responses: Sequence[Response | None]) -> VerdictItem:
    heard = responses if fact.turn is None else responses[fact.turn : fact.turn + 1]
    told = any(_tells(response, fact) for response in heard if response is not None)
    name = f"facts.{fact.name}"
    return VerdictItem(ItemKind.ANSWER, name, 1.0, float(told), () if told else (name,))


def _tells(response: Response, fact: AnswerFact) -> bool:
    if fact.name not in response.facts:
        return False
    value = response.facts[fact.name]
    return matches(fact.matcher, value, Created()) and stands_in(value, response.message)


def _conduct_items(goal: Goal, responses: Sequence[Response | None]) -> list[VerdictItem]:
    items: list[VerdictItem] = []
    if goal.must_refuse is not None:
        items.append(_refusal_item(goal.must_refuse, responses))
    if goal.must_ask is not None:
        items.append(_question_item(goal.must_ask, responses))
    items += (_mention_item(required, responses) for required in goal.mentions)
    return items


def _refusal_item(required: RequiredRefusal, responses: Sequence[Response | None]) -> VerdictItem:
    """Return the item of a refusal: what is wrong with the last turn or, where any turn will do, with the best one."""
    turns = responses[-1:] if required.at_end else responses
    failed = min((_refusal_failures(required, turn) for turn in turns or (None,)), key=len)
    return VerdictItem(ItemKind.REFUSAL, required.reason_code.value, 1.0, float(not failed), failed)


def _refusal_failures(required: RequiredRefusal, last: Response | None) -> tuple[str, ...]:
    failed: list[str] = []
    if last is None or last.outcome not in required.outcomes:
        failed.append("outcome")
    if last is None or last.reason_code is not required.reason_code:
        failed.append("reason_code")
    if last is None or not _names_one(required.about, last.message):
        failed.append("message")
    return tuple(failed)


def _mention_item(required: RequiredMention, responses: Sequence[Response | None]) -> VerdictItem:
    told = any(response is not None and _names_one(required.about, response.message) for response in responses)
    return VerdictItem(ItemKind.MENTION, "mention", 1.0, float(told), () if told else ("mention",))


def _question_item(required: RequiredQuestion, responses: Sequence[Response | None]) -> VerdictItem:
    asked = any(
        response is not None and response.outcome is Outcome.ASKED and _names_one(required.about, response.message)
        for response in responses
    )
    return VerdictItem(ItemKind.QUESTION, "question", 1.0, float(asked), () if asked else ("question",))


def _names_one(about: tuple[str, ...], message: str) -> bool:
    told = message.casefold()
    return any(text.casefold() in told for text in about)


def _told_item(goal: Goal, responses: Sequence[Response | None]) -> VerdictItem:
    required = goal.must_refuse
    outcomes = required.outcomes if required is not None and required.at_end else (goal.final_outcome,)
    failed: list[str] = []
    if not responses or any(response is None or not response.message.strip() for response in responses):
        failed.append("silence")
    last = responses[-1] if responses else None
    if last is not None and last.outcome not in outcomes:
        failed.append("outcome")
    return VerdictItem(ItemKind.TOLD_USER, "told the user", 1.0, float(not failed), tuple(failed))


def _limit_items(goal: Goal, writes: int) -> list[VerdictItem]:
    most = goal.limits.max_writes
    if most is None:
        return []
    kept = writes <= most
    return [VerdictItem(ItemKind.LIMIT, "max_writes", 1.0, float(kept), () if kept else ("max_writes",))]
