"""What the package offers at its top, and what importing it costs."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import atlas

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(found.name for found in pkgutil.walk_packages(atlas.__path__, "atlas."))

_LIST_LOADED = "import sys; before = set(sys.modules); import {}; print(*sorted(set(sys.modules) - before))"


def test_the_top_level_offers_the_version_only() -> None:
    """Everything else is imported from the room that holds it."""
    assert {name for name in vars(atlas) if not name.startswith("_")} <= {name.split(".")[1] for name in MODULES}
    assert importlib.metadata.version("atlas-crm") == atlas.__version__


def test_importing_the_package_loads_nothing_else() -> None:
    """`import atlas` is free: no numpy, no web framework, not even a room."""
    assert _loaded_by("atlas") == {"atlas"}


@pytest.mark.parametrize(
    ("room", "unwanted"),
    [
        pytest.param("atlas.core.errors", {"numpy", "pydantic", "yaml", "rich", "typer"}, id="core"),
        pytest.param("atlas.verify.verdict", {"numpy", "scipy", "rich", "typer"}, id="verdict"),
    ],
)
def test_a_light_room_stays_light(room: str, unwanted: set[str]) -> None:
    """Rooms that need no heavy library load none, directly or through another room."""
    assert not _loaded_by(room) & unwanted


@pytest.mark.parametrize("module", MODULES)
def test_every_module_imports_and_keeps_its_export_list(module: str) -> None:
    """A module imports by itself without a warning, and every name in its ``__all__`` is there."""
    loaded = importlib.import_module(module)
    assert [name for name in getattr(loaded, "__all__", ()) if not hasattr(loaded, name)] == []


def test_a_room_front_holds_imports_and_words_only() -> None:
    """The front of a room explains it and may re-export; what it does is defined in its modules."""
    faults = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "src" / "atlas").glob("*/__init__.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if not isinstance(node, (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Expr))
    ]
    assert faults == []


def test_the_command_is_installed() -> None:
    """The entry point ``atlas`` leads to something that can be called."""
    (entry,) = importlib.metadata.entry_points(group="console_scripts", name="atlas")
    assert callable(entry.load())


def test_the_types_are_shipped() -> None:
    """Type checkers of users read the annotations."""
    assert (ROOT / "src" / "atlas" / "py.typed").exists()


def _loaded_by(module: str) -> set[str]:
    """Return the top-level names outside the standard library that a fresh interpreter loads for ``module``."""
    command = [sys.executable, "-c", _LIST_LOADED.format(module)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT / "src")
    return {name.split(".")[0] for name in done.stdout.split()} - set(sys.stdlib_module_names)
