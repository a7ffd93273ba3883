"""Which migrations a database lacks, and when nothing must be applied at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.core.errors import StorageError
from atlas.storage.migrations import Applied, Migration, pending

WANTED = tuple(Migration(name=f"step_{number}", sql=f"create table t{number} ();\n") for number in range(4))


def _applied(*changes: Migration) -> list[Applied]:
    return [Applied(name=change.name, checksum=change.checksum) for change in changes]


@given(done=st.integers(0, len(WANTED)))
def test_what_is_missing_is_the_rest(done: int) -> None:
    """Whatever a database has of the list, the others follow in their order."""
    assert [*WANTED[:done], *pending("demo", _applied(*WANTED[:done]), WANTED)] == list(WANTED)


@pytest.mark.parametrize(
    ("applied", "problem"),
    [
        pytest.param(
            [Applied("step_0", Migration("step_0", "create table other ()").checksum)],
            r"'step_0' of 'demo' was changed after it was applied .* write a further migration",
            id="changed",
        ),
        pytest.param(
            _applied(*WANTED, Migration("step_9", "")),
            r"'step_9' of 'demo', which this version of Atlas does not know; use the version that applied it",
            id="newer-database",
        ),
        pytest.param(
            _applied(WANTED[1]),
            r"'step_1' as migration 1 of 'demo', where .* has 'step_0'; .* only ever added at the end",
            id="another-order",
        ),
    ],
)
def test_a_database_with_another_past_is_left_alone(applied: list[Applied], problem: str) -> None:
    """The message names the migration and says what to do."""
    with pytest.raises(StorageError, match=problem):
        pending("demo", applied, WANTED)


def test_a_name_stands_for_one_migration() -> None:
    """Two of one name are a mistake in the list."""
    with pytest.raises(ValueError, match="two migrations of 'demo' have one name: step_0, step_0"):
        pending("demo", [], [WANTED[0], WANTED[0]])


@pytest.mark.parametrize(
    ("sql", "same"),
    [
        pytest.param("create table t (\r\n  a int\r\n);", True, id="line-ends"),
        pytest.param("\ncreate table t (  \n  a int\n);\n\n", True, id="outer-space"),
        pytest.param("create table t (\n  b int\n);", False, id="a-letter"),
        pytest.param("create table t (\n\n  a int\n);", False, id="an-inner-line"),
    ],
)
def test_the_checksum_is_that_of_the_statements(sql: str, *, same: bool) -> None:
    """A checkout with other line ends is no change; everything else is."""
    unchanged = Migration("make", "create table t (\n  a int\n);").checksum
    assert (Migration("make", sql).checksum == unchanged) is same
