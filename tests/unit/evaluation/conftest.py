"""Builders for tests of experiments."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from atlas.core.clock import FrozenClock, start_of_business
from atlas.evaluation.config import ExperimentConfig, parse_experiment
from atlas.evaluation.records import Arm, EpisodeRecord, Phase

sys.path.insert(0, str(Path(__file__).parent))  # worker processes have to find the toy exam, too

from toy_exam import ToyBench


class TickingClock(FrozenClock):
    """Goes on by a millisecond whenever somebody looks."""

    def __init__(self) -> None:
        super().__init__(start_of_business(date(2026, 1, 5)))

    def now(self) -> datetime:
        self.advance(timedelta(milliseconds=1))
        return super().now()


MakeConfig: TypeAlias = Callable[..., ExperimentConfig]
MakeBench: TypeAlias = Callable[..., ToyBench]
MakeEpisode: TypeAlias = Callable[..., EpisodeRecord]

HYPOTHESES = {
    "stopping": "at the end",
    "hypotheses": [
        {
            "kind": "difference",
            "name": "gain",
            "arm": "learned",
            "against": "memory_off",
            "bound": "low",
            "more_than": 0,
        },
        {"kind": "level", "name": "floor", "arm": "memory_off", "at_least": 0.1, "at_most": 0.4},
        {"kind": "share_of_gain", "name": "company", "arm": "wrong_company", "at_most": 0.25},
    ],
}


@pytest.fixture
def make_config() -> MakeConfig:
    """Build a small experiment; keywords replace keys of its file."""

    def build(**changes: object) -> ExperimentConfig:
        data: dict[str, object] = {
            "name": "toy",
            "company_seeds": [1, 2],
            "corpus": {"stream": 12, "test_same": 10},
            "window": 5,
            "execution": {"workers": 1},
            "preregistration": HYPOTHESES,
        }
        return parse_experiment({**data, **changes}, "toy.yaml")

    return build


@pytest.fixture
def make_bench() -> MakeBench:
    """Build a toy bench for a configuration."""
    return ToyBench


@pytest.fixture
def clock() -> TickingClock:
    """A clock that ticks."""
    return TickingClock()


@pytest.fixture
def make_episode() -> MakeEpisode:
    """Build an episode record; keywords replace fields."""

    def build(**changes: Any) -> EpisodeRecord:  # noqa: ANN401 - fields have many types
        data: dict[str, Any] = {
            "company_seed": 1,
            "phase": Phase.TEST,
            "arm": Arm.LEARNED,
            "position": 0,
            "scenario_id": "s0",
            "split": "test_same",
            "family": "f",
            "blueprint": "b",
            "paraphrase": "p",
            "level": 2,
            "category": "success",
            "vocabulary": "",
            "score": 1.0,
            "strict": True,
            "failed_fields": (),
            "caps": (),
            "calls": 3,
            "writes": 1,
            "reviewed": False,
            "demonstrated": False,
            "playbooks": (),
            "similarity": 0.0,
            "memory_hash": "h",
        }
        return EpisodeRecord(**{**data, **changes})

    return build
