"""Shorthand for goals: what has to change, what a reasonable colleague may also do, what has to be told."""

from __future__ import annotations

from collections.abc import Mapping

from atlas.crm.records import Entity, Outcome, ReasonCode, Row
from atlas.verify.goals import (
    AnswerFact,
    ChangePattern,
    CreatedRef,
    Equals,
    ExpectedChange,
    Matcher,
    Operation,
    RequiredRefusal,
    ValueMatcher,
)


def created(
    entity: Entity, fields: Mapping[str, object], *, label: str | None = None, refs: Mapping[str, str] | None = None
) -> ExpectedChange:
    """Expect a new row that holds ``fields`` (shown values), and in ``refs`` the ids of rows created under a label."""
    matchers: dict[str, Matcher] = {name: Equals(value) for name, value in fields.items()}
    matchers.update({name: CreatedRef(target) for name, target in (refs or {}).items()})
    return ExpectedChange(entity, Operation.CREATE, matchers, label=label)


def updated(entity: Entity, row_id: object, fields: Mapping[str, object]) -> ExpectedChange:
    """Expect a row to hold ``fields`` (shown values) where it did not before."""
    return ExpectedChange(
        entity, Operation.UPDATE, {name: Equals(value) for name, value in fields.items()}, id=str(row_id)
    )


def deal_updated(deal: Row, fields: Mapping[str, object]) -> ExpectedChange:
    """Expect a deal to hold ``fields`` (shown values) where it did not before."""
    return updated(Entity.OPPORTUNITY, deal["opportunity_id"], fields)


def note_on_deal(deal: Row, content: str) -> ExpectedChange:
    """Expect a note on a deal."""
    fields = {"entity_type": "Opportunity", "entity_id": deal["opportunity_id"], "content": content}
    return created(Entity.NOTE, fields)


def may_note(deal: Row) -> ChangePattern:
    """Allow any further note on a deal: colleagues leave them, and no rule forbids it."""
    return ChangePattern(Entity.NOTE, Operation.CREATE, where={"entity_id": Equals(deal["opportunity_id"])})


def may_own(entity: Entity, actor: str) -> ChangePattern:
    """Allow the colleague who asks to be entered as the owner of a created row."""
    return ChangePattern(entity, Operation.CREATE, fields=("owner",), where={"owner": Equals(actor)})


def may_version() -> ChangePattern:
    """Allow a version on a new quote: some colleagues number them, and no rule says how."""
    return ChangePattern(Entity.QUOTE, Operation.CREATE, fields=("version",))


def told(name: str, value: object) -> AnswerFact:
    """Expect a value to be told; a tuple means a list, compared without order."""
    matcher: ValueMatcher = Equals(value)
    return AnswerFact(name, matcher)


def refusal(reason: ReasonCode, *about: str) -> RequiredRefusal:
    """Expect the request to be declined for ``reason``, naming one of ``about``; reporting it counts as well."""
    return RequiredRefusal(reason, about, (Outcome.REFUSED, Outcome.REPORTED))
