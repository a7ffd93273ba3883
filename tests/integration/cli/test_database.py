"""``atlas crm seed|snapshot|reset|hash`` on PostgreSQL gives what the memory backend gives, and survives pg_dump."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from psycopg import sql

from atlas.crm.loading.postgres import PostgresWorlds
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Entity
from atlas.crm.snapshots import snapshot_of
from atlas.settings.environment import read_environment
from atlas.storage.databases import CRM_DATABASE, MAINTENANCE_DATABASE, connect, make_databases
from atlas.storage.programs import find_programs

UrlOf = Callable[[str], str]
WORLD = "saved"


@pytest.fixture
def run(tmp_path: Path, postgres_server: UrlOf, worker_id: str) -> Callable[..., str]:
    """Run a command of ``atlas crm`` on the session's server, in a world of this worker; return what it printed."""
    variables = {"ATLAS_POSTGRES_URL": postgres_server(MAINTENANCE_DATABASE), "ATLAS_WORLD": f"{WORLD}-{worker_id}"}

    def run_command(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "atlas.cli", "crm", *arguments],
            cwd=tmp_path,
            env={**read_environment(), **variables},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run_command


def test_both_backends_give_and_restore_the_same_records(run: Callable[..., str], tmp_path: Path) -> None:
    """Seed, snapshot, reset and hash agree between the backends, and a snapshot of one is a snapshot of the other."""
    on_server = ("--backend", "postgres")
    in_memory = run("seed", "--company-seed", "3", "--size", "200")
    assert run("seed", "--company-seed", "3", "--size", "200", "--force", *on_server) == in_memory
    run("snapshot", "memory.jsonl")
    run("snapshot", "postgres.jsonl", *on_server)
    assert (tmp_path / "memory.jsonl").read_bytes() == (tmp_path / "postgres.jsonl").read_bytes()
    other = run("seed", "--company-seed", "4", "--size", "200", "--force", *on_server)
    assert other != in_memory
    assert run("reset", "memory.jsonl", *on_server) == in_memory
    told = json.loads(run("hash", "--json", *on_server))
    assert told["content_hash"] == in_memory
    assert told["origin"].startswith("company seed 3, size 200")


def test_a_world_that_somebody_else_made_is_not_replaced(postgres_url: str) -> None:
    """Of two who make it at once, one is told."""
    first = snapshot_of(FrozenBase.build({Entity.CLIENT: [{"client_id": "c1"}]}), origin="first")
    with connect(postgres_url) as connection:
        worlds = PostgresWorlds(connection)
        assert worlds.write("contested", first, replace=False)
        assert not worlds.write("contested", snapshot_of(FrozenBase.build({}), origin="second"), replace=False)
        kept = worlds.read("contested")
        assert kept is not None
        assert (kept.header.origin, kept.header.content_hash) == ("first", first.header.content_hash)
        assert worlds.write("contested", snapshot_of(FrozenBase.build({}), origin="third"))


def test_a_dump_restores_to_the_same_hash(run: Callable[..., str], postgres_server: UrlOf, worker_id: str) -> None:
    """What pg_dump writes and psql reads is the same database: same worlds, same hash, and it can be written to."""
    wanted = run("seed", "--company-seed", "5", "--size", "200", "--force", "--backend", "postgres")
    programs = find_programs().root / "bin"
    dump = subprocess.run(
        [str(programs / "pg_dump"), "--no-owner", "--dbname", postgres_server(CRM_DATABASE)],
        capture_output=True,
        check=False,
    )
    assert dump.returncode == 0, dump.stderr.decode()
    restored = f"restored_{worker_id}"
    try:
        make_databases(postgres_server(MAINTENANCE_DATABASE), [restored])
        read = subprocess.run(
            [str(programs / "psql"), "--quiet", "--no-psqlrc", "--dbname", postgres_server(restored)],
            input=dump.stdout,
            capture_output=True,
            check=False,
        )
        assert read.returncode == 0, read.stderr.decode()
        with connect(postgres_server(restored)) as connection:
            worlds = PostgresWorlds(connection)
            kept = worlds.read(f"{WORLD}-{worker_id}")
            assert kept is not None
            assert kept.base.content_hash() == wanted
            worlds.write("copy", kept)
            assert f"{WORLD}-{worker_id}" in worlds.names()
    finally:
        with connect(postgres_server(MAINTENANCE_DATABASE)) as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(restored)))
