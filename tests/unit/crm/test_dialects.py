"""Promises of dialects: the same CRM under other names, and nothing of its own names left."""

from __future__ import annotations

import json

import pytest

from atlas.core.records import as_json
from atlas.crm.dialects import Dialect, RenamedWorld, draw_dialect
from atlas.crm.records import ErrorCode, Response, ToolCall
from atlas.crm.respond import NAME as RESPOND
from atlas.testing.worlds import open_world


@pytest.fixture
def dialect() -> Dialect:
    """Some dialect."""
    return draw_dialect(5)


@pytest.mark.parametrize("seed", range(20))
def test_no_two_things_share_a_name(seed: int) -> None:
    """Tools and fields can be told apart in every dialect, and every tool has another name than its own."""
    dialect = draw_dialect(seed)
    assert len(set(dialect.tools.values())) == len(dialect.tools)
    assert len(set(dialect.fields.values())) == len(dialect.fields)
    assert not set(dialect.tools) & set(dialect.tools.values())


def test_equal_seeds_give_equal_dialects() -> None:
    """Nothing but the seed decides."""
    assert draw_dialect(3) == draw_dialect(3)
    assert draw_dialect(3) != draw_dialect(4)


def test_a_call_does_what_it_does_under_its_own_name(dialect: Dialect) -> None:
    """Written in the dialect, a call changes what the same call changes in the world itself."""
    plain, renamed = open_world(), RenamedWorld(open_world(), dialect)
    amount, deal_id = dialect.fields["amount"], dialect.fields["opportunity_id"]
    own = plain.call(ToolCall("modify_opportunity", {"opportunity_id": "o1", "updates": {"amount": 4200}}))
    other = renamed.call(ToolCall(dialect.tools["modify_opportunity"], {deal_id: "o1", "updates": {amount: 4200}}))
    assert own.ok
    assert other.ok
    assert renamed.changes() == plain.changes()
    assert renamed.writes == plain.writes == 1


def test_criteria_and_order_are_translated(dialect: Dialect) -> None:
    """Names inside of criteria and behind the sign of an order count too."""
    renamed = RenamedWorld(open_world(), dialect)
    amount = dialect.fields["amount"]
    found = renamed.call(
        ToolCall(dialect.tools["opportunity_search"], {"criteria": {amount: {"gte": 1}}, "order_by": f"-{amount}"})
    )
    assert found.ok
    assert amount in json.dumps(found.data)


def test_the_own_names_are_unknown(dialect: Dialect) -> None:
    """Who goes by what the tools were called elsewhere is told what there is."""
    renamed = RenamedWorld(open_world(), dialect)
    tool = renamed.call(ToolCall("opportunity_search", {})).error
    assert tool is not None
    assert tool.code is ErrorCode.UNKNOWN_TOOL
    assert dialect.tools["opportunity_search"] in tool.allowed
    argument = renamed.call(ToolCall(dialect.tools["opportunity_search"], {"amount": 5})).error
    assert argument is not None
    assert (argument.code, argument.field) == (ErrorCode.UNKNOWN_ARGUMENT, "amount")
    assert dialect.fields["amount"] in argument.allowed


def test_specs_results_and_errors_speak_the_dialect(dialect: Dialect) -> None:
    """No name of the world itself is left where an agent could see it, but for plain words of descriptions."""
    renamed = RenamedWorld(open_world(), dialect)
    own = {name for name, other in (*dialect.fields.items(), *dialect.tools.items()) if "_" in name and name != other}
    shown = [as_json(spec) for spec in renamed.tools if spec.name != RESPOND]
    shown.append(renamed.call(ToolCall(dialect.tools["opportunity_search"], {})).data)
    shown.append(as_json(renamed.call(ToolCall(dialect.tools["create_quote"], {})).error))
    text = json.dumps(shown)
    assert [name for name in sorted(own) if f'"{name}"' in text or f" {name} " in text] == []
    assert [spec.name for spec in renamed.tools if spec.name == RESPOND] == [RESPOND]


def test_facts_are_taken_for_what_they_are(dialect: Dialect) -> None:
    """A fact told under the other name counts as the field's own; silence stays silence."""
    told = Response("It is 5.", facts={dialect.fields["amount"]: 5, "count": 2})
    original = dialect.original_facts(told)
    assert original is not None
    assert original.facts == {"amount": 5, "count": 2}
    assert dialect.original_facts(None) is None
