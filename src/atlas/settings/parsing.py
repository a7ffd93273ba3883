"""Parsing of outside data into records, with errors that say where and what."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar, cast

import yaml
from pydantic import TypeAdapter, ValidationError
from yaml.error import MarkedYAMLError

from atlas.core.errors import ConfigError, InputFileError, MisuseError
from atlas.core.records import as_json

T = TypeVar("T")

_SHOWN_CHARACTERS = 80  # how much of an offending value an error message shows
_DEEPEST = 50  # levels of a configuration file; an alias that holds itself has no end
_MOST_VALUES = 1_000_000  # in a configuration file; a few aliases of aliases stand for billions
_LONGEST_NUMBER = 1024  # bits; Python prints no number of more than some 14,000


def parse_record(cls: type[T], data: object, where: str, *, error: type[MisuseError] = InputFileError) -> T:
    """Return ``data`` as a ``cls``.

    Args:
        cls: A record class, or a pydantic model.
        data: JSON data, as ``json.loads`` returns it (YAML dates count as their texts).
        where: What the message starts with, such as ``"goals.jsonl:17"``.
        error: The error to raise.

    Raises:
        MisuseError: (the given class) naming every offending key with its value and what is expected; a number that is
            not finite is expected nowhere.
    """
    try:
        # through JSON, because only there does "strict" mean: no "1" for 1, but a list for a tuple, a text for a date
        text = json.dumps(as_json(data), allow_nan=False)
    except RecursionError as exc:
        raise error(f"{where}: cannot be read: it is nested too deep") from exc
    except (TypeError, ValueError) as exc:
        raise error(f"{where}: " + ("; ".join(_without_json_form(data, "")) or str(exc))) from exc
    try:
        return cast("T", _adapter(cls).validate_json(text, strict=True))
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
    data = parse_yaml(read_text(path), str(path))
    return parse_record(cls, {} if data is None else data, str(path), error=ConfigError)


def parse_yaml(text: str, where: str) -> object:
    """Return ``text`` as YAML data: the values of the safe tags, in mappings that give every key once.

    Raises:
        ConfigError: it is not YAML, gives a key twice, or holds more than can be read; the message starts with
            ``where``.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        _refuse_repeated_keys(node)
        data = None if node is None else loader.construct_document(node)  # type: ignore[reportUnknownMemberType]
    except yaml.YAMLError as exc:
        told = " ".join(str(exc).split()).replace('in "<unicode string>", line', "at line")
        raise ConfigError(f"{where}: not valid YAML: {told}") from exc
    except RecursionError as exc:
        raise ConfigError(f"{where}: cannot be read: it is nested too deep") from exc
    _refuse_endless(cast("object", data), where)
    return cast("object", data)


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


class _Loader(yaml.SafeLoader):
    """Reads YAML with safe tags, and says where a value does not fit its tag."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:  # noqa: FBT001, FBT002 - inherited
        """Construct a value; what the constructors of scalars raise becomes an error with a place."""
        try:
            return cast("object", super().construct_object(node, deep=deep))  # type: ignore[reportUnknownMemberType]
        except (ValueError, LookupError, AttributeError, OverflowError) as exc:
            kind = node.tag.rpartition(":")[2]
            problem = f"{shown(node.value)} cannot be read as a value of the kind {kind!r}"
            raise MarkedYAMLError(problem=problem, problem_mark=node.start_mark) from exc


def _refuse_repeated_keys(root: yaml.Node | None) -> None:
    """Refuse a mapping in which a key stands twice: YAML forbids it, and its parser lets the last one win.

    Raises:
        MarkedYAMLError: there is one.
    """
    waiting, seen = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in seen or not isinstance(node, (yaml.MappingNode, yaml.SequenceNode)):
            continue
        seen.add(id(node))  # an alias leads to a node that was met before, or to the one that it is in
        if isinstance(node, yaml.SequenceNode):
            waiting.extend(cast("list[yaml.Node]", node.value))
            continue
        lines: dict[str, int] = {}
        for key, value in cast("list[tuple[yaml.Node, yaml.Node]]", node.value):
            waiting.append(value)
            if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                continue
            name, line = str(key.value), key.start_mark.line + 1
            if name in lines:
                problem = f"the key {name!r} of line {lines[name]} is given again"
                raise MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            lines[name] = line


def _refuse_endless(data: object, where: str) -> None:
    """Refuse what is nested too deep, holds itself, or stands for more values than anybody writes.

    Raises:
        ConfigError: ``data`` is like that, or holds a number of too many digits.
    """
    waiting, seen = [(data, 0)], 0
    while waiting:
        value, depth = waiting.pop()
        seen += 1
        if depth > _DEEPEST:
            raise ConfigError(f"{where}: cannot be read: it is nested too deep, or an alias (*name) holds itself")
        if seen > _MOST_VALUES:
            raise ConfigError(f"{where}: cannot be read: it holds more than {_MOST_VALUES} values")
        if isinstance(value, int) and value.bit_length() > _LONGEST_NUMBER:
            raise ConfigError(f"{where}: cannot be read: it holds a number of too many digits")
        if isinstance(value, Mapping):
            waiting.extend((item, depth + 1) for item in cast("Mapping[object, object]", value).values())
        elif isinstance(value, (list, tuple)):
            waiting.extend((item, depth + 1) for item in cast("list[object]", value))


def _without_json_form(value: object, path: str) -> Iterator[str]:
    """Name what JSON cannot hold, with its path."""
    if isinstance(value, Mapping):
        for key, item in cast("Mapping[object, object]", value).items():
            yield from _without_json_form(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)):
        for place, item in enumerate(cast("list[object]", value)):
            yield from _without_json_form(item, f"{path}.{place}" if path else str(place))
    elif isinstance(value, float) and not math.isfinite(value):
        yield f"{path or 'value'}: Input should be a finite number (got {value})"
    elif isinstance(value, (bytes, bytearray)):
        yield f"{path or 'value'}: Input should be a text, not bytes (got {shown(value)})"


def shown(value: object) -> str:
    """Return ``value`` as an error message shows it: its ``repr``, cut where it is long.

    Example:
        >>> shown("x"), len(shown("x" * 1000))
        ("'x'", 83)
    """
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "..."


def _problems(exc: ValidationError) -> Iterator[str]:
    problems = exc.errors(include_url=False)
    places = [problem["loc"] for problem in problems]
    for problem in problems:
        place = problem["loc"]
        path = ".".join(str(part) for part in place) or "value"
        if problem["type"] == "too_short" and any(_is_below(other, place) for other in places):
            continue  # its items are there; they were not counted because each is wrong
        if problem["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
            yield f"unknown key {path!r}"
        elif problem["type"] in {"missing", "missing_argument"}:
            yield f"missing key {path!r}"
        elif problem["type"] == "value_error" and "ctx" in problem:
            words = str(problem["ctx"]["error"])  # a model's own check names what it found
            yield f"{path}: {words}" if place else words
        else:
            yield f"{path}: {problem['msg']} (got {shown(problem['input'])})"


def _is_below(place: tuple[int | str, ...], other: tuple[int | str, ...]) -> bool:
    return len(place) > len(other) and place[: len(other)] == other
