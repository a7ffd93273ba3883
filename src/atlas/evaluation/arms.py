"""How the arms appear to readers: their names, what they mean, and their markers."""

from __future__ import annotations

from collections.abc import Mapping

from atlas.evaluation.records import Arm

ARM_NAMES: Mapping[Arm, str] = {
    Arm.MEMORY_OFF: "memory off",
    Arm.LEARNED: "learned",
    Arm.SHUFFLED: "shuffled programs",
    Arm.WRONG_COMPANY: "wrong company",
    Arm.OUTCOME_ONLY: "outcome-only teacher",
    Arm.DO_NOTHING: "do nothing",
    Arm.COMPILED: "compiled",
}

ARM_MEANINGS: Mapping[Arm, str] = {
    Arm.MEMORY_OFF: "the same student with an empty memory: the floor",
    Arm.LEARNED: "with what it learned from its own company's stream, frozen",
    Arm.SHUFFLED: "learned memory with its programs dealt out to the wrong cues",
    Arm.WRONG_COMPANY: "what was learned at another company, forced on this one",
    Arm.OUTCOME_ONLY: "taught only whether it was right, never how",
    Arm.DO_NOTHING: "never calls a tool",
    Arm.COMPILED: "with lessons compiled from solved cases whose kinds are known: what the language allows",
}

SHAPES: Mapping[Arm, str] = {
    Arm.MEMORY_OFF: "ring",
    Arm.LEARNED: "disc",
    Arm.SHUFFLED: "square",
    Arm.WRONG_COMPANY: "diamond",
    Arm.OUTCOME_ONLY: "triangle",
    Arm.DO_NOTHING: "cross",
    Arm.COMPILED: "star",
}
"""A shape beside the colour, for eyes and printers that do not tell colours apart."""
