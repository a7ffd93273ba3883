"""``atlas crm seed|snapshot|reset|hash``: a company's records in a database, saved to a file and put back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from atlas.cli.options import JsonOption, ReplaceOption, path_or_nothing, text_or_nothing, whole_number
from atlas.cli.terminal import put_json, put_text, tell
from atlas.cli.worlds import DEFAULT_HOME, NamedWorlds, checked_name, generated_company, open_worlds
from atlas.core.errors import InputFileError, MisuseError
from atlas.crm.memory import FrozenBase
from atlas.crm.snapshots import Snapshot, parse_snapshot, snapshot_lines, snapshot_of
from atlas.evaluation.backends import Backend
from atlas.scenarios.casting import GENERATOR_VERSION
from atlas.scenarios.companies import LARGEST_SIZE, SKELETON_SIZE, SMALLEST_SIZE
from atlas.settings.parsing import read_text
from atlas.telemetry.files import write_atomically

SnapshotFile: TypeAlias = Annotated[
    Path, typer.Argument(metavar="FILE", envvar="ATLAS_SNAPSHOT", help="The snapshot's file.")
]
BackendOption: TypeAlias = Annotated[
    Backend, typer.Option("--backend", envvar="ATLAS_BACKEND", help="Where the records are kept.")
]
WorldOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--world",
        envvar="ATLAS_WORLD",
        parser=checked_name,
        metavar="NAME",
        help="Name of the world; a database holds any number.",
    ),
]
HomeOption: TypeAlias = Annotated[
    Path,
    typer.Option("--home", envvar="ATLAS_CRM_HOME", help="Folder that keeps the worlds of the memory backend."),
]
PostgresUrlOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--postgres-url",
        envvar="ATLAS_POSTGRES_URL",
        parser=text_or_nothing,
        metavar="URL",
        help="Server of the postgres backend.",
        show_default="an embedded one",
    ),
]
PostgresDirOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--postgres-dir",
        envvar="ATLAS_POSTGRES_DIR",
        parser=path_or_nothing,
        metavar="DIR",
        help="Where the embedded server keeps its data.",
        show_default="a folder of this user for temporary files",
    ),
]
CompanySeedOption: TypeAlias = Annotated[
    int,
    typer.Option(
        "--company-seed",
        envvar="ATLAS_COMPANY_SEED",
        parser=whole_number(0, 2**31 - 1),
        metavar="SEED",
        help="Seed of the company.",
    ),
]
SizeOption: TypeAlias = Annotated[
    int,
    typer.Option(
        "--size",
        envvar="ATLAS_SIZE",
        parser=whole_number(SMALLEST_SIZE, LARGEST_SIZE),
        metavar="N",
        help=f"Number of records, roughly: {SMALLEST_SIZE} to {LARGEST_SIZE}.",
    ),
]


def seed(
    *,
    company_seed: CompanySeedOption = 7,
    size: SizeOption = SKELETON_SIZE,
    backend: BackendOption = Backend.MEMORY,
    world: WorldOption = "main",
    home: HomeOption = DEFAULT_HOME,
    postgres_url: PostgresUrlOption = None,
    postgres_dir: PostgresDirOption = None,
    force: ReplaceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Generate a company and put its records into a world; prints their hash.

    \b
    Example:
      atlas crm seed --company-seed 7 --size 400 --backend postgres
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    company = generated_company(company_seed, size)
    origin = f"company seed {company_seed}, size {size}, generator {GENERATOR_VERSION}"
    with open_worlds(backend, home=home, postgres_url=postgres_url, postgres_dir=postgres_dir) as worlds:
        if not worlds.write(world, snapshot_of(company.base, origin=origin), replace=force):
            raise MisuseError(f"the world {world!r} holds records already; pass --force to replace them")
        _put_hash(worlds, world, as_json=as_json)


def snapshot(
    file: SnapshotFile,
    *,
    backend: BackendOption = Backend.MEMORY,
    world: WorldOption = "main",
    home: HomeOption = DEFAULT_HOME,
    postgres_url: PostgresUrlOption = None,
    postgres_dir: PostgresDirOption = None,
    force: ReplaceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write every record of a world to a file; prints their hash.

    \b
    Example:
      atlas crm snapshot before.jsonl --backend postgres
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    if file.exists() and not force:
        raise MisuseError(f"{file} is there already; pass --force to replace it")
    with open_worlds(backend, home=home, postgres_url=postgres_url, postgres_dir=postgres_dir) as worlds:
        kept = _read(worlds, world)
    write_atomically(file, "".join(f"{line}\n" for line in snapshot_lines(kept)))
    tell(f"{sum(kept.header.rows.values())} records of the world {world!r} written to {file}")
    _put(kept, world, as_json=as_json)


def reset(
    file: SnapshotFile,
    *,
    backend: BackendOption = Backend.MEMORY,
    world: WorldOption = "main",
    home: HomeOption = DEFAULT_HOME,
    postgres_url: PostgresUrlOption = None,
    postgres_dir: PostgresDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a world back to what a snapshot holds, whatever it holds now; prints the hash of its records.

    \b
    Example:
      atlas crm reset before.jsonl --backend postgres
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    wanted = load_snapshot(file)
    with open_worlds(backend, home=home, postgres_url=postgres_url, postgres_dir=postgres_dir) as worlds:
        worlds.write(world, wanted)
        _put_hash(worlds, world, as_json=as_json)


def show_hash(
    *,
    backend: BackendOption = Backend.MEMORY,
    world: WorldOption = "main",
    home: HomeOption = DEFAULT_HOME,
    postgres_url: PostgresUrlOption = None,
    postgres_dir: PostgresDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the hash of a world's records: equal records give equal hashes, on either backend.

    \b
    Example:
      atlas crm hash --backend postgres
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    with open_worlds(backend, home=home, postgres_url=postgres_url, postgres_dir=postgres_dir) as worlds:
        _put_hash(worlds, world, as_json=as_json)


def load_snapshot(file: Path) -> Snapshot:
    """Return the snapshot in ``file``.

    Raises:
        InputFileError: it is missing, no snapshot, cut short or changed.
    """
    return parse_snapshot(read_text(file).split("\n"), file.name)


def _read(worlds: NamedWorlds, world: str) -> Snapshot:
    kept = worlds.read(world)
    if kept is None:
        known = worlds.names()
        there = f"there are: {', '.join(known)}" if known else "there is none yet"
        raise InputFileError(f"there is no world {world!r}; {there}; make one with `atlas crm seed`")
    return kept


def _put_hash(worlds: NamedWorlds, world: str, *, as_json: bool) -> None:
    """Read the world back and print what is really there."""
    _put(_read(worlds, world), world, as_json=as_json)


def _put(kept: Snapshot, world: str, *, as_json: bool) -> None:
    if as_json:
        put_json({"world": world, **_facts(kept.base), "origin": kept.header.origin})
    else:
        put_text(kept.base.content_hash())


def _facts(base: FrozenBase) -> dict[str, object]:
    counts = snapshot_of(base, origin="").header.rows
    return {"content_hash": base.content_hash(), "rows": counts}
