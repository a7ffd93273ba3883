"""What a check of a store plays: a sequence of steps, written down before anything is known of what they will find.

A step names records by number instead of by id, so that a sequence still means something when it is made shorter: the
third opportunity that there ever was, whatever its id.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Mapping
from typing import TypeAlias, cast

from atlas.crm.records import Entity, Row
from atlas.crm.store import Operator
from atlas.crm.validation_rules import ValidationRule

Arguments: TypeAlias = Mapping[str, object]


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """The id of some record of that kind that there is or was; it counts from the first one and starts again."""

    entity: Entity
    number: int


class Twist(enum.StrEnum):
    """What is done to a text before a store is asked for it."""

    NONE = "none"
    SWAPPED = "swapped case"
    UPPER = "upper case"
    FOLDED = "folded"
    START = "its start"
    MIDDLE = "its middle"
    END = "its end"


@dataclasses.dataclass(frozen=True, slots=True)
class Held:
    """What some record of that kind holds in a field, so that a search for it finds something."""

    entity: Entity
    field: str
    number: int
    twist: Twist = Twist.NONE


@dataclasses.dataclass(frozen=True, slots=True)
class Sought:
    """A criterion whose operands may be held by records."""

    field: str
    operator: Operator
    operands: tuple[object, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class CallTool:
    """Call a tool; arguments may hold ``Known`` and ``Held``, nested to any depth."""

    tool: str
    arguments: Arguments


@dataclasses.dataclass(frozen=True, slots=True)
class NextPage:
    """Make the last search again, with the cursor that it gave."""


@dataclasses.dataclass(frozen=True, slots=True)
class Select:
    """Ask the store itself for rows."""

    entity: Entity
    criteria: tuple[Sought, ...] = ()
    order_by: str | None = None
    descending: bool = False
    limit: int | None = None
    offset: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class SelectChanged:
    """Ask the store itself for what a row holds since it was changed, or held before: indexes may be stale.

    Attributes:
        change: Number of the change, the last one being 0.
        field: Number of the field among those that it changed.
        before: Whether to ask for the value before.
        twist: What is done to a text first; it is sought as a part of the field then.
    """

    change: int
    field: int
    before: bool
    twist: Twist


@dataclasses.dataclass(frozen=True, slots=True)
class Get:
    """Ask the store itself for one row."""

    entity: Entity
    row_id: Known | str


@dataclasses.dataclass(frozen=True, slots=True)
class Put:
    """Write a row to the store itself, past all rules; None writes the row that is there once more."""

    entity: Entity
    row_id: Known | str
    row: Row | None


@dataclasses.dataclass(frozen=True, slots=True)
class Remove:
    """Delete a row from the store itself, after everything that refers to it."""

    entity: Entity
    row_id: Known | str


@dataclasses.dataclass(frozen=True, slots=True)
class Mark:
    """Set a savepoint."""


@dataclasses.dataclass(frozen=True, slots=True)
class GoBack:
    """Go back to one of the savepoints set so far, the last one being 0; later ones are gone then."""

    number: int


@dataclasses.dataclass(frozen=True, slots=True)
class LookAside:
    """Open a second session beside the first: it has to show the company untouched."""


Step: TypeAlias = "CallTool | NextPage | Select | SelectChanged | Get | Put | Remove | Mark | GoBack | LookAside"


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """A sequence to play on two stores.

    Attributes:
        company: Number of the company.
        actor: Handle of the colleague on whose behalf calls are made.
        rules: The company's own rules.
        patch: Rows that the session begins with besides those of the company.
        order: Twice the number of the field that all rows are sorted by at the end, and one more to sort them falling.
        steps: What happens.
    """

    company: int
    actor: str
    rules: tuple[ValidationRule, ...]
    patch: tuple[tuple[Entity, Row], ...]
    order: int
    steps: tuple[Step, ...]


def filled(value: object, meant: Callable[[Known | Held], object]) -> object:
    """Return ``value`` with what ``meant`` says in the place of every ``Known`` and ``Held``, nested to any depth.

    Example:
        >>> filled({"quote_ids": [Known(Entity.QUOTE, 3)]}, lambda named: f"q{named.number}")
        {'quote_ids': ['q3']}
    """
    if isinstance(value, (Known, Held)):
        return meant(value)
    if isinstance(value, Mapping):
        return {name: filled(item, meant) for name, item in cast("Mapping[object, object]", value).items()}
    if isinstance(value, list):
        return [filled(item, meant) for item in cast("list[object]", value)]
    return value
