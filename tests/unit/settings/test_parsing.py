"""Parsing of outside data into records."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import pytest

from atlas.core.errors import ConfigError, InputFileError
from atlas.core.records import as_json, record
from atlas.crm.records import Entity
from atlas.settings.parsing import load_json_lines, load_yaml, parse_json, parse_record, read_text
from atlas.verify.goals import AnswerFact, ChangePattern, CreatedRef, Equals, ExpectedChange, Goal, Operation, Regex


@record
class Knob:
    size: int
    name: str = "x"


def test_a_goal_survives_the_way_to_json_and_back() -> None:
    """Every matcher comes back as itself."""
    goal = Goal(
        expected_changes=(
            ExpectedChange(
                Entity.QUOTE, Operation.CREATE, {"amount": Equals(3.5), "opportunity_id": CreatedRef("deal")}, weight=2
            ),
        ),
        allowed_changes=(ChangePattern(Entity.NOTE, where={"content": Regex("a|b")}),),
        answers=(AnswerFact("names", Equals(["a"])),),
    )
    assert as_json(parse_record(Goal, as_json(goal), "goal")) == as_json(goal)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"size": 1, "colour": "red"}, "unknown key 'colour'"),
        ({}, "missing key 'size'"),
        ({"size": "1"}, r"size: .*valid integer.*got '1'"),
        ([], r"value: .*got \[\]"),
        ({"size": 1, "name": [9] * 500}, r"\.\.\."),
        ({"size": float("nan")}, r"size: .*finite number \(got nan\)"),
        ({"size": [1, {"a": float("-inf")}]}, r"size\.1\.a: .*finite number \(got -inf\)"),
        ({"size": 10**5000}, "digits"),
        ({"size": functools.reduce(lambda inner, _: [inner], range(400), 0)}, "nested too deep"),
    ],
    ids=[
        "unknown-key",
        "missing-key",
        "wrong-type",
        "no-object",
        "huge-value-cut",
        "no-number",
        "infinite",
        "huge-number",
        "deep",
    ],
)
def test_what_does_not_fit_is_named(data: object, message: str) -> None:
    """The message says where, which key, and what was there."""
    with pytest.raises(InputFileError, match=message) as caught:
        parse_record(Knob, data, "knobs.jsonl:3")
    assert str(caught.value).startswith("knobs.jsonl:3: ")


def test_a_malformed_line_is_named_by_number(tmp_path: Path) -> None:
    """Line 2 is the bad one."""
    path = tmp_path / "knobs.jsonl"
    path.write_text('{"size": 1}\n{"size": \n')
    lines = load_json_lines(Knob, path)
    assert next(lines) == Knob(1)
    with pytest.raises(InputFileError, match=re.escape(f"{path}:2: not valid JSON")):
        next(lines)


def test_blank_lines_are_skipped(tmp_path: Path) -> None:
    """An editor's trailing newline is no record."""
    path = tmp_path / "knobs.jsonl"
    path.write_text('{"size": 1}\n\n{"size": 2}\n')
    assert [knob.size for knob in load_json_lines(Knob, path)] == [1, 2]


def test_yaml_with_an_unknown_key_is_a_configuration_error(tmp_path: Path) -> None:
    """The file and the key are named."""
    path = tmp_path / "knob.yaml"
    path.write_text("size: 1\nsiez: 2\n")
    with pytest.raises(ConfigError, match=r"knob\.yaml: unknown key 'siez'"):
        load_yaml(Knob, path)


def test_broken_yaml_is_a_configuration_error(tmp_path: Path) -> None:
    """The parser's place is passed on."""
    path = tmp_path / "knob.yaml"
    path.write_text("size: [1\n")
    with pytest.raises(ConfigError, match="not valid YAML"):
        load_yaml(Knob, path)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    """A missing file and one that is no text."""
    with pytest.raises(InputFileError, match=r"cannot read .*nowhere\.json"):
        read_text(tmp_path / "nowhere.json")
    (tmp_path / "binary").write_bytes(b"ok\xff")
    with pytest.raises(InputFileError, match="not UTF-8 text: byte 2"):
        read_text(tmp_path / "binary")


def test_json_errors_show_the_place() -> None:
    """A few characters around the place stand in the message."""
    with pytest.raises(InputFileError, match="here: not valid JSON"):
        parse_json("{'a': 1}", "here")
