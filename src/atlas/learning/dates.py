"""Dates in English text, and the calendar arithmetic that conventions use."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

_MONTHS = {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if name
} | {"sept": 9}
_DAYS = {name.lower(): number for number, name in enumerate(calendar.day_name)}
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DAY = "|".join(_DAYS)
_COUNT = rf"\d+|{'|'.join(_COUNTS)}"
_MONTHS_IN_QUARTER = 3

DATE_PATTERN = re.compile(
    rf"""\b(?:
        (?P<iso>\d{{4}}-\d{{1,2}}-\d{{1,2}})
      | (?P<dm>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<dm_month>{_MONTH})\.?(?:,?\s+(?P<dm_year>\d{{4}}))?
      | (?P<md_month>{_MONTH})\.?\s+(?P<md>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(?P<md_year>\d{{4}}))?\b
      | (?P<word>today|tomorrow|day\ after\ tomorrow)
      | (?:in|within)\s+(?P<count>{_COUNT})\s+(?P<unit>day|week|month)s?
      | (?P<count_on>{_COUNT})\s+(?P<unit_on>day|week|month)s?\s+from\s+(?:now|today)
      | (?:the\s+)?end\s+of\s+(?:the\s+|this\s+)?(?P<end>month|quarter|year)
      | next\s+(?P<next>week|month|{_DAY})
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)


def read_date(text: str, today: date) -> str | None:
    """Return the ISO date that ``text`` (a match of ``DATE_PATTERN``) means, or None where there is no such day.

    A day without a year is the next one that is not before ``today``.

    Example:
        >>> read_date("5 March", date(2026, 3, 2)), read_date("in two weeks", date(2026, 3, 2))
        ('2026-03-05', '2026-03-16')
    """
    match = DATE_PATTERN.fullmatch(text)
    if match is None:
        return None
    try:
        day = _explicit(match, today) or _relative(match, today)
    except (ValueError, OverflowError):
        return None
    return None if day is None else day.isoformat()


def _explicit(match: re.Match[str], today: date) -> date | None:
    if match["iso"]:
        year, month, day = (int(part) for part in match["iso"].split("-"))
        return date(year, month, day)
    for day_group in ("dm", "md"):
        if match[day_group]:
            day, month = int(match[day_group]), _MONTHS[match[f"{day_group}_month"].lower()]
            if match[f"{day_group}_year"]:
                return date(int(match[f"{day_group}_year"]), month, day)
            this_year = date(today.year, month, day)
            return this_year if this_year >= today else date(today.year + 1, month, day)
    return None


def _relative(match: re.Match[str], today: date) -> date | None:
    if match["word"]:
        return today + timedelta({"today": 0, "tomorrow": 1}.get(match["word"].lower(), 2))
    count, unit = match["count"] or match["count_on"], match["unit"] or match["unit_on"]
    if count:
        number = int(count) if count.isdigit() else _COUNTS[count.lower()]
        return _shift(today, number, unit.lower())
    if match["end"]:
        return _period_end(today, match["end"].lower())
    upcoming = match["next"].lower()
    if upcoming in _DAYS:
        return today + timedelta((_DAYS[upcoming] - today.weekday() - 1) % 7 + 1)
    return _shift(today, 1, upcoming)


def _shift(day: date, number: int, unit: str) -> date:
    if unit == "month":
        return add_months(day, number)
    return day + timedelta(number * (7 if unit == "week" else 1))


def _period_end(day: date, period: str) -> date:
    if period == "year":
        return date(day.year, 12, 31)
    return month_end(day) if period == "month" else quarter_end(day, _MONTHS_IN_QUARTER)


def add_months(day: date, months: int) -> date:
    """Return the same day ``months`` later, or the last day of that month where it is shorter.

    Example:
        >>> add_months(date(2026, 1, 31), 1)
        datetime.date(2026, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def month_end(day: date) -> date:
    """Return the last day of the month of ``day``."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def quarter_end(day: date, first: int) -> date:
    """Return the first end of a quarter that is not before ``day``; the year's first quarter ends in month ``first``.

    Example:
        >>> quarter_end(date(2026, 3, 2), 3), quarter_end(date(2026, 3, 2), 1)
        (datetime.date(2026, 3, 31), datetime.date(2026, 4, 30))
    """
    while day.month % _MONTHS_IN_QUARTER != first % _MONTHS_IN_QUARTER:
        day = add_months(day.replace(day=1), 1)
    return month_end(day)
