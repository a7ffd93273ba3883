"""Searching: criteria with typed operators, an order, a limit; the same for every kind of record.

A criterion is a value or an object of operators. A plain value means *contains* for texts (names, addresses, notes,
e-mail addresses, file names) and *equals* for everything else. Texts are compared without regard to case; values of
enums are exact. Without ``order_by``, results come in the order of their ids.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias, cast

from atlas.core.money import to_cents
from atlas.core.records import JsonObject
from atlas.crm.fields import FieldDef, FieldKind
from atlas.crm.indexes import Order
from atlas.crm.records import Entity, ErrorCode, ToolError, ToolSpec
from atlas.crm.rules.arguments import ArgumentForm, unknown_operator, unknown_order
from atlas.crm.rules.readings import as_number, number_meant
from atlas.crm.rules.values import enum_error, number_error, parse_day, text_error, wrong_type
from atlas.crm.schema import SCHEMA, show_row
from atlas.crm.store import Criterion, Operator, Query
from atlas.crm.tools.definition import Outcome, Tool, example_of, unwrapped
from atlas.crm.tools.json_schema import object_schema, value_schema
from atlas.crm.wording import is_array, is_object, kept, quoted
from atlas.crm.workbench import Workbench

CRITERIA = "criteria"
ORDER_BY = "order_by"
LIMIT = "limit"
CURSOR = "cursor"
DEFAULT_LIMIT = 50  # results
MAX_LIMIT = 200  # results

_MAX_CHOICES = 100  # values of one `in`
_NO_CRITERION = "lists are shown in results, but cannot be searched"
_LARGEST_BOUND = 1e12  # currency units; more means nothing in a search
_CURSOR_TEXT = re.compile(r"([1-9][0-9]{0,8})-([0-9a-f]{12})")
_LONGEST_TEXT = 4_000  # characters of a text that is searched for

_TEXT_KINDS = frozenset({FieldKind.NAME, FieldKind.TEXT, FieldKind.EMAIL, FieldKind.URL, FieldKind.FILE_NAME})
_ORDERED_KINDS = frozenset({FieldKind.MONEY, FieldKind.WHOLE_NUMBER, FieldKind.DATE, FieldKind.TIMESTAMP})

Operand: TypeAlias = "str | int"
CheckOperand: TypeAlias = Callable[[object], "Operand | ToolError"]


def operators_of(field: FieldDef) -> tuple[Operator, ...]:
    """Return the operators that criteria on ``field`` may use; the first one is meant by a plain value."""
    if field.kind in _TEXT_KINDS:
        return Operator.CONTAINS, Operator.EQUALS, Operator.IN, Operator.EMPTY
    if field.kind is FieldKind.STAFF:
        return Operator.EQUALS, Operator.CONTAINS, Operator.IN, Operator.EMPTY
    if field.kind is FieldKind.TIMESTAMP:
        return Operator.EQUALS, Operator.GTE, Operator.LTE, Operator.EMPTY
    if field.kind in _ORDERED_KINDS:
        return Operator.EQUALS, Operator.GTE, Operator.LTE, Operator.IN, Operator.EMPTY
    return Operator.EQUALS, Operator.IN, Operator.EMPTY


class Search(NamedTuple):
    """What a call of a search tool asks for.

    Attributes:
        criteria: The conditions, in schema order.
        order: Field to sort by and direction.
        limit: Most results.
        offset: How many results earlier pages have shown.
    """

    criteria: tuple[Criterion, ...]
    order: Order
    limit: int
    offset: int = 0


class SearchForm:
    """The criteria, order and page of one search tool, ready to be checked against.

    Args:
        tool: Name of the tool, for messages.
        fields: The fields of what is searched.
        paged: Whether the tool takes an order, a limit and a cursor.
        owner: Word that people put in front of a field's name, such as ``opportunity``.
    """

    def __init__(self, tool: str, fields: Iterable[FieldDef], *, paged: bool = True, owner: str = "") -> None:
        given = tuple(fields)
        self.fields = tuple(field for field in given if field.kind is not FieldKind.NAMES)
        self._tool = tool
        self._paged = paged
        self._conditions = tuple(_Conditions(field) for field in self.fields)
        self._sortable = tuple(field.name for field in self.fields)
        paging = (ORDER_BY, LIMIT, CURSOR) if paged else ()
        self._form = ArgumentForm(
            tool,
            (),
            others=(*(field.name for field in self.fields), CRITERIA, *paging),
            withheld={field.name: _NO_CRITERION for field in given if field.kind is FieldKind.NAMES},
            owner=owner,
        )
        self._names = frozenset(self._form.names)
        self._example = example_of(self.fields)

    def parse(self, arguments: object) -> Search | ToolError:
        """Return what is asked for, or the first error."""
        flat = unwrapped(arguments, CRITERIA, self._example)
        if isinstance(flat, ToolError):
            return flat
        if not flat.keys() <= self._names:
            return self._form.unknown(next(name for name in flat if name not in self._names))
        criteria: list[Criterion] = []
        for conditions in self._conditions:
            given = flat.get(conditions.name)
            if given is not None:
                parsed = conditions.parse(given)
                if isinstance(parsed, ToolError):
                    return parsed
                criteria += parsed
        return self._parse_page(flat, tuple(criteria))

    def next_cursor(self, search: Search, shown: int, total: int) -> str | None:
        """Return what leads to the results behind those that are shown, None where there are no more.

        A cursor counts results: records that are written between two pages may shift what the next one shows.

        Args:
            search: The search.
            shown: How many results this page holds.
            total: How many there are in all.
        """
        reached = search.offset + shown
        return f"{reached}-{self._fingerprint(search)}" if shown and reached < total else None

    def _parse_page(self, flat: JsonObject, criteria: tuple[Criterion, ...]) -> Search | ToolError:
        order = self._parse_order(flat.get(ORDER_BY))
        if isinstance(order, ToolError):
            return order
        limit = _parse_limit(flat.get(LIMIT))
        if isinstance(limit, ToolError):
            return limit
        search = Search(criteria, order, limit)
        cursor = flat.get(CURSOR)
        if cursor is None:
            return search
        offset = self._parse_cursor(cursor, search)
        return offset if isinstance(offset, ToolError) else search._replace(offset=offset)

    def _parse_cursor(self, given: object, search: Search) -> int | ToolError:
        if not isinstance(given, str):
            return wrong_type(CURSOR, given, "the text that `next_cursor` of a result holds")
        matched = _CURSOR_TEXT.fullmatch(given)
        if matched is None:
            message = f"`{CURSOR}` {quoted(given)} is no cursor; take `next_cursor` of the result before, as it is"
            return ToolError(ErrorCode.INVALID_FORMAT, message, CURSOR, kept(given))
        if matched[2] != self._fingerprint(search):
            message = f"`{CURSOR}` {quoted(given)} belongs to another search; criteria and order stay the same"
            hint = "leave the cursor out to start this search from its first result"
            return ToolError(ErrorCode.MISMATCH, message, CURSOR, kept(given), hint=hint)
        return int(matched[1])

    def _fingerprint(self, search: Search) -> str:
        asked = repr((self._tool, search.criteria, search.order))
        return hashlib.blake2b(asked.encode(), digest_size=6).hexdigest()

    def schema(self) -> JsonObject:
        """Return the JSON Schema of the arguments."""
        properties: dict[str, JsonObject] = {CRITERIA: _CRITERIA_SCHEMA}
        properties |= {field.name: _criterion_schema(field) for field in self.fields}
        if self._paged:
            properties[ORDER_BY] = {
                "type": "string",
                "description": f"Field to sort by, with a leading - for descending: {', '.join(self._sortable)}.",
            }
            properties[LIMIT] = {
                "type": "integer",
                "minimum": 1,
                "maximum": MAX_LIMIT,
                "default": DEFAULT_LIMIT,
                "description": "Most results to return; `total` tells how many there are.",
            }
            properties[CURSOR] = {
                "type": "string",
                "description": "`next_cursor` of the result before, for the results behind it; all else unchanged.",
            }
        return object_schema(properties)

    def _parse_order(self, given: object) -> Order | ToolError:
        if given is None:
            return None, False
        if not isinstance(given, str):
            return wrong_type(ORDER_BY, given, "the name of a field")
        name = given.removeprefix("-")
        if name in self._sortable:
            return name, given != name
        return unknown_order(ORDER_BY, given, self._sortable)


class _Conditions:
    """The criteria on one field."""

    def __init__(self, field: FieldDef) -> None:
        self.name = field.name
        self._operators = operators_of(field)
        self._plain = self._operators[0]
        self._check = _operand_check(field)
        self._is_time = field.kind is FieldKind.TIMESTAMP
        self._choices_allowed = frozenset(field.allowed)

    def parse(self, given: object) -> Sequence[Criterion] | ToolError:
        if not is_object(given):
            parsed = self._one(self._plain, given)
            if isinstance(parsed, ToolError):
                return dataclasses.replace(parsed, hint=self._hint(given) or parsed.hint)
            return parsed
        if not given:
            names = ", ".join(self._operators)
            return ToolError(ErrorCode.BLANK, f"`{self.name}` has no operator; allowed: {names}", self.name)
        criteria: list[Criterion] = []
        for name in given:
            if name not in self._operators:
                return self._unknown(name)
        for operator in self._operators:
            if operator in given:
                parsed = self._one(operator, given[operator])
                if isinstance(parsed, ToolError):
                    return parsed
                criteria += parsed
        return criteria

    def _hint(self, given: object) -> str | None:
        """What a value that cannot be searched for means, where operators say it."""
        if is_array(given):
            return f'to find any of several values, write {{"in": {_as_json(given)}}}'
        if not isinstance(given, str) or len(given) > _LONGEST_TEXT:
            return None
        compared = _COMPARED.fullmatch(given)
        if compared is not None and Operator.GTE in self._operators:
            bound = number_meant(compared[2])
            operator = Operator.GTE if compared[1].startswith(">") else Operator.LTE
            if bound is not None:
                return f'write {{"{operator}": {as_number(bound)}}}; the bound itself is included'
        several = [part.strip() for part in _SEPARATORS.split(given)]
        if self._choices_allowed and len(several) > 1 and set(several) <= self._choices_allowed:
            return f'to find any of several values, write {{"in": {_as_json(several)}}}'
        return None

    def _one(self, operator: Operator, given: object) -> Sequence[Criterion] | ToolError:
        if operator is Operator.IN:
            return self._choices(given)
        if operator is Operator.EMPTY:
            return self._emptiness(given)
        operand = self._check(given)
        if isinstance(operand, ToolError):
            return operand
        if self._is_time:
            return self._times(operator, cast("str", operand))
        return (Criterion(self.name, operator, operand),)

    def _times(self, operator: Operator, day: str) -> Sequence[Criterion]:
        """A day means all of it."""
        first = Criterion(self.name, Operator.GTE, day)
        last = Criterion(self.name, Operator.LTE, f"{day}U")  # behind every time of the day: "T" sorts before "U"
        return {Operator.GTE: (first,), Operator.LTE: (last,)}.get(operator, (first, last))

    def _choices(self, given: object) -> Sequence[Criterion] | ToolError:
        if not is_array(given):
            return wrong_type(self.name, given, "a list behind `in`")
        if not given or len(given) > _MAX_CHOICES:
            message = f"`in` of `{self.name}` takes 1 to {_MAX_CHOICES} values, got {len(given)}"
            return ToolError(ErrorCode.OUT_OF_RANGE, message, self.name)
        operands: list[Operand] = []
        for item in given:
            operand = self._check(item)
            if isinstance(operand, ToolError):
                return operand
            operands.append(operand)
        return (Criterion(self.name, Operator.IN, tuple(operands)),)

    def _emptiness(self, given: object) -> Sequence[Criterion] | ToolError:
        if not isinstance(given, bool):
            return wrong_type(self.name, given, "true or false behind `empty`")
        return (Criterion(self.name, Operator.EMPTY, int(given)),)

    def _unknown(self, name: object) -> ToolError:
        return unknown_operator(self.name, name, self._operators)


_COMPARED = re.compile(r"\s*(>=?|<=?)\s*(.+)")
_SEPARATORS = re.compile(r",|;|\||/|\bor\b|\band\b")


def _as_json(values: Sequence[object]) -> str:
    if not 0 < len(values) <= _MOST_SHOWN:
        return "[...]"
    short = all(isinstance(value, str) and len(value) <= _LONGEST_SHOWN for value in values)
    return json.dumps(list(values)) if short else "[...]"


_MOST_SHOWN = 10  # values of a list that a hint shows
_LONGEST_SHOWN = 50  # characters of one of them


def search_tool(name: str, entity: Entity, description: str) -> Tool:
    """Return a tool that finds records."""
    definition = SCHEMA[entity]
    form = SearchForm(name, definition.fields, owner=definition.noun)

    def run(bench: Workbench, arguments: JsonObject) -> Outcome:
        parsed = form.parse(arguments)
        if isinstance(parsed, ToolError):
            return parsed
        criteria, (order_by, descending), limit, offset = parsed
        found = bench.select(Query(entity, criteria, order_by, descending, limit, offset))
        return {
            "results": [show_row(entity, row) for row in found.rows],
            "total": found.total,
            "next_cursor": form.next_cursor(parsed, len(found.rows), found.total),
        }

    spec = ToolSpec(name, description, form.schema())
    returns = (
        f"`results`, the {definition.plural} found; `total`, how many there are in all; `next_cursor`, null at the end."
    )
    return Tool(spec, writes=False, run=run, returns=returns)


def _parse_limit(given: object) -> int | ToolError:
    if given is None:
        return DEFAULT_LIMIT
    if isinstance(given, bool) or not (isinstance(given, int) or (isinstance(given, float) and given.is_integer())):
        return wrong_type(LIMIT, given, "a whole number")
    if 1 <= given <= MAX_LIMIT:
        return int(given)
    message = f"`{LIMIT}` must be between 1 and {MAX_LIMIT}, got {quoted(given)}"
    return ToolError(ErrorCode.OUT_OF_RANGE, message, LIMIT, kept(given))


def _operand_check(field: FieldDef) -> CheckOperand:
    name = field.name
    if field.kind is FieldKind.ENUM:
        return lambda value: _check_enum(field, value)
    if field.kind is FieldKind.MONEY:
        return lambda value: _check_number(name, value, to_cents)
    if field.kind is FieldKind.WHOLE_NUMBER:
        return lambda value: _check_number(name, value, _whole)
    if field.kind in (FieldKind.DATE, FieldKind.TIMESTAMP):
        return lambda value: parse_day(name, value)
    return lambda value: _check_text(name, value)


def _check_text(name: str, value: object) -> Operand | ToolError:
    error = text_error(name, value, _LONGEST_TEXT, lines=True)
    return value if error is None and isinstance(value, str) else cast("ToolError", error)


def _check_enum(field: FieldDef, value: object) -> Operand | ToolError:
    if not isinstance(value, str):
        return wrong_type(field.name, value, f"one of {', '.join(field.allowed)}")
    return value if value in field.allowed else enum_error(field.name, value, field.allowed)


def _check_number(name: str, value: object, convert: Callable[[float], int]) -> Operand | ToolError:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return number_error(name, value)
    if isinstance(value, float) and not math.isfinite(value):
        return wrong_type(name, value, "a finite number")
    if abs(value) > _LARGEST_BOUND:
        message = f"`{name}` cannot be searched for {quoted(value)}; no value is that large"
        return ToolError(ErrorCode.OUT_OF_RANGE, message, name, kept(value))
    try:
        return convert(value)
    except ValueError:
        message = f"`{name}` has too many decimals: {quoted(value)}"
        return ToolError(ErrorCode.INVALID_FORMAT, message, name, kept(value))


def _whole(value: float) -> int:
    if value != int(value):
        raise ValueError(value)
    return int(value)


def _criterion_schema(field: FieldDef) -> JsonObject:
    plain = _operand_schema(field)
    operators = operators_of(field)
    wrapped: dict[str, JsonObject] = {
        operator.value: {"type": "array", "items": plain, "minItems": 1, "maxItems": _MAX_CHOICES}
        if operator is Operator.IN
        else {"type": "boolean"}
        if operator is Operator.EMPTY
        else plain
        for operator in operators
    }
    return {
        "anyOf": [plain, {"type": "object", "properties": wrapped, "minProperties": 1, "additionalProperties": False}],
        "description": field.description + _PLAIN_MEANING.get(operators[0], ""),
    }


def _operand_schema(field: FieldDef) -> JsonObject:
    if field.kind in _TEXT_KINDS:
        return {"type": "string", "minLength": 1}
    if field.kind in (FieldKind.MONEY, FieldKind.WHOLE_NUMBER):
        return {"type": "number"}
    if field.kind is FieldKind.TIMESTAMP:
        return {"type": "string", "format": "date"}
    return value_schema(field)


_PLAIN_MEANING = {Operator.CONTAINS: " A plain value means contains."}  # elsewhere equals, as everybody expects

_CRITERIA_SCHEMA: JsonObject = {
    "type": "object",
    "description": "The criteria by field name, as another way to give them than on their own.",
}
