"""How fast the world in memory is: tool calls, graded episodes, forks. Prints figures next to their targets.

Run: ``make bench ARGS=crm_memory``, or ``python benchmarks/bench_crm_memory.py``.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from typing import cast

from company import DIRECTORY, TODAY, build_company
from harness import REPEATS, Measurement, describe_machine, measure, report, report_rate

from atlas.core.clock import FrozenClock, start_of_business
from atlas.core.records import JsonObject, as_json
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Actor, Entity, Outcome, Response, Row, ToolCall
from atlas.crm.respond import parse_response
from atlas.crm.store import Store
from atlas.crm.world import World
from atlas.settings.parsing import parse_record
from atlas.verify.goals import (
    AnswerFact,
    ChangePattern,
    CreatedRef,
    Equals,
    ExpectedChange,
    Goal,
    Operation,
    SealedCase,
    Solution,
    Split,
)
from atlas.verify.judge import judge

RECORDS = 1_000
LARGE_RECORDS = 30_000
CALLS_PER_EPISODE = 20  # of the mix; a fresh fork for each
EPISODES = 250  # of the mix, per run
GRADED = 1_000  # episodes per run
FORKS = 20_000  # per run
SEARCHES = 2_000  # per run
LONG_EPISODE = 1_000  # calls

CALLS_TARGET = 40_000  # per CPU-second
GRADED_TARGET = 3_000  # per CPU-second
COLD_TARGET = 1_000  # per CPU-second
FORK_TARGET_US = 20

ACTOR = Actor("rep.0", "Account Executive")


def open_world(store: Store, seed: int) -> World:
    """Return a world around ``store``."""
    return World(
        store,
        directory=DIRECTORY,
        actor=ACTOR,
        rules=(),
        rng=random.Random(seed),
        clock=FrozenClock(start_of_business(TODAY)),
    )


def succeed(world: World, call: ToolCall) -> JsonObject:
    """Make a call and return its data; a benchmark of failing calls would measure something else."""
    result = world.call(call)
    if result.data is None:
        raise RuntimeError(f"{call.tool} failed: {result.error}")
    return result.data


class Mix:
    """Draws the calls: 30 % create, 25 % modify, 15 % details, 30 % indexed search."""

    def __init__(self, base: FrozenBase, seed: int) -> None:
        self._rng = random.Random(seed)
        self._deals = [str(row["opportunity_id"]) for row in base.rows(Entity.OPPORTUNITY)]
        self._quotes = [str(row["quote_id"]) for row in base.rows(Entity.QUOTE)]
        self._clients = base.rows(Entity.CLIENT)
        self._fresh = 0

    def draw(self) -> ToolCall:
        """Return the next call."""
        (kind,) = self._rng.choices((self._create, self._modify, self._details, self._search), (30, 25, 15, 30))
        return kind()

    def _client(self) -> Row:
        return self._rng.choice(self._clients)

    def _create(self) -> ToolCall:
        deal, client_id = self._rng.choice(self._deals), self._client()["client_id"]
        self._fresh += 1
        amount = self._rng.randrange(100, 90_000)
        on_deal = {"entity_type": "Opportunity", "entity_id": deal}
        new_deal = {"name": f"Deal {self._fresh}", "client_id": client_id, "stage": "Proposal", "amount": amount}
        return self._rng.choice(
            (
                ToolCall("create_new_opportunity", {**new_deal, "close_date": "2026-06-30", "probability": 40}),
                ToolCall("create_quote", {"opportunity_id": deal, "amount": amount, "status": "Draft"}),
                ToolCall(
                    "create_new_contact",
                    {"first_name": "Ada", "last_name": f"Moor {self._fresh}", "client_id": client_id},
                ),
                ToolCall(
                    "create_new_client",
                    {"name": f"New {self._fresh}", "email": f"n{self._fresh}@new.example", "status": "Prospect"},
                ),
                ToolCall("upload_document", {**on_deal, "file_name": f"offer_{self._fresh}.pdf"}),
                ToolCall("add_note", {**on_deal, "content": "Called, will decide next week."}),
            )
        )

    def _modify(self) -> ToolCall:
        amount = self._rng.randrange(100, 90_000)
        deal = {"opportunity_id": self._rng.choice(self._deals)}
        return self._rng.choice(
            (
                ToolCall("modify_opportunity", {**deal, "updates": {"stage": "Negotiation", "probability": 70}}),
                ToolCall("modify_opportunity", {**deal, "amount": amount, "close_date": "2026-09-30"}),
                ToolCall("modify_quote", {"quote_id": self._rng.choice(self._quotes), "amount": amount}),
            )
        )

    def _details(self) -> ToolCall:
        return ToolCall("view_opportunity_details", {"opportunity_id": self._rng.choice(self._deals)})

    def _search(self) -> ToolCall:
        client = self._client()
        return self._rng.choice(
            (
                ToolCall("opportunity_search", {"client_id": client["client_id"]}),
                ToolCall("opportunity_search", {"stage": "Proposal", "order_by": "-amount", "limit": 10}),
                ToolCall("client_search", {"email": {"equals": client["email"]}}),
                ToolCall("contact_search", {"criteria": {"client_id": client["client_id"]}}),
            )
        )


def measure_mix(company: Callable[[], FrozenBase], *, episodes: int, calls: int) -> Measurement:
    """Return the CPU time of the mix, worlds opened included; every call has to succeed.

    Args:
        company: Returns the company for the next run; always of the same rows.
        episodes: Number of episodes, each on a fresh fork.
        calls: Number of calls of each.
    """
    mix = Mix(company(), 1)
    drawn = [[mix.draw() for _ in range(calls)] for _ in range(episodes)]

    def work(base: FrozenBase) -> int:
        for number, wanted in enumerate(drawn):
            world = open_world(base.fork(), number)
            for call in wanted:
                succeed(world, call)
        return episodes * calls

    return measure(work, company)


def draw_case(base: FrozenBase, number: int) -> tuple[SealedCase, Sequence[ToolCall]]:
    """Return a case with its goal, and five calls that solve it."""
    deal = base.rows(Entity.OPPORTUNITY)[number % len(base.rows(Entity.OPPORTUNITY))]
    deal_id = deal["opportunity_id"]
    goal = Goal(
        expected_changes=(
            ExpectedChange(
                Entity.OPPORTUNITY,
                Operation.UPDATE,
                {"stage": Equals("Negotiation"), "close_date": Equals("2026-11-30"), "notes": Equals("Moved.")},
                id=str(deal_id),
            ),
            ExpectedChange(
                Entity.QUOTE,
                Operation.CREATE,
                {"opportunity_id": Equals(deal_id), "amount": Equals(4321), "status": Equals("Draft")},
                label="quote",
            ),
            ExpectedChange(
                Entity.NOTE,
                Operation.CREATE,
                {"entity_type": Equals("Quote"), "entity_id": CreatedRef("quote"), "content": Equals("Standard.")},
            ),
        ),
        allowed_changes=(ChangePattern(Entity.NOTE, Operation.CREATE, where={"entity_id": Equals(deal_id)}),),
        answers=(AnswerFact("amount", Equals(4321)),),
        final_outcome=Outcome.DONE,
    )
    calls = (
        ToolCall("opportunity_search", {"name": str(deal["name"]), "client_id": deal["client_id"]}),
        ToolCall("view_opportunity_details", {"opportunity_id": deal_id}),
        ToolCall(
            "modify_opportunity",
            {
                "opportunity_id": deal_id,
                "updates": {"stage": "Negotiation", "close_date": "2026-11-30", "notes": "Moved."},
            },
        ),
        ToolCall("create_quote", {"opportunity_id": deal_id, "amount": 4321, "status": "Draft"}),
    )
    return SealedCase(f"sc-{number}", Split.DEV, goal, (Solution(()),)), calls


def play(store: Store, number: int, goal: Goal, calls: Sequence[ToolCall]) -> bool:
    """Play one episode to its verdict and return whether it was a strict success."""
    world = open_world(store, number)
    *before, create_quote = calls
    for call in before:
        succeed(world, call)
    quote_id = succeed(world, create_quote)["quote_id"]
    succeed(world, ToolCall("add_note", {"entity_type": "Quote", "entity_id": quote_id, "content": "Standard."}))
    told = {"message": "The quote is over 4,321.", "outcome": "done", "facts": {"amount": 4321}}
    response = cast("Response", parse_response(told))
    verdict = judge(goal, changes=world.changes(), responses=[response], writes=world.writes)
    return verdict.strict


def measure_graded(base: FrozenBase, *, parsed: bool) -> Measurement:
    """Return the CPU time of graded episodes; every one has to be a strict success.

    Args:
        base: The company.
        parsed: Whether the goals are parsed beforehand; otherwise each one is read from its JSON text in its episode.
    """
    cases = [draw_case(base, number) for number in range(GRADED)]
    texts = [json.dumps(as_json(case)) for case, _ in cases]

    def work(base: FrozenBase) -> int:
        for number, (case, calls) in enumerate(cases):
            goal = case.goal if parsed else parse_record(SealedCase, json.loads(texts[number]), "goal").goal
            if not play(base.fork(), number, goal, calls):
                raise RuntimeError(f"episode {number} is no strict success")
        return len(cases)

    return measure(work, lambda: base)


def measure_contains(company: Callable[[], FrozenBase], needles: Sequence[str]) -> Measurement:
    """Return the CPU time of searches for parts of names, all on one fork of the company of the run."""

    def work(world: World) -> int:
        for needle in needles:
            world.call(ToolCall("opportunity_search", {"name": needle, "limit": 10}))
        return len(needles)

    return measure(work, lambda: open_world(company().fork(), 0))


def measure_forks() -> Measurement:
    """Return the CPU time of forking a large company."""
    large = build_company(LARGE_RECORDS)

    def work(base: FrozenBase) -> int:
        for _ in range(FORKS):
            base.fork()
        return FORKS

    return measure(work, lambda: large)


def main() -> None:
    """Measure and print everything."""
    print(f"{describe_machine()}; CPU time, median of {REPEATS} runs\n")
    base = build_company(RECORDS)
    print_mixes(base)
    print_contains(base)
    print_graded(base)
    print_forks()


def print_mixes(base: FrozenBase) -> None:
    """Measure tool calls: with nothing looked up before, with answers remembered, and in one long episode."""
    many = {"episodes": EPISODES, "calls": CALLS_PER_EPISODE}
    how = f"{EPISODES} episodes of {CALLS_PER_EPISODE} calls, a fresh fork and world each"
    cold = measure_mix(lambda: build_company(RECORDS), **many)
    report_rate("tool calls/s, new company in each run", cold, CALLS_TARGET, f"{how}; nothing looked up before")
    measure_mix(lambda: base, **many)  # fills the indexes and the memo of answers
    warm = measure_mix(lambda: base, **many)
    report_rate("tool calls/s, same company in each run", warm, CALLS_TARGET, f"{how}; answers remembered")
    long = measure_mix(lambda: base, episodes=1, calls=LONG_EPISODE)
    report_rate("tool calls/s, one long episode", long, None, f"{LONG_EPISODE} calls on one fork; answers remembered")


def print_contains(base: FrozenBase) -> None:
    """Measure searches for parts of names, apart from the mix."""
    rng = random.Random(3)
    repeated = [str(rng.randrange(100)) for _ in range(SEARCHES)]
    report_rate("contains searches/s, repeated", measure_contains(lambda: base, repeated), None, "100 different texts")
    fresh = [f"{word} {number}" for number in range(SEARCHES // 4) for word in ("amber", "pine", "delta", "elp")]
    cold = measure_contains(lambda: build_company(RECORDS), fresh)
    report_rate("contains searches/s, all different", cold, None, f"{SEARCHES} texts, a new company in each run")


def print_graded(base: FrozenBase) -> None:
    """Measure episodes played to their verdict."""
    episode = f"{GRADED} episodes: fork, world, 5 calls, respond, diff, verdict"
    report_rate(
        "graded episodes/s", measure_graded(base, parsed=True), GRADED_TARGET, f"{episode}; goals parsed before"
    )
    cold = measure_graded(base, parsed=False)
    report_rate("graded episodes/s, goal parsed cold", cold, COLD_TARGET, f"{episode}; goal read from its JSON text")


def print_forks() -> None:
    """Measure forks of a large company."""
    forks = measure_forks()
    report(
        f"fork of {LARGE_RECORDS:,} records",
        f"{forks.micros_each:.2f} us",
        "<= 20 us",
        reached=forks.micros_each <= FORK_TARGET_US,
        how=f"{FORKS:,} forks of a clean base per run",
    )


if __name__ == "__main__":
    main()
