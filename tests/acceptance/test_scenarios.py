"""``atlas scenarios`` and ``atlas crm``: exams and tools on the command line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

RunAtlas = Callable[..., "subprocess.CompletedProcess[str]"]


def test_a_corpus_is_generated_shown_and_checked(run_warm: RunAtlas, tmp_path: Path) -> None:
    """Twice the same bytes; a case without its goal; every promise kept; and nothing overwritten by accident."""
    sizes = ("--stream", "60", "--dev", "20", "--test-same", "40", "--records", "400")
    for name in ("a", "b"):
        made = run_warm("scenarios", "generate", "--seed", "3", *sizes, "--out", name)
        assert (made.returncode, made.stdout) == (0, f"{name}\n"), made.stderr
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files == ["card.md", "companies.jsonl", "goals.jsonl", "manifest.json", "scenarios.jsonl"]
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]

    listed = json.loads(run_warm("scenarios", "show", "a", "--json").stdout)
    assert len(listed) == 120
    shown = run_warm("scenarios", "show", "a", listed[0]["scenario_id"]).stdout
    assert listed[0]["customer_script"]["turns"][0] in shown
    assert "goal" not in listed[0]

    checked = run_warm("scenarios", "check", "a")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "oracle" in checked.stdout

    refused = run_warm("scenarios", "generate", "--seed", "4", *sizes, "--out", "a")
    assert refused.returncode == 2
    assert "pass --force to replace it" in refused.stderr
    forced = run_warm("scenarios", "generate", "--seed", "4", *sizes, "--out", "a", "--force", "--json")
    assert json.loads(forced.stdout)["splits"] == {"dev": 20, "stream": 60, "test_same": 40}


def test_tools_are_written_for_every_kind_of_model(run_warm: RunAtlas) -> None:
    """A table for people, JSON for machines; one tool or all."""
    assert "create_quote" in run_warm("crm", "tools").stdout
    (openai,) = json.loads(run_warm("crm", "tools", "create_quote", "--format", "openai").stdout)
    assert openai["function"]["name"] == "create_quote"
    (anthropic,) = json.loads(run_warm("crm", "tools", "create_quote", "--format", "anthropic").stdout)
    (plain,) = json.loads(run_warm("crm", "tools", "create_quote", "--json").stdout)
    mcp = json.loads(run_warm("crm", "tools", "--format", "mcp").stdout)
    assert anthropic["input_schema"]["required"] == plain["required"] == openai["function"]["parameters"]["required"]
    assert "respond" in {tool["name"] for tool in mcp}
    assert all(tool["inputSchema"]["type"] == "object" for tool in mcp)
