"""What a run leaves on disk, and what may be done to a folder that already holds one.

One process writes, in an order that makes every crash resumable: an episode's trace before its record, its record
before the memory that came out of it. Files of a run:

========================  =====================================================================================
``config.json``           the configuration; ``atlas experiment run`` takes it like any other experiment file
``corpora.json``          content hash and generator version per company
``episodes.jsonl``        one EpisodeRecord per line, appended as episodes end; sorted when the run is finished
``traces.jsonl``          one EpisodeTrace per line, likewise
``outcomes.jsonl``        one EpisodeOutcome per line, likewise: what a judge needs to grade the episodes again
``checkpoints/``          a stream's memory so far; gone when the run is finished
``memories/``             final memories: ``<company>.json`` learned, ``<company>-outcome_only.json``; compiled ones
``coverage.json``         one KindCoverage per kind of case that a memory was compiled from
``metrics.json``          the figures, in canonical bytes; its presence says that the run is finished
``timings.json``          times and host
``report.html``           the report
========================  =====================================================================================
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar, cast

from atlas.core.canonical import canonical_json
from atlas.core.errors import InputFileError, MisuseError
from atlas.core.records import JsonObject, as_json, record
from atlas.evaluation.bench import CompiledMemory, ExamFacts
from atlas.evaluation.config import ExperimentConfig, parse_experiment
from atlas.evaluation.records import (
    Arm,
    EpisodeOutcome,
    EpisodeRecord,
    EpisodeTrace,
    ExperimentMetrics,
    KindCoverage,
    Phase,
    Timings,
)
from atlas.evaluation.units import Unit
from atlas.settings.parsing import parse_json, parse_record, read_text
from atlas.telemetry.files import write_atomically
from atlas.telemetry.jsonl import JsonlSink, read_jsonl_tolerant

T = TypeVar("T", EpisodeRecord, EpisodeTrace, EpisodeOutcome)

_FILES = (
    "config.json",
    "corpora.json",
    "coverage.json",
    "episodes.jsonl",
    "traces.jsonl",
    "outcomes.jsonl",
    "metrics.json",
    "timings.json",
    "report.html",
)
_FOLDERS = ("checkpoints", "memories")


@record
class Checkpoint:
    """A stream's memory after its first ``episodes`` episodes."""

    episodes: int
    memory: str


@dataclasses.dataclass(frozen=True, slots=True)
class RunSinks:
    """What a run logs to as it goes: of an episode first its trace and outcome, then its record."""

    episodes: JsonlSink
    traces: JsonlSink
    outcomes: JsonlSink


class RunFolder:
    """The folder of one run.

    Args:
        path: The folder; it need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    # what is there -----------------------------------------------------------------------------------------------

    @property
    def holds_run(self) -> bool:
        """Whether a run was ever begun here."""
        return (self.path / "config.json").is_file()

    @property
    def finished(self) -> bool:
        """Whether the run here was carried to its end."""
        return self.holds_run and (self.path / "metrics.json").is_file()

    @property
    def metrics_path(self) -> Path:
        """Where the figures are."""
        return self.path / "metrics.json"

    @property
    def report_path(self) -> Path:
        """Where the report is."""
        return self.path / "report.html"

    def load_config(self) -> ExperimentConfig:
        """Return the configuration of the run.

        Raises:
            InputFileError: there is no run here.
            ConfigError: the file was changed into something that is no configuration.
        """
        if not self.holds_run:
            raise InputFileError(f"{self.path} holds no run: there is no config.json in it")
        path = self.path / "config.json"
        data = parse_json(read_text(path), str(path))
        if not isinstance(data, dict):
            raise InputFileError(f"{path}: a configuration holds keys and values, got {data!r}")
        return parse_experiment(cast("JsonObject", data), str(path))

    def load_episodes(self) -> tuple[EpisodeRecord, ...]:
        """Return the finished episodes, in file order."""
        return tuple(_load_lines(EpisodeRecord, self.path / "episodes.jsonl"))

    def load_traces(self) -> tuple[EpisodeTrace, ...]:
        """Return the traces that were kept, in file order."""
        return tuple(_load_lines(EpisodeTrace, self.path / "traces.jsonl"))

    def load_outcomes(self) -> tuple[EpisodeOutcome, ...]:
        """Return what is left of the episodes for a judge, in file order."""
        return tuple(_load_lines(EpisodeOutcome, self.path / "outcomes.jsonl"))

    def load_timings(self) -> Timings | None:
        """Return how long the run took, None where it is not finished."""
        path = self.path / "timings.json"
        return parse_record(Timings, parse_json(read_text(path), str(path)), str(path)) if path.is_file() else None

    def load_corpora(self) -> Mapping[int, ExamFacts]:
        """Return what identifies each company's corpus, as far as they were opened."""
        path = self.path / "corpora.json"
        if not path.is_file():
            return {}
        facts = parse_record(tuple[ExamFacts, ...], parse_json(read_text(path), str(path)), str(path))
        return {entry.company_seed: entry for entry in facts}

    def load_coverage(self) -> tuple[KindCoverage, ...]:
        """Return how far the language explained what memories were compiled from; empty where none was."""
        path = self.path / "coverage.json"
        if not path.is_file():
            return ()
        return parse_record(tuple[KindCoverage, ...], parse_json(read_text(path), str(path)), str(path))

    def load_checkpoint(self, unit: Unit) -> Checkpoint | None:
        """Return a stream's last saved memory, None where there is none."""
        path = self._checkpoint_path(unit)
        return parse_record(Checkpoint, parse_json(read_text(path), str(path)), str(path)) if path.is_file() else None

    def load_memory(self, unit: Unit) -> str | None:
        """Return a stream's final memory, None where it has not ended."""
        path = self.memory_path(unit)
        return read_text(path) if path.is_file() else None

    def memory_path(self, unit: Unit) -> Path:
        """Return where the final memory of a stream is."""
        suffix = "" if unit.arm is Arm.LEARNED else f"-{unit.arm.value}"
        return self.path / "memories" / f"{unit.company_seed}{suffix}.json"

    # beginning ---------------------------------------------------------------------------------------------------

    def prepare(self, config: ExperimentConfig, *, resume: bool, start_over: bool) -> None:
        """Make the folder ready for a run of ``config``; nothing is touched when it cannot be.

        A finished run of the same configuration is replaced, since the new one gives the same figures.

        Args:
            config: What will be run.
            resume: Keep the finished episodes of an interrupted run.
            start_over: Replace whatever run is here.

        Raises:
            MisuseError: the folder holds another run, an interrupted one without ``resume``, none with ``resume``, or
                files that are no run; the message says what to do.
        """
        self._refuse_foreign_folder()
        if self.holds_run and not start_over:
            self._refuse_conflict(config, resume=resume)
        if resume and not self.holds_run:
            raise MisuseError(f"{self.path} holds no run to resume; leave out --resume to begin one")
        if not resume:
            self._clear()
        write_atomically(self.path / "config.json", canonical_json(config.model_dump(mode="json")) + "\n")

    def _refuse_foreign_folder(self) -> None:
        if self.path.exists() and not self.path.is_dir():
            raise MisuseError(f"{self.path} is a file; name a folder for the run")
        if self.path.is_dir() and not self.holds_run and any(self.path.iterdir()):
            raise MisuseError(f"{self.path} holds other files and no run; name a new or empty folder")

    def _refuse_conflict(self, config: ExperimentConfig, *, resume: bool) -> None:
        if self.load_config().content_hash != config.content_hash:
            raise MisuseError(
                f"{self.path} holds a run of another configuration; name another folder with --out, or pass --force to "
                "replace it"
            )
        if not self.finished and not resume:
            raise MisuseError(
                f"{self.path} holds an interrupted run with {len(self.load_episodes())} finished episodes; pass "
                "--resume to continue it, or --force to start over"
            )

    def _clear(self) -> None:
        for name in _FILES:
            (self.path / name).unlink(missing_ok=True)
        for name in _FOLDERS:
            shutil.rmtree(self.path / name, ignore_errors=True)

    # writing -----------------------------------------------------------------------------------------------------

    @contextmanager
    def open_log(self) -> Generator[RunSinks]:
        """Give what episodes are logged to for the length of a ``with`` block."""
        with (
            JsonlSink(self.path / "episodes.jsonl") as episodes,
            JsonlSink(self.path / "traces.jsonl") as traces,
            JsonlSink(self.path / "outcomes.jsonl") as outcomes,
        ):
            yield RunSinks(episodes, traces, outcomes)

    def save_corpora(self, facts: Iterable[ExamFacts]) -> None:
        """Write what identifies each company's corpus."""
        ordered = sorted(facts, key=lambda entry: entry.company_seed)
        write_atomically(self.path / "corpora.json", canonical_json(ordered) + "\n")

    def save_memory(self, unit: Unit, episodes: int, memory: str, *, final: bool) -> None:
        """Write a stream's memory after its first ``episodes`` episodes."""
        if final:
            write_atomically(self.memory_path(unit), memory)
        else:
            write_atomically(self._checkpoint_path(unit), canonical_json(Checkpoint(episodes, memory)) + "\n")

    def save_compiled(self, unit: Unit, compiled: CompiledMemory) -> None:
        """Write a compiled memory, and how far the language explained what it was compiled from."""
        write_atomically(self.memory_path(unit), compiled.memory)
        others = [one for one in self.load_coverage() if one.company_seed != unit.company_seed]
        ordered = sorted((*others, *compiled.coverage), key=lambda one: (one.company_seed, one.family, one.blueprint))
        write_atomically(self.path / "coverage.json", canonical_json(ordered) + "\n")

    def finish(
        self,
        metrics: ExperimentMetrics,
        *,
        episodes: Iterable[EpisodeRecord],
        traces: Iterable[EpisodeTrace],
        outcomes: Iterable[EpisodeOutcome],
        timings: Timings,
        report: str,
    ) -> None:
        """Write what a finished run leaves, ``metrics.json`` last; lines are sorted, checkpoints removed."""
        _rewrite_lines(self.path / "episodes.jsonl", episodes)
        _rewrite_lines(self.path / "traces.jsonl", traces)
        _rewrite_lines(self.path / "outcomes.jsonl", outcomes)
        write_atomically(self.path / "timings.json", canonical_json(timings) + "\n")
        write_atomically(self.report_path, report)
        shutil.rmtree(self.path / "checkpoints", ignore_errors=True)
        write_atomically(self.metrics_path, canonical_json(metrics) + "\n")

    def _checkpoint_path(self, unit: Unit) -> Path:
        return self.path / "checkpoints" / f"{unit.company_seed}-{unit.arm.value}.json"


def sort_key(entry: EpisodeRecord | EpisodeTrace | EpisodeOutcome) -> tuple[int, int, int, int]:
    """Return the place of an episode in a finished file: by company, phase, arm and position."""
    return (entry.company_seed, tuple(Phase).index(entry.phase), tuple(Arm).index(entry.arm), entry.position)


def _load_lines(cls: type[T], path: Path) -> Iterable[T]:
    for number, line in enumerate(read_jsonl_tolerant(path), start=1):
        yield parse_record(cls, line, f"{path}:{number}")


def _rewrite_lines(path: Path, entries: Iterable[EpisodeRecord | EpisodeTrace | EpisodeOutcome]) -> None:
    write_atomically(path, "".join(canonical_json(as_json(entry)) + "\n" for entry in entries))
