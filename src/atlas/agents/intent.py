"""Which tool a message asks for, judged by schemas and English alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from atlas.agents.toolbook import Parameter, Toolbook, ToolReading
from atlas.core.records import record
from atlas.learning.binding import Knowledge
from atlas.learning.english import canonical
from atlas.learning.language import SPANS_OF_FIELD, SpanType
from atlas.learning.perception import Percept

_VERBS = ("create", "modify", "search", "view", "cancel", "delete", "clone", "upload", "summarize")
_NOUNS = frozenset({"opportunity", "client", "contact", "quote", "contract", "document", "note", "staff"})
_COMMON_FIRST = ("opportunity", "quote", "client", "contact")
_QUESTIONS = ("what", "which", "who", "when", "how", "is", "are", "does", "do", "any")
_TELLING = frozenset({"tell", "know", "report", "check", "remind", "provid", "need", "what", "which", "who", "how"})
_POLITE = re.compile(r"\b(?:can|could|would|will|may)\s+(?:you|i|we)\b", re.IGNORECASE)


@record
class IntentWeights:
    """What speaks for a tool.

    Attributes:
        verb: Its verb stands in the message.
        object: The first kind of record named behind the verb is its own.
        noun: Some kind of record named is its own.
        field: A word of its parameters' names is named, or a value of one is meant.
        word: A word of its description is named.
        span: A typed span that it could use.
        unfilled: (Against it) a required value that the message does not give.
        question: It looks and the message asks; or it writes and the message asks (against it).
    """

    verb: float = 3.0
    object: float = 2.5
    noun: float = 1.0
    field: float = 0.8
    word: float = 0.15
    span: float = 0.6
    unfilled: float = 0.8
    question: float = 1.5


def rank_tools(
    toolbook: Toolbook, percept: Percept, knowledge: Knowledge, weights: IntentWeights
) -> list[tuple[float, ToolReading]]:
    """Return the tools with their scores, best first; ties go to the commoner kind of record, then by name."""
    reading = _Reading(percept)
    scored = [(round(_score(tool, reading, knowledge, weights), 6), tool) for tool in toolbook.tools.values()]
    return sorted(scored, key=lambda item: (-item[0], _commonness(item[1]), item[1].name))


def _commonness(tool: ToolReading) -> int:
    return _COMMON_FIRST.index(tool.nouns[0]) if tool.nouns and tool.nouns[0] in _COMMON_FIRST else len(_COMMON_FIRST)


def usable_spans(parameter: Parameter) -> tuple[SpanType, ...]:
    """Return the types of spans that a parameter can be filled from, the likeliest first."""
    known = SPANS_OF_FIELD.get(parameter.name)
    if known is not None:
        return known
    if parameter.format in ("date", "date-time"):
        return (SpanType.DATE,)
    if parameter.format == "email":
        return (SpanType.EMAIL,)
    if parameter.format in ("uri", "url") or parameter.name.endswith("_url"):
        return (SpanType.URL,)
    if parameter.type in ("number", "integer"):
        return (SpanType.MONEY, SpanType.NUMBER, SpanType.PERCENT)
    return ()


class _Reading:
    """Words of a message by their role."""

    def __init__(self, percept: Percept) -> None:
        self.percept = percept
        inside = [(span.start, span.end) for span in percept.spans if span.type is not SpanType.TAIL]
        self.ordered = [
            canonical(word) for word, at in percept.words if not any(start <= at < end for start, end in inside)
        ]
        self.words = frozenset(self.ordered)
        self.first_word = percept.words[0][0] if percept.words else ""
        telling = self.first_word in _QUESTIONS or bool(_TELLING & set(self.ordered))
        self.asks = telling or ("?" in percept.text and not _POLITE.search(percept.text))
        self.verbs = [word for word in self.ordered if word in _VERBS]

    def object_of(self, verb: str) -> str | None:
        """Return the first kind of record named behind ``verb`` (anywhere where the verb is not named)."""
        start = self.ordered.index(verb) + 1 if verb in self.words else 0
        return next((word for word in self.ordered[start:] if word in _NOUNS), None)


def _score(tool: ToolReading, reading: _Reading, knowledge: Knowledge, weights: IntentWeights) -> float:
    score = _verb_score(tool, reading, weights)
    fields = [parameter for parameter in tool.parameters if not parameter.name.endswith("_id")]
    if tool.nouns:
        main = tool.nouns[0]
        score += weights.object * (reading.object_of(tool.verb) == main) + weights.noun * (main in reading.words)
    named = {word for field in fields for word in field.words & reading.words} - _other_records(tool, reading)
    meant = sum(1 for field in fields if not field.words & reading.words and _means(field, reading.percept, knowledge))
    score += weights.field * min(len(named) + meant, 3)
    score += weights.word * len(tool.words & reading.words)
    score += weights.span * _spans_used(fields, reading.percept)
    score -= weights.unfilled * _unfilled(tool.required, reading.percept)
    if reading.asks:
        score += weights.question if tool.reads else -weights.question
    return score


def _other_records(tool: ToolReading, reading: _Reading) -> frozenset[str]:
    """The kind of record that the message is about, where it is none of the tool's: no word for a field of it."""
    wanted = reading.object_of(tool.verb)
    return frozenset() if wanted is None or wanted in tool.nouns else frozenset({wanted})


def _verb_score(tool: ToolReading, reading: _Reading, weights: IntentWeights) -> float:
    if tool.verb not in reading.words:
        return -weights.verb if tool.verb == "summarize" else 0.0  # nobody wants a sum without asking for one
    score = weights.verb + (0.5 if reading.verbs and reading.verbs[0] == tool.verb else 0.0)
    is_other = tool.verb == "modify" and reading.object_of(tool.verb) not in (None, *tool.nouns)
    return score / 2 if is_other else score  # "put a note on the contact" changes no contact


def _means(field: Parameter, percept: Percept, knowledge: Knowledge) -> bool:
    return bool(field.allowed) and knowledge.meaning(field.name, percept) in field.allowed


def _spans_used(fields: Sequence[Parameter], percept: Percept) -> int:
    present = {span.type for span in percept.spans} - {SpanType.NAME, SpanType.QUOTED, SpanType.TAIL}
    return len(present & {kind for field in fields for kind in usable_spans(field)})


def _unfilled(required: Sequence[Parameter], percept: Percept) -> int:
    present = {span.type for span in percept.spans}
    return sum(1 for parameter in required if usable_spans(parameter) and not present & set(usable_spans(parameter)))
