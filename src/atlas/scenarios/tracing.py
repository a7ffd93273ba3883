"""Finding the trace of every value that a goal expects; what has none is not in the corpus.

The search looks where a colleague would: in what the user said, in the records that this leads to, in the unwritten
rules applied to both, in the schema, at the calendar. Whether a trace is right is checked elsewhere, by working it out.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache, cached_property, partial

from atlas.core.errors import CorpusError
from atlas.core.records import record
from atlas.crm.records import Entity, Row
from atlas.crm.schema import SCHEMA
from atlas.scenarios.archive import Archive
from atlas.scenarios.companies import CompanyFile
from atlas.scenarios.conventions import ChangeNote, Convention, DealNaming, DocumentNaming
from atlas.scenarios.conventions.deals import STAGES
from atlas.scenarios.records import Scenario
from atlas.scenarios.rederivation import Evidence, by_rule, read_as, schema_words, shown_field, work_out
from atlas.scenarios.rule_values import RULE_VALUES, Needed, RuleValue
from atlas.verify.goals import Equals, Goal, Matcher, OneOf
from atlas.verify.matchers import is_list, is_number, same_value
from atlas.verify.traces import (
    Aggregate,
    ByRule,
    Found,
    InDirectory,
    Joined,
    OfClock,
    OfSchema,
    Said,
    Stored,
    Trace,
    ValueTrace,
)

_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
_FORMS = (
    (re.compile(r"(-?\d[\d,.]*) ?k\b", re.IGNORECASE), "thousands"),
    (re.compile(r"(-?\d[\d,.]*) ?(?:m\b|million)", re.IGNORECASE), "millions"),
)
_MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_DAY = re.compile(
    rf"\d{{4}}-\d\d-\d\d|\d{{1,2}}(?:st|nd|rd|th)? {_MONTH} \d{{4}}|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?, \d{{4}}"
)
_FURTHEST = 400  # days from the day of the case that a date is explained by counting
_DEPTH = 3  # how far from what was said records are looked for
_CLONE_ENDING = " (Clone)"
_LISTS: Mapping[str, tuple[Entity, str]] = {
    "opportunities": (Entity.OPPORTUNITY, "name"),
    "clients": (Entity.CLIENT, "name"),
    "contacts": (Entity.CONTACT, "name"),
    "quotes": (Entity.QUOTE, "version"),
    "contracts": (Entity.CONTRACT, "start_date"),
    "documents": (Entity.DOCUMENT, "file_name"),
    "companies": (Entity.COMPANY, "name"),
}


def expected_values(goal: Goal) -> Iterator[tuple[str, str, object]]:
    """Yield place, name and value of everything that a goal expects, emptied fields left out."""
    for number, change in enumerate(goal.expected_changes):
        if change.id is not None:
            yield f"changes.{number}.id", "id", _RowId(change.entity, change.id)
        for name, matcher in change.fields.items():
            for value in _values_of(matcher):
                yield f"changes.{number}.{name}", name, value
    for number, fact in enumerate(goal.answers):
        for value in _values_of(fact.matcher):
            yield f"answers.{number}", fact.name, value


def _values_of(matcher: Matcher) -> Iterator[object]:
    if isinstance(matcher, Equals) and matcher.value is not None:
        yield matcher.value
    elif isinstance(matcher, OneOf):
        yield from matcher.values


def evidence_of(scenario: Scenario, file: CompanyFile, archive: Archive) -> tuple[Evidence, Archive]:
    """Return what a colleague has in front of them in a case, and its records, ready to be searched.

    Args:
        scenario: The case.
        file: Its company.
        archive: The company's records.
    """
    if scenario.world_patch:
        patch = scenario.world_patch
        archive = archive.with_rows(
            (row.entity, row.id, {**row.fields, SCHEMA[row.entity].id_field: row.id}) for row in patch
        )
    script = scenario.customer_script
    return Evidence(script, scenario.today, file.directory.staff, file.conventions, archive.rows), archive


def trace_goal(goal: Goal, evidence: Evidence, archive: Archive, slots: Mapping[str, str]) -> tuple[ValueTrace, ...]:
    """Return the traces of everything that ``goal`` expects; a value that nobody can know has none.

    Args:
        goal: The goal.
        evidence: What a colleague has in front of them.
        archive: Its records, ready to be searched.
        slots: What the slots of the wording were filled with: the spans of the messages that mean something.
    """
    tracer = _Tracer(evidence, archive, slots)
    found = ((where, value, tracer.trace(name, value)) for where, name, value in expected_values(goal))
    return tuple(ValueTrace(where, bare(value), trace) for where, value, trace in found if trace is not None)


def bare(value: object) -> object:
    """Return an expected value as it is worked out: of a record, its id."""
    return value.id if isinstance(value, _RowId) else value


@record
class _RowId:
    """A record that a goal names."""

    entity: Entity
    id: str


class _Tracer:
    def __init__(self, evidence: Evidence, archive: Archive, slots: Mapping[str, str]) -> None:
        self._evidence = evidence
        self._archive = archive
        self._texts = evidence.texts()
        self._slots = tuple(dict.fromkeys(slots.values()))
        self._value_of = cache(partial(work_out, evidence=evidence))  # rules are tried on the same few inputs

    def trace(self, name: str, value: object) -> Trace | None:
        """Return the trace of a value that goes by ``name``, None where nobody can know it."""
        return next((trace for trace in self._candidates(name, value) if self._leads_to(trace, bare(value))), None)

    def _leads_to(self, trace: Trace, value: object) -> bool:
        try:
            known = self._value_of
            found = by_rule(trace, self._evidence, known) if isinstance(trace, ByRule) else known(trace)
        except CorpusError:
            return False
        return same_value(value, found)

    def _candidates(self, name: str, value: object) -> Iterator[Trace]:
        if isinstance(value, _RowId):
            yield from self._ways_to(value)
            return
        if is_list(value):
            yield from self._lists(name, value)
            return
        yield from self._said(value)
        yield from self._rules(value)
        yield from self._words(value)
        yield from self._aggregates(name, value)
        yield from self._stored(name, value)
        yield from self._joined(value)
        yield from self._days(value)

    # -- what was said ------------------------------------------------------------------------------------------------

    def _said(self, value: object) -> Iterator[Said]:
        if is_number(value):
            yield from self._said_numbers()
        elif isinstance(value, str):
            yield from self._said_text(value)
            yield from self._said_days()

    def _said_text(self, value: str) -> Iterator[Said]:
        for turn, text in enumerate(self._texts):
            place = text.casefold().find(value.casefold())
            if place >= 0:
                yield Said(turn, text[place : place + len(value)], "text")

    def _said_numbers(self) -> Iterator[Said]:
        for turn, text in enumerate(self._texts):
            for pattern, form in _FORMS:
                for found in pattern.finditer(text):
                    yield Said(turn, found[0], "thousands" if form == "thousands" else "millions")
            for found in _NUMBER.finditer(text):
                yield Said(turn, found[0], "number")

    def _said_days(self) -> Iterator[Said]:
        for turn, text in enumerate(self._texts):
            yield from (Said(turn, found[0], "day") for found in _DAY.finditer(text) if _is_a_day(found[0]))

    # -- records ------------------------------------------------------------------------------------------------------

    @cached_property
    def _reach(self) -> Mapping[tuple[Entity, str], Found]:
        """Every record that what was said leads to, with a way there; the nearest ones first."""
        found: dict[tuple[Entity, str], Found] = {}
        fresh: list[Found] = []
        for entity, row_id, way in self._named():
            if (entity, row_id) not in found:
                found[entity, row_id] = way
                fresh.append(way)
        for _ in range(_DEPTH):
            following: list[Found] = []
            for way in fresh:
                for key, further in self._neighbours(way):
                    if key not in found:
                        found[key] = further
                        following.append(further)
            fresh = following
        return found

    def _named(self) -> Iterator[tuple[Entity, str, Found]]:
        """Yield the records one of whose naming fields the user said, or said a part of."""
        for slot in self._slots:
            said = next(self._said_text(slot), None)
            if said is not None:
                yield from self._found_by(said, self._archive.named(slot))
        for turn, text in enumerate(self._texts):
            for span in _spans(text):
                yield from self._found_by(Said(turn, span, "text"), self._archive.called(span))

    def _found_by(self, said: Said, found: Sequence[tuple[Entity, str, str]]) -> Iterator[tuple[Entity, str, Found]]:
        for entity, row_id, field in found:
            yield entity, row_id, Found(entity, row_id, field, said)

    def _neighbours(self, way: Found) -> Iterator[tuple[tuple[Entity, str], Found]]:
        """Yield the records that point to one, and those that it points to."""
        row = self._evidence.rows[way.entity][way.id]
        for entity, field, target in self._archive.references_of(way.entity, row):
            if target in self._evidence.rows[entity]:
                id_field = SCHEMA[entity].id_field
                yield (entity, target), Found(entity, target, id_field, Stored(way, field))
        for entity, row_id, field in self._archive.pointing_to(way.id):
            yield (entity, row_id), Found(entity, row_id, field, way)

    def _ways_to(self, wanted: _RowId) -> Iterator[Trace]:
        way = self._reach.get((wanted.entity, wanted.id))
        if way is not None:
            yield way
        row = self._evidence.rows[wanted.entity].get(wanted.id)
        if row is not None:
            for field in SCHEMA[wanted.entity].fields:
                for trace in self._said(shown_field(wanted.entity, field.name, row)):
                    yield Found(wanted.entity, wanted.id, field.name, trace)

    def _stored(self, name: str, value: object) -> Iterator[Trace]:
        """Yield where records in reach hold a value: first in a field of that name."""
        ways = self._reach.values()
        for named in (True, False):
            for way in ways:
                row = self._evidence.rows[way.entity][way.id]
                for field in SCHEMA[way.entity].fields:
                    if (field.name == name) is named and shown_field(way.entity, field.name, row) == value:
                        yield Stored(way, field.name)
                if not named and way.entity is Entity.CONTACT and shown_field(way.entity, "name", row) == value:
                    yield Stored(way, "name")
        if isinstance(value, str) and value in {member.handle for member in self._evidence.staff}:
            yield InDirectory(value, "handle")
        yield from (InDirectory(member.handle, "name") for member in self._evidence.staff if member.name == value)
        if isinstance(value, str):
            yield from (way for way in ways if way.id == value)

    # -- rules, words, days -------------------------------------------------------------------------------------------

    def _words(self, value: object) -> Iterator[Trace]:
        if isinstance(value, str) and value in schema_words():
            yield OfSchema(value)

    def _days(self, value: object) -> Iterator[Trace]:
        if isinstance(value, str) and _DAY.fullmatch(value):
            days = (date.fromisoformat(value) - self._evidence.today).days
            if abs(days) <= _FURTHEST and any(str(abs(days)) in _NUMBER.findall(text) for text in self._texts):
                yield OfClock(days)

    def _rules(self, value: object) -> Iterator[Trace]:
        kind = "number" if is_number(value) else "day" if _DAY.fullmatch(str(value)) else "text"
        for rule in self._evidence.conventions:
            for operation, given in RULE_VALUES.get(rule.kind, {}).items():
                if given.gives == kind and _can_render(rule, str(value)):
                    yield from self._applications(rule, operation, given, value)

    def _applications(self, rule: Convention, operation: str, given: RuleValue, value: object) -> Iterator[ByRule]:
        pools = [self._inputs(need, value) for need in given.needs]
        for inputs in itertools.islice(itertools.product(*pools), _MOST_APPLICATIONS):
            yield ByRule(rule.kind, operation, tuple(inputs))

    def _inputs(self, need: Needed, value: object) -> Sequence[Trace]:
        match need:
            case "money":
                return self._numbers if is_number(value) else ()
            case "day":
                return self._known_days if isinstance(value, str) and _DAY.fullmatch(value) else ()
            case "stage":
                return tuple(OfSchema(stage) for stage in STAGES) if is_number(value) else ()
            case "shown":
                return self._shown_in(value)
            case "client" | "product" | "text":
                return self._spans_in(value, need)
            case "industry" | "address":
                return (
                    tuple(Stored(way, need) for way in self._reach.values() if way.entity is Entity.CLIENT)
                    if isinstance(value, str)
                    else ()
                )

    @cached_property
    def _numbers(self) -> tuple[Trace, ...]:
        stored = tuple(
            Stored(way, field)
            for way in self._reach.values()
            for field in ("amount", "value")
            if field in self._evidence.rows[way.entity][way.id]
        )
        return tuple(dict.fromkeys((*stored, *self._said_numbers())))

    @cached_property
    def _known_days(self) -> tuple[Trace, ...]:
        stored = tuple(
            Stored(way, field)
            for way in self._reach.values()
            for field in ("close_date", "end_date")
            if self._evidence.rows[way.entity][way.id].get(field) is not None
        )
        return (*stored, *self._said_days())

    def _shown_in(self, value: object) -> Sequence[Trace]:
        """Return what a text can have been rendered from: stages, days and numbers that stand in it or are held."""
        if not isinstance(value, str):
            return ()
        stages: list[Trace] = [OfSchema(stage) for stage in STAGES if stage in value]
        numbers: list[Trace] = [said for said in self._said_numbers() if str(read_as(said.text, said.form)) in value]
        days: list[Trace] = [said for said in self._said_days() if str(read_as(said.text, said.form)) in value]
        rules: list[Trace] = [
            ByRule(rule.kind, operation, inputs)
            for rule in self._evidence.conventions
            for operation, given in RULE_VALUES.get(rule.kind, {}).items()
            if rule.kind != "change_note" and given.needs in ((), ("money",))
            for inputs in (((),) if not given.needs else tuple((number,) for number in self._numbers))
        ]
        stored = [trace for trace in (*self._numbers, *self._known_days) if isinstance(trace, Stored)]
        return (*stages, *days, *numbers, *rules, *stored)

    def _spans_in(self, value: object, need: Needed) -> Sequence[Trace]:
        if not isinstance(value, str):
            return ()
        said = [trace for slot in self._slots for trace in itertools.islice(self._said_text(slot), 1)]
        if need == "text":
            return tuple(said)
        inside: list[Trace] = [trace for trace in said if trace.text in value]
        if need == "client":
            inside += [Stored(way, "name") for way in self._reach.values() if way.entity is Entity.CLIENT]
        return tuple(inside)

    # -- put together -------------------------------------------------------------------------------------------------

    def _joined(self, value: object) -> Iterator[Trace]:
        if isinstance(value, str) and value.endswith(_CLONE_ENDING):
            base = value.removesuffix(_CLONE_ENDING)
            for trace in itertools.chain(self._said_text(base), self._stored("name", base)):
                yield Joined((trace,), end=_CLONE_ENDING)

    def _lists(self, name: str, values: Sequence[object]) -> Iterator[Trace]:
        known = _LISTS.get(name)
        if known is None:
            return
        entity, field = known
        ways = [way for way in self._reach.values() if way.entity is entity]
        chosen: list[Found] = []
        for value in values:
            rest = (way for way in ways if way not in chosen)
            way = next((way for way in rest if self._holds(way, field, value)), None)
            if way is not None:
                chosen.append(way)
        yield Aggregate("list", field, tuple(chosen))

    def _holds(self, way: Found, field: str, value: object) -> bool:
        return shown_field(way.entity, field, self._evidence.rows[way.entity][way.id]) == value

    def _aggregates(self, name: str, value: object) -> Iterator[Trace]:
        if not is_number(value):
            return
        if name in {"count", "total_amount"}:
            for records in self._groups():
                yield Aggregate("count" if name == "count" else "sum", "amount", records)
        quotes = [way for way in self._reach.values() if way.entity is Entity.QUOTE]
        for pair in itertools.combinations(quotes, 2):
            yield Aggregate("difference", "amount", pair)

    def _groups(self) -> Iterator[tuple[Found, ...]]:
        """Yield groups of deals that a user can ask about: of a client or owner, in a stage or open, before a day."""
        deals = [
            (way, self._evidence.rows[Entity.OPPORTUNITY][way.id])
            for way in self._reach.values()
            if way.entity is Entity.OPPORTUNITY
        ]
        for part in _parts(deals, ("client_id", "owner")):
            for smaller in (part, *_parts(part, ("stage",)), [one for one in part if one[1]["stage"] in STAGES[:4]]):
                days = [read_as(said.text, said.form) for said in self._said_days()]
                yield tuple(way for way, _ in smaller)
                for day in (*days, self._evidence.today.isoformat()):
                    yield tuple(way for way, row in smaller if str(row["close_date"] or "9999") < str(day))
                    yield tuple(way for way, row in smaller if str(row["close_date"] or "0000") > str(day))


_MOST_APPLICATIONS = 3000
_SLOT = re.compile(r"\{\w+\}")


def _is_a_day(text: str) -> bool:
    """Tell whether some calendar has the day that ``text`` looks like."""
    try:
        read_as(text, "day")
    except CorpusError:
        return False
    return True


def _can_render(rule: Convention, value: str) -> bool:
    """Tell whether everything that the template of a rule has besides its slots stands in ``value``."""
    match rule:
        case ChangeNote() | DealNaming() | DocumentNaming():
            return all(part in value for part in _SLOT.split(rule.template))
        case _:
            return True


_LONGEST_NAME = 5  # words of a name that is looked up wherever it stands in a message
_WORD = re.compile(r"[^\s,;:!?()\"]+")


def _spans(text: str) -> Iterator[str]:
    """Yield every run of a few words, without the punctuation around it; the longest ones first."""
    words = list(_WORD.finditer(text))
    for length in range(_LONGEST_NAME, 0, -1):
        for first, last in zip(words, words[length - 1 :], strict=False):
            yield text[first.start() : last.end()].rstrip(".'")


_Deals = list[tuple[Found, Row]]


def _parts(deals: _Deals, fields: Iterable[str]) -> Iterator[_Deals]:
    yield deals
    for field in fields:
        groups: dict[object, _Deals] = {}
        for way, row in deals:
            groups.setdefault(row[field], []).append((way, row))
        yield from groups.values()
