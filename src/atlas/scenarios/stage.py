"""Setting the stage: the world that a case plays in."""

from __future__ import annotations

import dataclasses

from atlas.core.clock import FrozenClock, start_of_business
from atlas.core.errors import UnknownNameError
from atlas.core.rng import derive_rng
from atlas.crm.records import Actor, StaffDirectory
from atlas.crm.schema import SCHEMA
from atlas.crm.world import World
from atlas.scenarios.companies import Company
from atlas.scenarios.records import Scenario


def open_world(company: Company, scenario: Scenario) -> World:
    """Return a fresh world for ``scenario``: the company on the day of the case, with the case's own rows.

    Equal arguments give worlds that answer equal calls equally, down to the ids of new rows.

    Raises:
        UnknownNameError: the case's actor is no colleague of the company.
    """
    patch = ((row.entity, {**row.fields, SCHEMA[row.entity].id_field: row.id}) for row in scenario.world_patch)
    return World(
        company.base.fork(patch),
        directory=dataclasses.replace(company.directory, today=scenario.today),
        actor=_actor(company.directory, scenario.actor),
        rules=company.rules,
        rng=derive_rng(company.seed, "world", scenario.scenario_id),
        clock=FrozenClock(start_of_business(scenario.today)),
    )


def _actor(directory: StaffDirectory, handle: str) -> Actor:
    for member in directory.staff:
        if member.handle == handle:
            return Actor(member.handle, member.role, member.access)
    raise UnknownNameError("actor", handle, [member.handle for member in directory.staff])
