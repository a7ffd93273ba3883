"""Who plays at the doors in tests: one who knows the solution, and one who tries anything."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import cast

from atlas.crm.records import ToolCall, ToolSpec
from atlas.scenarios.plans import RESPOND_TOOL
from atlas.scenarios.solutions import resolve
from atlas.verify.goals import Solution


class Oracle:
    """Makes the calls of a solution one by one; of each it has to be told what came of it.

    Args:
        solution: How the case is done.
    """

    def __init__(self, solution: Solution) -> None:
        self._planned = [call for turn in solution.turns for call in turn]
        self._results: list[object] = []

    def calls(self) -> Iterator[ToolCall]:
        """Yield the next call, with what it takes from earlier results."""
        for planned in self._planned:
            yield ToolCall(planned.tool, cast("dict[str, object]", resolve(planned.arguments, self._results)))
            if planned.tool == RESPOND_TOOL:
                self._results.append(None)

    def hear(self, data: object) -> None:
        """Take in what a call (not a response) returned."""
        self._results.append(data)


class Gambler:
    """Calls any tool with arguments of any kind.

    Args:
        tools: The tools.
        seed: Seeds the choice.
    """

    VALUES = ("Halden", "", "Active", 5, -1, 10**12, True, None, "2026-03-02", [], {}, "c1", "\N{SNOWMAN}")

    def __init__(self, tools: Sequence[ToolSpec], seed: int) -> None:
        self._tools = tools
        self._rng = random.Random(seed)

    def call(self) -> ToolCall:
        """Return the next call."""
        tool = self._rng.choice(self._tools)
        names = sorted(cast("dict[str, object]", tool.parameters.get("properties", {})))
        chosen = [name for name in names if self._rng.random() < 0.5]
        return ToolCall(tool.name, {name: self._rng.choice(self.VALUES) for name in chosen})
