"""From a solved turn to a case: every argument with everything that explains it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import date

from atlas.core.records import record
from atlas.crm.records import Outcome, ReasonCode, ToolSpec
from atlas.episodes.records import Turn
from atlas.learning.binding import Binder, Knowledge
from atlas.learning.english import canonical
from atlas.learning.explanation import Explainer
from atlas.learning.features import Feature, features_of
from atlas.learning.language import (
    Lex,
    Source,
    SpanType,
)
from atlas.learning.perception import Percept
from atlas.learning.sightings import CaseMark, PublicWords, mark_case
from atlas.learning.situation import PLAIN_FIELDS, Situation, flatten, number_steps
from atlas.learning.vocabulary import closed_sets

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MENTIONED_NAME = 4  # letters; shorter names of fields stand in any message


class Schemas:
    """What the tool schemas say: the closed sets, the words that may be kept, the tools by name.

    Args:
        tools: The tools that an agent sees.
    """

    def __init__(self, tools: Sequence[ToolSpec]) -> None:
        self.tools: Mapping[str, ToolSpec] = {tool.name: tool for tool in tools}
        self.closed = closed_sets(tools)
        self.params = tuple(self.closed)
        self.public = PublicWords(tools)
        self.set_words = frozenset(value.lower() for values in self.closed.values() for value in values)


@record
class ValueCase:
    """A value of a demonstration and what explains it."""

    value: object
    sources: tuple[Source, ...]


@record
class StepCase:
    """A call of a demonstration; arguments are flat, ``error`` is the code of its error, empty for a success."""

    tool: str
    arguments: Mapping[str, ValueCase]
    error: str = ""

    @property
    def ok(self) -> bool:
        """Whether the call succeeded."""
        return not self.error


@record
class ReplyCase:
    """The end of a demonstrated turn."""

    outcome: Outcome
    reason: ReasonCode | None
    facts: Mapping[str, ValueCase]
    message: ValueCase
    mentions: tuple[str, ...]


@record
class TurnCase:
    """A solved turn.

    Attributes:
        tokens: Its cue words, those of the records it is about left out.
        steps: Its calls.
        reply: Its end.
        mark: The records that it is about.
        features: What the situation was like at the end.
    """

    tokens: tuple[str, ...]
    steps: tuple[StepCase, ...]
    reply: ReplyCase
    mark: CaseMark
    features: Mapping[str, Feature] = field(default_factory=dict[str, "Feature"])


@record
class Setting:
    """The facts of an episode that do not change during it."""

    tenant: str
    actor: str
    role: str
    today: date


class CaseReader:
    """Reads cases out of conversations.

    Args:
        schemas: What the tool schemas say.
        knowledge: What the house has taught so far.
        setting: The facts of the episode.
    """

    def __init__(self, schemas: Schemas, knowledge: Knowledge, setting: Setting) -> None:
        self._schemas = schemas
        self._knowledge = knowledge
        self._setting = setting

    def situation(self, turns: Sequence[Turn], *, steps: bool = True) -> Situation:
        """Return the situation in the last of ``turns``, with or without the steps made in it."""
        last = turns[-1] if steps else Turn(turns[-1].user)
        setting = self._setting
        return Situation(
            (*turns[:-1], last),
            actor=setting.actor,
            role=setting.role,
            today=setting.today,
            familiar=self._knowledge.familiar(self._schemas.set_words),
        )

    def read(self, turns: Sequence[Turn]) -> TurnCase | None:
        """Return the last of ``turns`` as a case, None where it was never answered."""
        turn = turns[-1]
        if turn.response is None:
            return None
        situation = self.situation(turns, steps=False)
        explainer = Explainer(situation, self._knowledge, self._schemas.public, self._schemas.closed)
        steps: list[StepCase] = []
        for seen in number_steps(turn.steps):
            arguments = flatten(seen.arguments)
            explained = {
                path: ValueCase(value, explainer.sources(path, value, arguments)) for path, value in arguments.items()
            }
            steps.append(StepCase(seen.tool, explained, seen.result.error.code.value if seen.result.error else ""))
            situation.steps.append(seen)
        response = turn.response
        facts = {name: ValueCase(value, explainer.sources(name, value, {})) for name, value in response.facts.items()}
        message = ValueCase(response.message, explainer.wordings(response.message))
        mentions = _mentions(response.message, self._schemas.public) if response.outcome is not Outcome.DONE else ()
        features = features_of(situation, self._knowledge, self._schemas.params, self._schemas.public)
        return TurnCase(
            tokens=self._tokens(situation, turns, steps),
            steps=tuple(steps),
            reply=ReplyCase(response.outcome, response.reason_code, facts, message, mentions),
            mark=_mark(turn, situation.percept),
            features=features,
        )

    def _tokens(self, situation: Situation, turns: Sequence[Turn], steps: Sequence[StepCase]) -> tuple[str, ...]:
        """The cue, with a placeholder for every parameter that a word of the message stood for."""
        spoken = {
            f"<{path.rpartition('.')[2]}>"
            for step in steps
            for path, seen in step.arguments.items()
            if path.rpartition(".")[2] in _SPOKEN and any(isinstance(source, Lex) for source in seen.sources)
        }
        return tuple(sorted(spoken | set(cue_of(situation, self._knowledge, self._schemas.closed, turns))))

    def binder(self, turns: Sequence[Turn], arguments: Mapping[str, object]) -> Binder:
        """Return a binder for the end of the last of ``turns``."""
        return Binder(self.situation(turns), self._knowledge, arguments)


def cue_of(
    situation: Situation, knowledge: Knowledge, closed: Mapping[str, tuple[str, ...]], turns: Sequence[Turn] = ()
) -> tuple[str, ...]:
    """Return the cue words of the open turn; ``<parameter>`` stands for a word that means one of its values.

    Args:
        situation: What is known.
        knowledge: Reads the words of the house.
        closed: Allowed values by parameter.
        turns: The conversation as it was solved; words of the records that it brought up are left out of the cue.
    """
    tokens = set(situation.percept.tokens)
    for param in _SPOKEN:
        meant = knowledge.meaning(param, situation.percept)
        if isinstance(meant, str) and param in closed:
            tokens -= {canonical(word) for word in re.findall(r"[a-z]+", meant.lower())}
            tokens.add(f"<{param}>")
    tokens |= set(situation.context)
    if situation.undone:
        tokens |= {f"~{token}" for token in situation.percepts[-2].tokens}
    if situation.asked_before:
        tokens.add("<asked>")
        tokens |= set(situation.percepts[situation.request].tokens)
    named = {word for turn in turns for word in _record_words(turn)}
    return tuple(sorted(token for token in tokens if token.removeprefix("~") not in named))


def _record_words(turn: Turn) -> set[str]:
    """Words of the names of records in the results of a turn."""
    words: set[str] = set()
    for step in number_steps(turn.steps):
        for rows in step.row_sets.values():
            for row in rows[:3]:
                for name in _NAME_FIELDS:
                    value = row.get(name)
                    if isinstance(value, str):
                        words |= set(re.findall(r"[a-z]+", value.lower()))
    return {word for word in words if word not in _ORDINARY}


_NAME_FIELDS = ("name", "first_name", "last_name", "email", "file_name")
_SPOKEN = ("stage", "status")
_ORDINARY = frozenset({"quote", "contract", "deal", "renewal", "note", "client", "contact", "document", "opportunity"})


def _mentions(message: str, public: PublicWords) -> tuple[str, ...]:
    text = message.lower().replace("e-mail", "email")
    return tuple(
        name
        for name in sorted(public.names)
        if len(name) >= _MENTIONED_NAME
        and re.search(rf"(?<!\w){re.escape(name)}(?!\w)|(?<!\w){re.escape(name.replace('_', ' '))}(?!\w)", text)
    )


def _mark(turn: Turn, percept: Percept) -> CaseMark:
    """Mark a case by the records it is about: the ids it used and the names it said or found.

    Ids that it made do not count: a replayed world makes the same ones again.
    """
    used: set[str] = set()
    made: set[str] = set()
    names = {str(span.value) for kind in (SpanType.NAME, SpanType.QUOTED) for span in percept.of_type(kind)}
    for step in number_steps(turn.steps):
        used |= _ids(flatten(step.arguments).values())
        for name, rows in step.row_sets.items():
            if name == PLAIN_FIELDS:
                made |= {found for row in rows for found in _ids(row.values())} - used
            else:
                names |= {str(row[field]) for row in rows[:1] for field in _NAME_FIELDS if row.get(field)}
    return mark_case((used - made) | names or {percept.text})


def _ids(values: Iterable[object]) -> set[str]:
    return {value for value in values if isinstance(value, str) and _UUID.fullmatch(value)}
