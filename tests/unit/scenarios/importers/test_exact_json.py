"""JSON that comes out as it went in, or is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.core.errors import InputFileError
from atlas.scenarios.importers.exact_json import LineForm, form_of, parse_exact, render

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)


@given(value=VALUES, form=st.sampled_from(LineForm))
def test_what_json_dumps_wrote_comes_back_byte_for_byte(value: object, form: LineForm) -> None:
    """In each of its spellings, with the types of numbers and the order of keys."""
    text = render(value, form)
    found = parse_exact(text, "x:1")
    assert json.dumps(found) == json.dumps(value)
    assert render(found, form_of(text, found)) == text


def test_the_default_spelling_of_python_is_one_of_them() -> None:
    """A plain dump with an escape is recognised, and so is a compact one."""
    data = {"a": "é", "b": [1, 2]}
    assert form_of(json.dumps(data), data) is LineForm.SPACED_ASCII
    assert form_of(json.dumps(data, separators=(",", ":")), data) is LineForm.COMPACT_ASCII


def test_a_spelling_of_its_own_keeps_the_data() -> None:
    """Spaces elsewhere are lost, the data are not; what was ASCII stays ASCII."""
    text = '{ "a" :  "\\u00e9", "b": 1.50 }'
    found = parse_exact(text, "x:1")
    again = render(found, form_of(text, found))
    assert parse_exact(again, "x:1") == found == {"a": "é", "b": 1.5}
    assert again.isascii()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param('{"a": 1, "b": {"c": 1, "c": 2}}', "the key 'c' stands twice in one object", id="twice"),
        pytest.param('{"a": NaN}', "NaN is no JSON number", id="nan"),
        pytest.param('{"a": -Infinity}', "-Infinity is no JSON number", id="infinity"),
        pytest.param('{"a": 1e999}', "the number 1e999 is too large", id="float"),
        pytest.param('{"a": ' + "9" * 5_000 + "}", "has 5000 digits", id="digits"),
        pytest.param("[" * 200_000, "nested too deep", id="deep"),
        pytest.param('{"a": 1', "not valid JSON", id="torn"),
        pytest.param("", "not valid JSON", id="empty"),
        pytest.param("{'a': 1}", "not valid JSON", id="quotes"),
    ],
)
def test_what_could_not_be_written_back_is_refused(text: str, told: str) -> None:
    """With the place and the offending part."""
    with pytest.raises(InputFileError) as caught:
        parse_exact(text, "file.jsonl:7")
    assert str(caught.value).startswith("file.jsonl:7: ")
    assert told in str(caught.value)
