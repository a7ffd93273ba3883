"""From a message to typed spans and a text without them: what can be known without asking the world."""

from __future__ import annotations

import functools
import re
from datetime import date

from atlas.core.records import record
from atlas.learning.dates import DATE_PATTERN, read_date
from atlas.learning.english import FILLERS, OPENERS, SYNONYMS, canonical, spell
from atlas.learning.language import (
    SpanType,
)

_FILE_TYPES = (
    "csv|docx|doc|key|pdf|pptx|ppt|txt|xlsx|xls|exe|zip|png|jpg|jpeg|html|js|sh|bat|odt|rtf|md|json|xml|mp4|py|gif|msg"
)
_NUMBER = r"\d{1,3}(?:[, ']\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_WORD = re.compile(r"[a-z0-9]+(?:['\u2019-][a-z0-9]+)*", re.IGNORECASE)
_NAME_WORD = r"[A-ZÀ-Þ][\w&'\u2019.-]*[\w&]|[A-ZÀ-Þ]"
_NAME_LINK = r"(?:\s+(?:of|and|&|de|van|von|der|la|le|the)\s+|\s*[\u2013\u2014/]\s*|\s+[-&+|]\s+|\s+)"
_NAME_END = r"(?:\s*\([^()\n]{0,20}\d[^()\n]{0,20}\))?"
_NAME = re.compile(
    rf"(?:{_NAME_WORD})(?:{_NAME_LINK}(?:{_NAME_WORD}|(?:19|20)\d\d\b|\d{{1,2}}\b(?![%,.]?\d)))*{_NAME_END}"
)
_CONTRACTION = re.compile(r"['\u2019](?:d|m|ve|ll|re)$")

_PASSES: tuple[tuple[SpanType, re.Pattern[str]], ...] = (
    (SpanType.URL, re.compile(r"https?://[^\s\"'<>]+[^\s\"'<>.,;:!?)]")),
    (SpanType.EMAIL, re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    (SpanType.ID, re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE)),
    (
        SpanType.QUOTED,
        re.compile(
            r"\"([^\"\n]+)\"|\u201c([^\u201d\n]+)\u201d|«([^»\n]+)»"
            r"|(?<!\w)['\u2018]([^'\u2019\n]+)['\u2019](?!\w)"
        ),
    ),
    (SpanType.FILE, re.compile(rf"[\w./\\-]*[\w-]\.(?:{_FILE_TYPES})\b", re.IGNORECASE)),
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
_BARE_NUMBER = re.compile(rf"(?<![\w.])-?(?:{_NUMBER})(?![\w])")  # read last: a year may belong to a name
_NO_WORDS = frozenset({SpanType.SPEECH, SpanType.EMAIL, SpanType.FILE, SpanType.URL, SpanType.ID, SpanType.ADDRESS})
_LONGEST_NAME = 8  # words of a quoted name
_SMALLEST_AMOUNT = 1000  # a bare number from here on is read as money


@record
class SpanFound:
    """A typed stretch of a message.

    Attributes:
        type: What it looks like.
        start: Offset of its first character.
        end: Offset behind its last one.
        text: The stretch, without quotation marks.
        value: What it means: a number, an ISO date, else the text.
        after: The word before it, in lower case, empty at the start.
    """

    type: SpanType
    start: int
    end: int
    text: str
    value: str | int | float
    after: str


@record
class Percept:
    """A message as Clerk sees it.

    Attributes:
        text: The message.
        spans: Its typed spans by position.
        tokens: The words of its cue: canonical words, and ``<type>`` for spans; sorted, without repeats.
        words: All its words in lower case with their offsets, spans included.
    """

    text: str
    spans: tuple[SpanFound, ...]
    tokens: tuple[str, ...]
    words: tuple[tuple[str, int], ...]

    @property
    def plain_text(self) -> str:
        """The text in lower case, with blanks where names of several words, speech, files and the like stand."""
        masked = [letter.lower()[:1] for letter in self.text]
        for span in self.spans:
            if span.type in _NO_WORDS or (span.type is SpanType.NAME and " " in span.text):
                masked[span.start : span.end] = " " * (span.end - span.start)
        return "".join(masked)

    def of_type(self, kind: SpanType) -> tuple[SpanFound, ...]:
        """Return the spans of one type, by position."""
        return tuple(span for span in self.spans if span.type is kind)


@functools.lru_cache(maxsize=4096)
def perceive(text: str, today: date, public: frozenset[str] = frozenset()) -> Percept:
    """Return what ``text`` holds.

    Args:
        text: A message.
        today: The day from which relative dates are read.
        public: Words of closed sets, in lower case; with a capital, they are no names.

    Example:
        >>> seen = perceive('Quote "Harbor Crane" at $12.5k until tomorrow', date(2026, 3, 2))
        >>> [(span.type.value, span.value) for span in seen.spans]
        [('quoted', 'Harbor Crane'), ('money', 12500), ('date', '2026-03-03')]
        >>> seen.tokens
        ('<date>', '<money>', '<name>', 'quote', 'until')
    """
    spans = _find_spans(text, today, public)
    words = tuple((match.group().lower(), match.start()) for match in _WORD.finditer(text))
    return Percept(text, spans, cue_tokens(text, spans), words)


def cue_tokens(text: str, spans: tuple[SpanFound, ...]) -> tuple[str, ...]:
    """Return the sorted cue words of ``text``: canonical words outside of spans, and a placeholder per span type."""
    tokens = {f"<{'name' if span.type is SpanType.QUOTED else span.type.value}>" for span in spans}
    tokens.discard("<tail>")
    names = sum(span.type in (SpanType.NAME, SpanType.QUOTED) for span in spans)
    tokens |= {f"<{count} names>" for count in (2, 3) if names >= count}
    for word in _words_outside(text, spans):
        if spell(word) not in FILLERS and not _is_contraction(word):
            tokens.add(canonical(word))
    return tuple(sorted(tokens))


def _is_contraction(word: str) -> bool:
    return any(mark in word for mark in "'\u2019")


def _words_outside(text: str, spans: tuple[SpanFound, ...]) -> list[str]:
    masked = list(text)
    for span in spans:
        if span.type is not SpanType.TAIL:
            masked[span.start : span.end] = " " * (span.end - span.start)
    return [word.lower().removesuffix("'s").removesuffix("\u2019s") for word in _WORD.findall("".join(masked))]


def _find_spans(text: str, today: date, public: frozenset[str]) -> tuple[SpanFound, ...]:
    taken = bytearray(len(text))
    found: list[SpanFound] = []
    for kind, pattern in _PASSES:
        _collect(kind, pattern, text, today, (taken, found))
    for name in _find_names(text, taken, public):
        taken[name.start : name.end] = b"\1" * (name.end - name.start)
        found.append(name)
    _collect(SpanType.NUMBER, _BARE_NUMBER, text, today, (taken, found))
    found += _find_tail(text)
    return tuple(sorted(found, key=lambda span: (span.start, -span.end)))


def _collect(
    kind: SpanType, pattern: re.Pattern[str], text: str, today: date, into: tuple[bytearray, list[SpanFound]]
) -> None:
    taken, found = into
    for match in pattern.finditer(text):
        span = _read(kind, match, text, today)
        if span is not None and not any(taken[span.start : span.end]):
            taken[span.start : span.end] = b"\1" * (span.end - span.start)
            found.append(span)


def _read(kind: SpanType, match: re.Match[str], text: str, today: date) -> SpanFound | None:
    start, shown = match.start(), match.group()
    value: str | int | float | None = shown
    if kind is SpanType.QUOTED:
        shown = next(group for group in match.groups() if group is not None)
        value = shown
        if not shown.strip():
            return None
        if shown[-1] in ".!?" or len(shown.split()) > _LONGEST_NAME:
            kind = SpanType.SPEECH
    elif kind is SpanType.DATE:
        value = read_date(shown, today)
    elif kind is SpanType.PERCENT:
        value = _number(match.group(1))
    elif kind is SpanType.MONEY:
        value = _money(match)
    elif kind is SpanType.NUMBER:
        value = _number(shown)
        if abs(value) >= _SMALLEST_AMOUNT:
            kind = SpanType.MONEY
    stripped_end = start + len(match.group().rstrip())
    lead = len(match.group()) - len(match.group().lstrip())
    return (
        None if value is None else SpanFound(kind, start + lead, stripped_end, shown, value, _word_before(text, start))
    )


def _number(digits: str) -> int | float:
    number = float(re.sub(r"[, ']", "", digits))
    return int(number) if number.is_integer() else number


def _money(match: re.Match[str]) -> int | float | None:
    if not (match["front"] or match["back"] or match["scale"]):
        return None
    scale = {"k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "million": 1e6}.get((match["scale"] or "").lower(), 1)
    number = round(float(_number(match["digits"])) * scale, 2) * (-1 if match["sign"] else 1)
    return int(number) if number.is_integer() else number


def _find_names(text: str, taken: bytearray, public: frozenset[str]) -> list[SpanFound]:
    found: list[SpanFound] = []
    for match in _NAME.finditer(text):
        start, end = match.start(), match.end()
        for piece_start, piece_end in _free_pieces(start, end, taken):
            piece = _without_opener(text, piece_start, piece_end)
            if piece is not None:
                first, last = piece
                shown = text[first:last]
                if shown.lower() in public:
                    continue
                found.append(SpanFound(SpanType.NAME, first, last, shown, shown, _word_before(text, first)))
    return found


def _free_pieces(start: int, end: int, taken: bytearray) -> list[tuple[int, int]]:
    pieces: list[tuple[int, int]] = []
    begin: int | None = None
    for place in range(start, end + 1):
        free = place < end and not taken[place]
        if free and begin is None:
            begin = place
        elif not free and begin is not None:
            pieces.append((begin, place))
            begin = None
    return pieces


def _without_opener(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Cut words that only start a sentence off the front, and a possessive and punctuation off the end."""
    while start < end:
        head = re.match(r"[\w'\u2019.&-]+", text[start:end])
        if head is None:
            start += 1
            continue
        word = head.group().lower().removesuffix(".").replace("\u2019", "'")
        if word == "i" or _CONTRACTION.search(word) or head.group().islower():
            start += head.end()
            continue
        if (word in OPENERS or word in SYNONYMS) and _starts_sentence(text, start):
            start += head.end()
            continue
        if word in FILLERS and head.end() == end - start:
            return None
        break
    shown = text[start:end].rstrip(" .,;:-\u2013\u2014/&|+")
    for ending in ("'s", "\u2019s"):
        shown = shown.removesuffix(ending)
    while (link := re.search(r"\s+(?:of|and|&|de|van|von|der|la|le|the)$", shown)) is not None:
        shown = shown[: link.start()]
    if not shown.strip() or shown.isdigit() or (shown.isalpha() and _is_plain_opening(text, start, start + len(shown))):
        return None
    return start, start + len(shown)


def _is_plain_opening(text: str, start: int, end: int) -> bool:
    """Tell whether a single word owes its capital to the start of a sentence that goes on in lower case."""
    return re.match(r"\s+[a-z]", text[end:]) is not None and _starts_sentence(text, start)


def _starts_sentence(text: str, start: int) -> bool:
    before = text[:start].rstrip()
    if not before or before[-1] in ".!?:;,\n-\u2013\u2014(" or "\n" in text[len(before) : start]:
        return True
    last = re.search(r"[\w'\u2019]+$", before)
    if last is None:
        return False
    word = last.group().lower()
    return (word in OPENERS or word in SYNONYMS) and _starts_sentence(text, last.start())


def _find_tail(text: str) -> list[SpanFound]:
    match = re.search(r":\s+(\S.*)", text, re.DOTALL)
    if match is None:
        return []
    shown = match.group(1).rstrip()
    return [SpanFound(SpanType.TAIL, match.start(1), match.start(1) + len(shown), shown, shown, "")]


def _word_before(text: str, start: int) -> str:
    match = re.search(r"([\w'\u2019-]+)\W*$", text[:start])
    return match.group(1).lower() if match else ""
