"""Runs one unit: its cases in order, each judged, and in a stream learned from before the next one.

A stream is prequential: predict with what is known so far, log, then learn. A frozen test never teaches, and its
student is made so that teaching it would raise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from atlas.core.errors import CorpusError
from atlas.core.rng import derive_seed
from atlas.episodes.protocols import Agent
from atlas.episodes.records import Feedback
from atlas.evaluation.bench import Bench, Exam, Sitting, Student
from atlas.evaluation.config import ExperimentConfig
from atlas.evaluation.records import Arm, EpisodeOutcome, EpisodeRecord, EpisodeTrace, Phase
from atlas.evaluation.units import (
    Assignment,
    CorpusOpened,
    EpisodeDone,
    MemoryCompiled,
    MemorySaved,
    Message,
    Unit,
    UnitDone,
    size_of,
    tier_of,
)
from atlas.scenarios.records import Scenario

VOCABULARIES = ("opaque", "natural")

TRACE_EVERY = 10  # besides every failure, one in so many episodes of the learned arm's test is kept


def run_unit(assignment: Assignment, bench: Bench, config: ExperimentConfig) -> Iterator[Message]:
    """Run an assignment and yield what happens, in order, as it happens.

    Yields:
        CorpusOpened once, MemoryCompiled where the unit has such a memory, EpisodeDone per episode, MemorySaved after
        every window of a stream and at its end, UnitDone last.

    Raises:
        CorpusError: the corpus holds another number of cases than was asked for.
    """
    unit = assignment.unit
    exam = bench.open_exam(unit.company_seed)
    facts = exam.facts
    yield CorpusOpened(facts.company_seed, facts.content_hash, facts.generator_version)
    held, wanted = len(exam.cases(unit.split)), size_of(unit, config)
    if held != wanted:
        raise CorpusError(
            f"the corpus of company {unit.company_seed} holds {held} {unit.split.value} cases; {wanted} were asked for"
        )
    if unit.learns:
        yield from _run_stream(assignment, exam, bench, config)
    else:
        yield from _run_frozen(assignment, exam, bench, config)
    yield UnitDone(unit)


def _run_stream(assignment: Assignment, exam: Exam, bench: Bench, config: ExperimentConfig) -> Iterator[Message]:
    unit = assignment.unit
    student = bench.pair.student(assignment.memory, frozen=False)
    teacher = bench.pair.teacher(tier_of(unit, config))
    adversity = config.worlds
    cases = exam.cases(unit.split)
    for position in range(assignment.start, len(cases)):
        case = cases[position]
        memory_hash = student.memory_hash()
        sitting = exam.sit(student, case, adversity=adversity)
        feedback = teacher.review(sitting.run.episode, sitting.verdict, exam.demonstrator(case))
        yield _episode_done(unit, position, case, sitting, memory_hash=memory_hash, feedback=feedback)
        student.learn(sitting.run.episode, sitting.run.first_observation, feedback)
        done = position + 1
        if done % config.window == 0 or done == len(cases):
            yield MemorySaved(unit, done, student.save())


def _run_frozen(assignment: Assignment, exam: Exam, bench: Bench, config: ExperimentConfig) -> Iterator[Message]:
    unit = assignment.unit
    if unit.arm is Arm.COMPILED:
        compiled = bench.pair.compile(exam.facts.company_seed, tuple(exam.solved_cases(config.corpus.compiled)))
        yield MemoryCompiled(unit, compiled)
        assignment = replace(assignment, memory=compiled.memory)
    agent, memory_hash = _frozen_agent(assignment, exam, bench)
    adversity = config.worlds
    cases = exam.cases(unit.split)
    for position in range(assignment.start, len(cases)):
        sitting = exam.sit(agent, cases[position], adversity=adversity)
        yield _episode_done(unit, position, cases[position], sitting, memory_hash=memory_hash)


def _frozen_agent(assignment: Assignment, exam: Exam, bench: Bench) -> tuple[Agent, str]:
    arm, memory = assignment.unit.arm, assignment.memory
    if arm is Arm.DO_NOTHING:
        return bench.idle_agent(), ""
    if arm is Arm.SHUFFLED and memory is not None:
        memory = bench.pair.shuffle(memory, derive_seed(exam.facts.company_seed, "control", arm.value))
    elif arm is Arm.WRONG_COMPANY and memory is not None:
        memory = bench.pair.rebind(memory, exam.tenant)
    student: Student = bench.pair.student(memory, frozen=True)
    return student, student.memory_hash()


def _episode_done(
    unit: Unit,
    position: int,
    case: Scenario,
    sitting: Sitting,
    *,
    memory_hash: str,
    feedback: Feedback | None = None,
) -> EpisodeDone:
    episode, verdict = sitting.run.episode, sitting.verdict
    followed = dict.fromkeys(entry.playbook_id for entry in episode.attributions if entry.playbook_id is not None)
    record = EpisodeRecord(
        company_seed=unit.company_seed,
        phase=unit.phase,
        arm=unit.arm,
        position=position,
        scenario_id=case.scenario_id,
        split=case.split.value,
        family=case.family,
        blueprint=case.blueprint,
        paraphrase=case.paraphrase,
        level=case.level,
        category=case.category,
        vocabulary=next((name for name in VOCABULARIES if name in case.tags), ""),
        score=verdict.score,
        strict=verdict.strict,
        failed_fields=verdict.failed_fields,
        caps=verdict.caps,
        calls=episode.calls,
        writes=episode.writes,
        reviewed=feedback is not None and feedback.success is not None,
        demonstrated=feedback is not None and feedback.demonstration is not None,
        playbooks=tuple(followed),
        similarity=max((entry.similarity for entry in episode.attributions), default=0.0),
        memory_hash=memory_hash,
        exposures=tuple(exposure.kind for exposure in sitting.exposures),
        denied=sitting.denied,
        faults=sitting.faults,
    )
    trace = _trace(record, sitting) if _is_worth_a_trace(record) else None
    return EpisodeDone(unit, record, _outcome(record, sitting), trace)


def _outcome(record: EpisodeRecord, sitting: Sitting) -> EpisodeOutcome:
    episode = sitting.run.episode
    return EpisodeOutcome(
        company_seed=record.company_seed,
        phase=record.phase,
        arm=record.arm,
        position=record.position,
        scenario_id=record.scenario_id,
        changes=episode.changes,
        responses=tuple(turn.response for turn in episode.turns),
        writes=episode.writes,
    )


def _is_worth_a_trace(record: EpisodeRecord) -> bool:
    if record.phase is not Phase.TEST or record.arm is not Arm.LEARNED:
        return False
    return not record.strict or record.position % TRACE_EVERY == 0


def _trace(record: EpisodeRecord, sitting: Sitting) -> EpisodeTrace:
    return EpisodeTrace(
        company_seed=record.company_seed,
        phase=record.phase,
        arm=record.arm,
        position=record.position,
        scenario_id=record.scenario_id,
        family=record.family,
        score=record.score,
        failed_fields=record.failed_fields,
        turns=sitting.run.episode.turns,
        attributions=sitting.run.episode.attributions,
    )
