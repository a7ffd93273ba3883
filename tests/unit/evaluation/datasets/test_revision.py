"""Which version of a file."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from atlas.core.errors import InputFileError
from atlas.evaluation.datasets.revision import revision_of

CHANGED = 1_762_942_521  # 2025-11-12 10:15:21 UTC
LABEL = "2025-11-12T10:15:21Z"
EMPTY_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def _git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _file(folder: Path, text: str = "") -> Path:
    path = folder / "data.jsonl"
    path.write_text(text)
    os.utime(path, (CHANGED, CHANGED))
    return path


def test_a_file_that_nobody_tracks_is_known_by_its_time(tmp_path: Path) -> None:
    """In UTC, with the hash of its bytes."""
    found = revision_of(_file(tmp_path))
    assert (found.label, found.content_hash) == (LABEL, EMPTY_HASH)


def test_a_tracked_and_clean_file_is_known_by_its_commit(tmp_path: Path) -> None:
    """The last one that changed it; a change of it, or of its place in the index, makes the time count again."""
    _git(tmp_path, "init", "-q")
    path = _file(tmp_path)
    assert revision_of(path).label == LABEL
    _git(tmp_path, "add", path.name)
    assert revision_of(path).label == LABEL
    _git(tmp_path, "commit", "-qm", "Add data")
    commit = _git(tmp_path, "rev-parse", "HEAD")
    (tmp_path / "other.txt").write_text("x")
    _git(tmp_path, "add", "other.txt")
    _git(tmp_path, "commit", "-qm", "Add something else")
    assert revision_of(path).label == commit
    _file(tmp_path, "changed")
    assert revision_of(path).label == LABEL


def test_without_git_the_time_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without git is no error."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert revision_of(_file(tmp_path)).label == LABEL


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """No traceback of the system."""
    with pytest.raises(InputFileError, match=r"cannot read .*nowhere"):
        revision_of(tmp_path / "nowhere")
