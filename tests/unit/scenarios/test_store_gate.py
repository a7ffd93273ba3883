"""Promises of the gate for another store: it passes where that is right, and notices a store or a goal that is not."""

from __future__ import annotations

import dataclasses

import pytest

from atlas.crm.records import Outcome
from atlas.crm.sessions import MemorySessions
from atlas.scenarios.corpus import Corpus, generate_corpus
from atlas.scenarios.store_gate import check_on
from atlas.testing.store_mutants import mutated
from atlas.verify.goals import Goal, SealedCase, Solution


@pytest.fixture(scope="module")
def few() -> Corpus:
    """A few cases: each is played four times."""
    return generate_corpus(2, stream=20, dev=0, test_same=10)


def _first_case(corpus: Corpus, **changed: object) -> Corpus:
    first: SealedCase = dataclasses.replace(corpus.sealed[0], **changed)
    return dataclasses.replace(corpus, sealed=(first, *corpus.sealed[1:]))


def test_a_store_that_is_right_passes(few: Corpus) -> None:
    """Every solution of every case is played, and progress is told case by case."""
    told: list[tuple[int, int]] = []
    result = check_on(MemorySessions(), few, progress=lambda done, total: told.append((done, total)))
    assert (result.gate, result.passed, result.examples) == ("other_store", True, ())
    assert result.checked == sum(len(case.solutions) for case in few.sealed)
    assert told == [(done, len(few.scenarios)) for done in range(1, len(few.scenarios) + 1)]


@pytest.mark.parametrize(
    ("defect", "finding"),
    [
        ("CommittingSessions", "other changes than in memory"),
        ("JournallingSessions", "other changes than in memory"),
        ("MixesCauses", "other changes than in memory"),
        ("IgnoresLastChoice", "leads nowhere"),
        ("ReversesTies", "has another result than in memory"),
    ],
)
def test_a_store_that_is_wrong_is_noticed(few: Corpus, defect: str, finding: str) -> None:
    """Rows that stay behind, a journal that says something else, rows that are not found or come in another order."""
    result = check_on(mutated(defect, MemorySessions()), few)
    assert result.failed > 0
    assert any(finding in example for example in result.examples)


def test_a_goal_that_no_solution_fulfils_is_named(few: Corpus) -> None:
    """Both solutions of the case end alike on both stores, and neither succeeds."""
    wrong = _first_case(few, goal=Goal(final_outcome=Outcome.ASKED))
    result = check_on(MemorySessions(), wrong)
    scenario = few.scenarios[0]
    assert result.failed == len(few.sealed[0].solutions)
    assert result.examples[0].startswith(f"{scenario.scenario_id} ({scenario.family}) solution 0: 0")


def test_a_case_at_an_unknown_company_is_named(few: Corpus) -> None:
    """It is a finding, and the other cases are played all the same."""
    lost = dataclasses.replace(few.scenarios[0], company_seed=77)
    result = check_on(MemorySessions(), dataclasses.replace(few, scenarios=(lost, *few.scenarios[1:])))
    assert (result.failed, result.checked) == (1, 1 + sum(len(case.solutions) for case in few.sealed[1:]))
    assert "cannot be played: unknown company '77'" in result.examples[0]


def test_a_solution_that_cannot_be_played_is_named(few: Corpus) -> None:
    """It is a finding, and the other cases are played all the same."""
    result = check_on(MemorySessions(), _first_case(few, solutions=(Solution(()),)))
    assert (result.failed, result.checked) == (1, 1 + sum(len(case.solutions) for case in few.sealed[1:]))
    assert "solution 0: the user goes on after the last turn of the solution" in result.examples[0]
