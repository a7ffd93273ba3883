"""Each field has a type, a form and bounds, and says in one sentence what is wrong with a value."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.crm.fields import FieldDef
from atlas.crm.records import Entity, ErrorCode, FieldValue, ToolError
from atlas.crm.rules.values import parse_day, text_error, value_check, wrong_type
from atlas.crm.schema import SCHEMA
from atlas.crm.wording import quoted

TODAY = "2026-03-02"
EXTENSIONS = "csv, doc, docx, key, pdf, ppt, pptx, txt, xlsx"
STAGES = "Prospecting, Qualification, Proposal, Negotiation, Closed-Won, Closed-Lost"


def field(path: str) -> FieldDef:
    entity, _, name = path.partition(".")
    return SCHEMA[Entity(entity)].field(name)


@pytest.mark.parametrize(
    ("path", "value", "stored"),
    [
        ("Client.name", "Halden Foods", "Halden Foods"),
        ("Client.name", "Café Zürich 東京", "Café Zürich 東京"),
        ("Client.name", "non\u00a0breaking", "non\u00a0breaking"),
        ("Client.name", "x" * 200, "x" * 200),
        ("Client.email", "o'neil+crm@mail.halden-foods.example", "o'neil+crm@mail.halden-foods.example"),
        ("Client.status", "Prospect", "Prospect"),
        ("Opportunity.amount", 0.01, 1),
        ("Opportunity.amount", 10_000_000, 1_000_000_000),
        ("Opportunity.amount", 1250.5, 125_050),
        ("Opportunity.amount", 19.99, 1_999),
        ("Opportunity.probability", 1, 1),
        ("Opportunity.probability", 99.0, 99),
        ("Opportunity.close_date", "2026-03-02", "2026-03-02"),
        ("Opportunity.close_date", "2028-02-29", "2028-02-29"),
        ("Opportunity.notes", "two\nlines", "two\nlines"),
        ("Client.name", "Cafe\u0301", "Caf\u00e9"),
        ("Client.name", "\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("Opportunity.notes", "\ufeffpasted\u200b \u202etext", "\ufeffpasted\u200b \u202etext"),
        ("Opportunity.notes", "Cafe\u0301", "Caf\u00e9"),
        ("Opportunity.client_id", "Cafe\u0301", "Cafe\u0301"),
        ("Client.email", "a" * 64 + "@x.example", "a" * 64 + "@x.example"),
        ("Contract.start_date", "2020-01-01", "2020-01-01"),
        ("Contract.document_url", "https://files.example:8443/a?b=c#d", "https://files.example:8443/a?b=c#d"),
        ("Document.file_name", "Offer v2 (final).PDF", "Offer v2 (final).PDF"),
        ("Company.contacts", ["A. Bell", "C. Dorn"], ("A. Bell", "C. Dorn")),
        ("Company.contacts", [], ()),
    ],
    ids=quoted,
)
def test_valid_values_are_stored(path: str, value: object, stored: FieldValue) -> None:
    """What the CRM takes, and how it keeps it."""
    result = value_check(field(path))(value, TODAY)
    assert result == stored
    assert type(result) is type(stored)


@pytest.mark.parametrize(
    ("path", "value", "code", "message"),
    [
        ("Client.name", 5, "invalid_type", "`name` must be a text, not a number: 5"),
        ("Client.name", ["x"], "invalid_type", "`name` must be a text, not a list"),
        ("Client.name", "", "blank", "`name` must not be blank"),
        ("Client.name", " \t ", "blank", "`name` must not be blank"),
        ("Client.name", "x" * 201, "too_long", "`name` has 201 characters; at most 200 are allowed"),
        (
            "Client.name",
            "a\x00b",
            "invalid_format",
            "`name` contains control characters: 'a\\x00b'; leave them out",
        ),
        (
            "Client.name",
            "\udc80",
            "invalid_format",
            "`name` contains control characters: '\\udc80'; leave them out",
        ),
        (
            "Client.name",
            "a\nb",
            "invalid_format",
            "`name` must be one line, got 'a\\nb'; leave out line breaks and tabs",
        ),
        ("Note.content", "x" * 4001, "too_long", "`content` has 4001 characters; at most 4000 are allowed"),
        ("Note.content", "x\x07", "invalid_format", "`content` contains control characters: 'x\\x07'; leave them out"),
        (
            "Client.email",
            "office@halden",
            "invalid_format",
            "`email` is not an e-mail address: 'office@halden'; write it like name@example.com",
        ),
        (
            "Client.email",
            "a b@c.example",
            "invalid_format",
            "`email` is not an e-mail address: 'a b@c.example'; write it like name@example.com",
        ),
        ("Client.email", "", "blank", "`email` must not be blank"),
        (
            "Client.email",
            "a..b@c.example",
            "invalid_format",
            "`email` is not an e-mail address: 'a..b@c.example'; write it like name@example.com",
        ),
        (
            "Client.email",
            ".a@c.example",
            "invalid_format",
            "`email` is not an e-mail address: '.a@c.example'; write it like name@example.com",
        ),
        (
            "Client.email",
            "a@-c.example",
            "invalid_format",
            "`email` is not an e-mail address: 'a@-c.example'; write it like name@example.com",
        ),
        (
            "Client.email",
            "b\u00fcro@c.example",
            "invalid_format",
            "`email` is not an e-mail address: 'b\u00fcro@c.example'; write it like name@example.com",
        ),
        (
            "Client.email",
            "a" * 65 + "@x.example",
            "invalid_format",
            f"`email` is not an e-mail address: {'a' * 60 + '...'!r}; write it like name@example.com",
        ),
        ("Client.email", "a@" + "x" * 250 + ".de", "too_long", "`email` has 255 characters; at most 254 are allowed"),
        ("Client.name", "\u200b\ufeff", "blank", "`name` must not be blank"),
        ("Client.name", "\u3164", "blank", "`name` must not be blank"),
        ("Note.content", "\u200b\n", "blank", "`content` must not be blank"),
        (
            "Client.name",
            "Ac\u200bme",
            "invalid_format",
            "`name` contains characters that nobody sees: 'Ac\\u200bme'; leave them out",
        ),
        (
            "Client.name",
            "\ufeffAcme",
            "invalid_format",
            "`name` contains characters that nobody sees: '\\ufeffAcme'; leave them out",
        ),
        (
            "Client.name",
            "Acme\u202efdp",
            "invalid_format",
            "`name` contains characters that nobody sees: 'Acme\\u202efdp'; leave them out",
        ),
        (
            "Client.status",
            "active",
            "invalid_enum",
            "`status` cannot be 'active'; allowed: Active, Prospect, Inactive",
        ),
        (
            "Opportunity.stage",
            "Proposal ",
            "invalid_enum",
            f"`stage` cannot be 'Proposal '; allowed: {STAGES}",
        ),
        ("Opportunity.stage", 3, "invalid_type", f"`stage` must be one of {STAGES}, not a number: 3"),
        ("Opportunity.stage", [], "invalid_type", f"`stage` must be one of {STAGES}, not a list"),
        ("Opportunity.amount", "5000", "invalid_type", "`amount` must be a number, not a text: '5000'"),
        ("Opportunity.amount", True, "invalid_type", "`amount` must be a number, not a boolean: true"),
        ("Opportunity.amount", {}, "invalid_type", "`amount` must be a number, not an object"),
        ("Opportunity.amount", math.nan, "invalid_type", "`amount` must be a finite number, not a number: NaN"),
        ("Opportunity.amount", -math.inf, "invalid_type", "`amount` must be a finite number, not a number: -Infinity"),
        ("Opportunity.amount", 0, "out_of_range", "`amount` must be more than 0 and at most 10,000,000, got 0"),
        ("Opportunity.amount", -1.5, "out_of_range", "`amount` must be more than 0 and at most 10,000,000, got -1.5"),
        (
            "Opportunity.amount",
            10_000_000.01,
            "out_of_range",
            "`amount` must be more than 0 and at most 10,000,000, got 10000000.01",
        ),
        (
            "Opportunity.amount",
            10**5000,
            "out_of_range",
            "`amount` must be more than 0 and at most 10,000,000, got a number of 16610 bits",
        ),
        (
            "Opportunity.amount",
            1.005,
            "invalid_format",
            "`amount` has a fraction of a cent: 1.005; use at most two decimals",
        ),
        (
            "Opportunity.amount",
            1e-300,
            "invalid_format",
            "`amount` has a fraction of a cent: 1e-300; use at most two decimals",
        ),
        ("Opportunity.probability", 0, "out_of_range", "`probability` must be between 1 and 99, got 0"),
        ("Opportunity.probability", 100, "out_of_range", "`probability` must be between 1 and 99, got 100"),
        (
            "Opportunity.probability",
            0.5,
            "invalid_type",
            "`probability` must be a whole number, not a number: 0.5",
        ),
        (
            "Opportunity.probability",
            math.inf,
            "invalid_type",
            "`probability` must be a whole number, not a number: Infinity",
        ),
        ("Opportunity.probability", "60 %", "invalid_type", "`probability` must be a number, not a text: '60 %'"),
        (
            "Opportunity.close_date",
            "2026-03-01",
            "date_in_past",
            "`close_date` 2026-03-01 lies before today (2026-03-02); choose today or a later day",
        ),
        (
            "Opportunity.close_date",
            "2026-02-30",
            "invalid_format",
            "`close_date` is not a date: '2026-02-30'; write it as YYYY-MM-DD",
        ),
        (
            "Opportunity.close_date",
            "2026-W10-1",
            "invalid_format",
            "`close_date` is not a date: '2026-W10-1'; write it as YYYY-MM-DD",
        ),
        (
            "Opportunity.close_date",
            "2026-03-02T09:00",
            "invalid_format",
            "`close_date` is not a date: '2026-03-02T09:00'; write it as YYYY-MM-DD",
        ),
        ("Opportunity.close_date", " ", "blank", "`close_date` must not be blank"),
        (
            "Opportunity.close_date",
            20260302,
            "invalid_type",
            "`close_date` must be a date written as YYYY-MM-DD, not a number: 20260302",
        ),
        (
            "Contract.document_url",
            "ftp://x.example/a",
            "invalid_format",
            "`document_url` is not a web address: 'ftp://x.example/a'; write it like https://example.com/page",
        ),
        (
            "Contract.document_url",
            "https://-x.example/a",
            "invalid_format",
            "`document_url` is not a web address: 'https://-x.example/a'; write it like https://example.com/page",
        ),
        (
            "Contract.document_url",
            "https://x.example/a b",
            "invalid_format",
            "`document_url` is not a web address: 'https://x.example/a b'; write it like https://example.com/page",
        ),
        (
            "Contract.document_url",
            "https://x.example/" + "a" * 1_983,
            "too_long",
            "`document_url` has 2001 characters; at most 2000 are allowed",
        ),
        (
            "Document.file_name",
            "../secrets.pdf",
            "unsafe_file_name",
            "`file_name` is not a safe file name: '../secrets.pdf'; give a plain name such as proposal.pdf",
        ),
        (
            "Document.file_name",
            ".hidden.pdf",
            "unsafe_file_name",
            "`file_name` is not a safe file name: '.hidden.pdf'; give a plain name such as proposal.pdf",
        ),
        (
            "Document.file_name",
            "offer.pdf ",
            "unsafe_file_name",
            "`file_name` is not a safe file name: 'offer.pdf '; give a plain name such as proposal.pdf",
        ),
        (
            "Document.file_name",
            "run.exe",
            "unsupported_file_type",
            f"`file_name` 'run.exe' has the unsupported type 'exe'; allowed: {EXTENSIONS}",
        ),
        (
            "Document.file_name",
            "offer",
            "unsupported_file_type",
            f"`file_name` 'offer' has no extension; allowed: {EXTENSIONS}",
        ),
        ("Document.file_name", 7, "invalid_type", "`file_name` must be a text, not a number: 7"),
        ("Company.contacts", "A. Bell", "invalid_type", "`contacts` must be a list of texts, not a text: 'A. Bell'"),
        ("Company.contacts", [5], "invalid_type", "`contacts` must be a text, not a number: 5"),
        ("Company.contacts", ["x"] * 201, "too_long", "`contacts` has 201 items; at most 200 are allowed"),
    ],
    ids=quoted,
)
def test_invalid_values_are_rejected_with_these_words(path: str, value: object, code: str, message: str) -> None:
    """Messages are part of the contract: what is wrong, the value, what is allowed."""
    error = value_check(field(path))(value, TODAY)
    assert isinstance(error, ToolError)
    assert (error.code, error.message) == (ErrorCode(code), message)
    assert error.field == path.partition(".")[2]
    assert not error.retryable


def test_errors_carry_the_value_the_alternatives_and_a_hint() -> None:
    """What a program reads instead of the sentence."""
    wrong_case = value_check(field("Opportunity.stage"))("negotiation", TODAY)
    assert isinstance(wrong_case, ToolError)
    assert wrong_case.value == "negotiation"
    assert wrong_case.allowed == tuple(STAGES.split(", "))
    assert wrong_case.hint == "did you mean 'Negotiation'? values are compared exactly"
    far_off = value_check(field("Opportunity.stage"))("xyzzy", TODAY)
    assert isinstance(far_off, ToolError)
    assert far_off.hint is None
    as_text = value_check(field("Opportunity.amount"))("5,000", TODAY)
    assert isinstance(as_text, ToolError)
    assert as_text.hint == "did you mean 5000? send it as a JSON number, without quotes, currency or separators"


def test_a_new_quote_starts_as_draft_or_sent() -> None:
    """Other statuses are reached by moving there."""
    check = value_check(field("Quote.status"), creating=True)
    assert check("Sent", TODAY) == "Sent"
    error = check("Approved", TODAY)
    assert isinstance(error, ToolError)
    assert error.message == "`status` cannot be 'Approved'; allowed: Draft, Sent"
    assert value_check(field("Quote.status"))("Approved", TODAY) == "Approved"


@given(st.integers(min_value=1, max_value=1_000_000_000))
def test_every_amount_in_cents_is_accepted_and_exact(cents: int) -> None:
    """No cent between the smallest and the largest amount is lost to binary fractions."""
    assert value_check(field("Opportunity.amount"))(cents / 100, TODAY) == cents


@given(st.dates())
def test_every_iso_date_is_a_date(day: object) -> None:
    """Dates of any year from 1 to 9999."""
    assert parse_day("start_date", str(day)) == str(day)


@given(st.text())
def test_accepted_lines_can_be_stored_anywhere(text: str) -> None:
    """No accepted text of one line has a NUL, a line break, or a half of a surrogate pair."""
    if text_error("name", text, None, lines=False) is None:
        assert text.strip()
        assert text.encode()
        assert "\x00" not in text
        assert text.splitlines() == [text]


def test_the_value_is_left_out_where_its_kind_says_it_all() -> None:
    """No message ends in `a list: a list`."""
    assert wrong_type("limit", None, "a whole number").message == "`limit` must be a whole number, not null"
