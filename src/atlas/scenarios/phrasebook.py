"""The wordings of every blueprint, read from the package's own files, and their division among the splits.

A wording may offer choices in square brackets, ``[Could|Can] you move {deal}[ please|]?``; a case draws one of each.
"""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Mapping
from importlib import resources
from typing import Literal, TypeAlias, cast

import yaml

from atlas.core.errors import CorpusError
from atlas.core.rng import derive_rng
from atlas.settings.parsing import parse_record
from atlas.verify.goals import Split

Register: TypeAlias = Literal["terse", "chatty", "email", "typos", "jargon", "formal"]

FEWEST_WORDINGS = 8  # per blueprint; with fewer, some split would have none
FEWEST_REGISTERS = 5  # per blueprint

_DIVISION: tuple[Split, ...] = (  # whose turn it is to get a wording, again and again
    Split.STREAM,
    Split.TEST_SAME,
    Split.DEV,
    Split.TEST_RENAMED,
    Split.TEST_NEW_COMPANY,
    Split.AUDIT,
    Split.STREAM,
    Split.STREAM,
    Split.TEST_SAME,
    Split.STREAM,
)
_CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_FileContent: TypeAlias = dict[str, dict[str, list[dict[Register, "str | list[str]"]]]]


@dataclasses.dataclass(frozen=True, slots=True)
class Wording:
    """One way to say it.

    Attributes:
        register: How it sounds.
        turns: A message per turn, with slots in braces that the case fills.
    """

    register: Register
    turns: tuple[str, ...]


def choose(text: str, rng: random.Random) -> str:
    """Return a wording with one of every choice taken.

    Example:
        >>> choose("[Hi|Hello], move it[ please|].", random.Random(4))
        'Hi, move it.'
    """
    return _CHOICE.sub(lambda found: rng.choice(found[1].split("|")), text)


class Phrasebook:
    """Looks up wordings.

    Args:
        wordings: By family and blueprint.
    """

    def __init__(self, wordings: Mapping[tuple[str, str], tuple[Wording, ...]]) -> None:
        self._wordings = wordings

    def wordings(self, family: str, blueprint: str) -> tuple[Wording, ...]:
        """Return the wordings of a blueprint.

        Raises:
            CorpusError: it has too few.
        """
        found = self._wordings.get((family, blueprint), ())
        if len(found) < FEWEST_WORDINGS:
            raise CorpusError(f"{family}/{blueprint} has {len(found)} wordings; it needs {FEWEST_WORDINGS} or more")
        return found

    def numbers_for(self, split: Split, family: str, blueprint: str) -> tuple[int, ...]:
        """Return the numbers of the wordings that a split may use.

        No two splits share one, in any company; blueprints with the same wordings divide them up in the same way. A
        family that is held out has no cases but those of its own split, which may use all wordings.
        """
        wordings = self.wordings(family, blueprint)
        numbers = list(range(len(wordings)))
        if split is Split.TEST_NEW_FAMILY:
            return tuple(numbers)
        derive_rng(0, "wordings", *(wording.turns[0] for wording in wordings)).shuffle(numbers)
        return tuple(sorted(n for place, n in enumerate(numbers) if _DIVISION[place % len(_DIVISION)] is split))

    def blueprints(self) -> tuple[tuple[str, str], ...]:
        """Return family and blueprint of everything that there are wordings for."""
        return tuple(self._wordings)


def load_phrasebook() -> Phrasebook:
    """Return the phrasebook of the package.

    Raises:
        InputFileError: one of its files is malformed.
    """
    wordings: dict[tuple[str, str], tuple[Wording, ...]] = {}
    folder = resources.files("atlas.scenarios.wordings")
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".yaml"):
            content = cast("object", yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))
            for family, blueprints in parse_record(_FileContent, content, file.name).items():
                for blueprint, entries in blueprints.items():
                    wordings[family, blueprint] = tuple(_wording(entry) for entry in entries)
    return Phrasebook(wordings)


def _wording(entry: Mapping[Register, str | list[str]]) -> Wording:
    ((register, said),) = entry.items()
    return Wording(register, (said,) if isinstance(said, str) else tuple(said))
