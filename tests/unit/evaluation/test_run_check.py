"""Promises about a run whose files do not agree: it is refused with what is wrong, and nothing is written beside it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from atlas.core.clock import Clock
from atlas.core.errors import AtlasError
from atlas.evaluation.config import ExperimentConfig
from atlas.evaluation.experiment import recompute, run_experiment
from atlas.evaluation.records import Arm
from atlas.evaluation.run_folder import RunFolder

MakeConfig = Callable[..., ExperimentConfig]
MakeBench = Callable[..., Any]
Damage: TypeAlias = Callable[[Path], object]


def lost(name: str) -> Damage:
    return lambda run: (run / name).unlink()


def halved(name: str) -> Damage:
    def damage(run: Path) -> None:
        lines = (run / name).read_text().splitlines(keepends=True)
        (run / name).write_text("".join(lines[: len(lines) // 2]))

    return damage


def edited(name: str, pattern: str, text: str, *, line: int | None = None) -> Damage:
    """Replace the first match in the file, or in one of its lines."""

    def damage(run: Path) -> None:
        lines = (run / name).read_text().splitlines(keepends=True)
        place = 0 if line is None else line - 1
        lines[place], count = re.subn(pattern, lambda _: text, lines[place], count=1)
        assert count == 1
        (run / name).write_text("".join(lines))

    return damage


def begun_with(name: str, line: bytes) -> Damage:
    return lambda run: (run / name).write_bytes(line + b"\n" + (run / name).read_bytes())


def replaced_by_folder(name: str) -> Damage:
    def damage(run: Path) -> None:
        (run / name).unlink()
        (run / name).mkdir()

    return damage


DAMAGES: dict[str, tuple[Damage, int, str]] = {
    "coverage-lost": (lost("coverage.json"), 1, r"coverage\.json says nothing of company 1, or is missing"),
    "success-flipped": (edited("episodes.jsonl", '"strict":false', '"strict":true'), 1, "does not follow from the log"),
    "corpus-hash-edited": (
        edited("corpora.json", '"content_hash":"....', '"content_hash":"0000'),
        1,
        "does not follow",
    ),
    "traces-lost": (
        lost("traces.jsonl"),
        1,
        r"traces\.jsonl lacks (\d+) of \1 episodes, the first of them episode 0 of 1-",
    ),
    "traces-halved": (halved("traces.jsonl"), 1, r"traces\.jsonl lacks \d+ of \d+ episodes"),
    "trace-edited": (
        edited("traces.jsonl", '"score":[01.]+', '"score":0.5'),
        1,
        r"traces\.jsonl and episodes\.jsonl do not",
    ),
    "outcomes-lost": (lost("outcomes.jsonl"), 1, r"outcomes\.jsonl lacks 212 of 212 episodes"),
    "outcomes-halved": (halved("outcomes.jsonl"), 1, r"outcomes\.jsonl lacks 106 of 212 episodes"),
    "outcome-of-another-case": (
        edited("outcomes.jsonl", '"scenario_id":"[^"]*"', '"scenario_id":"x"', line=3),
        1,
        r"outcomes\.jsonl and episodes\.jsonl do not say the same of episode 2 of 1-baseline-memory_off",
    ),
    "episodes-halved": (
        halved("episodes.jsonl"),
        1,
        r"a finished run, with only 106 of 212 episodes in episodes\.jsonl",
    ),
    "episodes-emptied": (lambda run: (run / "episodes.jsonl").write_text(""), 1, "only 0 of 212 episodes"),
    "memory-lost": (lost("memories/1.json"), 1, r"a finished run, with .*memories/1\.json missing"),
    "compiled-memory-lost": (lost("memories/2-compiled.json"), 1, r"memories/2-compiled\.json is missing"),
    "memory-of-another-company": (
        lambda run: shutil.copy(run / "memories" / "2.json", run / "memories" / "1.json"),
        1,
        r"memories/1\.json is not the memory that the episodes of 1-test-learned had",
    ),
    "memory-torn": (
        lambda run: (run / "memories" / "1.json").write_text('{"a'),
        2,
        r"memories/1\.json: not valid JSON",
    ),
    "corpora-lost": (lost("corpora.json"), 2, r"corpora\.json does not name the corpus of company 1, or is missing"),
    "corpora-emptied": (
        lambda run: (run / "corpora.json").write_text("[]"),
        2,
        r"corpora\.json does not name the corpus",
    ),
    "corpora-a-folder": (replaced_by_folder("corpora.json"), 2, r"cannot read .*corpora\.json: Is a directory"),
    "corpora-of-another-company": (
        edited("corpora.json", '"company_seed":1', '"company_seed":9'),
        2,
        r"corpora\.json does not name the corpus of company 1",
    ),
    "corpora-with-another-company": (
        edited("corpora.json", r"^\[", '[{"company_seed":9,"content_hash":"x","generator_version":"1"},'),
        2,
        r"corpora\.json names the corpus of company 9, which is not in this run",
    ),
    "episode-of-another-case": (
        edited("episodes.jsonl", '"scenario_id":"[^"]*"', '"scenario_id":"x"', line=30),
        2,
        r"episodes\.jsonl:30: scenario_id 'x' is not '1-stream-\d+', the case that another arm had",
    ),
    "score-is-no-number": (
        edited("episodes.jsonl", '"score":[01.]+', '"score":NaN', line=4),
        2,
        r"jsonl:4: score: .*nan",
    ),
    "score-is-infinite": (edited("episodes.jsonl", '"score":[01.]+', '"score":1e999'), 2, r"jsonl:1: score: .*inf"),
    **{
        f"{name}-{what}": (begun_with(f"{name}.jsonl", line), 2, rf"{name}\.jsonl:1: {message}")
        for name in ("episodes", "traces", "outcomes")
        for what, line, message in (
            ("binary", b"\xff\xfe\x00", "not UTF-8 text: byte 0"),
            ("deep", 3000 * b"[" + 3000 * b"]", "cannot be read: it is nested too deep"),
            (
                "fairly-deep",
                320 * b"[" + 320 * b"]",
                "(cannot be read: it is nested too deep|value: Invalid JSON: recursion limit)",
            ),
            ("huge-number", b'{"position":' + 5000 * b"9" + b"}", "cannot be read: .* too many digits"),
        )
    },
}


@pytest.fixture
def run(tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock) -> tuple[RunFolder, Any]:
    """A finished run of every arm, and its bench."""
    config = make_config(arms=list(Arm), corpus={"stream": 12, "test_same": 10, "compiled": 8})
    bench = make_bench(config)
    run_experiment(config, tmp_path / "run", bench=bench, clock=clock)
    return RunFolder(tmp_path / "run"), bench


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(("damage", "exit_code", "message"), list(DAMAGES.values()), ids=list(DAMAGES))
def test_a_finished_run_that_was_damaged_is_neither_reported_nor_resumed(
    run: tuple[RunFolder, Any], clock: Clock, damage: Damage, exit_code: int, message: str
) -> None:
    """The file and what is wrong with it are named, and not a byte changes."""
    folder, bench = run
    config = folder.load_config()
    damage(folder.path)
    before = _content(folder.path)
    with pytest.raises(AtlasError, match=message) as reported:
        recompute(folder, bench)
    with pytest.raises(AtlasError, match=message) as resumed:
        run_experiment(config, folder.path, bench=bench, resume=True, clock=clock)
    assert (reported.value.exit_code, resumed.value.exit_code) == (exit_code, exit_code)
    assert _content(folder.path) == before


@pytest.mark.parametrize("name", ["outcomes.jsonl", "traces.jsonl", "corpora.json"])
def test_an_interrupted_run_that_was_damaged_is_refused_before_the_work(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock, name: str
) -> None:
    """What finished episodes left would be missing at the end."""
    config = make_config()
    with pytest.raises(KeyboardInterrupt):
        run_experiment(config, tmp_path, bench=make_bench(config, stop_after=100), clock=clock)
    (tmp_path / name).unlink()
    before, bench = _content(tmp_path), make_bench(config)
    with pytest.raises(AtlasError, match=re.escape(name)):
        run_experiment(config, tmp_path, bench=bench, resume=True, clock=clock)
    assert (_content(tmp_path), bench.episodes) == (before, 0)


def test_a_line_that_ends_within_a_character_is_left_by_a_killed_process(
    run: tuple[RunFolder, Any],
) -> None:
    """It counts as unwritten."""
    folder, _ = run
    episodes = folder.load_episodes()
    with (folder.path / "episodes.jsonl").open("ab") as file:
        file.write(b'{"scenario_id":"\xc3')
    assert folder.load_episodes() == episodes
