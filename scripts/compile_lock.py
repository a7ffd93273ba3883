"""Compiles `requirements/lock.txt`: one hashed lock for every supported Python and system.

The sources are the dependencies, every extra and the group ``dev`` of pyproject.toml, bent by
`requirements/overrides.txt`. One version per package is chosen for all interpreters, so that numbers do not differ
between them. The lock names no index and no download address: where packages come from is the installer's business.

Run: ``make lock`` (add ``ARGS=--upgrade`` for newer versions).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from package_sources import read_pip_settings, uv_environment

ROOT = Path(__file__).resolve().parent.parent

COMMAND = (
    *("uv", "pip", "compile", "--quiet", "--no-config", "--universal", "--python-version", "3.11"),
    *("--fork-strategy", "fewest", "--generate-hashes", "--custom-compile-command", "make lock"),
    *("--no-emit-index-url", "--no-emit-find-links", "--overrides", "requirements/overrides.txt"),
    *("--all-extras", "--group", "dev", "--output-file", "requirements/lock.txt", "pyproject.toml"),
)

_PLACE = re.compile(r"://|^\s*--(?:index|extra-index|find-links|trusted)|^\s*-[if]\s|\s@\s", flags=re.MULTILINE)


def main() -> int:
    """Compile the lock, refuse one that says where packages come from, and return the exit code."""
    pip = read_pip_settings(sys.executable)
    pip.pop("find-links", None)  # files of this machine would bring hashes that no index has
    pip.pop("extra-index-url", None)
    environment = {**os.environ, **uv_environment(pip, os.environ)}
    uv = str(Path(sys.executable).with_name("uv"))
    done = subprocess.run([uv, *COMMAND[1:], *sys.argv[1:]], cwd=ROOT, env=environment, check=False)
    if done.returncode != 0:
        return done.returncode
    places = find_places((ROOT / "requirements" / "lock.txt").read_text(encoding="utf-8"))
    if places:
        print(f"requirements/lock.txt says where packages come from: {places}", file=sys.stderr)
        return 1
    return 0


def find_places(lock: str) -> list[str]:
    r"""Return the lines of a requirement file that say where packages come from.

    Example:
        >>> find_places("a==1\nb @ https://host/b.whl\n--find-links /wheels\n")
        ['b @ https://host/b.whl', '--find-links /wheels']
    """
    return [line for line in lock.splitlines() if _PLACE.search(line)]


if __name__ == "__main__":
    sys.exit(main())
