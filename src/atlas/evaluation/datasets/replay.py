"""Golden calls of a conversation, made in a world: each executes, or is listed with the one reason why it cannot.

References to earlier turns are filled from what our own world returned, so a replay needs nothing but the data. A call
is sent even where a reference or a placeholder is left: the text then stands there as the data have it, and only what
the world rejects because of it is listed.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, cast

from atlas.core.records import JsonObject
from atlas.core.rng import derive_rng
from atlas.crm.memory import FrozenBase
from atlas.crm.records import ErrorCode, ToolCall, ToolError
from atlas.crm.sessions import Sessions, session
from atlas.crm.wording import is_object, kept
from atlas.crm.world import World
from atlas.evaluation.datasets.final_state import check_final_state
from atlas.evaluation.datasets.outcomes import (
    CallOutcome,
    CallReport,
    Reason,
    ReplayedConversation,
    ReplayedTurn,
)
from atlas.scenarios.importers.clbench import Conversation, GoldenTurn
from atlas.scenarios.importers.references import Place, fill, leaves, places_of_placeholders
from atlas.scenarios.importers.seeding import ImportedCompany, open_imported

WRAPPERS: Final = ("criteria", "updates")
"""Arguments whose value is an object of further arguments."""


class Replayer:
    """Replays conversations, each in a company of its own that is gone afterwards.

    Args:
        sessions: Where the companies are kept. Seeds are given as the patch of an empty company, so that one slot of
            a database serves all of them.
        renames: Arguments that go by another name in our world: name in the data to our name.
        per_turn: Whether to note the net changes after every turn, not only at the end.
    """

    def __init__(self, sessions: Sessions, *, renames: Mapping[str, str] | None = None, per_turn: bool = False) -> None:
        self._sessions = sessions
        self._renames = renames or {}
        self._per_turn = per_turn
        self._empty = FrozenBase.build({})

    def replay(self, conversation: Conversation, company: ImportedCompany) -> ReplayedConversation:
        """Return what comes of the golden calls of ``conversation``.

        Raises:
            StorageError: the backend failed.
        """
        with session(self._sessions, self._empty, company.rows) as store:
            world = open_imported(company, store, golden_rng(conversation))
            played = _Playing(conversation, world, self._renames)
            turns = tuple(self._turn(played, turn) for turn in conversation.turns)
            excused = any(turn.outcome is CallOutcome.LISTED for turn in turns)
            return ReplayedConversation(
                conversation_id=conversation.conversation_id,
                turns=turns,
                changes=world.changes(),
                final_checks=tuple(check_final_state(conversation, store, played.results, excused=excused)),
                renamed=played.renamed,
            )

    def _turn(self, played: _Playing, turn: GoldenTurn) -> ReplayedTurn:
        report = played.play(turn)
        return ReplayedTurn(
            turn=turn.turn_id,
            outcome=None if turn.expected_tool is None else report.outcome if report else CallOutcome.EXECUTED,
            report=report,
            result=played.results.get(turn.turn_id),
            changes=played.world.changes() if self._per_turn else (),
        )


def golden_rng(conversation: Conversation) -> random.Random:
    """Return what draws the ids of rows that golden calls create."""
    return derive_rng(0, "golden", conversation.conversation_id)


def renamed_arguments(arguments: JsonObject, renames: Mapping[str, str]) -> tuple[dict[str, object], tuple[str, ...]]:
    """Return ``arguments`` with other names, inside criteria and updates too, and which names were replaced.

    A name is kept where the other one is given already: nothing is overwritten.

    Example:
        >>> renamed_arguments({"updates": {"document_url": "u"}, "a": 1}, {"document_url": "file_url"})
        ({'updates': {'file_url': 'u'}, 'a': 1}, ('document_url',))
    """
    made: dict[str, object] = {}
    replaced: list[str] = []
    for name, value in arguments.items():
        target = renames.get(name, name)
        if target == name or target in arguments:
            target = name
        else:
            replaced.append(name)
        made[target] = value
        if name in WRAPPERS and is_object(value):
            made[target], below = renamed_arguments(value, renames)
            replaced += below
    return made, tuple(replaced)


class _Playing:
    """A conversation that is being replayed in a world."""

    def __init__(self, conversation: Conversation, world: World, renames: Mapping[str, str]) -> None:
        self.world = world
        self.results: dict[int, JsonObject] = {}
        self.renamed: dict[str, int] = {}
        self._conversation_id = conversation.conversation_id
        self._renames = renames

    def play(self, turn: GoldenTurn) -> CallReport | None:
        """Make the call of ``turn`` and return the line about it, if any."""
        if turn.expected_tool is None:
            return None
        golden, replaced = renamed_arguments(turn.expected_args or {}, self._renames)
        for name in replaced:
            self.renamed[name] = self.renamed.get(name, 0) + 1
        filled = fill(golden, self.results)
        sent = cast("JsonObject", filled.value)
        result = self.world.call(ToolCall(turn.expected_tool, sent))
        if result.data is not None:
            self.results[turn.turn_id] = result.data
        return self._judge(turn, sent, result.error, filled.unresolved, places_of_placeholders(golden))

    def _judge(
        self,
        turn: GoldenTurn,
        sent: JsonObject,
        error: ToolError | None,
        unresolved: Sequence[Place],
        left: Sequence[Place],
    ) -> CallReport | None:
        if error is None:
            if turn.must_succeed:
                return self._unfilled(turn, unresolved, left)
            wanted = turn.expected_error_substring
            message = "the data say that the call fails" + (f", with {wanted!r}" if wanted else "") + "; it succeeded"
            return self._report(turn, CallOutcome.DEFECT, message)
        if not turn.must_succeed and _holds(error, turn.expected_error_substring):
            return self._report(turn, CallOutcome.FAILED_AS_EXPECTED, error.message, error=error, sent=sent)
        reason = _reason_for(error, unresolved, left)
        if reason is not None:
            return self._report(turn, CallOutcome.LISTED, error.message, error=error, sent=sent, reason=reason)
        outcome = CallOutcome.DEFECT if turn.must_succeed else CallOutcome.OTHER_ERROR_TEXT
        message = error.message
        if outcome is CallOutcome.OTHER_ERROR_TEXT:
            message = f"expected {turn.expected_error_substring!r} in: {message}"
        return self._report(turn, outcome, message, error=error, sent=sent)

    def _unfilled(self, turn: GoldenTurn, unresolved: Sequence[Place], left: Sequence[Place]) -> CallReport | None:
        """The line about a call that was carried out with a text in the place of a value."""
        if not unresolved and not left:
            return None
        place = (*unresolved, *left)[0]
        return CallReport(
            conversation_id=self._conversation_id,
            turn=turn.turn_id,
            tool=turn.expected_tool or "",
            outcome=CallOutcome.EXECUTED,
            reason=Reason.UNRESOLVED_REFERENCE if unresolved else Reason.UNFILLED_PLACEHOLDER,
            argument=place.argument,
            value=kept(place.text),
            message="carried out with the text as it stands in the data",
        )

    def _report(
        self,
        turn: GoldenTurn,
        outcome: CallOutcome,
        message: str,
        *,
        error: ToolError | None = None,
        sent: JsonObject | None = None,
        reason: Reason | None = None,
    ) -> CallReport:
        argument = error.field if error else None
        return CallReport(
            conversation_id=self._conversation_id,
            turn=turn.turn_id,
            tool=turn.expected_tool or "",
            outcome=outcome,
            reason=reason,
            argument=argument,
            value=None if argument is None else kept(_value_of(sent or {}, argument)),
            message=message,
        )


def _holds(error: ToolError, wanted: str | None) -> bool:
    """Whether what the agent reads of an error holds ``wanted``, in any case."""
    told = f"{error.message} {error.hint or ''} {error.code.value}".casefold()
    return wanted is None or wanted.casefold() in told


def _reason_for(error: ToolError, unresolved: Iterable[Place], left: Iterable[Place]) -> Reason | None:
    """Why the data are to blame for ``error``; None where they are not."""
    if error.code is ErrorCode.UNKNOWN_TOOL:
        return None
    if error.code is ErrorCode.UNKNOWN_ARGUMENT:
        return Reason.UNKNOWN_ARGUMENT
    if any(_blames(error, place) for place in unresolved):
        return Reason.UNRESOLVED_REFERENCE
    if any(_blames(error, place) for place in left):
        return Reason.UNFILLED_PLACEHOLDER
    return None


def _blames(error: ToolError, place: Place) -> bool:
    """Whether ``error`` is about the argument of ``place``, or about how arguments go together."""
    return error.field in place.path or error.code is ErrorCode.MISMATCH


def _value_of(arguments: JsonObject, name: str) -> object:
    """What the argument ``name`` holds, on its own or inside criteria or updates."""
    for holder in (arguments, *(arguments.get(wrapper) for wrapper in WRAPPERS)):
        if is_object(holder) and name in holder:
            return holder[name]
    return next((leaf for path, leaf in leaves(arguments) if name in path), None)
