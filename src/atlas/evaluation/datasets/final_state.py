"""What a conversation says its rows hold at the end, compared with what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from atlas.core.records import JsonObject
from atlas.crm.fields import EntityDef
from atlas.crm.records import Entity
from atlas.crm.schema import SCHEMA, show_row
from atlas.crm.store import Query, Store
from atlas.crm.wording import is_array, is_object, kept
from atlas.evaluation.datasets.outcomes import FinalCheck
from atlas.scenarios.importers.clbench import Conversation
from atlas.scenarios.importers.references import fill
from atlas.verify.matchers import same_value


def check_final_state(
    conversation: Conversation, store: Store, results: Mapping[int, JsonObject], *, excused: bool = False
) -> Iterator[FinalCheck]:
    """Yield a check for everything that ``final_expected_state`` says about rows and their fields.

    ``{"Client": {id: fields}}`` says what rows hold, and with null for the fields, that there is no such row;
    ``{"Client": [fields]}`` says that some row holds all of them. Ids and values may be references to turns.

    Args:
        conversation: What says it.
        store: The rows at the end.
        results: By number of the turn, what its call returned.
        excused: Whether a call could not be made, so that the state cannot be the expected one.
    """
    checker = _Checker(conversation.conversation_id, store, excused=excused)
    expected = cast("JsonObject", fill(conversation.final_expected_state or {}, results).value)
    kinds = {entity.value: entity for entity in Entity}
    for name, rows in expected.items():
        if name not in kinds:
            yield checker.impossible(name, rows, "there is no such kind of record")
        elif is_object(rows):
            for key, fields in rows.items():
                row_id = fill(key, results).value
                yield from checker.check_row(SCHEMA[kinds[name]], str(row_id), fields)
        elif is_array(rows):
            for fields in rows:
                yield checker.check_some_row(SCHEMA[kinds[name]], fields)
        else:
            yield checker.impossible(name, rows, "rows are told as an object of ids and fields, or as a list of fields")


class _Checker:
    """Makes the checks of one conversation."""

    def __init__(self, conversation_id: str, store: Store, *, excused: bool) -> None:
        self._conversation_id = conversation_id
        self._store = store
        self._excused = excused

    def check_row(self, definition: EntityDef, row_id: str, fields: object) -> Iterator[FinalCheck]:
        """Yield a check for every field of one row."""
        row = self._store.get(definition.entity, row_id)
        name = definition.entity.value
        if fields is None:
            message = "" if row is None else f"the {definition.noun} is still there"
            yield self._check(name, row_id, None, expected=None, found=row, holds=row is None, message=message)
            return
        if not is_object(fields):
            yield self.impossible(name, fields, "the row is no object of fields", row_id)
            return
        if row is None or not fields:
            message = "" if row is not None else f"there is no such {definition.noun}"
            yield self._check(name, row_id, None, expected=fields, found=None, holds=row is not None, message=message)
            return
        shown = show_row(definition.entity, row)
        for field, expected in fields.items():
            if field not in shown:
                message = f"{definition.a_noun} has no field {field!r}"
                yield self._check(name, row_id, field, expected=expected, found=None, holds=None, message=message)
                continue
            holds = same_value(expected, shown[field])
            message = "" if holds else "it holds another value"
            yield self._check(name, row_id, field, expected=expected, found=shown[field], holds=holds, message=message)

    def check_some_row(self, definition: EntityDef, fields: object) -> FinalCheck:
        """Return the check that some row holds ``fields``."""
        name = definition.entity.value
        if not is_object(fields):
            return self.impossible(name, fields, "the row is no object of fields")
        unknown = [field for field in fields if field not in {known.name for known in definition.fields}]
        if unknown:
            return self.impossible(name, fields, f"{definition.a_noun} has no field {unknown[0]!r}")
        found = any(
            _agrees(show_row(definition.entity, row), fields)
            for row in self._store.select(Query(definition.entity)).rows
        )
        message = "" if found else f"no {definition.noun} holds these values"
        return self._check(name, None, None, expected=fields, found=None, holds=found, message=message)

    def impossible(self, entity: str, expected: object, message: str, row_id: str | None = None) -> FinalCheck:
        """Return the check that cannot be made."""
        return self._check(entity, row_id, None, expected=expected, found=None, holds=None, message=message)

    def _check(
        self,
        entity: str,
        row_id: str | None,
        field: str | None,
        *,
        expected: object,
        found: object,
        holds: bool | None,
        message: str,
    ) -> FinalCheck:
        excused = self._excused and not holds
        return FinalCheck(
            self._conversation_id, entity, row_id, field, kept(expected), kept(found), holds, message, excused
        )


def _agrees(shown: Mapping[str, object], fields: JsonObject) -> bool:
    return all(same_value(expected, shown[field]) for field, expected in fields.items())
