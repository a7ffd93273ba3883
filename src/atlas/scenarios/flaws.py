"""What a case needs before it can be played and judged at all; files without it are no corpus."""

from __future__ import annotations

import re
from collections.abc import Iterator

from atlas.scenarios.records import Scenario
from atlas.verify.goals import Goal, Matcher, Regex, SealedCase


def flaw_of_scenario(scenario: Scenario) -> str | None:
    """Return why a case cannot be played, None where it can."""
    return None if scenario.customer_script.turns else f"{scenario.scenario_id}: the user says nothing"


def flaw_of_sealed(case: SealedCase) -> str | None:
    """Return why a case cannot be judged or taught, None where it can.

    Example:
        >>> from atlas.verify.goals import Split
        >>> flaw_of_sealed(SealedCase("sc-1", Split.DEV, Goal(), ()))
        'sc-1: there is no solution'
    """
    if not case.solutions:
        return f"{case.scenario_id}: there is no solution"
    problems = (_problem_of(matcher) for matcher in _matchers_of(case.goal) if isinstance(matcher, Regex))
    return next((f"{case.scenario_id}: {problem}" for problem in problems if problem is not None), None)


def _matchers_of(goal: Goal) -> Iterator[Matcher]:
    for change in goal.expected_changes:
        yield from change.fields.values()
    for pattern in (*goal.allowed_changes, *goal.forbidden):
        yield from pattern.where.values()
    yield from (fact.matcher for fact in goal.answers)


def _problem_of(matcher: Regex) -> str | None:
    try:
        re.compile(matcher.pattern)
    except (re.error, OverflowError, RecursionError) as exc:
        return f"the goal has the pattern {matcher.pattern!r}, which is no regular expression: {exc}"
    return None
