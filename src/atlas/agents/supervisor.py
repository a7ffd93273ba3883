"""The embedded teacher: tells a student as much about an episode as its tier allows."""

from __future__ import annotations

from atlas.episodes.protocols import Demonstrator
from atlas.episodes.records import Episode, Feedback, Tier
from atlas.verify.verdict import Verdict


class Supervisor:
    """A teacher of one tier, without judgement of its own: it passes on the verdict and, at T3, a demonstration.

    A demonstration is asked for only when the episode was not a strict success; for a case without a demonstrator
    (every case that may not be taught), the feedback stops at the names of failed fields.

    Args:
        tier: What it may tell.
    """

    def __init__(self, tier: Tier) -> None:
        self.tier = tier

    def review(self, episode: Episode, verdict: Verdict, demonstrator: Demonstrator | None) -> Feedback:
        del episode
        if self.tier is Tier.NONE:
            return Feedback(self.tier)
        if self.tier is Tier.OUTCOME:
            return Feedback(self.tier, verdict.strict)
        if self.tier is Tier.FIELDS or verdict.strict or demonstrator is None:
            return Feedback(self.tier, verdict.strict, verdict.failed_fields)
        return Feedback(self.tier, verdict.strict, verdict.failed_fields, demonstrator.demonstrate())
