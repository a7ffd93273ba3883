"""A replay of a whole file: which conversations, what came of their calls, and what is wrong with the data.

The report is the same, byte for byte, on every backend: it holds no time, no host and no name of a backend.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import date

from atlas.core.canonical import content_hash
from atlas.core.errors import MisuseError
from atlas.core.records import record
from atlas.core.rng import derive_rng
from atlas.crm.sessions import Sessions
from atlas.evaluation.datasets.defects import DefectKind, DefectList, find_defects
from atlas.evaluation.datasets.outcomes import (
    CallOutcome,
    CallReport,
    FinalCheck,
    Reason,
    ReplayedConversation,
)
from atlas.evaluation.datasets.replay import Replayer
from atlas.scenarios.importers.clbench import Conversation, Dataset
from atlas.scenarios.importers.seeding import DEFAULT_DAY, SeedProblem, import_company, recorded_day

FORMAT = "clbench"


@record
class ReplayOptions:
    """What is replayed, and how.

    Attributes:
        sample: How many conversations are drawn; None for all.
        seed: Draws them.
        renames: Arguments that go by another name in our world: name in the data to our name.
        today: The day of the worlds; None for the data's own.
    """

    sample: int | None = None
    seed: int = 0
    renames: Mapping[str, str] = field(default_factory=dict[str, str])
    today: date | None = None


@record
class ReplayCounts:
    """How many of each.

    Attributes:
        conversations: Conversations that were replayed.
        turns: Their turns.
        calls: Golden calls: turns that have a tool.
        executed: Calls that succeeded, as the data say.
        executed_as_written: By what was left unfilled in them, those of them that were carried out with a text in
            the place of a value.
        failed_as_expected: Calls that failed, as the data say, with the expected text.
        other_error_text: Calls that failed, as the data say, with another text.
        listed: By reason, calls that cannot be carried out as they stand.
        defects: Calls that our world should have carried out, and did not; or the other way round.
        final_checks: Things that were said about the state at the end.
        final_checks_held: Those that hold.
        final_checks_failed: Those that do not, though every call was made: a defect too.
        final_checks_excused: Those that do not, where a call was listed.
        final_checks_unreadable: Those that cannot be made: no such kind of record or field, or no object.
    """

    conversations: int
    turns: int
    calls: int
    executed: int
    executed_as_written: Mapping[Reason, int]
    failed_as_expected: int
    other_error_text: int
    listed: Mapping[Reason, int]
    defects: int
    final_checks: int
    final_checks_held: int
    final_checks_failed: int
    final_checks_excused: int
    final_checks_unreadable: int


@record
class ReplayReport:
    """What comes of replaying a file.

    Attributes:
        format: The format of the file.
        dataset: Name of the file.
        dataset_hash: SHA-256 of its bytes.
        options: What was replayed, and how; ``today`` is the day that was used.
        counts: How many of each.
        unused_renames: Mapped arguments that occur in no call.
        listed: Calls that cannot be carried out as they stand.
        defects: Calls that our world should have answered otherwise.
        other_error_text: Calls that failed as they should, with another text than expected.
        executed_as_written: Calls that were carried out with a text in the place of a value.
        final_state: Checks of the final state that do not hold or cannot be made.
        seed_problems: What could not be taken over from the seeds.
        data_defects: Faults of the data, by kind.
        states_hash: Hash over the net changes of every conversation: what the calls did to the rows.
    """

    format: str
    dataset: str
    dataset_hash: str
    options: ReplayOptions
    counts: ReplayCounts
    unused_renames: tuple[str, ...]
    listed: tuple[CallReport, ...]
    defects: tuple[CallReport, ...]
    other_error_text: tuple[CallReport, ...]
    executed_as_written: tuple[CallReport, ...]
    final_state: tuple[FinalCheck, ...]
    seed_problems: tuple[SeedProblem, ...]
    data_defects: Mapping[DefectKind, DefectList]
    states_hash: str

    @property
    def flawless(self) -> bool:
        """Whether our world did everything that the data rely on."""
        return self.counts.defects == 0 and self.counts.final_checks_failed == 0


def replay_dataset(
    dataset: Dataset,
    sessions: Sessions,
    options: ReplayOptions,
    *,
    watch: Callable[[int, int], None] | None = None,
) -> ReplayReport:
    """Return what comes of replaying ``dataset``.

    Args:
        dataset: The conversations.
        sessions: Where each one's company is kept.
        options: What is replayed, and how.
        watch: Called after every conversation with how many are done, and of how many.

    Raises:
        MisuseError: a sample of no conversations is asked for.
        StorageError: the backend failed.
    """
    chosen = choose_conversations(dataset, sample=options.sample, seed=options.seed)
    today = day_of(dataset, options.today)
    replayer = Replayer(sessions, renames=options.renames)
    replayed: list[ReplayedConversation] = []
    problems: list[SeedProblem] = []
    for place, conversation in enumerate(chosen, start=1):
        company = import_company(conversation, today)
        problems += company.problems
        replayed.append(replayer.replay(conversation, company))
        if watch is not None:
            watch(place, len(chosen))
    reports = [turn.report for conversation in replayed for turn in conversation.turns if turn.report is not None]
    checks = [check for conversation in replayed for check in conversation.final_checks]
    return ReplayReport(
        format=FORMAT,
        dataset=dataset.name,
        dataset_hash=dataset.content_hash,
        options=ReplayOptions(options.sample, options.seed, options.renames, today),
        counts=_counts(replayed, reports, checks),
        unused_renames=_unused(options.renames, replayed),
        listed=_of(reports, CallOutcome.LISTED),
        defects=_of(reports, CallOutcome.DEFECT),
        other_error_text=_of(reports, CallOutcome.OTHER_ERROR_TEXT),
        executed_as_written=_of(reports, CallOutcome.EXECUTED),
        final_state=tuple(check for check in checks if not check.holds),
        seed_problems=tuple(problems),
        data_defects=find_defects(chosen),
        states_hash=content_hash([[each.conversation_id, each.changes] for each in replayed]),
    )


def choose_conversations(dataset: Dataset, *, sample: int | None, seed: int) -> tuple[Conversation, ...]:
    """Return a drawn sample of the conversations in file order, all of them where that is what is asked for.

    Raises:
        MisuseError: the sample has no conversation.
    """
    if sample is None or sample >= len(dataset.conversations):
        return dataset.conversations
    if sample < 1:
        raise MisuseError(f"a sample of {sample} conversations; draw at least 1")
    places = derive_rng(seed, "sample").sample(range(len(dataset.conversations)), sample)
    return tuple(dataset.conversations[place] for place in sorted(places))


def day_of(dataset: Dataset, today: date | None = None) -> date:
    """Return the day that worlds of ``dataset`` have: the one asked for, else the data's, else that of the sample."""
    return today or recorded_day(dataset.conversations) or DEFAULT_DAY


def _counts(
    replayed: Sequence[ReplayedConversation], reports: Sequence[CallReport], checks: Sequence[FinalCheck]
) -> ReplayCounts:
    turns = [turn for conversation in replayed for turn in conversation.turns]
    outcomes = Counter(turn.outcome for turn in turns)
    return ReplayCounts(
        conversations=len(replayed),
        turns=len(turns),
        calls=sum(turn.outcome is not None for turn in turns),
        executed=outcomes[CallOutcome.EXECUTED],
        executed_as_written=_by_reason(reports, CallOutcome.EXECUTED),
        failed_as_expected=outcomes[CallOutcome.FAILED_AS_EXPECTED],
        other_error_text=outcomes[CallOutcome.OTHER_ERROR_TEXT],
        listed=_by_reason(reports, CallOutcome.LISTED),
        defects=outcomes[CallOutcome.DEFECT],
        final_checks=len(checks),
        final_checks_held=sum(check.holds is True for check in checks),
        final_checks_failed=sum(check.holds is False and not check.excused for check in checks),
        final_checks_excused=sum(check.holds is False and check.excused for check in checks),
        final_checks_unreadable=sum(check.holds is None for check in checks),
    )


def _of(reports: Iterable[CallReport], outcome: CallOutcome) -> tuple[CallReport, ...]:
    return tuple(report for report in reports if report.outcome is outcome)


def _by_reason(reports: Iterable[CallReport], outcome: CallOutcome) -> Mapping[Reason, int]:
    counts = Counter(report.reason for report in reports if report.outcome is outcome)
    return {reason: counts[reason] for reason in Reason if outcome is CallOutcome.LISTED or counts[reason]}


def _unused(renames: Mapping[str, str], replayed: Iterable[ReplayedConversation]) -> tuple[str, ...]:
    used = {name for conversation in replayed for name in conversation.renamed}
    return tuple(name for name in renames if name not in used)
