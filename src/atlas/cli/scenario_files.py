"""``atlas scenarios tasks|import|export``: task files, public conversations, and a company's rows as seed files."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, TypeAlias, cast

import typer

from atlas.cli.evaluate import ConversationFormat, EvaluationBackendOption, TodayOption
from atlas.cli.options import (
    LARGEST_SEED,
    LARGEST_SPLIT,
    NUMBER_METAVAR,
    SEED_METAVAR,
    JsonOption,
    OutOption,
    ReplaceOption,
    refuse_beside,
    whole_number,
)
from atlas.cli.running import RUNS_FOLDER
from atlas.cli.terminal import put_json, put_text, tell
from atlas.cli.worlds import checked_name, generated_company
from atlas.core.canonical import canonical_json
from atlas.core.clock import SystemClock
from atlas.core.errors import InputFileError, MisuseError, UnknownNameError
from atlas.core.records import JsonObject
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Entity
from atlas.evaluation.backends import Backend
from atlas.evaluation.datasets.import_folder import ImportManifest, base_of, write_import
from atlas.evaluation.datasets.records import TaskPayload
from atlas.evaluation.datasets.replay_report import day_of
from atlas.evaluation.datasets.revision import revision_of
from atlas.evaluation.datasets.tasks import (
    TaskBatch,
    batch_of_corpus,
    checked_run_id,
    make_run_id,
    tasks_of_conversations,
    tasks_of_corpus,
)
from atlas.scenarios.casting import GENERATOR_VERSION
from atlas.scenarios.companies import LARGEST_SIZE, POOLS, SKELETON_SIZE, SMALLEST_SIZE
from atlas.scenarios.corpus import Corpus, cook
from atlas.scenarios.corpus_files import load_corpus, load_manifest
from atlas.scenarios.importers.clbench import Dataset, dataset_lines, load_dataset
from atlas.scenarios.importers.seeding import import_company
from atlas.scenarios.recipes import recipe_with
from atlas.scenarios.seed_files import seed_json_lines, seed_sql
from atlas.settings.parsing import parse_json, parse_record, read_text
from atlas.telemetry.files import write_atomically
from atlas.verify.goals import Split

DEFAULT_TASKS = 100
_IMPORT_FILES = r"(conversations|companies)\.jsonl|(report|manifest)\.json"
_OF_IMPORT = re.compile(rf"{_IMPORT_FILES}|\.({_IMPORT_FILES})\.\w+")  # with what a killed writer leaves of them
_NAMED_FILES = 5  # in a message

ConversationFile: TypeAlias = Annotated[
    Path, typer.Argument(metavar="FILE", envvar="ATLAS_DATASET", help="A file of conversations.")
]
DatasetOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--dataset", envvar="ATLAS_DATASET", metavar="FILE", help="A file of conversations.", show_default="none"
    ),
]
CorpusOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--corpus", envvar="ATLAS_CORPUS", metavar="DIR", help="Folder of a generated corpus.", show_default="none"
    ),
]
SourceSeedOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--seed",
        envvar="ATLAS_SEED",
        parser=whole_number(0, LARGEST_SEED),
        metavar=SEED_METAVAR,
        help="Seed of the company.",
        show_default="none",
    ),
]


def tasks(
    *,
    seed: SourceSeedOption = None,
    size: Annotated[
        int | None,
        typer.Option(
            "--size",
            envvar="ATLAS_TASKS",
            parser=whole_number(1, LARGEST_SPLIT),
            metavar=NUMBER_METAVAR,
            help="Cases to generate, with --seed.",
            show_default=str(DEFAULT_TASKS),
        ),
    ] = None,
    corpus: CorpusOption = None,
    split: Annotated[
        Split | None,
        typer.Option(
            "--split",
            envvar="ATLAS_SPLIT",
            help="Which cases, with --seed or --corpus.",
            show_default=Split.STREAM.value,
        ),
    ] = None,
    dataset: DatasetOption = None,
    out: Annotated[Path, typer.Option("--out", envvar="ATLAS_OUT", metavar="FILE", help="The file to write.")] = Path(
        "tasks.jsonl"
    ),
    backend: EvaluationBackendOption = Backend.MEMORY,
    use_llm_judge: Annotated[
        bool,
        typer.Option("--use-llm-judge", envvar="ATLAS_USE_LLM_JUDGE", help="Let a model judge what users are told."),
    ] = False,
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
    force: ReplaceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write one task per case: of a seed, of a generated corpus (without goals), or of a file of public conversations.

    \b
    Example:
      atlas scenarios tasks --seed 7 --size 50 --split test_same --out tasks.jsonl
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    _refuse_file(out, force=force)
    source = _pick_source(seed=seed, corpus=corpus, dataset=dataset)
    if source != "seed":
        refuse_beside(f"--{source}", size=size)
    chosen_id = make_run_id(SystemClock().now(), seed or 0, source) if run_id is None else checked_run_id(run_id)
    if dataset is not None:
        refuse_beside("--dataset", split=split)
        found = load_dataset(dataset)
        revision = revision_of(dataset)
        batch = TaskBatch(chosen_id, revision.label, revision.content_hash, backend.value, use_llm_judge)
        made = tasks_of_conversations(found.conversations, batch)
    else:
        chosen = split or Split.STREAM
        made = _corpus_tasks(
            _open_corpus(seed, corpus, chosen, size or DEFAULT_TASKS),
            chosen,
            chosen_id,
            backend=backend,
            use_llm_judge=use_llm_judge,
            folder=corpus,
        )
    _put_tasks(tuple(made), out, as_json=as_json)


def import_conversations(
    conversation_format: Annotated[
        ConversationFormat,
        typer.Argument(metavar="FORMAT", envvar="ATLAS_CONVERSATION_FORMAT", help="Format of the file: clbench."),
    ],
    file: ConversationFile,
    *,
    out: OutOption = None,
    export: Annotated[
        Path | None,
        typer.Option(
            "--export",
            envvar="ATLAS_EXPORT",
            metavar="FILE",
            help="Write the conversations back as they were, instead of importing them into a folder.",
            show_default="not",
        ),
    ] = None,
    today: TodayOption = None,
    force: ReplaceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Read public conversations without loss: into a folder, with the companies they start from, or back to a file.

    \b
    Example:
      atlas scenarios import clbench conversations.jsonl --out artifacts/imported
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    del conversation_format  # there is one so far
    dataset = load_dataset(file)
    if export is not None:
        if out is not None:
            raise MisuseError("--out and --export exclude each other; import into a folder, or write the file back")
        _refuse_file(export, force=force)
        write_atomically(export, "".join(f"{line}\n" for line in dataset_lines(dataset)))
        _put_result(export, {"conversations": len(dataset.conversations)}, as_json=as_json)
        return
    folder = out or RUNS_FOLDER / "imported" / file.stem
    _refuse_folder(folder, force=force)
    _refuse_other_than_import(folder)
    manifest = write_import(dataset, folder, revision=revision_of(file), today=day_of(dataset, today))
    tell(
        f"{manifest.conversations} conversations, {manifest.turns} turns, {sum(manifest.rows.values())} rows; "
        f"{manifest.seed_problems} problems in the seeds, {sum(manifest.data_defects.values())} faults of the data"
    )
    _put_result(folder, {"manifest": manifest}, as_json=as_json)


def export_seeds(
    *,
    db_seeds: Annotated[
        bool,
        typer.Option("--db-seeds", envvar="ATLAS_DB_SEEDS", help="Write the company's rows as seeds.jsonl, seeds.sql."),
    ] = False,
    seed: SourceSeedOption = None,
    size: Annotated[
        int | None,
        typer.Option(
            "--size",
            envvar="ATLAS_SIZE",
            parser=whole_number(SMALLEST_SIZE, LARGEST_SIZE),
            metavar=NUMBER_METAVAR,
            help=f"Number of records, roughly, with --seed: {SMALLEST_SIZE} to {LARGEST_SIZE}.",
            show_default=str(SKELETON_SIZE),
        ),
    ] = None,
    corpus: CorpusOption = None,
    dataset: DatasetOption = None,
    conversation: Annotated[
        str | None,
        typer.Option(
            "--conversation",
            envvar="ATLAS_CONVERSATION",
            metavar="ID",
            help="Whose company, with --dataset.",
            show_default="none",
        ),
    ] = None,
    world: Annotated[
        str,
        typer.Option(
            "--world",
            envvar="ATLAS_WORLD",
            parser=checked_name,
            metavar="NAME",
            help="Name of the world that seeds.sql makes.",
        ),
    ] = "main",
    out: OutOption = None,
    force: ReplaceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write the rows of a company as files that other tools load: JSON lines in the published schema, and SQL.

    \b
    Example:
      atlas scenarios export --db-seeds --seed 7 --out artifacts/seeds
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    if not db_seeds:
        raise MisuseError("say what to export; there is --db-seeds")
    base, origin = _find_company(seed, size, corpus, dataset, conversation)
    folder = out or RUNS_FOLDER / "seeds"
    _refuse_folder(folder, force=force)
    write_atomically(folder / "seeds.jsonl", "".join(f"{line}\n" for line in seed_json_lines(base)))
    write_atomically(folder / "seeds.sql", "".join(seed_sql(base, world=world, origin=origin)))
    rows = {entity.value: len(base.rows(entity)) for entity in Entity}
    tell(f"{sum(rows.values())} rows, hash {base.content_hash()[:16]}")
    _put_result(folder, {"content_hash": base.content_hash(), "rows": rows}, as_json=as_json)


def _pick_source(**given: object) -> str:
    named = [name for name, value in given.items() if value is not None]
    if len(named) != 1:
        told = " and ".join(f"--{name}" for name in named) or "none"
        raise MisuseError(f"give exactly one of --{', --'.join(given)}; given: {told}")
    return named[0]


def _open_corpus(seed: int | None, folder: Path | None, split: Split, size: int) -> Corpus:
    if folder is not None:
        return load_corpus(folder)
    return cook(recipe_with(seed or 0, {**dict.fromkeys(POOLS, 1), split: size}))


def _is_private(folder: Path | None) -> bool:
    return folder is not None and load_manifest(folder).commitment is not None


def _corpus_tasks(
    corpus: Corpus, split: Split, run_id: str, *, backend: Backend, use_llm_judge: bool, folder: Path | None
) -> Iterator[TaskPayload]:
    if not corpus.split(split):
        raise MisuseError(f"{folder} holds no cases of the split {split.value!r}")
    label = f"generator {GENERATOR_VERSION}" if folder is None else corpus.content_hash
    batch = batch_of_corpus(corpus, run_id, label, backend=backend.value, use_llm_judge=use_llm_judge)
    made = tasks_of_corpus(corpus, split, batch)
    return map(_without_seed, made) if _is_private(folder) else made


def _without_seed(task: TaskPayload) -> TaskPayload:
    """Return the task of a private corpus without what its goals could be generated from; its hash names the corpus."""
    told = {name: value for name, value in task.conversation.items() if name != "recipe"}
    scenario = cast("JsonObject", told["scenario"])
    told["scenario"] = {name: value for name, value in scenario.items() if name != "company_seed"}
    return dataclasses.replace(task, conversation=told)


def _find_company(
    seed: int | None, size: int | None, corpus: Path | None, dataset: Path | None, conversation: str | None
) -> tuple[FrozenBase, str]:
    """The rows, and where they come from in words."""
    source = _pick_source(seed=seed, corpus=corpus, dataset=dataset)
    if source != "seed":
        refuse_beside(f"--{source}", size=size)
    if source != "dataset":
        refuse_beside(f"--{source}", conversation=conversation)
    if seed is not None:
        records = size or SKELETON_SIZE
        origin = f"company seed {seed}, size {records}, generator {GENERATOR_VERSION}"
        return generated_company(seed, records).base, origin
    if corpus is not None:
        found = load_corpus(corpus)
        named = f"private corpus {found.content_hash}" if _is_private(corpus) else f"company seed {found.company_seed}"
        return found.company.base, f"{named}, generator {GENERATOR_VERSION}"
    assert dataset is not None  # noqa: S101 - one of the three was given
    return _imported_base(load_dataset(dataset), conversation)


def _imported_base(dataset: Dataset, conversation_id: str | None) -> tuple[FrozenBase, str]:
    known = {conversation.conversation_id: conversation for conversation in dataset.conversations}
    if conversation_id is None:
        raise MisuseError("--dataset holds a company per conversation; name one with --conversation")
    if conversation_id not in known:
        raise UnknownNameError("conversation", conversation_id, known)
    company = import_company(known[conversation_id], day_of(dataset))
    for problem in company.problems:
        tell(f"{problem.entity} {problem.row_id or ''} {problem.field or ''}: {problem.problem}")
    return base_of(company), f"conversation {conversation_id} of {dataset.name}"


def _put_tasks(made: Iterable[TaskPayload], out: Path, *, as_json: bool) -> None:
    tasks_ = tuple(made)
    write_atomically(out, "".join(f"{canonical_json(task)}\n" for task in tasks_))
    first = tasks_[0]
    tell(f"{len(tasks_)} tasks, revision {first.dataset_revision}, hash {first.dataset_hash[:16]}")
    facts = {
        "tasks": len(tasks_),
        "run_id": first.run_id,
        "dataset_revision": first.dataset_revision,
        "dataset_hash": first.dataset_hash,
    }
    _put_result(out, facts, as_json=as_json)


def _put_result(path: Path, facts: Mapping[str, object], *, as_json: bool) -> None:
    if as_json:
        put_json({"path": str(path), **facts})
    else:
        put_text(str(path))


def _refuse_file(path: Path, *, force: bool) -> None:
    if path.is_dir():
        raise MisuseError(f"{path} is a folder; name a file")
    if path.exists() and not force:
        raise MisuseError(f"{path} is there already; pass --force to replace it")


def _refuse_folder(path: Path, *, force: bool) -> None:
    if path.exists() and not path.is_dir():
        raise MisuseError(f"{path} is a file; name a folder")
    if path.is_dir() and any(path.iterdir()) and not force:
        raise MisuseError(f"{path} is not empty; name another folder, or pass --force to write into it")


def _refuse_other_than_import(path: Path) -> None:
    """Refuse a folder in which an import would be mixed with something else, such as a corpus."""
    names = sorted(entry.name for entry in path.iterdir()) if path.is_dir() else []
    strange = [name for name in names if not _OF_IMPORT.fullmatch(name)]
    if not strange and (path / "manifest.json").exists():
        manifest = path / "manifest.json"
        try:
            parse_record(ImportManifest, parse_json(read_text(manifest), str(manifest)), str(manifest))
        except InputFileError:
            strange = [manifest.name]
    if strange:
        raise MisuseError(
            f"{path} holds something else than an import ({', '.join(strange[:_NAMED_FILES])}); name another folder "
            "with --out"
        )
