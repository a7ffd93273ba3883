"""How the real command line is run as a process."""

from __future__ import annotations

import os
import sys

TIMEOUT_S = 300


def atlas_command(*arguments: str) -> list[str]:
    """Return the command that runs atlas with this interpreter."""
    return [sys.executable, "-m", "atlas.cli", *arguments]


def clean_environment(**variables: str) -> dict[str, str]:
    """Return the environment without anything that is meant for atlas, but with ``variables``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ATLAS_")}
    return {**kept, "COLUMNS": "200", **variables}
