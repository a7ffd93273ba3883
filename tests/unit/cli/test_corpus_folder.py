"""Promises of the folder of a corpus: whatever happens, there is a whole corpus in it, the old one or the new one."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from atlas.cli.corpus_folder import open_workshop, parts_of, put_in_place, refuse_occupied
from atlas.cli.failures import exit_code_of
from atlas.cli.main import app
from atlas.core.errors import MisuseError, TooManyCasesError
from atlas.scenarios.corpus import Corpus, generate_corpus
from atlas.scenarios.corpus_files import cook_resuming, load_corpus, write_corpus
from atlas.telemetry.files import exchange

Run: TypeAlias = "Callable[..., int]"

GENERATE = ("scenarios", "generate", "--stream", "3", "--records", "200", "--out", "new")


@pytest.fixture(scope="module")
def old() -> Corpus:
    """What is there."""
    return generate_corpus(7, stream=3, dev=0, test_same=0, size=200)


@pytest.fixture(scope="module")
def new() -> Corpus:
    """What is to be there."""
    return generate_corpus(8, stream=3, dev=0, test_same=0, size=200)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in an empty folder and return its exit code."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: exit_code_of(lambda: app(list(arguments), prog_name="atlas", standalone_mode=False))


def _put(corpus: Corpus, target: Path, *, force: bool = True) -> None:
    with open_workshop(target, force=force) as shop:
        put_in_place(corpus, shop, commitment=None)


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _never(_one: Path, _other: Path) -> bool:
    """Stand for a system that cannot exchange two folders."""
    return False


def _interrupt_at(monkeypatch: pytest.MonkeyPatch, number: int, *, done: bool) -> None:
    """Press Ctrl-C just before or just after a folder is renamed for the so-manieth time."""
    rename: Callable[[Path, Path], Path] = Path.rename
    folders: list[Path] = []

    def interrupted(path: Path, target: Path) -> Path:
        if path.is_dir():
            folders.append(path)
        if len(folders) != number or not path.is_dir():
            return rename(path, target)
        if done:
            rename(path, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", interrupted)


@pytest.mark.parametrize(("number", "done", "kept"), [(1, False, 7), (1, True, 7), (2, False, 7), (2, True, 8)])
def test_an_interruption_never_costs_the_old_corpus(
    old: Corpus, new: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, *, done: bool, kept: int
) -> None:
    """Before and after each of the two steps that it takes where folders cannot be exchanged in one."""
    _put(old, tmp_path / "corpus")
    with monkeypatch.context() as patch:
        patch.setattr("atlas.cli.corpus_folder.exchange", _never)
        _interrupt_at(patch, number, done=done)
        with pytest.raises(KeyboardInterrupt):
            _put(new, tmp_path / "corpus")
    assert load_corpus(tmp_path / "corpus").company_seed == kept
    _put(new, tmp_path / "corpus")
    assert load_corpus(tmp_path / "corpus").company_seed == 8
    assert _names(tmp_path) == ["corpus"]


def _killed(corpus: Corpus, target: Path, *, exchanges: bool, after: int) -> None:
    """Kill the process that puts a corpus in place, right after it moved a folder for the so-manieth time."""
    from atlas.cli import corpus_folder  # noqa: PLC0415 - patched in this process only

    moved: list[Path] = []
    rename, swap = Path.rename, corpus_folder.exchange

    def count(path: Path) -> None:
        moved.append(path)
        if len(moved) == after:
            os.kill(os.getpid(), signal.SIGKILL)

    def renaming(path: Path, other: Path) -> Path:
        found = rename(path, other)
        if other == target.resolve() or other.name == "old":
            count(path)
        return found

    def exchanging(one: Path, other: Path) -> bool:
        done = exchanges and swap(one, other)
        if done:
            count(one)
        return done

    Path.rename, corpus_folder.exchange = renaming, exchanging  # type: ignore[method-assign, assignment]
    _put(corpus, target)


@pytest.mark.parametrize(("exchanges", "after", "there"), [(True, 1, 8), (False, 1, None), (False, 2, 8)])
def test_a_killed_process_leaves_a_whole_corpus_or_one_that_is_put_back(
    old: Corpus, new: Corpus, tmp_path: Path, run: Run, *, exchanges: bool, after: int, there: int | None
) -> None:
    """With one step there is always one; between two steps there is none until the next run, which tidies up."""
    target = tmp_path / "new"
    _put(old, target)
    process = multiprocessing.get_context("fork").Process(
        target=_killed, args=(new, target), kwargs={"exchanges": exchanges, "after": after}
    )
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert (load_corpus(target).company_seed if target.exists() else None) == there
    assert run(*GENERATE) == 2, "it is a corpus, and nobody said that it may be replaced"
    assert load_corpus(target).company_seed == (there or 7)
    assert run(*GENERATE, "--seed", "8", "--force") == 0
    assert load_corpus(target).company_seed == 8
    assert _names(tmp_path) == ["new"]


def test_a_process_that_was_killed_while_it_wrote_leaves_nothing_for_ever(
    old: Corpus, tmp_path: Path, run: Run
) -> None:
    """What it wrote is removed by the next run, goals and all; so are parts of a corpus that got into place."""
    parts = parts_of(tmp_path / "new")
    write_corpus(old, parts / "corpus")
    (parts / "corpus" / "manifest.json").unlink()
    (parts / "lock").touch()
    assert run(*GENERATE) == 0
    assert _names(tmp_path) == ["new"]
    cook_resuming(load_corpus(tmp_path / "new").recipe, parts)
    assert run(*GENERATE) == 2
    assert _names(tmp_path) == ["new"]


def test_the_new_corpus_takes_the_place_of_the_old_one(old: Corpus, new: Corpus, tmp_path: Path) -> None:
    """Nothing of the old one is left, in it or next to it."""
    for corpus in (old, new):
        _put(corpus, tmp_path / "corpus")
    assert load_corpus(tmp_path / "corpus").company_seed == 8
    assert _names(tmp_path) == ["corpus"]


def test_a_corpus_with_files_of_somebody_beside_it_is_not_replaced(old: Corpus, new: Corpus, tmp_path: Path) -> None:
    """What would be lost is named; what a killed writer left of a corpus is no reason, nor what a file manager did."""
    target = tmp_path / "corpus"
    _put(old, target)
    for name in (".card.md.ab12", ".DS_Store"):
        (target / name).touch()
    _put(new, target)
    for name in ("notes.txt", "tasks.jsonl", "a folder", ".hidden"):
        (target / name).mkdir()
    with pytest.raises(MisuseError, match=r"would delete: \.hidden, a folder, notes\.txt and more; move them away"):
        _put(old, target)
    assert load_corpus(target).company_seed == 8
    assert len(_names(target)) == 9


def test_a_corpus_that_one_stands_in_is_not_replaced(
    old: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not from the folder itself, and not from one below it, whether it is forced or not."""
    _put(old, tmp_path / "corpus")
    (tmp_path / "corpus" / "below").mkdir()
    for place, name in (("corpus", "."), ("corpus/below", "..")):
        monkeypatch.chdir(tmp_path / place)
        for force in (False, True):
            with pytest.raises(MisuseError, match="is the folder that you are in, or one above it"):
                refuse_occupied(Path(name), force=force)


# ---------------------------------------------------------------------------------------------------------------------
# Two at once, and things of other people


def test_one_process_at_a_time_makes_the_corpus_of_a_folder(
    old: Corpus, tmp_path: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second is told so, and touches nothing of the first, whatever it wants to generate."""
    with open_workshop(Path("new"), force=False) as shop:
        for seed in ("7", "8"):
            assert run(*GENERATE, "--seed", seed) == 2
            told = "error: another process is generating the corpus of new; wait until it is done, or name another"
            assert capsys.readouterr().err.startswith(told)
        put_in_place(old, shop, commitment=None)
    assert load_corpus(tmp_path / "new").content_hash == old.content_hash
    assert _names(tmp_path) == ["new"]


@pytest.mark.parametrize("force", [False, True])
def test_a_corpus_that_came_meanwhile_is_not_replaced(old: Corpus, new: Corpus, tmp_path: Path, *, force: bool) -> None:
    """Somebody put one there by other means; it stays as it is."""
    target = tmp_path / "corpus"
    with open_workshop(target, force=force) as shop:
        write_corpus(old, target)
        with pytest.raises(MisuseError) as caught:
            put_in_place(new, shop, commitment=None)
    told = "was changed while its corpus was generated" if force else "holds a corpus; name another folder"
    assert str(caught.value).startswith(f"{target} {told}")
    assert load_corpus(target).content_hash == old.content_hash


STRANGE: dict[str, Callable[[Path], object]] = {
    "letters": lambda path: (path.mkdir(), (path / "letter.txt").write_text("dear all")),
    "letters-beside-ours": lambda path: (
        path.mkdir(),
        (path / "recipe.json").write_text("{}"),
        (path / "letter.txt").write_text("dear all"),
    ),
    "chapters-of-a-book": lambda path: (path.mkdir(), (path / "chapter-1.json").write_text("{}")),
    "a-file": lambda path: path.write_text("dear all"),
    "a-link": lambda path: (path.with_name("own").mkdir(), path.symlink_to("own")),
}


@pytest.mark.parametrize("kind", STRANGE)
def test_a_folder_of_somebody_else_is_never_removed(
    tmp_path: Path, run: Run, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """Though it has the name that the parts would have; the message names it, and says what to do."""
    parts = tmp_path / ".new.parts"
    STRANGE[kind](parts)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for force in ((), ("--force",)):
        assert run(*GENERATE, *force) == 2
        told = f"error: {parts} is where the parts of the corpus would be kept, and is something else; move it away"
        assert capsys.readouterr().err.startswith(told)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert not (tmp_path / "new").exists()


def test_errors_name_the_folder_that_was_asked_for(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody has heard of the hidden one beside it."""

    def full(_: object, parts: Path, **__: object) -> Corpus:
        raise PermissionError(13, "Permission denied", str(parts / "chapter-0-dev.json"))

    monkeypatch.setattr("atlas.cli.scenarios.cook_resuming", full)
    assert run(*GENERATE) == 2
    assert capsys.readouterr().err == "error: cannot use new: Permission denied; name another place\n"
    assert _names(tmp_path) == []


# ---------------------------------------------------------------------------------------------------------------------
# What was put aside


def _begun(tmp_path: Path) -> Path:
    """Leave the finished part of a corpus behind, as an interrupted run does."""
    parts = parts_of(tmp_path / "new")
    cook_resuming(generate_corpus(7, stream=3, dev=0, test_same=0, size=200).recipe, parts)
    return parts / "chapter-0-stream.json"


SPOILT: dict[str, Callable[[str], str]] = {
    "reworded": lambda text: text.replace('"turns":["', '"turns":["Well, ', 1),
    "cut": lambda text: text[: len(text) // 2],
    "empty": lambda _: "",
    "other": lambda _: '{"chapter":7}',
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_part_that_is_not_as_it_was_put_aside_is_made_again(
    old: Corpus, tmp_path: Path, run: Run, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    """It is told on stderr; the corpus has the bytes that it would have anyway, at the first try."""
    chapter = _begun(tmp_path)
    spoilt = SPOILT[how](chapter.read_text())
    assert spoilt != chapter.read_text()
    chapter.write_text(spoilt)
    assert run(*GENERATE) == 0
    assert f"{chapter} is not as it was put aside; its cases are generated again\n" in capsys.readouterr().err
    assert load_corpus(tmp_path / "new").content_hash == old.content_hash
    assert _names(tmp_path) == ["new"]


def test_a_part_that_is_as_it_was_is_used(
    old: Corpus, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is drawn for it, and nothing is said about it."""
    _begun(tmp_path)
    monkeypatch.delattr("atlas.scenarios.corpus._ChapterWriter")
    assert run(*GENERATE) == 0
    assert "generated again" not in capsys.readouterr().err
    assert load_corpus(tmp_path / "new").content_hash == old.content_hash


def test_a_part_of_another_recipe_is_not_used(old: Corpus, tmp_path: Path, run: Run) -> None:
    """Though it is sound: somebody copied it there."""
    other = parts_of(tmp_path / "other")
    cook_resuming(generate_corpus(7, stream=3, dev=0, test_same=0, size=300).recipe, other)
    chapter = _begun(tmp_path)
    shutil.copy(other / chapter.name, chapter)
    assert run(*GENERATE) == 0
    assert load_corpus(tmp_path / "new").content_hash == old.content_hash


# ---------------------------------------------------------------------------------------------------------------------
# What the command says


def _outcome(monkeypatch: pytest.MonkeyPatch, folder: Path, error: BaseException) -> int:
    def fail(*_: object, **__: object) -> Corpus:
        raise error

    monkeypatch.chdir(folder)
    monkeypatch.setattr("atlas.cli.scenarios.cook_resuming", fail)
    return exit_code_of(lambda: app(list(GENERATE), prog_name="atlas"))


def test_an_interrupted_generation_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where what is finished is kept, and that the same command continues."""
    assert _outcome(monkeypatch, tmp_path, KeyboardInterrupt()) == 130
    told = f"interrupted: finished splits are kept in {parts_of(Path('new'))}; the same command continues\n"
    assert capsys.readouterr() == ("", told)


def test_more_cases_than_there_is_room_for_name_the_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The number that is to change, as it is called on the command line."""
    error = TooManyCasesError("test_same", wanted=900, room=70, why="nothing fits; ask for fewer cases")
    assert _outcome(monkeypatch, tmp_path, error) == 2
    told = "there is room for about 70 cases of the split 'test_same', not for 900: nothing fits; ask for fewer cases"
    assert capsys.readouterr() == ("", f"error: {told} with --test-same\n")


def test_two_folders_change_places_in_one_step(tmp_path: Path) -> None:
    """On this system; a missing one is told, and where there is no such step nothing is changed."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "letter.txt").write_text(name)
    assert exchange(tmp_path / "a", tmp_path / "b")
    assert [(tmp_path / name / "letter.txt").read_text() for name in ("a", "b")] == ["b", "a"]
    with pytest.raises(FileNotFoundError, match="none"):
        exchange(tmp_path / "a", tmp_path / "none")


def test_where_there_is_no_such_step_nothing_changes_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller is told so."""
    monkeypatch.setattr("sys.platform", "plan9")
    (tmp_path / "a").write_text("a")
    assert not exchange(tmp_path / "a", tmp_path / "b")
    assert _names(tmp_path) == ["a"]
