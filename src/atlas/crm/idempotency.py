"""Calls that are carried out once, however often they are sent: what a key has led to is answered again.

A key belongs to one logical call and stands outside of its arguments, so no agent ever sees one. A call that comes
again with its key gets the answer of the first time; nothing is carried out, counted or drawn for it. An answer is kept
when it is final: a success, or an error that would be the same again. An error that may pass is not kept, so the key
can be tried once more.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import cast

from atlas.crm.records import ErrorCode, JsonObject, ToolCall, ToolError, ToolResult
from atlas.crm.wording import is_array, is_object, kept, named

MOST_KEYS = 256  # answers kept; the one that was asked for longest ago is forgotten first
LONGEST_KEY = 255  # characters
_MOST_PARTS = 100_000  # values in the arguments of a call that carries a key

_FIELD = "idempotency_key"


class CallLedger:
    """What came of the calls that carried a key.

    Args:
        most_keys: Number of answers kept. A key that was forgotten is like one that was never seen.
    """

    __slots__ = ("_answers", "_most_keys")

    def __init__(self, most_keys: int = MOST_KEYS) -> None:
        self._answers: OrderedDict[str, tuple[str, ToolResult]] = OrderedDict()
        self._most_keys = most_keys

    def once(self, call: ToolCall, key: str, carry_out: Callable[[ToolCall], ToolResult]) -> ToolResult:
        """Return what ``key`` led to, or else carry out ``call`` and remember what comes of it.

        Args:
            call: The call; another one than the first with this key is an error.
            key: 1 to 255 printable ASCII characters.
            carry_out: Carries out the call. What it raises is not remembered.
        """
        mark = fingerprint(call)
        if mark is None or not _is_key(key):
            return ToolResult(error=_unusable(key, call))
        known = self._answers.get(key)
        if known is not None:
            self._answers.move_to_end(key)
            first, answer = known
            return _copied(answer) if first == mark else ToolResult(error=_conflict(key, call))
        answer = carry_out(call)
        if answer.error is None or not answer.error.retryable:
            self._answers[key] = (mark, _copied(answer))
            if len(self._answers) > self._most_keys:
                self._answers.popitem(last=False)
        return answer

    def __len__(self) -> int:
        return len(self._answers)


def fingerprint(call: ToolCall) -> str | None:
    """Return a text that equal calls share and others do not; None where the arguments have too many parts.

    Any JSON-like value is taken: NaN, numbers of any size, lone surrogates, any nesting. The order of names in an
    object makes no difference, the type of a number does.

    Example:
        >>> one = ToolCall("add_note", {"entity_id": "c1", "content": "x"})
        >>> fingerprint(one) == fingerprint(ToolCall("add_note", {"content": "x", "entity_id": "c1"}))
        True
        >>> fingerprint(one) == fingerprint(ToolCall("add_note", {"entity_id": "c1", "content": ["x"]}))
        False
    """
    digest = hashlib.sha256()
    waiting: list[object] = [call.arguments, call.tool]  # a stack, not recursion: arguments may be nested very deep
    parts = 0
    while waiting:
        value = waiting.pop()
        parts += 1
        if is_object(value):
            digest.update(b"{%d:" % len(value))
            pairs = sorted(cast("Mapping[object, object]", value).items(), key=lambda pair: _encoded(pair[0]))
            waiting.extend(part for name, inner in reversed(pairs) for part in (inner, name))
        elif is_array(value):
            digest.update(b"[%d:" % len(value))
            if len(value) > _MOST_PARTS:
                return None
            waiting.extend(reversed(value))
        else:
            digest.update(_encoded(value))
        if parts > _MOST_PARTS:
            return None
    return digest.hexdigest()


def _encoded(value: object) -> bytes:
    """A scalar as bytes: its type, its length, what it says."""
    if isinstance(value, str):
        said = value.encode("utf-8", "surrogatepass")
    elif isinstance(value, int) and not isinstance(value, bool):
        said = b"%x" % value  # in hexadecimal, for decimal digits are limited and slow
    elif isinstance(value, float):
        said = value.hex().encode()
    else:
        said = repr(value).encode("utf-8", "surrogatepass")
    return b"%s%d:%s" % (type(value).__name__.encode(), len(said), said)


def _is_key(key: object) -> bool:
    return isinstance(key, str) and 0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()


def _unusable(key: object, call: ToolCall) -> ToolError:
    if not _is_key(key):
        message = f"an idempotency key has 1 to {LONGEST_KEY} printable ASCII characters; got {named(key)}"
        return ToolError(ErrorCode.INVALID_FORMAT, message, _FIELD, kept(key))
    message = f"the arguments of {named(call.tool)} have more than {_MOST_PARTS:,} parts; that is too much for a key"
    return ToolError(ErrorCode.TOO_LONG, message, _FIELD)


def _conflict(key: str, call: ToolCall) -> ToolError:
    message = f"the idempotency key {named(key)} belongs to another call than this {named(call.tool)}"
    hint = "send the call unchanged to have its answer again, or give a call of its own another key"
    return ToolError(ErrorCode.IDEMPOTENCY_CONFLICT, message, _FIELD, kept(key), hint=hint)


def _copied(answer: ToolResult) -> ToolResult:
    """The answer with data of its own: what somebody does to an answer must not change the next one."""
    return ToolResult(cast("JsonObject | None", _copied_value(answer.data)), answer.error)


def _copied_value(value: object) -> object:
    if isinstance(value, dict):
        return {name: _copied_value(inner) for name, inner in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [_copied_value(inner) for inner in cast("list[object]", value)]
    return value
