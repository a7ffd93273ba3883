"""A small exam, somebody who knows how its cases are done, and databases that break."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # tests share who plays, and where

from door_players import Oracle
from door_sessions import BreakingSessions, CountedSessions

from atlas.environments.casebook import Casebook
from atlas.scenarios.corpus import Corpus, cook
from atlas.scenarios.recipes import Recipe
from atlas.scenarios.records import Scenario
from atlas.verify.goals import Split

SMALL = Recipe(7, stream=24, dev=0, test_same=12)


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """The exam of one company."""
    return cook(SMALL)


@pytest.fixture
def book() -> Casebook:
    """The same exam, as doors open it."""
    return Casebook(SMALL, (Split.STREAM,))


@pytest.fixture
def oracle(corpus: Corpus) -> Callable[[Scenario], Oracle]:
    """Who knows how a case is done."""
    vault = corpus.vault()
    return lambda scenario: Oracle(vault.solutions_for_gates(scenario.scenario_id)[0])


@pytest.fixture
def counted_sessions() -> Generator[CountedSessions]:
    """Sessions that have to be closed by the end of the test."""
    sessions = CountedSessions()
    yield sessions
    assert sessions.open == []


@pytest.fixture(params=[False, True], ids=["at-a-search", "at-the-journal"])
def breaking_sessions(request: pytest.FixtureRequest) -> BreakingSessions:
    """Sessions on a database that goes away, early or late."""
    return BreakingSessions(at_journal=request.param)
