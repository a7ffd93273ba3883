"""An agent run on a file of conversations: one session after the other, on disk as soon as it has ended.

Files of a run: ``config.json`` (what was asked for; resuming needs the same), ``sessions.jsonl`` (one session per line,
in file order when the run is finished), ``metrics.json`` (the figures, in canonical bytes; written last) and
``timings.json``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, fields
from datetime import date
from pathlib import Path
from typing import Protocol

from atlas.core.canonical import canonical_json
from atlas.core.clock import Clock
from atlas.core.errors import MisuseError
from atlas.core.records import record
from atlas.crm.sessions import Sessions
from atlas.evaluation.datasets.agents import AgentFor
from atlas.evaluation.datasets.metrics import summarize
from atlas.evaluation.datasets.records import AgentConfig, RunMetrics, SessionRecord
from atlas.evaluation.datasets.replay_report import choose_conversations
from atlas.evaluation.datasets.sitting import ConversationExam
from atlas.evaluation.datasets.tasks import TaskBatch, tasks_of_conversations, tenant_of
from atlas.scenarios.importers.clbench import Conversation, Dataset
from atlas.settings.parsing import parse_json, parse_record, read_text
from atlas.telemetry.files import write_atomically
from atlas.telemetry.jsonl import JsonlSink, encoded_line, read_jsonl_tolerant

_FILES = ("config.json", "sessions.jsonl", "metrics.json", "timings.json")


@record
class RunConfig:
    """What is run. Two runs with equal configurations give equal figures.

    Attributes:
        run_id: The run.
        dataset: Name of the file.
        dataset_revision: Which version of it.
        dataset_hash: SHA-256 of its bytes.
        agent: Name of the agent.
        memory_hash: Hash of the memory that it starts with, None where it was given none.
        backend: Where the records are kept.
        sample: How many conversations are drawn; None for all.
        seed: Draws them.
        today: The day of the worlds.
        renames: Arguments of golden calls that go by another name in our world.
    """

    run_id: str
    dataset: str
    dataset_revision: str
    dataset_hash: str
    agent: str
    memory_hash: str | None
    backend: str
    sample: int | None
    seed: int
    today: date
    renames: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def agent_config(self) -> AgentConfig:
        """Who works, as the format has it."""
        return AgentConfig("atlas", self.agent)

    @property
    def batch(self) -> TaskBatch:
        """What the tasks of the run share."""
        return TaskBatch(
            self.run_id, self.dataset_revision, self.dataset_hash, self.backend, agent_config=self.agent_config
        )


@record
class RunTimings:
    """How long a run took; of a resumed run, its last part.

    Attributes:
        sessions: Sessions run in this part.
        wall_s: Seconds.
    """

    sessions: int
    wall_s: float


class RunWatcher(Protocol):
    """Somebody who watches a run."""

    def started(self, total: int, kept: Sequence[SessionRecord]) -> None:
        """A run of ``total`` conversations begins, of which ``kept`` are done already."""
        ...

    def session_finished(self, session: SessionRecord) -> None:
        """A session has ended and is on disk."""
        ...


class DatasetRun:
    """The folder of one run.

    Args:
        path: The folder; it need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def metrics_path(self) -> Path:
        """Where the figures are."""
        return self.path / "metrics.json"

    @property
    def sessions_path(self) -> Path:
        """Where the sessions are."""
        return self.path / "sessions.jsonl"

    def load_config(self) -> RunConfig | None:
        """Return what the run here was asked for, None where there is no run."""
        path = self.path / "config.json"
        if not path.is_file():
            return None
        return parse_record(RunConfig, parse_json(read_text(path), str(path)), str(path))

    def load_sessions(self) -> tuple[SessionRecord, ...]:
        """Return the finished sessions, in file order."""
        found = enumerate(read_jsonl_tolerant(self.sessions_path), start=1)
        return tuple(parse_record(SessionRecord, data, f"{self.sessions_path}:{number}") for number, data in found)

    def prepare(self, config: RunConfig, *, resume: bool, start_over: bool) -> tuple[SessionRecord, ...]:
        """Make the folder ready for ``config`` and return the sessions that are done already.

        Raises:
            MisuseError: the folder holds another run, or files that are none.
        """
        known = self.load_config()
        if known is None:
            if self.path.exists() and any(self.path.iterdir()):
                raise MisuseError(f"{self.path} holds other files and no run; name a new or empty folder")
        elif resume:
            if known != config:
                raise MisuseError(
                    f"{self.path} holds a run of another configuration ({_difference(known, config)}); "
                    "resume it with the same options, or name another folder"
                )
            return self.load_sessions()
        elif start_over:
            self._clear()
        else:
            raise MisuseError(f"{self.path} holds a run; continue it with --resume, or replace it with --force")
        write_atomically(self.path / "config.json", canonical_json(config) + "\n")
        return ()

    def finish(self, sessions: Sequence[SessionRecord], metrics: RunMetrics, timings: RunTimings) -> None:
        """Put the sessions in order and write the figures, which says that the run is finished."""
        write_atomically(self.sessions_path, "".join(encoded_line(each) for each in sessions))
        write_atomically(self.path / "timings.json", canonical_json(timings) + "\n")
        write_atomically(self.metrics_path, canonical_json(metrics) + "\n")

    def _clear(self) -> None:
        for name in _FILES:
            (self.path / name).unlink(missing_ok=True)


def run_dataset(
    config: RunConfig,
    dataset: Dataset,
    folder: DatasetRun,
    *,
    sessions: Sessions,
    agent_for: AgentFor,
    clock: Clock,
    watcher: RunWatcher | None = None,
    resume: bool = False,
    start_over: bool = False,
) -> RunMetrics:
    """Let an agent work through a file of conversations and return the figures.

    Args:
        config: What is run.
        dataset: The conversations.
        folder: Where sessions and figures go.
        sessions: Where each conversation's company is kept.
        agent_for: Who works.
        clock: For timings.
        watcher: Told what happens.
        resume: Continue the run in the folder.
        start_over: Replace the run in the folder.

    Raises:
        MisuseError: the folder holds another run.
        StorageError: the backend failed; finished sessions are on disk.
    """
    chosen = choose_conversations(dataset, sample=config.sample, seed=config.seed)
    done = {each.conversation_id: each for each in folder.prepare(config, resume=resume, start_over=start_over)}
    if watcher is not None:
        watcher.started(len(chosen), tuple(done.values()))
    begun = clock.now()
    kept = len(done)
    with JsonlSink(folder.sessions_path) as sink:
        for session in _sit(config, chosen, done, sessions, agent_for):
            sink.append(session)
            done[session.conversation_id] = session
            if watcher is not None:
                watcher.session_finished(session)
    ordered = [done[conversation.conversation_id] for conversation in chosen]
    metrics = summarize(ordered, dataset.name)
    seconds = (clock.now() - begun).total_seconds()
    folder.finish(ordered, metrics, RunTimings(len(ordered) - kept, round(seconds, 3)))
    return metrics


def _sit(
    config: RunConfig,
    chosen: Sequence[Conversation],
    done: Mapping[str, SessionRecord],
    sessions: Sessions,
    agent_for: AgentFor,
) -> Iterator[SessionRecord]:
    exam = ConversationExam(sessions, today=config.today, tenant=tenant_of(config.dataset_hash), renames=config.renames)
    open_ones = [conversation for conversation in chosen if conversation.conversation_id not in done]
    for conversation, task in zip(open_ones, tasks_of_conversations(open_ones, config.batch), strict=True):
        yield exam.sit(agent_for(conversation), conversation, task)


def _difference(known: RunConfig, wanted: RunConfig) -> str:
    pairs = {each.name: (getattr(known, each.name), getattr(wanted, each.name)) for each in fields(RunConfig)}
    return ", ".join(f"{name} is {old!r}, not {new!r}" for name, (old, new) in pairs.items() if old != new)
