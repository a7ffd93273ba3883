"""What every benchmark shares: CPU time, the median of several runs, and a line that says on what it was measured."""

from __future__ import annotations

import dataclasses
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

REPEATS = 5

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Measurement:
    """CPU seconds of several runs of the same work.

    Attributes:
        units: How many things one run did.
        seconds: CPU time of each run.
    """

    units: int
    seconds: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Things per CPU-second, by the median run."""
        return self.units / statistics.median(self.seconds)

    @property
    def micros_each(self) -> float:
        """CPU microseconds per thing, by the median run."""
        return statistics.median(self.seconds) / self.units * 1e6

    @property
    def spread(self) -> str:
        """Slowest and fastest run as things per CPU-second."""
        return f"{self.units / max(self.seconds):,.0f} to {self.units / min(self.seconds):,.0f}"


def measure(work: Callable[[T], int], prepare: Callable[[], T]) -> Measurement:
    """Return the CPU time of five runs of ``work``.

    Args:
        work: Does the same every time and returns how many things it did.
        prepare: Makes what ``work`` is given, before every run and outside the measured time.
    """
    seconds: list[float] = []
    units = 0
    for _ in range(REPEATS):
        ready = prepare()
        start = time.process_time()
        units = work(ready)
        seconds.append(time.process_time() - start)
    return Measurement(units, tuple(seconds))


def report_rate(what: str, measured: Measurement, target: int | None, how: str) -> None:
    """Print a rate per CPU-second next to its target, where there is one."""
    wanted = "-" if target is None else f">= {target:,}"
    reached = None if target is None else measured.rate >= target
    report(what, f"{measured.rate:,.0f}", wanted, reached=reached, how=f"{how}; runs {measured.spread}")


def report(what: str, found: str, target: str, *, reached: bool | None, how: str) -> None:
    """Print what was measured, the figure, the target, and how it was measured."""
    verdict = {None: "", True: "reached", False: "MISSED"}[reached]
    print(f"{what:<44} {found:>12}   target {target:<10} {verdict}".rstrip())
    print(f"    {how}")


def describe_machine() -> str:
    """Return processor and interpreter, for the head of a table."""
    return f"{_processor()}, {platform.python_implementation()} {platform.python_version()}, {platform.system()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()
