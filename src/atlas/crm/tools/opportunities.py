"""Tools about opportunities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from atlas.core.money import from_cents
from atlas.core.records import JsonObject
from atlas.crm.records import Entity, ErrorCode, Row, ToolError, ToolSpec
from atlas.crm.schema import CLOSED_STAGES, SCHEMA, show_row
from atlas.crm.store import Query, attached_to, equal_to
from atlas.crm.tools.definition import (
    Outcome,
    Tool,
    answer,
    create_tool,
    delete_tool,
    modify_tool,
    record_tool,
    shown_rows,
    stored_text,
)
from atlas.crm.tools.search import SearchForm, search_tool
from atlas.crm.workbench import Workbench

CLONE_SUFFIX = " (Clone)"

_OPPORTUNITY = SCHEMA[Entity.OPPORTUNITY]
_STAGES = _OPPORTUNITY.field("stage").allowed
_SUMMARY = SearchForm("summarize_opportunities", _OPPORTUNITY.fields, paged=False, owner="opportunity")


def _view(bench: Workbench, row: Row) -> Outcome:
    opportunity_id = stored_text(row, "opportunity_id")
    client_id = stored_text(row, "client_id")
    here = (Entity.OPPORTUNITY, opportunity_id)
    client = bench.store.get(Entity.CLIENT, client_id)
    return {
        "opportunity": show_row(Entity.OPPORTUNITY, row),
        "client": None if client is None else show_row(Entity.CLIENT, client),
        "contacts": shown_rows(bench, equal_to(Entity.CONTACT, "client_id", client_id, order_by="last_name")),
        "quotes": shown_rows(bench, equal_to(Entity.QUOTE, "opportunity_id", opportunity_id, order_by="created_date")),
        "documents": shown_rows(bench, attached_to(Entity.DOCUMENT, *here, order_by="uploaded_at")),
        "notes": shown_rows(bench, attached_to(Entity.NOTE, *here, order_by="created_at")),
    }


def _clone(bench: Workbench, row: Row) -> Outcome:
    client_id = row["client_id"]
    client = None if client_id is None else bench.find(Entity.CLIENT, client_id, "client_id")
    if isinstance(client, ToolError):  # an imported record may refer to nobody, a new one may not
        return client
    copy = {field.name: row[field.name] for field in _OPPORTUNITY.given_fields}
    name = f"{row['name'] or ''}{CLONE_SUFFIX}"
    most = _OPPORTUNITY.field("name").max_length or 0
    if len(name) > most:
        message = f"the copy's `name` would have {len(name)} characters; at most {most} are allowed"
        return ToolError(ErrorCode.TOO_LONG, message, "name", hint="shorten the name of the opportunity first")
    copy["name"] = name
    if copy["stage"] in CLOSED_STAGES:
        copy["stage"] = _STAGES[0]
    return answer(Entity.OPPORTUNITY, bench.create(Entity.OPPORTUNITY, copy, copied=True))


def _summarize(bench: Workbench, arguments: JsonObject) -> Outcome:
    parsed = _SUMMARY.parse(arguments)
    if isinstance(parsed, ToolError):
        return parsed
    rows = bench.select(Query(Entity.OPPORTUNITY, parsed.criteria)).rows
    by_stage = {stage: [row for row in rows if row["stage"] == stage] for stage in _STAGES}
    return {
        "count": len(rows),
        "total_amount": from_cents(_total(rows)),
        "average_amount": _average(rows),
        "by_stage": {
            stage: {"count": len(group), "total_amount": from_cents(_total(group))}
            for stage, group in by_stage.items()
            if group
        },
    }


def _total(rows: Sequence[Row]) -> int:
    return sum(cast("int", row["amount"] or 0) for row in rows)


def _average(rows: Sequence[Row]) -> int | float | None:
    """The mean amount, to the cent, halves rounded up; None where there is nothing."""
    return from_cents((2 * _total(rows) + len(rows)) // (2 * len(rows))) if rows else None


TOOLS: tuple[Tool, ...] = (
    create_tool("create_new_opportunity", Entity.OPPORTUNITY, "Create an opportunity for a client."),
    modify_tool(
        "modify_opportunity",
        Entity.OPPORTUNITY,
        "Change fields of an opportunity; a closed one keeps stage, amount, probability and close_date.",
    ),
    search_tool("opportunity_search", Entity.OPPORTUNITY, "Find opportunities."),
    record_tool(
        "view_opportunity_details",
        Entity.OPPORTUNITY,
        "Show an opportunity with its client, the client's contacts, and its quotes, documents and notes.",
        _view,
        writes=False,
        returns="`opportunity`, `client`, and the lists `contacts` (of the client), `quotes`, `documents`, `notes`.",
    ),
    record_tool(
        "opportunity_details",
        Entity.OPPORTUNITY,
        "Show the fields of an opportunity, without what is around it.",
        lambda _, row: show_row(Entity.OPPORTUNITY, row),
        writes=False,
        returns="The opportunity.",
    ),
    delete_tool(
        "delete_opportunity",
        Entity.OPPORTUNITY,
        "Delete an opportunity with its quotes and all notes and documents on them; its contracts stay without it.",
    ),
    record_tool(
        "clone_opportunity",
        Entity.OPPORTUNITY,
        f'Copy an opportunity, with "{CLONE_SUFFIX}" behind its name; the copy of a closed one is in {_STAGES[0]}.',
        _clone,
        writes=True,
        returns="The copy.",
    ),
    Tool(
        ToolSpec(
            "summarize_opportunities",
            "Count opportunities and add up their amounts, in all and by stage.",
            _SUMMARY.schema(),
        ),
        writes=False,
        run=_summarize,
        returns="`count`, `total_amount`, `average_amount` (null where there is none), and `by_stage`: count and "
        "total_amount of each stage that occurs.",
    ),
)
