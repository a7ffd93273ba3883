"""The closed language of values: where an argument or a fact of a lesson comes from.

Nothing here can name a record of a customer. A value that is no word of the public schemas enters a lesson as the
digest of what was seen once; its text is filled in when a second case, about other records, shows the same value
(``atlas.learning.sightings``).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator

from atlas.core.records import record


class SpanType(enum.StrEnum):
    """What a stretch of a message looks like."""

    EMAIL = "email"
    URL = "url"
    ID = "id"
    FILE = "file"
    HANDLE = "handle"
    ADDRESS = "address"
    """A domain or a malformed e-mail address."""
    PHONE = "phone"
    POSTAL = "postal"
    """A postal address: a number, a street and at least one place behind a comma."""
    MONEY = "money"
    PERCENT = "percent"
    DATE = "date"
    NUMBER = "number"
    QUOTED = "quoted"
    SPEECH = "speech"
    """Quoted, and a sentence rather than a name."""
    NAME = "name"
    TAIL = "tail"
    """What follows the first colon of a message."""


SPANS_OF_FIELD: Mapping[str, tuple[SpanType, ...]] = {
    "email": (SpanType.EMAIL, SpanType.ADDRESS),
    "amount": (SpanType.MONEY, SpanType.NUMBER),
    "value": (SpanType.MONEY, SpanType.NUMBER),
    "probability": (SpanType.PERCENT, SpanType.NUMBER),
    "close_date": (SpanType.DATE,),
    "valid_until": (SpanType.DATE,),
    "start_date": (SpanType.DATE,),
    "end_date": (SpanType.DATE,),
    "file_name": (SpanType.FILE,),
    "phone": (SpanType.PHONE,),
    "address": (SpanType.POSTAL,),
    "owner": (SpanType.HANDLE,),
    "content": (SpanType.SPEECH, SpanType.QUOTED, SpanType.TAIL),
    "notes": (SpanType.SPEECH,),
}
"""Which stretches of a message can state a field, the likeliest first."""


class Part(enum.StrEnum):
    """Which words of a text are meant."""

    WHOLE = "whole"
    FIRST = "first"
    REST = "rest"
    LAST_CLAUSE = "last_clause"
    """What follows the last comma, as the country of an address."""


class Pick(enum.StrEnum):
    """How one row is chosen among several."""

    MAX = "max"
    MIN = "min"
    FIRST = "first"
    LAST = "last"
    WHERE = "where"
    """The first row whose field holds a public value."""
    OTHER = "other"
    """The first live row that no call has changed in this conversation, where one of the rows was changed."""


class Shape(enum.StrEnum):
    """How a value is written inside a text."""

    PLAIN = "plain"
    LOWER = "lower"
    UPPER = "upper"
    SNAKE = "snake"
    KEBAB = "kebab"
    JOINED = "joined"
    GROUPED = "grouped"
    """A number with thousands separators."""
    COMPACT_DATE = "compact_date"
    MONTH = "month"
    COMPACT_MONTH = "compact_month"
    YEAR = "year"
    QUARTER = "quarter"


class Horizon(enum.StrEnum):
    """What a date is moved to after days or months were added."""

    DAY = "day"
    MONTH = "month"
    """As many calendar months, the day of the month kept (or the last one there is)."""
    MONTH_END = "month_end"
    QUARTER_END = "quarter_end"


class RoundingMode(enum.StrEnum):
    """Which multiple of a step a number goes to."""

    NEAREST = "nearest"
    UP = "up"
    DOWN = "down"


@record
class Where:
    """A call: the ``nth`` one to ``tool`` in this turn or, if ``earlier``, the last one in the turns before.

    ``rows`` names a part of it: a list of its result, ``"."`` for the plain fields of its result, ``"args"`` for its
    arguments.
    """

    tool: str
    nth: int
    rows: str
    earlier: bool = False


@record
class Span:
    """A stretch of a user's message: the ``nth`` of its type, or the first of its type behind the word ``after``.

    ``back`` counts messages: 0 is the open turn's. ``fresh`` leaves out what a record found so far is named or holds
    already. With ``nth`` -1, it may be any of its type (the first is tried first), with -2 it is the longest. ``of``
    keeps to names whose shape speaks for that kind of record, empty to those whose shape says nothing.
    """

    type: SpanType
    nth: int = 0
    after: str | None = None
    part: Part = Part.WHOLE
    back: int = 0
    fresh: bool = False
    of: str | None = None
    kind: Literal["span"] = "span"


@record
class Wrapped:
    """The text between two words of a message; an empty word stands for the message's start or end."""

    left: str
    right: str
    kind: Literal["wrapped"] = "wrapped"


@record
class Entity:
    """A field of the row that the message names."""

    where: Where
    field: str
    part: Part = Part.WHOLE
    kind: Literal["entity"] = "entity"


@record
class Ref:
    """A field of the row with the greatest, smallest or last ``by``, or with a public value in it.

    ``live`` leaves closed and canceled rows aside.
    """

    where: Where
    field: str
    pick: Pick
    by: str = ""
    live: bool = False
    value: str = ""
    kind: Literal["ref"] = "ref"


@record
class Prev:
    """A field of the row that an earlier call found, or of its arguments.

    Of several rows, it is the one whose whole name stands in a message, else the first.
    """

    where: Where
    field: str
    part: Part = Part.WHOLE
    kind: Literal["prev"] = "prev"


@record
class Every:
    """A field of all rows that an earlier call returned, as a list; ``live`` leaves closed and canceled rows aside."""

    where: Where
    field: str
    live: bool = False
    kind: Literal["every"] = "every"


@record
class Derived:
    """A percentage of a number, rounded to a multiple of ``step`` (0: to the cent)."""

    base: Source
    percent: float
    step: int = 0
    mode: RoundingMode = RoundingMode.NEAREST
    kind: Literal["derived"] = "derived"


@record
class Adjusted:
    """A number raised (``sign`` 1) or lowered (-1) by an amount or a percentage that the message states."""

    base: Source
    by: Span
    sign: Literal[1, -1]
    kind: Literal["adjusted"] = "adjusted"


@record
class ClockDate:
    """A day counted from ``base``, or from today where that is None.

    ``count`` days or months are added as ``horizon`` says. For a quarter end, ``count`` is the month (1-3) of the first
    quarter's end: 3 is the calendar year.
    """

    count: int
    horizon: Horizon = Horizon.DAY
    base: Source | None = None
    kind: Literal["clock"] = "clock"


@record
class Lex:
    """The value that a word of a message stands for, by the lexicon of the parameter ``param``.

    ``back`` counts messages: 0 is the open turn's.
    """

    param: str
    back: int = 0
    kind: Literal["lex"] = "lex"


@record
class Read:
    """What a text in a found record says: a stretch of it, or the value that a word of it stands for."""

    text: Prev
    what: Span | Lex
    kind: Literal["read"] = "read"


@record
class Cond:
    """The value that goes with the value of ``key``, by the condition table ``table``."""

    key: Source
    table: str
    kind: Literal["cond"] = "cond"


@record
class Arg:
    """The value of another argument of the same call."""

    name: str
    kind: Literal["arg"] = "arg"


@record
class KindOf:
    """The kind of the record that another argument of the same call identifies, as the tools spell it."""

    name: str
    kind: Literal["kind_of"] = "kind_of"


@record
class Staff:
    """The handle or the job of the colleague on whose behalf the agent works."""

    field: Literal["handle", "role"]
    kind: Literal["staff"] = "staff"


@record
class Guarded:
    """A value seen in a case: its digest, and the value itself once that is allowed (see the module's head)."""

    digest: str
    value: str | int | float | bool | tuple[str, ...] | None = None
    known: bool = False


@record
class Const:
    """Always this value."""

    value: Guarded
    kind: Literal["const"] = "const"


@record
class Phrase:
    """Always this text of several words."""

    value: Guarded
    kind: Literal["phrase"] = "phrase"


@record
class Hole:
    """A place in a template that is filled from the first of ``sources`` that has a value."""

    sources: tuple[Source, ...]
    shape: Shape


@record
class Template:
    """A text with holes: ``glue[0] hole[0] glue[1] hole[1] … glue[n]``."""

    glue: tuple[Guarded, ...]
    holes: tuple[Hole, ...]
    kind: Literal["template"] = "template"


Source: TypeAlias = Annotated[
    Span
    | Wrapped
    | Entity
    | Ref
    | Prev
    | Every
    | Derived
    | Adjusted
    | ClockDate
    | Lex
    | Read
    | Cond
    | Arg
    | KindOf
    | Staff
    | Const
    | Phrase
    | Template,
    Discriminator("kind"),
]
