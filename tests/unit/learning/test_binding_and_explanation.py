"""Sources give values in a situation, and values are explained by the sources that give them."""

from datetime import date

import pytest

from atlas.crm.records import ErrorCode, ToolCall, ToolError, ToolResult, ToolSpec
from atlas.episodes.records import Step, Turn
from atlas.learning.binding import ANY_PLACE, LONGEST, UNBOUND, Binder, NoKnowledge, round_to, shape, take_part
from atlas.learning.explanation import Explainer, explains
from atlas.learning.language import (
    Adjusted,
    Arg,
    ClockDate,
    Cond,
    Const,
    Derived,
    Entity,
    Every,
    Guarded,
    Hole,
    Horizon,
    Lex,
    Part,
    Phrase,
    Pick,
    Prev,
    Ref,
    RoundingMode,
    Shape,
    Source,
    Span,
    SpanType,
    Staff,
    Template,
    Where,
    Wrapped,
)
from atlas.learning.perception import Familiar
from atlas.learning.sightings import PublicWords
from atlas.learning.situation import Situation, flatten, number_steps, unflatten

TODAY = date(2026, 3, 2)
ID_A = "aaaaaaaa-0000-4000-8000-000000000001"
ID_B = "bbbbbbbb-0000-4000-8000-000000000002"
ROWS = [
    {"deal_id": ID_A, "name": "Harbor Crane", "amount": 20000, "stage": "Closed-Won", "since": "2025-01-01"},
    {
        "deal_id": ID_B,
        "name": "Cedar Foods",
        "amount": 12000,
        "stage": "Proposal",
        "since": "2026-01-31",
        "address": "5 Quay, Rotterdam, Netherlands",
    },
]
SEARCH = Step(ToolCall("find", {"criteria": {"text": "x"}}), ToolResult(data={"results": ROWS, "total": 2}))
FOUND = Where("find", 0, "results")
MESSAGE = "Lower Cedar Foods from $9,000 by 10% until 2026-04-01, thanks"


def _situation(message: str = MESSAGE, *, earlier: bool = False) -> Situation:
    turns = (Turn("Find Maria Lopez", (SEARCH,)), Turn(message)) if earlier else (Turn(message, (SEARCH,)),)
    return Situation(turns, actor="m.okafor", role="Rep", today=TODAY)


class _House:
    """Knows one word and one pair."""

    def familiar(self, public: frozenset[str]) -> Familiar:
        return Familiar(public)

    def meaning(self, param: str, percept: object) -> object:
        del percept
        return "Proposal" if param == "stage" else UNBOUND

    def companion(self, table: str, key: object) -> object:
        return 70 if (table, key) == ("stage>probability", "Proposal") else UNBOUND


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (Span(SpanType.NAME), "Cedar Foods"),
        (Span(SpanType.NAME, part=Part.FIRST), "Cedar"),
        (Span(SpanType.MONEY, after="from"), 9000),
        (Span(SpanType.MONEY, after="to"), UNBOUND),
        (Span(SpanType.NUMBER, 1), 10),
        (Span(SpanType.NAME, back=1), UNBOUND),
        (Wrapped("until", "thanks"), "2026-04-01"),
        (Wrapped("", "from"), "Lower Cedar Foods"),
        (Wrapped("nowhere", ""), UNBOUND),
        (Entity(FOUND, "deal_id"), ID_B),
        (Entity(FOUND, "address", Part.LAST_CLAUSE), "Netherlands"),
        (Prev(FOUND, "deal_id"), ID_B),
        (Span(SpanType.NAME, ANY_PLACE), "Cedar Foods"),
        (Span(SpanType.NAME, LONGEST), "Cedar Foods"),
        (Span(SpanType.NAME, fresh=True), "Cedar Foods"),
        (Ref(FOUND, "deal_id", Pick.FIRST, live=True), ID_B),
        (Prev(FOUND, "nothing"), UNBOUND),
        (Prev(Where("find", 0, "args"), "criteria.text"), "x"),
        (Prev(Where("find", 0, "."), "total"), 2),
        (Prev(Where("find", 1, "results"), "deal_id"), UNBOUND),
        (Ref(FOUND, "deal_id", Pick.MAX, "amount"), ID_A),
        (Ref(FOUND, "deal_id", Pick.MAX, "amount", live=True), ID_B),
        (Ref(FOUND, "deal_id", Pick.MIN, "since"), ID_A),
        (Ref(FOUND, "deal_id", Pick.LAST), ID_B),
        (Ref(FOUND, "deal_id", Pick.WHERE, "stage", value="Proposal"), ID_B),
        (Ref(FOUND, "deal_id", Pick.WHERE, "stage", value="Qualification"), UNBOUND),
        (Every(FOUND, "name"), ["Harbor Crane", "Cedar Foods"]),
        (Every(Where("other", 0, "results"), "name"), UNBOUND),
        (Derived(Entity(FOUND, "amount"), 90), 10800),
        (Derived(Span(SpanType.MONEY), 100, 5000, RoundingMode.UP), 10000),
        (Derived(Span(SpanType.NAME), 50), UNBOUND),
        (Adjusted(Entity(FOUND, "amount"), Span(SpanType.PERCENT), -1), 10800),
        (Adjusted(Entity(FOUND, "amount"), Span(SpanType.MONEY), 1), 21000),
        (Adjusted(Entity(FOUND, "amount"), Span(SpanType.EMAIL), 1), UNBOUND),
        (ClockDate(30), "2026-04-01"),
        (ClockDate(1, Horizon.MONTH, Entity(FOUND, "since")), "2026-02-28"),
        (ClockDate(0, Horizon.MONTH_END), "2026-03-31"),
        (ClockDate(3, Horizon.QUARTER_END), "2026-03-31"),
        (ClockDate(1, base=Span(SpanType.NAME)), UNBOUND),
        (ClockDate(10**7), UNBOUND),
        (Lex("stage"), "Proposal"),
        (Lex("other"), UNBOUND),
        (Cond(Lex("stage"), "stage>probability"), 70),
        (Cond(Lex("other"), "stage>probability"), UNBOUND),
        (Arg("given"), 7),
        (Staff("handle"), "m.okafor"),
        (Staff("role"), "Rep"),
        (Const(Guarded("d", 5, known=True)), 5),
        (Phrase(Guarded("d")), UNBOUND),
        (
            Template(
                (Guarded("d", "To ", known=True), Guarded("e", ".", known=True)),
                (Hole((Span(SpanType.EMAIL), Lex("stage")), Shape.UPPER),),
            ),
            "To PROPOSAL.",
        ),
        (
            Template((Guarded("d", "To ", known=True), Guarded("e")), (Hole((Lex("stage"),), Shape.PLAIN),)),
            UNBOUND,
        ),
        (
            Template(
                (Guarded("d", "", known=True), Guarded("e", "", known=True)),
                (Hole((Span(SpanType.EMAIL),), Shape.PLAIN),),
            ),
            UNBOUND,
        ),
    ],
)
def test_sources_have_values(source: Source, expected: object) -> None:
    """Every kind of source gives its value, or none where the situation does not hold it."""
    assert Binder(_situation(), _House(), {"given": 7}).value(source) == expected


def test_failed_calls_give_only_their_arguments() -> None:
    """The result of a failed call is no source; its arguments are."""
    failed = Step(ToolCall("find", {"text": "x"}), ToolResult(error=ToolError(ErrorCode.NOT_FOUND, "no")))
    situation = Situation((Turn("Hi", (failed,)),), actor="a", role="r", today=TODAY)
    binder = Binder(situation, NoKnowledge())
    assert binder.value(Prev(Where("find", 0, "args"), "text")) == "x"
    assert binder.value(Prev(FOUND, "name")) is UNBOUND
    assert binder.value(Lex("stage")) is UNBOUND
    assert binder.value(Cond(Staff("role"), "t")) is UNBOUND


def _explainer(situation: Situation) -> Explainer:
    tool = ToolSpec(
        "find",
        "Find deals.",
        {"properties": {"stage": {"type": "string", "enum": ["Proposal", "Closed-Won", "Negotiation"]}}},
    )
    return Explainer(
        situation, NoKnowledge(), PublicWords([tool]), {"stage": ("Proposal", "Closed-Won", "Negotiation")}
    )


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("name", "Cedar Foods", Span(SpanType.NAME)),
        ("deal_id", ID_B, Entity(FOUND, "deal_id")),
        ("deal_id", ID_A, Ref(FOUND, "deal_id", Pick.MAX, "amount")),
        ("amount", 10800, Derived(Entity(FOUND, "amount"), 90)),
        ("amount", 8100, Adjusted(Span(SpanType.MONEY), Span(SpanType.PERCENT), -1)),
        ("valid_until", "2026-04-16", ClockDate(45)),
        ("valid_until", "2026-06-30", ClockDate(3, Horizon.MONTH_END)),
        ("stage", "Negotiation", Lex("stage")),
        ("owner", "m.okafor", Staff("handle")),
        ("names", ["Cedar Foods", "Harbor Crane"], Every(FOUND, "name")),
        ("country", "Netherlands", Entity(FOUND, "address", Part.LAST_CLAUSE)),
        ("word", "until", Wrapped("10", "2026-04-01")),
        ("limit", 5, Const(PublicWords([]).guard(5))),
        ("note", "Always call them back", Phrase(PublicWords([]).guard("Always call them back"))),
    ],
)
def test_values_are_explained(path: str, value: object, expected: Source) -> None:
    """The source that a convention would use is among the explanations."""
    assert expected in _explainer(_situation()).sources(path, value, {path: value})


def test_explanations_hold() -> None:
    """Evaluating an explanation gives the value back (words and tables, still to be learned, aside)."""
    situation = _situation()
    explainer = _explainer(situation)
    for path, value in {"a": ID_B, "b": 10800, "c": "2026-04-16", "d": "Cedar Foods / Proposal", "e": 20000}.items():
        sources = explainer.sources(path, value, {path: value})
        assert sources
        for source in sources:
            if not isinstance(source, (Lex, Cond)):
                assert explains(source, value, Binder(situation, NoKnowledge())) in (True, None), source


def test_earlier_turns_are_sources() -> None:
    """Values found in a turn before, or said in it, explain values of the open turn."""
    situation = _situation("And quote it", earlier=True)
    sources = _explainer(situation).sources("x", ID_A, {})
    assert Prev(Where("find", 0, "results", earlier=True), "deal_id") in sources
    assert Span(SpanType.NAME, part=Part.REST, back=1) in _explainer(situation).sources("last_name", "Lopez", {})


def test_retries_are_left_out() -> None:
    """A search that found nothing and was tried again at once does not count."""
    nothing = Step(ToolCall("find", {"text": "y"}), ToolResult(data={"results": [], "total": 0}))
    steps = number_steps((nothing, SEARCH, SEARCH))
    assert [(step.nth, step.result.ok, len(step.row_sets["results"])) for step in steps] == [(0, True, 2), (1, True, 2)]


def test_flat_arguments_come_back() -> None:
    """Flattening loses nothing; an empty object is a value."""
    nested = {"a": {"b": {"c": 1}, "d": {}}, "e": [1]}
    assert unflatten(flatten(nested)) == nested


@pytest.mark.parametrize(
    ("value", "how", "expected"),
    [
        ("2026-05-02", Shape.COMPACT_DATE, "20260502"),
        ("2026-05-02", Shape.MONTH, "2026-05"),
        ("2026-05-02", Shape.YEAR, "2026"),
        ("Harbor Crane", Shape.YEAR, None),
        ("Harbor Crane", Shape.KEBAB, "Harbor-Crane"),
        ("Harbor Crane", Shape.JOINED, "HarborCrane"),
        (12500, Shape.PLAIN, "12500"),
        (12500, Shape.UPPER, None),
        (None, Shape.PLAIN, None),
    ],
)
def test_shapes(value: object, how: Shape, expected: str | None) -> None:
    """A value is written in the wanted way, or not at all."""
    assert shape(value, how) == expected


def test_parts_and_rounding() -> None:
    """Parts need enough words; rounding goes the way it says, also for numbers that binary floats cannot hold."""
    assert take_part("Maria", Part.REST) is UNBOUND
    assert take_part("no clause", Part.LAST_CLAUSE) is UNBOUND
    assert take_part(5, Part.FIRST) is UNBOUND
    assert round_to(1.005, 0, RoundingMode.NEAREST) == 1.01
    assert round_to(1499, 500, RoundingMode.DOWN) == 1000
    assert round_to(1500, 500, RoundingMode.UP) == 1500
