"""Which of several names is meant: the one that speaks for what an argument is about."""

from __future__ import annotations

from datetime import date

import pytest

from atlas.episodes.records import Turn
from atlas.learning.binding import LONGEST, UNBOUND, Binder, NoKnowledge
from atlas.learning.language import (
    Guarded,
    Hole,
    Lex,
    Shape,
    Source,
    Span,
    SpanType,
    Template,
)
from atlas.learning.perception import CLIENT, PERSON, Familiar, Percept
from atlas.learning.situation import Situation

HOUSE = Familiar(endings={"cranes": CLIENT, "foods": CLIENT}, values={"ada moss": PERSON, "pia moss": PERSON})
NAME = Span(SpanType.NAME)
SECOND = Span(SpanType.NAME, 1)


def _situation(*messages: str) -> Situation:
    turns = tuple(map(Turn, messages))
    return Situation(turns, actor="a", role="r", today=date(2026, 3, 2), familiar=HOUSE)


def _value(source: Source, expected: str, message: str) -> object:
    return Binder(_situation(message), NoKnowledge(), expected=expected).value(source)


BOTH = "so Ada Moss for Harbor Cranes"
TWO_CLIENTS = "so Ada Moss for Harbor Cranes or Cedar Foods"
STRANGERS = "so Ada Moss for Nordic Rail or Zenith Mill"


@pytest.mark.parametrize(
    ("source", "expected", "message", "value"),
    [
        (NAME, "", BOTH, "Ada Moss"),
        (NAME, PERSON, BOTH, "Ada Moss"),
        (NAME, CLIENT, BOTH, "Harbor Cranes"),
        (SECOND, PERSON, BOTH, "Ada Moss"),
        (NAME, "opportunity", BOTH, UNBOUND),
        (NAME, CLIENT, TWO_CLIENTS, "Harbor Cranes"),
        (SECOND, CLIENT, TWO_CLIENTS, "Harbor Cranes"),
        (Span(SpanType.NAME, 2), CLIENT, TWO_CLIENTS, "Cedar Foods"),
        (NAME, CLIENT, STRANGERS, "Nordic Rail"),
        (SECOND, CLIENT, STRANGERS, "Nordic Rail"),
        (Span(SpanType.NAME, 2), CLIENT, STRANGERS, "Zenith Mill"),
        (Span(SpanType.NAME, LONGEST), CLIENT, "so Ada Moss for Harbor Cranes or Harbor Craness", "Harbor Craness"),
        (Span(SpanType.NAME, LONGEST), CLIENT, STRANGERS, "Nordic Rail"),
        (NAME, PERSON, 'so "Ada Moss" for Harbor Cranes', "Ada Moss"),
        (Span(SpanType.QUOTED), CLIENT, 'so "Ada Moss" now', UNBOUND),
        (Span(SpanType.MONEY), CLIENT, "so $500 for Ada Moss", 500),
    ],
)
def test_the_one_name_of_the_right_kind_is_taken(source: Source, expected: str, message: str, value: object) -> None:
    """The one at the source's place, if it may be meant; else the one of the right kind, wherever it stands.

    Of several the source chooses; without one, a name of no kind, never one of another kind.
    """
    assert _value(source, expected, message) == value


def test_templates_take_names_as_they_stand() -> None:
    """A text about a client may begin with a person's name."""
    template = Template(
        (Guarded("a", "Ask ", known=True), Guarded("b", ".", known=True)), (Hole((NAME,), Shape.PLAIN),)
    )
    assert _value(template, CLIENT, BOTH) == "Ask Ada Moss."


class _Colours:
    """Knows that amber means a stage."""

    def familiar(self, public: frozenset[str]) -> Familiar:
        return Familiar(public)

    def meaning(self, param: str, percept: Percept) -> object:
        return f"{param} on hold" if "amber" in percept.text else UNBOUND

    def companion(self, table: str, key: object) -> object:
        del table, key
        return UNBOUND


@pytest.mark.parametrize(("back", "value"), [(0, UNBOUND), (1, "stage on hold"), (2, UNBOUND), (3, UNBOUND)])
def test_a_word_of_the_message_before_has_a_meaning_too(back: int, value: object) -> None:
    """As many messages back as the source says; before the first one there is nothing."""
    binder = Binder(_situation("first", "mark it amber", "and now"), _Colours())
    assert binder.value(Lex("stage", back=back)) == value
