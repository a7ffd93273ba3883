"""What a comparison could have found: without it, "no difference" says nothing."""

from __future__ import annotations

from atlas.statistics.clusters import check_confidence, t_quantile

POWER = 0.8
"""The customary chance of finding a difference that is there."""


def minimum_detectable_effect(
    standard_error: float, degrees: float, *, confidence: float = 0.95, power: float = POWER
) -> float:
    """Return the smallest true difference that a two-sided *t* test finds with the given power.

    Source: H. S. Bloom, "Minimum detectable effects", Evaluation Review 19 (1995).

    Args:
        standard_error: Of the estimated difference; the result has its unit.
        degrees: Degrees of freedom, at least 1: clusters minus 1 where they are equally large.
        confidence: 1 minus the level of the test.
        power: Chance of finding the difference, between 0.5 and 1.

    Raises:
        ValueError: an argument is out of range.

    Example:
        >>> round(minimum_detectable_effect(0.02, 60), 4)
        0.057
    """
    check_confidence(confidence)
    if not 0.5 <= power < 1:  # noqa: PLR2004  below one half the formula would promise effects that are mostly missed
        raise ValueError(f"power {power!r} is not in [0.5, 1); for 80 % give 0.8")
    if not standard_error >= 0:
        raise ValueError(f"standard error {standard_error!r} is not a number of at least 0")
    if degrees < 1:
        raise ValueError(f"{degrees} degrees of freedom; at least two clusters are needed")
    return (t_quantile((1 + confidence) / 2, degrees) + t_quantile(power, degrees)) * standard_error
