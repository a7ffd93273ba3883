"""What checks play is made of the schemas of the tools, can be repeated from a seed, and can be made short."""

from __future__ import annotations

import random

import pytest

from atlas.core.canonical import canonical_json
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Entity, ToolCall, ToolSpec
from atlas.crm.respond import RESPOND
from atlas.crm.store import Operator
from atlas.crm.tools.json_schema import object_schema
from atlas.crm.tools.registry import TOOL_SPECS
from atlas.telemetry.escaping import escaped
from atlas.testing import build_company, open_world
from atlas.testing.abuse import DEEP, LARGE_VALUES, deep_list, deep_object, look_alikes
from atlas.testing.choosing import Chooser, seeded_chooser
from atlas.testing.planning import draw_call, draw_step
from atlas.testing.plans import CallTool, GoBack, Held, Known, Mark, Plan, Select, Sought, filled
from atlas.testing.samples import TRAP_TEXTS, sample_companies, sample_row
from atlas.testing.shortening import MOST_PLAYS, shorten

IDS = {Entity.CLIENT: ("c1",), Entity.OPPORTUNITY: ("o1",), Entity.QUOTE: ("q1",), Entity.CONTRACT: ("t1",)}
NEW_TOOL = ToolSpec(
    "merge_clients",
    "A tool that nobody has thought of.",
    object_schema(
        {
            "client_id": {"type": "string"},
            "client_ids": {"type": "array", "items": {"type": "string"}},
            "how": {"type": "string", "enum": ["first", "last"]},
            "share": {"type": "number"},
            "count": {"type": "integer", "minimum": 3, "maximum": 5},
            "dry": {"type": "boolean"},
            "day": {"type": "string", "format": "date"},
            "more": {"type": "object"},
        },
        ("client_id",),
    ),
)


def test_a_tool_that_nobody_has_thought_of_is_called_by_its_schema() -> None:
    """Every argument of a new tool is given a value of its type: ids of records, allowed values, bounds."""
    chooser = seeded_chooser(random.Random(1))
    seen: dict[str, list[object]] = {}
    for _ in range(1_500):
        for name, value in draw_call(chooser, [NEW_TOOL]).arguments.items():
            seen.setdefault(name, []).append(value)
    assert sum(isinstance(value, Known) and value.entity is Entity.CLIENT for value in seen["client_id"]) > 500
    assert any(isinstance(value, list) and value and isinstance(value[0], Known) for value in seen["client_ids"])
    assert {"first", "last"} <= {value for value in seen["how"] if isinstance(value, str)}
    assert {3, 4, 5} <= {value for value in seen["count"] if isinstance(value, int)}
    assert {True, False} <= {value for value in seen["dry"] if isinstance(value, bool)}
    assert len(seen["client_id"]) > 1_300, "required arguments are mostly there"


def test_respond_is_never_called() -> None:
    """It is no tool of the world."""
    chooser = seeded_chooser(random.Random(2))
    called = {draw_call(chooser).tool for _ in range(2_000)}
    assert called >= {spec.name for spec in TOOL_SPECS if spec is not RESPOND}
    assert RESPOND.name not in called


def test_about_half_of_the_calls_of_every_tool_succeed() -> None:
    """Good arguments are the rule: a world of the default company carries out a fair share of drawn calls."""
    chooser = seeded_chooser(random.Random(3))
    calls: dict[str, list[bool]] = {}
    known = {entity: [f"{entity.value[0].lower()}{number}" for number in (1, 2, 3)] for entity in Entity}
    known |= {Entity.CONTACT: ["k1", "k2"], Entity.CONTRACT: ["t1"], Entity.QUOTE: ["q1", "q2"]}
    for _ in range(3_000):
        call = draw_call(chooser)
        arguments = filled(
            call.arguments,
            lambda named: (
                known[named.entity][named.number % len(known[named.entity])] if isinstance(named, Known) else "a"
            ),
        )
        result = open_world(COMPANY).call(ToolCall(call.tool, dict(_mapping(arguments))))
        calls.setdefault(call.tool, []).append(result.ok)
    shares = {tool: sum(done) / len(done) for tool, done in calls.items() if len(done) > 30}
    assert {tool for tool, share in shares.items() if share < 0.05} == set()
    assert 0.3 < sum(map(sum, calls.values())) / 3_000 < 0.9


COMPANY = build_company()


def _mapping(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value  # type: ignore[return-value] # names of arguments


def test_equal_seeds_draw_equal_steps() -> None:
    """A run can be repeated."""
    one, two = ([draw_step(seeded_chooser(random.Random(n)), IDS) for n in range(200)] for _ in range(2))
    assert repr(one) == repr(two)


def test_the_plainest_choices_make_a_plain_step() -> None:
    """Whatever makes a failing sequence simpler moves towards a call with the required arguments."""
    step = draw_step(Chooser(lambda size: 0), IDS)  # noqa: ARG005 - always the first option
    assert isinstance(step, CallTool)
    assert set(step.arguments) == set(_required(step.tool))


def _required(tool: str) -> list[str]:
    spec = next(spec for spec in TOOL_SPECS if spec.name == tool)
    required = spec.parameters["required"]
    assert isinstance(required, list)
    return [str(name) for name in required]


def test_sample_companies_hold_what_stores_get_wrong() -> None:
    """Dangling references, addresses twice, empty texts beside missing ones, equal sort keys, folding letters."""
    rows = [
        (entity, row)
        for company in sample_companies(12, seed=1)
        for entity in Entity
        for row in company.base.rows(entity)
    ]
    texts = [value for _, row in rows for value in row.values() if isinstance(value, str)]
    assert len(rows) > 300
    assert "" in texts
    assert len(set(TRAP_TEXTS) & set(texts)) > 25
    clients = {row["client_id"] for entity, row in rows if entity is Entity.CLIENT}
    assert any(row["client_id"] not in clients for entity, row in rows if entity is Entity.OPPORTUNITY)
    largest = max(sample_companies(12, seed=1), key=lambda company: len(company.base.rows(Entity.OPPORTUNITY)))
    amounts = [row["amount"] for row in largest.base.rows(Entity.OPPORTUNITY)]
    assert len(set(amounts)) < len(amounts)


@pytest.mark.parametrize("entity", list(Entity))
def test_sample_rows_are_complete_and_well_typed(entity: Entity) -> None:
    """A base takes them, so they break rules about records only."""
    chooser = seeded_chooser(random.Random(4))
    rows = [sample_row(entity, f"x{number}", chooser, IDS) for number in range(100)]
    assert len(FrozenBase.build({entity: rows}).rows(entity)) == 100


# ---------------------------------------------------------------------------------------------------------------------
# Shortening


SEEK = Select(Entity.CLIENT, (Sought("name", Operator.EQUALS, ("a",)),))
LONG = Plan(
    3,
    "m.okafor",
    (),
    ((Entity.CLIENT, {"client_id": "c1"}), (Entity.NOTE, {"note_id": "n1"})),
    5,
    (*(Mark() for _ in range(20)), SEEK, CallTool("add_note", {"content": "x", "more": 1}), GoBack(2)),
)


@pytest.mark.parametrize("wanted", [CallTool, GoBack, Select])
def test_only_what_a_plan_fails_by_is_left(wanted: type) -> None:
    """One step of twenty-three, no patch, the smallest company."""
    short = shorten(LONG, lambda plan: any(isinstance(step, wanted) for step in plan.steps))
    assert [type(step) for step in short.steps] == [wanted]
    assert (short.company, short.patch, short.order) == (0, (), 0)


def test_arguments_and_criteria_are_left_out_too() -> None:
    """What is inside a step counts as a part."""
    called = shorten(LONG, lambda plan: any("content" in getattr(step, "arguments", {}) for step in plan.steps))
    assert called.steps == (CallTool("add_note", {"content": "x"}),)
    sought = shorten(LONG, lambda plan: any(isinstance(step, Select) for step in plan.steps))
    assert sought.steps == (Select(Entity.CLIENT),)


def test_shortening_ends() -> None:
    """Also when everything fails, and when nothing does any more."""
    asked: list[Plan] = []
    assert shorten(LONG, lambda plan: asked.append(plan) is None).steps == ()
    assert shorten(LONG, lambda plan: False) == LONG  # noqa: ARG005 - nothing fails
    assert len(asked) <= MOST_PLAYS


# ---------------------------------------------------------------------------------------------------------------------
# Abuse


@pytest.mark.parametrize("make", LARGE_VALUES.values(), ids=LARGE_VALUES)
def test_large_values_are_large(make: object) -> None:
    """Each is as large as it says; none of them has an ordinary line."""
    value = make()  # type: ignore[operator] # each parameter is a function
    text = canonical_json(escaped(value))
    assert len(text) > 1_000_000 or "$escaped" in text


def test_deep_values_are_deep() -> None:
    """Far beyond Python's stack, and made without it."""
    levels = 0
    inner: object = deep_list()
    while isinstance(inner, list) and inner:
        inner, levels = inner[0], levels + 1
    assert levels + 1 == DEEP
    assert deep_object(2, "x") == {"x": {}}


def test_look_alikes_are_none_of_the_text_itself() -> None:
    """They are many, differ from the text, and from each other."""
    alikes = list(look_alikes("opportunity_id"))
    assert "opportunity_id" not in alikes
    assert len(alikes) == len(set(alikes)) > 12


def test_filling_reaches_every_depth() -> None:
    """Ids and held values inside lists and objects are replaced, all else stays."""
    arguments = {"a": [{"b": Known(Entity.NOTE, 1)}], "c": Held(Entity.CLIENT, "name", 0), "d": 5}
    assert filled(arguments, lambda named: named.entity.value) == {"a": [{"b": "Note"}], "c": "Client", "d": 5}
