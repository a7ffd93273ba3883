"""Colours: readable in both schemes, and told apart by colour-blind eyes."""

from __future__ import annotations

import itertools
import math
import re
from importlib import resources

import pytest

from atlas.evaluation.records import Arm

SCHEMES = ("light", "dark", "print")
TEXTS = (("ink", "sheet"), ("ink", "page"), ("soft", "sheet"), ("soft", "page"), ("accent", "sheet"))
BADGES = (("good", "good-wash"), ("bad", "bad-wash"), ("open", "open-wash"))

# Machado, Oliveira, Fernandes (2009): what is left of linear RGB at full severity
VISIONS = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}
Colour = tuple[float, float, float]


def _palette(scheme: str) -> dict[str, Colour]:
    css = resources.files("atlas.evaluation.report").joinpath("templates/report.css").read_text(encoding="utf-8")
    block = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[SCHEMES.index(scheme)]
    return {name: _linear(value) for name, value in re.findall(r"--([\w-]+): #([0-9a-f]{3,6})\b", block)}


def _linear(code: str) -> Colour:
    code = "".join(2 * digit for digit in code) if len(code) == 3 else code
    parts = [int(code[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


def _luminance(colour: Colour) -> float:
    return 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]


def _contrast(one: Colour, other: Colour) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _lab(colour: Colour) -> Colour:
    red, green, blue = (min(1.0, max(0.0, part)) for part in colour)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _seen(colour: Colour, vision: str) -> Colour:
    red, green, blue = (sum(a * b for a, b in zip(row, colour, strict=True)) for row in VISIONS[vision])
    return red, green, blue


@pytest.mark.parametrize("scheme", SCHEMES)
def test_text_and_marks_stand_out(scheme: str) -> None:
    """Text has a contrast of 4.5 and marks one of 3, as WCAG 2 asks, in every scheme."""
    palette = _palette(scheme)
    for text, ground in (*TEXTS, *BADGES):
        assert _contrast(palette[text], palette[ground]) >= 4.5, (text, ground)
    for tone in (*(arm.value for arm in Arm), "worse"):
        assert _contrast(palette[tone], palette["sheet"]) >= 3, tone


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_arms_are_told_apart_by_all_eyes(scheme: str, vision: str) -> None:
    """The colours of any two arms differ visibly (10 in CIELAB) for every kind of colour vision."""
    palette = _palette(scheme)
    for one, other in itertools.combinations(Arm, 2):
        distance = math.dist(_lab(_seen(palette[one.value], vision)), _lab(_seen(palette[other.value], vision)))
        assert distance >= 10, (one, other)
