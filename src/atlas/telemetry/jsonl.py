"""Append-only JSON lines: one canonical line per record, on disk as soon as it is written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from atlas.core.canonical import canonical_json
from atlas.core.errors import InputFileError
from atlas.telemetry.escaping import DEEPEST, escaped


class JsonlSink:
    """Appends records to a file, one line each, and flushes after every line.

    A line that an earlier process left unfinished is cut off when the sink is opened, so that the file holds whole
    lines only.

    Args:
        path: The file; it and its folder are made when missing.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        _cut_torn_line(path)
        self._file = path.open("a", encoding="utf-8")

    def append(self, line: object) -> None:
        """Write one record (or JSON data) as a line.

        Nothing that an agent puts into a record keeps it from being written: see :func:`encoded_line`.
        """
        self._file.write(encoded_line(line))
        self._file.flush()

    def close(self) -> None:
        """Close the file; the sink cannot be used any more."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def encoded_line(line: object) -> str:
    r"""Return one record (or JSON data) as a line with its line break, always fit for UTF-8.

    That is its canonical JSON; where it has none, or is nested so deep that parsers refuse it, that of its escaped form
    (``atlas.telemetry.escaping``).

    Example:
        >>> encoded_line({"b": 1, "a": "é"}), encoded_line({"a": float("nan")})
        ('{"a":"é","b":1}\n', '{"a":{"$escaped":"NaN"}}\n')
    """
    try:
        text = canonical_json(line)
        text.encode()  # half of a surrogate pair is noticed only here
    except (TypeError, ValueError, RecursionError):
        return f"{canonical_json(escaped(line))}\n"
    return f"{text if _depth(text) <= DEEPEST else canonical_json(escaped(line))}\n"


def read_jsonl_tolerant(path: Path) -> Iterator[object]:
    """Yield the JSON data of every whole line; a last line without its newline is what a killed process left, skipped.

    A missing file has no lines.

    Raises:
        InputFileError: a whole line is not JSON.
    """
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.endswith("\n"):
                return
            try:
                yield cast("object", json.loads(line))
            except json.JSONDecodeError as exc:
                raise InputFileError(f"{path}:{number}: not valid JSON: {exc.msg}") from exc


def _depth(text: str) -> int:
    """How many levels the JSON ``text`` has."""
    depth = deepest = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"')
_BRACKETS = re.compile(r"[\[\]{}]")


def _cut_torn_line(path: Path) -> None:
    if not path.exists():
        return
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole != len(content):
        with path.open("r+b") as file:
            file.truncate(whole)
