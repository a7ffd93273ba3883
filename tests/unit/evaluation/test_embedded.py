"""The embedded pair as an experiment uses it."""

from __future__ import annotations

import json
import pickle
from itertools import islice

import pytest

from atlas.core.errors import InputFileError
from atlas.episodes.records import Tier
from atlas.evaluation.bench import Student
from atlas.evaluation.config import CorpusOptions
from atlas.evaluation.embedded import EmbeddedBench, EmbeddedPair, read_memory
from atlas.verify.goals import Split

OPTIONS = CorpusOptions(stream=40, test_same=20)
SEED = 8


@pytest.fixture(scope="module")
def bench() -> EmbeddedBench:
    """One company."""
    return EmbeddedBench(OPTIONS)


@pytest.fixture(scope="module")
def studied(bench: EmbeddedBench) -> Student:
    """A student that has seen the whole stream; nobody teaches it any more."""
    student = bench.pair.student(None, frozen=False)
    study(bench, student, 0, OPTIONS.stream)
    return student


def study(bench: EmbeddedBench, student: Student, start: int, end: int) -> list[float]:
    """Let a student learn from some episodes of the stream; return its scores."""
    exam = bench.open_exam(SEED)
    teacher = bench.pair.teacher(Tier.DEMONSTRATION)
    scores: list[float] = []
    for case in islice(exam.cases(Split.STREAM), start, end):
        sitting = exam.sit(student, case)
        feedback = teacher.review(sitting.run.episode, sitting.verdict, exam.demonstrator(case))
        student.learn(sitting.run.episode, sitting.run.first_observation, feedback)
        scores.append(sitting.verdict.score)
    return scores


def test_a_saved_student_goes_on_as_if_it_had_never_been_saved(bench: EmbeddedBench) -> None:
    """The same hash, the same text, and the same learning after it; resuming rests on this."""
    student = bench.pair.student(None, frozen=False)
    for start in range(0, OPTIONS.stream // 2, 10):
        text = student.save()
        twin = bench.pair.student(text, frozen=False)
        assert twin.memory_hash() == student.memory_hash()
        assert twin.save() == text
        assert study(bench, twin, start, start + 10) == study(bench, student, start, start + 10)
        assert twin.save() == student.save()


def test_controls_change_what_they_say_and_nothing_else(bench: EmbeddedBench, studied: Student) -> None:
    """Shuffling keeps the number of lessons, rebinding only changes whose they are; both can be restored."""
    memory = studied.save()
    shuffled = bench.pair.shuffle(memory, 1)
    rebound = bench.pair.rebind(memory, "tn-somebody-else")
    assert shuffled not in (memory, bench.pair.shuffle(memory, 2))
    assert shuffled == bench.pair.shuffle(memory, 1)
    tenant = bench.open_exam(SEED).tenant
    assert tenant in memory
    assert tenant not in rebound
    playbooks = [len(json.loads(text)["playbooks"]) for text in (memory, shuffled, rebound)]
    assert playbooks[0] > 0
    assert len(set(playbooks)) == 1
    assert bench.pair.student(rebound, frozen=True).memory_hash() != studied.memory_hash()


def test_lessons_are_readable(bench: EmbeddedBench, studied: Student) -> None:
    """Each has an id, a title and a text; the hash is the student's."""
    facts = bench.pair.facts(studied.save())
    assert facts.content_hash == studied.memory_hash()
    assert facts.lessons
    for lesson in facts.lessons:
        assert lesson.lesson_id
        assert lesson.title
        assert lesson.title in lesson.text
        assert json.loads(lesson.program)["kind"]
        assert set(lesson.evidence) == {"followed and right", "followed and wrong", "cases learned from"}


def test_a_bench_travels_to_another_process_without_its_exams(bench: EmbeddedBench) -> None:
    """It generates there what it needs, and that is the same exam."""
    bench.open_exam(SEED)
    packed = pickle.dumps(bench)
    assert len(packed) < 2000
    there = pickle.loads(packed)  # noqa: S301 - packed above
    assert there.open_exam(SEED).facts == bench.open_exam(SEED).facts


def test_a_text_that_is_no_memory_is_refused() -> None:
    """With the place and the reason."""
    with pytest.raises(InputFileError, match="memory: "):
        read_memory("{}")
    with pytest.raises(InputFileError, match="not valid JSON"):
        EmbeddedPair().student("nonsense", frozen=True)
