"""The second drawing: solved cases for compiled memories, beside the corpus and never about a record of its tests."""

from __future__ import annotations

from collections import Counter

import pytest

from atlas.scenarios import corpus as corpus_module
from atlas.scenarios.companies import Company
from atlas.scenarios.corpus import Chapter, Corpus, draw_again, generate_corpus
from atlas.scenarios.phrasebook import Phrasebook
from atlas.scenarios.recipes import Recipe
from atlas.verify.goals import Split

COUNT = 600


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """A small company with a stream and a test."""
    return generate_corpus(4, stream=40, dev=0, test_same=40)


@pytest.fixture(scope="module")
def drawn(corpus: Corpus) -> Chapter:
    """Its second drawing."""
    return draw_again(corpus.recipe, corpus.company, COUNT)


def test_equal_seeds_give_equal_cases(corpus: Corpus, drawn: Chapter) -> None:
    """The same cases every time, each of them another one, and none that the corpus holds."""
    again = draw_again(corpus.recipe, corpus.company, 60)
    assert again.scenarios == draw_again(corpus.recipe, corpus.company, 60).scenarios
    ids = [scenario.scenario_id for scenario in drawn.scenarios]
    assert len(ids) == len(set(ids)) == COUNT
    assert not set(ids) & {scenario.scenario_id for scenario in corpus.scenarios}
    assert [case.scenario_id for case in drawn.sealed] == ids


def test_a_case_that_two_rounds_draw_counts_once(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    """It happens once in ten thousand cases or so; here, the second round is made to be the first one again."""
    writer = corpus_module._ChapterWriter
    usual = writer.again

    def again(recipe: Recipe, company: Company, phrasebook: Phrasebook, start: int) -> object:
        return usual(recipe, company, phrasebook, 0 if start == 20 else start)

    monkeypatch.setattr(corpus_module, "_ROUND", 20)
    monkeypatch.setattr(writer, "again", again)
    ids = [scenario.scenario_id for scenario in draw_again(corpus.recipe, corpus.company, 60).scenarios]
    assert len(ids) == len(set(ids)) == 60


def test_every_blueprint_comes_equally_often(drawn: Chapter) -> None:
    """But for what does not divide evenly, and for blueprints that stand in for one that found nothing to draw."""
    counts = Counter((scenario.family, scenario.blueprint) for scenario in drawn.scenarios)
    assert len(counts) > 200
    assert max(counts.values()) <= 4


def test_all_wordings_and_days_are_there(corpus: Corpus, drawn: Chapter) -> None:
    """Wordings of the tests as well as of the stream, from the first day of the stream to the last of the tests."""
    test = {(one.blueprint, one.paraphrase) for one in corpus.split(Split.TEST_SAME)}
    stream = {(one.blueprint, one.paraphrase) for one in corpus.split(Split.STREAM)}
    said = {(one.blueprint, one.paraphrase) for one in drawn.scenarios}
    assert not test & stream
    assert test & said
    assert stream & said
    first = corpus.company.directory.today
    days = [(one.today - first).days for one in drawn.scenarios]
    assert min(days) < 5
    assert max(days) > 45


def test_no_record_of_a_test_is_used(corpus: Corpus, drawn: Chapter) -> None:
    """The goals and solutions name no client of another pool."""
    pools = corpus.company.file.pools
    others = {client for pool, clients in pools.items() if pool is not Split.STREAM for client in clients}
    told = repr([(case.goal, case.solutions) for case in drawn.sealed])
    assert not [client for client in others if client in told]


def test_rounds_follow_each_other(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    """A longer drawing goes on where a round ended, with the next blueprint."""
    monkeypatch.setattr("atlas.scenarios.corpus._ROUND", 50)
    drawn = draw_again(corpus.recipe, corpus.company, 120)
    assert len({scenario.scenario_id for scenario in drawn.scenarios}) == 120
    counts = Counter((scenario.family, scenario.blueprint) for scenario in drawn.scenarios)
    assert max(counts.values()) <= 3
