"""Rules about the arguments of a call: which there are, which have to be there, and each one's value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeGuard

from atlas.core.errors import nearest_name
from atlas.crm.fields import FieldDef, FieldKind
from atlas.crm.records import ErrorCode, FieldValue, JsonObject, ToolError
from atlas.crm.rules.lookups import SEARCHES
from atlas.crm.rules.synonyms import Meaning, meaning_of, plain_name
from atlas.crm.rules.values import Check, value_check, wrong_type
from atlas.crm.schema import SCHEMA
from atlas.crm.wording import field_named, is_object, kept, listed, named, nearest_argument, quoted


class ArgumentForm:
    """The arguments of one kind of call, ready to be checked against.

    Args:
        tool: Name of the tool, for messages.
        fields: The fields that are arguments.
        required: Names of those that have to be given.
        creating: Whether the values are for a new record.
        others: Names of further arguments, checked by somebody else.
        withheld: Fields of the record that are no arguments, each with the reason.
        owner: Word that people put in front of a field's name, such as ``opportunity``.
    """

    def __init__(
        self,
        tool: str,
        fields: Sequence[FieldDef],
        *,
        required: Iterable[str] = (),
        creating: bool = False,
        others: Iterable[str] = (),
        withheld: Mapping[str, str] | None = None,
        owner: str = "",
    ) -> None:
        self.tool = tool
        self.required = tuple(required)
        self._required = frozenset(self.required)
        self._checks: tuple[tuple[str, Check], ...] = tuple(
            (field.name, value_check(field, creating=creating)) for field in fields
        )
        self._fields = {field.name: field for field in fields}
        self._creating = creating
        self._empty = {field.name: field.empty for field in fields}
        self.names = (*(field.name for field in fields), *others)
        self._known = frozenset(self.names)
        self._withheld = withheld or {}
        self._owner = owner

    def parse(self, arguments: object, today: str) -> dict[str, FieldValue] | ToolError:
        """Return the stored values of the fields that were given, in schema order, or the first error.

        An argument that is null counts as not given, except where it is required.

        Args:
            arguments: What the caller sent; any JSON value.
            today: The world's today, ISO.
        """
        if not is_object(arguments):
            return wrong_type("arguments", arguments, "an object")
        if not arguments.keys() <= self._known:
            return self.unknown(next(name for name in arguments if name not in self._known))
        for name in self.required:
            if arguments.get(name) is None:
                return self.missing(name)
        values: dict[str, FieldValue] = {}
        for name, check in self._checks:
            given = arguments.get(name)
            if given is not None:
                value = check(given, today)
                if isinstance(value, ToolError):
                    return value
                values[name] = value
        return values

    def parse_updates(self, updates: JsonObject, today: str) -> dict[str, FieldValue] | ToolError:
        """Return the stored values to be set, in schema order, or the first error; null empties a field."""
        if not updates.keys() <= self._known:
            return self.unknown(next(name for name in updates if name not in self._known))
        values: dict[str, FieldValue] = {}
        for name, check in self._checks:
            if name in updates:
                given = updates[name]
                if given is None:
                    if name in self._required:
                        return _cannot_be_empty(name)
                    values[name] = self._empty[name]
                    continue
                value = check(given, today)
                if isinstance(value, ToolError):
                    return value
                values[name] = value
        return values

    def unknown(self, name: object) -> ToolError:
        """Return the error for an argument that there is not: what it most likely means, or why it cannot be given."""
        field = field_named(name)
        meaning = self._read(name)
        for meant in meaning.arguments:
            if meant in self._withheld:
                also = f" (`{meant}`)" if meant != name else ""
                message = f"argument {named(name)}{also} of {self.tool} cannot be given: {self._withheld[meant]}"
                return ToolError(ErrorCode.UNKNOWN_ARGUMENT, message, field, kept(name), hint="leave it out")
        near = " and ".join(f"`{meant}`" for meant in meaning.arguments)
        hint = meaning.advice or None
        if not near and hint:
            message = f"unknown argument {named(name)}; {hint}"
        else:
            advice = f"did you mean {near}?" if near else f"{self.tool} takes: {listed(self.names)}"
            message = f"unknown argument {named(name)}; {advice}"
        return ToolError(ErrorCode.UNKNOWN_ARGUMENT, message, field, kept(name), self.names, hint)

    def missing(self, name: str) -> ToolError:
        """Return the error for an argument that has to be given and was not."""
        message = f"missing argument `{name}`; {self.tool} needs: {', '.join(self.required)}"
        field = self._fields.get(name)
        hint = None if field is None else wanted_value(field, creating=self._creating)
        return ToolError(ErrorCode.MISSING_ARGUMENT, message, name, allowed=self.required, hint=hint)

    def _read(self, name: object) -> Meaning:
        if name in self._withheld:
            return Meaning((str(name),))
        if not _is_readable(name):
            return Meaning(())
        meant = meaning_of(name, self.names, owner=self._owner)
        if meant is None or not meant.arguments:
            withheld = meaning_of(name, self._withheld, owner=self._owner)
            meant = withheld if withheld is not None and withheld.arguments else meant
        return meant or _likest(name, self.names)


def _is_readable(name: object) -> TypeGuard[str]:
    return isinstance(name, str) and len(name) <= _LONGEST_GUESS


def _likest(name: str, known: Sequence[str]) -> Meaning:
    near = nearest_name(name, known)
    return Meaning((near,) if near else ())


_LONGEST_GUESS = 60  # characters of an unknown name that a guess is made from


def wanted_value(field: FieldDef, *, creating: bool = False) -> str | None:
    """Return in a few words what ``field`` takes, None where its name says it all.

    Example:
        >>> from atlas.crm.schema import SCHEMA, Entity
        >>> wanted_value(SCHEMA[Entity.QUOTE].field("opportunity_id"))
        'it takes the id of an opportunity; look it up with opportunity_search'
        >>> wanted_value(SCHEMA[Entity.QUOTE].field("status"), creating=True)
        'it takes one of Draft, Sent'
    """
    if field.kind is FieldKind.REFERENCE and field.references is not None:
        return f"it takes the id of {SCHEMA[field.references].a_noun}; look it up with {SEARCHES[field.references]}"
    if field.kind is FieldKind.ENUM:
        return f"it takes one of {', '.join(field.starting_values if creating else field.allowed)}"
    return _WANTED.get(field.kind)


_WANTED: Mapping[FieldKind, str] = {
    FieldKind.MONEY: "it takes a JSON number in currency units, such as 12500",
    FieldKind.STAFF: "it takes the handle of a colleague; look it up with staff_search",
    FieldKind.DATE: "it takes a day, written as YYYY-MM-DD",
    FieldKind.FILE_NAME: "it takes the name of the file with its extension, such as proposal.pdf",
}


def unknown_operator(field: str, name: object, operators: Sequence[str]) -> ToolError:
    """Return the error for an operator that criteria on a field have not.

    Args:
        field: Name of the field.
        name: What was given.
        operators: What there is.

    Example:
        >>> unknown_operator("amount", ">", ("equals", "gte")).message
        'unknown operator `>` for `amount`; did you mean `gte`?'
    """
    meant = Meaning(())
    if _is_readable(name):
        meant = meaning_of(name, operators) or _likest(name, operators)
    near = " and ".join(f"`{operator}`" for operator in meant.arguments)
    advice = f"did you mean {near}?" if near else f"allowed: {listed(operators)}"
    message = f"unknown operator {named(name)} for `{field}`; {advice}"
    return ToolError(ErrorCode.UNKNOWN_ARGUMENT, message, field, kept(name), tuple(operators), meant.advice or None)


def unknown_order(argument: str, given: str, sortable: Sequence[str]) -> ToolError:
    """Return the error for an order that is no field, nor one with a leading -.

    Args:
        argument: Name of the argument.
        given: What was given.
        sortable: The fields that there are.

    Example:
        >>> unknown_order("order_by", "amount desc", ("name", "amount")).hint
        "did you mean '-amount'?"
    """
    message = f"`{argument}` cannot be {quoted(given)}; allowed, with or without a leading -: {', '.join(sortable)}"
    plain, descending = plain_name(given[: _LONGEST_GUESS + 1]), given.startswith("-")
    for word, is_descending in _DIRECTIONS:
        bare = plain.removesuffix(f"_{word}").removeprefix(f"{word}_")
        descending = descending or (is_descending and bare != plain)
        plain = bare
    near = nearest_argument(plain, sortable)
    hint = f"did you mean {('-' if descending else '') + near!r}?" if near else None
    return ToolError(ErrorCode.INVALID_ENUM, message, argument, kept(given), tuple(sortable), hint)


_DIRECTIONS = (("desc", True), ("descending", True), ("asc", False), ("ascending", False))


def _cannot_be_empty(name: str) -> ToolError:
    return ToolError(ErrorCode.BLANK, f"`{name}` cannot be emptied; give it another value or leave it out", name)
