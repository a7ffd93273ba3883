"""Draws plans with hypothesis. Import it when it is needed: hypothesis is an extra."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Sequence
from typing import TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.errors import Flaky

from atlas.testing.choosing import Chooser
from atlas.testing.planning import draw_row, draw_setting, draw_step
from atlas.testing.plans import Plan
from atlas.testing.samples import Ids

T = TypeVar("T")

_ORDERS = 19  # fields to sort by, rising and falling; no record has more
_MOST_PATCHED = 4  # rows
_SCENES = 8  # of a sequence: hypothesis draws lists of some five items, and lists of lists when there are to be more
_STEPS = 6  # of a scene


def search(
    play: Callable[[Plan], None],
    companies: Sequence[Ids],
    *,
    sequences: int,
    seed: int,
    failure: type[Exception],
) -> None:
    """Give ``play`` so many plans, or less where it raises.

    Args:
        play: Plays one plan.
        companies: The ids of the records of each company.
        sequences: How many plans to draw.
        seed: Draws them.
        failure: What ``play`` raises, and keeps, where a plan fails; anything else is raised on.
    """

    @settings(
        max_examples=sequences,
        phases=(Phase.generate,),  # a failing plan is made short by atlas.testing.shortening, which knows what it is
        database=None,
        deadline=None,
        derandomize=False,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.nested_given],
        verbosity=Verbosity.quiet,
    )
    @seeded(seed)
    @given(_plans(companies))
    def play_drawn(plan: Plan) -> None:
        play(plan)

    with contextlib.suppress(failure, Flaky):  # flaky: what failed once did not fail again
        play_drawn()


def _plans(companies: Sequence[Ids]) -> st.SearchStrategy[Plan]:
    kinds = [_plans_in(number, ids) for number, ids in enumerate(companies)]
    return st.integers(0, len(kinds) - 1).flatmap(lambda number: kinds[number])


def _plans_in(company: int, ids: Ids) -> st.SearchStrategy[Plan]:
    setting = _chosen(draw_setting)
    patch = st.lists(_chosen(lambda chooser: draw_row(chooser, ids)), max_size=_MOST_PATCHED)
    step = _chosen(lambda chooser: draw_step(chooser, ids))
    scenes = st.lists(st.lists(step, min_size=1, max_size=_STEPS), max_size=_SCENES)
    orders = st.integers(0, _ORDERS)

    @st.composite
    def plans(draw: st.DrawFn) -> Plan:
        actor, rules = draw(setting)
        steps = tuple(itertools.chain.from_iterable(draw(scenes)))
        return Plan(company, actor, rules, tuple(draw(patch)), draw(orders), steps)

    return plans()


def _chosen(make: Callable[[Chooser], T]) -> st.SearchStrategy[T]:
    """What ``make`` makes when hypothesis chooses."""

    @st.composite
    def chosen(draw: st.DrawFn) -> T:
        return make(Chooser(lambda size: draw(st.integers(0, size - 1))))

    return chosen()
