"""The gate lets well-tested parts pass and names the one that is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from coverage import CoverageData

import coverage_gate

TESTED = "def f():\n    return 1\n"
UNTESTED = TESTED + "".join(f"\n\ndef g{i}(x):\n    return x\n" for i in range(8))


@pytest.mark.parametrize(
    ("sources", "exit_code", "message"),
    [
        pytest.param({"good": TESTED}, 0, "good: 100.0 %", id="above"),
        pytest.param({"good": TESTED, "bad": UNTESTED}, 1, "TOO LOW", id="one-below"),
        pytest.param({}, 1, "good: not measured", id="not-measured"),
    ],
)
def test_the_exit_code_is_that_of_the_worst_part(  # noqa: PLR0917 - a table and its fixtures
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    sources: dict[str, str],
    exit_code: int,
    message: str,
) -> None:
    """Below the floor or never measured, the gate fails and says which part and how far."""
    data = CoverageData(basename=str(tmp_path / ".coverage"))
    for name, source in sources.items():
        path = tmp_path / name / "inner" / "module.py"
        path.parent.mkdir(parents=True)
        path.write_text(source, encoding="utf-8")
        lines = [
            number for number, line in enumerate(source.splitlines(), start=1) if not line.startswith("    return x")
        ]
        data.add_arcs({str(path): {(a, b) for a, b in zip([-1, *lines], [*lines, -1], strict=True)}})
    data.write()
    (tmp_path / "pyproject.toml").write_text("[tool.coverage.run]\nbranch = true\n", encoding="utf-8")
    monkeypatch.setattr(coverage_gate, "ROOT", tmp_path)
    monkeypatch.setattr(coverage_gate, "GATED", {name: (f"{name}/**",) for name in sources or ["good"]})
    assert coverage_gate.main() == exit_code
    assert message in capsys.readouterr().out
