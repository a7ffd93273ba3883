"""The import contracts of pyproject.toml hold, and each of them would notice a breach."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_every_contract_is_kept() -> None:
    """No room imports a room on its own line or above, and no further contract is broken."""
    done = _lint_imports(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "source"),
    [
        pytest.param("core/breach.py", "import atlas.settings", id="lower-imports-higher"),
        pytest.param("agents/breach.py", "import atlas.scenarios.records", id="agents-see-the-exam"),
        pytest.param("learning/breach.py", "import atlas.verify.vault", id="learning-opens-the-vault"),
        pytest.param("scenarios/breach.py", "import atlas.learning", id="exam-looks-at-learning"),
        pytest.param("verify/breach.py", "import os", id="verdict-does-io"),
        pytest.param("crm/breach.py", "import pathlib", id="rules-do-io"),
        pytest.param("core/breach.py", "import numpy", id="core-needs-a-library"),
        pytest.param("learning/breach.py", "import torch", id="a-heavy-framework"),
        pytest.param("crm/breach.py", "import psycopg", id="driver-outside-its-home"),
        pytest.param("cli/breach.py", "import psycopg_pool", id="pool-outside-its-home"),
        pytest.param("cli/breach.py", "import mcp.server", id="protocol-outside-the-doors"),
        pytest.param("crm/breach.py", "import gymnasium", id="gymnasium-outside-the-doors"),
        pytest.param("attic/__init__.py", "", id="a-room-on-no-line"),
    ],
)
def test_a_breach_is_noticed(tmp_path: Path, module: str, source: str) -> None:
    """A module that breaks a contract makes the check fail; so the contracts are no decoration."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    breach = tmp_path / "src" / "atlas" / module
    breach.parent.mkdir(exist_ok=True)
    breach.write_text(f'"""A breach."""\n\n{source}\n', encoding="utf-8")
    done = _lint_imports(tmp_path)
    assert done.returncode == 1, done.stdout
    assert "breach" in done.stdout or "attic" in done.stdout


def _lint_imports(checkout: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(checkout / "src")}
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
