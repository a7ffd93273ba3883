"""Any JSON value can be put into a sentence."""

from __future__ import annotations

import functools
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.crm.wording import escaped, kept, kind_of, listed, named, nearest_argument, quoted

DEEP: list[object] = functools.reduce(lambda inner, _: [inner], range(10_000), list[object]())

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("it's", '"it\'s"'),
        ("x" * 70, repr("x" * 60 + "...")),
        ("a\x00b", "'a\\x00b'"),
        ("a\nb", "'a\\nb'"),
        ("\ud800", "'\\ud800'"),
        (None, "null"),
        (False, "false"),
        (12, "12"),
        (-(10**70), "a number of 233 bits"),
        (2.5, "2.5"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        ({}, "an object"),
        (DEEP, "a list"),
        (b"x", "a bytes"),
    ],
    ids=kind_of,
)
def test_a_value_is_quoted_short_and_on_one_line(value: object, text: str) -> None:
    """What messages show of an offending value."""
    assert quoted(value) == text


@given(VALUES)
def test_what_an_error_keeps_has_a_json_form_and_is_short(value: object) -> None:
    """An error can always be written down."""
    text = json.dumps(kept(value), allow_nan=False, ensure_ascii=False)
    text.encode()
    assert len(text) <= 3_000
    assert len(quoted(value)) <= 130
    assert "\n" not in quoted(value)


def test_characters_that_nobody_sees_can_be_shown() -> None:
    """A message about such characters shows them, and stays short."""
    assert escaped("Ac\u200bme") == "'Ac\\u200bme'"
    assert len(escaped("\U000e0041" * 500)) <= 130


def test_short_values_are_kept_as_they_are() -> None:
    """The offending value is the one that was given."""
    for value in ("x", 5, 2.5, True, None):
        assert kept(value) is value
    assert kept("y" * 300) == "y" * 200 + "..."
    assert kept(DEEP) == "a list"
    assert kept(math.nan) == "NaN"
    assert kept("\ud800") == "'\\ud800'"


def test_names_are_set_in_backquotes_unless_they_are_long() -> None:
    """A name of any length fits into a message."""
    assert named("amount") == "`amount`"
    assert named("a" * 80) == "a" * 60 + "..."
    assert named(5) == "5"


def test_long_lists_are_cut() -> None:
    """No message lists dozens of names."""
    assert listed(["a", "b"]) == "a, b"
    assert listed([str(number) for number in range(15)]).endswith("11 and 3 others")
    assert listed([str(number) for number in range(13)]).endswith("11 and 1 other")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("opportunity_name", "name"),
        ("Close Date", "close_date"),
        ("closedate", "close_date"),
        ("client", "client_id"),
        ("client_name", "client_id"),
        ("zebra", None),
        ("x" * 500, None),
        (5, None),
    ],
    ids=lambda value: str(value)[:20],
)
def test_the_nearest_argument_is_found(name: object, nearest: str | None) -> None:
    """People put the record's word in front, write spaces, or nearly remember a name."""
    assert nearest_argument(name, ["name", "client_id", "close_date"], owner="opportunity") == nearest
