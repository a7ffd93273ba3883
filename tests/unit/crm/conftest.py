"""A small company that every test of the world can work in."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Mapping
from datetime import date

import pytest

from atlas.core.clock import FrozenClock, start_of_business
from atlas.crm.memory import FrozenBase
from atlas.crm.records import (
    Actor,
    Entity,
    Row,
    StaffDirectory,
    StaffMember,
    ToolCall,
    ToolError,
)
from atlas.crm.validation_rules import ValidationRule
from atlas.crm.world import World

TODAY = date(2026, 3, 2)
STAFF = (
    StaffMember("m.okafor", "Mara Okafor", "Account Executive", "North"),
    StaffMember("j.lind", "Jon Lind", "Account Executive", "South"),
    StaffMember("d.roth", "Dana Roth", "Sales Director", "", "manager"),
    StaffMember("l.bell", "Lee Bell", "Legal Counsel", "", "read-only"),
)
DIRECTORY = StaffDirectory(TODAY, STAFF)

ROWS: Mapping[Entity, tuple[Row, ...]] = {
    Entity.CLIENT: (
        {"client_id": "c1", "name": "Halden Foods", "email": "Office@Halden.example", "status": "Active"},
        {
            "client_id": "c2",
            "name": "Brightwater",
            "email": "hi@bright.example",
            "status": "Prospect",
            "owner": "j.lind",
        },
    ),
    Entity.CONTACT: (
        {"contact_id": "k1", "first_name": "Ada", "last_name": "Moor", "client_id": "c1"},
        {"contact_id": "k2", "first_name": "Ben", "last_name": "Abel", "client_id": "c1"},
    ),
    Entity.OPPORTUNITY: (
        {
            "opportunity_id": "o1",
            "name": "Badge Upgrade",
            "client_id": "c1",
            "stage": "Proposal",
            "amount": 1_000_000,
            "close_date": "2026-05-01",
            "owner": "m.okafor",
            "probability": 60,
        },
        {
            "opportunity_id": "o2",
            "name": "Badge Renewal",
            "client_id": "c1",
            "stage": "Closed-Won",
            "amount": 250_050,
            "close_date": "2026-01-15",
            "owner": "j.lind",
            "probability": 99,
        },
        {
            "opportunity_id": "o3",
            "name": "Cold Store",
            "client_id": "c2",
            "stage": "Prospecting",
            "amount": 500_000,
        },
    ),
    Entity.QUOTE: (
        {"quote_id": "q1", "opportunity_id": "o1", "amount": 980_000, "status": "Draft"},
        {"quote_id": "q2", "opportunity_id": "o1", "amount": 950_000, "status": "Approved"},
    ),
    Entity.CONTRACT: (
        {"contract_id": "t1", "client_id": "c1", "opportunity_id": "o2", "status": "Active", "value": 250_050},
    ),
    Entity.DOCUMENT: (
        {"document_id": "d1", "entity_type": "Opportunity", "entity_id": "o1", "file_name": "Site_Survey.pdf"},
    ),
    Entity.NOTE: ({"note_id": "n1", "entity_type": "Opportunity", "entity_id": "o1", "content": "Prefers e-mail."},),
}

Call = Callable[..., dict[str, object]]
Fail = Callable[..., ToolError]


def open_world(
    *, actor: str = "m.okafor", rules: tuple[ValidationRule, ...] = (), rows: Mapping[Entity, tuple[Row, ...]] = ROWS
) -> World:
    """Return a world of the small company."""
    member = next(member for member in STAFF if member.handle == actor)
    return World(
        FrozenBase.build(rows).fork(),
        directory=DIRECTORY,
        actor=Actor(member.handle, member.role, member.access),
        rules=rules,
        rng=random.Random(7),
        clock=FrozenClock(start_of_business(TODAY)),
    )


def succeed(world: World, tool: str, **arguments: object) -> dict[str, object]:
    """Make a call that has to succeed and return its data."""
    result = world.call(ToolCall(tool, arguments))
    assert result.error is None, result.error
    assert result.data is not None
    return dict(result.data)


def fail(world: World, tool: str, **arguments: object) -> ToolError:
    """Make a call that has to fail, check that it changed nothing, and return its error."""
    before = list(world.journal())
    result = world.call(ToolCall(tool, arguments))
    assert result.data is None
    assert result.error is not None
    assert list(world.journal()) == before
    return result.error


@pytest.fixture
def world() -> World:
    """The small company, seen by the account executive Mara Okafor."""
    return open_world()


@pytest.fixture
def call(world: World) -> Call:
    """Makes a call in ``world`` that has to succeed."""
    return functools.partial(succeed, world)


@pytest.fixture
def reject(world: World) -> Fail:
    """Makes a call in ``world`` that has to fail."""
    return functools.partial(fail, world)


@pytest.fixture
def make_world() -> Callable[..., World]:
    """Opens a world of the small company for some actor, with some rules."""
    return open_world


@pytest.fixture
def succeed_in() -> Callable[..., dict[str, object]]:
    """Makes a call in a given world that has to succeed."""
    return succeed


@pytest.fixture
def fail_in() -> Callable[..., ToolError]:
    """Makes a call in a given world that has to fail."""
    return fail
