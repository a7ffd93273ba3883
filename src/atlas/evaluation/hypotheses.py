"""What is expected of an experiment, written down before the run: hypotheses, their bounds, the arms that each needs.

What can be seen to be wrong before anything has run is refused here: a bound that no figure can keep, a comparison of
an arm with itself.
"""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Discriminator, Field, model_validator

from atlas.evaluation.records import Arm

_SHARED = (Arm.LEARNED, Arm.MEMORY_OFF)  # the gain that shares are taken of is the difference of these


class Section(BaseModel):
    """A part of a configuration: frozen, and unknown keys are rejected."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Target(Section):
    """Bounds that a measured figure has to keep; at least one is given, and some figure keeps all of them.

    Attributes:
        name: What the claim is called in the report.
        more_than: The figure has to be greater than this.
        at_least: It has to be at least this.
        at_most: It must not be greater than this.
    """

    name: str = Field(min_length=1)
    more_than: float | None = None
    at_least: float | None = None
    at_most: float | None = None

    figure: ClassVar[str] = "a share"
    least: ClassVar[float] = 0
    most: ClassVar[float] = 1

    @property
    def needs(self) -> tuple[Arm, ...]:
        """The arms without which there is nothing to check."""
        return ()

    @model_validator(mode="after")
    def _has_bounds_that_can_be_kept(self) -> Self:
        bounds = {"more_than": self.more_than, "at_least": self.at_least, "at_most": self.at_most}
        given = {key: bound for key, bound in bounds.items() if bound is not None}
        if not given:
            raise ValueError(f"hypothesis {self.name!r} needs one of {', '.join(bounds)}")
        for key, bound in given.items():
            if not self.least <= bound <= self.most:
                raise ValueError(
                    f"hypothesis {self.name!r}: {key} is {self.figure} from {self.least} to {self.most}, not {bound:g}"
                )
        highest = given.get("at_most", math.inf)
        if given.get("at_least", -math.inf) > highest or given.get("more_than", -math.inf) >= highest:
            raise ValueError(
                f"hypothesis {self.name!r} can never be met: "
                + " and ".join(f"{key} {bound:g}" for key, bound in given.items())
            )
        return self


class LevelTarget(Target):
    """A hypothesis about one arm's strict success on the frozen test, as a share.

    Attributes:
        arm: The arm.
        families: Only those that the learner's language can express; None for all. Needs the compiled arm.
    """

    kind: Literal["level"]
    arm: Arm
    families: Literal["expressible"] | None = Field(default=None, exclude_if=lambda families: families is None)

    @property
    def needs(self) -> tuple[Arm, ...]:
        """See :class:`Target`; the compiled arm shows which families are expressible."""
        return (self.arm,) if self.families is None else (self.arm, Arm.COMPILED)


class DifferenceTarget(Target):
    """A hypothesis about a paired difference of strict success on the frozen test, as a difference of shares.

    Attributes:
        arm: The arm that is compared.
        against: What it is compared with.
        bound: Which figure has to keep the bounds: the estimate, or an end of its interval.
        cluster: What counts as one independent observation.
    """

    kind: Literal["difference"]
    arm: Arm
    against: Arm
    bound: Literal["estimate", "low", "high"] = "estimate"
    cluster: Literal["blueprint", "company"] = "blueprint"

    figure: ClassVar[str] = "a difference of shares"
    least: ClassVar[float] = -1

    @property
    def needs(self) -> tuple[Arm, ...]:
        """See :class:`Target`."""
        return (self.arm, self.against)

    @model_validator(mode="after")
    def _compares_two_arms(self) -> Self:
        if self.arm is self.against:
            raise ValueError(f"hypothesis {self.name!r} compares arm {self.arm.value!r} with itself; name another one")
        return self


class GainShareTarget(Target):
    """A hypothesis about an arm's gain over memory-off as a share of the learned arm's gain.

    Attributes:
        arm: The arm.
        level: Only cases of this level (2 needs the company's conventions, 3 does not); None for all.
    """

    kind: Literal["share_of_gain"]
    arm: Arm
    level: Literal[1, 2, 3, 4] | None = None

    figure: ClassVar[str] = "a share of the learned gain"
    least: ClassVar[float] = -1

    @property
    def needs(self) -> tuple[Arm, ...]:
        """See :class:`Target`."""
        return (self.arm, *_SHARED)

    @model_validator(mode="after")
    def _compares_another_arm(self) -> Self:
        if self.arm in _SHARED:
            raise ValueError(
                f"hypothesis {self.name!r} compares arm {self.arm.value!r} with itself: shares are taken of what "
                "'learned' gains over 'memory_off'; name another arm"
            )
        return self


Hypothesis: TypeAlias = Annotated[LevelTarget | DifferenceTarget | GainShareTarget, Discriminator("kind")]


class Preregistration(Section):
    """What was expected before the run, hashed into the report together with arms, seeds and sizes.

    Attributes:
        stopping: When the experiment ends, in words.
        hypotheses: The claims that will be checked.
    """

    stopping: str = Field(min_length=1)
    hypotheses: tuple[Hypothesis, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [hypothesis.name for hypothesis in self.hypotheses]
        if len(set(names)) != len(names):
            raise ValueError(f"two hypotheses share a name: {', '.join(sorted(names))}")
        return self
