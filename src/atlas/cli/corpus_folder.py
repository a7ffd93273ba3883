"""The folder that a generated corpus goes to: refused where something is in the way, filled in one step."""

from __future__ import annotations

import tempfile
from pathlib import Path

from atlas.core.errors import MisuseError
from atlas.scenarios.corpus import Corpus
from atlas.scenarios.corpus_files import write_corpus


def refuse_occupied(target: Path, *, force: bool) -> None:
    """Refuse a folder that a corpus cannot be put in the place of.

    Args:
        target: The folder, as it was given.
        force: Whether a corpus that is there may be replaced.

    Raises:
        MisuseError: it is a file, holds other things, is a corpus, or is where the caller stands.
    """
    if target.exists() and not target.is_dir():
        raise MisuseError(f"{target} is a file; name a folder for the corpus")
    occupied = target.is_dir() and any(target.iterdir())
    if occupied and not (target / "scenarios.jsonl").is_file():
        raise MisuseError(f"{target} holds other files and no corpus; name a new or empty folder")
    if Path.cwd().is_relative_to(target.resolve()):
        raise MisuseError(f"{target} is the folder that you are in, or one above it; name one below it for the corpus")
    if occupied and not force:
        raise MisuseError(f"{target} holds a corpus; name another folder with --out, or pass --force to replace it")


def parts_of(target: Path) -> Path:
    """Return the folder that keeps what is finished of a corpus until the whole is in place.

    Example:
        >>> parts_of(Path("/exams/spring")).as_posix()
        '/exams/.spring.parts'
    """
    place = target.resolve()
    return place.with_name(f".{place.name}.parts")


def put_in_place(corpus: Corpus, target: Path, *, commitment: str | None) -> None:
    """Write a corpus next to its folder and put it there at the end: what is there is whole, the old one or the new.

    Args:
        corpus: The corpus.
        target: Its folder; a corpus that is there is replaced.
        commitment: Of a private corpus, the hash of its secret.
    """
    place = target.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{place.name}.") as scratch:
        fresh, old = Path(scratch) / "corpus", Path(scratch) / "old"
        write_corpus(corpus, fresh, commitment=commitment)
        try:
            if place.exists():
                place.rename(old)
            fresh.rename(place)
        except BaseException:
            if old.exists() and not place.exists():
                old.rename(place)
            raise
