"""Promises of grading a stored run again: the same goals give the same scores, others others, and no guesses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atlas.core.clock import Clock
from atlas.evaluation.config import ExperimentConfig
from atlas.evaluation.experiment import run_experiment
from atlas.evaluation.regrading import regrade
from atlas.evaluation.run_folder import RunFolder
from atlas.verify.verdict import ItemKind, Verdict, VerdictItem

MakeConfig = Callable[..., ExperimentConfig]
MakeBench = Callable[..., Any]


def _always(verdict: Verdict | None, exam: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an exam grade everything alike."""

    def grade(exam: object, scenario_id: str, **left: object) -> Verdict | None:
        del exam, scenario_id, left
        return verdict

    monkeypatch.setattr(type(exam), "grade", grade)


@pytest.fixture
def run(tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock) -> tuple[RunFolder, Any]:
    """A finished run, and its bench."""
    config = make_config()
    bench = make_bench(config)
    run_experiment(config, tmp_path / "run", bench=bench, clock=clock)
    return RunFolder(tmp_path / "run"), bench


def test_unchanged_goals_give_the_scores_of_the_run(run: tuple[RunFolder, Any]) -> None:
    """Every episode of every arm, from what it left alone; and the run is as it was."""
    folder, bench = run
    before = {path.name: path.read_bytes() for path in folder.path.glob("*.*")}
    found = regrade(folder, bench)
    assert found.episodes == folder.load_episodes()
    assert (found.changed, found.unknown) == (0, 0)
    assert found.before == found.after
    assert {path.name: path.read_bytes() for path in folder.path.glob("*.*")} == before


def test_a_goal_that_was_mended_changes_the_scores(run: tuple[RunFolder, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a case is judged otherwise, the record says so, and the arms are counted again."""
    folder, bench = run
    exam = bench.open_exam(folder.load_config().company_seeds[0])
    _always(
        Verdict(0.0, (VerdictItem(ItemKind.ANSWER, "facts.answer", 1.0, 0.0, ("facts.answer",)),)), exam, monkeypatch
    )
    found = regrade(folder, bench)
    assert found.changed == sum(entry.score > 0 for entry in folder.load_episodes())
    assert not any(entry.strict for entry in found.episodes)
    assert set(found.after.values()) == {0}
    assert max(found.before.values()) > 0


def test_nothing_is_said_about_cases_that_are_gone(run: tuple[RunFolder, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """They are counted, and have no score."""
    folder, bench = run
    exam = bench.open_exam(folder.load_config().company_seeds[0])
    _always(None, exam, monkeypatch)
    found = regrade(folder, bench)
    assert (found.episodes, found.unknown) == ((), len(folder.load_episodes()))
