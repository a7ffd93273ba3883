"""A line of a run can be written and read back, whatever an agent has put into it."""

from __future__ import annotations

import enum
import json
import math
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.core.canonical import canonical_json
from atlas.core.records import as_json, record
from atlas.settings.parsing import parse_record
from atlas.telemetry.escaping import DEEPEST, escaped
from atlas.telemetry.jsonl import JsonlSink, encoded_line, read_jsonl_tolerant


class Colour(enum.StrEnum):
    RED = "red"


@record
class Entry:
    """What a run might keep of a call."""

    tool: str
    arguments: dict[str, object]


def nested(levels: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(levels - 1):
        inner = [inner]
    return inner


UNWRITABLE = {
    "nan": math.nan,
    "infinity": math.inf,
    "minus-infinity": -math.inf,
    "half-a-pair": "a\ud800b",
    "half-a-pair-in-a-key": {"\udfff": 1},
    "huge-number": 10**100_000,
    "deep-list": nested(100_000),
    "too-deep-to-be-parsed": nested(250),
    "set": {1, "a"},
    "bytes": b"\xff",
    "object": object(),
    "key-that-is-no-text": {(1, 2): 3, None: 4, math.nan: 5, b"x": 6},
}


@pytest.mark.parametrize("value", UNWRITABLE.values(), ids=UNWRITABLE)
def test_an_agents_arguments_never_keep_a_line_from_being_written(tmp_path: Path, value: object) -> None:
    """The sink takes the record, the line after it too, and both are read back as records."""
    path = tmp_path / "traces.jsonl"
    with JsonlSink(path) as sink:
        sink.append(Entry("add_note", {"content": value, "kept": "as it was"}))
        sink.append(Entry("next", {}))
    first, second = (parse_record(Entry, line, "line") for line in read_jsonl_tolerant(path))
    assert (first.tool, first.arguments["kept"], second.tool) == ("add_note", "as it was", "next")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=20,
    )
)
def test_ordinary_data_stays_byte_for_byte(value: object) -> None:
    """Escaping is for what has no JSON form only: everything else is its canonical JSON, escaped or not."""
    assert canonical_json(escaped(value)) == canonical_json(value)
    assert encoded_line(value) == f"{canonical_json(value)}\n"


def test_records_escape_to_their_json() -> None:
    """Dates, enums and records inside an escaped line look as they do in any other."""
    entry = Entry("x", {"day": date(2026, 3, 2), "colour": Colour.RED, "pair": (1, None, True)})
    assert escaped(entry) == as_json(entry)
    assert type(cast("Any", escaped(Colour.RED))) is str


def test_the_deepest_level_that_is_kept() -> None:
    """A list of exactly that many levels stays whole, one more is cut where it becomes too deep."""
    assert encoded_line(nested(DEEPEST)) == "[" * DEEPEST + "]" * DEEPEST + "\n"
    assert '"$escaped":"nested more than 60 deep"' in encoded_line(nested(DEEPEST + 1))


def test_brackets_in_texts_are_no_levels() -> None:
    """A text full of brackets and quotes is written as it is."""
    text = '[{"' * 100 + "\\"
    assert json.loads(encoded_line([text])) == [text]
    assert "$escaped" not in encoded_line([text])


def test_equal_values_escape_to_equal_lines() -> None:
    """What a line says does not depend on where an object lies or on the order of a set."""
    assert encoded_line([object(), {"b", "a"}, math.nan]) == encoded_line([object(), {"a", "b"}, math.nan])
