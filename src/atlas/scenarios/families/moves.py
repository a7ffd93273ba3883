"""Moves that many solutions share: how a colleague finds a record before working on it."""

from __future__ import annotations

from collections.abc import Callable

from atlas.core.records import JsonObject
from atlas.crm.records import Row
from atlas.scenarios.plans import Plan, Ref
from atlas.verify.goals import Solution


def seek_deal(plan: Plan, deal: Row) -> str:
    """Look a deal up by its name; return what stands for its id."""
    return plan.call("opportunity_search", name=deal["name"]).at("results.0.opportunity_id")


def seek_and_read_deal(plan: Plan, deal: Row) -> str:
    """Look a deal up by its exact name and read everything about it; return what stands for its id."""
    found = plan.call("opportunity_search", criteria={"name": {"equals": deal["name"]}})
    deal_id = found.at("results.0.opportunity_id")
    return plan.call("view_opportunity_details", opportunity_id=deal_id).at("opportunity.opportunity_id")


def seek_client(plan: Plan, client: Row) -> str:
    """Look a client up by its name; return what stands for its id."""
    return plan.call("client_search", name=client["name"]).at("results.0.client_id")


def seek_contact(plan: Plan, contact: Row) -> str:
    """Look a contact up by both names; return what stands for its id."""
    found = plan.call("contact_search", first_name=contact["first_name"], last_name=contact["last_name"])
    return found.at("results.0.contact_id")


def both_ways(deal: Row, rest: Callable[[Plan, str], None]) -> tuple[Solution, ...]:
    """Return two solutions that find ``deal`` on different paths and then do the same.

    Args:
        deal: The deal to find.
        rest: Adds the rest of the calls to a plan, given what stands for the deal's id.
    """
    by_name = Plan()
    rest(by_name, seek_deal(by_name, deal))
    reading = Plan()
    rest(reading, seek_and_read_deal(reading, deal))
    return by_name.solution(), reading.solution()


def modify_deal(plan: Plan, deal_id: str, values: JsonObject, note: str | None) -> Ref:
    """Change a deal, and leave the note that the house wants with it."""
    changed = plan.call("modify_opportunity", opportunity_id=deal_id, **dict(values))
    if note is not None:
        leave_note(plan, deal_id, note)
    return changed


def leave_note(plan: Plan, deal_id: str, content: str) -> Ref:
    """Leave a note on a deal."""
    return plan.call("add_note", entity_type="Opportunity", entity_id=deal_id, content=content)
