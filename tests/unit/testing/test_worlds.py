"""Small companies: little has to be said, what is said stands, and worlds opened alike are alike."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from atlas.core.errors import MisuseError, UnknownNameError
from atlas.crm.records import Actor, Entity, ErrorCode, StaffMember, ToolCall
from atlas.crm.schema import SCHEMA
from atlas.crm.validation_rules import AmountLimit
from atlas.testing import build_company, example_row, open_world

NEW_QUOTE = ToolCall("create_quote", {"opportunity_id": "o1", "amount": 45_000, "status": "Draft"})


@pytest.mark.parametrize("entity", list(Entity))
def test_an_example_row_breaks_no_rule(entity: Entity) -> None:
    """A row of which nothing is said but its id has every required field, with an allowed value."""
    definition = SCHEMA[entity]
    named: dict[str, Any] = {definition.id_field: "x1"}
    row = example_row(entity, **named)
    company = build_company({entity: [row]})
    (stored,) = company.base.rows(entity)
    for field in definition.fields:
        assert not field.required or stored[field.name] is not None
        assert not field.allowed or stored[field.name] is None or stored[field.name] in field.starting_values


def test_what_is_given_stands_also_when_it_is_nothing() -> None:
    """Examples fill gaps only; None is no gap."""
    row = example_row(Entity.CLIENT, client_id="c9", name="Halden Foods", email=None)
    assert (row["client_id"], row["name"], row["email"], row["status"]) == ("c9", "Halden Foods", None, "Active")


def test_an_unknown_field_is_refused() -> None:
    """A misspelled field does not vanish."""
    with pytest.raises(MisuseError, match="emial"):
        build_company({Entity.CLIENT: [{"client_id": "c1", "emial": "x"}]})


def test_the_company_of_nothing_fits_together() -> None:
    """Every reference of the default company leads somewhere, and no two clients share an address."""
    world = open_world()
    for tool, arguments in (
        ("view_opportunity_details", {"opportunity_id": "o1"}),
        ("modify_quote", {"quote_id": "q1", "amount": 5}),
        ("create_new_contact", {"first_name": "A", "last_name": "B", "client_id": "c2"}),
        ("modify_client", {"client_id": "c2", "email": "new@example.com"}),
    ):
        assert world.call(ToolCall(tool, arguments)).ok
    error = world.call(ToolCall("modify_client", {"client_id": "c2", "email": "C1@example.com"})).error
    assert error is not None
    assert error.code is ErrorCode.DUPLICATE


def test_worlds_opened_alike_answer_alike() -> None:
    """The ids of new rows come from the seed."""
    ids = [open_world(seed=seed).call(NEW_QUOTE).data for seed in (1, 1, 2)]
    assert ids[0] == ids[1]
    assert ids[0] != ids[2]


def test_a_world_does_not_change_its_company() -> None:
    """Every world starts from the company as it was built."""
    company = build_company()
    before = company.base.content_hash()
    assert open_world(company).call(NEW_QUOTE).ok
    assert company.base.content_hash() == before == build_company().base.content_hash()


def test_rules_of_the_call_take_the_place_of_those_of_the_company() -> None:
    """A test can switch a rule off, or another one on."""
    company = build_company(rules=[AmountLimit(Entity.QUOTE, 1_000)])
    refused = open_world(company).call(NEW_QUOTE).error
    assert refused is not None
    assert refused.code is ErrorCode.APPROVAL_REQUIRED
    assert open_world(company, rules=()).call(NEW_QUOTE).ok
    assert open_world(company, actor="d.roth").call(NEW_QUOTE).ok


def test_the_actor_is_a_colleague_or_a_guest() -> None:
    """A handle is looked up; somebody from outside can be given whole."""
    with pytest.raises(UnknownNameError, match=r"did you mean 'm\.okafor'"):
        open_world(actor="m.okafo")
    guest = open_world(actor=Actor("guest", "Auditor", "read-only"))
    denied = guest.call(NEW_QUOTE).error
    assert denied is not None
    assert denied.code is ErrorCode.PERMISSION_DENIED


def test_a_store_of_ones_own_is_worked_in() -> None:
    """The world writes to the store that it was given."""
    company = build_company()
    store = company.base.fork()
    assert open_world(company, store=store).call(NEW_QUOTE).ok
    assert len(store.journal()) == 1


def test_staff_and_day_are_the_companys() -> None:
    """The day of the company is the day of its worlds."""
    company = build_company(staff=[StaffMember("a.b", "Ann Bay", "Rep", "North")], today=date(2027, 1, 5))
    world = open_world(company, actor="a.b")
    assert world.today == date(2027, 1, 5)
    made = world.call(NEW_QUOTE).data
    assert made is not None
    assert str(made["created_date"]).startswith("2027-01-05")
