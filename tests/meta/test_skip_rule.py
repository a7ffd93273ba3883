"""A test may skip only for a listed reason, and never in CI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"
LISTED = "a listed thing is not installed"

SKIPS_IN_TEST = 'import pytest\n\ndef test_it():\n    pytest.skip("{reason}")\n'
SKIPS_BY_MARK = 'import pytest\n\n@pytest.mark.skip(reason="{reason}")\ndef test_it():\n    pass\n'
SKIPS_MODULE = 'import pytest\n\npytest.skip("{reason}", allow_module_level=True)\n'
EXPECTED_FAILURE = 'import pytest\n\n@pytest.mark.xfail(reason="{reason}")\ndef test_it():\n    assert False\n'


@pytest.mark.parametrize("source", [SKIPS_IN_TEST, SKIPS_BY_MARK, SKIPS_MODULE], ids=["call", "mark", "module"])
@pytest.mark.parametrize(
    ("reason", "ci", "message"),
    [
        pytest.param(LISTED, "", None, id="listed"),
        pytest.param(LISTED, "true", "where no test may skip", id="listed-in-ci"),
        pytest.param("not today", "", "not in skip_reasons.txt: not today", id="unlisted"),
    ],
)
def test_a_skip_passes_only_for_a_listed_reason_outside_ci(
    tmp_path: Path, source: str, reason: str, ci: str, message: str | None
) -> None:
    """Every way to skip is judged by the reason and by CI, and the run says why it failed."""
    done = _run(tmp_path, source.format(reason=reason), ci)
    if message is None:
        assert done.returncode in {0, 5}, done.stdout  # 5: a module that skips whole leaves no test
        assert "1 skipped" in done.stdout
    else:
        assert done.returncode not in {0, 5}, done.stdout
        assert message in done.stdout


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    """Tests that are marked to fail, and do, pass in CI."""
    done = _run(tmp_path, EXPECTED_FAILURE.format(reason="a known limit"), "true")
    assert done.returncode == 0, done.stdout


def _run(folder: Path, source: str, ci: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(CONFTEST.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "skip_reasons.txt").write_text(f"# a comment\n{LISTED}\n", encoding="utf-8")
    (folder / "test_sample.py").write_text(source, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-rs", "-p", "no:randomly", "-p", "no:cacheprovider", str(folder)]
    environment = {**os.environ, "CI": ci}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
