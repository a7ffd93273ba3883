"""Clerk learns the conventions of a toy house in the real world, and nothing but them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

import pytest

from atlas.agents.clerk import Clerk
from atlas.core.canonical import canonical_json
from atlas.core.errors import FrozenMemoryError
from atlas.episodes.records import Episode, Feedback, Observation, Tier
from atlas.learning.controls import rebind_tenant, shuffle_programs
from atlas.learning.memory import Memory, MemorySnapshot
from atlas.learning.playbooks import Lifecycle
from atlas.learning.privacy import find_literals, unsealed
from atlas.learning.rendering import parse, render
from atlas.settings.parsing import parse_record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from atlas.crm.records import Response

    class ToyCase(Protocol):
        """A case of the house."""

        message: str
        response: Response

    class Played(Protocol):
        """How a case was answered."""

        episode: Episode
        observation: Observation
        right: bool

    class House(Protocol):
        """The house of the fixtures."""

        deals: list[dict[str, object]]

        def draw(self, families: Mapping[str, Callable[..., ToyCase]], *, wordings: str) -> ToyCase: ...

        def play(self, agent: Clerk, case: ToyCase) -> Played: ...

        def talk(self, agent: Clerk, *messages: str) -> Episode: ...

        def teach(self, student: Clerk, learner: Clerk, case: ToyCase, *, tier: Tier = ...) -> bool: ...

    Families = Mapping[str, Callable[..., ToyCase]]

pytestmark = pytest.mark.learning

STREAM = 110
TESTED = 60


def _share(house: House, families: Families, memory: Memory) -> float:
    agent = Clerk(memory)
    played = [house.play(agent, house.draw(families, wordings="new")).right for _ in range(TESTED)]
    return sum(played) / len(played)


def _learned(house: House, families: Families, tier: Tier = Tier.DEMONSTRATION) -> Memory:
    memory = Memory()
    clerk = Clerk(memory)
    for _ in range(STREAM):
        house.teach(clerk, clerk, house.draw(families, wordings="seen"), tier=tier)
    return memory


def test_learning_beats_its_controls(house: House, families: Families) -> None:
    """On wordings and amounts it never saw: far above memory-off, which shuffled and foreign memories are not."""
    taught = _learned(house, families)
    snapshot = taught.snapshot()
    off = _share(house, families, Memory(frozen=True))
    learned = _share(house, families, Memory.restore(snapshot, frozen=True))
    shuffled = _share(house, families, Memory.restore(shuffle_programs(snapshot, 1), frozen=True))
    foreign = _share(house, families, Memory.restore(rebind_tenant(snapshot, "t-other"), frozen=True))
    assert off <= 0.5
    assert learned >= off + 0.3
    assert shuffled <= off + 0.1
    assert foreign <= off + 0.15


def test_outcomes_alone_teach_little(house: House, families: Families) -> None:
    """A teacher who only says right or wrong leaves Clerk far behind one who shows how."""
    told = _share(house, families, _learned(house, families, Tier.OUTCOME))
    shown = _share(house, families, _learned(house, families))
    assert told <= shown - 0.2


def test_what_is_learned_names_no_record(house: House, families: Families) -> None:
    """No name, id or amount of a deal is in the memory; every guarded value is sealed; lessons can be read back."""
    memory = _learned(house, families)
    snapshot = memory.snapshot()
    literals = [str(deal[name]) for deal in house.deals for name in ("name", "opportunity_id", "client_id")]
    assert find_literals(snapshot, literals) == ()
    assert unsealed(snapshot) == 0
    for playbook in memory.lessons():
        assert parse(render(playbook)) == playbook.program
    text = canonical_json(snapshot)
    assert canonical_json(parse_record(MemorySnapshot, json.loads(text), "memory")) == text


def test_learning_is_deterministic(house: House, families: Families) -> None:
    """The same cases in the same order give the same memory; a restored one acts alike."""
    cases = [house.draw(families, wordings="seen") for _ in range(40)]
    memories = [Memory(), Memory()]
    for memory in memories:
        clerk = Clerk(memory)
        for case in cases:
            house.teach(clerk, clerk, case)
    assert memories[0].content_hash() == memories[1].content_hash()
    restored = Clerk(Memory.restore(memories[0].snapshot(), frozen=True))
    for case in cases[:10]:
        assert house.play(restored, case).episode == house.play(Clerk(memories[1]), case).episode


def test_a_frozen_memory_is_not_taught(house: House, families: Families) -> None:
    """Learning with a frozen memory raises and changes nothing."""
    memory = Memory(frozen=True)
    clerk = Clerk(memory)
    played = house.play(clerk, house.draw(families, wordings="seen"))
    with pytest.raises(FrozenMemoryError):
        clerk.learn(played.episode, played.observation, Feedback(Tier.OUTCOME, success=True))
    assert memory.playbooks == ()


def test_actions_say_where_they_come_from(house: House, families: Families) -> None:
    """Every action carries its playbook, the likeness, and the source of every argument."""
    memory = _learned(house, families)
    played = house.play(Clerk(memory), house.draw({"stage": families["stage"]}, wordings="new"))
    followed = [item for item in played.episode.attributions if item.playbook_id]
    assert played.right
    assert {"modify_opportunity.stage": "lex"}.items() <= {
        name: source for item in followed for name, source in item.sources.items()
    }.items()
    assert all(item.similarity > 0 for item in followed)


def test_a_changed_convention_is_relearned(house: House, families: Families, monkeypatch: pytest.MonkeyPatch) -> None:
    """When quotes suddenly run another number of days, the old lesson loses and the new one wins."""
    only = {"share": families["share"]}
    memory = Memory()
    clerk = Clerk(memory)
    for _ in range(15):
        house.teach(clerk, clerk, house.draw(only, wordings="seen"))
    conftest = families["share"].__globals__
    monkeypatch.setitem(conftest, "VALID_DAYS", 10)
    rights = [house.teach(clerk, clerk, house.draw(only, wordings="seen")) for _ in range(20)]
    assert not rights[0]
    assert all(rights[-5:]), rights
    assert any(playbook.state is Lifecycle.SUSPENDED for playbook in memory.playbooks)
    assert any(playbook.supersedes for playbook in memory.playbooks)


def test_named_fields_shift_the_blame(house: House, families: Families) -> None:
    """Told which field was wrong, Clerk trusts that argument's explanation less, and the others as before."""
    memory = _learned(house, {"share": families["share"]})
    clerk = Clerk(memory)
    case = house.draw({"share": families["share"]}, wordings="seen")
    played = house.play(clerk, case)
    followed = next(item.playbook_id for item in played.episode.attributions if item.playbook_id)
    before = memory.get(followed)
    clerk.learn(
        played.episode, played.observation, Feedback(Tier.FIELDS, success=False, failed_fields=("Quote.valid_until",))
    )
    after = memory.get(followed)
    assert after.evidence.followed_bad == before.evidence.followed_bad + 1
    assert after.program != before.program


def test_a_follow_up_without_words_of_its_own_asks_for_the_same_again(house: House, families: Families) -> None:
    """What asks for one more is answered by the lesson of the message before it, on the other deal."""
    memory = _learned(house, families)
    first, second = house.deals[:2]
    episode = house.talk(
        Clerk(Memory.restore(memory.snapshot(), frozen=True)),
        f"Please draft the house quote on {first['name']}.",
        f"Nice. {second['name']} too!",
    )
    made = [
        (step.call.arguments["opportunity_id"], step.call.arguments["amount"])
        for turn in episode.turns
        for step in turn.steps
        if step.call.tool == "create_quote"
    ]
    assert made == [(deal["opportunity_id"], int(str(deal["amount"])) * 0.9 / 100) for deal in (first, second)]
