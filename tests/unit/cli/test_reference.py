"""The command line as a whole: documented, with examples, and with a twin in the environment for every option."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from atlas.cli.main import app
from atlas.cli.reference import reference_page
from atlas.evaluation.config import shipped_experiments

REPOSITORY = Path(__file__).parents[3]


def walk(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401 - click's
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from walk(child, (*path, name))


COMMANDS = dict(walk(typer.main.get_command(app)))
LEAVES = [path for path, command in COMMANDS.items() if not hasattr(command, "commands")]


def test_the_page_in_the_docs_is_current() -> None:
    """Regenerate it with: python -m atlas.cli.reference > docs/reference/cli.md."""
    assert (REPOSITORY / "docs" / "reference" / "cli.md").read_text() == reference_page().rstrip("\n") + "\n"


def test_help_names_every_shipped_experiment() -> None:
    """Who asks what can be run is told of all of it."""
    (config,) = (parameter for parameter in COMMANDS["experiment", "run"].params if parameter.name == "config")
    assert config.help.endswith(f": {', '.join(shipped_experiments())}.")


@pytest.mark.parametrize("path", list(COMMANDS), ids=" ".join)
def test_every_option_has_a_twin_in_the_environment_that_help_names(path: tuple[str, ...]) -> None:
    """ATLAS_ and a word."""
    shown = CliRunner().invoke(app, [*path, "--help"], terminal_width=200).output
    for parameter in COMMANDS[path].params:
        if parameter.name != "help":
            assert parameter.envvar.startswith("ATLAS_"), parameter.name
            assert parameter.envvar in shown
            assert parameter.help


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_has_an_example_of_itself(path: tuple[str, ...]) -> None:
    """On a line of its own, beginning with the command."""
    result = CliRunner().invoke(app, [*path, "--help"])
    assert result.exit_code == 0
    assert f"  atlas {' '.join(path)} " in result.output + " " or f"  atlas {' '.join(path)}\n" in result.output


def test_the_commands_are_those_that_people_were_promised() -> None:
    """A renamed command would break their scripts."""
    assert {" ".join(path) for path in LEAVES} == {
        "demo",
        "scenarios generate",
        "scenarios check",
        "scenarios show",
        "scenarios stats",
        "scenarios diff",
        "scenarios tasks",
        "scenarios import",
        "scenarios export",
        "crm tools",
        "crm seed",
        "crm snapshot",
        "crm reset",
        "crm hash",
        "crm mcp",
        "evaluate replay",
        "evaluate run",
        "experiment run",
        "experiment regrade",
        "report",
        "playbooks list",
        "playbooks show",
    }


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_can_write_json(path: tuple[str, ...]) -> None:
    """--json everywhere."""
    assert "--json" in {option for parameter in COMMANDS[path].params for option in parameter.opts}
