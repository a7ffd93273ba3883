"""Public conversations on PostgreSQL: the same reports and figures as in memory, byte for byte."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest

from atlas.core.canonical import canonical_json
from atlas.core.clock import FrozenClock
from atlas.crm.loading.postgres import PostgresWorlds, migrate_tables
from atlas.crm.memory import FrozenBase
from atlas.crm.postgres import PostgresSessions
from atlas.crm.sessions import MemorySessions, Sessions
from atlas.evaluation.backends import Backend, open_sessions
from atlas.evaluation.datasets.agents import AgentOptions, build_agent
from atlas.evaluation.datasets.import_folder import base_of
from atlas.evaluation.datasets.records import RunMetrics
from atlas.evaluation.datasets.replay_report import ReplayOptions, replay_dataset
from atlas.evaluation.datasets.run import DatasetRun, RunConfig, run_dataset
from atlas.scenarios.companies import generate_company
from atlas.scenarios.importers.clbench import Dataset, parse_dataset
from atlas.scenarios.importers.seeding import import_company
from atlas.scenarios.seed_files import seed_sql
from atlas.storage.pool import open_pool
from conversation_files import available_files

FILES = available_files()
MAPPED = {"document_url": "file_url"}


@pytest.fixture(scope="module")
def postgres_sessions(postgres_url: str) -> Generator[PostgresSessions]:
    """Sessions with one slot: conversations come one after the other."""
    with open_pool(postgres_url, max_size=2) as pool:
        yield PostgresSessions(pool, slots=1)


def _dataset(name: str) -> Dataset:
    return parse_dataset(FILES[name], f"{name}.jsonl")


@pytest.mark.parametrize("mapped", [False, True], ids=["as it is", "mapped"])
@pytest.mark.parametrize("name", FILES)
def test_the_report_is_the_same_on_both_backends(name: str, postgres_sessions: Sessions, *, mapped: bool) -> None:
    """Every outcome, every message, every change of every row; seeds that break rules and references included."""
    options = ReplayOptions(renames=MAPPED if mapped else {})
    in_memory = replay_dataset(_dataset(name), MemorySessions(), options)
    on_postgres = replay_dataset(_dataset(name), postgres_sessions, options)
    assert canonical_json(on_postgres) == canonical_json(in_memory)
    assert on_postgres.flawless


@pytest.mark.parametrize("agent", ["golden", "clerk"])
def test_an_agents_figures_are_the_same_on_both_backends(
    agent: str, postgres_sessions: Sessions, tmp_path: Path
) -> None:
    """Sessions too, but for the name of the backend."""
    dataset = _dataset("made up")

    def run(sessions: Sessions, backend: str) -> tuple[RunMetrics, str]:
        config = RunConfig(
            run_id="20260302T090000-0a1b2c3d",
            dataset=dataset.name,
            dataset_revision="here",
            dataset_hash=dataset.content_hash,
            agent=agent,
            memory_hash=None,
            backend=backend,
            sample=None,
            seed=0,
            today=date(2025, 11, 12),
        )
        folder = DatasetRun(tmp_path / backend)
        clock = FrozenClock(datetime(2026, 3, 2, tzinfo=UTC))
        agent_for = build_agent(agent, AgentOptions())
        metrics = run_dataset(config, dataset, folder, sessions=sessions, agent_for=agent_for, clock=clock)
        return dataclasses.replace(metrics, backend=""), folder.sessions_path.read_text()

    in_memory, told_in_memory = run(MemorySessions(), "memory")
    on_postgres, told_on_postgres = run(postgres_sessions, "postgres")
    assert on_postgres == in_memory
    assert told_on_postgres.replace('"backend":"postgres"', '"backend":"memory"') == told_in_memory


def test_nothing_is_left_of_a_replay(postgres_sessions: Sessions, postgres_url: str) -> None:
    """Slots of an empty company serve every conversation, stay empty, and are no more when it is done once again."""
    counts: list[object] = []
    for _ in range(2):
        replay_dataset(_dataset("made up"), postgres_sessions, ReplayOptions())
        with psycopg.connect(postgres_url) as connection:
            empty = FrozenBase.build({}).content_hash()
            counted = connection.execute(
                "select count(*), (select count(*) from crm.clients c join crm.worlds w using (world_id)"
                " where w.company_hash = %s) from crm.worlds where company_hash = %s",
                (empty, empty),
            ).fetchone()
        assert counted is not None
        counts.append(counted[0])
        assert counted[1] == 0
    assert counts[0] == counts[1] != 0


def test_a_backend_is_chosen_by_name(postgres_url: str) -> None:
    """On the server that is named; the database of that server is ours."""
    dataset = _dataset("made up")
    with open_sessions(Backend.POSTGRES, postgres_url=postgres_url) as sessions:
        assert isinstance(sessions, PostgresSessions)
        assert replay_dataset(dataset, sessions, ReplayOptions()).flawless
    with open_sessions(Backend.MEMORY) as sessions:
        assert isinstance(sessions, MemorySessions)


def _odd_company() -> FrozenBase:
    odd = next(each for each in _dataset("made up").conversations if each.conversation_id == "odd seeds")
    return base_of(import_company(odd, date(2025, 11, 12)))


@pytest.mark.parametrize("world", ["generated", "odd"])
def test_seed_files_load_with_nothing_but_sql(world: str, postgres_url: str) -> None:
    """The world that they make has the rows of the company, also those that break rules; twice is refused whole."""
    base = generate_company(9).base if world == "generated" else _odd_company()
    script = "".join(seed_sql(base, world=world, origin="a test's 'company'"))
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        migrate_tables(connection)
        connection.execute(script.encode())
        found = PostgresWorlds(connection).read(world)
        assert found is not None
        assert found.base.content_hash() == base.content_hash()
        assert found.header.origin == "a test's 'company'"
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(script.encode())
        connection.rollback()
        still = PostgresWorlds(connection).read(world)
        assert still is not None
        assert still.base.content_hash() == base.content_hash()
