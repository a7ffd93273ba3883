"""What a run leaves on disk, and what may be done to a folder that already holds one.

One process writes, in an order that makes every crash resumable: an episode's trace before its record, its record
before the memory that came out of it. Files of a run:

========================  =====================================================================================
``config.json``           the configuration; ``atlas experiment run`` takes it like any other experiment file
``agents.json``           who takes part, and a hash of the student's sources when the run began
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

import contextlib
import dataclasses
import shutil
from collections.abc import Generator, Iterable, Mapping
from pathlib import Path
from typing import TypeVar, cast

from atlas.core.canonical import canonical_json
from atlas.core.errors import InputFileError, MisuseError
from atlas.core.records import JsonObject, as_json, record
from atlas.evaluation.bench import CompiledMemory, ExamFacts
from atlas.evaluation.config import ExperimentConfig, parse_experiment
from atlas.evaluation.records import (
    AgentFacts,
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
from atlas.settings.parsing import parse_json, parse_record, read_text, shown
from atlas.telemetry.files import write_atomically
from atlas.telemetry.jsonl import JsonlSink

T = TypeVar("T")

MEND = "put it back as the run left it, or run the experiment again with --force"
"""What to do about a file of a run that is damaged."""

_FILES = (  # but config.json, which is only ever replaced; the first one is what makes a run a finished one
    "metrics.json",
    "agents.json",
    "corpora.json",
    "coverage.json",
    "episodes.jsonl",
    "traces.jsonl",
    "outcomes.jsonl",
    "timings.json",
    "report.html",
)
_FOLDERS = ("checkpoints", "memories")
_BEFORE_ANY_EPISODE = frozenset(("config.json", "agents.json", "corpora.json"))


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
    def corpora_path(self) -> Path:
        """Where it stands which corpora were used."""
        return self.path / "corpora.json"

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
            raise InputFileError(f"{path}: a configuration holds keys and values, got {shown(data)}")
        return parse_experiment(cast("JsonObject", data), str(path))

    def load_episodes(self) -> tuple[EpisodeRecord, ...]:
        """Return the finished episodes, in file order."""
        return _load_lines(EpisodeRecord, self.path / "episodes.jsonl")

    def load_traces(self) -> tuple[EpisodeTrace, ...]:
        """Return the traces that were kept, in file order."""
        return _load_lines(EpisodeTrace, self.path / "traces.jsonl")

    def load_outcomes(self) -> tuple[EpisodeOutcome, ...]:
        """Return what is left of the episodes for a judge, in file order."""
        return _load_lines(EpisodeOutcome, self.path / "outcomes.jsonl")

    def load_timings(self) -> Timings | None:
        """Return how long the run took, None where it is not finished."""
        return _load(Timings, self.path / "timings.json")

    def load_corpora(self) -> Mapping[int, ExamFacts]:
        """Return what identifies each company's corpus, as far as they were opened."""
        return {entry.company_seed: entry for entry in _load(tuple[ExamFacts, ...], self.corpora_path) or ()}

    def load_agents(self) -> AgentFacts | None:
        """Return who takes part, None where that was not noted."""
        return _load(AgentFacts, self.path / "agents.json")

    def load_coverage(self) -> tuple[KindCoverage, ...]:
        """Return how far the language explained what memories were compiled from; empty where none was."""
        return _load(tuple[KindCoverage, ...], self.path / "coverage.json") or ()

    def load_checkpoint(self, unit: Unit) -> Checkpoint | None:
        """Return a stream's last saved memory, None where there is none."""
        return _load(Checkpoint, self._checkpoint_path(unit))

    def load_memory(self, unit: Unit) -> str | None:
        """Return a stream's final memory, None where it has not ended."""
        path = self.memory_path(unit)
        if not path.exists():
            return None
        with telling_damage():
            text = read_text(path)
            parse_json(text, str(path))  # what it means, the student knows; here it is known where it is from
        return text

    def memory_path(self, unit: Unit) -> Path:
        """Return where the final memory of a stream is."""
        suffix = "" if unit.arm is Arm.LEARNED else f"-{unit.arm.value}"
        return self.path / "memories" / f"{unit.company_seed}{suffix}.json"

    # beginning ---------------------------------------------------------------------------------------------------

    def prepare(self, config: ExperimentConfig, *, resume: bool, start_over: bool) -> None:
        """Check that the folder may be used for a run of ``config``; nothing is touched.

        A finished run of the same configuration may be replaced, since the new one gives the same figures; so may a run
        that ended before its first episode.

        Args:
            config: What will be run.
            resume: Keep the finished episodes of an interrupted run.
            start_over: Replace whatever run is here.

        Raises:
            MisuseError: the folder holds another run, an interrupted one without ``resume``, none with ``resume``, or
                files that are no run; the message says what to do.
        """
        self._refuse_foreign_folder()
        if resume and start_over:
            raise MisuseError("--resume keeps what is there and --force replaces it; give one of the two")
        if resume and not self.holds_run:
            raise MisuseError(f"{self.path} holds no run to resume; leave out --resume to begin one")
        if self.holds_run and not start_over:
            self._refuse_conflict(config, resume=resume)

    def begin(self, config: ExperimentConfig, agents: AgentFacts) -> None:
        """Make the folder that of a new run: what another one left is removed, then it is noted what runs."""
        for name in _FILES:
            (self.path / name).unlink(missing_ok=True)
        for name in _FOLDERS:
            shutil.rmtree(self.path / name, ignore_errors=True)
        write_atomically(self.path / "config.json", canonical_json(config.model_dump(mode="json")) + "\n")
        self.save_agents(agents)

    @property
    def _came_to_nothing(self) -> bool:
        """Whether the run here ended before its first episode: with it, nothing is lost."""
        return all(
            entry.name in _BEFORE_ANY_EPISODE or (entry.is_file() and entry.stat().st_size == 0)
            for entry in self.path.iterdir()
        )

    def _refuse_foreign_folder(self) -> None:
        if self.path.exists() and not self.path.is_dir():
            raise MisuseError(f"{self.path} is a file; name a folder for the run")
        if self.path.is_dir() and not self.holds_run and any(self.path.iterdir()):
            raise MisuseError(f"{self.path} holds other files and no run; name a new or empty folder")

    def _refuse_conflict(self, config: ExperimentConfig, *, resume: bool) -> None:
        if self._came_to_nothing and not resume:
            return
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

    # writing -----------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def open_log(self) -> Generator[RunSinks]:
        """Give what episodes are logged to for the length of a ``with`` block."""
        with (
            JsonlSink(self.path / "episodes.jsonl") as episodes,
            JsonlSink(self.path / "traces.jsonl") as traces,
            JsonlSink(self.path / "outcomes.jsonl") as outcomes,
        ):
            yield RunSinks(episodes, traces, outcomes)

    def save_agents(self, facts: AgentFacts) -> None:
        """Write who takes part."""
        write_atomically(self.path / "agents.json", canonical_json(facts) + "\n")

    def save_corpora(self, facts: Iterable[ExamFacts]) -> None:
        """Write what identifies each company's corpus."""
        ordered = sorted(facts, key=lambda entry: entry.company_seed)
        write_atomically(self.corpora_path, canonical_json(ordered) + "\n")

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


@contextlib.contextmanager
def telling_damage() -> Generator[None]:
    """Let what is raised about a malformed file of a run say what to do."""
    try:
        yield
    except InputFileError as exc:
        raise InputFileError(f"{exc}; the run is damaged: {MEND}") from exc


def _load(cls: type[T], path: Path) -> T | None:
    if not path.exists():
        return None
    with telling_damage():
        return parse_record(cls, parse_json(read_text(path), str(path)), str(path))


def _load_lines(cls: type[T], path: Path) -> tuple[T, ...]:
    """Return what every whole line says; a last one without its newline is what a killed process left."""
    if not path.exists():
        return ()
    with telling_damage():
        lines = _read_whole_lines(path).split("\n")[:-1]
        placed = ((f"{path}:{number}", line) for number, line in enumerate(lines, start=1))
        return tuple(parse_record(cls, parse_json(line, place), place) for place, line in placed)


def _read_whole_lines(path: Path) -> str:
    """Return the text up to the last newline: what a killed process left behind it may end within a character."""
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise InputFileError(f"cannot read {path}: {exc.strerror or exc}") from exc
    whole = content[: content.rfind(b"\n") + 1]
    try:
        return whole.decode()
    except UnicodeDecodeError as exc:
        line = whole.count(b"\n", 0, exc.start) + 1
        raise InputFileError(f"{path}:{line}: not UTF-8 text: byte {exc.start} of the file is invalid") from exc


def _rewrite_lines(path: Path, entries: Iterable[EpisodeRecord | EpisodeTrace | EpisodeOutcome]) -> None:
    write_atomically(path, "".join(canonical_json(as_json(entry)) + "\n" for entry in entries))
