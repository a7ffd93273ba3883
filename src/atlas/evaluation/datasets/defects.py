"""Faults of a file of conversations, found by reading it: named with their places, never repaired.

They are no faults of the world that a file is replayed in: a user who says "{stage}", a golden value that nobody could
know, a golden answer that names an id which stands nowhere else.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from atlas.core.records import record
from atlas.scenarios.importers.clbench import Conversation, GoldenTurn, to_json
from atlas.scenarios.importers.references import leaves, placeholders, places_of_placeholders
from atlas.verify.matchers import stands_in

_UUID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")

CREATED_ID_FIELDS: Final[Mapping[str, str]] = {
    "create_new_client": "client_id",
    "create_new_contact": "contact_id",
    "create_new_opportunity": "opportunity_id",
    "clone_opportunity": "opportunity_id",
    "create_quote": "quote_id",
    "create_contract": "contract_id",
    "upload_document": "document_id",
    "add_note": "note_id",
}
"""Under which name a golden answer tells the id of what a tool created; such an id cannot stand anywhere before."""


class DefectKind(enum.StrEnum):
    """What is wrong with a place in the data."""

    PLACEHOLDER_IN_UTTERANCE = "placeholder_in_utterance"
    """The user says a placeholder that was never filled."""
    PLACEHOLDER_IN_ARGUMENTS = "placeholder_in_arguments"
    """A golden call holds one."""
    PLACEHOLDER_IN_ANSWER = "placeholder_in_answer"
    """A golden answer holds one, or a reference to a turn."""
    UNSTATED_VALUE = "unstated_value"
    """A golden call holds a value that the user has not said, and that is neither a reference nor the id of a seed."""
    UNKNOWN_ID_IN_ANSWER = "unknown_id_in_answer"
    """A golden answer names an id that stands in no seed, message or call, and that no call of the turn made."""
    FAILURE_TURN_MISMATCH = "failure_turn_mismatch"
    """What the conversation says about its failing turn is not what its turns say."""


@record
class DefectPlace:
    """Where the data have a fault.

    Attributes:
        conversation_id: The conversation.
        turn: Number of the turn; None where it is about the whole conversation.
        where: The key, such as ``"expected_args.stage"``.
        text: The offending part.
    """

    conversation_id: str
    turn: int | None
    where: str
    text: object


@record
class DefectList:
    """All faults of one kind.

    Attributes:
        count: How many there are.
        conversations: In how many conversations.
        places: Where, in file order.
    """

    count: int
    conversations: int
    places: tuple[DefectPlace, ...]


def find_defects(conversations: Iterable[Conversation]) -> Mapping[DefectKind, DefectList]:
    """Return the faults of ``conversations`` by kind; a kind without any is there with a count of 0."""
    found: dict[DefectKind, list[DefectPlace]] = {kind: [] for kind in DefectKind}
    for conversation in conversations:
        for kind, place in defects_of(conversation):
            found[kind].append(place)
    return {
        kind: DefectList(len(places), len({place.conversation_id for place in places}), tuple(places))
        for kind, places in found.items()
    }


def defects_of(conversation: Conversation) -> Iterator[tuple[DefectKind, DefectPlace]]:
    """Yield the faults of one conversation, turn by turn."""
    seed_ids = _seed_ids(conversation)
    said: list[str] = []
    known = set(seed_ids)
    for turn in conversation.turns:
        said.append(turn.user_utterance)
        known |= _ids_in([turn.user_utterance, turn.expected_args])
        for kind, where, text in (
            *_placeholders(turn),
            *_unstated(turn, said, seed_ids),
            *_unknown_ids(turn, known),
        ):
            yield kind, DefectPlace(conversation.conversation_id, turn.turn_id, where, text)
    problem = _failure_mismatch(conversation)
    if problem:
        yield (
            DefectKind.FAILURE_TURN_MISMATCH,
            DefectPlace(conversation.conversation_id, None, "failure_turn", problem),
        )


def is_derivable(conversation: Conversation) -> bool:
    """Tell whether an agent could know every value of the golden calls: nothing in them is unstated or unfilled."""
    hidden = (DefectKind.UNSTATED_VALUE, DefectKind.PLACEHOLDER_IN_UTTERANCE, DefectKind.PLACEHOLDER_IN_ARGUMENTS)
    return not any(kind in hidden for kind, _ in defects_of(conversation))


_Found = tuple[DefectKind, str, object]


def _placeholders(turn: GoldenTurn) -> Iterator[_Found]:
    for text in placeholders(turn.user_utterance):
        yield DefectKind.PLACEHOLDER_IN_UTTERANCE, "user_utterance", text
    for place in places_of_placeholders(turn.expected_args or {}):
        yield DefectKind.PLACEHOLDER_IN_ARGUMENTS, f"expected_args.{place.argument}", place.text
    for path, leaf in _answer_texts(turn):
        for text in _BRACED.findall(leaf):
            yield DefectKind.PLACEHOLDER_IN_ANSWER, ".".join(("expected_response", *path)), text


_BRACED = re.compile(r"\{\{[^{}\n]{1,80}\}\}")


def _unstated(turn: GoldenTurn, said: Sequence[str], seed_ids: frozenset[str]) -> Iterator[_Found]:
    for path, leaf in leaves(turn.expected_args or {}):
        if leaf is None or isinstance(leaf, bool) or leaf == "" or leaf in seed_ids:
            continue
        if isinstance(leaf, str) and ("{{" in leaf or placeholders(leaf)):
            continue
        if not any(stands_in(leaf, message) for message in said):
            yield DefectKind.UNSTATED_VALUE, ".".join(("expected_args", *path)), leaf


def _unknown_ids(turn: GoldenTurn, known: set[str]) -> Iterator[_Found]:
    """Ids that a golden answer makes up; those of what the turn created are known from then on."""
    field = CREATED_ID_FIELDS.get(turn.expected_tool or "")
    texts = tuple(_answer_texts(turn))
    if field is not None:
        made = re.compile(rf"\b{field}\W{{1,3}}({_UUID.pattern})")
        for _, text in texts:
            known |= {found.lower() for found in made.findall(text)}
    told: set[str] = set()
    for path, text in texts:
        for found in _UUID.findall(text):
            if found.lower() not in known and found.lower() not in told:
                told.add(found.lower())
                yield DefectKind.UNKNOWN_ID_IN_ANSWER, ".".join(("expected_response", *path)), found


def _failure_mismatch(conversation: Conversation) -> str | None:
    """How what is said about failures differs from the turns; None where it does not."""
    failing = [turn.turn_id for turn in conversation.turns if not turn.must_succeed]
    if conversation.contains_failure is not None and conversation.contains_failure != bool(failing):
        return f"contains_failure is {str(conversation.contains_failure).lower()}; turns that fail: {failing}"
    if conversation.failure_turn is not None and conversation.failure_turn not in failing:
        return f"failure_turn is {conversation.failure_turn}; turns that fail: {failing}"
    return None


def _answer_texts(turn: GoldenTurn) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text of the golden answer with its path; one that stands there twice is given once."""
    told = to_json(turn.expected_response) if turn.expected_response else {}
    texts = {leaf: path for path, leaf in reversed(list(leaves(told))) if isinstance(leaf, str)}
    return ((path, text) for text, path in reversed(texts.items()))


def _seed_ids(conversation: Conversation) -> frozenset[str]:
    seeds = (conversation.initial_entities or {}).get("seed_data")
    kinds = seeds.values() if isinstance(seeds, Mapping) else ()  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] - any JSON
    return frozenset(str(row_id) for rows in kinds if isinstance(rows, Mapping) for row_id in rows)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - any JSON


def _ids_in(value: object) -> set[str]:
    return {found.lower() for _, leaf in leaves(value) if isinstance(leaf, str) for found in _UUID.findall(leaf)}
