"""Scripted agents and users do what they are told, and nothing else."""

from __future__ import annotations

import pytest

from atlas.core.errors import MisuseError
from atlas.crm.records import Outcome, Response, ToolCall
from atlas.episodes.loop import EpisodeBudget
from atlas.episodes.records import Action, EpisodeStatus, Observation
from atlas.scenarios.records import Disclosure
from atlas.testing import RecordingAgent, ScriptedAgent, open_world, play, scripted_user

CANCEL = ToolCall("cancel_quote", {"quote_id": "q1"})


def say_what_was_asked(observation: Observation) -> Action:
    return Action(text=f"You said: {observation.turns[-1].user}")


def test_moves_are_made_in_order_whatever_kind_they_are() -> None:
    """A call, an action of several, a text, and a function of what is seen."""
    two = Action((ToolCall("staff_search", {}), ToolCall("client_search", {})))
    agent = ScriptedAgent([CANCEL, two, "Done.", say_what_was_asked])
    episode = play(agent, open_world(), "First.", "Second.")
    assert [[step.call.tool for step in turn.steps] for turn in episode.turns] == [
        ["cancel_quote", "staff_search", "client_search"],
        [],
    ]
    assert [turn.response.message for turn in episode.turns if turn.response] == ["Done.", "You said: Second."]
    assert len(agent.observations) == 4
    assert agent.observations[1].last_results[0].ok


def test_a_script_that_is_too_short_says_so() -> None:
    """The author of the test is told, not the agent's user."""
    with pytest.raises(MisuseError, match="1 moves"):
        play(ScriptedAgent([CANCEL]), open_world(), "Go on.")


def test_a_recorder_changes_nothing() -> None:
    """The episode is the same with and without it, and every move is kept."""
    moves = [CANCEL, "Done."]
    recorder = RecordingAgent(ScriptedAgent(moves))
    assert play(recorder, open_world(), "Go.") == play(ScriptedAgent(moves), open_world(), "Go.")
    assert [done.text for _, done in recorder.moves] == ["", "Done."]


def test_a_budget_is_kept() -> None:
    """Tests of what happens when it runs out need no long script."""
    episode = play(ScriptedAgent([CANCEL] * 3), open_world(), "Go.", budget=EpisodeBudget(calls=1))
    assert episode.status is EpisodeStatus.BUDGET_EXHAUSTED


def test_a_user_tells_what_it_is_asked_for() -> None:
    """Answers wait until they are asked for, then the next message comes."""
    user = scripted_user("Move it.", "Thanks.", answers=[Disclosure(("which",), "The big one.")])
    assert user.open() == "Move it."
    assert user.reply(Response("Which one?", Outcome.ASKED)) == "The big one."
    assert user.reply(Response("Done.")) == "Thanks."
    assert user.reply(Response("Bye.")) is None
