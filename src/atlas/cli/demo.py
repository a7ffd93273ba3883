"""``atlas demo``: the whole learning loop in about a minute."""

from __future__ import annotations

import shlex
from pathlib import Path
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
from atlas.evaluation.config import ExperimentConfig, load_experiment
from atlas.evaluation.run_folder import RunFolder
from atlas.settings.environment import read_environment

DEFAULT_SEED = 7


def demo(
    *,
    seed: Annotated[
        int,
        typer.Option(
            "--seed",
            envvar="ATLAS_SEED",
            parser=whole_number(0, LARGEST_SEED - 2),
            metavar=SEED_METAVAR,
            help="Seed N of the main company; the others are N + 1 and N + 2.",
        ),
    ] = DEFAULT_SEED,
    out: OutOption = None,
    small: Annotated[
        bool,
        typer.Option("--small", envvar="ATLAS_SMALL", help="Two companies and few cases: seconds, but no conclusions."),
    ] = False,
    workers: WorkersOption = None,
    resume: ResumeOption = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run the whole learning loop and write a report.

    A student works through the cases of three generated companies, is corrected by a teacher, and is then examined on
    new wordings and entities with what it learned and with every control. The same seed gives the same figures, byte
    for byte.

    \b
    Example:
      atlas demo --seed 7
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    name = "demo-small" if small else "demo"
    config = load_experiment(name, environment=read_environment())
    flags: dict[str, object] = {"company_seeds": [seed + place for place in range(len(config.company_seeds))]}
    if workers is not None:
        flags["execution"] = {"workers": workers}
    config = load_experiment(name, environment=read_environment(), flags=flags)
    run_dir = out or RUNS_FOLDER / name / f"seed-{seed}"
    given = ("--seed", str(seed), *(("--small",) if small else ()), *(() if out is None else ("--out", str(out))))
    carry_out(
        config,
        run_dir,
        resume=resume,
        start_over=force or (not resume and _is_interrupted(run_dir, config)),
        continue_with=shlex.join(("atlas", "demo", *given, "--resume")),
        as_json=as_json,
    )


def _is_interrupted(run_dir: Path, config: ExperimentConfig) -> bool:
    """Whether an interrupted demo like this one is there: a minute's work, which starts over unless told otherwise."""
    folder = RunFolder(run_dir)
    return folder.holds_run and not folder.finished and folder.load_config().content_hash == config.content_hash
