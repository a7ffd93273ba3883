"""``atlas experiment regrade``: a stored run is graded by the goals of today, and stays as it was."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from warm_atlas import WarmAtlas

Rows: TypeAlias = "list[dict[str, Any]]"

EXPERIMENT = "name: tiny\ncompany_seeds: [7]\ncorpus: {stream: 12, test_same: 10, records: 300}\n"


@pytest.fixture(scope="module")
def finished(warm: WarmAtlas, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run."""
    home = tmp_path_factory.mktemp("finished")
    (home / "tiny.yaml").write_text(EXPERIMENT)
    done = warm.run(home, "experiment", "run", "tiny.yaml", "--out", "run", "--workers", "1")
    assert done.returncode == 0, done.stderr
    return home / "run"


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    shutil.copytree(finished, tmp_path / "run")
    return tmp_path / "run"


def _lines(path: Path) -> Rows:
    return [json.loads(line) for line in path.read_text().splitlines()]


def _rewrite(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    rows = _lines(path)
    for row in rows:
        change(row)
    path.write_text("".join(json.dumps(row, sort_keys=True, separators=(",", ":")) + "\n" for row in rows))


def _bytes_in(folder: Path) -> Mapping[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_goals_of_the_run_give_the_verdicts_of_the_run(warm: WarmAtlas, run: Path, tmp_path: Path) -> None:
    """Every episode of every arm, line by line; the run is not touched, and what is there is not overwritten."""
    before = _bytes_in(run)
    done = warm.run(tmp_path, "experiment", "regrade", "run", "--out", "again.jsonl", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    episodes = _lines(run / "episodes.jsonl")
    assert (told["graded"], told["changed"], told["unknown"]) == (len(episodes), 0, 0)
    assert told["strict_before"] == told["strict_after"] == _successes(episodes)
    assert told["tests"] == dict.fromkeys(told["tests"], 10)
    assert sorted(_lines(tmp_path / "again.jsonl"), key=json.dumps) == sorted(episodes, key=json.dumps)
    assert _bytes_in(run) == before
    written = (tmp_path / "again.jsonl").read_bytes()
    refused = warm.run(tmp_path, "experiment", "regrade", "run", "--out", "again.jsonl")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "again.jsonl is there already; pass --force to replace it" in refused.stderr
    assert warm.run(tmp_path, "experiment", "regrade", "run", "--out", "again.jsonl", "--force").returncode == 0
    assert (tmp_path / "again.jsonl").read_bytes() == written


def _successes(episodes: Rows) -> Mapping[str, int]:
    """How many frozen tests each arm passed."""
    tests = [entry for entry in episodes if entry["phase"] == "test"]
    return {arm: sum(entry["strict"] for entry in tests if entry["arm"] == arm) for arm in {e["arm"] for e in tests}}


def test_verdicts_of_other_goals_are_counted_and_mended(warm: WarmAtlas, run: Path, tmp_path: Path) -> None:
    """A run whose goals said that everybody succeeds: today's say otherwise, arm by arm, in words and in the file."""
    honest = _lines(run / "episodes.jsonl")

    def praise(row: dict[str, Any]) -> None:
        row |= {"score": 1.0, "strict": True, "failed_fields": [], "caps": []}

    _rewrite(run / "episodes.jsonl", praise)
    done = warm.run(tmp_path, "experiment", "regrade", "run", "--out", "again.jsonl")
    assert done.returncode == 0, done.stderr
    changed = sum(entry["score"] != 1.0 for entry in honest)
    assert changed > 0
    assert f"{len(honest)} episodes graded again, {changed} of them with another score\n" in done.stdout
    assert f"do nothing: 10 of 10 before, {_successes(honest)['do_nothing']} of 10 now\n" in done.stdout
    assert f"memory off: 10 of 10 before, {_successes(honest)['memory_off']} of 10 now\n" in done.stdout
    assert sorted(_lines(tmp_path / "again.jsonl"), key=json.dumps) == sorted(honest, key=json.dumps)


def test_an_episode_is_graded_by_what_it_left(warm: WarmAtlas, run: Path, tmp_path: Path) -> None:
    """Without its responses nobody was told anything, and nothing that succeeded before succeeds now."""

    def fall_silent(row: dict[str, Any]) -> None:
        row["responses"] = [None for _ in row["responses"]]

    assert any(_successes(_lines(run / "episodes.jsonl")).values())
    _rewrite(run / "outcomes.jsonl", fall_silent)
    done = warm.run(tmp_path, "experiment", "regrade", "run", "--out", "again.jsonl", "--json")
    assert done.returncode == 0, done.stderr
    assert not any(json.loads(done.stdout)["strict_after"].values())
    assert all("silence" in entry["failed_fields"] for entry in _lines(tmp_path / "again.jsonl"))


def test_nothing_is_said_about_cases_that_are_not_generated_any_more(
    warm: WarmAtlas, run: Path, tmp_path: Path
) -> None:
    """They are counted; here a case of every arm has gone."""
    gone = _lines(run / "outcomes.jsonl")[-1]["scenario_id"]
    episodes = sum(entry["scenario_id"] == gone for entry in _lines(run / "episodes.jsonl"))

    def rename(row: dict[str, Any]) -> None:
        row["scenario_id"] = row["scenario_id"].replace(gone, "sc-0000000000000000")

    for name in ("episodes.jsonl", "outcomes.jsonl"):
        _rewrite(run / name, rename)
    done = warm.run(tmp_path, "experiment", "regrade", "run")
    assert done.returncode == 0, done.stderr
    assert (
        f"{episodes} episodes are of cases that are not generated any more; nothing is said about them" in done.stdout
    )
    assert " 0 of them with another score\n" in done.stdout


def test_a_damaged_run_is_told_by_line(warm: WarmAtlas, run: Path, tmp_path: Path) -> None:
    """Exit code 2, and nothing is written."""
    text = (run / "outcomes.jsonl").read_text()
    (run / "outcomes.jsonl").write_text(text.replace('"writes"', '"wrotes"', 1))
    done = warm.run(tmp_path, "experiment", "regrade", "run", "--out", "again.jsonl")
    assert (done.returncode, done.stdout) == (2, "")
    assert "outcomes.jsonl:1: missing key 'writes'" in done.stderr
    assert not (tmp_path / "again.jsonl").exists()
