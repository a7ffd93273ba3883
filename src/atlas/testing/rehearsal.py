"""Plays one plan on two stores at once and stops at the first difference.

Everything is compared as canonical JSON: the result of every call, every selection, the journal after whatever may have
written, the folded changes, the rows that are left and their hash; and, when the session has been taken back, the rows
of the next session.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Self

from atlas.core.canonical import canonical_json
from atlas.crm.records import ToolCall
from atlas.crm.sessions import Sessions, session
from atlas.crm.store import Query
from atlas.telemetry.escaping import escaped
from atlas.testing.pairing import DifferenceError, Hashed, Pair, require_equal, rows_of, rows_of_base, shown_query
from atlas.testing.plans import (
    CallTool,
    Get,
    GoBack,
    LookAside,
    Mark,
    NextPage,
    Plan,
    Put,
    Remove,
    Select,
    SelectChanged,
    Step,
)
from atlas.testing.worlds import SmallCompany


@dataclasses.dataclass(slots=True)
class Tally:
    """What was played, so that a check can show that it looked at something."""

    sequences: int = 0
    steps: Counter[str] = dataclasses.field(default_factory=Counter[str])
    calls: Counter[str] = dataclasses.field(default_factory=Counter[str])
    succeeded: Counter[str] = dataclasses.field(default_factory=Counter[str])
    codes: Counter[str] = dataclasses.field(default_factory=Counter[str])
    operators: Counter[str] = dataclasses.field(default_factory=Counter[str])
    changes: int = 0
    patched: int = 0


class Rehearsal:
    """One plan on its way through two stores.

    Args:
        company: What both sessions start from.
        plan: What to play.
        reference: Sessions whose stores are right.
        tested: Sessions whose stores are to be like them.
        tally: Counts what is played.

    Attributes:
        log: What was done so far, one line per step, for people.
    """

    def __init__(
        self, company: SmallCompany, plan: Plan, *, reference: Sessions, tested: Sessions, tally: Tally
    ) -> None:
        self.log: list[str] = []
        self._company = company
        self._plan = plan
        self._reference = reference
        self._tested = tested
        self._tally = tally

    def play(self) -> None:
        """Play the plan.

        Raises:
            DifferenceError: the stores differ.
        """
        base, patch = self._company.base, self._plan.patch
        self._tally.sequences += 1
        self._tally.patched += len(patch)
        with (
            session(self._reference, base, patch) as reference,
            session(self._tested, base, patch) as tested,
        ):
            self.log.append("begin")
            pair = Pair(self._company, self._plan, reference, tested)
            pair.compare_rows("rows at the beginning")
            for step in self._plan.steps:
                self._take(step, pair)
            self.log.append("end")
            pair.compare_end()
            self._tally.changes += len(reference.journal())
        self.log.append("rolled back; the next session")
        self._look_aside("rows after the rollback")

    def _take(self, step: Step, pair: Pair) -> None:
        self._tally.steps[type(step).__name__] += 1
        match step:
            case CallTool(tool, arguments):
                self._call(ToolCall(tool, pair.resolve(arguments)), pair)
            case NextPage():
                if pair.next_page is not None:
                    self._call(pair.next_page, pair)
            case Select():
                criteria = pair.criteria(step.criteria)
                self._select(
                    Query(step.entity, criteria, step.order_by, step.descending, step.limit, step.offset), pair
                )
            case SelectChanged():
                query = pair.query_for_change(step)
                if query is not None:
                    self._select(query, pair)
            case Get(entity, row_id):
                known = pair.id_of(row_id)
                self.log.append(f"store.get({entity.value}, {known!r})")
                pair.compare("the row", lambda store: store.get(entity, known))
            case LookAside():
                self.log.append("a second session beside this one")
                self._look_aside("rows of the second session")
            case _:
                self._write(step, pair)

    def _call(self, call: ToolCall, pair: Pair) -> None:
        self.log.append(f"call {call.tool} {_shown(call.arguments)}")
        result = pair.call(call)
        self._tally.calls[call.tool] += 1
        if result.error is None:
            self._tally.succeeded[call.tool] += 1
        else:
            self._tally.codes[result.error.code.value] += 1

    def _select(self, query: Query, pair: Pair) -> None:
        self._tally.operators.update(criterion.operator.value for criterion in query.criteria)
        self.log.append(f"store.select {shown_query(query)}")
        pair.compare("the selection", lambda store: tuple(store.select(query)))

    def _write(self, step: Put | Remove | Mark | GoBack, pair: Pair) -> None:
        match step:
            case Put(entity, row_id, row):
                known = pair.id_of(row_id)
                complete = pair.reference.get(entity, known) if row is None else pair.as_rules_write(entity, row)
                if complete is not None:
                    pair.write(entity, known, complete, self.log)
            case Remove(entity, row_id):
                for kind, known in pair.with_dependents(entity, pair.id_of(row_id)):
                    pair.write(kind, known, None, self.log)
            case Mark():
                self.log.append("savepoint")
                pair.mark()
            case GoBack(number):
                self.log.append(f"roll back to savepoint {number} (0 is the last one)")
                pair.go_back(number)
        pair.compare_journals()

    def _look_aside(self, what: str) -> None:
        base = self._company.base
        with session(self._tested, base) as store:
            require_equal(what, canonical_json(rows_of_base(base)), canonical_json(rows_of(store)))
            require_equal(f"journal ({what})", "[]", canonical_json(store.journal()))
            if isinstance(store, Hashed):
                require_equal(f"hash of all {what}", base.content_hash(), store.content_hash())


class Noting:
    """Adds what was played to any error that passes by, so that a store that raises is as readable as one that errs."""

    def __init__(self, note: Callable[[], str]) -> None:
        self._note = note

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, Exception) and not isinstance(error, DifferenceError):
            error.add_note(self._note())


def _shown(arguments: object) -> str:
    return canonical_json(escaped(arguments))
