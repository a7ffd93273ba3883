"""The folder that a generated corpus goes to: refused where something is in the way, filled in one step.

What is not finished waits beside it in a hidden folder, ``.NAME.parts``, which one process holds at a time:

===================  ====================================================================
``lock``             held by the process that generates, and free once that has ended
``recipe.json``      what the chapters are of, see ``atlas.scenarios.corpus_files``
``chapter-*.json``   finished splits
``corpus``           the new corpus while it is written; then what it took the place of
``old``              the corpus that is replaced, where two folders cannot be exchanged
===================  ====================================================================

Where a corpus was, there is a whole one at every moment, the old one or the new one, however the process ends, on
systems that exchange two folders in one step (Linux, macOS). Elsewhere a process that is killed between two renames
leaves none, and the next run on the same folder puts the old one back.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
import shutil
from collections.abc import Generator
from pathlib import Path

from atlas.cli.terminal import tell
from atlas.core.errors import MisuseError
from atlas.scenarios.corpus import Corpus
from atlas.scenarios.corpus_files import (
    clear_parts,
    has_manifest,
    holds_parts_of,
    manifest_bytes,
    others_in,
    write_corpus,
)
from atlas.storage.locks import try_alone
from atlas.telemetry.files import exchange

_LOCK, _FRESH, _OLD = "lock", "corpus", "old"
_OURS = re.compile(rf"{_LOCK}|{_FRESH}|{_OLD}|(recipe|chapter-[\w-]+)\.json|\.(recipe|chapter-[\w-]+)\.json\.\w+")
_MOST_NAMED = 3  # files that a message names
_MARKS = frozenset((_LOCK, "recipe.json"))  # one of them is in every folder of ours


@dataclasses.dataclass(frozen=True, slots=True)
class Workshop:
    """Where a corpus is made, held by this process alone.

    Attributes:
        target: Where the corpus goes to.
        parts: What keeps the finished parts of it.
        force: Whether a corpus that is there may be replaced.
        found: The manifest that was there when the workshop was opened, None where there was none.
    """

    target: Path
    parts: Path
    force: bool
    found: bytes | None


def refuse_occupied(target: Path, *, force: bool) -> None:
    """Refuse a folder that a corpus cannot be put in the place of.

    Args:
        target: The folder, as it was given.
        force: Whether a corpus that is there may be replaced.

    Raises:
        MisuseError: it is a file, holds other things, with a corpus or without, is a corpus, or is where the caller
            stands.
    """
    if target.exists() and not target.is_dir():
        raise MisuseError(f"{target} is a file; name a folder for the corpus")
    occupied = _is_filled(target)
    if occupied and not (target / "scenarios.jsonl").is_file():
        raise MisuseError(f"{target} holds other files and no corpus; name a new or empty folder")
    if Path.cwd().is_relative_to(target.resolve()):
        raise MisuseError(f"{target} is the folder that you are in, or one above it; name one below it for the corpus")
    if occupied and not force:
        raise MisuseError(f"{target} holds a corpus; name another folder with --out, or pass --force to replace it")
    others = others_in(target) if occupied else []
    if others:
        named = ", ".join(others[:_MOST_NAMED]) + (" and more" if len(others) > _MOST_NAMED else "")
        raise MisuseError(
            f"{target} holds a corpus and other files, which replacing it would delete: {named}; move them away, or "
            "name another folder with --out"
        )


def parts_of(target: Path) -> Path:
    """Return the folder that keeps what is finished of a corpus until the whole is in place.

    Example:
        >>> parts_of(Path("/exams/spring")).as_posix()
        '/exams/.spring.parts'
    """
    place = target.resolve()
    return place.with_name(f".{place.name}.parts")


@contextlib.contextmanager
def open_workshop(target: Path, *, force: bool) -> Generator[Workshop]:
    """Hold what is needed to make the corpus of a folder, for the length of a ``with`` block.

    What a killed process left behind is tidied up first, or put back. Finished parts stay for the next time, until
    :func:`put_in_place` was called.

    Args:
        target: The folder, as it was given.
        force: Whether a corpus that is there may be replaced.

    Raises:
        MisuseError: see :func:`refuse_occupied`; or another process is at it, or something else is in the way.
        OSError: nothing can be written there; it names the target.
    """
    parts = parts_of(target)
    if not _is_there(parts):
        refuse_occupied(target, force=force)
    with _errors_named_for(target, parts):
        _refuse_strange(parts)
        parts.mkdir(parents=True, exist_ok=True)
        lock = try_alone(parts / _LOCK)
        if lock is None:
            raise MisuseError(
                f"another process is generating the corpus of {target}; wait until it is done, or name another folder "
                "with --out"
            )
        try:
            _settle(target, parts, force=force)
            refuse_occupied(target, force=force)
            yield Workshop(target, parts, force, manifest_bytes(target))
        finally:
            _leave(parts)
            lock.release()


def put_in_place(corpus: Corpus, shop: Workshop, *, commitment: str | None) -> None:
    """Write a corpus and put it in its folder at the end: what is there is whole, the old one or the new.

    Args:
        corpus: The corpus.
        shop: Where it was made; its parts are removed.
        commitment: Of a private corpus, the hash of its secret.

    Raises:
        MisuseError: somebody else has put something in the folder since the workshop was opened.
    """
    place, fresh = shop.target.resolve(), shop.parts / _FRESH
    write_corpus(corpus, fresh, commitment=commitment)
    refuse_occupied(shop.target, force=shop.force)
    if manifest_bytes(place) != shop.found:
        raise MisuseError(
            f"{shop.target} was changed while its corpus was generated; look at what is there now, then run the same "
            "command again, which takes up what was finished"
        )
    if not _is_filled(place):
        fresh.rename(place)
    elif not exchange(fresh, place):
        _replace_in_two_steps(place, fresh, shop.parts / _OLD)
    for rest in (fresh, shop.parts / _OLD):
        shutil.rmtree(rest, ignore_errors=True)
    clear_parts(shop.parts)


def _replace_in_two_steps(place: Path, fresh: Path, old: Path) -> None:
    try:
        place.rename(old)
        fresh.rename(place)
    except BaseException:
        if old.exists() and not place.exists():
            old.rename(place)
        raise


def _is_filled(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _refuse_strange(parts: Path) -> None:
    """Refuse a folder of this name that is not of our making: what is in it would be lost."""
    if not _is_there(parts):
        return
    names: set[str] = set()
    with contextlib.suppress(FileNotFoundError):  # whoever held it has just removed it
        names = {entry.name for entry in parts.iterdir()} if parts.is_dir() else {parts.name}
    if parts.is_symlink() or any(not _OURS.fullmatch(name) for name in names) or (names and not names & _MARKS):
        raise MisuseError(
            f"{parts} is where the parts of the corpus would be kept, and is something else; move it away, or name "
            "another folder with --out"
        )


def _is_there(path: Path) -> bool:
    return path.is_symlink() or path.exists()


def _settle(target: Path, parts: Path, *, force: bool) -> None:
    """Tidy up after a process that was killed: put an old corpus back, remove what is of no use any more."""
    place, old = target.resolve(), parts / _OLD
    if old.is_dir() and not place.is_file() and not _is_filled(place):
        old.rename(place)
        tell(f"put back the corpus of {target}, which a run that was killed had moved away")
    if has_manifest(place):
        shutil.rmtree(old, ignore_errors=True)
    shutil.rmtree(parts / _FRESH, ignore_errors=True)
    if not force and holds_parts_of(place, parts):
        clear_parts(parts)


def _leave(parts: Path) -> None:
    """Remove the folder where nothing but the lock is in it."""
    with contextlib.suppress(OSError):  # somebody else removed it, or has come in
        if {entry.name for entry in parts.iterdir()} <= {_LOCK}:
            (parts / _LOCK).unlink(missing_ok=True)
            parts.rmdir()


@contextlib.contextmanager
def _errors_named_for(target: Path, parts: Path) -> Generator[None]:
    """Let errors about the parts name the folder that somebody asked for."""
    try:
        yield
    except OSError as exc:
        if exc.filename is not None and Path(str(exc.filename)).is_relative_to(parts):
            raise OSError(exc.errno, exc.strerror, str(target)) from exc
        raise
