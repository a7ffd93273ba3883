"""The oracle on another store: every solution of every case, answered and ending as in memory."""

from __future__ import annotations

from collections.abc import Iterator

from atlas.core.errors import CorpusError, UnknownNameError
from atlas.core.records import record
from atlas.crm.sessions import Sessions, session
from atlas.crm.store import Store
from atlas.episodes.records import Step, Turn
from atlas.scenarios.case_gates import CaseOnTrial, Finding
from atlas.scenarios.corpus import Corpus, Progress
from atlas.scenarios.customer import ScriptedCustomer
from atlas.scenarios.gates import Docket, GateResult, gate_of
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
    promise = "every solution goes and ends on the other store as it does in memory, with 1.0"
    return gate_of("other_store", promise, _all_findings(sessions, corpus, progress))


@record
class _Run:
    """A solution that was played: every call with its result, and what is left for a judge."""

    turns: tuple[Turn, ...]
    left: OracleRun


def _all_findings(sessions: Sessions, corpus: Corpus, progress: Progress | None) -> Iterator[Finding]:
    docket = Docket(corpus)
    for number, scenario in enumerate(corpus.scenarios):
        try:
            yield from _findings(sessions, docket.case(number))
        except UnknownNameError as exc:
            yield f"{scenario.scenario_id} ({scenario.family}): cannot be played: {exc}"
        if progress is not None:
            progress(number + 1, len(corpus.scenarios))


def _findings(sessions: Sessions, case: CaseOnTrial) -> Iterator[Finding]:
    for number, solution in enumerate(case.sealed.solutions):
        label = f"{case.scenario.scenario_id} ({case.scenario.family}) solution {number}"
        try:
            there, here = _play(sessions, case, solution), _play(None, case, solution)
        except CorpusError as exc:
            yield f"{label}: {exc}"
            continue
        wrong = _difference(there, here) or _short_of(case, there.left)
        yield None if wrong is None else f"{label}: {wrong}"


def _difference(there: _Run, here: _Run) -> Finding:
    """Return the first thing that went otherwise than in memory; equal calls have equal results, down to new ids."""
    if there.left.changes != here.left.changes:
        return "other changes than in memory"
    calls = zip(_calls(there), _calls(here), strict=False)
    other = next((f"{one.call.tool} (call {n})" for n, (one, same) in enumerate(calls) if one != same), None)
    if other is not None:
        return f"{other} has another result than in memory"
    return None if there.left == here.left else "another end than in memory"


def _calls(run: _Run) -> list[Step]:
    return [step for turn in run.turns for step in turn.steps]


def _short_of(case: CaseOnTrial, left: OracleRun) -> Finding:
    verdict = judge(case.sealed.goal, changes=left.changes, responses=left.responses, writes=left.writes)
    return None if verdict.strict else f"{verdict.score} {verdict.failed_fields}"


def _play(sessions: Sessions | None, case: CaseOnTrial, solution: Solution) -> _Run:
    if sessions is None:
        return _played(case, solution)
    with session(sessions, case.company.base, starting_rows(case.company, case.scenario)) as store:
        return _played(case, solution, store)


def _played(case: CaseOnTrial, solution: Solution, store: Store | None = None) -> _Run:
    stage = set_stage(case.company, case.scenario, store=store)
    turns = run_solution(solution, stage.office, ScriptedCustomer(case.scenario.customer_script))
    left = OracleRun(stage.world.changes(), tuple(turn.response for turn in turns), stage.world.writes)
    return _Run(turns, left)
