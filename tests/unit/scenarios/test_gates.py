"""Promises of the gates: a sound corpus passes, a damaged one is stopped by the gate that is there for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from atlas.crm.records import Entity, Outcome
from atlas.scenarios.corpus import Corpus, Recipe, generate_corpus
from atlas.scenarios.gates import SHORTCUT_CEILING, GateReport, check_corpus
from atlas.scenarios.plans import RESPOND_TOOL
from atlas.scenarios.records import Scenario
from atlas.verify.goals import ChangePattern, Goal, PlannedCall, SealedCase, Solution, Split


@pytest.mark.parametrize("seed", [0, 3, 6])
def test_a_generated_corpus_passes_every_gate(seed: int) -> None:
    """Every solution scores 1.0, doing nothing fails, no shortcut pays, every damaged run is caught."""
    report = check_corpus(generate_corpus(seed, stream=60, dev=20, test_same=40))
    assert [(gate.gate, gate.examples) for gate in report.gates if not gate.passed] == []
    assert report.passed
    assert report.shortcut_scores["do_nothing"] == 0
    assert max(report.shortcut_scores.values()) <= SHORTCUT_CEILING


def test_a_reskinned_corpus_passes_every_gate() -> None:
    """The exam stays sound when every house word and parameter is replaced."""
    report = check_corpus(generate_corpus(1, stream=60, dev=20, test_same=40, reskin=5))
    assert [(gate.gate, gate.examples) for gate in report.gates if not gate.passed] == []


# ---------------------------------------------------------------------------------------------------------------------
# Sabotage: each damage is done to a sound corpus, and the gate named has to stop it


def _damaged_cases(corpus: Corpus, damage: Callable[[SealedCase], SealedCase]) -> Corpus:
    return dataclasses.replace(corpus, sealed=tuple(damage(case) for case in corpus.sealed))


def _damaged_scenarios(corpus: Corpus, damage: Callable[[Scenario], Scenario]) -> Corpus:
    return dataclasses.replace(corpus, scenarios=tuple(damage(scenario) for scenario in corpus.scenarios))


def _lazy(case: SealedCase) -> SealedCase:
    """A solution that only answers."""
    turns = tuple(turn[-1:] for turn in case.solutions[0].turns)
    return dataclasses.replace(case, solutions=(Solution(turns),))


def _no_demands(case: SealedCase) -> SealedCase:
    return dataclasses.replace(case, goal=Goal(final_outcome=Outcome.DONE))


def _allow_all(case: SealedCase) -> SealedCase:
    return dataclasses.replace(
        case, goal=dataclasses.replace(case.goal, allowed_changes=(ChangePattern(Entity.CLIENT),))
    )


def _one_path(case: SealedCase) -> SealedCase:
    return dataclasses.replace(case, solutions=case.solutions[:1])


def _magic_id(case: SealedCase) -> SealedCase:
    """A solution that uses an id without having looked it up."""
    magic = PlannedCall("contact_search", {"email": "nobody.ever.said@this.example"})
    turns = case.solutions[0].turns
    moved = tuple(tuple(_shifted(call) for call in turn) for turn in turns)
    return dataclasses.replace(case, solutions=(Solution(((magic, *moved[0]), *moved[1:])),))


def _shifted(call: PlannedCall) -> PlannedCall:
    text = {name: _shift(value) for name, value in call.arguments.items()}
    return PlannedCall(call.tool, text) if call.tool != RESPOND_TOOL else call


def _shift(value: object) -> object:
    if isinstance(value, str):
        for number in range(12, -1, -1):
            value = value.replace(f"call_{number}.", f"call_{number + 1}.")
        return value
    return {name: _shift(item) for name, item in value.items()} if isinstance(value, dict) else value


def _unfilled(scenario: Scenario) -> Scenario:
    script = scenario.customer_script
    return dataclasses.replace(scenario, customer_script=dataclasses.replace(script, turns=("Move {deal}.",)))


def _same_wording(scenario: Scenario) -> Scenario:
    return dataclasses.replace(scenario, paraphrase="0")


def _all_success(scenario: Scenario) -> Scenario:
    return dataclasses.replace(scenario, category="success")


DAMAGES: dict[str, Callable[[Corpus], Corpus]] = {
    "oracle": lambda corpus: _damaged_cases(corpus, _lazy),
    "derivable": lambda corpus: _damaged_cases(corpus, _magic_id),
    "two_paths": lambda corpus: _damaged_cases(corpus, _one_path),
    "do_nothing": lambda corpus: _damaged_cases(corpus, _no_demands),
    "shortcuts": lambda corpus: _damaged_cases(corpus, _no_demands),
    "mutants": lambda corpus: _damaged_cases(corpus, _allow_all),
    "words": lambda corpus: _damaged_scenarios(corpus, _unfilled),
    "disjoint": lambda corpus: _damaged_scenarios(corpus, _same_wording),
    "balance": lambda corpus: _damaged_scenarios(corpus, _all_success),
    "deterministic": lambda corpus: dataclasses.replace(corpus, recipe=Recipe(3, 10, 5, 5)),
}


@pytest.mark.parametrize("gate", DAMAGES)
def test_a_damaged_corpus_is_stopped(gate: str) -> None:
    """The gate that is there for a kind of damage fails, and says what is wrong."""
    report = check_corpus(DAMAGES[gate](generate_corpus(2, stream=20, dev=10, test_same=14)))
    assert not report.passed
    failed = next(result for result in report.gates if result.gate == gate)
    assert failed.failed > 0
    assert failed.examples


def test_a_gate_that_checks_nothing_does_not_pass() -> None:
    """An empty corpus is not a sound one."""
    empty = dataclasses.replace(generate_corpus(2, stream=5, dev=5, test_same=5), scenarios=(), sealed=())
    report: GateReport = check_corpus(empty)
    assert not report.passed
    assert empty.split(Split.STREAM) == ()
