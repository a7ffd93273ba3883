"""The bench of the embedded pair: Clerk learns, Supervisor teaches, corpora are generated; no key, no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from atlas.agents.baselines import DoNothing
from atlas.agents.clerk import Clerk
from atlas.agents.supervisor import Supervisor
from atlas.core.canonical import canonical_json
from atlas.episodes.protocols import Agent, Teacher
from atlas.episodes.records import Action, Episode, Feedback, Observation, Tier
from atlas.evaluation.bench import AgentPair, CompiledMemory, Exam, Lesson, MemoryFacts, SolvedCase, Student
from atlas.evaluation.config import CorpusOptions
from atlas.evaluation.exam import CorpusExam
from atlas.evaluation.freeze import hash_of_learner
from atlas.evaluation.records import KindCoverage
from atlas.learning.compilation import Compiler, Demonstration
from atlas.learning.controls import rebind_tenant, shuffle_programs
from atlas.learning.memory import Memory, MemorySnapshot
from atlas.learning.playbooks import Playbook
from atlas.learning.rendering import render
from atlas.scenarios.corpus import generate_corpus
from atlas.settings.parsing import parse_json, parse_record

PROGRAM_MARK = "\nprogram: "  # between what a rendered playbook says and its program


class ClerkStudent:
    """Clerk with the memory that it works from."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._clerk = Clerk(memory)

    def act(self, observation: Observation) -> Action:
        """See :class:`atlas.episodes.protocols.Agent`."""
        return self._clerk.act(observation)

    def learn(self, episode: Episode, observation: Observation, feedback: Feedback) -> None:
        """See :class:`atlas.episodes.protocols.Learner`."""
        self._clerk.learn(episode, observation, feedback)

    def memory_hash(self) -> str:
        """See :class:`atlas.evaluation.bench.Student`."""
        return self._memory.content_hash()

    def save(self) -> str:
        """See :class:`atlas.evaluation.bench.Student`."""
        return canonical_json(self._memory.snapshot())


class EmbeddedPair:
    """Clerk and Supervisor."""

    @property
    def names(self) -> Mapping[str, str]:
        """See :class:`atlas.evaluation.bench.AgentPair`."""
        return {"student": "clerk", "teacher": "supervisor"}

    @property
    def sources(self) -> str:
        """See :class:`atlas.evaluation.bench.AgentPair`."""
        return hash_of_learner()

    def student(self, memory: str | None, *, frozen: bool) -> Student:
        """See :class:`atlas.evaluation.bench.AgentPair`."""
        snapshot = Memory().snapshot() if memory is None else read_memory(memory)
        return ClerkStudent(Memory.restore(snapshot, frozen=frozen))

    def teacher(self, tier: Tier) -> Teacher:
        """See :class:`atlas.evaluation.bench.AgentPair`."""
        return Supervisor(tier)

    def shuffle(self, memory: str, seed: int) -> str:
        """See :class:`atlas.evaluation.bench.AgentPair`."""
        return canonical_json(shuffle_programs(read_memory(memory), seed))

    def rebind(self, memory: str, tenant: str) -> str:
        """See :class:`atlas.evaluation.bench.AgentPair`."""
        return canonical_json(rebind_tenant(read_memory(memory), tenant))

    def compile(self, company_seed: int, cases: Sequence[SolvedCase]) -> CompiledMemory:
        """See :class:`atlas.evaluation.bench.AgentPair`."""
        memory = Memory()
        kinds = {f"{case.family}/{case.blueprint}": (case.family, case.blueprint) for case in cases}
        lessons = [Demonstration(f"{case.family}/{case.blueprint}", case.observation, case.turns) for case in cases]
        tools = cases[0].observation.tools if cases else ()
        found = Compiler(memory, tools).compile(lessons)
        coverage = tuple(
            KindCoverage(company_seed, *kinds[kind], one.cases, one.explained, one.programs)
            for kind, one in found.items()
        )
        return CompiledMemory(canonical_json(memory.snapshot()), coverage)

    def facts(self, memory: str) -> MemoryFacts:
        """See :class:`atlas.evaluation.bench.AgentPair`."""
        restored = Memory.restore(read_memory(memory), frozen=True)
        return MemoryFacts(restored.content_hash(), tuple(_lesson(playbook) for playbook in restored.lessons()))


def _lesson(playbook: Playbook) -> Lesson:
    text, _, program = render(playbook).rpartition(PROGRAM_MARK)
    header, *lines = text.split("\n")
    return Lesson(
        lesson_id=playbook.id,
        title=lines[0] if lines else header,
        kind=playbook.kind.value,
        state=playbook.state.value,
        level=playbook.level,
        text=text,
        program=program,
        evidence={
            "followed and right": playbook.evidence.followed_ok,
            "followed and wrong": playbook.evidence.followed_bad,
            "cases learned from": len(playbook.evidence.cases),
        },
    )


class EmbeddedBench:
    """Where the embedded pair is examined; corpora are generated once per process.

    Args:
        corpus: What each corpus holds.
    """

    def __init__(self, corpus: CorpusOptions) -> None:
        self._options = corpus
        self._pair = EmbeddedPair()
        self._exams: dict[int, Exam] = {}

    def __reduce__(self) -> tuple[type[EmbeddedBench], tuple[CorpusOptions]]:
        return EmbeddedBench, (self._options,)  # a worker generates what it needs

    @property
    def pair(self) -> AgentPair:
        """See :class:`atlas.evaluation.bench.Bench`."""
        return self._pair

    @property
    def offline(self) -> bool:
        """See :class:`atlas.evaluation.bench.Bench`."""
        return True

    def open_exam(self, company_seed: int) -> Exam:
        """See :class:`atlas.evaluation.bench.Bench`."""
        if company_seed not in self._exams:
            options = self._options
            corpus = generate_corpus(
                company_seed,
                stream=options.stream,
                dev=options.dev,
                test_same=options.test_same,
                size=options.records,
                profile=options.profile,
                reskin=options.reskin,
            )
            self._exams[company_seed] = CorpusExam(corpus)
        return self._exams[company_seed]

    def idle_agent(self) -> Agent:
        """See :class:`atlas.evaluation.bench.Bench`."""
        return DoNothing()


def read_memory(text: str) -> MemorySnapshot:
    """Return the memory that a student saved.

    Raises:
        InputFileError: the text is no saved memory.
    """
    return parse_record(MemorySnapshot, parse_json(text, "memory"), "memory")
