"""Checks that a store behaves like the one in memory: the same sequences on both, compared byte for byte.

Needs the extra ``testing`` (hypothesis), which draws the sequences and makes a failing one short.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, cast

from atlas.core.errors import MissingExtraError, MisuseError, NoFreeSlotError, StorageError
from atlas.core.records import record
from atlas.crm.records import Entity, Row
from atlas.crm.schema import SCHEMA
from atlas.crm.sessions import MemorySessions, Sessions
from atlas.crm.tools.registry import TOOLS
from atlas.testing.pairing import DifferenceError
from atlas.testing.plans import Plan
from atlas.testing.rehearsal import Noting, Rehearsal, Tally
from atlas.testing.samples import Ids, sample_companies
from atlas.testing.shortening import shorten
from atlas.testing.worlds import SmallCompany

COMPANIES: Final = 12  # that the sequences are played in
REFUSED: Final = "whether the store raises"
"""What differs where the store under test raises a ``StorageError``."""

_SHOWN_CHARACTERS = 1_000  # of what differs, in a report


@record
class ToolCount:
    """How often a tool was called, and how often it succeeded."""

    calls: int
    succeeded: int


@record
class StoreReport:
    """What a check played.

    Attributes:
        seed: What the sequences were drawn from.
        sequences: Sequences played.
        steps: Steps by kind: calls, the store's own verbs, second sessions.
        tools: Calls by tool, those of unknown names left out.
        error_codes: Calls that failed, by the class of the error.
        operators: Criteria that the store itself was asked with, by operator.
        changes: Changes that stood in the compared journals at the end of the sequences.
        patched_rows: Rows that sessions began with besides those of the company.
    """

    seed: int
    sequences: int
    steps: Mapping[str, int]
    tools: Mapping[str, ToolCount]
    error_codes: Mapping[str, int]
    operators: Mapping[str, int]
    changes: int
    patched_rows: int

    @property
    def calls(self) -> int:
        """Tool calls made."""
        return sum(count.calls for count in self.tools.values())

    @property
    def succeeded(self) -> int:
        """Tool calls that succeeded."""
        return sum(count.succeeded for count in self.tools.values())

    def __str__(self) -> str:
        share = self.succeeded / self.calls if self.calls else 0.0
        played = f"{self.sequences} sequences (seed {self.seed}): {self.calls} calls of {len(self.tools)} tools"
        lines = [
            f"{played}, {share:.0%} succeeded; {self.changes} changes, {self.patched_rows} rows patched",
            f"steps: {_counts(self.steps)}",
            f"operators: {_counts(self.operators)}",
            f"errors: {_counts(self.error_codes)}",
        ]
        return "\n".join(lines)


class StoreMismatchError(AssertionError):
    """A store does not behave like the reference; the message is the shortest sequence that was found to show it.

    Attributes:
        report: What was played until the difference was found.
        what: What differs, such as ``"the journal"``.
    """

    def __init__(self, message: str, *, report: StoreReport, what: str) -> None:
        super().__init__(message)
        self.report = report
        self.what = what


def check_store(
    tested: Sessions,
    *,
    reference: Sessions | None = None,
    sequences: int = 200,
    seed: int = 0,
    companies: int = COMPANIES,
    shrink: bool = True,
) -> StoreReport:
    """Play generated sequences on two stores and return what was played, all of it with equal outcomes.

    A sequence begins a session in one of a few generated companies, with rows of its own, makes tool calls, uses the
    verbs of the store, and rolls the session back. Results, errors, selections, journals, changes, rows and hashes are
    compared byte for byte, and the company has to be untouched afterwards. Equal arguments play equal sequences.

    Args:
        tested: Where stores to be checked come from. Two sessions of one company are open at a time.
        reference: Where right ones come from; None for those in memory.
        sequences: How many sequences to play.
        seed: Draws companies and sequences.
        companies: How many companies; one base is begun from again and again.
        shrink: Whether a failing sequence is made short before it is reported.

    Raises:
        StoreMismatchError: the stores differ.
        MisuseError: there is nothing to play.
        NoFreeSlotError: there is no room for two sessions of one company.
        MissingExtraError: hypothesis is not installed.

    Example:
        >>> check_store(MemorySessions(), sequences=5, seed=1).sequences
        5
    """
    if sequences < 1 or companies < 1:
        raise MisuseError(f"at least one sequence in one company is played, got {sequences} in {companies}")
    check = _Check(tested, reference or MemorySessions(), sample_companies(companies, seed=seed), seed)
    search = _search()
    search(check.play, check.ids, sequences=sequences, seed=seed, failure=StoreMismatchError)
    if check.failed is not None and shrink:
        shorten(check.failed, check.fails)
    if check.failure is not None:
        raise check.failure
    return check.report()


class _Check:
    """What one call of :func:`check_store` plays with."""

    def __init__(self, tested: Sessions, reference: Sessions, companies: tuple[SmallCompany, ...], seed: int) -> None:
        self.companies = companies
        self.ids: tuple[Ids, ...] = tuple(_ids(company) for company in companies)
        self._tested = tested
        self._reference = reference
        self._seed = seed
        self._tally = Tally()
        self._found: StoreReport | None = None
        self.failure: StoreMismatchError | None = None
        self.failed: Plan | None = None

    def play(self, plan: Plan) -> None:
        """Play one sequence; the first one that fails ends the counting."""
        tally = self._tally if self._found is None else Tally()
        rehearsal = Rehearsal(
            self.companies[plan.company], plan, reference=self._reference, tested=self._tested, tally=tally
        )
        try:
            with Noting(lambda: self._reproduction(plan, rehearsal)):
                rehearsal.play()
        except DifferenceError as exc:
            self._fail(exc, plan, rehearsal)
            raise cast("StoreMismatchError", self.failure) from None
        except StorageError as exc:
            if isinstance(exc, NoFreeSlotError):  # too few for two sessions at a time
                raise
            self._fail(DifferenceError(REFUSED, "null", str(exc)), plan, rehearsal)
            raise cast("StoreMismatchError", self.failure) from exc

    def _fail(self, difference: DifferenceError, plan: Plan, rehearsal: Rehearsal) -> None:
        self._found = self._found or self.report()
        self.failed = plan
        message = self._describe(difference, plan, rehearsal)
        self.failure = StoreMismatchError(message, report=self._found, what=difference.what)

    def fails(self, plan: Plan) -> bool:
        """Play one sequence and tell whether it fails."""
        try:
            self.play(plan)
        except StoreMismatchError:
            return True
        return False

    def report(self) -> StoreReport:
        """Return what was played so far, up to the first failure."""
        tally = self._tally
        return self._found or StoreReport(
            seed=self._seed,
            sequences=tally.sequences,
            steps=dict(sorted(tally.steps.items())),
            tools={name: ToolCount(tally.calls[name], tally.succeeded[name]) for name in TOOLS if tally.calls[name]},
            error_codes=dict(sorted(tally.codes.items())),
            operators=dict(sorted(tally.operators.items())),
            changes=tally.changes,
            patched_rows=tally.patched,
        )

    def _describe(self, difference: DifferenceError, plan: Plan, rehearsal: Rehearsal) -> str:
        """How a sequence ended, for people."""
        return (
            f"{difference.what} differs in sequence {self.report().sequences} of seed {self._seed}\n"
            f"{self._reproduction(plan, rehearsal)}\n"
            f"expected {_cut(difference.expected, difference.got)}\n"
            f"     got {_cut(difference.got, difference.expected)}"
        )

    def _reproduction(self, plan: Plan, rehearsal: Rehearsal) -> str:
        base = self.companies[plan.company].base
        counts = ", ".join(
            f"{len(base.rows(entity))} {SCHEMA[entity].plural}" for entity in Entity if base.rows(entity)
        )
        begin = [
            f"company {plan.company} of sample_companies(seed={self._seed}): {counts or 'no records'}",
            f"actor {plan.actor}; rules: {', '.join(map(repr, plan.rules)) or 'none'}",
            *(f"patch {entity.value} {_filled(row)}" for entity, row in plan.patch),
        ]
        steps = [f"{number:>3}. {line}" for number, line in enumerate(rehearsal.log)]
        return "\n".join([*begin, *steps])


def _search() -> Callable[..., None]:
    """What draws plans; hypothesis is imported with it, and not before."""
    try:
        from atlas.testing.drawing import search  # noqa: PLC0415 - hypothesis is an extra
    except ModuleNotFoundError as exc:
        raise MissingExtraError("testing", "check_store") from exc
    return search


def _ids(company: SmallCompany) -> Ids:
    return {
        entity: [cast("str", row[SCHEMA[entity].id_field]) for row in company.base.rows(entity)] for entity in Entity
    }


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"


def _filled(row: Row) -> str:
    return repr({name: value for name, value in row.items() if value not in (None, ())})


def _cut(text: str, other: str) -> str:
    """``text`` from shortly before where it begins to differ, so that the difference is in sight."""
    if max(len(text), len(other)) <= _SHOWN_CHARACTERS:
        return text
    same = next((place for place, pair in enumerate(zip(text, other, strict=False)) if pair[0] != pair[1]), 0)
    start = max(0, same - _SHOWN_CHARACTERS // 4)
    return f"{'...' if start else ''}{text[start : start + _SHOWN_CHARACTERS]}"
