"""The set-up works on a checkout that nothing has been done to, and heals one that something was done to."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LEFT_BEHIND = shutil.ignore_patterns(
    ".git", ".venv", ".*_cache", ".hypothesis", ".coverage*", "__pycache__", "artifacts"
)
AT_ONCE_S = 5.0  # an up-to-date environment is recognised well within this, on any machine

pytestmark = pytest.mark.slow


def test_a_half_made_environment_is_made_anew_and_then_left_alone(tmp_path: Path) -> None:
    """``make setup`` replaces a broken ``.venv``, the command works from elsewhere, and a second run does nothing."""
    checkout = tmp_path / "a checkout"  # the name has a blank, as a user's may
    shutil.copytree(ROOT, checkout, ignore=LEFT_BEHIND)
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").write_text("killed while being written", encoding="utf-8")

    first = _make(checkout, "setup")
    assert first.returncode == 0, first.stderr
    assert "removing the stale .venv" in first.stderr
    assert ".venv is ready" in first.stderr
    assert first.stdout == ""

    where = "import atlas, numpy; print(atlas.__file__)"
    found = _run([str(checkout / ".venv" / "bin" / "python"), "-c", where], tmp_path)
    assert found.stdout.strip() == str(checkout / "src" / "atlas" / "__init__.py"), found.stderr
    told = _run([str(checkout / ".venv" / "bin" / "atlas"), "--help"], tmp_path)
    assert told.returncode == 0, told.stderr

    began = time.monotonic()
    second = _make(checkout, "setup")
    assert (second.returncode, second.stderr) == (0, "")
    assert time.monotonic() - began < AT_ONCE_S


def _make(checkout: Path, target: str) -> subprocess.CompletedProcess[str]:
    return _run(["make", "--no-print-directory", f"PYTHON={sys.executable}", target], checkout)


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
