"""``atlas playbooks``: read what a run learned."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from atlas.cli.options import LARGEST_SEED, SEED_METAVAR, JsonOption, whole_number
from atlas.cli.terminal import put_json, put_table, put_text
from atlas.core.errors import InputFileError, MisuseError, UnknownNameError
from atlas.evaluation.bench import Lesson
from atlas.evaluation.embedded import EmbeddedPair
from atlas.evaluation.records import Arm, Phase
from atlas.evaluation.run_folder import RunFolder
from atlas.evaluation.units import Unit

app = typer.Typer(help="Read what a run learned.", no_args_is_help=True)

RunDir = Annotated[Path, typer.Argument(metavar="RUN_DIR", envvar="ATLAS_RUN_DIR", help="Folder of a run.")]
CompanyOption = Annotated[
    int | None,
    typer.Option(
        "--company",
        envvar="ATLAS_COMPANY",
        parser=whole_number(0, LARGEST_SEED),
        metavar=SEED_METAVAR,
        help="Seed of the company.",
        show_default="the run's first company",
    ),
]


@app.callback()
def playbooks() -> None:
    """Read what a run learned."""


@app.command("list")
def list_playbooks(run_dir: RunDir, *, company: CompanyOption = None, as_json: JsonOption = False) -> None:
    """List the playbooks of a company's memory.

    \b
    Example:
      atlas playbooks list artifacts/demo/seed-7 --company 8
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    seed, lessons = _load(run_dir, company)
    if as_json:
        put_json({"company_seed": seed, "playbooks": lessons})
        return
    table = Table(title=Text(f"company {seed}: {len(lessons)} playbooks"), title_justify="left")
    for heading in ("id", "kind", "state"):
        table.add_column(heading, no_wrap=True)
    table.add_column("right / wrong", justify="right")
    table.add_column("what it says", overflow="fold")
    for lesson in lessons:
        counts = list(lesson.evidence.values())
        cells = (lesson.lesson_id, lesson.kind, lesson.state, f"{counts[0]} / {counts[1]}", lesson.title)
        table.add_row(*(Text(cell) for cell in cells))
    put_table(table)


@app.command("show")
def show_playbook(
    run_dir: RunDir,
    playbook_id: Annotated[
        str, typer.Argument(envvar="ATLAS_PLAYBOOK_ID", help="Its id, or the beginning of it where that is unique.")
    ],
    *,
    company: CompanyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one playbook: what it says, and what speaks for and against it.

    \b
    Example:
      atlas playbooks show artifacts/demo/seed-7 pb-3f2a
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    seed, lessons = _load(run_dir, company)
    lesson = _pick(lessons, playbook_id)
    if as_json:
        put_json({"company_seed": seed, "playbook": lesson})
        return
    put_text(lesson.text)


def _load(run_dir: Path, company: int | None) -> tuple[int, tuple[Lesson, ...]]:
    folder = RunFolder(run_dir)
    config = folder.load_config()
    seed = config.company_seeds[0] if company is None else company
    if seed not in config.company_seeds:
        raise UnknownNameError("company", str(seed), (str(known) for known in config.company_seeds))
    stream = Unit(seed, Phase.STREAM, Arm.LEARNED)
    memory = folder.load_memory(stream)
    if memory is None:
        raise MisuseError(f"{run_dir} holds no finished memory of company {seed}; its stream has not ended")
    try:
        return seed, EmbeddedPair().facts(memory).lessons
    except InputFileError as exc:
        raise InputFileError(f"{folder.memory_path(stream)}: {exc}") from exc


def _pick(lessons: tuple[Lesson, ...], playbook_id: str) -> Lesson:
    found = [lesson for lesson in lessons if lesson.lesson_id.startswith(playbook_id)]
    exact = [lesson for lesson in found if lesson.lesson_id == playbook_id]
    if exact or len(found) == 1:
        return (exact or found)[0]
    if found:
        raise MisuseError(f"{len(found)} playbooks begin with {playbook_id!r}; give more of the id")
    raise UnknownNameError("playbook", playbook_id, (lesson.lesson_id for lesson in lessons))
