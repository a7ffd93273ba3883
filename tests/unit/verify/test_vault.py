"""The vault and the small parts beside the judge."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.core.errors import HeldOutGoalError, UnknownNameError
from atlas.verify.assignment import best_assignment
from atlas.verify.goals import Goal, PlannedCall, SealedCase, Solution, Split
from atlas.verify.matchers import same_value, stands_in
from atlas.verify.vault import GoalVault

SOLUTION = Solution(((PlannedCall("respond", {"message": "Done."}),),))


def sealed(name: str, split: Split) -> SealedCase:
    """A case with an empty goal."""
    return SealedCase(name, split, Goal(), (SOLUTION,))


@pytest.mark.parametrize("split", [split for split in Split if split is not Split.STREAM])
def test_a_held_out_case_is_never_taught(split: Split) -> None:
    """Every split but the stream raises; the verdict may open it all the same."""
    vault = GoalVault([sealed("sc-1", split)])
    with pytest.raises(HeldOutGoalError, match=f"sc-1 is in split '{split.value}'"):
        vault.solution_for_teaching("sc-1")
    assert vault.goal_for_verdict("sc-1") == Goal()
    assert vault.solutions_for_gates("sc-1") == (SOLUTION,)


def test_a_stream_case_may_be_taught() -> None:
    """Its first solution is given out."""
    assert GoalVault([sealed("sc-1", Split.STREAM)]).solution_for_teaching("sc-1") is SOLUTION


def test_an_unknown_case_is_named() -> None:
    """With the nearest known one."""
    with pytest.raises(UnknownNameError, match="unknown scenario 'sc-2'"):
        GoalVault([sealed("sc-1", Split.STREAM)]).goal_for_verdict("sc-2")


def test_two_cases_never_share_an_id() -> None:
    """The second would hide the first."""
    with pytest.raises(ValueError, match="share the id 'sc-1'"):
        GoalVault([sealed("sc-1", Split.STREAM), sealed("sc-1", Split.DEV)])
    assert len(GoalVault([sealed("sc-1", Split.STREAM)])) == 1


@settings(deadline=None)  # the first example imports scipy
@given(
    st.integers(1, 4).flatmap(
        lambda columns: st.lists(st.lists(st.floats(0, 1), min_size=columns, max_size=columns), min_size=1, max_size=4)
    )
)
def test_the_assignment_is_valid_and_at_least_as_good_as_the_diagonal(gains: list[list[float]]) -> None:
    """No column twice, as many as possible, and no worse than the naive choice."""
    chosen = best_assignment(gains)
    columns = [column for column in chosen if column is not None]
    assert len(columns) == len(set(columns)) == min(len(gains), len(gains[0]))
    total = sum(row[column] for row, column in zip(gains, chosen, strict=True) if column is not None)
    diagonal = sum(row[index] for index, row in enumerate(gains) if index < len(row))
    assert total >= diagonal - 1e-9


def test_nothing_to_assign_is_no_error() -> None:
    """No candidates leave every expected change unmatched."""
    assert best_assignment([]) == []
    assert best_assignment([[], []]) == [None, None]


@pytest.mark.parametrize(
    ("value", "message", "stands"),
    [
        (45000, "45,000", True),
        (45000, "45000.00 EUR", True),
        (45000, "145,000", False),
        (1.5, "1.50", True),
        (-3, "-3 points", True),
        (7, "Q7 was good", False),
        ("Ada Lund", "ask ada lund", True),
        ("", "anything", False),
        (None, "None", False),
        (["a1", "b2"], "a1, b2", True),
        (["a1", "c3"], "a1, b2", False),
        (True, "True", False),
    ],
)
def test_a_value_stands_in_a_message_in_any_usual_spelling(value: object, message: str, *, stands: bool) -> None:
    """Numbers by value, texts in any case, lists item by item."""
    assert stands_in(value, message) is stands


@pytest.mark.parametrize(
    ("expected", "value", "same"),
    [
        (1, 1.0, True),
        (1, True, False),
        (True, True, True),
        (["a"], "a", False),
        (["a", "a"], ["a", "b"], False),
        (None, None, True),
    ],
)
def test_equality_knows_numbers_lists_and_truth_values(expected: object, value: object, *, same: bool) -> None:
    """1 is 1.0, but not True."""
    assert same_value(expected, value) is same
