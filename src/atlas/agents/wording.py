"""The texts that Clerk writes to a user: plain sentences that name every record, field and value concerned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from atlas.crm.records import ToolError
from atlas.learning.perception import Percept
from atlas.learning.situation import is_list, is_number

_LONGEST_REQUEST = 300  # characters


def say_done(tool: str | None, arguments: Mapping[str, object], facts: Mapping[str, object]) -> str:
    """Return what was done and what was found out.

    Example:
        >>> say_done("add_note", {"content": "Called"}, {})
        'Done: add note (content: Called).'
    """
    shown = "; ".join(
        f"{path.rpartition('.')[2].replace('_', ' ')}: {write_value(value)}" for path, value in arguments.items()
    )
    what = f"Done: {tool.replace('_', ' ')}" + (f" ({shown})" if shown else "") + "." if tool else "Done."
    return what + say_facts(facts)


def say_facts(facts: Mapping[str, object]) -> str:
    """Return the facts as sentences, each introduced by a blank.

    Example:
        >>> say_facts({"total_amount": 4500, "opportunities": ["A", "B"]})
        ' Total amount: 4500. Opportunities: A, B.'
    """
    return "".join(
        f" {name.replace('_', ' ').capitalize()}: {write_value(value) or 'none'}." for name, value in facts.items()
    )


def say_error(error: ToolError, percept: Percept) -> str:
    """Return why a request could not be carried out, in the world's own words."""
    about = f" ({error.field}: {write_value(error.value)})" if error.field else ""
    return f"I could not do this{about}: {error.message}{say_request(percept)}"


def say_request(percept: Percept) -> str:
    """Return a sentence that repeats the request, so that it is clear what an answer is about."""
    request = " ".join(percept.text.split())
    shown = request if len(request) <= _LONGEST_REQUEST else f"{request[:_LONGEST_REQUEST]}..."
    return f' This is about your request: "{shown}"'


def write_value(value: object) -> str:
    """Return a value as it stands in a message.

    Example:
        >>> write_value(["a", 2]), write_value(1250.5), write_value(None)
        ('a, 2', '1250.50', 'none')
    """
    if is_list(value):
        return ", ".join(write_value(item) for item in value)
    if is_number(value):
        return str(value) if float(value).is_integer() else f"{value:.2f}"
    return "none" if value is None else str(value)


def missing_from(message: str, values: Iterable[object]) -> Sequence[object]:
    """Return the values that do not stand in ``message``."""
    text = message.lower()
    return [value for value in values if write_value(value).lower() not in text]
