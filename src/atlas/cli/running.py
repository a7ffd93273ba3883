"""Carries out an experiment for a command: live progress, and at the end the table and where the report is."""

from __future__ import annotations

from pathlib import Path

from atlas.cli.failures import Interrupted
from atlas.cli.progress import watch
from atlas.cli.terminal import people_console, put_json, put_table, put_text, tell
from atlas.evaluation.config import ExperimentConfig
from atlas.evaluation.embedded import EmbeddedBench
from atlas.evaluation.experiment import run_experiment
from atlas.evaluation.records import ExperimentMetrics
from atlas.evaluation.report.terminal import final_table
from atlas.evaluation.run_folder import RunFolder
from atlas.settings.environment import limit_math_threads

RUNS_FOLDER = Path("artifacts")


def carry_out(
    config: ExperimentConfig, run_dir: Path, *, resume: bool, start_over: bool, continue_with: str, as_json: bool
) -> None:
    """Run an experiment with progress on stderr, then write its results to stdout.

    Args:
        config: What is run.
        run_dir: The folder of the run.
        resume: Continue an interrupted run.
        start_over: Replace whatever run is in the folder.
        continue_with: The command that continues this run, for the message after Ctrl-C.
        as_json: Write one JSON object instead of a table.

    Raises:
        Interrupted: somebody pressed Ctrl-C; finished episodes are on disk.
    """
    limit_math_threads()
    bench = EmbeddedBench(config.corpus)
    progress = watch(people_console())
    try:
        metrics = run_experiment(config, run_dir, bench=bench, observer=progress, resume=resume, start_over=start_over)
    except KeyboardInterrupt:
        raise Interrupted(f"finished episodes are kept in {run_dir}; continue with: {continue_with}") from None
    finally:
        progress.close()
    show_results(metrics, RunFolder(run_dir), as_json=as_json)


def show_results(metrics: ExperimentMetrics, folder: RunFolder, *, as_json: bool) -> None:
    """Write the results of a finished run to stdout: table and headline, or one JSON object."""
    if as_json:
        put_json({"run_dir": str(folder.path), "report": str(folder.report_path), "metrics": metrics})
        return
    put_table(final_table(metrics))
    put_text("\n".join(["", *metrics.headline, ""]))
    put_text(f"report: {folder.report_path}")
    tell(f"figures: {folder.metrics_path}")
