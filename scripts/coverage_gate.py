"""Fails when the branch coverage of a gated part falls below its floor.

Reads the data that ``make test`` left. The parts are those whose mistakes would make every result wrong: the verdict,
the rules of the world, the learning memory.

Run: ``make test``
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from coverage import Coverage
from coverage.exceptions import CoverageException

FLOOR = 90.0  # percent of lines and branches
GATED = {
    "verify": ("src/atlas/verify/**",),
    "crm rules": ("src/atlas/crm/rules/**", "src/atlas/crm/validation_rules.py"),
    "learning": ("src/atlas/learning/**",),
}

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Print one line per gated part; the exit code is 1 when one is below the floor or was not measured."""
    coverage = Coverage(config_file=str(ROOT / "pyproject.toml"), data_file=str(ROOT / ".coverage"))
    coverage.load()
    below = False
    for part, places in GATED.items():
        try:
            reached = coverage.report(include=[str(ROOT / place) for place in places], file=io.StringIO())
        except CoverageException as exc:
            print(f"coverage of {part}: not measured ({exc})")
            below = True
            continue
        below = below or reached < FLOOR
        print(f"coverage of {part}: {reached:.1f} % (floor {FLOOR:.0f} %){'  TOO LOW' if reached < FLOOR else ''}")
    return 1 if below else 0


if __name__ == "__main__":
    sys.exit(main())
