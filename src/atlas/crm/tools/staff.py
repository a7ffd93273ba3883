"""Tools about the colleagues: read-only, for the directory is no part of the CRM's records."""

from __future__ import annotations

from atlas.core.records import JsonObject
from atlas.crm.fields import FieldDef, FieldKind
from atlas.crm.indexes import all_of, arranged
from atlas.crm.records import Row, StaffMember, ToolError, ToolSpec
from atlas.crm.tools.definition import Outcome, Tool
from atlas.crm.tools.search import SearchForm
from atlas.crm.workbench import Workbench

STAFF_FIELDS: tuple[FieldDef, ...] = (
    FieldDef("handle", FieldKind.STAFF, "What owner fields hold.", max_length=200),
    FieldDef("name", FieldKind.NAME, "Full name.", max_length=200),
    FieldDef("role", FieldKind.NAME, "Job.", max_length=200),
    FieldDef("territory", FieldKind.NAME, "Sales territory, empty where the job has none.", max_length=200),
    FieldDef("access", FieldKind.ENUM, "What the colleague may do.", allowed=("rep", "manager", "read-only")),
)

_FORM = SearchForm("staff_search", STAFF_FIELDS, owner="staff")


def _search(bench: Workbench, arguments: JsonObject) -> Outcome:
    parsed = _FORM.parse(arguments)
    if isinstance(parsed, ToolError):
        return parsed
    criteria, order, limit, offset = parsed
    fulfils = all_of(criteria)
    found = [row for row in map(_row, bench.directory.staff) if fulfils(row)]
    if order[0] is not None:
        found = arranged(found, order, "handle")
    shown = found[offset : offset + limit]
    return {
        "results": [dict(row) for row in shown],
        "total": len(found),
        "next_cursor": _FORM.next_cursor(parsed, len(shown), len(found)),
    }


def _row(member: StaffMember) -> Row:
    return {
        "handle": member.handle,
        "name": member.name,
        "role": member.role,
        "territory": member.territory,
        "access": member.access,
    }


TOOLS: tuple[Tool, ...] = (
    Tool(
        ToolSpec("staff_search", "Find colleagues in the staff directory.", _FORM.schema()),
        writes=False,
        run=_search,
        returns="`results`, the colleagues found (in the order of the directory without `order_by`); `total`; "
        "`next_cursor`, null at the end.",
    ),
)
