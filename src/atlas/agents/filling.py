"""Values for the parameters of a call, by their names and types alone."""

from __future__ import annotations

from atlas.agents.intent import usable_spans
from atlas.agents.surroundings import PLACE_WORDS, known_id, names_in, person_in, record_noun, target_noun
from atlas.agents.toolbook import Parameter, ToolReading
from atlas.learning.binding import UNBOUND, Knowledge
from atlas.learning.english import canonical
from atlas.learning.language import (
    SpanType,
)
from atlas.learning.situation import Situation

_NAMING_WORDS = frozenset({"called", "named", "titled", "name", "title"})
_ORDERS = frozenset({"order_by", "order", "sort"})
_NAMES = frozenset({"name", "first_name", "last_name"})
_GENERIC = frozenset({SpanType.NUMBER, SpanType.TAIL, SpanType.QUOTED})  # spans that fit where they are asked for only


class Filler:
    """Fills the parameters of one call from a situation.

    Args:
        tool: The tool.
        situation: What is known.
        knowledge: Reads the words of the house.
    """

    def __init__(self, tool: ToolReading, situation: Situation, knowledge: Knowledge) -> None:
        self._tool = tool
        self._situation = situation
        self._knowledge = knowledge
        self._percepts = situation.percepts[situation.request :][::-1]
        self._used: set[tuple[int, SpanType]] = set()
        self._words = frozenset(canonical(word) for percept in self._percepts for word, _ in percept.words)

    def fill(self, parameter: Parameter) -> tuple[object, str]:
        """Return a value for ``parameter`` with the name of its source, ``UNBOUND`` where nothing fits."""
        if parameter.name == "entity_type":
            return self._entity_type(parameter)
        if parameter.name.endswith("_id"):
            return self._id(parameter) if parameter.required else (UNBOUND, "")
        if parameter.allowed:
            return self._meaning(parameter)
        if usable_spans(parameter):
            return self._typed(parameter)
        return self._name(parameter) if parameter.name in _NAMES else (UNBOUND, "")

    def _meaning(self, parameter: Parameter) -> tuple[object, str]:
        if parameter.name in _ORDERS:
            return UNBOUND, ""
        for percept in self._percepts:
            meant = self._knowledge.meaning(parameter.name, percept)
            if meant in parameter.allowed:
                return meant, "lex"
        return UNBOUND, ""

    def _typed(self, parameter: Parameter) -> tuple[object, str]:
        wanted = parameter.required or bool(parameter.words & self._words)
        for percept in self._percepts:
            for kind in usable_spans(parameter):
                for span in percept.of_type(kind):
                    place = (span.start, span.type)
                    if place not in self._used and (wanted or kind not in _GENERIC):
                        self._used.add(place)
                        return span.value, "span"
        return UNBOUND, ""

    def _name(self, parameter: Parameter) -> tuple[object, str]:
        creates = self._tool.verb == "create"
        for percept in self._percepts:
            if parameter.name != "name":
                person = person_in(percept) if creates else None
                first, _, last = person.text.partition(" ") if person is not None else ("", "", "")
                value = first if parameter.name == "first_name" else last
                if value:
                    return value, "span"
                continue
            names = names_in(percept)
            called = next((span for span in names if span.after in _NAMING_WORDS), None)
            if called is not None and (creates or "name" in self._words):
                return called.text, "span"
            if creates and names:
                free = [span for span in names if span.after not in PLACE_WORDS]
                return (free or list(names))[0].text, "span"
        return UNBOUND, ""

    def _id(self, parameter: Parameter) -> tuple[object, str]:
        noun = record_noun(parameter, self._percepts[-1])
        known = known_id(f"{noun}_id", self._situation)
        return (known, "prev") if known is not None else (UNBOUND, "")

    def _entity_type(self, parameter: Parameter) -> tuple[object, str]:
        noun = target_noun(self._percepts[-1])
        match = next((value for value in parameter.allowed if value.lower() == noun), None)
        return (match, "span") if match is not None else (UNBOUND, "")
