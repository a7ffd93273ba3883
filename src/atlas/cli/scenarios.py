"""``atlas scenarios generate|check|show``: exams are made, checked against their promises, and read."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, get_args

import typer
from rich.table import Table
from rich.text import Text

from atlas.cli.corpus_folder import open_workshop, parts_of, put_in_place
from atlas.cli.database import PostgresDirOption, PostgresUrlOption
from atlas.cli.dataset_progress import watch_cases
from atlas.cli.evaluate import EvaluationBackendOption
from atlas.cli.failures import Interrupted
from atlas.cli.options import (
    DEFAULT_SEED,
    LARGEST_CREW,
    LARGEST_SEED,
    LARGEST_SPLIT,
    NUMBER_METAVAR,
    SEED_METAVAR,
    DevOption,
    JsonOption,
    OutOption,
    SeedOption,
    StreamOption,
    TestSameOption,
    refuse_beside,
    whole_number,
)
from atlas.cli.running import RUNS_FOLDER
from atlas.cli.terminal import people_console, put_json, put_table, put_text, tell
from atlas.core.errors import CorpusError, InputFileError, MisuseError, TooManyCasesError, UnknownNameError
from atlas.core.records import JsonObject
from atlas.evaluation.backends import Backend, open_sessions
from atlas.scenarios.card import render_card
from atlas.scenarios.companies import LARGEST_SIZE, SMALLEST_SIZE, Company
from atlas.scenarios.corpus import Corpus
from atlas.scenarios.corpus_files import cook_resuming, load_corpus, load_manifest
from atlas.scenarios.gates import GateReport, Verdict, check_corpus
from atlas.scenarios.handbook import render_handbook, title_of
from atlas.scenarios.naming import NoFreshNameError
from atlas.scenarios.recipes import (
    FULL_RECORDS,
    FULL_SIZE,
    SMALLEST_CORPUS,
    Order,
    Recipe,
    commitment_to,
    flaw_of_recipe,
    recipe_of,
    seed_of_secret,
)
from atlas.scenarios.records import Scenario
from atlas.scenarios.schedule import Profile
from atlas.scenarios.store_gate import check_on
from atlas.settings.parsing import read_text
from atlas.telemetry.files import write_atomically

app = typer.Typer(help="Generate, check and read exams.", no_args_is_help=True)

SHOWN_CHARACTERS = 80  # of a user's first message in a list
_VERDICT_STYLES: Final[Mapping[Verdict, str]] = {"kept": "green", "not checked": "yellow", "broken": "bold red"}

CorpusDir = Annotated[Path, typer.Argument(metavar="DIR", envvar="ATLAS_CORPUS", help="Folder of a generated corpus.")]


@app.callback()
def scenarios() -> None:
    """Generate, check and read exams."""


def _one_of(kind: str, allowed: tuple[str, ...], given: str) -> str:
    if given not in allowed:
        raise UnknownNameError(kind, given, allowed)
    return given


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 < share < 1:
        raise typer.BadParameter(f"{text!r} is no share; give a number between 0 and 1, such as 0.15")
    return share


@app.command()
def generate(
    *,
    seed: SeedOption = None,
    size: Annotated[
        int | None,
        typer.Option(
            "--size",
            envvar="ATLAS_CASES",
            parser=whole_number(SMALLEST_CORPUS, LARGEST_SPLIT),
            metavar=NUMBER_METAVAR,
            help=f"Cases in all, {SMALLEST_CORPUS} or more, dealt out to seven splits.",
            show_default=str(FULL_SIZE),
        ),
    ] = None,
    holdout: Annotated[
        float | None,
        typer.Option(
            "--holdout",
            envvar="ATLAS_HOLDOUT",
            parser=_share,
            metavar="SHARE",
            help="Share of the cases that are not to learn from.",
            show_default="0.6",
        ),
    ] = None,
    profile: Annotated[
        str,
        typer.Option("--profile", envvar="ATLAS_PROFILE", help="How the families are mixed: production or balanced."),
    ] = "production",
    order: Annotated[
        str,
        typer.Option("--order", envvar="ATLAS_ORDER", help="How the stream is ordered: naive or compositional."),
    ] = "naive",
    records: Annotated[
        int,
        typer.Option(
            "--records",
            envvar="ATLAS_RECORDS",
            parser=whole_number(SMALLEST_SIZE, LARGEST_SIZE),
            metavar=NUMBER_METAVAR,
            help="Records of the company, roughly: notes and documents come on top.",
        ),
    ] = FULL_RECORDS,
    out: OutOption = None,
    stream: StreamOption = None,
    dev: DevOption = None,
    test_same: TestSameOption = None,
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
    secret_file: Annotated[
        Path | None,
        typer.Option(
            "--secret-file",
            envvar="ATLAS_SECRET_FILE",
            metavar="FILE",
            help="Make a private corpus: its seed comes from the secret in this file, of which a hash is told. Its "
            "folder is as secret as the file; hand out card, tasks and exports only.",
            show_default="none",
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            envvar="ATLAS_FORCE",
            help="Replace the corpus that is in the folder; refused where other files are kept beside it.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Generate a company and its cases, and write them to a folder. What was interrupted is taken up again.

    \b
    Example:
      atlas scenarios generate --seed 42 --size 1500 --out artifacts/corpora/seed-42
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    secret, drawn = None, DEFAULT_SEED if seed is None else seed
    if secret_file is not None:
        refuse_beside("--secret-file", seed=seed)
        secret, drawn = _secret_in(secret_file)
    target = out or RUNS_FOLDER / "corpora" / (f"seed-{drawn}" if secret is None else "private")
    mix: Profile = "balanced" if _one_of("profile", get_args(Profile), profile) == "balanced" else "production"
    ordered: Order = "compositional" if _one_of("order", get_args(Order), order) == "compositional" else "naive"
    by_split = {"--stream": stream, "--dev": dev, "--test-same": test_same}
    named = next((option for option, count in by_split.items() if count is not None), None)
    if named is None:
        recipe = recipe_of(drawn, size or FULL_SIZE, holdout=holdout, profile=mix, order=ordered, records=records)
    else:
        refuse_beside(named, size=size, holdout=holdout)
        recipe = Recipe(drawn, stream or 0, dev or 0, test_same or 0, records, mix, order=ordered)
    recipe = recipe if reskin is None else recipe.reskinned(reskin)
    if flaw_of_recipe(recipe) is not None:  # the parsers of the options leave one flaw
        raise MisuseError("an exam has one case or more; ask for some with --stream, --dev or --test-same")
    commitment = None if secret is None else commitment_to(secret)
    corpus = _made(recipe, target, commitment=commitment, by_split=named is not None, force=force)
    _put_summary(corpus, target, secret=secret, as_json=as_json)


@app.command()
def check(
    corpus_dir: CorpusDir,
    *,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            envvar="ATLAS_JOBS",
            parser=whole_number(1, LARGEST_CREW),
            metavar=NUMBER_METAVAR,
            help="Processes to check cases in.",
        ),
    ] = 1,
    backend: EvaluationBackendOption = Backend.MEMORY,
    postgres_url: PostgresUrlOption = None,
    postgres_dir: PostgresDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a corpus against its promises; exit code 1 where it breaks one. The card is written anew, with the result.

    Every case can be solved, in every known way; doing nothing never passes; nothing that agents see gives a goal away.
    With --backend postgres, every solution is played there as well.

    \b
    Example:
      atlas scenarios check artifacts/corpora/seed-42 --jobs 2
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    corpus, commitment = load_corpus(corpus_dir), load_manifest(corpus_dir).commitment
    with watch_cases(people_console(), "cases checked") as watch:
        report = check_corpus(corpus, jobs=jobs, progress=watch)
    if backend is not Backend.MEMORY:
        with (
            open_sessions(backend, postgres_url=postgres_url, postgres_dir=postgres_dir) as sessions,
            watch_cases(people_console(), f"cases solved on {backend.value}") as watch,
        ):
            report = report.with_gate(check_on(sessions, corpus, progress=watch))
    write_atomically(corpus_dir / "card.md", render_card(corpus, report, commitment=commitment))
    if as_json:
        put_json(report)
    else:
        put_table(_table_of(report))
        put_text(_told_of(report))
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
    handbook: Annotated[
        bool,
        typer.Option("--handbook", envvar="ATLAS_HANDBOOK", help="Show the company's unwritten rules instead."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List the cases of a corpus, or show one; never a goal.

    \b
    Example:
      atlas scenarios show artifacts/corpora/seed-42 sc-3f2a  # the first letters of an id that the list has
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    if handbook and scenario_id is not None:
        raise MisuseError(f"the case {scenario_id!r} has no effect beside --handbook; give the one or the other")
    corpus = load_corpus(corpus_dir)
    if handbook and as_json:
        put_json([_handbook_of(company) for company in corpus.companies])
    elif handbook:
        put_text("\n".join(render_handbook(company) for company in corpus.companies))
    elif scenario_id is not None:
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
        verdict = Text(gate.verdict, style=_VERDICT_STYLES[gate.verdict])
        table.add_row(gate.gate, Text(gate.promise), str(gate.checked), str(gate.failed), verdict)
    return table


def _handbook_of(company: Company) -> JsonObject:
    """Return the company's unwritten rules, as its handbook has them."""
    rules = [
        {
            "number": f"H-{number}",
            "title": title_of(convention),
            "convention": convention.kind,
            "enforced": convention.enforced,
            "text": convention.paragraph(),
        }
        for number, convention in enumerate(company.conventions, start=1)
    ]
    return {"company": company.name, "rules": rules}


def _told_of(report: GateReport) -> str:
    """Return what the gates counted besides: shortcuts, damaged runs, language."""
    shortcuts = ", ".join(f"{one.agent} {one.success:.1%} / {one.failure:.1%}" for one in report.shortcuts)
    mutants = ", ".join(f"{damage} {count}" for damage, count in report.mutants.items())
    diversity = report.diversity
    tools = ", ".join(f"{tool} {share:.1%}" for tool, share in list(diversity.tools.items())[:3])
    return "\n".join(
        (
            f"shortcuts (of successes / of failures): {shortcuts}",
            f"damaged runs: {sum(report.mutants.values())} ({mutants})",
            f"utterances: {diversity.utterances}, {diversity.distinct} different without names and figures",
            f"messages: {diversity.turns}; near-duplicates across splits: {len(diversity.near_duplicates)}",
            f"most frequent tools: {tools}",
            *(f"not checked: {gate.gate}: {part}" for gate in report.gates for part in gate.unchecked),
        )
    )


def _secret_in(file: Path) -> tuple[str, int]:
    """Return the secret in a file, and the seed that it gives."""
    secret = read_text(file).strip()
    try:
        return secret, seed_of_secret(secret)
    except MisuseError as exc:
        raise InputFileError(f"{file}: {exc}") from exc


def _made(recipe: Recipe, target: Path, *, commitment: str | None, by_split: bool, force: bool) -> Corpus:
    """Generate a corpus and put it in place; what was begun is kept where it is interrupted."""
    try:
        with open_workshop(target, force=force) as shop:
            with watch_cases(people_console(), "cases generated") as watch:
                corpus = cook_resuming(recipe, shop.parts, progress=watch, spoilt=_tell_spoilt)
            put_in_place(corpus, shop, commitment=commitment)
    except KeyboardInterrupt:
        raise Interrupted(f"finished splits are kept in {parts_of(target)}; the same command continues") from None
    except TooManyCasesError as exc:
        option = f"--{exc.split.replace('_', '-')}" if by_split else "--size"
        raise MisuseError(f"{exc} with {option}") from exc
    except NoFreshNameError as exc:
        raise MisuseError(
            f"the word lists have too few names for a company of {recipe.size} records that is drawn so; ask for fewer "
            "with --records, or take another seed"
        ) from exc
    return corpus


def _tell_spoilt(chapter: Path) -> None:
    tell(f"{chapter} is not as it was put aside; its cases are generated again")


def _put_summary(corpus: Corpus, target: Path, *, secret: str | None, as_json: bool) -> None:
    counts = Counter(scenario.split.value for scenario in corpus.scenarios)
    if as_json:
        commitment = {} if secret is None else {"commitment": commitment_to(secret)}
        put_json({"dir": str(target), "content_hash": corpus.content_hash, "splits": dict(counts), **commitment})
        return
    told = ", ".join(f"{count} {split}" for split, count in sorted(counts.items()))
    company = f"company {corpus.company_seed} ({corpus.company.name})" if secret is None else "private corpus"
    tell(f"{company}: {told}, hash {corpus.content_hash[:16]}")
    if secret is not None:
        tell(f"publish this hash of the secret before anybody is measured: {commitment_to(secret)}")
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
    failure = "" if scenario.failure is None else f" ({scenario.failure})"
    lines = [
        f"{scenario.scenario_id}  {scenario.family}, {scenario.blueprint}, {scenario.paraphrase}",
        f"split {scenario.split.value}, level {scenario.level}, {scenario.category}{failure}, {scenario.difficulty}",
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
