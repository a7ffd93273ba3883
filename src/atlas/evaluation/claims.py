"""What was expected, checked against what was measured, in generated sentences.

A sentence is written the same way whether a target is met or missed. Without hypotheses that were written down
beforehand, or with arms missing that they need, there is no headline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from atlas.core.records import record
from atlas.evaluation.arms import ARM_NAMES
from atlas.evaluation.config import (
    DifferenceTarget,
    ExperimentConfig,
    GainShareTarget,
    Hypothesis,
    LevelTarget,
    Target,
)
from atlas.evaluation.formats import delta_with_interval, percent, points, share_with_interval
from atlas.evaluation.records import Arm, ArmResult, Claim
from atlas.evaluation.units import TEST_SPLIT
from atlas.statistics.records import Interval, PairedDelta


class Difference(Protocol):
    """Gives the paired difference of two arms on the frozen test, None where one has no result."""

    def __call__(self, arm: Arm, against: Arm, *, by_company: bool, level: int | None = None) -> PairedDelta | None:
        """Return it, with companies or blueprints as clusters, over the cases of one level or of all."""
        ...


@record
class _Measured:
    """A figure with its bounds, and how it reads in a sentence."""

    estimate: float
    low: float | None
    high: float | None
    compared: float
    text: str


def check_claims(config: ExperimentConfig, arms: Sequence[ArmResult], difference: Difference) -> tuple[Claim, ...]:
    """Return what became of every hypothesis that was written down before the run.

    Args:
        config: The experiment with its hypotheses.
        arms: The results.
        difference: Gives paired differences on the frozen test.
    """
    if config.preregistration is None:
        return ()
    levels = _levels(arms)
    return tuple(_check(hypothesis, levels, difference) for hypothesis in config.preregistration.hypotheses)


def headline(config: ExperimentConfig, arms: Sequence[ArmResult], claims: Sequence[Claim]) -> tuple[str, ...]:
    """Return the sentences to print first: the main result, then one per claim; or why there are none."""
    if config.preregistration is None:
        return ("No headline: this experiment has no hypotheses that were written down before the run.",)
    missing = [claim.name for claim in claims if claim.met is None]
    if missing:
        return (f"No headline: no result to check {', '.join(missing)} against.",)
    return (*_main_result(config, arms), *(_verdict(claim) for claim in claims))


def _verdict(claim: Claim) -> str:
    return f"{'Met' if claim.met else 'Missed'} ({claim.name}): {claim.sentence}"


def _main_result(config: ExperimentConfig, arms: Sequence[ArmResult]) -> tuple[str, ...]:
    pooled = {result.arm: result for result in arms if result.split == TEST_SPLIT.value and result.company_seed is None}
    off, learned = pooled[Arm.MEMORY_OFF], pooled.get(Arm.LEARNED)
    if off.strict is None or learned is None or learned.strict is None or learned.delta is None:
        return ()
    companies = len(config.company_seeds)
    sentence = (
        f"With what it learned from {config.corpus.stream} episodes per company, the student solves "
        f"{share_with_interval(learned.strict)} of {learned.n} held-out cases of {companies} "
        f"{'company' if companies == 1 else 'companies'}, against {share_with_interval(off.strict)} without memory: "
        f"{_difference(learned.delta)} ({learned.delta.clusters} clusters, cases won: {learned.delta.wins}, "
        f"lost: {learned.delta.losses})."
    )
    return (sentence,)


def _levels(arms: Sequence[ArmResult]) -> dict[Arm, Interval]:
    return {
        result.arm: result.strict
        for result in arms
        if result.split == TEST_SPLIT.value and result.company_seed is None and result.strict is not None
    }


def _check(hypothesis: Hypothesis, levels: Mapping[Arm, Interval], difference: Difference) -> Claim:
    if isinstance(hypothesis, LevelTarget):
        subject = f"strict success of {ARM_NAMES[hypothesis.arm]}"
        measured = _measure_level(hypothesis, levels)
        bounds = _bounds(hypothesis, percent)
    elif isinstance(hypothesis, DifferenceTarget):
        figure = {"estimate": "", "low": "lower bound of ", "high": "upper bound of "}[hypothesis.bound]
        by = " over whole companies" if hypothesis.cluster == "company" else ""
        subject = f"{figure}{ARM_NAMES[hypothesis.arm]} minus {ARM_NAMES[hypothesis.against]}{by}"
        measured = _measure_difference(hypothesis, difference)
        bounds = _bounds(hypothesis, _points)
    else:
        where = "" if hypothesis.level is None else f" on cases of level {hypothesis.level}"
        subject = f"gain of {ARM_NAMES[hypothesis.arm]} as a share of the learned gain{where}"
        measured = _measure_share(hypothesis, difference)
        bounds = _bounds(hypothesis, percent)
    if measured is None:
        return Claim(hypothesis.name, None, f"{subject}: expected {bounds}; not measured.", None, None, None)
    sentence = f"{subject}: expected {bounds}; measured {measured.text}."
    met = _keeps(hypothesis, measured.compared)
    return Claim(hypothesis.name, met, sentence, measured.estimate, measured.low, measured.high)


def _measure_level(target: LevelTarget, levels: Mapping[Arm, Interval]) -> _Measured | None:
    share = levels.get(target.arm)
    if share is None:
        return None
    return _Measured(share.point, share.low, share.high, share.point, share_with_interval(share))


def _measure_difference(target: DifferenceTarget, difference: Difference) -> _Measured | None:
    change = difference(target.arm, target.against, by_company=target.cluster == "company")
    if change is None:
        return None
    compared = {"estimate": change.delta, "low": change.low, "high": change.high}[target.bound]
    return _Measured(change.delta, change.low, change.high, compared, _difference(change))


def _measure_share(target: GainShareTarget, difference: Difference) -> _Measured | None:
    gain = difference(Arm.LEARNED, Arm.MEMORY_OFF, by_company=False, level=target.level)
    other = difference(target.arm, Arm.MEMORY_OFF, by_company=False, level=target.level)
    if gain is None or other is None or gain.delta <= 0:
        return None
    share = other.delta / gain.delta
    text = f"{percent(share)} ({_points(other.delta)} of {_points(gain.delta)})"
    return _Measured(share, None, None, share, text)


def _keeps(target: Target, figure: float) -> bool:
    return (
        (target.more_than is None or figure > target.more_than)
        and (target.at_least is None or figure >= target.at_least)
        and (target.at_most is None or figure <= target.at_most)
    )


class _Show(Protocol):
    def __call__(self, figure: float, /) -> str: ...


def _bounds(target: Target, show: _Show) -> str:
    parts = [
        f"{words} {show(bound)}"
        for words, bound in (
            ("more than", target.more_than),
            ("at least", target.at_least),
            ("at most", target.at_most),
        )
        if bound is not None
    ]
    return " and ".join(parts)


def _difference(change: PairedDelta) -> str:
    return delta_with_interval(change).replace(" [", " points [")


def _points(figure: float) -> str:
    return f"{points(figure)} points"
