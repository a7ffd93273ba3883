"""Where the values in a solution come from: every one has to be something that a colleague can know at that point."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import cast

from atlas.crm.records import Entity
from atlas.crm.schema import SCHEMA
from atlas.episodes.records import Turn
from atlas.scenarios.conventions import (
    ChangeNote,
    Convention,
    DealNaming,
    DocumentContact,
    DocumentNaming,
    OwnerAssignment,
    StageLadder,
    Vocabulary,
)
from atlas.scenarios.conventions.deals import STAGES
from atlas.scenarios.records import Scenario
from atlas.scenarios.rule_values import RULE_VALUES, Known, RuleValue
from atlas.verify.matchers import is_number

_NUMBER = re.compile(r"(?<![\w.])(\d[\d,]*(?:\.\d+)?)(k\b| ?m\b| million\b)?")
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000, "million": 1_000_000}
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_SLOT_SHAPES = {"date": r"\d{4}-\d\d-\d\d", "year": r"\d{4}"}  # of a template; other slots take anything
_STEERING = frozenset({"order_by", "limit"})  # arguments that steer a search and hold no business value


class Source(enum.StrEnum):
    """Where a value can come from."""

    USER = "user"
    RESULT = "result"
    SCHEMA = "schema"
    CONVENTION = "convention"


class Knowledge:
    """What a colleague knows at a point of a case.

    Args:
        conventions: The unwritten rules of the company.
        today: The day of the case.
    """

    def __init__(self, conventions: Sequence[Convention], today: date) -> None:
        self._conventions = conventions
        self._today = today
        self._heard = ""
        self._seen: list[object] = []

    def hear(self, message: str) -> None:
        """Take in what the user said."""
        self._heard += "\n" + message

    def see(self, result: object) -> None:
        """Take in what the world answered."""
        self._seen += _leaves(result)

    def source_of(self, value: object) -> Source | None:
        """Return where ``value`` comes from, None where nobody could know it."""
        if self._was_said(value):
            return Source.USER
        if value in self._seen:
            return Source.RESULT
        if value in _SCHEMA_WORDS:
            return Source.SCHEMA
        follows = any(self._follows(convention, value) for convention in self._conventions)
        return Source.CONVENTION if follows else None

    def _was_said(self, value: object) -> bool:
        if isinstance(value, (int, float)):
            return float(value) in self._numbers()
        if not isinstance(value, str):
            return False
        return value.casefold() in self._heard.casefold() or any(text in self._heard for text in _day_texts(value))

    def _numbers(self) -> set[float]:
        return {
            round(float(text.replace(",", "")) * _UNITS[unit.strip()], 2) for text, unit in _NUMBER.findall(self._heard)
        }

    def _seen_numbers(self) -> Iterator[float]:
        return (seen for seen in self._seen if is_number(seen))

    def _known_days(self) -> Iterator[date]:
        """Yield every day that was seen as a whole value."""
        for seen in self._seen:
            if isinstance(seen, str) and _ISO_DAY.fullmatch(seen):
                yield date.fromisoformat(seen)

    def _knows(self, value: object) -> bool:
        return self._was_said(value) or value in self._seen

    def _follows(self, convention: Convention, value: object) -> bool:
        given = RULE_VALUES.get(convention.kind, {}).values()
        if any(value == outcome for one in given for outcome in self._outcomes(convention, one)):
            return True
        if not isinstance(value, str):
            return False
        return value in _house_words(convention) or any(
            self._fits_template(template, value) for template in _templates(convention)
        )

    def _outcomes(self, convention: Convention, given: RuleValue) -> Iterator[object]:
        """Yield what a rule gives, for everything known that it can follow from by itself."""
        match given.needs:
            case ():
                yield given.give(convention, Known(self._today))
            case ("day",):
                yield from (given.give(convention, Known(self._today, day=day)) for day in self._known_days())
            case ("money",):
                for money in (*self._numbers(), *self._seen_numbers()):
                    yield given.give(convention, Known(self._today, money=round(money, 2)))
            case ("stage",):
                yield from (given.give(convention, Known(self._today, stage=stage)) for stage in STAGES)
            case _:  # texts are recognized by their templates and words
                return

    def _fits_template(self, template: str, value: str) -> bool:
        """Tell whether ``value`` is the template with nothing in its slots but what is known, or the date."""
        pattern = re.sub(r"\\\{(\w+)\\\}", lambda slot: f"({_SLOT_SHAPES.get(slot[1], '.+')})", re.escape(template))
        found = re.fullmatch(pattern, value)
        dated = {self._today.isoformat(), str(self._today.year)}
        known = (*STAGES, *dated)
        return found is not None and all(
            part in known or self._knows(part) or self._number_text(part) for part in found.groups()
        )

    def _number_text(self, text: str) -> bool:
        try:
            number = float(text)
        except ValueError:
            return False
        return number in self._numbers() or number in self._seen


def underived(turns: Sequence[Turn], scenario: Scenario, conventions: Sequence[Convention]) -> Iterator[str]:
    """Yield every value in the calls of a demonstration that nobody could know at that point.

    Args:
        turns: The demonstration.
        scenario: Its case.
        conventions: The unwritten rules of the company.
    """
    knowledge = Knowledge(conventions, scenario.today)
    for turn in turns:
        knowledge.hear(turn.user)
        for step in turn.steps:
            for name, value in step.call.arguments.items():
                for leaf in () if name in _STEERING else _leaves(value):
                    if knowledge.source_of(leaf) is None:
                        yield f"{step.call.tool}.{name} = {leaf!r}"
            knowledge.see(step.result.data)


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, Mapping):
        for name, item in cast("Mapping[str, object]", value).items():
            if name not in _STEERING:
                yield from _leaves(item)
    elif isinstance(value, (list, tuple)):
        for item in cast("Sequence[object]", value):
            yield from _leaves(item)
    elif value is not None:
        yield value


def _day_texts(iso: str) -> tuple[str, ...]:
    try:
        day = date.fromisoformat(iso)
    except ValueError:
        return ()
    return f"{day.day} {day:%B %Y}", f"{day:%B} {day.day}, {day.year}"


def _house_words(convention: Convention) -> tuple[str, ...]:
    match convention:
        case Vocabulary():
            return tuple(term.value for term in convention.terms)
        case OwnerAssignment():
            return (*convention.owners.values(), *convention.owners)
        case StageLadder():
            return STAGES
        case DocumentContact():
            return tuple(convention.titles.values())
        case _:
            return ()


def _templates(convention: Convention) -> tuple[str, ...]:
    match convention:
        case DealNaming() | DocumentNaming() | ChangeNote():
            return (convention.template,)
        case _:
            return ()


_SCHEMA_WORDS: frozenset[object] = frozenset(
    {entity.value for entity in Entity}
    | {value for definition in SCHEMA.values() for field in definition.fields for value in field.allowed}
    | {"Account Executive"}
)
