"""Folders and databases for the tests of one room."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import TupleRow


@pytest.fixture
def open_folder() -> Generator[Path]:
    """Make a short folder that every account can enter, as a server that root starts needs it."""
    with tempfile.TemporaryDirectory(prefix="st", dir="/tmp") as name:
        folder = Path(name).resolve()
        folder.chmod(0o711)
        yield folder


@pytest.fixture
def connection(postgres_url: str) -> Generator[psycopg.Connection[TupleRow]]:
    """Give a connection in autocommit mode; what it makes in the schema of this test is gone afterwards."""
    with psycopg.connect(postgres_url, autocommit=True) as opened:
        opened.execute("drop schema if exists atlas cascade; drop schema if exists demo cascade; create schema demo")
        yield opened
        opened.execute("drop schema if exists atlas cascade; drop schema if exists demo cascade")
