"""Which playbooks a message calls to mind: log odds over its words, and when rather none is trusted."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from atlas.crm.records import Outcome
from atlas.learning.memory import Memory
from atlas.learning.playbooks import Cue, Evidence, Playbook, PlaybookKind, found_playbook
from atlas.learning.programs import LeaveToDefault, ReplyPlan, StepPlan, Workflow
from atlas.learning.recall import RecallThresholds, recall
from atlas.learning.similarity import CueIndex, SimilarityWeights

Cues = tuple[tuple[str, ...], ...]


def _index(*cues: tuple[str, Cues, str]) -> CueIndex:
    index = CueIndex(SimilarityWeights())
    for name, prototypes, group in cues:
        index.put(name, prototypes, group)
    return index


def _names(index: CueIndex, *tokens: str) -> list[str]:
    return [name for name, _ in index.rank(tokens)]


def _odds(index: CueIndex, *tokens: str) -> dict[str, float]:
    return dict(index.rank(tokens))


def test_the_playbook_with_the_words_of_the_message_comes_first() -> None:
    """Others that share a word follow; those that share none, and a message of unknown words, get no odds."""
    index = _index(("quote", (("deal", "quote"),), "q"), ("sun", (("quote", "sun"),), "s"), ("note", (("note",),), "n"))
    assert _names(index, "deal", "quote") == ["quote", "sun"]
    assert _names(index, "quote", "sun") == ["sun", "quote"]
    assert index.rank(("weather",)) == []
    assert _odds(index, "deal", "quote", "weather") == _odds(index, "deal", "quote")


def test_words_that_a_message_lacks_count_against_a_playbook() -> None:
    """Of two that have all words of a message, the one that would have had more words comes second, and vice versa."""
    index = _index(
        ("short", (("deal", "quote"),), "s"),
        ("long", (("deal", "quote", "rain", "wind", "hail"),), "l"),
        ("other", (("note", "sun"),), "o"),
    )
    assert _names(index, "deal", "quote") == ["short", "long"]
    assert _names(index, "deal", "quote", "rain", "wind", "hail") == ["long", "short"]


def test_playbooks_of_one_group_lend_each_other_words() -> None:
    """A word that only its sister had speaks for a playbook; the same word of a stranger does not."""
    cues = (("own", (("deal", "red"),), "same"), ("third", (("deal", "note"),), "z"))
    sister = _index(*cues, ("helper", (("deal", "blue"),) * 3, "same"))
    stranger = _index(*cues, ("helper", (("deal", "blue"),) * 3, "other"))
    assert _names(sister, "deal", "blue") == ["helper", "own", "third"]
    assert _odds(sister, "deal", "blue")["own"] > _odds(stranger, "deal", "blue")["own"]
    odds = _odds(stranger, "deal", "blue")
    assert odds["own"] == odds["third"]


def test_words_that_all_messages_have_say_nothing() -> None:
    """Where there is only one kind of message, being of that kind is no news."""
    index = _index(("a", (("deal", "red"),), "x"))
    assert _odds(index, "deal", "red")["a"] == pytest.approx(0, abs=0.01)
    index.put("b", (("note",),), "y")
    assert _odds(index, "deal", "red")["a"] > 0.3


def test_more_messages_weigh_more() -> None:
    index = _index(
        ("one", (("deal", "red"),), "a"), ("two", (("deal", "red"),) * 2, "b"), ("many", (("deal", "red"),) * 5, "c")
    )
    assert _names(index, "deal", "red") == ["many", "two", "one"]


def test_equal_odds_are_ordered_by_name() -> None:
    index = _index(("b", (("deal",),), "x"), ("a", (("deal",),), "y"))
    assert _names(index, "deal") == ["a", "b"]


def test_ranking_follows_every_change() -> None:
    """After putting, replacing and removing, the odds are those of an index that never held anything else."""
    index = _index(("a", (("deal", "red"),), "x"), ("b", (("deal", "blue"),), "x"))
    before = index.rank(("deal", "red"))
    index.put("c", (("deal", "red"), ("red", "sun")), "y")
    assert _names(index, "deal", "red")[0] == "c"
    assert index.rank(("deal", "red")) != before
    index.put("c", ())
    assert "c" not in index
    assert index.rank(("deal", "red")) == before
    index.put("a", (("note", "sun"),), "x")
    fresh = _index(("a", (("note", "sun"),), "x"), ("b", (("deal", "blue"),), "x"))
    for tokens in (("deal",), ("note", "blue"), ("red",)):
        assert index.rank(tokens) == fresh.rank(tokens)


def _playbook(tool: str, *words: str, evidence: Evidence | None = None) -> Playbook:
    program = Workflow((StepPlan(tool, ()),), ReplyPlan(Outcome.DONE))
    return found_playbook("t", PlaybookKind.WORKFLOW, Cue((words,), words), program, evidence or Evidence())


def _holding(*playbooks: Playbook) -> Memory:
    memory = Memory()
    for playbook in playbooks:
        memory.put(playbook)
    return memory


FITS = {"add_note": 1.0, "create_quote": 0.0, "client_search": 1.0, "contact_search": 0.0}


def test_too_small_odds_abstain() -> None:
    """The threshold is on the odds of the words alone, before trust and tool are weighed in."""
    memory = _holding(_playbook("add_note", "deal", "red"), _playbook("create_quote", "deal", "blue"))
    ((_, best), (_, worst)) = memory.alike("t", ("deal", "red"))
    assert best > worst
    every = recall(memory, "t", ("deal", "red"), FITS, RecallThresholds(least_odds=worst))
    some = recall(memory, "t", ("deal", "red"), FITS, RecallThresholds(least_odds=(best + worst) / 2))
    none = recall(memory, "t", ("deal", "red"), FITS, RecallThresholds(least_odds=best + 0.01))
    assert [len(every), len(some), len(none)] == [2, 1, 0]


@pytest.mark.parametrize(("bad", "recalled"), [(3, 1), (4, 0)])
def test_a_playbook_that_failed_too_often_does_not_come_to_mind(bad: int, recalled: int) -> None:
    memory = _holding(_playbook("add_note", "deal", evidence=Evidence(followed_bad=bad)))
    assert len(recall(memory, "t", ("deal",), FITS, RecallThresholds(least_trust=0.19))) == recalled


def test_trust_adds_its_logarithm_to_the_weight() -> None:
    playbook = _playbook("add_note", "deal")
    weights: list[float] = []
    for evidence in (Evidence(), Evidence(followed_ok=2)):
        (found,) = recall(_holding(replace(playbook, evidence=evidence)), "t", ("deal",), FITS, RecallThresholds())
        weights.append(found.weight)
    assert weights[1] - weights[0] == pytest.approx(math.log(0.75 / 0.5), abs=1e-5)


def _weight(*tools: str) -> float:
    program = Workflow(tuple(StepPlan(tool, ()) for tool in tools), ReplyPlan(Outcome.DONE))
    playbook = found_playbook("t", PlaybookKind.WORKFLOW, Cue((("deal",),)), program, Evidence())
    (found,) = recall(_holding(playbook), "t", ("deal",), FITS, RecallThresholds(intent=2.0))
    return found.weight


def test_the_tool_that_changes_something_is_the_main_one() -> None:
    """How well a look-up fits says nothing where something is changed; without a change, half is the least."""
    assert _weight("client_search", "create_quote") == _weight("create_quote")
    assert _weight("add_note") - _weight("create_quote") == pytest.approx(2.0)
    assert _weight("client_search") == _weight("add_note")
    assert _weight("add_note") - _weight() == pytest.approx(1.0)
    assert _weight("contact_search") == _weight()


def test_leaving_it_to_the_default_plan_needs_no_tools() -> None:
    """A workflow whose tool is not at hand does not come to mind; a lesson to leave it to the default plan does."""
    default = found_playbook("t", PlaybookKind.WORKFLOW, Cue((("deal",),)), LeaveToDefault(("gone",)), Evidence())
    memory = _holding(default, _playbook("gone", "deal"))
    assert [item.playbook.program for item in recall(memory, "t", ("deal",), FITS, RecallThresholds())] == [
        default.program
    ]
