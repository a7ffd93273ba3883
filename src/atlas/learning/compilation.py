"""Compiles solved cases whose kind is known into a memory: the best that the language of lessons can say about a house.

A student has to find out which messages ask for the same and which words make the difference. The compiler is told
the kind of every case, reads all cases before it writes a lesson, and looks for the fewest programs per kind: where
one does not do, the cases are divided by a word of the message or a fact of the record (sequential covering, as in
CN2: Clark and Niblett 1989). A memory that was compiled is a control: what it cannot solve, no student with this
language can be expected to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from atlas.core.ids import content_id
from atlas.core.records import record
from atlas.crm.records import ToolSpec
from atlas.episodes.records import Observation, Turn
from atlas.learning.associations import KnownWords
from atlas.learning.binding import UNBOUND, Binder
from atlas.learning.cases import CaseReader, Schemas, Setting, TurnCase, ValueCase
from atlas.learning.features import widen
from atlas.learning.induction import Induction, InductionThresholds
from atlas.learning.language import Cond, Lex, Template
from atlas.learning.memory import Memory
from atlas.learning.merging import Binders, all_consistent, found_workflow, merge_workflow, signature_of_case
from atlas.learning.playbooks import Cue, Evidence, Lifecycle, PlaybookKind, found_playbook
from atlas.learning.programs import Workflow
from atlas.learning.sightings import CaseMark
from atlas.learning.slots import identity

LEAST_CASES = 3
"""Cases that one program has to explain before it counts as general."""


@record
class Demonstration:
    """A solved case.

    Attributes:
        situation: What kind of case it is.
        observation: What the agent saw first.
        turns: The solution, turn by turn.
    """

    situation: str
    observation: Observation
    turns: tuple[Turn, ...]


@record
class Coverage:
    """How far programs explain the cases of one kind.

    Attributes:
        cases: Number of cases.
        explained: Number of those whose every turn is explained by a program that explains ``LEAST_CASES`` cases.
        programs: Number of programs.
    """

    cases: int = 0
    explained: int = 0
    programs: int = 0


@record
class CompilerThresholds:
    """How many marks and messages are kept.

    Attributes:
        most_prototypes: Messages kept per cue.
        most_cases: Marks of cases kept per playbook.
        most_rivals: Tests tried at most when the cases of a kind have to be divided.
    """

    most_prototypes: int = 48
    most_cases: int = 48
    most_rivals: int = 60


@record
class _Explained:
    """What explains a value, as far as that can be told by comparing; ``text`` says that a template may, besides."""

    sources: frozenset[object]
    text: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """A turn of a demonstration, read.

    Attributes:
        number: The demonstration's number.
        case: The turn as a case.
        binders: Evaluate sources in it.
        sources: Everything that explains each of its values.
        tests: The words of the message, and facts of the records, that cases may be divided by.
    """

    number: int
    case: TurnCase
    binders: Binders
    sources: Mapping[str, _Explained]
    tests: frozenset[str]


class Compiler:
    """Compiles the demonstrations of one company.

    Args:
        memory: Where lessons go.
        tools: The tools that an agent sees.
        thresholds: How much is kept.
    """

    def __init__(self, memory: Memory, tools: Sequence[ToolSpec], thresholds: CompilerThresholds | None = None) -> None:
        self._memory = memory
        self._schemas = Schemas(tools)
        self._thresholds = thresholds or CompilerThresholds()
        kept = self._thresholds
        self._induction = InductionThresholds(most_prototypes=kept.most_prototypes, most_cases=kept.most_cases)

    def compile(self, demonstrations: Sequence[Demonstration]) -> Mapping[str, Coverage]:
        """Write the lessons; return for each kind of case how far programs explain it, in order of the kinds.

        Raises:
            FrozenMemoryError: the memory is read-only.
        """
        for demonstration in demonstrations:
            self._learn_words(demonstration)
        places: dict[tuple[str, int, object], list[_Read]] = {}
        for number, demonstration in enumerate(demonstrations):
            for place, read in self._turns(number, demonstration):
                places.setdefault((demonstration.situation, place, signature_of_case(read.case)), []).append(read)
        explained: dict[int, bool] = {}
        read_turns = Counter(read.number for reads in places.values() for read in reads)
        programs: dict[str, int] = {}
        for (situation, place, _), reads in places.items():
            for group in _divide(reads, self._thresholds.most_rivals):
                tenant = demonstrations[group.reads[0].number].observation.tenant
                self._write(tenant, f"{situation} {place + 1}", group)
                programs[situation] = programs.get(situation, 0) + 1
                for read in group.reads:
                    general = len(group.reads) >= LEAST_CASES
                    explained[read.number] = explained.get(read.number, True) and general
        coverage: dict[str, Coverage] = {}
        for number, demonstration in enumerate(demonstrations):
            known = coverage.get(demonstration.situation, Coverage(programs=programs.get(demonstration.situation, 0)))
            whole = read_turns[number] == len(demonstration.turns) and explained.get(number, False)
            coverage[demonstration.situation] = replace(known, cases=known.cases + 1, explained=known.explained + whole)
        return dict(sorted(coverage.items()))

    def _reader(self, observation: Observation) -> CaseReader:
        knowledge = KnownWords(self._memory.words(observation.tenant), self._schemas.closed)
        setting = Setting(observation.tenant, observation.actor, observation.role, observation.today)
        return CaseReader(self._schemas, knowledge, setting)

    def _learn_words(self, demonstration: Demonstration) -> None:
        self._memory.count_episode()
        observation = demonstration.observation
        reader = self._reader(observation)
        induction = Induction(self._memory, observation.tenant, self._schemas, self._induction)
        for place in range(len(demonstration.turns)):
            induction.learn_words(demonstration.turns[: place + 1], reader)

    def _turns(self, number: int, demonstration: Demonstration) -> Iterator[tuple[int, _Read]]:
        reader = self._reader(demonstration.observation)
        induction = Induction(self._memory, demonstration.observation.tenant, self._schemas, self._induction)
        for place in range(len(demonstration.turns)):
            turns = demonstration.turns[: place + 1]
            case = reader.read(turns)
            if case is not None:
                binders = Binders(reader, turns)
                induction.learn_rules(case, binders)
                yield place, _Read(number, case, binders, _sources_of(case, binders), _tests_of(case))

    def _write(self, tenant: str, situation: str, group: _Group) -> None:
        limits = self._thresholds
        prototypes = tuple(dict.fromkeys(read.case.tokens for read in group.reads))[: limits.most_prototypes]
        words = sorted({token for prototype in prototypes for token in prototype})
        least = self._induction.term_share * len(prototypes)
        terms = tuple(word for word in words if sum(word in prototype for prototype in prototypes) >= least)
        evidence = Evidence(cases=group.marks[: limits.most_cases])
        for read in group.reads:
            evidence = replace(evidence, ranges=widen(evidence.ranges, read.case.features))
        cue = Cue(prototypes=prototypes, terms=terms, situation=situation)
        playbook = found_playbook(tenant, PlaybookKind.WORKFLOW, cue, group.program, evidence)
        # two programs may look alike as long as their values are sealed; their cases tell them apart
        name = content_id("pb", [playbook.id, group.marks])
        self._memory.put(replace(playbook, id=name, state=Lifecycle.ACTIVE))


@dataclass(slots=True, eq=False)
class _Group:
    """Cases that one program explains."""

    program: Workflow
    reads: list[_Read] = field(default_factory=list["_Read"])

    @property
    def marks(self) -> tuple[CaseMark, ...]:
        return tuple(read.case.mark for read in self.reads)

    def narrowed(self, read: _Read) -> Workflow | None:
        """Return the program after one more case, None where it does not explain that."""
        merged = merge_workflow(self.marks, self.program, read.case, read.binders)
        return merged if all_consistent(merged) else None


def _divide(reads: Sequence[_Read], most_rivals: int) -> list[_Group]:
    """Divide cases of one kind with the same calls into as few groups as possible, each with a program of its own."""
    left = list(reads)
    bundles: list[list[_Read]] = []
    while left and not _agree(left):
        bundle = _largest_bundle(left, most_rivals)
        if not bundle:
            break
        bundles.append(bundle)
        taken = {id(read) for read in bundle}
        left = [read for read in left if id(read) not in taken]
    groups: list[_Group] = []
    for bundle in (*_joined(bundles), left):
        fresh: list[_Group] = []
        for read in bundle:
            _put(read, fresh if bundle is not left else groups)
        groups += fresh
    return sorted(groups, key=lambda group: -len(group.reads))


def _put(read: _Read, groups: list[_Group]) -> None:
    """Put a case into the largest group whose program explains it, else into a new one."""
    for group in sorted(groups, key=lambda group: -len(group.reads)):
        merged = group.narrowed(read)
        if merged is not None and _agree([*group.reads, read]):
            group.program = merged
            group.reads.append(read)
            return
    groups.append(_Group(found_workflow(read.case, read.binders), [read]))


def _largest_bundle(reads: Sequence[_Read], most_rivals: int) -> list[_Read]:
    """Return the most cases that have a test in common and can have one program; empty where no test does."""
    counts: dict[str, int] = {}
    for read in reads:
        for test in read.tests:
            counts[test] = counts.get(test, 0) + 1
    rivals = sorted((test for test in counts if 1 < counts[test] < len(reads)), key=lambda test: (-counts[test], test))
    for test in rivals[:most_rivals]:
        bundle = [read for read in reads if test in read.tests]
        if _agree(bundle):
            return bundle
    return []


def _joined(bundles: Sequence[list[_Read]]) -> list[list[_Read]]:
    """Join bundles that can have one program after all."""
    joined: list[list[_Read]] = []
    for bundle in bundles:
        other = next((known for known in joined if _agree([*known, *bundle])), None)
        if other is None:
            joined.append(list(bundle))
        else:
            other += bundle
    return joined


def _agree(reads: Sequence[_Read]) -> bool:
    """Tell whether every value has an explanation that all cases share, as far as sources alone tell."""
    for path in reads[0].sources:
        explained = [read.sources[path] for read in reads]
        common = explained[0].sources
        for one in explained[1:]:
            common &= one.sources
        if not common and not all(one.text for one in explained):
            return False
    return True


def _sources_of(case: TurnCase, binders: Binders) -> dict[str, _Explained]:
    found: dict[str, _Explained] = {}
    for place, step in enumerate(case.steps):
        binder = binders.with_arguments(step.arguments)
        found |= {f"{place} {path}": _explained(seen, binder) for path, seen in step.arguments.items()}
    binder = binders.with_arguments({})
    return found | {f"fact {name}": _explained(seen, binder) for name, seen in case.reply.facts.items()}


def _explained(seen: ValueCase, binder: Binder) -> _Explained:
    """Return what explains a value; a word or a table explains it only where it is known by now."""
    telling = [
        source
        for source in seen.sources
        if not isinstance(source, Template)
        and not (isinstance(source, (Lex, Cond)) and binder.value(source) is UNBOUND)
    ]
    return _Explained(frozenset(map(identity, telling)), any(isinstance(one, Template) for one in seen.sources))


def _tests_of(case: TurnCase) -> frozenset[str]:
    facts: Iterable[str] = (f"{name}={value}" for name, value in case.features.items() if isinstance(value, str))
    return frozenset((*case.tokens, *facts))
