"""``atlas crm seed|snapshot|reset|hash``: what is saved comes back exactly, on either backend."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

RunAtlas = Callable[..., "subprocess.CompletedProcess[str]"]


def run_well(run_warm: RunAtlas, *arguments: str) -> str:
    """Run a command that has to succeed and return what it printed."""
    done = run_warm("crm", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_world_is_seeded_saved_and_put_back(run_warm: RunAtlas, tmp_path: Path) -> None:
    """The same seed gives the same hash, another seed another one, and a reset undoes everything since the snapshot."""
    first = run_well(run_warm, "seed", "--company-seed", "3", "--size", "200")
    assert run_well(run_warm, "hash") == first
    assert run_well(run_warm, "snapshot", "before.jsonl") == first

    refused = run_warm("crm", "seed", "--company-seed", "4", "--size", "200")
    assert refused.returncode == 2
    assert "the world 'main' holds records already; pass --force to replace them" in refused.stderr
    other = run_well(run_warm, "seed", "--company-seed", "4", "--size", "200", "--force")
    assert other != first

    assert run_well(run_warm, "reset", "before.jsonl") == first
    assert run_well(run_warm, "snapshot", "after.jsonl") == first
    assert (tmp_path / "after.jsonl").read_bytes() == (tmp_path / "before.jsonl").read_bytes()
    told = json.loads(run_well(run_warm, "hash", "--json"))
    assert told["content_hash"] == first
    assert told["origin"].startswith("company seed 3, size 200")
    assert sum(told["rows"].values()) > 150


def test_worlds_with_different_names_are_apart(run_warm: RunAtlas) -> None:
    """Any number of worlds; each keeps its own records."""
    one = run_well(run_warm, "seed", "--company-seed", "3", "--world", "one")
    two = run_well(run_warm, "seed", "--company-seed", "4", "--world", "two")
    assert (run_well(run_warm, "hash", "--world", "one"), run_well(run_warm, "hash", "--world", "two")) == (one, two)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            ["hash"], "there is no world 'main'; there is none yet; make one with `atlas crm seed`", id="none"
        ),
        pytest.param(["hash", "--world", "../x"], "'../x' is no name for a world", id="name"),
        pytest.param(["reset", "missing.jsonl"], "cannot read missing.jsonl", id="missing"),
        pytest.param(["reset", "cut.jsonl"], "cut.jsonl was cut short or changed", id="cut"),
        pytest.param(["seed", "--size", "7"], "'7' is not a whole number from 200 to ", id="size"),
    ],
)
def test_a_request_that_cannot_be_met_changes_nothing(
    run_warm: RunAtlas, tmp_path: Path, arguments: list[str], message: str
) -> None:
    """Exit code 2 and one message; no world appears."""
    run_well(run_warm, "seed", "--home", "elsewhere")
    run_well(run_warm, "snapshot", "cut.jsonl", "--home", "elsewhere")
    lines = (tmp_path / "cut.jsonl").read_text(encoding="utf-8").splitlines()
    (tmp_path / "cut.jsonl").write_text("\n".join(lines[:-1]), encoding="utf-8")
    done = run_warm("crm", *arguments)
    assert done.returncode == 2, done.stderr
    assert message in " ".join(done.stderr.split())
    assert not (tmp_path / "artifacts").exists()
