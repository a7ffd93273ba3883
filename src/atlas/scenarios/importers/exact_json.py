"""JSON lines read so that they can be written back as they were: nothing merged, nothing rounded away in silence.

What ``json`` lets pass is refused here: a key that stands twice in an object, NaN and infinity, and numbers so large
that they would become infinity.
"""

from __future__ import annotations

import enum
import json
import math
from collections.abc import Sequence
from typing import NoReturn, cast

from atlas.core.errors import InputFileError
from atlas.settings.parsing import parse_json

_LONGEST_NUMBER = 400  # digits; more than any value of a record has, and less than Python refuses to convert


class LineForm(enum.StrEnum):
    """How a line of JSON is spelled: what ``json.dumps`` was told when it was written."""

    SPACED = "spaced"
    """Spaces behind ``,`` and ``:``, every character as it is."""
    SPACED_ASCII = "spaced_ascii"
    """The same, with ``\\u`` escapes for all that is not ASCII: the default of ``json.dumps``."""
    COMPACT = "compact"
    """No spaces, every character as it is."""
    COMPACT_ASCII = "compact_ascii"


def parse_exact(text: str, where: str) -> object:
    """Return the JSON data of ``text``; keys keep their order, numbers their type.

    Args:
        text: One JSON value.
        where: What a message starts with, such as ``"conversations.jsonl:3"``.

    Raises:
        InputFileError: it is no JSON, or JSON that cannot be written back as it was.

    Example:
        >>> parse_exact('{"b": 1, "a": 1.0}', "example:1")
        {'b': 1, 'a': 1.0}
    """

    def pairs(found: Sequence[tuple[str, object]]) -> dict[str, object]:
        made = dict(found)
        if len(made) != len(found):
            keys = [key for key, _ in found]
            twice = next(key for place, key in enumerate(keys) if key in keys[:place])
            raise InputFileError(f"{where}: the key {twice!r} stands twice in one object; keep one of the two")
        return made

    def number(digits: str) -> float:
        value = float(digits)
        if not math.isfinite(value):
            raise InputFileError(f"{where}: the number {_shortened(digits)} is too large for a JSON reader")
        return value

    def whole_number(digits: str) -> int:
        if len(digits) > _LONGEST_NUMBER:
            raise InputFileError(f"{where}: the number {_shortened(digits)} has {len(digits)} digits")
        return int(digits)

    def constant(name: str) -> NoReturn:
        raise InputFileError(f"{where}: not valid JSON: {name} is no JSON number")

    try:
        return cast(
            "object",
            json.loads(
                text, object_pairs_hook=pairs, parse_float=number, parse_int=whole_number, parse_constant=constant
            ),
        )
    except json.JSONDecodeError:
        return parse_json(text, where)  # says where and why
    except RecursionError:
        raise InputFileError(f"{where}: nested too deep to be read") from None


def form_of(text: str, data: object) -> LineForm:
    """Return how ``text``, whose data are ``data``, is spelled; of a spelling of its own, the one that fits best.

    Example:
        >>> form_of('{"a":"é"}', {"a": "é"}).value
        'compact'
    """
    written = text.strip()
    for form in LineForm:
        if render(data, form) == written:
            return form
    return LineForm.SPACED_ASCII if written.isascii() else LineForm.SPACED


def render(data: object, form: LineForm) -> str:
    """Return ``data`` as one line of JSON without its line break.

    Example:
        >>> render({"a": [1, 2.0]}, LineForm.SPACED)
        '{"a": [1, 2.0]}'
    """
    compact = form in (LineForm.COMPACT, LineForm.COMPACT_ASCII)
    ascii_only = form in (LineForm.SPACED_ASCII, LineForm.COMPACT_ASCII)
    separators = (",", ":") if compact else (", ", ": ")
    return json.dumps(data, ensure_ascii=ascii_only, allow_nan=False, separators=separators)


def _shortened(digits: str) -> str:
    return digits if len(digits) <= _SHOWN_DIGITS else f"{digits[:_SHOWN_DIGITS]}..."


_SHOWN_DIGITS = 20
