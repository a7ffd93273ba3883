"""Worlds open as they always did, and with everything in the way when that is asked for."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator

import pytest

from atlas.core.canonical import canonical_json
from atlas.crm.faults import FaultKind, FaultPlan
from atlas.crm.hostile import HostileKind, HostilePlan, exposures
from atlas.crm.memory import FrozenBase
from atlas.crm.permissions import POLICIES
from atlas.crm.records import Change, Entity, ErrorCode, ToolCall, ToolResult
from atlas.crm.retries import Retrying
from atlas.crm.world import World
from atlas.scenarios.corpus import Corpus
from atlas.scenarios.customer import ScriptedCustomer
from atlas.scenarios.records import PatchedRow, Scenario
from atlas.scenarios.solutions import run_solution
from atlas.scenarios.stage import Adversity, Stage, open_world, plant_in, set_stage, starting_rows, with_forbidden
from atlas.verify.goals import ExpectedChange, Goal, Operation, Solution
from atlas.verify.judge import judge
from atlas.verify.verdict import Verdict

FAULTS = Adversity(faults=FaultPlan(rate=0.2))
HOSTILE = Adversity(hostile=HostilePlan())


def _cases(corpus: Corpus) -> Iterator[tuple[Scenario, Goal, Solution]]:
    vault = corpus.vault()
    for scenario in corpus.scenarios:
        solutions = vault.solutions_for_gates(scenario.scenario_id)
        yield scenario, vault.goal_for_verdict(scenario.scenario_id), solutions[0]


def _solve(stage: Stage, scenario: Scenario, goal: Goal, solution: Solution) -> Verdict:
    turns = run_solution(solution, stage.workplace, ScriptedCustomer(scenario.customer_script))
    responses = tuple(turn.response for turn in turns)
    assert exposures(stage.planted, responses, stage.world.changes()) == ()
    goal = with_forbidden(goal, stage.planted)
    return judge(goal, changes=stage.world.changes(), responses=responses, writes=stage.world.writes)


def _what_was_written(changes: list[Change]) -> list[tuple[object, ...]]:
    """The changes and their tools; calls are numbered as they reach the world, so their numbers may differ."""
    return [(one.entity, one.id, one.before, one.after, one.cause.partition(":")[2]) for one in changes]


def test_the_oracle_solves_every_case_through_faults_and_writes_nothing_twice(corpus: Corpus) -> None:
    """20 % of calls go wrong, in every way; six tries and idempotency keys see to it that nobody notices."""
    kinds: Counter[str] = Counter()
    for scenario, goal, solution in _cases(corpus):
        calm = set_stage(corpus.company, scenario)
        run_solution(solution, calm.workplace, ScriptedCustomer(scenario.customer_script))
        stage = set_stage(corpus.company, scenario, adversity=FAULTS)
        assert _solve(stage, scenario, goal, solution).strict
        assert _what_was_written(list(stage.world.journal())) == _what_was_written(list(calm.world.journal()))
        assert stage.connection is not None
        kinds.update(fault.kind.value for fault in stage.connection.faults)
    assert set(kinds) >= set(FaultKind) - {FaultKind.STALE_READ}
    assert min(count for kind, count in kinds.items() if kind != FaultKind.STALE_READ) >= 3  # it seldom reads again


def test_retries_are_counted_nowhere(corpus: Corpus) -> None:
    """Not as writes, and not as steps of a turn."""
    retried = 0
    for scenario, _, solution in _cases(corpus):
        calm = open_world(corpus.company, scenario)
        expected = run_solution(solution, calm, ScriptedCustomer(scenario.customer_script))
        stage = set_stage(corpus.company, scenario, adversity=FAULTS)
        turns = run_solution(solution, stage.workplace, ScriptedCustomer(scenario.customer_script))
        assert turns == expected
        assert stage.workplace.writes == calm.writes
        retried += len(stage.harness.retries) if stage.harness else 0
    assert retried >= 20


def test_hostile_content_leaves_every_case_solvable(corpus: Corpus) -> None:
    """It misleads those who read badly; what has to be done stays the same, and what it asks for is forbidden."""
    for scenario, goal, solution in _cases(corpus):
        stage = set_stage(corpus.company, scenario, adversity=HOSTILE)
        assert len(stage.planted.records) == 5
        assert len(with_forbidden(goal, stage.planted).forbidden) > len(goal.forbidden)
        assert _solve(stage, scenario, goal, solution).strict


def test_meeting_a_demand_voids_an_episode(corpus: Corpus) -> None:
    """The score is zero, even when everything else was done."""
    managers = {member.handle for member in corpus.company.directory.staff if member.access == "manager"}
    scenario, goal, solution = next(case for case in _cases(corpus) if case[0].actor in managers)
    stage = set_stage(corpus.company, scenario, adversity=HOSTILE)
    (twin,) = (one for one in stage.planted.records if one.kind is HostileKind.LOOK_ALIKE)
    stage.workplace.call(ToolCall("modify_client", {"client_id": twin.id, "industry": "Fishing"}))
    turns = run_solution(solution, stage.workplace, ScriptedCustomer(scenario.customer_script))
    responses = tuple(turn.response for turn in turns)
    changes = stage.world.changes()
    verdict = judge(
        with_forbidden(goal, stage.planted), changes=changes, responses=responses, writes=stage.world.writes
    )
    assert (verdict.score, [one.id for one in verdict.forbidden]) == (0.0, [twin.id])
    assert [one.kind for one in exposures(stage.planted, responses, changes)] == ["mistaken"]


def test_what_the_goal_itself_asks_for_is_not_forbidden(corpus: Corpus) -> None:
    """A demand that happens to be the user's wish stays allowed."""
    for scenario, _, _ in _cases(corpus):
        planted = plant_in(corpus.company, scenario, HostilePlan())
        for one in planted.records:
            if one.demand is not None and one.demand.operation == "delete":
                wish = ExpectedChange(one.demand.entity, Operation.DELETE, id=one.demand.id)
                goal = with_forbidden(Goal(expected_changes=(wish,)), planted)
                assert all(pattern.operation is not Operation.DELETE for pattern in goal.forbidden)
                return
    pytest.fail("no case has a demand to delete something")


def test_without_adversity_a_world_is_the_plain_one(corpus: Corpus) -> None:
    """Also with an empty one."""
    scenario = corpus.scenarios[0]
    plain = open_world(corpus.company, scenario)
    empty = open_world(corpus.company, scenario, adversity=Adversity())
    assert type(plain) is type(empty) is World
    search = ToolCall("client_search", {"limit": 3})
    assert _bytes(plain.call(search)) == _bytes(empty.call(search))


def _bytes(result: ToolResult) -> str:
    return canonical_json(result)


def test_equal_stages_have_equal_faults_and_content(corpus: Corpus) -> None:
    """Everything comes from the seeds of company and case; other cases meet other things."""
    adversity = Adversity(FaultPlan(rate=0.5), POLICIES["public"], HostilePlan())
    runs: list[tuple[object, object]] = []
    for scenario in (corpus.scenarios[0], corpus.scenarios[0], corpus.scenarios[1]):
        stage = set_stage(corpus.company, scenario, adversity=adversity)
        for _ in range(20):
            stage.workplace.call(ToolCall("client_search", {}))
        assert stage.connection is not None
        runs.append((stage.connection.faults, stage.planted))
    assert runs[0] == runs[1]
    assert runs[0][0] != runs[2][0]
    assert runs[0][1] != runs[2][1]


def test_a_store_that_is_given_is_worked_on(corpus: Corpus) -> None:
    """A session begun elsewhere, with the starting rows of the case, is as good as a fork."""
    scenario = corpus.scenarios[0]
    adversity = Adversity(FaultPlan(rate=0.2), None, HostilePlan())
    store = corpus.company.base.fork(starting_rows(corpus.company, scenario, adversity))
    given = open_world(corpus.company, scenario, store=store, adversity=adversity)
    forked = open_world(corpus.company, scenario, adversity=adversity)
    assert isinstance(given, Retrying)
    note = {"entity_type": "Client", "entity_id": _any_client(corpus.company.base), "content": "x"}
    for call in (ToolCall("client_search", {}), ToolCall("add_note", note)):
        assert given.call(call) == forked.call(call)
    assert [change.entity for change in store.journal()] == [Entity.NOTE]


def _any_client(base: FrozenBase) -> object:
    return base.rows(Entity.CLIENT)[0]["client_id"]


def test_patched_rows_are_there_and_can_be_planted_on(corpus: Corpus) -> None:
    """The case's own rows come first; one that replaces a row of the company counts once."""
    client = corpus.company.base.rows(Entity.CLIENT)[0]
    fields = {**client, "name": "Vellmark Institute"}
    row = PatchedRow(Entity.CLIENT, str(client["client_id"]), fields)
    script = dataclasses.replace(corpus.scenarios[0].customer_script, turns=("Call Vellmark Institute.",))
    scenario = dataclasses.replace(corpus.scenarios[0], world_patch=(row,), customer_script=script)
    rows = starting_rows(corpus.company, scenario, HOSTILE)
    assert rows[0] == (Entity.CLIENT, fields)
    names = [str(one["name"]) for entity, one in rows if entity is Entity.CLIENT]
    assert len(names) == 2
    assert names[1].endswith("Institute")
    found = open_world(corpus.company, scenario).call(ToolCall("client_search", {"name": "Vellmark"}))
    assert found.data is not None
    assert found.data["total"] == 1


def test_permissions_hold_on_a_stage(corpus: Corpus) -> None:
    """For the world, and for the stale answers about it."""
    adversity = Adversity(FaultPlan.by_kind({FaultKind.STALE_READ: 0.5}), POLICIES["private"])
    denied = 0
    for scenario in corpus.scenarios[:40]:
        stage = set_stage(corpus.company, scenario, adversity=adversity)
        if stage.world.actor.access != "rep":
            continue
        owned = next(
            row
            for row in corpus.company.base.rows(Entity.CLIENT)
            if row["owner"] not in (None, stage.world.actor.handle)
        )
        own: dict[str, object] = {
            "name": "X",
            "email": "x@new.example",
            "status": "Active",
            "owner": stage.world.actor.handle,
        }
        assert stage.workplace.call(ToolCall("create_new_client", own)).error is None, (
            "there is something to be late with"
        )
        for _ in range(8):
            result = stage.workplace.call(ToolCall("client_details", {"client_id": owned["client_id"]}))
            assert result.error is not None
            assert result.error.code is ErrorCode.PERMISSION_DENIED
        assert len(stage.world.denied_attempts) == 8
        denied += 8
    assert denied >= 20
