"""The rows of every table: each number is chosen and formatted here, once, for page, terminal and Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from atlas.core.records import record
from atlas.evaluation import formats
from atlas.evaluation.arms import ARM_NAMES
from atlas.evaluation.records import Arm, ArmResult, CompanyFinding, ExperimentMetrics, FamilyResult
from atlas.statistics.gain import normalized_gain
from atlas.statistics.records import Interval, PairedDelta
from atlas.verify.goals import Split

SPLIT_NAMES: Mapping[str, str] = {
    Split.STREAM.value: "stream, predicted before learning",
    Split.TEST_SAME.value: "same families, new wording and records",
    Split.TEST_NEW_FAMILY.value: "new families",
    Split.TEST_NEW_COMPANY.value: "new company",
    Split.TEST_RENAMED.value: "renamed tools and fields",
}


@record
class ArmRow:
    """One arm on one split, every figure as text.

    Attributes:
        arm: The arm.
        name: Its name.
        n: Episodes.
        strict: Strict success with its interval, in percent.
        delta: Paired delta against memory-off with its interval, in points.
        delta_by_company: The same with whole companies as clusters.
        p: Adjusted p-value of McNemar's test.
        reviews: Episodes that a teacher looked at.
        demonstrations: Episodes that a teacher demonstrated.
        calls: Tool calls per episode.
        mean_score: Mean score.
        at_least: Share of episodes with at least a score, by threshold, highest first.
        outcomes: Pairs won, lost and tied against memory-off.
        detectable: Smallest difference that the comparison finds with power 0.8, in points.
        method: How the interval of the delta was computed, and over how many clusters.
        not_applicable: Why there are no figures, None where there are.
    """

    arm: Arm
    name: str
    n: str
    strict: str
    delta: str
    delta_by_company: str
    p: str
    reviews: str
    demonstrations: str
    calls: str
    mean_score: str
    at_least: tuple[tuple[str, str], ...]
    outcomes: str
    detectable: str
    method: str
    not_applicable: str | None


@record
class Figure:
    """A number worth a box of its own: what it is, its unit, and what to read beside it."""

    label: str
    value: str
    unit: str
    note: str


@record
class ClaimRow:
    """A hypothesis with what became of it: ``met``, ``missed`` or ``not measured``."""

    name: str
    state: str
    sentence: str


def frozen_splits(metrics: ExperimentMetrics) -> tuple[str, ...]:
    """Return the frozen splits that have pooled results, in the order of the metrics."""
    pooled = (result.split for result in metrics.arms if result.company_seed is None)
    return tuple(dict.fromkeys(split for split in pooled if split != Split.STREAM.value))


def split_name(split: str) -> str:
    """Return what a split is called for readers.

    Example:
        >>> split_name("test_new_family"), split_name("somewhere_else")
        ('new families', 'somewhere else')
    """
    return SPLIT_NAMES.get(split, split.replace("_", " "))


def results(metrics: ExperimentMetrics, split: str, *, company_seed: int | None = None) -> tuple[ArmResult, ...]:
    """Return the arms of a split, the best first; arms without a result come last."""
    chosen = [result for result in metrics.arms if result.split == split and result.company_seed == company_seed]
    order = list(Arm)
    return tuple(
        sorted(
            chosen, key=lambda one: (one.strict is None, -one.strict.point if one.strict else 0, order.index(one.arm))
        )
    )


def find_result(
    metrics: ExperimentMetrics, arm: Arm, split: str, *, company_seed: int | None = None
) -> ArmResult | None:
    """Return the result of one arm on one split, None where it is not there."""
    return next((one for one in results(metrics, split, company_seed=company_seed) if one.arm is arm), None)


def arm_rows(metrics: ExperimentMetrics, split: str) -> tuple[ArmRow, ...]:
    """Return one row per arm of a split, all companies together, the best arm first."""
    tested = split in frozen_splits(metrics)[:1]  # the p-values belong to the first frozen test
    return tuple(
        _arm_row(result, metrics.p_values.get(result.arm.value) if tested else None)
        for result in results(metrics, split)
    )


def _arm_row(result: ArmResult, p: float | None) -> ArmRow:
    delta = result.delta
    ran = result.not_applicable is None
    thresholds = sorted(result.score_at_least, key=float, reverse=True)
    return ArmRow(
        arm=result.arm,
        name=ARM_NAMES[result.arm],
        n=formats.count(result.n),
        strict=formats.share_with_interval(result.strict),
        delta=formats.delta_with_interval(delta),
        delta_by_company=formats.delta_with_interval(result.delta_by_company),
        p=formats.p_value(p),
        reviews=formats.count(result.reviews) if ran else formats.MISSING,
        demonstrations=formats.count(result.demonstrations) if ran else formats.MISSING,
        calls=formats.decimal(result.calls_per_episode),
        mean_score=formats.decimal(result.mean_score, 3),
        at_least=tuple((name, formats.percent(result.score_at_least[name])) for name in thresholds),
        outcomes=f"{delta.wins} / {delta.losses} / {delta.ties}" if delta else formats.MISSING,
        detectable=formats.points(delta.detectable) if delta else formats.MISSING,
        method=_method(delta),
        not_applicable=result.not_applicable,
    )


def _method(delta: PairedDelta | None) -> str:
    return f"{delta.method.replace('-', ' ')}, {delta.clusters} clusters" if delta else formats.MISSING


def figures(metrics: ExperimentMetrics) -> tuple[Figure, ...]:
    """Return the figures at the head of the page: what is there of floor, learned, gain and teaching."""
    splits = frozen_splits(metrics)
    if not splits:
        return ()
    off, learned = (find_result(metrics, arm, splits[0]) for arm in (Arm.MEMORY_OFF, Arm.LEARNED))
    return (*_levels(off, learned), *_gains(off, learned), *_teaching(metrics, learned))


def _levels(*arms: ArmResult | None) -> tuple[Figure, ...]:
    return tuple(
        Figure(
            ARM_NAMES[one.arm],
            *_split_percent(one.strict.point),
            f"{_bounds(one.strict.low, one.strict.high)} %, n = {formats.count(one.n)}",
        )
        for one in arms
        if one is not None and one.strict is not None
    )


def _gains(off: ArmResult | None, learned: ArmResult | None) -> tuple[Figure, ...]:
    if off is None or learned is None or off.strict is None or learned.strict is None or learned.delta is None:
        return ()
    change = learned.delta_by_company or learned.delta
    low, high = formats.points(change.low), formats.points(change.high)
    over = f"{change.clusters} companies" if learned.delta_by_company else f"{change.clusters} clusters"
    gain = normalized_gain(learned.strict.point, off.strict.point)
    paired = Figure("paired delta", formats.points(change.delta), "points", f"{low} to {high}, over {over}")
    if gain is None:
        return (paired,)
    return (paired, Figure("normalized gain", *_split_percent(gain), "of the room above memory off"))


def _teaching(metrics: ExperimentMetrics, learned: ArmResult | None) -> tuple[Figure, ...]:
    if learned is None or learned.not_applicable is not None:
        return ()
    stream = find_result(metrics, Arm.LEARNED, Split.STREAM.value)
    over = f" in {formats.count(stream.n)} stream episodes" if stream else ""
    note = f"{formats.count(learned.reviews)} reviews{over}; none in the test"
    return (Figure("demonstrations", formats.count(learned.demonstrations), "", note),)


def _split_percent(share: float) -> tuple[str, str]:
    number, _, unit = formats.percent(share).partition(" ")
    return number, unit


def _bounds(low: float, high: float) -> str:
    return f"{100 * low:.1f} to {100 * high:.1f}"


def opening(metrics: ExperimentMetrics) -> tuple[str, ...]:
    """Return the headline sentences without those that a claim repeats."""
    claimed = tuple(claim.sentence for claim in metrics.claims)
    return tuple(sentence for sentence in metrics.headline if not (claimed and sentence.endswith(claimed)))


def claim_rows(metrics: ExperimentMetrics) -> tuple[ClaimRow, ...]:
    """Return the hypotheses that were written down before the run, in their order."""
    return tuple(ClaimRow(claim.name, _state(claim.met), claim.sentence) for claim in metrics.claims)


def _state(met: bool | None) -> str:  # noqa: FBT001 - the verdict itself, not a mode
    if met is None:
        return "not measured"
    return "met" if met else "missed"


@record
class Table:
    """A table: headings of its columns behind the first, and its lines, each beginning with what it is about."""

    headings: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]


def group_table(metrics: ExperimentMetrics) -> Table:
    """Return strict success by level, vocabulary, language and freeze, for the arms that ran; no lines without any."""
    arms = [arm for arm in Arm if any(arm.value in group.arms for group in metrics.groups)]
    lines = tuple(
        (
            _GROUP_NAMES.get((group.by, group.group)) or f"{group.by} {group.group}",
            formats.count(group.n),
            *(formats.share_with_interval(group.arms[arm.value]) if arm.value in group.arms else "" for arm in arms),
        )
        for group in metrics.groups
        if group.company_seed is None
    )
    return Table(("n", *(ARM_NAMES[arm] for arm in arms)), lines)


def company_table(metrics: ExperimentMetrics) -> Table:
    """Return strict success per company, families of before and after the freeze apart; no lines for one company."""
    arms = [arm for arm in Arm if any(one.arm is arm and one.strict is not None for one in metrics.arms)]
    split = frozen_splits(metrics)[:1]
    lines: list[tuple[str, ...]] = []
    for seed in metrics.company_seeds if len(metrics.company_seeds) > 1 and split else ():
        shares = {one.arm.value: one.strict for one in results(metrics, *split, company_seed=seed) if one.strict}
        n = max((one.n for one in results(metrics, *split, company_seed=seed)), default=0)
        groups = [group for group in metrics.groups if group.company_seed == seed]
        lines.append((str(seed), formats.count(n), *_shares(arms, shares)))
        lines.extend(
            (
                f"{seed}, {_GROUP_NAMES[group.by, group.group]}",
                formats.count(group.n),
                *_shares(arms, group.arms),
            )
            for group in groups
        )
    return Table(("n", *(ARM_NAMES[arm] for arm in arms)), tuple(lines))


def claim_table(metrics: ExperimentMetrics) -> Table:
    """Return what became of every hypothesis in each company alone; no lines where there is one company."""
    lines = tuple(
        (claim.name, *(_finding(one) for one in claim.by_company)) for claim in metrics.claims if claim.by_company
    )
    return Table(tuple(str(seed) for seed in metrics.company_seeds), lines)


def _shares(arms: Sequence[Arm], shares: Mapping[str, Interval]) -> tuple[str, ...]:
    return tuple(formats.percent(shares[arm.value].point) if arm.value in shares else "" for arm in arms)


def _finding(finding: CompanyFinding) -> str:
    return f"{_state(finding.met)}: {finding.figure}" if finding.figure else _state(finding.met)


_GROUP_NAMES: Mapping[tuple[str, str], str] = {
    ("vocabulary", "opaque"): "opaque vocabulary",
    ("vocabulary", "natural"): "natural vocabulary",
    ("language", "expressible"): "families that the language can express",
    ("language", "beyond the language"): "families beyond the language",
    ("freeze", "before"): "families before the freeze",
    ("freeze", "added after"): "families added after the freeze",
}

_NEEDLESS = 0.9  # strict success without memory from which on a family needs none


def family_notes(family: FamilyResult) -> tuple[str, ...]:
    """Return what a reader should know of a family: beyond the language, memory needless or of no help, added late."""
    notes: list[str] = []
    if family.expressible is False:
        notes.append("beyond the learner's language")
    if family.memory_off >= _NEEDLESS:
        notes.append("needs no memory")
    elif family.compiled is not None and family.compiled <= family.memory_off:
        notes.append("memory cannot help")
    if family.after_freeze:
        notes.append("added after the freeze")
    return tuple(notes)


def compiled_cells(family: FamilyResult) -> tuple[str, str]:
    """Return a family's success with a compiled memory, and how far general programs explain it."""
    return (
        "" if family.compiled is None else formats.percent(family.compiled),
        "" if family.explained is None else formats.percent(family.explained),
    )
