"""Tables of replays and agent runs on public conversations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from atlas.evaluation.datasets.outcomes import CallReport, FinalCheck, Reason
from atlas.evaluation.datasets.records import RateOfSuccess, RunMetrics
from atlas.evaluation.datasets.replay_report import ReplayReport
from atlas.evaluation.formats import share_with_interval
from atlas.scenarios.importers.seeding import SeedProblem

_SHOWN_CHARACTERS = 60  # of a value in a table


def replay_tables(report: ReplayReport) -> Iterator[Table]:
    """Yield what is to be shown of a replay: counts, then every list that is not empty."""
    yield _counts_table(report)
    for title, calls in (
        ("defects", report.defects),
        ("listed", report.listed),
        ("failed with another text than expected", report.other_error_text),
        ("carried out as written", report.executed_as_written),
    ):
        if calls:
            yield _calls_table(f"{title}: {len(calls)}", calls)
    if report.final_state:
        yield _checks_table(report.final_state)
    if report.seed_problems:
        yield _problems_table(report.seed_problems)
    yield _defects_table(report)


def run_table(metrics: RunMetrics) -> Table:
    """Return the figures of an agent run as a table."""
    table = Table(title=Text(f"{metrics.agent_config.model_name} on {metrics.dataset}"), title_justify="left")
    table.add_column("", no_wrap=True)
    table.add_column("right", justify="right")
    table.add_column("of", justify="right")
    table.add_column("share", no_wrap=True)
    _add_rate(table, "conversations", metrics.success)
    _add_rate(table, "  that change records", metrics.success_changing)
    _add_rate(table, "  whose values can be known", metrics.success_derivable)
    for name, rate in (*metrics.success_by_complexity.items(), *metrics.success_by_category.items()):
        _add_rate(table, f"  {name}", rate)
    answers = metrics.answers
    told = "none could be compared" if answers.mean_share is None else f"{answers.mean_share:.1%} of the details told"
    table.add_row("answers (apart)", "", str(answers.graded), told)
    unscored = sum(metrics.unscored.values())
    if unscored:
        table.add_row("unscored", "", str(unscored), "; ".join(f"{count}: {why}" for why, count in _most(metrics)))
    return table


def _most(metrics: RunMetrics) -> list[tuple[str, int]]:
    return sorted(metrics.unscored.items(), key=lambda entry: (-entry[1], entry[0]))[:3]


def _add_rate(table: Table, name: str, rate: RateOfSuccess) -> None:
    share = share_with_interval(rate.interval) if rate.interval else "nothing to grade"
    table.add_row(Text(name), str(rate.succeeded), str(rate.n), share)


def _counts_table(report: ReplayReport) -> Table:
    counts = report.counts
    table = Table(title=Text(f"replay of {report.dataset}"), title_justify="left", min_width=len(report.dataset) + 12)
    table.add_column("", no_wrap=True)
    table.add_column("n", justify="right")
    rows: list[tuple[str, object]] = [
        ("day of the worlds", report.options.today),
        ("conversations", counts.conversations),
        ("calls", counts.calls),
        ("executed", counts.executed),
        *((f"  as written: {reason.value}", n) for reason, n in counts.executed_as_written.items()),
        ("failed as expected", counts.failed_as_expected),
        ("failed with another text", counts.other_error_text),
        *((f"listed: {reason.value}", n) for reason, n in counts.listed.items()),
        ("defects", counts.defects),
        ("final state: checks", counts.final_checks),
        ("final state: held", counts.final_checks_held),
        ("final state: failed", counts.final_checks_failed),
        ("final state: failed after a listed call", counts.final_checks_excused),
        ("final state: cannot be checked", counts.final_checks_unreadable),
    ]
    for name, number in rows:
        table.add_row(name, str(number))
    return table


def _calls_table(title: str, calls: Sequence[CallReport]) -> Table:
    table = Table(title=Text(title), title_justify="left")
    for heading in ("conversation", "turn", "tool", "reason", "argument", "value"):
        table.add_column(heading, overflow="fold")
    table.add_column("what happened", overflow="fold")
    for call in calls:
        reason = call.reason.value if isinstance(call.reason, Reason) else call.outcome.value
        _add_row(
            table,
            (
                call.conversation_id,
                call.turn,
                call.tool,
                reason,
                call.argument or "",
                _shown(call.value),
                call.message,
            ),
        )
    return table


def _checks_table(checks: Sequence[FinalCheck]) -> Table:
    table = Table(title=Text(f"final state: {len(checks)} that do not hold or cannot be checked"), title_justify="left")
    for heading in ("conversation", "record", "field", "expected", "found", "why"):
        table.add_column(heading, overflow="fold")
    for check in checks:
        why = f"{check.message} (a call was listed)" if check.excused else check.message
        record_name = f"{check.entity} {check.row_id or ''}"
        cells = (
            check.conversation_id,
            record_name,
            check.field or "",
            _shown(check.expected),
            _shown(check.found),
            why,
        )
        _add_row(table, cells)
    return table


def _problems_table(problems: Sequence[SeedProblem]) -> Table:
    table = Table(title=Text(f"seeds: {len(problems)} problems"), title_justify="left")
    for heading in ("conversation", "record", "field", "value", "problem"):
        table.add_column(heading, overflow="fold")
    for problem in problems:
        record_name = f"{problem.entity} {problem.row_id or ''}"
        cells = (problem.conversation_id, record_name, problem.field or "", _shown(problem.value), problem.problem)
        _add_row(table, cells)
    return table


def _defects_table(report: ReplayReport) -> Table:
    table = Table(title=Text("faults of the data"), title_justify="left")
    table.add_column("kind", no_wrap=True)
    table.add_column("n", justify="right")
    table.add_column("conversations", justify="right")
    table.add_column("such as", overflow="fold")
    for kind, found in report.data_defects.items():
        example = found.places[0] if found.places else None
        told = "" if example is None else f"{example.conversation_id} turn {example.turn}: {_shown(example.text)}"
        table.add_row(kind.value, str(found.count), str(found.conversations), Text(told))
    return table


def _add_row(table: Table, cells: Iterable[object]) -> None:
    table.add_row(*(Text(str(cell)) for cell in cells))


def _shown(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else str(dict(value) if isinstance(value, Mapping) else value)  # pyright: ignore[reportUnknownArgumentType] - any JSON
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."
