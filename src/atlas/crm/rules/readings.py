"""What a value that was not taken most likely means: amounts, percents, days, choices, addresses written otherwise.

Asked only once a check has failed; each reading is a guess that a hint offers, never a value that is put in.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from atlas.core.errors import nearest_name
from atlas.crm.schema import FILE_EXTENSIONS

_LONGEST = 80  # characters of a text that is read

# ---------------------------------------------------------------------------------------------------------------------
# Numbers

_CURRENCY = re.compile(r"us\$|[$€£¥]|\b(?:usd|eur|gbp|chf|dollars?|euros?|pounds?)\b")
_NUMBER = re.compile(
    r"([+-]?[0-9][0-9.,'\u2019_\s]{0,30})(k|thousand|tsd|m|mn|mio|mm|million)?(%|percent|per cent|pct)?"
)
_FACTORS: Final = {None: 1, "k": 1_000, "thousand": 1_000, "tsd": 1_000}
_MILLION = 1_000_000
_GROUP = 3  # digits between separators of thousands


def number_meant(text: str) -> Decimal | None:
    """Return the number that a text says, None where it says none or not just one.

    Example:
        >>> [str(number_meant(text)) for text in ("$50,000", "50k", "50.000,00 EUR", "1,250.50", "60 %", "a lot")]
        ['50000', '50000', '50000.00', '1250.50', '60', 'None']
    """
    plain = _CURRENCY.sub(" ", text[: _LONGEST + 1].casefold()).strip()
    match = _NUMBER.fullmatch(re.sub(r"(?<=[0-9])\s+(?=[a-z%])", "", plain))
    if match is None or len(plain) > _LONGEST:
        return None
    digits, scale, _ = match.groups()
    number = _decimal(re.sub(r"[\s'\u2019_]", "", digits), scaled=scale is not None)
    return None if number is None else number * _FACTORS.get(scale, _MILLION)


def _decimal(digits: str, *, scaled: bool) -> Decimal | None:
    """The number of digits with ``,`` and ``.`` for thousands or decimals, as they are used in various countries."""
    marks = [char for char in digits if char in ".,"]
    point = marks[-1] if marks else ""
    whole, _, fraction = digits.rpartition(point) if point else (digits, "", "")
    if point and (marks.count(point) > 1 or (len(set(marks)) == 1 and len(fraction) == _GROUP and not scaled)):
        whole, fraction = digits, ""
    if "." in fraction or "," in fraction:
        return None
    groups = re.split(r"[.,]", whole)
    if len(groups) > 1 and any(len(group) != _GROUP for group in groups[1:]):
        return None
    return Decimal(f"{''.join(groups)}.{fraction or '0'}" if fraction else "".join(groups))


def rounded(number: float | Decimal, places: int) -> Decimal:
    """Return ``number`` with so many decimals, halves away from zero.

    Example:
        >>> str(rounded(1.005, 2)), str(rounded(60.5, 0))
        ('1.01', '61')
    """
    return Decimal(str(number)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def as_number(number: Decimal) -> str:
    """Return ``number`` as JSON writes it, without needless zeros.

    Example:
        >>> as_number(Decimal("50000.00")), as_number(Decimal("1250.50")), as_number(Decimal("5E+4"))
        ('50000', '1250.5', '50000')
    """
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# ---------------------------------------------------------------------------------------------------------------------
# Days

_YEAR_FIRST = re.compile(r"([0-9]{4})[-/. ]([0-9]{1,2})[-/. ]([0-9]{1,2})(?:[t ].*)?")
_DIGITS_ONLY = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:t.*)?")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/. ])([0-9]{1,2})[-/. ]([0-9]{4})")
_DAY_OF_MONTH = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)?\.?(?: of)?[ -]([a-z]{3,9})\.?,?[ -]([0-9]{4})")
_MONTH_AND_DAY = re.compile(r"([a-z]{3,9})\.? ([0-9]{1,2})(?:st|nd|rd|th)?,? ([0-9]{4})")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS_OF_A_YEAR = 12


def days_meant(text: str) -> tuple[str, ...]:
    """Return the days (ISO) that a text may mean, likeliest first; none where it is no full date.

    Example:
        >>> days_meant("31/12/2026"), days_meant("2026-12-31T00:00:00Z"), days_meant("Dec 31st, 2026")
        (('2026-12-31',), ('2026-12-31',), ('2026-12-31',))
        >>> days_meant("03/04/2026"), days_meant("3.4.2026"), days_meant("next Friday")
        (('2026-04-03', '2026-03-04'), ('2026-04-03',), ())
    """
    if len(text) > _LONGEST:
        return ()
    plain = " ".join(text.casefold().split())
    return tuple(dict.fromkeys(day for day in map(_iso, _dates_in(plain)) if day))


def _dates_in(plain: str) -> Iterator[tuple[int, int, int]]:
    """Every reading of ``plain`` as year, month and day, whether there is such a day or not."""
    if match := _YEAR_FIRST.fullmatch(plain) or _DIGITS_ONLY.fullmatch(plain):
        year, month, day = map(int, match.groups())
        yield year, month, day
        if month > _MONTHS_OF_A_YEAR:
            yield year, day, month
    elif match := _YEAR_LAST.fullmatch(plain):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        yield year, second, first
        if match[2] != ".":
            yield year, first, second
    elif match := _DAY_OF_MONTH.fullmatch(plain):
        yield int(match[3]), _month(match[2]), int(match[1])
    elif match := _MONTH_AND_DAY.fullmatch(plain):
        yield int(match[3]), _month(match[1]), int(match[2])


def _month(word: str) -> int:
    return _MONTHS.index(word[:3]) + 1 if word[:3] in _MONTHS else 0


def _iso(parts: tuple[int, int, int]) -> str:
    try:
        return date(*parts).isoformat()
    except ValueError:
        return ""


def day_hint(text: str, today: str, *, not_past: bool = False) -> str | None:
    """Return the hint for a text that is no ISO date.

    Args:
        text: What was given.
        today: The world's today, ISO; empty where it is not known.
        not_past: Whether a day before today would not be taken.

    Example:
        >>> day_hint("31/12/2026", "2026-03-02"), day_hint("2026-02-30", "2026-03-02")
        ("did you mean '2026-12-31'?", '2026-02 has 28 days')
        >>> day_hint("next Friday", "2026-03-02")
        'today is 2026-03-02, a Monday; work the day out from that'
    """
    days = days_meant(text)
    if days:
        to_come = [day for day in days if not not_past or day >= today]
        past = "" if to_come else f" that lies before today ({today}); choose today or a later day"
        return f"did you mean {' or '.join(map(repr, to_come or days))}?{past}"
    parts = next(_dates_in(" ".join(text[:_LONGEST].casefold().split())), None)
    if parts is not None and parts[0] and 1 <= parts[1] <= _MONTHS_OF_A_YEAR:
        return f"{parts[0]:04}-{parts[1]:02} has {monthrange(parts[0], parts[1])[1]} days"
    if not today:
        return None
    return f"today is {today}, a {_WEEKDAYS[date.fromisoformat(today).weekday()]}; work the day out from that"


def later_year(day: str, today: str) -> str | None:
    """Return the day of the same month and day in the year of ``today``, None where that has gone by, too.

    Example:
        >>> later_year("2024-06-30", "2026-03-02"), later_year("2024-01-30", "2026-03-02")
        ('2026-06-30', None)
    """
    moved = _iso((int(today[:4]), int(day[5:7]), int(day[8:])))
    return moved if moved >= today else None


# ---------------------------------------------------------------------------------------------------------------------
# Choices

CHOICE_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    # stages
    "Prospecting": ("prospect", "new", "lead", "discovery", "initial", "identified", "cold"),
    "Qualification": ("qualified", "qualifying", "qualify", "needs analysis", "demo"),
    "Proposal": ("proposed", "quote sent", "proposal sent", "proposal/price quote", "quoted", "pricing", "offer"),
    "Negotiation": ("negotiating", "negotiation/review", "contract sent", "contract negotiation", "review"),
    "Closed-Won": ("won", "closed", "signed", "success", "successful", "closed (won)", "win", "completed"),
    "Closed-Lost": ("lost", "closed (lost)", "dead", "failed", "abandoned", "loss", "disqualified"),
    # statuses
    "Active": (
        "signed",
        "executed",
        "current",
        "customer",
        "live",
        "in force",
        "enabled",
        "true",
        "running",
        "started",
    ),
    "Prospect": ("lead", "potential", "prospective", "prospecting", "new", "pending"),
    "Inactive": ("disabled", "former", "churned", "dormant", "closed", "archived", "false", "lost", "deactivated"),
    "Pending": ("draft", "unsigned", "open", "awaiting signature", "new", "in review", "sent", "waiting"),
    "Expired": ("ended", "terminated", "lapsed", "inactive", "finished", "over", "canceled", "cancelled", "closed"),
    "Draft": ("new", "open", "created", "pending", "in progress", "unsent", "prepared"),
    "Sent": ("submitted", "issued", "delivered", "presented", "out", "active", "shared"),
    "Approved": ("accepted", "confirmed", "signed", "won", "ok", "agreed"),
    "Rejected": ("declined", "denied", "refused", "lost", "turned down"),
    "Canceled": ("cancelled", "cancel", "void", "voided", "withdrawn", "revoked", "expired"),
    # kinds of records, and what a company is
    "Client": ("account", "customer", "organization", "organisation", "company", "clients", "accounts"),
    "Contact": ("person", "people", "contacts", "lead"),
    "Opportunity": ("deal", "opp", "oppty", "opportunities", "deals", "sales opportunity"),
    "Quote": ("quotation", "estimate", "offer", "proposal", "quotes"),
    "Contract": ("agreement", "contracts"),
    "Vendor": ("supplier",),
    "Competitor": ("rival", "competition"),
    "Partner": ("reseller", "ally"),
    # how a turn ends
    "done": ("success", "completed", "complete", "ok", "finished", "succeeded", "resolved", "answered"),
    "asked": ("ask", "question", "clarify", "clarification", "needs_info", "pending"),
    "refused": ("refuse", "declined", "denied", "rejected", "blocked"),
    "reported": ("report", "failed", "failure", "error", "escalated", "not_done"),
}
"""What people and models say for the values of enums; a word counts only where its value is allowed."""


def choice_meant(value: str, allowed: Sequence[str]) -> str | None:
    """Return the allowed value that ``value`` most likely means, None where none is close.

    Example:
        >>> choice_meant("closed won", ("Proposal", "Closed-Won")), choice_meant("Deal", ("Client", "Opportunity"))
        ('Closed-Won', 'Opportunity')
    """
    plain = _plain_choice(value[:_LONGEST])
    for option in allowed:
        if plain == _plain_choice(option):
            return option
    for option in allowed:
        if plain in map(_plain_choice, CHOICE_WORDS.get(option, ())):
            return option
    near = nearest_name(value[:_LONGEST], [option.casefold() for option in allowed], cutoff=0.6)
    return next((option for option in allowed if option.casefold() == near), None)


def _plain_choice(text: str) -> str:
    return " ".join(re.split(r"[\W_]+", text.casefold())).strip()


# ---------------------------------------------------------------------------------------------------------------------
# Addresses

_ADDRESS = re.compile(r"[A-Za-z0-9._%+'-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}")
_HOST = re.compile(r"((?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?::[0-9]{1,5})?(?:[/?#]\S*)?)")
_SCHEME = re.compile(r"^(?:https?:)?/*", re.IGNORECASE)


def address_meant(text: str) -> str | None:
    """Return the one e-mail address in a text, None where there is none or there are several.

    Example:
        >>> address_meant("Ada Moor <ada@x.example>"), address_meant("mailto:ada@x.example"), address_meant("ada")
        ('ada@x.example', 'ada@x.example', None)
    """
    found = _ADDRESS.findall(text[:_LONGEST])
    return found[0] if len(found) == 1 else None


def web_address_meant(text: str) -> str | None:
    """Return the web address that a text without the right beginning means, None where it means none.

    Example:
        >>> web_address_meant("www.x.example/a.pdf"), web_address_meant("ftp://x.example/a")
        ('https://www.x.example/a.pdf', None)
        >>> web_address_meant("contract.pdf") is None
        True
    """
    bare = _SCHEME.sub("", text[: _LONGEST + 1].strip())
    match = _HOST.fullmatch(bare) if len(bare) <= _LONGEST else None
    if match and "/" not in bare and bare.rpartition(".")[2].casefold() in FILE_EXTENSIONS:
        return None  # the name of a file, not of a host
    return f"https://{match[1]}" if match else None
