"""The freeze of the learner: what it is held to be while families tell whether it was tuned to the exam.

Families that were written without a look at the student, and that nothing in it was changed for, show that. It holds
only as long as the learner is the frozen one, so every run says whether it is. This freeze is the second one: after the
first, the student was run on the late families, and then changed once more, for failures in older ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable

from atlas.core.canonical import content_hash
from atlas.core.records import record

_LEARNER = ("atlas.agents", "atlas.learning")


@record
class Freeze:
    """One freeze.

    Attributes:
        day: When, as an ISO date.
        sources: Hash of the learner's source files then (:func:`hash_of_learner`).
        families: Number of families that the exam had then.
    """

    day: str
    sources: str
    families: int


LEARNER_FREEZE = Freeze("2026-11-21", "8af2e9824e71a462a4b3f34ae2a4a7354d5b1981b6f3cdbf4f9385b8df1e9afb", 87)


def hash_of_learner() -> str:
    """Return the hash of the files of the student and of what it learns with: equal files, equal hashes."""
    files = (file for package in _LEARNER for file in _files(resources.files(package), package))
    return content_hash({name: file.read_text(encoding="utf-8") for name, file in files})


def describe_learner(sources: str) -> str:
    """Return whether the learner of a run is the frozen one.

    Args:
        sources: Hash of its sources when the run began; empty where nobody knows.
    """
    if not sources:
        return "unknown"
    if sources == LEARNER_FREEZE.sources:
        return f"as frozen on {LEARNER_FREEZE.day}"
    return f"not the one that was frozen on {LEARNER_FREEZE.day} (sources {sources})"


def _files(folder: Traversable, name: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.name.startswith((".", "__pycache__")):
            continue
        if entry.is_dir():
            yield from _files(entry, f"{name}/{entry.name}")
        else:
            yield f"{name}/{entry.name}", entry
