"""The rows of one entity that never change, and what is found in them: indexes are built when first needed.

Lookups by id, by equal value and by part of a text are answered from an index. The index for parts of texts is the
folded values of a field joined into one string: finding a text in one string of 30 kB takes microseconds, and where it
was found tells the row.
"""

from __future__ import annotations

import bisect
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias, cast

from atlas.crm.records import FieldValue, Row
from atlas.crm.store import Criterion, Operator, folded

Predicate: TypeAlias = Callable[[Row], bool]
Order: TypeAlias = tuple[str | None, bool]
"""Field to sort by (None for the id) and whether the highest value comes first."""

_MEMO_ROWS = 200_000  # rows in the answers kept per entity, some 20 MB; the oldest answers are dropped
_ANSWER_ROWS = 50  # what an answer without rows takes up, in rows
_SEPARATOR = "\x00"  # the rules reject it, so that nearly no text and no search holds it


class Found:
    """The answer to a search in rows that never change.

    Attributes:
        rows: The rows that fulfil the criteria, in order.
        fulfils: Tells whether some other row fulfils the criteria.
    """

    __slots__ = ("_id_field", "_ids", "fulfils", "rows")

    def __init__(self, rows: Sequence[Row], fulfils: Predicate, id_field: str) -> None:
        self.rows = rows
        self.fulfils = fulfils
        self._id_field = id_field
        self._ids: frozenset[FieldValue] | None = None

    @property
    def ids(self) -> frozenset[FieldValue]:
        """The ids of the rows."""
        if self._ids is None:
            self._ids = frozenset(row[self._id_field] for row in self.rows)
        return self._ids


class Shelf:
    """The frozen rows of one entity.

    Args:
        id_field: Name of the field that holds the id.
        rows: The rows, by id.
    """

    def __init__(self, id_field: str, rows: Mapping[str, Row]) -> None:
        self.id_field = id_field
        self.by_id: dict[str, Row] = {row_id: rows[row_id] for row_id in sorted(rows)}
        self.rows: tuple[Row, ...] = tuple(self.by_id.values())
        self._equal: dict[str, dict[object, list[Row]]] = {}
        self._texts: dict[str, _TextIndex] = {}
        self._memo: dict[tuple[tuple[Criterion, ...], Order], Found] = {}
        self._memo_rows = 0

    def find(self, criteria: tuple[Criterion, ...], order: Order) -> Found:
        """Return the rows that fulfil ``criteria``; an answer is kept for the next time."""
        key = (criteria, order)
        found = self._memo.get(key)
        if found is None:
            found = self._memo[key] = self._search(criteria, order)
            self._memo_rows += len(found.rows) + _ANSWER_ROWS
            while self._memo_rows > _MEMO_ROWS:
                oldest = self._memo.pop(next(iter(self._memo)))
                self._memo_rows -= len(oldest.rows) + _ANSWER_ROWS
        return found

    @property
    def answers_kept(self) -> int:
        """How many answers are remembered."""
        return len(self._memo)

    def _search(self, criteria: tuple[Criterion, ...], order: Order) -> Found:
        ranked = sorted(criteria, key=lambda criterion: _PREFERENCE[criterion.operator])
        rows: Iterable[Row] = self._candidates(ranked[0]) if ranked else self.rows
        for criterion in ranked[1:]:
            rows = filter(predicate(criterion), rows)
        return Found(arranged(rows, order, self.id_field, presorted=True), all_of(criteria), self.id_field)

    def _candidates(self, criterion: Criterion) -> Iterable[Row]:
        if criterion.operator is Operator.EQUALS:
            return self._equal_index(criterion.field).get(folded(criterion.operand), ())
        if criterion.operator is Operator.CONTAINS:
            return self._text_index(criterion.field).containing(cast("str", criterion.operand))
        return filter(predicate(criterion), self.rows)

    def _equal_index(self, field: str) -> Mapping[object, Sequence[Row]]:
        index = self._equal.get(field)
        if index is None:
            index = dict[object, list[Row]]()
            for row in self.rows:
                index.setdefault(folded(row[field]), []).append(row)
            index.pop(None, None)
            self._equal[field] = index
        return index

    def _text_index(self, field: str) -> _TextIndex:
        index = self._texts.get(field)
        if index is None:
            index = self._texts[field] = _TextIndex(field, self.rows)
        return index


class _TextIndex:
    """Finds the rows whose field contains a text, ignoring case."""

    def __init__(self, field: str, rows: Sequence[Row]) -> None:
        texts = [cast("str", row[field] or "").casefold() for row in rows]
        self._field = field
        self._rows = rows
        self._joined = _SEPARATOR.join(texts)
        self._starts: list[int] = []
        start = 0
        for text in texts:
            self._starts.append(start)
            start += len(text) + 1

    def containing(self, part: str) -> Iterable[Row]:
        """Return the rows, in their order."""
        needle = part.casefold()
        if not needle or _SEPARATOR in needle:  # these could be found across the border of two texts
            return filter(predicate(Criterion(self._field, Operator.CONTAINS, part)), self._rows)
        found: list[Row] = []
        at = self._joined.find(needle)
        while at >= 0:
            place = bisect.bisect_right(self._starts, at) - 1
            found.append(self._rows[place])
            if place + 1 == len(self._starts):
                break
            at = self._joined.find(needle, self._starts[place + 1])
        return found


def arranged(rows: Iterable[Row], order: Order, id_field: str, *, presorted: bool = False) -> list[Row]:
    """Return ``rows`` in ``order``: empty values last, ids break ties.

    Args:
        rows: What to sort.
        order: How.
        id_field: Name of the field that holds the id.
        presorted: Whether ``rows`` come in the order of their ids already.
    """
    by_id = list(rows)
    if not presorted:
        by_id.sort(key=operator.itemgetter(id_field))
    field, descending = order
    if field is None:
        return by_id[::-1] if descending else by_id
    filled = [row for row in by_id if row[field] is not None]
    filled.sort(key=operator.itemgetter(field), reverse=descending)  # stable either way, so ids go on breaking ties
    if len(filled) < len(by_id):
        filled += [row for row in by_id if row[field] is None]
    return filled


def all_of(criteria: Sequence[Criterion]) -> Predicate:
    """Return what tells whether a row fulfils every one of ``criteria``."""
    checks = [predicate(criterion) for criterion in criteria]
    if len(checks) == 1:
        return checks[0]
    return lambda row: all(check(row) for check in checks)


def predicate(criterion: Criterion) -> Predicate:
    """Return what tells whether a row fulfils ``criterion``.

    Example:
        >>> is_large = predicate(Criterion("amount", Operator.GTE, 500))
        >>> is_large({"amount": 700}), is_large({"amount": None})
        (True, False)
    """
    return _BUILDERS[criterion.operator](criterion.field, criterion.operand)


def _equals(field: str, operand: object) -> Predicate:
    if isinstance(operand, str):
        wanted = operand.casefold()

        def check(row: Row) -> bool:
            value = row[field]
            return value is not None and cast("str", value).casefold() == wanted

        return check
    return lambda row: operand is not None and row[field] == operand


def _contains(field: str, operand: object) -> Predicate:
    part = cast("str", operand).casefold()

    def check(row: Row) -> bool:
        value = row[field]
        return value is not None and part in cast("str", value).casefold()

    return check


def _compares(compare: Callable[[int, int], bool]) -> Callable[[str, object], Predicate]:
    def build(field: str, operand: object) -> Predicate:
        bound = cast("int", operand)

        def check(row: Row) -> bool:
            value = row[field]
            return value is not None and compare(cast("int", value), bound)

        return check

    return build


def _is_in(field: str, operand: object) -> Predicate:
    wanted = frozenset(folded(option) for option in cast("tuple[str | int, ...]", operand))

    def check(row: Row) -> bool:
        value = row[field]
        return value is not None and folded(value) in wanted

    return check


def _is_empty(field: str, operand: object) -> Predicate:
    wanted = bool(operand)
    return lambda row: (row[field] in _NOTHING) == wanted


_NOTHING = (None, "", ())

_BUILDERS: Mapping[Operator, Callable[[str, object], Predicate]] = {
    Operator.EQUALS: _equals,
    Operator.CONTAINS: _contains,
    Operator.GTE: _compares(operator.ge),
    Operator.LTE: _compares(operator.le),
    Operator.IN: _is_in,
    Operator.EMPTY: _is_empty,
}
_PREFERENCE: Mapping[Operator, int] = {
    Operator.EQUALS: 0,
    Operator.CONTAINS: 1,
    Operator.IN: 2,
    Operator.GTE: 3,
    Operator.LTE: 3,
    Operator.EMPTY: 4,
}
