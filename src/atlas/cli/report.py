"""``atlas report``: compute the figures of finished runs again from their logs, and show them."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, assert_never

import typer

from atlas.cli.options import JsonOption
from atlas.cli.terminal import put_json, put_text, tell
from atlas.core.errors import MisuseError
from atlas.evaluation.embedded import EmbeddedBench
from atlas.evaluation.experiment import recompute, write_report
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
            help="html writes report.html into each folder and its path to stdout; the others go to stdout, JSON of "
            "several folders as one array in their order.",
        ),
    ] = ReportFormat.HTML,
    as_json: JsonOption = False,
) -> None:
    """Compute the figures of finished runs again from their logs, and show them.

    Figures that do not follow from the log, or are missing, are an error (exit code 1).

    \b
    Example:
      atlas report artifacts/demo/seed-7 --format markdown
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    _refuse_repeats(run_dirs)
    folders = [RunFolder(path) for path in run_dirs]
    benches = [EmbeddedBench(folder.load_config().corpus) for folder in folders]
    results = [recompute(folder, bench) for folder, bench in zip(folders, benches, strict=True)]
    wanted = ReportFormat.JSON if as_json else report_format
    match wanted:
        case ReportFormat.HTML:
            for folder, bench, metrics in zip(folders, benches, results, strict=True):
                write_report(folder, bench, metrics)
                put_text(str(folder.report_path))
                tell(f"{folder.path}: figures agree with the log")
        case ReportFormat.MARKDOWN:
            for metrics in results:
                put_text(render_markdown(metrics))
        case ReportFormat.JSON:
            put_json(results if len(results) > 1 else results[0])
        case _:
            assert_never(wanted)


def _refuse_repeats(run_dirs: Sequence[Path]) -> None:
    met: set[Path] = set()
    for path in run_dirs:
        if path.resolve() in met:
            raise MisuseError(f"{path} is given twice; name each folder once")
        met.add(path.resolve())
