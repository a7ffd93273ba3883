"""The episode loop: who speaks when, what an agent sees, and what a used-up budget costs."""

from __future__ import annotations

import dataclasses
import functools
import pickle
import random
from collections.abc import Callable, Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.core.canonical import canonical_json
from atlas.core.clock import FrozenClock, start_of_business
from atlas.core.errors import MisuseError, StorageError
from atlas.crm.memory import FrozenBase
from atlas.crm.records import (
    Actor,
    Change,
    Entity,
    ErrorCode,
    FieldValue,
    Outcome,
    ReasonCode,
    Response,
    StaffDirectory,
    StaffMember,
    ToolCall,
    ToolError,
    ToolResult,
    ToolSpec,
)
from atlas.crm.world import Workplace, World
from atlas.episodes.loop import EpisodeBudget, EpisodeDriver, EpisodeRun, run_episode
from atlas.episodes.records import Action, Attribution, EpisodeStatus, Observation

TODAY = date(2026, 3, 2)
CLIENT: dict[str, FieldValue] = {
    "client_id": "11111111-1111-4111-8111-111111111111",
    "name": "Halden Foods",
    "email": "desk@halden.example",
    "status": "Active",
}
SEARCH = ToolCall("client_search", {"name": "Halden"})
NOTE = ToolCall("add_note", {"entity_type": "Client", "entity_id": CLIENT["client_id"], "content": "Called."})
DONE = ToolCall("respond", {"message": "Done.", "outcome": "done"})


class Puppet:
    """Plays the actions that a test hands it, and keeps what it saw."""

    def __init__(self, play: Callable[[Observation], Action]) -> None:
        self._play = play
        self.seen: list[Observation] = []

    def act(self, observation: Observation) -> Action:
        self.seen.append(observation)
        return self._play(observation)


class Talker:
    """Says its lines one after the other and keeps what it heard."""

    def __init__(self, *lines: str) -> None:
        self._lines = list(lines)
        self.heard: list[Response | None] = []

    def open(self) -> str:
        return self._lines.pop(0)

    def reply(self, response: Response | None) -> str | None:
        self.heard.append(response)
        return self._lines.pop(0) if self._lines else None


def script(*actions: Action) -> Callable[[Observation], Action]:
    """Play the actions in order."""
    rest = list(actions)
    return lambda _: rest.pop(0)


def open_world() -> World:
    """A company with a single client."""
    return World(
        FrozenBase.build({Entity.CLIENT: [CLIENT]}).fork(),
        directory=StaffDirectory(TODAY, (StaffMember("m.okafor", "Mia Okafor", "Account Executive", "North"),)),
        actor=Actor("m.okafor", "Account Executive"),
        rules=(),
        rng=random.Random(7),
        clock=FrozenClock(start_of_business(TODAY)),
    )


def play(puppet: Puppet, *lines: str, budget: EpisodeBudget | None = None, talker: Talker | None = None) -> EpisodeRun:
    """Run one episode in that company."""
    talker = talker or Talker(*lines)
    return run_episode(puppet, open_world(), talker, tenant="tn-test", budget=budget or EpisodeBudget())


def drive(*lines: str, budget: EpisodeBudget | None = None, world: Workplace | None = None) -> EpisodeDriver:
    """Begin one episode in that company, or in another world."""
    talker = Talker(*lines)
    return EpisodeDriver(world or open_world(), talker, tenant="tn-test", budget=budget or EpisodeBudget())


class BreakingWorld:
    """A world whose database breaks: at its n-th call, or when it is asked for its changes."""

    def __init__(self, *, at_call: int | None = None, at_changes: bool = False) -> None:
        self._inner = open_world()
        self._at_call = at_call
        self._at_changes = at_changes
        self._calls = 0

    @property
    def actor(self) -> Actor:
        return self._inner.actor

    @property
    def today(self) -> date:
        return self._inner.today

    @property
    def tools(self) -> tuple[ToolSpec, ...]:
        return self._inner.tools

    @property
    def writes(self) -> int:
        return self._inner.writes

    def call(self, call: ToolCall) -> ToolResult:
        self._calls += 1
        if self._calls == self._at_call:
            raise StorageError("the database went away while writing a row")
        return self._inner.call(call)

    def changes(self) -> tuple[Change, ...]:
        if self._at_changes:
            raise StorageError("the database went away while reading the journal")
        return self._inner.changes()


def codes(run: EpisodeRun) -> Sequence[ErrorCode | None]:
    """The error codes of the steps of the first turn."""
    return [step.result.error.code if step.result.error else None for step in run.episode.turns[0].steps]


def test_an_episode_is_the_conversation_and_the_net_changes() -> None:
    """Two calls in two actions, then a response."""
    puppet = Puppet(script(Action((SEARCH,)), Action((NOTE,)), Action((DONE,))))
    episode = play(puppet, "Note the call at Halden Foods.").episode
    assert episode.status is EpisodeStatus.COMPLETED
    assert [step.call for step in episode.turns[0].steps] == [SEARCH, NOTE]
    assert episode.turns[0].response == Response("Done.")
    assert [(change.entity, change.before) for change in episode.changes] == [(Entity.NOTE, None)]
    assert (episode.calls, episode.writes, episode.final_outcome) == (2, 1, Outcome.DONE)


def test_an_agent_sees_exactly_the_promised_fields() -> None:
    """Of a case: conversation, actor, day, tools, budget, tenant and last results; nothing else."""
    assert {field.name for field in dataclasses.fields(Observation)} == {
        "turns",
        "actor",
        "role",
        "today",
        "tools",
        "budget",
        "tenant",
        "last_results",
    }


def test_an_observation_grows_with_the_conversation() -> None:
    """Steps of the open turn, results of the last action, then the closed turn with its response."""
    puppet = Puppet(script(Action((SEARCH,)), Action((DONE,)), Action((DONE,))))
    run = play(puppet, "First.", "Second.")
    first, second, third = puppet.seen
    assert run.first_observation is first
    assert [turn.user for turn in first.turns] == ["First."]
    assert (first.actor, first.role, first.today, first.tenant) == ("m.okafor", "Account Executive", TODAY, "tn-test")
    assert [step.call for step in second.turns[-1].steps] == [SEARCH]
    assert second.last_results == (second.turns[-1].steps[0].result,)
    assert third.turns[0].response == Response("Done.")
    assert third.turns[1].user == "Second."
    assert third.last_results == ()


def test_calls_behind_a_response_are_not_carried_out() -> None:
    """The turn is over; the answer to the late call says so."""
    run = play(Puppet(script(Action((DONE, NOTE)))), "Note it.")
    assert codes(run) == [ErrorCode.TURN_ENDED]
    assert run.episode.changes == ()


def test_a_malformed_response_is_answered_with_an_error() -> None:
    """The turn goes on, so that the agent can mend it."""
    bad = ToolCall("respond", {"message": "Hm.", "outcome": "perhaps"})
    run = play(Puppet(script(Action((bad,)), Action((DONE,)))), "Note it.")
    assert codes(run) == [ErrorCode.INVALID_ENUM]
    assert run.episode.turns[0].response == Response("Done.")
    assert run.episode.calls == 1


def test_a_plain_text_ends_the_turn() -> None:
    """It counts as done, without facts."""
    episode = play(Puppet(script(Action(text="All good."))), "Fine?").episode
    assert episode.turns[0].response == Response("All good.", Outcome.DONE, None, {})


def test_the_customer_hears_every_response() -> None:
    """Reason and outcome reach the customer, who may answer."""
    asked = ToolCall("respond", {"message": "Which one?", "outcome": "asked", "reason_code": "ambiguous_request"})
    talker = Talker("Note it.", "The first one.")
    run = play(Puppet(script(Action((asked,)), Action((DONE,)))), talker=talker)
    assert talker.heard == [
        Response("Which one?", Outcome.ASKED, ReasonCode.AMBIGUOUS_REQUEST),
        Response("Done."),
    ]
    assert len(run.episode.turns) == 2


def test_an_agent_that_never_answers_loses_the_rest() -> None:
    """After its last action the turn stays open and the customer goes."""
    puppet = Puppet(lambda _: Action((SEARCH,)))
    talker = Talker("Note it.", "Hello?")
    episode = play(puppet, talker=talker, budget=EpisodeBudget(actions_per_turn=3)).episode
    assert episode.status is EpisodeStatus.BUDGET_EXHAUSTED
    assert (len(episode.turns), episode.turns[0].response, episode.final_outcome) == (1, None, None)
    assert [observation.budget.actions_left for observation in puppet.seen] == [3, 2, 1]
    assert talker.heard == []


def test_calls_beyond_the_budget_are_refused() -> None:
    """The world is not asked any more; the episode ends there."""
    puppet = Puppet(script(Action((NOTE, NOTE, NOTE)), Action((DONE,))))
    run = play(puppet, "Note it.", budget=EpisodeBudget(calls=2))
    assert codes(run) == [None, None, ErrorCode.BUDGET_EXHAUSTED]
    assert (run.episode.writes, run.episode.status) == (2, EpisodeStatus.BUDGET_EXHAUSTED)


def test_a_conversation_has_a_last_turn() -> None:
    """A customer that never stops is cut off."""
    lines = [f"Message {number}" for number in range(20)]
    run = play(Puppet(lambda _: Action((DONE,))), *lines, budget=EpisodeBudget(turns=4))
    assert len(run.episode.turns) == 4


def test_what_an_agent_logs_is_kept_in_order() -> None:
    """Attributions are part of the episode."""
    logged = [Attribution(0, "pb-1", 0.9), Attribution(0, None, 0.1, reason="abstained")]
    actions = (Action((SEARCH,), attribution=logged[0]), Action((DONE,), attribution=logged[1]))
    assert play(Puppet(script(*actions)), "Note it.").episode.attributions == tuple(logged)


# ---------------------------------------------------------------------------------------------------------------------
# Step by step


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("-inf"), "\ud800", 10**6_000, functools.reduce(lambda inner, _: [inner], range(5_000), 0)],
    ids=["nan", "infinity", "half-a-pair", "huge-number", "nested"],
)
def test_whatever_an_agent_sends_can_be_written_down_and_sent_on(value: object) -> None:
    """An episode goes to log files and to other processes; no argument is strange enough to stop it there."""
    agent = Puppet(script(Action((ToolCall("client_search", {"name": value}),)), Action((DONE,))))
    episode = run_episode(agent, open_world(), Talker("Find it."), tenant="tn").episode
    (step,) = episode.turns[0].steps
    assert step.result.error is not None
    assert canonical_json(episode).encode()
    assert pickle.loads(pickle.dumps(episode)) == episode  # noqa: S301 - our own bytes


def test_a_driver_waits_for_one_action_at_a_time() -> None:
    """What is observed before and after each, and what an action returns."""
    driver = drive("First.", "Second.")
    assert driver.observe() is driver.observe()
    (searched,) = driver.act(Action((SEARCH,)))
    assert searched.ok
    assert driver.observe().last_results == (searched,)
    assert driver.observe().budget.calls_left == 39
    assert driver.act(Action((DONE,))) == ()
    assert [turn.user for turn in driver.turns] == ["First.", "Second."]
    assert driver.observe().last_results == ()
    assert not driver.finished
    driver.act(Action((DONE,)))
    assert driver.finished
    assert [turn.response for turn in driver.turns] == [Response("Done.")] * 2


def test_what_was_no_action_is_answered_and_costs_one() -> None:
    """No call was made, so no step is kept; but a stream of them ends the episode."""
    error = ToolError(ErrorCode.INVALID_FORMAT, "not valid JSON")
    driver = drive("Note it.", budget=EpisodeBudget(actions_per_turn=3))
    for left in (2, 1):
        driver.reject(error)
        assert driver.observe().last_results == (ToolResult(error=error),)
        assert driver.observe().budget.actions_left == left
        assert driver.turns[-1].steps == ()
    driver.reject(error)
    assert driver.finished
    assert driver.leave().episode.status is EpisodeStatus.BUDGET_EXHAUSTED


def test_nobody_acts_after_the_end() -> None:
    """Whoever drives the episode has made a mistake, and hears of it."""
    driver = drive("Note it.")
    driver.act(Action((DONE,)))
    for late in (lambda: driver.act(Action((NOTE,))), lambda: driver.reject(ToolError(ErrorCode.BLANK, "blank"))):
        with pytest.raises(MisuseError, match="the episode is over"):
            late()
    assert driver.leave().episode.changes == ()
    assert driver.observe().budget.actions_left == 0


def test_an_agent_may_go_away() -> None:
    """The open turn is kept without a response; what was changed counts; leaving twice leaves the same."""
    driver = drive("Note it.", "Thanks.")
    driver.act(Action((NOTE,)))
    meanwhile = driver.episode()
    run = driver.leave()
    assert run is driver.leave()
    assert run.episode == meanwhile
    assert run.episode.status is EpisodeStatus.ABANDONED
    assert [(turn.user, turn.response, len(turn.steps)) for turn in run.episode.turns] == [("Note it.", None, 1)]
    assert [change.entity for change in run.episode.changes] == [Entity.NOTE]
    assert driver.finished


def test_looking_at_an_episode_does_not_end_it() -> None:
    """What it would be worth by now can be asked at any time."""
    driver = drive("Note it.")
    assert driver.episode().changes == ()
    driver.act(Action((NOTE,)))
    assert len(driver.episode().changes) == 1
    driver.act(Action((DONE,)))
    assert driver.leave().episode.status is EpisodeStatus.COMPLETED


def test_a_database_that_breaks_ends_the_episode_as_data() -> None:
    """The cause is kept, the changes are unknown, and the customer is not asked any more."""
    talker = Talker("Note it.", "Thanks.")
    puppet = Puppet(script(Action((SEARCH, NOTE, NOTE))))
    run = run_episode(puppet, BreakingWorld(at_call=3), talker, tenant="tn-test")
    assert run.episode.status is EpisodeStatus.BACKEND_FAILED
    assert run.episode.failure == "the database went away while writing a row"
    assert (run.episode.changes, run.episode.writes) == ((), 1)
    assert [step.call for step in run.episode.turns[0].steps] == [SEARCH, NOTE]
    assert talker.heard == []


def test_a_database_that_breaks_at_the_end_is_told_too() -> None:
    """Without its changes, nothing can be said about an episode."""
    run = run_episode(Puppet(script(Action((DONE,)))), BreakingWorld(at_changes=True), Talker("Hi."), tenant="tn-test")
    assert run.episode.status is EpisodeStatus.BACKEND_FAILED
    assert run.episode.failure == "the database went away while reading the journal"


def test_looking_at_a_broken_world_ends_the_episode() -> None:
    """An agent is not left to act in it."""
    driver = drive("Note it.", world=BreakingWorld(at_changes=True))
    assert driver.episode().status is EpisodeStatus.BACKEND_FAILED
    assert driver.finished


MOVES = {
    "search": Action((SEARCH,)),
    "note": Action((NOTE,)),
    "done": Action((DONE,)),
    "text": Action(text="Fine."),
    "two": Action((NOTE, DONE, SEARCH)),
    "unknown": Action((ToolCall("serch", {}),)),
}


@given(
    moves=st.lists(st.sampled_from(sorted(MOVES)), max_size=12),
    lines=st.integers(1, 4),
    budget=st.builds(
        EpisodeBudget, calls=st.integers(0, 5), actions_per_turn=st.integers(1, 4), turns=st.integers(1, 3)
    ),
)
def test_a_loop_and_a_driver_make_the_same_episode(moves: list[str], lines: int, budget: EpisodeBudget) -> None:
    """Whatever is played: who is at hand and who is far away are treated alike, and every bound holds."""
    rest = iter(moves)
    actions = [MOVES[name] for name in moves] + [Action((DONE,))] * 20
    messages = [f"Message {number}" for number in range(lines)]
    at_hand = run_episode(Puppet(script(*actions)), open_world(), Talker(*messages), tenant="tn-test", budget=budget)
    driver = drive(*messages, budget=budget)
    while not driver.finished:
        driver.act(MOVES[next(rest, "done")])
        assert driver.observe().budget.calls_left >= 0
    assert driver.leave() == at_hand
    assert len(at_hand.episode.turns) <= min(budget.turns, lines)
    assert at_hand.episode.status is not EpisodeStatus.ABANDONED
    carried_out = [step for turn in at_hand.episode.turns for step in turn.steps if step.result.ok]
    assert len(carried_out) <= budget.calls
