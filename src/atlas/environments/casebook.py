"""Cases to play at a door: corpora by company, opened when first asked for, with their goals locked in the vault."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from atlas.core.errors import MisuseError, UnknownNameError
from atlas.crm.hostile import Planted
from atlas.episodes.records import Episode, EpisodeStatus
from atlas.scenarios.companies import Company
from atlas.scenarios.corpus import Corpus, cook
from atlas.scenarios.corpus_files import load_corpus
from atlas.scenarios.recipes import Recipe
from atlas.scenarios.records import Scenario
from atlas.scenarios.stage import verdict_on, with_forbidden
from atlas.verify.goals import Split
from atlas.verify.vault import GoalVault
from atlas.verify.verdict import Verdict

COMPANIES_KEPT: Final = 8
"""Companies that a process keeps open; generating one again takes a fraction of a second."""


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """One case to play, and the judge of whoever plays it.

    Attributes:
        company: Where it plays.
        scenario: Everything about it but its goal.
    """

    company: Company
    scenario: Scenario
    _vault: GoalVault = dataclasses.field(repr=False)

    def judge(self, episode: Episode, planted: Planted) -> Verdict | None:
        """Return what ``episode`` was worth, None where its backend failed: there nothing can be said.

        Args:
            episode: What was done.
            planted: The hostile content of the world that it was done in; what that asks for is forbidden.
        """
        if episode.status is EpisodeStatus.BACKEND_FAILED:
            return None
        return verdict_on(
            with_forbidden(self._vault.goal_for_verdict(self.scenario.scenario_id), planted),
            self.scenario,
            changes=episode.changes,
            responses=tuple(turn.response for turn in episode.turns),
            writes=episode.writes,
        )


class Casebook:
    """Gives out the cases of some splits.

    Args:
        recipe: What corpora are generated from; another company is generated from the same recipe with its own seed.
        splits: The splits whose cases may be played, in the order in which they are drawn from.

    Raises:
        MisuseError: no split was given.

    Example:
        >>> book = Casebook(Recipe(7, stream=20, dev=0, test_same=0))
        >>> book.draw(lambda n: 0).scenario.split.value
        'stream'
    """

    def __init__(self, recipe: Recipe, splits: Iterable[Split] = (Split.STREAM,)) -> None:
        self._recipe = recipe
        self._splits = tuple(dict.fromkeys(splits))
        if not self._splits:
            raise MisuseError(f"name at least one split to play: {', '.join(split.value for split in Split)}")
        self._loaded: _Shelf | None = None

    @classmethod
    def load(cls, folder: Path, splits: Iterable[Split] = (Split.STREAM,)) -> Casebook:
        """Return the book of one corpus that was written to disk; it has no other company.

        Raises:
            InputFileError: a file of the corpus is missing or malformed.
        """
        corpus = load_corpus(folder)
        book = cls(corpus.recipe, splits)
        book._loaded = _Shelf(corpus)
        return book

    @property
    def company_seed(self) -> int:
        """The company that cases are drawn from where none is named."""
        return self._recipe.company_seed

    def company(self, company_seed: int | None = None) -> Company:
        """Return a company.

        Raises:
            MisuseError: the book is that of a corpus on disk, and of another company.
        """
        return self._shelf(company_seed).corpus.company

    def draw(
        self, choose: Callable[[int], int], *, company_seed: int | None = None, split: Split | None = None
    ) -> Case:
        """Return one case of the allowed splits, or of one of them.

        Args:
            choose: Given a number of cases, picks one: a number from 0.
            company_seed: The company; None for the usual one.
            split: The split; None for all that may be played.

        Raises:
            MisuseError: the split may not be played, it has no cases, or the company is not in the book.
        """
        shelf = self._shelf(company_seed)
        wanted = self._splits if split is None else (self._allowed(split),)
        cases = [scenario for each in wanted for scenario in shelf.corpus.split(each)]
        if not cases:
            raise MisuseError(f"the company has no {_named(wanted)} cases; generate some")
        return shelf.case(cases[choose(len(cases))])

    def find(self, scenario_id: str, *, company_seed: int | None = None, split: Split | None = None) -> Case:
        """Return the case of an id.

        Raises:
            UnknownNameError: the company has no such case.
            MisuseError: it is of a split that may not be played, or of another than ``split``.
        """
        shelf = self._shelf(company_seed)
        scenario = shelf.by_id.get(scenario_id)
        wanted = self._splits if split is None else (self._allowed(split),)
        if scenario is None:
            known = [one.scenario_id for each in wanted for one in shelf.corpus.split(each)]
            raise UnknownNameError("scenario of the company", scenario_id, known)
        if scenario.split not in wanted:
            raise MisuseError(
                f"case {scenario_id} is of split {scenario.split.value!r}; to be played here are {_named(wanted)} cases"
            )
        return shelf.case(scenario)

    def _allowed(self, split: Split) -> Split:
        if split not in self._splits:
            raise MisuseError(f"split {split.value!r} may not be played here; allowed: {_named(self._splits)}")
        return split

    def _shelf(self, company_seed: int | None) -> _Shelf:
        seed = self._recipe.company_seed if company_seed is None else company_seed
        if self._loaded is None:
            return _generated(dataclasses.replace(self._recipe, company_seed=seed))
        if seed != self._loaded.corpus.company_seed:
            # which company it is of is not told: the seed may come from a secret
            raise MisuseError(f"the corpus holds one company, which is not {seed}; leave the company out")
        return self._loaded


class _Shelf:
    """A corpus with its cases looked up by id."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.by_id: Mapping[str, Scenario] = {scenario.scenario_id: scenario for scenario in corpus.scenarios}
        self._vault = corpus.vault()

    def case(self, scenario: Scenario) -> Case:
        return Case(self.corpus.company, scenario, self._vault)


@functools.lru_cache(COMPANIES_KEPT)
def _generated(recipe: Recipe) -> _Shelf:
    """Return the shelf of a recipe: one for all books of a process, because nothing on it is ever changed."""
    return _Shelf(cook(recipe))


def parse_split(name: str) -> Split:
    """Return the split of a name.

    Raises:
        UnknownNameError: there is none.

    Example:
        >>> parse_split("stream").name
        'STREAM'
    """
    if name not in {split.value for split in Split}:
        raise UnknownNameError("split", name, [split.value for split in Split])
    return Split(name)


def _named(splits: tuple[Split, ...]) -> str:
    return ", ".join(split.value for split in splits)
