"""Corpora on disk: written whole, read back with every hash and count checked, finished where that was interrupted.

Files of a corpus folder: ``scenarios.jsonl``, ``goals.jsonl`` (for the vault only), ``companies.jsonl``,
``manifest.json`` (counts, hashes, seeds, generator version; written last) and ``card.md``.
"""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from atlas.core.canonical import canonical_json, content_hash
from atlas.core.errors import AtlasError, InputFileError
from atlas.core.records import record
from atlas.scenarios.card import render_card
from atlas.scenarios.casting import GENERATOR_VERSION
from atlas.scenarios.companies import CompanyFile, build_company
from atlas.scenarios.corpus import Chapter, Corpus, Progress, cook
from atlas.scenarios.flaws import flaw_of_scenario, flaw_of_sealed
from atlas.scenarios.gate_profile import follows_profile
from atlas.scenarios.recipes import Recipe, flaw_of_recipe
from atlas.scenarios.records import Scenario
from atlas.settings.parsing import load_json_lines, load_numbered_lines, parse_json, parse_record, read_text
from atlas.telemetry.files import write_atomically
from atlas.verify.goals import SealedCase

T = TypeVar("T")

_SCENARIOS, _GOALS, _COMPANIES = "scenarios.jsonl", "goals.jsonl", "companies.jsonl"
_MANIFEST, _CARD = "manifest.json", "card.md"
_NAMES = "|".join(map(re.escape, (_SCENARIOS, _GOALS, _COMPANIES, _MANIFEST, _CARD)))
_OF_A_CORPUS = re.compile(rf"(?:{_NAMES})|\.(?:{_NAMES})\.\w+")  # with what a killed writer leaves of them
_OF_NOBODY = frozenset((".DS_Store", "Thumbs.db"))  # what file managers leave wherever they look
_RECIPE = "recipe.json"
_CHAPTERS = "chapter-*.json"
_PUT_ASIDE = (_RECIPE, _CHAPTERS, f".{_RECIPE}.*", ".chapter-*.json.*")  # with what a killed writer leaves of them
_COMMITMENT = re.compile(r"[0-9a-f]{64}")
_COMMITTED = re.compile(r'"commitment"\s*:\s*"')
_EXCERPT = re.compile(r" near .*| \(got .*", re.DOTALL)  # what a message shows of a malformed file


@record
class Manifest:
    """What a corpus folder holds, so that a reader can check it.

    Attributes:
        generator_version: Version of the generator; only comparing reads corpora of another one.
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
    counts = _counts_of(corpus)
    manifest = Manifest(
        generator_version=GENERATOR_VERSION,
        recipe=corpus.recipe,
        content_hash=corpus.content_hash,
        counts=counts["counts"],
        categories=counts["categories"],
        levels=counts["levels"],
        failures=counts["failures"],
        files={name: content_hash(text) for name, text in texts.items()},
        commitment=commitment,
    )
    texts[_CARD] = render_card(corpus, commitment=commitment)
    (folder / _MANIFEST).unlink(missing_ok=True)
    for name, text in texts.items():
        write_atomically(folder / name, text)
    write_atomically(folder / _MANIFEST, canonical_json(manifest) + "\n")
    return manifest


def others_in(folder: Path) -> list[str]:
    """Return the names in the folder of a corpus that are no part of it, sorted; not what file managers leave."""
    names = {entry.name for entry in folder.iterdir()} - _OF_NOBODY
    return sorted(name for name in names if not _OF_A_CORPUS.fullmatch(name))


def load_corpus(folder: Path, *, any_version: bool = False) -> Corpus:
    """Return the corpus in ``folder``.

    Args:
        folder: Where it is.
        any_version: Whether it may be of another version of the generator; only for looking at it.

    Raises:
        InputFileError: a file is missing or malformed (named with its line), or is not the one that was written.
    """
    manifest = load_manifest(folder)
    with _without_excerpts(private=manifest.commitment is not None):
        return _load_described(folder, manifest, any_version=any_version)


def _load_described(folder: Path, manifest: Manifest, *, any_version: bool) -> Corpus:
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
    wrong = next(_untrue(manifest, corpus, ours=ours), None)
    if wrong is not None:
        raise InputFileError(f"{folder / _MANIFEST}: {wrong}; generate the corpus again")
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
    strange = sorted({*manifest.files} - {_SCENARIOS, _GOALS, _COMPANIES})
    if strange:
        raise InputFileError(
            f"{folder / _MANIFEST}: has the hash of {', '.join(strange)}, which is no file of a corpus; generate the "
            "corpus again"
        )
    for name, written in manifest.files.items():
        if content_hash(read_text(folder / name)) != written:
            raise InputFileError(f"{folder / name}: changed since the manifest was written; generate the corpus again")


def _untrue(manifest: Manifest, corpus: Corpus, *, ours: bool) -> Iterator[str]:
    """Yield what a manifest says and what is not so.

    Args:
        manifest: The manifest.
        corpus: What stands beside it.
        ours: Whether it was written by this version; another may write what it reads, and plan its cases, otherwise.
    """
    said: Mapping[str, Mapping[str, int]] = {
        "counts": manifest.counts,
        "categories": manifest.categories,
        "levels": manifest.levels,
        "failures": manifest.failures,
    }
    for name, counted in _counts_of(corpus).items():
        for label in sorted({*said[name], *counted}):
            if said[name].get(label, 0) != counted.get(label, 0) or (label in said[name]) is not (label in counted):
                yield f"{name}: says {said[name].get(label, 0)} of {label!r}, there are {counted.get(label, 0)}"
    for split, wanted in manifest.recipe.counts.items():
        there = len(corpus.split(split))
        if wanted != there:
            yield f"recipe: asks for {wanted} cases of the split {split.value!r}, there are {there}"
    if (manifest.recipe.company_seed, manifest.recipe.reskin) != (corpus.company.seed, corpus.company.file.reskin):
        yield "recipe: is of another company than the first one of companies.jsonl"
    if not {scenario.company_seed for scenario in corpus.scenarios} <= {company.seed for company in corpus.companies}:
        yield "a case plays in a company that companies.jsonl does not hold"
    if ours and not follows_profile(corpus):
        yield f"recipe: the cases are not those of the profile {manifest.recipe.profile!r}"
    if ours and corpus.content_hash != manifest.content_hash:
        yield (f"tells of a corpus with the hash {manifest.content_hash[:16]}, this one has {corpus.content_hash[:16]}")


def has_manifest(folder: Path) -> bool:
    """Whether ``folder`` holds what is written last of a corpus."""
    return (folder / _MANIFEST).is_file()


def manifest_bytes(folder: Path) -> bytes | None:
    """Return what tells the corpus in ``folder`` from every other one, None where there is none."""
    return (folder / _MANIFEST).read_bytes() if has_manifest(folder) else None


def load_manifest(folder: Path) -> Manifest:
    """Return the manifest of the corpus in ``folder``, whatever generator wrote it.

    Raises:
        InputFileError: it is missing or malformed, or its recipe is none.
    """
    path = folder / _MANIFEST
    try:
        text = read_text(path)
    except InputFileError as exc:
        if has_manifest(folder):
            raise
        raise InputFileError(
            f"{exc}; name the folder of a corpus, or make one with `atlas scenarios generate --out FOLDER`"
        ) from exc
    with _without_excerpts(private=_COMMITTED.search(text) is not None):
        manifest = parse_record(Manifest, parse_json(text, str(path)), str(path))
    flaw = flaw_of_recipe(manifest.recipe)
    if flaw is not None:
        raise InputFileError(f"{path}: recipe.{flaw}; generate the corpus again")
    if manifest.commitment is not None and not _COMMITMENT.fullmatch(manifest.commitment):
        raise InputFileError(
            f"{path}: commitment: {manifest.commitment!r} is no hash of a secret, which has 64 hexadecimal digits; "
            "generate the corpus again"
        )
    return manifest


@contextlib.contextmanager
def _without_excerpts(*, private: bool) -> Generator[None]:
    """Keep what stands in the files of a private corpus out of messages: it may be the seed."""
    try:
        yield
    except InputFileError as exc:
        if not private:
            raise
        raise InputFileError(_EXCERPT.sub("", str(exc))) from None


# ---------------------------------------------------------------------------------------------------------------------
# What an interrupted generation put aside


@record
class PutAside:
    """A chapter as it waits for the others.

    Attributes:
        seal: Hash over generator version, recipe and chapter.
        chapter: The chapter.
    """

    seal: str
    chapter: Chapter


def cook_resuming(
    recipe: Recipe,
    parts: Path,
    *,
    progress: Progress | None = None,
    spoilt: Callable[[Path], None] | None = None,
) -> Corpus:
    """Return the corpus of a recipe; what an interrupted run put aside in ``parts`` is not generated again.

    Args:
        recipe: What it is generated from.
        parts: Folder for chapters; those of another recipe are thrown away. :func:`clear_parts` empties it once the
            corpus is written; where there can be no such corpus, it is empty.
        progress: Told after every chapter.
        spoilt: Told the file of every chapter that is not as it was put aside; it is generated again.

    Raises:
        TooManyCasesError: a pool is too small for what is asked of it.
        NoFreshNameError: there are not names enough for a company of that size.
    """
    described = _described(GENERATOR_VERSION, recipe)
    if not (parts / _RECIPE).is_file() or (parts / _RECIPE).read_bytes() != described.encode():
        clear_parts(parts)
        write_atomically(parts / _RECIPE, described)
    found: list[Chapter] = []
    for path in sorted(parts.glob(_CHAPTERS)):
        chapter = _intact(path, recipe)
        if chapter is not None:
            found.append(chapter)
            continue
        path.unlink()
        if spoilt is not None:
            spoilt(path)
    seeds = [recipe.company_seed, *(seed for seed, _ in recipe.strangers)]

    def keep(chapter: Chapter) -> None:
        name = f"chapter-{seeds.index(chapter.company_seed)}-{chapter.split.value}.json"  # a seed may be a secret
        write_atomically(parts / name, canonical_json(PutAside(_seal(recipe, chapter), chapter)) + "\n")

    try:
        return cook(recipe, progress=progress, kept=keep, found=found)
    except AtlasError:  # the recipe gives no corpus, however often it is tried
        clear_parts(parts)
        raise


def clear_parts(parts: Path) -> None:
    """Remove what was put aside in ``parts``, and the folder where it is empty then."""
    for pattern in _PUT_ASIDE:
        for path in parts.glob(pattern):
            path.unlink()
    with contextlib.suppress(OSError):
        parts.rmdir()


def holds_parts_of(folder: Path, parts: Path) -> bool:
    """Tell whether what was put aside in ``parts`` is of the corpus that is in ``folder``."""
    if not (parts / _RECIPE).is_file() or not has_manifest(folder):
        return False
    try:
        manifest = load_manifest(folder)
    except InputFileError:
        return False
    return (parts / _RECIPE).read_bytes() == _described(manifest.generator_version, manifest.recipe).encode()


def _intact(path: Path, recipe: Recipe) -> Chapter | None:
    """Return the chapter in a file, None where it is not the one that was put aside for the recipe."""
    try:
        aside = parse_record(PutAside, parse_json(read_text(path), str(path)), str(path))
    except InputFileError:
        return None
    return aside.chapter if aside.seal == _seal(recipe, aside.chapter) else None


def _seal(recipe: Recipe, chapter: Chapter) -> str:
    return content_hash([GENERATOR_VERSION, recipe, chapter])


def _described(generator_version: str, recipe: Recipe) -> str:
    return canonical_json([generator_version, recipe]) + "\n"


def _counts_of(corpus: Corpus) -> Mapping[str, Mapping[str, int]]:
    """Return the counts of a manifest, by the name that they have there."""
    cases = corpus.scenarios
    return {
        "counts": _counted(scenario.split.value for scenario in cases),
        "categories": _counted(scenario.category for scenario in cases),
        "levels": _counted(str(scenario.level) for scenario in cases),
        "failures": _counted(scenario.failure for scenario in cases if scenario.failure is not None),
    }


def _lines(entries: Iterable[object]) -> str:
    return "".join(canonical_json(entry) + "\n" for entry in entries)


def _counted(labels: Iterator[str]) -> Mapping[str, int]:
    return dict(sorted(Counter(labels).items()))
