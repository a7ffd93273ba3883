"""The board: which units of an experiment are waiting, ready and done, and where an interrupted one goes on.

A stream goes on from its last saved memory. Episodes behind that memory which are already logged are run again, because
the memory has to be built again, and compared with the log; so a resumed run is the uninterrupted one or fails loudly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from atlas.core.errors import AtlasError
from atlas.evaluation.config import ExperimentConfig
from atlas.evaluation.records import Arm, EpisodeRecord, Phase
from atlas.evaluation.run_folder import Checkpoint
from atlas.evaluation.units import Assignment, Unit, memory_source, plan_units, size_of


class Board:
    """The state of an experiment's plan.

    Args:
        config: The experiment.
        episodes: Episodes that an earlier, interrupted run finished.
        memories: Final memories of streams that have ended, by stream.
        checkpoints: Saved memories of streams that have not.
    """

    def __init__(
        self,
        config: ExperimentConfig,
        *,
        episodes: Iterable[EpisodeRecord] = (),
        memories: Mapping[Unit, str] | None = None,
        checkpoints: Mapping[Unit, Checkpoint] | None = None,
    ) -> None:
        self._config = config
        self._memories = dict(memories or {})
        self._checkpoints = dict(checkpoints or {})
        self._logged: dict[Unit, list[EpisodeRecord]] = {unit: [] for unit in plan_units(config)}
        for entry in episodes:
            self._log(entry)
        self._waiting = [unit for unit in sorted(self._logged, key=_urgency) if not self._is_complete(unit)]
        self._running: set[Unit] = set()

    @property
    def unfinished(self) -> bool:
        """Whether there is anything left to run or to wait for."""
        return bool(self._waiting or self._running)

    @property
    def total(self) -> int:
        """Episodes of the whole experiment."""
        return sum(size_of(unit, self._config) for unit in self._logged)

    @property
    def episodes(self) -> tuple[EpisodeRecord, ...]:
        """The logged episodes, by unit and position."""
        return tuple(entry for entries in self._logged.values() for entry in entries)

    def memory(self, unit: Unit) -> str | None:
        """Return the final memory of a stream, None where it has not ended."""
        return self._memories.get(unit)

    def take(self, company_seed: int | None = None) -> Assignment | None:
        """Hand out a unit that can run now, one of ``company_seed`` where there is one; None where all have to wait."""
        ready = [unit for unit in self._waiting if self._is_ready(unit)]
        if not ready:
            return None
        unit = next((unit for unit in ready if unit.company_seed == company_seed), ready[0])
        self._waiting.remove(unit)
        self._running.add(unit)
        return self._assignment(unit)

    def add_episode(self, entry: EpisodeRecord) -> bool:
        """Take in a finished episode; return whether it is new.

        Raises:
            AtlasError: it was logged before, and differently.
        """
        unit = Unit(entry.company_seed, entry.phase, entry.arm)
        logged = self._logged[unit]
        if entry.position < len(logged):
            if logged[entry.position] != entry:
                raise AtlasError(
                    f"episode {entry.position} of {unit.label} came out differently when it was run again; the code or "
                    "the machine has changed since the run began: start over with --force"
                )
            return False
        self._log(entry)
        return True

    def add_memory(self, unit: Unit, episodes: int, memory: str) -> bool:
        """Take in a saved memory; return whether it is the final one of its stream."""
        if episodes < size_of(unit, self._config):
            return False
        self._memories[unit] = memory
        return True

    def close(self, unit: Unit) -> None:
        """Note that a unit has ended."""
        self._running.remove(unit)

    def _log(self, entry: EpisodeRecord) -> None:
        unit = Unit(entry.company_seed, entry.phase, entry.arm)
        logged = self._logged.get(unit)
        if logged is None or entry.position != len(logged):
            raise AtlasError(
                f"the log holds episode {entry.position} of {unit.label}, which is not the next one of this run; it "
                "was changed by hand: start over with --force"
            )
        logged.append(entry)

    def _is_complete(self, unit: Unit) -> bool:
        if len(self._logged[unit]) < size_of(unit, self._config):
            return False
        return not unit.learns or unit in self._memories

    def _is_ready(self, unit: Unit) -> bool:
        source = memory_source(unit, self._config)
        return source is None or source in self._memories

    def _assignment(self, unit: Unit) -> Assignment:
        if unit.learns:
            checkpoint = self._checkpoints.get(unit)
            if checkpoint is None or checkpoint.episodes > len(self._logged[unit]):
                return Assignment(unit)
            return Assignment(unit, checkpoint.episodes, checkpoint.memory)
        source = memory_source(unit, self._config)
        return Assignment(unit, len(self._logged[unit]), None if source is None else self._memories[source])


def _urgency(unit: Unit) -> tuple[int, int]:
    """Streams first, as the tests wait for them, and tests with another company's memory last."""
    order = {Phase.STREAM: 0, Phase.BASELINE: 1, Phase.TEST: 2}[unit.phase]
    return (order, 1 if unit.arm is Arm.WRONG_COMPANY else 0)
