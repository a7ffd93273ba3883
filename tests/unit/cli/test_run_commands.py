"""``atlas experiment`` and ``atlas report`` on stored runs: what they refuse, and where they write."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from atlas.cli import experiment, running
from atlas.cli.report import report
from atlas.core.errors import AtlasError, MisuseError

RunCommand = Callable[..., Result]

CONFIG = """name: tiny
company_seeds: [3]
corpus: {stream: 6, test_same: 5, records: 200}
arms: [memory_off, learned]
execution: {workers: 1}
"""


def _app() -> typer.Typer:
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.add_typer(experiment.app, name="experiment")
    app.command("report")(report)
    return app


APP = _app()


def _invoke(*arguments: str) -> Result:
    return CliRunner().invoke(APP, list(arguments))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run."""
    home = tmp_path_factory.mktemp("finished")
    (home / "tiny.yaml").write_text(CONFIG)
    done = _invoke("experiment", "run", str(home / "tiny.yaml"), "--out", str(home / "run"))
    assert done.exception is None
    return home / "run"


@pytest.fixture
def run(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunCommand:
    """Run a command in a folder that holds two copies of the run, ``a`` and ``b c``."""
    for name in ("a", "b c"):
        shutil.copytree(finished, tmp_path / name)
    (tmp_path / "tiny.yaml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    return _invoke


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("regrade", "a", "--out", "a/outcomes.jsonl", "--force"), "is inside the run a, which is not changed"),
        (("regrade", "a", "--out", "b c/../a/new.jsonl"), "is inside the run a, which is not changed"),
        (("regrade", "a", "--out", "b c"), "b c is a folder; name a file for --out"),
        (("regrade", "a", "--out", "b c", "--force"), "b c is a folder; name a file for --out"),
        (("regrade", "a", "--out", "tiny.yaml"), "tiny.yaml is there already; pass --force to replace it"),
        (("run", "tiny.yaml", "--out", "a", "--resume", "--force"), "give one of the two"),
    ],
    ids=["file-of-the-run", "file-in-the-run", "folder", "folder-by-force", "file", "resume-and-force"],
)
def test_nothing_is_written_where_something_would_be_lost(
    run: RunCommand, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    """The message says what to do, and not a byte changes."""
    before = _content(tmp_path)
    done = run("experiment", *arguments)
    assert isinstance(done.exception, MisuseError)
    assert message in str(done.exception)
    assert _content(tmp_path) == before


def test_new_scores_go_to_a_file_elsewhere(run: RunCommand, tmp_path: Path) -> None:
    """A success that was put into the log by hand is counted and mended."""
    log = tmp_path / "a" / "episodes.jsonl"
    honest = log.read_text()
    log.write_text(honest.replace('"strict":false', '"strict":true', 1))
    done = run("experiment", "regrade", "a", "--out", "again.jsonl")
    assert "episodes graded again, 0 of them with another score\n1 more keep their score, but not " in done.stdout
    assert sorted((tmp_path / "again.jsonl").read_text().splitlines()) == sorted(honest.splitlines())


def test_json_of_several_runs_is_one_array(run: RunCommand, tmp_path: Path) -> None:
    """In the order in which they were named; of one run, it is its metrics.json."""
    figures = (tmp_path / "a" / "metrics.json").read_text()
    for options in (("--json",), ("--format", "json")):
        assert run("report", "a", *options).stdout == figures
        several = json.loads(run("report", "a", "b c", *options).stdout)
        assert several == [json.loads(figures)] * 2


def test_a_run_is_reported_once(run: RunCommand) -> None:
    """Also where it goes by two names."""
    for again in ("a", "b c/../a"):
        done = run("report", "a", again, "--json")
        assert isinstance(done.exception, MisuseError)
        assert "is given twice; name each folder once" in str(done.exception)
        assert done.stdout == ""


@pytest.mark.parametrize("options", [(), ("--format", "markdown"), ("--json",)], ids=["html", "markdown", "json"])
def test_figures_that_are_missing_are_not_reported(run: RunCommand, tmp_path: Path, options: tuple[str, ...]) -> None:
    """In no format; nothing is said to agree with the log."""
    (tmp_path / "b c" / "metrics.json").unlink()
    before = _content(tmp_path)
    done = run("report", "b c", *options)
    assert isinstance(done.exception, AtlasError)
    assert done.exception.exit_code == 1
    assert "b c/metrics.json is missing" in str(done.exception)
    assert "atlas experiment run 'b c/config.json' --out 'b c' --resume" in str(done.exception)
    assert (done.stdout, _content(tmp_path)) == ("", before)


def test_a_damaged_memory_is_named(run: RunCommand, tmp_path: Path) -> None:
    """Its file, also where what it holds is JSON."""
    for text, message in (("{", "a/memories/3.json: not valid JSON"), ("{}", "a/memories/3.json: memory: missing key")):
        (tmp_path / "a" / "memories" / "3.json").write_text(text)
        done = run("report", "a")
        assert isinstance(done.exception, MisuseError)
        assert str(done.exception).startswith(message)


def test_the_command_that_continues_a_run_can_be_pasted(
    run: RunCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names with spaces are quoted."""
    shutil.copy(tmp_path / "tiny.yaml", tmp_path / "sp ace.yaml")
    monkeypatch.setattr(running, "run_experiment", _interrupt)
    done = run("experiment", "run", "sp ace.yaml", "--seed", "4", "--out", "new folder")
    command = str(done.exception).partition("continue with: ")[2]
    assert shlex.split(command) == [
        *("atlas", "experiment", "run", "sp ace.yaml", "--seed", "4", "--out", "new folder", "--resume")
    ]


def _interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
