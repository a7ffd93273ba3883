"""Units in this process and in several: the same results, and errors that arrive."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from toy_exam import BrokenBench, ToyBench

from atlas.core.clock import Clock
from atlas.core.errors import AtlasError, DependencyError, MisuseError
from atlas.evaluation.config import ExperimentConfig
from atlas.evaluation.experiment import run_experiment

MakeConfig = Callable[..., ExperimentConfig]


def test_results_do_not_depend_on_the_number_of_processes(
    tmp_path: Path, make_config: MakeConfig, clock: Clock
) -> None:
    """One process, two and three write the same bytes."""
    for workers in (1, 2, 3):
        config = make_config(execution={"workers": workers})
        run_experiment(config, tmp_path / str(workers), bench=ToyBench(config), clock=clock)
    for name in ("metrics.json", "episodes.jsonl", "traces.jsonl"):
        assert len({(tmp_path / workers / name).read_bytes() for workers in "123"}) == 1


@pytest.mark.parametrize(
    ("failure", "kind", "message"),
    [
        ("corpus", AtlasError, "the corpus did it"),
        ("misuse", MisuseError, "the caller did it"),
        ("dependency", DependencyError, "the network did it"),
        ("exit", AtlasError, r"ended in 1-(stream|baseline)-\w+ with exit code 9.*continue with --resume"),
    ],
)
def test_a_worker_that_fails_is_heard(
    tmp_path: Path, make_config: MakeConfig, clock: Clock, failure: str, kind: type[AtlasError], *, message: str
) -> None:
    """The starter raises the error with its exit code, and waits for nobody."""
    config = make_config(
        company_seeds=[1], arms=["memory_off", "learned"], preregistration=None, execution={"workers": 2}
    )
    with pytest.raises(kind, match=message) as caught:
        run_experiment(config, tmp_path, bench=BrokenBench(config, failure), clock=clock)
    assert caught.value.exit_code == kind.exit_code


STARTER = """
import multiprocessing, time
from atlas.evaluation.executor import end_with_starter

def busy():
    end_with_starter()
    print("at work", flush=True)
    while True:
        time.sleep(0.01)

if __name__ == "__main__":
    process = multiprocessing.get_context("spawn").Process(target=busy)
    process.start()
    process.join()
"""


def test_a_worker_ends_with_a_starter_that_was_killed(tmp_path: Path) -> None:
    """Nobody is left to stop it then, and it would go on until the end of its unit."""
    script = tmp_path / "starter.py"
    script.write_text(STARTER)
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == "at work\n"
        starter.send_signal(signal.SIGKILL)
        rest, _ = starter.communicate(timeout=30)  # ends when nobody holds the other end any more
    assert rest == ""
