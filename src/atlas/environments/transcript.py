"""A conversation for people to read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from atlas.core.records import as_json
from atlas.environments.texts import ascii_json, clipped
from atlas.episodes.records import Step, Turn

LONGEST_VALUE: Final = 300
"""Characters of a call's arguments, and of its result."""


def transcript(turns: Sequence[Turn]) -> str:
    """Return the conversation line by line: who said what, which calls were made, and what came of each.

    Example:
        >>> transcript([Turn("Is Halden Foods a client?")])
        'user: Is Halden Foods a client?'
    """
    return "\n".join(line for turn in turns for line in _lines(turn))


def _lines(turn: Turn) -> Iterator[str]:
    yield f"user: {turn.user}"
    for step in turn.steps:
        yield from _step_lines(step)
    if turn.response is not None:
        reason = f", {turn.response.reason_code.value}" if turn.response.reason_code else ""
        yield f"agent ({turn.response.outcome.value}{reason}): {turn.response.message}"


def _step_lines(step: Step) -> Iterator[str]:
    yield f"  {step.call.tool} {_short(step.call.arguments)}"
    error = step.result.error
    yield f"    {_short(step.result.data)}" if error is None else f"    {error.code.value}: {error.message}"


def _short(value: object) -> str:
    return ascii_json(clipped(as_json(value), LONGEST_VALUE))
