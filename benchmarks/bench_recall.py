"""What MiniLM adds to recall: the same students on the same cases, with words alone and with words and embeddings.

Companies 0 to 2, which are for development. Every student learns from the stream with demonstrations and is then tested
on held-out cases with a frozen memory. Printed: strict success, the paired delta of MiniLM minus words alone with its
interval, and the ratio of CPU time with n. Needs the extra ``minilm``.

Run: ``.venv/bin/python benchmarks/bench_recall.py``
"""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

from harness import describe_machine

from atlas.agents.clerk import Clerk
from atlas.agents.supervisor import Supervisor
from atlas.episodes.records import Tier
from atlas.evaluation.exam import CorpusExam
from atlas.learning.memory import Memory, MemoryConfig
from atlas.learning.minilm import MiniLmEmbedder
from atlas.learning.similarity import SimilarityWeights
from atlas.scenarios.corpus import generate_corpus
from atlas.statistics.paired import paired_delta
from atlas.verify.goals import Split

if TYPE_CHECKING:
    from atlas.learning.similarity import Embedder

COMPANIES = (0, 1, 2)
STREAM, TEST = 200, 100
DENSE_WEIGHTS = (0.15, 0.3, 0.5)


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """Strict success per test case, the blueprint each belongs to, and the CPU time of learning and testing."""

    strict: tuple[float, ...]
    blueprints: tuple[str, ...]
    seconds: float

    @property
    def share(self) -> float:
        """Share of strict successes."""
        return sum(self.strict) / len(self.strict)


def school(embedder: Embedder | None, dense: float) -> Outcome:
    """Let a student learn and be tested in every company."""
    strict: list[float] = []
    blueprints: list[str] = []
    config = MemoryConfig(similarity=SimilarityWeights(dense=dense))
    seconds = 0.0
    for seed in COMPANIES:
        exam = CorpusExam(generate_corpus(seed, stream=STREAM, test_same=TEST))
        start = time.process_time()
        memory = Memory(config, embedder=embedder)
        clerk, teacher = Clerk(memory), Supervisor(Tier.DEMONSTRATION)
        for case in exam.cases(Split.STREAM):
            sitting = exam.sit(clerk, case)
            feedback = teacher.review(sitting.run.episode, sitting.verdict, exam.demonstrator(case))
            clerk.learn(sitting.run.episode, sitting.run.first_observation, feedback)
        tested = Clerk(Memory.restore(memory.snapshot(), frozen=True, config=config, embedder=embedder))
        for case in exam.cases(Split.TEST_SAME):
            strict.append(float(exam.sit(tested, case).verdict.strict))
            blueprints.append(f"{seed}/{case.blueprint}")
        seconds += time.process_time() - start
    return Outcome(tuple(strict), tuple(blueprints), seconds)


def main() -> None:
    """Print the comparison."""
    print(describe_machine())
    print(f"companies {COMPANIES}, {STREAM} stream and {TEST} test cases each")
    words = school(None, 0.0)
    print(f"words alone          strict success {words.share:.1%} (n={len(words.strict)})")
    for dense in DENSE_WEIGHTS:
        both = school(MiniLmEmbedder(), dense)
        delta = paired_delta(words.strict, both.strict, words.blueprints, seed=0)
        print(
            f"words + MiniLM {dense:<5} strict success {both.share:.1%} (n={len(both.strict)}), "
            f"delta {100 * delta.delta:+.1f} [{100 * delta.low:+.1f}, {100 * delta.high:+.1f}] points, "
            f"CPU time x{both.seconds / words.seconds:.1f}"
        )


if __name__ == "__main__":
    main()
