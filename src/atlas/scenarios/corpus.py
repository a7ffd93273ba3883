"""A corpus: the cases of one company and of a few others, generated from a seed.

Writing and reading corpora is in ``atlas.scenarios.corpus_files``.
"""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from atlas.core.canonical import content_hash
from atlas.core.errors import TooManyCasesError, UnknownNameError
from atlas.core.records import record
from atlas.core.rng import derive_rng
from atlas.crm.records import Entity
from atlas.scenarios.archive import Archive
from atlas.scenarios.casting import CastCase, Casting, cast_case
from atlas.scenarios.companies import ELSEWHERE, SKELETON_SIZE, Company, generate_company
from atlas.scenarios.desk import NothingFitsError, Shelf
from atlas.scenarios.house import House
from atlas.scenarios.naming import PRODUCT_AREAS, PRODUCT_KINDS, NoFreshNameError
from atlas.scenarios.phrasebook import Phrasebook, load_phrasebook
from atlas.scenarios.recipes import DEV_CASES, STREAM_CASES, TEST_CASES, Recipe
from atlas.scenarios.records import Scenario
from atlas.scenarios.schedule import Profile, Slot, held_out, in_composition, plan_split, playable
from atlas.verify.goals import SealedCase, Split
from atlas.verify.vault import GoalVault

Progress = Callable[[int, int], None]
"""Told how many cases there are so far, and how many there will be."""

_DRAWS = 12  # tries for a case that repeats no other
_STRANGER_SIZE = 400  # records of a company that nobody has learned from
_DAYS: Mapping[Split, tuple[int, int]] = {  # first and last day of each split, in days after the company's first
    Split.STREAM: (0, 27),
    Split.DEV: (28, 41),
    Split.TEST_SAME: (28, 55),
    Split.TEST_NEW_FAMILY: (28, 55),
    Split.TEST_NEW_COMPANY: (0, 27),
    Split.TEST_RENAMED: (28, 55),
    Split.AUDIT: (28, 55),
}
_SATURDAY = 5
_ROUND = 1000  # cases of a second drawing in which no name of a new record comes twice


@record
class Chapter:
    """The cases of one split at one company: what is generated, kept and checked as one piece.

    Attributes:
        company_seed: Where they play.
        split: What they may be used for.
        scenarios: The cases, in the order in which they are to be met.
        sealed: Goal and solutions of each, in the same order.
    """

    company_seed: int
    split: Split
    scenarios: tuple[Scenario, ...]
    sealed: tuple[SealedCase, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Corpus:
    """The cases of one company, and of some others that nobody learns from.

    Attributes:
        recipe: What it was generated from.
        company: The company that is learned from.
        scenarios: The cases, split by split; within a split in the order in which they are to be met.
        sealed: Goal and solutions of each, in the same order.
        strangers: The other companies.
    """

    recipe: Recipe
    company: Company
    scenarios: tuple[Scenario, ...]
    sealed: tuple[SealedCase, ...]
    strangers: tuple[Company, ...] = ()

    @property
    def company_seed(self) -> int:
        """The seed that everything was generated from."""
        return self.company.seed

    @property
    def companies(self) -> tuple[Company, ...]:
        """All companies, the one that is learned from first."""
        return (self.company, *self.strangers)

    @property
    def content_hash(self) -> str:
        """Hash over the companies, the cases and the goals."""
        return content_hash([[company.file for company in self.companies], self.scenarios, self.sealed])

    def company_of(self, scenario: Scenario) -> Company:
        """Return the company that a case plays in.

        Raises:
            UnknownNameError: it is none of the corpus.
        """
        for company in self.companies:
            if company.seed == scenario.company_seed:
                return company
        raise UnknownNameError("company", str(scenario.company_seed), [str(one.seed) for one in self.companies])

    def split(self, split: Split) -> tuple[Scenario, ...]:
        """Return the cases of a split, in order."""
        return tuple(scenario for scenario in self.scenarios if scenario.split is split)

    def vault(self) -> GoalVault:
        """Return the vault of the goals."""
        return GoalVault(self.sealed)


def generate_corpus(
    company_seed: int,
    *,
    stream: int = STREAM_CASES,
    dev: int = DEV_CASES,
    test_same: int = TEST_CASES,
    size: int = SKELETON_SIZE,
    profile: Profile = "production",
    reskin: int | None = None,
) -> Corpus:
    """Return a corpus of one company with the three splits of a learning experiment; see :func:`cook` for the others.

    Args:
        company_seed: Draws the company and the cases.
        stream: Number of cases to learn from.
        dev: Number of cases to tune thresholds on.
        test_same: Number of held-out cases of the same families: other wordings, other clients.
        size: Records of the company, roughly.
        profile: How the families are mixed.
        reskin: See ``generate_company``.

    Raises:
        TooManyCasesError: a pool is too small for what is asked of it.
    """
    return cook(Recipe(company_seed, stream, dev, test_same, size, profile, reskin))


def cook(
    recipe: Recipe,
    *,
    progress: Progress | None = None,
    kept: Callable[[Chapter], None] | None = None,
    found: Sequence[Chapter] = (),
) -> Corpus:
    """Return the corpus of a recipe; equal recipes give equal corpora, byte for byte.

    Args:
        recipe: What it is generated from.
        progress: Told after every chapter.
        kept: Told every chapter that was written, to put it aside.
        found: Chapters of the same recipe that were put aside; they are not written again.

    Raises:
        TooManyCasesError: a pool is too small for what is asked of it.
    """
    aside = {(chapter.company_seed, chapter.split): chapter for chapter in found}
    home = generate_company(recipe.company_seed, size=recipe.size, reskin=recipe.reskin)
    strangers = tuple(generate_company(seed, size=_STRANGER_SIZE, pools=ELSEWHERE) for seed, _ in recipe.strangers)
    held = home_held_out(home) if recipe.test_new_family else frozenset[str]()
    wanted = [(home, split, count) for split, count in recipe.home_counts.items() if count]
    wanted += [(c, Split.TEST_NEW_COMPANY, n) for c, (_, n) in zip(strangers, recipe.strangers, strict=True) if n]
    total = sum(count for _, _, count in wanted)
    phrasebook = load_phrasebook()
    chapters: list[Chapter] = []
    for company, split, count in wanted:
        chapter = aside.get((company.seed, split))
        if chapter is None:
            chapter = _ChapterWriter(recipe, company, split, phrasebook, held).write(count)
            if kept is not None:
                kept(chapter)
        chapters.append(chapter)
        if progress is not None:
            progress(sum(len(done.scenarios) for done in chapters), total)
    return bind(recipe, (home, *strangers), chapters)


def draw_again(recipe: Recipe, company: Company, count: int) -> Chapter:
    """Return a second drawing of a company's cases, for a memory that is compiled rather than learned.

    It uses the records of the stream, so no record of a test stands in it; but every wording, those of the tests
    included, on every day that cases play on, and each blueprint equally often. Names of new records may come again:
    every case has a world of its own.

    Args:
        recipe: What the corpus was generated from.
        company: Its company.
        count: Number of cases.

    Raises:
        TooManyCasesError: the pool is too small for what is asked of it.
    """
    shuffled = dataclasses.replace(recipe, order="naive")
    phrasebook = load_phrasebook()
    drawn: dict[str, tuple[Scenario, SealedCase]] = {}  # two rounds may draw the same case, which counts once
    for start in itertools.count(step=_ROUND):
        if len(drawn) == count:
            break
        chapter = _ChapterWriter.again(shuffled, company, phrasebook, start).write(min(_ROUND, count - len(drawn)))
        for scenario, case in zip(chapter.scenarios, chapter.sealed, strict=True):
            drawn.setdefault(scenario.scenario_id, (scenario, case))
    return Chapter(
        company.seed,
        Split.STREAM,
        tuple(scenario for scenario, _ in drawn.values()),
        tuple(case for _, case in drawn.values()),
    )


def bind(recipe: Recipe, companies: Sequence[Company], chapters: Sequence[Chapter]) -> Corpus:
    """Return the corpus that is made of these chapters."""
    return Corpus(
        recipe,
        companies[0],
        tuple(scenario for chapter in chapters for scenario in chapter.scenarios),
        tuple(case for chapter in chapters for case in chapter.sealed),
        tuple(companies[1:]),
    )


def home_held_out(home: Company) -> frozenset[str]:
    """Return the families that have no cases but those of ``test_new_family``, where there is that split."""
    return held_out(playable(House(home.conventions)), derive_rng(home.seed, "held out"))


class _ChapterWriter:
    """Draws the cases of one split at one company, no two of them with the same words.

    Nothing that it draws depends on another chapter: names for new records come from a share of all names that is the
    split's own.
    """

    def __init__(
        self, recipe: Recipe, company: Company, split: Split, phrasebook: Phrasebook, held: frozenset[str]
    ) -> None:
        self._recipe = recipe
        self._company = company
        self._split = split
        self._held = held
        pools = tuple(company.file.pools)
        self._casting = Casting(
            company=company,
            shelf=Shelf(company, split),
            split=split,
            phrasebook=phrasebook,
            archive=Archive.of_rows(company.file.rows),
            taken=known_names(company),
            names_share=(pools.index(split), len(pools)),
            dialect=recipe.dialect if split is Split.TEST_RENAMED else None,
        )
        self._said: set[tuple[str, ...]] = set()
        self._drawing: tuple[str | int, ...] = ()
        self._start = 0
        self._days = _DAYS[split]

    @classmethod
    def again(cls, recipe: Recipe, company: Company, phrasebook: Phrasebook, start: int) -> _ChapterWriter:
        """Return a writer of other cases with the records of the stream, from ``start`` on: every wording, all days."""
        writer = cls(recipe, company, Split.STREAM, phrasebook, frozenset())
        writer._casting = dataclasses.replace(writer._casting, every_wording=True)
        writer._drawing = ("again", start)
        writer._start = start
        writer._days = (min(first for first, _ in _DAYS.values()), max(last for _, last in _DAYS.values()))
        return writer

    def write(self, count: int) -> Chapter:
        """Return the chapter."""
        slots = self._slots()
        order = self._plan(slots, count)
        derive_rng(self._company.seed, "order", self._split.value, *self._drawing).shuffle(order)
        if self._split is Split.STREAM and self._recipe.order == "compositional":
            order = in_composition(order)
        cast = [self._filled(place, len(order), slot, slots) for place, slot in enumerate(order)]
        return Chapter(
            self._company.seed,
            self._split,
            tuple(case.scenario for case in cast),
            tuple(case.sealed for case in cast),
        )

    def _plan(self, slots: Sequence[Slot], count: int) -> list[Slot]:
        if self._drawing:
            return [slots[place % len(slots)] for place in range(self._start, self._start + count)]
        rng = derive_rng(self._company.seed, "plan", self._split.value)
        return plan_split(slots, count, self._recipe.profile, rng)

    def _slots(self) -> tuple[Slot, ...]:
        slots = playable(House(self._company.conventions))
        wanted = self._split is Split.TEST_NEW_FAMILY
        return tuple(slot for slot in slots if (slot.family.name in self._held) is wanted)

    def _filled(self, place: int, count: int, slot: Slot, slots: Sequence[Slot]) -> CastCase:
        try:
            case = self._fill(place, count, slot, slots)
        except NoFreshNameError as exc:
            why = "no name is left that nobody has; ask for fewer cases"
            raise TooManyCasesError(self._split.value, wanted=count, room=place, why=why) from exc
        if case is None:
            why = "nothing fresh fits any more; ask for a larger company, or for fewer cases"
            raise TooManyCasesError(self._split.value, wanted=count, room=place, why=why)
        return case

    def _fill(self, place: int, count: int, slot: Slot, slots: Sequence[Slot]) -> CastCase | None:
        rng = derive_rng(self._company.seed, "case", self._split.value, *self._drawing, place)
        day = self._day(place, count)
        for choice in (slot, *self._stand_ins(slot, slots, rng)):
            for _ in range(_DRAWS):
                try:
                    case = cast_case(self._casting, choice, day, rng)
                except NothingFitsError:
                    continue
                words = case.scenario.customer_script.turns
                if words not in self._said:
                    self._said.add(words)
                    return case
        return None

    def _stand_ins(self, slot: Slot, slots: Sequence[Slot], rng: random.Random) -> list[Slot]:
        """Return what may take the place of ``slot``: of its category, its own family first."""
        others = [other for other in slots if other.blueprint.category == slot.blueprint.category and other != slot]
        rng.shuffle(others)
        return sorted(others, key=lambda other: other.family is not slot.family)

    def _day(self, place: int, count: int) -> date:
        first, last = self._days
        day = self._company.directory.today + timedelta(days=first + (last - first) * place // max(count, 1))
        return day - timedelta(days=max(day.weekday() - _SATURDAY + 1, 0))


def known_names(company: Company) -> set[str]:
    """Return the names that new records of a company cannot have, folded to lower case."""
    rows = company.file.rows
    known = {str(row["name"]).casefold() for row in rows[Entity.CLIENT]}
    known |= {str(row["name"]).split(" ")[0].casefold() for row in rows[Entity.CLIENT]}
    # a deal's name may be a template around its product; a new product must differ from the products
    for deal in rows[Entity.OPPORTUNITY]:
        known |= {
            name.casefold()
            for area in PRODUCT_AREAS
            if area in (text := str(deal["name"]))
            for name in _products(area, text)
        }
    return known


def _products(area: str, text: str) -> list[str]:
    return [f"{area} {kind}" for kind in PRODUCT_KINDS if f"{area} {kind}" in text]
