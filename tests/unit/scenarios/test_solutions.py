"""Promises of playing solutions."""

from __future__ import annotations

import pytest

from atlas.core.errors import CorpusError
from atlas.scenarios.corpus import Corpus
from atlas.scenarios.customer import ScriptedCustomer
from atlas.scenarios.plans import Plan
from atlas.scenarios.solutions import resolve, run_solution
from atlas.scenarios.stage import open_world
from atlas.verify.goals import Split


@pytest.mark.parametrize(
    "text",
    ["{{call_0.results.3.id}}", "{{call_0.nothing}}", "{{call_9.results}}", "{{call_0.results.id}}"],
    ids=["beyond the end", "no such field", "no such call", "a name for a place"],
)
def test_a_reference_that_leads_nowhere_is_an_error(text: str) -> None:
    """The reference is named, so that the author finds it."""
    with pytest.raises(CorpusError, match="leads nowhere"):
        resolve({"id": text}, [{"results": [{"id": "a"}]}])


def test_references_keep_their_types_and_are_found_at_any_depth() -> None:
    """A text that is one reference takes the value; inside a longer text it is written out."""
    results = [{"results": [{"amount": 12.5}], "total": 1}]
    planned = {"criteria": {"amount": {"gte": "{{call_0.results.0.amount}}"}}, "list": ["n={{call_0.total}}"], "n": 3}
    assert resolve(planned, results) == {"criteria": {"amount": {"gte": 12.5}}, "list": ["n=1"], "n": 3}


def _one_turn_case(corpus: Corpus, turns: int) -> int:
    return next(n for n, scenario in enumerate(corpus.scenarios) if len(scenario.customer_script.turns) == turns)


def test_a_solution_with_too_few_turns_is_an_error(corpus: Corpus) -> None:
    """The user may not be left with something to say."""
    scenario = corpus.scenarios[_one_turn_case(corpus, 2)]
    plan = Plan()
    plan.respond("Done.")
    with pytest.raises(CorpusError, match="the user goes on"):
        run_solution(plan.solution(), open_world(corpus.company, scenario), ScriptedCustomer(scenario.customer_script))


def test_a_solution_with_too_many_turns_is_an_error(corpus: Corpus) -> None:
    """A solution cannot answer what nobody said."""
    scenario = corpus.scenarios[_one_turn_case(corpus, 1)]
    plan = Plan()
    plan.respond("Done.")
    plan.respond("Done again.")
    with pytest.raises(CorpusError, match="nothing more to say after turn 1 of 2"):
        run_solution(plan.solution(), open_world(corpus.company, scenario), ScriptedCustomer(scenario.customer_script))


def test_a_wrong_response_is_an_error(corpus: Corpus) -> None:
    """A solution that ends a turn with an outcome that does not exist is found."""
    scenario = corpus.scenarios[0]
    plan = Plan()
    plan._end({"message": "Done.", "outcome": "sorted"})
    with pytest.raises(CorpusError, match="responds wrongly"):
        run_solution(plan.solution(), open_world(corpus.company, scenario), ScriptedCustomer(scenario.customer_script))


def test_a_plan_without_an_end_is_an_error() -> None:
    """Every turn of a plan ends with a response."""
    plan = Plan()
    plan.call("client_search", name="x", industry=None)
    with pytest.raises(ValueError, match="no response after client_search"):
        plan.solution()


def test_demonstrations_show_every_call_with_its_result(corpus: Corpus) -> None:
    """What a student sees holds no reference any more, and each turn ends with a response."""
    scenario = corpus.split(Split.STREAM)[0]
    solution = corpus.vault().solution_for_teaching(scenario.scenario_id)
    world = open_world(corpus.company, scenario)
    turns = run_solution(solution, world, ScriptedCustomer(scenario.customer_script))
    assert turns[0].user == scenario.customer_script.turns[0]
    assert all(turn.response for turn in turns)
    assert "{{" not in repr([step.call for turn in turns for step in turn.steps])
