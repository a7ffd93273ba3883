"""The oracle through a bad connection, for every case of ten companies; how often it succeeds is put on record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from atlas.core.errors import CorpusError
from atlas.crm.faults import FaultKind, FaultPlan, FaultyWorld, reads_only
from atlas.crm.records import Change, ToolCall, ToolResult
from atlas.crm.retries import STANDARD_TRIES
from atlas.crm.world import Workplace
from atlas.scenarios.corpus import Corpus, generate_corpus
from atlas.scenarios.customer import ScriptedCustomer
from atlas.scenarios.records import Scenario
from atlas.scenarios.solutions import run_solution
from atlas.scenarios.stage import Adversity, set_stage
from atlas.verify.goals import Goal, Solution
from atlas.verify.judge import judge

SEEDS = range(10)
RATE = 0.2
PLANS = {
    "every kind": FaultPlan(rate=RATE),
    "lost replies only": FaultPlan.by_kind({FaultKind.LOST_REPLY: RATE}),
    "stale reads only": FaultPlan.by_kind({FaultKind.STALE_READ: RATE}),
}


class _Impatient:
    """What stands between an agent and a bad connection where nobody has thought: it repeats, and gives no key."""

    def __init__(self, connection: FaultyWorld) -> None:
        self._connection = connection
        self.actor, self.today, self.tools = connection.actor, connection.today, connection.tools

    @property
    def writes(self) -> int:
        return self._connection.writes

    def changes(self) -> tuple[Change, ...]:
        return self._connection.changes()

    def call(self, call: ToolCall) -> ToolResult:
        result = self._connection.call(call)
        for _ in range(STANDARD_TRIES - 1):
            if result.error is None or not result.error.retryable:
                break
            result = self._connection.call(call)
        return result


class _LooksAgain:
    """An agent's hands: whatever it changes, it looks at afterwards."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace
        self.actor, self.today, self.tools = workplace.actor, workplace.today, workplace.tools
        self.seen: list[ToolResult] = []

    @property
    def writes(self) -> int:
        return self._workplace.writes

    def changes(self) -> tuple[Change, ...]:
        return self._workplace.changes()

    def call(self, call: ToolCall) -> ToolResult:
        result = self._workplace.call(call)
        if not reads_only(call):
            looks = ("client_search", "contact_search", "opportunity_search", "quote_search", "contract_search")
            self.seen += [self._workplace.call(ToolCall(look, {"limit": 200})) for look in looks]
        return result


@pytest.fixture(scope="module")
def corpora() -> Sequence[Corpus]:
    """Seventy cases each, of companies that development may look at."""
    return [generate_corpus(seed, stream=40, dev=10, test_same=20) for seed in SEEDS]


@pytest.mark.parametrize("plan", ["every kind", "lost replies only"])
def test_the_oracle_succeeds_through_faults_and_writes_nothing_twice(
    corpora: Sequence[Corpus], plan: str, request: pytest.FixtureRequest
) -> None:
    """In at least 99 % of cases, and what it writes is what it writes without faults, call by call."""
    cases = solved = sent = 0
    kinds: Counter[str] = Counter()
    lost_writes = 0
    for corpus in corpora:
        for scenario, goal, solution in _cases(corpus):
            stage = set_stage(corpus.company, scenario, adversity=Adversity(PLANS[plan]))
            cases += 1
            solved += _solves(stage.workplace, scenario, goal, solution)
            written, wanted = _written(stage.world.journal()), _calmly_written(corpus, scenario, solution)
            assert written == wanted[: len(written)], "nothing twice, nothing else"
            assert stage.connection is not None
            sent += stage.connection.calls
            for fault in stage.connection.faults:
                kinds[fault.kind.value] += 1
                lost_writes += fault.kind is FaultKind.LOST_REPLY and not reads_only(ToolCall(fault.tool, {}))
    figures = (
        f"{plan}: {solved} of {cases} cases solved ({solved / cases:.1%}), nothing written twice; {kinds.total()} of "
        f"{sent} calls went wrong ({kinds.total() / sent:.1%}: {dict(sorted(kinds.items()))}), "
        f"{lost_writes} of them writes whose reply was lost"
    )
    request.node.user_properties.append(("figures", figures))
    assert cases >= 300
    assert solved >= 0.99 * cases
    assert RATE * 0.8 < kinds.total() / sent < RATE * 1.2
    assert lost_writes >= 20, "the case that matters did occur"


def test_who_looks_again_sees_what_was_written(corpora: Sequence[Corpus], request: pytest.FixtureRequest) -> None:
    """A fifth of the reads are answered by a copy that lags behind; what is handed on is what a calm world shows.

    A read that met the lagging copy at every try ends in an error, which hands nothing on.
    """
    cases = stale = given_up = 0
    for corpus in corpora:
        for scenario, _, solution in _cases(corpus):
            calm = _LooksAgain(set_stage(corpus.company, scenario).office)
            run_solution(solution, calm, ScriptedCustomer(scenario.customer_script))
            stage = set_stage(corpus.company, scenario, adversity=Adversity(PLANS["stale reads only"]))
            hands = _LooksAgain(stage.workplace)
            run_solution(solution, hands, ScriptedCustomer(scenario.customer_script))
            for shown, wanted in zip(hands.seen, calm.seen, strict=True):
                given_up += shown != wanted
                assert shown == wanted or shown.error is not None
            assert stage.connection is not None
            cases += 1
            stale += len(stage.connection.faults)
    figures = f"stale reads: {stale} in {cases} cases, none handed on, {given_up} looks given up"
    request.node.user_properties.append(("figures", figures))
    assert given_up * 200 < stale, "six tries suffice nearly always"
    assert stale >= 100


def test_who_repeats_without_a_key_writes_twice(corpora: Sequence[Corpus], request: pytest.FixtureRequest) -> None:
    """The same faults catch a harness that only repeats: the check above can fail."""
    cases = twice = 0
    for corpus in corpora:
        for scenario, goal, solution in _cases(corpus):
            stage = set_stage(corpus.company, scenario, adversity=Adversity(PLANS["lost replies only"]))
            assert stage.connection is not None
            _solves(_Impatient(stage.connection), scenario, goal, solution)
            cases += 1
            twice += len(_written(stage.world.journal())) > len(_calmly_written(corpus, scenario, solution))
    request.node.user_properties.append(("figures", f"without keys: {twice} of {cases} cases written to twice"))
    assert twice >= 20


def _cases(corpus: Corpus) -> Sequence[tuple[Scenario, Goal, Solution]]:
    vault = corpus.vault()
    return [
        (one, vault.goal_for_verdict(one.scenario_id), vault.solutions_for_gates(one.scenario_id)[0])
        for one in corpus.scenarios
    ]


def _solves(workplace: Workplace, scenario: Scenario, goal: Goal, solution: Solution) -> bool:
    try:
        turns = run_solution(solution, workplace, ScriptedCustomer(scenario.customer_script))
    except CorpusError:  # an answer that the rest of the solution needs never came
        return False
    responses = tuple(turn.response for turn in turns)
    return judge(goal, changes=workplace.changes(), responses=responses, writes=workplace.writes).strict


def _calmly_written(corpus: Corpus, scenario: Scenario, solution: Solution) -> list[object]:
    stage = set_stage(corpus.company, scenario)
    run_solution(solution, stage.office, ScriptedCustomer(scenario.customer_script))
    return _written(stage.world.journal())


def _written(journal: Sequence[Change]) -> list[object]:
    """The changes and their tools; calls are numbered as they reach the world, so their numbers may differ."""
    return [(one.entity, one.id, one.before, one.after, one.cause.partition(":")[2]) for one in journal]
