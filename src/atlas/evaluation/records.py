"""What an experiment leaves behind: one record per episode, and the metrics that are a pure function of them."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from atlas.core.records import record
from atlas.crm.records import Change, Response
from atlas.episodes.records import Attribution, Turn
from atlas.statistics.records import Interval, PairedDelta


class Phase(enum.StrEnum):
    """Part of an experiment."""

    BASELINE = "baseline"
    STREAM = "stream"
    TEST = "test"


class Arm(enum.StrEnum):
    """What an episode ran with. Arms are paired: same cases, same budgets; only memory differs."""

    MEMORY_OFF = "memory_off"
    LEARNED = "learned"
    SHUFFLED = "shuffled"
    WRONG_COMPANY = "wrong_company"
    OUTCOME_ONLY = "outcome_only"
    DO_NOTHING = "do_nothing"
    COMPILED = "compiled"


@record
class EpisodeRecord:
    """One finished episode, one line of ``episodes.jsonl``.

    Attributes:
        company_seed: The company.
        phase: Part of the experiment.
        arm: What it ran with.
        position: Place in its phase and arm, from 0.
        scenario_id: The case.
        split: Its split.
        family: Its family.
        blueprint: Its blueprint; cases of one blueprint form a cluster.
        paraphrase: Its wording.
        level: What has to be learned to solve it.
        category: ``success`` or ``failure``.
        vocabulary: ``opaque``, ``natural`` or empty.
        score: The verdict's score.
        strict: Strict success.
        failed_fields: What was wrong, as names.
        caps: Caps that applied to the score.
        calls: Tool calls made.
        writes: Successful calls that changed something.
        reviewed: Whether a teacher looked at it.
        demonstrated: Whether a teacher demonstrated the case.
        playbooks: Ids of the playbooks that were followed, in order, without repeats.
        similarity: Highest similarity of a retrieved playbook.
        memory_hash: Content hash of the memory that the agent had before the episode.
        exposures: What the agent fell for, where there was hostile content: ``told``, ``copied``, ``obeyed`` or
            ``mistaken``, once per sign.
        denied: Calls that were not permitted.
        faults: Calls, retries included, that something went wrong with on the way to the CRM.
    """

    company_seed: int
    phase: Phase
    arm: Arm
    position: int
    scenario_id: str
    split: str
    family: str
    blueprint: str
    paraphrase: str
    level: int
    category: str
    vocabulary: str
    score: float
    strict: bool
    failed_fields: tuple[str, ...]
    caps: tuple[str, ...]
    calls: int
    writes: int
    reviewed: bool
    demonstrated: bool
    playbooks: tuple[str, ...]
    similarity: float
    memory_hash: str
    exposures: tuple[str, ...] = ()
    denied: int = 0
    faults: int = 0


@record
class EpisodeOutcome:
    """What is left of one episode for a judge, one line of ``outcomes.jsonl``: enough to grade it again.

    Attributes:
        company_seed: The company.
        phase: Part of the experiment.
        arm: What it ran with.
        position: Place in its phase and arm, from 0.
        scenario_id: The case.
        changes: The net changes.
        responses: How each turn ended, None for a turn that was never ended.
        writes: Successful calls that changed something.
    """

    company_seed: int
    phase: Phase
    arm: Arm
    position: int
    scenario_id: str
    changes: tuple[Change, ...]
    responses: tuple[Response | None, ...]
    writes: int


@record
class EpisodeTrace:
    """What happened in one episode, one line of ``traces.jsonl``: kept for failures and a sample of the rest.

    Attributes:
        company_seed: The company.
        phase: Part of the experiment.
        arm: What it ran with.
        position: Place in its phase and arm, from 0.
        scenario_id: The case.
        family: Its family.
        score: The verdict's score.
        failed_fields: What was wrong, as names.
        turns: The conversation with every call and result.
        attributions: Which memory each action came from, in order.
    """

    company_seed: int
    phase: Phase
    arm: Arm
    position: int
    scenario_id: str
    family: str
    score: float
    failed_fields: tuple[str, ...]
    turns: tuple[Turn, ...]
    attributions: tuple[Attribution, ...]


@record
class ArmResult:
    """How one arm did on one split.

    Attributes:
        arm: The arm.
        split: The split, ``stream`` for prequential results.
        company_seed: The company, None for all of them together.
        n: Episodes.
        strict: Share of strict successes with its Wilson interval.
        score_at_least: Share of episodes with a score of at least 0.9, 0.8 and 0.7, by threshold.
        mean_score: Mean score.
        delta: Paired difference of strict success against memory-off on the same cases, in [-1, 1]; None for
            memory-off itself.
        reviews: Episodes that a teacher looked at *to build this arm's memory*.
        demonstrations: Episodes that a teacher demonstrated, likewise.
        calls_per_episode: Mean number of tool calls.
        not_applicable: Why the arm has no result, None where it has one.
        delta_by_company: The same difference with whole companies as clusters, for claims about learning: cases of one
            stream share one memory. Only for all companies together, and only where there are at least two.
    """

    arm: Arm
    split: str
    company_seed: int | None
    n: int
    strict: Interval | None
    score_at_least: Mapping[str, float]
    mean_score: float | None
    delta: PairedDelta | None
    reviews: int
    demonstrations: int
    calls_per_episode: float | None
    not_applicable: str | None = None
    delta_by_company: PairedDelta | None = None


@record
class CurvePoint:
    """Prequential success over one window of the stream.

    Attributes:
        arm: The arm.
        company_seed: The company, None for all of them together (a mean over companies).
        episodes: Number of stream episodes at the end of the window.
        strict: Share of strict successes in the window, with its interval.
    """

    arm: Arm
    company_seed: int | None
    episodes: int
    strict: Interval


@record
class KindCoverage:
    """How far the learner's language explains the cases of one kind that a memory was compiled from.

    Attributes:
        company_seed: The company.
        family: Their family.
        blueprint: Their blueprint.
        cases: Number of cases.
        explained: Number of those that general programs explain in every turn: programs that explain others too.
        programs: Number of programs.
    """

    company_seed: int
    family: str
    blueprint: str
    cases: int
    explained: int
    programs: int


@record
class FamilyResult:
    """One scenario family on the frozen test.

    Attributes:
        family: The family.
        n: Cases per arm.
        memory_off: Strict success without memory.
        learned: Strict success with what was learned.
        category: ``success``, ``failure`` or ``mixed``.
        expressible: Whether the learner's language can express what the family asks for: general programs explain at
            least 95 % of the cases that memories were compiled from. None where none was compiled.
        compiled: Strict success with a memory that was compiled; None without that arm.
        explained: Share of the cases behind compiled memories that general programs explain; None without that arm.
        after_freeze: Whether the family was added after the learner was frozen.
    """

    family: str
    n: int
    memory_off: float
    learned: float
    category: str
    expressible: bool | None = None
    compiled: float | None = None
    explained: float | None = None
    after_freeze: bool = False


@record
class GroupResult:
    """Some of the cases of the frozen test, by what they have in common.

    Attributes:
        by: What the cases are grouped by: ``level``, ``vocabulary``, ``language`` or ``freeze``.
        group: Which group, such as ``opaque`` or ``expressible``.
        n: Cases per arm.
        arms: Strict success by arm, of those arms that ran.
        company_seed: The company, None for all of them.
    """

    by: str
    group: str
    n: int
    arms: Mapping[str, Interval]
    company_seed: int | None = None


@record
class MemorySummary:
    """What a company's memory held at the end of its stream."""

    company_seed: int
    content_hash: str
    playbooks: int
    by_kind: Mapping[str, int]
    by_state: Mapping[str, int]


@record
class FailureExample:
    """A failed episode of the learned arm, for human eyes; the trace is in ``traces.jsonl``."""

    company_seed: int
    scenario_id: str
    family: str
    user: str
    score: float
    failed_fields: tuple[str, ...]


@record
class CompanyFinding:
    """What became of a hypothesis in one company alone, its intervals taken over blueprints.

    Attributes:
        company_seed: The company.
        met: Whether its numbers meet the hypothesis; None where there are none.
        figure: The measured figure with its unit, empty where there is none.
    """

    company_seed: int
    met: bool | None
    figure: str


@record
class AgentFacts:
    """The content of ``agents.json``: who takes part in a run.

    Attributes:
        names: Which agents, by part (``student``, ``teacher``).
        sources: What the student is made of, as a hash of its sources; empty where nobody can say.
    """

    names: Mapping[str, str]
    sources: str


@record
class Claim:
    """A hypothesis that was written down before the run, and what became of it.

    Attributes:
        name: Its name in the configuration.
        met: Whether the numbers meet it; None where an arm that it needs has no result.
        sentence: What was expected and what was measured, in one generated sentence.
        estimate: The measured figure that was compared, a share or a difference of shares; None where there is none.
        low: Its lower bound, None where it has none.
        high: Its upper bound, None where it has none.
        by_company: The same for each company alone, empty where there is only one.
    """

    name: str
    met: bool | None
    sentence: str
    estimate: float | None
    low: float | None
    high: float | None
    by_company: tuple[CompanyFinding, ...] = ()


@record
class ExperimentMetrics:
    """The content of ``metrics.json``: no time, no rate, no host; equal seeds give equal bytes.

    Attributes:
        experiment: Name of the configuration.
        config_hash: Content hash of the configuration.
        offline: True when no outside model was called.
        agents: Which agents ran, by part (``student``, ``teacher``).
        company_seeds: The companies.
        generator_version: Version of the scenario generator.
        corpus_hashes: Content hash of each company's corpus, by company seed.
        arms: Results per arm and split, pooled and per company.
        curves: Learning curves.
        families: Results per family on the frozen test, pooled.
        score_histogram: Share of test episodes per tenth of the score, by arm; ten bins and a last one for exactly 1.
        memories: What was learned.
        worst_cases: Failures of the learned arm.
        p_values: Exact McNemar p-values against memory-off, by arm, Holm-adjusted.
        headline: Generated sentences; a single one that says why there is no headline where hypotheses were not written
            down beforehand or none of them could be checked.
        confidence: Coverage of every interval.
        preregistration_hash: Content hash of the hypotheses that were written down before the run, None without any.
        claims: What became of each of them.
        groups: Results of groups of cases on the frozen test, of all companies and of each.
        learner: Hash of the student's sources when the run began, empty where nobody knows.
    """

    experiment: str
    config_hash: str
    offline: bool
    agents: Mapping[str, str]
    company_seeds: tuple[int, ...]
    generator_version: str
    corpus_hashes: Mapping[str, str]
    arms: tuple[ArmResult, ...]
    curves: tuple[CurvePoint, ...]
    families: tuple[FamilyResult, ...]
    score_histogram: Mapping[str, tuple[float, ...]]
    memories: tuple[MemorySummary, ...]
    worst_cases: tuple[FailureExample, ...]
    p_values: Mapping[str, float]
    headline: tuple[str, ...]
    confidence: float = 0.95
    preregistration_hash: str | None = None
    claims: tuple[Claim, ...] = ()
    groups: tuple[GroupResult, ...] = ()
    learner: str = ""


@record
class UnitTiming:
    """How long one company's phase and arm took."""

    company_seed: int
    phase: Phase
    arm: Arm
    episodes: int
    wall_s: float


@record
class Timings:
    """The content of ``timings.json``: everything about a run that may differ between two equal runs.

    Attributes:
        started_at: When it started, ISO 8601 in UTC.
        wall_s: Seconds from start to finished metrics, the report not included.
        resumed: Whether episodes of an earlier, interrupted run were kept; they are not in the figures below.
        episodes: Episodes that were run.
        episodes_per_s: Episodes per second of wall time.
        workers: Processes that ran them.
        python: Version of Python.
        platform: Operating system and machine.
        cpu_count: Cores of the machine.
        atlas_version: Version of Atlas.
        units: Time per company, phase and arm, in the order in which they ended.
    """

    started_at: str
    wall_s: float
    resumed: bool
    episodes: int
    episodes_per_s: float
    workers: int
    python: str
    platform: str
    cpu_count: int
    atlas_version: str
    units: tuple[UnitTiming, ...]
