"""Whole experiments on a toy exam: what is run, what is written, and what an interruption costs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from toy_exam import BrokenBench

from atlas.core.canonical import canonical_json
from atlas.core.clock import Clock
from atlas.core.errors import AtlasError, FrozenMemoryError, MisuseError
from atlas.evaluation.config import ExperimentConfig
from atlas.evaluation.experiment import load_run, recompute, run_experiment, write_report
from atlas.evaluation.records import Arm, EpisodeRecord, ExperimentMetrics, Phase
from atlas.evaluation.run_folder import RunFolder
from atlas.evaluation.units import Unit, plan_units, size_of

MakeConfig = Callable[..., ExperimentConfig]
MakeBench = Callable[..., Any]


def result(metrics: ExperimentMetrics, arm: Arm, split: str = "test_same", company: int | None = None) -> float:
    found = [one for one in metrics.arms if (one.arm, one.split, one.company_seed) == (arm, split, company)]
    assert len(found) == 1
    assert found[0].strict is not None
    return found[0].strict.point


def test_the_arms_differ_as_the_toy_world_says(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """Learning solves everything; every control stays at the floor, do-nothing below it."""
    config = make_config(corpus={"stream": 40, "test_same": 20})
    metrics = run_experiment(config, tmp_path / "run", bench=make_bench(config), clock=clock)
    floor = result(metrics, Arm.MEMORY_OFF)
    assert 0 < floor < 0.5
    assert result(metrics, Arm.LEARNED) == 1.0
    assert result(metrics, Arm.OUTCOME_ONLY) == floor
    assert result(metrics, Arm.WRONG_COMPANY) == floor
    assert result(metrics, Arm.SHUFFLED) == floor
    assert result(metrics, Arm.DO_NOTHING) == 0.0
    assert [claim.met for claim in metrics.claims] == [True, True, True]
    assert metrics.headline[1].startswith(
        "Met (gain): lower bound of learned minus memory off: expected more than +0.0"
    )


def test_arms_are_paired(tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock) -> None:
    """Every arm of a company worked on the same cases in the same order."""
    config = make_config()
    run_experiment(config, tmp_path, bench=make_bench(config), clock=clock)
    episodes = RunFolder(tmp_path).load_episodes()
    for split in ("stream", "test_same"):
        for seed in config.company_seeds:
            orders: dict[tuple[Phase, Arm], list[str]] = {}
            for episode in episodes:
                if (episode.split, episode.company_seed) == (split, seed):
                    orders.setdefault((episode.phase, episode.arm), []).append(episode.scenario_id)
            assert len({tuple(order) for order in orders.values()}) == 1
    assert len(episodes) == sum(size_of(unit, config) for unit in plan_units(config))


def test_adversity_is_the_same_for_every_arm(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """What makes the worlds hard is there in the stream and in the test, with memory and without."""
    config = make_config(adversity={"faults": {"rate": 0.5}, "hostile": {"notes": 3}})
    bench = make_bench(config)
    run_experiment(config, tmp_path, bench=bench, clock=clock)
    met = [adversity for exam in bench.exams.values() for adversity in exam.adversities]
    assert len(met) == len(RunFolder(tmp_path).load_episodes())
    assert set(map(canonical_json, met)) == {canonical_json(config.worlds)}


def test_a_stream_predicts_before_it_learns(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """The first case of each kind fails and is demonstrated; the memory named in a record is the one before it."""
    config = make_config(company_seeds=[1], corpus={"stream": 30, "test_same": 5})
    run_experiment(config, tmp_path, bench=make_bench(config), clock=clock)
    stream = [
        episode
        for episode in RunFolder(tmp_path).load_episodes()
        if (episode.phase, episode.arm) == (Phase.STREAM, Arm.LEARNED)
    ]
    seen: set[str] = {"0"}
    for before, after in zip(stream, [*stream[1:], None], strict=True):
        assert before.strict is (before.blueprint in seen)
        assert before.demonstrated is not before.strict
        assert before.reviewed
        seen.add(before.blueprint)
        if after is not None:
            assert (before.memory_hash == after.memory_hash) is before.strict


def test_a_frozen_test_never_changes_its_memory(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """All episodes of an arm have the memory with which the stream ended; its student raises when it is taught."""
    config = make_config()
    bench = make_bench(config)
    metrics = run_experiment(config, tmp_path, bench=bench, clock=clock)
    episodes = [entry for entry in RunFolder(tmp_path).load_episodes() if entry.phase is Phase.TEST]
    for seed in config.company_seeds:
        hashes = Counter(
            entry.memory_hash for entry in episodes if (entry.arm, entry.company_seed) == (Arm.LEARNED, seed)
        )
        final = [memory.content_hash for memory in metrics.memories if memory.company_seed == seed]
        assert list(hashes) == final
    assert not any(entry.reviewed or entry.demonstrated for entry in episodes)
    with pytest.raises(FrozenMemoryError):
        bench.pair.student(None, frozen=True).learn(None, None, None)


def test_the_wrong_company_is_the_next_one(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """Its reviews and demonstrations are counted, since they went into that memory."""
    config = make_config()
    metrics = run_experiment(config, tmp_path, bench=make_bench(config), clock=clock)
    by_arm = {(one.arm, one.company_seed): one for one in metrics.arms if one.split == "test_same"}
    assert by_arm[Arm.WRONG_COMPANY, 1].demonstrations == by_arm[Arm.LEARNED, 2].demonstrations
    assert by_arm[Arm.WRONG_COMPANY, 2].demonstrations == by_arm[Arm.LEARNED, 1].demonstrations
    assert by_arm[Arm.SHUFFLED, 1].demonstrations == by_arm[Arm.LEARNED, 1].demonstrations > 0
    assert by_arm[Arm.MEMORY_OFF, 1].reviews == by_arm[Arm.DO_NOTHING, 1].reviews == 0
    assert by_arm[Arm.OUTCOME_ONLY, 1].reviews == 12
    assert by_arm[Arm.OUTCOME_ONLY, 1].demonstrations == 0


def test_one_company_alone_has_no_wrong_one(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """The arm says why it has no result, and the hypothesis about it that it could not be checked."""
    config = make_config(company_seeds=[1])
    metrics = run_experiment(config, tmp_path, bench=make_bench(config), clock=clock)
    (wrong,) = [one for one in metrics.arms if one.arm is Arm.WRONG_COMPANY and one.company_seed is None]
    assert wrong.not_applicable == "needs the memory of a second company; this experiment has one"
    assert wrong.strict is None
    assert [claim.met for claim in metrics.claims] == [True, True, None]
    assert [sentence.partition(":")[0] for sentence in metrics.headline[1:]] == [
        "Met (gain)",
        "Met (floor)",
        "Not checked (company)",
    ]


def test_two_runs_give_the_same_bytes(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """Figures, episodes and traces are equal; times are elsewhere."""
    config = make_config()
    for name in ("a", "b"):
        run_experiment(config, tmp_path / name, bench=make_bench(config), clock=clock)
    for name in ("metrics.json", "episodes.jsonl", "traces.jsonl", "corpora.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert "wall_s" in (tmp_path / "a" / "timings.json").read_text()
    assert "wall_s" not in (tmp_path / "a" / "metrics.json").read_text()


@pytest.mark.parametrize("stop_after", [0, 1, 7, 12, 30, 33, 95, 120])
def test_an_interrupted_run_loses_nothing_and_ends_the_same(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock, stop_after: int
) -> None:
    """Finished episodes are on disk at once; resumed, the run gives the bytes of an uninterrupted one."""
    config = make_config()
    run_experiment(config, tmp_path / "whole", bench=make_bench(config), clock=clock)
    with pytest.raises(KeyboardInterrupt):
        run_experiment(config, tmp_path / "cut", bench=make_bench(config, stop_after=stop_after), clock=clock)
    folder = RunFolder(tmp_path / "cut")
    assert len(folder.load_episodes()) == stop_after
    assert not folder.finished
    again = make_bench(config)
    run_experiment(config, folder.path, bench=again, resume=True, clock=clock)
    for name in ("metrics.json", "episodes.jsonl", "traces.jsonl"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    total = sum(size_of(unit, config) for unit in plan_units(config))
    assert total - stop_after <= again.episodes < total - stop_after + config.window
    assert not (folder.path / "checkpoints").exists()


def test_a_run_can_be_interrupted_again_and_again(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """Eleven episodes at a time, longer than a window so that there is progress, until it is finished."""
    config = make_config()
    run_experiment(config, tmp_path / "whole", bench=make_bench(config), clock=clock)
    for attempt in range(40):
        try:
            run_experiment(
                config, tmp_path / "cut", bench=make_bench(config, stop_after=11), resume=attempt > 0, clock=clock
            )
            break
        except KeyboardInterrupt:
            continue
    assert (tmp_path / "cut" / "metrics.json").read_bytes() == (tmp_path / "whole" / "metrics.json").read_bytes()


def test_a_torn_last_line_costs_one_episode(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """What a killed process left unfinished is run again."""
    config = make_config()
    run_experiment(config, tmp_path / "whole", bench=make_bench(config), clock=clock)
    with pytest.raises(KeyboardInterrupt):
        run_experiment(config, tmp_path / "cut", bench=make_bench(config, stop_after=9), clock=clock)
    log = tmp_path / "cut" / "episodes.jsonl"
    log.write_bytes(log.read_bytes()[:-20])
    run_experiment(config, tmp_path / "cut", bench=make_bench(config), resume=True, clock=clock)
    assert (tmp_path / "cut" / "metrics.json").read_bytes() == (tmp_path / "whole" / "metrics.json").read_bytes()


def test_a_log_that_does_not_come_out_again_is_refused(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """A stream episode that is run again to build its memory has to be the one in the log."""
    config = make_config()
    with pytest.raises(KeyboardInterrupt):
        run_experiment(config, tmp_path, bench=make_bench(config, stop_after=3), clock=clock)
    log = tmp_path / "episodes.jsonl"
    log.write_text(log.read_text().replace('"calls":0', '"calls":5', 1))
    with pytest.raises(AtlasError, match="came out differently when it was run again"):
        run_experiment(config, tmp_path, bench=make_bench(config), resume=True, clock=clock)


def test_a_corpus_that_has_changed_is_refused(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """Half a run with one generator and half with another is no run."""
    config = make_config()
    with pytest.raises(KeyboardInterrupt):
        run_experiment(config, tmp_path, bench=make_bench(config, stop_after=3), clock=clock)
    with pytest.raises(AtlasError, match="the generator has changed"):
        run_experiment(config, tmp_path, bench=make_bench(config, version="2"), resume=True, clock=clock)


def test_a_run_is_not_finished_by_another_student(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """What the student is made of is noted when a run begins, and stands in its figures; half of another is no run."""
    config = make_config()
    with pytest.raises(KeyboardInterrupt):
        run_experiment(config, tmp_path, bench=make_bench(config, stop_after=3), clock=clock)
    folder = RunFolder(tmp_path)
    begun = folder.load_agents()
    assert begun is not None
    folder.save_agents(replace(begun, sources="made of wood"))
    with pytest.raises(AtlasError, match=r"the agents in .* are not those that this run began with"):
        run_experiment(config, tmp_path, bench=make_bench(config), resume=True, clock=clock)
    folder.save_agents(begun)
    metrics = run_experiment(config, tmp_path, bench=make_bench(config), resume=True, clock=clock)
    assert metrics.learner == begun.sources == "made of toys"


def test_a_log_that_was_changed_by_hand_is_refused(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """An episode was taken out of the middle."""
    config = make_config()
    with pytest.raises(KeyboardInterrupt):
        run_experiment(config, tmp_path, bench=make_bench(config, stop_after=5), clock=clock)
    log = tmp_path / "episodes.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join([*lines[:1], *lines[2:]]))
    with pytest.raises(AtlasError, match="not the next one of this run"):
        run_experiment(config, tmp_path, bench=make_bench(config), resume=True, clock=clock)


def test_figures_can_be_computed_again_from_the_log(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """The same figures; and none that the log does not support."""
    config = make_config()
    bench = make_bench(config)
    metrics = run_experiment(config, tmp_path, bench=bench, clock=clock)
    folder = RunFolder(tmp_path)
    assert canonical_json(recompute(folder, bench)) == canonical_json(metrics)
    folder.report_path.unlink()
    write_report(folder, bench, metrics)
    assert "toy" in folder.report_path.read_text()
    claimed = folder.metrics_path.read_text()
    folder.metrics_path.write_text(claimed.replace('"point":1.0', '"point":0.9', 1))
    with pytest.raises(AtlasError, match="does not follow from the log"):
        recompute(folder, bench)


def test_an_unfinished_run_has_no_figures(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """The message says how to finish it."""
    config = make_config()
    with pytest.raises(KeyboardInterrupt):
        run_experiment(config, tmp_path, bench=make_bench(config, stop_after=5), clock=clock)
    with pytest.raises(AtlasError, match=r"5 of 192 episodes; finish it with: atlas experiment run .* --resume"):
        load_run(RunFolder(tmp_path), make_bench(config))


def test_a_corpus_of_the_wrong_size_is_refused(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """Figures over fewer cases than promised would be another experiment."""
    config = make_config()
    larger = make_config(corpus={"stream": 13, "test_same": 10})
    with pytest.raises(AtlasError, match="company 1 holds 12 stream cases; 13 were asked for"):
        run_experiment(larger, tmp_path, bench=make_bench(config), clock=clock)


class Watcher:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def started(self, config: ExperimentConfig, kept: Sequence[EpisodeRecord]) -> None:
        self.told.append(f"started {config.name}, {len(kept)} kept")

    def episode_finished(self, episode: EpisodeRecord) -> None:
        self.told.append(f"episode of {episode.phase.value}")

    def unit_finished(self, unit: Unit) -> None:
        self.told.append(unit.label)

    def finished(self) -> None:
        self.told.append("finished")


def test_a_watcher_is_told_everything_once(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """Also across an interruption: kept episodes at the start, the others as they end."""
    config = make_config()
    first, second = Watcher(), Watcher()
    with pytest.raises(KeyboardInterrupt):
        run_experiment(config, tmp_path, bench=make_bench(config, stop_after=7), observer=first, clock=clock)
    run_experiment(config, tmp_path, bench=make_bench(config), observer=second, resume=True, clock=clock)
    assert first.told == ["started toy, 0 kept", *["episode of stream"] * 7]
    counts = Counter(second.told)
    assert second.told[0] == "started toy, 7 kept"
    assert second.told[-1] == "finished"
    assert sum(count for told, count in counts.items() if told.startswith("episode")) == 192 - 7
    assert {unit.label for unit in plan_units(config)} <= set(counts)


def test_traces_hold_every_failure_of_the_learned_arm(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """And the worst cases of the figures have one."""
    config = make_config(corpus={"stream": 2, "test_same": 20})
    metrics = run_experiment(config, tmp_path, bench=make_bench(config), clock=clock)
    folder = RunFolder(tmp_path)
    failed = {
        (entry.company_seed, entry.scenario_id)
        for entry in folder.load_episodes()
        if entry.phase is Phase.TEST and entry.arm is Arm.LEARNED and not entry.strict
    }
    traced = {(trace.company_seed, trace.scenario_id): trace for trace in folder.load_traces()}
    assert failed
    assert failed <= set(traced)
    worst = metrics.worst_cases[0]
    assert worst.user == traced[worst.company_seed, worst.scenario_id].turns[0].user


def test_every_key_of_the_configuration_has_a_reader(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No key is there for show: running and building the embedded bench read all of them."""
    from atlas.evaluation import config as module  # noqa: PLC0415 - patched below
    from atlas.evaluation.embedded import EmbeddedBench  # noqa: PLC0415 - imports the whole exam

    config = make_config(arms=list(Arm))
    read: set[str] = set()

    def spy(section: object, name: str) -> object:
        if name in getattr(type(section), "model_fields", ()):
            read.add(f"{type(section).__name__}.{name}")
        return super(module.Section, cast("module.Section", section)).__getattribute__(name)

    with monkeypatch.context() as patch:
        patch.setattr(module.Section, "__getattribute__", spy, raising=False)
        run_experiment(config, tmp_path, bench=make_bench(config), clock=clock)
        _read_corpus_options(EmbeddedBench, config)
    sections = (
        module.ExperimentConfig,
        module.CorpusOptions,
        module.Execution,
        module.Preregistration,
        module.DifferenceTarget,
        module.LevelTarget,
        module.GainShareTarget,
    )
    every = {f"{section.__name__}.{key}" for section in sections for key in section.model_fields}
    hashed_only = {"Preregistration.stopping"}  # words for readers, covered by the preregistration hash
    assert every - read == hashed_only


def _read_corpus_options(bench: Callable[..., Any], config: ExperimentConfig) -> None:
    small = config.model_copy(update={"corpus": config.corpus.model_copy(update={"stream": 20, "test_same": 20})})
    bench(small.corpus).open_exam(7)


@pytest.mark.parametrize(
    ("existing", "options", "message"),
    [
        ("other", {}, r"another configuration; name another folder with --out, or pass --force"),
        ("other", {"resume": True}, "another configuration"),
        ("interrupted", {}, r"interrupted run with 5 finished episodes; pass --resume"),
        ("interrupted", {"resume": True, "start_over": True}, "give one of the two"),
        ("none", {"resume": True}, "no run to resume"),
        ("files", {}, "other files and no run"),
        ("files", {"start_over": True}, "other files and no run"),
        ("file", {}, "is a file"),
    ],
)
def test_a_folder_that_holds_something_else_is_left_alone(  # noqa: PLR0917 - fixtures and a table
    tmp_path: Path,
    make_config: MakeConfig,
    make_bench: MakeBench,
    clock: Clock,
    existing: str,
    options: dict[str, bool],
    message: str,
) -> None:
    """Misuse is told, and not a byte changes."""
    config = make_config()
    run_dir = tmp_path / "run"
    if existing == "other":
        other = make_config(company_seeds=[3, 4])
        run_experiment(other, run_dir, bench=make_bench(other), clock=clock)
    elif existing == "interrupted":
        with pytest.raises(KeyboardInterrupt):
            run_experiment(config, run_dir, bench=make_bench(config, stop_after=5), clock=clock)
    elif existing == "files":
        run_dir.mkdir()
        (run_dir / "thesis.txt").write_text("years of work")
    elif existing == "file":
        run_dir.write_text("a file")
    before = _content(tmp_path)
    with pytest.raises(MisuseError, match=message):
        run_experiment(
            config,
            run_dir,
            bench=make_bench(config),
            clock=clock,
            resume=options.get("resume", False),
            start_over=options.get("start_over", False),
        )
    assert _content(tmp_path) == before


@pytest.mark.parametrize("existing", ["same", "other", "interrupted"])
def test_a_run_that_may_be_replaced_is_replaced_whole(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock, existing: str
) -> None:
    """A finished run of the same configuration always, anything else that is a run by starting over."""
    config = make_config()
    run_experiment(config, tmp_path / "fresh", bench=make_bench(config), clock=clock)
    run_dir = tmp_path / "run"
    if existing == "interrupted":
        with pytest.raises(KeyboardInterrupt):
            run_experiment(config, run_dir, bench=make_bench(config, stop_after=50), clock=clock)
    else:
        old = config if existing == "same" else make_config(company_seeds=[3, 4, 5])
        run_experiment(old, run_dir, bench=make_bench(old), clock=clock)
    run_experiment(config, run_dir, bench=make_bench(config), clock=clock, start_over=existing != "same")
    names = {path.relative_to(run_dir) for path in run_dir.rglob("*")}
    assert names == {path.relative_to(tmp_path / "fresh") for path in (tmp_path / "fresh").rglob("*")}
    assert (run_dir / "metrics.json").read_bytes() == (tmp_path / "fresh" / "metrics.json").read_bytes()


def test_a_run_is_replaced_only_once_the_new_one_has_a_corpus(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """Until then, nothing of it is touched, whatever goes wrong."""
    old, new = make_config(company_seeds=[3, 4]), make_config()
    run_experiment(old, tmp_path / "run", bench=make_bench(old), clock=clock)
    before = _content(tmp_path)
    with pytest.raises(MisuseError, match="the caller did it"):
        run_experiment(new, tmp_path / "run", bench=BrokenBench(new, "misuse"), clock=clock, start_over=True)
    assert _content(tmp_path) == before
    with pytest.raises(KeyboardInterrupt):
        run_experiment(new, tmp_path / "run", bench=make_bench(new, stop_after=0), clock=clock, start_over=True)
    assert not RunFolder(tmp_path / "run").finished
    metrics = run_experiment(new, tmp_path / "run", bench=make_bench(new), clock=clock, resume=True)
    assert metrics.company_seeds == (1, 2)


def test_an_attempt_that_came_to_nothing_is_in_nobodys_way(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """It can be resumed, and a mended configuration runs in the same folder without being forced."""
    wrong, mended = make_config(company_seeds=[3, 4]), make_config()
    for folder in ("resumed", "mended"):
        with pytest.raises(MisuseError, match="the caller did it"):
            run_experiment(wrong, tmp_path / folder, bench=BrokenBench(wrong, "misuse"), clock=clock)
    run_experiment(wrong, tmp_path / "resumed", bench=make_bench(wrong), clock=clock, resume=True)
    metrics = run_experiment(mended, tmp_path / "mended", bench=make_bench(mended), clock=clock)
    assert metrics.company_seeds == (1, 2)


def test_resuming_a_finished_run_changes_nothing(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """It gives the figures again, with other workers too, and writes the report where that was removed."""
    config = make_config(arms=list(Arm))
    metrics = run_experiment(config, tmp_path / "run", bench=make_bench(config), clock=clock)
    before = _content(tmp_path)
    busy, watcher = make_config(arms=list(Arm), execution={"workers": 2}), Watcher()
    bench = make_bench(busy)
    again = run_experiment(busy, tmp_path / "run", bench=bench, resume=True, observer=watcher, clock=clock)
    assert (again, bench.episodes) == (metrics, 0)
    assert watcher.told == [f"started toy, {len(RunFolder(tmp_path / 'run').load_episodes())} kept", "finished"]
    assert _content(tmp_path) == before
    (tmp_path / "run" / "report.html").unlink()
    run_experiment(config, tmp_path / "run", bench=make_bench(config), resume=True, clock=clock)
    assert _content(tmp_path) == before


def test_figures_that_are_missing_are_told(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """With the command that writes them, fit to be pasted."""
    config = make_config()
    run_experiment(config, tmp_path / "a run", bench=make_bench(config), clock=clock)
    folder = RunFolder(tmp_path / "a run")
    before = folder.metrics_path.read_bytes()
    folder.metrics_path.unlink()
    with pytest.raises(
        AtlasError, match=r"metrics\.json is missing.*run '.*/a run/config\.json' --out '.*/a run' --resume"
    ):
        recompute(folder, make_bench(config))
    run_experiment(config, folder.path, bench=make_bench(config), resume=True, clock=clock)
    assert folder.metrics_path.read_bytes() == before


def test_the_configuration_of_a_run_runs_again(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """config.json is an experiment file."""
    config = make_config()
    run_experiment(config, tmp_path, bench=make_bench(config), clock=clock)
    assert RunFolder(tmp_path).load_config() == config
    assert json.loads((tmp_path / "config.json").read_text())["company_seeds"] == [1, 2]


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_compiled_arm_brings_its_memory_and_how_far_it_went(
    tmp_path: Path, make_config: MakeConfig, make_bench: MakeBench, clock: Clock
) -> None:
    """It solves everything, its memory is kept, and the families say what the language explains of them."""
    config = make_config(corpus={"stream": 12, "test_same": 10, "compiled": 8}, arms=list(Arm))
    metrics = run_experiment(config, tmp_path, bench=make_bench(config), clock=clock)
    assert result(metrics, Arm.COMPILED) == 1.0
    folder = RunFolder(tmp_path)
    assert folder.load_memory(Unit(1, Phase.TEST, Arm.COMPILED)) is not None
    assert sum(one.cases for one in folder.load_coverage()) == 2 * 8
    assert [(one.family, one.expressible) for one in metrics.families] == [("family 0", True), ("family 1", False)]
    pooled = next(one for one in metrics.arms if one.arm is Arm.COMPILED and one.company_seed is None)
    assert (pooled.reviews, pooled.demonstrations) == (0, 16)
    assert recompute(folder, make_bench(config)) == metrics
