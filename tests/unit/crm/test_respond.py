"""What an agent tells the user is read exactly, or the first problem is named."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.core.canonical import canonical_json
from atlas.crm.records import ErrorCode, Outcome, ReasonCode, Response, ToolError
from atlas.crm.respond import RESPOND, parse_response

OK: dict[str, object] = {"message": "Done.", "outcome": "done"}

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("arguments", "response"),
    [
        (OK, Response("Done.")),
        ({**OK, "reason_code": None, "facts": None}, Response("Done.")),
        (
            {"message": "Which one?", "outcome": "asked", "reason_code": "ambiguous_request", "facts": {}},
            Response("Which one?", Outcome.ASKED, ReasonCode.AMBIGUOUS_REQUEST),
        ),
        (
            {**OK, "facts": {"amount": 5000.5, "owner": None, "quotes": ["a", 2, True], "name": ""}},
            Response("Done.", facts={"amount": 5000.5, "owner": None, "quotes": ["a", 2, True], "name": ""}),
        ),
    ],
    ids=["plain", "nulls", "asked", "facts"],
)
def test_a_response_is_read(arguments: dict[str, object], response: Response) -> None:
    """Message, outcome, reason and facts as they were given."""
    assert parse_response(arguments) == response


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("Done.", "invalid_type", "`arguments` must be an object, not a text: 'Done.'"),
        ({"outcome": "done"}, "missing_argument", "missing argument `message`; respond needs: message, outcome"),
        ({"message": "x"}, "missing_argument", "missing argument `outcome`; respond needs: message, outcome"),
        ({**OK, "message": "  "}, "blank", "`message` must not be blank"),
        (
            {**OK, "text": "x"},
            "unknown_argument",
            "unknown argument `text`; did you mean `message`?",
        ),
        (
            {**OK, "outcome": "Done"},
            "invalid_enum",
            "`outcome` cannot be 'Done'; allowed: done, asked, refused, reported",
        ),
        ({**OK, "facts": ["x"]}, "invalid_type", "`facts` must be an object of names and values, not a list"),
        (
            {**OK, "facts": {"amount": {"value": 5}}},
            "invalid_type",
            "fact `amount` must be a text, a number, a boolean, null, or a list of them, not an object",
        ),
        (
            {**OK, "facts": {"amount": [[5]]}},
            "invalid_type",
            "fact `amount` must be a text, a number, a boolean, null, or a list of them, not a list",
        ),
        ({**OK, "facts": {"amount": math.nan}}, "out_of_range", "fact `amount` is no usable number: NaN"),
        (
            {**OK, "facts": {"amount": 10**400}},
            "out_of_range",
            "fact `amount` is no usable number: a number of 1329 bits",
        ),
        ({**OK, "facts": {"": 5}}, "blank", "`facts` must not be blank"),
        (
            {**OK, "facts": {"name": "a\x00"}},
            "invalid_format",
            "`facts` contains control characters: 'a\\x00'; leave them out",
        ),
        (
            {**OK, "facts": {str(number): 1 for number in range(101)}},
            "too_long",
            "`facts` has 101 entries; at most 100 are allowed",
        ),
        (
            {**OK, "facts": {"names": ["x"] * 201}},
            "too_long",
            "fact `names` has 201 items; at most 200 are allowed",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_a_bad_response_is_an_error_value(arguments: object, code: str, message: str) -> None:
    """Messages are part of the contract."""
    error = parse_response(arguments)
    assert isinstance(error, ToolError)
    assert (error.code, error.message) == (ErrorCode(code), message)


@given(VALUES | st.fixed_dictionaries({"message": VALUES, "outcome": st.just("done"), "facts": VALUES}))
def test_any_json_value_gets_an_answer_that_can_be_written_down(arguments: object) -> None:
    """No response of any shape breaks the episode or its record."""
    canonical_json(parse_response(arguments)).encode()


def test_the_schema_tells_the_reason_codes_and_the_rule_for_facts() -> None:
    """Everything that an agent needs to know about ``respond`` is in its schema."""
    text = canonical_json(RESPOND.parameters)
    assert all(reason.value in text for reason in ReasonCode)
    for name in ("total_amount", "average_amount", "count", "opportunities", "contacts", "quotes", "clients"):
        assert name in text
