"""The book of cases: which may be played, how they are found, and that goals stay locked."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from atlas.core.errors import MisuseError, UnknownNameError
from atlas.crm.hostile import Planted
from atlas.environments.casebook import COMPANIES_KEPT, Case, Casebook, parse_split
from atlas.episodes.records import Episode, EpisodeStatus
from atlas.scenarios.corpus import Corpus
from atlas.scenarios.corpus_files import write_corpus
from atlas.scenarios.recipes import Recipe
from atlas.verify.goals import Goal, SealedCase, Solution, Split
from atlas.verify.vault import GoalVault

TINY = Recipe(7, stream=20, dev=0, test_same=0)


def first(count: int) -> int:
    """Chooses the first case."""
    del count
    return 0


def test_a_case_is_drawn_from_the_splits_in_their_order(corpus: Corpus) -> None:
    """The chooser hears how many there are."""
    heard: list[int] = []

    def last(count: int) -> int:
        heard.append(count)
        return count - 1

    book = Casebook(corpus.recipe, (Split.STREAM, Split.TEST_SAME))
    assert book.draw(first).scenario == corpus.split(Split.STREAM)[0]
    assert book.draw(last).scenario == corpus.split(Split.TEST_SAME)[-1]
    assert book.draw(last, split=Split.STREAM).scenario == corpus.split(Split.STREAM)[-1]
    assert heard == [36, 24]


def test_a_case_is_found_by_its_id(corpus: Corpus, book: Casebook) -> None:
    """With the company that it plays in."""
    wanted = corpus.split(Split.STREAM)[5]
    case = book.find(wanted.scenario_id)
    assert case.scenario == wanted
    assert case.company.base.content_hash() == corpus.company.base.content_hash()


def test_a_split_that_may_not_be_played_is_refused(corpus: Corpus, book: Casebook) -> None:
    """However it is asked for."""
    held_out = corpus.split(Split.TEST_SAME)[0].scenario_id
    with pytest.raises(MisuseError, match="is of split 'test_same'; to be played here are stream cases"):
        book.find(held_out)
    with pytest.raises(MisuseError, match="split 'test_same' may not be played here; allowed: stream"):
        book.find(held_out, split=Split.TEST_SAME)
    with pytest.raises(MisuseError, match="split 'test_same' may not be played here"):
        book.draw(first, split=Split.TEST_SAME)


def test_what_is_not_there_is_named(corpus: Corpus) -> None:
    """An unknown case, an empty split, no split at all, a word that is no split."""
    book = Casebook(corpus.recipe, (Split.DEV,))
    with pytest.raises(UnknownNameError, match="unknown scenario of the company 'sc-nothing'"):
        book.find("sc-nothing")
    with pytest.raises(MisuseError, match="the company has no dev cases"):
        book.draw(first)
    with pytest.raises(MisuseError, match="name at least one split to play: stream, dev"):
        Casebook(corpus.recipe, ())
    with pytest.raises(UnknownNameError, match="unknown split 'steam'; did you mean 'stream'"):
        parse_split("steam")


def test_another_company_is_generated_from_the_same_recipe() -> None:
    """Equal seeds give equal cases, however many companies were opened meanwhile."""
    book = Casebook(TINY)
    case = book.draw(first, company_seed=8)
    assert (case.company.seed, case.scenario.company_seed) == (8, 8)
    for seed in range(9, 9 + COMPANIES_KEPT):
        assert book.company(seed).seed == seed
    assert book.draw(first, company_seed=8).scenario == case.scenario
    assert book.company().seed == book.company_seed == 7


def test_books_of_one_recipe_share_what_was_generated() -> None:
    """Eight environments side by side cost one corpus."""
    assert Casebook(TINY).company() is Casebook(TINY, (Split.DEV,)).company()


def test_a_corpus_on_disk_has_one_company(tmp_path: Path, corpus: Corpus) -> None:
    """Its cases are those that were written."""
    write_corpus(corpus, tmp_path)
    book = Casebook.load(tmp_path, (Split.TEST_SAME,))
    assert book.company_seed == 7
    assert book.draw(first).scenario == corpus.split(Split.TEST_SAME)[0]
    with pytest.raises(MisuseError, match="the corpus holds one company, which is not 8; leave the company out"):
        book.draw(first, company_seed=8)


def test_a_case_judges_episodes_and_shows_no_goal(corpus: Corpus) -> None:
    """A broken backend leaves nothing to judge; nothing that is public leads to the goal."""
    scenario = corpus.split(Split.STREAM)[0]
    sealed = SealedCase(scenario.scenario_id, Split.STREAM, Goal(), (Solution(()),))
    case = Case(corpus.company, scenario, GoalVault([sealed]))
    episode = Episode((), (), EpisodeStatus.COMPLETED, 0)
    verdict = case.judge(episode, Planted())
    assert verdict is not None
    assert verdict.failed_fields == ("silence",)
    assert case.judge(dataclasses.replace(episode, status=EpisodeStatus.BACKEND_FAILED), Planted()) is None
    assert {name for name in dir(case) if not name.startswith("_")} == {"company", "judge", "scenario"}
    assert "vault" not in repr(case).lower()
