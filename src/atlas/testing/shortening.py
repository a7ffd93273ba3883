"""Makes a failing plan short: leaves out whatever it fails without."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeVar, cast

from atlas.testing.plans import CallTool, Plan, Select, Step, Twist

T = TypeVar("T")

MOST_PLAYS: Final = 500  # of candidates; what is short enough by then is good enough


def shorten(plan: Plan, fails: Callable[[Plan], bool]) -> Plan:
    """Return a plan that fails and of which no single part can be left out, given that ``plan`` fails.

    Args:
        plan: A plan that fails.
        fails: Plays a plan and tells whether it fails. It is asked at most ``MOST_PLAYS`` times; the last plan that
            failed is the one that is returned.

    Example:
        >>> from atlas.testing.plans import GoBack, Mark
        >>> long = Plan(3, "m.okafor", (), (), 0, (Mark(), Mark(), GoBack(1), Mark()))
        >>> shorten(long, lambda plan: any(isinstance(step, GoBack) for step in plan.steps)).steps
        (GoBack(number=0),)
    """
    ahead = _candidates(plan)
    for _ in range(MOST_PLAYS):
        candidate = next(ahead, None)
        if candidate is None:
            break
        if fails(candidate):
            plan, ahead = candidate, _candidates(candidate)
    return plan


def _candidates(plan: Plan) -> Iterator[Plan]:
    """Plans with less in them, the boldest cuts first."""
    for steps in _without_parts(plan.steps):
        yield dataclasses.replace(plan, steps=steps)
    for patch in _without_parts(plan.patch):
        yield dataclasses.replace(plan, patch=patch)
    for rules in _without_parts(plan.rules):
        yield dataclasses.replace(plan, rules=rules)
    for company in range(plan.company):
        yield dataclasses.replace(plan, company=company)
    if plan.order:
        yield dataclasses.replace(plan, order=0)
    for place, step in enumerate(plan.steps):
        for simpler in _simpler(step):
            yield dataclasses.replace(plan, steps=(*plan.steps[:place], simpler, *plan.steps[place + 1 :]))


def _without_parts(items: Sequence[T]) -> Iterator[tuple[T, ...]]:
    """``items`` without a half of them, without a quarter, ... without a single one."""
    size = len(items)
    while size:
        for start in range(0, len(items), size):
            yield (*items[:start], *items[start + size :])
        size //= 2


def _simpler(step: Step) -> Iterator[Step]:
    if isinstance(step, CallTool):
        for name in step.arguments:
            yield CallTool(step.tool, {other: value for other, value in step.arguments.items() if other != name})
    for field in dataclasses.fields(step):
        value = cast("object", getattr(step, field.name))
        plain = _PLAIN.get(type(value))
        if plain is not None and value != plain:
            yield dataclasses.replace(step, **{field.name: plain})
        if isinstance(step, Select) and field.name == "criteria":
            for criteria in _without_parts(step.criteria):
                yield dataclasses.replace(step, criteria=criteria)


_PLAIN: Mapping[type, object] = {int: 0, bool: False, Twist: Twist.NONE}
