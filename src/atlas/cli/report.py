"""``atlas report``: compute the figures of finished runs again from their logs, and show them."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated, assert_never

import typer

from atlas.cli.options import JsonOption
from atlas.cli.terminal import put_json, put_text, tell
from atlas.evaluation.embedded import EmbeddedBench
from atlas.evaluation.experiment import recompute, write_report
from atlas.evaluation.records import ExperimentMetrics
from atlas.evaluation.report.markdown import render_markdown
from atlas.evaluation.run_folder import RunFolder


class ReportFormat(enum.StrEnum):
    """How results are shown."""

    HTML = "html"
    MARKDOWN = "markdown"
    JSON = "json"


def report(
    run_dirs: Annotated[
        list[Path], typer.Argument(metavar="RUN_DIR...", envvar="ATLAS_RUN_DIRS", help="Folders of finished runs.")
    ],
    *,
    report_format: Annotated[
        ReportFormat,
        typer.Option(
            "--format",
            envvar="ATLAS_FORMAT",
            help="html writes report.html into each folder and its path to stdout; the others go to stdout.",
        ),
    ] = ReportFormat.HTML,
    as_json: JsonOption = False,
) -> None:
    """Compute the figures of finished runs again from their logs, and show them.

    Figures that do not follow from the log are an error (exit code 1).

    \b
    Example:
      atlas report artifacts/demo/seed-7 --format markdown
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    folders = [RunFolder(path) for path in run_dirs]
    benches = [EmbeddedBench(folder.load_config().corpus) for folder in folders]
    results = [recompute(folder, bench) for folder, bench in zip(folders, benches, strict=True)]
    for folder, bench, metrics in zip(folders, benches, results, strict=True):
        if as_json:
            put_json(metrics)
        else:
            _show(folder, bench, metrics, report_format)


def _show(folder: RunFolder, bench: EmbeddedBench, metrics: ExperimentMetrics, report_format: ReportFormat) -> None:
    match report_format:
        case ReportFormat.HTML:
            write_report(folder, bench, metrics)
            put_text(str(folder.report_path))
            tell(f"{folder.path}: figures agree with the log")
        case ReportFormat.MARKDOWN:
            put_text(render_markdown(metrics))
        case ReportFormat.JSON:
            put_json(metrics)
        case _:
            assert_never(report_format)
