"""Stores that find, sort or page wrongly, each in one way."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import cast

from atlas.crm.indexes import all_of
from atlas.crm.records import Entity, Row
from atlas.crm.schema import SCHEMA
from atlas.crm.store import Criterion, Operator, Query, Selection, Store
from atlas.testing.mutated_store import MutatedStore


class _FiltersRows(MutatedStore):
    """Answers from all rows that fulfil the criteria, changed by a mutant before the page is cut out."""

    def select(self, query: Query) -> Selection:
        rows = self.changed(list(self.inner.select(query._replace(limit=None, offset=0)).rows), query)
        end = None if query.limit is None else query.offset + query.limit
        return Selection(rows[query.offset : end], len(rows))

    def changed(self, rows: list[Row], query: Query) -> list[Row]:
        """Return the rows as the mutant would have them."""
        raise NotImplementedError


class ComparesCase(_FiltersRows):
    """Texts are compared with regard to case."""

    def changed(self, rows: list[Row], query: Query) -> list[Row]:
        return [row for row in rows if _holds_as_written(row, query.criteria, str)]


class FoldsByLower(_FiltersRows):
    """Texts are compared in lower case, which is not the same as folded: an sharp s is no double s."""

    def changed(self, rows: list[Row], query: Query) -> list[Row]:
        return [row for row in rows if _holds_as_written(row, query.criteria, str.lower)]


class ContainsAtStart(_FiltersRows):
    """A text contains another only where it starts with it."""

    def changed(self, rows: list[Row], query: Query) -> list[Row]:
        parts = [criterion for criterion in query.criteria if criterion.operator is Operator.CONTAINS]
        return [
            row
            for row in rows
            if all(str(row[part.field]).casefold().startswith(str(part.operand).casefold()) for part in parts)
        ]


class MissesStale(_FiltersRows):
    """A search goes by what rows held before they were changed."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self._old: dict[tuple[Entity, str], Row] = {}

    def write(self, entity: Entity, row_id: str, row: Row | None, *, cause: str) -> None:
        before = self.inner.get(entity, row_id)
        if before is not None:
            self._old.setdefault((entity, row_id), before)
        self.inner.write(entity, row_id, row, cause=cause)

    def changed(self, rows: list[Row], query: Query) -> list[Row]:
        fulfils = all_of(query.criteria)
        id_field = SCHEMA[query.entity].id_field
        return [row for row in rows if fulfils(self._old.get((query.entity, cast("str", row[id_field])), row))]


class ReversesTies(_FiltersRows):
    """Rows that are equal in an order come by falling id."""

    def changed(self, rows: list[Row], query: Query) -> list[Row]:
        if query.order_by is None:
            return rows
        field = query.order_by
        groups = itertools.groupby(rows, key=lambda row: row[field])
        return [row for _, group in groups for row in reversed(list(group))]


class PutsEmptyFirst(_FiltersRows):
    """Empty values come first in a falling order, as databases have it by themselves."""

    def changed(self, rows: list[Row], query: Query) -> list[Row]:
        field = query.order_by
        if field is None or not query.descending:
            return rows
        return sorted(rows, key=lambda row: row[field] is not None)


class SortsWithoutCase(_FiltersRows):
    """Texts are sorted as in a dictionary, not by code point."""

    def changed(self, rows: list[Row], query: Query) -> list[Row]:
        field = query.order_by
        texts = [row for row in rows if field is not None and isinstance(row[field], str)]
        rest = [row for row in rows if field is None or not isinstance(row[field], str)]
        texts.sort(key=lambda row: str(row[field or ""]).casefold(), reverse=query.descending)
        return texts + rest


class IgnoresLastChoice(MutatedStore):
    """``in`` looks at all of its values but the last."""

    def select(self, query: Query) -> Selection:
        criteria = tuple(
            criterion._replace(operand=cast("tuple[str | int, ...]", criterion.operand)[:-1])
            if criterion.operator is Operator.IN
            else criterion
            for criterion in query.criteria
        )
        return self.inner.select(query._replace(criteria=criteria))


class ExcludesBounds(_FiltersRows):
    """``gte`` and ``lte`` leave out the bound itself."""

    def changed(self, rows: list[Row], query: Query) -> list[Row]:
        bounds = [part for part in query.criteria if part.operator in (Operator.GTE, Operator.LTE)]
        return [row for row in rows if all(row[part.field] != part.operand for part in bounds)]


class IgnoresDescending(MutatedStore):
    """Every order rises."""

    def select(self, query: Query) -> Selection:
        return self.inner.select(query._replace(descending=False))


class LimitsTooHigh(MutatedStore):
    """One row more than the limit comes back."""

    def select(self, query: Query) -> Selection:
        limit = None if query.limit is None else query.limit + 1
        return self.inner.select(query._replace(limit=limit))


class IgnoresOffset(MutatedStore):
    """Every page is the first one."""

    def select(self, query: Query) -> Selection:
        return self.inner.select(query._replace(offset=0))


class CountsPage(MutatedStore):
    """The total is that of the page."""

    def select(self, query: Query) -> Selection:
        found = self.inner.select(query)
        return Selection(found.rows, len(found.rows))


def _holds_as_written(row: Row, criteria: Iterable[Criterion], plain: Callable[[str], str]) -> bool:
    """Whether ``row`` fulfils the criteria on texts when both sides are compared after ``plain``."""
    for field, operator, operand in criteria:
        value = row[field]
        if not isinstance(value, str):
            continue
        held = plain(value)
        options = operand if isinstance(operand, tuple) else (operand,)
        texts = [plain(option) for option in options if isinstance(option, str)]
        if operator is Operator.CONTAINS and not any(text in held for text in texts):
            return False
        if operator in (Operator.EQUALS, Operator.IN) and held not in texts:
            return False
    return True
