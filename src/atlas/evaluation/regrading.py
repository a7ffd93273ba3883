"""Grading a stored run again, by the goals of today, without running any agent.

A goal that was mended changes scores. Where the cases of a run are still the same, its episodes can be judged anew from
what they left; where a case is no longer there, nothing is said about it.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping

from atlas.core.errors import AtlasError, InputFileError
from atlas.core.records import record
from atlas.evaluation.bench import Bench, Exam
from atlas.evaluation.config import ExperimentConfig
from atlas.evaluation.experiment import describe_unfinished, load_board, resume_command
from atlas.evaluation.records import Arm, EpisodeOutcome, EpisodeRecord
from atlas.evaluation.run_check import check_cases, check_outcomes
from atlas.evaluation.run_folder import RunFolder, sort_key
from atlas.scenarios.stage import Adversity


@record
class Regrading:
    """What became of the episodes of a run.

    Attributes:
        episodes: The records with their new scores, those that could not be graded left out.
        changed: How many have another verdict than before.
        same_score: How many of these have the score that they had: what has changed is the strict success, the failed
            fields or the caps.
        unknown: How many are of cases that the corpora of today do not have.
        before: Strict successes of each arm on the frozen test before, over the episodes that could be graded.
        after: The same afterwards.
        tests: How many of those episodes each arm has.
    """

    episodes: tuple[EpisodeRecord, ...]
    changed: int
    same_score: int
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
        AtlasError: episodes or outcomes of the run are missing, or do not agree with each other.
    """
    config = folder.load_config()
    records = _episodes(folder, config)
    outcomes = check_outcomes(folder, records)
    graded: list[EpisodeRecord] = []
    changed = same_score = unknown = 0
    before, after, tests = Counter[str](), Counter[str](), Counter[str]()
    for entry in records:
        again = _graded(entry, outcomes[sort_key(entry)], bench.open_exam(entry.company_seed), config.worlds)
        if again is None:
            unknown += 1
            continue
        graded.append(again)
        changed += again != entry
        same_score += again != entry and again.score == entry.score
        if entry.phase.value == "test":
            tests[entry.arm.value] += 1
            before[entry.arm.value] += entry.strict
            after[entry.arm.value] += again.strict
    return Regrading(tuple(graded), changed, same_score, unknown, _ordered(before), _ordered(after), _ordered(tests))


def _episodes(folder: RunFolder, config: ExperimentConfig) -> tuple[EpisodeRecord, ...]:
    board = load_board(folder, config)
    if folder.finished and board.unfinished:
        raise AtlasError(describe_unfinished(folder, board))
    if not board.episodes:
        raise InputFileError(
            f"{folder.path / 'episodes.jsonl'} holds no episode, so that there is nothing to grade; run the experiment "
            f"with: {resume_command(folder)}"
        )
    check_cases(folder, board.episodes)
    return tuple(sorted(board.episodes, key=sort_key))


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
