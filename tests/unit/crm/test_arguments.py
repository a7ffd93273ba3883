"""Arguments are known, complete and valid, or the first problem is named."""

from __future__ import annotations

from typing import cast

import pytest

from atlas.crm.records import Entity, ErrorCode, JsonObject, ToolError
from atlas.crm.rules.arguments import ArgumentForm
from atlas.crm.schema import SCHEMA

TODAY = "2026-03-02"
FIELDS = tuple(SCHEMA[Entity.OPPORTUNITY].field(name) for name in ("name", "amount", "probability"))
FORM = ArgumentForm(
    "make_deal",
    FIELDS,
    required=("name", "amount"),
    withheld={"created_date": "it is set by the CRM"},
    owner="deal",
)


def error_of(result: object) -> ToolError:
    assert isinstance(result, ToolError)
    return result


def test_values_come_out_stored_and_in_schema_order() -> None:
    """The order in which a caller writes arguments makes no difference."""
    values = FORM.parse({"probability": 20, "amount": 1.5, "name": "X"}, TODAY)
    assert list(cast("dict[str, object]", values).items()) == [("name", "X"), ("amount", 150), ("probability", 20)]


def test_null_counts_as_not_given() -> None:
    """Models often send null for what they leave out."""
    assert FORM.parse({"name": "X", "amount": 1, "probability": None}, TODAY) == {"name": "X", "amount": 100}


@pytest.mark.parametrize(
    ("arguments", "code", "field", "message"),
    [
        ([], "invalid_type", "arguments", "`arguments` must be an object, not a list"),
        (None, "invalid_type", "arguments", "`arguments` must be an object, not null"),
        ({}, "missing_argument", "name", "missing argument `name`; make_deal needs: name, amount"),
        (
            {"name": "X", "amount": None},
            "missing_argument",
            "amount",
            "missing argument `amount`; make_deal needs: name, amount",
        ),
        ({"deal_name": "X"}, "unknown_argument", "deal_name", "unknown argument `deal_name`; did you mean `name`?"),
        (
            {"colour": "red"},
            "unknown_argument",
            "colour",
            "unknown argument `colour`; make_deal takes: name, amount, probability",
        ),
        (
            {"created_date": "2026-01-01"},
            "unknown_argument",
            "created_date",
            "argument `created_date` of make_deal cannot be given: it is set by the CRM",
        ),
        ({5: "X"}, "unknown_argument", None, "unknown argument 5; make_deal takes: name, amount, probability"),
        ({"name": "X", "amount": "1"}, "invalid_type", "amount", "`amount` must be a number, not a text: '1'"),
        ({"amount": "1", "name": ""}, "blank", "name", "`name` must not be blank"),
    ],
    ids=["list", "null", "empty", "null-required", "near", "far", "withheld", "number", "type", "schema-order"],
)
def test_the_first_problem_is_named(arguments: object, code: str, field: str | None, message: str) -> None:
    """Unknown names come first, then missing ones, then values in schema order."""
    error = error_of(FORM.parse(arguments, TODAY))
    assert (error.code, error.field, error.message) == (ErrorCode(code), field, message)


@pytest.mark.parametrize(
    ("updates", "values"),
    [({}, {}), ({"probability": None}, {"probability": None}), ({"amount": 2}, {"amount": 200})],
    ids=str,
)
def test_updates_may_leave_out_and_empty_fields(updates: JsonObject, values: object) -> None:
    """A field that may be empty is emptied by null."""
    assert FORM.parse_updates(updates, TODAY) == values


@pytest.mark.parametrize(
    ("updates", "code", "message"),
    [
        ({"name": None}, "blank", "`name` cannot be emptied; give it another value or leave it out"),
        ({"nam": "X"}, "unknown_argument", "unknown argument `nam`; did you mean `name`?"),
        ({"probability": 0}, "out_of_range", "`probability` must be between 1 and 99, got 0"),
    ],
    ids=["required", "unknown", "value"],
)
def test_wrong_updates_are_rejected(updates: JsonObject, code: str, message: str) -> None:
    """Required fields cannot be emptied; names and values are checked as everywhere."""
    error = error_of(FORM.parse_updates(updates, TODAY))
    assert (error.code, error.message) == (ErrorCode(code), message)
