"""From a conversation to the company it plays in: seeds as stored rows, a clock, and people who may own records.

Seeds are state, not calls: rows are taken as they are, missing fields stay empty, values that break a rule are kept.
Only what no row can hold is left out, and listed as a :class:`SeedProblem`, never dropped in silence.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final, TypeAlias, cast

from atlas.core.clock import FrozenClock, start_of_business
from atlas.core.money import to_cents
from atlas.core.records import JsonObject, record
from atlas.crm.fields import EntityDef, FieldDef, FieldKind
from atlas.crm.records import Actor, Entity, FieldValue, Row, StaffDirectory, StaffMember
from atlas.crm.schema import SCHEMA
from atlas.crm.store import Store
from atlas.crm.wording import is_array, is_object, kept, quoted
from atlas.crm.world import World
from atlas.scenarios.importers.clbench import Conversation, to_json
from atlas.scenarios.importers.references import leaves

DEFAULT_DAY: Final = date(2025, 11, 12)
"""The day of data that says nothing about days: that of the public sample."""

ACTOR: Final = Actor("sales.desk", "Sales Operations", "manager")
"""On whose behalf calls of a conversation are made: somebody who may do everything and owns nothing."""

_SEED_ORDER: Final = (Entity.CLIENT, Entity.CONTACT, Entity.OPPORTUNITY, Entity.QUOTE, Entity.CONTRACT)
_LARGEST_CENTS: Final = 2**63 - 1  # what a column of money holds
_LARGEST_WHOLE: Final = 2**31 - 1  # what a column of whole numbers holds
_RECORDED = re.compile(r"(?:created_at|created_date|uploaded_at)\W{1,4}(\d{4}-\d{2}-\d{2})")

SeedRow: TypeAlias = tuple[Entity, Row]


@record
class SeedProblem:
    """Something in the seeds of a conversation that could not be taken over, or that leads nowhere.

    Attributes:
        conversation_id: The conversation.
        entity: Kind of the row, as the data spell it.
        row_id: The row, None where the problem is about all of a kind.
        field: The field, None where it is about all of the row.
        value: What stands there, shortened.
        problem: What is wrong with it.
    """

    conversation_id: str
    entity: str
    row_id: str | None
    field: str | None
    value: object
    problem: str


@record
class ImportedCompany:
    """What a conversation starts from.

    Attributes:
        rows: The seeds as stored rows: clients, contacts, opportunities, quotes, contracts, then what else there is.
        directory: The actor and everybody whom the data name as an owner, on the data's day.
        problems: What could not be taken over.
    """

    rows: tuple[SeedRow, ...]
    directory: StaffDirectory
    problems: tuple[SeedProblem, ...]


def import_company(conversation: Conversation, today: date) -> ImportedCompany:
    """Return the company that ``conversation`` plays in, on the day ``today``.

    Example:
        >>> from atlas.scenarios.importers.clbench import parse_conversation
        >>> seeds = {"Client": {"c1": {"name": "Halden", "size": 5}}}
        >>> told = {"conversation_id": "x", "turns": [{"turn_id": 1, "user_utterance": "Hi"}]}
        >>> found = parse_conversation({**told, "initial_entities": {"seed_data": seeds}}, "example:1")
        >>> company = import_company(found, DEFAULT_DAY)
        >>> company.rows[0][1]["name"], company.problems[0].problem
        ('Halden', 'a client has no such field')
    """
    reader = _SeedReader(conversation.conversation_id)
    rows = tuple(reader.read(conversation.initial_entities))
    reader.look_for_dangling(rows)
    staff = [StaffMember(ACTOR.handle, "Sales Desk", ACTOR.role, "", ACTOR.access)]
    staff += [StaffMember(owner, owner, "Account Executive", "") for owner in owners_named(conversation)]
    return ImportedCompany(rows, StaffDirectory(today, tuple(staff)), tuple(reader.problems))


def open_imported(company: ImportedCompany, store: Store, rng: random.Random) -> World:
    """Return a world over ``store``, which holds the rows of ``company``; ``rng`` draws the ids of new rows."""
    clock = FrozenClock(start_of_business(company.directory.today))
    return World(store, directory=company.directory, actor=ACTOR, rules=(), rng=rng, clock=clock)


def recorded_day(conversations: Sequence[Conversation]) -> date | None:
    """Return the first day on which the golden answers of ``conversations`` say that something was created.

    The first, because a world accepts the days after its own, and rejects those before it. None where no answer says.
    """
    days = sorted(day for conversation in conversations for day in _days_told(conversation))
    return days[0] if days else None


def owners_named(conversation: Conversation) -> tuple[str, ...]:
    """Return who owns a record in the seeds or is made an owner by a golden call, sorted; the actor is left out."""
    arguments = [turn.expected_args for turn in conversation.turns]
    found = {
        leaf
        for path, leaf in leaves([conversation.initial_entities, *arguments])
        if "owner" in path[-2:] and isinstance(leaf, str) and "{{" not in leaf and _text_problem(leaf) is None
    }
    return tuple(sorted(owner for owner in found if owner.strip() and owner != ACTOR.handle))


def _days_told(conversation: Conversation) -> Iterator[date]:
    for turn in conversation.turns:
        told = to_json(turn.expected_response) if turn.expected_response else {}
        for _, leaf in leaves(told):
            for text in _RECORDED.findall(leaf) if isinstance(leaf, str) else ():
                try:
                    yield date.fromisoformat(text)
                except ValueError:
                    continue


class _SeedReader:
    """Reads the seeds of one conversation and notes what it cannot take over."""

    def __init__(self, conversation_id: str) -> None:
        self._conversation_id = conversation_id
        self.problems: list[SeedProblem] = []

    def read(self, initial: JsonObject | None) -> Iterator[SeedRow]:
        """Yield the rows in the order in which they are loaded."""
        for key, value in (initial or {}).items():
            if key != "seed_data" and value not in (None, {}, []):
                self._note(key, None, None, value, "initial_entities has no such part; only seed_data is loaded")
        seeds = (initial or {}).get("seed_data")
        if seeds is None:
            return
        if not is_object(seeds):
            self._note("seed_data", None, None, seeds, "seed_data is no object of kinds of records")
            return
        known = {entity.value: entity for entity in (*_SEED_ORDER, *Entity)}
        for name, found in seeds.items():
            if name not in known:
                self._note(name, None, None, found, "there is no such kind of record")
        for name, entity in known.items():
            yield from self._rows(SCHEMA[entity], seeds.get(name))

    def look_for_dangling(self, rows: Sequence[SeedRow]) -> None:
        """Note references to rows that are not there; the rows keep them."""
        there = {(entity, row[SCHEMA[entity].id_field]) for entity, row in rows}
        for entity, row in rows:
            definition = SCHEMA[entity]
            for field in definition.fields:
                target, value = field.references, row.get(field.name)
                if target is not None and value is not None and (target, value) not in there:
                    row_id = cast("str", row[definition.id_field])
                    self._note(entity.value, row_id, field.name, value, f"there is no such {SCHEMA[target].noun}")

    def _rows(self, definition: EntityDef, found: object) -> Iterator[SeedRow]:
        name = definition.entity.value
        if found is None:
            return
        if not is_object(found):
            self._note(name, None, None, found, f"{definition.plural} are no object of ids and fields")
            return
        for row_id, fields in found.items():
            if not row_id or _text_problem(row_id) is not None:
                self._note(name, row_id, None, fields, "no record can have this id")
            elif not is_object(fields):
                self._note(name, row_id, None, fields, "the row is no object of fields")
            else:
                yield definition.entity, self._row(definition, row_id, fields)

    def _row(self, definition: EntityDef, row_id: str, given: JsonObject) -> Row:
        row: dict[str, FieldValue] = {definition.id_field: row_id}
        known = {field.name: field for field in definition.fields}
        for name, value in given.items():
            if name not in known:
                self._note(definition.entity.value, row_id, name, value, f"{definition.a_noun} has no such field")
            elif name == definition.id_field:
                if value != row_id:
                    problem = f"the row stands under the id {quoted(row_id)}, which it keeps"
                    self._note(definition.entity.value, row_id, name, value, problem)
            elif value is not None:
                stored = _stored(known[name], value)
                if isinstance(stored, _Unstorable):
                    self._note(definition.entity.value, row_id, name, value, stored.problem)
                else:
                    row[name] = stored
        return row

    def _note(self, entity: str, row_id: str | None, field: str | None, value: object, problem: str) -> None:
        self.problems.append(SeedProblem(self._conversation_id, entity, row_id, field, kept(value), problem))


@record
class _Unstorable:
    """Why no row can hold a value."""

    problem: str


def _stored(field: FieldDef, value: object) -> FieldValue | _Unstorable:
    if field.kind in _NUMBERS:
        return _stored_number(field.kind, value)
    if field.kind is FieldKind.NAMES:
        return _stored_names(value)
    if not isinstance(value, str):
        return _Unstorable("it is no text")
    problem = _text_problem(value)
    return value if problem is None else _Unstorable(problem)


def _stored_number(kind: FieldKind, value: object) -> FieldValue | _Unstorable:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return _Unstorable("it is no number")
    if kind is FieldKind.WHOLE_NUMBER:
        whole = int(value)
        if whole != value:
            return _Unstorable("it is no whole number")
        return whole if abs(whole) <= _LARGEST_WHOLE else _Unstorable("it is too large")
    try:
        cents = to_cents(value)
    except ValueError:
        return _Unstorable("it has a fraction of a cent")
    return cents if abs(cents) <= _LARGEST_CENTS else _Unstorable("it is too large")


def _stored_names(value: object) -> FieldValue | _Unstorable:
    if not is_array(value) or not all(isinstance(item, str) and _text_problem(item) is None for item in value):
        return _Unstorable("it is no list of texts")
    return tuple(cast("Sequence[str]", value))


def _text_problem(text: str) -> str | None:
    """Why no row can hold ``text``: what a database cannot keep, a world in memory does not keep either."""
    if "\0" in text:
        return "it holds a NUL character"
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "it holds half of a surrogate pair"
    return None


_NUMBERS: Final = frozenset({FieldKind.MONEY, FieldKind.WHOLE_NUMBER})
