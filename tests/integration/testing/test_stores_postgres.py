"""The store on PostgreSQL behaves like the one in memory: the same generated sequences, compared byte for byte."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from atlas.crm.postgres import PostgresSessions
from atlas.crm.sessions import MemorySessions
from atlas.crm.store import Operator
from atlas.crm.tools.registry import TOOLS
from atlas.storage.pool import open_pool
from atlas.testing import StoreMismatchError, StoreReport, check_store
from atlas.testing.fuzzing import fuzz_calls
from atlas.testing.store_mutants import SESSION_MUTANTS, STORE_MUTANTS, mutated
from atlas.testing.stores import REFUSED

FEW, MANY = 300, 2_200  # sequences
FUZZED = 6_000  # calls
IN_MEMORY_ONLY = {"ChangesRowInPlace"}  # a database gives out copies of its rows


@pytest.fixture(scope="module")
def sessions(postgres_url: str) -> Generator[PostgresSessions]:
    """Sessions on a database of this worker's own; two slots, for a check opens a second session beside the first."""
    with open_pool(postgres_url, min_size=1, max_size=2) as pool:
        yield PostgresSessions(pool, slots=2)


def put_to_work(report: StoreReport) -> bool:
    """Whether a report shows that everything there is was used, with success where it can succeed."""
    used = {name for name, count in report.tools.items() if count.succeeded}
    return used == set(TOOLS) and set(report.operators) == {operator.value for operator in Operator}


def test_some_hundred_sequences_are_identical(sessions: PostgresSessions, request: pytest.FixtureRequest) -> None:
    """Results, errors, journals, rows and hashes are equal, and every company is untouched afterwards."""
    report = check_store(sessions, sequences=FEW, seed=1)
    assert report.sequences == FEW
    assert report.succeeded > report.calls // 3
    assert report.changes > FEW
    request.node.user_properties.append(("figures", f"memory and PostgreSQL: {report}"))


@pytest.mark.slow
def test_two_thousand_sequences_are_identical(sessions: PostgresSessions, request: pytest.FixtureRequest) -> None:
    """The same at length; what was played is put on record."""
    report = check_store(sessions, sequences=MANY, seed=2, companies=24)
    assert report.sequences >= 2_000
    assert put_to_work(report), str(report)
    request.node.user_properties.append(("figures", f"memory and PostgreSQL: {report}"))


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({*STORE_MUTANTS, *SESSION_MUTANTS} - IN_MEMORY_ONLY))
def test_every_mutant_is_caught_on_the_database_too(sessions: PostgresSessions, name: str) -> None:
    """A store on PostgreSQL that is wrong in a single operation does not pass."""
    with pytest.raises(StoreMismatchError) as caught:
        check_store(mutated(name, sessions), sequences=600, seed=3, shrink=False)
    assert caught.value.what != REFUSED, "caught by what it does, not by what the database refuses"


@pytest.mark.slow
def test_thousands_of_fuzzed_calls_end_as_in_memory(sessions: PostgresSessions, request: pytest.FixtureRequest) -> None:
    """Abuse is answered alike by both, and the companies on the database stay as they were."""
    report = fuzz_calls(sessions, calls=FUZZED, seed=4)
    assert report.calls >= 5_000
    assert report == fuzz_calls(MemorySessions(), calls=FUZZED, seed=4)
    request.node.user_properties.append(("figures", f"memory and PostgreSQL: {report}"))
