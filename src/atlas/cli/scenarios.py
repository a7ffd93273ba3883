"""``atlas scenarios``: generate, check and read exams."""

from __future__ import annotations

import shutil
import tempfile
import textwrap
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from atlas.cli.options import (
    LARGEST_SEED,
    SEED_METAVAR,
    DevOption,
    ForceOption,
    JsonOption,
    OutOption,
    SeedOption,
    StreamOption,
    TestSameOption,
    whole_number,
)
from atlas.cli.running import RUNS_FOLDER
from atlas.cli.terminal import put_json, put_table, put_text, tell
from atlas.core.errors import CorpusError, MisuseError, UnknownNameError
from atlas.scenarios.corpus import (
    DEV_CASES,
    STREAM_CASES,
    TEST_CASES,
    Corpus,
    generate_corpus,
    load_corpus,
    write_corpus,
)
from atlas.scenarios.gates import GateReport, check_corpus
from atlas.scenarios.records import Scenario

app = typer.Typer(help="Generate, check and read exams.", no_args_is_help=True)

SHOWN_CHARACTERS = 80  # of a user's first message in a list

CorpusDir = Annotated[Path, typer.Argument(metavar="DIR", envvar="ATLAS_CORPUS", help="Folder of a generated corpus.")]


@app.callback()
def scenarios() -> None:
    """Generate, check and read exams."""


@app.command()
def generate(
    *,
    seed: SeedOption = 7,
    out: OutOption = None,
    stream: StreamOption = STREAM_CASES,
    dev: DevOption = DEV_CASES,
    test_same: TestSameOption = TEST_CASES,
    reskin: Annotated[
        int | None,
        typer.Option(
            "--reskin",
            envvar="ATLAS_RESKIN",
            parser=whole_number(0, LARGEST_SEED),
            metavar=SEED_METAVAR,
            help="Seed of random words that replace the company's nicknames, phrases and parameters.",
            show_default="the usual words",
        ),
    ] = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Generate a company and its cases, and write them to a folder.

    \b
    Example:
      atlas scenarios generate --seed 7 --out artifacts/corpora/seed-7
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    target = out or RUNS_FOLDER / "corpora" / f"seed-{seed}"
    _refuse_occupied(target, force=force)
    corpus = generate_corpus(seed, stream=stream, dev=dev, test_same=test_same, reskin=reskin)
    _write_whole(corpus, target)
    _put_summary(corpus, target, as_json=as_json)


@app.command()
def check(corpus_dir: CorpusDir, *, as_json: JsonOption = False) -> None:
    """Check a corpus against its promises; exit code 1 where it breaks one.

    Every case can be solved, in every known way; doing nothing never passes; nothing that agents see gives a goal away.

    \b
    Example:
      atlas scenarios check artifacts/corpora/seed-7
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    report = check_corpus(load_corpus(corpus_dir))
    if as_json:
        put_json(report)
    else:
        put_table(_table_of(report))
    broken = [gate for gate in report.gates if not gate.passed]
    if broken:
        examples = "; ".join(
            f"{gate.gate}: {gate.examples[0] if gate.examples else 'nothing checked'}" for gate in broken
        )
        raise CorpusError(f"{corpus_dir} breaks {len(broken)} of its promises: {examples}")


@app.command()
def show(
    corpus_dir: CorpusDir,
    scenario_id: Annotated[
        str | None,
        typer.Argument(envvar="ATLAS_SCENARIO_ID", help="A case, by id or by a unique beginning of it; all in a list."),
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List the cases of a corpus, or show one; never a goal.

    \b
    Example:
      atlas scenarios show artifacts/corpora/seed-7 sc-3f2a
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    corpus = load_corpus(corpus_dir)
    if scenario_id is not None:
        _put_scenario(_pick(corpus.scenarios, scenario_id), as_json=as_json)
    elif as_json:
        put_json(corpus.scenarios)
    else:
        put_table(_list_of(corpus.scenarios))


def _table_of(report: GateReport) -> Table:
    table = Table(title=Text(f"corpus {report.content_hash[:16]}"), title_justify="left")
    table.add_column("gate", no_wrap=True)
    table.add_column("promise", overflow="fold")
    for heading in ("checked", "failed"):
        table.add_column(heading, justify="right")
    table.add_column("", no_wrap=True)
    for gate in report.gates:
        kept = Text("kept", style="green") if gate.passed else Text("broken", style="bold red")
        table.add_row(gate.gate, Text(gate.promise), str(gate.checked), str(gate.failed), kept)
    return table


def _refuse_occupied(target: Path, *, force: bool) -> None:
    if target.exists() and not target.is_dir():
        raise MisuseError(f"{target} is a file; name a folder for the corpus")
    if not target.is_dir() or not any(target.iterdir()):
        return
    if not (target / "scenarios.jsonl").is_file():
        raise MisuseError(f"{target} holds other files and no corpus; name a new or empty folder")
    if not force:
        raise MisuseError(f"{target} holds a corpus; name another folder with --out, or pass --force to replace it")


def _write_whole(corpus: Corpus, target: Path) -> None:
    """Write next to the target and put it in place at the end, so that no half corpus is ever there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as scratch:
        fresh = Path(scratch) / "corpus"
        write_corpus(corpus, fresh)
        if target.exists():
            shutil.move(target, Path(scratch) / "old")
        fresh.rename(target)


def _put_summary(corpus: Corpus, target: Path, *, as_json: bool) -> None:
    counts = Counter(scenario.split.value for scenario in corpus.scenarios)
    if as_json:
        put_json({"dir": str(target), "content_hash": corpus.content_hash, "splits": dict(counts)})
        return
    told = ", ".join(f"{count} {split}" for split, count in sorted(counts.items()))
    tell(f"company {corpus.company_seed} ({corpus.company.name}): {told}, hash {corpus.content_hash[:16]}")
    put_text(str(target))


def _pick(known: tuple[Scenario, ...], scenario_id: str) -> Scenario:
    found = [scenario for scenario in known if scenario.scenario_id.startswith(scenario_id)]
    if len(found) == 1:
        return found[0]
    if found:
        raise MisuseError(f"{len(found)} cases begin with {scenario_id!r}; give more of the id")
    raise UnknownNameError("scenario", scenario_id, (scenario.scenario_id for scenario in known))


def _put_scenario(scenario: Scenario, *, as_json: bool) -> None:
    if as_json:
        put_json(scenario)
        return
    lines = [
        f"{scenario.scenario_id}  {scenario.family}, {scenario.blueprint}, {scenario.paraphrase}",
        f"split {scenario.split.value}, level {scenario.level}, {scenario.category}, {scenario.difficulty}",
        f"for {scenario.actor}; conventions: {', '.join(scenario.conventions) or 'none'}",
        *(f"\nuser: {turn}" for turn in scenario.customer_script.turns),
        *(f"\nwhen asked about {', '.join(one.about)}: {one.text}" for one in scenario.customer_script.disclosures),
    ]
    put_text("\n".join(lines))


def _list_of(known: tuple[Scenario, ...]) -> Table:
    table = Table(title=Text(f"{len(known)} cases"), title_justify="left")
    for heading in ("id", "split", "family", "category"):
        table.add_column(heading, no_wrap=True)
    table.add_column("the user says", overflow="fold")
    for scenario in known:
        said = textwrap.shorten(scenario.customer_script.turns[0], SHOWN_CHARACTERS, placeholder=" ...")
        cells = (scenario.scenario_id, scenario.split.value, scenario.family, scenario.category, said)
        table.add_row(*(Text(cell) for cell in cells))
    return table
