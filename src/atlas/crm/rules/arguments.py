"""Rules about the arguments of a call: which there are, which have to be there, and each one's value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from atlas.crm.fields import FieldDef
from atlas.crm.records import ErrorCode, FieldValue, JsonObject, ToolError
from atlas.crm.rules.values import Check, value_check, wrong_type
from atlas.crm.wording import is_object, kept, listed, named, nearest_argument


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
        """Return the error for an argument that there is not."""
        field = name if isinstance(name, str) else None
        if field is not None and field in self._withheld:
            message = f"argument {named(name)} of {self.tool} cannot be given: {self._withheld[field]}"
            return ToolError(ErrorCode.UNKNOWN_ARGUMENT, message, field, kept(name), hint="leave it out")
        near = nearest_argument(name, self.names, owner=self._owner)
        advice = f"did you mean `{near}`?" if near else f"{self.tool} takes: {listed(self.names)}"
        message = f"unknown argument {named(name)}; {advice}"
        return ToolError(ErrorCode.UNKNOWN_ARGUMENT, message, field, kept(name), self.names)

    def missing(self, name: str) -> ToolError:
        """Return the error for an argument that has to be given and was not."""
        message = f"missing argument `{name}`; {self.tool} needs: {', '.join(self.required)}"
        return ToolError(ErrorCode.MISSING_ARGUMENT, message, name, allowed=self.required)


def _cannot_be_empty(name: str) -> ToolError:
    return ToolError(ErrorCode.BLANK, f"`{name}` cannot be emptied; give it another value or leave it out", name)
