"""The executable ``atlas``: its command groups, and the exit code of the process."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from atlas import __version__
from atlas.cli import crm, database, evaluate, experiment, playbooks, scenario_files, scenario_reports, scenarios
from atlas.cli.demo import demo
from atlas.cli.failures import exit_code_of
from atlas.cli.mcp import mcp
from atlas.cli.report import report
from atlas.cli.terminal import put_text

app = typer.Typer(
    name="atlas",
    help="Run, measure and continually improve agents that change CRM records.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(demo)
app.add_typer(scenarios.app, name="scenarios")
scenarios.app.command()(scenario_files.tasks)
scenarios.app.command()(scenario_reports.stats)
scenarios.app.command()(scenario_reports.diff)
scenarios.app.command("import")(scenario_files.import_conversations)
scenarios.app.command("export")(scenario_files.export_seeds)
app.add_typer(crm.app, name="crm")
crm.app.command()(database.seed)
crm.app.command()(database.snapshot)
crm.app.command()(database.reset)
crm.app.command("hash")(database.show_hash)
crm.app.command()(mcp)
app.add_typer(evaluate.app, name="evaluate")
app.add_typer(experiment.app, name="experiment")
app.command()(report)
app.add_typer(playbooks.app, name="playbooks")


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - the signature that the argument parser calls
    if wanted:
        put_text(f"atlas {__version__}")
        raise typer.Exit


@app.callback()
def atlas(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            envvar="ATLAS_VERSION",
            callback=_show_version,
            is_eager=True,
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    """Run, measure and continually improve agents that change CRM records.

    Exit codes: 0 done, 1 ran and failed, 2 misuse, 3 something outside is missing, 130 interrupted. Data goes to
    stdout, messages to stderr.

    \b
    Example:
      atlas demo --seed 7
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    del version


def main() -> None:
    """Run the command line and end the process with its exit code."""
    sys.exit(exit_code_of(lambda: app(prog_name="atlas")))
