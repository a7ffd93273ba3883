"""What changed from one corpus to another, and which of it changes scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from atlas.core.canonical import content_hash
from atlas.core.records import record
from atlas.scenarios.corpus import Corpus
from atlas.scenarios.records import Scenario
from atlas.verify.goals import SealedCase


@record
class CorpusDiff:
    """What changed from one corpus to another.

    Attributes:
        same: Number of cases that are in both, goal and all.
        rescored: Ids of cases that are in both and are judged otherwise: scores of the two cannot be compared.
        retaught: Ids of cases that are in both, are judged the same, and are solved otherwise by the oracle.
        removed: Ids of cases that are in the first one only.
        added: Ids of cases that are in the second one only.
        removed_by_family: How many of the removed ones are of which family.
        added_by_family: How many of the added ones are of which family.
        companies: Seeds of companies whose records or rules changed, or that are in one of the two only.
    """

    same: int
    rescored: tuple[str, ...]
    retaught: tuple[str, ...]
    removed: tuple[str, ...]
    added: tuple[str, ...]
    removed_by_family: Mapping[str, int]
    added_by_family: Mapping[str, int]
    companies: tuple[int, ...]

    @property
    def affects_scores(self) -> bool:
        """Whether a score on the one says nothing about a score on the other."""
        return bool(self.rescored or self.removed or self.added or self.companies)


def compare_corpora(before: Corpus, after: Corpus) -> CorpusDiff:
    """Return what changed from ``before`` to ``after``; a case that is put otherwise is another, whatever its id."""
    old, new = _by_id(before), _by_id(after)
    both = dict.fromkeys(name for name in old if name in new and _put(old[name]) == _put(new[name]))
    rescored = [name for name in both if old[name][1].goal != new[name][1].goal]
    retaught = [name for name in both if name not in set(rescored) and _solved(old[name]) != _solved(new[name])]
    removed = [scenario for name, (scenario, _) in old.items() if name not in both]
    added = [scenario for name, (scenario, _) in new.items() if name not in both]
    return CorpusDiff(
        same=len(both) - len(rescored) - len(retaught),
        rescored=tuple(rescored),
        retaught=tuple(retaught),
        removed=tuple(scenario.scenario_id for scenario in removed),
        added=tuple(scenario.scenario_id for scenario in added),
        removed_by_family=_families(removed),
        added_by_family=_families(added),
        companies=tuple(sorted(_changed(before, after))),
    )


def _by_id(corpus: Corpus) -> Mapping[str, tuple[Scenario, SealedCase]]:
    return {
        scenario.scenario_id: (scenario, case) for scenario, case in zip(corpus.scenarios, corpus.sealed, strict=True)
    }


def _put(entry: tuple[Scenario, SealedCase]) -> Scenario:
    """Return how a case is put, whichever version of the generator wrote it down."""
    return replace(entry[0], generator_version="")


def _solved(entry: tuple[Scenario, SealedCase]) -> object:
    return entry[1].solutions


def _families(cases: Iterable[Scenario]) -> Mapping[str, int]:
    return dict(sorted(Counter(scenario.family for scenario in cases).items()))


def _companies(corpus: Corpus) -> Mapping[int, str]:
    return {company.seed: content_hash(company.file) for company in corpus.companies}


def _changed(before: Corpus, after: Corpus) -> set[int]:
    old, new = _companies(before), _companies(after)
    return {seed for seed in {*old, *new} if old.get(seed) != new.get(seed)}
