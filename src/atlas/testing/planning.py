"""Draws the steps of a store check: calls that mostly succeed, mixed with wrong ones and with the store's own verbs.

Calls are derived from the JSON Schemas of the tools, so that a new tool is covered as soon as agents see it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast

from atlas.core.records import JsonObject
from atlas.crm.fields import FieldDef, FieldKind
from atlas.crm.records import Entity, Row, ToolSpec
from atlas.crm.respond import RESPOND
from atlas.crm.schema import SCHEMA
from atlas.crm.store import Operator
from atlas.crm.tools.registry import TOOL_SPECS
from atlas.crm.tools.search import operators_of
from atlas.crm.validation_rules import ValidationRule
from atlas.crm.wording import is_array, is_object
from atlas.testing.choosing import Chooser
from atlas.testing.plans import (
    Arguments,
    CallTool,
    Get,
    GoBack,
    Held,
    Known,
    LookAside,
    Mark,
    NextPage,
    Put,
    Remove,
    Select,
    SelectChanged,
    Sought,
    Step,
    Twist,
)
from atlas.testing.samples import DAYS, RULES, Ids, sample_id, sample_row, sample_text
from atlas.testing.worlds import STAFF

_WRONG: Final[tuple[object, ...]] = (
    "",
    None,
    " ",
    0,
    -1,
    True,
    1.005,
    10_000_000.01,
    "nonsense",
    "5",
    "2020-01-01",
    "2026-02-30",
    "draft",
    "a\x00b",
    "two\nlines",
    [],
    {},
    ["a"],
    {"in": []},
    {"equals": 1, "near": 2},
    float("nan"),
    float("inf"),
    10**30,
)
"""Values that some argument does not take; :mod:`atlas.testing.abuse` has the ones that are meant to hurt."""

_AMOUNTS = (9_500, 10_000, 9_999.5, 1, 10_000_000, 5)
_FILE_NAMES = ("proposal.pdf", "nda_signed.docx", "NDA.txt", "q3.XLSX", "plan b.csv", "\u00e9.ppt", "../x.pdf", "x.exe")
_EMAILS = (*(f"new{number}@example.com" for number in range(20)), "NEW1@example.com", "A@EXAMPLE.COM")
_WRAPPERS = ("criteria", "updates")
_CURSORS = ("", "nonsense", "MTA=")
_MOST_ROWS = 8  # that a limit or an offset is about
_NUMBERS = 11  # of records that a step may name; more than a company mostly has of a kind


def draw_row(chooser: Chooser, ids: Ids) -> tuple[Entity, Row]:
    """Return a row for a session to begin with; it may replace one of the company's."""
    entity = chooser.pick(tuple(Entity))
    return entity, sample_row(entity, sample_id(entity, chooser), chooser, ids)


def draw_setting(chooser: Chooser) -> tuple[str, tuple[ValidationRule, ...]]:
    """Return on whose behalf a sequence is played, and under which company rules."""
    actor = STAFF[-1] if chooser.one_in(20) else chooser.pick(STAFF[:-1])
    return actor.handle, chooser.some(RULES, 3) if chooser.one_in(3) else ()


def draw_step(chooser: Chooser, ids: Ids) -> Step:
    """Return one step.

    Args:
        chooser: Makes the choices.
        ids: Records that written rows mostly refer to.
    """
    if not chooser.one_in(3):
        return draw_call(chooser)
    return chooser.pick(_STEPS)(chooser, ids)


# ---------------------------------------------------------------------------------------------------------------------
# The store's own verbs


def _draw_select(chooser: Chooser, ids: Ids) -> Step:
    del ids
    entity = chooser.pick(tuple(Entity))
    fields = [field for field in SCHEMA[entity].fields if field.kind is not FieldKind.NAMES]
    return Select(
        entity,
        tuple(_draw_sought(entity, field, chooser) for field in _draw_fields(fields, chooser)),
        order_by=chooser.pick(fields).name if chooser.one_in(2) else None,
        descending=chooser.one_in(2),
        limit=chooser.number(0, _MOST_ROWS) if chooser.one_in(2) else None,
        offset=chooser.number(0, _MOST_ROWS) if chooser.one_in(3) else 0,
    )


def _draw_fields(fields: Sequence[FieldDef], chooser: Chooser) -> Sequence[FieldDef]:
    """Up to two fields; those with an order are few, and are preferred now and then."""
    ordered = [field for field in fields if Operator.GTE in operators_of(field)]
    return chooser.some(ordered if ordered and chooser.one_in(3) else fields, 2)


def _draw_select_changed(chooser: Chooser, ids: Ids) -> Step:
    del ids
    return SelectChanged(
        chooser.number(0, 2), chooser.number(0, 8), before=chooser.one_in(3), twist=chooser.pick(tuple(Twist))
    )


def _draw_sought(entity: Entity, field: FieldDef, chooser: Chooser) -> Sought:
    operator = chooser.pick(operators_of(field))
    if operator is Operator.EMPTY:
        return Sought(field.name, operator, (chooser.pick((1, 0)),))
    operands = [_draw_operand(entity, field, chooser) for _ in range(chooser.number(1, 3))]
    return Sought(field.name, operator, tuple(operands if operator is Operator.IN else operands[:1]))


def _draw_operand(entity: Entity, field: FieldDef, chooser: Chooser) -> object:
    if not chooser.one_in(4):
        timed = field.kind in (FieldKind.DATE, FieldKind.TIMESTAMP)  # their letters have one case only
        twist = Twist.NONE if timed else chooser.pick(tuple(Twist))
        return Held(entity, field.name, chooser.number(0, _NUMBERS), twist)
    if field.kind in (FieldKind.MONEY, FieldKind.WHOLE_NUMBER):
        return chooser.pick((50, 1_000_000, 0, 10**12))
    return chooser.pick(DAYS) if field.kind is FieldKind.DATE else sample_text(chooser)


def _draw_get(chooser: Chooser, ids: Ids) -> Step:
    del ids
    entity = chooser.pick(tuple(Entity))
    return Get(entity, _draw_record(entity, chooser))


def _draw_put(chooser: Chooser, ids: Ids) -> Step:
    entity = chooser.pick(tuple(Entity))
    if chooser.one_in(4):
        return Put(entity, _draw_record(entity, chooser), None)
    row_id = sample_id(entity, chooser)
    return Put(entity, row_id, sample_row(entity, row_id, chooser, ids))


def _draw_remove(chooser: Chooser, ids: Ids) -> Step:
    del ids
    entity = chooser.pick(tuple(Entity))
    return Remove(entity, _draw_record(entity, chooser))


def _draw_record(entity: Entity, chooser: Chooser) -> Known | str:
    return sample_id(entity, chooser) if chooser.one_in(6) else Known(entity, chooser.number(0, _NUMBERS))


_STEPS: tuple[Callable[[Chooser, Ids], Step], ...] = (
    _draw_select,
    _draw_get,
    _draw_put,
    _draw_remove,
    lambda chooser, ids: Mark(),  # noqa: ARG005 - one shape for all
    lambda chooser, ids: GoBack(chooser.number(0, 3)),  # noqa: ARG005 - one shape for all
    _draw_select,
    _draw_select_changed,
    lambda chooser, ids: NextPage(),  # noqa: ARG005 - one shape for all
    lambda chooser, ids: Mark(),  # noqa: ARG005 - marks are worth twice as much as one step back
    lambda chooser, ids: LookAside() if chooser.one_in(4) else NextPage(),  # noqa: ARG005 - one shape for all
)


# ---------------------------------------------------------------------------------------------------------------------
# Calls, by the schemas of the tools


def draw_call(chooser: Chooser, specs: Sequence[ToolSpec] = TOOL_SPECS) -> CallTool:
    """Return a call of one of the tools, mostly with arguments that its schema allows."""
    spec = chooser.pick([spec for spec in specs if spec.name != RESPOND.name])
    if chooser.one_in(60):
        return CallTool(f"{spec.name}s", {})
    return CallTool(spec.name, _draw_arguments(spec, chooser))


def _draw_arguments(spec: ToolSpec, chooser: Chooser) -> Arguments:
    properties = _schema(spec.parameters["properties"])
    required = cast("Sequence[str]", spec.parameters.get("required", ()))
    searches = "criteria" in properties
    target = chooser.pick(tuple(Entity))  # what `entity_id` leads to, where `entity_type` does not say
    given: dict[str, object] = {}
    for name in properties:
        if name in _WRAPPERS or not _is_given(name, chooser, required=name in required, searches=searches):
            continue
        if name == "entity_id":
            target = Entity(cast("str", given.get("entity_type", target))) if _is_kind(given) else target
            given[name] = _draw_record(target, chooser)
        else:
            given[name] = _draw_value(name, _schema(properties[name]), chooser, properties)
        if chooser.one_in(_ONE_WRONG_IN):
            given[name] = chooser.pick(_WRONG)
    if chooser.one_in(_ONE_UNKNOWN_IN):
        given[chooser.pick(("nonsense", "clientid", "Name", "id"))] = "x"
    return _wrapped(given, properties, required, chooser)


_ONE_WRONG_IN = 30  # arguments
_ONE_UNKNOWN_IN = 40  # calls


def _is_kind(given: Arguments) -> bool:
    return any(given.get("entity_type") == entity.value for entity in Entity)  # it may be a wrong value of any type


def _is_given(name: str, chooser: Chooser, *, required: bool, searches: bool) -> bool:
    if required:
        return not chooser.one_in(40)
    if name in ("limit", "order_by"):
        return chooser.one_in(2)
    if name == "cursor":
        return chooser.one_in(30)
    return chooser.one_in(7 if searches else 3)


def _wrapped(given: Arguments, properties: Arguments, required: Sequence[str], chooser: Chooser) -> Arguments:
    """The same arguments, sometimes with the optional ones inside ``criteria`` or ``updates``."""
    wrapper = next((name for name in _WRAPPERS if name in properties), None)
    if wrapper is None or not chooser.one_in(3):
        return given
    outside = {*required, "limit", "order_by", "cursor"}
    inside = {name: value for name, value in given.items() if name not in outside}
    return {**{name: value for name, value in given.items() if name in outside}, wrapper: inside}


def _draw_value(name: str, schema: JsonObject, chooser: Chooser, properties: Arguments) -> object:
    choices = schema.get("anyOf")
    if is_array(choices):
        return _draw_criterion(name, [_schema(choice) for choice in choices], chooser, properties)
    if name == "order_by":
        return chooser.pick(("", "-")) + chooser.pick([*(key for key in properties if key not in _PAGING), "nonsense"])
    if name in _SMALL:
        return chooser.pick(_SMALL[name])
    allowed = schema.get("enum")
    if is_array(allowed):
        return chooser.pick(allowed)
    return _draw_typed(name, schema, chooser)


_SMALL: Mapping[str, tuple[object, ...]] = {"cursor": _CURSORS, "limit": (2, 1, 3, 200)}
_PAGING = frozenset({"limit", "order_by", "cursor", *_WRAPPERS})


def _draw_criterion(name: str, choices: Sequence[JsonObject], chooser: Chooser, properties: Arguments) -> object:
    plain = choices[0]
    if not chooser.one_in(2):
        return _draw_value(name, plain, chooser, properties)
    operators = _schema(choices[-1].get("properties"))
    return {
        operator: _draw_value(name, _schema(operators[operator]), chooser, properties)
        for operator in chooser.some(list(operators), 2)
    }


def _draw_typed(name: str, schema: JsonObject, chooser: Chooser) -> object:
    kind = schema.get("type")
    if kind == "array":
        items = _schema(schema.get("items"))
        item = name.removesuffix("s") if name.endswith("_ids") else name
        return [_draw_value(item, items, chooser, {}) for _ in range(chooser.number(1, 3))]
    if kind == "integer":
        return chooser.number(cast("int", schema.get("minimum", 0)), min(cast("int", schema.get("maximum", 9)), 99))
    if kind == "number":
        return chooser.pick(_AMOUNTS)
    if kind == "boolean":
        return chooser.one_in(2)
    if kind == "object":
        return {}
    return _draw_text(name, cast("str | None", schema.get("format")), chooser)


def _draw_text(name: str, form: str | None, chooser: Chooser) -> object:
    if name in _BY_ID_FIELD:
        return _draw_record(_BY_ID_FIELD[name], chooser)
    makers: Mapping[str, tuple[str, ...]] = {
        "date": DAYS,
        "email": _EMAILS,
        "uri": ("https://example.com/b",),
        "file_name": _FILE_NAMES,
        "owner": _HANDLES,
        "handle": _HANDLES,
    }
    options = makers.get(form or name) or makers.get(name)
    if options is not None:
        return chooser.pick(options)
    holders = _HOLDERS.get(name, ())
    if holders and chooser.one_in(2):
        return Held(chooser.pick(holders), name, chooser.number(0, _NUMBERS), chooser.pick(tuple(Twist)))
    return sample_text(chooser)


_HANDLES = (*(member.handle for member in STAFF), "nobody")
_BY_ID_FIELD: Mapping[str, Entity] = {definition.id_field: entity for entity, definition in SCHEMA.items()}
_HOLDERS: Mapping[str, tuple[Entity, ...]] = {
    name: tuple(entity for entity, definition in SCHEMA.items() if name in {field.name for field in definition.fields})
    for name in sorted({field.name for definition in SCHEMA.values() for field in definition.fields})
}


def _schema(value: object) -> JsonObject:
    """``value`` as a JSON Schema, or as what holds schemas by name."""
    return value if is_object(value) else {}
