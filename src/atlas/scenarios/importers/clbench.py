"""The public conversation format ``clbench``: one conversation per line, as records, without loss both ways.

A record holds the documented keys with their types, every other key in ``extra``, and the order in which all of them
stood in ``layout``; :func:`to_json` is the exact inverse of the parser. What a key means is told in
docs/reference/public-conversations.md. Nothing here judges the content: a value may be wrong, it is read as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, fields
from pathlib import Path
from typing import Literal, TypeAlias, cast

from atlas.core.errors import InputFileError
from atlas.core.records import JsonObject, record
from atlas.scenarios.importers.exact_json import LineForm, form_of, parse_exact, render
from atlas.settings.parsing import parse_record

SuccessCriteria: TypeAlias = Literal["all_turns", "final_state", "both"]
Complexity: TypeAlias = Literal["simple", "medium", "complex"]


@record
class ExpectedResponse:
    """What the golden run told the user at the end of a turn.

    Attributes:
        text: The message.
        evaluation: How it is meant to be compared, such as ``"structured"``.
        answers: Messages that are as good.
        requires_judge: Whether only a person or a model can tell if another message is as good.
        layout: The keys in the order in which they stood.
        extra: The keys that the format does not document.
    """

    text: str | None = None
    evaluation: str | None = None
    answers: tuple[object, ...] | None = None
    requires_judge: bool | None = None
    layout: tuple[str, ...] = ()
    extra: JsonObject = field(default_factory=dict[str, object])


@record
class GoldenTurn:
    """One message of the user, and the one call that answers it.

    Attributes:
        turn_id: Number of the turn, from 1.
        user_utterance: The message; may hold raw references and unfilled placeholders.
        expected_tool: The golden call's tool, None where the turn needs none.
        expected_args: Its arguments; texts may hold ``{{turn_N.field}}``.
        references_previous_turns: Turns that it declares to refer to.
        expect_success: Whether the call has to succeed; None counts as yes.
        expected_error_substring: What the message of a call that has to fail holds.
        failure_category: What kind of failure it is.
        expected_response: What the user is told.
        layout: The keys in the order in which they stood.
        extra: The keys that the format does not document.
    """

    turn_id: int
    user_utterance: str
    expected_tool: str | None = None
    expected_args: JsonObject | None = None
    references_previous_turns: tuple[int, ...] | None = None
    expect_success: bool | None = None
    expected_error_substring: str | None = None
    failure_category: str | None = None
    expected_response: ExpectedResponse | None = None
    layout: tuple[str, ...] = ()
    extra: JsonObject = field(default_factory=dict[str, object])

    @property
    def must_succeed(self) -> bool:
        """Whether the golden call has to succeed."""
        return self.expect_success is not False


@record
class Conversation:
    """One conversation: the rows it starts from, its turns, and how it is judged.

    Attributes:
        conversation_id: Its id, unique in its file.
        turns: The turns, numbered from 1 without a gap.
        workflow_category: What kind of work it is.
        complexity_level: Its length, roughly.
        initial_entities: ``{"seed_data": {"Client": {id: fields}, ...}}``.
        final_expected_state: ``{"Client": {id: fields}, ...}``: what rows hold at the end; empty where nothing is said.
        success_criteria: What has to be right; None counts as ``all_turns``.
        contains_failure: Whether a golden call has to fail.
        failure_turn: Which.
        verification_mode: How the format's own tools verify it.
        chain_id: The chain of conversations that it belongs to.
        segment_number: Its place there.
        segment_boundaries: Where segments begin.
        expected_outcome: Free text or data about the end.
        cumulative_context: What earlier segments left behind.
        layout: The keys in the order in which they stood.
        extra: The keys that the format does not document.
    """

    conversation_id: str
    turns: tuple[GoldenTurn, ...]
    workflow_category: str | None = None
    complexity_level: Complexity | None = None
    initial_entities: JsonObject | None = None
    final_expected_state: JsonObject | None = None
    success_criteria: SuccessCriteria | None = None
    contains_failure: bool | None = None
    failure_turn: int | None = None
    verification_mode: str | None = None
    chain_id: str | int | None = None
    segment_number: int | None = None
    segment_boundaries: object = None
    expected_outcome: object = None
    cumulative_context: object = None
    layout: tuple[str, ...] = ()
    extra: JsonObject = field(default_factory=dict[str, object])

    @property
    def criteria(self) -> SuccessCriteria:
        """What has to be right for it to count as a success."""
        return self.success_criteria or "all_turns"


@record
class Dataset:
    """A file of conversations.

    Attributes:
        name: Name of the file.
        content_hash: SHA-256 of its bytes.
        conversations: In file order.
        forms: How each one's line is spelled.
    """

    name: str
    content_hash: str
    conversations: tuple[Conversation, ...]
    forms: tuple[LineForm, ...]

    @property
    def turns(self) -> int:
        """Number of turns of all conversations."""
        return sum(len(conversation.turns) for conversation in self.conversations)


def load_dataset(path: Path) -> Dataset:
    """Return the conversations of a file; blank lines are skipped.

    Raises:
        InputFileError: the file cannot be read, or a line is malformed; the message names file, line and key.
    """
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise InputFileError(f"cannot read {path}: {exc.strerror or exc}") from exc
    return parse_dataset(data, path.name)


def parse_dataset(data: bytes, name: str) -> Dataset:
    """Return the conversations in the bytes of a file.

    Args:
        data: UTF-8 text, one JSON object a line.
        name: Name of the file, for messages.

    Raises:
        InputFileError: see :func:`load_dataset`.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise InputFileError(f"{name} is not UTF-8 text: byte {exc.start} is invalid") from exc
    conversations: list[Conversation] = []
    forms: list[LineForm] = []
    lines: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        found = parse_exact(line, f"{name}:{number}")
        conversation = parse_conversation(found, f"{name}:{number}")
        first = lines.setdefault(conversation.conversation_id, number)
        if first != number:
            raise InputFileError(
                f"{name}:{number}: the conversation_id {conversation.conversation_id!r} stands in line {first} already"
            )
        conversations.append(conversation)
        forms.append(form_of(line, found))
    if not conversations:
        raise InputFileError(f"{name} holds no conversation; one line of JSON is one conversation")
    return Dataset(name, hashlib.sha256(data).hexdigest(), tuple(conversations), tuple(forms))


def parse_conversation(data: object, where: str) -> Conversation:
    """Return the conversation that ``data`` is.

    Args:
        data: JSON data.
        where: What a message starts with.

    Raises:
        InputFileError: a key is missing or has a value of the wrong kind; all of them are named.

    Example:
        >>> turn = {"turn_id": 1, "user_utterance": "Hello", "mood": "good"}
        >>> conversation = parse_conversation({"conversation_id": "c1", "turns": [turn]}, "example:1")
        >>> conversation.turns[0].extra, to_json(conversation)["turns"] == [turn]
        ({'mood': 'good'}, True)
    """
    if not isinstance(data, dict):
        raise InputFileError(f"{where}: a conversation is a JSON object, not {type(data).__name__}")
    conversation = parse_record(Conversation, _laid_out(Conversation, cast("object", data)), where)
    if not conversation.conversation_id.strip():
        raise InputFileError(f"{where}: conversation_id is blank; give the conversation an id")
    if not conversation.turns:
        raise InputFileError(f"{where}: turns is empty; a conversation has at least one turn")
    for place, turn in enumerate(conversation.turns):
        if turn.turn_id != place + 1:
            raise InputFileError(
                f"{where}: turns.{place}.turn_id is {turn.turn_id}; turns are numbered 1 to {len(conversation.turns)}"
            )
    return conversation


def to_json(item: Conversation | GoldenTurn | ExpectedResponse) -> dict[str, object]:
    """Return the JSON object that a record was parsed from: the same keys in the same order, the same values."""
    return {key: _exported(item.extra[key] if key in item.extra else getattr(item, key)) for key in item.layout}


def dataset_lines(dataset: Dataset) -> Iterator[str]:
    """Yield the lines of a dataset as they stood in its file, each without its line break.

    A line that ``json.dumps`` wrote, compact or not, comes out byte for byte; of any other the JSON data are the same.
    """
    for conversation, form in zip(dataset.conversations, dataset.forms, strict=True):
        yield render(to_json(conversation), form)


def _laid_out(cls: type, data: object) -> object:
    """``data`` with the undocumented keys moved to ``extra`` and the order of all of them in ``layout``."""
    if not isinstance(data, Mapping):
        return data  # of the wrong kind: the parser names it
    given = cast("JsonObject", data)
    known = {entry.name for entry in fields(cls)} - {"layout", "extra"}
    sorted_out: dict[str, object] = {key: value for key, value in given.items() if key in known}
    for key, below in _NESTED.get(cls, {}).items():
        value = sorted_out.get(key)
        if isinstance(value, Mapping):
            sorted_out[key] = _laid_out(below, cast("object", value))
        elif isinstance(value, list):
            sorted_out[key] = [_laid_out(below, item) for item in cast("Sequence[object]", value)]
    sorted_out["layout"] = list(given)
    sorted_out["extra"] = {key: value for key, value in given.items() if key not in known}
    return sorted_out


def _exported(value: object) -> object:
    if isinstance(value, (GoldenTurn, ExpectedResponse)):
        return to_json(value)
    if isinstance(value, tuple):
        return [_exported(item) for item in cast("tuple[object, ...]", value)]
    return value


_NESTED: Mapping[type, Mapping[str, type]] = {
    Conversation: {"turns": GoldenTurn},
    GoldenTurn: {"expected_response": ExpectedResponse},
}
