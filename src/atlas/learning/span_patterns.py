"""Patterns of what a message may hold: addresses, numbers, dates, files, names."""

from __future__ import annotations

import re

from atlas.learning.dates import DATE_PATTERN
from atlas.learning.language import SpanType

_FILE_TYPES = (
    "csv|docx|doc|key|pdf|pptx|ppt|txt|xlsx|xls|exe|zip|png|jpg|jpeg|html|js|sh|bat|odt|rtf|md|json|xml|mp4|py|gif|msg"
)
_NUMBER = r"\d{1,3}(?:[, ']\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
WORD = re.compile(r"[a-z0-9]+(?:['\u2019-][a-z0-9]+)*", re.IGNORECASE)
NAME_WORD = r"[A-ZÀ-Þ][\w&'\u2019.-]*[\w&]|[A-ZÀ-Þ]"
_NAME_LINK = r"[ \t]+(?:of|and|&|de|van|von|der|la|le|the)[ \t]+|[\u2013\u2014/]|[ \t]+[&+][ \t]+|[ \t]+"
_LOOSE_LINK = r"[ \t]*[\u2013\u2014/][ \t]*|[ \t]+[-|][ \t]+"  # taken for a link until the house's names are known
_NAME_END = r"(?:[ \t]*\([^()\n]{0,20}\d[^()\n]{0,20}\))?"


def _name_pattern(link: str) -> re.Pattern[str]:
    more = rf"(?:{NAME_WORD}|(?:19|20)\d\d\b|\d{{1,2}}\b(?![%,.]?\d))"
    return re.compile(rf"(?:{NAME_WORD})(?:(?:{link}){more})*{_NAME_END}")


NAME = _name_pattern(_NAME_LINK)
LOOSE_NAME = _name_pattern(f"{_LOOSE_LINK}|{_NAME_LINK}")
_CAPITAL = r"[A-Z\u00c0-\u00dd][\w'\u2019-]+"
CONTRACTION = re.compile(r"['\u2019](?:d|m|ve|ll|re)$")

_PLACE = rf", {_CAPITAL}(?: {_CAPITAL})*"
_HOUSE_NUMBER = r"\b(?!(?:19|20)\d\d\b)\d{1,5}[a-z]?(?:-\d{1,5})?"
_POSTAL = re.compile(rf"{_HOUSE_NUMBER} {_CAPITAL}(?:(?: {_CAPITAL})+(?:{_PLACE})+|(?:{_PLACE}){{2,}})")

PASSES: tuple[tuple[SpanType, re.Pattern[str]], ...] = (
    (SpanType.URL, re.compile(r"https?://[^\s\"'<>]+[^\s\"'<>.,;:!?)]")),
    (SpanType.EMAIL, re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    (SpanType.ID, re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE)),
    (
        SpanType.QUOTED,
        re.compile(
            r"\"([^\"\n]*)\"|\u201c([^\u201d\n]+)\u201d|«([^»\n]+)»"
            r"|(?<!\w)['\u2018]([^'\u2019\n]+)['\u2019](?!\w)"
        ),
    ),
    (SpanType.FILE, re.compile(rf"[\w./\\-]*[\w-]\.(?:{_FILE_TYPES})\b", re.IGNORECASE)),
    (SpanType.POSTAL, _POSTAL),
    (SpanType.DATE, DATE_PATTERN),
    (SpanType.PERCENT, re.compile(rf"(-?(?:{_NUMBER}))\s*(?:%|percent\b|per cent\b|pct\b)", re.IGNORECASE)),
    (
        SpanType.MONEY,
        re.compile(
            rf"(?P<front>[$€£]|\b(?:USD|EUR|GBP)\b)?\s*(?P<sign>-)?(?P<digits>{_NUMBER})\s?"
            r"(?P<scale>k|m|mn|million|thousand)?\b\s?(?P<back>USD|EUR|GBP|dollars|euros?|pounds|[€$£])?",
            re.IGNORECASE,
        ),
    ),
    (SpanType.PHONE, re.compile(r"\+\d[\d\s()-]{7,}\d")),
    (SpanType.HANDLE, re.compile(r"\b[a-z]\.[a-z]{2,}\b")),
    (SpanType.ADDRESS, re.compile(r"[\w.+-]*@[\w.-]*\w|\b[a-z][\w-]*(?:\.[a-z][\w-]+)+\b", re.IGNORECASE)),
)
"""Types of spans with their patterns, in the order in which they are looked for; a later one takes what is left."""

FILE_END = re.compile(rf"\.(?:{_FILE_TYPES})$", re.IGNORECASE)
BARE_NUMBER = re.compile(rf"(?<![\w.])-?(?:{_NUMBER})(?![\w])")  # read last: a year may belong to a name
