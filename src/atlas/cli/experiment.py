"""``atlas experiment``: run a configured experiment."""

from __future__ import annotations

from typing import Annotated

import typer

from atlas.cli.options import (
    LARGEST_SEED,
    SEED_METAVAR,
    ForceOption,
    JsonOption,
    OutOption,
    ResumeOption,
    WorkersOption,
    whole_number,
)
from atlas.cli.running import RUNS_FOLDER, carry_out
from atlas.evaluation.config import load_experiment
from atlas.settings.environment import read_environment

app = typer.Typer(help="Run experiments: arms that differ in memory only, on the same cases.", no_args_is_help=True)


@app.callback()
def experiment() -> None:
    """Run experiments: arms that differ in memory only, on the same cases."""


@app.command()
def run(
    config: Annotated[
        str,
        typer.Argument(
            envvar="ATLAS_CONFIG",
            help="An experiment file (YAML or JSON), or the name of a shipped one: demo, demo-small, dev, reporting.",
        ),
    ],
    *,
    out: OutOption = None,
    seed: Annotated[
        list[int] | None,
        typer.Option(
            "--seed",
            envvar="ATLAS_SEEDS",
            parser=whole_number(0, LARGEST_SEED),
            metavar=SEED_METAVAR,
            help="Seed of a company, instead of those in the file; may be given several times.",
            show_default="from the configuration",
        ),
    ] = None,
    workers: WorkersOption = None,
    resume: ResumeOption = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run an experiment and write its figures and report.

    Keys of the file can be overridden by variables: ATLAS_EXPERIMENT__CORPUS__STREAM=100 stands for corpus: {stream:
    100}. Ctrl-C keeps every finished episode; --resume continues and ends with the same figures.

    \b
    Example:
      atlas experiment run reporting --out artifacts/reporting --workers 2
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    flags: dict[str, object] = {}
    if seed:
        flags["company_seeds"] = list(seed)
    if workers is not None:
        flags["execution"] = {"workers": workers}
    loaded = load_experiment(config, environment=read_environment(), flags=flags)
    run_dir = out or RUNS_FOLDER / "experiments" / loaded.name
    given = "".join(f" --seed {value}" for value in seed or ())
    carry_out(
        loaded,
        run_dir,
        resume=resume,
        start_over=force,
        continue_with=f"atlas experiment run {config}{given} --out {run_dir} --resume",
        as_json=as_json,
    )
