"""What an experiment needs from outside of it: exams to sit, and a pair of agents, one of which learns.

Each is a Protocol, so that an experiment runs the embedded pair, a model-backed one, or a test's fakes alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from atlas.core.records import record
from atlas.crm.hostile import Exposure
from atlas.crm.records import Change, Response
from atlas.episodes.loop import EpisodeRun
from atlas.episodes.protocols import Agent, Demonstrator, Learner, Teacher
from atlas.episodes.records import Observation, Tier, Turn
from atlas.evaluation.records import KindCoverage
from atlas.scenarios.records import Scenario
from atlas.scenarios.stage import Adversity
from atlas.verify.goals import Split
from atlas.verify.verdict import Verdict


@record
class Sitting:
    """One case, worked on and judged.

    Attributes:
        run: What happened.
        verdict: What it was worth.
        exposures: What the agent fell for, where there was hostile content.
        denied: Number of calls that were not permitted.
        faults: Number of calls, retries included, that something went wrong with on the way.
    """

    run: EpisodeRun
    verdict: Verdict
    exposures: tuple[Exposure, ...] = ()
    denied: int = 0
    faults: int = 0


@record
class ExamFacts:
    """What identifies a company's corpus.

    Attributes:
        company_seed: The company.
        content_hash: Of the whole corpus.
        generator_version: Version of the generator that made it.
    """

    company_seed: int
    content_hash: str
    generator_version: str


class Exam(Protocol):
    """One company's corpus, as an experiment uses it."""

    @property
    def facts(self) -> ExamFacts:
        """What identifies the corpus."""
        ...

    @property
    def tenant(self) -> str:
        """Opaque id of the company."""
        ...

    def cases(self, split: Split) -> tuple[Scenario, ...]:
        """Return the cases of a split, in the order in which they are worked on."""
        ...

    def sit(self, agent: Agent, scenario: Scenario, *, adversity: Adversity | None = None) -> Sitting:
        """Let ``agent`` work on a case in a fresh world, and judge what it did.

        Args:
            agent: Who works.
            scenario: The case.
            adversity: What makes the world hard to work in; None for nothing.

        Raises:
            StorageError: the world broke in mid-episode; nothing can be said about the agent.
        """
        ...

    def grade(
        self,
        scenario_id: str,
        *,
        changes: Sequence[Change],
        responses: Sequence[Response | None],
        writes: int,
        adversity: Adversity | None = None,
    ) -> Verdict | None:
        """Judge what is left of an episode of a case; None where the exam has no such case.

        Args:
            scenario_id: The case.
            changes: The net changes of the episode.
            responses: How each turn ended.
            writes: Number of successful calls that changed something.
            adversity: What made the world hard to work in; None for nothing.
        """
        ...

    def demonstrator(self, scenario: Scenario) -> Demonstrator:
        """Return somebody who knows how a stream case is done right.

        Raises:
            HeldOutGoalError: the case is held out.
        """
        ...

    def solved_cases(self, count: int) -> Iterable[SolvedCase]:
        """Return so many solved cases beside the exam's own: in every wording, none about a record of its tests."""
        ...


@record
class SolvedCase:
    """A case with its solution, of which the kind is known.

    Attributes:
        family: Its family.
        blueprint: Its blueprint.
        observation: What an agent sees first.
        turns: The solution, turn by turn.
    """

    family: str
    blueprint: str
    observation: Observation
    turns: tuple[Turn, ...]


@record
class CompiledMemory:
    """A memory that was compiled, as a student saves one, and how far its language went."""

    memory: str
    coverage: tuple[KindCoverage, ...]


class Student(Agent, Learner, Protocol):
    """An agent with a memory that can be put aside as text."""

    def memory_hash(self) -> str:
        """Return the content hash of what it knows now."""
        ...

    def save(self) -> str:
        """Return what it knows as JSON text; a student made from it acts and learns as this one would."""
        ...


@record
class Lesson:
    """One thing that a memory holds, ready to be shown.

    Attributes:
        lesson_id: Its id.
        title: One line that names it.
        kind: ``workflow``, ``rule``, ...
        state: Where it stands in its life, such as ``active``.
        level: How far it generalizes, 1 to 4.
        text: What it says, rendered for readers.
        program: The same for machines, as JSON text; empty where the text is all there is.
        evidence: What speaks for and against it, by name, in the order to show it in.
    """

    lesson_id: str
    title: str
    kind: str
    state: str
    level: int
    text: str
    program: str
    evidence: Mapping[str, str | int | float]


@record
class MemoryFacts:
    """What a saved memory holds, and the hash of all of it."""

    content_hash: str
    lessons: tuple[Lesson, ...]


class AgentPair(Protocol):
    """A kind of student with the teacher that goes with it. Memories are the texts that students save."""

    @property
    def names(self) -> Mapping[str, str]:
        """Who plays ``student`` and ``teacher``, for the report."""
        ...

    @property
    def sources(self) -> str:
        """What the student is made of, as a hash of its sources; empty where nobody can say."""
        ...

    def student(self, memory: str | None, *, frozen: bool) -> Student:
        """Return a student with a saved memory (None: an empty one); a frozen one raises when it is taught."""
        ...

    def teacher(self, tier: Tier) -> Teacher:
        """Return the teacher of a tier."""
        ...

    def shuffle(self, memory: str, seed: int) -> str:
        """Return the memory with its programs dealt out anew among its cues."""
        ...

    def rebind(self, memory: str, tenant: str) -> str:
        """Return the memory with another company's lessons forced into the scope of ``tenant``."""
        ...

    def facts(self, memory: str) -> MemoryFacts:
        """Return what the memory holds."""
        ...

    def compile(self, company_seed: int, cases: Sequence[SolvedCase]) -> CompiledMemory:
        """Return the best memory that the student's language allows, from a company's cases whose kinds are known."""
        ...


class Bench(Protocol):
    """Where an experiment is carried out. A bench travels to worker processes, so it has to be picklable."""

    @property
    def pair(self) -> AgentPair:
        """The agents under test."""
        ...

    @property
    def offline(self) -> bool:
        """Whether no outside model is ever called."""
        ...

    def open_exam(self, company_seed: int) -> Exam:
        """Return a company's exam, generating it where it is not at hand. Equal seeds give equal exams."""
        ...

    def idle_agent(self) -> Agent:
        """Return the agent that ends every turn without doing anything."""
        ...
