"""Carrying out a solution: its calls made for real in a world, with references filled in from earlier results."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import cast

from atlas.core.errors import CorpusError
from atlas.crm.records import Response, ToolCall
from atlas.crm.respond import parse_response
from atlas.crm.world import Workplace
from atlas.episodes.protocols import Customer
from atlas.episodes.records import Step, Turn
from atlas.scenarios.plans import RESPOND_TOOL
from atlas.verify.goals import PlannedCall, Solution

_REFERENCE = re.compile(r"\{\{call_(\d+)\.([\w.]+)\}\}")


def run_solution(solution: Solution, world: Workplace, customer: Customer, *, whole: bool = True) -> tuple[Turn, ...]:
    """Return the turns of ``solution`` played in ``world``; the world is changed by it.

    Args:
        solution: The calls, turn by turn.
        world: Where they are made; freshly opened for the case.
        customer: Who speaks; freshly made for the case.
        whole: Whether the user must have nothing more to say after the last turn.

    Raises:
        CorpusError: a reference leads nowhere, or the user has more or less to say than the solution has turns.
    """
    results: list[object] = []
    turns: list[Turn] = []
    message: str | None = customer.open()
    for planned in solution.turns:
        if message is None:
            raise CorpusError(f"the user has nothing more to say after turn {len(turns)} of {len(solution.turns)}")
        turn = _play_turn(planned, message, world, results)
        turns.append(turn)
        message = customer.reply(turn.response)
    if message is not None and whole:
        raise CorpusError(f"the user goes on after the last turn of the solution: {message!r}")
    return tuple(turns)


def resolve(value: object, results: Sequence[object]) -> object:
    """Return ``value`` with every reference replaced by what it stands for.

    Args:
        value: Arguments as planned, nested to any depth.
        results: The result of every call so far.

    Raises:
        CorpusError: a reference leads nowhere.

    Example:
        >>> results = [{"results": [{"amount": 5}], "total": 1}]
        >>> resolve({"a": "{{call_0.results.0.amount}}", "b": "at {{call_0.total}}"}, results)
        {'a': 5, 'b': 'at 1'}
    """
    if isinstance(value, str):
        return _resolve_text(value, results)
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, object]", value)
        return {name: resolve(item, results) for name, item in entries.items()}
    if isinstance(value, (list, tuple)):
        return [resolve(item, results) for item in cast("Sequence[object]", value)]
    return value


def _play_turn(planned: Sequence[PlannedCall], message: str, world: Workplace, results: list[object]) -> Turn:
    steps: list[Step] = []
    for call in planned:
        arguments = cast("dict[str, object]", resolve(call.arguments, results))
        if call.tool == RESPOND_TOOL:
            response = parse_response(arguments)
            if not isinstance(response, Response):
                raise CorpusError(f"a solution responds wrongly: {response.message}")
            results.append(None)
            return Turn(message, tuple(steps), response)
        made = ToolCall(call.tool, arguments)
        result = world.call(made)
        steps.append(Step(made, result))
        results.append(result.data)
    raise CorpusError("a turn of a solution ends without respond")


def _resolve_text(text: str, results: Sequence[object]) -> object:
    whole = _REFERENCE.fullmatch(text)
    if whole:
        return _follow(whole, results)
    return _REFERENCE.sub(lambda match: str(_follow(match, results)), text)


def _follow(match: re.Match[str], results: Sequence[object]) -> object:
    number, path = int(match[1]), match[2]
    value: object = results[number] if number < len(results) else None
    for part in path.split("."):
        if isinstance(value, Mapping):
            value = cast("Mapping[str, object]", value).get(part)
        elif isinstance(value, (list, tuple)) and part.isdigit():
            items = cast("Sequence[object]", value)
            value = items[int(part)] if int(part) < len(items) else None
        else:
            value = None
        if value is None:
            raise CorpusError(f"the reference {match[0]} leads nowhere: nothing at {part!r}")
    return value
