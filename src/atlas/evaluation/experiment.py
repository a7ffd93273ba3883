"""Runs an experiment: every unit of its plan, everything logged as it happens, then figures and report.

Interrupting it loses nothing: finished episodes are on disk, and a resumed run ends with the same ``metrics.json``,
byte for byte, as one that was never interrupted. A stream resumes from its last saved memory (one per window); see
``atlas.evaluation.board``.
"""

from __future__ import annotations

import itertools
import os
import platform
import shlex
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import assert_never

from atlas import __version__
from atlas.core.canonical import canonical_json
from atlas.core.clock import Clock, SystemClock
from atlas.core.errors import AtlasError
from atlas.evaluation.bench import Bench, ExamFacts, MemoryFacts
from atlas.evaluation.board import Board
from atlas.evaluation.config import ExperimentConfig
from atlas.evaluation.executor import build_executor
from atlas.evaluation.metrics import RunLog, compute_metrics
from atlas.evaluation.observer import Observer, SilentObserver
from atlas.evaluation.records import (
    AgentFacts,
    Arm,
    EpisodeOutcome,
    ExperimentMetrics,
    MemorySummary,
    Phase,
    Timings,
    UnitTiming,
)
from atlas.evaluation.report import PlaybookPage, render_report
from atlas.evaluation.run_check import check_corpora, check_log, check_memories
from atlas.evaluation.run_folder import MEND, RunFolder, RunSinks, sort_key
from atlas.evaluation.units import (
    CorpusOpened,
    EpisodeDone,
    MemoryCompiled,
    MemorySaved,
    Message,
    Unit,
    UnitDone,
    plan_units,
)
from atlas.settings.parsing import read_text
from atlas.telemetry.files import write_atomically


def run_experiment(
    config: ExperimentConfig,
    run_dir: Path,
    *,
    bench: Bench,
    observer: Observer | None = None,
    resume: bool = False,
    start_over: bool = False,
    clock: Clock | None = None,
) -> ExperimentMetrics:
    """Run an experiment in a folder and return its figures, which are then also in its ``metrics.json``.

    Args:
        config: What is run.
        run_dir: Where everything is written; see ``atlas.evaluation.run_folder`` for the files.
        bench: The exams and agents.
        observer: Who watches.
        resume: Keep the finished episodes of an interrupted run of the same configuration; a finished one is checked
            and left as it is.
        start_over: Replace whatever run is in the folder, as soon as the first corpus of this one is at hand.
        clock: For the timings only.

    Raises:
        MisuseError: the folder holds something else; nothing was touched.
        AtlasError: the corpus or an episode came out differently than in the run that is resumed, or its files do not
            agree with each other.
    """
    folder = RunFolder(run_dir)
    folder.prepare(config, resume=resume, start_over=start_over)
    observer = observer or SilentObserver()
    if resume and folder.finished:
        return _confirm(config, folder, bench, observer)
    session = _Session(config, folder, bench, observer, resume=resume, clock=clock or SystemClock())
    session.run()
    return session.finish()


def _confirm(config: ExperimentConfig, folder: RunFolder, bench: Bench, observer: Observer) -> ExperimentMetrics:
    """Return the figures of a run that is finished already; what agrees is left as it is, what does not is refused."""
    metrics = recompute(folder, bench)
    observer.started(config, folder.load_episodes())
    observer.finished()
    if not folder.report_path.exists():
        write_report(folder, bench, metrics)
    return metrics


def recompute(folder: RunFolder, bench: Bench) -> ExperimentMetrics:
    """Return the figures of a finished run, computed again from its log.

    Raises:
        AtlasError: the run is not finished, its files do not agree with each other, or its ``metrics.json`` does not
            follow from its log.
        InputFileError: a file of the run is missing or malformed.
    """
    metrics = compute_metrics(load_run(folder, bench))
    if not folder.finished:
        raise AtlasError(
            f"{folder.metrics_path} is missing, so that nothing tells whether the log is as the run left it; to write "
            f"figures that follow from it: {resume_command(folder)}"
        )
    if read_text(folder.metrics_path) != canonical_json(metrics) + "\n":
        raise AtlasError(
            f"{folder.metrics_path} does not follow from the log beside it: one of them was changed, or it was written "
            "by another version of Atlas"
        )
    return metrics


def write_report(folder: RunFolder, bench: Bench, metrics: ExperimentMetrics) -> None:
    """Write the report of a finished run again."""
    write_atomically(folder.report_path, _render(folder, bench, metrics, folder.load_timings()))


def load_run(folder: RunFolder, bench: Bench) -> RunLog:
    """Return the log of a finished run.

    Raises:
        AtlasError: the run was not carried to its end, or its files do not agree with each other.
        InputFileError: a file of it is missing or malformed.
    """
    config = folder.load_config()
    board = load_board(folder, config)
    if board.unfinished:
        raise AtlasError(describe_unfinished(folder, board))
    check_log(folder, config, board.episodes)
    memories = check_memories(folder, config, board.episodes, bench)
    corpora = check_corpora(folder, config, config.company_seeds)
    return RunLog(
        config=config,
        offline=bench.offline,
        agents=folder.load_agents() or AgentFacts(bench.pair.names, ""),
        corpora=tuple(corpora[seed] for seed in config.company_seeds),
        episodes=board.episodes,
        traces=tuple({sort_key(trace): trace for trace in folder.load_traces()}.values()),
        memories=tuple(_summarize(unit, facts) for unit, facts in memories.items() if unit.arm is Arm.LEARNED),
        coverage=folder.load_coverage(),
    )


def describe_unfinished(folder: RunFolder, board: Board) -> str:
    """Return what is missing from a run that is not finished, or that lost what it had, and what to do."""
    held = f"{len(board.episodes)} of {board.total} episodes"
    if not folder.finished:
        return f"{folder.path} holds an unfinished run with {held}; finish it with: {resume_command(folder)}"
    streams = [unit for unit in plan_units(folder.load_config()) if unit.learns and board.memory(unit) is None]
    lost = [str(folder.memory_path(unit)) for unit in streams]
    what = f"{', '.join(lost)} missing" if lost else f"only {held} in episodes.jsonl"
    return f"{folder.path} holds the figures of a finished run, with {what}; the run is damaged: {MEND}"


def resume_command(folder: RunFolder) -> str:
    """Return the command that carries a run to its end, as it is typed."""
    return shlex.join(
        ("atlas", "experiment", "run", str(folder.path / "config.json"), "--out", str(folder.path), "--resume")
    )


def load_board(folder: RunFolder, config: ExperimentConfig) -> Board:
    """Return how far the run in a folder has come."""
    streams = [unit for unit in plan_units(config) if unit.learns]
    memories = {unit: folder.load_memory(unit) for unit in streams}
    checkpoints = {unit: folder.load_checkpoint(unit) for unit in streams}
    return Board(
        config,
        episodes=folder.load_episodes(),
        memories={unit: memory for unit, memory in memories.items() if memory is not None},
        checkpoints={unit: checkpoint for unit, checkpoint in checkpoints.items() if checkpoint is not None},
    )


class _Session:
    """One stretch of work on a run: from its start, or from where an earlier stretch was interrupted."""

    def __init__(
        self,
        config: ExperimentConfig,
        folder: RunFolder,
        bench: Bench,
        observer: Observer,
        *,
        resume: bool,
        clock: Clock,
    ) -> None:
        self._config = config
        self._folder = folder
        self._bench = bench
        self._observer = observer
        self._clock = clock
        self._started = clock.now()
        self._agents = AgentFacts(bench.pair.names, bench.pair.sources)
        self._board = load_board(folder, config) if resume else Board(config)
        self._corpora: dict[int, ExamFacts] = dict(folder.load_corpora()) if resume else {}
        self._kept = self._board.episodes
        self._stopwatch = _Stopwatch(clock)
        self._begun = resume
        if resume:
            self._check_agents()
            check_log(folder, config, self._kept)
            check_memories(folder, config, self._kept, bench)
        elif not folder.holds_run:
            self._begin()

    def run(self) -> None:
        """Run what is left of the plan."""
        self._observer.started(self._config, self._kept)
        if self._board.unfinished:
            messages = build_executor(self._bench, self._config).run(self._board)
            first = next(messages)  # a corpus could be made: from here on, this run is worth more than one before it
            self._begin()
            with self._folder.open_log() as log:
                for message in itertools.chain((first,), messages):
                    self._take_in(message, log)
        self._observer.finished()

    def finish(self) -> ExperimentMetrics:
        """Write and return the figures."""
        log = load_run(self._folder, self._bench)
        metrics = compute_metrics(log)
        timings = self._timings()
        self._folder.finish(
            metrics,
            episodes=sorted(log.episodes, key=sort_key),
            traces=sorted(log.traces, key=sort_key),
            outcomes=sorted(self._outcomes(), key=sort_key),
            timings=timings,
            report=_render(self._folder, self._bench, metrics, timings),
        )
        return metrics

    def _take_in(self, message: Message, log: RunSinks) -> None:
        match message:
            case CorpusOpened():
                self._note_corpus(ExamFacts(message.company_seed, message.content_hash, message.generator_version))
            case EpisodeDone():
                self._stopwatch.count(message.unit)
                if self._board.add_episode(message.record):
                    if message.trace is not None:
                        log.traces.append(message.trace)
                    log.outcomes.append(message.outcome)
                    log.episodes.append(message.record)
                    self._observer.episode_finished(message.record)
            case MemorySaved():
                final = self._board.add_memory(message.unit, message.episodes, message.memory)
                self._folder.save_memory(message.unit, message.episodes, message.memory, final=final)
            case MemoryCompiled():
                self._folder.save_compiled(message.unit, message.compiled)
            case UnitDone():
                self._board.close(message.unit)
                self._stopwatch.stop(message.unit)
                self._observer.unit_finished(message.unit)
            case _:
                assert_never(message)

    def _outcomes(self) -> Iterable[EpisodeOutcome]:
        """Return one outcome per episode: of one that was run again after an interruption, the last."""
        return {sort_key(outcome): outcome for outcome in self._folder.load_outcomes()}.values()

    def _begin(self) -> None:
        if not self._begun:
            self._folder.begin(self._config, self._agents)
            self._begun = True

    def _check_agents(self) -> None:
        known = self._folder.load_agents()
        if known is None:
            self._folder.save_agents(self._agents)
        elif known != self._agents:
            raise AtlasError(
                f"the agents in {self._folder.path} are not those that this run began with; their code has changed: "
                "start over with --force"
            )

    def _note_corpus(self, facts: ExamFacts) -> None:
        known = self._corpora.get(facts.company_seed)
        if known is None:
            self._corpora[facts.company_seed] = facts
            self._folder.save_corpora(self._corpora.values())
        elif known != facts:
            raise AtlasError(
                f"the corpus of company {facts.company_seed} is not the one that this run began with; the generator "
                "has changed: start over with --force"
            )

    def _timings(self) -> Timings:
        wall_s = (self._clock.now() - self._started).total_seconds()
        run = self._stopwatch.episodes
        return Timings(
            started_at=self._started.isoformat(timespec="seconds"),
            wall_s=round(wall_s, 3),
            resumed=bool(self._kept),
            episodes=run,
            episodes_per_s=round(run / wall_s, 1) if wall_s > 0 else 0.0,
            workers=self._config.execution.workers,
            python=platform.python_version(),
            platform=platform.platform(terse=True),
            cpu_count=os.cpu_count() or 1,
            atlas_version=__version__,
            units=self._stopwatch.units,
        )


class _Stopwatch:
    """Counts the episodes of each unit and the time from one's first to its end."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begun: dict[Unit, datetime] = {}
        self._counts: dict[Unit, int] = {}
        self._units: list[UnitTiming] = []

    @property
    def episodes(self) -> int:
        """Episodes run, those run again included."""
        return sum(self._counts.values())

    @property
    def units(self) -> tuple[UnitTiming, ...]:
        """The finished units, in the order in which they ended."""
        return tuple(self._units)

    def count(self, unit: Unit) -> None:
        """Note that an episode has ended."""
        self._begun.setdefault(unit, self._clock.now())
        self._counts[unit] = self._counts.get(unit, 0) + 1

    def stop(self, unit: Unit) -> None:
        """Note that a unit has ended."""
        ended = self._clock.now()
        wall_s = (ended - self._begun.get(unit, ended)).total_seconds()
        self._units.append(
            UnitTiming(unit.company_seed, unit.phase, unit.arm, self._counts.get(unit, 0), round(wall_s, 3))
        )


def _render(folder: RunFolder, bench: Bench, metrics: ExperimentMetrics, timings: Timings | None) -> str:
    traces = {sort_key(trace): trace for trace in folder.load_traces()}
    pages = [
        PlaybookPage(
            company_seed=seed,
            playbook_id=lesson.lesson_id,
            title=lesson.title,
            kind=lesson.kind,
            state=lesson.state,
            level=lesson.level,
            text=lesson.text,
            evidence=lesson.evidence,
        )
        for seed in metrics.company_seeds
        if (memory := folder.load_memory(Unit(seed, Phase.STREAM, Arm.LEARNED))) is not None
        for lesson in bench.pair.facts(memory).lessons
    ]
    return render_report(metrics, timings=timings, playbooks=pages, traces=tuple(traces[key] for key in sorted(traces)))


def _summarize(unit: Unit, facts: MemoryFacts) -> MemorySummary:
    by_kind = Counter(lesson.kind for lesson in facts.lessons)
    by_state = Counter(lesson.state for lesson in facts.lessons)
    return MemorySummary(unit.company_seed, facts.content_hash, len(facts.lessons), dict(by_kind), dict(by_state))
