"""How arms appear to readers."""

from __future__ import annotations

from atlas.evaluation import claims
from atlas.evaluation.arms import ARM_MEANINGS, ARM_NAMES
from atlas.evaluation.records import Arm


def test_an_arm_has_one_name_everywhere() -> None:
    """Tables call every arm what the sentences of the headline call it, and say what it means."""
    assert dict(ARM_NAMES) == dict(claims.ARM_NAMES)
    assert set(ARM_MEANINGS) == set(Arm)
