"""Corpora on disk: written whole, read back with every hash checked, finished where the writing was interrupted.

Files of a corpus folder: ``scenarios.jsonl``, ``goals.jsonl`` (for the vault only), ``companies.jsonl``,
``manifest.json`` (counts, hashes, seeds, generator version; written last) and ``card.md``.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from atlas.core.canonical import canonical_json, content_hash
from atlas.core.errors import InputFileError, TooManyCasesError
from atlas.core.records import record
from atlas.scenarios.card import render_card
from atlas.scenarios.casting import GENERATOR_VERSION
from atlas.scenarios.companies import CompanyFile, build_company
from atlas.scenarios.corpus import Chapter, Corpus, Progress, cook
from atlas.scenarios.flaws import flaw_of_scenario, flaw_of_sealed
from atlas.scenarios.recipes import Recipe
from atlas.scenarios.records import Scenario
from atlas.settings.parsing import load_json_lines, load_numbered_lines, parse_json, parse_record, read_text
from atlas.telemetry.files import write_atomically
from atlas.verify.goals import SealedCase

T = TypeVar("T")

_SCENARIOS, _GOALS, _COMPANIES = "scenarios.jsonl", "goals.jsonl", "companies.jsonl"
_MANIFEST = "manifest.json"
_RECIPE = "recipe.json"


@record
class Manifest:
    """What a corpus folder holds, so that a reader can check it.

    Attributes:
        generator_version: Version of the generator; cases of different versions are not compared.
        recipe: What the corpus was generated from.
        content_hash: Hash over companies, cases and goals.
        counts: Cases by split.
        categories: Successes and failures.
        levels: Cases by level.
        failures: Cases by failure category.
        files: Hash of every file with cases, goals or companies.
        commitment: Of a private corpus, the hash of the secret that its seed was made from; None for a public one.
    """

    generator_version: str
    recipe: Recipe
    content_hash: str
    counts: Mapping[str, int]
    categories: Mapping[str, int]
    levels: Mapping[str, int]
    failures: Mapping[str, int]
    files: Mapping[str, str]
    commitment: str | None = None


def write_corpus(corpus: Corpus, folder: Path, *, commitment: str | None = None) -> Manifest:
    """Write ``corpus`` into ``folder`` and return its manifest, which is written last.

    Each file is replaced in one step; a folder without a manifest that fits is not a corpus.

    Args:
        corpus: The corpus.
        folder: Where to.
        commitment: Of a private corpus, the hash of its secret.
    """
    texts = {
        _SCENARIOS: _lines(corpus.scenarios),
        _GOALS: _lines(corpus.sealed),
        _COMPANIES: _lines(company.file for company in corpus.companies),
    }
    cases = corpus.scenarios
    manifest = Manifest(
        generator_version=GENERATOR_VERSION,
        recipe=corpus.recipe,
        content_hash=corpus.content_hash,
        counts=_counted(scenario.split.value for scenario in cases),
        categories=_counted(scenario.category for scenario in cases),
        levels=_counted(str(scenario.level) for scenario in cases),
        failures=_counted(scenario.failure for scenario in cases if scenario.failure is not None),
        files={name: content_hash(text) for name, text in texts.items()},
        commitment=commitment,
    )
    texts["card.md"] = render_card(corpus)
    (folder / _MANIFEST).unlink(missing_ok=True)
    for name, text in texts.items():
        write_atomically(folder / name, text)
    write_atomically(folder / _MANIFEST, canonical_json(manifest) + "\n")
    return manifest


def load_corpus(folder: Path, *, any_version: bool = False) -> Corpus:
    """Return the corpus in ``folder``.

    Args:
        folder: Where it is.
        any_version: Whether it may be of another version of the generator; only for looking at it.

    Raises:
        InputFileError: a file is missing or malformed (named with its line), or is not the one that was written.
    """
    manifest = load_manifest(folder)
    ours = manifest.generator_version == GENERATOR_VERSION
    if not ours and not any_version:
        raise InputFileError(
            f"{folder / _MANIFEST}: made by generator {manifest.generator_version!r}, this one is "
            f"{GENERATOR_VERSION!r}; generate the corpus again"
        )
    scenarios = tuple(_sound(Scenario, folder / _SCENARIOS, flaw_of_scenario))
    sealed = tuple(_sound(SealedCase, folder / _GOALS, flaw_of_sealed))
    files = tuple(load_json_lines(CompanyFile, folder / _COMPANIES))
    if [scenario.scenario_id for scenario in scenarios] != [case.scenario_id for case in sealed]:
        raise InputFileError(f"{folder}: scenarios.jsonl and goals.jsonl do not hold the same cases in the same order")
    if not files:
        raise InputFileError(f"{folder / _COMPANIES}: holds no company; generate the corpus again")
    _refuse_changed(folder, manifest)
    home, *strangers = map(build_company, files)
    corpus = Corpus(manifest.recipe, home, scenarios, sealed, tuple(strangers))
    # Another version may write what it reads in another way; the hashes of its files are right all the same.
    if ours and corpus.content_hash != manifest.content_hash:
        raise InputFileError(
            f"{folder / _MANIFEST}: tells of a corpus with the hash {manifest.content_hash[:16]}, this one has "
            f"{corpus.content_hash[:16]}; generate the corpus again"
        )
    return corpus


def _sound(cls: type[T], path: Path, flaw_of: Callable[[T], str | None]) -> Iterator[T]:
    """Yield what is in a file of cases, and refuse a case that nobody could play or judge."""
    for where, case in load_numbered_lines(cls, path):
        flaw = flaw_of(case)
        if flaw is not None:
            raise InputFileError(f"{where}: {flaw}; generate the corpus again")
        yield case


def _refuse_changed(folder: Path, manifest: Manifest) -> None:
    unknown = [name for name in (_SCENARIOS, _GOALS, _COMPANIES) if name not in manifest.files]
    if unknown:
        raise InputFileError(f"{folder / _MANIFEST}: has no hash of {', '.join(unknown)}; generate the corpus again")
    for name, written in manifest.files.items():
        if content_hash(read_text(folder / name)) != written:
            raise InputFileError(f"{folder / name}: changed since the manifest was written; generate the corpus again")


def load_manifest(folder: Path) -> Manifest:
    """Return the manifest of the corpus in ``folder``, whatever generator wrote it.

    Raises:
        InputFileError: it is missing or malformed.
    """
    path = folder / _MANIFEST
    return parse_record(Manifest, parse_json(read_text(path), str(path)), str(path))


def cook_resuming(recipe: Recipe, parts: Path, *, progress: Progress | None = None) -> Corpus:
    """Return the corpus of a recipe; what an interrupted run put aside in ``parts`` is not generated again.

    Args:
        recipe: What it is generated from.
        parts: Folder for chapters; of the same recipe, else what is in it is thrown away. It can be deleted once the
            corpus is written, and is where there can be no such corpus.
        progress: Told after every chapter.

    Raises:
        TooManyCasesError: a pool is too small for what is asked of it.
        InputFileError: a chapter that was put aside is malformed.
    """
    wanted = canonical_json([GENERATOR_VERSION, recipe]) + "\n"
    if not (parts / _RECIPE).is_file() or read_text(parts / _RECIPE) != wanted:
        shutil.rmtree(parts, ignore_errors=True)
        write_atomically(parts / _RECIPE, wanted)
    found = [
        parse_record(Chapter, parse_json(read_text(path), str(path)), str(path))
        for path in sorted(parts.glob("chapter-*.json"))
    ]

    def keep(chapter: Chapter) -> None:
        name = f"chapter-{chapter.company_seed}-{chapter.split.value}.json"
        write_atomically(parts / name, canonical_json(chapter) + "\n")

    try:
        return cook(recipe, progress=progress, kept=keep, found=found)
    except TooManyCasesError:
        shutil.rmtree(parts)
        raise


def _lines(entries: Iterable[object]) -> str:
    return "".join(canonical_json(entry) + "\n" for entry in entries)


def _counted(labels: Iterator[str]) -> Mapping[str, int]:
    return dict(sorted(Counter(labels).items()))
