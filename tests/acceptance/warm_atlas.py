"""A process that has imported atlas and forks one more for every command, so that a table of commands is cheap to run.

Each command has a process of its own, as on a terminal: own folder, own environment, own exit code; what is saved is
the second that the imports take. Run as a program, it reads one request a line and writes one reply a line, in JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from atlas_process import clean_environment

from atlas.cli.main import main


class WarmAtlas:
    """The process, started; use it in a ``with`` block."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            env=clean_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def run(self, folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command in ``folder``; keywords are environment variables."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(folder), arguments, variables]) + "\n")
        self._process.stdin.flush()
        code, stdout, stderr = json.loads(self._process.stdout.readline())
        return subprocess.CompletedProcess(arguments, code, stdout, stderr)


def _serve() -> None:
    for line in sys.stdin:
        folder, arguments, variables = json.loads(line)
        print(json.dumps(_forked(folder, arguments, variables)), flush=True)  # noqa: T201 - the reply


def _forked(folder: str, arguments: list[str], variables: Mapping[str, str]) -> tuple[int, str, str]:
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(stdout.fileno(), 1)
            os.dup2(stderr.fileno(), 2)
            os.chdir(folder)
            os.environ.update(variables)
            os._exit(_exit_code(arguments))
        _, status = os.waitpid(child, 0)
        stdout.seek(0)
        stderr.seek(0)
        return os.waitstatus_to_exitcode(status), stdout.read().decode(), stderr.read().decode()


def _exit_code(arguments: list[str]) -> int:
    """Run a command to its end, as the interpreter does with a program."""
    sys.argv = ["atlas", *arguments]
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    except BaseException:  # noqa: BLE001 - a bug: the caller looks for its traceback
        traceback.print_exc()
        return 1
    else:
        return 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    _serve()
