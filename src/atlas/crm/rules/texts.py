"""Rules about a text, whatever its field: its type, its length, the characters in it.

Texts are kept in Unicode's composed form (NFC), so that what looks equal is equal. A text of one line, such as a name,
holds nothing that nobody sees: no zero-width space, no byte order mark, no mark that turns the direction of writing.
Joiners stay, for some scripts and emoji are written with them. Longer texts may hold all of that, but not only that.
"""

from __future__ import annotations

import re
import unicodedata

from atlas.crm.records import ErrorCode, ToolError
from atlas.crm.wording import escaped, is_array, kept, kind_of, quoted

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LINE_BREAKS = re.compile(r"[\t\n\r\x85\u2028\u2029]")
_MARKS = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    r"\ufff9-\ufffb\U000e0000-\U000e007f"
)
_JOINERS = r"\u200c\u200d\ufe00-\ufe0f"
_UNSEEN = re.compile(f"[{_MARKS}]")
_ONLY_UNSEEN = re.compile(rf"[{_MARKS}{_JOINERS}\s]+")


def wrong_type(name: str, value: object, wanted: str, *, hint: str | None = None) -> ToolError:
    """Return the error for a value of the wrong type.

    Example:
        >>> wrong_type("limit", True, "a whole number").message
        '`limit` must be a whole number, not a boolean: true'
    """
    got = kind_of(value)
    message = f"`{name}` must be {wanted}, not {got}"
    if quoted(value) != got:
        message = f"{message}: {quoted(value)}"
    return ToolError(ErrorCode.INVALID_TYPE, message, name, kept(value), hint=hint)


def object_error(name: str, value: object, example: str) -> ToolError:
    """Return the error for something else where a JSON object is wanted.

    Args:
        name: Name of the argument.
        value: What was given.
        example: The JSON text of a right value.

    Example:
        >>> object_error("updates", '{"stage": "Proposal"}', '{"stage": "Proposal"}').hint
        'send a JSON object, not its text, such as {"stage": "Proposal"}'
    """
    kind = "not its text" if isinstance(value, str) else "with the names of fields as its keys"
    return wrong_type(name, value, "an object", hint=f"send a JSON object, {kind}, such as {example}")


def text_error(name: str, value: object, max_length: int | None, *, lines: bool) -> ToolError | None:
    """Return what is wrong with ``value`` as a text, None where nothing is.

    Args:
        name: Name of the argument.
        value: Anything.
        max_length: Most characters, None for no bound.
        lines: Whether the text may have several lines.
    """
    if not isinstance(value, str):
        return wrong_type(name, value, "a text", hint=_text_hint(value))
    if not value or value.isspace() or (not value.isascii() and _ONLY_UNSEEN.fullmatch(value)):
        hint = "give a text, or leave the argument out where it is not needed; in a modify call null empties a field"
        return ToolError(ErrorCode.BLANK, f"`{name}` must not be blank", name, kept(value), hint=hint)
    if max_length is not None and len(value) > max_length:
        message = f"`{name}` has {len(value)} characters; at most {max_length} are allowed"
        return ToolError(ErrorCode.TOO_LONG, message, name, kept(value))
    if not value.isprintable():  # cheap, but stricter than we are
        if _CONTROL.search(value):
            message = f"`{name}` contains control characters: {quoted(value)}; leave them out"
            return ToolError(ErrorCode.INVALID_FORMAT, message, name, kept(value))
        if not lines and _LINE_BREAKS.search(value):
            message = f"`{name}` must be one line, got {quoted(value)}; leave out line breaks and tabs"
            return ToolError(ErrorCode.INVALID_FORMAT, message, name, kept(value))
    return None


def has_unseen(text: str) -> bool:
    """Tell whether ``text`` holds characters that nobody sees and that no script needs.

    Example:
        >>> has_unseen("Acme\u200b"), has_unseen("Acme")
        (True, False)
    """
    return _UNSEEN.search(text) is not None


def _text_hint(value: object) -> str | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f'send it as a text, in quotes: "{quoted(value)}"'
    return "send one text, not a list" if is_array(value) else None


def parse_text(name: str, value: object, max_length: int | None, *, lines: bool) -> str | ToolError:
    r"""Return ``value`` as it is to be kept, or what is wrong with it; the arguments are those of :func:`text_error`.

    Example:
        >>> parse_text("name", "Cafe\u0301", 10, lines=False) == "Caf\u00e9"
        True
        >>> parse_text("name", "Ac\u200bme", 10, lines=False).message
        "`name` contains characters that nobody sees: 'Ac\\u200bme'; leave them out"
    """
    error = text_error(name, value, max_length, lines=lines)
    if error is not None or not isinstance(value, str):
        return error or wrong_type(name, value, "a text")
    if value.isascii():
        return value
    if not lines and _UNSEEN.search(value):
        message = f"`{name}` contains characters that nobody sees: {escaped(value)}; leave them out"
        return ToolError(ErrorCode.INVALID_FORMAT, message, name, kept(value))
    composed = unicodedata.normalize("NFC", value)
    if len(composed) > len(value):  # a few scripts get longer by it
        return text_error(name, composed, max_length, lines=lines) or composed
    return composed
