"""Tools about quotes."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeAlias, cast

from atlas.core.money import from_cents
from atlas.core.records import JsonObject
from atlas.crm.records import Entity, ErrorCode, Row, ToolError, ToolSpec
from atlas.crm.rules.arguments import ArgumentForm
from atlas.crm.rules.values import wrong_type
from atlas.crm.schema import SCHEMA, show_row
from atlas.crm.store import Query, attached_to
from atlas.crm.tools.definition import (
    Outcome,
    Tool,
    answer,
    create_tool,
    delete_tool,
    modify_tool,
    record_finder,
    record_tool,
    shown_rows,
    stored_text,
)
from atlas.crm.tools.json_schema import object_schema
from atlas.crm.tools.search import SearchForm, search_tool
from atlas.crm.wording import is_array, kept, quoted
from atlas.crm.workbench import Workbench

RunOnQuotes: TypeAlias = Callable[[Workbench, Sequence[Row]], Outcome]

QUOTE_IDS = "quote_ids"
FEWEST_COMPARED, MOST_COMPARED = 2, 20  # quotes

_QUOTE = SCHEMA[Entity.QUOTE]
_PREFIXES = SearchForm("quote_prefixes", _QUOTE.fields, paged=False, owner="quote")


def _cancel(bench: Workbench, row: Row) -> Outcome:
    return answer(Entity.QUOTE, bench.update(Entity.QUOTE, row, {"status": "Canceled"}))


def _details(bench: Workbench, row: Row) -> Outcome:
    here = (Entity.QUOTE, stored_text(row, "quote_id"))
    opportunity = bench.store.get(Entity.OPPORTUNITY, stored_text(row, "opportunity_id"))
    return {
        "quote": show_row(Entity.QUOTE, row),
        "opportunity": None if opportunity is None else show_row(Entity.OPPORTUNITY, opportunity),
        "documents": shown_rows(bench, attached_to(Entity.DOCUMENT, *here, order_by="uploaded_at")),
        "notes": shown_rows(bench, attached_to(Entity.NOTE, *here, order_by="created_at")),
    }


def _compare(bench: Workbench, rows: Sequence[Row]) -> Outcome:
    del bench
    amounts = sorted((cast("int", row["amount"]), stored_text(row, "quote_id")) for row in rows if row["amount"])
    low, high = (amounts[0], amounts[-1]) if amounts else ((None, None), (None, None))
    return {
        "quotes": [show_row(Entity.QUOTE, row) for row in rows],
        "lowest": {"quote_id": low[1], "amount": _shown_cents(low[0])},
        "highest": {"quote_id": high[1], "amount": _shown_cents(high[0])},
        "difference": _shown_cents(None if low[0] is None or high[0] is None else high[0] - low[0]),
        "total_amount": from_cents(sum(cents for cents, _ in amounts)),
    }


def _shown_cents(cents: int | None) -> int | float | None:
    return None if cents is None else from_cents(cents)


def _compare_details(bench: Workbench, rows: Sequence[Row]) -> Outcome:
    del bench
    shown = [show_row(Entity.QUOTE, row) for row in rows]
    names = [field.name for field in _QUOTE.fields if field.name != _QUOTE.id_field]
    values = {name: [row[name] for row in shown] for name in names}
    return {
        "quote_ids": [row["quote_id"] for row in rows],
        "differences": {name: each for name, each in values.items() if any(value != each[0] for value in each)},
        "same": {name: each[0] for name, each in values.items() if all(value == each[0] for value in each)},
    }


def _prefixes(bench: Workbench, arguments: JsonObject) -> Outcome:
    parsed = _PREFIXES.parse(arguments)
    if isinstance(parsed, ToolError):
        return parsed
    rows = bench.select(Query(Entity.QUOTE, parsed.criteria)).rows
    counted = Counter(stored_text(row, "quote_prefix") for row in rows if row["quote_prefix"])
    return {
        "prefixes": [{"quote_prefix": prefix, "count": counted[prefix]} for prefix in sorted(counted)],
        "without_prefix": len(rows) - counted.total(),
    }


def _comparing_tool(name: str, description: str, run: RunOnQuotes, returns: str) -> Tool:
    """A tool whose only argument is a list of quotes; ``run`` gets them in the order in which they were given."""
    form = ArgumentForm(name, (), required=(QUOTE_IDS,), others=(QUOTE_IDS,), owner="quote")
    find = record_finder(name, Entity.QUOTE)

    def run_on_ids(bench: Workbench, arguments: JsonObject) -> Outcome:
        values = form.parse(arguments, bench.today)
        if isinstance(values, ToolError):
            return values
        ids = _parse_ids(arguments[QUOTE_IDS])
        if isinstance(ids, ToolError):
            return ids
        rows: list[Row] = []
        for quote_id in ids:
            row = find(bench, quote_id)
            if isinstance(row, ToolError):
                return dataclasses.replace(row, field=QUOTE_IDS)
            rows.append(row)
        return run(bench, rows)

    ids_schema: JsonObject = {
        "type": "array",
        "items": {"type": "string", "minLength": 1},
        "minItems": FEWEST_COMPARED,
        "maxItems": MOST_COMPARED,
        "description": "Ids of the quotes to compare.",
    }
    spec = ToolSpec(name, description, object_schema({QUOTE_IDS: ids_schema}, (QUOTE_IDS,)))
    return Tool(spec, writes=False, run=run_on_ids, returns=returns)


def _parse_ids(given: object) -> Sequence[object] | ToolError:
    if not is_array(given):
        return wrong_type(QUOTE_IDS, given, "a list of quote ids")
    if not FEWEST_COMPARED <= len(given) <= MOST_COMPARED:
        message = f"`{QUOTE_IDS}` takes {FEWEST_COMPARED} to {MOST_COMPARED} ids, got {len(given)}"
        return ToolError(ErrorCode.OUT_OF_RANGE, message, QUOTE_IDS, len(given))
    known: set[str] = set()
    for quote_id in given:
        if isinstance(quote_id, str):  # what is none is told when it is looked up
            if quote_id in known:
                message = f"`{QUOTE_IDS}` names {quoted(quote_id)} twice; name each quote once"
                return ToolError(ErrorCode.MISMATCH, message, QUOTE_IDS, kept(quote_id))
            known.add(quote_id)
    return given


TOOLS: tuple[Tool, ...] = (
    create_tool("create_quote", Entity.QUOTE, "Create a quote for an opportunity."),
    modify_tool(
        "modify_quote",
        Entity.QUOTE,
        "Change fields of a quote; it moves from Draft to Sent to Approved or Rejected.",
    ),
    dataclasses.replace(
        record_tool(
            "cancel_quote",
            Entity.QUOTE,
            "Cancel a quote that is Draft or Sent.",
            _cancel,
            writes=True,
            returns="The quote as it is now.",
        ),
        overwrites=True,
    ),
    delete_tool("delete_quote", Entity.QUOTE, "Delete a quote with the notes and documents on it."),
    search_tool("quote_search", Entity.QUOTE, "Find quotes."),
    record_tool(
        "quote_details",
        Entity.QUOTE,
        "Show a quote with its opportunity, documents and notes.",
        _details,
        writes=False,
        returns="`quote`, `opportunity`, and the lists `documents`, `notes`.",
    ),
    _comparing_tool(
        "compare_quotes",
        "Compare the amounts of quotes: which is lowest, which highest, how far apart.",
        _compare,
        returns="`quotes` as given; `lowest` and `highest`, each quote_id and amount; `difference`; `total_amount`.",
    ),
    _comparing_tool(
        "compare_quote_details",
        "Compare quotes field by field.",
        _compare_details,
        returns="`quote_ids` as given; `differences`: by field, each quote's value; `same`: by field, the one value.",
    ),
    Tool(
        ToolSpec("quote_prefixes", "List the prefixes of quote numbers that are in use.", _PREFIXES.schema()),
        writes=False,
        run=_prefixes,
        returns="`prefixes`, each quote_prefix and count, sorted, and `without_prefix`, how many quotes have none.",
    ),
)
