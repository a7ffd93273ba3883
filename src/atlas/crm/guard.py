"""Permissions at work: a store as one colleague may see and change it.

A record that somebody may not see is in no search, no total and no summary; a field that is hidden is empty in every
row, and can neither be searched nor sorted by. Who asks for such a record by its id, or writes where that is not
allowed, gets an error that names what is missing and whom to ask.

A company's own rules look at the records that the acting colleague may see; what keeps the data whole (unique e-mail
addresses, contracts that fit their clients, nothing left without its parent) is judged over all records, and its
messages do not tell what is in a hidden one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Final, cast

from atlas.core.errors import BoundaryError, MisuseError, UnknownNameError
from atlas.crm.dependents import dependents
from atlas.crm.fields import FieldKind
from atlas.crm.ownership import Ownership
from atlas.crm.permissions import Grant, PermissionPolicy, Scope
from atlas.crm.proposal import Proposal, Surroundings
from atlas.crm.records import Actor, Change, Entity, ErrorCode, JsonObject, Row, StaffDirectory, ToolError
from atlas.crm.rules.rows import check_row
from atlas.crm.schema import SCHEMA
from atlas.crm.store import Query, Selection, Store
from atlas.crm.tools.registry import TOOLS
from atlas.crm.wording import kept, quoted


class NotPermittedError(BoundaryError):
    """A tool touched what the acting colleague may not touch; the world turns it into the answer to the call.

    Args:
        error: The answer.
        entity: Kind of the record.
        row_id: Its id, None where there is none.
    """

    def __init__(self, error: ToolError, entity: Entity | None = None, row_id: str | None = None) -> None:
        self.error = error
        self.entity = entity
        self.row_id = row_id
        super().__init__(error.message)


COMPUTED_FROM: Final[Mapping[str, tuple[tuple[Entity, str], ...]]] = {
    "summarize_opportunities": ((Entity.OPPORTUNITY, "amount"), (Entity.OPPORTUNITY, "stage")),
    "compare_quotes": ((Entity.QUOTE, "amount"),),
    "compare_quote_details": tuple((Entity.QUOTE, field.name) for field in SCHEMA[Entity.QUOTE].fields),
    "quote_prefixes": ((Entity.QUOTE, "quote_prefix"),),
}
"""Tools whose results are made from fields; somebody who may not see one of them may not use the tool."""

WITHHELD = "not_permitted"
"""Key of the list, in a result, that names the fields which are empty there because they may not be seen."""


class Guard:
    """A store as one colleague may see and change it; stands between the tools and the real one.

    Args:
        store: The real one.
        policy: Who may do what.
        directory: The colleagues.
        actor: Who acts.

    Raises:
        UnknownNameError: the policy has no role for the actor, or names a field, tool or colleague that there is not.
        MisuseError: it hides ids or references, by which records are told, or owners, whom refusals name.
    """

    def __init__(self, store: Store, policy: PermissionPolicy, *, directory: StaffDirectory, actor: Actor) -> None:
        self._store = store
        self._role = policy.role(actor.access)
        self._actor = actor
        self._ownership = Ownership(store, directory, actor)
        staff = {member.handle: member for member in directory.staff}
        self._around = Surroundings(store, staff, actor)
        self._in_sight = Surroundings(self, staff, actor)
        self._blocked: list[tuple[Entity, str]] = []
        _check_names("tool", self._role.barred_tools, TOOLS)
        _check_names("colleague", (self._role.ask,) if self._role.ask else (), staff)
        grants = {entity: _checked(entity, self._role.grant(entity)) for entity in Entity}
        self._unset = {
            entity: {name: SCHEMA[entity].field(name).empty for name in grant.hidden}
            for entity, grant in grants.items()
        }
        self._locked = {entity: frozenset((*grant.hidden, *grant.locked)) for entity, grant in grants.items()}

    # -----------------------------------------------------------------------------------------------------------------
    # What the world asks

    def begin_call(self, tool: str) -> None:
        """Get ready for a call.

        Raises:
            NotPermittedError: the tool may not be used.
        """
        self._blocked.clear()
        if tool in self._role.barred_tools:
            raise NotPermittedError(self._denial(f"use {tool}", owner=None))
        for entity, name in COMPUTED_FROM.get(tool, ()):
            if name in self._unset[entity]:
                plural = SCHEMA[entity].plural
                what = f"use {tool}, which is made from the `{name}` of {plural}"
                raise NotPermittedError(self._denial(what, owner=None, field=name), entity)

    def blocked(self, error: ToolError) -> NotPermittedError | None:
        """Return what ``error`` really is, where it says that a record is missing which is only hidden."""
        for entity, row_id in self._blocked:
            if error.code is ErrorCode.NOT_FOUND and error.value == row_id and _is_about(error, entity):
                what = f"see {SCHEMA[entity].noun} {quoted(row_id)}"
                denied = self._denial(what, owner=None, field=error.field, value=row_id)
                return NotPermittedError(denied, entity, row_id)
        return None

    def withheld(self, outcome: JsonObject) -> list[str]:
        """Return the fields that are empty in an answer because they are hidden, such as ``"Contract.value"``.

        Whether they would be empty anyway is not told: that is hidden, too.
        """
        shown = {entity for entity, unset in self._unset.items() if unset and _shows(outcome, SCHEMA[entity].id_field)}
        return sorted(f"{entity.value}.{name}" for entity in shown for name in self._unset[entity])

    # -----------------------------------------------------------------------------------------------------------------
    # What the tools ask

    def get(self, entity: Entity, row_id: str) -> Row | None:
        row = self._store.get(entity, row_id)
        if row is None:
            return None
        if not self._ownership.admits(self._role.grant(entity).read, entity, row):
            self._blocked.append((entity, row_id))
            return None
        return self._masked(entity, row)

    def check_search(self, query: Query) -> None:
        """Judge a search that somebody makes, by what it looks at.

        Raises:
            NotPermittedError: it asks for a hidden field, or sorts a page by one.
        """
        hidden = self._unset[query.entity]
        asked = [criterion.field for criterion in query.criteria]
        if query.limit is not None and query.order_by is not None:  # otherwise the order is the tool's own
            asked.append(query.order_by)
        for name in asked:
            if name in hidden:
                plural = SCHEMA[query.entity].plural
                denied = self._denial(f"search {plural} by `{name}`", owner=None, field=name)
                raise NotPermittedError(denied, query.entity)

    def select(self, query: Query) -> Selection:
        entity, hidden = query.entity, self._unset[query.entity]
        if any(criterion.field in hidden for criterion in query.criteria):  # empty in every row, so nothing fits
            return Selection([], 0)
        if query.order_by in hidden:
            query = query._replace(order_by=None)
        scope = self._role.grant(entity).read
        if scope is Scope.ALL:
            found = self._store.select(query)
            return found if not hidden else Selection([self._masked(entity, row) for row in found.rows], found.total)
        rows = self._store.select(query._replace(limit=None, offset=0)).rows
        seen = [row for row in rows if self._ownership.admits(scope, entity, row)]
        end = None if query.limit is None else query.offset + query.limit
        return Selection([self._masked(entity, row) for row in seen[query.offset : end]], len(seen))

    def write(self, entity: Entity, row_id: str, row: Row | None, *, cause: str) -> None:
        before = self._store.get(entity, row_id)
        if row is None:
            self._check_deletion(entity, row_id, before)
        elif before is None:
            self._check_creation(entity, row)
        else:
            self._check_hidden(entity, row_id, row)
            row = {**row, **{name: before[name] for name in self._unset[entity]}}
            self._check_change(entity, row_id, before, row)
        self._store.write(entity, row_id, row, cause=cause)

    def savepoint(self) -> int:
        return self._store.savepoint()

    def rollback(self, savepoint: int) -> None:
        self._store.rollback(savepoint)

    def journal(self) -> Sequence[Change]:
        return self._store.journal()

    # -----------------------------------------------------------------------------------------------------------------
    # Judging

    def _masked(self, entity: Entity, row: Row) -> Row:
        unset = self._unset[entity]
        return {**row, **unset} if unset else row

    def _check_hidden(self, entity: Entity, row_id: str, row: Row) -> None:
        """Refuse to set a hidden field, whatever it holds: a guess that hits must not differ from one that misses."""
        for name, empty in self._unset[entity].items():
            if row[name] != empty:
                what = f"set the `{name}` of {SCHEMA[entity].noun} {quoted(row_id)}"
                raise NotPermittedError(self._denial(what, owner=None, field=name), entity, row_id)

    def _check_deletion(self, entity: Entity, row_id: str, before: Row | None) -> None:
        if before is None:
            return
        self._check_scope("delete", self._role.grant(entity).delete, entity, row_id, before)
        if any(True for _ in dependents(self._store, entity, row_id)):  # those that a tool could see are gone by now
            what = f"delete {SCHEMA[entity].noun} {quoted(row_id)}, because of what else belongs to it"
            raise NotPermittedError(self._denial(what, owner=None), entity, row_id)

    def _check_creation(self, entity: Entity, row: Row) -> None:
        definition = SCHEMA[entity]
        self._check_scope("create", self._role.grant(entity).create, entity, None, row)
        for field_ in definition.given_fields:
            if field_.name in self._locked[entity] and (row[field_.name] != field_.default or field_.needed):
                what = f"set the `{field_.name}` of {definition.a_noun}"
                raise NotPermittedError(self._denial(what, owner=None, field=field_.name), entity)
        self._check_whole(Proposal(entity, None, row, _given(entity, row), self._around), None)

    def _check_change(self, entity: Entity, row_id: str, before: Row, row: Row) -> None:
        self._check_scope("change", self._role.grant(entity).change, entity, row_id, before)
        changed = [name for name in row if row[name] != before[name]]
        for name in changed:
            if name in self._locked[entity]:
                what = f"set the `{name}` of {SCHEMA[entity].noun} {quoted(row_id)}"
                owner = self._ownership.owner(entity, before)
                raise NotPermittedError(self._denial(what, owner=owner, field=name), entity, row_id)
        self._check_whole(Proposal(entity, before, row, changed, self._around), row_id)

    def _check_scope(self, verb: str, scope: Scope, entity: Entity, row_id: str | None, row: Row) -> None:
        if not self._ownership.admits(scope, entity, row):
            noun = SCHEMA[entity].a_noun if row_id is None else f"{SCHEMA[entity].noun} {quoted(row_id)}"
            owner = self._ownership.owner(entity, row)
            of = f" of {owner}" if owner and owner != self._actor.handle else ""
            raise NotPermittedError(self._denial(f"{verb} {noun}{of}", owner=owner), entity, row_id)

    def _check_whole(self, proposal: Proposal, row_id: str | None) -> None:
        """Judge a write over all records and fields; what it breaks among those in sight is the tool's affair."""
        error = check_row(proposal)
        if error is None:
            return
        entity, before, after = proposal.entity, proposal.before, proposal.after
        shown = dataclasses.replace(
            proposal,
            before=None if before is None else self._masked(entity, before),
            after=None if after is None else self._masked(entity, after),
        )
        if check_row(dataclasses.replace(shown, around=self._in_sight)) is not None:
            return
        what = "a field" if check_row(shown) is None else "a record"
        message = (
            f"this {SCHEMA[entity].noun} does not fit {what} that {self._actor.handle} may not see ({error.code.value})"
        )
        is_hidden = error.field in self._unset[entity]
        value = None if is_hidden or what == "a field" else error.value
        field = None if is_hidden else error.field
        raise NotPermittedError(
            ToolError(error.code, message, field, value, hint=f"ask {self._whom(None)}"), entity, row_id
        )

    def _denial(self, what: str, *, owner: str | None, field: str | None = None, value: object = None) -> ToolError:
        message = f"not permitted: {self._actor.handle} ({self._role.access} access) may not {what}"
        hint = f"ask {self._whom(owner)}"
        return ToolError(ErrorCode.PERMISSION_DENIED, message, field, kept(value), hint=hint)

    def _whom(self, owner: str | None) -> str:
        staff, me = self._around.staff, self._actor.handle
        managers = (member.handle for member in staff.values() if member.access == "manager")
        for handle in (self._role.ask, owner, *managers):
            if handle and handle in staff and handle != me:
                return f"{staff[handle].name} ({handle})"
        return "somebody with more access"


def _shows(value: object, id_field: str) -> bool:
    """Whether an answer holds a record of that id: records show it first."""
    if isinstance(value, Mapping):
        held = cast("Mapping[str, object]", value)
        return next(iter(held), None) == id_field or any(_shows(inner, id_field) for inner in held.values())
    return isinstance(value, list) and any(_shows(inner, id_field) for inner in cast("list[object]", value))


def _check_names(kind: str, names: Collection[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise UnknownNameError(kind, name, known)


def _is_about(error: ToolError, entity: Entity) -> bool:
    """Whether a not-found error speaks of that kind of record; its message always names the kind."""
    return f"no {SCHEMA[entity].noun} " in error.message


def _given(entity: Entity, row: Row) -> Collection[str]:
    return [one.name for one in SCHEMA[entity].given_fields if row[one.name] != one.default]


def _checked(entity: Entity, grant: Grant) -> Grant:
    definition = SCHEMA[entity]
    known = {one.name: one for one in definition.fields}
    for name in (*grant.hidden, *grant.locked):
        if name not in known:
            raise UnknownNameError(f"field of {definition.a_noun}", name, known)
    for name in grant.hidden:
        if known[name].kind in (FieldKind.ID, FieldKind.REFERENCE) or name in ("entity_type", "owner"):
            why = "refusals name whom to ask" if name == "owner" else "records are told by it"
            raise MisuseError(f"{entity.value}.{name} cannot be hidden: {why}; hide the record instead")
    return grant
