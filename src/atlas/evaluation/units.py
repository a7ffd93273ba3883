"""The plan of an experiment: its units, one per company, phase and arm, and which memory each of them needs.

A unit is what is scheduled, timed and resumed. Units differ in memory only: they run the same cases in the same order.
"""

from __future__ import annotations

from collections.abc import Iterator

from atlas.core.records import record
from atlas.episodes.records import Tier
from atlas.evaluation.bench import CompiledMemory
from atlas.evaluation.config import ExperimentConfig
from atlas.evaluation.records import Arm, EpisodeOutcome, EpisodeRecord, EpisodeTrace, Phase
from atlas.verify.goals import Split

TEST_SPLIT = Split.TEST_SAME

LEARNING_ARMS = (Arm.LEARNED, Arm.OUTCOME_ONLY)
"""Arms with a stream and a memory of their own."""

_ON_THEIR_OWN = (Arm.MEMORY_OFF, Arm.DO_NOTHING, Arm.COMPILED)  # no stream comes before their tests


@record
class Unit:
    """One company's episodes of one phase and arm."""

    company_seed: int
    phase: Phase
    arm: Arm

    @property
    def label(self) -> str:
        """A short name for people and file names."""
        return f"{self.company_seed}-{self.phase.value}-{self.arm.value}"

    @property
    def learns(self) -> bool:
        """Whether the student is taught between episodes."""
        return self.phase is Phase.STREAM

    @property
    def split(self) -> Split:
        """The cases that it runs."""
        return TEST_SPLIT if self.phase is Phase.TEST else Split.STREAM


def plan_units(config: ExperimentConfig) -> tuple[Unit, ...]:
    """Return the units of an experiment: per company the baseline, the streams, the frozen tests."""
    return tuple(unit for seed in config.company_seeds for unit in _company_units(seed, config))


def _company_units(seed: int, config: ExperimentConfig) -> Iterator[Unit]:
    for arm in LEARNING_ARMS:
        if arm in config.arms:
            yield Unit(seed, Phase.STREAM, arm)
    yield Unit(seed, Phase.BASELINE, Arm.MEMORY_OFF)
    for arm in config.arms:
        if not_applicable(arm, config) is None:
            yield Unit(seed, Phase.TEST, arm)


def not_applicable(arm: Arm, config: ExperimentConfig) -> str | None:
    """Return why an arm cannot run in this experiment, None where it can.

    Example:
        >>> from atlas.evaluation.config import parse_experiment
        >>> alone = parse_experiment({"name": "x", "company_seeds": [1], "corpus": {"stream": 9, "test_same": 9}}, "x")
        >>> not_applicable(Arm.WRONG_COMPANY, alone)
        'needs the memory of a second company; this experiment has one'
    """
    if arm is Arm.WRONG_COMPANY and len(config.company_seeds) == 1:
        return "needs the memory of a second company; this experiment has one"
    return None


def memory_source(unit: Unit, config: ExperimentConfig) -> Unit | None:
    """Return the stream whose final memory ``unit`` starts from, None where it starts from an empty one.

    The wrong company of each company is the next one in the configuration, of the last one the first.
    """
    if unit.phase is not Phase.TEST or unit.arm in _ON_THEIR_OWN:
        return None
    if unit.arm is Arm.OUTCOME_ONLY:
        return Unit(unit.company_seed, Phase.STREAM, Arm.OUTCOME_ONLY)
    if unit.arm is Arm.WRONG_COMPANY:
        return Unit(donor_of(unit.company_seed, config), Phase.STREAM, Arm.LEARNED)
    return Unit(unit.company_seed, Phase.STREAM, Arm.LEARNED)


def donor_of(company_seed: int, config: ExperimentConfig) -> int:
    """Return the company whose memory is the wrong one for ``company_seed``."""
    place = config.company_seeds.index(company_seed)
    return config.company_seeds[(place + 1) % len(config.company_seeds)]


def size_of(unit: Unit, config: ExperimentConfig) -> int:
    """Return the number of episodes of a unit."""
    return config.corpus.test_same if unit.phase is Phase.TEST else config.corpus.stream


def tier_of(unit: Unit, config: ExperimentConfig) -> Tier:
    """Return the tier of the teacher in a stream unit."""
    return Tier.OUTCOME if unit.arm is Arm.OUTCOME_ONLY else config.teacher


# ---------------------------------------------------------------------------------------------------------------------
# What is said about a unit while it runs


@record
class Assignment:
    """A unit to run, from where it stands.

    Attributes:
        unit: The unit.
        start: Position of the first episode to run.
        memory: The saved memory to start from, None for an empty one.
    """

    unit: Unit
    start: int = 0
    memory: str | None = None


@record
class CorpusOpened:
    """A company's corpus is at hand."""

    company_seed: int
    content_hash: str
    generator_version: str


@record
class EpisodeDone:
    """An episode has ended; ``trace`` is None where it is not worth keeping."""

    unit: Unit
    record: EpisodeRecord
    outcome: EpisodeOutcome
    trace: EpisodeTrace | None


@record
class MemorySaved:
    """A student's memory after the first ``episodes`` episodes of a stream unit."""

    unit: Unit
    episodes: int
    memory: str


@record
class MemoryCompiled:
    """The memory of a test unit was compiled; said once, before its episodes."""

    unit: Unit
    compiled: CompiledMemory


@record
class UnitDone:
    """Every episode of a unit has ended."""

    unit: Unit


Message = CorpusOpened | EpisodeDone | MemorySaved | MemoryCompiled | UnitDone
