"""From which size on a corpus is held to which promise: a small one has no room for everything."""

from __future__ import annotations

from collections.abc import Iterator

from atlas.scenarios.corpus import Corpus
from atlas.scenarios.failures import FAILURES
from atlas.verify.goals import Split

FEWEST_FAMILIES = 15
DISTINCT_PER_CASE = 2.0  # utterances without names and figures, in a corpus of full size
MOST_FREQUENT_TOOL = 0.25  # of all calls, where the families are balanced
FULL_SIZE_FROM = 1000  # cases from which on a corpus counts as one of full size
FAMILIES_FROM = 4 * FEWEST_FAMILIES + 1  # cases of a split from which on it has that many families
GROUPS_FROM = 4 * len(FAILURES)  # failures from which on every group of them has some
VARIED_SPLITS = (Split.STREAM, Split.TEST_SAME)  # those that have many families


def too_small_for_diversity(corpus: Corpus) -> Iterator[str]:
    """Yield what is not checked about the variety of a corpus, and why."""
    cases, balanced = len(corpus.scenarios), corpus.recipe.profile == "balanced"
    few = f"from {FULL_SIZE_FROM} cases on, there are {cases}"
    if cases < FULL_SIZE_FROM:
        yield f"{DISTINCT_PER_CASE:g} different utterances for every case ({few}; here: more than one for two cases)"
    if not balanced or cases < FULL_SIZE_FROM:
        why = few if balanced else "where the families are balanced, these are not"
        yield f"no tool over {MOST_FREQUENT_TOOL:.0%} of the calls ({why})"


def too_small_for_families(corpus: Corpus) -> Iterator[str]:
    """Yield which splits are too small for many families."""
    for split in VARIED_SPLITS:
        cases = len(corpus.split(split))
        if cases < FAMILIES_FROM:
            yield f"{FEWEST_FAMILIES} families in {split.value} (from {FAMILIES_FROM} cases on, there are {cases})"


def too_small_for_groups(corpus: Corpus) -> Iterator[str]:
    """Yield that there are too few failures for all their groups, where that is so."""
    failures = sum(scenario.category == "failure" for scenario in corpus.scenarios)
    if failures < GROUPS_FROM:
        yield f"every group has cases (from {GROUPS_FROM} failures on, there are {failures})"
