"""What a foreign client does in a world, from its first call to its leaving; knows of no protocol.

A visit plays one case, with a user who speaks and a verdict in the end, or it roams a company freely. Its world is
leased: when the visit is over, nothing of it is left. What a client does is kept as a :class:`VisitRecord`, which goes
to the operator; a client never sees one.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Final, Protocol

from atlas.core.errors import StorageError
from atlas.core.records import JsonObject, as_json, record
from atlas.crm.records import (
    Change,
    ErrorCode,
    Response,
    StaffDirectory,
    StaffMember,
    ToolCall,
    ToolError,
    ToolResult,
    ToolSpec,
)
from atlas.crm.respond import RESPOND, parse_response
from atlas.crm.sessions import Sessions
from atlas.crm.tools.registry import TOOL_SPECS
from atlas.environments.casebook import Case
from atlas.environments.staging import LeasedWorld, find_colleague, lease_case, lease_company
from atlas.episodes.loop import STANDARD_BUDGET, EpisodeBudget, EpisodeDriver
from atlas.episodes.records import Action, EpisodeStatus, Turn
from atlas.scenarios.companies import Company
from atlas.scenarios.customer import ScriptedCustomer
from atlas.verify.verdict import Verdict


@record
class VisitRecord:
    """A visit that is over.

    Attributes:
        visit: Its number, from 1, in the order in which visits began.
        company_seed: The company that it took place in.
        scenario_id: The case that was played; None for a free visit.
        status: How the case ended; None for a free visit.
        score: What it was worth, in [0, 1]; None for a free visit, and where the backend failed.
        strict: Whether everything that was asked for was done and nothing else; None where there is no score.
        failed_fields: Names of what was wrong; None where there is no verdict.
        writes: Number of successful calls that changed something.
        changes: The net changes.
        turns: The conversation; empty for a free visit.
        failure: What broke, where the backend failed.
    """

    visit: int
    company_seed: int
    scenario_id: str | None
    status: EpisodeStatus | None
    score: float | None
    strict: bool | None
    failed_fields: tuple[str, ...] | None
    writes: int
    changes: tuple[Change, ...]
    turns: tuple[Turn, ...]
    failure: str | None


class Visit(Protocol):
    """One client's stay in a world. Its verbs are not to be called at the same time."""

    @property
    def conversation(self) -> tuple[Turn, ...]:
        """What was said and done so far; empty where nobody speaks."""
        ...

    def call(self, call: ToolCall) -> ToolResult:
        """Carry out a call and return what came of it.

        Raises:
            StorageError: the database behind the world broke.
        """
        ...

    def close(self) -> None:
        """End the visit where it has not ended, take everything back, and hand in its record; repeatable."""
        ...


class Programme(Protocol):
    """What visitors come for."""

    @property
    def staff(self) -> StaffDirectory:
        """The colleagues, and the day on which it takes place."""
        ...

    @property
    def actor(self) -> StaffMember:
        """The colleague whom visitors work for."""
        ...

    @property
    def tenant(self) -> str:
        """Opaque id of the company."""
        ...

    @property
    def opening(self) -> str | None:
        """What the user says first; None where nobody speaks."""
        ...

    def begin(self, number: int, sessions: Sessions, keep: Callable[[VisitRecord], None]) -> Visit:
        """Open a world for a visitor.

        Raises:
            StorageError: the database is down, or no copy of the company is free.
        """
        ...


class Reception:
    """Opens visits, any number of them at once, each in a world of its own.

    Args:
        programme: What visitors come for.
        sessions: Where the company's records are kept.
        keep: Takes the record of every visit that is over, one at a time; called from the thread that ended it.
    """

    def __init__(
        self, programme: Programme, sessions: Sessions, keep: Callable[[VisitRecord], None] = lambda _: None
    ) -> None:
        self.programme = programme
        self._sessions = sessions
        self._keep = keep
        self._keeping = threading.Lock()
        self._numbers = itertools.count(1)

    @property
    def tools(self) -> tuple[ToolSpec, ...]:
        """What visitors may call, ``respond`` included."""
        return TOOL_SPECS

    def open(self) -> Visit:
        """Begin a visit.

        Raises:
            StorageError: the database is down, or no copy of the company is free.
        """
        return self.programme.begin(next(self._numbers), self._sessions, self._keep_one)

    def instructions(self) -> str:
        """Return what a visitor has to know before the first call."""
        programme = self.programme
        actor = programme.actor
        known = (
            f"You work in a company's CRM on behalf of {actor.name} ({actor.handle}, {actor.role}). "
            f"Today is {programme.staff.today.isoformat()}. Every change is made with the tools listed here."
        )
        if programme.opening is None:
            return f"{known} `{RESPOND.name}` ends a turn: say there what was done."
        return (
            f"{known} End every turn with `{RESPOND.name}`: say what was done, ask, or refuse; its result holds what "
            f"the user says next, until the conversation is over. The user's first message: {programme.opening}"
        )

    def facts(self) -> JsonObject:
        """Return who the visitor works for, and when."""
        programme = self.programme
        return {
            "actor": programme.actor.handle,
            "role": programme.actor.role,
            "tenant": programme.tenant,
            "today": programme.staff.today.isoformat(),
        }

    def colleagues(self) -> list[object]:
        """Return the staff directory."""
        return [as_json(member) for member in self.programme.staff.staff]

    def _keep_one(self, visit: VisitRecord) -> None:
        with self._keeping:
            self._keep(visit)


# ---------------------------------------------------------------------------------------------------------------------
# A case


class CaseProgramme:
    """Every visitor plays the same case.

    Args:
        case: The case.
        budget: What a visitor may use up.
    """

    def __init__(self, case: Case, budget: EpisodeBudget = STANDARD_BUDGET) -> None:
        self._case = case
        self._budget = budget

    @property
    def staff(self) -> StaffDirectory:
        return StaffDirectory(self._case.scenario.today, self._case.company.directory.staff)

    @property
    def actor(self) -> StaffMember:
        return find_colleague(self._case.company, self._case.scenario.actor)

    @property
    def tenant(self) -> str:
        return self._case.company.tenant

    @property
    def opening(self) -> str | None:
        return self._case.scenario.customer_script.turns[0]

    def begin(self, number: int, sessions: Sessions, keep: Callable[[VisitRecord], None]) -> Visit:
        return _CaseVisit(number, self._case, lease_case(self._case, sessions), self._budget, keep)


class _CaseVisit:
    """A visitor who plays a case. When the conversation is over the world is gone; the visitor may stay."""

    def __init__(
        self, number: int, case: Case, lease: LeasedWorld, budget: EpisodeBudget, keep: Callable[[VisitRecord], None]
    ) -> None:
        self._number = number
        self._case = case
        self._lease = lease
        self._keep = keep
        customer = ScriptedCustomer(case.scenario.customer_script)
        self._driver = EpisodeDriver(lease.world, customer, tenant=case.company.tenant, budget=budget)
        self._handed_in = False

    @property
    def conversation(self) -> tuple[Turn, ...]:
        return self._driver.turns

    def call(self, call: ToolCall) -> ToolResult:
        if self._driver.finished:
            message = f"{call.tool} was not carried out: the conversation is over"
            return ToolResult(error=ToolError(ErrorCode.TURN_ENDED, message))
        results = self._driver.act(Action((call,)))
        if self._driver.finished:
            failure = self._hand_in().failure
            if failure is not None:
                raise StorageError(failure)
        return results[0] if results else ToolResult(self._told())

    def close(self) -> None:
        if not self._handed_in:
            self._hand_in()

    def _told(self) -> JsonObject:
        over = self._driver.finished
        return {**ACKNOWLEDGED, "conversation_over": over, "user": None if over else self.conversation[-1].user}

    def _hand_in(self) -> VisitRecord:
        self._handed_in = True
        episode = self._driver.leave().episode
        verdict: Verdict | None = self._case.judge(episode, self._lease.planted)
        visit = VisitRecord(
            visit=self._number,
            company_seed=self._case.company.seed,
            scenario_id=self._case.scenario.scenario_id,
            status=episode.status,
            score=None if verdict is None else verdict.score,
            strict=None if verdict is None else verdict.strict,
            failed_fields=None if verdict is None else verdict.failed_fields,
            writes=episode.writes,
            changes=episode.changes,
            turns=episode.turns,
            failure=episode.failure,
        )
        self._lease.close()
        self._keep(visit)
        return visit


# ---------------------------------------------------------------------------------------------------------------------
# A company without a case


ACKNOWLEDGED: Final[JsonObject] = {"acknowledged": True}
"""What ``respond`` returns, besides what the user says next."""


class CompanyProgramme:
    """Visitors roam a company freely, on its first day.

    Args:
        company: The company.
        actor: Handle of the colleague whom they work for; None for the first who may change records.

    Raises:
        UnknownNameError: nobody of the company has that handle.
    """

    def __init__(self, company: Company, actor: str | None = None) -> None:
        self._company = company
        self._actor = find_colleague(company, actor)

    @property
    def staff(self) -> StaffDirectory:
        return self._company.directory

    @property
    def actor(self) -> StaffMember:
        return self._actor

    @property
    def tenant(self) -> str:
        return self._company.tenant

    @property
    def opening(self) -> str | None:
        return None

    def begin(self, number: int, sessions: Sessions, keep: Callable[[VisitRecord], None]) -> Visit:
        lease = lease_company(self._company, self._actor.handle, sessions)
        return _FreeVisit(number, self._company, lease, keep)


class _FreeVisit:
    """A visitor without a case: nobody speaks, nothing is judged."""

    def __init__(self, number: int, company: Company, lease: LeasedWorld, keep: Callable[[VisitRecord], None]) -> None:
        self._number = number
        self._company = company
        self._lease = lease
        self._keep = keep
        self._handed_in = False

    @property
    def conversation(self) -> tuple[Turn, ...]:
        return ()

    def call(self, call: ToolCall) -> ToolResult:
        if call.tool != RESPOND.name:
            return self._lease.world.call(call)
        answer = parse_response(call.arguments)
        return ToolResult(ACKNOWLEDGED) if isinstance(answer, Response) else ToolResult(error=answer)

    def close(self) -> None:
        if self._handed_in:
            return
        self._handed_in = True
        changes: tuple[Change, ...] = ()
        failure: str | None = None
        try:
            changes = self._lease.world.changes()
        except StorageError as exc:
            failure = str(exc)
        visit = VisitRecord(
            visit=self._number,
            company_seed=self._company.seed,
            scenario_id=None,
            status=None,
            score=None,
            strict=None,
            failed_fields=None,
            writes=self._lease.world.writes,
            changes=changes,
            turns=(),
            failure=failure,
        )
        self._lease.close()
        self._keep(visit)
