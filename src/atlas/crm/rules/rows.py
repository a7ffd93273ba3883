"""Rules about a whole row: what it refers to, what must be unique, what may follow what.

Each rule looks at a proposal and at the rows around it; the first one that is broken is the answer.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import TypeAlias, cast

from atlas.crm.fields import EntityDef, FieldDef, FieldKind
from atlas.crm.proposal import Proposal
from atlas.crm.records import Entity, ErrorCode, Row, ToolError
from atlas.crm.rules.lookups import unknown_colleague, unknown_record
from atlas.crm.schema import CLOSED_STAGES, SCHEMA, to_shown
from atlas.crm.store import Store, equal_to
from atlas.crm.wording import kept, quoted

RowCheck: TypeAlias = Callable[[Proposal, Row], "ToolError | None"]
"""From a proposal and its row afterwards to what is wrong."""

FROZEN_FIELDS = ("stage", "amount", "probability", "close_date")
QUOTE_STEPS: Mapping[str, tuple[str, ...]] = {
    "Draft": ("Sent", "Canceled"),
    "Sent": ("Approved", "Rejected", "Canceled"),
    "Approved": (),
    "Rejected": (),
    "Canceled": (),
}


def check_row(proposal: Proposal) -> ToolError | None:
    """Return the first rule that ``proposal`` breaks, None where it breaks none (deleting breaks none)."""
    after = proposal.after
    if after is None:
        return None
    for check in _CHECKS[proposal.entity]:
        error = check(proposal, after)
        if error is not None:
            return error
    return None


def rows_holding(store: Store, entity: Entity, field: str, text: str) -> list[Row]:
    """Return the rows whose ``field`` holds ``text``, ignoring case and the two ways to write an accent.

    Values that calls give are kept in Unicode's composed form; rows that were there before may be in the other.
    """
    forms = [text] if text.isascii() else [unicodedata.normalize(form, text) for form in ("NFC", "NFD")]
    found = (store.select(equal_to(entity, field, form)).rows for form in dict.fromkeys(forms))
    return [row for rows in found for row in rows]


# ---------------------------------------------------------------------------------------------------------------------
# What a row refers to


def referred_entity(field: FieldDef, row: Row) -> Entity:
    """Return the kind of record whose id ``field`` of ``row`` holds."""
    if field.references is not None:
        return field.references
    return Entity(cast("str", row[field.references_by or ""]))


def _reference_check(definition: EntityDef, field: FieldDef) -> RowCheck:
    name = field.name
    hosts = () if field.references_by is None else definition.field(field.references_by).allowed

    def check(proposal: Proposal, row: Row) -> ToolError | None:
        value = row[name]
        if value is None or name not in proposal.changed:
            return None
        entity = referred_entity(field, row)
        if proposal.around.store.get(entity, cast("str", value)) is None:
            return unknown_record(entity, value, name, proposal.around.store, hosts=hosts)
        return None

    return check


def _staff_check(field: FieldDef) -> RowCheck:
    name = field.name

    def check(proposal: Proposal, row: Row) -> ToolError | None:
        value = row[name]
        if value is None or name not in proposal.changed or value in proposal.around.staff:
            return None
        return unknown_colleague(name, cast("str", value), proposal.around.staff, proposal.around.actor)

    return check


def _contract_fits_client(proposal: Proposal, row: Row) -> ToolError | None:
    """A contract's opportunity is one of the contract's client."""
    opportunity_id = row["opportunity_id"]
    if opportunity_id is None or not _any_changed(proposal, "opportunity_id", "client_id"):
        return None
    opportunity = proposal.around.store.get(Entity.OPPORTUNITY, cast("str", opportunity_id))
    if opportunity is None or opportunity["client_id"] == row["client_id"]:
        return None
    message = (
        f"opportunity {quoted(opportunity_id)} belongs to client {quoted(opportunity['client_id'])}, "
        f"not to {quoted(row['client_id'])}; a contract and its opportunity are of one client"
    )
    hint = f"opportunity_search with `client_id` {quoted(row['client_id'])} finds the client's opportunities"
    return ToolError(ErrorCode.MISMATCH, message, "opportunity_id", kept(opportunity_id), hint=hint)


def _opportunity_fits_contracts(proposal: Proposal, row: Row) -> ToolError | None:
    """An opportunity that has contracts stays with their client."""
    if proposal.before is None or "client_id" not in proposal.changed:
        return None
    contracts = proposal.around.store.select(
        equal_to(Entity.CONTRACT, "opportunity_id", cast("str", row["opportunity_id"]))
    )
    if all(contract["client_id"] == row["client_id"] for contract in contracts.rows):
        return None
    message = (
        f"the opportunity has a contract with client {quoted(contracts.rows[0]['client_id'])}; "
        "it cannot move to another client"
    )
    hint = "make a new opportunity for the other client instead"
    return ToolError(ErrorCode.MISMATCH, message, "client_id", kept(row["client_id"]), hint=hint)


def _any_changed(proposal: Proposal, *names: str) -> bool:
    """Whether the proposal gives one of these fields a new value: old rows that break a rule can be worked with."""
    return any(name in proposal.changed for name in names)


# ---------------------------------------------------------------------------------------------------------------------
# What must be unique, what comes in order


def _unique_check(field: FieldDef, entity: Entity) -> RowCheck:
    name, definition = field.name, SCHEMA[entity]
    id_field = definition.id_field

    def check(proposal: Proposal, row: Row) -> ToolError | None:
        value = row[name]
        if value is None or name not in proposal.changed:
            return None
        for other in rows_holding(proposal.around.store, entity, name, cast("str", value)):
            if other[id_field] != row[id_field]:
                message = (
                    f"another {definition.noun} has the `{name}` {quoted(other[name])}: {quoted(other['name'])} "
                    f"({id_field} {quoted(other[id_field])})"
                )
                hint = f"use that {definition.noun}, or give another `{name}`"
                return ToolError(ErrorCode.DUPLICATE, message, name, kept(value), hint=hint)
        return None

    return check


def _dates_in_order(proposal: Proposal, row: Row) -> ToolError | None:
    """A contract does not end before it starts."""
    start, end = row["start_date"], row["end_date"]
    if start is None or end is None or cast("str", start) <= cast("str", end):
        return None
    if not _any_changed(proposal, "start_date", "end_date"):
        return None
    message = f"`end_date` {end} lies before `start_date` {start}; a contract ends on or after the day it starts"
    field = "end_date" if "end_date" in proposal.changed else "start_date"
    return ToolError(ErrorCode.DATE_ORDER, message, field, row[field])


# ---------------------------------------------------------------------------------------------------------------------
# What may follow what


def _closed_stays_closed(proposal: Proposal, row: Row) -> ToolError | None:
    """The figures of a closed opportunity are frozen."""
    before = proposal.before
    if before is None or before["stage"] not in CLOSED_STAGES:
        return None
    for name in FROZEN_FIELDS:
        if row[name] != before[name]:
            message = f"the opportunity is {before['stage']}: its `{name}` cannot change any more"
            hint = "to reopen it, make a copy with clone_opportunity and change that"
            value = to_shown(Entity.OPPORTUNITY, name, row[name])
            return ToolError(ErrorCode.CLOSED_RECORD, message, name, kept(value), hint=hint)
    return None


def _quote_steps(proposal: Proposal, row: Row) -> ToolError | None:
    """A quote moves from Draft to Sent to Approved or Rejected, and to Canceled while it is open."""
    before = proposal.before
    if before is None or before["status"] in (None, row["status"]):
        return None
    old, new = cast("str", before["status"]), cast("str", row["status"])
    allowed = QUOTE_STEPS.get(old)
    if allowed is None or new in allowed:  # a row that was there before may hold a status that is none
        return None
    ahead = f"allowed next: {', '.join(allowed)}" if allowed else f"a quote that is {old} is final"
    message = f"a quote cannot go from {old} to {new}; {ahead}"
    between = next((step for step in allowed if new in QUOTE_STEPS[step]), None)
    hint = f"set `status` to {between} first" if between else "make a new quote with create_quote instead"
    return ToolError(ErrorCode.ILLEGAL_TRANSITION, message, "status", new, allowed, hint)


def _generic_checks(entity: Entity) -> tuple[RowCheck, ...]:
    checks: list[RowCheck] = []
    for field in SCHEMA[entity].given_fields:
        if field.kind is FieldKind.REFERENCE:
            checks.append(_reference_check(SCHEMA[entity], field))
        elif field.kind is FieldKind.STAFF:
            checks.append(_staff_check(field))
    checks += [_unique_check(field, entity) for field in SCHEMA[entity].fields if field.unique]
    return tuple(checks)


_SPECIAL_CHECKS: Mapping[Entity, tuple[RowCheck, ...]] = {
    Entity.OPPORTUNITY: (_closed_stays_closed, _opportunity_fits_contracts),
    Entity.QUOTE: (_quote_steps,),
    Entity.CONTRACT: (_contract_fits_client, _dates_in_order),
}
_CHECKS: Mapping[Entity, tuple[RowCheck, ...]] = {
    entity: (*_generic_checks(entity), *_SPECIAL_CHECKS.get(entity, ())) for entity in Entity
}
