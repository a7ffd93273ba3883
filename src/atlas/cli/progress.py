"""Live progress of an experiment: per arm what is done and how much of it succeeded, episodes per second, time left.

On a terminal it is redrawn in place; elsewhere each finished company, phase and arm is one line.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from atlas.core.records import record
from atlas.evaluation.arms import ARM_NAMES
from atlas.evaluation.config import ExperimentConfig
from atlas.evaluation.formats import share_with_interval
from atlas.evaluation.records import Arm, EpisodeRecord, Phase
from atlas.evaluation.units import Unit, plan_units, size_of
from atlas.statistics.intervals import wilson

PHASE_NAMES = {Phase.BASELINE: "baseline", Phase.STREAM: "stream", Phase.TEST: "frozen test"}

_REDRAWS_PER_S = 4.0


@record
class Lane:
    """What the progress of several companies is added up over."""

    phase: Phase
    arm: Arm


class Tally:
    """Counts of finished and successful episodes, per lane and per unit."""

    def __init__(self, config: ExperimentConfig) -> None:
        self.config = config
        self.totals: dict[Lane, int] = {}
        self._finished: dict[Lane | Unit, int] = {}
        self._succeeded: dict[Lane | Unit, int] = {}
        for phase in Phase:
            for unit in plan_units(config):
                if unit.phase is phase:
                    lane = Lane(unit.phase, unit.arm)
                    self.totals[lane] = self.totals.get(lane, 0) + size_of(unit, config)

    @property
    def total(self) -> int:
        """Episodes of the whole experiment."""
        return sum(self.totals.values())

    def add(self, episode: EpisodeRecord) -> None:
        """Count a finished episode."""
        for key in (
            Lane(episode.phase, episode.arm),
            Unit(episode.company_seed, episode.phase, episode.arm),
        ):
            self._finished[key] = self._finished.get(key, 0) + 1
            self._succeeded[key] = self._succeeded.get(key, 0) + episode.strict

    def finished(self, key: Lane | Unit) -> int:
        """Return the number of finished episodes."""
        return self._finished.get(key, 0)

    def success(self, key: Lane | Unit) -> str:
        """Return the share of strict successes so far with its interval, empty while there is none."""
        n = self.finished(key)
        return share_with_interval(wilson(self._succeeded[key], n, self.config.confidence)) if n else ""


class LiveProgress:
    """Redraws a table on a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tally: Tally | None = None
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            _SpeedColumn(),
            TextColumn("time left"),
            TimeRemainingColumn(),
            console=console,
            expand=True,
        )
        self._live = Live(console=console, refresh_per_second=_REDRAWS_PER_S, get_renderable=self._render)

    def started(self, config: ExperimentConfig, kept: Sequence[EpisodeRecord]) -> None:
        """See :class:`atlas.evaluation.observer.Observer`."""
        self._tally = tally = Tally(config)
        for episode in kept:
            tally.add(episode)
        self._bar.add_task("episodes", total=tally.total, completed=len(kept))
        self._live.start()

    def episode_finished(self, episode: EpisodeRecord) -> None:
        """See :class:`atlas.evaluation.observer.Observer`."""
        if self._tally is not None:
            self._tally.add(episode)
            self._bar.advance(self._bar.task_ids[0])

    def unit_finished(self, unit: Unit) -> None:
        """See :class:`atlas.evaluation.observer.Observer`."""

    def finished(self) -> None:
        """See :class:`atlas.evaluation.observer.Observer`."""
        self.close()

    def close(self) -> None:
        """Leave the terminal as it was; may be called again."""
        self._live.stop()

    def _render(self) -> Group:
        table = Table(box=None, pad_edge=False)
        for heading in ("phase", "arm"):
            table.add_column(heading)
        for heading in ("done", "of", "strict success so far"):
            table.add_column(heading, justify="right")
        if self._tally is not None:
            for lane, total in self._tally.totals.items():
                done = self._tally.finished(lane)
                row = (PHASE_NAMES[lane.phase], ARM_NAMES[lane.arm], str(done), str(total), self._tally.success(lane))
                table.add_row(*row, style="dim" if done in (0, total) else "bold")
        return Group(table, self._bar)


class PlainProgress:
    """Writes a line per finished company, phase and arm."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tally: Tally | None = None
        self._done = 0

    def started(self, config: ExperimentConfig, kept: Sequence[EpisodeRecord]) -> None:
        """See :class:`atlas.evaluation.observer.Observer`."""
        self._tally = Tally(config)
        for episode in kept:
            self._count(self._tally, episode)
        companies = ", ".join(str(seed) for seed in config.company_seeds)
        self._say(f"{config.name}: {self._tally.total} episodes, companies {companies}")
        if kept:
            self._say(f"resumed: {len(kept)} episodes kept")

    def episode_finished(self, episode: EpisodeRecord) -> None:
        """See :class:`atlas.evaluation.observer.Observer`."""
        if self._tally is not None:
            self._count(self._tally, episode)

    def unit_finished(self, unit: Unit) -> None:
        """See :class:`atlas.evaluation.observer.Observer`."""
        if self._tally is not None:
            share = self._tally.success(unit)
            self._say(
                f"[{self._done}/{self._tally.total}] company {unit.company_seed}, {PHASE_NAMES[unit.phase]}, "
                f"{ARM_NAMES[unit.arm]}: {share}"
            )

    def finished(self) -> None:
        """See :class:`atlas.evaluation.observer.Observer`."""

    def close(self) -> None:
        """Do nothing: lines stay."""

    def _count(self, tally: Tally, episode: EpisodeRecord) -> None:
        tally.add(episode)
        self._done += 1

    def _say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def watch(console: Console) -> LiveProgress | PlainProgress:
    """Return the observer that suits the console; close it when the experiment is left, however that is."""
    return LiveProgress(console) if console.is_terminal else PlainProgress(console)


class _SpeedColumn(ProgressColumn):
    """Finished episodes per second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.0f} episodes/s" if task.speed else "", style="progress.data.speed")
