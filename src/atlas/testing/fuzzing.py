"""Makes thousands of calls that should not be made, and checks what holds for each of them.

Every call is answered, in bounded time; an error is one short printable sentence and leaves no trace; answers and calls
can be written down; and when the session is taken back, the company is as it was.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import Final

from atlas.core.canonical import canonical_json
from atlas.core.records import record
from atlas.core.rng import derive_rng
from atlas.crm.records import Entity, ToolCall, ToolResult
from atlas.crm.schema import SCHEMA
from atlas.crm.sessions import Sessions, session
from atlas.crm.store import Store
from atlas.crm.world import World
from atlas.episodes.records import Step
from atlas.telemetry.escaping import escaped
from atlas.telemetry.jsonl import encoded_line
from atlas.testing.abuse import draw_abuse
from atlas.testing.choosing import seeded_chooser
from atlas.testing.pairing import rows_of, rows_of_base
from atlas.testing.samples import Ids, sample_companies
from atlas.testing.worlds import SmallCompany, open_world

CALLS_OF_A_SESSION: Final = 40
COMPANIES: Final = 8
SLOWEST_CALL_S: Final = 5.0  # CPU time; what grows with the square of its input takes far longer
LONGEST_MESSAGE: Final = 1_000  # characters

_SHOWN_CHARACTERS = 2_000  # of a call, in a message


@record
class FuzzReport:
    """What was called.

    Attributes:
        seed: What the calls were drawn from.
        calls: Calls made.
        succeeded: Calls that succeeded.
        error_codes: Calls that failed, by the class of the error.
    """

    seed: int
    calls: int
    succeeded: int
    error_codes: Mapping[str, int]

    def __str__(self) -> str:
        codes = ", ".join(f"{code} {count:,}" for code, count in self.error_codes.items())
        return f"{self.calls:,} fuzzed calls (seed {self.seed}): {self.succeeded:,} succeeded; {codes}"


class BrokenPromiseError(AssertionError):
    """A world did not do what it promises for every call; the message names promise, call and seed."""


def fuzz_calls(sessions: Sessions, *, calls: int, seed: int) -> FuzzReport:
    """Make at least so many calls, drawn from ``seed``, in sessions of some dozens.

    Raises:
        BrokenPromiseError: a promise was broken. What a world raises is raised on, with the call in a note.

    Example:
        >>> from atlas.crm.sessions import MemorySessions
        >>> report = fuzz_calls(MemorySessions(), calls=100, seed=1)
        >>> report.calls, report.succeeded > 0
        (120, True)
    """
    companies = sample_companies(COMPANIES + 1, seed=seed)[1:]
    seen: Counter[str] = Counter()
    for number in range(-(-calls // CALLS_OF_A_SESSION)):
        company = companies[number % COMPANIES]
        with session(sessions, company.base) as store:
            _Fuzzing(company, store, f"session {number} of seed {seed}", seen).make_calls(seed, number)
    for company in companies:
        with session(sessions, company.base) as store:
            if canonical_json(rows_of(store)) != canonical_json(rows_of_base(company.base)):
                raise BrokenPromiseError(f"a company was changed for good by the calls of seed {seed}")
    succeeded = seen.pop(_SUCCEEDED, 0)
    return FuzzReport(seed, succeeded + seen.total(), succeeded, dict(sorted(seen.items())))


_SUCCEEDED = "succeeded"  # among the counts by error code


class _Fuzzing:
    """One session of calls."""

    def __init__(self, company: SmallCompany, store: Store, where: str, seen: Counter[str]) -> None:
        self._ids: Ids = {
            entity: [str(row[SCHEMA[entity].id_field]) for row in company.base.rows(entity)] for entity in Entity
        }
        self._store = store
        self._world: World = open_world(company, store=store)
        self._where = where
        self._seen = seen

    def make_calls(self, seed: int, number: int) -> None:
        """Make the calls of the session with that number."""
        chooser = seeded_chooser(derive_rng(seed, "testing", "fuzz", number))
        for _ in range(CALLS_OF_A_SESSION):
            self._make(draw_abuse(chooser, self._ids))

    def _make(self, call: ToolCall) -> None:
        before = list(self._store.journal())
        began = time.process_time()
        with _Noted(self._where, call):
            result = self._world.call(call)
        self._require(time.process_time() - began < SLOWEST_CALL_S, "a call is answered soon", call)
        self._require(_is_writable(call, result), "calls and answers can be written down", call)
        if result.error is None:
            self._seen[_SUCCEEDED] += 1
            return
        message = result.error.message
        self._seen[result.error.code.value] += 1
        self._require(0 < len(message) <= LONGEST_MESSAGE and message.isprintable(), "errors are short texts", call)
        self._require(list(self._store.journal()) == before, "a call that fails changes nothing", call)

    def _require(self, promise: bool, what: str, call: ToolCall) -> None:  # noqa: FBT001 - like an assertion
        if not promise:
            raise BrokenPromiseError(f"broken: {what}; {self._where}: {_shown(call)}")


def _is_writable(call: ToolCall, result: ToolResult) -> bool:
    try:
        encoded_line(Step(call, result)).encode()
        canonical_json(result).encode()  # an answer has to be JSON as it is
    except (TypeError, ValueError, RecursionError):
        return False
    return True


class _Noted:
    """Adds to whatever is raised inside of it which call it was."""

    def __init__(self, where: str, call: ToolCall) -> None:
        self._where = where
        self._call = call

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        if raised is not None:
            raised.add_note(f"{self._where}: {_shown(self._call)}")


def _shown(call: ToolCall) -> str:
    return ascii(canonical_json(escaped([call.tool, call.arguments])))[:_SHOWN_CHARACTERS]
