"""From a value to its sources: everything in a situation that explains an argument of a demonstration.

The inverse of ``atlas.learning.binding``. All consistent sources are returned, the likeliest first; later cases thin
them out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from atlas.learning.binding import (
    ANY_PLACE,
    LONGEST,
    UNBOUND,
    Binder,
    Knowledge,
    pick_row,
    read_day,
    span_family,
    take_part,
)
from atlas.learning.derivations import SMALLEST_BASE, Atom, days_from, numbers_from
from atlas.learning.language import (
    Arg,
    ClockDate,
    Cond,
    Const,
    Entity,
    Every,
    KindOf,
    Lex,
    Part,
    Phrase,
    Pick,
    Prev,
    Read,
    Ref,
    Source,
    Span,
    SpanType,
    Staff,
    Where,
    Wrapped,
)
from atlas.learning.perception import Percept, SpanFound
from atlas.learning.sightings import PublicWords
from atlas.learning.situation import (
    ARGUMENTS,
    TEXT_FIELDS,
    RowView,
    SeenStep,
    Situation,
    is_list,
    is_number,
    live_rows,
    same,
)
from atlas.learning.templates import find_templates

MOST_SOURCES = 40
"""Explanations kept per argument."""

_LONGEST_TABLE_TEXT = 120  # characters
_UNNAMED_FIELDS = re.compile(
    r"(?:_id|_at|_date|_url|until)$|^(?:name|first_name|last_name|email|phone|notes|content|title|file_name|version|id|message|handle)$"
)
_FRESH = (SpanType.NAME, SpanType.DATE, SpanType.NUMBER, SpanType.EMAIL, SpanType.PHONE, SpanType.POSTAL)
_TABLE_KEY_LENGTH = 40  # characters
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Explainer:
    """Finds the sources of values in one situation.

    Args:
        situation: What is known; steps that are added to it later are seen.
        knowledge: What the house has taught; a word it knows to mean something else explains nothing.
        public: The words that may be kept at once.
        closed: Allowed values by parameter.
    """

    def __init__(
        self,
        situation: Situation,
        knowledge: Knowledge,
        public: PublicWords,
        closed: Mapping[str, tuple[str, ...]],
    ) -> None:
        self.situation = situation
        self._knowledge = knowledge
        self._public = public
        self._closed = closed
        self._heard: list[Atom] = list(_heard_atoms(situation.percepts))
        self._fixed: list[Atom] = [
            (Staff("handle"), situation.actor),
            (Staff("role"), situation.role),
            (ClockDate(0), situation.today.isoformat()),
        ]
        for step in situation.earlier:
            self._fixed += _step_atoms(step, situation, earlier=True)
        self._seen_steps = 0

    def sources(self, path: str, value: object, arguments: Mapping[str, object]) -> tuple[Source, ...]:
        """Return the sources that explain ``value`` of the argument ``path``; ``arguments`` are the call's others."""
        self._take_in_steps()
        found: list[Source] = []
        if is_list(value):
            found += self._lists(value)
        else:
            own: list[Atom] = [(Arg(name), other) for name, other in arguments.items() if name != path]
            found += [
                KindOf(name) for name, held in arguments.items() if value and self.situation.kind_of(held) == value
            ]
            fresh = list(self._fresh(value))
            found += [source for source in fresh if source.type is not SpanType.NAME]
            found += [source for source, held in self._atoms() if same(held, value)]
            found += fresh
            found += [source for source, held in own if same(held, value) and not self._public.allows(value)]
            found += self._computed(value, own)
            found += self._known(path, value, arguments)
        fixed = list(self._fixed_values(value))
        return (*tuple(dict.fromkeys(found))[:MOST_SOURCES], *fixed)

    def wordings(self, text: str) -> tuple[Source, ...]:
        """Return what explains the wording of a reply: templates, or the same words every time."""
        self._take_in_steps()
        return (*find_templates(text, self._atoms(), self._public), Phrase(self._public.guard(text)))

    def _take_in_steps(self) -> None:
        for step in self.situation.steps[self._seen_steps :]:
            self._fixed += _step_atoms(step, self.situation, earlier=False)
        self._seen_steps = len(self.situation.steps)

    def _fresh(self, value: object) -> Iterator[Span]:
        """Stretches of the message that no record found so far is named by, or holds."""
        for kind in _FRESH:
            spans = [span for span in self.situation.percept.spans if span.type in span_family(kind)]
            if any(same(span.value, value) for span in spans):
                fresh = [span.value for span in spans if not self.situation.holds(span)]
                if len(fresh) < len(spans) or kind is not SpanType.NAME:
                    places = [place for place, held in enumerate(fresh) if same(held, value)]
                    yield from (Span(kind, place, fresh=True) for place in places[:1])

    def _fresh_atoms(self) -> Iterator[Atom]:
        for span in self.situation.percept.spans:
            for source in self._fresh(span.value):
                yield source, span.value

    def _atoms(self) -> list[Atom]:
        return [*self._heard, *self._fixed, *self._read_atoms(), *self._other_atoms()]

    def _other_atoms(self) -> Iterator[Atom]:
        """The rows that no call has changed so far, where one of their list was changed."""
        for steps, earlier in ((self.situation.steps, False), (self.situation.earlier, True)):
            for step in steps:
                for name, rows in step.row_sets.items():
                    other = self.situation.other_row(rows) if name != ARGUMENTS and len(rows) > 1 else None
                    where = step.where(name, earlier=earlier)
                    if other is not None and (not earlier or self.situation.step_at(where) is step):
                        yield from _cells(rows[other], Ref(where, "", Pick.OTHER))

    def _read_atoms(self) -> Iterator[Atom]:
        for text, percept in self._texts():
            for found in percept.spans:
                for kind in _readings(found):
                    alike = [span for span in percept.spans if span.type in span_family(kind)]
                    yield Read(text, Span(kind, alike.index(found))), found.value

    def _texts(self) -> Iterator[tuple[Prev, Percept]]:
        """The texts of the records found so far."""
        for source, held in self._fixed:
            if not isinstance(source, Prev) or not isinstance(held, str):
                continue
            if source.field in TEXT_FIELDS and source.part is Part.WHOLE and source.where.rows != ARGUMENTS:
                yield source, self.situation.read(held)

    def _lists(self, value: Sequence[object]) -> Iterator[Source]:
        for steps, earlier in ((self.situation.steps, False), (self.situation.earlier, True)):
            for step in steps:
                for name, rows in step.row_sets.items():
                    if name != ARGUMENTS and rows and len(rows) == len(value):
                        for field in rows[0]:
                            if same([row.get(field) for row in rows], value):
                                yield Every(step.where(name, earlier=earlier), field)
                    live = [rows[index] for index in live_rows(rows)] if name != ARGUMENTS else []
                    if live and len(live) == len(value):
                        for field in live[0]:
                            if same([row.get(field) for row in live], value):
                                yield Every(step.where(name, earlier=earlier), field, live=True)

    def _computed(self, value: object, own: Sequence[Atom]) -> Iterator[Source]:
        atoms = [*self._atoms(), *own]
        if is_number(value):
            yield from numbers_from(value, atoms)
        day = read_day(value)
        if day is not None and isinstance(value, str) and len(value) == 10:  # noqa: PLR2004 - YYYY-MM-DD
            yield from days_from(day, atoms, self.situation.today)

    def _known(self, path: str, value: object, arguments: Mapping[str, object]) -> Iterator[Source]:
        param = path.rpartition(".")[2]
        if isinstance(value, str) and not _UUID.fullmatch(value):
            if self._may_be_a_word(param, value):
                yield Lex(param)
            for text, percept in self._texts():
                if same(self._knowledge.meaning(param, percept), value):
                    yield Read(text, Lex(param))
            for back, percept in enumerate(reversed(self.situation.percepts)):
                if back and same(self._knowledge.meaning(param, percept), value):
                    yield Lex(param, back)
            yield from (Wrapped(left, right) for left, right in _wrappers(self.situation.percept, value))
            own: list[Atom] = [(Arg(name), other) for name, other in arguments.items() if name != path]
            yield from find_templates(value, [*self._atoms(), *self._fresh_atoms(), *own], self._public)
        if _may_go_with(value):
            for key, held, name in self._table_keys(path, arguments):
                table = f"{name}>{param}"
                known = self._knowledge.companion(table, held)
                if known is UNBOUND or same(known, value):
                    yield Cond(key, table)

    def _may_be_a_word(self, param: str, value: str) -> bool:
        if param in self._closed and value not in self._closed[param]:
            return False
        if read_day(value) is not None or "@" in value:
            return False
        meant = self._knowledge.meaning(param, self.situation.percept)
        if meant is not UNBOUND:
            return same(meant, value)
        said = any(value.lower() in percept.text.lower() for percept in self.situation.percepts)
        return len(value.split()) <= 4 and not said  # noqa: PLR2004

    def _table_keys(self, path: str, arguments: Mapping[str, object]) -> Iterator[tuple[Source, object, str]]:
        for name, held in arguments.items():
            if name != path and _may_be_key(name.rpartition(".")[2], held):
                yield Arg(name), held, name.rpartition(".")[2]
        seen: set[tuple[str, str]] = set()
        for source, held in reversed(self._fixed):
            if isinstance(source, (Prev, Entity)) and source.part in (Part.WHOLE, Part.LAST_CLAUSE):
                field = source.field.rpartition(".")[2]
                if (_may_be_key(field, held) or source.part is Part.LAST_CLAUSE) and (field, str(held)) not in seen:
                    seen.add((field, str(held)))
                    yield source, held, field if source.where.rows == ARGUMENTS else f"record.{field}"
        yield Staff("role"), self.situation.role, "role"

    def _fixed_values(self, value: object) -> Iterator[Source]:
        if isinstance(value, str) and len(value.split()) > 2:  # noqa: PLR2004 - from three words on it is a phrase
            yield Phrase(self._public.guard(value))
        elif value is None or (
            isinstance(value, (str, int, float, bool)) and not (isinstance(value, str) and _UUID.fullmatch(value))
        ):
            yield Const(self._public.guard(value))
        elif is_list(value) and all(isinstance(item, str) for item in value):
            yield Const(self._public.guard(tuple(str(item) for item in value)))


def is_identifier(value: object) -> bool:
    """Tell whether ``value`` is the id of a record."""
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def explains(source: Source, value: object, binder: Binder) -> bool | None:
    """Tell whether ``source`` gives ``value``; None where it has no value, so that nothing speaks against it."""
    if isinstance(source, Span) and source.nth == ANY_PLACE:
        percept = binder.situation.heard(source.back)
        spans = percept.spans if percept is not None else ()
        return any(span.type in span_family(source.type) and same(span.value, value) for span in spans)
    got = binder.value(source)
    return None if got is UNBOUND else same(got, value)


def _heard_atoms(percepts: Sequence[Percept]) -> Iterator[Atom]:
    for back, percept in enumerate(reversed(percepts)):
        for found in percept.spans:
            for kind in _readings(found):
                yield from _span_atoms(found, kind, percept, back)


def _readings(found: SpanFound) -> tuple[SpanType, ...]:
    if found.type is SpanType.QUOTED:
        return (SpanType.QUOTED, SpanType.NAME)
    if found.type in (SpanType.MONEY, SpanType.PERCENT):
        return (found.type, SpanType.NUMBER)
    return (found.type,)


def _span_atoms(found: SpanFound, kind: SpanType, percept: Percept, back: int) -> Iterator[Atom]:
    alike = [span for span in percept.spans if span.type in span_family(kind)]
    behind = [span for span in alike if span.after == found.after]
    by_place: Source = Span(kind, alike.index(found), back=back)
    by_word: Source | None = Span(kind, behind.index(found), found.after, back=back) if found.after else None
    if kind is SpanType.NAME and any(span.of for span in alike):
        own = [span for span in alike if span.of == found.of]
        yield Span(kind, own.index(found), back=back, of=found.of), found.value
    if by_word is not None and len(alike) > 1:
        yield by_word, found.value
        yield by_place, found.value
    else:
        yield by_place, found.value
        if by_word is not None:
            yield by_word, found.value
    if back == 0:
        yield Span(kind, ANY_PLACE), found.value
        if kind is SpanType.NAME and len(alike) > 1 and found is max(alike, key=lambda span: len(span.text)):
            yield Span(kind, LONGEST), found.value
    if kind is SpanType.NAME:
        for part in (Part.FIRST, Part.REST):
            piece = take_part(found.value, part)
            if piece is not UNBOUND:
                yield Span(kind, alike.index(found), part=part, back=back), piece
                if by_word is not None:
                    yield Span(kind, behind.index(found), found.after, part=part, back=back), piece


def _step_atoms(step: SeenStep, situation: Situation, *, earlier: bool) -> Iterator[Atom]:
    for name, rows in step.row_sets.items():
        if not rows or (earlier and situation.step_at(step.where(name, earlier=True)) is not step):
            continue
        where = step.where(name, earlier=earlier)
        named = situation.named_row(rows)
        if named is not None:
            yield from _row_atoms(rows[named], where, entity=True)
        yield from _row_atoms(rows[situation.found_row(rows)], where, entity=False)
        yield from _ref_atoms(rows, where)


def _row_atoms(row: RowView, where: Where, *, entity: bool) -> Iterator[Atom]:
    make = Entity if entity else Prev
    for field, value in row.items():
        if value is None or value == "" or is_list(value):
            continue
        yield make(where, field), value
        if isinstance(value, str) and "," in value and len(value) < _LONGEST_TABLE_TEXT:
            piece = take_part(value, Part.LAST_CLAUSE)
            if piece is not UNBOUND:
                yield make(where, field, Part.LAST_CLAUSE), piece


def _ref_atoms(rows: Sequence[RowView], where: Where) -> Iterator[Atom]:
    for ref in (*_superlatives(rows, where), *_states(rows, where)):
        index = pick_row(rows, ref.pick, ref.by, live=ref.live, value=ref.value)
        if index is not None:
            yield from _cells(rows[index], ref)


def _cells(row: RowView, ref: Ref) -> Iterator[Atom]:
    for field, value in row.items():
        if value is not None and not is_list(value):
            yield replace(ref, field=field), value


def _superlatives(rows: Sequence[RowView], where: Where) -> Iterator[Ref]:
    for live in (True, False):
        for by in _measures(rows):
            yield from (Ref(where, "", pick, by, live) for pick in (Pick.MAX, Pick.MIN))
        yield Ref(where, "", Pick.LAST, "", live)
        if live:
            yield Ref(where, "", Pick.FIRST, "", live)


def _states(rows: Sequence[RowView], where: Where) -> Iterator[Ref]:
    for by in ("stage", "status"):
        for value in dict.fromkeys(str(row[by]) for row in rows if row.get(by)):
            yield Ref(where, "", Pick.WHERE, by, value=value)


def _measures(rows: Sequence[RowView]) -> list[str]:
    """Fields to compare rows by: numbers, dates and times."""
    return [
        field
        for field in rows[0]
        if any(is_number(row.get(field)) or read_day(row.get(field)) is not None for row in rows[:3])
    ]


def _may_go_with(value: object) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= _LONGEST_TABLE_TEXT and not _UUID.fullmatch(value) and read_day(value) is None
    return is_number(value) and abs(value) < SMALLEST_BASE


def _may_be_key(field: str, value: object) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= _TABLE_KEY_LENGTH
        and not _UNNAMED_FIELDS.search(field)
        and read_day(value) is None
        and not _UUID.fullmatch(value)
        and "@" not in value
    )


def _wrappers(percept: Percept, value: str) -> Iterator[tuple[str, str]]:
    """Words around ``value`` in the message, where it stands there; no words of names."""
    at = percept.text.lower().find(value.lower())
    if at < 0 or percept.text[at : at + len(value)] != value or any(span.value == value for span in percept.spans):
        return
    left = next((word for word in reversed(percept.words) if word[1] + len(word[0]) <= at), ("", 0))
    right = next((word for word in percept.words if word[1] >= at + len(value)), ("", 0))
    if left[0] and not percept.is_in_name(left[1]):
        yield left[0], ""
        if right[0] and not percept.is_in_name(right[1]):
            yield left[0], right[0]
