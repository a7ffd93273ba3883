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


def test_a_message_said_before_comes_above_its_commonest_words() -> None:
    """What was answered word for word outweighs the many cues that share the usual words of the message."""
    usual = [("please", "deal", "quote", f"word{number}") for number in range(12)]
    index = _index(
        ("said", (("please", "deal", "quote", "sun"), *[("wind", f"hail{number}") for number in range(11)]), "s"),
        ("usual", tuple(usual), "u"),
        *((f"other{number}", (("please", f"rain{number}"),), f"o{number}") for number in range(4)),
    )
    assert _names(index, "please", "deal", "quote", "sun")[0] == "said"
    assert _names(index, "please", "deal", "quote")[0] == "usual"
    exact, nearly = (_odds(index, *words)["said"] for words in (("deal", "quote", "sun", "please"), ("sun", "hail1")))
    assert exact > nearly


def test_a_message_with_a_word_changed_is_still_near() -> None:
    """The nearer a message is to one that was answered, the likelier its playbook."""
    index = _index(
        ("a", (("red", "blue", "green", "teal"), ("fog", "ice")), "a"), ("b", (("red", "amber"), ("sun", "ice")), "b")
    )
    messages = (("red",), ("red", "blue"), ("red", "blue", "green"), ("red", "blue", "green", "teal"))
    leads = [odds["a"] - odds["b"] for odds in (_odds(index, *words) for words in messages)]
    assert leads == sorted(leads)
    assert leads[0] < leads[-1]


SITUATION = (
    ("cheap", (("cancel", "cheaper", "quote"), ("cancel", "cheaper", "offer")), "cancel 1"),
    ("dear", (("cancel", "dearer", "quote"), ("dearer", "offer", "drop")), "cancel 1"),
)
STRANGERS = (
    ("note", (("leave", "note", "quote"), ("cancel", "note")), "note 1"),
    ("list", (("list", "quote", "offer"), ("list", "drop")), "list 1"),
)


def _situated(*, alike: bool) -> CueIndex:
    index = CueIndex(SimilarityWeights())
    for name, prototypes, situation in (*SITUATION, *STRANGERS):
        index.put(name, prototypes, situation if alike else name, alike=alike)
    return index


@pytest.mark.parametrize("message", [prototype for _, cues, _ in SITUATION for prototype in cues], ids=" ".join)
def test_lessons_for_one_kind_of_message_share_messages(message: tuple[str, ...]) -> None:
    """A message that one of them answered calls all of them to mind before any stranger; words tell them apart."""
    own = next(name for name, cues, _ in SITUATION if message in cues)
    together, apart = (_odds(_situated(alike=alike), *message) for alike in (True, False))
    sister = "dear" if own == "cheap" else "cheap"
    assert list(together)[:2] == [own, sister]
    strangers = [together[name] for name, _, _ in STRANGERS if name in together]
    assert together[sister] > max(strangers)
    assert together[own] - together[sister] < apart[own] - apart[sister]


def test_words_that_all_of_them_have_leave_lessons_for_one_kind_level() -> None:
    """A message that one of them answered word for word speaks for the other about as much, and for no stranger."""
    cues = {
        "one": (("deal", "quote", "rain", "wind"), ("cheaper", "hail")),
        "other": (("deal", "hail", "quote"), ("rain", "wind")),
        "third": (("deal", "note"), ("sun", "wind")),
    }
    message = cues["one"][0]
    index = CueIndex(SimilarityWeights())
    for name, prototypes in cues.items():
        index.put(name, prototypes, "kind 2" if name == "third" else "kind 1", alike=True)
    odds, alone = _odds(index, *message), _odds(_index(*((name, cues[name], name) for name in cues)), *message)
    assert abs(odds["one"] - odds["other"]) < 1
    assert min(odds["one"], odds["other"]) - odds["third"] > 2
    assert alone["one"] - alone["other"] > 1


def test_a_situation_is_one_kind_whatever_it_does() -> None:
    """In a memory, the cue says what kind of message it is; without that, lessons of unlike calls share nothing."""
    leads: list[float] = []
    for situation in ("cancel 1", ""):
        memory = Memory()
        for tool, cues in (("cancel_quote", SITUATION[0][1]), ("delete_quote", SITUATION[1][1])):
            program = Workflow((StepPlan(tool, ()),), ReplyPlan(Outcome.DONE))
            cue = Cue(cues, situation=situation)
            memory.put(found_playbook("t", PlaybookKind.WORKFLOW, cue, program, Evidence()))
        memory.put(_playbook("add_note", "note", "quote"))
        ((_, best), (_, second), *_) = memory.alike("t", SITUATION[0][1][0])
        leads.append(best - second)
    assert leads[0] < leads[1]


def test_unknown_words_change_nothing() -> None:
    """Neither odds nor order, whether lessons share messages or not, and wherever the words stand."""
    for alike in (True, False):
        index = _situated(alike=alike)
        known = index.rank(("cancel", "cheaper", "quote"))
        assert known
        assert index.rank(("apple", "cancel", "cheaper", "pear", "quote", "zebra")) == known
        assert index.rank(("apple", "pear")) == []


@pytest.mark.parametrize("name", ["cheap", "dear", "note", "list"])
def test_removing_a_lesson_restores_the_state(name: str) -> None:
    """Of lessons for one kind of message too: what is left ranks as if the removed one had never been there."""
    cues = (*SITUATION, *STRANGERS)
    index, fresh = _situated(alike=True), CueIndex(SimilarityWeights())
    for own, prototypes, situation in cues:
        if own != name:
            fresh.put(own, prototypes, situation, alike=True)
    before = {message: index.rank(message) for _, prototypes, _ in cues for message in prototypes}
    index.put(name, ())
    assert {message: index.rank(message) for message in before} == {message: fresh.rank(message) for message in before}
    _, prototypes, situation = next(cue for cue in cues if cue[0] == name)
    index.put(name, prototypes, situation, alike=True)
    assert {message: index.rank(message) for message in before} == before


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
