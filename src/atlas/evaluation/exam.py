"""A company's corpus as an exam: worlds, customers and demonstrators opened case by case, verdicts from the vault."""

from __future__ import annotations

from atlas.episodes.loop import run_episode
from atlas.episodes.protocols import Agent, Demonstrator
from atlas.evaluation.bench import ExamFacts, Sitting
from atlas.scenarios.casting import GENERATOR_VERSION
from atlas.scenarios.corpus import Corpus
from atlas.scenarios.customer import ScriptedCustomer
from atlas.scenarios.demonstrator import build_demonstrator
from atlas.scenarios.records import Scenario
from atlas.scenarios.stage import open_world
from atlas.verify.goals import Split
from atlas.verify.judge import judge


class CorpusExam:
    """The exam that a corpus holds.

    Args:
        corpus: Company, scenarios and sealed goals.
    """

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._vault = corpus.vault()
        self._facts = ExamFacts(corpus.company_seed, corpus.content_hash, GENERATOR_VERSION)

    @property
    def facts(self) -> ExamFacts:
        """See :class:`atlas.evaluation.bench.Exam`."""
        return self._facts

    @property
    def tenant(self) -> str:
        """See :class:`atlas.evaluation.bench.Exam`."""
        return self._corpus.company.tenant

    def cases(self, split: Split) -> tuple[Scenario, ...]:
        """See :class:`atlas.evaluation.bench.Exam`."""
        return self._corpus.split(split)

    def sit(self, agent: Agent, scenario: Scenario) -> Sitting:
        """See :class:`atlas.evaluation.bench.Exam`."""
        world = open_world(self._corpus.company, scenario)
        run = run_episode(agent, world, ScriptedCustomer(scenario.customer_script), tenant=self.tenant)
        verdict = judge(
            self._vault.goal_for_verdict(scenario.scenario_id),
            changes=run.episode.changes,
            responses=tuple(turn.response for turn in run.episode.turns),
            writes=run.episode.writes,
        )
        return Sitting(run, verdict)

    def demonstrator(self, scenario: Scenario) -> Demonstrator:
        """See :class:`atlas.evaluation.bench.Exam`."""
        return build_demonstrator(self._corpus.company, scenario, self._vault)
