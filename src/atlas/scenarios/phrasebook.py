"""The wordings of every blueprint, read from the package's own files, and their division among the splits."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from importlib import resources
from typing import Literal, TypeAlias, cast

import yaml

from atlas.core.errors import CorpusError
from atlas.core.rng import derive_rng
from atlas.scenarios.companies import POOLS
from atlas.settings.parsing import parse_record
from atlas.verify.goals import Split

Register: TypeAlias = Literal["terse", "chatty", "email", "typos", "jargon", "formal"]

FEWEST_WORDINGS = 4  # per blueprint

_SHARES = (3, 1, 2)  # of the wordings: stream, dev, test
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

        No two splits share one, in any company; blueprints with the same wordings divide them up in the same way.
        """
        wordings = self.wordings(family, blueprint)
        numbers = list(range(len(wordings)))
        derive_rng(0, "wordings", *(wording.turns[0] for wording in wordings)).shuffle(numbers)
        dev = max(len(numbers) * _SHARES[1] // sum(_SHARES), 1)
        test = max(len(numbers) * _SHARES[2] // sum(_SHARES), 1)
        cuts = (0, len(numbers) - dev - test, len(numbers) - test, len(numbers))
        place = POOLS.index(split)
        return tuple(sorted(numbers[cuts[place] : cuts[place + 1]]))

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
            content = cast("object", yaml.safe_load(file.read_text(encoding="utf-8")))
            for family, blueprints in parse_record(_FileContent, content, file.name).items():
                for blueprint, entries in blueprints.items():
                    wordings[family, blueprint] = tuple(_wording(entry) for entry in entries)
    return Phrasebook(wordings)


def _wording(entry: Mapping[Register, str | list[str]]) -> Wording:
    ((register, said),) = entry.items()
    return Wording(register, (said,) if isinstance(said, str) else tuple(said))
