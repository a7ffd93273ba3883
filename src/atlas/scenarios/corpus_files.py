"""Corpora on disk: written whole, read back with every hash checked, finished where the writing was interrupted.

Files of a corpus folder: ``scenarios.jsonl``, ``goals.jsonl`` (for the vault only), ``companies.jsonl``,
``manifest.json`` (counts, hashes, seeds, generator version; written last) and ``card.md``.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from atlas.core.canonical import canonical_json, content_hash
from atlas.core.errors import InputFileError
from atlas.core.records import record
from atlas.scenarios.card import render_card
from atlas.scenarios.casting import GENERATOR_VERSION
from atlas.scenarios.companies import CompanyFile, build_company
from atlas.scenarios.corpus import Chapter, Corpus, Progress, cook
from atlas.scenarios.recipes import Recipe
from atlas.scenarios.records import Scenario
from atlas.settings.parsing import load_json_lines, parse_json, parse_record, read_text
from atlas.telemetry.files import write_atomically
from atlas.verify.goals import SealedCase

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
        files: Hash of every other file.
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
        "scenarios.jsonl": _lines(corpus.scenarios),
        "goals.jsonl": _lines(corpus.sealed),
        "companies.jsonl": _lines(company.file for company in corpus.companies),
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
    if manifest.generator_version != GENERATOR_VERSION and not any_version:
        raise InputFileError(
            f"{folder / _MANIFEST}: made by generator {manifest.generator_version!r}, this one is "
            f"{GENERATOR_VERSION!r}; generate the corpus again"
        )
    scenarios = tuple(load_json_lines(Scenario, folder / "scenarios.jsonl"))
    sealed = tuple(load_json_lines(SealedCase, folder / "goals.jsonl"))
    companies = [build_company(file) for file in load_json_lines(CompanyFile, folder / "companies.jsonl")]
    if [scenario.scenario_id for scenario in scenarios] != [case.scenario_id for case in sealed]:
        raise InputFileError(f"{folder}: scenarios.jsonl and goals.jsonl do not hold the same cases in the same order")
    if not companies:
        raise InputFileError(f"{folder / 'companies.jsonl'}: holds no company; generate the corpus again")
    for name, written in manifest.files.items():
        if content_hash(read_text(folder / name)) != written:
            raise InputFileError(f"{folder / name}: changed since the manifest was written; generate the corpus again")
    return Corpus(manifest.recipe, companies[0], scenarios, sealed, tuple(companies[1:]))


def load_manifest(folder: Path) -> Manifest:
    """Return the manifest of the corpus in ``folder``, whatever generator wrote it.

    Raises:
        InputFileError: it is missing or malformed.
    """
    return parse_record(Manifest, parse_json(read_text(folder / _MANIFEST), _MANIFEST), _MANIFEST)


def cook_resuming(recipe: Recipe, parts: Path, *, progress: Progress | None = None) -> Corpus:
    """Return the corpus of a recipe; what an interrupted run put aside in ``parts`` is not generated again.

    Args:
        recipe: What it is generated from.
        parts: Folder for chapters; of the same recipe, else what is in it is thrown away. It can be deleted once the
            corpus is written.
        progress: Told after every chapter.

    Raises:
        CorpusError: a pool is too small for what is asked of it.
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

    return cook(recipe, progress=progress, kept=keep, found=found)


def _lines(entries: Iterable[object]) -> str:
    return "".join(canonical_json(entry) + "\n" for entry in entries)


def _counted(labels: Iterator[str]) -> Mapping[str, int]:
    return dict(sorted(Counter(labels).items()))
