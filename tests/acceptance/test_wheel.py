"""The wheel holds all that the package needs where there is no checkout."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The content of a freshly built wheel, as an installer would lay it out."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_every_file_of_the_package_is_in_the_wheel(unpacked: Path) -> None:
    """Modules, templates, the type marker and the shipped experiments, and nothing of the tests."""
    source = ROOT / "src"
    packed = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    wanted = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    wanted |= {f"atlas/evaluation/configs/{path.name}" for path in (ROOT / "configs" / "experiments").glob("*.yaml")}
    assert sorted(wanted - packed) == []
    assert sorted(name for name in packed - wanted if ".dist-info/" not in name) == []


def test_the_shipped_experiments_are_found_without_a_checkout(unpacked: Path, tmp_path: Path) -> None:
    """An installed Atlas knows the experiments by name."""
    program = (
        f"import sys; sys.path.insert(0, {str(unpacked)!r});"
        "from atlas.evaluation import config; print(config.__file__, *config.shipped_experiments())"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    where, *names = done.stdout.split()
    assert where.startswith(str(unpacked))
    assert "demo" in names
