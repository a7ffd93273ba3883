"""``atlas demo`` as a user runs it: repeatable, interruptible, and with its results where it says."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from atlas_process import TIMEOUT_S, atlas_command, clean_environment

RunAtlas = Callable[..., "subprocess.CompletedProcess[str]"]
StartAtlas = Callable[..., "subprocess.Popen[str]"]

INTERRUPTED = 130


# Half of the small demo: enough to be interrupted in.
SHORT = {"ATLAS_EXPERIMENT__CORPUS__STREAM": "20", "ATLAS_EXPERIMENT__CORPUS__TEST_SAME": "12"}

Whole = tuple[Path, "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """Run the small demo of seed 7 once, undisturbed; give its folder and what it printed."""
    return _run_whole(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run half of it; give its folder."""
    return _run_whole(tmp_path_factory.mktemp("short"), **SHORT)[0]


def _run_whole(home: Path, **variables: str) -> Whole:
    done = subprocess.run(
        atlas_command("demo", "--seed", "7", "--small"),
        cwd=home,
        env=clean_environment(**variables),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return home / "artifacts" / "demo-small" / "seed-7", done


def test_two_demos_of_one_seed_give_the_same_bytes(short: Path, run_atlas: RunAtlas, tmp_path: Path) -> None:
    """Over the finished one and with another number of processes, which just works."""
    shutil.copytree(short, tmp_path / "again")
    written = (tmp_path / "again" / "metrics.json").stat().st_mtime_ns
    done = run_atlas("demo", "--seed", "7", "--small", "--out", "again", "--workers", "1", **SHORT)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "again" / "metrics.json").stat().st_mtime_ns > written
    _assert_equal(tmp_path / "again", short)


def test_a_demo_ends_with_the_table_and_the_report(whole: Whole) -> None:
    """The table and the path on stdout, progress on stderr, an offline page where the path says."""
    folder, done = whole
    for part in ("memory off", "learned", "shuffled", "wrong company", "outcome-only", "do nothing", "strict success"):
        assert part in done.stdout
    assert done.stdout.rstrip().endswith("report: artifacts/demo-small/seed-7/report.html")
    page = (folder / "report.html").read_text()
    assert "<html" in page
    assert 'src="http' not in page
    assert "demo-small: 528 episodes, companies 7, 8" in done.stderr
    assert "[528/528]" in done.stderr
    assert "/528]" not in done.stdout


def test_a_demo_can_write_json(run_atlas: RunAtlas) -> None:
    """One object on stdout with the figures and where the files are; another seed is another company."""
    done = run_atlas("demo", "--small", "--out", "x", ATLAS_SEED="8", ATLAS_JSON="1", **SHORT)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["metrics"]["company_seeds"] == [8, 9]
    assert result["report"] == "x/report.html"


@pytest.mark.parametrize("share", [pytest.param(0.05, marks=pytest.mark.slow), 0.5])
def test_ctrl_c_keeps_finished_episodes_and_resume_ends_the_same(
    short: Path, run_atlas: RunAtlas, start_atlas: StartAtlas, tmp_path: Path, share: float
) -> None:
    """Interrupted early and late; the resumed run has the figures of an uninterrupted one."""
    enough = share * _lines(short)
    process = start_atlas("demo", "--seed", "7", "--small", "--out", "cut", **SHORT)
    _wait_for(lambda: _lines(tmp_path / "cut") >= enough, process)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED, told
    assert "finished episodes are kept in cut; continue with: atlas demo --seed 7 --small --out cut --resume" in told
    assert "Traceback" not in told
    kept = _lines(tmp_path / "cut")
    assert kept >= enough
    assert not (tmp_path / "cut" / "metrics.json").exists()
    resumed = run_atlas("demo", "--seed", "7", "--small", "--out", "cut", "--resume", **SHORT)
    assert resumed.returncode == 0, resumed.stderr
    assert f"resumed: {kept} episodes kept" in resumed.stderr
    _assert_equal(tmp_path / "cut", short)


def test_a_killed_run_leaves_no_worker_behind_and_can_be_resumed(
    short: Path, run_atlas: RunAtlas, start_atlas: StartAtlas, tmp_path: Path
) -> None:
    """Even the harshest end costs nothing that was finished."""
    process = start_atlas("demo", "--seed", "7", "--small", "--out", "cut", **SHORT)
    _wait_for(lambda: _lines(tmp_path / "cut") > 20, process)
    process.kill()
    process.communicate(timeout=60)
    _wait_for(lambda: not _group_is_alive(process.pid), process, ended=True)
    resumed = run_atlas("demo", "--seed", "7", "--small", "--out", "cut", "--resume", **SHORT)
    assert resumed.returncode == 0, resumed.stderr
    _assert_equal(tmp_path / "cut", short)


def test_an_interrupted_demo_starts_over_unless_it_is_resumed(short: Path, run_atlas: RunAtlas, tmp_path: Path) -> None:
    """Typing the same command again just works, and finished files of a run count for nothing without its end."""
    shutil.copytree(short, tmp_path / "cut")
    (tmp_path / "cut" / "metrics.json").unlink()
    done = run_atlas("demo", "--seed", "7", "--small", "--out", "cut", **SHORT)
    assert done.returncode == 0, done.stderr
    assert "resumed" not in done.stderr
    _assert_equal(tmp_path / "cut", short)


def test_a_finished_run_can_be_reported_and_its_playbooks_read(
    whole: Whole, run_warm: RunAtlas, tmp_path: Path
) -> None:
    """In every format; figures that do not follow from the log are refused with exit code 1."""
    folder = tmp_path / "run"
    shutil.copytree(whole[0], folder)
    (folder / "report.html").unlink()
    assert run_warm("report", "run").stdout == "run/report.html\n"
    assert (folder / "report.html").exists()
    assert run_warm("report", "run", "--format", "markdown").stdout.startswith("# demo")
    assert run_warm("report", "run", "--json").stdout == (folder / "metrics.json").read_text()
    listed = json.loads(run_warm("playbooks", "list", "run", "--company", "8", "--json").stdout)
    assert listed["company_seed"] == 8
    first = listed["playbooks"][0]
    shown = run_warm("playbooks", "show", "run", first["lesson_id"], "--company", "8").stdout
    assert shown.startswith(f"{first['kind']} {first['lesson_id']} ({first['state']}, level 2)\n")
    assert first["title"] in shown
    assert shown == first["text"] + "\n"
    assert json.loads(first["program"])
    log = (folder / "episodes.jsonl").read_text()
    (folder / "episodes.jsonl").write_text(log.replace('"strict":false', '"strict":true', 1))
    refused = run_warm("report", "run")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "does not follow from the log" in refused.stderr
    (folder / "memories" / "8.json").write_text('{"playbooks": []}')
    refused = run_warm("playbooks", "list", "run", "--company", "8")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"memories{os.sep}8.json: memory: missing key" in refused.stderr


def _assert_equal(folder: Path, other: Path) -> None:
    """A run's results, byte for byte."""
    for name in ("metrics.json", "episodes.jsonl", "traces.jsonl", "corpora.json"):
        assert (folder / name).read_bytes() == (other / name).read_bytes(), name


def _lines(folder: Path) -> int:
    """Number of finished episodes on disk."""
    log = folder / "episodes.jsonl"
    return log.read_bytes().count(b"\n") if log.exists() else 0


def _wait_for(happened: Callable[[], bool], process: subprocess.Popen[str], *, ended: bool = False) -> None:
    deadline = time.monotonic() + 120
    while not happened():
        assert time.monotonic() < deadline
        assert ended or process.poll() is None, process.communicate()[1]
        time.sleep(0.005)


def _group_is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
