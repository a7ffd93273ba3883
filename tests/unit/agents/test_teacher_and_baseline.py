"""A teacher tells no more than its tier allows; the do-nothing student does nothing."""

from datetime import date

import pytest

from atlas.agents.baselines import DoNothing
from atlas.agents.supervisor import Supervisor
from atlas.crm.records import Response
from atlas.episodes.records import Budget, Episode, EpisodeStatus, Observation, Tier, Turn
from atlas.verify.verdict import ItemKind, Verdict, VerdictItem

EPISODE = Episode((Turn("Hi", (), Response("Ok")),), (), EpisodeStatus.COMPLETED, 0)
WRONG = Verdict(0.5, (VerdictItem(ItemKind.ANSWER, "facts.amount", 1, 0, ("facts.amount",)),))
RIGHT = Verdict(1.0, ())


class _Shown:
    """Counts how often somebody asked for the demonstration."""

    def __init__(self) -> None:
        self.asked = 0

    def demonstrate(self) -> tuple[Turn, ...]:
        self.asked += 1
        return EPISODE.turns


@pytest.mark.parametrize(
    ("tier", "verdict", "expected"),
    [
        (Tier.NONE, WRONG, (None, (), False)),
        (Tier.OUTCOME, WRONG, (False, (), False)),
        (Tier.OUTCOME, RIGHT, (True, (), False)),
        (Tier.FIELDS, WRONG, (False, ("facts.amount",), False)),
        (Tier.DEMONSTRATION, WRONG, (False, ("facts.amount",), True)),
        (Tier.DEMONSTRATION, RIGHT, (True, (), False)),
    ],
)
def test_tiers(tier: Tier, verdict: Verdict, expected: tuple[bool | None, tuple[str, ...], bool]) -> None:
    """Each tier tells what it may, and a demonstration is asked for only where something was wrong."""
    shown = _Shown()
    feedback = Supervisor(tier).review(EPISODE, verdict, shown)
    assert (feedback.success, feedback.failed_fields, feedback.demonstration is not None) == expected
    assert shown.asked == int(expected[2])


def test_no_demonstrator_no_demonstration() -> None:
    """A case that may not be taught is not demonstrated."""
    assert Supervisor(Tier.DEMONSTRATION).review(EPISODE, WRONG, None).demonstration is None


def test_do_nothing() -> None:
    """The baseline ends the turn without a call."""
    observation = Observation(EPISODE.turns, "a", "r", date(2026, 3, 2), (), Budget(1, 1), "t")
    action = DoNothing().act(observation)
    assert action.calls == ()
    assert action.text
