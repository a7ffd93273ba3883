"""The tool that ends every turn: ``respond``. It changes nothing; the episode loop acts on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from atlas.core.records import JsonObject
from atlas.crm.fields import FieldDef, FieldKind
from atlas.crm.records import ErrorCode, Outcome, ReasonCode, Response, ToolError, ToolSpec
from atlas.crm.rules.arguments import ArgumentForm
from atlas.crm.rules.values import text_error, wrong_type
from atlas.crm.tools.json_schema import field_schema, object_schema
from atlas.crm.wording import is_array, is_object, kept, named, quoted

NAME: Final = "respond"

_MESSAGE_LENGTH = 10_000  # characters
_MAX_FACTS = 100
_FACT_LENGTH = 4_000  # characters of one text
_FACT_ITEMS = 200  # of one list
_LARGEST_FACT = 1e15

_MESSAGE = FieldDef(
    "message", FieldKind.TEXT, "The text that the user reads.", required=True, max_length=_MESSAGE_LENGTH
)
_OUTCOME = FieldDef(
    "outcome",
    FieldKind.ENUM,
    "What became of the request: done; asked (a question has to be answered first); refused (it must not be carried "
    "out); reported (it could not be carried out).",
    required=True,
    allowed=tuple(outcome.value for outcome in Outcome),
)
_REASON = FieldDef(
    "reason_code",
    FieldKind.ENUM,
    "Why, where the outcome is not done.",
    allowed=tuple(reason.value for reason in ReasonCode),
)
_FACTS_SCHEMA: JsonObject = {
    "type": "object",
    "description": (
        "The values that the user asked for, by name; each must also stand in the message. The name is that of the "
        "field in tool results (amount, stage, close_date, name, owner, email, ...), or of the aggregate in "
        "summarize_opportunities (count, total_amount, average_amount); a list of records is told as the list of "
        "their names under the plural of their kind (opportunities, contacts, quotes, clients)."
    ),
    "additionalProperties": {
        "anyOf": [
            {"type": ["string", "number", "boolean", "null"]},
            {"type": "array", "items": {"type": ["string", "number", "boolean", "null"]}},
        ]
    },
}

RESPOND: Final = ToolSpec(
    NAME,
    "End the turn: tell the user what was done, ask, refuse or report, with the values that were asked for.",
    object_schema(
        {
            "message": field_schema(_MESSAGE),
            "outcome": field_schema(_OUTCOME),
            "reason_code": field_schema(_REASON),
            "facts": _FACTS_SCHEMA,
        },
        ("message", "outcome"),
    ),
)

_FORM = ArgumentForm(NAME, (_MESSAGE, _OUTCOME, _REASON), required=("message", "outcome"), others=("facts",))


def parse_response(arguments: object) -> Response | ToolError:
    """Return what ``arguments`` of ``respond`` say, or the error; any JSON value is taken.

    Example:
        >>> parse_response({"message": "It is 5,000.", "outcome": "done", "facts": {"amount": 5000}}).facts
        {'amount': 5000}
        >>> parse_response({"message": "Hello"}).message
        'missing argument `outcome`; respond needs: message, outcome'
    """
    values = _FORM.parse(arguments, "")
    if isinstance(values, ToolError):
        return values
    given = arguments.get("facts") if is_object(arguments) else None
    facts = _parse_facts(given)
    if isinstance(facts, ToolError):
        return facts
    reason = values.get("reason_code")
    return Response(
        message=str(values["message"]),
        outcome=Outcome(str(values["outcome"])),
        reason_code=None if reason is None else ReasonCode(str(reason)),
        facts=facts,
    )


def _parse_facts(given: object) -> dict[str, object] | ToolError:
    if given is None:
        return {}
    if not is_object(given):
        return wrong_type("facts", given, "an object of names and values")
    if len(given) > _MAX_FACTS:
        message = f"`facts` has {len(given)} entries; at most {_MAX_FACTS} are allowed"
        return ToolError(ErrorCode.TOO_LONG, message, "facts")
    return _check_facts(given) or dict(given)


def _check_facts(facts: Mapping[str, object]) -> ToolError | None:
    for name, value in facts.items():
        error = text_error("facts", name, _FACT_LENGTH, lines=False)
        if error is not None:
            return error
        if is_array(value) and len(value) > _FACT_ITEMS:
            message = f"fact {named(name)} has {len(value)} items; at most {_FACT_ITEMS} are allowed"
            return ToolError(ErrorCode.TOO_LONG, message, "facts")
        for item in value if is_array(value) else (value,):
            error = _fact_error(name, item)
            if error is not None:
                return error
    return None


def _fact_error(name: str, value: object) -> ToolError | None:
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        if abs(value) <= _LARGEST_FACT:  # false for NaN as well
            return None
        message = f"fact {named(name)} is no usable number: {quoted(value)}"
        return ToolError(ErrorCode.OUT_OF_RANGE, message, "facts", kept(value))
    if isinstance(value, str):
        return None if not value else text_error("facts", value, _FACT_LENGTH, lines=True)
    message = f"fact {named(name)} must be a text, a number, a boolean, null, or a list of them, not {quoted(value)}"
    return ToolError(ErrorCode.INVALID_TYPE, message, "facts", kept(value))
