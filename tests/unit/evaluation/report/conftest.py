"""A made-up experiment with everything a report shows, its figures computed as a real one's are."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import date

import pytest

from atlas.core.canonical import content_hash
from atlas.core.rng import derive_rng
from atlas.crm.records import ErrorCode, Outcome, ReasonCode, Response, ToolCall, ToolError, ToolResult
from atlas.episodes.records import Attribution, Step, Turn
from atlas.evaluation.metrics import EXPRESSIBLE
from atlas.evaluation.records import (
    Arm,
    ArmResult,
    Claim,
    CompanyFinding,
    CurvePoint,
    EpisodeTrace,
    ExperimentMetrics,
    FailureExample,
    FamilyResult,
    GroupResult,
    MemorySummary,
    Phase,
    Timings,
    UnitTiming,
)
from atlas.evaluation.report import PlaybookPage
from atlas.statistics.intervals import wilson
from atlas.statistics.mcnemar import mcnemar_exact
from atlas.statistics.multiple import holm
from atlas.statistics.paired import paired_delta

SEEDS = (100, 101, 102, 103, 104)
CASES = 60
STREAM = 200
WINDOW = 25

FAMILIES: Mapping[str, tuple[float, float, str]] = {
    "quote_validity": (0.30, 0.97, "success"),
    "opportunity_naming": (0.05, 0.95, "success"),
    "stage_nicknames": (0.10, 0.93, "success"),
    "discount_approval": (0.15, 0.90, "failure"),
    "duplicate_client": (0.45, 0.92, "failure"),
    "renewal_clone": (0.20, 0.88, "success"),
    "territory_owner": (0.02, 0.85, "success"),
    "document_before_close": (0.12, 0.83, "mixed"),
    "probability_band": (0.25, 0.80, "success"),
    "closing_summary": (0.55, 0.72, "success"),
    "ask_for_missing": (0.40, 0.66, "failure"),
    "vague_reference": (0.20, 0.12, "mixed"),
}
FACTORS: Mapping[Arm, float] = {
    Arm.MEMORY_OFF: 0.0,
    Arm.LEARNED: 1.0,
    Arm.OUTCOME_ONLY: 0.12,
    Arm.WRONG_COMPANY: 0.18,
    Arm.SHUFFLED: -0.04,
    Arm.COMPILED: 1.1,
}

Outcomes = dict[tuple[Arm, int], list[tuple[str, bool]]]


def _chance(arm: Arm, family: str, company: int) -> float:
    if arm is Arm.DO_NOTHING:
        return 0.0
    off, learned, _ = FAMILIES[family]
    shift = 0.05 * ((company % 5) - 2)
    return min(0.99, max(0.0, off + FACTORS[arm] * (learned - off) + shift * FACTORS[arm]))


def _play(cases: int) -> Outcomes:
    names = list(FAMILIES)
    outcomes: Outcomes = {}
    for company in SEEDS:
        draws = derive_rng(company, "cases")
        luck = [(names[place % len(names)], draws.random()) for place in range(cases)]
        for arm in Arm:
            outcomes[arm, company] = [(family, draw < _chance(arm, family, company)) for family, draw in luck]
    return outcomes


def _result(outcomes: Outcomes, arm: Arm, company: int | None, split: str = "test_same") -> ArmResult:
    seeds = SEEDS if company is None else (company,)
    entries = [(seed, *case) for seed in seeds for case in outcomes[arm, seed]]
    wins = [won for _, _, won in entries]
    before = [float(won) for seed in seeds for _, won in outcomes[Arm.MEMORY_OFF, seed]]
    after = [float(won) for won in wins]
    taught = arm not in (Arm.MEMORY_OFF, Arm.DO_NOTHING)
    compared = arm is not Arm.MEMORY_OFF
    return ArmResult(
        arm=arm,
        split=split,
        company_seed=company,
        n=len(entries),
        strict=wilson(sum(wins), len(wins)),
        score_at_least={
            "0.7": (sum(wins) + 9) / (len(wins) + 12),
            "0.8": (sum(wins) + 5) / (len(wins) + 12),
            "0.9": sum(wins) / len(wins),
        },
        mean_score=0.25 + 0.75 * sum(wins) / len(wins),
        delta=paired_delta(before, after, [f"{seed}/{family}" for seed, family, _ in entries], seed=1)
        if compared
        else None,
        reviews=STREAM * len(seeds) if taught else 0,
        demonstrations=57 * len(seeds) if taught and arm is not Arm.OUTCOME_ONLY else 0,
        calls_per_episode=0.0 if arm is Arm.DO_NOTHING else 3.1 + 0.4 * FACTORS[arm],
        delta_by_company=paired_delta(before, after, [seed for seed, _, _ in entries], seed=1)
        if compared and company is None
        else None,
    )


def _curves() -> Iterator[CurvePoint]:
    ceilings = {Arm.MEMORY_OFF: 0.21, Arm.LEARNED: 0.90, Arm.OUTCOME_ONLY: 0.30}
    for arm, ceiling in ceilings.items():
        counts: dict[int, int] = {}
        for company in SEEDS:
            draws = derive_rng(company, "curve", arm.value)
            for end in range(WINDOW, STREAM + 1, WINDOW):
                reached = 0.21 + (ceiling - 0.21) * (1 - 0.5 ** (end / 45))
                successes = sum(draws.random() < reached for _ in range(WINDOW))
                counts[end] = counts.get(end, 0) + successes
                yield CurvePoint(arm, company, end, wilson(successes, WINDOW))
        for end, successes in counts.items():
            yield CurvePoint(arm, None, end, wilson(successes, WINDOW * len(SEEDS)))


def _families(outcomes: Outcomes) -> Iterator[FamilyResult]:
    for family, (_, _, category) in sorted(FAMILIES.items()):
        shares = {
            arm: [won for seed in SEEDS for name, won in outcomes[arm, seed] if name == family]
            for arm in (Arm.MEMORY_OFF, Arm.LEARNED, Arm.COMPILED)
        }
        n = len(shares[Arm.LEARNED])
        off, learned, compiled = (sum(won) / n for won in shares.values())
        explained = 0.4 if family == "vague_reference" else 1.0
        yield FamilyResult(family, n, off, learned, category, explained >= EXPRESSIBLE, compiled, explained)


def _groups(outcomes: Outcomes) -> Iterator[GroupResult]:
    for by, groups in (("level", ("2", "3")), ("language", ("expressible", "beyond the language"))):
        for place, group in enumerate(groups):
            won = {arm: [w for seed in SEEDS for _, w in outcomes[arm, seed]][place::2] for arm in Arm}
            n = len(won[Arm.LEARNED])
            yield GroupResult(by, group, n, {arm.value: wilson(sum(one), n) for arm, one in won.items()})
    for seed in SEEDS:
        for place, group in enumerate(("added after", "before")):
            late = {arm: [won for _, won in outcomes[arm, seed]][place::2] for arm in Arm}
            n = len(late[Arm.LEARNED])
            shares = {arm.value: wilson(sum(one), n) for arm, one in late.items()}
            yield GroupResult("freeze", group, n, shares, seed)


def _histogram(outcomes: Outcomes, arm: Arm) -> tuple[float, ...]:
    wins = [won for seed in SEEDS for _, won in outcomes[arm, seed]]
    full = sum(wins) / len(wins)
    weights = [1, 0, 2, 5, 1, 3, 4, 2, 1, 1] if arm is not Arm.DO_NOTHING else [6, 0, 3, 1, 0, 0, 0, 0, 0, 0]
    return (*((1 - full) * weight / sum(weights) for weight in weights), full)


def _memory(company: int, draws: random.Random) -> MemorySummary:
    kinds = {"workflow": draws.randint(12, 16), "lexicon": draws.randint(4, 7), "rule": draws.randint(3, 6)}
    total = sum(kinds.values())
    return MemorySummary(
        company, content_hash(f"memory {company}"), total, kinds, {"active": total - 3, "suspended": 2, "candidate": 1}
    )


@pytest.fixture(scope="session")
def metrics() -> ExperimentMetrics:
    """Five companies, seven arms, twelve families."""
    outcomes = _play(CASES)
    pooled = [_result(outcomes, arm, None) for arm in Arm]
    changes = {one.arm.value: one.delta for one in pooled if one.delta}
    lesson = _play(STREAM)
    stream = [_result(lesson, arm, None, "stream") for arm in (Arm.MEMORY_OFF, Arm.LEARNED, Arm.OUTCOME_ONLY)]
    learned = next(one for one in pooled if one.arm is Arm.LEARNED)
    assert learned.delta_by_company is not None
    return ExperimentMetrics(
        experiment="demo",
        config_hash=content_hash("config"),
        offline=True,
        agents={"student": "clerk", "teacher": "supervisor T3"},
        company_seeds=SEEDS,
        generator_version="1",
        corpus_hashes={str(seed): content_hash(seed) for seed in SEEDS},
        arms=(*pooled, *(_result(outcomes, arm, seed) for seed in SEEDS for arm in Arm), *stream),
        curves=tuple(_curves()),
        families=tuple(_families(outcomes)),
        groups=tuple(_groups(outcomes)),
        score_histogram={arm.value: _histogram(outcomes, arm) for arm in Arm},
        memories=tuple(_memory(seed, derive_rng(seed, "memory")) for seed in SEEDS),
        worst_cases=_worst_cases(),
        p_values=holm({name: mcnemar_exact(change.wins, change.losses) for name, change in changes.items()}),
        headline=(
            "With what it learned from 200 episodes per company, the student solves most held-out cases.",
            "Met (gain): learned minus memory off: expected at least +30.0 points; measured.",
        ),
        preregistration_hash=content_hash("hypotheses"),
        claims=(
            Claim(
                "gain",
                True,
                "learned minus memory off: expected at least +30.0 points; measured.",
                0.6,
                0.5,
                0.7,
                tuple(CompanyFinding(seed, seed > SEEDS[0], "+60.0 [+50.0, +70.0]") for seed in SEEDS),
            ),
            Claim(
                "shuffled stays at the floor",
                False,
                "shuffled programs minus memory off: expected at most +3.0 points; measured +4.1 points [+0.5, +7.7].",
                0.041,
                0.005,
                0.077,
            ),
            Claim(
                "renamed tools",
                None,
                "strict success on renamed tools: expected at least 50.0 %; not measured.",
                None,
                None,
                None,
                tuple(CompanyFinding(seed, None, "") for seed in SEEDS),
            ),
        ),
    )


def _worst_cases() -> tuple[FailureExample, ...]:
    return (
        FailureExample(
            101,
            "sc-0c5d0f3a9be1c2d4",
            "vague_reference",
            "Could you move the Hartwell thing along? You know which one I mean, the bigger of the two.",
            0.0,
            ("Opportunity.stage", "collateral:Opportunity"),
        ),
        FailureExample(
            103,
            "sc-77aa12ff01bb45d9",
            "document_before_close",
            "Please close the Oakridge renewal, the signed order came in this morning.",
            0.35,
            ("Document.file_name",),
        ),
        FailureExample(104, "sc-1122334455667788", "ask_for_missing", "Send Lumen a quote.", 0.4, ("outcome",)),
    )


@pytest.fixture(scope="session")
def traces() -> tuple[EpisodeTrace, ...]:
    """The traces of two of the worst cases."""
    first, second, _ = _worst_cases()
    return (
        EpisodeTrace(
            first.company_seed,
            Phase.TEST,
            Arm.LEARNED,
            12,
            first.scenario_id,
            first.family,
            first.score,
            first.failed_fields,
            (
                Turn(
                    first.user,
                    (
                        Step(
                            ToolCall("opportunity_search", {"client_name": "Hartwell", "order_by": "-amount"}),
                            ToolResult(
                                {
                                    "results": [
                                        {"opportunity_id": "b5c1", "name": "Hartwell - Rollout", "amount": 48000}
                                    ],
                                    "total": 2,
                                }
                            ),
                        ),
                        Step(
                            ToolCall("modify_opportunity", {"opportunity_id": "b5c1", "stage": "Moving"}),
                            ToolResult(
                                error=ToolError(
                                    ErrorCode.INVALID_ENUM,
                                    "stage 'Moving' is not allowed; allowed: Prospecting, Qualification, Negotiation.",
                                    "stage",
                                )
                            ),
                        ),
                        Step(
                            ToolCall("modify_opportunity", {"opportunity_id": "b5c1", "stage": "Negotiation"}),
                            ToolResult({"opportunity_id": "b5c1", "stage": "Negotiation"}),
                        ),
                    ),
                    Response("Moved Hartwell - Rollout to Negotiation.", facts={"stage": "Negotiation"}),
                ),
                Turn("No, I meant the pilot!", (), None),
            ),
            (
                Attribution(0, "pb-1f0c2d3e4a5b6c7d", 0.71, reason="margin 0.12 over the next"),
                Attribution(1, reason="below threshold"),
            ),
        ),
        EpisodeTrace(
            second.company_seed,
            Phase.TEST,
            Arm.LEARNED,
            40,
            second.scenario_id,
            second.family,
            second.score,
            second.failed_fields,
            (
                Turn(
                    second.user,
                    (),
                    Response("I need the signed order first.", Outcome.REFUSED, ReasonCode.MISSING_PREREQUISITE),
                ),
            ),
            (),
        ),
    )


@pytest.fixture(scope="session")
def playbooks() -> tuple[PlaybookPage, ...]:
    """Three pages of two companies."""
    text = (
        "When the user asks for a quote for an opportunity:\n"
        "1. opportunity_search(name = the quoted name)\n"
        "2. create_quote(opportunity_id = id found in step 1, amount = amount of the opportunity,\n"
        "                valid_until = today + 30 days)\n"
        "3. respond(done)"
    )
    return (
        PlaybookPage(
            100,
            "pb-5d41402abc4b2a76",
            "Quotes run 30 days here",
            "workflow",
            "active",
            2,
            text,
            {"followed and right": 14, "followed and wrong": 0, "trust": 0.9375, "learned from": "3 cases"},
        ),
        PlaybookPage(
            100,
            "pb-7d793037a0760186",
            "“amber” means On Hold",
            "lexicon",
            "active",
            2,
            "In requests, “amber” stands for stage = On Hold.",
            {"followed and right": 6, "followed and wrong": 1, "trust": 7 / 9},
        ),
        PlaybookPage(
            101,
            "pb-9b74c9897bac770f",
            "Ask a manager above 15 % discount",
            "rule",
            "probation",
            2,
            "If discount > 15 %: respond(refused, approval_required).",
            {"followed and right": 2, "followed and wrong": 0},
        ),
    )


@pytest.fixture(scope="session")
def timings() -> Timings:
    """A run of a minute and a bit."""
    day = date(2026, 3, 2)
    return Timings(
        f"{day.isoformat()}T09:00:00+00:00",
        71.4,
        False,
        4800,
        67.2,
        2,
        "3.11.7",
        "Linux-6.1",
        2,
        "0.1.0",
        (UnitTiming(100, Phase.STREAM, Arm.LEARNED, 200, 9.3),),
    )
