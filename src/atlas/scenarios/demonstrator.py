"""Somebody who shows how a stream case is done right."""

from __future__ import annotations

from atlas.episodes.records import Turn
from atlas.scenarios.companies import Company
from atlas.scenarios.customer import ScriptedCustomer
from atlas.scenarios.records import Scenario
from atlas.scenarios.solutions import run_solution
from atlas.scenarios.stage import set_stage
from atlas.verify.goals import Solution
from atlas.verify.vault import GoalVault


class SolutionDemonstrator:
    """Plays one solution of a case in a fresh world; any number of times, always the same.

    Args:
        company: Where the case plays.
        scenario: The case.
        solution: How it is done.
    """

    def __init__(self, company: Company, scenario: Scenario, solution: Solution) -> None:
        self._company = company
        self._scenario = scenario
        self._solution = solution

    def demonstrate(self) -> tuple[Turn, ...]:
        """Return the case solved from its start."""
        office = set_stage(self._company, self._scenario).office
        return run_solution(self._solution, office, ScriptedCustomer(self._scenario.customer_script))


def build_demonstrator(company: Company, scenario: Scenario, vault: GoalVault) -> SolutionDemonstrator:
    """Return somebody who can show how ``scenario`` is done.

    Raises:
        HeldOutGoalError: the case may not be taught.
    """
    return SolutionDemonstrator(company, scenario, vault.solution_for_teaching(scenario.scenario_id))
