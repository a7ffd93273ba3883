"""Rules of single tools: what a house adds to the default plan, and what it does after an error."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from atlas.agents.config import ClerkConfig
from atlas.agents.proposal import Proposal, Reply
from atlas.agents.rulebook import Rulebook
from atlas.crm.records import ErrorCode, Outcome, ReasonCode, Response, ToolCall, ToolError, ToolResult, ToolSpec
from atlas.episodes.records import Step, Turn
from atlas.learning.associations import KnownWords
from atlas.learning.cases import CaseReader, Schemas, Setting
from atlas.learning.induction import Induction, InductionThresholds
from atlas.learning.memory import Memory
from atlas.learning.repairs import again_key, error_key, learn_repair, learn_to_try_again
from atlas.learning.sightings import mark_case
from atlas.learning.situation import Situation, number_steps

TODAY = date(2026, 3, 2)
STAGES = ["Prospecting", "Proposal", "Closed-Lost"]
TOOLS = (
    ToolSpec(
        "modify_deal",
        "Change a deal.",
        {
            "properties": {
                "deal_id": {"type": "string"},
                "stage": {"type": "string", "enum": STAGES},
                "probability": {"type": "integer"},
                "notes": {"type": "string"},
            },
            "required": ["deal_id"],
        },
    ),
    ToolSpec("add_note", "Write a note.", {"properties": {"content": {"type": "string"}}, "required": ["content"]}),
)
SCHEMAS = Schemas(TOOLS)


def _id(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


def _step(tool: str, arguments: Mapping[str, object], error: ErrorCode | None = None) -> Step:
    if error is not None:
        return Step(ToolCall(tool, arguments), ToolResult(error=ToolError(error, "company rule", field="notes")))
    return Step(ToolCall(tool, arguments), ToolResult(data=dict(arguments)))


def _reader(memory: Memory) -> CaseReader:
    knowledge = KnownWords(memory.words("t"), SCHEMAS.closed)
    return CaseReader(SCHEMAS, knowledge, Setting("t", "m.okafor", "Rep", TODAY))


def _situation(turn: Turn) -> Situation:
    return Situation((turn,), actor="m.okafor", role="Rep", today=TODAY)


def _taught() -> Memory:
    """Three cases: with a stage goes its probability, and a note follows."""
    memory = Memory()
    for number, stage in enumerate(["Proposal", "Prospecting", "Proposal", "Prospecting"]):
        probability = {"Proposal": 45, "Prospecting": 15}[stage]
        change = {"deal_id": _id(number), "stage": stage, "probability": probability}
        turn = Turn(
            f"Put deal {_id(number)} to {stage}",
            (_step("modify_deal", change), _step("add_note", {"content": f"Diary: {stage}"})),
            Response("Done."),
        )
        Induction(memory, "t", SCHEMAS, InductionThresholds()).take_in((turn,), _reader(memory))
    return memory


def test_what_goes_with_a_change_is_added() -> None:
    """A call of the default plan gets the argument that always went with its own."""
    memory = _taught()
    turn = Turn(f"Set {_id(9)} to Proposal")
    knowledge = KnownWords(memory.words("t"), SCHEMAS.closed)
    proposal = Proposal("modify_deal", {"deal_id": _id(9), "stage": "Proposal"})
    ruled = Rulebook(memory, "t", ClerkConfig()).extend(proposal, _situation(turn), knowledge)
    assert ruled.proposal.arguments == {"deal_id": _id(9), "stage": "Proposal", "probability": 45}
    assert ruled.playbook_id is not None
    assert ruled.proposal.sources["modify_deal.probability"].startswith("habit")


def test_what_follows_a_change_is_done_before_the_reply() -> None:
    """The note that always followed is written, once; then the reply comes."""
    memory = _taught()
    knowledge = KnownWords(memory.words("t"), SCHEMAS.closed)
    rulebook = Rulebook(memory, "t", ClerkConfig())
    change = _step("modify_deal", {"deal_id": _id(9), "stage": "Proposal", "probability": 45})
    reply = Proposal(reply=Reply("Done.", Outcome.DONE))
    message = f"Set {_id(9)} to Proposal"
    added = rulebook.extend(reply, _situation(Turn(message, (change,))), knowledge)
    assert (added.proposal.tool, dict(added.proposal.arguments)) == ("add_note", {"content": "Diary: Proposal"})
    after = Turn(message, (change, _step("add_note", {"content": "Diary: Proposal"})))
    assert rulebook.extend(reply, _situation(after), knowledge).proposal is reply
    refusal = Proposal(reply=Reply("No.", Outcome.REFUSED, ReasonCode.NOT_FOUND))
    assert rulebook.extend(refusal, _situation(Turn(message, (change,))), knowledge).proposal is refusal


def test_other_companies_have_other_rules() -> None:
    """Nothing is added where nothing was learned."""
    memory = _taught()
    proposal = Proposal("modify_deal", {"deal_id": _id(9), "stage": "Proposal"})
    knowledge = KnownWords(memory.words("u"), SCHEMAS.closed)
    assert Rulebook(memory, "u", ClerkConfig()).extend(proposal, _situation(Turn("x")), knowledge).proposal is proposal


def _teach_repair(memory: Memory, number: int, shown: Turn) -> None:
    failed = _step("modify_deal", {"deal_id": _id(number), "stage": "Closed-Lost"}, ErrorCode.COMPANY_RULE)
    (seen,) = number_steps((failed,))
    reader = _reader(memory)
    case = reader.read((shown,))
    assert case is not None
    learn_repair(memory, "t", seen, case, reader.binder((shown,), {}))


def test_a_failed_call_is_mended_as_was_shown() -> None:
    """After two demonstrations, the error leads to the same call with the missing argument; one is not enough."""
    memory = Memory()
    failed = _step("modify_deal", {"deal_id": _id(9), "stage": "Closed-Lost"}, ErrorCode.COMPANY_RULE)
    situation = _situation(Turn(f"Set {_id(9)} to Closed-Lost", (failed,)))
    rulebook = Rulebook(memory, "t", ClerkConfig())
    knowledge = KnownWords(memory.words("t"), SCHEMAS.closed)
    for number in range(2):
        assert rulebook.repair(situation, knowledge) is None
        arguments = {"deal_id": _id(number), "stage": "Closed-Lost", "notes": "Lost to a cheaper rival"}
        shown = Turn(f"Deal {_id(number)} is lost", (_step("modify_deal", arguments),), Response("Done."))
        _teach_repair(memory, number, shown)
    repaired = rulebook.repair(situation, knowledge)
    assert repaired is not None
    assert repaired.proposal.arguments == {
        "deal_id": _id(9),
        "stage": "Closed-Lost",
        "notes": "Lost to a cheaper rival",
    }
    assert error_key(situation.steps[0]) == "modify_deal/company_rule/notes"


def test_a_failed_call_is_given_up_as_was_shown() -> None:
    """Where a demonstration refused, so does the repair; where two refused differently, the error decides nothing."""
    memory = Memory()
    failed = _step("modify_deal", {"deal_id": _id(9), "stage": "Closed-Lost"}, ErrorCode.COMPANY_RULE)
    situation = _situation(Turn(f"Set {_id(9)} to Closed-Lost", (failed,)))
    rulebook = Rulebook(memory, "t", ClerkConfig())
    knowledge = KnownWords(memory.words("t"), SCHEMAS.closed)
    for number, reason in enumerate((ReasonCode.MISSING_PREREQUISITE, ReasonCode.POLICY_VIOLATION)):
        refusal = Response("The notes are missing.", Outcome.REFUSED, reason)
        _teach_repair(memory, number, Turn(f"Deal {_id(number)} is lost", (), refusal))
        answer = rulebook.repair(situation, knowledge)
        if number == 0:
            assert answer is not None
            assert answer.proposal.reply is not None
            assert answer.proposal.reply.reason is ReasonCode.MISSING_PREREQUISITE
            assert "notes" in answer.proposal.reply.message
        else:
            assert answer is None


def test_nothing_is_learned_from_an_error_that_did_not_matter() -> None:
    """A demonstration that makes the very same call, or ends well without it, teaches no repair."""
    memory = Memory()
    arguments = {"deal_id": _id(1), "stage": "Closed-Lost"}
    _teach_repair(memory, 1, Turn(f"Deal {_id(1)}", (_step("modify_deal", arguments),), Response("Done.")))
    _teach_repair(memory, 1, Turn(f"Deal {_id(1)}", (), Response("Done.")))
    assert memory.playbooks == ()


CHANGE = {"deal_id": _id(9), "updates": {"stage": "Closed-Lost"}}


def _failing(*steps: Step) -> Situation:
    return _situation(Turn(f"Set {_id(9)} to Closed-Lost", steps))


def _retry(memory: Memory, situation: Situation) -> Proposal | None:
    ruled = Rulebook(memory, "t", ClerkConfig()).repair(situation, KnownWords(memory.words("t"), SCHEMAS.closed))
    return None if ruled is None else ruled.proposal


def _patient(cases: int = 2) -> Memory:
    """Knows from that many cases that what timed out is tried again."""
    memory = Memory()
    for number in range(cases):
        learn_to_try_again(memory, "t", "timeout", mark_case((_id(number),)))
    return memory


def test_a_call_is_made_again_after_two_cases_have_shown_it() -> None:
    """One case is not enough; the same call is made, of whatever tool."""
    timed_out = _failing(_step("modify_deal", CHANGE, ErrorCode.TIMEOUT))
    assert _retry(_patient(1), timed_out) is None
    again = _retry(_patient(2), timed_out)
    assert again is not None
    assert again.as_call("respond") == ToolCall("modify_deal", CHANGE)
    note = _retry(_patient(2), _failing(_step("add_note", {"content": "Hi"}, ErrorCode.TIMEOUT)))
    assert note is not None
    assert note.tool == "add_note"


def test_a_call_is_made_again_twice_at_most() -> None:
    """Failures of the same call count, with whatever lies between; those of another call do not."""
    failed = _step("modify_deal", CHANGE, ErrorCode.TIMEOUT)
    other = _step("modify_deal", {"deal_id": _id(8)}, ErrorCode.TIMEOUT)
    memory = _patient()
    assert _retry(memory, _failing(failed, failed)) is not None
    assert _retry(memory, _failing(failed, failed, failed)) is None
    assert _retry(memory, _failing(other, other, failed)) is not None
    assert _retry(memory, _failing(failed, other, failed, other, failed)) is None


@pytest.mark.parametrize("code", [ErrorCode.RATE_LIMITED, ErrorCode.NOT_FOUND])
def test_calls_that_failed_otherwise_are_not_made_again(code: ErrorCode) -> None:
    assert _retry(_patient(), _failing(_step("modify_deal", CHANGE, code))) is None


def test_a_call_that_worked_in_the_end_is_not_made_again() -> None:
    situation = _failing(_step("modify_deal", CHANGE, ErrorCode.TIMEOUT), _step("modify_deal", CHANGE))
    assert _retry(_patient(), situation) is None


def test_trying_again_is_one_lesson_per_kind_of_error_and_company() -> None:
    """Its evidence grows case by case."""
    memory = _patient(3)
    learn_to_try_again(memory, "t", "rate_limited", mark_case((_id(5),)))
    learn_to_try_again(memory, "u", "timeout", mark_case((_id(6),)))
    assert len(memory.playbooks) == 3
    (known,) = memory.rules("t", "repair", again_key("timeout"))
    assert known.evidence.cases == tuple(mark_case((_id(number),)) for number in range(3))


def test_cases_in_which_a_call_was_made_again_teach_it() -> None:
    """Two solved turns in which a call timed out and then worked are enough, and other errors are not learned."""
    memory = Memory()
    for number in range(2):
        change = {"deal_id": _id(number), "stage": "Proposal"}
        steps = (_step("modify_deal", change, ErrorCode.TIMEOUT), _step("modify_deal", change))
        turn = Turn(f"Put deal {_id(number)} to Proposal", steps, Response("Done."))
        Induction(memory, "t", SCHEMAS, InductionThresholds()).take_in((turn,), _reader(memory))
    assert _retry(memory, _failing(_step("add_note", {"content": "Hi"}, ErrorCode.TIMEOUT))) is not None
    assert _retry(memory, _failing(_step("add_note", {"content": "Hi"}, ErrorCode.SERVER_ERROR))) is None
