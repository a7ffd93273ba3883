"""SQL in named blocks: what a file may look like, and that a mistake in one is noticed when it is loaded."""

from __future__ import annotations

import pytest

from atlas.storage.queries import load_queries, parse_queries

TWO = """-- What this file is for.

-- name: first
-- Says one
-- thing.
select 1;

--name:second_of_2
-- Keeps comments inside.
select 2  -- two
-- and only
from t;
"""


def test_a_block_is_found_by_its_name() -> None:
    """Without its comment, with the comments inside of it, in the order of the file."""
    queries = parse_queries(TWO, "two.sql")
    assert list(queries) == ["first", "second_of_2"]
    assert queries["first"] == "select 1;"
    assert queries["second_of_2"] == "select 2  -- two\n-- and only\nfrom t;"


def test_the_blocks_cannot_be_changed() -> None:
    """What is loaded once is the same for all who use it."""
    with pytest.raises(TypeError):
        parse_queries(TWO, "two.sql")["first"] = "drop table t"  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("select 1;\n", "SQL in front of the first line", id="no-name"),
        pytest.param("select 0;\n" + TWO, "SQL in front of the first line", id="before-the-first-name"),
        pytest.param("-- name:\n-- x\nselect 1;", "'' is no name", id="empty-name"),
        pytest.param("-- name: Two Words\n-- x\nselect 1;", "'Two Words' is no name", id="bad-name"),
        pytest.param(TWO + "-- name: first\n-- x\nselect 1;", "two queries are named 'first'", id="taken"),
        pytest.param("-- name: bare\nselect 1;", "'bare' has no comment", id="no-comment"),
        pytest.param("-- name: idle\n-- Does nothing.\n", "'idle' has no SQL", id="no-sql"),
    ],
)
def test_a_mistake_is_noticed_and_named(text: str, problem: str) -> None:
    """With the file and the query it is in."""
    with pytest.raises(ValueError, match=rf"^here\.sql: .*{problem}"):
        parse_queries(text, "here.sql")


def test_an_empty_file_has_no_queries() -> None:
    """Comments alone are fine."""
    assert dict(parse_queries("-- Nothing yet.\n", "empty.sql")) == {}


def test_a_file_of_a_package_is_loaded() -> None:
    """By the package's name and the path in it; each of its queries has SQL."""
    queries = load_queries("atlas.storage", "migrations.sql")
    assert {"lock", "make_table", "list_applied", "remember"} <= set(queries)
    with pytest.raises(FileNotFoundError):
        load_queries("atlas.storage", "no-such-file.sql")
