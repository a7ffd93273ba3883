"""The closed sets that the tools publish, and which of their values a message mentions by name."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence

from atlas.crm.records import ToolSpec
from atlas.learning.perception import Percept
from atlas.learning.situation import is_list, is_object

_TOWARDS = re.compile(r"\b(?:to|into|as|in|is|at|status|stage)\s+(?:the\s+)?[\"'“]?$")
_AWAY = re.compile(r"\b(?:from|not|was|currently)\s+(?:the\s+|in\s+)?[\"'“]?$")


def closed_sets(tools: Sequence[ToolSpec]) -> Mapping[str, tuple[str, ...]]:
    """Return, by parameter name, every value that some tool allows for it.

    Example:
        >>> schema = {"properties": {"stage": {"type": "string", "enum": ["Proposal", "Closed-Won"]}}}
        >>> closed_sets([ToolSpec("t", "", schema)])
        {'stage': ('Proposal', 'Closed-Won')}
    """
    found: dict[str, list[str]] = {}
    for tool in tools:
        _gather(tool.parameters, found)
    return {name: tuple(dict.fromkeys(values)) for name, values in sorted(found.items()) if not _are_names(values)}


def mentioned(values: Sequence[str], percept: Percept) -> str | None:
    """Return the one of ``values`` that a message names, None where it names none.

    Among several, one that is moved *to* comes before one that is moved *from*, else the last one counts.
    """
    text = percept.plain_text
    best: tuple[int, int, str] | None = None
    for value in values:
        for match in _mention_pattern(value).finditer(text):
            before = text[: match.start()]
            weight = 2 if _TOWARDS.search(before) else 0 if _AWAY.search(before) else 1
            if best is None or (weight, match.start()) > best[:2]:
                best = (weight, match.start(), value)
    return best[2] if best else None


@functools.lru_cache(maxsize=1024)
def _mention_pattern(value: str) -> re.Pattern[str]:
    words = [re.escape(word) for word in re.split(r"[\s_-]+", value.lower()) if word]
    return re.compile(r"(?<!\w)" + r"[\s_-]*".join(words) + r"(?!\w)")


def _are_names(values: Sequence[str]) -> bool:
    """Tell whether values are names of fields (as for an order), which are no words of a message."""
    return all(value.removeprefix("-").islower() and not value[:1].isupper() for value in values) and any(
        "_" in value for value in values
    )


def _gather(schema: object, found: dict[str, list[str]]) -> None:
    if not is_object(schema):
        return
    properties = schema.get("properties")
    if is_object(properties):
        for name, definition in properties.items():
            found_here = _enums_of(definition)
            if found_here:
                found.setdefault(name, []).extend(found_here)
    for part in schema.values():
        if is_object(part):
            _gather(part, found)
        elif is_list(part):
            for item in part:
                _gather(item, found)


def _enums_of(definition: object) -> list[str]:
    """Values that a property allows directly, or as one of several forms."""
    if not is_object(definition):
        return []
    values: list[str] = []
    enum = definition.get("enum")
    if is_list(enum):
        values += [item for item in enum if isinstance(item, str)]
    for form in ("anyOf", "oneOf"):
        options = definition.get(form)
        if is_list(options):
            for option in options:
                values += _enums_of(option)
    return values
