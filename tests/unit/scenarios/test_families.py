"""Promises of the families: every blueprint can be drawn, and what it asks for is fair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest

from atlas.scenarios.blueprints import Family
from atlas.scenarios.companies import Company, generate_company
from atlas.scenarios.corpus import Corpus, generate_corpus
from atlas.scenarios.families import FAMILIES
from atlas.scenarios.rehearsal import rehearse
from atlas.scenarios.tracing import expected_values
from atlas.verify.goals import Goal, Split

FEWEST_FAMILIES, FEWEST_BLUEPRINTS = 60, 150
MOST_BLIND = 0.25  # share of the failure blueprints that a blind refusal may pass
SEEDS = range(4)


@pytest.fixture(scope="module")
def corpora() -> Sequence[Corpus]:
    """Corpora of some companies."""
    return [generate_corpus(seed, stream=375, dev=20, test_same=275, profile="balanced") for seed in SEEDS]


@pytest.fixture(scope="module")
def companies() -> Sequence[Company]:
    """One company that is learned from, and no other: the slow tests look at many."""
    return [generate_company(4)]


@pytest.fixture(scope="module")
def many_companies() -> Sequence[Company]:
    """Other companies, with every kind of convention among them."""
    return [generate_company(seed) for seed in range(10, 18)]


def _goals(corpora: Sequence[Corpus]) -> Mapping[str, Goal]:
    return {case.scenario_id: case.goal for corpus in corpora for case in corpus.sealed}


def test_there_are_as_many_as_promised() -> None:
    """Sixty families and a hundred and fifty blueprints or more, each of a family with another one."""
    assert len(FAMILIES) >= FEWEST_FAMILIES
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)
    assert sum(len(family.blueprints) for family in FAMILIES) >= FEWEST_BLUEPRINTS
    assert [family.name for family in FAMILIES if len(family.blueprints) < 2] == []


@pytest.mark.parametrize("family", FAMILIES, ids=[family.name for family in FAMILIES])
def test_a_family_is_fair(family: Family, companies: Sequence[Company]) -> None:
    """Drawn in a company, every case keeps every promise."""
    trials = rehearse(family, companies, draws=1)
    assert [(trial.blueprint, trial.findings) for trial in trials if trial.findings] == []


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES, ids=[family.name for family in FAMILIES])
def test_a_family_is_fair_everywhere(family: Family, many_companies: Sequence[Company]) -> None:
    """Drawn in many companies, every case keeps every promise, and every blueprint can be drawn somewhere."""
    trials = rehearse(family, many_companies, draws=1)
    assert [(trial.blueprint, trial.findings) for trial in trials if trial.findings] == []
    assert [trial.blueprint for trial in trials if not trial.cases] == []


def test_every_blueprint_is_drawn_somewhere(corpora: Sequence[Corpus]) -> None:
    """No blueprint is dead text: nine in ten have cases in a handful of companies, in the stream and in the test."""
    for split in (Split.STREAM, Split.TEST_SAME):
        drawn = {(s.family, s.blueprint) for corpus in corpora for s in corpus.split(split)}
        wanted = {(family.name, blueprint.name) for family in FAMILIES for blueprint in family.blueprints}
        assert len(drawn & wanted) >= 0.9 * len(wanted), sorted(wanted - drawn)


def test_what_is_tested_was_taught(corpora: Sequence[Corpus]) -> None:
    """A convention that a test case needs is needed by stream cases too."""
    for corpus in corpora:
        taught = {kind for scenario in corpus.split(Split.STREAM) for kind in scenario.conventions}
        tested = {kind for scenario in corpus.split(Split.TEST_SAME) for kind in scenario.conventions}
        assert tested <= taught


def test_success_and_failure_mean_what_they_say(corpora: Sequence[Corpus]) -> None:
    """Of a success nothing is refused, and something has to happen or be told."""
    goals = _goals(corpora)
    for corpus in corpora:
        for scenario in corpus.scenarios:
            goal = goals[scenario.scenario_id]
            assert (scenario.failure is not None) is (scenario.category == "failure")
            if scenario.category == "success":
                assert goal.must_refuse is None
                assert goal.expected_changes or goal.answers


def test_an_answer_is_named_by_the_rule_that_agents_are_told(corpora: Sequence[Corpus]) -> None:
    """Facts are fields, aggregates of a summary or plurals of kinds; nothing else."""
    known = {
        *("amount", "stage", "close_date", "owner", "status", "industry", "email", "phone", "title", "name", "handle"),
        *("probability", "notes", "valid_until", "version", "quote_prefix", "start_date", "end_date", "value", "type"),
        *("address", "file_name", "content", "first_name", "last_name", "territory", "role"),
        *(
            "count",
            "total_amount",
            "difference",
            "opportunities",
            "contacts",
            "quotes",
            "contracts",
            "documents",
            "clients",
        ),
        *("companies", "quote_prefixes", "notes", "staff"),
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
            if scenario.blueprint in {"house_word", "in_house_words"}:
                said = " ".join(scenario.customer_script.turns)
                values = [value for _, name, value in expected_values(goals[scenario.scenario_id]) if name == "stage"]
                assert values
                assert not [value for value in values if str(value) in said]


def test_the_production_mix_leans_to_the_frequent_tasks() -> None:
    """Work on opportunities and quotes makes up most of a corpus, as it does in production."""
    tasks = Counter(scenario.tags[0] for seed in range(4) for scenario in generate_corpus(seed).scenarios)
    frequent = ("create_new_opportunity", "modify_opportunity", "opportunity_search", "upload_document", "create_quote")
    assert sum(tasks[task] for task in frequent) > 0.5 * sum(tasks.values())
    assert tasks["modify_opportunity"] > tasks["add_note"]


@pytest.mark.slow
def test_few_failures_can_be_passed_blindly(companies: Sequence[Company]) -> None:
    """Of the failure blueprints, most ask for more than a refusal that repeats the request."""
    blind: Counter[bool] = Counter()
    for family in FAMILIES:
        for trial in rehearse(family, companies, draws=1):
            if trial.cases and next(b for b in family.blueprints if b.name == trial.blueprint).category == "failure":
                blind[max((share for _, share in trial.shortcuts), default=0.0) > 1 / 2] += 1
    assert blind[True] <= MOST_BLIND * blind.total()
