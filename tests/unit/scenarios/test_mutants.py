"""Promises of the damaged runs: every kind of damage is done, and a goal too weak to see it is found."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from atlas.crm.records import Entity
from atlas.scenarios.case_gates import CaseOnTrial, examine
from atlas.scenarios.corpus import generate_corpus
from atlas.scenarios.customer import ScriptedCustomer
from atlas.scenarios.gates import on_trial
from atlas.scenarios.mutants import Damage, Mutant, OracleRun, mutants_of
from atlas.scenarios.solutions import run_solution
from atlas.scenarios.stage import set_stage
from atlas.verify.goals import ChangePattern, ExpectedChange, Goal, Operation, Regex
from atlas.verify.judge import judge, operation_of

Weaken = Callable[[Goal], Goal]
Trial = tuple[CaseOnTrial, OracleRun]


@pytest.fixture(scope="module")
def trials() -> Sequence[Trial]:
    """Cases of every kind, several with forbidden changes among them, and what the first solution of each leaves."""
    return [(case, _played(case)) for case in on_trial(generate_corpus(4, stream=60, dev=0, test_same=40))]


def _played(case: CaseOnTrial) -> OracleRun:
    stage = set_stage(case.company, case.scenario)
    turns = run_solution(case.sealed.solutions[0], stage.office, ScriptedCustomer(case.scenario.customer_script))
    return OracleRun(stage.world.changes(), tuple(turn.response for turn in turns), stage.world.writes)


def _mutants(trial: Trial) -> list[Mutant]:
    case, run = trial
    return list(mutants_of(run, case.sealed.goal, case.company.base))


def _succeeds(goal: Goal, run: OracleRun) -> bool:
    return judge(goal, changes=run.changes, responses=run.responses, writes=run.writes).strict


# ---------------------------------------------------------------------------------------------------------------------
# What is done to a run


def test_every_kind_of_damage_is_done_and_none_survives(
    trials: Sequence[Trial], request: pytest.FixtureRequest
) -> None:
    """A sound corpus has cases for all eight, and its goals see every one of them."""
    done: Counter[str] = Counter()
    for trial in trials:
        for mutant in _mutants(trial):
            done[mutant.damage.value] += 1
            assert not _succeeds(trial[0].sealed.goal, mutant.run), (trial[0].scenario.scenario_id, mutant.what)
    assert set(done) == {damage.value for damage in Damage}
    request.node.user_properties.append(
        ("figures", f"damaged runs of {len(trials)} cases: {dict(sorted(done.items()))}")
    )


def test_a_damaged_run_is_not_the_run(trials: Sequence[Trial]) -> None:
    """Damage that changes nothing would say nothing about a goal."""
    for trial in trials:
        assert all(mutant.run != trial[1] for mutant in _mutants(trial)), trial[0].scenario.scenario_id


def test_every_change_is_dropped_misplaced_and_altered_field_by_field(trials: Sequence[Trial]) -> None:
    """No change of a run is left out, and only what is damaged differs from the run."""
    for case, run in trials:
        mutants = _mutants((case, run))
        dropped = [mutant.run.changes for mutant in mutants if mutant.damage is Damage.DROPPED_WRITE]
        assert [len(changes) for changes in dropped] == [len(run.changes) - 1] * len(run.changes)
        assert len(set(map(repr, dropped))) == len(run.changes)
        moved = [mutant.run for mutant in mutants if mutant.damage is Damage.WRONG_RECORD]
        assert len(moved) == sum(operation_of(change) is not Operation.CREATE for change in run.changes)
        assert all(len(one.changes) == len(run.changes) for one in moved)
        for mutant in mutants:
            if mutant.damage in {Damage.SILENT_FAILURE, Damage.BADLY_TOLD}:
                assert mutant.run.changes == run.changes
            else:
                assert mutant.run.responses == run.responses


def test_what_is_done_twice_was_created(trials: Sequence[Trial]) -> None:
    """The twin is a row of its own with the same content, and counts as one write more."""
    twins = [(mutant, run) for case, run in trials for mutant in _mutants((case, run)) if _is_twin(mutant)]
    assert twins
    for mutant, run in twins:
        twin = mutant.run.changes[-1]
        original = next(change for change in run.changes if f"{change.id}-twin" == twin.id)
        assert (twin.before, twin.after) == (None, original.after)
        assert mutant.run.writes == run.writes + 1


def _is_twin(mutant: Mutant) -> bool:
    return mutant.damage is Damage.DUPLICATE


# ---------------------------------------------------------------------------------------------------------------------
# Sabotage: a goal is made blind to one kind of damage, and the gate has to find a damaged run that survives


def _allowing(goal: Goal, *patterns: ChangePattern) -> Goal:
    return dataclasses.replace(goal, allowed_changes=(*goal.allowed_changes, *patterns))


def _requires_nothing(goal: Goal) -> Goal:
    """Allow every change that was expected, exactly so, and expect none."""
    patterns = [ChangePattern(one.entity, one.operation, one.id, where=one.fields) for one in goal.expected_changes]
    return dataclasses.replace(_allowing(goal, *patterns), expected_changes=())


def _takes_any_text(goal: Goal) -> Goal:
    def loose(one: ExpectedChange) -> ExpectedChange:
        return dataclasses.replace(one, fields=dict.fromkeys(one.fields, Regex("(?s).*")))

    return dataclasses.replace(goal, expected_changes=tuple(loose(one) for one in goal.expected_changes))


def _takes_any_record(goal: Goal) -> Goal:
    patterns = [ChangePattern(one.entity, one.operation) for one in goal.expected_changes]
    return dataclasses.replace(_allowing(goal, *patterns), expected_changes=())


def _minds_no_bystander(goal: Goal) -> Goal:
    return _allowing(goal, ChangePattern(Entity.CLIENT))


def _minds_no_twin(goal: Goal) -> Goal:
    return _allowing(goal, *(ChangePattern(one.entity, Operation.CREATE) for one in goal.expected_changes))


def _forbids_nothing(goal: Goal) -> Goal:
    patterns = [ChangePattern(pattern.entity) for pattern in goal.forbidden]
    return dataclasses.replace(_allowing(goal, *patterns), forbidden=())


def _minds_no_claim(goal: Goal) -> Goal:
    return dataclasses.replace(goal, must_refuse=None)


def _asks_for_no_answer(goal: Goal) -> Goal:
    return dataclasses.replace(goal, answers=())


BLIND: dict[Damage, Weaken] = {
    Damage.DROPPED_WRITE: _requires_nothing,
    Damage.WRONG_FIELD: _takes_any_text,
    Damage.WRONG_RECORD: _takes_any_record,
    Damage.EXTRA_WRITE: _minds_no_bystander,
    Damage.DUPLICATE: _minds_no_twin,
    Damage.FORBIDDEN: _forbids_nothing,
    Damage.SILENT_FAILURE: _minds_no_claim,
    Damage.BADLY_TOLD: _asks_for_no_answer,
}


@pytest.mark.parametrize("damage", Damage)
def test_a_goal_that_is_blind_lets_that_damage_through(trials: Sequence[Trial], damage: Damage) -> None:
    """The oracle still succeeds, and so does the damaged run: what the damage of each kind is there to show."""
    assert [mutant for _, mutant in _survivors(trials, damage)]


@pytest.mark.parametrize("damage", [one for one in Damage if one is not Damage.FORBIDDEN])
def test_the_gate_finds_a_blind_goal(trials: Sequence[Trial], damage: Damage) -> None:
    """And says what survives. What a goal does not forbid is not among the damage that is done: no case for that."""
    case, mutant = _survivors(trials, damage)[0]
    sealed = dataclasses.replace(case.sealed, goal=BLIND[damage](case.sealed.goal))
    found = examine(dataclasses.replace(case, sealed=sealed)).findings
    assert "oracle" not in found
    assert f"survives {damage.value}: {mutant.what}" in found["mutants"]
    assert "mutants" not in examine(case).findings


def _survivors(trials: Sequence[Trial], damage: Damage) -> list[tuple[CaseOnTrial, Mutant]]:
    found: list[tuple[CaseOnTrial, Mutant]] = []
    for case, run in trials:
        weak = BLIND[damage](case.sealed.goal)
        mutants = [one for one in mutants_of(run, case.sealed.goal, case.company.base) if one.damage is damage]
        if weak != case.sealed.goal and _succeeds(weak, run):
            found += [(case, mutant) for mutant in mutants if _succeeds(weak, mutant.run)]
    return found
