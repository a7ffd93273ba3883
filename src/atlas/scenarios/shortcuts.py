"""Agents that take a shortcut, as plain functions of the user's message: what the exam must not reward."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from atlas.crm.records import Outcome, ReasonCode, Response, ToolCall
from atlas.crm.world import World
from atlas.scenarios.corpus import Corpus
from atlas.scenarios.customer import ScriptedCustomer
from atlas.scenarios.records import Scenario
from atlas.scenarios.stage import open_world
from atlas.verify.judge import judge
from atlas.verify.vault import GoalVault

_MOST_TURNS = 8

Shortcut = Callable[[str, World], Response]


def _do_nothing(message: str, world: World) -> Response:  # noqa: ARG001 - fills a slot of Shortcut
    return Response("Done.")


def _always_refuse(reason: ReasonCode) -> Shortcut:
    """Decline for ``reason``, repeating what the user said, so that whatever has to be named is named."""

    def respond(message: str, world: World) -> Response:  # noqa: ARG001 - fills a slot of Shortcut
        return Response(f"I can't do that: {message} (amount, e-mail, close date, closed)", Outcome.REFUSED, reason)

    return respond


def _always_ask(message: str, world: World) -> Response:  # noqa: ARG001 - fills a slot of Shortcut
    return Response(f"Which one do you mean? {message}", Outcome.ASKED, ReasonCode.AMBIGUOUS_REQUEST)


def _list_everything(message: str, world: World) -> Response:
    """Tell everything that a search over everything finds, under every name that a fact may have."""
    rows = list(_everything(world))
    text = "; ".join(f"{name} {value}" for row in rows for name, value in row.items())
    facts = {name: value for row in rows for name, value in row.items()}
    named = {"opportunities": [row["name"] for row in rows if "stage" in row], "count": len(rows)}
    return Response(f"{message}: {text} {len(rows)}", facts={**facts, **named})


def _everything(world: World) -> Iterator[Mapping[str, object]]:
    for tool in ("client_search", "opportunity_search", "contact_search"):
        data = world.call(ToolCall(tool, {"limit": 50})).data or {}
        results = data.get("results", ())
        if isinstance(results, list):
            yield from results


SHORTCUTS: Final[Mapping[str, Shortcut]] = {
    "do_nothing": _do_nothing,
    "always_ask": _always_ask,
    "list_everything": _list_everything,
    **{f"always_refuse_{reason.value}": _always_refuse(reason) for reason in ReasonCode},
}


def play_shortcut(name: str, corpus: Corpus, scenario: Scenario, vault: GoalVault) -> bool:
    """Tell whether the shortcut of that name is a strict success in a case."""
    world = open_world(corpus.company, scenario)
    customer = ScriptedCustomer(scenario.customer_script)
    message: str | None = customer.open()
    responses: list[Response] = []
    while message is not None and len(responses) < _MOST_TURNS:
        responses.append(SHORTCUTS[name](message, world))
        message = customer.reply(responses[-1])
    goal = vault.goal_for_verdict(scenario.scenario_id)
    return judge(goal, changes=world.changes(), responses=responses, writes=world.writes).strict
