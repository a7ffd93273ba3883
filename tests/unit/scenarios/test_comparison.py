"""Promises of comparing corpora: what changed is named, and whether scores can still be compared is told right."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable

import pytest

from atlas.crm.records import Outcome
from atlas.scenarios import casting
from atlas.scenarios.companies import build_company, generate_company
from atlas.scenarios.comparison import CorpusDiff, compare_corpora
from atlas.scenarios.corpus import Corpus, cook
from atlas.verify.goals import Goal, SealedCase, Solution

CHANGED = (3, 7, 40)  # places of the cases that a test changes


def _with_cases(corpus: Corpus, change: Callable[[SealedCase], SealedCase]) -> Corpus:
    sealed = tuple(change(case) if place in CHANGED else case for place, case in enumerate(corpus.sealed))
    return dataclasses.replace(corpus, sealed=sealed)


def _judged_otherwise(case: SealedCase) -> SealedCase:
    return dataclasses.replace(case, goal=Goal(final_outcome=Outcome.ASKED))


def _solved_otherwise(case: SealedCase) -> SealedCase:
    return dataclasses.replace(case, solutions=(Solution(case.solutions[0].turns[-1:]),))


def _both(case: SealedCase) -> SealedCase:
    return _solved_otherwise(_judged_otherwise(case))


def _without(corpus: Corpus, places: tuple[int, ...]) -> Corpus:
    kept = [place for place in range(len(corpus.scenarios)) if place not in places]
    return dataclasses.replace(
        corpus,
        scenarios=tuple(corpus.scenarios[place] for place in kept),
        sealed=tuple(corpus.sealed[place] for place in kept),
    )


def _ids(corpus: Corpus) -> tuple[str, ...]:
    return tuple(corpus.scenarios[place].scenario_id for place in CHANGED)


def test_a_corpus_is_the_same_as_itself(corpus: Corpus) -> None:
    """Every case counts, and nothing else is named."""
    found = compare_corpora(corpus, corpus)
    assert found == CorpusDiff(len(corpus.scenarios), (), (), (), (), {}, {}, ())
    assert not found.affects_scores


@pytest.mark.parametrize(
    ("change", "rescored", "retaught"),
    [(_judged_otherwise, True, False), (_solved_otherwise, False, True), (_both, True, False)],
    ids=["goal", "solutions", "both"],
)
def test_another_goal_changes_scores_and_another_solution_does_not(
    corpus: Corpus, change: Callable[[SealedCase], SealedCase], *, rescored: bool, retaught: bool
) -> None:
    """Each case is counted once; a case that is judged otherwise is so whatever else changed about it."""
    found = compare_corpora(corpus, _with_cases(corpus, change))
    assert found.rescored == (_ids(corpus) if rescored else ())
    assert found.retaught == (_ids(corpus) if retaught else ())
    assert found.same == len(corpus.scenarios) - len(CHANGED)
    assert found.affects_scores is rescored


def test_cases_of_one_of_the_two_are_counted_by_family(corpus: Corpus) -> None:
    """Removed one way is added the other way, and either changes scores."""
    smaller = _without(corpus, CHANGED)
    families = dict(sorted(Counter(corpus.scenarios[place].family for place in CHANGED).items()))
    there, back = compare_corpora(corpus, smaller), compare_corpora(smaller, corpus)
    assert (there.removed, there.added) == (back.added, back.removed) == (_ids(corpus), ())
    assert (there.removed_by_family, there.added_by_family) == (families, {})
    assert (back.removed_by_family, back.added_by_family) == ({}, families)
    assert there.same == back.same == len(smaller.scenarios)
    assert there.affects_scores
    assert back.affects_scores


def test_a_case_with_other_words_is_another_case(corpus: Corpus) -> None:
    """Also where it goes by the same id: what was asked is not what is asked now."""
    first = corpus.scenarios[0]
    script = dataclasses.replace(first.customer_script, turns=("Something else.",))
    reworded = dataclasses.replace(first, customer_script=script)
    found = compare_corpora(corpus, dataclasses.replace(corpus, scenarios=(reworded, *corpus.scenarios[1:])))
    assert (found.removed, found.added) == ((first.scenario_id,), (first.scenario_id,))
    assert found.same == len(corpus.scenarios) - 1
    assert found.affects_scores


def test_the_order_of_the_cases_does_not_matter(corpus: Corpus) -> None:
    """Cases are compared by their ids."""
    backwards = dataclasses.replace(corpus, scenarios=corpus.scenarios[::-1], sealed=corpus.sealed[::-1])
    assert compare_corpora(corpus, backwards).same == len(corpus.scenarios)


def test_a_company_whose_rules_changed_is_named(corpus: Corpus) -> None:
    """The cases stand as they were, and yet what has to be learned is something else."""
    file = dataclasses.replace(corpus.company.file, conventions=corpus.company.conventions[1:])
    found = compare_corpora(corpus, dataclasses.replace(corpus, company=build_company(file)))
    assert (found.companies, found.same) == ((corpus.company_seed,), len(corpus.scenarios))
    assert found.affects_scores


def test_a_company_that_only_one_of_the_two_has_is_named(corpus: Corpus) -> None:
    """Whichever of the two it is."""
    stranger = generate_company(1_000_001, size=200)
    more = dataclasses.replace(corpus, strangers=(stranger,))
    assert compare_corpora(corpus, more).companies == compare_corpora(more, corpus).companies == (1_000_001,)


def test_a_case_that_is_put_the_same_is_the_same_in_every_version(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only then can a new version of the generator say which cases it changed, and a stored run be graded again."""
    monkeypatch.setattr(casting, "GENERATOR_VERSION", "another")
    again = cook(corpus.recipe)
    assert {scenario.generator_version for scenario in again.scenarios} == {"another"}
    assert compare_corpora(corpus, again) == CorpusDiff(len(corpus.scenarios), (), (), (), (), {}, {}, ())
