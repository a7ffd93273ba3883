"""Grading a stored run again, by the goals of today, without running any agent.

A goal that was mended changes scores. Where the cases of a run are still the same, its episodes can be judged anew from
what they left; where a case is no longer there, nothing is said about it.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping

from atlas.core.records import record
from atlas.evaluation.bench import Bench, Exam
from atlas.evaluation.records import Arm, EpisodeOutcome, EpisodeRecord
from atlas.evaluation.run_folder import RunFolder, sort_key
from atlas.scenarios.stage import Adversity


@record
class Regrading:
    """What became of the episodes of a run.

    Attributes:
        episodes: The records with their new scores, those that could not be graded left out.
        changed: How many have another score than before.
        unknown: How many are of cases that the corpora of today do not have.
        before: Strict successes of each arm on the frozen test before, over the episodes that could be graded.
        after: The same afterwards.
        tests: How many of those episodes each arm has.
    """

    episodes: tuple[EpisodeRecord, ...]
    changed: int
    unknown: int
    before: Mapping[str, int]
    after: Mapping[str, int]
    tests: Mapping[str, int]


def regrade(folder: RunFolder, bench: Bench) -> Regrading:
    """Return the episodes of a run with the scores that the goals of today give them.

    Args:
        folder: The run; it is not changed.
        bench: Opens the exams of its companies.

    Raises:
        InputFileError: a file of the run is missing or malformed.
    """
    adversity = folder.load_config().worlds
    outcomes = {sort_key(outcome): outcome for outcome in folder.load_outcomes()}
    records = {sort_key(entry): entry for entry in folder.load_episodes()}
    graded: list[EpisodeRecord] = []
    changed = unknown = 0
    before, after, tests = Counter[str](), Counter[str](), Counter[str]()
    for key in sorted(records):
        entry, outcome = records[key], outcomes.get(key)
        again = None if outcome is None else _graded(entry, outcome, bench.open_exam(entry.company_seed), adversity)
        if again is None:
            unknown += 1
            continue
        graded.append(again)
        changed += again.score != entry.score
        if entry.phase.value == "test":
            tests[entry.arm.value] += 1
            before[entry.arm.value] += entry.strict
            after[entry.arm.value] += again.strict
    return Regrading(tuple(graded), changed, unknown, _ordered(before), _ordered(after), _ordered(tests))


def _graded(
    entry: EpisodeRecord, outcome: EpisodeOutcome, exam: Exam, adversity: Adversity | None
) -> EpisodeRecord | None:
    verdict = exam.grade(
        outcome.scenario_id,
        changes=outcome.changes,
        responses=outcome.responses,
        writes=outcome.writes,
        adversity=adversity,
    )
    if verdict is None:
        return None
    return dataclasses.replace(
        entry,
        score=verdict.score,
        strict=verdict.strict,
        failed_fields=verdict.failed_fields,
        caps=verdict.caps,
    )


def _ordered(counted: Mapping[str, int]) -> Mapping[str, int]:
    return {arm.value: counted.get(arm.value, 0) for arm in Arm if arm.value in counted}
