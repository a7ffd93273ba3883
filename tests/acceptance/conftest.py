"""The real command line, run as a process."""

from __future__ import annotations

import functools
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TypeAlias

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # tests share how the process is run

from atlas_process import TIMEOUT_S, atlas_command, clean_environment
from warm_atlas import WarmAtlas

RunAtlas: TypeAlias = "Callable[..., subprocess.CompletedProcess[str]]"


@pytest.fixture
def run_atlas(tmp_path: Path) -> RunAtlas:
    """Run atlas in an empty folder; keywords are environment variables."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            atlas_command(*arguments),
            cwd=tmp_path,
            env=clean_environment(**variables),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    return run


@pytest.fixture
def start_atlas(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start atlas in an empty folder, in a process group of its own, as a terminal would; keywords as above."""

    def start(*arguments: str, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            atlas_command(*arguments),
            cwd=tmp_path,
            env=clean_environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    return start


@pytest.fixture
def run_warm(warm: WarmAtlas, tmp_path: Path) -> RunAtlas:
    """Run atlas like ``run_atlas``, without a cold start: for commands that start no process of their own."""
    return functools.partial(warm.run, tmp_path)


@pytest.fixture(scope="session")
def warm() -> Generator[WarmAtlas]:
    """A process that forks one more for every command: for tests that need many commands, and no cold start."""
    with WarmAtlas() as warm:
        yield warm
