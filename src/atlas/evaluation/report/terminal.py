"""The final table in the terminal."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from atlas.evaluation import formats
from atlas.evaluation.records import Arm, ExperimentMetrics
from atlas.evaluation.report import rows

_FIRST_STYLES = {Arm.LEARNED: "bold", Arm.MEMORY_OFF: "italic"}


def final_table(metrics: ExperimentMetrics, split: str | None = None) -> Table:
    """Return the table of one split: per arm n, strict success, paired delta, and what the teacher did.

    Args:
        metrics: The results of an experiment.
        split: The split, None for the first frozen test.

    Raises:
        ValueError: the metrics hold no result on that split.
    """
    known = rows.frozen_splits(metrics)
    chosen = split or (known[0] if known else "")
    lines = rows.arm_rows(metrics, chosen)
    if not lines:
        raise ValueError(f"no results on split {chosen!r}; there are results on: {', '.join(known) or 'none'}")
    level = formats.level(metrics.confidence)
    table = Table(
        title=Text(f"{metrics.experiment}: {chosen} ({rows.split_name(chosen)})"),
        caption=Text(f"[low, high]: {level} interval; paired delta: against memory off, same cases, in points"),
        title_justify="left",
        caption_justify="left",
    )
    table.add_column("arm", no_wrap=True)
    for heading in ("n", "strict success", "paired delta", "reviews", "demonstrations", "calls"):
        table.add_column(heading, justify="right", overflow="fold")
    for line in lines:
        style = _FIRST_STYLES.get(line.arm, "")
        cells = (line.n, line.strict, line.delta, line.reviews, line.demonstrations, line.calls)
        if line.not_applicable is not None:
            cells = (line.n, f"not applicable: {line.not_applicable}", *cells[2:])
        # Text, not str: nothing in a name or a reason is read as markup
        table.add_row(*(Text(cell, style=style) for cell in (line.name, *cells)))
    return table
