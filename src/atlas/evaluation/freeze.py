"""The freeze of the learner: what it was when the last families of the exam were added.

Families that were added after it, and that the student was never run on before, show whether it was tuned to the exam.
That holds only as long as the learner is the frozen one, so every run says whether it is.
"""

from __future__ import annotations

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


LEARNER_FREEZE = Freeze("2026-11-21", "607e5293c9a6a7b8de2e35e333a0a38e2cbee2967e9019cff5c2e5498c634222", 87)


def hash_of_learner() -> str:
    """Return the hash of the source files of the student and what it learns with: equal sources, equal hashes."""
    return content_hash(
        {
            f"{package}/{module.name}": module.read_text(encoding="utf-8")
            for package in _LEARNER
            for module in _modules(resources.files(package))
        }
    )


def describe_learner() -> str:
    """Return whether the learner is the frozen one, for the report of a run."""
    sources = hash_of_learner()
    if sources == LEARNER_FREEZE.sources:
        return f"as frozen on {LEARNER_FREEZE.day}"
    return f"changed since it was frozen on {LEARNER_FREEZE.day} (sources {sources})"


def _modules(folder: Traversable) -> list[Traversable]:
    return sorted((one for one in folder.iterdir() if one.name.endswith(".py")), key=lambda one: one.name)
