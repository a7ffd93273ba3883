"""The vault: the only door to goals and solutions of cases.

Verdicts may open every goal. Teaching may open stream cases only; asking for a held-out one raises. Agents and
learning never import this module (an import contract says so).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from atlas.core.errors import HeldOutGoalError, UnknownNameError
from atlas.verify.goals import Goal, SealedCase, Solution, Split


class GoalVault:
    """Holds the sealed part of every case and gives out what the asker may see.

    Args:
        cases: The sealed cases; ids are unique.

    Raises:
        ValueError: two cases share an id.
    """

    def __init__(self, cases: Iterable[SealedCase]) -> None:
        sealed: dict[str, SealedCase] = {}
        for case in cases:
            if case.scenario_id in sealed:
                raise ValueError(f"two sealed cases share the id {case.scenario_id!r}")
            sealed[case.scenario_id] = case
        self._sealed: Mapping[str, SealedCase] = sealed

    def __len__(self) -> int:
        return len(self._sealed)

    def goal_for_verdict(self, scenario_id: str) -> Goal:
        """Return the goal of any case, to judge an episode that has ended.

        Raises:
            UnknownNameError: no such case.
        """
        return self._case(scenario_id).goal

    def solution_for_teaching(self, scenario_id: str) -> Solution:
        """Return the first solution of a stream case, to demonstrate it.

        Raises:
            HeldOutGoalError: the case is not in the stream split.
            UnknownNameError: no such case.
        """
        case = self._case(scenario_id)
        if case.split is not Split.STREAM:
            raise HeldOutGoalError(
                f"case {scenario_id} is in split {case.split.value!r}; only 'stream' cases may be taught"
            )
        return case.solutions[0]

    def solutions_for_gates(self, scenario_id: str) -> tuple[Solution, ...]:
        """Return every solution of any case; for the corpus gates, which run before any agent does.

        Raises:
            UnknownNameError: no such case.
        """
        return self._case(scenario_id).solutions

    def _case(self, scenario_id: str) -> SealedCase:
        case = self._sealed.get(scenario_id)
        if case is None:
            raise UnknownNameError("scenario", scenario_id, self._sealed)
        return case
