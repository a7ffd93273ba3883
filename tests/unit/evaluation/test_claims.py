"""Hypotheses against figures, and the sentences that come out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from atlas.evaluation.claims import Cases, check_claims, headline
from atlas.evaluation.config import ExperimentConfig
from atlas.evaluation.records import Arm, ArmResult, Claim, CompanyFinding
from atlas.statistics.intervals import wilson
from atlas.statistics.records import Interval, PairedDelta

MakeConfig = Callable[..., ExperimentConfig]


def change(delta: float, *, low: float | None = None, clusters: int = 30) -> PairedDelta:
    bottom = delta - 0.1 if low is None else low
    return PairedDelta(delta, bottom, delta + 0.1, 100, clusters, 1, 1, 98, 0.95, "cluster-t", None)


CHANGES = {
    (Arm.LEARNED, Arm.MEMORY_OFF): change(0.5),
    (Arm.WRONG_COMPANY, Arm.MEMORY_OFF): change(0.1),
    (Arm.SHUFFLED, Arm.MEMORY_OFF): change(-0.02),
}


LEVELS = {Arm.MEMORY_OFF: 20, Arm.LEARNED: 70}


class MadeUp:
    """Figures of which only what the cases are matters; company 2 gained nothing."""

    def success(self, arm: Arm, cases: Cases) -> Interval | None:
        solved = LEVELS.get(arm)
        if solved is None or (cases.expressible and arm is not Arm.LEARNED):
            return None
        return wilson(solved + 25 * (cases.expressible is True) - 5 * (cases.company_seed == 2), 100)

    def difference(self, arm: Arm, against: Arm, cases: Cases, *, by_company: bool = False) -> PairedDelta | None:
        if by_company:
            return change(0.5, low=-0.2, clusters=3)
        if cases.company_seed == 2:
            return change(0.0)
        if cases.level is not None and arm is Arm.WRONG_COMPANY:
            return change(0.02)
        return CHANGES.get((arm, against))


def arm_result(arm: Arm, delta: PairedDelta | None = None) -> ArmResult:
    return ArmResult(arm, "test_same", None, 100, wilson(LEVELS[arm], 100), {}, 0.5, delta, 0, 0, 1.0)


ARMS = (arm_result(Arm.MEMORY_OFF), arm_result(Arm.LEARNED, change(0.5)))


def check(make_config: MakeConfig, **hypothesis: object) -> Claim:
    config = make_config(
        preregistration={"stopping": "end", "hypotheses": [{"name": "x", **hypothesis}]}, arms=list(Arm)
    )
    (claim,) = check_claims(config, MadeUp())
    return claim


@pytest.mark.parametrize(
    ("hypothesis", "met", "sentence"),
    [
        (
            {"kind": "level", "arm": "memory_off", "at_least": 0.1, "at_most": 0.4},
            True,
            "strict success of memory off: expected at least 10.0 % and at most 40.0 %; measured 20.0 % [13.3, 28.9].",
        ),
        (
            {"kind": "level", "arm": "memory_off", "at_most": 0.1},
            False,
            "strict success of memory off: expected at most 10.0 %; measured 20.0 % [13.3, 28.9].",
        ),
        ({"kind": "level", "arm": "memory_off", "at_least": 0.2}, True, None),
        ({"kind": "level", "arm": "memory_off", "more_than": 0.2}, False, None),
        (
            {"kind": "level", "arm": "do_nothing", "at_most": 0.0},
            None,
            "strict success of do nothing: expected at most 0.0 %; not measured.",
        ),
        (
            {"kind": "level", "arm": "learned", "families": "expressible", "at_least": 0.9},
            True,
            (
                "strict success of learned on expressible families: expected at least 90.0 %; "
                "measured 95.0 % [88.8, 97.8]."
            ),
        ),
        ({"kind": "level", "arm": "memory_off", "families": "expressible", "at_least": 0.9}, None, None),
        (
            {"kind": "difference", "arm": "learned", "against": "memory_off", "at_least": 0.3},
            True,
            "learned minus memory off: expected at least +30.0 points; measured +50.0 points [+40.0, +60.0].",
        ),
        (
            {"kind": "difference", "arm": "learned", "against": "memory_off", "bound": "low", "more_than": 0.45},
            False,
            (
                "lower bound of learned minus memory off: expected more than +45.0 points; "
                "measured +50.0 points [+40.0, +60.0]."
            ),
        ),
        (
            {"kind": "difference", "arm": "learned", "against": "memory_off", "bound": "high", "at_most": 0.7},
            True,
            None,
        ),
        (
            {
                "kind": "difference",
                "arm": "learned",
                "against": "memory_off",
                "bound": "low",
                "cluster": "company",
                "more_than": 0,
            },
            False,
            (
                "lower bound of learned minus memory off over whole companies: expected more than +0.0 points; "
                "measured +50.0 points [-20.0, +60.0]."
            ),
        ),
        ({"kind": "difference", "arm": "learned", "against": "outcome_only", "more_than": 0}, None, None),
        (
            {"kind": "share_of_gain", "arm": "wrong_company", "at_most": 0.25},
            True,
            (
                "gain of wrong company as a share of the learned gain: expected at most 25.0 %; "
                "measured 20.0 % (+10.0 points of +50.0 points)."
            ),
        ),
        ({"kind": "share_of_gain", "arm": "wrong_company", "at_most": 0.15}, False, None),
        (
            {"kind": "share_of_gain", "arm": "wrong_company", "level": 2, "at_most": 0.15},
            True,
            (
                "gain of wrong company as a share of the learned gain on cases of level 2: expected at most 15.0 %; "
                "measured 4.0 % (+2.0 points of +50.0 points)."
            ),
        ),
        ({"kind": "share_of_gain", "arm": "shuffled", "at_most": 0.0}, True, None),
        ({"kind": "share_of_gain", "arm": "outcome_only", "at_most": 0.5}, None, None),
    ],
)
def test_a_claim_says_what_was_expected_and_what_was_measured(
    make_config: MakeConfig, hypothesis: dict[str, object], *, met: bool | None, sentence: str | None
) -> None:
    """In the same words whether it is met or missed; None where an arm has no result."""
    claim = check(make_config, **hypothesis)
    assert claim.met is met
    assert sentence is None or claim.sentence == sentence


def test_a_share_of_no_gain_is_not_measured(make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where learning gained nothing, nothing can be a share of it."""
    monkeypatch.setitem(CHANGES, (Arm.LEARNED, Arm.MEMORY_OFF), change(0.0))
    claim = check(make_config, kind="share_of_gain", arm="wrong_company", at_most=0.25)
    assert (claim.met, claim.estimate) == (None, None)
    assert claim.sentence.endswith("measured no gain to share (+0.0 points [-10.0, +10.0]).")


@pytest.mark.parametrize(
    ("hypothesis", "findings"),
    [
        ({"kind": "level", "arm": "learned", "at_least": 0.7}, [(True, "70.0 %"), (False, "65.0 %")]),
        (
            {"kind": "level", "arm": "learned", "families": "expressible", "at_least": 0.9},
            [(True, "95.0 %"), (True, "90.0 %")],
        ),
        (
            {"kind": "difference", "arm": "learned", "against": "memory_off", "bound": "low", "more_than": 0},
            [(True, "+50.0 [+40.0, +60.0]"), (False, "+0.0 [-10.0, +10.0]")],
        ),
        (
            {
                "kind": "difference",
                "arm": "learned",
                "against": "memory_off",
                "bound": "low",
                "cluster": "company",
                "more_than": 0,
            },
            [(True, "+50.0 [+40.0, +60.0]"), (False, "+0.0 [-10.0, +10.0]")],
        ),
        (
            {"kind": "share_of_gain", "arm": "wrong_company", "at_most": 0.25},
            [(True, "20.0 %"), (None, "no gain to share")],
        ),
        ({"kind": "level", "arm": "do_nothing", "at_most": 0}, [(None, ""), (None, "")]),
    ],
)
def test_a_claim_says_what_became_of_it_in_each_company(
    make_config: MakeConfig, hypothesis: dict[str, object], findings: list[tuple[bool | None, str]]
) -> None:
    """Over the cases of that company alone; where whole companies are clusters, one company's are its blueprints."""
    claim = check(make_config, **hypothesis)
    assert claim.by_company == tuple(
        CompanyFinding(seed, met, figure) for seed, (met, figure) in enumerate(findings, start=1)
    )


def test_one_company_has_no_findings_of_its_own(make_config: MakeConfig) -> None:
    config = make_config(company_seeds=[1])
    assert not any(claim.by_company for claim in check_claims(config, MadeUp()))


def test_the_headline_gives_missed_claims_the_same_room(make_config: MakeConfig) -> None:
    """The main result, then each claim, met or missed."""
    config = make_config()
    claims = (Claim("a", True, "this.", 0.1, None, None), Claim("b", False, "that.", 0.1, None, None))
    lines = headline(config, ARMS, claims)
    assert lines == (
        (
            "With what it learned from 12 episodes per company, the student solves 70.0 % [60.4, 78.1] of 100 held-out "
            "cases of 2 companies, against 20.0 % [13.3, 28.9] without memory: +50.0 points [+40.0, +60.0] "
            "(30 clusters, cases won: 1, lost: 1)."
        ),
        "Met (a): this.",
        "Missed (b): that.",
    )


def test_without_hypotheses_there_is_no_headline(make_config: MakeConfig) -> None:
    """Claims that were made up afterwards are no claims."""
    config = make_config(preregistration=None)
    assert check_claims(config, MadeUp()) == ()
    assert headline(config, ARMS, ()) == (
        "No headline: this experiment has no hypotheses that were written down before the run.",
    )


def test_a_claim_without_a_result_takes_no_verdict_from_the_others(make_config: MakeConfig) -> None:
    """It says that it could not be checked, in its place among them."""
    claims = (Claim("a", True, "this.", 0.1, None, None), Claim("b", None, "that; not measured.", None, None, None))
    lines = headline(make_config(), ARMS, claims)
    assert lines[0].startswith("With what it learned ")
    assert lines[1:] == ("Met (a): this.", "Not checked (b): that; not measured.")


def test_without_a_result_for_any_claim_there_is_no_headline(make_config: MakeConfig) -> None:
    """It says which claims could not be checked."""
    claims = (Claim("a", None, "this.", None, None, None), Claim("b", None, "that.", None, None, None))
    assert headline(make_config(), ARMS, claims) == ("No headline: no result to check a, b against.",)


def test_an_experiment_without_the_learned_arm_has_claims_but_no_main_result(make_config: MakeConfig) -> None:
    """The first sentence is about learning; without it the claims stand alone."""
    claims = (Claim("a", True, "this.", 0.1, None, None),)
    assert headline(make_config(), ARMS[:1], claims) == ("Met (a): this.",)
