"""A call that carries a key is carried out once."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.core.errors import StorageError
from atlas.crm.idempotency import CallLedger, fingerprint
from atlas.crm.records import ErrorCode, ToolCall, ToolError, ToolResult
from atlas.crm.tools.registry import TOOL_SPECS
from atlas.crm.world import World

NOTE = ToolCall("add_note", {"entity_type": "Client", "entity_id": "c1", "content": "Called."})
OTHER_NOTE = ToolCall("add_note", {"entity_type": "Client", "entity_id": "c1", "content": "Called again."})


def _code(result: ToolResult) -> ErrorCode | None:
    return None if result.error is None else result.error.code


def test_the_same_call_with_its_key_is_answered_again_and_not_carried_out(world: World) -> None:
    """No second row, no second write; not even the number of the next call is used up."""
    first = world.call(NOTE, idempotency_key="k1")
    again = world.call(NOTE, idempotency_key="k1")
    assert first.ok
    assert again == first
    assert (world.writes, len(world.journal())) == (1, 1)
    world.call(OTHER_NOTE)
    assert world.journal()[-1].cause == "2:add_note"


def test_without_a_key_the_same_call_is_carried_out_twice(world: World) -> None:
    """Two equal notes may be meant."""
    assert world.call(NOTE) != world.call(NOTE)
    assert world.writes == 2


@pytest.mark.parametrize(
    "other",
    [OTHER_NOTE, ToolCall("client_search", NOTE.arguments), ToolCall("nonsense", {})],
    ids=["arguments", "tool", "unknown-tool"],
)
def test_another_call_with_a_used_key_is_an_error(world: World, other: ToolCall) -> None:
    """The key says which call was meant, and the first one stands."""
    first = world.call(NOTE, idempotency_key="k1")
    error = world.call(other, idempotency_key="k1").error
    assert error is not None
    assert (error.code, error.field, error.value) == (ErrorCode.IDEMPOTENCY_CONFLICT, "idempotency_key", "k1")
    assert "`k1` belongs to another call" in error.message
    assert not error.retryable
    assert world.call(NOTE, idempotency_key="k1") == first
    assert world.writes == 1


def test_a_final_error_is_answered_again(world: World) -> None:
    """What was wrong with a call stays wrong with it, also when the world has changed."""
    late = ToolCall("modify_quote", {"quote_id": "q2", "status": "Sent"})
    first = world.call(late, idempotency_key="k1")
    assert _code(first) is ErrorCode.ILLEGAL_TRANSITION
    assert world.call(late, idempotency_key="k1") == first


def test_an_error_that_may_pass_is_not_kept() -> None:
    """The next try of the key is carried out."""
    answers = [ToolResult(error=ToolError(ErrorCode.TIMEOUT, "late", retryable=True)), ToolResult(data={"n": 1})]
    ledger = CallLedger()
    assert _code(ledger.once(NOTE, "k", lambda _: answers[0])) is ErrorCode.TIMEOUT
    assert ledger.once(NOTE, "k", lambda _: answers[1]) == answers[1]
    assert ledger.once(NOTE, "k", lambda _: answers[0]) == answers[1]


def test_nothing_is_remembered_of_a_call_that_broke() -> None:
    """A database that went away in the middle leaves the key free."""

    def broken(call: ToolCall) -> ToolResult:
        raise StorageError(call.tool)

    ledger = CallLedger()
    with pytest.raises(StorageError):
        ledger.once(NOTE, "k", broken)
    assert ledger.once(NOTE, "k", lambda _: ToolResult(data={})).ok


def test_an_answer_can_be_changed_without_changing_the_next_one(world: World) -> None:
    """What somebody does to an answer is their own affair."""
    search = ToolCall("opportunity_search", {"client_id": "c1"})
    first = world.call(search, idempotency_key="k1")
    text = repr(first)
    results = cast("list[dict[str, object]]", (first.data or {})["results"])
    results[0].clear()
    results.pop()
    assert repr(world.call(search, idempotency_key="k1")) == text


def test_the_memory_of_answers_is_bounded() -> None:
    """The key that was used longest ago is forgotten, and only that one."""
    ledger = CallLedger(most_keys=2)
    for key in ("a", "b", "a", "c"):
        ledger.once(NOTE, key, lambda _: ToolResult(data={}))
    assert len(ledger) == 2
    carried_out: list[str] = []
    for key in ("a", "c", "b"):
        ledger.once(NOTE, key, lambda call, key=key: (carried_out.append(key), ToolResult(data={"tool": call.tool}))[1])
    assert carried_out == ["b"]


@pytest.mark.parametrize("key", ["", "x" * 256, "k\n1", "kéy", 5, None, ["k"]], ids=repr)
def test_an_unusable_key_is_an_error_value(key: object) -> None:
    """Nothing is carried out under a key that cannot be told again."""
    result = CallLedger().once(NOTE, key, lambda _: ToolResult(data={}))  # type: ignore[arg-type]
    assert _code(result) is ErrorCode.INVALID_FORMAT


def test_arguments_that_are_too_large_for_a_key_are_an_error_value() -> None:
    """Comparing them would cost more than the call."""
    huge = ToolCall("add_note", {"content": [0] * 200_000})
    result = CallLedger().once(huge, "k", lambda _: ToolResult(data={}))
    assert _code(result) is ErrorCode.TOO_LONG


def test_no_tool_takes_a_key_as_an_argument() -> None:
    """Keys are the harness's affair; agents see none."""
    assert all("idempotency_key" not in spec.parameters["properties"] for spec in TOOL_SPECS)  # type: ignore[operator]


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
_JSON = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)


@given(_JSON, _JSON)
def test_fingerprints_tell_calls_apart(one: object, other: object) -> None:
    """Equal texts of the arguments give equal fingerprints; others do not."""
    same = fingerprint(ToolCall("t", {"x": one})) == fingerprint(ToolCall("t", {"x": other}))
    assert same == (_text(one) == _text(other))


def _text(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{name!r}:{_text(inner)}" for name, inner in sorted(value.items())) + "}"
    return "[" + ",".join(map(_text, value)) + "]" if isinstance(value, list) else repr(value)


def _nested(depth: int) -> object:
    value: object = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "arguments",
    [{"x": float("nan")}, {"x": _nested(50_000)}, {1: 2, None: 3, "a": 4}, {"x": "\ud800"}, {"x": 10**6000}, None, 7],
    ids=["nan", "deep", "odd-names", "surrogate", "huge-number", "null", "number"],
)
def test_any_arguments_have_a_fingerprint(arguments: object) -> None:
    """Also what no JSON text would hold; the same value gives the same one again."""
    call = ToolCall("client_search", arguments)  # type: ignore[arg-type]
    assert fingerprint(call) == fingerprint(call) is not None


def test_the_order_of_names_makes_no_difference_to_a_fingerprint() -> None:
    """Some clients do not keep it."""
    turned = ToolCall("add_note", dict(reversed(list(NOTE.arguments.items()))))
    assert fingerprint(turned) == fingerprint(NOTE)
