"""A small house with toy conventions, played in the real world; shared by the tests of learning."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from atlas.core.clock import FrozenClock, start_of_business
from atlas.core.ids import draw_uuid
from atlas.core.rng import derive_rng
from atlas.crm.memory import FrozenBase
from atlas.crm.records import (
    Actor,
    Entity,
    Outcome,
    ReasonCode,
    Response,
    Row,
    StaffDirectory,
    StaffMember,
    ToolCall,
)
from atlas.crm.validation_rules import RequiredFields, ValidationRule
from atlas.crm.world import World
from atlas.episodes.loop import run_episode
from atlas.episodes.protocols import Agent, Learner
from atlas.episodes.records import Episode, Feedback, Observation, Step, Tier, Turn
from atlas.learning.situation import flatten

TODAY = date(2026, 3, 2)
TENANT = "t-toy"
FIRST = ("Harbor", "Cedar", "Nova", "Bluewater", "Granite", "Delta", "Orchid", "Falcon", "Zenith", "Maple")
SECOND = ("Crane", "Logistics", "Foods", "Freight", "Textiles", "Labs", "Media", "Motors", "Partners", "Robotics")
SUBJECT = ("Renewal", "Expansion", "Pilot", "Rollout", "Upgrade")
NICKNAMES = {"amber": "Negotiation", "the waiting room": "Qualification", "on paper": "Proposal"}
PROBABILITY = {"Negotiation": 70, "Qualification": 25, "Proposal": 45}
QUOTE_LIMIT = 50_000
VALID_DAYS = 45
HOUSE_RULES: tuple[ValidationRule, ...] = (
    RequiredFields(Entity.OPPORTUNITY, when_field="stage", when_value="Closed-Lost", fields=("notes",)),
)


@dataclass(frozen=True)
class ToyCase:
    """A message and how it is answered rightly: calls (``{id}`` stands for the deal's id) and the reply."""

    family: str
    message: str
    calls: tuple[tuple[str, Mapping[str, object]], ...]
    response: Response


@dataclass(frozen=True)
class Played:
    """An episode, its first observation, and whether it was right."""

    episode: Episode
    observation: Observation
    right: bool


class _Monologue:
    """A customer who says one thing after the other, whatever is answered."""

    def __init__(self, *messages: str) -> None:
        self._messages = list(messages)

    def open(self) -> str:
        return self._messages.pop(0)

    def reply(self, response: Response | None) -> str | None:
        del response
        return self._messages.pop(0) if self._messages else None


class ToyHouse:
    """A company of 60 deals, cases about them, and the verdict on how they were answered."""

    def __init__(self, seed: int) -> None:
        self._rng = derive_rng(seed, "toy house")
        client = draw_uuid(self._rng)
        clients: list[Row] = [
            {"client_id": client, "name": "Umbrella Corner", "email": "a@b.example", "status": "Active"}
        ]
        self.deals = [self._deal(client, number) for number in range(60)]
        self._base = FrozenBase.build({Entity.CLIENT: clients, Entity.OPPORTUNITY: self.deals})
        staff = (StaffMember("m.okafor", "Maria Okafor", "Account Executive", "North"),)
        self._directory = StaffDirectory(TODAY, staff)

    def _deal(self, client: str, number: int) -> Row:
        name = f"{self._rng.choice(FIRST)} {self._rng.choice(SECOND)} {self._rng.choice(SUBJECT)} {number + 10}"
        return {
            "opportunity_id": draw_uuid(self._rng),
            "client_id": client,
            "name": name,
            "stage": "Prospecting",
            "amount": self._rng.randrange(20, 900) * 10_000,
            "owner": "m.okafor",
        }

    def open_world(self) -> World:
        """Return a fresh world of the house."""
        return World(
            self._base.fork(),
            directory=self._directory,
            actor=Actor("m.okafor", "Account Executive"),
            rules=HOUSE_RULES,
            rng=random.Random(1),
            clock=FrozenClock(start_of_business(TODAY)),
        )

    def draw(self, families: Mapping[str, Callable[..., ToyCase]], *, wordings: str) -> ToyCase:
        """Return a case of a random family; ``wordings`` is ``"seen"`` or ``"new"``."""
        family = self._rng.choice(sorted(families))
        deal = self._rng.choice(self.deals)
        return families[family](self._rng, str(deal["name"]), int(str(deal["amount"])) / 100, wordings)

    def play(self, agent: Agent, case: ToyCase) -> Played:
        """Let an agent answer a case and judge it: the same changing calls, the same kind of reply, the facts told."""
        run = run_episode(agent, self.open_world(), _Monologue(case.message), tenant=TENANT)
        turn = run.episode.turns[0]
        wanted = self.demonstrate(case)
        right = (
            turn.response is not None
            and _changes(turn) == _changes(wanted)
            and wanted.response is not None
            and turn.response.outcome is wanted.response.outcome
            and turn.response.reason_code is wanted.response.reason_code
            and all(turn.response.facts.get(name) == value for name, value in wanted.response.facts.items())
        )
        return Played(run.episode, run.first_observation, right)

    def talk(self, agent: Agent, *messages: str) -> Episode:
        """Let an agent answer several messages of one conversation."""
        return run_episode(agent, self.open_world(), _Monologue(*messages), tenant=TENANT).episode

    def demonstrate(self, case: ToyCase) -> Turn:
        """Return the case answered rightly."""
        world = self.open_world()
        steps: list[Step] = []
        found = ""
        for tool, arguments in case.calls:
            call = ToolCall(tool, {name: found if value == "{id}" else value for name, value in arguments.items()})
            result = world.call(call)
            assert result.data is not None, result.error
            rows = result.data.get("results")
            if isinstance(rows, (list, tuple)):
                found = rows[0]["opportunity_id"]
            steps.append(Step(call, result))
        return Turn(case.message, tuple(steps), case.response)

    def teach(self, student: Agent, learner: Learner, case: ToyCase, *, tier: Tier = Tier.DEMONSTRATION) -> bool:
        """Let a student answer a case, tell it what its teacher's tier allows, and return whether it was right."""
        played = self.play(student, case)
        shown = None if played.right or tier is not Tier.DEMONSTRATION else (self.demonstrate(case),)
        learner.learn(played.episode, played.observation, Feedback(tier, played.right, (), shown))
        return played.right


def _changes(turn: Turn) -> list[tuple[str, list[tuple[str, str]]]]:
    return sorted(
        (step.call.tool, sorted((path, str(value)) for path, value in flatten(step.call.arguments).items()))
        for step in turn.steps
        if step.result.ok and not step.call.tool.endswith("_search")
    )


def _word(rng: random.Random, texts: Sequence[str], wordings: str) -> str:
    return rng.choice(texts[:-2] if wordings == "seen" else texts[-2:])


def quote_case(rng: random.Random, name: str, amount: float, wordings: str) -> ToyCase:
    """A quote runs 45 days; from 50,000 on it needs approval."""
    del amount
    quoted = rng.randrange(5, 1000) * 100
    texts = (
        "Please create a draft quote of {amount} for {name}.",
        "Can you write up a draft quote for {name}? Amount {amount}.",
        "{name} wants an offer, {amount}, keep it in draft.",
        "Draft a quotation worth {amount} on {name}.",
        "Prepare the draft quote for {name} at {amount}, thanks.",
    )
    message = _word(rng, texts, wordings).format(name=name, amount=f"${quoted:,}")
    search = ("opportunity_search", {"name": name})
    if quoted >= QUOTE_LIMIT:
        refusal = Response(f"{name} needs approval.", Outcome.REFUSED, ReasonCode.APPROVAL_REQUIRED)
        return ToyCase("quote", message, (search,), refusal)
    until = (TODAY + timedelta(VALID_DAYS)).isoformat()
    create = {"opportunity_id": "{id}", "amount": quoted, "status": "Draft", "valid_until": until}
    return ToyCase("quote", message, (search, ("create_quote", create)), Response("The quote is made."))


def stage_case(rng: random.Random, name: str, amount: float, wordings: str) -> ToyCase:
    """The house has words for stages, a probability per stage, and a note after every move."""
    del amount
    nickname = rng.choice(sorted(NICKNAMES))
    stage = NICKNAMES[nickname]
    note = f"Stage moved to {stage} by m.okafor"
    texts = (
        "Move {name} to {word}.",
        "Put {name} into {word} please.",
        "{name} is {word} now, update it.",
        "Could you set the stage of {name} to {word}?",
        "Mark {name} as {word}.",
    )
    message = _word(rng, texts, wordings).format(name=name, word=nickname)
    calls = (
        ("opportunity_search", {"name": name}),
        ("modify_opportunity", {"opportunity_id": "{id}", "stage": stage, "probability": PROBABILITY[stage]}),
        (
            "add_note",
            {"entity_type": "Opportunity", "entity_id": "{id}", "content": note},
        ),
    )
    return ToyCase("stage", message, calls, Response(f"{name} is in {stage} now."))


def share_case(rng: random.Random, name: str, amount: float, wordings: str) -> ToyCase:
    """A house quote is 90 % of the deal."""
    texts = (
        "Make the house quote for {name}, as a draft.",
        "{name} gets our house quote, draft please.",
        "Please draft the house quote on {name}.",
        "A draft house quote for {name}, please.",
    )
    message = _word(rng, texts, wordings).format(name=name)
    until = (TODAY + timedelta(VALID_DAYS)).isoformat()
    quoted = round(amount * 0.9, 2)
    create = {
        "opportunity_id": "{id}",
        "amount": int(quoted) if quoted.is_integer() else quoted,
        "status": "Draft",
        "valid_until": until,
    }
    calls = (("opportunity_search", {"name": name}), ("create_quote", create))
    return ToyCase("share", message, calls, Response("The house quote is made."))


def fact_case(rng: random.Random, name: str, amount: float, wordings: str) -> ToyCase:
    """A question that needs no lesson."""
    texts = ("What is the amount of {name}?", "Tell me the amount of {name}.", "How much is {name} worth?")
    shown = int(amount) if amount == int(amount) else amount
    response = Response(f"It is {shown}.", facts={"amount": shown})
    message = _word(rng, texts, wordings).format(name=name)
    return ToyCase("fact", message, (("opportunity_search", {"name": name}),), response)


FAMILIES: Mapping[str, Callable[..., ToyCase]] = {
    "quote": quote_case,
    "stage": stage_case,
    "share": share_case,
    "fact": fact_case,
}


@pytest.fixture
def house() -> ToyHouse:
    """A house whose conventions are in no prompt."""
    return ToyHouse(5)


@pytest.fixture
def families() -> Mapping[str, Callable[..., ToyCase]]:
    """Its kinds of work."""
    return FAMILIES
