"""A family on trial: cases of it drawn from many companies, and what the gates find about them.

For those who write a family: it needs no corpus, and names every case that is not fair.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta

from atlas.core.errors import CorpusError
from atlas.core.records import record
from atlas.core.rng import derive_rng
from atlas.scenarios.archive import Archive
from atlas.scenarios.blueprints import Family
from atlas.scenarios.case_gates import CaseOnTrial, examine
from atlas.scenarios.casting import Casting, cast_case
from atlas.scenarios.companies import Company
from atlas.scenarios.desk import NothingFitsError, Shelf
from atlas.scenarios.house import House
from atlas.scenarios.phrasebook import Phrasebook, load_phrasebook
from atlas.scenarios.records import Scenario
from atlas.scenarios.schedule import Slot
from atlas.verify.goals import SealedCase, Split

_DRAWS = 8  # tries per case
_SPLITS = (Split.STREAM, Split.TEST_SAME, Split.AUDIT)


@record
class BlueprintTrial:
    """What came of a blueprint.

    Attributes:
        blueprint: Its name.
        companies: How many of the companies can have such cases.
        cases: How many cases were drawn.
        fruitless: How many draws found nothing that fits.
        findings: Everything that is wrong, in words.
        shortcuts: Names of shortcut agents that succeed in some case, with the share of cases.
    """

    blueprint: str
    companies: int
    cases: int
    fruitless: int
    findings: tuple[str, ...]
    shortcuts: tuple[tuple[str, float], ...]


def rehearse(family: Family, companies: Sequence[Company], *, draws: int = 3) -> tuple[BlueprintTrial, ...]:
    """Return what the gates find about cases of a family.

    Args:
        family: The family.
        companies: Where to draw from.
        draws: Cases per blueprint, company and split.
    """
    phrasebook = load_phrasebook()
    trials = {blueprint.name: _Trial(blueprint.name, phrasebook) for blueprint in family.blueprints}
    for company in companies:
        house = House(company.conventions)
        if any(house.get(need) is None for need in family.needs):
            continue
        for blueprint in family.blueprints:
            if blueprint.when(House(company.conventions)):
                trials[blueprint.name].add(company, Slot(family, blueprint), draws)
    return tuple(trial.result() for trial in trials.values())


class _Trial:
    def __init__(self, blueprint: str, phrasebook: Phrasebook) -> None:
        self._blueprint = blueprint
        self._phrasebook = phrasebook
        self._companies = self._cases = self._fruitless = 0
        self._findings: list[str] = []
        self._passed: Counter[str] = Counter()

    def add(self, company: Company, slot: Slot, draws: int) -> None:
        self._companies += 1
        archive = Archive.of_rows(company.file.rows)
        for scenario, sealed in self._draw(company, archive, slot, draws):
            self._cases += 1
            report = examine(CaseOnTrial(company, archive, scenario, sealed))
            self._findings += (f"{gate}: {one}" for gate, found in report.findings.items() for one in found)
            self._passed.update(report.shortcuts)

    def _draw(
        self, company: Company, archive: Archive, slot: Slot, draws: int
    ) -> Iterator[tuple[Scenario, SealedCase]]:
        for split in _SPLITS:
            casting = Casting(company, Shelf(company, split), split, self._phrasebook, archive, set())
            for number in range(draws):
                rng = derive_rng(company.seed, "rehearsal", slot.family.name, slot.blueprint.name, split.value, number)
                day = company.directory.today + timedelta(days=number)
                for _ in range(_DRAWS):
                    try:
                        cast = cast_case(casting, slot, day, rng)
                    except NothingFitsError:
                        self._fruitless += 1
                        continue
                    except CorpusError as exc:
                        self._findings.append(f"draw: {exc}")
                        break
                    yield cast.scenario, cast.sealed
                    break

    def result(self) -> BlueprintTrial:
        shares = tuple((name, count / self._cases) for name, count in sorted(self._passed.items()))
        findings = tuple(dict.fromkeys(self._findings))
        return BlueprintTrial(self._blueprint, self._companies, self._cases, self._fruitless, findings, shares)
