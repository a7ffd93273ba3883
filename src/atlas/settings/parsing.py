"""Parsing of outside data into records, with errors that say where and what."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar, cast

import yaml
from pydantic import TypeAdapter, ValidationError

from atlas.core.errors import ConfigError, InputFileError, MisuseError
from atlas.core.records import as_json

T = TypeVar("T")

_SHOWN_CHARACTERS = 80  # how much of an offending value an error message shows


def parse_record(cls: type[T], data: object, where: str, *, error: type[MisuseError] = InputFileError) -> T:
    """Return ``data`` as a ``cls``.

    Args:
        cls: A record class, or a pydantic model.
        data: JSON data, as ``json.loads`` returns it (YAML dates count as their texts).
        where: What the message starts with, such as ``"goals.jsonl:17"``.
        error: The error to raise.

    Raises:
        MisuseError: (the given class) naming every offending key with its value and what is expected.
    """
    try:
        # through JSON, because only there does "strict" mean: no "1" for 1, but a list for a tuple, a text for a date
        return cast("T", _adapter(cls).validate_json(json.dumps(as_json(data)), strict=True))
    except ValidationError as exc:
        raise error(f"{where}: " + "; ".join(_problems(exc))) from exc
    except ConfigError as exc:  # from a record that checks its figures itself
        raise error(f"{where}: {exc}") from exc


def load_json_lines(cls: type[T], path: Path) -> Iterator[T]:
    """Yield a ``cls`` for every line of a JSON-lines file; blank lines are skipped.

    Raises:
        InputFileError: the file is missing, or a line is malformed (named by number).
    """
    return (entry for _, entry in load_numbered_lines(cls, path))


def load_numbered_lines(cls: type[T], path: Path) -> Iterator[tuple[str, T]]:
    """Yield what :func:`load_json_lines` yields, each with the place where it stands, such as ``"goals.jsonl:17"``.

    Raises:
        InputFileError: the file is missing, or a line is malformed (named by number).
    """
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            where = f"{path}:{number}"
            yield where, parse_record(cls, parse_json(line, where), where)


def load_yaml(cls: type[T], path: Path) -> T:
    """Return the YAML configuration file at ``path`` as a ``cls``.

    Raises:
        InputFileError: the file is missing.
        ConfigError: it is no YAML, or a key or value is not allowed.
    """
    text = read_text(path)
    try:
        data = cast("object", yaml.safe_load(text))
    except yaml.YAMLError as exc:
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(exc).split())}") from exc
    return parse_record(cls, {} if data is None else data, str(path), error=ConfigError)


def parse_json(text: str, where: str) -> object:
    """Return ``text`` as JSON data.

    Raises:
        InputFileError: it is not JSON; the message starts with ``where``.
    """
    try:
        return cast("object", json.loads(text))
    except json.JSONDecodeError as exc:
        shown = exc.doc[max(0, exc.pos - 20) : exc.pos + 20]
        raise InputFileError(f"{where}: not valid JSON: {exc.msg} near {shown!r}") from exc
    except RecursionError as exc:
        raise InputFileError(f"{where}: cannot be read: it is nested too deep") from exc
    except ValueError as exc:  # the only other one: Python reads no whole numbers of thousands of digits
        raise InputFileError(f"{where}: cannot be read: it holds a number of too many digits") from exc


def read_text(path: Path) -> str:
    """Return the UTF-8 text of a file.

    Raises:
        InputFileError: there is no such readable file, or it is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as exc:
        raise InputFileError(f"cannot read {path}: {exc.strerror or exc}") from exc
    except UnicodeDecodeError as exc:
        raise InputFileError(f"{path} is not UTF-8 text: byte {exc.start} is invalid") from exc


@functools.lru_cache(maxsize=256)
def _adapter(cls: type[object]) -> TypeAdapter[object]:
    return TypeAdapter(cls)


def _problems(exc: ValidationError) -> Iterator[str]:
    for problem in exc.errors(include_url=False):
        path = ".".join(str(part) for part in problem["loc"]) or "value"
        if problem["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
            yield f"unknown key {path!r}"
        elif problem["type"] in {"missing", "missing_argument"}:
            yield f"missing key {path!r}"
        else:
            shown = repr(problem["input"])
            shown = shown if len(shown) <= _SHOWN_CHARACTERS else shown[:_SHOWN_CHARACTERS] + "..."
            yield f"{path}: {problem['msg']} (got {shown})"
