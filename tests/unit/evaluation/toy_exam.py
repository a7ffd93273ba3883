"""A toy exam and a toy student, so that experiments run in milliseconds and their results are known beforehand.

A case asks for the answer to one of a few kinds of questions. The answer to kind 0 is the same everywhere and known to
every student; the others differ per company and have to be learned from a demonstration.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from atlas.core.canonical import canonical_json, content_hash
from atlas.core.errors import CorpusError, DependencyError, FrozenMemoryError, HeldOutGoalError, MisuseError
from atlas.core.rng import derive_rng
from atlas.crm.records import Change, Response
from atlas.episodes.loop import EpisodeRun
from atlas.episodes.protocols import Agent, Demonstrator, Teacher
from atlas.episodes.records import (
    Action,
    Attribution,
    Budget,
    Episode,
    EpisodeStatus,
    Feedback,
    Observation,
    Tier,
    Turn,
)
from atlas.evaluation.bench import CompiledMemory, ExamFacts, Lesson, MemoryFacts, Sitting, SolvedCase
from atlas.evaluation.config import ExperimentConfig
from atlas.evaluation.records import KindCoverage
from atlas.scenarios.records import CustomerScript, Scenario
from atlas.scenarios.stage import Adversity
from atlas.verify.goals import Split
from atlas.verify.verdict import ItemKind, Verdict, VerdictItem

KINDS = 4


def answer(company_seed: int, kind: int) -> str:
    return "0" if kind == 0 else str(1000 * company_seed + kind)


class ToyStudent:
    """Knows, per tenant and kind, an answer."""

    def __init__(self, lessons: dict[str, str], *, frozen: bool) -> None:
        self.lessons = lessons
        self.frozen = frozen

    def act(self, observation: Observation) -> Action:
        kind = observation.turns[0].user.removeprefix("kind ")
        key = f"{observation.tenant}/{kind}"
        known = self.lessons.get(key)
        return Action(
            text=known if known is not None else "0",
            attribution=Attribution(0, key if known is not None else None, 0.5 if known is not None else 0.0),
        )

    def learn(self, episode: Episode, observation: Observation, feedback: Feedback) -> None:
        del episode
        if self.frozen:
            raise FrozenMemoryError("cannot learn")
        if feedback.demonstration is not None:
            shown = feedback.demonstration[0]
            assert shown.response is not None
            self.lessons[f"{observation.tenant}/{shown.user.removeprefix('kind ')}"] = shown.response.message

    def memory_hash(self) -> str:
        return content_hash(self.lessons)

    def save(self) -> str:
        return canonical_json(self.lessons)


class ToyTeacher:
    def __init__(self, tier: Tier) -> None:
        self.tier = tier

    def review(self, episode: Episode, verdict: Verdict, demonstrator: Demonstrator | None) -> Feedback:
        del episode
        teach = self.tier is Tier.DEMONSTRATION and not verdict.strict and demonstrator is not None
        return Feedback(
            self.tier,
            verdict.strict,
            verdict.failed_fields,
            demonstrator.demonstrate() if teach and demonstrator is not None else None,
        )


class ToyDemonstrator:
    def __init__(self, turns: tuple[Turn, ...]) -> None:
        self.turns = turns

    def demonstrate(self) -> tuple[Turn, ...]:
        return self.turns


class ToyPair:
    names: Mapping[str, str] = {"student": "toy", "teacher": "toy"}
    sources: str = "made of toys"

    def student(self, memory: str | None, *, frozen: bool) -> ToyStudent:
        return ToyStudent({} if memory is None else json.loads(memory), frozen=frozen)

    def teacher(self, tier: Tier) -> Teacher:
        return ToyTeacher(tier)

    def shuffle(self, memory: str, seed: int) -> str:
        lessons: dict[str, str] = json.loads(memory)
        names = sorted(lessons, reverse=bool(seed % 2))
        return canonical_json({name: lessons[names[place - 1]] for place, name in enumerate(names)})

    def rebind(self, memory: str, tenant: str) -> str:
        lessons: dict[str, str] = json.loads(memory)
        return canonical_json({f"{tenant}/{name.partition('/')[2]}": lesson for name, lesson in lessons.items()})

    def facts(self, memory: str) -> MemoryFacts:
        lessons: dict[str, str] = json.loads(memory)
        shown = tuple(
            Lesson(key, key, "workflow", "active", 2, text, "", {"ok": 1, "bad": 0}) for key, text in lessons.items()
        )
        return MemoryFacts(content_hash(lessons), shown)

    def compile(self, company_seed: int, cases: Sequence[SolvedCase]) -> CompiledMemory:
        lessons: dict[str, str] = {}
        solved: dict[tuple[str, str], int] = {}
        for case in cases:
            response = case.turns[0].response
            assert response is not None
            lessons[f"{case.observation.tenant}/{case.blueprint}"] = response.message
            solved[case.family, case.blueprint] = solved.get((case.family, case.blueprint), 0) + 1
        coverage = tuple(
            KindCoverage(company_seed, *kind, count, 0 if kind[0] == "family 1" else count, 1)
            for kind, count in sorted(solved.items())
        )
        return CompiledMemory(canonical_json(lessons), coverage)


class ToyExam:
    def __init__(self, company_seed: int, config: ExperimentConfig, version: str) -> None:
        self.tenant = f"t{company_seed}"
        self.facts = ExamFacts(company_seed, content_hash([company_seed, config.corpus.stream]), version)
        self.opened: list[str] = []
        self.adversities: list[Adversity | None] = []
        self._cases = {
            Split.STREAM: self._draw(Split.STREAM, config.corpus.stream),
            Split.TEST_SAME: self._draw(Split.TEST_SAME, config.corpus.test_same),
        }

    def cases(self, split: Split) -> tuple[Scenario, ...]:
        return self._cases[split]

    def sit(self, agent: Agent, scenario: Scenario, *, adversity: Adversity | None = None) -> Sitting:
        self.adversities.append(adversity)
        self.opened.append(scenario.scenario_id)
        open_turn = Turn(scenario.customer_script.turns[0])
        observation = Observation((open_turn,), "a", "rep", date(2026, 1, 1), (), Budget(9, 9), self.tenant)
        action = agent.act(observation)
        right = action.text == answer(self.facts.company_seed, int(scenario.blueprint))
        episode = Episode(
            (Turn(open_turn.user, (), Response(action.text)),),
            (),
            EpisodeStatus.COMPLETED,
            0,
            () if action.attribution is None else (action.attribution,),
        )
        item = VerdictItem(ItemKind.ANSWER, "facts.answer", 1.0, float(right), () if right else ("facts.answer",))
        return Sitting(EpisodeRun(episode, observation), Verdict(float(right), (item,)))

    def grade(
        self,
        scenario_id: str,
        *,
        changes: Sequence[Change],
        responses: Sequence[Response | None],
        writes: int,
        adversity: Adversity | None = None,
    ) -> Verdict | None:
        del changes, writes, adversity
        scenario = next(
            (one for cases in self._cases.values() for one in cases if one.scenario_id == scenario_id), None
        )
        if scenario is None:
            return None
        right = any(
            response is not None and response.message == answer(self.facts.company_seed, int(scenario.blueprint))
            for response in responses
        )
        item = VerdictItem(ItemKind.ANSWER, "facts.answer", 1.0, float(right), () if right else ("facts.answer",))
        return Verdict(float(right), (item,))

    def demonstrator(self, scenario: Scenario) -> Demonstrator:
        if scenario.split is not Split.STREAM:
            raise HeldOutGoalError(scenario.scenario_id)
        right = answer(self.facts.company_seed, int(scenario.blueprint))
        return ToyDemonstrator((Turn(scenario.customer_script.turns[0], (), Response(right)),))

    def solved_cases(self, count: int) -> Iterator[SolvedCase]:
        for place in range(count):
            turn = Turn(f"kind {place % KINDS}")
            seen = Observation((turn,), "a", "rep", date(2026, 1, 1), (), Budget(9, 9), self.tenant)
            right = Turn(turn.user, (), Response(answer(self.facts.company_seed, place % KINDS)))
            yield SolvedCase(f"family {place % KINDS % 2}", str(place % KINDS), seen, (right,))

    def _draw(self, split: Split, size: int) -> tuple[Scenario, ...]:
        rng = derive_rng(self.facts.company_seed, split.value)
        return tuple(self._case(split, place, rng.randrange(KINDS)) for place in range(size))

    def _case(self, split: Split, place: int, kind: int) -> Scenario:
        return Scenario(
            scenario_id=f"{self.facts.company_seed}-{split.value}-{place}",
            generator_version="toy",
            company_seed=self.facts.company_seed,
            split=split,
            family=f"family {kind % 2}",
            blueprint=str(kind),
            paraphrase="plain",
            level=2,
            category="success",
            failure=None,
            difficulty="simple",
            actor="a",
            today=date(2026, 1, 5),
            world_patch=(),
            outages=(),
            dialect=None,
            customer_script=CustomerScript((f"kind {kind}",)),
            conventions=(),
            tags=("opaque",),
            canary="x",
        )


class Silent:
    def act(self, observation: Observation) -> Action:
        del observation
        return Action(text="")


class ToyBench:
    """Counts the episodes that it runs, and stops after some of them where it is told to."""

    offline = True

    def __init__(self, config: ExperimentConfig, *, version: str = "1", stop_after: int | None = None) -> None:
        self.pair = ToyPair()
        self.config = config
        self.version = version
        self.stop_after = stop_after
        self.episodes = 0
        self.exams: dict[int, ToyExam] = {}

    def open_exam(self, company_seed: int) -> ToyExam:
        if company_seed not in self.exams:
            exam = ToyExam(company_seed, self.config, self.version)
            sit = exam.sit

            def counted(agent: Agent, scenario: Scenario, *, adversity: Adversity | None = None) -> Sitting:
                if self.episodes == self.stop_after:
                    raise KeyboardInterrupt
                self.episodes += 1
                return sit(agent, scenario, adversity=adversity)

            exam.sit = counted  # type: ignore[method-assign]
            self.exams[company_seed] = exam
        return self.exams[company_seed]

    def idle_agent(self) -> Agent:
        return Silent()


class BrokenBench(ToyBench):
    """Fails as soon as a company's exam is opened, in one of several ways."""

    def __init__(self, config: ExperimentConfig, failure: str) -> None:
        super().__init__(config)
        self.failure = failure

    def open_exam(self, company_seed: int) -> ToyExam:
        del company_seed
        if self.failure == "exit":
            os._exit(9)
        if self.failure == "misuse":
            raise MisuseError("the caller did it")
        if self.failure == "dependency":
            raise DependencyError("the network did it")
        raise CorpusError("the corpus did it")
