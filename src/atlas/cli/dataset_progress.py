"""Progress of replays, agent runs and work on corpora: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TypeAlias

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from atlas.evaluation.datasets.records import SessionRecord

_LINES = 10  # progress lines of a run that nobody watches live

Watch: TypeAlias = Callable[[int, int], None]
"""Told how many conversations are done, and of how many."""


def watch_replay(console: Console) -> AbstractContextManager[Watch]:
    """Give what shows the progress of a replay for the length of a ``with`` block."""
    return watch_cases(console, "conversations")


@contextmanager
def watch_cases(console: Console, what: str) -> Generator[Watch]:
    """Give what shows how much is done of work that takes seconds, for the length of a ``with`` block."""
    if not console.is_terminal:
        yield lambda done, total: None  # noqa: ARG005 - nobody reads lines about seconds
        return
    with _bar(console) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


class LiveRun:
    """Shows a run as a bar that is redrawn."""

    def __init__(self, console: Console) -> None:
        self._progress = _bar(console)
        self._tally = _Tally()
        self._task = self._progress.add_task("conversations", total=None)

    def started(self, total: int, kept: Sequence[SessionRecord]) -> None:
        """See :class:`atlas.evaluation.datasets.run.RunWatcher`."""
        for session in kept:
            self._tally.add(session)
        self._progress.update(self._task, total=total, completed=self._tally.done, description=self._tally.told())
        self._progress.start()

    def session_finished(self, session: SessionRecord) -> None:
        """See :class:`atlas.evaluation.datasets.run.RunWatcher`."""
        self._tally.add(session)
        self._progress.update(self._task, completed=self._tally.done, description=self._tally.told())

    def close(self) -> None:
        """Leave the terminal as it was; may be called again."""
        self._progress.stop()


class PlainRun:
    """Writes a line whenever another tenth of a run is done."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tally = _Tally()
        self._total = 0

    def started(self, total: int, kept: Sequence[SessionRecord]) -> None:
        """See :class:`atlas.evaluation.datasets.run.RunWatcher`."""
        self._total = total
        for session in kept:
            self._tally.add(session)
        if kept:
            self._say(f"resumed: {len(kept)} of {total} conversations kept")

    def session_finished(self, session: SessionRecord) -> None:
        """See :class:`atlas.evaluation.datasets.run.RunWatcher`."""
        before = self._tally.done * _LINES // self._total
        self._tally.add(session)
        if self._tally.done * _LINES // self._total > before:
            self._say(f"[{self._tally.done}/{self._total}] {self._tally.told()}")

    def close(self) -> None:
        """Do nothing: lines stay."""

    def _say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def watch_run(console: Console) -> LiveRun | PlainRun:
    """Return the watcher that suits the console; close it when the run is left, however that is."""
    return LiveRun(console) if console.is_terminal else PlainRun(console)


class _Tally:
    """Counts of finished, graded and successful conversations."""

    def __init__(self) -> None:
        self.done = 0
        self._scored = 0
        self._succeeded = 0

    def add(self, session: SessionRecord) -> None:
        success = session.conversation_result.overall_success
        self.done += 1
        self._scored += success is not None
        self._succeeded += success is True

    def told(self) -> str:
        return f"{self._succeeded} of {self._scored} right"


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("time left"),
        TimeRemainingColumn(),
        console=console,
    )
