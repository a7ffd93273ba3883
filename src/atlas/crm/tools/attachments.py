"""How the documents or notes on one record are listed."""

from __future__ import annotations

from atlas.core.records import JsonObject
from atlas.crm.records import Entity, ToolError, ToolSpec
from atlas.crm.rules.arguments import ArgumentForm
from atlas.crm.schema import SCHEMA
from atlas.crm.store import attached_to
from atlas.crm.tools.definition import Outcome, Tool, shown_rows
from atlas.crm.tools.json_schema import field_schema, object_schema
from atlas.crm.workbench import Workbench

_ARGUMENTS = ("entity_type", "entity_id")


def list_tool(name: str, entity: Entity, description: str, *, order_by: str) -> Tool:
    """Return a tool that lists the documents or notes (``entity``) on one record, the oldest first."""
    definition = SCHEMA[entity]
    fields = tuple(definition.field(argument) for argument in _ARGUMENTS)
    form = ArgumentForm(name, fields, required=_ARGUMENTS, owner=definition.noun)

    def run(bench: Workbench, arguments: JsonObject) -> Outcome:
        values = form.parse(arguments, bench.today)
        if isinstance(values, ToolError):
            return values
        target, target_id = Entity(str(values["entity_type"])), str(values["entity_id"])
        row = bench.find(target, target_id, "entity_id", hosts=definition.field("entity_type").allowed)
        if isinstance(row, ToolError):
            return row
        found = shown_rows(bench, attached_to(entity, target, target_id, order_by=order_by))
        return {"results": found, "total": len(found)}

    spec = ToolSpec(name, description, object_schema({field.name: field_schema(field) for field in fields}, _ARGUMENTS))
    returns = f"`results`, the {definition.plural}, the oldest first, and `total`."
    return Tool(spec, writes=False, run=run, returns=returns)
