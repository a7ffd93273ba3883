"""Where a server's files may lie."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from atlas.core.errors import StorageError
from atlas.storage.account import Account, own_account
from atlas.storage.places import (
    Note,
    find_base,
    home_of,
    is_own_folder,
    make_home,
    make_run_folder,
    read_note,
    remove_home,
    write_note,
)

STRANGER = Account(name="stranger", uid=54321, gid=54321, is_ours=False)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder for temporary files; the usual one for this test is elsewhere."""
    folder = tmp_path / "t"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize(
    "name",
    [pytest.param("x" * 120, id="too-long"), pytest.param("a,b", id="comma"), pytest.param("a b", id="space")],
)
def test_a_folder_that_a_socket_cannot_lie_in_is_not_used(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The path must fit into the kernel's 100 bytes and into a server setting; else the usual folders are used."""
    folder = temporary / name
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    assert find_base(own_account()) in {Path("/tmp").resolve(), Path("/var/tmp").resolve()}  # noqa: S108 - compared


def test_a_folder_that_the_account_cannot_enter_is_not_used(temporary: Path) -> None:
    """The server's account must reach its socket."""
    temporary.chmod(0o700)
    assert find_base(STRANGER) != temporary.resolve()


def test_a_run_folder_is_ours_alone(temporary: Path) -> None:
    """Short, new, and no other account can write to it, or read in it."""
    folder, lock = make_run_folder(own_account())
    assert folder.name.startswith(f"atlas-pg-{os.geteuid()}-")
    assert folder.stat().st_mode & 0o777 == 0o700
    lock.release()
    remove_home(folder)
    assert list(temporary.glob("atlas-pg-*")) == []


def test_a_home_is_made_with_what_is_missing_above_it(tmp_path: Path) -> None:
    """Open for nobody else where the server runs as this user; what is there already keeps its mode."""
    tmp_path.chmod(0o750)
    make_home(tmp_path / "a" / "b", own_account())
    assert [path.stat().st_mode & 0o777 for path in (tmp_path, tmp_path / "a", tmp_path / "a" / "b")] == [
        0o750,
        0o700,
        0o700,
    ]


@pytest.mark.parametrize("name", ['a"b', "a$b", "a`b", "a\\b", "a\nb"])
def test_a_home_that_a_shell_would_misread_is_refused(tmp_path: Path, name: str) -> None:
    """The path is given to a shell between double quotes; nothing is made."""
    with pytest.raises(StorageError, match="choose a directory without quotes"):
        make_home(tmp_path / name, own_account())
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_the_account_cannot_enter_is_refused(tmp_path: Path) -> None:
    """The message names the folder that is closed and the account; nothing is made."""
    tmp_path.chmod(0o700)
    with pytest.raises(StorageError, match=f"{tmp_path} cannot be entered by the account 'stranger'"):
        make_home(tmp_path / "a" / "b", STRANGER)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_home(tmp_path: Path) -> None:
    """It is left as it is."""
    (tmp_path / "file").write_text("kept")
    with pytest.raises(StorageError, match="not a folder of this user"):
        make_home(tmp_path / "file", own_account())
    assert (tmp_path / "file").read_text() == "kept"


def test_a_home_remembers_its_last_server(tmp_path: Path) -> None:
    """What was noted is read back; before, there is nothing."""
    assert read_note(tmp_path) is None
    note = Note(run="somewhere", machine="this one", keep=True)
    write_note(tmp_path, note)
    assert read_note(tmp_path) == note


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"run": "a"}', "\x00"])
def test_a_note_that_cannot_be_understood_is_none(tmp_path: Path, text: str) -> None:
    """A full disk or a crash of the machine may leave anything; the next start must not trip over it."""
    (tmp_path / "server.json").write_text(text)
    assert read_note(tmp_path) is None


@pytest.mark.parametrize("text", [None, "", "somewhere/else"])
def test_a_run_folder_that_does_not_say_whose_it_is_is_its_own(tmp_path: Path, text: str | None) -> None:
    """Never the folder that a program happens to run in."""
    if text is not None:
        (tmp_path / "home").write_text(text)
    assert home_of(tmp_path) == tmp_path


def test_what_is_out_of_reach_is_nobodys_folder(tmp_path: Path) -> None:
    """A leftover whose home lies below something that is a file now does not keep others from starting."""
    (tmp_path / "file").write_text("")
    assert not is_own_folder(tmp_path / "file" / "home")
    assert read_note(tmp_path / "file") is None


def test_files_of_others_stay_in_a_removed_home(tmp_path: Path) -> None:
    """Only what a server made is removed, and the folder itself only when nothing else is in it."""
    home = tmp_path / "home"
    (home / "data" / "base").mkdir(parents=True)
    (home / "letter.txt").write_text("mine")
    remove_home(home)
    assert [path.name for path in home.iterdir()] == ["letter.txt"]
    (home / "letter.txt").unlink()
    remove_home(home)
    assert not home.exists()
