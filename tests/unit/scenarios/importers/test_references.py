"""References to earlier turns, and placeholders."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.scenarios.importers.references import fill, leaves, look_up, placeholders, places_of_placeholders, spell

FOUND = {"results": [{"id": "a", "name": "First", "owner": None}, {"id": "b", "name": "Second"}], "total": 2}
DETAILS = {
    "opportunity": {"opportunity_id": "o1", "client_id": "c1", "name": "Deal", "owner": None, "amount": 12.5},
    "client": {"client_id": "c1", "name": "Firm", "owner": "kim", "phone": "1"},
    "contacts": [{"contact_id": "k1", "email": "k1@x.example"}, {"contact_id": "k2"}],
    "quotes": [],
}


@pytest.mark.parametrize(
    ("result", "field", "value"),
    [
        pytest.param({"amount": 5}, "amount", 5, id="a field of a record"),
        pytest.param(FOUND, "id", "a", id="a list stands for its first element"),
        pytest.param(FOUND, "total", 2, id="what only the list itself has"),
        pytest.param(FOUND, "results.1.name", "Second", id="a path"),
        pytest.param(FOUND, "results.name", "First", id="a path through a list"),
        pytest.param(FOUND, "results.7.name", None, id="a path past the end"),
        pytest.param(FOUND, "owner", None, id="empty in the first element"),
        pytest.param({"results": [], "total": 0}, "id", None, id="an empty result"),
        pytest.param(DETAILS, "name", "Deal", id="the record itself before those around it"),
        pytest.param(DETAILS, "owner", None, id="its empty field hides the field of another record"),
        pytest.param(DETAILS, "phone", "1", id="what only a record around it has"),
        pytest.param(DETAILS, "contact_id", "k1", id="the first of a list around it"),
        pytest.param(DETAILS, "quote_id", None, id="an empty list around it"),
        pytest.param(DETAILS, "client.name", "Firm", id="a path to a record around it"),
        pytest.param(DETAILS, "contacts.1.contact_id", "k2", id="a path into a list around it"),
        pytest.param({"deleted": {"quote_id": "q"}}, "quote_id", "q", id="what was deleted"),
        pytest.param({"name": "x"}, "name.first", None, id="a path into a text"),
        pytest.param({}, "name", None, id="nothing"),
    ],
)
def test_a_field_of_a_result_is_found(result: dict[str, Any], field: str, value: object) -> None:
    """From the outside in, first element of lists, None where there is nothing."""
    assert look_up(result, field) == value


@pytest.mark.parametrize(
    ("value", "filled", "left"),
    [
        pytest.param("{{turn_1.total}}", 2, [], id="alone it keeps its type"),
        pytest.param("{{ turn_1.id }}", "a", [], id="with spaces"),
        pytest.param("n={{turn_1.total}}, {{turn_2.amount}}", "n=2, 12.5", [], id="inside a text it is spelled"),
        pytest.param({"a": [{"b": "{{turn_1.id}}"}]}, {"a": [{"b": "a"}]}, [], id="nested"),
        pytest.param("{{turn_3.id}}", "{{turn_3.id}}", ["{{turn_3.id}}"], id="no such turn"),
        pytest.param(
            "{{turn_1.id}} {{turn_1.nope}}", "a {{turn_1.nope}}", ["{{turn_1.nope}}"], id="one of two is there"
        ),
        pytest.param("{{stage}} {x} {{}} { turn_1.id }", "{{stage}} {x} {{}} { turn_1.id }", [], id="no references"),
        pytest.param([1, None, True, 2.5], [1, None, True, 2.5], [], id="no texts"),
    ],
)
def test_references_are_filled(value: object, filled: object, left: list[str]) -> None:
    """What is not there leaves the text as it is, and is told."""
    found = fill(value, {1: FOUND, 2: DETAILS})
    assert found.value == filled
    assert type(found.value) is type(filled)
    assert [place.text for place in found.unresolved] == left


def test_the_place_of_an_unresolved_reference_is_told() -> None:
    """As a path of names and numbers."""
    (place,) = fill({"criteria": {"ids": ["x", "{{turn_9.id}}"]}}, {}).unresolved
    assert (place.path, place.argument) == (("criteria", "ids", "1"), "criteria.ids.1")


@given(st.recursive(st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_without_references_nothing_changes(value: object) -> None:
    """Whatever the data are."""
    if not any(isinstance(leaf, str) and "{{" in leaf for _, leaf in leaves(value)):
        assert fill(value, {1: FOUND}).value == value


def test_a_filled_value_is_not_filled_again() -> None:
    """What a record holds is data, also when it looks like a reference."""
    assert fill("{{turn_1.name}}!", {1: {"name": "{{turn_2.id}}"}, 2: {"id": "secret"}}).value == "{{turn_2.id}}!"


def test_a_message_is_always_a_text() -> None:
    """A number alone is spelled out."""
    assert spell("{{turn_1.total}}", lambda turn, field: look_up({1: FOUND}[turn], field)) == "2"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("Find {stage} at {{company_name}}", ("{stage}", "{{company_name}}"), id="both kinds"),
        pytest.param("Compare {quote_id_1} and {quote_id_2}", ("{quote_id_1}", "{quote_id_2}"), id="with digits"),
        pytest.param("As in {{turn_1.name}}", (), id="a reference is none"),
        pytest.param('{"a": 1} {} {2} { x }', (), id="braces of other kinds"),
    ],
)
def test_placeholders_are_told_apart_from_references(text: str, found: tuple[str, ...]) -> None:
    """And from JSON."""
    assert placeholders(text) == found


def test_placeholders_in_arguments_are_found_with_their_place() -> None:
    """At any depth."""
    (place,) = places_of_placeholders({"updates": [{"stage": "to {stage}"}], "n": 1})
    assert (place.argument, place.text) == ("updates.0.stage", "{stage}")
