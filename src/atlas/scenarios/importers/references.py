"""``{{turn_N.field}}``: what an earlier turn gave, filled into texts; and placeholders that nobody ever filled.

A result that is a list stands for its first element. A result of several records (details, comparisons) is searched
from the outside in: its own fields, then the records in it in order, then the first record of each list in it. What is
not found, or is empty, leaves the text as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from atlas.core.canonical import canonical_json
from atlas.core.records import JsonObject, record
from atlas.crm.wording import is_array, is_object

_REFERENCE = re.compile(r"\{\{\s*turn_(\d{1,6})\.([^{}\s]+)\s*\}\}")
_PLACEHOLDER = re.compile(r"\{\{\s*[A-Za-z_][^{}\n]{0,60}\}\}|\{[A-Za-z_]\w{0,60}\}")

RESULTS = "results"  # under which a search result keeps its list

Resolve: TypeAlias = Callable[[int, str], object]
"""From the number of a turn and a field to what it holds, None where it holds nothing."""


@record
class Place:
    """A text inside arguments.

    Attributes:
        path: Where it stands: names and places in lists, from the outside in.
        text: The part of it that is meant.
    """

    path: tuple[str, ...]
    text: str

    @property
    def argument(self) -> str:
        """Where it stands, as one text, such as ``"criteria.first_name"``."""
        return ".".join(self.path)


@record
class Filled:
    """Arguments with every reference filled that could be.

    Attributes:
        value: The arguments.
        unresolved: The references that are still there.
    """

    value: object
    unresolved: tuple[Place, ...]


def fill(value: object, results: Mapping[int, JsonObject]) -> Filled:
    """Return ``value`` with its references filled from the results of earlier turns.

    A text that is nothing but one reference takes the value with its type; inside a longer text it is spelled out.

    Args:
        value: JSON data, nested to any depth.
        results: By number of the turn, what its call returned; turns without a result are left out.

    Example:
        >>> results = {1: {"results": [{"client_id": "c1", "name": "Halden"}], "total": 1}}
        >>> fill({"id": "{{turn_1.client_id}}", "note": "For {{turn_1.name}}, {{turn_2.name}}"}, results)
        Filled(value={'id': 'c1', 'note': 'For Halden, {{turn_2.name}}'}, \
unresolved=(Place(path=('note',), text='{{turn_2.name}}'),))
    """
    unresolved: list[Place] = []

    def resolve(turn: int, field: str) -> object:
        return look_up(results[turn], field) if turn in results else None

    filled = _filled(value, resolve, (), unresolved)
    return Filled(filled, tuple(unresolved))


def spell(text: str, resolve: Resolve) -> str:
    """Return ``text`` with its references spelled out; one without a value stays as it is.

    Args:
        text: What a user says.
        resolve: Takes the number of a turn and a field, and returns the value, None where there is none.

    Example:
        >>> spell("Show {{turn_1.id}} and {{turn_2.id}}", lambda turn, field: "q1" if turn == 1 else None)
        'Show q1 and {{turn_2.id}}'
    """
    unresolved: list[Place] = []
    return _spelled(text, resolve, (), unresolved)


def look_up(result: JsonObject, field: str) -> object:
    """Return what ``field`` of a result holds, None where it holds nothing.

    Args:
        result: What a call returned.
        field: Name of a field, or a path to one: ``"opportunity.name"``, ``"results.1.amount"``.

    Example:
        >>> details = {"opportunity": {"name": "Big"}, "client": {"name": "Halden", "phone": "1"}, "quotes": []}
        >>> look_up(details, "name"), look_up(details, "phone"), look_up(details, "client.name")
        ('Big', '1', 'Halden')
    """
    listed = result.get(RESULTS)
    if is_array(listed) and listed and is_object(listed[0]):
        holder = _holder(listed[0], field)
        if holder is not None:
            return _follow(holder, field)
    holder = _holder(result, field)
    return None if holder is None else _follow(holder, field)


def placeholders(text: str) -> tuple[str, ...]:
    """Return the placeholders of a text that are no references to a turn, in order.

    Example:
        >>> placeholders("Find {stage} deals of {{company_name}} as in {{turn_1.name}}")
        ('{stage}', '{{company_name}}')
    """
    return tuple(found for found in _PLACEHOLDER.findall(text) if not _REFERENCE.fullmatch(found))


def places_of_placeholders(value: object) -> tuple[Place, ...]:
    """Return where arguments hold placeholders.

    Example:
        >>> places_of_placeholders({"criteria": {"name": "{{company_name}}"}})[0].argument
        'criteria.name'
    """
    return tuple(
        Place(path, found) for path, leaf in leaves(value) if isinstance(leaf, str) for found in placeholders(leaf)
    )


def leaves(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Yield every value inside ``value`` that is no object and no list, with its path, in order.

    Example:
        >>> list(leaves({"a": [1, {"b": "x"}]}))
        [(('a', '0'), 1), (('a', '1', 'b'), 'x')]
    """
    if is_object(value):
        for name, item in value.items():
            yield from leaves(item, (*path, name))
    elif is_array(value):
        for place, item in enumerate(value):
            yield from leaves(item, (*path, str(place)))
    else:
        yield path, value


def _filled(value: object, resolve: Resolve, path: tuple[str, ...], unresolved: list[Place]) -> object:
    if isinstance(value, str):
        whole = _REFERENCE.fullmatch(value)
        if whole is None:
            return _spelled(value, resolve, path, unresolved)
        found = _resolved(whole, resolve, path, unresolved)
        return value if found is None else found
    if is_object(value):
        return {name: _filled(item, resolve, (*path, name), unresolved) for name, item in value.items()}
    if is_array(value):
        return [_filled(item, resolve, (*path, str(place)), unresolved) for place, item in enumerate(value)]
    return value


def _spelled(text: str, resolve: Resolve, path: tuple[str, ...], unresolved: list[Place]) -> str:
    def spelled(match: re.Match[str]) -> str:
        value = _resolved(match, resolve, path, unresolved)
        if value is None:
            return match[0]
        return value if isinstance(value, str) else canonical_json(value)

    return _REFERENCE.sub(spelled, text)


def _resolved(match: re.Match[str], resolve: Resolve, path: tuple[str, ...], unresolved: list[Place]) -> object:
    value = resolve(int(match[1]), match[2])
    if value is None:
        unresolved.append(Place(path, match[0]))
    return value


def _holder(data: JsonObject, path: str) -> JsonObject | None:
    """The first object, from the outside in, that has the field with which ``path`` begins."""
    if path.partition(".")[0] in data:
        return data
    below = [item for item in data.values() if is_object(item)]
    below += [item[0] for item in data.values() if is_array(item) and item and is_object(item[0])]
    return next((found for item in below if (found := _holder(item, path)) is not None), None)


def _follow(value: object, path: str) -> object:
    for name in path.split("."):
        if is_array(value) and not name.isdecimal():
            value = value[0] if value else None
        if is_object(value):
            value = value.get(name)
        elif is_array(value):
            value = value[int(name)] if int(name) < len(value) else None
        else:
            return None
    return value
