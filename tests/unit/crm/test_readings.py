"""Values written otherwise are read for a hint: numbers, days, choices, addresses; the rest is left alone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.crm.rules.readings import (
    address_meant,
    as_number,
    choice_meant,
    day_hint,
    days_meant,
    later_year,
    number_meant,
    rounded,
    web_address_meant,
)

STAGES = ("Prospecting", "Qualification", "Proposal", "Negotiation", "Closed-Won", "Closed-Lost")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("50000", "50000"),
        ("50,000", "50000"),
        ("50.000", "50000"),
        ("50 000", "50000"),
        ("50'000", "50000"),
        ("1,234,567.89", "1234567.89"),
        ("1.234.567,89", "1234567.89"),
        ("1234.5", "1234.5"),
        ("1234,50", "1234.50"),
        ("$50,000.00", "50000.00"),
        ("USD 50,000", "50000"),
        ("50.000,00 €", "50000.00"),
        ("50k", "50000"),
        ("1.5k", "1500"),
        ("1.234k", "1234"),
        ("2 million dollars", "2000000"),
        ("US$2.5M", "2500000"),
        ("60%", "60"),
        ("-5", "-5"),
        ("a lot", None),
        ("50k-60k", None),
        ("1,23,456", None),
        ("1.2,3.4", None),
        ("", None),
        ("5" * 100, None),
        ("\u0665", None),
    ],
    ids=repr,
)
def test_numbers_are_read_as_people_write_them(text: str, number: str | None) -> None:
    """Separators of any country, currencies, thousands and millions; nothing where it could be two numbers."""
    meant = number_meant(text)
    assert meant == (None if number is None else Decimal(number))


@given(st.integers(min_value=1, max_value=1_000_000_000))
def test_every_amount_is_read_back_from_each_way_to_write_it(cents: int) -> None:
    """English, German and plain: the same number comes out, to the cent."""
    amount = Decimal(cents) / 100
    english = f"{amount:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    for text in (english, german, f"{amount:.2f}", f"${english}", f"{german} EUR"):
        assert number_meant(text) == amount


@given(st.text(max_size=100))
def test_any_text_is_read_or_not(text: str) -> None:
    """No text makes a reading fail."""
    meant = number_meant(text)
    assert meant is None or meant.is_finite()
    assert all(date.fromisoformat(day) for day in days_meant(text))
    assert choice_meant(text, STAGES) in (None, *STAGES)
    day_hint(text, "2026-03-02")
    address_meant(text)
    web_address_meant(text)


def test_numbers_are_rounded_and_written_plainly() -> None:
    """Halves go up, and no exponent is shown."""
    assert [str(rounded(value, 0)) for value in (0.5, 1.5, 60.4)] == ["1", "2", "60"]
    assert as_number(Decimal("1E+6")) == "1000000"


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2026/12/31", ("2026-12-31",)),
        ("2026.12.31", ("2026-12-31",)),
        ("2026-1-5", ("2026-01-05",)),
        ("20261231", ("2026-12-31",)),
        ("2026-12-31 09:30", ("2026-12-31",)),
        ("2026-31-12", ("2026-12-31",)),
        ("12/31/2026", ("2026-12-31",)),
        ("31-12-2026", ("2026-12-31",)),
        ("05/05/2026", ("2026-05-05",)),
        ("05/06/2026", ("2026-06-05", "2026-05-06")),
        ("5.6.2026", ("2026-06-05",)),
        ("31 December 2026", ("2026-12-31",)),
        ("31st of Dec, 2026", ("2026-12-31",)),
        ("Dec. 31, 2026", ("2026-12-31",)),
        ("February 30 2026", ()),
        ("31 Foo 2026", ()),
        ("2026", ()),
        ("12/2026", ()),
        ("end of Q3", ()),
        ("31/12/26", ()),
    ],
    ids=repr,
)
def test_days_are_read_as_people_write_them(text: str, days: tuple[str, ...]) -> None:
    """Every country's order; both days where the order is open; none where a part of the date is."""
    assert days_meant(text) == days


@given(st.dates(min_value=date(1000, 1, 1)))
def test_every_day_is_read_back(day: date) -> None:
    """With slashes, dots, a time or a month's name."""
    for pattern in ("%Y/%m/%d", "%Y-%m-%dT10:00:00Z", "%d.%m.%Y", "%Y%m%d"):
        assert days_meant(day.strftime(pattern)) == (day.isoformat(),)
    assert day.isoformat() in days_meant(day.strftime("%m/%d/%Y"))


@pytest.mark.parametrize(
    ("text", "today", "hint"),
    [
        ("2026-02-30", "2026-03-02", "2026-02 has 28 days"),
        ("2028-02-31", "2026-03-02", "2028-02 has 29 days"),
        ("tomorrow", "2026-03-02", "today is 2026-03-02, a Monday; work the day out from that"),
        ("0000-02-30", "2026-03-02", "today is 2026-03-02, a Monday; work the day out from that"),
        ("tomorrow", "", None),
    ],
    ids=repr,
)
def test_what_is_no_day_gets_a_hint(text: str, today: str, hint: str | None) -> None:
    """How many days the month has, or from which day to count."""
    assert day_hint(text, today) == hint


@pytest.mark.parametrize(
    ("day", "later"),
    [("2024-06-30", "2026-06-30"), ("2025-03-02", "2026-03-02"), ("2025-03-01", None), ("2024-02-29", None)],
    ids=str,
)
def test_a_day_of_a_year_gone_by_may_be_meant_for_this_year(day: str, later: str | None) -> None:
    """Models write the year that they remember."""
    assert later_year(day, "2026-03-02") == later


@pytest.mark.parametrize(
    ("value", "allowed", "meant"),
    [
        ("closed_won", STAGES, "Closed-Won"),
        ("  Closed   Won ", STAGES, "Closed-Won"),
        ("Won", STAGES, "Closed-Won"),
        ("Negotiation/Review", STAGES, "Negotiation"),
        ("Propsal", STAGES, "Proposal"),
        ("New", ("Active", "Prospect", "Inactive"), "Prospect"),
        ("New", ("Draft", "Sent"), "Draft"),
        ("xyzzy", STAGES, None),
        ("", STAGES, None),
        ("x" * 100_000, STAGES, None),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_choices_are_read(value: str, allowed: tuple[str, ...], meant: str | None) -> None:
    """By spelling first, then by what people call them, then by likeness."""
    assert choice_meant(value, allowed) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Ada Moor <ada@x.example>", "ada@x.example"),
        ("ada@x.example.", "ada@x.example"),
        ("a@x.example, b@x.example", None),
        ("ada at x.example", None),
    ],
    ids=repr,
)
def test_addresses_are_found_in_texts(text: str, meant: str | None) -> None:
    """One address is meant; of two, nobody knows which."""
    assert address_meant(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("www.x.example", "https://www.x.example"),
        ("x.example/a.pdf", "https://x.example/a.pdf"),
        ("HTTPS://x.example/a", "https://x.example/a"),
        ("//x.example/a", "https://x.example/a"),
        ("file:///etc/passwd", None),
        ("javascript:alert(1)", None),
        ("offer", None),
    ],
    ids=repr,
)
def test_web_addresses_are_completed(text: str, meant: str | None) -> None:
    """Where only the beginning is wrong."""
    assert web_address_meant(text) == meant
