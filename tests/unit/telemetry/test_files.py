"""Files that survive a killed process."""

from __future__ import annotations

from pathlib import Path

import pytest

from atlas.core.errors import InputFileError
from atlas.telemetry.files import write_atomically
from atlas.telemetry.jsonl import JsonlSink, read_jsonl_tolerant


def test_lines_come_back_in_order(tmp_path: Path) -> None:
    """What was appended is read, also after the sink was opened again."""
    path = tmp_path / "deep" / "lines.jsonl"
    with JsonlSink(path) as sink:
        sink.append({"n": 1})
    with JsonlSink(path) as sink:
        sink.append({"n": 2})
    assert list(read_jsonl_tolerant(path)) == [{"n": 1}, {"n": 2}]


def test_a_line_is_on_disk_before_the_sink_is_closed(tmp_path: Path) -> None:
    """A killed process loses nothing that it had appended."""
    sink = JsonlSink(tmp_path / "lines.jsonl")
    sink.append({"n": 1})
    assert list(read_jsonl_tolerant(tmp_path / "lines.jsonl")) == [{"n": 1}]
    sink.close()


def test_a_torn_line_is_skipped_and_then_cut_off(tmp_path: Path) -> None:
    """What a killed process left unfinished never becomes part of the next line."""
    path = tmp_path / "lines.jsonl"
    path.write_text('{"n":1}\n{"n":')
    assert list(read_jsonl_tolerant(path)) == [{"n": 1}]
    with JsonlSink(path) as sink:
        sink.append({"n": 2})
    assert path.read_text() == '{"n":1}\n{"n":2}\n'


def test_a_whole_line_that_is_no_json_is_an_error(tmp_path: Path) -> None:
    """Only an unfinished last line is forgiven."""
    path = tmp_path / "lines.jsonl"
    path.write_text('nonsense\n{"n":1}\n')
    with pytest.raises(InputFileError, match=r"lines\.jsonl:1"):
        list(read_jsonl_tolerant(path))


def test_a_missing_file_has_no_lines(tmp_path: Path) -> None:
    """A run that never started has left nothing."""
    assert list(read_jsonl_tolerant(tmp_path / "none.jsonl")) == []


def test_an_atomic_write_replaces_the_whole_file(tmp_path: Path) -> None:
    """New content, and no scratch file left behind."""
    path = tmp_path / "out" / "metrics.json"
    write_atomically(path, "a longer text\n")
    write_atomically(path, "short\n")
    assert path.read_text() == "short\n"
    assert [entry.name for entry in path.parent.iterdir()] == ["metrics.json"]


def test_a_file_that_is_there_can_be_left_alone(tmp_path: Path) -> None:
    """One of two who write at once is told that it was too late; nothing else is left in the folder."""
    path = tmp_path / "a"
    assert write_atomically(path, "first", replace=False)
    assert not write_atomically(path, "second", replace=False)
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """What it leads to is replaced."""
    link, target = tmp_path / "link", tmp_path / "target"
    link.symlink_to(target)
    assert write_atomically(link, "text")
    assert link.is_symlink()
    assert target.read_text() == "text"


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """Text that cannot be encoded changes nothing and leaves nothing."""
    path = tmp_path / "metrics.json"
    write_atomically(path, "old\n")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "\ud800")
    assert path.read_text() == "old\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["metrics.json"]
