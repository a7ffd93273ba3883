"""Arguments are known, complete and valid, or the first problem is named."""

from __future__ import annotations

from typing import cast

import pytest

from atlas.crm.records import Entity, ErrorCode, JsonObject, ToolError
from atlas.crm.rules.arguments import ArgumentForm, unknown_operator, unknown_order
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


NOT_KEPT = "the CRM keeps no such thing; leave it out, or write it into a note with add_note"


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("price", "unknown argument `price`; did you mean `amount`?", None),
        (
            "chance",
            "unknown argument `chance`; did you mean `probability`?",
            "it takes a whole number of percent, such as 60",
        ),
        (
            "priority",
            f"unknown argument `priority`; {NOT_KEPT}",
            NOT_KEPT,
        ),
        (
            "created",
            "argument `created` (`created_date`) of make_deal cannot be given: it is set by the CRM",
            "leave it out",
        ),
        ("x" * 70, f"unknown argument {'x' * 60 + '...'}; make_deal takes: name, amount, probability", None),
    ],
    ids=["other-word", "with-advice", "not-kept", "set-by-the-crm", "long"],
)
def test_unknown_names_are_read(name: str, message: str, hint: str | None) -> None:
    """A word that people use for an argument leads to it; one that none stands for says what to do."""
    error = error_of(FORM.parse({name: 1}, TODAY))
    assert (error.message, error.hint) == (message, hint)


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("Opportunity.client_id", "it takes the id of a client; look it up with client_search"),
        ("Opportunity.amount", "it takes a JSON number in currency units, such as 12500"),
        ("Quote.status", "it takes one of Draft, Sent"),
        ("Opportunity.name", None),
    ],
    ids=str,
)
def test_what_is_missing_is_described(path: str, hint: str | None) -> None:
    """Who left an argument out learns what it takes."""
    entity, _, name = path.partition(".")
    form = ArgumentForm("make", (SCHEMA[Entity(entity)].field(name),), required=(name,), creating=True)
    assert error_of(form.parse({}, TODAY)).hint == hint


NUMBERS = ("equals", "gte", "lte", "in")


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("$gt", "unknown operator `$gt` for `amount`; did you mean `gte`?", "the bound itself is included"),
        ("between", "unknown operator `between` for `amount`; did you mean `gte` and `lte`?", "give both bounds"),
        (
            "!=",
            "unknown operator `!=` for `amount`; allowed: equals, gte, lte, in",
            "there is no operator for what a field is not; search wider and leave results out",
        ),
        ("like", "unknown operator `like` for `amount`; allowed: equals, gte, lte, in", None),
        ("equal_to", "unknown operator `equal_to` for `amount`; did you mean `equals`?", None),
        (5, "unknown operator 5 for `amount`; allowed: equals, gte, lte, in", None),
    ],
    ids=str,
)
def test_unknown_operators_are_read(name: object, message: str, hint: str | None) -> None:
    """Signs and words of other languages; where there is no such operator, the error says what to do."""
    error = unknown_operator("amount", name, NUMBERS)
    assert (error.code, error.field, error.message, error.hint) == (
        ErrorCode.UNKNOWN_ARGUMENT,
        "amount",
        message,
        hint,
    )


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("amount desc", "did you mean '-amount'?"),
        ("AMOUNT DESC", "did you mean '-amount'?"),
        ("amount:asc", "did you mean 'amount'?"),
        ("desc(amount)", "did you mean '-amount'?"),
        ("closeDate", "did you mean 'close_date'?"),
        ("-value", "did you mean '-amount'?"),
        ("close_date, amount", "did you mean 'close_date'?"),
        ("zebra", None),
        ("x" * 5_000, None),
    ],
    ids=lambda value: str(value)[:20],
)
def test_orders_are_read(given: str, hint: str | None) -> None:
    """The direction may stand behind the field, as in SQL, and the field may be called otherwise."""
    error = unknown_order("order_by", given, ("name", "amount", "close_date"))
    assert (error.code, error.field, error.hint) == (ErrorCode.INVALID_ENUM, "order_by", hint)
    assert error.message.endswith("allowed, with or without a leading -: name, amount, close_date")
