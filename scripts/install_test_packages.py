"""Installs the system packages of ``requirements/apt.txt``, which some tests need; what is there already stays.

Run: ``make test-deps`` (Debian and Ubuntu, as root or with sudo). Exit code 3: apt or the right to use it is missing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = Path(__file__).resolve().parent.parent / "requirements" / "apt.txt"
EXIT_DEPENDENCY = 3


def main() -> int:
    """Install what is missing and return the exit code."""
    wanted = parse_packages(PACKAGES.read_text(encoding="utf-8"))
    missing = [package for package in wanted if not _is_installed(package)]
    if not missing:
        print(f"test-deps: nothing to install ({len(wanted)} wanted)", file=sys.stderr)
        return 0
    apt = shutil.which("apt-get")
    prefix = [] if os.geteuid() == 0 else [found for found in (shutil.which("sudo"),) if found]
    if apt is None or (os.geteuid() != 0 and not prefix):
        lacking = "apt-get" if apt is None else "root or sudo"
        print(f"test-deps: {lacking} is missing; install by hand: {' '.join(missing)}", file=sys.stderr)
        return EXIT_DEPENDENCY
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
        done = subprocess.run([*prefix, apt, *arguments], env=environment, stdout=sys.stderr, check=False)
        if done.returncode != 0:
            print(f"test-deps: apt-get {arguments[0]} ended with exit code {done.returncode}", file=sys.stderr)
            return EXIT_DEPENDENCY
    return 0


def parse_packages(text: str) -> list[str]:
    r"""Return the package names of a list with one name a line and ``#`` comments.

    Example:
        >>> parse_packages("# a browser\nchromium  # for the report\n")
        ['chromium']
    """
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def _is_installed(package: str) -> bool:
    query = shutil.which("dpkg-query")
    if query is None:
        return False
    command = [query, "--show", "--showformat=${db:Status-Status}", package]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout == "installed"


if __name__ == "__main__":
    sys.exit(main())
