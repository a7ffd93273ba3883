"""``atlas evaluate`` and the file commands of ``atlas scenarios``, run in this process."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from atlas.cli import evaluate, scenario_files
from atlas.cli.evaluate import parse_renames
from atlas.cli.failures import exit_code_of
from atlas.core.errors import AtlasError, MisuseError, UnknownNameError
from atlas.crm.memory import FrozenBase
from atlas.scenarios.companies import generate_company
from atlas.scenarios.corpus import generate_corpus
from atlas.scenarios.corpus_files import write_corpus

CLIENT = "c-1"
SEEDS = {"Client": {CLIENT: {"name": "Halden", "email": "a@halden.example", "status": "Active"}}}


def _turn(number: int, tool: str, **arguments: object) -> dict[str, object]:
    return {"turn_id": number, "user_utterance": "Go on", "expected_tool": tool, "expected_args": arguments}


def _conversation(name: str, *turns: dict[str, object]) -> dict[str, object]:
    return {"conversation_id": name, "turns": list(turns), "initial_entities": {"seed_data": SEEDS}}


GOOD = _conversation(
    "good", _turn(1, "client_search", name="Halden"), _turn(2, "modify_client", client_id=CLIENT, status="Inactive")
)
SPOILT = _conversation("spoilt", _turn(1, "modify_client", client_id=CLIENT, colour="red"))
BROKEN = _conversation("broken", _turn(1, "send_fax", client_id=CLIENT))


def _app() -> typer.Typer:
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.add_typer(evaluate.app, name="evaluate")
    app.command("tasks")(scenario_files.tasks)
    app.command("import")(scenario_files.import_conversations)
    app.command("export")(scenario_files.export_seeds)
    return app


APP = _app()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(APP, list(arguments))


@pytest.fixture
def talk(tmp_path: Path) -> Callable[..., str]:
    """Write a file of conversations and return its name."""

    def write(*items: dict[str, object], name: str = "talk.jsonl") -> str:
        (tmp_path / name).write_text("".join(f"{json.dumps(item)}\n" for item in items))
        return name

    return write


Run = Callable[..., Result]
Talk = Callable[..., str]


def test_a_replay_is_a_table_for_people_and_json_for_programs(run: Run, talk: Talk, tmp_path: Path) -> None:
    """The file that --out names holds the same."""
    file = talk(GOOD, SPOILT)
    shown = run("evaluate", "replay", file, "--out", "report.json")
    assert shown.exit_code == 0
    assert re.search(r"executed\s+│\s+2 ", shown.stdout)
    assert "colour" in shown.stdout
    told = run("evaluate", "replay", file, "--json").stdout
    assert told == (tmp_path / "report.json").read_text()
    assert json.loads(told)["counts"]["listed"]["unknown_argument"] == 1


def test_a_mapped_argument_executes_and_an_unused_map_is_told(run: Run, talk: Talk) -> None:
    """On stderr, for people."""
    done = run("evaluate", "replay", talk(SPOILT), "--map", "colour=industry", "--map", "size=phone", "--json")
    assert json.loads(done.stdout)["counts"]["executed"] == 1
    assert "--map size=phone: no call has the argument 'size'" in done.stderr


def test_our_defects_end_with_exit_code_1_and_a_name(run: Run, talk: Talk) -> None:
    """After the report has been shown."""
    done = run("evaluate", "replay", talk(GOOD, BROKEN), "--json")
    assert json.loads(done.stdout)["counts"]["defects"] == 1
    assert isinstance(done.exception, AtlasError)
    assert done.exception.exit_code == 1
    assert "broken turn 1, send_fax" in str(done.exception)


def test_every_list_of_a_report_is_shown(run: Run, talk: Talk) -> None:
    """Defects, expected failures with another text, texts sent as they are, final states, seeds, faults of the data."""
    failing = {**_turn(1, "modify_client", client_id="gone", status="Active"), "expect_success": False}
    texts = _conversation(
        "texts",
        {**failing, "expected_error_substring": "teapot"},
        {**_turn(2, "client_search", name="{{who}}"), "user_utterance": "Find {{who}}"},
    )
    state = _conversation("state", _turn(1, "modify_client", client_id=CLIENT, colour="red"))
    state["final_expected_state"] = {"Client": {CLIENT: {"status": "Gone", "size": 5}}}
    state["initial_entities"] = {"seed_data": {"Client": {CLIENT: {"name": "Halden", "amount": "x" * 100}}}}
    shown = run("evaluate", "replay", talk(texts, state, BROKEN))
    assert shown.exit_code == 1
    for title in (
        "defects: 1",
        "listed: 1",
        "failed with another text than expected: 1",
        "carried out as written: 1",
        "final state: 2 that do not hold",
        "seeds: 1 problems",
        "faults of the data",
    ):
        assert title in shown.stdout
    assert "(a call was listed)" in shown.stdout
    assert "xxx..." in shown.stdout
    assert "texts turn 2: {{who}}" in shown.stdout


def test_a_final_state_that_does_not_hold_is_a_defect(run: Run, talk: Talk) -> None:
    """It is named with record and field."""
    item = {**GOOD, "final_expected_state": {"Client": {CLIENT: {"status": "Gone"}}}}
    done = run("evaluate", "replay", talk(item))
    assert isinstance(done.exception, AtlasError)
    assert f"good at the end, Client {CLIENT}.status" in str(done.exception)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        pytest.param(["--map", "colour"], "is not two names", id="no other name"),
        pytest.param(["--map", "=x"], "is not two names", id="no name"),
        pytest.param(["--map", "a=b", "--map", "a=c"], "two other names", id="two other names"),
    ],
)
def test_a_map_that_says_nothing_is_refused(options: list[str], told: str, run: Run, talk: Talk) -> None:
    """Exit code 2, with an example."""
    done = run("evaluate", "replay", talk(GOOD), *options)
    assert isinstance(done.exception, MisuseError)
    assert told in str(done.exception)
    assert parse_renames(["a=b", "a=b", " c = d "]) == {"a": "b", "c": "d"}


def test_a_broken_file_is_named_with_its_line(run: Run, tmp_path: Path) -> None:
    """Exit code 2."""
    (tmp_path / "torn.jsonl").write_text(json.dumps(GOOD) + "\n{")
    done = run("evaluate", "replay", "torn.jsonl")
    assert isinstance(done.exception, MisuseError)
    assert str(done.exception).startswith("torn.jsonl:2: ")
    assert run("evaluate", "replay", "torn.jsonl", "--today", "tomorrow").exit_code == 2


def test_an_agent_works_and_is_resumed(run: Run, talk: Talk, tmp_path: Path) -> None:
    """Progress on stderr; a run in the way is not replaced without a word; resuming keeps its id."""
    options = ("evaluate", "run", "--dataset", talk(GOOD, SPOILT), "--agent", "golden", "--out", "mine")
    first = run(*options)
    assert first.exit_code == 0
    assert "[2/2] 1 of 1 right" in first.stderr
    assert "unknown_argument" in first.stdout
    assert isinstance(run(*options).exception, MisuseError)
    again = run(*options, "--resume", "--json")
    assert "resumed: 2 of 2 conversations kept" in again.stderr
    metrics = json.loads(again.stdout)["metrics"]
    assert metrics == json.loads((tmp_path / "mine" / "metrics.json").read_text())
    assert re.fullmatch(r"\d{8}T\d{6}-[0-9a-f]{8}", metrics["run_id"])
    other = json.loads(run(*options, "--force", "--json", "--run-id", "20260302T093005-0a1b2c3d").stdout)
    assert other["metrics"]["run_id"] == "20260302T093005-0a1b2c3d"


def test_a_wrong_agent_or_id_is_refused_before_anything_is_written(run: Run, talk: Talk, tmp_path: Path) -> None:
    """Exit code 2."""
    file = talk(GOOD)
    wrong = run("evaluate", "run", "--dataset", file, "--agent", "golem", "--out", "mine")
    assert isinstance(wrong.exception, UnknownNameError)
    other = run("evaluate", "run", "--dataset", file, "--agent", "golden", "--out", "mine", "--run-id", "7")
    assert isinstance(other.exception, MisuseError)
    assert not (tmp_path / "mine").exists()


def test_tasks_come_from_exactly_one_source(run: Run, talk: Talk, tmp_path: Path) -> None:
    """A file of conversations, a seed, or a corpus."""
    file = talk(GOOD, SPOILT)
    assert run("tasks", "--dataset", file, "--out", "a.jsonl", "--backend", "postgres").stdout == "a.jsonl\n"
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert [line["conversation"] for line in lines] == [GOOD, SPOILT]
    assert {line["backend"] for line in lines} == {"postgres"}
    assert len({line["run_id"] for line in lines}) == 1
    made = run("tasks", "--seed", "7", "--size", "3", "--split", "test_same", "--out", "b.jsonl", "--json")
    assert json.loads(made.stdout)["tasks"] == 3
    for options in (("--seed", "7", "--dataset", file), ()):
        refused = run("tasks", *options, "--out", "c.jsonl")
        assert isinstance(refused.exception, MisuseError)
        assert "give exactly one of --seed, --corpus, --dataset" in str(refused.exception)
    for options in (("--dataset", file, "--out", "a.jsonl"), ("--seed", "7", "--corpus", "c", "--out", "d.jsonl")):
        assert isinstance(run("tasks", *options).exception, MisuseError)


def test_tasks_of_a_corpus_name_its_version(run: Run, tmp_path: Path) -> None:
    """And a split without cases is refused."""
    corpus = generate_corpus(5, stream=3, dev=0, test_same=2)
    write_corpus(corpus, tmp_path / "corpus")
    done = run("tasks", "--corpus", "corpus", "--split", "test_same", "--out", "t.jsonl", "--json")
    told = json.loads(done.stdout)
    assert (told["tasks"], told["dataset_hash"]) == (2, corpus.content_hash)
    assert told["dataset_revision"] == corpus.content_hash
    assert isinstance(run("tasks", "--corpus", "corpus", "--split", "dev", "--out", "u.jsonl").exception, MisuseError)
    assert isinstance(run("tasks", "--corpus", "corpus", "--out", "corpus").exception, MisuseError)
    rows = run("export", "--db-seeds", "--corpus", "corpus", "--out", "rows", "--json")
    assert json.loads(rows.stdout)["content_hash"] == corpus.company.base.content_hash()


def test_conversations_are_imported_and_written_back(run: Run, talk: Talk, tmp_path: Path) -> None:
    """The exported file is the one that was read; nothing is replaced without a word."""
    file = talk(GOOD, SPOILT)
    assert run("import", "clbench", file, "--export", "back.jsonl").exit_code == 0
    assert (tmp_path / "back.jsonl").read_bytes() == (tmp_path / file).read_bytes()
    done = run("import", "clbench", file, "--out", "in", "--json", "--today", "2025-01-31")
    assert json.loads(done.stdout)["manifest"]["today"] == "2025-01-31"
    assert sorted(path.name for path in (tmp_path / "in").iterdir()) == [
        *("companies.jsonl", "conversations.jsonl", "manifest.json", "report.json")
    ]
    for options in (("--export", "back.jsonl"), ("--out", "in"), ("--out", "x", "--export", "y"), ("--out", file)):
        assert isinstance(run("import", "clbench", file, *options).exception, MisuseError), options
    assert run("import", "clbench", file, "--out", "in", "--force").exit_code == 0
    assert run("import", "salesforce", file).exit_code == 2


def test_a_companys_rows_are_exported(run: Run, talk: Talk, tmp_path: Path) -> None:
    """Of a seed, or of a conversation; the hash is that of the rows, and what a seed loses is told."""
    done = json.loads(run("export", "--db-seeds", "--seed", "7", "--out", "seeds", "--json").stdout)
    assert done["content_hash"] == generate_company(7).base.content_hash()
    assert sorted(path.name for path in (tmp_path / "seeds").iterdir()) == ["seeds.jsonl", "seeds.sql"]
    odd = {**SPOILT, "initial_entities": {"seed_data": {"Client": {CLIENT: {"colour": "red"}}}}}
    file = talk(GOOD, odd)
    told = run("export", "--db-seeds", "--dataset", file, "--conversation", "spoilt", "--out", "one", "--json")
    assert f"Client {CLIENT} colour: a client has no such field" in told.stderr
    one = json.loads(told.stdout)
    assert one["rows"]["Client"] == 1
    assert one["content_hash"] != FrozenBase.build({}).content_hash()
    for options in (
        ("--seed", "7", "--out", "other"),
        ("--db-seeds", "--out", "other"),
        ("--db-seeds", "--dataset", file, "--out", "other"),
        ("--db-seeds", "--dataset", file, "--conversation", "bad", "--out", "other"),
        ("--db-seeds", "--seed", "7", "--out", "seeds"),
    ):
        assert isinstance(run("export", *options).exception, MisuseError), options


def test_ctrl_c_says_how_to_go_on(talk: Talk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Finished sessions are kept."""
    monkeypatch.chdir(tmp_path)
    file = talk(GOOD)

    def stop(*arguments: object, **options: object) -> None:
        del arguments, options
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluate, "run_dataset", stop)
    command = ["evaluate", "run", "--dataset", file, "--agent", "golden", "--out", "mine"]
    assert exit_code_of(lambda: APP(command, standalone_mode=False)) == 130


def test_a_day_is_a_date() -> None:
    """Anything else is refused by the parser of arguments."""
    assert evaluate.parse_day("2025-11-12") == date(2025, 11, 12)
    for text in ("12.11.2025", "2025-W46-3", "20251112", ""):
        with pytest.raises(typer.BadParameter):
            evaluate.parse_day(text)
