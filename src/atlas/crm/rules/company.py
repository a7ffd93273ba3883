"""Rules that a company has switched on: what each of them rejects.

A rule looks at a write when one of the fields that it is about gets a new value, so that old rows which break it can
still be worked with. A message says what the rule wants.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, cast

from atlas.core.money import from_cents
from atlas.crm.proposal import Proposal
from atlas.crm.records import Actor, Entity, ErrorCode, Row, ToolError
from atlas.crm.rules.rows import rows_holding
from atlas.crm.schema import SCHEMA, to_shown
from atlas.crm.store import attached_to
from atlas.crm.validation_rules import (
    AmountLimit,
    AmountStep,
    DiscountLimit,
    DocumentBefore,
    NamePattern,
    NoDelete,
    OwnerOnly,
    ProbabilityBand,
    RequiredFields,
    StagePath,
    UniqueName,
    ValidationRule,
)
from atlas.crm.wording import kept, quoted


def check(rule: ValidationRule, proposal: Proposal) -> ToolError | None:
    """Return how ``proposal`` breaks ``rule``, None where it does not."""
    return _CHECKS[type(rule)](rule, proposal)


def entity_of(rule: ValidationRule) -> Entity:
    """Return the kind of records that ``rule`` is about.

    Example:
        >>> entity_of(DiscountLimit(10)).value, entity_of(NoDelete(Entity.CLIENT)).value
        ('Quote', 'Client')
    """
    if isinstance(rule, (StagePath, ProbabilityBand)):
        return Entity.OPPORTUNITY
    return Entity.QUOTE if isinstance(rule, DiscountLimit) else rule.entity


# ---------------------------------------------------------------------------------------------------------------------
# Fields and texts


def _required_fields(rule: RequiredFields, proposal: Proposal) -> ToolError | None:
    row = _touched(proposal, rule.entity, (*rule.fields, *((rule.when_field,) if rule.when_field else ())))
    if row is None or (rule.when_field and row[rule.when_field] != rule.when_value):
        return None
    for name in rule.fields:
        if row[name] in (None, "", ()):
            when = f" when its `{rule.when_field}` is {rule.when_value}" if rule.when_field else ""
            hint = f"give `{name}` in the same call"
            return _violation(SCHEMA[rule.entity].a_noun, f"needs `{name}`{when}", name, hint=hint)
    return None


def _name_pattern(rule: NamePattern, proposal: Proposal) -> ToolError | None:
    row = _touched(proposal, rule.entity, (rule.field,))
    value = row[rule.field] if row is not None else None
    if value is None or re.fullmatch(rule.pattern, cast("str", value)):
        return None
    noun = SCHEMA[rule.entity].noun
    wants = f"of this company follows the pattern of {quoted(rule.example)}; got {quoted(value)}"
    return _violation(f"the `{rule.field}` of every {noun}", wants, rule.field, value)


def _unique_name(rule: UniqueName, proposal: Proposal) -> ToolError | None:
    names = _name_fields(rule.entity)
    row = _touched(proposal, rule.entity, (*names, "client_id"))
    if row is None:
        return None
    definition = SCHEMA[rule.entity]
    id_field = definition.id_field
    within = "client_id" if rule.entity in (Entity.CONTACT, Entity.OPPORTUNITY) else None
    if any(row[name] is None for name in names):
        return None
    for other in rows_holding(proposal.around.store, rule.entity, names[-1], cast("str", row[names[-1]])):
        same = all(_same_text(other[name], row[name]) for name in names)
        if same and other[id_field] != row[id_field] and (within is None or other[within] == row[within]):
            full = " ".join(str(other[name]) for name in names)
            where = " of that client" if within else ""
            message = (
                f"another {definition.noun}{where} is called {quoted(full)} ({id_field} {quoted(other[id_field])})"
            )
            return ToolError(ErrorCode.DUPLICATE, message, names[-1], kept(row[names[-1]]), hint="use that one")
    return None


def _name_fields(entity: Entity) -> tuple[str, ...]:
    if entity is Entity.CONTACT:
        return "first_name", "last_name"
    if all(field.name != "name" for field in SCHEMA[entity].fields):
        raise ValueError(f"{entity.value} has no name; a rule about names cannot be about it")
    return ("name",)


def _same_text(one: object, other: object) -> bool:
    return unicodedata.normalize("NFC", str(one)).casefold() == unicodedata.normalize("NFC", str(other)).casefold()


# ---------------------------------------------------------------------------------------------------------------------
# Stages, probabilities, documents


def _stage_path(rule: StagePath, proposal: Proposal) -> ToolError | None:
    row, before = _touched(proposal, Entity.OPPORTUNITY, ("stage",)), proposal.before
    if row is None or before is None or before["stage"] == row["stage"]:
        return None
    allowed = rule.transitions.get(cast("str", before["stage"]))
    if allowed is None or row["stage"] in allowed:
        return None
    wants = f"goes from {before['stage']} only to {', '.join(allowed) or 'no other stage'}, not to {row['stage']}"
    return _violation("an opportunity", wants, "stage", row["stage"], allowed)


def _probability_band(rule: ProbabilityBand, proposal: Proposal) -> ToolError | None:
    row = _touched(proposal, Entity.OPPORTUNITY, ("stage", "probability"))
    band = rule.bands.get(cast("str", row["stage"])) if row is not None else None
    if row is None or band is None:
        return None
    low, high = band
    value = row["probability"]
    if value is not None and low <= cast("int", value) <= high:
        return None
    wants = f"in {row['stage']} has a `probability` from {low} to {high}; got {quoted(value)}"
    return _violation("an opportunity", wants, "probability", value)


def _document_before(rule: DocumentBefore, proposal: Proposal) -> ToolError | None:
    row = _touched(proposal, rule.entity, (rule.field,))
    if row is None or row[rule.field] != rule.value:
        return None
    definition = SCHEMA[rule.entity]
    row_id = cast("str", row[definition.id_field])
    documents = proposal.around.store.select(attached_to(Entity.DOCUMENT, rule.entity, row_id))
    wanted = _plain(rule.file_name_contains)
    if any(wanted in _plain(cast("str", document["file_name"])) for document in documents.rows):
        return None
    wants = (
        f"gets the `{rule.field}` {rule.value} only when a document with {quoted(rule.file_name_contains)} "
        "in its file name is on it"
    )
    hint = "upload that document first"
    return _violation(definition.a_noun, wants, rule.field, rule.value, hint=hint)


def _plain(file_name: str) -> str:
    return " ".join(re.split(r"[\s_-]+", file_name.casefold()))


# ---------------------------------------------------------------------------------------------------------------------
# Amounts and approvals


def _amount_step(rule: AmountStep, proposal: Proposal) -> ToolError | None:
    field = _money_field(rule.entity)
    row = _touched(proposal, rule.entity, (field,))
    value = row[field] if row is not None else None
    if value is None or cast("int", value) % rule.step_cents == 0:
        return None
    shown = to_shown(rule.entity, field, value)
    wants = f"is a multiple of {from_cents(rule.step_cents):,}; got {quoted(shown)}"
    return _violation(f"the `{field}` of every {SCHEMA[rule.entity].noun}", wants, field, shown)


def _amount_limit(rule: AmountLimit, proposal: Proposal) -> ToolError | None:
    field = _money_field(rule.entity)
    row = _touched(proposal, rule.entity, (field,))
    value = row[field] if row is not None else None
    if value is None or cast("int", value) <= rule.limit_cents or _may_approve(rule, proposal.around.actor):
        return None
    shown = cast("float", to_shown(rule.entity, field, value))
    what = f"{SCHEMA[rule.entity].a_noun} over {shown:,} is above the limit of {from_cents(rule.limit_cents):,}"
    return _approval(rule, proposal, what, field, shown)


def _discount_limit(rule: DiscountLimit, proposal: Proposal) -> ToolError | None:
    row = _touched(proposal, Entity.QUOTE, ("amount",))
    if row is None:
        return None
    opportunity = proposal.around.store.get(Entity.OPPORTUNITY, cast("str", row["opportunity_id"]))
    full = cast("int | None", opportunity["amount"]) if opportunity is not None else None
    quote = cast("int", row["amount"])
    if full is None or quote * 100 >= full * (100 - rule.max_percent) or _may_approve(rule, proposal.around.actor):
        return None
    shown = cast("float", to_shown(Entity.QUOTE, "amount", quote))
    percent = -(-(full - quote) * 10_000 // full) / 100  # rounded up, so that it never reads like the limit itself
    what = f"a quote over {shown:,} gives a discount of {percent:g} %, more than the limit of {rule.max_percent} %"
    return _approval(rule, proposal, what, "amount", shown)


def _may_approve(rule: AmountLimit | DiscountLimit, actor: Actor) -> bool:
    return actor.access in rule.approver_access or actor.role in rule.approver_roles or actor.handle == rule.escalate_to


def _approval(rule: AmountLimit | DiscountLimit, proposal: Proposal, what: str, field: str, value: object) -> ToolError:
    approver = proposal.around.staff.get(rule.escalate_to)
    if approver is not None:
        who = f"{approver.name} ({approver.handle})"
    else:
        who = rule.escalate_to or " or ".join((*rule.approver_access, *rule.approver_roles)) or "nobody here"
    message = f"company rule: {what}; it needs approval by {who}"
    return ToolError(ErrorCode.APPROVAL_REQUIRED, message, field, kept(value))


# ---------------------------------------------------------------------------------------------------------------------
# Who may


def _owner_only(rule: OwnerOnly, proposal: Proposal) -> ToolError | None:
    if proposal.entity is not rule.entity:
        return None
    own = any(field.name == "owner" for field in SCHEMA[rule.entity].fields)
    row = proposal.before if proposal.before is not None or own else proposal.after
    owner = _owner_of(rule.entity, row, proposal) if row is not None else None
    actor = proposal.around.actor
    if owner is None or owner == actor.handle or actor.access in rule.exempt_access:
        return None
    also = f" or somebody with {' or '.join(rule.exempt_access)} access" if rule.exempt_access else ""
    message = f"company rule: only the owner ({owner}){also} may change this {SCHEMA[rule.entity].noun}"
    denied = f"{message}; {actor.handle} may not"
    return ToolError(ErrorCode.PERMISSION_DENIED, denied, "owner", kept(owner), hint=f"ask {owner} to do it")


def _owner_of(entity: Entity, row: Row, proposal: Proposal) -> str | None:
    """The owner of a row, or of the record that it is part of."""
    while "owner" not in row:
        parent = _parent_of(entity, row)
        above = proposal.around.store.get(*parent) if parent else None
        if parent is None or above is None:
            return None
        entity, row = parent[0], above
    return cast("str | None", row["owner"])


def _parent_of(entity: Entity, row: Row) -> tuple[Entity, str] | None:
    match entity:
        case Entity.QUOTE:
            return Entity.OPPORTUNITY, cast("str", row["opportunity_id"])
        case Entity.CONTACT | Entity.CONTRACT:
            return Entity.CLIENT, cast("str", row["client_id"])
        case Entity.DOCUMENT | Entity.NOTE if row["entity_type"] in _ENTITIES:  # a row from before may hold anything
            return Entity(row["entity_type"]), cast("str", row["entity_id"])
        case _:
            return None


_ENTITIES = frozenset(entity.value for entity in Entity)


def _no_delete(rule: NoDelete, proposal: Proposal) -> ToolError | None:
    if proposal.entity is not rule.entity or proposal.after is not None:
        return None
    plural = SCHEMA[rule.entity].plural
    id_field = SCHEMA[rule.entity].id_field
    row_id = None if proposal.before is None else kept(proposal.before[id_field])
    message = f"company rule: {plural} are not deleted here"
    return ToolError(ErrorCode.COMPANY_RULE, message, id_field, row_id, hint=_INSTEAD.get(rule.entity))


_INSTEAD: Mapping[Entity, str] = {
    Entity.QUOTE: "cancel the quote with cancel_quote instead",
    Entity.OPPORTUNITY: "set its `stage` to Closed-Lost instead",
}
"""What people do with a record that must stay."""


# ---------------------------------------------------------------------------------------------------------------------
# What the checks share


def _touched(proposal: Proposal, entity: Entity, fields: tuple[str, ...]) -> Row | None:
    """The row as it is to be, where the proposal gives one of ``fields`` of such a record a new value.

    A new record has got all its fields.
    """
    if proposal.entity is not entity or proposal.after is None:
        return None
    if proposal.before is None or any(name in proposal.changed for name in fields):
        return proposal.after
    return None


def _violation(
    what: str, wants: str, field: str, value: object = None, allowed: tuple[str, ...] = (), *, hint: str | None = None
) -> ToolError:
    return ToolError(ErrorCode.COMPANY_RULE, f"company rule: {what} {wants}", field, kept(value), allowed, hint)


def _money_field(entity: Entity) -> str:
    field = SCHEMA[entity].amount_field
    if field is None:
        raise ValueError(f"{entity.value} has no field of money; a rule about amounts cannot be about it")
    return field


_CHECKS: Mapping[type, Callable[[Any, Proposal], ToolError | None]] = {
    RequiredFields: _required_fields,
    StagePath: _stage_path,
    ProbabilityBand: _probability_band,
    AmountLimit: _amount_limit,
    DiscountLimit: _discount_limit,
    OwnerOnly: _owner_only,
    NamePattern: _name_pattern,
    AmountStep: _amount_step,
    DocumentBefore: _document_before,
    UniqueName: _unique_name,
    NoDelete: _no_delete,
}
