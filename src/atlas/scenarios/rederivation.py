"""Working out a value again from its trace: from records alone, with nothing of what generated the case.

An import contract says so: this module sees the records of scenarios, companies' rules and traces, and no more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import assert_never, cast

from atlas.core.errors import CorpusError
from atlas.core.records import record
from atlas.crm.records import Entity, Row, StaffMember
from atlas.crm.schema import SCHEMA, to_shown
from atlas.scenarios.conventions import Convention
from atlas.scenarios.records import CustomerScript
from atlas.scenarios.rule_values import RULE_VALUES, Known
from atlas.verify.matchers import is_number
from atlas.verify.traces import (
    Aggregate,
    ByRule,
    Found,
    InDirectory,
    Joined,
    OfClock,
    OfSchema,
    Said,
    Stored,
    Trace,
)

_DAY_FORMS = ("%Y-%m-%d", "%d %B %Y", "%B %d, %Y")
_THOUSAND, _MILLION = 1000, 1_000_000
_SHORTEST_PART = 3  # characters of a part of a name by which a record can be found
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b")


@record
class Evidence:
    """What a colleague has in front of them.

    Attributes:
        script: What the user says.
        today: The day of the case.
        staff: The colleagues.
        conventions: The unwritten rules of the company.
        rows: Every record at the start of the case, by kind and id.
    """

    script: CustomerScript
    today: date
    staff: tuple[StaffMember, ...]
    conventions: tuple[Convention, ...]
    rows: Mapping[Entity, Mapping[str, Row]]

    def texts(self) -> tuple[str, ...]:
        """Return everything that the user can say: the messages, then the disclosures."""
        return (*self.script.turns, *(entry.text for entry in self.script.disclosures))


def work_out(trace: Trace, evidence: Evidence) -> object:
    """Return the value that ``trace`` leads to.

    Raises:
        CorpusError: it leads nowhere: nobody said that, no record holds that, no rule gives that.
    """
    match trace:
        case Said():
            return _as_said(trace, evidence)
        case Found() | Stored():
            return _from_rows(trace, evidence)
        case InDirectory():
            return _in_directory(trace, evidence)
        case OfSchema():
            return _of_schema(trace)
        case Aggregate():
            return _sum_up(trace, evidence)
        case OfClock() | ByRule() | Joined():
            return _follow(trace, evidence)
    assert_never(trace)


def _from_rows(trace: Found | Stored, evidence: Evidence) -> object:
    found, field = (trace, SCHEMA[trace.entity].id_field) if isinstance(trace, Found) else (trace.record, trace.field)
    return shown_field(found.entity, field, _find(found, evidence))


def _follow(trace: OfClock | ByRule | Joined, evidence: Evidence) -> object:
    match trace:
        case OfClock():
            return (evidence.today + timedelta(days=trace.days)).isoformat()
        case ByRule():
            return by_rule(trace, evidence, lambda part: work_out(part, evidence))
        case Joined():
            return trace.between.join(str(work_out(part, evidence)) for part in trace.parts) + trace.end
    assert_never(trace)


def _as_said(trace: Said, evidence: Evidence) -> object:
    texts = evidence.texts()
    if trace.turn >= len(texts) or trace.text not in texts[trace.turn]:
        raise CorpusError(f"nobody says {trace.text!r} in message {trace.turn}")
    return read_as(trace.text, trace.form)


def read_as(text: str, form: str) -> object:
    """Return what ``text`` means, read in one of the forms of :class:`atlas.verify.traces.Said`.

    Raises:
        CorpusError: it cannot be read so.

    Example:
        >>> read_as("45k", "thousands"), read_as("2 March 2026", "day"), read_as("1,250.50", "number")
        (45000, '2026-03-02', 1250.5)
    """
    if form == "text":
        return text
    if form == "day":
        return _read_day(text)
    digits = re.sub(r"[^\d.-]", "", text.rstrip("."))
    try:
        number = float(digits) * {"thousands": _THOUSAND, "millions": _MILLION}.get(form, 1)
    except ValueError:
        raise CorpusError(f"{text!r} is no number") from None
    rounded = round(number, 2)
    return int(rounded) if rounded == int(rounded) else rounded


def _read_day(text: str) -> str:
    plain = _ORDINAL.sub("", text)
    for form in _DAY_FORMS:
        try:
            return datetime.strptime(plain, form).date().isoformat()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
    raise CorpusError(f"{text!r} is no day")


def _find(found: Found, evidence: Evidence) -> Row:
    row = evidence.rows[found.entity].get(found.id)
    if row is None:
        raise CorpusError(f"there is no {found.entity.value} {found.id}")
    known = work_out(found.value, evidence)
    held = shown_field(found.entity, found.field, row)
    part = isinstance(known, str) and isinstance(held, str) and len(known) >= _SHORTEST_PART
    if known != held and not (part and str(known).casefold() in str(held).casefold()):
        raise CorpusError(f"{found.entity.value} {found.id} is not found by {found.field}: {held!r} is not {known!r}")
    return row


def shown_field(entity: Entity, field: str, row: Row) -> object:
    """Return a field of a row as it is shown; ``name`` of a contact is both names.

    Raises:
        CorpusError: there is no such field.
    """
    if entity is Entity.CONTACT and field == "name":
        return f"{row['first_name']} {row['last_name']}"
    if field not in row:
        raise CorpusError(f"{entity.value} has no field {field!r}")
    return to_shown(entity, field, row[field])


def _in_directory(trace: InDirectory, evidence: Evidence) -> object:
    for member in evidence.staff:
        if member.handle == trace.handle:
            return {
                "handle": member.handle,
                "name": member.name,
                "role": member.role,
                "territory": member.territory,
            }[trace.field]
    raise CorpusError(f"nobody has the handle {trace.handle!r}")


def _of_schema(trace: OfSchema) -> str:
    if trace.value not in schema_words():
        raise CorpusError(f"the schema has no value {trace.value!r}")
    return trace.value


def schema_words() -> frozenset[str]:
    """Return the values of closed sets, the names of the kinds of records and of their fields."""
    fields = [field for definition in SCHEMA.values() for field in definition.fields]
    return frozenset(
        {entity.value for entity in Entity}
        | {value for field in fields for value in field.allowed}
        | {field.name for field in fields}
        | {field.name.replace("_", " ") for field in fields}
    )


def _sum_up(trace: Aggregate, evidence: Evidence) -> object:
    values = [shown_field(one.entity, trace.field, _find(one, evidence)) for one in trace.records]
    if trace.operation == "list":
        return values
    if trace.operation == "count":
        return len(values)
    numbers = cast("Sequence[float]", values)
    result = {
        "sum": lambda: sum(numbers),
        "difference": lambda: abs(numbers[0] - numbers[1]),
        "greatest": lambda: max(numbers),
        "smallest": lambda: min(numbers),
    }[trace.operation]()
    return round(result, 2) if isinstance(result, float) else result


def by_rule(trace: ByRule, evidence: Evidence, value_of: Callable[[Trace], object]) -> object:
    """Return what a rule gives; who tries many applications may remember what ``value_of`` gives for an input.

    Raises:
        CorpusError: the company has no such rule, or it gives nothing here.
    """
    rule = next((each for each in evidence.conventions if each.kind == trace.convention), None)
    value = RULE_VALUES.get(trace.convention, {}).get(trace.operation)
    if rule is None or value is None:
        raise CorpusError(f"the company has no rule {trace.convention!r} that gives {trace.operation!r}")
    if len(trace.inputs) != len(value.needs):
        raise CorpusError(
            f"{trace.convention} gives {trace.operation} from {value.needs}, not {len(trace.inputs)} inputs"
        )
    inputs = {need: _input(need, value_of(part)) for need, part in zip(value.needs, trace.inputs, strict=True)}
    given = value.give(rule, known_with(evidence.today, inputs))
    if given is None:
        raise CorpusError(f"{trace.convention} gives no {trace.operation} here")
    return given


def _input(need: str, value: object) -> object:
    if need == "money" and not is_number(value):
        raise CorpusError(f"{value!r} is no amount of money")
    if need != "day":
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise CorpusError(f"{value!r} is no day") from None


def known_with(today: date, inputs: Mapping[str, object]) -> Known:
    """Return what is known, from inputs by the names of :class:`atlas.scenarios.rule_values.Known`."""
    return Known(today, **cast("Mapping[str, str]", inputs))  # type: ignore[arg-type]
