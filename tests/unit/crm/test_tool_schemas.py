"""The JSON Schemas of the tools are valid, and agree with the checks about what is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from atlas.core.records import as_json
from atlas.crm.records import ErrorCode, ToolCall, ToolSpec
from atlas.crm.tools.registry import TOOL_SPECS, TOOLS
from atlas.crm.world import World

LOOSE = {"criteria", "updates"}
"""Arguments whose schema says no more than that they are objects: their content is that of the other arguments."""

GOOD: Mapping[str, Mapping[str, object]] = {
    "create_new_opportunity": {"name": "X", "client_id": "c1", "amount": 5, "stage": "Proposal"},
    "create_quote": {"opportunity_id": "o1", "amount": 5, "status": "Sent"},
    "create_new_client": {"name": "X", "email": "x@y.example", "status": "Active"},
    "create_new_contact": {"first_name": "X", "last_name": "Y", "client_id": "c1"},
    "upload_document": {"entity_type": "Client", "entity_id": "c1", "file_name": "a.pdf"},
    "add_note": {"entity_type": "Client", "entity_id": "c1", "content": "x"},
    "list_documents": {"entity_type": "Client", "entity_id": "c1"},
    "list_notes": {"entity_type": "Client", "entity_id": "c1"},
    "compare_quotes": {"quote_ids": ["q1", "q2"]},
    "compare_quote_details": {"quote_ids": ["q1", "q2"]},
}
IDS = {"opportunity_id": "o1", "quote_id": "q1", "client_id": "c1", "contact_id": "k1", "contract_id": "t1"}

LEAVES = st.sampled_from(
    [True, False, 0, 1, -1, 2.0, 2.5, 60, "o1", "Proposal", "2026-05-05", "a.pdf", "x@y.example", "-amount", "true", ""]
)
VALUES = st.recursive(
    LEAVES | st.integers(-10, 300) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["equals", "contains", "gte", "lte", "in", "empty", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def properties_of(spec: ToolSpec) -> Mapping[str, object]:
    return cast("Mapping[str, object]", spec.parameters["properties"])


def good_arguments(spec: ToolSpec) -> Mapping[str, Any]:
    required = cast("Sequence[str]", spec.parameters["required"])
    return GOOD.get(spec.name) or {name: IDS[name] for name in required}


def schema_of(spec: ToolSpec) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", as_json(spec.parameters))


def validator_of(spec: ToolSpec) -> Draft202012Validator:
    return Draft202012Validator(schema_of(spec))


@pytest.mark.parametrize("spec", TOOL_SPECS, ids=lambda spec: spec.name)
def test_schemas_are_valid(spec: ToolSpec) -> None:
    """By the metaschema of JSON Schema 2020-12, which providers and protocols build on."""
    Draft202012Validator.check_schema(schema_of(spec))


@pytest.mark.parametrize("name", TOOLS)
def test_arguments_that_a_tool_takes_fit_its_schema(make_world: Callable[..., World], name: str) -> None:
    """The arguments that the properties below start from are taken by schema and tool."""
    spec = TOOLS[name].spec
    given = {**good_arguments(spec), **({"updates": {}} if "updates" in properties_of(spec) else {})}
    validator_of(spec).validate(given)
    error = make_world().call(ToolCall(name, given)).error
    assert error is None or error.message.startswith("nothing to change")


@pytest.mark.parametrize("name", TOOLS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_schema_and_check_agree(make_world: Callable[..., World], name: str, data: st.DataObject) -> None:
    """What the schema takes is not refused for its type; what the schema refuses, the tool does not take either."""
    spec = TOOLS[name].spec
    argument = data.draw(st.sampled_from([known for known in properties_of(spec) if known not in LOOSE]))
    given = {**good_arguments(spec), argument: data.draw(VALUES)}
    error = make_world().call(ToolCall(name, given)).error
    if validator_of(spec).is_valid(given):
        assert error is None or error.code is not ErrorCode.INVALID_TYPE
    else:
        assert error is not None


@pytest.mark.parametrize("name", [name for name, tool in TOOLS.items() if LOOSE & set(properties_of(tool.spec))])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(value=VALUES.filter(lambda value: not isinstance(value, dict)))
def test_a_wrapper_is_an_object(make_world: Callable[..., World], name: str, value: object) -> None:
    """Both refuse any other type in the place of ``criteria`` or ``updates``."""
    spec = TOOLS[name].spec
    (wrapper,) = LOOSE & set(properties_of(spec))
    given = {**good_arguments(spec), wrapper: cast("Any", value)}
    error = make_world().call(ToolCall(name, given)).error
    assert error is not None
    assert (error.code, error.field) == (ErrorCode.INVALID_TYPE, wrapper)
    assert not validator_of(spec).is_valid(given)
