"""The file for Docker Compose says what the documentation promises; nothing is started."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from atlas.storage.databases import DATABASES, OLDEST_VERSION
from atlas.storage.postmaster import MOST_CONNECTIONS

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """Return the whole file."""
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def service(compose: dict[str, Any]) -> dict[str, Any]:
    """Return the one service."""
    (only,) = compose["services"].values()
    return only


def test_the_server_is_published_to_this_machine_only(service: dict[str, Any]) -> None:
    """On port 5433, so it does not meet a server that is there already, and not to the network."""
    assert service["ports"] == ["127.0.0.1:5433:5432"]


def test_the_server_is_new_enough(service: dict[str, Any]) -> None:
    """With the extension vector, as many connections as the embedded server, and its text order."""
    version = re.fullmatch(r"pgvector/pgvector:pg(\d+)", service["image"])
    assert version is not None
    assert int(version[1]) >= OLDEST_VERSION
    assert f"max_connections={MOST_CONNECTIONS}" in service["command"]
    assert "--builtin-locale=C.UTF-8" in service["environment"]["POSTGRES_INITDB_ARGS"].split()


def test_both_databases_are_made(service: dict[str, Any]) -> None:
    """One by the image, the other by a script in the folder that the image runs scripts from."""
    mounts = dict(volume.split(":")[:2] for volume in service["volumes"])
    (folder,) = [source for source, target in mounts.items() if target == "/docker-entrypoint-initdb.d"]
    scripts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / folder).glob("*.sql"))]
    made = {name for script in scripts for name in re.findall(r"^CREATE DATABASE (\w+);", script, flags=re.MULTILINE)}
    assert {service["environment"]["POSTGRES_DB"], *made} == set(DATABASES)


def test_the_data_outlive_the_container(compose: dict[str, Any], service: dict[str, Any]) -> None:
    """A named volume is mounted where version 18 of the image keeps its data."""
    mounts = dict(volume.split(":")[:2] for volume in service["volumes"])
    (volume,) = [source for source, target in mounts.items() if target == "/var/lib/postgresql"]
    assert list(compose["volumes"]) == [volume]


def test_healthy_means_that_the_databases_are_there(service: dict[str, Any]) -> None:
    """The check asks over TCP, where the image's server answers only when its scripts have run."""
    kind, program, *arguments = service["healthcheck"]["test"]
    assert (kind, program) == ("CMD", "pg_isready")
    assert {"--host=127.0.0.1", "--dbname=crm_sandbox"} <= set(arguments)
    assert service["healthcheck"]["retries"] >= 10


def test_the_password_has_a_documented_default(service: dict[str, Any]) -> None:
    """It comes from the environment, and `.env.example` names the variable and what holds without it."""
    value = re.fullmatch(r"\$\{(?P<variable>\w+):-(?P<default>\w+)\}", service["environment"]["POSTGRES_PASSWORD"])
    assert value is not None
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert f"{value['variable']}={value['default']}" in example
    assert f"postgresql://atlas:{value['default']}@127.0.0.1:5433/" in example
