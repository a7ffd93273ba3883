"""The texts that go through a door: what happened as ASCII JSON of a bounded length, and calls read from JSON.

Nothing here is ever invalid JSON: what does not fit is left out visibly. A long text ends with how many characters
follow, any other long value is replaced by ``{"truncated_characters": N, "begins": "..."}``, and where that is not
enough the oldest turns and steps are replaced by ``{"omitted_turns": N}`` and ``{"omitted_steps": N}``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Final, NoReturn, TypeAlias, cast

from atlas.core.records import JsonObject, as_json
from atlas.crm.records import ErrorCode, ToolCall, ToolError, ToolResult
from atlas.crm.wording import kind_of
from atlas.episodes.records import Turn

LONGEST_ACTION: Final = 16_384
"""Characters of an action."""

DEEPEST_ACTION: Final = 40
"""Levels of nesting in an action; a tool needs four."""

SHORTEST_LIMIT: Final = 1_000
"""Characters that every conversation can be told in."""

_ROOMS = (2_000, 400, 100)  # characters left to each value of a conversation that is too long, tried in this order
_LONGEST_NUMBER = 100  # digits
_SHAPE = '{"tool": "<name>", "arguments": {...}}'

_Json: TypeAlias = "dict[str, object]"


def ascii_json(value: object) -> str:
    r"""Return JSON data or a record as one line of ASCII, keys sorted.

    Raises:
        ValueError: a number is NaN or infinite.

    Example:
        >>> ascii_json({"name": "Zoë", "amount": 5})
        '{"amount":5,"name":"Zo\\u00eb"}'
    """
    return json.dumps(as_json(value), sort_keys=True, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def conversation_text(turns: Sequence[Turn], limit: int) -> str:
    """Return the conversation as a JSON array of turns, the newest whole for as long as anything can be left out.

    Args:
        turns: The turns, oldest first.
        limit: Characters that the text may have; at least 1,000.

    Raises:
        ValueError: the limit is lower.

    Example:
        >>> conversation_text([Turn("Hello")], 1_000)
        '[{"response":null,"steps":[],"user":"Hello"}]'
    """
    if limit < SHORTEST_LIMIT:
        raise ValueError(f"a conversation needs room for {SHORTEST_LIMIT} characters, not {limit}")
    shown = cast("list[_Json]", as_json(tuple(turns)))
    text = ascii_json(shown)
    for room in _ROOMS:
        if len(text) <= limit:
            return text
        shown = [_shortened(turn, room) for turn in shown]
        text = ascii_json(shown)
    omitted_turns = omitted_steps = 0
    while len(text) > limit:
        if len(shown) > 1:
            dropped = (len(shown) + 1) // 2
            omitted_turns += dropped
            shown = shown[dropped:]
        else:
            steps = cast("list[object]", shown[0]["steps"])
            dropped = (len(steps) + 1) // 2
            omitted_steps += dropped
            shown = [{**shown[0], "steps": steps[dropped:], "omitted_steps": omitted_steps}]
        text = ascii_json([{"omitted_turns": omitted_turns}, *shown] if omitted_turns else shown)
    return text


def results_text(results: Sequence[ToolResult], limit: int) -> str:
    """Return the answers to the last action's calls as a JSON array; long ones share the room evenly.

    Args:
        results: The answers, in the order of the calls.
        limit: Characters that the text may have; at least 200 for each answer.

    Example:
        >>> results_text([ToolResult({"total": 1})], 1_000)
        '[{"data":{"total":1},"error":null}]'
    """
    text = ascii_json(tuple(results))
    if len(text) <= limit:
        return text
    room = (limit - 2) // len(results) - 1  # the brackets, and a comma behind each
    return ascii_json([clipped(as_json(result), room) for result in results])


def clipped(value: object, room: int) -> object:
    """Return JSON data, shortened visibly where its text is longer than ``room``.

    Args:
        value: JSON data.
        room: Characters that the text of the returned data may have; at least 80.

    Example:
        >>> clipped("a" * 200, 80)
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa... [154 more characters]'
        >>> clipped({"a": "b"}, 80)
        {'a': 'b'}
    """
    text = ascii_json(value)
    if len(text) <= room:
        return value
    if isinstance(value, str):
        kept = _prefix(value, room - len('"... [9999999999 more characters]"'))
        return f"{kept}... [{len(value) - len(kept)} more characters]"
    remark = {"truncated_characters": len(text), "begins": ""}
    # each character of a JSON text takes at most two as part of another
    return {**remark, "begins": text[: (room - len(ascii_json(remark))) // 2]}


def read_action(text: object) -> ToolCall | ToolError:
    """Return the call that ``text`` asks for, or what is wrong with it; anything at all may be given.

    Whether the tool exists and takes these arguments is for the world to say.

    Example:
        >>> read_action('{"tool": "client_search", "arguments": {"name": "Halden"}}')
        ToolCall(tool='client_search', arguments={'name': 'Halden'})
        >>> read_action("search for Halden").message
        'not valid JSON at character 0: Expecting value; an action is {"tool": "<name>", "arguments": {...}}'
    """
    if not isinstance(text, str):
        return _malformed(ErrorCode.INVALID_TYPE, f"an action is a text, not {type(text).__name__}")
    if len(text) > LONGEST_ACTION:
        return _malformed(ErrorCode.TOO_LONG, f"{len(text)} characters; at most {LONGEST_ACTION} are allowed")
    try:
        data = cast("object", json.loads(text, parse_constant=_refuse_number, parse_float=_finite, parse_int=_whole))
    except json.JSONDecodeError as exc:
        return _malformed(ErrorCode.INVALID_FORMAT, f"not valid JSON at character {exc.pos}: {exc.msg}")
    except ValueError as exc:
        return _malformed(ErrorCode.INVALID_FORMAT, str(exc))
    except RecursionError:
        return _too_deep()
    return _too_deep() if _is_deep(data) else _call_of(data)


def _call_of(data: object) -> ToolCall | ToolError:
    if not isinstance(data, dict):
        return _malformed(ErrorCode.INVALID_TYPE, "a JSON object is wanted, not another value")
    fields = cast("_Json", data)
    unknown = [name for name in fields if name not in ("tool", "arguments")]
    if unknown:
        return _malformed(ErrorCode.UNKNOWN_ARGUMENT, f"unknown key {clipped(unknown[0], 80)!r}", "action")
    if "tool" not in fields:
        return _malformed(ErrorCode.MISSING_ARGUMENT, "missing key `tool`", "tool")
    tool, arguments = fields["tool"], fields.get("arguments", {})
    if not isinstance(tool, str):
        return _malformed(ErrorCode.INVALID_TYPE, "`tool` has to be a text", "tool")
    if not isinstance(arguments, dict):
        what = f"`arguments` must be an object, not {kind_of(arguments)}"
        return _malformed(ErrorCode.INVALID_TYPE, what, "arguments")
    return ToolCall(tool, cast("JsonObject", arguments))


def _malformed(code: ErrorCode, what: str, field: str | None = None) -> ToolError:
    return ToolError(code, f"{what}; an action is {_SHAPE}", field)


def _too_deep() -> ToolError:
    return _malformed(ErrorCode.TOO_LONG, f"nested deeper than {DEEPEST_ACTION} levels")


def _is_deep(data: object) -> bool:
    level: list[object] = [data]
    for _ in range(DEEPEST_ACTION):
        if not level:
            return False
        level = [part for value in level for part in _parts(value)]
    return bool(level)


def _parts(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(cast("_Json", value).values())
    return cast("list[object]", value) if isinstance(value, list) else []


def _refuse_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _whole(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError(f"a number has {len(digits)} digits")
    return int(digits)


def _shortened(turn: _Json, room: int) -> _Json:
    return {
        **turn,
        "user": clipped(turn["user"], room),
        "steps": [_shortened_step(cast("_Json", step), room) for step in cast("list[object]", turn["steps"])],
        "response": clipped(turn["response"], room),
    }


def _shortened_step(step: _Json, room: int) -> _Json:
    call = cast("_Json", step["call"])
    return {
        "call": {"tool": clipped(call["tool"], room), "arguments": clipped(call["arguments"], room)},
        "result": clipped(step["result"], room),
    }


def _prefix(text: str, room: int) -> str:
    """Return as much of ``text`` as takes at most ``room`` characters inside of a JSON text; all of it takes more."""
    place = used = 0
    while used <= room:
        used += len(json.dumps(text[place])) - 2
        place += 1
    return text[: place - 1]
