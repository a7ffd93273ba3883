"""Runs every ``benchmarks/bench_*.py`` as a process of its own and fails when one of them does.

Run: ``make bench`` (``ARGS=NAME`` runs only those whose file name contains NAME)
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(wanted: list[str]) -> int:
    """Run the benchmarks whose names contain one of ``wanted`` (all, when it is empty) and return the exit code."""
    found = sorted((ROOT / "benchmarks").glob("bench_*.py"))
    chosen = [path for path in found if not wanted or any(part in path.name for part in wanted)]
    if not chosen:
        known = ", ".join(path.name for path in found) or "none"
        print(f"no benchmark matches {' '.join(wanted) or 'benchmarks/bench_*.py'}; known: {known}", file=sys.stderr)
        return 2
    failed: list[str] = []
    for path in chosen:
        print(f"== {path.stem}", flush=True)
        if subprocess.run([sys.executable, str(path)], cwd=ROOT, check=False).returncode != 0:
            failed.append(path.name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
