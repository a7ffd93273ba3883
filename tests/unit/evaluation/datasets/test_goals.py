"""Goals made of golden changes."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import cast

import pytest

from atlas.core.records import JsonObject
from atlas.core.rng import derive_rng
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Change, ToolCall
from atlas.evaluation.datasets.goals import compare, goal_of, share_of_changes
from atlas.scenarios.importers.clbench import parse_conversation
from atlas.scenarios.importers.references import fill
from atlas.scenarios.importers.seeding import import_company, open_imported
from conversation_files import DEAL, QUOTES, Json, conversation, made_up, turn

CANCEL = turn(1, "Cancel", "cancel_quote", {"quote_id": QUOTES[0]})
OTHER_CANCEL = turn(2, "Cancel", "cancel_quote", {"quote_id": QUOTES[1]})
DELETE = turn(1, "Delete", "delete_opportunity", {"opportunity_id": DEAL})


def _changes(turns: list[Json], seed: int) -> tuple[Change, ...]:
    if not turns:
        return ()
    read = parse_conversation(conversation("x", turns), "x:1")
    company = import_company(read, date(2025, 11, 12))
    world = open_imported(company, FrozenBase.build({}).fork(company.rows), derive_rng(seed))
    results: dict[int, JsonObject] = {}
    for each in read.turns:
        filled = cast("JsonObject", fill(each.expected_args, results).value)
        data = world.call(ToolCall(each.expected_tool or "", filled)).data
        if data is not None:
            results[each.turn_id] = data
    return world.changes()


@pytest.mark.parametrize(
    "turns", [made_up()[1]["turns"], [CANCEL], [DELETE], []], ids=["chain", "update", "delete", "none"]
)
def test_the_same_calls_in_another_world_reach_the_goal(turns: list[Json]) -> None:
    """Whatever the ids of new rows are there, and however they refer to each other."""
    verdict = compare(goal_of(_changes(turns, 1)), _changes(turns, 2))
    assert verdict.strict
    assert share_of_changes(verdict) == 1


def test_another_value_another_row_and_nothing_at_all_miss_it() -> None:
    """Each is named, without the right value."""
    chain = made_up()[1]["turns"]
    golden = goal_of(_changes(chain, 1))
    cheaper = [*chain[:2], {**chain[2], "expected_args": {**chain[2]["expected_args"], "amount": 10_999}}, *chain[3:]]
    wrong = compare(golden, _changes(cheaper, 2))
    assert (wrong.strict, wrong.failed_fields) == (False, ("Quote.amount", "Note.content"))
    assert compare(goal_of(_changes([CANCEL], 1)), ()).failed_fields == ("Quote.status",)
    extra = compare(goal_of(()), _changes([CANCEL], 1))
    assert (extra.strict, extra.failed_fields) == (False, ("collateral:Quote.status",))


def test_a_quote_on_the_wrong_new_record_misses_it() -> None:
    """References between new rows have to lead to the row that plays the same part."""
    changes = _changes(made_up()[1]["turns"], 2)
    moved = tuple(
        dataclasses.replace(each, after={**each.after, "opportunity_id": DEAL})
        if each.entity == "Quote" and each.after
        else each
        for each in changes
    )
    assert compare(goal_of(changes), moved).failed_fields == ("Quote.opportunity_id",)


@pytest.mark.parametrize(
    ("golden", "done", "share"),
    [
        pytest.param([CANCEL], [], 0.0, id="nothing of one"),
        pytest.param([], [], 1.0, id="nothing of nothing"),
        pytest.param([], [CANCEL], 0.5, id="too much"),
        pytest.param([CANCEL, OTHER_CANCEL], [CANCEL], 0.5, id="half"),
    ],
)
def test_the_share_of_changes(golden: list[Json], done: list[Json], share: float) -> None:
    """Counts what is right of what had to happen, and caps it where more happened."""
    verdict = compare(goal_of(_changes(golden, 1)), _changes(done, 2))
    assert share_of_changes(verdict) == share
