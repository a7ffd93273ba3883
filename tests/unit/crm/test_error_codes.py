"""Every class of error can be met, tells the offending value, and shows a way out."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Mapping

import pytest

from atlas.core.records import as_json
from atlas.crm.faults import FaultKind, FaultPlan, FaultyWorld
from atlas.crm.records import Actor, Entity, ErrorCode, ToolCall, ToolError
from atlas.crm.validation_rules import AmountLimit, OwnerOnly, StagePath, ValidationRule
from atlas.crm.world import World
from atlas.episodes.loop import EpisodeBudget, run_episode
from atlas.episodes.records import Action, Observation

DEAL: Mapping[str, object] = {"name": "X", "client_id": "c1", "amount": 100, "stage": "Prospecting"}
FILE: Mapping[str, object] = {"entity_type": "Client", "entity_id": "c1", "file_name": "a.pdf"}
MODIFY = "modify_opportunity"


@dataclasses.dataclass(frozen=True)
class Case:
    """A call that meets an error.

    Attributes:
        tool: Name of the tool.
        arguments: Its arguments.
        field: The argument that the error names.
        value: The offending value that it holds.
        shown: How the message shows what is wrong.
        way_out: What the message or the hint says to do.
        rules: The company's own rules.
    """

    tool: str
    arguments: Mapping[str, object]
    field: str | None
    value: object
    shown: str
    way_out: str
    rules: tuple[ValidationRule, ...] = ()


CASES: Mapping[ErrorCode, Case] = {
    ErrorCode.UNKNOWN_TOOL: Case("client_seach", {}, None, "client_seach", "`client_seach`", "`client_search`"),
    ErrorCode.UNKNOWN_ARGUMENT: Case(
        MODIFY, {"opportunity_id": "o1", "assign_to": "x"}, "assign_to", "assign_to", "`assign_to`", "`owner`"
    ),
    ErrorCode.MISSING_ARGUMENT: Case(
        "create_new_opportunity",
        {"name": "X", "amount": 5, "stage": "Proposal"},
        "client_id",
        None,
        "`client_id`",
        "look it up with client_search",
    ),
    ErrorCode.INVALID_TYPE: Case(
        MODIFY, {"opportunity_id": "o1", "amount": "50k"}, "amount", "50k", "'50k'", "did you mean 50000?"
    ),
    ErrorCode.INVALID_ENUM: Case(
        MODIFY, {"opportunity_id": "o1", "stage": "Won"}, "stage", "Won", "'Won'", "did you mean 'Closed-Won'?"
    ),
    ErrorCode.INVALID_FORMAT: Case(
        MODIFY,
        {"opportunity_id": "o1", "close_date": "1/2/2027"},
        "close_date",
        "1/2/2027",
        "'1/2/2027'",
        "write it as YYYY-MM-DD",
    ),
    ErrorCode.BLANK: Case(
        MODIFY, {"opportunity_id": "o1", "name": " "}, "name", " ", "`name` must not be blank", "leave the argument out"
    ),
    ErrorCode.TOO_LONG: Case(
        MODIFY,
        {"opportunity_id": "o1", "name": "x" * 201},
        "name",
        "x" * 200 + "...",
        "has 201 characters",
        "at most 200 are allowed",
    ),
    ErrorCode.OUT_OF_RANGE: Case(
        MODIFY, {"opportunity_id": "o1", "probability": 100}, "probability", 100, "got 100", "between 1 and 99"
    ),
    ErrorCode.DATE_IN_PAST: Case(
        MODIFY,
        {"opportunity_id": "o1", "close_date": "2025-06-30"},
        "close_date",
        "2025-06-30",
        "2025-06-30",
        "choose today or a later day",
    ),
    ErrorCode.DATE_ORDER: Case(
        "create_contract",
        {"client_id": "c1", "start_date": "2026-05-02", "end_date": "2026-05-01"},
        "end_date",
        "2026-05-01",
        "`end_date` 2026-05-01",
        "ends on or after the day it starts",
    ),
    ErrorCode.NOT_FOUND: Case(
        "create_new_opportunity",
        {**DEAL, "client_id": "Halden Foods"},
        "client_id",
        "Halden Foods",
        "'Halden Foods'",
        "did you mean 'c1'?",
    ),
    ErrorCode.MISMATCH: Case(
        "create_contract",
        {"client_id": "c1", "opportunity_id": "o3"},
        "opportunity_id",
        "o3",
        "'o3'",
        "opportunity_search with `client_id` 'c1'",
    ),
    ErrorCode.DUPLICATE: Case(
        "create_new_client",
        {"name": "X", "email": "office@halden.example", "status": "Active"},
        "email",
        "office@halden.example",
        "'Office@Halden.example'",
        "use that client",
    ),
    ErrorCode.CLOSED_RECORD: Case(
        MODIFY,
        {"opportunity_id": "o2", "amount": 9},
        "amount",
        9,
        "the opportunity is Closed-Won: its `amount`",
        "make a copy with clone_opportunity",
    ),
    ErrorCode.ILLEGAL_TRANSITION: Case(
        "modify_quote",
        {"quote_id": "q1", "status": "Approved"},
        "status",
        "Approved",
        "from Draft to Approved",
        "set `status` to Sent first",
    ),
    ErrorCode.UNSAFE_FILE_NAME: Case(
        "upload_document",
        {**FILE, "file_name": "../a.pdf"},
        "file_name",
        "../a.pdf",
        "'../a.pdf'",
        "give a plain name such as proposal.pdf",
    ),
    ErrorCode.UNSUPPORTED_FILE_TYPE: Case(
        "upload_document", {**FILE, "file_name": "a.exe"}, "file_name", "a.exe", "'a.exe'", "allowed: csv, doc"
    ),
    ErrorCode.COMPANY_RULE: Case(
        MODIFY,
        {"opportunity_id": "o1", "stage": "Closed-Won"},
        "stage",
        "Closed-Won",
        "not to Closed-Won",
        "goes from Proposal only to Negotiation",
        (StagePath({"Proposal": ("Negotiation",)}),),
    ),
    ErrorCode.APPROVAL_REQUIRED: Case(
        MODIFY,
        {"opportunity_id": "o1", "amount": 90_000},
        "amount",
        90_000,
        "90,000 is above the limit of 50,000",
        "approval by Dana Roth (d.roth)",
        (AmountLimit(Entity.OPPORTUNITY, 5_000_000, escalate_to="d.roth"),),
    ),
    ErrorCode.PERMISSION_DENIED: Case(
        MODIFY,
        {"opportunity_id": "o2", "notes": "x"},
        "owner",
        "j.lind",
        "m.okafor may not",
        "ask j.lind to do it",
        (OwnerOnly(Entity.OPPORTUNITY),),
    ),
}


@pytest.mark.parametrize("code", CASES, ids=str)
def test_a_call_meets_the_error_and_is_told_the_way_out(
    make_world: Callable[..., World], fail_in: Callable[..., ToolError], code: ErrorCode
) -> None:
    """The message says what is wrong, message or hint what to do, and programs find each part in its place."""
    case = CASES[code]
    error = fail_in(make_world(rules=case.rules), case.tool, **case.arguments)
    assert error.code is code
    assert case.shown in error.message
    assert case.way_out in f"{error.message} {error.hint or ''}"
    assert (error.field, error.value) == (case.field, case.value)
    assert not error.retryable
    written = as_json(error)
    assert isinstance(written, dict)
    assert list(written) == ["code", "message", "field", "value", "allowed", "hint", "retryable"]


LOOK = ToolCall("client_search", {})
BEHIND_FAULTS: Mapping[ErrorCode, tuple[FaultKind, str, str]] = {
    ErrorCode.TIMEOUT: (FaultKind.TIMEOUT, "no answer within 30 seconds", "before you repeat it"),
    ErrorCode.RATE_LIMITED: (FaultKind.RATE_LIMIT, "too many requests (429)", "try again after"),
    ErrorCode.SERVER_ERROR: (FaultKind.SERVER_ERROR, "internal error (503)", "try again"),
}


@pytest.mark.parametrize("code", BEHIND_FAULTS, ids=str)
def test_a_bad_connection_has_errors_that_pass(make_world: Callable[..., World], code: ErrorCode) -> None:
    """Nothing was wrong with the call, and the error says that it may be sent again."""
    kind, shown, way_out = BEHIND_FAULTS[code]
    error = FaultyWorld(make_world(), FaultPlan.by_kind({kind: 1.0}), rng=random.Random(5)).call(LOOK).error
    assert error is not None
    assert (error.code, error.retryable) == (code, True)
    assert shown in error.message
    assert way_out in (error.hint or "")


def test_a_key_belongs_to_one_call(make_world: Callable[..., World]) -> None:
    """Another call with the same key is told so."""
    world = make_world()
    assert world.call(LOOK, idempotency_key="k-1").ok
    error = world.call(ToolCall("contact_search", {}), idempotency_key="k-1").error
    assert error is not None
    assert (error.code, error.field, error.value) == (ErrorCode.IDEMPOTENCY_CONFLICT, "idempotency_key", "k-1")
    assert "`k-1`" in error.message
    assert "another key" in (error.hint or "")


def test_every_class_of_error_is_met() -> None:
    """Each is shown by a call on this page."""
    shown = [*CASES, *BEHIND_FAULTS, ErrorCode.IDEMPOTENCY_CONFLICT, *IN_EPISODES]
    assert len(set(shown)) == len(shown)
    assert set(shown) == set(ErrorCode)


class Eager:
    """An agent that goes on calling behind its response, or never responds."""

    def __init__(self, *calls: ToolCall) -> None:
        self._calls = calls

    def act(self, observation: Observation) -> Action:
        del observation
        return Action(self._calls)


class Brief:
    """A customer with one request."""

    def open(self) -> str:
        return "Please look it up."

    def reply(self, response: object) -> None:
        del response


RESPOND = ToolCall("respond", {"message": "Done.", "outcome": "done"})
IN_EPISODES: Mapping[ErrorCode, tuple[tuple[ToolCall, ...], str]] = {
    ErrorCode.TURN_ENDED: ((RESPOND, LOOK), "client_search was not carried out: `respond` had ended the turn"),
    ErrorCode.BUDGET_EXHAUSTED: ((LOOK, LOOK), "client_search was not carried out: no tool calls are left"),
}


@pytest.mark.parametrize("code", IN_EPISODES, ids=str)
def test_an_episode_has_errors_of_its_own(make_world: Callable[..., World], code: ErrorCode) -> None:
    """What is over is said to be over."""
    calls, message = IN_EPISODES[code]
    world = make_world()
    assert world.actor == Actor("m.okafor", "Account Executive")
    run = run_episode(Eager(*calls), world, Brief(), tenant="tn", budget=EpisodeBudget(calls=1))
    errors = [step.result.error for turn in run.episode.turns for step in turn.steps if step.result.error]
    assert [(error.code, error.message) for error in errors] == [(code, message)]
