"""Messages become typed spans and cue words."""

import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.learning.dates import add_months, month_end, quarter_end, read_date
from atlas.learning.english import spell
from atlas.learning.language import (
    SpanType,
)
from atlas.learning.perception import perceive

MONDAY = date(2026, 3, 2)


def _spans(text: str) -> list[tuple[str, object]]:
    return [(span.type.value, span.value) for span in perceive(text, MONDAY).spans]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mail jo@acme.example today", [("email", "jo@acme.example"), ("date", "2026-03-02")]),
        ("it is $12,500", [("money", 12500)]),
        ("about 1.2 million euros", [("money", 1200000)]),
        ("12.5k should do", [("money", 12500)]),
        ("EUR 900", [("money", 900)]),
        ("make it 45000", [("money", 45000)]),
        ("only 45", [("number", 45)]),
        ("at 45%", [("percent", 45)]),
        ("at 12.5 percent", [("percent", 12.5)]),
        ('see "Harbor Crane"', [("quoted", "Harbor Crane")]),
        ("see Harbor & Sons's deal", [("name", "Harbor & Sons")]),
        ("for Bluewater Freight - Renewal 2026, ok", [("name", "Bluewater Freight - Renewal 2026")]),
        ("attach ../offer v2.pdf", [("file", "v2.pdf")]),
        ("owner is j.lee", [("handle", "j.lee")]),
        ("call +49 30 1234567 now", [("phone", "+49 30 1234567")]),
        ("https://x.example/a.pdf.", [("url", "https://x.example/a.pdf")]),
        ("it is 9b2f1c44-0000-4000-8000-1234567890ab", [("id", "9b2f1c44-0000-4000-8000-1234567890ab")]),
        ("note: Called them", [("tail", "Called them")]),
        ('she said "Call me." today', [("speech", "Call me."), ("date", "2026-03-02")]),
        ("Opp Harbor Crane (2026) please", [("name", "Harbor Crane (2026)")]),
        ("mail is crane.example", [("address", "crane.example")]),
        ("I'd move it. Then I stop", []),
        ("please. Could you move it", []),
        ('empty ""', []),
    ],
)
def test_typed_spans(text: str, expected: list[tuple[str, object]]) -> None:
    """Each kind of span is found, with its meaning."""
    assert _spans(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-05-01", "2026-05-01"),
        ("5th of March", "2026-03-05"),
        ("1 March", "2027-03-01"),
        ("March 5, 2027", "2027-03-05"),
        ("tomorrow", "2026-03-03"),
        ("day after tomorrow", "2026-03-04"),
        ("in two weeks", "2026-03-16"),
        ("in 3 months", "2026-06-02"),
        ("10 days from now", "2026-03-12"),
        ("end of the month", "2026-03-31"),
        ("end of quarter", "2026-03-31"),
        ("end of year", "2026-12-31"),
        ("next monday", "2026-03-09"),
        ("next week", "2026-03-09"),
        ("2026-02-31", None),
        ("someday", None),
    ],
)
def test_dates(text: str, expected: str | None) -> None:
    """A date is read from today; what is no day is None."""
    assert read_date(text, MONDAY) == expected


def test_anchor_words() -> None:
    """A span knows the word before it, so that two spans of one type can be told apart."""
    first, second = perceive("raise it from 2,000 to 3,000", MONDAY).of_type(SpanType.MONEY)
    assert (first.after, second.after) == ("from", "to")


def test_cue_holds_no_span_text() -> None:
    """The cue has placeholders where the message has values."""
    tokens = perceive("Move Harbor Crane to Proposal by tomorrow for $5,000", MONDAY).tokens
    assert {"harbor", "crane", "5"}.isdisjoint(tokens)
    assert {"<name>", "<money>", "<date>", "modify"} <= set(tokens)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now at 12 Harbor Road, Rotterdam", [("postal", "12 Harbor Road, Rotterdam")]),
        ("now at 12a Old Mill Lane, Leeds, Yorkshire.", [("postal", "12a Old Mill Lane, Leeds, Yorkshire")]),
        ("it is 5 Quay Street, New Haven, please", [("postal", "5 Quay Street, New Haven")]),
        ("see 12 Harbor Road please", [("name", "Harbor Road"), ("number", 12)]),
        ("so 12 harbor road, Leeds", [("name", "Leeds"), ("number", 12)]),
        ('attach "offer v2.pdf" now', [("file", "offer v2.pdf")]),
        ("attach 'Harbor Crane.XLSX' now", [("file", "Harbor Crane.XLSX")]),
        ('see "Harbor Crane.pdfs" now', [("quoted", "Harbor Crane.pdfs")]),
        ('she wrote "I read a.pdf." today', [("speech", "I read a.pdf."), ("date", "2026-03-02")]),
    ],
    ids=[
        "address",
        "letter-and-three-places",
        "town-of-two-words",
        "no-town",
        "small-letters",
        "file-with-blank",
        "file-in-capitals",
        "no-file-type",
        "sentence-about-a-file",
    ],
)
def test_addresses_and_quoted_files(text: str, expected: list[tuple[str, object]]) -> None:
    """An address has a number, a street and a place behind a comma; a quoted file name is a file, no name."""
    assert sorted(_spans(text)) == sorted(expected)


def test_the_words_of_an_address_are_not_read() -> None:
    """An address is one stretch: neither its number nor its town is another, and its words stand for nothing."""
    percept = perceive("move to 12 Harbor Road, Rotterdam now", MONDAY)
    assert percept.tokens == ("<postal>", "modify")
    assert percept.plain_text.split() == ["move", "to", "now"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("adn", "and"),
        ("teh", "the"),
        ("hte", "the"),
        ("ofr", "for"),
        ("the", "the"),
        ("net", "net"),
        ("act", "act"),
        ("ann", "ann"),
        ("thx", "thx"),
        ("on", "on"),
        ("no", "no"),
        ("ot", "ot"),
        ("a1n", "a1n"),
    ],
)
def test_of_three_letters_only_swapped_ones_are_read_through(word: str, expected: str) -> None:
    """A letter too many, too few or wrong makes another word; two letters are too few to tell."""
    assert spell(word) == expected


@pytest.mark.parametrize("polite", ["pls", "plz", "thx", "thnx", "tnx", "ty", "Thx", "adn", "teh"])
def test_polite_words_and_slips_say_nothing(polite: str) -> None:
    """The cue is the same with and without them."""
    plain = perceive("move the deal to the client", MONDAY)
    assert perceive(f"move the deal {polite} to the client", MONDAY).tokens == plain.tokens


@given(st.text(max_size=200))
def test_any_text_can_be_perceived(text: str) -> None:
    """Spans lie inside the text, in order, and do not overlap (the tail aside)."""
    spans = [span for span in perceive(text, MONDAY).spans if span.type is not SpanType.TAIL]
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(one.end <= other.start for one, other in itertools.pairwise(spans))


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(-30, 30))
def test_months_keep_the_day_or_take_the_last(day: date, months: int) -> None:
    """Adding months never leaves the wanted month."""
    moved = add_months(day, months)
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == months
    assert moved.day == min(day.day, month_end(moved).day)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.sampled_from([1, 2, 3]))
def test_quarter_end_is_next(day: date, first: int) -> None:
    """The quarter end is the last day of a month, not before the day, and within three months."""
    end = quarter_end(day, first)
    assert end == month_end(end)
    assert end >= day
    assert (end - day).days <= 92


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Please list the quotes on Document Archive Retrofit.", ["Document Archive Retrofit"]),
        ("What is with Open Data Portal?", ["Open Data Portal"]),
        ("Please update Contract Archive Trial.", ["Archive Trial"]),
        ("For Fleet Tracking I now assume 20 %.", ["Fleet Tracking"]),
        ("Meant Jovman Resorts, sorry.", ["Jovman Resorts"]),
        ("Briefing Gemman Components.", ["Gemman Components"]),
    ],
)
def test_a_capital_behind_a_leading_word_belongs_to_a_name(text: str, names: list[str]) -> None:
    """Behind "on" or "with" nothing opens a sentence; a pronoun is no part of a name."""
    spans = perceive(text, date(2026, 3, 2)).spans
    assert [span.value for span in spans if span.type is SpanType.NAME] == names
