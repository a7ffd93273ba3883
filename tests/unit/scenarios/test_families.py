"""Promises of the families: every blueprint can be drawn, and what it asks for is fair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest

from atlas.scenarios.corpus import Corpus, generate_corpus
from atlas.scenarios.families import FAMILIES
from atlas.scenarios.records import Scenario
from atlas.verify.goals import Goal, Split

SEEDS = range(14)


@pytest.fixture(scope="module")
def corpora() -> Sequence[Corpus]:
    """Corpora of many companies."""
    return [generate_corpus(seed, stream=100, dev=40, test_same=80, profile="balanced") for seed in SEEDS]


def _goals(corpora: Sequence[Corpus]) -> Mapping[str, Goal]:
    return {case.scenario_id: case.goal for corpus in corpora for case in corpus.sealed}


def test_every_blueprint_is_drawn_somewhere(corpora: Sequence[Corpus]) -> None:
    """No blueprint is dead text: each has cases in some company, in the stream and in the test."""
    for split in (Split.STREAM, Split.TEST_SAME):
        drawn = {(s.family, s.blueprint) for corpus in corpora for s in corpus.split(split)}
        wanted = {(family.name, blueprint.name) for family in FAMILIES for blueprint in family.blueprints}
        assert wanted - drawn == set()


def test_every_company_has_fifteen_families(corpora: Sequence[Corpus]) -> None:
    """Whatever its conventions, a company's cases come from at least fifteen families in stream and test."""
    for corpus in corpora:
        for split in (Split.STREAM, Split.TEST_SAME):
            assert len({scenario.family for scenario in corpus.split(split)}) >= 15


def test_what_is_tested_was_taught(corpora: Sequence[Corpus]) -> None:
    """A convention that a test case needs is needed by stream cases too."""
    for corpus in corpora:
        taught = {kind for scenario in corpus.split(Split.STREAM) for kind in scenario.conventions}
        tested = {kind for scenario in corpus.split(Split.TEST_SAME) for kind in scenario.conventions}
        assert tested <= taught


def test_success_and_failure_mean_what_they_say(corpora: Sequence[Corpus]) -> None:
    """A failure is refused or needs a question; a success is neither, and something has to happen or be told."""
    goals = _goals(corpora)
    for corpus in corpora:
        for scenario in corpus.scenarios:
            goal = goals[scenario.scenario_id]
            fails = goal.must_refuse is not None or goal.must_ask is not None
            assert fails is (scenario.category == "failure")
            assert fails or goal.expected_changes or goal.answers


def test_an_answer_is_named_by_the_rule_that_agents_are_told(corpora: Sequence[Corpus]) -> None:
    """Facts are fields, aggregates of a summary or plurals of kinds; nothing else."""
    known = {
        *("amount", "stage", "close_date", "owner", "status", "industry", "email", "phone", "title"),
        *("count", "total_amount", "opportunities", "contacts"),
    }
    told = {answer.name for goal in _goals(corpora).values() for answer in goal.answers}
    assert told <= known


def test_refusals_name_something_that_agents_can_name(corpora: Sequence[Corpus]) -> None:
    """What a refusal has to name is never empty, and never an id."""
    for goal in _goals(corpora).values():
        if goal.must_refuse:
            assert all(text and text.count("-") < 4 for text in goal.must_refuse.about)


def test_a_stage_word_is_never_explained(corpora: Sequence[Corpus]) -> None:
    """Where a user speaks in house words, the value that is meant is not in the message."""
    for corpus in corpora:
        goals = _goals([corpus])
        for scenario in corpus.scenarios:
            if scenario.blueprint in {"house_word", "in_house_words", "corrected"}:
                stages = [
                    str(change.fields["stage"].value)  # pyright: ignore[reportAttributeAccessIssue]
                    for change in goals[scenario.scenario_id].expected_changes
                    if "stage" in change.fields
                ]
                assert stages
                assert not [stage for stage in stages if stage in _said(scenario)]


def _said(scenario: Scenario) -> str:
    return " ".join(scenario.customer_script.turns)


def test_the_production_mix_leans_to_the_frequent_tasks() -> None:
    """Work on opportunities and quotes makes up most of a corpus, as it does in production."""
    tasks = Counter(scenario.tags[0] for seed in range(4) for scenario in generate_corpus(seed).scenarios)
    frequent = ("create_new_opportunity", "modify_opportunity", "opportunity_search", "upload_document", "create_quote")
    assert sum(tasks[task] for task in frequent) > 0.6 * sum(tasks.values())
    assert tasks["modify_opportunity"] > tasks["add_note"]
