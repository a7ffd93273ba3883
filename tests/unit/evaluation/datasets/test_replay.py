"""Golden calls, one conversation at a time: what executes, what is listed, what is our defect."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from atlas.crm.records import Entity
from atlas.crm.sessions import MemorySessions
from atlas.evaluation.datasets.outcomes import CallOutcome, CallReport, Reason, ReplayedConversation
from atlas.evaluation.datasets.replay import Replayer, renamed_arguments
from atlas.scenarios.importers.clbench import parse_conversation
from atlas.scenarios.importers.seeding import import_company
from conversation_files import CLIENT, CONTACT, DEAL, QUOTES, Json, conversation, made_up, turn

TODAY = date(2025, 11, 12)
EXECUTED, LISTED, DEFECT = CallOutcome.EXECUTED, CallOutcome.LISTED, CallOutcome.DEFECT
UNKNOWN, UNRESOLVED, UNFILLED = Reason.UNKNOWN_ARGUMENT, Reason.UNRESOLVED_REFERENCE, Reason.UNFILLED_PLACEHOLDER


def _replay(*turns: Json, renames: dict[str, str] | None = None, **more: Any) -> ReplayedConversation:  # noqa: ANN401 - any JSON
    read = parse_conversation(conversation("x", turns, **more), "x:1")
    return Replayer(MemorySessions(), renames=renames, per_turn=True).replay(read, import_company(read, TODAY))


def _call(tool: str, arguments: Json, **more: Any) -> tuple[CallOutcome | None, CallReport | None]:  # noqa: ANN401 - any JSON
    (played,) = _replay(turn(1, "Do it", tool, arguments, **more)).turns
    return played.outcome, played.report


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        pytest.param("client_search", {"criteria": {"name": "hallén"}}, id="wrapped criteria"),
        pytest.param("client_search", {"name": "hallén"}, id="flat criteria"),
        pytest.param("client_search", {}, id="no criteria"),
        pytest.param("modify_opportunity", {"opportunity_id": DEAL, "stage": "Negotiation"}, id="flat updates"),
        pytest.param("modify_contact", {"contact_id": CONTACT, "updates": {"title": "CTO"}}, id="wrapped updates"),
        pytest.param("create_quote", {"opportunity_id": DEAL, "amount": 5.0, "status": "Draft"}, id="a float"),
        pytest.param("compare_quotes", {"quote_ids": list(QUOTES)}, id="a list"),
        pytest.param("create_contract", {"client_id": CLIENT, "opportunity_id": DEAL, "value": 5}, id="two ids"),
        pytest.param("delete_opportunity", {"opportunity_id": DEAL}, id="a delete"),
        pytest.param("opportunity_details", {"opportunity_id": DEAL}, id="details"),
        pytest.param("quote_prefixes", {}, id="no arguments"),
    ],
)
def test_a_golden_call_executes(tool: str, arguments: Json) -> None:
    """As it stands in the data, and nothing is to be said about it."""
    assert _call(tool, arguments) == (EXECUTED, None)


@pytest.mark.parametrize(
    ("tool", "arguments", "reason", "argument", "value"),
    [
        pytest.param(
            "upload_document",
            {
                "entity_type": "Opportunity",
                "entity_id": DEAL,
                "file_name": "a.pdf",
                "document_url": "https://x.example/a",
            },
            UNKNOWN,
            "document_url",
            "https://x.example/a",
            id="an argument that there is not",
        ),
        pytest.param(
            "client_search", {"criteria": {"size": 5}}, UNKNOWN, "size", 5, id="a criterion that there is not"
        ),
        pytest.param(
            "modify_contact",
            {"contact_id": CONTACT, "updates": {"nickname": "Z"}},
            UNKNOWN,
            "nickname",
            "Z",
            id="an update that there is not",
        ),
        pytest.param(
            "modify_contact",
            {"contact_id": "{{turn_1.contact_id}}", "title": "CTO"},
            UNRESOLVED,
            "contact_id",
            "{{turn_1.contact_id}}",
            id="a reference to itself",
        ),
        pytest.param(
            "compare_quotes",
            {"quote_ids": [QUOTES[0], "{{turn_7.quote_id}}"]},
            UNRESOLVED,
            "quote_ids",
            None,
            id="a reference in a list",
        ),
        pytest.param(
            "modify_quote",
            {"quote_id": QUOTES[0], "updates": {"amount": "{{amount}}"}},
            UNFILLED,
            "amount",
            "{{amount}}",
            id="a placeholder where a number has to be",
        ),
        pytest.param(
            "modify_opportunity",
            {"opportunity_id": DEAL, "stage": "{stage}"},
            UNFILLED,
            "stage",
            "{stage}",
            id="a placeholder where an enum has to be",
        ),
    ],
)
def test_a_call_that_the_data_spoil_is_listed_with_one_reason(
    tool: str, arguments: Json, reason: Reason, argument: str, value: object
) -> None:
    """With the argument, what it holds, and what the world said."""
    outcome, report = _call(tool, arguments)
    assert report is not None
    assert (outcome, report.reason, report.argument) == (LISTED, reason, argument)
    assert value is None or report.value == value
    assert report.message


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        pytest.param("send_fax", {"client_id": CLIENT}, "unknown tool `send_fax`", id="a tool that there is not"),
        pytest.param("send_fax", {"to": "{{fax}}"}, "unknown tool", id="also with a placeholder"),
        pytest.param("create_quote", {"opportunity_id": DEAL, "amount": -1, "status": "Draft"}, "amount", id="a value"),
        pytest.param("create_quote", {"opportunity_id": "gone", "amount": 1, "status": "Draft"}, "gone", id="an id"),
        pytest.param("create_quote", {"opportunity_id": DEAL}, "missing argument", id="a missing argument"),
        pytest.param(
            "modify_quote",
            {"quote_id": QUOTES[0], "status": "Nope", "version": "{version}"},
            "status",
            id="a wrong value beside a placeholder that is not to blame",
        ),
    ],
)
def test_anything_else_is_our_defect(tool: str, arguments: Json, told: str) -> None:
    """Also where a placeholder stands in an argument that the error is not about."""
    outcome, report = _call(tool, arguments)
    assert report is not None
    assert (outcome, report.reason) == (DEFECT, None)
    assert told in report.message


@pytest.mark.parametrize(
    ("tool", "arguments", "reason", "argument"),
    [
        pytest.param(
            "contact_search", {"criteria": {"first_name": "{{who}}"}}, UNFILLED, "criteria.first_name", id="search"
        ),
        pytest.param("client_search", {"name": "{{turn_4.name}}"}, UNRESOLVED, "name", id="reference"),
        pytest.param(
            "create_new_opportunity",
            {"name": "{{deal}}", "client_id": CLIENT, "stage": "Proposal", "amount": 1},
            UNFILLED,
            "name",
            id="write",
        ),
    ],
)
def test_a_text_that_nobody_filled_is_sent_as_it_is(tool: str, arguments: Json, reason: Reason, argument: str) -> None:
    """The call counts as executed, and is told with what was left in it."""
    outcome, report = _call(tool, arguments)
    assert report is not None
    assert (outcome, report.outcome, report.reason, report.argument) == (EXECUTED, EXECUTED, reason, argument)


@pytest.mark.parametrize(
    ("amount", "wanted", "outcome"),
    [
        pytest.param(0, "AMOUNT", CallOutcome.FAILED_AS_EXPECTED, id="in any case"),
        pytest.param(0, None, CallOutcome.FAILED_AS_EXPECTED, id="any text"),
        pytest.param(0, "", CallOutcome.FAILED_AS_EXPECTED, id="empty text"),
        pytest.param(0, "out_of_range", CallOutcome.FAILED_AS_EXPECTED, id="the code"),
        pytest.param(0, "insufficient credit", CallOutcome.OTHER_ERROR_TEXT, id="another text"),
        pytest.param(5, "amount", DEFECT, id="it succeeds"),
        pytest.param("{amount}", "insufficient credit", LISTED, id="for a reason that lies in the data"),
        pytest.param("{amount}", "amount", CallOutcome.FAILED_AS_EXPECTED, id="the data's fault, and as expected"),
    ],
)
def test_a_call_that_has_to_fail(amount: object, wanted: str | None, outcome: CallOutcome) -> None:
    """Succeeds by failing with the expected text; another text is a class of its own."""
    arguments = {"opportunity_id": DEAL, "amount": amount, "status": "Draft"}
    found, report = _call("create_quote", arguments, expect_success=False, expected_error_substring=wanted)
    assert report is not None
    assert (found, report.outcome) == (outcome, outcome)


def test_references_are_filled_from_what_our_world_returned() -> None:
    """Down a chain of new records, whose ids only our world knows."""
    played = _replay(*made_up()[1]["turns"])
    assert [each.outcome for each in played.turns] == [EXECUTED] * 5
    quote, note = (each for each in played.changes if each.entity in (Entity.QUOTE, Entity.NOTE))
    deal = next(each for each in played.changes if each.entity is Entity.OPPORTUNITY)
    assert quote.after is not None
    assert note.after is not None
    assert quote.after["opportunity_id"] == note.after["entity_id"] == deal.id
    assert note.after["content"] == "Quoted 11000."


def test_a_turn_without_a_call_is_none() -> None:
    """It is neither executed nor listed."""
    (played,) = _replay(turn(1, "Thanks!", None)).turns
    assert (played.outcome, played.report, played.result) == (None, None, None)


def test_a_failed_call_changes_nothing_and_gives_nothing() -> None:
    """What refers to it is unresolved."""
    bad = {"opportunity_id": DEAL, "amount": 5, "status": "Draft", "colour": "red"}
    played = _replay(
        turn(1, "Quote", "create_quote", bad), turn(2, "Cancel", "cancel_quote", {"quote_id": "{{turn_1.quote_id}}"})
    )
    assert [each.report.reason for each in played.turns if each.report] == [UNKNOWN, UNRESOLVED]
    assert played.changes == ()
    assert played.unplayable is not None
    assert played.unplayable.turn == 1


def test_the_changes_of_each_turn_add_up() -> None:
    """Net, from the start of the conversation."""
    played = _replay(
        turn(1, "Cancel", "cancel_quote", {"quote_id": QUOTES[0]}),
        turn(2, "Look", "quote_search", {}),
        turn(3, "Delete", "delete_quote", {"quote_id": QUOTES[0]}),
    )
    assert [len(each.changes) for each in played.turns] == [1, 1, 1]
    assert played.turns[2].changes == played.changes
    assert played.changes[0].after is None


def test_each_conversation_has_its_own_company() -> None:
    """What one deletes is there for the next; twice the same conversation gives twice the same ids."""
    replayer = Replayer(MemorySessions())
    item = conversation("x", [turn(1, "Delete", "delete_opportunity", {"opportunity_id": DEAL})])
    read = parse_conversation(item, "x:1")
    company = import_company(read, TODAY)
    assert replayer.replay(read, company) == replayer.replay(read, company)


@pytest.mark.parametrize(
    ("arguments", "made", "replaced"),
    [
        pytest.param({"a": 1, "b": 2}, {"x": 1, "b": 2}, ("a",), id="on its own"),
        pytest.param({"criteria": {"a": 1}}, {"criteria": {"x": 1}}, ("a",), id="inside criteria"),
        pytest.param({"updates": {"a": 1}, "a": 2}, {"updates": {"x": 1}, "x": 2}, ("a", "a"), id="twice"),
        pytest.param({"a": 1, "x": 2}, {"a": 1, "x": 2}, (), id="the other name is taken"),
        pytest.param({"b": {"a": 1}}, {"b": {"a": 1}}, (), id="inside a value"),
    ],
)
def test_arguments_are_renamed_where_they_are_names(arguments: Json, made: Json, replaced: tuple[str, ...]) -> None:
    """Never overwriting what is there."""
    assert renamed_arguments(arguments, {"a": "x"}) == (made, replaced)


def test_a_renamed_argument_executes() -> None:
    """And it is counted."""
    arguments = {
        "entity_type": "Opportunity",
        "entity_id": DEAL,
        "file_name": "a.pdf",
        "document_url": "https://x.example/a",
    }
    played = _replay(turn(1, "Attach", "upload_document", arguments), renames={"document_url": "file_url", "y": "z"})
    assert played.turns[0].outcome is EXECUTED
    assert played.changes[0].after is not None
    assert played.changes[0].after["file_url"] == "https://x.example/a"
    assert played.renamed == {"document_url": 1}


@pytest.mark.parametrize(
    ("expected", "holds"),
    [
        pytest.param({}, [], id="nothing is said"),
        pytest.param({"Quote": {QUOTES[0]: {"status": "Canceled", "amount": 40000.0}}}, [True, True], id="fields"),
        pytest.param({"Quote": {QUOTES[0]: {"status": "Draft"}}}, [False], id="a wrong value"),
        pytest.param({"Quote": {QUOTES[0]: {}}}, [True], id="it is there"),
        pytest.param({"Quote": {QUOTES[1]: None}}, [False], id="it has to be gone"),
        pytest.param({"Quote": {"gone": None}}, [True], id="it is gone"),
        pytest.param({"Quote": {"gone": {"status": "Draft"}}}, [False], id="it is not there"),
        pytest.param({"Quote": {QUOTES[0]: {"colour": "red"}}}, [None], id="a field that there is not"),
        pytest.param({"Invoice": {"i": {}}}, [None], id="a kind that there is not"),
        pytest.param({"Quote": 5}, [None], id="another shape"),
        pytest.param({"Quote": {QUOTES[0]: "Draft"}}, [None], id="a row of another shape"),
        pytest.param({"Quote": [{"status": "Canceled", "version": "1"}]}, [True], id="some row"),
        pytest.param({"Quote": [{"status": "Approved"}]}, [False], id="no such row"),
        pytest.param({"Quote": [{"colour": "red"}, 5]}, [None, None], id="rows that cannot be looked for"),
        pytest.param({"Quote": {"{{turn_1.quote_id}}": {"status": "Canceled"}}}, [True], id="a reference as id"),
        pytest.param({"Quote": {QUOTES[0]: {"version": "{{turn_1.version}}"}}}, [True], id="a reference as value"),
    ],
)
def test_the_final_state_is_checked(expected: Json, holds: list[bool | None]) -> None:
    """Field by field; what cannot be checked is told, never passed over."""
    cancel = turn(1, "Cancel", "cancel_quote", {"quote_id": QUOTES[0]})
    checks = _replay(cancel, final_expected_state=expected).final_checks
    assert [check.holds for check in checks] == holds
    assert all(bool(check.message) is (check.holds is not True) for check in checks)
    assert not any(check.excused for check in checks)


def test_a_final_state_that_a_listed_call_spoilt_is_excused() -> None:
    """It is told, but it is no defect."""
    bad = turn(1, "Cancel", "cancel_quote", {"quote_id": "{{turn_5.quote_id}}"})
    (check,) = _replay(bad, final_expected_state={"Quote": {QUOTES[0]: {"status": "Canceled"}}}).final_checks
    assert (check.holds, check.excused) == (False, True)
