"""What an id or a handle that nobody has most likely means: asked only once a lookup has failed.

The rows around are looked at through the store that the call itself works on, so an error tells nothing that a search
would not. What is looked at is bounded: a few rows by id, one search in the ids, one by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Final

from atlas.core.errors import nearest_name
from atlas.crm.records import Actor, Entity, ErrorCode, Row, StaffMember, ToolError
from atlas.crm.schema import SCHEMA
from atlas.crm.store import Criterion, Operator, Query, Store
from atlas.crm.wording import kept, quoted

SEARCHES: Final[Mapping[Entity, str]] = {
    Entity.CLIENT: "client_search",
    Entity.CONTACT: "contact_search",
    Entity.OPPORTUNITY: "opportunity_search",
    Entity.QUOTE: "quote_search",
    Entity.CONTRACT: "contract_search",
    Entity.COMPANY: "company_search",
}
"""The tool that finds the records of each kind; notes and documents are found on the record that they belong to."""

_LONGEST_ID = 100  # characters of an unknown id that a guess is made from
_SHORTEST_PREFIX = 6  # characters of a cut id that one is found by
_HIGHEST = "\U0010ffff"  # sorts behind whatever an id goes on with
_MOST_NAMED = 3  # records that one hint names

_WRAPPING = " \t\r\n\"'`()[]{}<>#:=.,;\u00ab\u00b4\u00bb\u2018\u2019\u201c\u201d\u2026\u200b\ufeff"
_LABEL = re.compile(r"(?:[a-z]+[_ ])?(?:id|uuid|guid)\s*[:=#]\s*", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"[{<\[$].*[}>\]]|\$\w+|(?:the[_ ]|your[_ ]|some[_ ])?(?:[a-z]+[_ ])?(?:id|uuid)(?:[_ ]here|[_ ]?\d+)?"
    r"|unknown|none|null|n/?a|tbd|todo|undefined|\?+|x{3,}|placeholder",
    re.IGNORECASE,
)


def unknown_record(
    entity: Entity, row_id: object, argument: str, store: Store | None = None, *, hosts: Collection[str] = ()
) -> ToolError:
    """Return the error for an id that no record has.

    Args:
        entity: Kind of the record that is wanted.
        row_id: What was given for its id.
        argument: Name of the argument.
        store: The rows, to look at for what was meant; None gives the general hint.
        hosts: Where another argument says the kind of the record, the kinds that it may say.

    Example:
        >>> error = unknown_record(Entity.CLIENT, "c9", "client_id")
        >>> error.message, error.hint
        ("there is no client with `client_id` 'c9'", 'look the id up with client_search')
    """
    message = f"there is no {SCHEMA[entity].noun} with `{argument}` {quoted(row_id)}"
    guess = None
    if store is not None and isinstance(row_id, str) and len(row_id) <= _LONGEST_ID:
        guess = _guess(entity, row_id, hosts, store)
    return ToolError(ErrorCode.NOT_FOUND, message, argument, kept(row_id), hint=guess or _look_up(entity))


def unknown_colleague(argument: str, value: str, staff: Mapping[str, StaffMember], actor: Actor) -> ToolError:
    """Return the error for a handle that no colleague has.

    Args:
        argument: Name of the argument.
        value: What was given.
        staff: The colleagues by handle.
        actor: Who acts.
    """
    message = f"`{argument}` {quoted(value)} is not the handle of a colleague in the staff directory"
    search = "look handles up with staff_search"
    meant = _colleagues_meant(value, staff, actor)
    if len(meant) == 1:
        by_name = f" ({staff[meant[0]].name})" if meant[0] in staff and staff[meant[0]].name else ""
        search = f"did you mean {meant[0]!r}{by_name}? {search}"
    elif meant:
        handles = " or ".join(map(repr, meant[:_MOST_NAMED]))
        search = f"several colleagues are called so: did you mean {handles}? {search}"
    return ToolError(ErrorCode.NOT_FOUND, message, argument, kept(value), hint=search)


# ---------------------------------------------------------------------------------------------------------------------
# Records


def _guess(entity: Entity, given: str, hosts: Collection[str], store: Store) -> str | None:
    text = _LABEL.sub("", given.strip(_WRAPPING)).strip(_WRAPPING)
    if not text:
        return None
    for spelling in dict.fromkeys((text, text.casefold(), text.upper())):
        if spelling != given and store.get(entity, spelling) is not None:
            return f"did you mean {spelling!r}? give an id exactly as results show it"
        other = _other_kind(entity, spelling, hosts, store)
        if other is not None:
            return other
    return _cut_short(entity, text, store) or _called(entity, text, store) or _stands_in(entity, given)


def _other_kind(entity: Entity, text: str, hosts: Collection[str], store: Store) -> str | None:
    for kind in Entity:
        if kind is not entity and store.get(kind, text) is not None:
            return f"{quoted(text)} is the id of {SCHEMA[kind].a_noun}; {_way_from(kind, entity, text, hosts)}"
    return None


def _way_from(kind: Entity, wanted: Entity, text: str, hosts: Collection[str]) -> str:
    """How to come from a record of one kind to the id of another that was asked for."""
    there, here = SCHEMA[kind], SCHEMA[wanted]
    if kind.value in hosts:
        return f"give `entity_type` {kind.value} for it, or the id of {here.a_noun}"
    if any(field.name == here.id_field for field in there.fields[1:]):
        return f"that {there.noun} shows its `{here.id_field}`"
    if wanted in SEARCHES and any(field.name == there.id_field for field in here.fields[1:]):
        return f"{SEARCHES[wanted]} with `{there.id_field}` {quoted(text)} finds its {here.plural}"
    return _look_up(wanted)


def _cut_short(entity: Entity, text: str, store: Store) -> str | None:
    """Find the records whose ids start with ``text``."""
    if len(text) < _SHORTEST_PREFIX:
        return None
    id_field = SCHEMA[entity].id_field
    for start in dict.fromkeys((text, text.casefold())):
        found = store.select(Query(entity, _starting_with(id_field, start), limit=1))
        if found.total == 1:
            return f"did you mean {found.rows[0][id_field]!r}? give ids in full"
        if found.total:
            return f"the ids of {found.total} {SCHEMA[entity].plural} start so; give the id in full"
    return None


def _starting_with(id_field: str, start: str) -> tuple[Criterion, ...]:
    """The criteria of a prefix. The range alone says it; the part lets a store use an index of texts instead."""
    return (
        Criterion(id_field, Operator.CONTAINS, start),
        Criterion(id_field, Operator.GTE, start),
        Criterion(id_field, Operator.LTE, start + _HIGHEST),
    )


def _called(entity: Entity, text: str, store: Store) -> str | None:
    """Find the records that have ``text`` for their name."""
    rows = _named_so(entity, " ".join(text.split()), store)
    id_field = SCHEMA[entity].id_field
    if len(rows) == 1:
        return f"that is a name; did you mean {rows[0][id_field]!r}? records are told by their id"
    if rows:
        ids = ", ".join(repr(row[id_field]) for row in rows[:_MOST_NAMED])
        more = " and others" if len(rows) > _MOST_NAMED else ""
        return f"that is the name of several {SCHEMA[entity].plural}: {ids}{more}; give the id of the one you mean"
    return None


def _named_so(entity: Entity, text: str, store: Store) -> list[Row]:
    field = _NAME_FIELDS.get(entity)
    if field is None:
        return []
    first, _, last = text.rpartition(" ")
    wanted = last if entity is Entity.CONTACT else text
    query = Query(entity, (Criterion(field, Operator.EQUALS, wanted),), limit=_MOST_NAMED + 1)
    if entity is Entity.CONTACT and first:
        by_first = Criterion("first_name", Operator.EQUALS, first)
        query = query._replace(criteria=(*query.criteria, by_first))
    return list(store.select(query).rows)


_NAME_FIELDS: Final[Mapping[Entity, str]] = {
    Entity.CLIENT: "name",
    Entity.CONTACT: "last_name",
    Entity.OPPORTUNITY: "name",
    Entity.QUOTE: "quote_prefix",
    Entity.COMPANY: "name",
    Entity.DOCUMENT: "file_name",
}


def _stands_in(entity: Entity, given: str) -> str | None:
    if _PLACEHOLDER.fullmatch(given.strip()):
        return f"that stands in for an id; {_look_up(entity)}"
    return None


def _look_up(entity: Entity) -> str:
    if entity in SEARCHES:
        return f"look the id up with {SEARCHES[entity]}"
    return f"look the id up on the record that the {SCHEMA[entity].noun} belongs to"


# ---------------------------------------------------------------------------------------------------------------------
# Colleagues


def _colleagues_meant(value: str, staff: Mapping[str, StaffMember], actor: Actor) -> tuple[str, ...]:
    """The handles that ``value`` may mean: a handle spelled otherwise, an address, oneself, a name or part of it."""
    if len(value) > _LONGEST_ID:
        return ()
    text = " ".join(value.strip(_WRAPPING + "@").casefold().split())
    for tells in _TELLS:
        meant = tuple(handle for handle, member in staff.items() if tells(text, handle.casefold(), member))
        if meant:
            return meant
    if text in _ONESELF and actor.handle in staff:
        return (actor.handle,)
    near = nearest_name(value, staff)
    return (near,) if near else ()


_ONESELF: Final = ("me", "myself", "self", "i", "current_user", "current user", "actor", "my")
_TELLS: Final[tuple[Callable[[str, str, StaffMember], bool], ...]] = (
    lambda text, handle, member: text == handle,  # noqa: ARG005 - one shape for all
    lambda text, handle, member: text.partition("@")[0] == handle,  # noqa: ARG005 - one shape for all
    lambda text, handle, member: text == member.name.casefold(),  # noqa: ARG005 - one shape for all
    lambda text, handle, member: _same_words(text, member.name),  # noqa: ARG005 - one shape for all
    lambda text, handle, member: text in member.name.casefold().split(),  # noqa: ARG005 - one shape for all
)


def _same_words(text: str, name: str) -> bool:
    """Whether ``text`` is ``name`` with its words in another order: ``Okafor, Mara``."""
    return sorted(text.replace(",", " ").split()) == sorted(name.casefold().split())
