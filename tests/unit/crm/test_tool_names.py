"""A wrong name of a tool leads to the one that is meant, by what it does and to what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.crm.rules.tool_names import VERBS, nearest_tool
from atlas.crm.tools.registry import TOOLS

PAGE = (
    *("create_new_client", "modify_client", "client_search", "create_new_contact", "modify_contact", "contact_search"),
    *("create_new_opportunity", "modify_opportunity", "delete_opportunity", "clone_opportunity", "opportunity_search"),
    *("view_opportunity_details", "opportunity_details", "summarize_opportunities", "create_quote", "modify_quote"),
    *("cancel_quote", "delete_quote", "quote_details", "quote_search", "compare_quotes", "compare_quote_details"),
    *("quote_prefixes", "create_contract", "contract_search", "company_search", "upload_document", "add_note"),
    *("client_details", "contact_details", "modify_contract", "staff_search", "respond"),
)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("create_opportunity", "create_new_opportunity"),
        ("add_client", "create_new_client"),
        ("createContact", "create_new_contact"),
        ("new_deal", "create_new_opportunity"),
        ("create_account", "create_new_client"),
        ("create_note", "add_note"),
        ("attach_file", "upload_document"),
        ("add_document", "upload_document"),
        ("make_quote", "create_quote"),
        ("update_opportunity", "modify_opportunity"),
        ("edit_quote", "modify_quote"),
        ("change_stage_of_opportunity", "modify_opportunity"),
        ("update_contract", "modify_contract"),
        ("get_client", "client_details"),
        ("get_opportunity_details", "view_opportunity_details"),
        ("show_quote", "quote_details"),
        ("search_opportunities", "opportunity_search"),
        ("find_clients", "client_search"),
        ("list_contacts", "contact_search"),
        ("query_contracts", "contract_search"),
        ("find_user", "staff_search"),
        ("remove_quote", "delete_quote"),
        ("void_quote", "cancel_quote"),
        ("copy_opportunity", "clone_opportunity"),
        ("count_opportunities", "summarize_opportunities"),
        ("quote_comparison", "compare_quotes"),
        ("crm.client_search", "client_search"),
        ("CLIENT-SEARCH", "client_search"),
        ("clientSearch", "client_search"),
        ("reply", "respond"),
        ("send_message", "respond"),
        ("client_serach", "client_search"),
        ("approve_quote", "modify_quote"),
        ("deactivate_client", "modify_client"),
        ("win_opportunity", "modify_opportunity"),
        ("delete_client", None),
        ("delete_note", None),
        ("delete_company", None),
        ("create_company", None),
        ("modify_note", None),
        ("send_email", None),
        ("weather", None),
        ("", None),
        ("x" * 5_000, None),
        (None, None),
        (5, None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_the_tool_that_is_meant_is_found(wrong: object, right: str | None) -> None:
    """Verbs and nouns of other CRMs, other ways of writing, plain misspellings."""
    assert nearest_tool(wrong, PAGE) == right


@given(st.text(max_size=60))
def test_only_tools_that_there_are_are_named(name: str) -> None:
    """Whatever is asked for."""
    assert nearest_tool(name, TOOLS) in (None, *TOOLS)


@pytest.mark.parametrize("name", PAGE)
def test_every_tool_is_nearest_to_itself(name: str) -> None:
    """A name that is right in another case or with a prefix leads to itself."""
    assert nearest_tool(f"Tools.{name.upper()}", PAGE) == name


def test_no_verb_is_listed_twice() -> None:
    """Each leads to one kind of tool."""
    verbs = [verb for group in VERBS for verb in group]
    assert len(set(verbs)) == len(verbs)
