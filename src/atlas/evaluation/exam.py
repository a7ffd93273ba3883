"""A company's corpus as an exam: worlds, customers and demonstrators opened case by case, verdicts from the vault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atlas.agents.baselines import DoNothing
from atlas.core.errors import StorageError
from atlas.crm.hostile import exposures
from atlas.crm.records import Change, Response
from atlas.episodes.loop import run_episode
from atlas.episodes.protocols import Agent, Demonstrator
from atlas.episodes.records import EpisodeStatus
from atlas.evaluation.bench import ExamFacts, Sitting, SolvedCase
from atlas.scenarios.casting import GENERATOR_VERSION
from atlas.scenarios.corpus import Corpus, draw_again
from atlas.scenarios.customer import ScriptedCustomer
from atlas.scenarios.demonstrator import build_demonstrator
from atlas.scenarios.records import Scenario
from atlas.scenarios.stage import Adversity, plant_in, set_stage, verdict_on, with_forbidden
from atlas.verify.goals import Split
from atlas.verify.vault import GoalVault
from atlas.verify.verdict import Verdict


class CorpusExam:
    """The exam that a corpus holds.

    Args:
        corpus: Company, scenarios and sealed goals.
    """

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._vault = corpus.vault()
        self._by_id = {scenario.scenario_id: scenario for scenario in corpus.scenarios}
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

    def sit(self, agent: Agent, scenario: Scenario, *, adversity: Adversity | None = None) -> Sitting:
        """See :class:`atlas.evaluation.bench.Exam`."""
        stage = set_stage(self._corpus.company_of(scenario), scenario, adversity=adversity)
        run = run_episode(agent, stage.workplace, ScriptedCustomer(scenario.customer_script), tenant=self.tenant)
        if run.episode.status is EpisodeStatus.BACKEND_FAILED:
            # nothing is known about the agent: no score is made up, the run stops here and can be resumed
            raise StorageError(f"the world of case {scenario.scenario_id} broke: {run.episode.failure}")
        changes, responses = run.episode.changes, tuple(turn.response for turn in run.episode.turns)
        goal = with_forbidden(self._vault.goal_for_verdict(scenario.scenario_id), stage.planted)
        verdict = verdict_on(goal, scenario, changes=changes, responses=responses, writes=run.episode.writes)
        return Sitting(
            run,
            verdict,
            exposures=exposures(stage.planted, responses, changes),
            denied=len(stage.world.denied_attempts),
            faults=0 if stage.connection is None else len(stage.connection.faults),
        )

    def grade(
        self,
        scenario_id: str,
        *,
        changes: Sequence[Change],
        responses: Sequence[Response | None],
        writes: int,
        adversity: Adversity | None = None,
    ) -> Verdict | None:
        """See :class:`atlas.evaluation.bench.Exam`."""
        scenario = self._by_id.get(scenario_id)
        if scenario is None:
            return None
        planted = plant_in(self._corpus.company_of(scenario), scenario, adversity.hostile if adversity else None)
        goal = with_forbidden(self._vault.goal_for_verdict(scenario_id), planted)
        return verdict_on(goal, scenario, changes=changes, responses=responses, writes=writes)

    def demonstrator(self, scenario: Scenario) -> Demonstrator:
        """See :class:`atlas.evaluation.bench.Exam`."""
        return build_demonstrator(self._corpus.company_of(scenario), scenario, self._vault)

    def solved_cases(self, count: int) -> Iterator[SolvedCase]:
        """See :class:`atlas.evaluation.bench.Exam`."""
        corpus = self._corpus
        drawn = draw_again(corpus.recipe, corpus.company, count)
        vault = GoalVault(drawn.sealed)
        for scenario in drawn.scenarios:
            demonstrator = build_demonstrator(corpus.company, scenario, vault)
            stage = set_stage(corpus.company, scenario)
            customer = ScriptedCustomer(scenario.customer_script)
            seen = run_episode(DoNothing(), stage.workplace, customer, tenant=self.tenant).first_observation
            yield SolvedCase(scenario.family, scenario.blueprint, seen, tuple(demonstrator.demonstrate()))
