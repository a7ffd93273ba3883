"""From the log of a run to its figures: a pure function, so that anybody can compute them again.

Arms are paired by case. Intervals of shares are Wilson's; intervals of differences come from whole clusters: blueprints
within a company, and beside it whole companies, because the cases of one stream share one memory.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from atlas.core.records import record
from atlas.core.rng import derive_seed
from atlas.evaluation.bench import ExamFacts
from atlas.evaluation.claims import Cases, check_claims, headline
from atlas.evaluation.config import ExperimentConfig
from atlas.evaluation.records import (
    AgentFacts,
    Arm,
    ArmResult,
    CurvePoint,
    EpisodeRecord,
    EpisodeTrace,
    ExperimentMetrics,
    FailureExample,
    FamilyResult,
    GroupResult,
    KindCoverage,
    MemorySummary,
    Phase,
)
from atlas.evaluation.units import LEARNING_ARMS, TEST_SPLIT, donor_of, not_applicable
from atlas.scenarios.families import FAMILIES_AFTER_FREEZE
from atlas.statistics.intervals import wilson
from atlas.statistics.mcnemar import mcnemar_exact
from atlas.statistics.multiple import holm
from atlas.statistics.paired import paired_delta
from atlas.statistics.records import Interval, PairedDelta
from atlas.verify.goals import Split

THRESHOLDS = (0.9, 0.8, 0.7)
_LATE = frozenset(family.name for family in FAMILIES_AFTER_FREEZE)
HISTOGRAM_BINS = 10
EXPRESSIBLE = 0.95
"""Share of a family's cases that general programs explain, from which on the learner's language can express it."""
WORST_CASES = 20
WORST_CASES_PER_FAMILY = 2


@record
class RunLog:
    """Everything that the figures of a run are computed from.

    Attributes:
        config: What was run.
        offline: Whether no outside model was called.
        agents: Who played ``student`` and ``teacher``, and what the student was made of.
        corpora: What identifies each company's corpus.
        episodes: Every finished episode, in any order.
        traces: Traces of failures and a sample of the rest, in any order.
        memories: What each company's learned memory held at the end of its stream.
        coverage: How far the language explained what memories were compiled from.
    """

    config: ExperimentConfig
    offline: bool
    agents: AgentFacts
    corpora: tuple[ExamFacts, ...]
    episodes: tuple[EpisodeRecord, ...]
    traces: tuple[EpisodeTrace, ...]
    memories: tuple[MemorySummary, ...]
    coverage: tuple[KindCoverage, ...] = ()


def compute_metrics(log: RunLog) -> ExperimentMetrics:
    """Return the figures of a run; the order of the log's entries does not matter."""
    config = log.config
    ledger = _Ledger(log.episodes, config, log.coverage)
    arms = tuple(itertools.chain(_test_results(ledger), _stream_results(ledger)))
    claims = check_claims(config, ledger)
    return ExperimentMetrics(
        experiment=config.name,
        config_hash=config.content_hash,
        offline=log.offline,
        agents=log.agents.names,
        company_seeds=config.company_seeds,
        generator_version=", ".join(sorted({facts.generator_version for facts in log.corpora})),
        corpus_hashes={str(facts.company_seed): facts.content_hash for facts in log.corpora},
        arms=arms,
        curves=tuple(_curves(ledger)),
        families=tuple(_families(ledger)),
        score_histogram={arm.value: _histogram(ledger.test(arm)) for arm in config.arms if ledger.test(arm)},
        memories=tuple(sorted(log.memories, key=lambda memory: memory.company_seed)),
        worst_cases=_worst_cases(log.traces),
        p_values=_p_values(ledger),
        headline=headline(config, arms, claims),
        confidence=config.confidence,
        preregistration_hash=config.preregistration_hash,
        claims=claims,
        groups=tuple(_groups(ledger)),
        learner=log.agents.sources,
    )


class _Ledger:
    """The episodes of a run, sorted and looked up by what they ran with, and how far the language reaches.

    Attributes:
        config: What was run.
        explained: Share of a family's solved cases that general programs explain, all companies together, by family.
    """

    def __init__(
        self, episodes: Iterable[EpisodeRecord], config: ExperimentConfig, coverage: Sequence[KindCoverage]
    ) -> None:
        self.config = config
        self.explained = _explained(coverage)
        self._entries: dict[tuple[Phase, Arm, int], list[EpisodeRecord]] = {}
        for entry in sorted(episodes, key=lambda entry: entry.position):
            self._entries.setdefault((entry.phase, entry.arm, entry.company_seed), []).append(entry)

    def test(self, arm: Arm, company_seed: int | None = None) -> list[EpisodeRecord]:
        """Episodes of an arm on the frozen test, of one company or of all."""
        return self._select(Phase.TEST, arm, company_seed)

    def stream(self, arm: Arm, company_seed: int | None = None) -> list[EpisodeRecord]:
        """Episodes of an arm on the stream; of memory-off, its baseline."""
        return self._select(Phase.BASELINE if arm is Arm.MEMORY_OFF else Phase.STREAM, arm, company_seed)

    def success(self, arm: Arm, cases: Cases) -> Interval | None:
        """Share of strict successes of an arm on some cases of the frozen test, None without any."""
        entries = self._cases(arm, cases)
        return self.share(entries) if entries else None

    def difference(self, arm: Arm, against: Arm, cases: Cases, *, by_company: bool = False) -> PairedDelta | None:
        """Paired difference of two arms on some cases of the frozen test, None where one of them has no result."""
        treatment, baseline = (self._cases(each, cases) for each in (arm, against))
        if not treatment or not baseline:
            return None
        return self.paired(baseline, treatment, by_company=by_company)

    def _cases(self, arm: Arm, cases: Cases) -> list[EpisodeRecord]:
        return [
            entry
            for entry in self.test(arm, cases.company_seed)
            if cases.level in (None, entry.level) and cases.expressible in (None, self.expressible(entry.family))
        ]

    def expressible(self, family: str) -> bool | None:
        """Whether the learner's language can express a family, None where nothing was compiled of it."""
        explained = self.explained.get(family)
        return None if explained is None else explained >= EXPRESSIBLE

    def paired(
        self, baseline: Sequence[EpisodeRecord], treatment: Sequence[EpisodeRecord], *, by_company: bool
    ) -> PairedDelta:
        """Paired difference of strict success between episodes of the same cases.

        The seed of its interval follows from what is compared, so that one comparison has one interval wherever it
        stands.
        """
        first = treatment[0]
        compared = (baseline[0].arm.value, first.arm.value, first.split, len({one.company_seed for one in treatment}))
        before = {(entry.company_seed, entry.scenario_id): entry.strict for entry in baseline}
        keys = [(entry.company_seed, entry.scenario_id) for entry in treatment]
        companies = [str(entry.company_seed) for entry in treatment]
        blueprints = [f"{entry.company_seed}/{entry.blueprint}" for entry in treatment]
        return paired_delta(
            [float(before[key]) for key in keys],
            [float(entry.strict) for entry in treatment],
            companies if by_company else blueprints,
            seed=derive_seed(first.company_seed, "paired difference", *compared),
            confidence=self.config.confidence,
        )

    def share(self, entries: Sequence[EpisodeRecord]) -> Interval:
        """Share of strict successes."""
        return wilson(sum(entry.strict for entry in entries), len(entries), self.config.confidence)

    def teaching(self, arm: Arm, company_seed: int | None) -> tuple[int, int]:
        """Reviews and demonstrations that went into the memory of a test arm."""
        if arm in (Arm.MEMORY_OFF, Arm.DO_NOTHING):
            return 0, 0
        if arm is Arm.COMPILED:
            return 0, self.config.corpus.compiled * (len(self.config.company_seeds) if company_seed is None else 1)
        school = Arm.OUTCOME_ONLY if arm is Arm.OUTCOME_ONLY else Arm.LEARNED
        if arm is Arm.WRONG_COMPANY and company_seed is not None:
            company_seed = donor_of(company_seed, self.config)
        entries = self.stream(school, company_seed)
        return sum(entry.reviewed for entry in entries), sum(entry.demonstrated for entry in entries)

    def _select(self, phase: Phase, arm: Arm, company_seed: int | None) -> list[EpisodeRecord]:
        seeds = self.config.company_seeds if company_seed is None else (company_seed,)
        return [entry for seed in seeds for entry in self._entries.get((phase, arm, seed), [])]


# ---------------------------------------------------------------------------------------------------------------------
# Arms


def _test_results(ledger: _Ledger) -> Iterator[ArmResult]:
    for company_seed in (None, *ledger.config.company_seeds):
        baseline = ledger.test(Arm.MEMORY_OFF, company_seed)
        for arm in ledger.config.arms:
            entries = ledger.test(arm, company_seed)
            yield _arm_result(ledger, arm, TEST_SPLIT, company_seed, pair=(baseline, entries))


def _stream_results(ledger: _Ledger) -> Iterator[ArmResult]:
    for company_seed in (None, *ledger.config.company_seeds):
        baseline = ledger.stream(Arm.MEMORY_OFF, company_seed)
        for arm in (Arm.MEMORY_OFF, *LEARNING_ARMS):
            if arm in ledger.config.arms:
                entries = ledger.stream(arm, company_seed)
                yield _arm_result(ledger, arm, Split.STREAM, company_seed, pair=(baseline, entries))


def _arm_result(
    ledger: _Ledger,
    arm: Arm,
    split: Split,
    company_seed: int | None,
    *,
    pair: tuple[list[EpisodeRecord], list[EpisodeRecord]],
) -> ArmResult:
    baseline, entries = pair
    missing = not_applicable(arm, ledger.config)
    if missing is None and not entries:
        missing = "no episode was run"
    if missing is not None:
        return ArmResult(arm, split.value, company_seed, 0, None, {}, None, None, 0, 0, None, missing)
    n = len(entries)
    compared = arm is not Arm.MEMORY_OFF
    pooled = company_seed is None and len(ledger.config.company_seeds) > 1
    reviews, demonstrations = ledger.teaching(arm, company_seed)
    return ArmResult(
        arm=arm,
        split=split.value,
        company_seed=company_seed,
        n=n,
        strict=ledger.share(entries),
        score_at_least={
            str(threshold): sum(entry.score >= threshold for entry in entries) / n for threshold in THRESHOLDS
        },
        mean_score=sum(entry.score for entry in entries) / n,
        delta=ledger.paired(baseline, entries, by_company=False) if compared else None,
        reviews=reviews,
        demonstrations=demonstrations,
        calls_per_episode=sum(entry.calls for entry in entries) / n,
        delta_by_company=ledger.paired(baseline, entries, by_company=True) if compared and pooled else None,
    )


def _p_values(ledger: _Ledger) -> dict[str, float]:
    raw: dict[str, float] = {}
    for arm in ledger.config.arms:
        change = ledger.difference(arm, Arm.MEMORY_OFF, Cases())
        if arm is not Arm.MEMORY_OFF and change is not None:
            raw[arm.value] = mcnemar_exact(change.wins, change.losses)
    return holm(raw)


# ---------------------------------------------------------------------------------------------------------------------
# Curves, families, scores, failures


def _curves(ledger: _Ledger) -> Iterator[CurvePoint]:
    window = ledger.config.window
    for company_seed in (None, *ledger.config.company_seeds):
        for arm in (Arm.MEMORY_OFF, *LEARNING_ARMS):
            entries = ledger.stream(arm, company_seed)
            for start in range(0, ledger.config.corpus.stream, window):
                inside = [entry for entry in entries if start <= entry.position < start + window]
                if inside:
                    end = min(start + window, ledger.config.corpus.stream)
                    yield CurvePoint(arm, company_seed, end, ledger.share(inside))


def _explained(coverage: Sequence[KindCoverage]) -> dict[str, float]:
    """Return the share of a family's solved cases that general programs explain, by family."""
    cases, explained = Counter[str](), Counter[str]()
    for one in coverage:
        cases[one.family] += one.cases
        explained[one.family] += one.explained
    return {family: explained[family] / count for family, count in cases.items() if count}


def _families(ledger: _Ledger) -> Iterator[FamilyResult]:
    off, learned, compiled = (ledger.test(arm) for arm in (Arm.MEMORY_OFF, Arm.LEARNED, Arm.COMPILED))
    if not learned:
        return
    for family in sorted({entry.family for entry in off}):
        without, with_memory, at_best = (
            [entry for entry in entries if entry.family == family] for entries in (off, learned, compiled)
        )
        categories = {entry.category for entry in without}
        yield FamilyResult(
            family=family,
            n=len(without),
            memory_off=ledger.share(without).point,
            learned=ledger.share(with_memory).point,
            category=categories.pop() if len(categories) == 1 else "mixed",
            expressible=ledger.expressible(family),
            compiled=ledger.share(at_best).point if at_best else None,
            explained=ledger.explained.get(family),
            after_freeze=family in _LATE,
        )


def _groups(ledger: _Ledger) -> Iterator[GroupResult]:
    """Divide the cases of the frozen test by what they have in common, for the arms that ran.

    Companies are shown apart where families were added after the freeze.
    """
    late = any(entry.family in _LATE for entry in ledger.test(Arm.MEMORY_OFF))
    kinds: dict[str, Callable[[EpisodeRecord], str]] = {
        "level": lambda entry: str(entry.level),
        "vocabulary": lambda entry: entry.vocabulary,
        "language": lambda entry: _LANGUAGE[ledger.expressible(entry.family)],
        "freeze": lambda entry: _FREEZE[entry.family in _LATE] if late else "",
    }
    for by, kind in kinds.items():
        yield from _divide(ledger, by, kind, None)
    if len(ledger.config.company_seeds) > 1:
        for company_seed in ledger.config.company_seeds:
            yield from _divide(ledger, "freeze", kinds["freeze"], company_seed)


def _divide(
    ledger: _Ledger, by: str, kind: Callable[[EpisodeRecord], str], company_seed: int | None
) -> Iterator[GroupResult]:
    arms = {arm: ledger.test(arm, company_seed) for arm in ledger.config.arms}
    for group in sorted({kind(entry) for entry in arms[Arm.MEMORY_OFF]} - {""}):
        chosen = {arm: [entry for entry in entries if kind(entry) == group] for arm, entries in arms.items()}
        shares = {arm.value: ledger.share(entries) for arm, entries in chosen.items() if entries}
        yield GroupResult(by, group, len(chosen[Arm.MEMORY_OFF]), shares, company_seed)


_LANGUAGE: Mapping[bool | None, str] = {True: "expressible", False: "beyond the language", None: ""}
_FREEZE: Mapping[bool, str] = {True: "added after", False: "before"}


def _histogram(entries: Sequence[EpisodeRecord]) -> tuple[float, ...]:
    counts = Counter(min(int(entry.score * HISTOGRAM_BINS), HISTOGRAM_BINS) for entry in entries)
    return tuple(counts[place] / len(entries) for place in range(HISTOGRAM_BINS + 1))


def _worst_cases(traces: Iterable[EpisodeTrace]) -> tuple[FailureExample, ...]:
    """The lowest scores of the learned arm's test, few of each family so that one cannot fill the list."""
    failed = sorted(
        (trace for trace in traces if trace.score < 1 and trace.arm is Arm.LEARNED and trace.phase is Phase.TEST),
        key=lambda trace: (trace.score, trace.company_seed, trace.scenario_id),
    )
    shown: list[FailureExample] = []
    by_family: Counter[str] = Counter()
    for trace in failed:
        by_family[trace.family] += 1
        if by_family[trace.family] <= WORST_CASES_PER_FAMILY and len(shown) < WORST_CASES:
            user = trace.turns[0].user if trace.turns else ""
            shown.append(
                FailureExample(
                    trace.company_seed, trace.scenario_id, trace.family, user, trace.score, trace.failed_fields
                )
            )
    return tuple(shown)
