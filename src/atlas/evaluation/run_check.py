"""Whether the files of a run agree with each other, before anything is computed from them or written beside them.

What this can see was lost or changed by something else than Atlas: a run is written so that it agrees at every moment.
Whether the figures follow from the log, ``atlas.evaluation.experiment`` checks by computing them again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from atlas.core.errors import AtlasError, InputFileError
from atlas.evaluation.bench import Bench, ExamFacts, MemoryFacts
from atlas.evaluation.config import ExperimentConfig
from atlas.evaluation.records import Arm, EpisodeOutcome, EpisodeRecord, EpisodeTrace, Phase
from atlas.evaluation.run_folder import MEND, RunFolder, sort_key, telling_damage
from atlas.evaluation.unit_runner import TRACE_EVERY
from atlas.evaluation.units import LEARNING_ARMS, Unit, memory_source, plan_units, size_of


def check_log(folder: RunFolder, config: ExperimentConfig, episodes: Sequence[EpisodeRecord]) -> None:
    """Check that everything is there which belongs to the finished episodes of a run.

    Raises:
        InputFileError: the corpus of an episode is not named, or arms did not work on the same cases.
        AtlasError: the outcome or trace of an episode is missing, or is that of another one.
    """
    check_corpora(folder, config, {entry.company_seed for entry in episodes})
    check_cases(folder, episodes)
    check_outcomes(folder, episodes)
    _check_traces(folder, episodes)


def check_corpora(folder: RunFolder, config: ExperimentConfig, used: Iterable[int]) -> Mapping[int, ExamFacts]:
    """Return what identifies the corpora of a run; those of the companies ``used`` are among them.

    Raises:
        InputFileError: one of them is not named, or one of another company is.
    """
    corpora = folder.load_corpora()
    for seed in used:
        if seed not in corpora:
            raise InputFileError(
                f"{folder.corpora_path} does not name the corpus of company {seed}, or is missing; the run is damaged: "
                f"{MEND}"
            )
    for seed in corpora:
        if seed not in config.company_seeds:
            raise InputFileError(
                f"{folder.corpora_path} names the corpus of company {seed}, which is not in this run; the run is "
                f"damaged: {MEND}"
            )
    return corpora


def check_cases(folder: RunFolder, episodes: Sequence[EpisodeRecord]) -> None:
    """Check that all arms of a company worked on the same cases in the same order.

    Raises:
        InputFileError: one did not; the message names the line.
    """
    by_place: dict[tuple[int, bool, int], list[EpisodeRecord]] = {}
    for entry in episodes:
        by_place.setdefault((entry.company_seed, entry.phase is Phase.TEST, entry.position), []).append(entry)
    for entries in by_place.values():
        ((usual, _),) = Counter(entry.scenario_id for entry in entries).most_common(1)
        odd = next((entry for entry in entries if entry.scenario_id != usual), None)
        if odd is not None:
            line = folder.load_episodes().index(odd) + 1
            raise InputFileError(
                f"{folder.path / 'episodes.jsonl'}:{line}: scenario_id {odd.scenario_id!r} is not {usual!r}, the "
                f"case that another arm had in this place; the run is damaged: {MEND}"
            )


def check_outcomes(
    folder: RunFolder, episodes: Sequence[EpisodeRecord]
) -> Mapping[tuple[int, int, int, int], EpisodeOutcome]:
    """Return what the episodes left for a judge, by their place in a finished file.

    Raises:
        AtlasError: an episode has no outcome, or that of another one.
    """
    outcomes = {sort_key(outcome): outcome for outcome in folder.load_outcomes()}
    pairs = [(entry, outcomes.get(sort_key(entry))) for entry in episodes]
    _refuse_missing(folder, "outcomes.jsonl", [entry for entry, outcome in pairs if outcome is None], len(pairs))
    for entry, outcome in pairs:
        if outcome is not None and (outcome.scenario_id, outcome.writes) != (entry.scenario_id, entry.writes):
            raise _differs(folder, "outcomes.jsonl", entry)
    return outcomes


def _check_traces(folder: RunFolder, episodes: Sequence[EpisodeRecord]) -> None:
    traces = {sort_key(trace): trace for trace in folder.load_traces()}
    pairs = [(entry, traces.get(sort_key(entry))) for entry in episodes if _is_traced(entry)]
    _refuse_missing(folder, "traces.jsonl", [entry for entry, trace in pairs if trace is None], len(pairs))
    for entry, trace in pairs:
        if trace is not None and _case_of(trace) != _case_of(entry):
            raise _differs(folder, "traces.jsonl", entry)


def _is_traced(entry: EpisodeRecord) -> bool:
    """Whether an episode leaves a trace: a failure of the learned arm on the frozen test, and a sample of the rest."""
    tested = entry.phase is Phase.TEST and entry.arm is Arm.LEARNED
    return tested and (not entry.strict or entry.position % TRACE_EVERY == 0)


def _case_of(entry: EpisodeRecord | EpisodeTrace) -> tuple[str, str, float, tuple[str, ...]]:
    return (entry.scenario_id, entry.family, entry.score, entry.failed_fields)


def check_memories(
    folder: RunFolder, config: ExperimentConfig, episodes: Sequence[EpisodeRecord], bench: Bench
) -> Mapping[Unit, MemoryFacts]:
    """Return what is in the memories that finished tests were worked on with, by the unit that made them.

    Raises:
        InputFileError: a file is no memory.
        AtlasError: a memory is missing or not the one that its episodes name, or it is not said how far a compiled one
            goes.
    """
    found: dict[Unit, MemoryFacts] = {}
    covered = {one.company_seed for one in folder.load_coverage()}
    for unit in plan_units(config):
        if unit.phase is not Phase.TEST or unit.arm not in (*LEARNING_ARMS, Arm.COMPILED):
            continue
        named = [entry.memory_hash for entry in episodes if Unit(entry.company_seed, entry.phase, entry.arm) == unit]
        if len(named) < size_of(unit, config):
            continue
        source = memory_source(unit, config) or unit
        found[source] = facts = _memory_facts(folder, source, bench)
        if set(named) != {facts.content_hash}:
            raise AtlasError(
                f"{folder.memory_path(source)} is not the memory that the episodes of {unit.label} had; the run is "
                f"damaged: {MEND}"
            )
        if unit.arm is Arm.COMPILED and unit.company_seed not in covered:
            raise AtlasError(
                f"{folder.path / 'coverage.json'} says nothing of company {unit.company_seed}, or is missing; the "
                f"run is damaged: {MEND}"
            )
    return found


def _memory_facts(folder: RunFolder, unit: Unit, bench: Bench) -> MemoryFacts:
    memory, path = folder.load_memory(unit), folder.memory_path(unit)
    if memory is None:
        raise AtlasError(f"{path} is missing; the run is damaged: {MEND}")
    try:
        with telling_damage():
            return bench.pair.facts(memory)
    except InputFileError as exc:
        raise InputFileError(f"{path}: {exc}") from exc


def _refuse_missing(folder: RunFolder, name: str, missing: Sequence[EpisodeRecord], of: int) -> None:
    if missing:
        raise AtlasError(
            f"{folder.path / name} lacks {len(missing)} of {of} episodes, the first of them {_name(missing[0])}; the "
            f"run is damaged: {MEND}"
        )


def _differs(folder: RunFolder, name: str, entry: EpisodeRecord) -> AtlasError:
    return AtlasError(
        f"{folder.path / name} and episodes.jsonl do not say the same of {_name(entry)}; the run is damaged: {MEND}"
    )


def _name(entry: EpisodeRecord) -> str:
    return f"episode {entry.position} of {Unit(entry.company_seed, entry.phase, entry.arm).label}"
