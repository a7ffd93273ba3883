"""Promises of the gates: a sound corpus passes, a damaged one is stopped by the gate that is there for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from atlas.crm.records import Entity, Outcome
from atlas.scenarios.corpus import Corpus, cook, generate_corpus
from atlas.scenarios.gates import GateReport, check_corpus
from atlas.scenarios.plans import RESPOND_TOOL
from atlas.scenarios.recipes import Recipe, recipe_of
from atlas.scenarios.records import Scenario
from atlas.verify.goals import ChangePattern, Goal, PlannedCall, SealedCase, Solution, Split


@pytest.mark.parametrize("seed", range(10))
def test_a_small_corpus_passes_every_gate(seed: int, request: pytest.FixtureRequest) -> None:
    """150 cases in seven splits: every solution scores 1.0, no shortcut pays, every damaged run is caught."""
    report = check_corpus(cook(recipe_of(seed, 150, records=900)))
    assert [(gate.gate, gate.examples) for gate in report.gates if not gate.passed] == []
    assert report.passed
    idle = next(score for score in report.shortcuts if score.agent == "do_nothing")
    assert (idle.success, idle.failure) == (0, 0)
    request.node.user_properties.append(("figures", f"seed {seed}: {sum(report.mutants.values())} damaged runs"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [42, *range(10, 20)])
def test_a_full_corpus_passes_every_gate(seed: int, request: pytest.FixtureRequest) -> None:
    """1,500 cases, and the figures of what was checked."""
    report = check_corpus(cook(recipe_of(seed)))
    assert [(gate.gate, gate.examples) for gate in report.gates if not gate.passed] == []
    worst = max(report.shortcuts, key=lambda score: max(score.success / 0.02, score.failure / 0.05))
    figures = (
        f"seed {seed}: {sum(gate.checked for gate in report.gates)} checks, "
        f"{sum(report.mutants.values())} damaged runs, "
        f"{report.diversity.distinct} of {report.diversity.utterances} utterances different; "
        f"best shortcut {worst.agent} {worst.success:.1%} / {worst.failure:.1%}"
    )
    request.node.user_properties.append(("figures", figures))


def test_a_balanced_corpus_passes_every_gate() -> None:
    """The families equal, and no tool that dominates."""
    report = check_corpus(cook(recipe_of(3, 200, profile="balanced", order="compositional", records=900)))
    assert [(gate.gate, gate.examples) for gate in report.gates if not gate.passed] == []


def test_several_processes_find_what_one_finds() -> None:
    """The report is the same, however many work on it."""
    corpus = generate_corpus(2, stream=20, dev=10, test_same=14)
    assert check_corpus(corpus, jobs=2) == check_corpus(corpus)


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


def _without_traces(case: SealedCase) -> SealedCase:
    return dataclasses.replace(case, traces=case.traces[1:])


def _blundering(case: SealedCase) -> SealedCase:
    """Take the right way for the blunder."""
    return dataclasses.replace(case, blunder=case.solutions[0] if case.blunder else None)


def _unfilled(scenario: Scenario) -> Scenario:
    script = scenario.customer_script
    return dataclasses.replace(scenario, customer_script=dataclasses.replace(script, turns=("Move {deal}.",)))


def _same_wording(scenario: Scenario) -> Scenario:
    return dataclasses.replace(scenario, paraphrase="0")


def _all_success(scenario: Scenario) -> Scenario:
    return dataclasses.replace(scenario, category="success")


DAMAGES: dict[str, Callable[[Corpus], Corpus]] = {
    "oracle": lambda corpus: _damaged_cases(corpus, _lazy),
    "traced": lambda corpus: _damaged_cases(corpus, _without_traces),
    "blunder": lambda corpus: _damaged_cases(corpus, _blundering),
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


def test_a_small_corpus_is_not_said_to_keep_what_it_is_too_small_for() -> None:
    """Each part that is not checked is named with the size from which on it is."""
    report = check_corpus(generate_corpus(2, stream=2, dev=0, test_same=0, size=200))
    verdicts = {gate.gate: gate.verdict for gate in report.gates}
    assert report.passed
    assert {name for name, verdict in verdicts.items() if verdict == "not checked"} == {"two_paths", "taxonomy"}
    few = "from 1000 cases on, there are 2"
    unchecked = {gate.gate: gate.unchecked for gate in report.gates if gate.unchecked}
    assert unchecked == {
        "two_paths": ("no case writes anything",),
        "diversity": (
            f"2 different utterances for every case ({few}; here: more than one for two cases)",
            "no tool over 25% of the calls (where the families are balanced, these are not)",
        ),
        "balance": (
            "15 families in stream (from 61 cases on, there are 2)",
            "15 families in test_same (from 61 cases on, there are 0)",
        ),
        "taxonomy": ("every group has cases (from 188 failures on, there are 1)",),
    }


def test_a_corpus_that_is_large_enough_has_to_have_what_was_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifteen families in a split of 61 cases, and every group of failures where there are failures enough."""
    monkeypatch.setattr("atlas.scenarios.gates.GROUPS_FROM", 20)
    corpus = generate_corpus(2, stream=61, dev=0, test_same=0)
    narrow = _damaged_scenarios(corpus, lambda scenario: dataclasses.replace(scenario, family="deal_house"))
    uniform = _damaged_scenarios(narrow, _failing_by_an_amount)
    found = {gate.gate: gate for gate in check_corpus(uniform).gates}
    assert "only 1 families in stream" in found["balance"].examples
    assert "no failure of the group state" in found["taxonomy"].examples
    assert {found[gate].verdict for gate in ("balance", "taxonomy")} == {"broken"}


def _failing_by_an_amount(scenario: Scenario) -> Scenario:
    return dataclasses.replace(scenario, failure=scenario.failure and "zero_amount")


def test_a_gate_that_checks_nothing_does_not_pass() -> None:
    """An empty corpus is not a sound one."""
    empty = dataclasses.replace(generate_corpus(2, stream=5, dev=5, test_same=5), scenarios=(), sealed=())
    report: GateReport = check_corpus(empty)
    assert not report.passed
    assert empty.split(Split.STREAM) == ()
