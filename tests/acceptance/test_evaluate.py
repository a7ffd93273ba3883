"""``atlas evaluate`` and the file commands of ``atlas scenarios``, as processes, on both backends."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

RunAtlas = Callable[..., "subprocess.CompletedProcess[str]"]

CLIENT = "0b6f4c5e-5f0a-4b7e-9d3c-6f5c1a2b3c4d"
PUBLIC_FILE = Path(__file__).resolve().parents[3] / "shared" / "data" / "clbench" / "conversations_100.jsonl"


def _turn(number: int, said: str, tool: str, **arguments: object) -> dict[str, object]:
    return {"turn_id": number, "user_utterance": said, "expected_tool": tool, "expected_args": arguments}


def _made_up() -> str:
    item = {
        "conversation_id": "open and file",
        "turns": [
            _turn(1, "Find Birch Textiles", "client_search", criteria={"name": "Birch Textiles"}),
            _turn(
                2,
                "Open Dye Line at 12,500, Prospecting",
                "create_new_opportunity",
                name="Dye Line",
                client_id="{{turn_1.client_id}}",
                stage="Prospecting",
                amount=12500,
            ),
            _turn(
                3,
                "Attach terms.pdf from https://files.example/terms.pdf",
                "upload_document",
                entity_type="Opportunity",
                entity_id="{{turn_2.opportunity_id}}",
                file_name="terms.pdf",
                document_url="https://files.example/terms.pdf",
            ),
        ],
        "initial_entities": {
            "seed_data": {"Client": {CLIENT: {"name": "Birch Textiles", "email": "desk@birch.example"}}}
        },
    }
    return json.dumps(item) + "\n"


FILES = {"made up": _made_up(), **({"public": PUBLIC_FILE.read_text()} if PUBLIC_FILE.exists() else {})}


@pytest.mark.parametrize("name", FILES)
def test_the_golden_calls_execute_or_are_listed_on_both_backends(
    name: str, run_atlas: RunAtlas, tmp_path: Path
) -> None:
    """Equal reports, byte for byte; what is listed is listed for its argument, and executes with the map."""
    (tmp_path / "talk.jsonl").write_text(FILES[name])
    command = ("evaluate", "replay", "--format", "clbench", "talk.jsonl")
    for backend in ("memory", "postgres"):
        done = run_atlas(*command, "--backend", backend, "--out", f"{backend}.json")
        assert done.returncode == 0, done.stderr
        assert "unknown_argument" in done.stdout
    assert (tmp_path / "memory.json").read_bytes() == (tmp_path / "postgres.json").read_bytes()
    counts = json.loads((tmp_path / "memory.json").read_text())["counts"]
    assert counts["calls"] == counts["executed"] + counts["listed"]["unknown_argument"]
    mapped = run_atlas(*command, "--map", "document_url=file_url", "--json")
    assert json.loads(mapped.stdout)["counts"]["executed"] == counts["calls"]


def test_an_agent_runs_on_a_file_and_its_tasks_are_written(run_atlas: RunAtlas, tmp_path: Path) -> None:
    """The golden agent is right wherever it can be graded; a variable of the environment stands for a flag."""
    (tmp_path / "talk.jsonl").write_text(_made_up())
    done = run_atlas(
        *("evaluate", "run", "--agent", "golden", "--map", "document_url=file_url", "--json"),
        ATLAS_DATASET="talk.jsonl",
        ATLAS_OUT="run",
        ATLAS_BACKEND="postgres",
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["metrics"]["success_changing"]["succeeded"] == 1
    (session,) = (tmp_path / "run" / "sessions.jsonl").read_text().splitlines()
    tasks = run_atlas("scenarios", "tasks", "--dataset", "talk.jsonl", "--out", "tasks.jsonl")
    assert tasks.returncode == 0, tasks.stderr
    (task,) = (tmp_path / "tasks.jsonl").read_text().splitlines()
    assert json.loads(session)["task_payload"]["conversation"] == json.loads(task)["conversation"]


def test_conversations_come_back_as_they_were_and_rows_as_seeds(run_atlas: RunAtlas, tmp_path: Path) -> None:
    """Byte for byte; a folder with the companies; JSON and SQL of one of them."""
    (tmp_path / "talk.jsonl").write_text(_made_up())
    for target in (("--export", "back.jsonl"), ("--out", "imported")):
        done = run_atlas("scenarios", "import", "clbench", "talk.jsonl", *target)
        assert (done.returncode, done.stdout) == (0, f"{target[1]}\n"), done.stderr
    assert (tmp_path / "back.jsonl").read_text() == _made_up()
    options = ("--db-seeds", "--dataset", "talk.jsonl", "--conversation", "open and file", "--out", "seeds")
    assert run_atlas("scenarios", "export", *options).returncode == 0
    (line,) = (tmp_path / "seeds" / "seeds.jsonl").read_text().splitlines()
    assert json.loads(line) == {
        "Client": {"client_id": CLIENT, "email": "desk@birch.example", "name": "Birch Textiles"}
    }
    assert (tmp_path / "seeds" / "seeds.sql").read_text().startswith("-- Rows of a company")


def test_a_line_that_is_broken_is_misuse(run_atlas: RunAtlas, tmp_path: Path) -> None:
    """Exit code 2 and one message that names the line."""
    (tmp_path / "talk.jsonl").write_text(_made_up() + '{"conversation_id": "x"}\n')
    done = run_atlas("evaluate", "replay", "talk.jsonl")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: talk.jsonl:2: missing key 'turns'\n"
