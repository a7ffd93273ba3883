"""Figures from hand-made logs whose figures are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atlas.core.canonical import canonical_json
from atlas.core.rng import derive_rng
from atlas.crm.records import Response
from atlas.episodes.records import Turn
from atlas.evaluation import metrics as metrics_module
from atlas.evaluation.bench import ExamFacts
from atlas.evaluation.config import ExperimentConfig
from atlas.evaluation.metrics import WORST_CASES, RunLog, compute_metrics
from atlas.evaluation.records import (
    AgentFacts,
    Arm,
    ArmResult,
    EpisodeRecord,
    EpisodeTrace,
    ExperimentMetrics,
    KindCoverage,
    MemorySummary,
    Phase,
)
from atlas.evaluation.units import plan_units, size_of
from atlas.statistics.intervals import wilson
from atlas.statistics.mcnemar import mcnemar_exact

MakeConfig = Callable[..., ExperimentConfig]
MakeEpisode = Callable[..., EpisodeRecord]
MakeLog = Callable[..., RunLog]

SUCCESSES = {
    Arm.MEMORY_OFF: 3,
    Arm.LEARNED: 9,
    Arm.SHUFFLED: 2,
    Arm.WRONG_COMPANY: 4,
    Arm.OUTCOME_ONLY: 5,
    Arm.DO_NOTHING: 0,
    Arm.COMPILED: 10,
}


@pytest.fixture
def make_log(make_config: MakeConfig, make_episode: MakeEpisode) -> MakeLog:
    """Build a whole log in which each arm solves the first so many cases of ten, and streams get better by half."""

    def build(config: ExperimentConfig | None = None, traces: Sequence[EpisodeTrace] = ()) -> RunLog:
        config = config or make_config(corpus={"stream": 10, "test_same": 10}, window=5, arms=list(Arm))
        episodes = [
            make_episode(
                company_seed=unit.company_seed,
                phase=unit.phase,
                arm=unit.arm,
                position=position,
                scenario_id=f"{unit.split.value}-{position}",
                split=unit.split.value,
                family=f"family {position % 2}",
                category="failure" if position == 1 else "success",
                blueprint=f"b{position % 5}",
                strict=(strict := position < SUCCESSES[unit.arm] if unit.phase is Phase.TEST else position >= 5),
                score=1.0 if strict else 0.8,
                reviewed=unit.learns,
                demonstrated=unit.learns and unit.arm is Arm.LEARNED and not strict,
            )
            for unit in plan_units(config)
            for position in range(size_of(unit, config))
        ]
        return RunLog(
            config=config,
            offline=True,
            agents=AgentFacts({"student": "toy"}, "made of toys"),
            corpora=tuple(ExamFacts(seed, f"hash {seed}", "1") for seed in config.company_seeds),
            episodes=tuple(episodes),
            traces=tuple(traces),
            memories=tuple(
                MemorySummary(seed, "h", 2, {"workflow": 2}, {"active": 2}) for seed in reversed(config.company_seeds)
            ),
        )

    return build


def pooled(metrics: ExperimentMetrics, arm: Arm, split: str = "test_same") -> ArmResult:
    (found,) = [one for one in metrics.arms if (one.arm, one.split, one.company_seed) == (arm, split, None)]
    return found


@pytest.mark.parametrize("arm", list(Arm))
def test_shares_are_counted_over_all_companies(make_log: MakeLog, arm: Arm) -> None:
    """Twice ten cases, with Wilson's interval."""
    found = pooled(compute_metrics(make_log()), arm)
    assert found.n == 20
    assert found.strict == wilson(2 * SUCCESSES[arm], 20)
    assert found.score_at_least == {"0.9": SUCCESSES[arm] / 10, "0.8": 1.0, "0.7": 1.0}
    assert found.mean_score == pytest.approx((SUCCESSES[arm] + 0.8 * (10 - SUCCESSES[arm])) / 10)


def test_differences_are_paired_by_case_and_clustered_twice(make_log: MakeLog) -> None:
    """Six of ten cases won, none lost; ten blueprints of two companies, and the two companies."""
    found = pooled(compute_metrics(make_log()), Arm.LEARNED)
    assert found.delta is not None
    assert found.delta_by_company is not None
    assert (found.delta.delta, found.delta.wins, found.delta.losses, found.delta.ties) == (0.6, 12, 0, 8)
    assert (found.delta.clusters, found.delta_by_company.clusters) == (10, 2)
    assert pooled(compute_metrics(make_log()), Arm.MEMORY_OFF).delta is None


def test_pairs_are_found_by_case_not_by_place(make_log: MakeLog) -> None:
    """Two companies may use one scenario id; only the company's own case is the other half of a pair."""
    log = make_log()
    swapped = [entry for entry in log.episodes if entry.company_seed == 2]
    swapped += [entry for entry in log.episodes if entry.company_seed == 1]
    metrics = compute_metrics(
        RunLog(log.config, log.offline, log.agents, log.corpora, tuple(swapped), log.traces, log.memories)
    )
    assert canonical_json(metrics) == canonical_json(compute_metrics(log))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])  # it builds; it keeps nothing
@given(seed=st.integers(0, 2**32))
def test_the_order_of_the_log_does_not_matter(make_log: MakeLog, seed: int) -> None:
    """Any order gives the same bytes."""
    log = make_log()
    episodes = list(log.episodes)
    derive_rng(seed).shuffle(episodes)
    other = RunLog(log.config, log.offline, log.agents, log.corpora, tuple(episodes), log.traces, log.memories)
    assert canonical_json(compute_metrics(other)) == canonical_json(compute_metrics(log))


def test_p_values_are_exact_and_adjusted(make_log: MakeLog) -> None:
    """McNemar over the pairs that differ, times what Holm asks for; memory-off has none."""
    values = compute_metrics(make_log()).p_values
    assert set(values) == {arm.value for arm in Arm} - {"memory_off"}
    assert values["learned"] == pytest.approx(5 * mcnemar_exact(0, 12))  # second to compiled
    assert values["shuffled"] == 1.0


def test_curves_have_a_point_per_window(make_log: MakeLog, make_config: MakeConfig) -> None:
    """Windows of the stream per arm, and a last one that is shorter."""
    config = make_config(corpus={"stream": 12, "test_same": 10}, window=5)
    curves = compute_metrics(make_log(config)).curves
    learned = [point for point in curves if point.arm is Arm.LEARNED and point.company_seed is None]
    assert [point.episodes for point in learned] == [5, 10, 12]
    assert [point.strict for point in learned] == [wilson(0, 10), wilson(10, 10), wilson(4, 4)]
    assert {point.arm for point in curves} == {Arm.MEMORY_OFF, Arm.LEARNED, Arm.OUTCOME_ONLY}


def test_stream_results_are_prequential(make_log: MakeLog) -> None:
    """Learning arms against memory-off on the same stream; teaching counted."""
    metrics = compute_metrics(make_log())
    learned = pooled(metrics, Arm.LEARNED, "stream")
    assert (learned.reviews, learned.demonstrations) == (20, 10)
    assert learned.delta is not None
    assert learned.delta.delta == 0.0
    assert pooled(metrics, Arm.OUTCOME_ONLY, "stream").demonstrations == 0
    assert not [one for one in metrics.arms if one.split == "stream" and one.arm is Arm.SHUFFLED]


def test_families_are_compared_on_the_frozen_test(make_log: MakeLog) -> None:
    """Even places and odd ones; the odd family holds both categories."""
    even, odd = compute_metrics(make_log()).families
    assert (even.family, even.n, even.memory_off, even.learned, even.category) == ("family 0", 10, 0.4, 1.0, "success")
    assert (odd.family, odd.n, odd.memory_off, odd.learned, odd.category) == ("family 1", 10, 0.2, 0.8, "mixed")


def test_the_histogram_keeps_strict_successes_apart(make_log: MakeLog) -> None:
    """Scores of 0.8 and of exactly 1; shares add up."""
    bins = compute_metrics(make_log()).score_histogram["learned"]
    assert len(bins) == 11
    assert (bins[8], bins[10]) == (0.1, 0.9)
    assert sum(bins) == pytest.approx(1)


def test_memories_stand_in_the_order_of_the_companies(make_log: MakeLog) -> None:
    """Whatever order they were loaded in."""
    assert [memory.company_seed for memory in compute_metrics(make_log()).memories] == [1, 2]


def trace(place: int, *, family: str, score: float, arm: Arm = Arm.LEARNED) -> EpisodeTrace:
    return EpisodeTrace(
        company_seed=1,
        phase=Phase.TEST,
        arm=arm,
        position=place,
        scenario_id=f"s{place:02}",
        family=family,
        score=score,
        failed_fields=(),
        turns=(Turn(f"do {place}", (), Response("no")),),
        attributions=(),
    )


def test_worst_cases_are_the_lowest_scores_and_not_all_of_one_family(make_log: MakeLog) -> None:
    """Two per family, worst first, successes and other arms left out, and not endless."""
    traces = [
        trace(0, family="a", score=0.5),
        trace(1, family="a", score=0.1),
        trace(2, family="a", score=0.3),
        trace(3, family="b", score=0.2),
        trace(4, family="b", score=1.0),
        trace(5, family="c", score=0.0, arm=Arm.SHUFFLED),
    ]
    worst = compute_metrics(make_log(traces=traces)).worst_cases
    assert [(case.family, case.score, case.user) for case in worst] == [
        ("a", 0.1, "do 1"),
        ("b", 0.2, "do 3"),
        ("a", 0.3, "do 2"),
    ]
    many = [trace(place, family=f"f{place}", score=0.5) for place in range(2 * WORST_CASES)]
    assert len(compute_metrics(make_log(traces=many)).worst_cases) == WORST_CASES


def test_what_was_run_stands_in_the_figures(make_log: MakeLog) -> None:
    """Hashes of configuration, hypotheses and corpora; who acted; and no time or host."""
    log = make_log()
    metrics = compute_metrics(log)
    assert metrics.config_hash == log.config.content_hash
    assert metrics.preregistration_hash == log.config.preregistration_hash
    assert metrics.corpus_hashes == {"1": "hash 1", "2": "hash 2"}
    assert (metrics.generator_version, metrics.agents, metrics.offline) == ("1", {"student": "toy"}, True)
    assert metrics.learner == "made of toys"


def test_families_say_how_far_the_language_reaches(make_log: MakeLog) -> None:
    """From 95 % of the solved cases on, over all companies and blueprints; what the compiled arm did stands beside."""
    log = make_log()
    kinds = (("family 0", 19, 20), ("family 0", 19, 20), ("family 1", 20, 20), ("family 1", 17, 20))
    coverage = tuple(
        KindCoverage(1 + place % 2, family, f"b{place}", cases, explained, 2)
        for place, (family, explained, cases) in enumerate(kinds)
    )
    even, odd = compute_metrics(replace(log, coverage=coverage)).families
    assert (even.explained, even.expressible, even.compiled) == (0.95, True, 1.0)
    assert (odd.explained, odd.expressible, odd.compiled) == (0.925, False, 1.0)
    assert [one.expressible for one in compute_metrics(log).families] == [None, None]


def test_cases_are_grouped_by_what_they_have_in_common(make_log: MakeLog) -> None:
    """By level, vocabulary and language, with every arm that ran; nothing is said of families added late."""
    log = make_log()
    words = ("opaque", "natural", "")
    episodes = tuple(
        replace(entry, level=1 + entry.position % 2, vocabulary=words[entry.position % 3]) for entry in log.episodes
    )
    coverage = (KindCoverage(1, "family 0", "b", 9, 9, 1), KindCoverage(1, "family 1", "b", 9, 0, 9))
    groups = compute_metrics(replace(log, episodes=episodes, coverage=coverage)).groups
    assert [(one.by, one.group, one.n) for one in groups] == [
        ("level", "1", 10),
        ("level", "2", 10),
        ("vocabulary", "natural", 6),
        ("vocabulary", "opaque", 8),
        ("language", "beyond the language", 10),
        ("language", "expressible", 10),
    ]
    opaque = next(one for one in groups if one.group == "opaque")
    assert opaque.arms["learned"] == wilson(6, 8)
    assert set(opaque.arms) == {arm.value for arm in Arm}


def test_companies_stand_apart_where_families_were_added_after_the_freeze(
    make_log: MakeLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All companies together and each alone, by whether a family is of before or after."""
    monkeypatch.setattr(metrics_module, "_LATE", frozenset({"family 1"}))
    groups = [one for one in compute_metrics(make_log()).groups if one.by == "freeze"]
    assert [(one.company_seed, one.group, one.n) for one in groups] == [
        (None, "added after", 10),
        (None, "before", 10),
        (1, "added after", 5),
        (1, "before", 5),
        (2, "added after", 5),
        (2, "before", 5),
    ]
    assert groups[2].arms["learned"] == wilson(4, 5)  # nine of ten are solved, and the last one is odd


def test_claims_are_checked_over_the_cases_that_they_name(make_log: MakeLog, make_config: MakeConfig) -> None:
    """One arm's success on what the language can express: the even cases, of which the learned arm solves all."""
    hypotheses = [
        {"name": name, "kind": "level", "arm": "learned", "at_least": 0.95, **families}
        for name, families in (("some", {"families": "expressible"}), ("all", {}))
    ]
    config = make_config(
        corpus={"stream": 10, "test_same": 10},
        window=5,
        arms=list(Arm),
        preregistration={"stopping": "end", "hypotheses": hypotheses},
    )
    coverage = (KindCoverage(1, "family 0", "b", 9, 9, 1), KindCoverage(1, "family 1", "b", 9, 0, 9))
    some, every = compute_metrics(replace(make_log(config), coverage=coverage)).claims
    assert (some.met, some.estimate) == (True, 1.0)
    assert (every.met, every.estimate) == (False, 0.9)
    assert [one.figure for one in every.by_company] == ["90.0 %", "90.0 %"]
    assert compute_metrics(make_log(config)).claims[0].met is None  # nothing was compiled
