"""What a tool is, and how tools that create or modify one record derive from the schema."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias, cast

from atlas.crm.fields import EntityDef, FieldDef, FieldKind
from atlas.crm.records import Entity, ErrorCode, FieldValue, JsonObject, Row, ToolError, ToolSpec
from atlas.crm.rules.arguments import ArgumentForm
from atlas.crm.rules.texts import object_error
from atlas.crm.rules.values import wrong_type
from atlas.crm.schema import SCHEMA, show_row
from atlas.crm.store import Query
from atlas.crm.tools.json_schema import field_schema, object_schema
from atlas.crm.wording import field_named, is_object, named
from atlas.crm.workbench import Workbench

Outcome: TypeAlias = "dict[str, object] | ToolError"
Run: TypeAlias = Callable[[Workbench, JsonObject], Outcome]

UPDATES = "updates"


@dataclasses.dataclass(frozen=True, slots=True)
class Tool:
    """A tool of the world.

    Attributes:
        spec: What agents see of it.
        writes: Whether it may change something.
        run: Carries it out; answers with the data of the result, or with the error.
        returns: What the data holds, in one sentence, for the reference page.
        deletes: Whether it may delete something.
        overwrites: Whether it may replace what a record holds.
    """

    spec: ToolSpec
    writes: bool
    run: Run
    returns: str
    deletes: bool = False
    overwrites: bool = False

    @property
    def name(self) -> str:
        """Its name."""
        return self.spec.name


def answer(entity: Entity, row: Row | ToolError) -> Outcome:
    """Return the written row as a result shows it, or the error."""
    return row if isinstance(row, ToolError) else show_row(entity, row)


def withheld_fields(definition: EntityDef, *, modifying: bool) -> Mapping[str, str]:
    """Return the fields that callers cannot give, each with the reason."""
    reasons = {field.name: "it is set by the CRM" for field in definition.fields if field.set_by_world}
    if modifying:
        fixed = f"it stays as it was when the {definition.noun} was created"
        reasons |= {field.name: fixed for field in definition.given_fields if field.fixed}
    return reasons


def create_tool(name: str, entity: Entity, description: str) -> Tool:
    """Return a tool that creates one record; its arguments are the fields of the schema that callers give."""
    definition = SCHEMA[entity]
    fields = definition.given_fields
    required = tuple(field.name for field in fields if field.needed)
    form = ArgumentForm(
        name,
        fields,
        required=required,
        creating=True,
        withheld=withheld_fields(definition, modifying=False),
        owner=definition.noun,
    )

    def run(bench: Workbench, arguments: JsonObject) -> Outcome:
        values = form.parse(arguments, bench.today)
        return values if isinstance(values, ToolError) else answer(entity, bench.create(entity, values))

    properties = {field.name: field_schema(field, creating=True) for field in fields}
    spec = ToolSpec(name, description, object_schema(properties, required))
    return Tool(spec, writes=True, run=run, returns=f"The new {definition.noun}.")


def modify_tool(name: str, entity: Entity, description: str) -> Tool:
    """Return a tool that modifies one record; it takes the new values on their own or wrapped in ``updates``."""
    definition = SCHEMA[entity]
    id_field = definition.id_field
    fields = definition.changeable_fields
    form = ArgumentForm(
        name,
        fields,
        required=(field.name for field in fields if field.required),
        others=(id_field, UPDATES),
        withheld={
            reason: text for reason, text in withheld_fields(definition, modifying=True).items() if reason != id_field
        },
        owner=definition.noun,
    )
    find = record_finder(name, entity)
    example = example_of(fields)

    def run(bench: Workbench, arguments: JsonObject) -> Outcome:
        updates = unwrapped(arguments, UPDATES, example)
        if isinstance(updates, ToolError):
            return updates
        row_id = updates.pop(id_field, None)
        values = form.parse_updates(updates, bench.today)
        if isinstance(values, ToolError):
            return values
        row = find(bench, row_id)
        if isinstance(row, ToolError):
            return row
        if not values:
            message = f"nothing to change: give at least one of {', '.join(field.name for field in fields)}"
            return ToolError(ErrorCode.MISSING_ARGUMENT, message, UPDATES)
        return answer(entity, bench.update(entity, row, values))

    properties = {id_field: field_schema(definition.field(id_field)), UPDATES: _UPDATES_SCHEMA}
    properties |= {field.name: field_schema(field, nullable=not field.required) for field in fields}
    spec = ToolSpec(name, description, object_schema(properties, (id_field,)))
    return Tool(spec, writes=True, run=run, returns=f"The {definition.noun} as it is now.", overwrites=True)


_UPDATES_SCHEMA: JsonObject = {
    "type": "object",
    "description": "The new values by field name, as another way to give them than on their own; null empties a field.",
}


def record_finder(tool: str, entity: Entity) -> Callable[[Workbench, object], Row | ToolError]:
    """Return what looks up the record whose id was given to ``tool``."""
    definition = SCHEMA[entity]
    form = ArgumentForm(tool, (definition.fields[0],), required=(definition.id_field,))
    id_field = definition.id_field

    def find(bench: Workbench, given: object) -> Row | ToolError:
        values = form.parse({id_field: given}, "")
        return values if isinstance(values, ToolError) else bench.find(entity, values[id_field], id_field)

    return find


def record_tool(
    name: str,
    entity: Entity,
    description: str,
    run: Callable[[Workbench, Row], Outcome],
    *,
    writes: bool,
    returns: str,
) -> Tool:
    """Return a tool whose only argument is the id of a record; ``run`` gets the record."""
    definition = SCHEMA[entity]
    form = ArgumentForm(name, (definition.fields[0],), required=(definition.id_field,), owner=definition.noun)

    def run_on_id(bench: Workbench, arguments: JsonObject) -> Outcome:
        values = form.parse(arguments, bench.today)
        if isinstance(values, ToolError):
            return values
        row = bench.find(entity, values[definition.id_field], definition.id_field)
        return row if isinstance(row, ToolError) else run(bench, row)

    properties = {definition.id_field: field_schema(definition.fields[0])}
    spec = ToolSpec(name, description, object_schema(properties, (definition.id_field,)))
    return Tool(spec, writes=writes, run=run_on_id, returns=returns)


def delete_tool(name: str, entity: Entity, description: str) -> Tool:
    """Return a tool that deletes one record, and says what else happened by that."""

    def run(bench: Workbench, row: Row) -> Outcome:
        removal = bench.delete(entity, row)
        if isinstance(removal, ToolError):
            return removal
        return {
            "deleted": show_row(entity, row),
            "also_deleted": _by_plural(removal.deleted),
            "unlinked": _by_plural(removal.unlinked),
        }

    returns = (
        f"`deleted`, the {SCHEMA[entity].noun} as it was; `also_deleted`, the ids of what went with it, and "
        "`unlinked`, the ids of what referred to it and stays, each by kind of record."
    )
    return dataclasses.replace(record_tool(name, entity, description, run, writes=True, returns=returns), deletes=True)


def _by_plural(ids: Mapping[Entity, Sequence[str]]) -> dict[str, list[str]]:
    return {SCHEMA[entity].plural: list(ids[entity]) for entity in Entity if entity in ids}


def shown_rows(bench: Workbench, query: Query) -> list[dict[str, object]]:
    """Return the rows of ``query`` as results show them."""
    return [show_row(query.entity, row) for row in bench.select(query).rows]


def example_of(fields: Iterable[FieldDef]) -> str:
    """Return an object, as JSON, that gives one of ``fields`` a value: an enum where there is one, else a text.

    Example:
        >>> example_of(SCHEMA[Entity.OPPORTUNITY].fields), example_of(SCHEMA[Entity.CONTACT].fields)
        ('{"stage": "Prospecting"}', '{"first_name": "Ada"}')
    """
    given = list(fields)
    for field in given:
        if field.kind is FieldKind.ENUM:
            return json.dumps({field.name: field.allowed[0]})
    texts = [field.name for field in given if field.kind in (FieldKind.NAME, FieldKind.TEXT)]
    return json.dumps({texts[0]: "Ada" if texts[0] == "first_name" else "Acme"}) if texts else "{...}"


def unwrapped(arguments: object, wrapper: str, example: str) -> dict[str, object] | ToolError:
    """Return the arguments with those inside ``arguments[wrapper]`` taken out, or the error.

    Args:
        arguments: What was given.
        wrapper: Name of the argument that may hold others.
        example: A right value of it, as JSON, for the hint.

    Example:
        >>> unwrapped({"criteria": {"name": "Acme"}, "limit": 3}, "criteria", '{"name": "Acme"}')
        {'limit': 3, 'name': 'Acme'}
    """
    if not is_object(arguments):
        return wrong_type("arguments", arguments, "an object")
    flat = dict(arguments)
    wrapped = flat.pop(wrapper, None)
    if wrapped is None:
        return flat
    if not is_object(wrapped):
        return object_error(wrapper, wrapped, example)
    for name, value in wrapped.items():
        if name == wrapper:
            message = f"`{wrapper}` stands inside `{wrapper}`; wrap once"
            return ToolError(ErrorCode.UNKNOWN_ARGUMENT, message, wrapper)
        if name in flat:
            message = f"{named(name)} is given twice, in `{wrapper}` and on its own; give it once"
            return ToolError(ErrorCode.MISMATCH, message, field_named(name))
        flat[name] = value
    return flat


def stored_text(row: Mapping[str, FieldValue], field: str) -> str:
    """Return a field that always holds a text."""
    return cast("str", row[field])
