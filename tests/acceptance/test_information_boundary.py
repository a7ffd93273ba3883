"""What is learned comes from the stream and from nowhere else: no held-out goal, no held-out record, no known words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from atlas.core.errors import FrozenMemoryError, HeldOutGoalError
from atlas.crm.records import Entity, Row
from atlas.crm.schema import SCHEMA
from atlas.episodes.records import Tier
from atlas.evaluation.config import CorpusOptions, parse_experiment
from atlas.evaluation.embedded import EmbeddedBench
from atlas.evaluation.experiment import run_experiment
from atlas.evaluation.records import Arm, Phase
from atlas.evaluation.run_folder import RunFolder
from atlas.evaluation.units import Unit
from atlas.scenarios.companies import Company, generate_company
from atlas.verify.goals import Split

SEED = 7
OPTIONS = CorpusOptions(stream=60, test_same=40)
SHORTEST_LITERAL = 6  # characters; shorter texts are words of the language rather than somebody's name
SMALLEST_GAIN = 0.1  # below it, two gains would be close to each other without saying anything


@pytest.fixture(scope="module")
def bench() -> EmbeddedBench:
    """One company's exam."""
    return EmbeddedBench(OPTIONS)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """An experiment with the embedded pair."""
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    config = parse_experiment(
        {
            "name": "boundary",
            "company_seeds": [SEED],
            "corpus": OPTIONS.model_dump(),
            "arms": ["memory_off", "learned"],
            "execution": {"workers": 1},
        },
        "boundary",
    )
    run_experiment(config, folder.path, bench=EmbeddedBench(config.corpus))
    return folder


def test_nobody_can_demonstrate_a_held_out_case(bench: EmbeddedBench) -> None:
    """The vault refuses every one of them, and opens every stream case."""
    exam = bench.open_exam(SEED)
    held_out = exam.cases(Split.TEST_SAME)
    assert len(held_out) == OPTIONS.test_same
    for case in held_out:
        with pytest.raises(HeldOutGoalError):
            exam.demonstrator(case)
    for case in exam.cases(Split.STREAM):
        assert exam.demonstrator(case).demonstrate()


def test_a_frozen_student_cannot_be_taught(bench: EmbeddedBench) -> None:
    """Not even with a proper demonstration."""
    exam = bench.open_exam(SEED)
    student = bench.pair.student(None, frozen=True)
    teacher = bench.pair.teacher(Tier.DEMONSTRATION)
    for case in exam.cases(Split.STREAM):
        sitting = exam.sit(student, case)
        feedback = teacher.review(sitting.run.episode, sitting.verdict, exam.demonstrator(case))
        if feedback.demonstration is not None:
            with pytest.raises(FrozenMemoryError):
                student.learn(sitting.run.episode, sitting.run.first_observation, feedback)
            return
    pytest.fail("no stream case failed, so nothing was demonstrated")


def test_no_record_of_a_test_case_is_in_the_learned_memory(run: RunFolder) -> None:
    """No id, no name, no e-mail address of any record of the held-out accounts, in whatever case it is written."""
    memory = run.load_memory(Unit(SEED, Phase.STREAM, Arm.LEARNED))
    assert memory is not None
    company = generate_company(SEED, size=OPTIONS.records)
    literals = set(_literals(company))
    assert len(literals) > 100
    remembered = memory.casefold()
    assert {literal for literal in literals if literal.casefold() in remembered} == set()


def test_test_cases_never_reach_the_memory(run: RunFolder) -> None:
    """The memory after the frozen test is the memory before it."""
    tested = {
        entry.memory_hash for entry in run.load_episodes() if entry.phase is Phase.TEST and entry.arm is Arm.LEARNED
    }
    memory = run.load_memory(Unit(SEED, Phase.STREAM, Arm.LEARNED))
    assert memory is not None
    assert tested == {EmbeddedBench(OPTIONS).pair.facts(memory).content_hash}


@pytest.mark.slow
def test_the_gain_does_not_come_from_words_that_somebody_knew() -> None:
    """With every nickname, phrase and parameter replaced by random words, the gain stays within five points.

    One drawing of the words is off by chance by as much (two standard errors of 1,200 cases), so two are averaged.
    """
    usual, *reskinned = (_gain(reskin) for reskin in (None, 1, 2))
    assert usual > SMALLEST_GAIN
    assert sum(reskinned) / len(reskinned) == pytest.approx(usual, abs=0.05)


def _gain(reskin: int | None) -> float:
    """Return the share of held-out cases that learning wins, over ten companies."""
    bench = EmbeddedBench(CorpusOptions(stream=180, test_same=120, reskin=reskin))
    gains: list[float] = []
    for company_seed in range(10):
        exam = bench.open_exam(company_seed)
        student, teacher = bench.pair.student(None, frozen=False), bench.pair.teacher(Tier.DEMONSTRATION)
        for case in exam.cases(Split.STREAM):
            sitting = exam.sit(student, case)
            feedback = teacher.review(sitting.run.episode, sitting.verdict, exam.demonstrator(case))
            student.learn(sitting.run.episode, sitting.run.first_observation, feedback)
        learned = bench.pair.student(student.save(), frozen=True)
        without = bench.pair.student(None, frozen=True)
        for case in exam.cases(Split.TEST_SAME):
            after, before = (exam.sit(agent, case).verdict.strict for agent in (learned, without))
            gains.append(after - before)
    return sum(gains) / len(gains)


def _literals(company: Company) -> Iterator[str]:
    held_out = set(company.file.pools[Split.TEST_SAME])
    for entity, rows in company.file.rows.items():
        for row in rows:
            if row.get("client_id") in held_out:
                yield from _names_in(entity, row)


def _names_in(entity: Entity, row: Row) -> Iterator[str]:
    yield str(row[SCHEMA[entity].id_field])
    for name in ("name", "email"):
        text = row.get(name)
        if isinstance(text, str) and len(text) >= SHORTEST_LITERAL:
            yield text
    if entity is Entity.CONTACT:
        yield f"{row['first_name']} {row['last_name']}"
