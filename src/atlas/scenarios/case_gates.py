"""The gates that look at one case: can it be solved, in two ways, by knowing what can be known, and by nothing less.

They open the goal, and are therefore no part of any episode.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from atlas.core.errors import CorpusError, UnknownNameError
from atlas.core.records import record
from atlas.crm.records import ErrorCode
from atlas.episodes.records import Turn
from atlas.scenarios.archive import Archive
from atlas.scenarios.companies import Company
from atlas.scenarios.conventions import (
    ChangeNote,
    Convention,
    DealRetirement,
    DiscountApproval,
    Escalation,
    QuoteApproval,
)
from atlas.scenarios.customer import ScriptedCustomer
from atlas.scenarios.derivation import underived
from atlas.scenarios.failures import FAILURES, get_failure
from atlas.scenarios.mutants import OracleRun, mutants_of
from atlas.scenarios.records import Scenario
from atlas.scenarios.rederivation import work_out
from atlas.scenarios.shortcuts import SHORTCUTS, play_shortcut
from atlas.scenarios.solutions import run_solution
from atlas.scenarios.stage import set_stage
from atlas.scenarios.tracing import bare, evidence_of, expected_values
from atlas.verify.goals import SealedCase, Solution
from atlas.verify.judge import judge
from atlas.verify.matchers import same_value
from atlas.verify.verdict import Verdict

Finding = str | None
"""What one check found: None, or what is wrong."""


@dataclasses.dataclass(frozen=True, slots=True)
class CaseOnTrial:
    """A case with everything that is known of it."""

    company: Company
    archive: Archive
    scenario: Scenario
    sealed: SealedCase


@record
class PlayedRun:
    """A solution that was played.

    Attributes:
        number: Which solution of the case.
        turns: What was said and done.
        left: What is left of it for a judge.
        failure: Why it could not be played to its end, None where it could.
    """

    number: int
    turns: tuple[Turn, ...] = ()
    left: OracleRun = OracleRun((), (), 0)
    failure: str | None = None

    def errors(self) -> list[str]:
        """Return what the world objected to on the way."""
        found = (step.result.error for turn in self.turns for step in turn.steps)
        return [error.message for error in found if error is not None]


@record
class CaseReport:
    """What the gates find about a case.

    Attributes:
        checked: Number of checks by gate.
        findings: What is wrong, by gate; gates that found nothing have no entry.
        shortcuts: Names of the shortcut agents that succeed.
        mutants: Number of damaged runs by class of damage.
    """

    checked: Mapping[str, int]
    findings: Mapping[str, tuple[str, ...]]
    shortcuts: tuple[str, ...]
    mutants: Mapping[str, int]


def unplayable(why: UnknownNameError) -> CaseReport:
    """Return the report on a case that names a company or a colleague that there is not."""
    return CaseReport({"oracle": 1}, {"oracle": (f"cannot be played: {why}",)}, (), {})


def examine(case: CaseOnTrial) -> CaseReport:
    """Return what the gates find about a case.

    Raises:
        UnknownNameError: it is on behalf of somebody who is no colleague.
    """
    runs = [_play(case, number, solution) for number, solution in enumerate(case.sealed.solutions)]
    mutants: Counter[str] = Counter()
    found = {
        **{gate: list(check(case, runs)) for gate, check in _CASE_GATES.items()},
        "mutants": list(_mutants(case, runs, mutants)),
    }
    goal = case.sealed.goal
    passed = tuple(name for name in SHORTCUTS if play_shortcut(name, case.company, case.scenario, goal))
    found["do_nothing"] = ["solved by doing nothing" if "do_nothing" in passed else None]
    findings = {gate: tuple(one for one in results if one is not None) for gate, results in found.items()}
    return CaseReport(
        checked={gate: len(results) for gate, results in found.items()},
        findings={gate: wrong for gate, wrong in findings.items() if wrong},
        shortcuts=passed,
        mutants=dict(sorted(mutants.items())),
    )


def _play(case: CaseOnTrial, number: int, solution: Solution, *, whole: bool = True) -> PlayedRun:
    stage = set_stage(case.company, case.scenario)
    customer = ScriptedCustomer(case.scenario.customer_script)
    try:
        turns = run_solution(solution, stage.office, customer, whole=whole)
    except CorpusError as exc:
        return PlayedRun(number, failure=str(exc))
    responses = tuple(turn.response for turn in turns)
    return PlayedRun(number, turns, OracleRun(stage.world.changes(), responses, stage.world.writes))


def _verdict(case: CaseOnTrial, run: OracleRun) -> Verdict:
    return judge(case.sealed.goal, changes=run.changes, responses=run.responses, writes=run.writes)


def _oracle(case: CaseOnTrial, runs: list[PlayedRun]) -> Iterator[Finding]:
    for run in runs:
        if run.failure is not None:
            yield f"solution {run.number}: {run.failure}"
            continue
        verdict = _verdict(case, run.left)
        wrong = f"solution {run.number}: {verdict.score} {verdict.failed_fields} {run.errors()}"
        yield None if verdict.strict else wrong


def _derivable(case: CaseOnTrial, runs: list[PlayedRun]) -> Iterator[Finding]:
    for run in runs:
        unknown = list(underived(run.turns, case.scenario, case.company.conventions))
        yield f"solution {run.number}: {'; '.join(unknown)}" if unknown else None


def _traced(case: CaseOnTrial, runs: list[PlayedRun]) -> Iterator[Finding]:  # noqa: ARG001 - fills a slot of the table
    """Check that every expected value has a trace, and that working it out gives the value again."""
    evidence, _ = evidence_of(case.scenario, case.company.file, case.archive)
    traces = {(one.where, repr(one.value)): one.trace for one in case.sealed.traces}
    for where, name, value in expected_values(case.sealed.goal):
        trace = traces.get((where, repr(bare(value))))
        if trace is None:
            yield f"nobody can know {where} ({name}): {bare(value)!r}"
            continue
        try:
            again = work_out(trace, evidence)
        except CorpusError as exc:
            yield f"the trace of {where} leads nowhere: {exc}"
            continue
        yield None if same_value(bare(value), again) else f"the trace of {where} gives {again!r}, not {bare(value)!r}"


def _paths(case: CaseOnTrial, runs: list[PlayedRun]) -> Iterator[Finding]:
    if case.sealed.goal.expected_changes:
        calls = {
            tuple((step.call.tool, repr(step.call.arguments)) for turn in run.turns for step in turn.steps)
            for run in runs
            if run.failure is None
        }
        yield None if len(calls) > 1 else "one path only"


def _blunder(case: CaseOnTrial, runs: list[PlayedRun]) -> Iterator[Finding]:  # noqa: ARG001 - fills a slot of the table
    """Check that carrying out a failure case as it stands fails, and in the way in which its category says."""
    failure = case.scenario.failure
    if (failure is None) is not (case.scenario.category == "success"):
        yield f"a {case.scenario.category} of the failure category {failure}"
    elif failure is not None and failure not in {template.id for template in FAILURES}:
        yield f"there is no failure category {failure!r}"
    elif failure is not None and case.sealed.blunder is None:
        yield "a failure without a blunder: the run of somebody who carries it out as it stands"
    elif failure is not None and case.sealed.blunder is not None:
        yield from _blunder_findings(case, case.sealed.blunder, get_failure(failure).validator)


def _blunder_findings(case: CaseOnTrial, blunder: Solution, validator: ErrorCode | None) -> Iterator[Finding]:
    run = _play(case, 0, blunder, whole=False)
    if run.failure is not None:
        yield f"the blunder cannot be played: {run.failure}"
        return
    yield "the blunder succeeds" if _verdict(case, run.left).strict else None
    if validator is not None:
        codes = [step.result.error.code for turn in run.turns for step in turn.steps if step.result.error is not None]
        yield None if validator in codes else f"the blunder met {[*map(str, codes)]}, not {validator.value}"


def _mutants(case: CaseOnTrial, runs: list[PlayedRun], counted: Counter[str]) -> Iterator[Finding]:
    run = next((run.left for run in runs if run.failure is None), None)
    if run is None:
        return
    for mutant in mutants_of(run, case.sealed.goal, case.company.base):
        counted[mutant.damage.value] += 1
        yield f"survives {mutant.damage.value}: {mutant.what}" if _verdict(case, mutant.run).strict else None


def _words(case: CaseOnTrial, runs: list[PlayedRun]) -> Iterator[Finding]:  # noqa: ARG001 - fills a slot of the table
    script = case.scenario.customer_script
    heard = "\n".join((*script.turns, *(entry.text for entry in script.disclosures), script.shrug))
    secrets = [text for convention in case.company.conventions for text in secret_texts(convention)]
    ids = [change.id for change in case.sealed.goal.expected_changes if change.id]
    telling = [text for text in (*secrets, *ids, case.scenario.canary) if _stands_in(text, heard)]
    if "{" in heard or "}" in heard or "|" in heard.replace(" | ", ""):
        yield f"an unfilled slot or choice: {heard!r}"
    else:
        yield f"gives away {telling}: {heard!r}" if telling else None


def _stands_in(text: str, heard: str) -> bool:
    """Tell whether a text stands in what was heard, not as a part of a longer word."""
    return re.search(rf"(?<![\w.]){re.escape(text)}(?!\w)", heard, re.IGNORECASE) is not None


def secret_texts(convention: Convention) -> tuple[str, ...]:
    """Return texts of a convention that a user never says."""
    match convention:
        case QuoteApproval():
            texts = (convention.approver, convention.approver_name)
            return texts if convention.note is None else (*texts, convention.note)
        case DiscountApproval():
            return (convention.approver, convention.approver_name)
        case Escalation():
            return (convention.handle, convention.name)
        case DealRetirement():
            return (convention.remark,)
        case ChangeNote():
            return (convention.template.replace("{value}", "").strip(" []:-"),)
        case _:
            return ()


_CASE_GATES: Final[Mapping[str, Callable[[CaseOnTrial, list[PlayedRun]], Iterator[Finding]]]] = {
    "oracle": _oracle,
    "traced": _traced,
    "derivable": _derivable,
    "two_paths": _paths,
    "blunder": _blunder,
    "words": _words,
}
