"""Rules about a whole row: what it refers to, what must be unique, what may follow what.

Each rule looks at a proposal and at the rows around it; the first one that is broken is the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias, cast

from atlas.core.errors import nearest_name
from atlas.crm.fields import FieldDef, FieldKind
from atlas.crm.proposal import Proposal, Surroundings
from atlas.crm.records import Entity, ErrorCode, FieldValue, Row, ToolError
from atlas.crm.schema import CLOSED_STAGES, SCHEMA
from atlas.crm.store import equal_to
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


def unknown_record(entity: Entity, row_id: object, argument: str) -> ToolError:
    """Return the error for an id that no record has.

    Example:
        >>> unknown_record(Entity.CLIENT, "c9", "client_id").message
        "there is no client with `client_id` 'c9'"
    """
    noun = SCHEMA[entity].noun
    message = f"there is no {noun} with `{argument}` {quoted(row_id)}"
    search = _SEARCHES.get(entity)
    hint = f"look the id up with {search}" if search else None
    return ToolError(ErrorCode.NOT_FOUND, message, argument, kept(row_id), hint=hint)


_SEARCHES: Mapping[Entity, str] = {
    Entity.CLIENT: "client_search",
    Entity.CONTACT: "contact_search",
    Entity.OPPORTUNITY: "opportunity_search",
    Entity.QUOTE: "view_opportunity_details",
}


# ---------------------------------------------------------------------------------------------------------------------
# What a row refers to


def referred_entity(field: FieldDef, row: Row) -> Entity:
    """Return the kind of record whose id ``field`` of ``row`` holds."""
    if field.references is not None:
        return field.references
    return Entity(cast("str", row[field.references_by or ""]))


def _reference_check(field: FieldDef) -> RowCheck:
    name = field.name

    def check(proposal: Proposal, row: Row) -> ToolError | None:
        value = row[name]
        if value is None or name not in proposal.changed:
            return None
        entity = referred_entity(field, row)
        if proposal.around.store.get(entity, cast("str", value)) is None:
            return unknown_record(entity, value, name)
        return None

    return check


def _staff_check(field: FieldDef) -> RowCheck:
    name = field.name

    def check(proposal: Proposal, row: Row) -> ToolError | None:
        value = row[name]
        if value is None or name not in proposal.changed or value in proposal.around.staff:
            return None
        return _unknown_colleague(name, value, proposal.around)

    return check


def _unknown_colleague(name: str, value: FieldValue, around: Surroundings) -> ToolError:
    near = nearest_name(str(value), around.staff)
    hint = f"did you mean {near!r}? look handles up with staff_search" if near else "look handles up with staff_search"
    message = f"`{name}` {quoted(value)} is not the handle of a colleague in the staff directory"
    return ToolError(ErrorCode.NOT_FOUND, message, name, kept(value), hint=hint)


def _contract_fits_client(proposal: Proposal, row: Row) -> ToolError | None:
    """A contract's opportunity is one of the contract's client."""
    opportunity_id = row["opportunity_id"]
    if opportunity_id is None:
        return None
    opportunity = proposal.around.store.get(Entity.OPPORTUNITY, cast("str", opportunity_id))
    if opportunity is None or opportunity["client_id"] == row["client_id"]:
        return None
    message = (
        f"opportunity {quoted(opportunity_id)} belongs to client {quoted(opportunity['client_id'])}, "
        f"not to {quoted(row['client_id'])}; a contract and its opportunity are of one client"
    )
    return ToolError(ErrorCode.MISMATCH, message, "opportunity_id", opportunity_id)


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
    return ToolError(ErrorCode.MISMATCH, message, "client_id", row["client_id"])


# ---------------------------------------------------------------------------------------------------------------------
# What must be unique, what comes in order


def _unique_check(field: FieldDef, entity: Entity) -> RowCheck:
    name, definition = field.name, SCHEMA[entity]
    id_field = definition.id_field

    def check(proposal: Proposal, row: Row) -> ToolError | None:
        value = row[name]
        if value is None or name not in proposal.changed:
            return None
        for other in proposal.around.store.select(equal_to(entity, name, cast("str", value))).rows:
            if other[id_field] != row[id_field]:
                message = (
                    f"another {definition.noun} has the `{name}` {quoted(other[name])}: {quoted(other['name'])} "
                    f"({id_field} {quoted(other[id_field])})"
                )
                return ToolError(ErrorCode.DUPLICATE, message, name, kept(value))
        return None

    return check


def _dates_in_order(proposal: Proposal, row: Row) -> ToolError | None:
    """A contract does not end before it starts."""
    del proposal
    start, end = row["start_date"], row["end_date"]
    if start is None or end is None or cast("str", start) <= cast("str", end):
        return None
    message = f"`end_date` {end} lies before `start_date` {start}; a contract ends on or after the day it starts"
    return ToolError(ErrorCode.DATE_ORDER, message, "end_date", end)


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
            return ToolError(ErrorCode.CLOSED_RECORD, message, name, hint=hint)
    return None


def _quote_steps(proposal: Proposal, row: Row) -> ToolError | None:
    """A quote moves from Draft to Sent to Approved or Rejected, and to Canceled while it is open."""
    before = proposal.before
    if before is None or before["status"] in (None, row["status"]):
        return None
    old, new = cast("str", before["status"]), cast("str", row["status"])
    allowed = QUOTE_STEPS[old]
    if new in allowed:
        return None
    ahead = f"allowed next: {', '.join(allowed)}" if allowed else f"a quote that is {old} is final"
    message = f"a quote cannot go from {old} to {new}; {ahead}"
    return ToolError(ErrorCode.ILLEGAL_TRANSITION, message, "status", new, allowed)


def _generic_checks(entity: Entity) -> tuple[RowCheck, ...]:
    checks: list[RowCheck] = []
    for field in SCHEMA[entity].given_fields:
        if field.kind is FieldKind.REFERENCE:
            checks.append(_reference_check(field))
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
