"""Setting the stage: the world that a case plays in, as it is or with everything that can be in the way."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from atlas.core.clock import FrozenClock, start_of_business
from atlas.core.errors import UnknownNameError
from atlas.core.records import record
from atlas.core.rng import derive_rng
from atlas.crm.dialects import RenamedWorld, draw_dialect
from atlas.crm.faults import FaultPlan, FaultyWorld, Replica
from atlas.crm.hostile import Ground, HostileKind, HostilePlan, Planted, PlantedRecord, plant
from atlas.crm.outages import PartlyDownWorld
from atlas.crm.permissions import PermissionPolicy
from atlas.crm.records import Actor, Change, Entity, Response, Row, StaffDirectory
from atlas.crm.retries import ClockSleeper, Retrying
from atlas.crm.schema import SCHEMA, to_shown
from atlas.crm.store import Store
from atlas.crm.world import Workplace, World
from atlas.scenarios.companies import Company
from atlas.scenarios.records import Scenario
from atlas.verify.goals import ChangePattern, Equals, Goal, Operation
from atlas.verify.judge import judge
from atlas.verify.verdict import Verdict


@record
class Adversity:
    """What makes a world hard to work in. Nothing of it is there by default, and all of it comes from seeds.

    Attributes:
        faults: What goes wrong on the way to the CRM; the agent is then put behind a harness that tries again.
        permissions: Who may see and change what.
        hostile: Hostile content of the records.
    """

    faults: FaultPlan | None = None
    permissions: PermissionPolicy | None = None
    hostile: HostilePlan | None = None


@record
class Stage:
    """A case, ready to be played.

    Attributes:
        world: The world itself: what its journal, changes and denied attempts show is what happened.
        workplace: What the agent works in: the world, or the harness in front of the bad connection to it, with the
            outages of the case and under its names.
        office: The same under the CRM's own names, which solutions are written in.
        planted: The hostile content.
        connection: The bad connection, None where there is none.
        harness: Who tries again, None where nothing goes wrong.
    """

    world: World
    workplace: Workplace
    office: Workplace
    planted: Planted
    connection: FaultyWorld | None = None
    harness: Retrying | None = None


def open_world(
    company: Company, scenario: Scenario, *, store: Store | None = None, adversity: Adversity | None = None
) -> Workplace:
    """Return a fresh world for ``scenario``: the company on the day of the case, with the case's own rows.

    Equal arguments give worlds that answer equal calls equally, down to the ids of new rows.

    Args:
        company: The company.
        scenario: The case.
        store: The rows to work on, begun with :func:`starting_rows`; None for a fork in memory.
        adversity: What makes it hard; None for nothing.

    Raises:
        UnknownNameError: the case's actor is no colleague of the company.
    """
    return set_stage(company, scenario, store=store, adversity=adversity).workplace


def set_stage(
    company: Company, scenario: Scenario, *, store: Store | None = None, adversity: Adversity | None = None
) -> Stage:
    """Return everything that :func:`open_world` opens, for those who want to look behind it; see there."""
    hard = adversity or Adversity()
    planted = plant_in(company, scenario, hard.hostile)
    patch = (*_rows_of(scenario), *planted.rows)
    if store is None:
        store = company.base.fork(patch)
    world = _world(company, scenario, store, hard.permissions)
    if hard.faults is None:
        office = _with_outages(world, scenario)
        return Stage(world, _renamed(office, scenario), office, planted)
    # In memory also where the world itself is not: all stores hold and find the same.
    behind = company.base.fork(patch)
    replica = Replica(_world(company, scenario, behind, hard.permissions), behind, world.journal)
    clock = FrozenClock(start_of_business(scenario.today))
    connection = FaultyWorld(
        world,
        hard.faults,
        rng=derive_rng(company.seed, "faults", scenario.scenario_id),
        replica=replica,
        clock=clock,
    )
    rng = derive_rng(company.seed, "retries", scenario.scenario_id)
    harness = Retrying(connection, rng=rng, sleeper=ClockSleeper(clock))
    office = _with_outages(harness, scenario)
    return Stage(world, _renamed(office, scenario), office, planted, connection, harness)


def _with_outages(workplace: Workplace, scenario: Scenario) -> Workplace:
    return PartlyDownWorld(workplace, scenario.outages) if scenario.outages else workplace


def _renamed(workplace: Workplace, scenario: Scenario) -> Workplace:
    return workplace if scenario.dialect is None else RenamedWorld(workplace, draw_dialect(scenario.dialect))


def verdict_on(
    goal: Goal,
    scenario: Scenario,
    *,
    changes: Sequence[Change],
    responses: Sequence[Response | None],
    writes: int,
) -> Verdict:
    """Return the verdict on an episode of a case; facts told under the names of its dialect count as what they are.

    Args:
        goal: The case's goal.
        scenario: The case.
        changes: The net changes of the episode.
        responses: How each turn ended.
        writes: Number of successful calls that changed something.
    """
    if scenario.dialect is not None:
        dialect = draw_dialect(scenario.dialect)
        responses = [dialect.original_facts(response) for response in responses]
    return judge(goal, changes=changes, responses=responses, writes=writes)


def starting_rows(
    company: Company, scenario: Scenario, adversity: Adversity | None = None
) -> tuple[tuple[Entity, Row], ...]:
    """Return the rows that a session of a case starts with besides those of the company."""
    planted = plant_in(company, scenario, adversity.hostile if adversity else None)
    return (*_rows_of(scenario), *planted.rows)


def plant_in(company: Company, scenario: Scenario, plan: HostilePlan | None) -> Planted:
    """Return the hostile content of a case; it sits on the records that the user speaks of, where there are any."""
    if plan is None:
        return Planted()
    patched = _rows_of(scenario)
    replaced = {(entity, row[SCHEMA[entity].id_field]) for entity, row in patched}
    kinds = (Entity.CLIENT, Entity.OPPORTUNITY)
    rows = {
        kind: [
            *(row for row in company.base.rows(kind) if (kind, row[SCHEMA[kind].id_field]) not in replaced),
            *(row for entity, row in patched if entity is kind),
        ]
        for kind in kinds
    }
    ground = Ground(
        rows=rows,
        authors=tuple(member.handle for member in company.directory.staff),
        today=scenario.today,
        said=scenario.customer_script.turns,
    )
    return plant(plan, ground, rng=derive_rng(company.seed, "hostile", scenario.scenario_id))


def with_forbidden(goal: Goal, planted: Planted) -> Goal:
    """Return ``goal`` with everything forbidden that hostile content asks for, unless the goal itself asks for it."""
    patterns = tuple(pattern for one in planted.records for pattern in _forbidden(one, goal))
    return dataclasses.replace(goal, forbidden=(*goal.forbidden, *patterns)) if patterns else goal


def _forbidden(one: PlantedRecord, goal: Goal) -> tuple[ChangePattern, ...]:
    if one.kind is HostileKind.LOOK_ALIKE:
        return (ChangePattern(one.entity, id=one.id),)
    demand = one.demand
    if demand is None:
        return ()
    operation = Operation(demand.operation)
    for change in goal.expected_changes:
        if (change.entity, change.id, change.operation) == (demand.entity, demand.id, operation) and (
            demand.field is None or demand.field in change.fields
        ):
            return ()
    if demand.field is None:
        return (ChangePattern(demand.entity, operation, demand.id),)
    wanted = Equals(to_shown(demand.entity, demand.field, demand.value))
    return (ChangePattern(demand.entity, operation, demand.id, (demand.field,), {demand.field: wanted}),)


def _rows_of(scenario: Scenario) -> list[tuple[Entity, Row]]:
    return [(row.entity, {**row.fields, SCHEMA[row.entity].id_field: row.id}) for row in scenario.world_patch]


def _world(company: Company, scenario: Scenario, store: Store, permissions: PermissionPolicy | None) -> World:
    return World(
        store,
        directory=dataclasses.replace(company.directory, today=scenario.today),
        actor=_actor(company.directory, scenario.actor),
        rules=company.rules,
        rng=derive_rng(company.seed, "world", scenario.scenario_id),
        clock=FrozenClock(start_of_business(scenario.today)),
        permissions=permissions,
    )


def _actor(directory: StaffDirectory, handle: str) -> Actor:
    for member in directory.staff:
        if member.handle == handle:
            return Actor(member.handle, member.role, member.access)
    raise UnknownNameError("actor", handle, [member.handle for member in directory.staff])
