"""``atlas evaluate``: public conversations in our world, replayed call by call or worked through by an agent."""

from __future__ import annotations

import contextlib
import enum
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from atlas.cli.database import PostgresDirOption, PostgresUrlOption
from atlas.cli.dataset_progress import watch_replay, watch_run
from atlas.cli.dataset_tables import replay_tables, run_table
from atlas.cli.failures import Interrupted
from atlas.cli.options import (
    LARGEST_SEED,
    LARGEST_SPLIT,
    NUMBER_METAVAR,
    SEED_METAVAR,
    ForceOption,
    JsonOption,
    OutOption,
    ResumeOption,
    whole_number,
)
from atlas.cli.running import RUNS_FOLDER
from atlas.cli.terminal import people_console, put_json, put_table, put_text, tell
from atlas.core.canonical import canonical_json, content_hash
from atlas.core.clock import SystemClock
from atlas.core.errors import AtlasError, MisuseError
from atlas.evaluation.backends import Backend, open_sessions
from atlas.evaluation.datasets.agents import AGENTS, AgentOptions, build_agent
from atlas.evaluation.datasets.outcomes import CallReport, FinalCheck
from atlas.evaluation.datasets.replay_report import ReplayOptions, ReplayReport, day_of, replay_dataset
from atlas.evaluation.datasets.revision import revision_of
from atlas.evaluation.datasets.run import DatasetRun, RunConfig, run_dataset
from atlas.evaluation.datasets.tasks import checked_run_id, make_run_id
from atlas.evaluation.embedded import read_memory
from atlas.scenarios.importers.clbench import Dataset, load_dataset
from atlas.settings.parsing import read_text
from atlas.telemetry.files import write_atomically

app = typer.Typer(help="Evaluate on public conversations: replay them, or let an agent work.", no_args_is_help=True)

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_NAMED_DEFECTS = 5  # in the message of a replay that failed


class ConversationFormat(enum.StrEnum):
    """A public format of conversations."""

    CLBENCH = "clbench"


def parse_day(text: str) -> date:
    """Return the day that ``text`` names.

    Example:
        >>> parse_day("2025-11-12")
        datetime.date(2025, 11, 12)
    """
    if _DAY.fullmatch(text):
        with contextlib.suppress(ValueError):
            return date.fromisoformat(text)
    raise typer.BadParameter(f"{text!r} is not a day; write it as YYYY-MM-DD")


def parse_renames(entries: Sequence[str]) -> dict[str, str]:
    """Return what ``--map`` says: name in the data to our name.

    Raises:
        MisuseError: an entry is not two names, or a name is mapped twice.

    Example:
        >>> parse_renames(["document_url=file_url"])
        {'document_url': 'file_url'}
    """
    renames: dict[str, str] = {}
    for entry in entries:
        name, _, target = (part.strip() for part in entry.partition("="))
        if not name or not target:
            raise MisuseError(f"--map {entry!r} is not two names; write it as document_url=file_url")
        if renames.setdefault(name, target) != target:
            raise MisuseError(f"--map gives {name!r} two other names, {renames[name]!r} and {target!r}; give one")
    return renames


FormatOption: TypeAlias = Annotated[
    ConversationFormat, typer.Option("--format", envvar="ATLAS_CONVERSATION_FORMAT", help="Format of the file.")
]
EvaluationBackendOption: TypeAlias = Annotated[
    Backend, typer.Option("--backend", envvar="ATLAS_BACKEND", help="Where the records are kept.")
]
SampleOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--sample",
        envvar="ATLAS_SAMPLE",
        parser=whole_number(1, LARGEST_SPLIT),
        metavar=NUMBER_METAVAR,
        help="Draw so many conversations.",
        show_default="all of them",
    ),
]
SampleSeedOption: TypeAlias = Annotated[
    int,
    typer.Option(
        "--seed",
        envvar="ATLAS_SEED",
        parser=whole_number(0, LARGEST_SEED),
        metavar=SEED_METAVAR,
        help="Seed of the sample.",
    ),
]
MapOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        envvar="ATLAS_MAP",
        metavar="NAME=OURS",
        help="An argument that goes by another name in our tools; may be given several times.",
        show_default="none",
    ),
]
TodayOption: TypeAlias = Annotated[
    date | None,
    typer.Option(
        "--today",
        envvar="ATLAS_TODAY",
        parser=parse_day,
        metavar="DAY",
        help="Day of the worlds, YYYY-MM-DD.",
        show_default="the first day that the data tell",
    ),
]


@app.callback()
def evaluate() -> None:
    """Evaluate on public conversations: replay them, or let an agent work through them."""


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", envvar="ATLAS_DATASET", help="A file of conversations.")],
    *,
    conversation_format: FormatOption = ConversationFormat.CLBENCH,
    backend: EvaluationBackendOption = Backend.MEMORY,
    postgres_url: PostgresUrlOption = None,
    postgres_dir: PostgresDirOption = None,
    sample: SampleOption = None,
    seed: SampleSeedOption = 0,
    renames: MapOption = None,
    today: TodayOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", envvar="ATLAS_OUT", metavar="FILE", help="Write the report here as JSON.", show_default="nowhere"
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make the golden calls of conversations in our world; exit code 1 where it does not do what they rely on.

    Each call executes, or is listed with the one reason why it cannot: an argument that the tool does not take, a
    reference to a result that there is not, a placeholder that was never filled. Faults of the data are listed apart.
    The report is the same on every backend, byte for byte.

    \b
    Example:
      atlas evaluate replay conversations.jsonl --backend postgres --map document_url=file_url
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    del conversation_format  # there is one so far
    options = ReplayOptions(sample, seed, parse_renames(renames or []), today)
    dataset = load_dataset(file)
    with (
        open_sessions(backend, postgres_url=postgres_url, postgres_dir=postgres_dir) as sessions,
        watch_replay(people_console()) as watch,
    ):
        report = replay_dataset(dataset, sessions, options, watch=watch)
    if out is not None:
        write_atomically(out, canonical_json(report) + "\n")
    if as_json:
        put_json(report)
    else:
        for table in replay_tables(report):
            put_table(table)
    for name in report.unused_renames:
        tell(f"--map {name}={report.options.renames[name]}: no call has the argument {name!r}")
    _refuse_defects(report)


@app.command()
def run(
    *,
    file: Annotated[
        Path, typer.Option("--dataset", envvar="ATLAS_DATASET", metavar="FILE", help="A file of conversations.")
    ],
    agent: Annotated[
        str, typer.Option("--agent", envvar="ATLAS_AGENT", metavar="NAME", help=f"Who works: {', '.join(AGENTS)}.")
    ],
    memory: Annotated[
        Path | None,
        typer.Option(
            "--memory",
            envvar="ATLAS_MEMORY",
            metavar="FILE",
            help="A memory saved by an experiment, for an agent that has one; it is only read.",
            show_default="an empty one",
        ),
    ] = None,
    backend: EvaluationBackendOption = Backend.MEMORY,
    postgres_url: PostgresUrlOption = None,
    postgres_dir: PostgresDirOption = None,
    sample: SampleOption = None,
    seed: SampleSeedOption = 0,
    renames: MapOption = None,
    today: TodayOption = None,
    out: OutOption = None,
    run_id: Annotated[
        str | None,
        typer.Option(
            "--run-id",
            envvar="ATLAS_RUN_ID",
            metavar="ID",
            help="Id of the run, YYYYmmddTHHMMSS-8hex.",
            show_default="made from the time and the seed",
        ),
    ] = None,
    resume: ResumeOption = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Let an agent work through conversations; what it did to the records is graded, never how it called the tools.

    Writes sessions.jsonl and metrics.json. A conversation whose golden calls cannot be made is left unscored. What the
    agent told the user is compared with the golden answers as far as a machine can, and reported apart.

    \b
    Example:
      atlas evaluate run --dataset conversations.jsonl --agent clerk --sample 20 --out artifacts/clerk
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    folder = DatasetRun(out or RUNS_FOLDER / "datasets" / agent)
    dataset = load_dataset(file)
    saved = None if memory is None else read_text(memory)
    names = parse_renames(renames or [])
    agent_for = build_agent(agent, AgentOptions(saved, names))
    config = RunConfig(
        run_id=_choose_run_id(run_id, folder, seed, resume=resume),
        dataset=dataset.name,
        dataset_revision=_revision(file, dataset),
        dataset_hash=dataset.content_hash,
        agent=agent,
        memory_hash=None if saved is None else content_hash(read_memory(saved)),
        backend=backend.value,
        sample=sample,
        seed=seed,
        today=day_of(dataset, today),
        renames=names,
    )
    with open_sessions(backend, postgres_url=postgres_url, postgres_dir=postgres_dir) as sessions:
        watcher = watch_run(people_console())
        try:
            metrics = run_dataset(
                config,
                dataset,
                folder,
                sessions=sessions,
                agent_for=agent_for,
                clock=SystemClock(),
                watcher=watcher,
                resume=resume,
                start_over=force,
            )
        except KeyboardInterrupt:
            raise Interrupted(
                f"finished sessions are kept in {folder.path}; continue with the same options and --resume"
            ) from None
        finally:
            watcher.close()
    if as_json:
        put_json({"run_dir": str(folder.path), "metrics": metrics})
        return
    put_table(run_table(metrics))
    put_text(f"sessions: {folder.sessions_path}")
    tell(f"figures: {folder.metrics_path}")


def _refuse_defects(report: ReplayReport) -> None:
    if report.flawless:
        return
    failed = [check for check in report.final_state if check.holds is False and not check.excused]
    told = [*map(_told_call, report.defects), *map(_told_check, failed)]
    more = f"; and {len(told) - _NAMED_DEFECTS} more" if len(told) > _NAMED_DEFECTS else ""
    raise AtlasError(
        f"our world does not do what {report.dataset} relies on, in {len(told)} places: "
        + "; ".join(told[:_NAMED_DEFECTS])
        + more
    )


def _told_call(call: CallReport) -> str:
    return f"{call.conversation_id} turn {call.turn}, {call.tool}: {call.message}"


def _told_check(check: FinalCheck) -> str:
    field = f".{check.field}" if check.field else ""
    return f"{check.conversation_id} at the end, {check.entity} {check.row_id}{field}: {check.message}"


def _choose_run_id(given: str | None, folder: DatasetRun, seed: int, *, resume: bool) -> str:
    if given is not None:
        return checked_run_id(given)
    known = folder.load_config() if resume else None
    return known.run_id if known is not None else make_run_id(SystemClock().now(), seed)


def _revision(file: Path, dataset: Dataset) -> str:
    revision = revision_of(file)
    if revision.content_hash != dataset.content_hash:
        raise MisuseError(f"{file} changed while it was read; run the command again")
    return revision.label
