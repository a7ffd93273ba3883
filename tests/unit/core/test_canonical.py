"""Canonical JSON and records."""

from __future__ import annotations

import enum
import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.core.canonical import canonical_json, content_hash
from atlas.core.ids import content_id
from atlas.core.records import as_json, record

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class Colour(enum.StrEnum):
    RED = "red"


@record
class Point:
    x: int
    colour: Colour = Colour.RED
    seen: tuple[date, ...] = ()


@given(JSON)
def test_canonical_json_reads_back_as_the_same_data(value: object) -> None:
    """Nothing is lost, whatever the data."""
    assert json.loads(canonical_json(value)) == value


@given(st.dictionaries(st.text(), st.integers()))
def test_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    """Equal objects have one text and one hash."""
    backwards = dict(reversed(list(value.items())))
    assert canonical_json(value) == canonical_json(backwards)
    assert content_hash(value) == content_hash(backwards)


def test_a_record_becomes_an_object_with_plain_values() -> None:
    """Enums become values, dates texts, tuples lists."""
    assert as_json(Point(1, seen=(date(2026, 3, 2),))) == {"x": 1, "colour": "red", "seen": ["2026-03-02"]}
    assert type(as_json(Colour.RED)) is str
    assert as_json(datetime(2026, 3, 2, 9, tzinfo=UTC)) == "2026-03-02T09:00:00+00:00"


def test_sets_are_sorted() -> None:
    """A set has one text, whatever the hash seed of the process."""
    assert as_json(frozenset({"b", "a"})) == ["a", "b"]


def test_a_value_without_a_json_form_is_named() -> None:
    """The error names type and value."""
    with pytest.raises(TypeError, match="object has no JSON form"):
        as_json({"a": object()})


def test_numbers_that_are_no_json_are_refused() -> None:
    """NaN would make a file that no parser has to accept."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(float("nan"))


def test_content_ids_depend_on_the_content_only() -> None:
    """The prefix tells the kind, the rest the content."""
    assert content_id("sc", {"a": 1, "b": 2}) == content_id("sc", {"b": 2, "a": 1})
    assert content_id("sc", {"a": 1}) != content_id("sc", {"a": 2})
    assert content_id("pb", {"a": 1}).startswith("pb-")


def test_a_record_cannot_be_changed() -> None:
    """Records are frozen and take no further attributes."""
    with pytest.raises(AttributeError):
        Point(1).x = 2  # type: ignore[misc]
