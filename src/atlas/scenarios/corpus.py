"""A corpus: the cases of one company, generated from its seed, written to files, read back.

Files of a corpus folder: ``scenarios.jsonl``, ``goals.jsonl`` (for the vault only), ``company.json``,
``manifest.json`` (counts, hashes, seeds, generator version; written last) and ``card.md``.
"""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from atlas.core.canonical import canonical_json, content_hash
from atlas.core.errors import CorpusError, InputFileError
from atlas.core.records import record
from atlas.core.rng import derive_rng
from atlas.crm.records import Entity
from atlas.scenarios.card import render_card
from atlas.scenarios.casting import GENERATOR_VERSION, CastCase, Casting, cast_case
from atlas.scenarios.companies import (
    POOLS,
    SKELETON_SIZE,
    Company,
    CompanyFile,
    build_company,
    generate_company,
)
from atlas.scenarios.desk import NothingFitsError, Shelf
from atlas.scenarios.house import House
from atlas.scenarios.naming import PRODUCT_AREAS, PRODUCT_KINDS
from atlas.scenarios.phrasebook import load_phrasebook
from atlas.scenarios.records import Scenario
from atlas.scenarios.schedule import Profile, Slot, plan_split, playable
from atlas.settings.parsing import load_json_lines, parse_json, parse_record, read_text
from atlas.telemetry.files import write_atomically
from atlas.verify.goals import SealedCase, Split
from atlas.verify.vault import GoalVault

STREAM_CASES, DEV_CASES, TEST_CASES = 180, 60, 120

_DRAWS = 12  # tries for a case that repeats no other
_DAYS: Mapping[Split, tuple[int, int]] = {  # first and last day of each split, in days after the company's first
    Split.STREAM: (0, 27),
    Split.DEV: (28, 41),
    Split.TEST_SAME: (28, 55),
}
_SATURDAY = 5


@record
class Recipe:
    """Everything that a corpus is generated from.

    Attributes:
        company_seed: Draws the company and the cases.
        stream: Number of cases to learn from.
        dev: Number of cases to tune thresholds on.
        test_same: Number of held-out cases of the same families: other wordings, other clients.
        size: Records of the company, roughly.
        profile: How the families are mixed.
        reskin: See ``generate_company``.
    """

    company_seed: int
    stream: int = STREAM_CASES
    dev: int = DEV_CASES
    test_same: int = TEST_CASES
    size: int = SKELETON_SIZE
    profile: Profile = "production"
    reskin: int | None = None


@record
class Manifest:
    """What a corpus folder holds, so that a reader can check it."""

    generator_version: str
    recipe: Recipe
    content_hash: str
    counts: Mapping[str, int]
    categories: Mapping[str, int]
    files: Mapping[str, str]


@dataclasses.dataclass(frozen=True, slots=True)
class Corpus:
    """The cases of one company.

    Attributes:
        recipe: What it was generated from.
        company: Where they play.
        scenarios: The cases, split by split; within a split in the order in which they are to be met.
        sealed: Goal and solutions of each, in the same order.
    """

    recipe: Recipe
    company: Company
    scenarios: tuple[Scenario, ...]
    sealed: tuple[SealedCase, ...]

    @property
    def company_seed(self) -> int:
        """The seed that everything was generated from."""
        return self.company.seed

    @property
    def content_hash(self) -> str:
        """Hash over the company, the cases and the goals."""
        return content_hash([self.company.file, self.scenarios, self.sealed])

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
    """Return the corpus of a seed; equal arguments give equal corpora, byte for byte.

    Args:
        company_seed: Draws the company and the cases.
        stream: Number of cases to learn from.
        dev: Number of cases to tune thresholds on.
        test_same: Number of held-out cases of the same families: other wordings, other clients.
        size: Records of the company, roughly.
        profile: How the families are mixed.
        reskin: See ``generate_company``.

    Raises:
        CorpusError: a pool is too small for what is asked of it.
    """
    recipe = Recipe(company_seed, stream, dev, test_same, size, profile, reskin)
    return cook(recipe)


def cook(recipe: Recipe) -> Corpus:
    """Return the corpus of a recipe; see :func:`generate_corpus`."""
    company = generate_company(recipe.company_seed, size=recipe.size, reskin=recipe.reskin)
    slots = playable(House(company.conventions))
    taken = _known_names(company)
    phrasebook = load_phrasebook()
    cast: list[CastCase] = []
    for split, count in zip(POOLS, (recipe.stream, recipe.dev, recipe.test_same), strict=True):
        rng = derive_rng(recipe.company_seed, "plan", split.value)
        planned = plan_split(slots, count, recipe.profile, rng)
        casting = Casting(company, Shelf(company, split), split, phrasebook, taken)
        cast += _SplitWriter(casting).write(planned, slots)
    return Corpus(recipe, company, tuple(each.scenario for each in cast), tuple(each.sealed for each in cast))


class _SplitWriter:
    """Draws the cases of one split, no two of them with the same words."""

    def __init__(self, casting: Casting) -> None:
        self._casting = casting
        self._company = casting.company
        self._split = casting.split
        self._said: set[tuple[str, ...]] = set()

    def write(self, planned: Sequence[Slot], slots: Sequence[Slot]) -> Iterator[CastCase]:
        """Yield one case per place, in a drawn order; a place that nothing fits goes to a similar blueprint."""
        order = list(planned)
        derive_rng(self._company.seed, "order", self._split.value).shuffle(order)
        for place, slot in enumerate(order):
            yield self._fill(place, len(order), slot, slots)

    def _fill(self, place: int, count: int, slot: Slot, slots: Sequence[Slot]) -> CastCase:
        rng = derive_rng(self._company.seed, "case", self._split.value, place)
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
        raise CorpusError(
            f"nothing fresh fits place {place} of split {self._split.value!r} "
            f"(company seed {self._company.seed}); ask for fewer cases or a larger company"
        )

    def _stand_ins(self, slot: Slot, slots: Sequence[Slot], rng: random.Random) -> list[Slot]:
        """Return what may take the place of ``slot``: of its category, its own family first."""
        others = [other for other in slots if other.blueprint.category == slot.blueprint.category and other != slot]
        rng.shuffle(others)
        return sorted(others, key=lambda other: other.family is not slot.family)

    def _day(self, place: int, count: int) -> date:
        first, last = _DAYS[self._split]
        day = self._company.directory.today + timedelta(days=first + (last - first) * place // max(count, 1))
        return day - timedelta(days=max(day.weekday() - _SATURDAY + 1, 0))


def _known_names(company: Company) -> set[str]:
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


# ---------------------------------------------------------------------------------------------------------------------
# Files


def write_corpus(corpus: Corpus, folder: Path) -> Manifest:
    """Write ``corpus`` into ``folder`` and return its manifest, which is written last.

    Each file is replaced in one step; a folder without a manifest that fits is not a corpus.
    """
    texts = {
        "scenarios.jsonl": "".join(canonical_json(scenario) + "\n" for scenario in corpus.scenarios),
        "goals.jsonl": "".join(canonical_json(case) + "\n" for case in corpus.sealed),
        "company.json": canonical_json(corpus.company.file) + "\n",
    }
    manifest = Manifest(
        generator_version=GENERATOR_VERSION,
        recipe=corpus.recipe,
        content_hash=corpus.content_hash,
        counts=_counted(scenario.split.value for scenario in corpus.scenarios),
        categories=_counted(scenario.category for scenario in corpus.scenarios),
        files={name: content_hash(text) for name, text in texts.items()},
    )
    texts["card.md"] = render_card(corpus.company, corpus.scenarios, manifest.content_hash)
    (folder / _MANIFEST).unlink(missing_ok=True)
    for name, text in texts.items():
        write_atomically(folder / name, text)
    write_atomically(folder / _MANIFEST, canonical_json(manifest) + "\n")
    return manifest


def load_corpus(folder: Path) -> Corpus:
    """Return the corpus in ``folder``.

    Raises:
        InputFileError: a file is missing or malformed (named with its line), or is not the one that was written.
    """
    manifest = parse_record(Manifest, parse_json(read_text(folder / _MANIFEST), _MANIFEST), _MANIFEST)
    if manifest.generator_version != GENERATOR_VERSION:
        raise InputFileError(
            f"{folder / _MANIFEST}: made by generator {manifest.generator_version!r}, this one is "
            f"{GENERATOR_VERSION!r}; generate the corpus again"
        )
    scenarios = tuple(load_json_lines(Scenario, folder / "scenarios.jsonl"))
    sealed = tuple(load_json_lines(SealedCase, folder / "goals.jsonl"))
    text = read_text(folder / "company.json")
    company = build_company(parse_record(CompanyFile, parse_json(text, "company.json"), "company.json"))
    corpus = Corpus(manifest.recipe, company, scenarios, sealed)
    if [scenario.scenario_id for scenario in scenarios] != [case.scenario_id for case in sealed]:
        raise InputFileError(f"{folder}: scenarios.jsonl and goals.jsonl do not hold the same cases in the same order")
    for name, written in manifest.files.items():
        if content_hash(read_text(folder / name)) != written:
            raise InputFileError(f"{folder / name}: changed since the manifest was written; generate the corpus again")
    return corpus


_MANIFEST = "manifest.json"


def _counted(labels: Iterator[str]) -> Mapping[str, int]:
    return dict(sorted(Counter(labels).items()))
