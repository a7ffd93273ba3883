"""The public conversation format: read strictly, written back without loss."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.core.errors import InputFileError
from atlas.scenarios.importers.clbench import (
    dataset_lines,
    load_dataset,
    parse_conversation,
    parse_dataset,
    to_json,
)
from conversation_files import Json, available_files, conversation, made_up, spelled, turn, without

FILES = available_files()
SPELLINGS: dict[str, Json] = {
    "python's default": {},
    "readable": {"ensure_ascii": False},
    "compact": {"ensure_ascii": False, "separators": (",", ":")},
    "compact ascii": {"separators": (",", ":")},
}
OPTIONAL = tuple(sorted(conversation("x", [turn(1, "Hi", None)]).keys() - {"conversation_id", "turns"}))
OPTIONAL_OF_TURNS = tuple(sorted(turn(1, "Hi", None).keys() - {"turn_id", "user_utterance"}))
DOCUMENTED = {
    *OPTIONAL,
    *OPTIONAL_OF_TURNS,
    *("conversation_id", "turns", "turn_id", "user_utterance"),
    *("text", "evaluation", "answers", "requires_judge"),
}

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
EXTRAS = st.dictionaries(
    st.text(min_size=1), st.recursive(SCALARS | st.text(), lambda inner: st.lists(inner, max_size=3)), max_size=3
)


@pytest.mark.parametrize("name", FILES)
def test_export_gives_the_same_file_back(name: str) -> None:
    """Byte for byte: every key, in its order, every number in its type."""
    dataset = parse_dataset(FILES[name], "file.jsonl")
    assert "".join(f"{line}\n" for line in dataset_lines(dataset)).encode() == FILES[name]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("name", FILES)
def test_export_keeps_the_spelling_of_every_line(name: str, spelling: str) -> None:
    """Compact or not, with escapes or without."""
    items = [json.loads(line) for line in FILES[name].decode().split("\n") if line]
    data = spelled(items, **SPELLINGS[spelling])
    assert "".join(f"{line}\n" for line in dataset_lines(parse_dataset(data, "x"))).encode() == data


@given(
    data=st.data(),
    extras=st.tuples(EXTRAS, EXTRAS, EXTRAS),
    dropped=st.sets(st.sampled_from(OPTIONAL)),
    dropped_of_turns=st.sets(st.sampled_from(OPTIONAL_OF_TURNS)),
)
def test_unknown_keys_missing_keys_and_any_order_survive(
    data: st.DataObject, extras: tuple[Json, Json, Json], dropped: set[str], dropped_of_turns: set[str]
) -> None:
    """At every level: what we do not know is kept, what is not there is not invented, what stands first stays first."""
    first = turn(1, "Hi", "client_search", {"name": 1.0, **extras[0]})
    first["expected_response"] |= {key: value for key, value in extras[1].items() if key not in DOCUMENTED}
    first = without(first, *dropped_of_turns)
    item = without(conversation("x", [first]), *dropped)
    item |= {key: value for key, value in extras[2].items() if key not in DOCUMENTED}
    item = dict(data.draw(st.permutations(list(item.items()))))
    item["turns"] = [dict(data.draw(st.permutations(list(first.items()))))]
    assert json.dumps(to_json(parse_conversation(item, "x:1"))) == json.dumps(item)


def test_null_and_absent_are_told_apart() -> None:
    """A key that holds null comes back with null, one that is absent stays absent."""
    item = conversation("x", [without(turn(1, "Hi", None), "expect_success")], success_criteria=None)
    found = parse_conversation(item, "x:1")
    assert (found.success_criteria, found.criteria, found.turns[0].must_succeed) == (None, "all_turns", True)
    assert to_json(found) == item


def test_blank_lines_are_skipped_and_separators_inside_texts_are_not_line_breaks() -> None:
    """U+2028 in a message does not end a line."""
    data = ("\n" + json.dumps(conversation("x", [turn(1, "a\u2028b", None)]), ensure_ascii=False) + "\n\n").encode()
    dataset = parse_dataset(data, "x")
    assert [each.turns[0].user_utterance for each in dataset.conversations] == ["a\u2028b"]


def test_a_file_is_known_by_its_bytes(tmp_path: Path) -> None:
    """The content hash is that of sha256sum; the name is the file's."""
    path = tmp_path / "empty sum.jsonl"
    path.write_bytes(spelled(made_up()))
    dataset = load_dataset(path)
    assert dataset.name == "empty sum.jsonl"
    assert dataset.turns == sum(len(item["turns"]) for item in made_up())
    assert len(dataset.content_hash) == 64
    path.write_bytes(path.read_bytes() + b"\n")
    assert load_dataset(path).content_hash != dataset.content_hash


def _broken(**changes: Any) -> Json:  # noqa: ANN401 - any JSON
    return conversation("x", [turn(1, "Hi", None)]) | changes


@pytest.mark.parametrize(
    ("item", "told"),
    [
        pytest.param(without(_broken(), "conversation_id"), "missing key 'conversation_id'", id="no id"),
        pytest.param(_broken(conversation_id="  "), "conversation_id is blank", id="blank id"),
        pytest.param(_broken(conversation_id=7), "conversation_id: ", id="id is a number"),
        pytest.param(without(_broken(), "turns"), "missing key 'turns'", id="no turns"),
        pytest.param(_broken(turns=[]), "turns is empty", id="empty turns"),
        pytest.param(_broken(turns={}), "turns: ", id="turns are an object"),
        pytest.param(_broken(turns=["Hi"]), "turns.0: ", id="turn is a text"),
        pytest.param(_broken(turns=[turn(2, "Hi", None)]), "turns.0.turn_id is 2", id="first number"),
        pytest.param(
            _broken(turns=[turn(1, "Hi", None), turn(3, "Hi", None)]), "turns.1.turn_id is 3", id="gap in numbers"
        ),
        pytest.param(_broken(turns=[turn(1, "Hi", 5)]), "turns.0.expected_tool: ", id="tool is a number"),  # pyright: ignore[reportArgumentType] - wrong on purpose
        pytest.param(
            _broken(turns=[turn(1, "Hi", "x", expected_args=[])]), "turns.0.expected_args: ", id="arguments are a list"
        ),
        pytest.param(
            _broken(turns=[turn(1, "Hi", "x", expected_response={"answers": "yes"})]),
            "turns.0.expected_response.answers: ",
            id="answers are a text",
        ),
        pytest.param(_broken(success_criteria="some_turns"), "success_criteria: ", id="criteria"),
        pytest.param(_broken(complexity_level="huge"), "complexity_level: ", id="complexity"),
        pytest.param(_broken(contains_failure="no"), "contains_failure: ", id="flag is a text"),
        pytest.param(["conversation"], "a conversation is a JSON object, not list", id="no object"),
    ],
)
def test_a_malformed_line_is_named_with_its_key(item: object, told: str) -> None:
    """File, line and key stand in the message."""
    data = spelled([made_up()[0]]) + json.dumps(item).encode()
    with pytest.raises(InputFileError) as caught:
        parse_dataset(data, "talk.jsonl")
    assert str(caught.value).startswith("talk.jsonl:2: ")
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        pytest.param(b"", "holds no conversation", id="empty"),
        pytest.param(b"\n\n", "holds no conversation", id="blank"),
        pytest.param(b'{"a": "\xff"}', "is not UTF-8 text: byte 7", id="bytes"),
        pytest.param(b'{"conversation_id": "x", "turns": [', "talk.jsonl:1: not valid JSON", id="torn"),
        pytest.param(spelled([made_up()[0]] * 2), "stands in line 1 already", id="twice"),
    ],
)
def test_a_file_that_is_none_is_refused(data: bytes, told: str) -> None:
    """With the reason."""
    with pytest.raises(InputFileError) as caught:
        parse_dataset(data, "talk.jsonl")
    assert told in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """No traceback of the system."""
    with pytest.raises(InputFileError, match=r"cannot read .*nowhere\.jsonl"):
        load_dataset(tmp_path / "nowhere.jsonl")
