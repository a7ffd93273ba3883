"""Documents tell the truth: examples run, links lead somewhere, commands and targets exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from atlas.cli.main import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]+\]\(([^)#]+)(?:#[^)]*)?\)")
ROOMS = sorted(path.name for path in (ROOT / "src" / "atlas").iterdir() if (path / "__init__.py").exists())


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _blocks(page: Path, language: str) -> list[str]:
    return [body for found, body in FENCE.findall(page.read_text(encoding="utf-8")) if found == language]


@pytest.mark.parametrize("page", [page for page in PAGES if _blocks(page, "python")], ids=_name)
def test_the_python_examples_of_a_page_run(page: Path) -> None:
    """The examples of one page, put one after the other, run in a fresh interpreter without a warning."""
    program = "\n".join(_blocks(page, "python"))
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_there_are_examples_to_run() -> None:
    """The check above looks at something."""
    assert [page.name for page in PAGES if _blocks(page, "python")]


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_the_links_of_a_page_lead_to_files(page: Path) -> None:
    """A relative link names a file or folder of the checkout."""
    targets = [target for target in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_the_make_targets_of_a_page_exist(page: Path) -> None:
    """What a page tells the reader to make can be made."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = set(re.findall(r"^([a-z][a-z-]*):", makefile, flags=re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    code = [*re.findall(r"`([^`\n]+)`", text), *(line for block in _blocks(page, "sh") for line in block.splitlines())]
    told = [re.match(r"make (?:[A-Z]+=\S+ )*([a-z][a-z-]*)", line) for line in code]
    assert {match.group(1) for match in told if match} <= known


def test_the_first_screen_tells_the_two_commands() -> None:
    """A reader sees what Atlas is and both commands without scrolling."""
    first_screen = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:24]
    assert [line for line in first_screen if line.startswith("make demo")]
    assert [line for line in first_screen if line.startswith("make test")]


def test_the_commands_of_the_readme_exist() -> None:
    """Every ``atlas`` command of the table answers ``--help``."""
    commands = re.findall(
        r"^\| `atlas ([a-z ]+)`", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert len(commands) > 1
    runner = CliRunner()
    missing = [command for command in commands if runner.invoke(app, [*command.split(), "--help"]).exit_code != 0]
    assert missing == []


def test_the_example_environment_names_what_is_read() -> None:
    """Variables in `.env.example` are the twins of flags, all of them, or keys of an experiment; none is made up."""
    sources = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "src" / "atlas" / "cli").rglob("*.py"))]
    read = {name for source in sources for name in re.findall(r'envvar="(\w+)"', source)}
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    listed = set(re.findall(r"^# ([A-Z_]+)=", text, flags=re.MULTILINE))
    assert {name for name in listed if not name.startswith("ATLAS_EXPERIMENT__")} == read - {"ATLAS_VERSION"}


def test_the_drawing_shows_every_room() -> None:
    """The diagram of the architecture, the import contract and the folders name the same rooms."""
    drawing = _blocks(ROOT / "docs" / "architecture.md", "mermaid")[0]
    drawn = sorted(re.findall(r"^\s+(\w+)\[", drawing, flags=re.MULTILINE))
    contract = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("layers = [")[1].split("]")[0]
    assert drawn == ROOMS
    assert sorted(re.findall(r"\w+", contract)) == ROOMS


def test_the_glossary_has_one_line_per_word_in_order() -> None:
    """A word is explained once, where a reader looks for it, and every bold word has an entry."""
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = [row.split(",")[0] for row in re.findall(r"^\| ([A-Za-z][^|]*?) \|", page, flags=re.MULTILINE)][1:]
    assert words == sorted(set(words), key=str.lower)
    table = page.split("|---|---|")[1]
    bold: list[str] = re.findall(r"\*\*([^*]+)\*\*", table)
    assert [word for word in bold if word not in words and word.removesuffix("s") not in words] == []
