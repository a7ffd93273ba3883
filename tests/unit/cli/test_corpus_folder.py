"""Promises of the folder of a corpus: whatever happens, there is a whole corpus in it, the old one or the new one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from atlas.cli.corpus_folder import parts_of, put_in_place, refuse_occupied
from atlas.cli.failures import exit_code_of
from atlas.cli.main import app
from atlas.core.errors import MisuseError, TooManyCasesError
from atlas.scenarios.corpus import Corpus, generate_corpus
from atlas.scenarios.corpus_files import load_corpus

GENERATE = ("scenarios", "generate", "--stream", "3", "--records", "200", "--out", "new")


@pytest.fixture(scope="module")
def old() -> Corpus:
    """What is there."""
    return generate_corpus(7, stream=3, dev=0, test_same=0, size=200)


@pytest.fixture(scope="module")
def new() -> Corpus:
    """What is to be there."""
    return generate_corpus(8, stream=3, dev=0, test_same=0, size=200)


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
    """Before and after each of the two steps: away with the old one, here with the new one."""
    put_in_place(old, tmp_path / "corpus", commitment=None)
    with monkeypatch.context() as patch:
        _interrupt_at(patch, number, done=done)
        with pytest.raises(KeyboardInterrupt):
            put_in_place(new, tmp_path / "corpus", commitment=None)
    assert load_corpus(tmp_path / "corpus").company_seed == kept
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]


def test_the_new_corpus_takes_the_place_of_the_old_one(old: Corpus, new: Corpus, tmp_path: Path) -> None:
    """Nothing of the old one is left, in it or next to it."""
    for corpus in (old, new):
        put_in_place(corpus, tmp_path / "corpus", commitment=None)
    assert load_corpus(tmp_path / "corpus").company_seed == 8
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]


def test_a_corpus_that_one_stands_in_is_not_replaced(
    old: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not from the folder itself, and not from one below it, whether it is forced or not."""
    put_in_place(old, tmp_path / "corpus", commitment=None)
    (tmp_path / "corpus" / "below").mkdir()
    for place, name in (("corpus", "."), ("corpus/below", "..")):
        monkeypatch.chdir(tmp_path / place)
        for force in (False, True):
            with pytest.raises(MisuseError, match="is the folder that you are in, or one above it"):
                refuse_occupied(Path(name), force=force)


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
