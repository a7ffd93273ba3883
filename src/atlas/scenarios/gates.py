"""The gates that a corpus has to pass before anybody is measured on it.

They open every goal, and are therefore no part of any episode.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from atlas.core.errors import CorpusError
from atlas.core.records import record
from atlas.crm.records import Entity
from atlas.crm.schema import SCHEMA
from atlas.episodes.records import Turn
from atlas.scenarios.conventions import (
    ChangeNote,
    Confidentiality,
    Convention,
    DiscountApproval,
    QuoteApproval,
    StageFields,
    Superlative,
    Vocabulary,
)
from atlas.scenarios.corpus import Corpus, cook
from atlas.scenarios.customer import ScriptedCustomer
from atlas.scenarios.derivation import underived
from atlas.scenarios.mutants import OracleRun, mutants_of
from atlas.scenarios.records import Scenario
from atlas.scenarios.schedule import FAILURE_SHARE
from atlas.scenarios.shortcuts import SHORTCUTS, play_shortcut
from atlas.scenarios.solutions import run_solution
from atlas.scenarios.stage import open_world
from atlas.verify.goals import Solution, Split
from atlas.verify.judge import judge
from atlas.verify.vault import GoalVault

FEWEST_CONVENTIONS, FEWEST_FAMILIES = 10, 15
BALANCE_TOLERANCE = 0.02  # of the share of failures
SHORTCUT_CEILING = 0.2  # strict success that no shortcut may exceed

_SHOWN_FAILURES = 5


@record
class GateResult:
    """What one gate found.

    Attributes:
        gate: Its name.
        promise: What it checks.
        checked: How many things.
        failed: How many of them broke the promise.
        examples: The first few of those, in words.
    """

    gate: str
    promise: str
    checked: int
    failed: int
    examples: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the promise is kept; a gate that checked nothing is not passed."""
        return self.failed == 0 and self.checked > 0


@record
class GateReport:
    """What all gates found.

    Attributes:
        content_hash: Of the corpus.
        gates: In the order in which they were applied.
        shortcut_scores: Strict success of agents that take a shortcut.
    """

    content_hash: str
    gates: tuple[GateResult, ...]
    shortcut_scores: Mapping[str, float]

    @property
    def passed(self) -> bool:
        """Whether every gate is passed."""
        return all(gate.passed for gate in self.gates)


def check_corpus(corpus: Corpus) -> GateReport:
    """Return what the gates find about ``corpus``."""
    vault = corpus.vault()
    runs: dict[str, OracleRun] = {}
    magic: list[Finding] = []
    oracle = _gate(
        "oracle", "every solution scores 1.0 and the user has nothing left to say", _oracle(corpus, runs, magic)
    )
    shortcuts = {
        name: [play_shortcut(name, corpus, scenario, vault) for scenario in corpus.scenarios] for name in SHORTCUTS
    }
    scores = {name: sum(strict) / max(len(strict), 1) for name, strict in shortcuts.items()}
    return GateReport(
        corpus.content_hash,
        (
            oracle,
            _gate("derivable", "a colleague can know every value in a solution at that point", iter(magic)),
            _gate("two_paths", "where something is written there are two distinct solutions", _paths(corpus, vault)),
            _gate("do_nothing", "doing nothing never succeeds", _idle(corpus, shortcuts["do_nothing"])),
            _gate("shortcuts", f"no shortcut succeeds in over {SHORTCUT_CEILING:.0%}", _bounded(scores)),
            _gate("mutants", "every damaged oracle run fails", _mutants(corpus, vault, runs)),
            _gate("words", "no unfilled slot, no id, no goal-only literal in what a user says", _words(corpus, vault)),
            _gate("disjoint", "splits share no wording and no name of a record", _disjoint(corpus)),
            _gate("balance", "failures, families and conventions as promised", _balance(corpus)),
            _gate("fields", "conventions use existing fields and values", _fields(corpus)),
            _gate("deterministic", "the recipe gives the same corpus again", _again(corpus)),
        ),
        scores,
    )


Finding = str | None
"""What one check found: None, or what is wrong."""


def _gate(name: str, promise: str, findings: Iterator[Finding]) -> GateResult:
    found = list(findings)
    wrong = [finding for finding in found if finding is not None]
    return GateResult(name, promise, len(found), len(wrong), tuple(wrong[:_SHOWN_FAILURES]))


def _oracle(corpus: Corpus, runs: dict[str, OracleRun], magic: list[Finding]) -> Iterator[Finding]:
    """Check every solution; on the way, keep the first run of each case and look for values from nowhere."""
    vault = corpus.vault()
    for scenario in corpus.scenarios:
        goal = vault.goal_for_verdict(scenario.scenario_id)
        for number, solution in enumerate(vault.solutions_for_gates(scenario.scenario_id)):
            try:
                turns, run = _play(corpus, scenario, solution)
            except CorpusError as exc:
                yield f"{_label(scenario)} solution {number}: {exc}"
                continue
            runs.setdefault(scenario.scenario_id, run)
            unknown = list(underived(turns, scenario, corpus.company.conventions))
            magic.append(f"{_label(scenario)} solution {number}: {'; '.join(unknown)}" if unknown else None)
            verdict = judge(goal, changes=run.changes, responses=run.responses, writes=run.writes)
            wrong = f"{_label(scenario)} solution {number}: {verdict.score} {verdict.failed_fields} {_errors(turns)}"
            yield None if verdict.strict else wrong


def _play(corpus: Corpus, scenario: Scenario, solution: Solution) -> tuple[tuple[Turn, ...], OracleRun]:
    """Return the turns of a solution's run and what is left of it."""
    world = open_world(corpus.company, scenario)
    turns = run_solution(solution, world, ScriptedCustomer(scenario.customer_script))
    return turns, OracleRun(world.changes(), tuple(turn.response for turn in turns), world.writes)


def _errors(turns: Sequence[Turn]) -> list[str]:
    """Return what the world objected to on the way."""
    return [step.result.error.message for turn in turns for step in turn.steps if step.result.error]


def _label(scenario: Scenario) -> str:
    return f"{scenario.scenario_id} ({scenario.family}/{scenario.paraphrase})"


def _paths(corpus: Corpus, vault: GoalVault) -> Iterator[Finding]:
    for scenario in corpus.scenarios:
        if vault.goal_for_verdict(scenario.scenario_id).expected_changes:
            solutions = vault.solutions_for_gates(scenario.scenario_id)
            yield None if len(set(map(repr, solutions))) > 1 else f"{_label(scenario)} has one path"


def _idle(corpus: Corpus, strict: Sequence[bool]) -> Iterator[Finding]:
    for scenario, succeeded in zip(corpus.scenarios, strict, strict=True):
        yield f"{_label(scenario)} is solved by doing nothing" if succeeded else None


def _bounded(scores: Mapping[str, float]) -> Iterator[Finding]:
    for name, score in scores.items():
        yield f"{name} succeeds in {score:.1%}" if score > SHORTCUT_CEILING else None


def _mutants(corpus: Corpus, vault: GoalVault, runs: Mapping[str, OracleRun]) -> Iterator[Finding]:
    for scenario in corpus.scenarios:
        run = runs.get(scenario.scenario_id)
        if run is None:
            continue
        goal = vault.goal_for_verdict(scenario.scenario_id)
        for damage, mutant in mutants_of(run, corpus.company.base.rows(Entity.CLIENT)):
            verdict = judge(goal, changes=mutant.changes, responses=mutant.responses, writes=mutant.writes)
            yield f"{_label(scenario)} survives: {damage}" if verdict.strict else None


def _words(corpus: Corpus, vault: GoalVault) -> Iterator[Finding]:
    secrets = [text for convention in corpus.company.conventions for text in _secrets(convention)]
    for scenario in corpus.scenarios:
        script = scenario.customer_script
        heard = "\n".join((*script.turns, *(entry.text for entry in script.disclosures)))
        goal = vault.goal_for_verdict(scenario.scenario_id)
        ids = [change.id for change in goal.expected_changes if change.id]
        telling = [text for text in (*secrets, *ids, scenario.canary) if text.casefold() in heard.casefold()]
        if "{" in heard or "}" in heard:
            yield f"{_label(scenario)} has an unfilled slot: {heard!r}"
        else:
            yield f"{_label(scenario)} gives away {telling}: {heard!r}" if telling else None


def _secrets(convention: Convention) -> tuple[str, ...]:
    """Return texts of a convention that a user never says."""
    if isinstance(convention, QuoteApproval):
        texts = (convention.approver, convention.approver_name)
        return texts if convention.note is None else (*texts, convention.note)
    if isinstance(convention, DiscountApproval):
        return (convention.approver, convention.approver_name)
    if isinstance(convention, ChangeNote):
        return (convention.template.replace("{value}", "").strip(" []:-"),)
    return ()


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


def _balance(corpus: Corpus) -> Iterator[Finding]:
    for split in corpus.company.file.pools:
        cases = corpus.split(split)
        failures = sum(scenario.category == "failure" for scenario in cases)
        off = abs(failures - FAILURE_SHARE * len(cases)) > max(BALANCE_TOLERANCE * len(cases), 1)
        yield f"{split.value} has {failures} failures in {len(cases)} cases" if off else None
    conventions = len(corpus.company.conventions)
    yield None if conventions >= FEWEST_CONVENTIONS else f"only {conventions} conventions"
    for split in (Split.STREAM, Split.TEST_SAME):
        count = Counter(scenario.family for scenario in corpus.split(split))
        few = len(count) < FEWEST_FAMILIES and sum(count.values()) > FEWEST_FAMILIES * 4
        yield f"only {len(count)} families in {split.value}" if few else None


def _fields(corpus: Corpus) -> Iterator[Finding]:
    for entity, field in _used_fields(corpus.company.conventions):
        known = {definition.name for definition in SCHEMA[entity].fields}
        yield None if field in known else f"{entity.value} has no field {field!r}"
    for convention in corpus.company.conventions:
        if isinstance(convention, Vocabulary):
            for term in convention.terms:
                allowed = SCHEMA[term.entity].field(term.field).allowed
                fits = not allowed or term.value in allowed
                yield (
                    None if fits else f"{term.nickname!r} stands for {term.value!r}, which {term.field} does not allow"
                )


def _used_fields(conventions: Sequence[Convention]) -> Iterator[tuple[Entity, str]]:
    for convention in conventions:
        match convention:
            case Vocabulary():
                yield from ((term.entity, term.field) for term in convention.terms)
            case Confidentiality():
                yield convention.entity, convention.field
            case ChangeNote() | StageFields() | Superlative():
                yield Entity.OPPORTUNITY, convention.field
            case _:
                continue


def _again(corpus: Corpus) -> Iterator[Finding]:
    again = cook(corpus.recipe).content_hash
    yield None if again == corpus.content_hash else f"{again} is not {corpus.content_hash}"
