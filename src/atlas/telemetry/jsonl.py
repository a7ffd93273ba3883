"""Append-only JSON lines: one canonical line per record, on disk as soon as it is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from atlas.core.canonical import canonical_json
from atlas.core.errors import InputFileError


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
        """Write one record (or JSON data) as a line."""
        self._file.write(canonical_json(line) + "\n")
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


def _cut_torn_line(path: Path) -> None:
    if not path.exists():
        return
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole != len(content):
        with path.open("r+b") as file:
            file.truncate(whole)
