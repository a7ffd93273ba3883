"""What was expected, checked against what was measured, in generated sentences.

A sentence is written the same way whether a target is met, missed, or could not be checked. Without hypotheses that
were written down beforehand, or where none of them could be checked, there is no headline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from atlas.core.records import record
from atlas.evaluation.arms import ARM_NAMES
from atlas.evaluation.config import ExperimentConfig
from atlas.evaluation.formats import delta_with_interval, percent, points, share_with_interval
from atlas.evaluation.hypotheses import DifferenceTarget, GainShareTarget, Hypothesis, LevelTarget, Target
from atlas.evaluation.records import Arm, ArmResult, Claim, CompanyFinding
from atlas.evaluation.units import TEST_SPLIT
from atlas.statistics.records import Interval, PairedDelta


@record
class Cases:
    """Which cases of the frozen test a figure is taken over; a part that is None does not divide them.

    Attributes:
        company_seed: Those of one company.
        level: Those of one level.
        expressible: Those of families that the learner's language can express, or cannot, by what was compiled in all
            companies of the run; families of which nothing was compiled are neither.
    """

    company_seed: int | None = None
    level: int | None = None
    expressible: bool | None = None


class Results(Protocol):
    """Gives the figures of arms on the frozen test, None where an arm has no result on such cases."""

    def success(self, arm: Arm, cases: Cases) -> Interval | None:
        """Return the share of strict successes."""
        ...

    def difference(self, arm: Arm, against: Arm, cases: Cases, *, by_company: bool = False) -> PairedDelta | None:
        """Return the paired difference of two arms, with companies or blueprints as clusters."""
        ...


@record
class _Measured:
    """A figure with its bounds, what is compared (None: nothing can be), and how it reads in a sentence and alone."""

    estimate: float | None
    low: float | None
    high: float | None
    compared: float | None
    text: str
    figure: str


def check_claims(config: ExperimentConfig, results: Results) -> tuple[Claim, ...]:
    """Return what became of every hypothesis that was written down before the run, over all companies and in each.

    Args:
        config: The experiment with its hypotheses.
        results: Gives the figures of the frozen test.
    """
    if config.preregistration is None:
        return ()
    seeds = config.company_seeds if len(config.company_seeds) > 1 else ()
    return tuple(
        replace(
            _check(hypothesis, results),
            by_company=tuple(_check_in_company(hypothesis, results, company_seed) for company_seed in seeds),
        )
        for hypothesis in config.preregistration.hypotheses
    )


def headline(config: ExperimentConfig, arms: Sequence[ArmResult], claims: Sequence[Claim]) -> tuple[str, ...]:
    """Return the sentences to print first: the main result, then one per claim; or why there are none."""
    if config.preregistration is None:
        return ("No headline: this experiment has no hypotheses that were written down before the run.",)
    if all(claim.met is None for claim in claims):
        return (f"No headline: no result to check {', '.join(claim.name for claim in claims)} against.",)
    return (*_main_result(config, arms), *(_verdict(claim) for claim in claims))


def _verdict(claim: Claim) -> str:
    verdict = {True: "Met", False: "Missed", None: "Not checked"}[claim.met]
    return f"{verdict} ({claim.name}): {claim.sentence}"


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


def _check(hypothesis: Hypothesis, results: Results) -> Claim:
    measured = _measure(hypothesis, results)
    expected = f"{_subject(hypothesis)}: expected {_bounds(hypothesis)}"
    if measured is None:
        return Claim(hypothesis.name, None, f"{expected}; not measured.", None, None, None)
    met = _verdict_on(hypothesis, measured)
    sentence = f"{expected}; measured {measured.text}."
    return Claim(hypothesis.name, met, sentence, measured.estimate, measured.low, measured.high)


def _check_in_company(hypothesis: Hypothesis, results: Results, company_seed: int) -> CompanyFinding:
    measured = _measure(hypothesis, results, company_seed)
    if measured is None:
        return CompanyFinding(company_seed, None, "")
    return CompanyFinding(company_seed, _verdict_on(hypothesis, measured), measured.figure)


def _subject(hypothesis: Hypothesis) -> str:
    if isinstance(hypothesis, LevelTarget):
        where = "" if hypothesis.families is None else f" on {hypothesis.families} families"
        return f"strict success of {ARM_NAMES[hypothesis.arm]}{where}"
    if isinstance(hypothesis, DifferenceTarget):
        figure = {"estimate": "", "low": "lower bound of ", "high": "upper bound of "}[hypothesis.bound]
        by = " over whole companies" if hypothesis.cluster == "company" else ""
        return f"{figure}{ARM_NAMES[hypothesis.arm]} minus {ARM_NAMES[hypothesis.against]}{by}"
    where = "" if hypothesis.level is None else f" on cases of level {hypothesis.level}"
    return f"gain of {ARM_NAMES[hypothesis.arm]} as a share of the learned gain{where}"


def _measure(hypothesis: Hypothesis, results: Results, company_seed: int | None = None) -> _Measured | None:
    if isinstance(hypothesis, LevelTarget):
        return _measure_level(hypothesis, results, company_seed)
    if isinstance(hypothesis, DifferenceTarget):
        return _measure_difference(hypothesis, results, company_seed)
    return _measure_share(hypothesis, results, company_seed)


def _measure_level(target: LevelTarget, results: Results, company_seed: int | None) -> _Measured | None:
    expressible = None if target.families is None else True
    share = results.success(target.arm, Cases(company_seed, expressible=expressible))
    if share is None:
        return None
    return _Measured(share.point, share.low, share.high, share.point, share_with_interval(share), percent(share.point))


def _measure_difference(target: DifferenceTarget, results: Results, company_seed: int | None) -> _Measured | None:
    by_company = target.cluster == "company" and company_seed is None
    change = results.difference(target.arm, target.against, Cases(company_seed), by_company=by_company)
    if change is None:
        return None
    compared = {"estimate": change.delta, "low": change.low, "high": change.high}[target.bound]
    return _Measured(change.delta, change.low, change.high, compared, _difference(change), delta_with_interval(change))


def _measure_share(target: GainShareTarget, results: Results, company_seed: int | None) -> _Measured | None:
    cases = Cases(company_seed, level=target.level)
    gain = results.difference(Arm.LEARNED, Arm.MEMORY_OFF, cases)
    other = results.difference(target.arm, Arm.MEMORY_OFF, cases)
    if gain is None or other is None:
        return None
    if gain.delta <= 0:
        return _Measured(None, None, None, None, f"no gain to share ({_difference(gain)})", "no gain to share")
    share = other.delta / gain.delta
    text = f"{percent(share)} ({_points(other.delta)} of {_points(gain.delta)})"
    return _Measured(share, None, None, share, text, percent(share))


def _verdict_on(target: Target, measured: _Measured) -> bool | None:
    return None if measured.compared is None else _keeps(target, measured.compared)


def _keeps(target: Target, figure: float) -> bool:
    return (
        (target.more_than is None or figure > target.more_than)
        and (target.at_least is None or figure >= target.at_least)
        and (target.at_most is None or figure <= target.at_most)
    )


def _bounds(target: Hypothesis) -> str:
    show = _points if isinstance(target, DifferenceTarget) else percent
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
