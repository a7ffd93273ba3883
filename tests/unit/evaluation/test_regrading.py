"""Promises of grading a stored run again: the same goals give the same scores, others others, and no guesses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atlas.core.clock import Clock
from atlas.core.errors import AtlasError, InputFileError
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
    assert (found.changed, found.same_score, found.unknown) == (0, 0, 0)
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


def _first_half(lines: list[str]) -> list[str]:
    return lines[: len(lines) // 2]


def _nothing(lines: list[str]) -> list[str]:
    return lines[:0]


def _renamed(lines: list[str]) -> list[str]:
    """The first line is of another case."""
    return [lines[0].replace("1-stream-0", "x"), *lines[1:]]


@pytest.mark.parametrize(
    ("name", "change", "exit_code", "message"),
    [
        ("outcomes.jsonl", None, 1, r"outcomes\.jsonl lacks 192 of 192 episodes"),
        ("outcomes.jsonl", _first_half, 1, r"outcomes\.jsonl lacks 96 of 192 episodes"),
        ("outcomes.jsonl", _renamed, 1, "do not say the same of"),
        ("episodes.jsonl", _renamed, 2, r"jsonl:1: scenario_id 'x'"),
        ("episodes.jsonl", _first_half, 1, r"with only 96 of 192 episodes in episodes\.jsonl"),
        ("episodes.jsonl", _nothing, 1, r"with only 0 of 192 episodes in episodes\.jsonl"),
    ],
    ids=["no-outcomes", "half-the-outcomes", "outcome-of-another", "episode-of-another", "half-the-episodes", "empty"],
)
def test_a_damaged_run_is_not_graded(
    run: tuple[RunFolder, Any],
    name: str,
    change: Callable[[list[str]], list[str]] | None,
    exit_code: int,
    message: str,
) -> None:
    """What is missing or contradictory is told; it is no case that is gone."""
    folder, bench = run
    path = folder.path / name
    if change is None:
        path.unlink()
    else:
        path.write_text("".join(change(path.read_text().splitlines(keepends=True))))
    with pytest.raises(AtlasError, match=message) as caught:
        regrade(folder, bench)
    assert caught.value.exit_code == exit_code


def test_a_run_without_an_episode_has_nothing_to_grade(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """One that was interrupted before its first; the message says how to go on."""
    config = make_config()
    with pytest.raises(KeyboardInterrupt):
        run_experiment(config, tmp_path, bench=make_bench(config, stop_after=0), clock=clock)
    with pytest.raises(InputFileError, match=r"holds no episode, .* run the experiment with: atlas experiment run"):
        regrade(RunFolder(tmp_path), make_bench(config))


def test_an_interrupted_run_is_graded_as_far_as_it_came(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """Its episodes are as good as any."""
    config = make_config()
    with pytest.raises(KeyboardInterrupt):
        run_experiment(config, tmp_path, bench=make_bench(config, stop_after=30), clock=clock)
    found = regrade(RunFolder(tmp_path), make_bench(config))
    assert (len(found.episodes), found.changed, found.unknown) == (30, 0, 0)


def test_a_verdict_that_differs_in_more_than_its_score_is_noticed(run: tuple[RunFolder, Any]) -> None:
    """A success that was put into the log by hand, beside a score that says otherwise."""
    folder, bench = run
    path = folder.path / "episodes.jsonl"
    path.write_text(path.read_text().replace('"strict":false', '"strict":true', 1))
    found = regrade(folder, bench)
    assert (found.changed, found.same_score) == (1, 1)
