"""Values that are meant to hurt: what an agent, or somebody who speaks through one, may put into a call.

For tests of whatever takes calls. Everything is made when it is asked for, because some of it is large.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Final, cast

from atlas.core.records import JsonObject
from atlas.crm.records import ToolCall
from atlas.testing.choosing import Chooser
from atlas.testing.planning import draw_call
from atlas.testing.plans import Held, Known, filled
from atlas.testing.samples import Ids

DEEP: Final = 100_000  # levels; far more than Python's stack has
LARGE_TEXT: Final = 10_000_000  # characters
LONG_LIST: Final = 1_000_000  # items
DIGITS: Final = 100_000  # of a whole number; Python refuses to write more than 4,300

SQL_FRAGMENTS: Final = (
    "'; DROP TABLE crm.clients; --",
    "' OR '1'='1",
    '" OR ""="',
    "1; SELECT pg_sleep(10)",
    "$$; ROLLBACK; --",
    "x') UNION SELECT * FROM pg_user --",
    "%s %(name)s {} :name $1 ?",
    "\\'; COMMIT; --",
    "name = name OR name",
    "E'\\x41'",
)
"""Texts that change a statement they are put into."""

ODD_TEXTS: Final = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "a\udfffb",
    "\u202eltr",
    "\ufeff",
    "\u200b",
    "\x1b[31mred",
    "a\r\nb",
    "\u2028",
    "{{call_0.client_id}}",
    "__class__",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "Z\u0351\u036b\u0343" * 20,
    "NaN",
    "true",
    "9" * 400,
)
"""Texts that choke parsers, terminals, files and databases."""


def deep_list(levels: int = DEEP) -> list[object]:
    """Return a list in a list in a list.

    Example:
        >>> deep_list(3)
        [[[]]]
    """
    inner: list[object] = []
    for _ in range(levels - 1):
        inner = [inner]
    return inner


def deep_object(levels: int = DEEP, key: str = "a") -> dict[str, object]:
    """Return an object in an object in an object.

    Example:
        >>> deep_object(3)
        {'a': {'a': {}}}
    """
    inner: dict[str, object] = {}
    for _ in range(levels - 1):
        inner = {key: inner}
    return inner


_LIST: list[object] = []
_OBJECT: dict[str, object] = {}

SMALL_VALUES: tuple[object, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**63,
    -(2**63) - 1,
    10**30,
    1e308,
    5e-324,
    0.1 + 0.2,
    -0.0,
    math.nan,
    math.inf,
    -math.inf,
    *SQL_FRAGMENTS,
    *ODD_TEXTS,
    _LIST,
    _OBJECT,
    [_LIST],
    [None],
    [_OBJECT],
    {"": ""},
    {"equals": _OBJECT},
    {"in": [_LIST]},
    {"in": "ab"},
    {"gte": None, "lte": math.nan},
    {"contains": "\x00"},
    {"$ne": None},
    {"equals": "a", "contains": "b", "near": "c"},
    {5: 5},
    {None: 1},
    {("a", "b"): 1},
    {"__proto__": _OBJECT},
    {"criteria": {"criteria": _OBJECT}},
    {"updates": {"updates": _OBJECT}},
)
"""Values of every JSON shape that few arguments take; keys that are no texts come from callers in the same process."""

LARGE_VALUES: Final[Mapping[str, Callable[[], object]]] = {
    "large text": lambda: "x" * LARGE_TEXT,
    "large blank text": lambda: " " * LARGE_TEXT,
    "large text of letters that fold to three": lambda: "\ufb03" * LARGE_TEXT,
    "large text of control characters": lambda: "\x01" * LARGE_TEXT,
    "huge number": lambda: 10**DIGITS,
    "huge negative number": lambda: -(10**DIGITS),
    "long list": lambda: [0] * LONG_LIST,
    "long list of texts": lambda: ["x"] * LONG_LIST,
    "large object": lambda: {f"k{number}": number for number in range(LONG_LIST // 5)},
    "deep list": deep_list,
    "deep object": deep_object,
    "choices": lambda: {"in": ["x"] * LONG_LIST},
    "deep choices": lambda: {"in": deep_list()},
    "deep bound": lambda: {"gte": deep_object()},
    "large text to contain": lambda: {"contains": "x" * LARGE_TEXT},
}
"""What makes each value that is large, by what it is."""

_LOOK_ALIKES: Final = {
    "a": "\u0430",  # Cyrillic
    "c": "\u0441",
    "e": "\u0435",
    "o": "\u043e",
    "p": "\u0440",
    "i": "\u0456",
    "s": "\u0455",
    "n": "\uff4e",  # of full width
    "_": "\uff3f",
    "-": "\u2010",
}


def look_alikes(text: str) -> Iterator[str]:
    """Yield texts that a reader takes for ``text``, or that a careless comparison does.

    Example:
        >>> [text == "on" for text in look_alikes("on")][:3], [len(text) for text in look_alikes("on")][:3]
        ([False, False, False], [2, 2, 3])
    """
    for place, letter in enumerate(text):
        if letter in _LOOK_ALIKES:
            yield f"{text[:place]}{_LOOK_ALIKES[letter]}{text[place + 1 :]}"
    yield from (f"{text}\u200b", f"\ufeff{text}", f"{text} ", f" {text}", text.upper(), f"{text}\x00", f"{text}\u0301")


def draw_abuse(chooser: Chooser, ids: Ids) -> ToolCall:
    """Return a call that should not be made: one that might succeed, with a few things in it that hurt.

    Args:
        chooser: Makes the choices.
        ids: The records that there are.
    """
    call = draw_call(chooser)
    arguments = cast("dict[object, object]", filled(call.arguments, lambda named: _meant(named, ids)))
    names = [*arguments]
    for _ in range(chooser.number(0, 3)):
        arguments[_draw_name(names, chooser)] = _draw_value(chooser)
    tool = chooser.pick((*look_alikes(call.tool), *SQL_FRAGMENTS)) if chooser.one_in(40) else call.tool
    return ToolCall(tool, _wrapped(arguments, chooser))


def _meant(named: Known | Held, ids: Ids) -> object:
    if isinstance(named, Held):
        return "a"
    known = ids.get(named.entity) or ("none",)
    return known[named.number % len(known)]


def _draw_name(names: list[object], chooser: Chooser) -> object:
    if names and not chooser.one_in(10):
        return chooser.pick(names)
    odd = chooser.pick((*SQL_FRAGMENTS, *ODD_TEXTS, "nonsense", 5, None, True, ("a",)))
    return chooser.pick(tuple(look_alikes(str(chooser.pick(names))))) if names and chooser.one_in(2) else odd


def _draw_value(chooser: Chooser) -> object:
    value = chooser.pick(SMALL_VALUES)
    for _ in range(chooser.number(0, 3)):
        wrap = chooser.pick(_WRAPS)
        value = wrap(value)
    return value


_WRAPS: tuple[Callable[[object], object], ...] = (
    lambda value: value,
    lambda value: [value],
    lambda value: {"equals": value},
    lambda value: {"in": [value, value]},
    lambda value: {"contains": value},
    lambda value: {"gte": value, "lte": value},
)


def _wrapped(arguments: Mapping[object, object], chooser: Chooser) -> JsonObject:
    """The arguments, sometimes inside a wrapper, twice, or both inside and outside."""
    plain: dict[object, object] = dict(arguments)
    for _ in range(2):
        if chooser.one_in(16):
            wrapper = chooser.pick(("criteria", "updates", "fields", "arguments"))
            plain = {**plain, wrapper: plain} if chooser.one_in(2) else {wrapper: plain}
    return cast("JsonObject", plain)
