"""The oracle on another store: every solution of every case, with the same outcome as in memory."""

from __future__ import annotations

from collections.abc import Iterator

from atlas.core.errors import CorpusError
from atlas.crm.sessions import Sessions, session
from atlas.crm.store import Store
from atlas.scenarios.case_gates import CaseOnTrial, Finding
from atlas.scenarios.corpus import Corpus, Progress
from atlas.scenarios.customer import ScriptedCustomer
from atlas.scenarios.gates import GateResult, gate_of, on_trial
from atlas.scenarios.mutants import OracleRun
from atlas.scenarios.solutions import run_solution
from atlas.scenarios.stage import set_stage, starting_rows
from atlas.verify.goals import Solution
from atlas.verify.judge import judge


def check_on(sessions: Sessions, corpus: Corpus, *, progress: Progress | None = None) -> GateResult:
    """Return what becomes of the solutions where the companies are kept elsewhere than in memory.

    Args:
        sessions: Where they are kept.
        corpus: The cases.
        progress: Told how many cases were played.

    Raises:
        StorageError: the database is down.
    """
    findings = (finding for case in _watched(corpus, progress) for finding in _findings(sessions, case))
    return gate_of("other_store", "every solution ends on the other store as it does in memory, with 1.0", findings)


def _watched(corpus: Corpus, progress: Progress | None) -> Iterator[CaseOnTrial]:
    for done, case in enumerate(on_trial(corpus), start=1):
        yield case
        if progress is not None:
            progress(done, len(corpus.scenarios))


def _findings(sessions: Sessions, case: CaseOnTrial) -> Iterator[Finding]:
    for number, solution in enumerate(case.sealed.solutions):
        label = f"{case.scenario.scenario_id} ({case.scenario.family}) solution {number}"
        try:
            there, here = _play(sessions, case, solution), _play(None, case, solution)
        except CorpusError as exc:
            yield f"{label}: {exc}"
            continue
        verdict = judge(case.sealed.goal, changes=there.changes, responses=there.responses, writes=there.writes)
        if there.changes != here.changes:
            yield f"{label}: other changes than in memory"
        else:
            yield None if verdict.strict else f"{label}: {verdict.score} {verdict.failed_fields}"


def _play(sessions: Sessions | None, case: CaseOnTrial, solution: Solution) -> OracleRun:
    if sessions is None:
        return _played(case, solution)
    with session(sessions, case.company.base, starting_rows(case.company, case.scenario)) as store:
        return _played(case, solution, store)


def _played(case: CaseOnTrial, solution: Solution, store: Store | None = None) -> OracleRun:
    stage = set_stage(case.company, case.scenario, store=store)
    turns = run_solution(solution, stage.office, ScriptedCustomer(case.scenario.customer_script))
    return OracleRun(stage.world.changes(), tuple(turn.response for turn in turns), stage.world.writes)
