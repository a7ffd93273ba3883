"""What an agent knows at one moment of an episode, in the form that lessons are evaluated on."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TypeGuard, cast

from atlas.core.records import JsonObject
from atlas.crm.records import Outcome, ToolCall, ToolResult
from atlas.episodes.records import Step, Turn
from atlas.learning.english import is_writing
from atlas.learning.language import (
    SpanType,
    Where,
)
from atlas.learning.perception import NOTHING_FAMILIAR, Familiar, Percept, SpanFound, perceive

RowView = Mapping[str, object]

PLAIN_FIELDS = "."
ARGUMENTS = "args"
_NAME_FIELDS = ("name", "file_name", "email", "first_name", "last_name", "version")
TEXT_FIELDS = ("content", "notes")
"""Fields of records that hold free text."""
_DESCRIBING_FIELDS = ("title", "status", "stage", "role", "territory", "industry")
_CLOSED_WORDS = frozenset({"closed-won", "closed-lost", "canceled", "rejected", "inactive", "expired"})
_LONGEST_LIST = 80  # rows of one result that are looked at
_NAMING_SPANS = (SpanType.QUOTED, SpanType.NAME, SpanType.EMAIL, SpanType.FILE, SpanType.ID)


class SeenStep:
    """A call that was made, with its result cut into named lists of rows."""

    def __init__(self, call: ToolCall, result: ToolResult, nth: int) -> None:
        self.tool = call.tool
        self.arguments = call.arguments
        self.result = result
        self.nth = nth
        self._rows: dict[str, Sequence[RowView]] | None = None

    def numbered(self, nth: int) -> SeenStep:
        """Return the same call with another number."""
        again = copy.copy(self)
        again.nth = nth
        return again

    @property
    def row_sets(self) -> Mapping[str, Sequence[RowView]]:
        """Lists of rows by name: lists and objects of the result, its plain fields, the arguments."""
        if self._rows is None:
            self._rows = _cut(self.result.data or {}) | {ARGUMENTS: [flatten(self.arguments)]}
        return self._rows

    def where(self, rows: str, *, earlier: bool = False) -> Where:
        """Return the address of one of the lists."""
        return Where(self.tool, self.nth, rows, earlier)


class Situation:
    """A conversation up to one moment.

    Args:
        turns: The conversation; the last turn is open.
        actor: Handle of the acting colleague.
        role: That colleague's job.
        today: The day of the world.
        familiar: What helps to tell names from other words.
    """

    def __init__(
        self, turns: Sequence[Turn], *, actor: str, role: str, today: date, familiar: Familiar = NOTHING_FAMILIAR
    ) -> None:
        self.percepts: tuple[Percept, ...] = tuple(perceive(turn.user, today, familiar) for turn in turns)
        self.actor = actor
        self.role = role
        self.today = today
        self._familiar = familiar
        self.steps: list[SeenStep] = number_steps(turns[-1].steps)
        self.made: list[SeenStep] = [SeenStep(step.call, step.result, 0) for step in turns[-1].steps]
        self.earlier: list[SeenStep] = [step for turn in turns[:-1] for step in number_steps(turn.steps)]
        self.context = _context_of(turns[:-1])
        self.undone = len(turns) > 1 and _undone(turns[-2])
        self.asked_before = len(turns) > 1 and _asked(turns[-2])
        self.request = _request_place(turns)

    def at_start(self) -> Situation:
        """Return the situation as it was when the open turn began."""
        opening = copy.copy(self)
        opening.steps = []
        opening.made = []
        return opening

    def without_last_step(self) -> Situation:
        """Return the situation as if the last call had not been made; it still counts as made."""
        before = copy.copy(self)
        before.steps = self.steps[:-1]
        return before

    def with_steps(self, steps: Sequence[SeenStep]) -> Situation:
        """Return the situation as if only these calls had been made in the open turn."""
        narrowed = copy.copy(self)
        counts: dict[str, int] = {}
        narrowed.steps = []
        for step in steps:
            nth = counts.get(step.tool, 0)
            counts[step.tool] = nth + 1
            narrowed.steps.append(step if step.nth == nth else step.numbered(nth))
        return narrowed

    @property
    def percept(self) -> Percept:
        """The open turn's message."""
        return self.percepts[-1]

    def heard(self, back: int) -> Percept | None:
        """Return the message ``back`` messages before the open turn's."""
        return self.percepts[-1 - back] if back < len(self.percepts) else None

    def step_at(self, where: Where) -> SeenStep | None:
        """Return the call that ``where`` means, None where there is none or it failed."""
        if where.earlier:
            last = [step for step in self.earlier if step.tool == where.tool and step.result.ok]
            return last[-1] if last else None
        for step in self.steps:
            if step.tool == where.tool and step.nth == where.nth:
                return step if step.result.ok or where.rows == ARGUMENTS else None
        return None

    def rows_at(self, where: Where) -> Sequence[RowView]:
        """Return the rows that ``where`` means; empty where there are none."""
        step = self.step_at(where)
        return step.row_sets.get(where.rows, ()) if step is not None else ()

    def found_row(self, rows: Sequence[RowView]) -> int:
        """Return the index of the row that was looked for: of several, the one whose whole name stands in a message."""
        if len(rows) > 1:
            for percept in reversed(self.percepts):
                spans = [span for kind in _NAMING_SPANS for span in percept.of_type(kind)]
                for index, row in enumerate(rows):
                    if any(_is_name(value, spans, "") for value in _names_of(row)):
                        return index
        return 0

    def other_row(self, rows: Sequence[RowView]) -> int | None:
        """Return the first live row that no call has changed, None where none of the rows was changed."""
        changed = {
            value
            for step in (*self.earlier, *self.steps)
            if is_writing(step.tool) and step.result.ok
            for value in flatten(step.arguments).values()
            if isinstance(value, str)
        }
        live = live_rows(rows)
        untouched = [index for index in live if next(iter(rows[index].values()), None) not in changed]
        one_changed = any(next(iter(row.values()), None) in changed for row in rows)
        return untouched[0] if untouched and one_changed else None

    def kind_of(self, identifier: object) -> str:
        """Return the kind of the record with an id, as tools spell it (``Client``); empty where none was seen."""
        for step in reversed([*self.earlier, *self.steps]):
            for name, rows in step.row_sets.items():
                for row in rows if name != ARGUMENTS else ():
                    key = next(iter(row), "")
                    if key.endswith("_id") and row[key] == identifier:
                        return key.removesuffix("_id").capitalize()
        return ""

    def read(self, text: str) -> Percept:
        """Return how a text of a record reads."""
        return perceive(text, self.today, self._familiar)

    def holds(self, span: SpanFound) -> bool:
        """Tell whether a record that a call of this turn found is named by a stretch of a message, or holds it."""
        if span.type in (SpanType.NAME, SpanType.QUOTED):
            return self.names_a_record(span.text)
        return any(
            same(value, span.value)
            for step in self.steps
            for name, rows in step.row_sets.items()
            if name not in (ARGUMENTS, PLAIN_FIELDS) and rows
            for value in rows[self.found_row(rows)].values()
        )

    def names_a_record(self, text: str) -> bool:
        """Tell whether ``text`` is the name of a record that a call of this turn found."""
        wanted = text.lower()
        return any(
            wanted in _names_of(row)
            for step in self.steps
            for name, rows in step.row_sets.items()
            if name != ARGUMENTS
            for row in rows[:1]
        )

    def named_row(self, rows: Sequence[RowView]) -> int | None:
        """Return the index of the first row that a message names (the open turn's first), None where there is none.

        A row whose name stands in the message comes before one whose name only holds the words of a name span.
        """
        if len(rows) > 1:
            for percept in reversed(self.percepts):
                found = _named_in(percept, rows)
                if found is not None:
                    return found
        return None


def number_steps(steps: Sequence[Step]) -> list[SeenStep]:
    """Return the steps of one turn, each with its number among the calls to the same tool.

    A call that failed or found nothing and was tried again at once is left out, and so is a search that found nothing
    and was followed by another search.
    """
    counts: dict[str, int] = {}
    seen: list[SeenStep] = []
    for place, step in enumerate(steps):
        if place + 1 < len(steps) and _led_nowhere(step, steps[place + 1]):
            continue
        nth = counts.get(step.call.tool, 0)
        counts[step.call.tool] = nth + 1
        seen.append(SeenStep(step.call, step.result, nth))
    return seen


def _led_nowhere(step: Step, following: Step) -> bool:
    searched_on = step.result.ok and following.result.data is not None and "results" in following.result.data
    return came_to_nothing(step.result) and (step.call.tool == following.call.tool or searched_on)


def came_to_nothing(result: ToolResult) -> bool:
    """Tell whether a call failed or a search found nothing."""
    return result.data is None or result.data.get("results") in ([], ())


def live_rows(rows: Sequence[RowView]) -> list[int]:
    """Return the indexes of the rows that are not closed, canceled or the like."""
    return [
        index
        for index, row in enumerate(rows)
        if not any(str(row.get(name, "")).lower() in _CLOSED_WORDS for name in ("stage", "status"))
    ]


def flatten(arguments: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Return nested objects as one level; dots lead into objects.

    Example:
        >>> flatten({"updates": {"stage": "Proposal"}, "limit": 5})
        {'updates.stage': 'Proposal', 'limit': 5}
    """
    flat: dict[str, object] = {}
    for name, value in arguments.items():
        if is_object(value) and value:
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def unflatten(flat: Mapping[str, object]) -> dict[str, object]:
    """Return what :func:`flatten` flattened.

    Example:
        >>> unflatten({"updates.stage": "Proposal", "limit": 5})
        {'updates': {'stage': 'Proposal'}, 'limit': 5}
    """
    nested: dict[str, object] = {}
    for path, value in flat.items():
        *parents, last = path.split(".")
        place = nested
        for parent in parents:
            place = cast("dict[str, object]", place.setdefault(parent, {}))
        place[last] = value
    return nested


def is_object(value: object) -> TypeGuard[JsonObject]:
    """Tell whether ``value`` is a JSON object."""
    return isinstance(value, Mapping)


def is_list(value: object) -> TypeGuard[Sequence[object]]:
    """Tell whether ``value`` is a JSON array."""
    return isinstance(value, (list, tuple))


def is_number(value: object) -> TypeGuard[int | float]:
    """Tell whether ``value`` is a number (a truth value is none)."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def same(one: object, other: object) -> bool:
    """Tell whether two values are the same to the world: numbers within half a cent, lists without order.

    Example:
        >>> same(5, 5.0), same(1, True), same(["a", "b"], ("b", "a"))
        (True, False, True)
    """
    if is_number(one) and is_number(other):
        return abs(one - other) < 0.005  # noqa: PLR2004 - half a cent
    if is_list(one) and is_list(other):
        return sorted(map(str, one)) == sorted(map(str, other))
    return type(one) is type(other) and one == other


def _cut(data: JsonObject) -> dict[str, Sequence[RowView]]:
    cut: dict[str, Sequence[RowView]] = {}
    plain: dict[str, object] = {}
    for name, value in data.items():
        if is_object(value):
            cut[name] = [_with_full_name(value)]
        elif is_list(value) and all(is_object(item) for item in value):
            cut[name] = [_with_full_name(row) for row in cast("Sequence[RowView]", value[:_LONGEST_LIST])]
        else:
            plain[name] = value
    if plain:
        cut[PLAIN_FIELDS] = [plain]
    return cut


def _with_full_name(row: RowView) -> RowView:
    """Return a person's row with the whole name, as people are called in answers."""
    first, last = row.get("first_name"), row.get("last_name")
    named = isinstance(first, str) and isinstance(last, str) and "name" not in row
    return {**row, "name": f"{first} {last}".strip()} if named else row


def _request_place(turns: Sequence[Turn]) -> int:
    """Place of the message that states the open request: messages behind it only answer questions about it."""
    place = len(turns) - 1
    while place > 0 and _asked(turns[place - 1]):
        place -= 1
    return place


def _context_of(turns: Sequence[Turn]) -> tuple[str, ...]:
    """Return cue words for where a conversation stands: how the turn before ended, what was called and told in it."""
    if not turns:
        return ()
    words = {"<again>"} | {f"<after {step.call.tool}>" for step in turns[-1].steps}
    response = turns[-1].response
    if response is not None:
        reason = response.reason_code.value if response.reason_code is not None else ""
        words.add(f"<was {response.outcome.value} {reason}>".replace(" >", ">"))
        words |= {f"<told {name}>" for name in response.facts}
    return tuple(sorted(words))


def _undone(turn: Turn) -> bool:
    """Tell whether a request was turned down, so that the next message may mend it."""
    return turn.response is not None and turn.response.outcome in (Outcome.REFUSED, Outcome.REPORTED)


def _asked(turn: Turn) -> bool:
    return turn.response is not None and turn.response.outcome is Outcome.ASKED


def _named_in(percept: Percept, rows: Sequence[RowView]) -> int | None:
    spans = [span for kind in _NAMING_SPANS for span in percept.of_type(kind)]
    for fits in (_is_name, _in_text, _holds_words):
        for index, row in enumerate(rows):
            if any(fits(value, spans, percept.text) for value in _names_of(row)):
                return index
    return _described_in(percept, rows)


def _described_in(percept: Percept, rows: Sequence[RowView]) -> int | None:
    """Return the only row that has a value which the message states, of those fields that describe records."""
    for field in _DESCRIBING_FIELDS:
        fitting = [
            index for index, row in enumerate(rows) if isinstance(value := row.get(field), str) and says(percept, value)
        ]
        if len(fitting) == 1:
            return fitting[0]
    return None


def says(percept: Percept, value: str) -> bool:
    """Tell whether a message holds a value as whole words, in any case."""
    return value != "" and re.search(rf"(?<!\w){re.escape(value)}(?!\w)", percept.text, re.IGNORECASE) is not None


def _names_of(row: RowView) -> Iterator[str]:
    for name in _NAME_FIELDS:
        value = row.get(name)
        if isinstance(value, str) and value:
            yield value.lower()
    first, last = row.get("first_name"), row.get("last_name")
    if isinstance(first, str) and isinstance(last, str):
        yield f"{first} {last}".lower()


def _is_name(value: str, spans: Sequence[SpanFound], _text: str) -> bool:
    return any(value == span.text.lower() for span in spans)


def _in_text(value: str, _spans: Sequence[SpanFound], text: str) -> bool:
    return len(value) > 3 and value in text.lower()  # noqa: PLR2004 - shorter texts stand in any message


def _holds_words(value: str, spans: Sequence[SpanFound], _text: str) -> bool:
    words = set(value.split())
    return any(len(parts := span.text.lower().split()) > 1 and words.issuperset(parts) for span in spans)
