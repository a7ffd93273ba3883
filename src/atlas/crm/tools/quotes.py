"""Tools about quotes."""

from __future__ import annotations

from atlas.crm.records import Entity, Row
from atlas.crm.tools.definition import Outcome, Tool, answer, create_tool, modify_tool, record_tool
from atlas.crm.workbench import Workbench


def _cancel(bench: Workbench, row: Row) -> Outcome:
    return answer(Entity.QUOTE, bench.update(Entity.QUOTE, row, {"status": "Canceled"}))


TOOLS: tuple[Tool, ...] = (
    create_tool("create_quote", Entity.QUOTE, "Create a quote for an opportunity."),
    modify_tool(
        "modify_quote",
        Entity.QUOTE,
        "Change fields of a quote; it moves from Draft to Sent to Approved or Rejected.",
    ),
    record_tool(
        "cancel_quote",
        Entity.QUOTE,
        "Cancel a quote that is Draft or Sent.",
        _cancel,
        writes=True,
        returns="The quote as it is now.",
    ),
)
