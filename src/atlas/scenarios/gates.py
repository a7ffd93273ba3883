"""The gates that a corpus has to pass before anybody is measured on it.

They open every goal, and are therefore no part of any episode.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Final, Literal, TypeAlias

from atlas.core.errors import DependencyError, UnknownNameError
from atlas.core.records import record
from atlas.crm.records import Entity
from atlas.crm.schema import SCHEMA
from atlas.scenarios.archive import Archive
from atlas.scenarios.case_gates import CaseOnTrial, CaseReport, Finding, examine, unplayable
from atlas.scenarios.conventions import (
    ChangeNote,
    Confidentiality,
    Convention,
    Discretion,
    StageFields,
    Superlative,
    Vocabulary,
)
from atlas.scenarios.corpus import Corpus, Progress, cook
from atlas.scenarios.diversity import Diversity, measure_diversity
from atlas.scenarios.failures import FAILURES, FailureGroup, get_failure
from atlas.scenarios.gate_sizes import (
    DISTINCT_PER_CASE,
    FAMILIES_FROM,
    FEWEST_FAMILIES,
    FULL_SIZE_FROM,
    GROUPS_FROM,
    MOST_FREQUENT_TOOL,
    VARIED_SPLITS,
    too_small_for_diversity,
    too_small_for_families,
    too_small_for_groups,
)
from atlas.scenarios.schedule import FAILURE_SHARE
from atlas.scenarios.shortcuts import SHORTCUTS
from atlas.verify.goals import Split

FEWEST_CONVENTIONS = 15
BALANCE_TOLERANCE = 0.01  # of the share of failures
SHORTCUT_CEILINGS: Final[Mapping[str, float]] = {"success": 0.02, "failure": 0.05}
"""Strict success that no shortcut may exceed, by kind of case."""
Verdict: TypeAlias = Literal["kept", "not checked", "broken"]

_SHOWN_FAILURES = 5
_CHUNK = 25  # cases that a process is given at a time

_IDLE: Final[Mapping[str, str]] = {
    "traced": "no goal expects a value",
    "two_paths": "no case writes anything",
    "blunder": "no case is a failure",
}
"""Why a gate of cases may have nothing to check in a small corpus; the others have something in every case."""

_CASE_PROMISES: Final[Mapping[str, str]] = {
    "oracle": "every solution scores 1.0 and the user has nothing left to say",
    "traced": "every expected value has a trace, and working it out gives the value again",
    "derivable": "a colleague can know every value in a solution at that point",
    "two_paths": "where something is written there are two distinct solutions",
    "do_nothing": "doing nothing never succeeds",
    "blunder": "carrying out a failure case as it stands fails, as its category says",
    "mutants": "every damaged oracle run fails",
    "words": "no unfilled slot, no id, no goal-only literal in what a user says",
}


@record
class GateResult:
    """What one gate found.

    Attributes:
        gate: Its name.
        promise: What it checks.
        checked: How many things.
        failed: How many of them broke the promise.
        examples: The first few of those, in words.
        unchecked: Parts of the promise that this corpus is too small for, in words, with the size from which on they
            are checked; all of it where nothing was checked.
    """

    gate: str
    promise: str
    checked: int
    failed: int
    examples: tuple[str, ...]
    unchecked: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong; a gate that checked nothing is passed only where it says why."""
        return self.failed == 0 and (self.checked > 0 or bool(self.unchecked))

    @property
    def verdict(self) -> Verdict:
        """What became of the promise; it is not kept where nothing was checked."""
        if not self.passed:
            return "broken"
        return "kept" if self.checked else "not checked"


@record
class ShortcutScore:
    """Strict success of an agent that takes a shortcut.

    Attributes:
        agent: Its name.
        success: Share of the success cases that it passes.
        failure: Share of the failure cases that it passes.
    """

    agent: str
    success: float
    failure: float


@record
class GateReport:
    """What all gates found.

    Attributes:
        content_hash: Of the corpus.
        gates: In the order in which they were applied.
        shortcuts: What shortcuts achieve.
        mutants: Number of damaged runs by class of damage.
        diversity: How varied the language is.
    """

    content_hash: str
    gates: tuple[GateResult, ...]
    shortcuts: tuple[ShortcutScore, ...]
    mutants: Mapping[str, int]
    diversity: Diversity

    @property
    def passed(self) -> bool:
        """Whether every gate is passed."""
        return all(gate.passed for gate in self.gates)

    def with_gate(self, gate: GateResult) -> GateReport:
        """Return the report with one gate more."""
        return dataclasses.replace(self, gates=(*self.gates, gate))


def check_corpus(corpus: Corpus, *, jobs: int = 1, progress: Progress | None = None) -> GateReport:
    """Return what the gates find about ``corpus``.

    Args:
        corpus: The corpus.
        jobs: Processes to work in; the report is the same for any number.
        progress: Told how many cases were examined.

    Raises:
        DependencyError: one of the processes was killed.
    """
    reports = list(_examined(corpus, jobs, progress))
    shortcuts = _shortcut_scores(corpus, reports)
    mutants: Counter[str] = Counter()
    for report in reports:
        mutants.update(report.mutants)
    diversity = measure_diversity(corpus.scenarios, corpus.sealed)
    return GateReport(
        corpus.content_hash,
        (
            *(_case_gate(name, promise, corpus, reports) for name, promise in _CASE_PROMISES.items()),
            gate_of("shortcuts", _shortcut_promise(), _bounded(corpus, shortcuts)),
            gate_of("disjoint", "splits share no wording of the catalogue and no name of a record", _disjoint(corpus)),
            gate_of("alike", "no conversations of two splits are nearly the same", _alike(corpus, diversity)),
            gate_of(
                "diversity",
                "many different utterances, no tool that dominates",
                _diverse(corpus, diversity),
                tuple(too_small_for_diversity(corpus)),
            ),
            gate_of(
                "balance",
                "splits, failures, families and conventions as promised",
                _balance(corpus),
                tuple(too_small_for_families(corpus)),
            ),
            gate_of(
                "taxonomy",
                "every group of failures has cases",
                _taxonomy(corpus),
                tuple(too_small_for_groups(corpus)),
            ),
            gate_of("fields", "conventions use existing fields and values", _fields(corpus)),
            gate_of("deterministic", "the recipe gives the same corpus again", _again(corpus)),
        ),
        shortcuts,
        dict(sorted(mutants.items())),
        diversity,
    )


# ---------------------------------------------------------------------------------------------------------------------
# Cases


def _examined(corpus: Corpus, jobs: int, progress: Progress | None) -> Iterator[CaseReport]:
    docket, numbers = Docket(corpus), range(len(corpus.scenarios))
    reports = (_report_on(docket, number) for number in numbers) if jobs == 1 else _in_processes(corpus, jobs)
    for done, report in enumerate(reports, start=1):
        if progress is not None:
            progress(done, len(corpus.scenarios))
        yield report


class Docket:
    """The cases of a corpus by number, with everything that is known of them.

    Args:
        corpus: The corpus.
    """

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._archives = {company.seed: Archive.of_rows(company.file.rows) for company in corpus.companies}

    def case(self, number: int) -> CaseOnTrial:
        """Return the case at a place of the corpus, from 0.

        Raises:
            UnknownNameError: its company is none of the corpus.
        """
        scenario = self._corpus.scenarios[number]
        company = self._corpus.company_of(scenario)
        return CaseOnTrial(company, self._archives[company.seed], scenario, self._corpus.sealed[number])


def on_trial(corpus: Corpus) -> Iterator[CaseOnTrial]:
    """Yield the cases of ``corpus`` with everything that is known of them.

    Raises:
        UnknownNameError: the company of a case is none of the corpus.
    """
    docket = Docket(corpus)
    return (docket.case(number) for number in range(len(corpus.scenarios)))


def _report_on(docket: Docket, number: int) -> CaseReport:
    try:
        return examine(docket.case(number))
    except UnknownNameError as exc:
        return unplayable(exc)


class _Bench:
    """What a process works on; sent to it once."""

    docket: Docket


def _in_processes(corpus: Corpus, jobs: int) -> Iterator[CaseReport]:
    with ProcessPoolExecutor(jobs, initializer=_settle, initargs=(corpus,)) as pool:
        try:
            yield from pool.map(_examine_number, range(len(corpus.scenarios)), chunksize=_CHUNK)
        except BrokenProcessPool as exc:
            raise DependencyError(
                f"one of the {jobs} processes that check cases was killed, perhaps for want of memory; nothing was "
                "written; try again, with fewer --jobs"
            ) from exc


def _settle(corpus: Corpus) -> None:
    _Bench.docket = Docket(corpus)


def _examine_number(number: int) -> CaseReport:
    return _report_on(_Bench.docket, number)


def _case_gate(name: str, promise: str, corpus: Corpus, reports: Sequence[CaseReport]) -> GateResult:
    wrong = [
        f"{scenario.scenario_id} ({scenario.family}/{scenario.paraphrase}): {finding}"
        for scenario, report in zip(corpus.scenarios, reports, strict=True)
        for finding in report.findings.get(name, ())
    ]
    checked = sum(report.checked.get(name, 0) for report in reports)
    idle = (_IDLE[name],) if reports and not checked and name in _IDLE else ()
    return GateResult(name, promise, checked, len(wrong), tuple(wrong[:_SHOWN_FAILURES]), idle)


def gate_of(name: str, promise: str, findings: Iterable[Finding], unchecked: tuple[str, ...] = ()) -> GateResult:
    """Return what a gate found, from what each of its checks found and what it did not check."""
    found = list(findings)
    wrong = [finding for finding in found if finding is not None]
    return GateResult(name, promise, len(found), len(wrong), tuple(wrong[:_SHOWN_FAILURES]), unchecked)


# ---------------------------------------------------------------------------------------------------------------------
# Shortcuts


def _shortcut_scores(corpus: Corpus, reports: Sequence[CaseReport]) -> tuple[ShortcutScore, ...]:
    kinds = Counter(scenario.category for scenario in corpus.scenarios)
    passed = Counter(
        (name, scenario.category)
        for scenario, report in zip(corpus.scenarios, reports, strict=True)
        for name in report.shortcuts
    )

    def share(name: str, kind: str) -> float:
        return passed[name, kind] / max(kinds[kind], 1)  # type: ignore[index]

    return tuple(ShortcutScore(name, share(name, "success"), share(name, "failure")) for name in SHORTCUTS)


def _shortcut_promise() -> str:
    success, failure = SHORTCUT_CEILINGS["success"], SHORTCUT_CEILINGS["failure"]
    return f"no shortcut passes over {success:.0%} of the successes or {failure:.0%} of the failures"


def _bounded(corpus: Corpus, scores: Sequence[ShortcutScore]) -> Iterator[Finding]:
    kinds = Counter(scenario.category for scenario in corpus.scenarios)
    for kind, ceiling in SHORTCUT_CEILINGS.items():
        cases = kinds["success" if kind == "success" else "failure"]
        for score in scores:
            share = score.success if kind == "success" else score.failure
            over = share * cases > _most(ceiling, cases)
            yield f"{score.agent} passes {share:.1%} of {cases} {kind} cases" if over else None


def _most(ceiling: float, cases: int) -> float:
    """Return how many cases a ceiling allows; small corpora may be off by two standard deviations of chance."""
    expected = ceiling * cases
    return expected if cases >= FULL_SIZE_FROM * ceiling * 4 else expected + 2 * math.sqrt(expected)


# ---------------------------------------------------------------------------------------------------------------------
# Splits


def _disjoint(corpus: Corpus) -> Iterator[Finding]:
    homes: dict[str, Split] = {}
    for scenario in corpus.scenarios:
        key = f"{scenario.family}/{scenario.paraphrase}"
        home = homes.setdefault(key, scenario.split)
        yield None if home is scenario.split else f"wording {key} is in {home.value} and {scenario.split.value}"
    said = {
        split: "\n".join(
            text
            for scenario in corpus.split(split)
            for text in (*scenario.customer_script.turns, *(d.text for d in scenario.customer_script.disclosures))
        ).casefold()
        for split in corpus.company.file.pools
    }
    for home, name in _record_names(corpus):
        foreign = [split.value for split, text in said.items() if split is not home and name.casefold() in text]
        yield f"{name!r} of {home.value} is mentioned in {foreign}" if foreign else None


def _record_names(corpus: Corpus) -> Iterator[tuple[Split, str]]:
    file = corpus.company.file
    pool_of = {client: split for split, clients in file.pools.items() for client in clients}
    for client in file.rows[Entity.CLIENT]:
        yield pool_of[str(client["client_id"])], str(client["name"])
    for deal in file.rows[Entity.OPPORTUNITY]:
        yield pool_of[str(deal["client_id"])], str(deal["name"])
    for contact in file.rows[Entity.CONTACT]:
        yield pool_of[str(contact["client_id"])], f"{contact['first_name']} {contact['last_name']}"


def _alike(corpus: Corpus, diversity: Diversity) -> Iterator[Finding]:
    yield from (None for _ in corpus.scenarios)
    yield from (f"{one} and {other} are nearly the same" for one, other in diversity.near_duplicates)


def _diverse(corpus: Corpus, diversity: Diversity) -> Iterator[Finding]:
    cases = len(corpus.scenarios)
    if cases >= FULL_SIZE_FROM:
        few = diversity.distinct < DISTINCT_PER_CASE * cases
        yield f"{diversity.distinct} different utterances in {cases} cases" if few else None
    if corpus.recipe.profile == "balanced" and cases >= FULL_SIZE_FROM:
        tool, share = next(iter(diversity.tools.items()))
        yield f"{tool} makes up {share:.1%} of the calls" if share > MOST_FREQUENT_TOOL else None
    yield None if diversity.distinct > cases / 2 else f"only {diversity.distinct} different utterances in {cases} cases"


# ---------------------------------------------------------------------------------------------------------------------
# Counts


def _balance(corpus: Corpus) -> Iterator[Finding]:
    for split, wanted in corpus.recipe.counts.items():
        cases = corpus.split(split)
        yield None if len(cases) == wanted else f"{split.value} has {len(cases)} cases, not {wanted}"
        failures = sum(scenario.category == "failure" for scenario in cases)
        off = abs(failures - FAILURE_SHARE * len(cases)) > max(BALANCE_TOLERANCE * len(cases), 1)
        yield f"{split.value} has {failures} failures in {len(cases)} cases" if off else None
    conventions = len(corpus.company.conventions)
    yield None if conventions >= FEWEST_CONVENTIONS else f"only {conventions} conventions"
    for split in VARIED_SPLITS:
        count = Counter(scenario.family for scenario in corpus.split(split))
        if count.total() >= FAMILIES_FROM:
            yield f"only {len(count)} families in {split.value}" if len(count) < FEWEST_FAMILIES else None


def _taxonomy(corpus: Corpus) -> Iterator[Finding]:
    known = {template.id for template in FAILURES}
    failures = Counter(scenario.failure for scenario in corpus.scenarios if scenario.failure in known)
    groups = {get_failure(str(name)).group for name in failures}
    if failures.total() >= GROUPS_FROM:
        for group in FailureGroup:
            yield None if group in groups else f"no failure of the group {group.value}"
    elif not failures and any(scenario.category == "failure" for scenario in corpus.scenarios):
        yield "no failure of a known category"


def _fields(corpus: Corpus) -> Iterator[Finding]:
    conventions = [convention for company in corpus.companies for convention in company.conventions]
    for entity, field in _used_fields(conventions):
        known = {definition.name for definition in SCHEMA[entity].fields}
        yield None if field in known else f"{entity.value} has no field {field!r}"
    for term in (term for rule in conventions if isinstance(rule, Vocabulary) for term in rule.terms):
        allowed = {field.name: field.allowed for field in SCHEMA[term.entity].fields}.get(term.field, ())
        fits = not allowed or term.value in allowed
        yield None if fits else f"{term.nickname!r} stands for {term.value!r}, which {term.field} does not allow"


def _used_fields(conventions: Sequence[Convention]) -> Iterator[tuple[Entity, str]]:
    for convention in conventions:
        match convention:
            case Vocabulary():
                yield from ((term.entity, term.field) for term in convention.terms)
            case Confidentiality():
                yield convention.entity, convention.field
            case ChangeNote() | StageFields() | Superlative() | Discretion():
                yield Entity.OPPORTUNITY, convention.field
            case _:
                continue


def _again(corpus: Corpus) -> Iterator[Finding]:
    again = cook(corpus.recipe).content_hash
    yield None if again == corpus.content_hash else f"{again} is not {corpus.content_hash}"
