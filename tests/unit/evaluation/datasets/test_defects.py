"""Faults of the data."""

from __future__ import annotations

from typing import Any

import pytest

from atlas.evaluation.datasets.defects import DefectKind, defects_of, find_defects, is_derivable
from atlas.scenarios.importers.clbench import Conversation, parse_conversation
from conversation_files import CLIENT, DEAL, Json, conversation, turn

STRANGER = "99999999-1111-4222-8333-444444444444"
NEW = "88888888-1111-4222-8333-444444444444"


def _parsed(*turns: Json, **more: Any) -> Conversation:  # noqa: ANN401 - any JSON
    return parse_conversation(conversation("x", turns, **more), "x:1")


def _found(*turns: Json, **more: Any) -> list[tuple[str, str, object]]:  # noqa: ANN401 - any JSON
    return [(kind.value, place.where, place.text) for kind, place in defects_of(_parsed(*turns, **more))]


@pytest.mark.parametrize(
    ("one", "found"),
    [
        pytest.param(
            turn(1, "Find {stage} deals", None), [("placeholder_in_utterance", "user_utterance", "{stage}")], id="said"
        ),
        pytest.param(
            turn(1, "x", "client_search", {"criteria": {"name": "{{firm}}"}}),
            [("placeholder_in_arguments", "expected_args.criteria.name", "{{firm}}")],
            id="in a call",
        ),
        pytest.param(
            turn(1, "x", None, told="Updated {{turn_1.name}}."),
            [("placeholder_in_answer", "expected_response.text", "{{turn_1.name}}")],
            id="in an answer, told once",
        ),
        pytest.param(
            turn(1, "Move it", "modify_opportunity", {"opportunity_id": DEAL, "stage": "Proposal", "amount": 5}),
            [
                ("unstated_value", "expected_args.stage", "Proposal"),
                ("unstated_value", "expected_args.amount", 5),
            ],
            id="values that nobody said; ids of seeds are no such values",
        ),
        pytest.param(
            turn(1, "Move it to PROPOSAL for 5,000.00", "modify_opportunity", {"stage": "Proposal", "amount": 5000}),
            [],
            id="said in another spelling",
        ),
        pytest.param(
            turn(1, "x", "client_search", {"name": "{{turn_3.name}}", "limit": None, "flag": True, "text": ""}),
            [],
            id="references and empty values",
        ),
        pytest.param(
            turn(1, "x", None, told=f"It is {STRANGER}, of {CLIENT}."),
            [("unknown_id_in_answer", "expected_response.text", STRANGER)],
            id="an id from nowhere",
        ),
        pytest.param(
            turn(1, "x", "create_quote", told=f"Added. quote_id={NEW}, opportunity_id={STRANGER}."),
            [("unknown_id_in_answer", "expected_response.text", STRANGER)],
            id="the id of what was made may be new, others may not",
        ),
    ],
)
def test_a_fault_is_found_with_its_place(one: Json, found: list[tuple[str, str, object]]) -> None:
    """Kind, key and offending part."""
    assert _found(one) == found


def test_what_was_said_or_made_before_is_known() -> None:
    """In later turns; not in earlier ones."""
    first = turn(1, "Open Dye Line", "create_new_opportunity", {"name": "Dye Line"}, told=f"opportunity_id={NEW}")
    second = turn(2, "Show it", "opportunity_search", {"name": "Dye Line"}, told=f"It is {NEW}.")
    assert _found(first, second) == []
    assert _found({**second, "turn_id": 1}, {**first, "turn_id": 2})[0][0] == "unstated_value"


@pytest.mark.parametrize(
    ("more", "count"),
    [
        pytest.param({"contains_failure": True, "failure_turn": 1}, 0, id="as it is"),
        pytest.param({"contains_failure": False, "failure_turn": None}, 1, id="denied"),
        pytest.param({"contains_failure": True, "failure_turn": 2}, 1, id="another turn"),
        pytest.param({"contains_failure": None, "failure_turn": None}, 0, id="not said"),
    ],
)
def test_what_is_said_about_failures_is_compared_with_the_turns(more: Json, count: int) -> None:
    """Flag and number."""
    found = _found(turn(1, "x", None, expect_success=False), turn(2, "y", None), **more)
    assert [kind for kind, _, _ in found] == ["failure_turn_mismatch"] * count


def test_faults_are_counted_by_kind_and_conversation() -> None:
    """A kind without any is there too."""
    spoilt = _parsed(turn(1, "{a} {b}", None))
    fine = _parsed(turn(1, "Hello", None))
    found = find_defects([spoilt, fine])
    said = found[DefectKind.PLACEHOLDER_IN_UTTERANCE]
    assert (said.count, said.conversations, len(said.places)) == (2, 1, 2)
    assert found[DefectKind.UNSTATED_VALUE].count == 0


def test_a_conversation_is_derivable_when_every_value_can_be_known() -> None:
    """Golden answers do not matter for that."""
    assert is_derivable(_parsed(turn(1, "Find Birch", "client_search", {"name": "Birch"}, told=f"It is {STRANGER}.")))
    assert not is_derivable(_parsed(turn(1, "Find them", "client_search", {"name": "Birch"})))
    assert not is_derivable(_parsed(turn(1, "Find {firm}", "client_search")))
