"""From a message to typed spans and a text without them: what can be known without asking the world."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from atlas.core.records import record
from atlas.learning.dates import DATE_PATTERN, read_date
from atlas.learning.english import FILLERS, LEADING, OPENERS, SYNONYMS, canonical, spell
from atlas.learning.language import (
    SpanType,
)
from atlas.learning.name_shapes import pattern_of
from atlas.learning.span_patterns import (
    BARE_NUMBER,
    CONTRACTION,
    FILE_END,
    LOOSE_NAME,
    NAME,
    NAME_WORD,
    PASSES,
    WORD,
)

_NO_WORDS = frozenset(
    {SpanType.SPEECH, SpanType.EMAIL, SpanType.FILE, SpanType.URL, SpanType.ID, SpanType.ADDRESS, SpanType.POSTAL}
)
_NAMING = _NO_WORDS | {SpanType.NAME, SpanType.QUOTED, SpanType.HANDLE}  # a word of them may be part of a name
_LONGEST_NAME = 8  # words of a quoted name
_LONGEST_FILE = 5  # words of a quoted file name
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
        of: The kind of record that it is a name of by its shape, empty where that is not known.
    """

    type: SpanType
    start: int
    end: int
    text: str
    value: str | int | float
    after: str
    of: str = ""


CLIENT, PERSON, TITLE = "client", "person", "title"
"""What names speak for, besides kinds of record: an organisation, a contact or a colleague, a job."""

_TELLING = 3  # letters of a name that are no accident in an address


@dataclass(frozen=True, eq=False)
class Familiar:
    """What helps to tell names from other words. Compared by identity: make one and keep it.

    Attributes:
        public: Words of closed sets, in lower case; with a capital, they are no names.
        shapes: Shapes of names with the kinds of record that have them, those to be looked for first in front.
        values: Values of some fields, in lower case, with the fields; colleagues' names with what they speak for.
        endings: Last words of names, in lower case, with the kinds of record that have them.
        beginnings: First two words of names, in lower case, of which the first opens sentences as well.
    """

    public: frozenset[str] = frozenset()
    shapes: tuple[tuple[str, str], ...] = ()
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    endings: Mapping[str, str] = field(default_factory=dict[str, str])
    beginnings: frozenset[str] = frozenset()

    def kind_of(self, name: str) -> str:
        """Return the kind of record or the field that a name speaks for, empty where it speaks for none."""
        for shape, kind in self.shapes:
            if pattern_of(shape).fullmatch(name):
                return kind
        if name.lower() in self.values:
            return self.values[name.lower()]
        words = name.lower().split()
        if len(words) < 2:  # noqa: PLR2004 - a single word may be anything
            return ""
        return self.endings.get(words[-1], "")

    @functools.cached_property
    def value_pattern(self) -> re.Pattern[str]:
        """The pattern of the values, the longest first."""
        values = sorted(self.values, key=lambda value: (-len(value), value))
        return re.compile(rf"\b(?:{'|'.join(map(re.escape, values))})\b", re.IGNORECASE)

    def is_title(self, name: str) -> bool:
        """Tell whether a name is a job."""
        return self.kind_of(name) == TITLE


NOTHING_FAMILIAR = Familiar()


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

    def is_in_name(self, place: int) -> bool:
        """Tell whether the character at ``place`` belongs to a name, or to a stretch that may hold one."""
        return _is_in_name(place, self.spans)

    def of_type(self, kind: SpanType) -> tuple[SpanFound, ...]:
        """Return the spans of one type, by position."""
        return tuple(span for span in self.spans if span.type is kind)


@functools.lru_cache(maxsize=4096)
def perceive(text: str, today: date, familiar: Familiar = NOTHING_FAMILIAR) -> Percept:
    """Return what ``text`` holds.

    Args:
        text: A message.
        today: The day from which relative dates are read.
        familiar: What helps to tell names from other words.

    Example:
        >>> seen = perceive('Quote "Harbor Crane" at $12.5k until tomorrow', date(2026, 3, 2))
        >>> [(span.type.value, span.value) for span in seen.spans]
        [('quoted', 'Harbor Crane'), ('money', 12500), ('date', '2026-03-03')]
        >>> seen.tokens
        ('<date>', '<money>', '<name>', 'quote', 'until')
    """
    spans = _find_spans(text, today, familiar)
    words = tuple((match.group().lower(), match.start()) for match in WORD.finditer(text))
    return Percept(text, spans, tuple(sorted({*cue_tokens(text, spans), *_odd_values(text, spans, today)})), words)


def _odd_values(text: str, spans: tuple[SpanFound, ...], today: date) -> Iterator[str]:
    """Yield a cue word for every kind of value that stands out: nothing or less, over 100 %, no day, a day gone by."""
    for span in spans:
        if span.type in (SpanType.MONEY, SpanType.NUMBER, SpanType.PERCENT) and not isinstance(span.value, str):
            if span.value <= 0:
                yield "<nothing or less>"
            if span.type is SpanType.PERCENT and span.value > 100:  # noqa: PLR2004 - the whole
                yield "<over the whole>"
            if span.type is not SpanType.MONEY and not float(span.value).is_integer():
                yield "<fraction>"
        elif span.type is SpanType.DATE and str(span.value) < today.isoformat():
            yield "<day gone by>"
    if any(read_date(match.group(), today) is None for match in DATE_PATTERN.finditer(text)):
        yield "<no day>"


def cue_tokens(text: str, spans: tuple[SpanFound, ...]) -> tuple[str, ...]:
    """Return the sorted cue words of ``text``: canonical words outside of spans, and a placeholder per span type."""
    tokens = {f"<{_kind_of(span)}>" for span in spans}
    tokens.discard("<tail>")
    names = sum(span.type in (SpanType.NAME, SpanType.QUOTED) for span in spans)
    tokens |= {f"<{count} names>" for count in (2, 3) if names >= count}
    for word in _words_outside(text, spans):
        if spell(word) not in FILLERS and not _is_contraction(word):
            tokens.add(canonical(word))
    return tuple(sorted(tokens))


def _kind_of(span: SpanFound) -> str:
    return span.of or (SpanType.NAME if span.type is SpanType.QUOTED else span.type).value


def _is_contraction(word: str) -> bool:
    return any(mark in word for mark in "'\u2019")


def _words_outside(text: str, spans: tuple[SpanFound, ...]) -> list[str]:
    masked = list(text)
    for span in spans:
        if span.type is not SpanType.TAIL:
            masked[span.start : span.end] = " " * (span.end - span.start)
    return [word.lower().removesuffix("'s").removesuffix("\u2019s") for word in WORD.findall("".join(masked))]


def _find_spans(text: str, today: date, familiar: Familiar) -> tuple[SpanFound, ...]:
    taken = bytearray(len(text))
    found: list[SpanFound] = []
    for kind, pattern in PASSES:
        _collect(kind, pattern, text, today, (taken, found))
        if kind is SpanType.QUOTED:
            found += _find_shaped(text, taken, familiar)
            found += _find_values(text, taken, familiar)
    for name in _find_names(text, taken, familiar):
        taken[name.start : name.end] = b"\1" * (name.end - name.start)
        found.append(name)
    mails = [str(span.value).lower() for span in found if span.type is SpanType.EMAIL]
    found = [_with_kind(span, familiar, mails) for span in found]
    _collect(SpanType.NUMBER, BARE_NUMBER, text, today, (taken, found))
    found = [_without_name_before(span, text, found) for span in found]
    found += _find_tail(text)
    return tuple(sorted(found, key=lambda span: (span.start, -span.end)))


def _without_name_before(span: SpanFound, text: str, found: Sequence[SpanFound]) -> SpanFound:
    """Return a span whose word before, where that belongs to another span, is left out: it may be a name."""
    before = re.search(rf"{re.escape(span.after)}\W*$", text[: span.start].lower()) if span.after else None
    return replace(span, after="") if before is not None and _is_in_name(before.start(), found) else span


def _is_in_name(place: int, spans: Iterable[SpanFound]) -> bool:
    return any(span.start <= place < span.end for span in spans if span.type in _NAMING)


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
        if FILE_END.search(shown) and len(shown.split()) <= _LONGEST_FILE:
            kind = SpanType.FILE
        elif shown[-1] in ".!?" or len(shown.split()) > _LONGEST_NAME:
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


def _with_kind(span: SpanFound, familiar: Familiar, mails: Sequence[str]) -> SpanFound:
    """Return a name with the kind of record that it speaks for: by an address beside it, else by its looks."""
    if span.type not in (SpanType.QUOTED, SpanType.NAME) or span.of:
        return span
    words = re.findall(r"\w+", span.text.lower())
    for mail in mails if len(words) > 1 else ():
        person, _, domain = mail.partition("@")
        if words[-1] in person and len(words[-1]) >= _TELLING:
            return replace(span, of=PERSON)
        if "".join(words) in domain:
            return replace(span, of=CLIENT)
    return replace(span, of=familiar.kind_of(span.text))


def _find_shaped(text: str, taken: bytearray, familiar: Familiar) -> list[SpanFound]:
    found: list[SpanFound] = []
    for shape, kind in familiar.shapes:
        for match in pattern_of(shape).finditer(text):
            piece = None if any(taken[match.start() : match.end()]) else _without_opener(text, *match.span(), familiar)
            if piece is not None:
                first, last = piece
                taken[first:last] = b"\1" * (last - first)
                shown = text[first:last]
                found.append(SpanFound(SpanType.NAME, first, last, shown, shown, _word_before(text, first), kind))
    return found


def _find_values(text: str, taken: bytearray, familiar: Familiar) -> list[SpanFound]:
    """Find values of fields that people call by their names, with a capital; not where they end a longer name."""
    found: list[SpanFound] = []
    for match in familiar.value_pattern.finditer(text) if familiar.values else ():
        first, last = match.span()
        of_a_name = re.search(rf"(?:{NAME_WORD}) $", text[:first]) or re.match(rf" (?:{NAME_WORD})", text[last:])
        if text[first].isupper() and of_a_name is None and not any(taken[first:last]):
            taken[first:last] = b"\1" * (last - first)
            shown = match.group()
            of = familiar.values[shown.lower()]
            found.append(SpanFound(SpanType.NAME, first, last, shown, shown, _word_before(text, first), of))
    return found


def _find_names(text: str, taken: bytearray, familiar: Familiar) -> list[SpanFound]:
    found: list[SpanFound] = []
    for match in (NAME if familiar.values else LOOSE_NAME).finditer(text):
        for piece_start, piece_end in _free_pieces(match.start(), match.end(), taken):
            whole = _without_opener(text, piece_start, piece_end, familiar)
            for first, last in _parts(text, *whole, familiar) if whole is not None else ():
                shown = text[first:last]
                if shown.lower() not in familiar.public:
                    found.append(SpanFound(SpanType.NAME, first, last, shown, shown, _word_before(text, first)))
    return found


def _parts(text: str, start: int, end: int, familiar: Familiar) -> list[tuple[int, int]]:
    """Cut a name such as ``Ada Moss of Harbor Cranes`` where what follows is known for the name of a record."""
    link = re.search(r" (?:of|and) ", text[start:end])
    if link is None or not familiar.kind_of(text[start + link.end() : end]) or familiar.is_title(text[start:end]):
        return [(start, end)]
    return [(start, start + link.start()), *_parts(text, start + link.end(), end, familiar)]


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


def beginnings_of(name: str) -> Iterator[str]:
    """Yield the first two words of a name, and of its parts, in lower case, where the first also opens sentences.

    Example:
        >>> list(beginnings_of("2026 Harbor Cranes: Contract Archive Rollout")), list(beginnings_of("Harbor Cranes"))
        (['contract archive'], [])
    """
    for match in _FIRST_TWO.finditer(name):
        first, _, second = match.group().lower().partition(" ")
        if first in OPENERS or first in SYNONYMS:
            yield f"{first} {second}"


_FIRST_TWO = re.compile(r"(?:(?<=^)|(?<=[^\w\s] )|(?<=\d ))[^\W\d]+ [^\W\d]+")


def _without_opener(text: str, start: int, end: int, familiar: Familiar) -> tuple[int, int] | None:
    """Cut words that only start a sentence off the front, and a possessive and punctuation off the end."""
    while start < end:
        head = re.match(r"[\w'\u2019.&-]+", text[start:end])
        if head is None:
            start += 1
            continue
        word = head.group().lower().removesuffix(".").replace("\u2019", "'")
        if word == "i" or CONTRACTION.search(word) or head.group().islower():
            start += head.end()
            continue
        bare = word.removesuffix("'s")
        opens = (bare in OPENERS or bare in SYNONYMS) and _starts_sentence(text, start)
        if opens and next(beginnings_of(text[start:end]), "") not in familiar.beginnings:
            start += head.end()
            continue
        if word in FILLERS and head.end() == end - start:
            return None
        break
    if text[start:end].isalpha() and text[end : end + 1] == ":" and text[:start].endswith("\n"):
        return None  # a label in front of a value
    shown = text[start:end].rstrip(" .,;:-\u2013\u2014/&|+")
    for ending in ("'s", "\u2019s"):
        shown = shown.removesuffix(ending)
    while (link := re.search(r"\s+(?:of|and|&|de|van|von|der|la|le|the|I)$", shown)) is not None:
        shown = shown[: link.start()]
    if not shown.strip() or shown.isdigit() or (shown.isalpha() and _is_plain_opening(text, start, start + len(shown))):
        return None
    return start, start + len(shown)


def _is_plain_opening(text: str, start: int, end: int) -> bool:
    """Tell whether a single word owes its capital to the start of a sentence, or is an exclamation of its own."""
    opens = not text[:start].strip() or text[:start].rstrip(" ")[-1] in ".!?:;,\n-\u2013\u2014("
    if re.match(r"\s+[a-z]", text[end:]) is not None:
        return opens
    alone = re.match(r"['\u2019]s\b|[,.!;]", text[end:]) is not None
    return alone and opens and not text[:start].rstrip(" ").endswith((",", ":", ";", "-", "\u2013", "\u2014", "("))


def _starts_sentence(text: str, start: int) -> bool:
    before = text[:start].rstrip()
    if not before or before[-1] in ".!?:;,\n-\u2013\u2014(" or "\n" in text[len(before) : start]:
        return True
    last = re.search(r"[\w'\u2019]+$", before)
    if last is None:
        return False
    word = last.group().lower()
    return (word in OPENERS or word in SYNONYMS) and word not in LEADING and _starts_sentence(text, last.start())


def _find_tail(text: str) -> list[SpanFound]:
    match = re.search(r":\s+(\S.*)", text, re.DOTALL)
    if match is None:
        return []
    shown = match.group(1).rstrip()
    return [SpanFound(SpanType.TAIL, match.start(1), match.start(1) + len(shown), shown, shown, "")]


def _word_before(text: str, start: int) -> str:
    match = re.search(r"([\w'\u2019-]+)\W*$", text[:start])
    return match.group(1).lower() if match else ""
