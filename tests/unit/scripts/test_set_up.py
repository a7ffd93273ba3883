"""The set-up knows an up-to-date environment from a stale one, and says what is missing."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import set_up

ROOT = Path(__file__).resolve().parents[3]

LOCK = """\
# a comment
numpy==2.4.6 \\
    --hash=sha256:00 \\
    --hash=sha256:01
    # via atlas-crm
uv==0.13.8 \\
    --hash=sha256:02 \\
    --hash=sha256:03
    # via atlas-crm
uvloop==1.0 \\
    --hash=sha256:04
"""


def test_the_pin_of_one_package_is_cut_out_whole() -> None:
    """The way to uv installs the pinned uv by its hashes and nothing else."""
    assert set_up.locked_block(LOCK, "uv") == "uv==0.13.8 \\\n    --hash=sha256:02 \\\n    --hash=sha256:03\n"


def test_a_package_that_is_not_pinned_is_an_error() -> None:
    """The message names the package and what to do."""
    with pytest.raises(set_up.SetUpError, match=r"does not pin poetry; .*make lock"):
        set_up.locked_block(LOCK, "poetry")


def test_the_real_lock_pins_what_set_up_needs() -> None:
    """uv, the build backend and its helper come from the lock."""
    lock = (ROOT / "requirements" / "lock.txt").read_text(encoding="utf-8")
    for package in ("uv", "hatchling", "editables"):
        assert "--hash=sha256:" in set_up.locked_block(lock, package)


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        pytest.param("[tool.ruff]\na = 1", "[tool.ruff]\na = 2", True, id="a-tool"),
        pytest.param("[project]\na = 1", "[project]\na = 2", False, id="the-project"),
        pytest.param("[project.scripts]\na = 1", "[project.scripts]\na = 2", False, id="its-commands"),
        pytest.param("[build-system]\na = 1", "[build-system]\na = 2", False, id="the-build"),
        pytest.param("[tool.hatch.version]\na = 1", "[tool.hatch.version]\na = 2", False, id="the-backend"),
    ],
)
def test_only_what_decides_the_installation_makes_it_stale(before: str, after: str, *, same: bool) -> None:
    """Changing the configuration of a tool does not rebuild the environment; changing the package does."""
    assert (set_up.install_part(before) == set_up.install_part(after)) is same


@pytest.mark.parametrize(
    ("content", "interpreter"),
    [
        pytest.param(None, True, id="no-stamp"),
        pytest.param("{", True, id="torn-stamp"),
        pytest.param(json.dumps({"lock": "0"}), False, id="no-interpreter"),
    ],
)
def test_a_half_made_environment_has_no_stamp(tmp_path: Path, content: str | None, *, interpreter: bool) -> None:
    """Whatever is missing, the environment counts as not made."""
    _environment(tmp_path, content, interpreter=interpreter)
    assert set_up.read_stamp(tmp_path / "stamp.json") is None


def test_a_whole_environment_has_its_stamp(tmp_path: Path) -> None:
    """The stamp is what was written last."""
    _environment(tmp_path, json.dumps({"lock": "0"}), interpreter=True)
    assert set_up.read_stamp(tmp_path / "stamp.json") == {"lock": "0"}


def test_the_stamp_says_what_the_environment_is_made_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lock, package, Python and place: a change of any makes the environment stale."""
    monkeypatch.chdir(ROOT)
    assert set(set_up.wanted_stamp(sys.executable)) == {"lock", "project", "python", "root"}


def test_a_python_without_venv_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without uv and without ``venv`` the set-up ends with exit code 3 and says which package to install."""
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\nexec {sys.executable} "$@"\n', "utf-8")
    bare.chmod(0o755)
    for name in ("requirements", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.setattr(set_up, "ROOT", tmp_path)
    monkeypatch.setattr(set_up, "choose_interpreter", lambda: str(bare))
    monkeypatch.setenv("PATH", "/bin:/usr/bin" if not Path("/usr/bin/uv").exists() else "/bin")
    monkeypatch.chdir(tmp_path)
    assert set_up.main([]) == 3
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"missing package: python{version}-venv" in capfd.readouterr().err


def _environment(folder: Path, stamp: str | None, *, interpreter: bool) -> None:
    (folder / "bin").mkdir()
    if interpreter:
        (folder / "bin" / "python").touch()
    if stamp is not None:
        (folder / "stamp.json").write_text(stamp, encoding="utf-8")
