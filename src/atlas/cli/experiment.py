"""``atlas experiment``: run a configured experiment."""

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
from atlas.cli.terminal import put_json, put_text
from atlas.core.canonical import canonical_json
from atlas.core.errors import MisuseError
from atlas.evaluation.arms import ARM_NAMES
from atlas.evaluation.config import load_experiment
from atlas.evaluation.embedded import EmbeddedBench
from atlas.evaluation.records import Arm
from atlas.evaluation.regrading import regrade as regrade_run
from atlas.evaluation.run_folder import RunFolder
from atlas.settings.environment import read_environment
from atlas.telemetry.files import write_atomically

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
            help="An experiment file (YAML or JSON), or the name of a shipped one: demo, demo-small, dev, reporting, "
            "reporting-families.",
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
    100}. Ctrl-C keeps every finished episode; --resume continues and ends with the same figures. Of a finished run, it
    checks that the figures follow from the log, and changes nothing.

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
    seeds = [part for value in seed or () for part in ("--seed", str(value))]
    carry_out(
        loaded,
        run_dir,
        resume=resume,
        start_over=force,
        continue_with=shlex.join(
            ("atlas", "experiment", "run", config, *seeds, "--out", str(run_dir), "--resume"),
        ),
        as_json=as_json,
    )


@app.command()
def regrade(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", envvar="ATLAS_RUN_DIR", help="Folder of a run.")],
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            envvar="ATLAS_REGRADED",
            metavar="FILE",
            help="Write the episodes with their new scores to this file, which is not one of the run.",
            show_default="not written",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", envvar="ATLAS_FORCE", help="Replace the file that --out names.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Grade a stored run by the goals of today, without running any agent; the run itself is not changed.

    For after a goal was mended: tells how many scores change, and what each arm's strict success becomes.

    \b
    Example:
      atlas experiment regrade artifacts/reporting
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    if out is not None:
        _refuse_target(out, run_dir, force=force)
    folder = RunFolder(run_dir)
    found = regrade_run(folder, EmbeddedBench(folder.load_config().corpus))
    if out is not None:
        write_atomically(out, "".join(f"{canonical_json(entry)}\n" for entry in found.episodes))
    if as_json:
        put_json(
            {
                "graded": len(found.episodes),
                "changed": found.changed,
                "same_score": found.same_score,
                "unknown": found.unknown,
                "tests": found.tests,
                "strict_before": found.before,
                "strict_after": found.after,
            }
        )
        return
    rescored = found.changed - found.same_score
    put_text(f"{len(found.episodes)} episodes graded again, {rescored} of them with another score")
    if found.same_score:
        put_text(f"{found.same_score} more keep their score, but not their strict success, failed fields or caps")
    if found.unknown:
        put_text(f"{found.unknown} episodes are of cases that are not generated any more; nothing is said about them")
    for arm, tests in found.tests.items():
        put_text(f"{ARM_NAMES[Arm(arm)]}: {found.before[arm]} of {tests} before, {found.after[arm]} of {tests} now")


def _refuse_target(out: Path, run_dir: Path, *, force: bool) -> None:
    """Refuse to write where something would be lost.

    Raises:
        MisuseError: ``out`` is a folder, a file of the run, or a file that is there and may not be replaced.
    """
    if out.is_dir():
        raise MisuseError(f"{out} is a folder; name a file for --out")
    if out.resolve().is_relative_to(run_dir.resolve()):
        raise MisuseError(f"{out} is inside the run {run_dir}, which is not changed; name a file elsewhere for --out")
    if out.exists() and not force:
        raise MisuseError(f"{out} is there already; pass --force to replace it")
