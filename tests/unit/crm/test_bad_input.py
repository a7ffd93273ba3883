"""No input of any JSON shape gets anything but an answer, and a failed call leaves no trace."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atlas.core.canonical import canonical_json
from atlas.crm.records import Entity, JsonObject, ToolCall, ToolSpec
from atlas.crm.schema import SCHEMA
from atlas.crm.tools.registry import TOOLS
from atlas.crm.validation_rules import (
    AmountLimit,
    AmountStep,
    DiscountLimit,
    DocumentBefore,
    NamePattern,
    OwnerOnly,
    ProbabilityBand,
    RequiredFields,
    StagePath,
    UniqueName,
    ValidationRule,
)
from atlas.crm.wording import is_object, kind_of
from atlas.crm.world import World

DEEP: list[object] = functools.reduce(lambda inner, _: [inner], range(5_000), list[object]())

NASTY: tuple[object, ...] = (
    None,
    True,
    0,
    -1,
    10**5000,
    1e308,
    5e-324,
    math.nan,
    math.inf,
    "",
    " ",
    "\x00",
    "\ud800",
    "x" * 100_000,
    "'; DROP TABLE clients; --",
    "{{call_0.client_id}}",
    [],
    {},
    {"equals": {}},
    {"in": [[]]},
    {"gte": None},
    {5: 5},
    DEEP,
)
SENSIBLE = st.sampled_from(
    ["o1", "q1", "c1", "k1", "m.okafor", "Proposal", "Sent", "Client", "2026-05-05", "a.pdf", "x@y.example", 5, 12.5]
)
# hypothesis writes down what it draws from, which the largest number and the deepest list do not survive
VALUES = st.recursive(
    st.sampled_from([value for value in NASTY if value is not DEEP and value != 10**5000])
    | SENSIBLE
    | st.text(max_size=5)
    | st.integers()
    | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["equals", "contains", "gte", "lte", "in", "name", "stage"]), inner, max_size=3
        )
    ),
    max_leaves=5,
)


def arguments_of(spec: ToolSpec) -> st.SearchStrategy[dict[str, object]]:
    properties = spec.parameters["properties"]
    names = list(properties) if is_object(properties) else []
    return st.dictionaries(st.sampled_from([*names, "nonsense", ""]), VALUES, max_size=len(names))


CALLS = st.sampled_from(sorted(TOOLS)).flatmap(
    lambda name: arguments_of(TOOLS[name].spec).map(lambda arguments: ToolCall(name, arguments))
)


def check_call(world: World, call: ToolCall) -> None:
    before, net = list(world.journal()), world.changes()
    result = world.call(call)
    if result.error is not None:
        assert result.data is None
        assert result.error.message
        assert len(result.error.message) < 2_000
        assert list(world.journal()) == before
        assert world.changes() == net
    canonical_json(result).encode()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the fixture only opens worlds
@given(calls=st.lists(CALLS, max_size=6))
def test_every_call_is_answered(make_world: Callable[..., World], calls: list[ToolCall]) -> None:
    """Whatever the arguments: data or an error that can be written down, and no trace of what failed."""
    world = make_world()
    for call in calls:
        check_call(world, call)


@pytest.mark.parametrize("value", NASTY, ids=kind_of)
@pytest.mark.parametrize("name", sorted(TOOLS))
def test_no_argument_of_any_tool_chokes(world: World, name: str, value: object) -> None:
    """Every argument of every tool, one nasty value at a time, with the others sensible or absent."""
    properties = TOOLS[name].spec.parameters["properties"]
    assert is_object(properties)
    for argument in properties:
        check_call(world, ToolCall(name, {argument: value}))
        check_call(world, ToolCall(name, {**GOOD.get(name, {}), argument: value}))
    check_call(world, ToolCall(name, cast("JsonObject", value)))


@pytest.mark.parametrize("value", NASTY, ids=kind_of)
def test_no_name_of_a_tool_chokes(world: World, value: object) -> None:
    """A tool's name may be anything, too."""
    if isinstance(value, (list, dict)):
        return
    check_call(world, ToolCall(cast("str", value), {}))


GOOD: dict[str, dict[str, object]] = {
    "create_new_opportunity": {"name": "X", "client_id": "c1", "amount": 5, "stage": "Proposal"},
    "modify_opportunity": {"opportunity_id": "o1"},
    "create_quote": {"opportunity_id": "o1", "amount": 5, "status": "Sent"},
    "modify_quote": {"quote_id": "q1"},
    "create_new_client": {"name": "X", "email": "x@y.example", "status": "Active"},
    "create_new_contact": {"first_name": "X", "last_name": "Y", "client_id": "c1"},
    "upload_document": {"entity_type": "Client", "entity_id": "c1", "file_name": "a.pdf"},
    "add_note": {"entity_type": "Client", "entity_id": "c1", "content": "x"},
}


def test_the_good_arguments_are_good(world: World) -> None:
    """Otherwise the tests above would look at the first missing argument only."""
    for name, arguments in GOOD.items():
        extra = {"notes": "x"} if name == "modify_opportunity" else {"version": "2"} if name == "modify_quote" else {}
        result = world.call(ToolCall(name, {**arguments, **extra}))
        assert result.ok, result.error
        json.dumps(result.data)


BARE = {
    entity: tuple({definition.id_field: f"{entity.value[0].lower()}{number}"} for number in (1, 2))
    for entity, definition in SCHEMA.items()
}
EVERY_RULE: tuple[ValidationRule, ...] = (
    RequiredFields(Entity.OPPORTUNITY, ("notes",)),
    StagePath({"Prospecting": ("Qualification",)}),
    ProbabilityBand({"Proposal": (40, 60)}),
    AmountLimit(Entity.QUOTE, 100),
    DiscountLimit(10),
    OwnerOnly(Entity.OPPORTUNITY),
    OwnerOnly(Entity.QUOTE),
    OwnerOnly(Entity.NOTE),
    NamePattern(Entity.OPPORTUNITY, "name", "X", "X"),
    AmountStep(Entity.OPPORTUNITY, 50_000),
    DocumentBefore(Entity.OPPORTUNITY, "stage", "Negotiation", "nda"),
    UniqueName(Entity.OPPORTUNITY),
    UniqueName(Entity.CONTACT),
)


@pytest.mark.parametrize(
    "rules", [(), *((rule,) for rule in EVERY_RULE)], ids=lambda rules: "".join(r.kind for r in rules)
)
def test_records_that_hold_nothing_but_their_id_can_be_worked_with(
    make_world: Callable[..., World], rules: tuple[ValidationRule, ...]
) -> None:
    """An import may leave every field empty; no tool and no rule chokes on that."""
    world = make_world(rows=BARE, rules=rules)
    deal, quote = {"opportunity_id": "o1"}, {"quote_id": "q1"}
    for tool, arguments in (
        ("view_opportunity_details", deal),
        ("summarize_opportunities", {}),
        ("opportunity_search", {"name": "x", "amount": {"gte": 1}, "order_by": "-amount"}),
        ("contact_search", {"client_id": "c1", "order_by": "last_name"}),
        ("clone_opportunity", deal),
        ("modify_opportunity", {**deal, "stage": "Negotiation"}),
        ("modify_opportunity", {**deal, "name": "X", "client_id": "c1"}),
        ("modify_opportunity", {**deal, "amount": 5, "notes": "x"}),
        ("modify_quote", {**quote, "amount": 5}),
        ("modify_quote", {**quote, "status": "Sent"}),
        ("cancel_quote", {"quote_id": "q2"}),
        ("create_quote", {**deal, "amount": 5, "status": "Draft"}),
        ("add_note", {"entity_type": "Quote", "entity_id": "q1", "content": "x"}),
        ("create_new_contact", {"first_name": "A", "last_name": "B", "client_id": "c1"}),
        ("create_new_client", {"name": "A", "email": "a@b.example", "status": "Active"}),
    ):
        check_call(world, ToolCall(tool, arguments))
