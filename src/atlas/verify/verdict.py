"""The verdict on one episode: a score in [0, 1] with everything that went into it."""

from __future__ import annotations

import enum

from atlas.core.records import record
from atlas.crm.records import Entity


class ItemKind(enum.StrEnum):
    """What a verdict item asks for."""

    CHANGE = "change"
    ANSWER = "answer"
    REFUSAL = "refusal"
    QUESTION = "question"
    MENTION = "mention"
    TOLD_USER = "told_user"
    LIMIT = "limit"


@record
class VerdictItem:
    """One required thing and how far it was met.

    Attributes:
        kind: What is asked for.
        name: Which one, such as ``"create Quote"`` or ``"facts.amount"``.
        weight: Its weight in the score.
        credit: Satisfied share in [0, 1].
        failed: What is missing or wrong, as names only (``"Quote.valid_until"``); never the right value.
    """

    kind: ItemKind
    name: str
    weight: float
    credit: float
    failed: tuple[str, ...] = ()


@record
class Collateral:
    """A change that nobody asked for: a row, or one field of it."""

    entity: Entity
    id: str
    field: str | None
    reason: str


@record
class Verdict:
    """What an episode was worth.

    Attributes:
        score: In [0, 1]; see :func:`atlas.verify.judge.judge` for the formula.
        items: The required things, in the order of the goal.
        collateral: Changes outside the allow-list; any caps the score at 0.5.
        forbidden: Forbidden changes that happened; any makes the score 0.
        caps: Names of the caps that applied.
    """

    score: float
    items: tuple[VerdictItem, ...]
    collateral: tuple[Collateral, ...] = ()
    forbidden: tuple[Collateral, ...] = ()
    caps: tuple[str, ...] = ()

    @property
    def strict(self) -> bool:
        """Strict success: every required thing done and nothing else."""
        return self.score == 1.0

    @property
    def failed_fields(self) -> tuple[str, ...]:
        """Names of what was wrong, without the right values: what a teacher of tier T2 may tell."""
        names = [name for item in self.items for name in item.failed]
        for group, extra in (("collateral", self.collateral), ("forbidden", self.forbidden)):
            names += [f"{group}:{item.entity.value}" + (f".{item.field}" if item.field else "") for item in extra]
        return tuple(dict.fromkeys(names))
