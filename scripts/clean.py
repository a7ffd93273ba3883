"""Removes caches and build output; the environment (``.venv``) and the results of runs (``artifacts``) stay.

Run: ``make clean``
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

TOP_LEVEL = ("build", "dist", "htmlcov", ".coverage", ".coverage.*", ".pytest_cache", ".ruff_cache", ".hypothesis")
SOURCE_FOLDERS = ("src", "tests", "scripts", "benchmarks")


def main() -> None:
    """Remove them."""
    for path in leftovers(ROOT):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def leftovers(root: Path) -> Iterator[Path]:
    """Yield every cache and build output of a checkout."""
    for pattern in TOP_LEVEL:
        yield from sorted(root.glob(pattern))
    for folder in SOURCE_FOLDERS:
        yield from sorted((root / folder).rglob("__pycache__"))


if __name__ == "__main__":
    main()
