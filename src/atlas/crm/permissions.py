"""Who may see and change what: roles with row and field permissions, as data.

``atlas.crm.guard`` enforces a policy between the tools and the store, so it holds for every tool alike.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import field, replace
from typing import Final

from atlas.core.errors import UnknownNameError
from atlas.core.records import record
from atlas.crm.records import Entity


class Scope(enum.StrEnum):
    """Which records something is allowed for. What nobody owns is everybody's own."""

    ALL = "all"
    TERRITORY = "territory"
    """Own records, and those of clients in the colleague's own sales territory."""
    OWN = "own"
    NONE = "none"


@record
class Grant:
    """What is allowed for one kind of records.

    Whose a record is that has no owner of its own, see ``atlas.crm.ownership``.

    Attributes:
        read: Records that may be seen.
        create: Records that may be created, by what they would be then.
        change: Records that may be changed.
        delete: Records that may be deleted. Deleting takes along what belongs to a record, so that has to be allowed,
            too.
        hidden: Fields that are not shown, and cannot be set.
        locked: Fields that cannot be set; when a record is created, they stay empty.
    """

    read: Scope = Scope.ALL
    create: Scope = Scope.ALL
    change: Scope = Scope.ALL
    delete: Scope = Scope.ALL
    hidden: tuple[str, ...] = ()
    locked: tuple[str, ...] = ()


@record
class Role:
    """What colleagues with one kind of access may do.

    Attributes:
        access: The kind of access.
        usual: What is allowed for kinds of records that are not listed.
        entities: What is allowed for those that are.
        barred_tools: Tools that may not be used at all.
        ask: Handle of the colleague to ask for more; empty for the owner, or the first manager of the directory.
    """

    access: str
    usual: Grant = Grant()
    entities: Mapping[Entity, Grant] = field(default_factory=dict[Entity, Grant])
    barred_tools: tuple[str, ...] = ()
    ask: str = ""

    def grant(self, entity: Entity) -> Grant:
        """Return what is allowed for a kind of records."""
        return self.entities.get(entity, self.usual)


@record
class PermissionPolicy:
    """The roles of a company, one per kind of access.

    Attributes:
        roles: The roles.
    """

    roles: tuple[Role, ...]

    def role(self, access: str) -> Role:
        """Return the role of a kind of access.

        Raises:
            UnknownNameError: the policy has none for it.
        """
        for role in self.roles:
            if role.access == access:
                return role
        raise UnknownNameError("access", access, [role.access for role in self.roles])


@record
class DeniedAttempt:
    """Something that was tried and not permitted.

    Attributes:
        cause: The call, as ``"<number of the call>:<tool>"``.
        message: What was answered.
        entity: Kind of the record that it was about; None where it was about none.
        id: Its id; None where it was about none that exists.
        field: The field that it was about; None where it was about none.
    """

    cause: str
    message: str
    entity: Entity | None = None
    id: str | None = None
    field: str | None = None


# ---------------------------------------------------------------------------------------------------------------------
# Policies that come with Atlas

_FIGURES: Final[Mapping[Entity, tuple[str, ...]]] = {
    Entity.OPPORTUNITY: ("amount", "probability"),
    Entity.QUOTE: ("amount",),
    Entity.CONTRACT: ("value",),
}


def _rep(*, read: Scope, change: Scope) -> Role:
    usual = Grant(read, create=read, change=change, delete=Scope.OWN)
    contract = Grant(read, create=read, change=change, delete=Scope.NONE, locked=("value", "status"))
    return Role("rep", usual, {Entity.CONTRACT: contract})


def _reader(hidden: Mapping[Entity, tuple[str, ...]]) -> Role:
    nothing = Grant(create=Scope.NONE, change=Scope.NONE, delete=Scope.NONE)
    return Role("read-only", nothing, {entity: replace(nothing, hidden=names) for entity, names in hidden.items()})


_MANAGER: Final = Role("manager")

POLICIES: Final[Mapping[str, PermissionPolicy]] = {
    "public": PermissionPolicy((_rep(read=Scope.ALL, change=Scope.OWN), _MANAGER, _reader({}))),
    "territories": PermissionPolicy((_rep(read=Scope.TERRITORY, change=Scope.TERRITORY), _MANAGER, _reader({}))),
    "private": PermissionPolicy((_rep(read=Scope.OWN, change=Scope.OWN), _MANAGER, _reader(_FIGURES))),
}
"""``public``: everybody sees everything; reps add to any record, and change what they own.

``territories``: reps see and change their own records and those of clients in their territory.

``private``: reps see and change their own records only, and read-only colleagues see no figures.

In all three, managers may do everything; reps delete only what they own, and leave value and status of contracts to
managers.
"""
