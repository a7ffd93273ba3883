"""What holds for every tool, whatever it does: its errors, and that a failed call changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast

import pytest

from atlas.crm.fields import FieldKind
from atlas.crm.records import Entity, ErrorCode, ToolCall, ToolError
from atlas.crm.schema import SCHEMA
from atlas.crm.tools.examples import EXAMPLES
from atlas.crm.tools.registry import TOOL_SPECS, TOOLS
from atlas.crm.world import World

Fail = Callable[..., ToolError]
MakeWorld = Callable[..., World]

PUBLISHED = (
    *("create_new_client", "modify_client", "client_search", "create_new_contact", "modify_contact", "contact_search"),
    *("create_new_opportunity", "modify_opportunity", "delete_opportunity", "clone_opportunity", "opportunity_search"),
    *("view_opportunity_details", "opportunity_details", "summarize_opportunities", "create_quote", "modify_quote"),
    *("cancel_quote", "delete_quote", "quote_details", "quote_search", "compare_quotes", "compare_quote_details"),
    *("quote_prefixes", "create_contract", "contract_search", "company_search", "upload_document", "add_note"),
)
ADDED = (
    *("client_details", "contact_details", "contract_details", "modify_contract", "list_notes", "list_documents"),
    "staff_search",
)
MODIFYING = tuple(name for name in TOOLS if name.startswith("modify_"))
SEARCHING = tuple(name for name in TOOLS if name.endswith("_search"))


def required_of(name: str) -> Sequence[str]:
    return cast("Sequence[str]", TOOLS[name].spec.parameters["required"])


def properties_of(name: str) -> Mapping[str, object]:
    return cast("Mapping[str, object]", TOOLS[name].spec.parameters["properties"])


def test_the_tools_are_the_published_ones_and_the_few_that_they_lack() -> None:
    """No name is missing, misspelt or there twice."""
    assert len(PUBLISHED) == 28
    assert sorted(TOOLS) == sorted((*PUBLISHED, *ADDED))
    assert [spec.name for spec in TOOL_SPECS] == [*TOOLS, "respond"]


@pytest.mark.parametrize("name", TOOLS)
def test_descriptions_are_one_short_sentence(name: str) -> None:
    """Every agent reads all of them before every call."""
    description = TOOLS[name].spec.description
    assert 10 < len(description) <= 120
    assert description.endswith(".")
    assert "\n" not in description


@pytest.mark.parametrize("name", TOOLS)
def test_an_unknown_argument_is_named(reject: Fail, name: str) -> None:
    """Whatever else is right, and before anything is done."""
    error = reject(name, **EXAMPLES[name], nonsense=1)
    assert (error.code, error.field) == (ErrorCode.UNKNOWN_ARGUMENT, "nonsense")


@pytest.mark.parametrize(
    ("name", "missing"), [(name, argument) for name in TOOLS for argument in required_of(name)], ids=str
)
@pytest.mark.parametrize("is_null", [False, True], ids=["left-out", "null"])
def test_a_required_argument_that_is_missing_is_named(reject: Fail, name: str, missing: str, *, is_null: bool) -> None:
    """Left out and null are the same."""
    given = {argument: value for argument, value in EXAMPLES[name].items() if argument != missing}
    error = reject(name, **given, **({missing: None} if is_null else {}))
    assert (error.code, error.field) == (ErrorCode.MISSING_ARGUMENT, missing)
    assert list(error.allowed) == list(required_of(name))


def identifying() -> Iterator[tuple[str, str]]:
    """The arguments that hold the id of a record which has to be there."""
    references = {
        field.name
        for definition in SCHEMA.values()
        for field in definition.fields
        if field.kind in (FieldKind.ID, FieldKind.REFERENCE)
    }
    for name in TOOLS:
        if not TOOLS[name].name.endswith("_search") and "criteria" not in properties_of(name):
            yield from ((name, argument) for argument in properties_of(name) if argument in references)


@pytest.mark.parametrize(("name", "argument"), list(identifying()), ids=str)
def test_an_id_that_nobody_has_is_named(reject: Fail, name: str, argument: str) -> None:
    """As the argument that held it, with the way to look one up."""
    error = reject(name, **{**EXAMPLES[name], argument: "0f0f0f0f-nobody"})
    assert (error.code, error.field, error.value) == (ErrorCode.NOT_FOUND, argument, "0f0f0f0f-nobody")
    assert error.hint


@pytest.mark.parametrize("name", [name for name, tool in TOOLS.items() if tool.writes])
def test_who_may_only_read_changes_nothing(make_world: MakeWorld, fail_in: Fail, name: str) -> None:
    """Every tool that writes is denied, before its arguments are looked at."""
    world = make_world(actor="l.bell")
    assert fail_in(world, name, nonsense=1).code is ErrorCode.PERMISSION_DENIED
    assert world.writes == 0


@pytest.mark.parametrize("name", [name for name, tool in TOOLS.items() if not tool.writes])
def test_tools_that_read_write_nothing(make_world: MakeWorld, name: str) -> None:
    """Not even when they succeed, and for those who may only read."""
    world = make_world(actor="l.bell")
    world.call(ToolCall(name, EXAMPLES[name]))
    assert (list(world.journal()), world.writes) == ([], 0)


BAD_LAST: Mapping[str, Mapping[str, object]] = {
    "modify_opportunity": {"name": "X", "stage": "Negotiation", "amount": 5, "close_date": "2020-01-01"},
    "modify_quote": {"version": "2", "amount": 5, "status": "Approved"},
    "modify_client": {"name": "X", "industry": "Y", "phone": "1", "owner": "nobody"},
    "modify_contact": {"first_name": "X", "last_name": "Y", "email": "nowhere"},
    "modify_contract": {"start_date": "2026-04-01", "value": 5, "end_date": "2026-03-31"},
}


@pytest.mark.parametrize("name", MODIFYING)
@pytest.mark.parametrize("is_wrapped", [False, True], ids=["flat", "wrapped"])
def test_all_of_a_change_or_nothing(make_world: MakeWorld, fail_in: Fail, name: str, *, is_wrapped: bool) -> None:
    """The last field is bad, so the good ones before it are not set either."""
    world = make_world()
    (id_field,) = required_of(name)
    entity = next(entity for entity, definition in SCHEMA.items() if definition.id_field == id_field)
    row_id = cast("str", EXAMPLES[name][id_field])
    given = {"updates": BAD_LAST[name]} if is_wrapped else BAD_LAST[name]
    fail_in(world, name, **{id_field: row_id}, **given)
    without_last = dict(list(BAD_LAST[name].items())[:-1])
    assert world.changes() == ()
    assert world.call(ToolCall(name, {id_field: row_id, "updates": without_last})).ok, "only the last field was bad"
    assert [change.entity for change in world.changes()] == [entity]


@pytest.mark.parametrize("name", MODIFYING)
def test_null_empties_what_may_be_empty(make_world: MakeWorld, name: str) -> None:
    """On its own or wrapped; what a record needs is refused instead."""
    world = make_world()
    (id_field,) = required_of(name)
    definition = next(definition for definition in SCHEMA.values() if definition.id_field == id_field)
    for field in definition.changeable_fields:
        for given in ({field.name: None}, {"updates": {field.name: None}}):
            result = world.call(ToolCall(name, {id_field: EXAMPLES[name][id_field], **given}))
            if field.required:
                assert result.error is not None
                assert (result.error.code, result.error.field) == (ErrorCode.BLANK, field.name)
            else:
                assert result.data is not None
                assert result.data[field.name] is None


@pytest.mark.parametrize("name", SEARCHING)
def test_searches_page_through_everything(make_world: MakeWorld, name: str) -> None:
    """Wrapped or flat, by every field, in both directions: the pages are the whole, cut."""
    world = make_world()
    fields = [field for field in properties_of(name) if field not in ("criteria", "order_by", "limit", "cursor")]
    for order in (None, *fields, *(f"-{field}" for field in fields)):
        whole = world.call(ToolCall(name, {"order_by": order})).data
        assert whole is not None
        pages: list[object] = []
        cursor: object = None
        while True:
            found = world.call(ToolCall(name, {"criteria": {}, "order_by": order, "limit": 1, "cursor": cursor})).data
            assert found is not None
            pages += cast("list[object]", found["results"])
            cursor = found["next_cursor"]
            if cursor is None:
                break
        assert pages == whole["results"]


def test_a_company_is_searched_by_all_but_its_list(reject: Fail) -> None:
    """The error says why, and what to search by is listed nowhere but in the schema."""
    error = reject("company_search", contacts="Ann Bell")
    assert error.message == (
        "argument `contacts` of company_search cannot be given: lists are shown in results, but cannot be searched"
    )
    assert "contacts" not in properties_of("company_search")
    assert "contacts" in {field.name for field in SCHEMA[Entity.COMPANY].fields}
