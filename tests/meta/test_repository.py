"""What the files of the checkout must and must not hold."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

import compile_lock
from list_targets import list_targets

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements" / "lock.txt"
LEFT_OUT = {"torch", "transformers", "sentence-transformers", "huggingface-hub"}

# Written so that they do not match themselves: this file is searched too.
MACHINE_PATH = re.compile(r"(?<![\w.:$}~-])/(?:root|home|Users|work|opt|mnt)/[\w.]")
REGISTRY_HOST = re.compile(r"pypi\.org|python[h]osted|registry\.npmjs|deb\.debian")

BINARY = {".png", ".ico", ".woff2", ".gz"}


def _tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        paths = [ROOT / line for line in listed.stdout.splitlines()]
    else:  # an unpacked archive: no history to ask
        hidden = {".git", ".venv", ".pytest_cache", ".ruff_cache", ".hypothesis", "__pycache__", "artifacts"}
        paths = [path for path in ROOT.rglob("*") if not hidden & set(path.relative_to(ROOT).parts)]
    return sorted(path for path in paths if path.is_file() and path.suffix not in BINARY)


@pytest.mark.parametrize(
    ("pattern", "breach"),
    [
        pytest.param(MACHINE_PATH, "see /" + "root/notes.txt", id="path-of-a-machine"),
        pytest.param(REGISTRY_HOST, "https://pypi." + "org/simple", id="host-of-a-registry"),
    ],
)
def test_no_file_names_a_machine_or_a_registry(pattern: re.Pattern[str], breach: str) -> None:
    """A checkout works anywhere: where packages come from and where it lies is the machine's business."""
    assert pattern.search(breach)
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in _tracked_files()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1)
        if pattern.search(line)
    ]
    assert found == []


def test_the_lock_pins_by_hash_and_names_no_place() -> None:
    """Every package has one version and hashes; no line says where to download."""
    lock = LOCK.read_text(encoding="utf-8")
    assert compile_lock.find_places(lock) == []
    blocks = re.split(r"^(?=[a-z])", lock, flags=re.MULTILINE)[1:]
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    names = [block.split("==")[0] for block in blocks]
    assert len(names) == len(set(names)), "one version for all interpreters"
    assert not LEFT_OUT & set(names)


def test_the_lock_covers_what_the_project_declares() -> None:
    """Every dependency, that of the extra and of development included, is pinned at an allowed version."""
    from packaging.requirements import Requirement  # noqa: PLC0415 - a tool of the tests, absent from the package

    project = _pyproject()
    declared = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["minilm"],
        *project["dependency-groups"]["dev"],
    ]
    pinned = dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE))
    wanted = {requirement.name.lower(): requirement.specifier for requirement in map(Requirement, declared)}
    assert {name: pinned.get(name) for name, allowed in wanted.items() if pinned.get(name, "") not in allowed} == {}


def test_every_target_is_described_and_phony() -> None:
    """``make help`` tells all targets, and none is shadowed by a file of its name."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    declared = set(re.findall(r"^([a-z][a-z-]*):", makefile, flags=re.MULTILINE))
    phony = set(re.findall(r"^\.PHONY: (.+)$", makefile, flags=re.MULTILINE)[0].split())
    assert declared == phony == {name for name, _ in list_targets(makefile)}
    assert {"demo", "test", "test-slow", "test-deps", "lint", "docs", "bench", "clean"} <= declared


def test_skips_quote_their_reason_from_the_one_list() -> None:
    """A reason written in a test stands word for word in the list."""
    listed = (ROOT / "tests" / "skip_reasons.txt").read_text(encoding="utf-8").splitlines()
    allowed = {line for line in listed if line and not line.startswith("#")}
    written = re.compile(r"""(?:pytest\.skip\(|skipif\([^)]*reason=|mark\.skip\(reason=)\s*["'](.+?)["']""")
    found = {
        reason
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if path.name != "test_skip_rule.py"
        for reason in written.findall(path.read_text(encoding="utf-8"))
    }
    assert found <= allowed


def test_the_version_has_a_changelog_entry() -> None:
    """What a version changed can be read."""
    source = (ROOT / "src" / "atlas" / "__init__.py").read_text(encoding="utf-8")
    (version,) = re.findall(r'^__version__ = "(.+)"$', source, flags=re.MULTILINE)
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def _pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
