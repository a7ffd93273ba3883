"""A playbook: one lesson with its cue, its program, and what speaks for and against it."""

from __future__ import annotations

import enum

from atlas.core.ids import content_id
from atlas.core.records import record
from atlas.learning.programs import (
    Guard,
    Program,
)
from atlas.learning.sightings import CaseMark


class PlaybookKind(enum.StrEnum):
    """What kind of lesson a playbook is."""

    WORKFLOW = "workflow"
    LEXICON = "lexicon"
    RULE = "rule"
    REFERENCE = "reference"
    RECOVERY = "recovery"
    PRINCIPLE = "principle"


class Audience(enum.StrEnum):
    """Who reads it."""

    STUDENT = "student"
    TEACHER = "teacher"
    BOTH = "both"


class Lifecycle(enum.StrEnum):
    """How far a lesson is trusted: a suspended or retired one is never followed."""

    CANDIDATE = "candidate"
    PROBATION = "probation"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    RETIRED = "retired"


@record
class FeatureRange:
    """What a feature of the situation was in the cases of a playbook.

    Attributes:
        feature: Its name.
        cases: Number of cases in which it had a value.
        low: Smallest number seen, blurred downwards (``atlas.learning.features``); None for a feature of words.
        high: Largest number seen, blurred upwards.
        words: Words seen (sealed where not public) with their counts, in order of their texts.
    """

    feature: str
    cases: int
    low: float | None = None
    high: float | None = None
    words: tuple[tuple[str, int], ...] = ()


@record
class Cue:
    """What calls a playbook to mind.

    Attributes:
        prototypes: Cue words of messages that it answered, oldest first.
        terms: Words that all or nearly all of them have.
        when: Tests that told it apart from its rivals.
        on_error: ``"tool/code/field"`` for a recovery.
        situation: What kind of message it is, where whoever wrote the lesson knew that; empty otherwise. Lessons for
            one kind of message are told apart by words only as far as they were seen to differ in them.
    """

    prototypes: tuple[tuple[str, ...], ...] = ()
    terms: tuple[str, ...] = ()
    when: tuple[Guard, ...] = ()
    on_error: str | None = None
    situation: str = ""


@record
class Evidence:
    """What speaks for and against a playbook.

    Attributes:
        followed_ok: Verified successes in which it was followed.
        followed_bad: Verified failures in which it was followed and was to blame.
        streak: Blamed failures since the last success.
        cases: Marks of the cases that it was learned from, oldest first.
        ranges: What the situation was like in those cases.
    """

    followed_ok: int = 0
    followed_bad: int = 0
    streak: int = 0
    cases: tuple[CaseMark, ...] = ()
    ranges: tuple[FeatureRange, ...] = ()

    @property
    def trust(self) -> float:
        """Posterior mean of the chance that following it is right, from a uniform prior."""
        return (self.followed_ok + 1) / (self.followed_ok + self.followed_bad + 2)


@record
class Playbook:
    """One lesson.

    Attributes:
        id: Content hash of what it was founded on; later cases refine a playbook, a contradiction founds a new one.
        tenant: The company that it holds for, None for any.
        level: 1 one case, 2 one company, 3 any company, 4 any tools.
        audience: Who reads it.
        kind: What kind of lesson it is.
        cue: What calls it to mind.
        program: What to do, in the closed language.
        evidence: What speaks for and against it.
        state: How far it is trusted.
        supersedes: The suspended playbook that it replaces.
    """

    id: str
    tenant: str | None
    level: int
    audience: Audience
    kind: PlaybookKind
    cue: Cue
    program: Program
    evidence: Evidence
    state: Lifecycle
    supersedes: str | None = None


def found_playbook(
    tenant: str | None,
    kind: PlaybookKind,
    cue: Cue,
    program: Program,
    evidence: Evidence,
    *,
    supersedes: str | None = None,
) -> Playbook:
    """Return a new candidate; its id is the content hash of what it is founded on."""
    founding = {"tenant": tenant, "kind": kind, "cue": cue, "program": program, "supersedes": supersedes}
    return Playbook(
        id=content_id("pb", founding),
        tenant=tenant,
        level=2,
        audience=Audience.STUDENT,
        kind=kind,
        cue=cue,
        program=program,
        evidence=evidence,
        state=Lifecycle.CANDIDATE,
        supersedes=supersedes,
    )
