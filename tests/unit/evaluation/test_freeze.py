"""The freeze of the learner: every run says whether the student is the frozen one."""

from __future__ import annotations

import re

import pytest

from atlas.evaluation import freeze
from atlas.evaluation.freeze import LEARNER_FREEZE, Freeze, describe_learner, hash_of_learner
from atlas.scenarios.families import FAMILIES, FAMILIES_AFTER_FREEZE


def test_the_record_says_when_and_what_it_was() -> None:
    """A day, a hash, and how many families there were; those added since are listed apart."""
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", LEARNER_FREEZE.day)
    assert re.fullmatch(r"[0-9a-f]{64}", LEARNER_FREEZE.sources)
    assert len(FAMILIES) == LEARNER_FREEZE.families + len(FAMILIES_AFTER_FREEZE)


def test_a_run_says_whether_the_learner_is_the_frozen_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal sources: as frozen; other ones: changed, with their hash."""
    now = hash_of_learner()
    assert now == hash_of_learner()
    monkeypatch.setattr(freeze, "LEARNER_FREEZE", Freeze("2026-01-02", now, 9))
    assert describe_learner() == "as frozen on 2026-01-02"
    monkeypatch.setattr(freeze, "LEARNER_FREEZE", Freeze("2026-01-02", "0" * 64, 9))
    assert describe_learner() == f"changed since it was frozen on 2026-01-02 (sources {now})"


def test_every_module_of_the_learner_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both packages are hashed: leaving one out gives another hash."""
    whole = hash_of_learner()
    monkeypatch.setattr(freeze, "_LEARNER", ("atlas.agents",))
    agents = hash_of_learner()
    monkeypatch.setattr(freeze, "_LEARNER", ("atlas.learning",))
    assert len({whole, agents, hash_of_learner()}) == 3
