"""The freeze of the learner: every run says whether the student is the frozen one."""

from __future__ import annotations

import re
from pathlib import Path

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
    """Equal sources: as frozen; other ones: not that one, with their hash; of an old run nobody knows."""
    now = hash_of_learner()
    assert now == hash_of_learner()
    monkeypatch.setattr(freeze, "LEARNER_FREEZE", Freeze("2026-01-02", now, 9))
    assert describe_learner(now) == "as frozen on 2026-01-02"
    assert describe_learner("0" * 64) == f"not the one that was frozen on 2026-01-02 (sources {'0' * 64})"
    assert describe_learner("") == "unknown"


def test_every_module_of_the_learner_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both packages are hashed: leaving one out gives another hash."""
    whole = hash_of_learner()
    monkeypatch.setattr(freeze, "_LEARNER", ("atlas.agents",))
    agents = hash_of_learner()
    monkeypatch.setattr(freeze, "_LEARNER", ("atlas.learning",))
    assert len({whole, agents, hash_of_learner()}) == 3


def test_files_in_folders_count_and_what_python_leaves_there_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table of words below the package is part of the student; compiled modules and hidden files are not."""
    package = tmp_path / "made_up_learner"
    (package / "tables").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(freeze, "_LEARNER", ("made_up_learner",))
    bare = hash_of_learner()
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "x.pyc").write_bytes(b"\xff")
    (package / "._x.py").write_bytes(b"\xff")
    assert hash_of_learner() == bare
    (package / "tables" / "words.txt").write_text("amber")
    with_table = hash_of_learner()
    (package / "tables" / "words.txt").write_text("teal")
    assert len({bare, with_table, hash_of_learner()}) == 3
