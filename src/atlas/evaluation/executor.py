"""Carries out the units on the board: in this process, or in several, with the same results.

Workers only compute; everything that is written is written by the process that started them. They ignore Ctrl-C, which
reaches the whole process group, are stopped by their starter, and end by themselves when it was killed.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Generator, Iterator
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Protocol, cast

from atlas.core.errors import AtlasError, DependencyError, MisuseError
from atlas.core.records import record
from atlas.evaluation.bench import Bench
from atlas.evaluation.board import Board
from atlas.evaluation.config import ExperimentConfig
from atlas.evaluation.unit_runner import run_unit
from atlas.evaluation.units import Assignment, Message, Unit, UnitDone

_STOP_TIMEOUT_S = 5.0  # how long a worker that was told to stop may take


class Executor(Protocol):
    """Somebody who runs units."""

    def run(self, board: Board) -> Iterator[Message]:
        """Run everything on the board and yield what happens.

        The caller takes in each message before it asks for the next one, so that the board knows which units have
        become ready.
        """
        ...


class InlineExecutor:
    """Runs one unit after the other in this process."""

    def __init__(self, bench: Bench, config: ExperimentConfig) -> None:
        self._bench = bench
        self._config = config

    def run(self, board: Board) -> Iterator[Message]:
        """See :class:`Executor`."""
        company: int | None = None
        while (assignment := board.take(company)) is not None:
            company = assignment.unit.company_seed
            yield from run_unit(assignment, self._bench, self._config)


class ProcessExecutor:
    """Runs units in several processes; a worker stays with its company as long as that has units that are ready.

    Args:
        bench: Where episodes take place; picklable.
        config: The experiment; its ``execution.workers`` processes are started.
    """

    def __init__(self, bench: Bench, config: ExperimentConfig) -> None:
        self._bench = bench
        self._config = config

    def run(self, board: Board) -> Iterator[Message]:
        """See :class:`Executor`."""
        with _crew(self._config.execution.workers, self._bench, self._config) as workers:
            while board.unfinished:
                for worker in workers:
                    if worker.unit is None and (assignment := board.take(worker.company)) is not None:
                        worker.give(assignment)
                yield from _receive(workers)


@record
class _Failed:
    """A worker ran into an error of Atlas; it is raised again by the starter."""

    message: str
    kind: str


class _Worker:
    """A process that runs one unit at a time."""

    def __init__(self, process: BaseProcess, connection: Connection) -> None:
        self.process = process
        self.connection = connection
        self.unit: Unit | None = None
        self.company: int | None = None

    def give(self, assignment: Assignment) -> None:
        """Start a unit."""
        self.unit = assignment.unit
        self.company = assignment.unit.company_seed
        try:
            self.connection.send(assignment)
        except ConnectionError as exc:
            raise self._died() from exc

    def receive(self) -> Message:
        """Return the next message; blocks until there is one."""
        try:
            message = cast("Message | _Failed", self.connection.recv())
        except (EOFError, ConnectionError) as exc:
            raise self._died() from exc
        if isinstance(message, _Failed):
            raise _ERRORS.get(message.kind, AtlasError)(message.message)
        if isinstance(message, UnitDone):
            self.unit = None
        return message

    def _died(self) -> AtlasError:
        self.process.join(_STOP_TIMEOUT_S)
        at = "while it was idle" if self.unit is None else f"in {self.unit.label}"
        return AtlasError(
            f"a worker process ended {at} with exit code {self.process.exitcode}; what it printed stands above. "
            "Finished episodes are kept: continue with --resume"
        )


_ERRORS: dict[str, type[AtlasError]] = {"misuse": MisuseError, "dependency": DependencyError}


def _receive(workers: list[_Worker]) -> Iterator[Message]:
    """Wait until a worker has said something and yield one message of each that has."""
    by_connection = {worker.connection: worker for worker in workers}
    for connection in multiprocessing.connection.wait(list(by_connection)):
        yield by_connection[cast("Connection", connection)].receive()


@contextlib.contextmanager
def _crew(size: int, bench: Bench, config: ExperimentConfig) -> Generator[list[_Worker], None, None]:
    """Start workers, and stop them however the block is left."""
    workers: list[_Worker] = []
    try:
        with _interrupts_held():
            workers.extend(_start_worker(bench, config) for _ in range(size))
        yield workers
    finally:
        for worker in workers:
            worker.connection.close()
            worker.process.terminate()
        for worker in workers:
            worker.process.join(_STOP_TIMEOUT_S)


def _start_worker(bench: Bench, config: ExperimentConfig) -> _Worker:
    # a fresh interpreter, because a forked one would inherit locks of threads that it does not have
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, bench, config), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


@contextlib.contextmanager
def _interrupts_held() -> Generator[None, None, None]:
    """Put Ctrl-C off, also for the processes started meanwhile, until they ignore it by themselves."""
    resource_tracker.ensure_running()  # otherwise it starts with the first process and lets interrupts through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(connection: Connection, bench: Bench, config: ExperimentConfig) -> None:
    """Body of a worker process: run what is given until the starter hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_starter()
    with contextlib.suppress(EOFError, ConnectionError):  # the starter hung up
        while True:
            assignment = cast("Assignment", connection.recv())
            try:
                for message in run_unit(assignment, bench, config):
                    connection.send(message)
            except AtlasError as exc:
                connection.send(_Failed(str(exc), _kind(exc)))
                return


def end_with_starter() -> None:
    """End this process when the one that started it has ended, killed ones included, even in the middle of a unit."""
    starter = multiprocessing.parent_process()

    def wait() -> None:
        if starter is not None:
            starter.join()
            os._exit(1)  # nobody is left to hear of it, and nothing that is kept is held here

    threading.Thread(target=wait, daemon=True).start()


def _kind(error: AtlasError) -> str:
    if isinstance(error, MisuseError):
        return "misuse"
    return "dependency" if isinstance(error, DependencyError) else "failed"


def build_executor(bench: Bench, config: ExperimentConfig) -> Executor:
    """Return the executor for the configured number of workers."""
    return InlineExecutor(bench, config) if config.execution.workers == 1 else ProcessExecutor(bench, config)
