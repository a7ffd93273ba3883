"""The plan of an agent without lessons: the nearest tool, its arguments by type, records by searching for their names.

Stateless: every step is derived from the conversation alone, so that it can take over in the middle of a turn.
"""

from __future__ import annotations

from collections.abc import Mapping

from atlas.agents.answering import ask, conclude, not_found, report
from atlas.agents.filling import Filler
from atlas.agents.intent import IntentWeights, rank_tools
from atlas.agents.proposal import Proposal
from atlas.agents.surroundings import (
    found_several,
    known_id,
    list_names,
    name_criteria,
    names_for,
    names_in,
    person_in,
    record_noun,
    searched_with,
    was_called,
)
from atlas.agents.toolbook import Parameter, Toolbook, ToolReading
from atlas.core.records import record
from atlas.crm.records import ReasonCode
from atlas.learning.binding import UNBOUND, Knowledge
from atlas.learning.perception import Percept
from atlas.learning.situation import Situation, came_to_nothing

_MOST_LOOKUPS = 5
_REASON = "default plan"


@record
class Draft:
    """A main call in the making."""

    tool: ToolReading
    arguments: Mapping[str, object]
    sources: Mapping[str, str]
    missing: tuple[Parameter, ...]


class Planner:
    """Plans by schemas and English.

    Args:
        toolbook: The tools.
        weights: What speaks for a tool.
    """

    def __init__(self, toolbook: Toolbook, weights: IntentWeights) -> None:
        self._toolbook = toolbook
        self._weights = weights
        self._ranked: tuple[Percept, Knowledge, list[tuple[float, ToolReading]]] | None = None

    def propose(self, situation: Situation, knowledge: Knowledge, choice: int = 0) -> Proposal:
        """Return the next call or the reply.

        Args:
            situation: The conversation so far.
            knowledge: Reads the words of the house.
            choice: Take the tool of this rank (0: the best).
        """
        last = situation.steps[-1] if situation.steps else None
        if last is not None and last.result.error is not None:
            return report(last.result.error, situation.percept)
        tool = self._main_tool(situation, knowledge, choice)
        if tool is None:
            question = "Which kind of record is this about, and what shall I do with it?"
            return ask(ReasonCode.AMBIGUOUS_REQUEST, question, situation)
        if tool.verb in ("search", "summarize") and not any(one.name.endswith("_id") for one in tool.required):
            return self._look(tool, situation, knowledge)
        done = next((step for step in situation.steps if step.tool == tool.name), None)
        return self._next_call(tool, situation, knowledge) if done is None else conclude(tool, done, situation)

    def fits(self, situation: Situation, knowledge: Knowledge) -> dict[str, float]:
        """Return how well each tool fits the open message, in [0, 1]: 1 for the best, 0 for a score of 0 or less."""
        ranked = self._rank(situation.percept, knowledge)
        best = max(ranked[0][0], 1e-9) if ranked else 1.0
        return {tool.name: max(0.0, round(score / best, 6)) for score, tool in ranked}

    def main_tool_name(self, situation: Situation, knowledge: Knowledge) -> str | None:
        """Return the name of the tool that the open request asks for by schema and English."""
        tool = self._main_tool(situation, knowledge, 0)
        return None if tool is None else tool.name

    def _main_tool(self, situation: Situation, knowledge: Knowledge, choice: int) -> ToolReading | None:
        ranked = self._rank(self._request(situation), knowledge)
        return ranked[choice][1] if choice < len(ranked) else None

    def _rank(self, percept: Percept, knowledge: Knowledge) -> list[tuple[float, ToolReading]]:
        """Rank the tools for a message; the last ranking is kept, since one decision needs it twice."""
        last = self._ranked
        if last is None or last[0] is not percept or last[1] is not knowledge:
            last = (percept, knowledge, rank_tools(self._toolbook, percept, knowledge, self._weights))
            self._ranked = last
        return last[2]

    def _request(self, situation: Situation) -> Percept:
        """The message that states the request: an earlier one, where the open one only answers a question."""
        return situation.percepts[situation.request]

    def _next_call(self, tool: ToolReading, situation: Situation, knowledge: Knowledge) -> Proposal:
        draft = self._draft(tool, situation, knowledge)
        for parameter in draft.missing:
            noun = record_noun(parameter, self._request(situation))
            if noun is not None:
                return self._look_up(noun, situation, draft)
        if draft.missing:
            names = ", ".join(f"{parameter.name.replace('_', ' ')} ({parameter.name})" for parameter in draft.missing)
            return ask(ReasonCode.MISSING_INFORMATION, f"Please tell me the {names}.", situation)
        if tool.verb == "modify" and len(draft.arguments) == len(tool.required):
            question = "Please tell me what shall be changed, and to which value."
            return ask(ReasonCode.MISSING_INFORMATION, question, situation)
        return Proposal(tool.name, draft.arguments, sources=draft.sources, reason=_REASON)

    def _draft(self, tool: ToolReading, situation: Situation, knowledge: Knowledge) -> Draft:
        arguments: dict[str, object] = {}
        sources: dict[str, str] = {}
        missing: list[Parameter] = []
        filler = Filler(tool, situation, knowledge)
        for parameter in tool.parameters:
            value, source = filler.fill(parameter)
            if value is not UNBOUND:
                arguments[parameter.name] = value
                sources[f"{tool.name}.{parameter.name}"] = source
            elif parameter.required:
                missing.append(parameter)
        return Draft(tool, arguments, sources, tuple(missing))

    def _look(self, tool: ToolReading, situation: Situation, knowledge: Knowledge) -> Proposal:
        """Search or sum up: by closed sets that the message names, and by the client or the record that it names."""
        last = situation.steps[-1] if situation.steps else None
        named = bool(names_in(situation.percept))
        if last is not None and last.tool == tool.name:
            if not (named and came_to_nothing(last.result)):
                return conclude(tool, last, situation)
            return self._search_client(tool, situation) or not_found(
                tool.nouns[0] if tool.nouns else "record", situation
            )
        before = self._earlier_record(tool, situation) if not named else None
        if before is not None:
            return before
        criteria = self._set_criteria(tool, situation, knowledge)
        noun = tool.nouns[0] if tool.nouns else ""
        own = [span for span in names_for(noun, situation.percept) if not situation.names_a_record(span.text)]
        client = known_id("client_id", situation) if situation.steps else None
        if client is not None and tool.parameter("client_id") is not None and tool.nouns[:1] != ("client",):
            criteria["client_id"] = client
        elif named and not situation.steps and (tool.verb == "summarize" or criteria):
            search = self._search_client(tool, situation)
            if search is not None:
                return search
        by_name = tool.parameter("name") is not None or tool.parameter("last_name") is not None
        if "client_id" not in criteria and own and by_name:
            person = person_in(situation.percept) if tool.parameter("last_name") is not None else None
            criteria |= name_criteria(tool, (person or own[0]).text)
        if not criteria and tool.verb == "search":
            return ask(ReasonCode.MISSING_INFORMATION, f"Which {noun or 'record'} is it?", situation)
        sources = {f"{tool.name}.{name}": "prev" if name == "client_id" else "span" for name in criteria}
        return Proposal(tool.name, criteria, sources=sources, reason=_REASON)

    def _set_criteria(self, tool: ToolReading, situation: Situation, knowledge: Knowledge) -> dict[str, object]:
        criteria: dict[str, object] = {}
        for parameter in tool.parameters:
            meant = knowledge.meaning(parameter.name, situation.percept) if parameter.allowed else UNBOUND
            if meant in parameter.allowed and not parameter.name.startswith("order"):
                criteria[parameter.name] = meant
        return criteria

    def _search_client(self, tool: ToolReading, situation: Situation) -> Proposal | None:
        """Look for the client that a message names, None where that was done or the tool is about clients itself."""
        lookup = self._toolbook.lookup("client")
        if lookup is None or lookup.name == tool.name or was_called(situation, lookup):
            return None
        name = names_for("client", situation.percept)[0].text
        return Proposal(lookup.name, {"name": name}, sources={f"{lookup.name}.name": "span"}, reason=_REASON)

    def _earlier_record(self, tool: ToolReading, situation: Situation) -> Proposal | None:
        """Ask for the details of the record that the conversation was about, where the message names none."""
        details = self._toolbook.details(tool.nouns[0]) if tool.nouns and situation.earlier else None
        if details is None:
            return None
        done = next((step for step in situation.steps if step.tool == details.name), None)
        if done is not None:
            return conclude(details, done, situation)
        field = f"{tool.nouns[0]}_id"
        known = known_id(field, situation)
        if known is None:
            return None
        return Proposal(details.name, {field: known}, sources={f"{details.name}.{field}": "prev"}, reason=_REASON)

    def _look_up(self, noun: str, situation: Situation, draft: Draft) -> Proposal:
        """Search for the record that a missing id belongs to, by the names in the message, one way after the other."""
        searched = [step for step in situation.made if step.tool in self._toolbook.names]
        many = next((step for step in searched if found_several(step, noun)), None)
        if many is not None:
            question = f"There are several: {list_names(many)}. Which {noun} do you mean?"
            return ask(ReasonCode.AMBIGUOUS_REQUEST, question, situation)
        if len(searched) >= _MOST_LOOKUPS:
            return not_found(noun, situation)
        return self._by_details(noun, situation) or self._by_name(noun, situation, draft) or not_found(noun, situation)

    def _by_details(self, noun: str, situation: Situation) -> Proposal | None:
        """Quotes and the like have no search of their own: they stand in the details of their opportunity."""
        details = self._toolbook.details("opportunity")
        if self._toolbook.lookup(noun) is not None or details is None or was_called(situation, details):
            return None
        known = known_id("opportunity_id", situation)
        if known is None:
            return None
        return Proposal(
            details.name, {"opportunity_id": known}, sources={f"{details.name}.opportunity_id": "prev"}, reason=_REASON
        )

    def _by_name(self, noun: str, situation: Situation, draft: Draft) -> Proposal | None:
        used = {str(value) for value in draft.arguments.values()}
        start = noun if self._toolbook.lookup(noun) is not None else "opportunity"
        found = (self._toolbook.lookup(wanted) for wanted in dict.fromkeys((start, "client")))
        lookups = [lookup for lookup in found if lookup is not None]
        for lookup in lookups:
            every = [
                span.text
                for percept in reversed(situation.percepts)
                for span in names_for(lookup.nouns[0] if lookup.nouns else "", percept)
            ]
            for name in ([name for name in every if name not in used] or every)[:3]:
                criteria = name_criteria(lookup, name)
                if not searched_with(situation, lookup, " ".join(map(str, criteria.values()))):
                    sources = {f"{lookup.name}.{field}": "span" for field in criteria}
                    return Proposal(lookup.name, criteria, sources=sources, reason=_REASON)
        client = known_id("client_id", situation)
        if client is None or not lookups or noun == "client" or searched_with(situation, lookups[0], client):
            return None
        first = lookups[0]
        return Proposal(first.name, {"client_id": client}, sources={f"{first.name}.client_id": "prev"}, reason=_REASON)
