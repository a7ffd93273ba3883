"""Records: frozen, slotted dataclasses with one JSON form.

A record is written with :func:`as_json` and read back by ``atlas.settings.parsing.parse_record``, which rejects unknown
keys because every record forbids them.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TypeAlias, TypeVar, cast, dataclass_transform

JsonObject: TypeAlias = Mapping[str, object]
"""A JSON object; its values are JSON values (or records, before :func:`as_json`)."""

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def record(cls: type[T]) -> type[T]:
    """Make ``cls`` a record: a frozen, slotted dataclass that no parser fills with unknown keys."""
    made = dataclasses.dataclass(frozen=True, slots=True)(cls)
    made.__pydantic_config__ = {"extra": "forbid", "arbitrary_types_allowed": False}  # type: ignore[attr-defined]
    return made


def as_json(value: object) -> object:
    """Return ``value`` as plain JSON data: dicts, lists, strings, numbers, booleans, None.

    Records become objects with their field names, enums their values, dates and times ISO 8601 texts, tuples and sets
    lists (sets sorted).

    Raises:
        TypeError: a part of ``value`` has no JSON form.

    Example:
        >>> as_json({"day": date(2026, 3, 2), "pair": (1, 2)})
        {'day': '2026-03-02', 'pair': [1, 2]}
    """
    kind = type(value)
    if kind in _PLAIN:
        return value
    convert = _converter_of(kind)
    if convert is None:
        raise TypeError(f"{kind.__name__} has no JSON form: {value!r}")
    return convert(value)


@functools.cache
def _converter_of(kind: type) -> Callable[[object], object] | None:
    """Return what turns a value of ``kind`` into JSON data; found once per kind, because memories hold many records."""
    if dataclasses.is_dataclass(kind):
        return _record_converter(tuple(field.name for field in dataclasses.fields(kind)))
    for kinds, convert in _CONVERTERS:
        if issubclass(kind, kinds):
            return convert
    return None


def _record_converter(names: tuple[str, ...]) -> Callable[[object], object]:
    return lambda value: {name: as_json(getattr(value, name)) for name in names}


def _same(value: object) -> object:
    return value


def _mapping_as_json(value: object) -> object:
    return {str(key): as_json(item) for key, item in cast("Mapping[object, object]", value).items()}


def _sequence_as_json(value: object) -> object:
    return [as_json(item) for item in cast("tuple[object, ...]", value)]


def _set_as_json(value: object) -> object:
    return sorted((as_json(item) for item in cast("set[object]", value)), key=str)


def _time_as_json(value: object) -> object:
    return cast("date", value).isoformat()


def _enum_as_json(value: object) -> object:
    return cast("enum.Enum", value).value


_CONVERTERS: tuple[tuple[type | tuple[type, ...], Callable[[object], object]], ...] = (
    (enum.Enum, _enum_as_json),  # first, because a member may be a text or a number as well
    ((str, int, float), _same),
    (Mapping, _mapping_as_json),
    ((tuple, list), _sequence_as_json),
    ((set, frozenset), _set_as_json),
    ((date, datetime), _time_as_json),
)
_PLAIN = frozenset((type(None), bool, str, int, float))
