"""The episode loop: who speaks when, what an agent sees, and what a used-up budget costs."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Sequence
from datetime import date

from atlas.core.clock import FrozenClock, start_of_business
from atlas.crm.memory import FrozenBase
from atlas.crm.records import (
    Actor,
    Entity,
    ErrorCode,
    FieldValue,
    Outcome,
    ReasonCode,
    Response,
    StaffDirectory,
    StaffMember,
    ToolCall,
)
from atlas.crm.world import World
from atlas.episodes.loop import EpisodeBudget, EpisodeRun, run_episode
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


def play(puppet: Puppet, *lines: str, budget: EpisodeBudget | None = None, talker: Talker | None = None) -> EpisodeRun:
    """Run one episode in a company with a single client."""
    world = World(
        FrozenBase.build({Entity.CLIENT: [CLIENT]}).fork(),
        directory=StaffDirectory(TODAY, (StaffMember("m.okafor", "Mia Okafor", "Account Executive", "North"),)),
        actor=Actor("m.okafor", "Account Executive"),
        rules=(),
        rng=random.Random(7),
        clock=FrozenClock(start_of_business(TODAY)),
    )
    return run_episode(puppet, world, talker or Talker(*lines), tenant="tn-test", budget=budget or EpisodeBudget())


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
