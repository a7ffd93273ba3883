"""Agents that take a shortcut, as plain functions of the user's message: what the exam must not reward."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, cast

from atlas.core.records import JsonObject
from atlas.crm.records import Outcome, ReasonCode, Response, ToolCall
from atlas.crm.world import Workplace
from atlas.scenarios.companies import Company
from atlas.scenarios.customer import ScriptedCustomer
from atlas.scenarios.records import Scenario
from atlas.scenarios.stage import set_stage, verdict_on
from atlas.verify.goals import Goal

_MOST_TURNS = 12
_NAME = re.compile(r"(?:[A-Z][\w'-]*)(?: (?:[A-Z&/(\[|-][\w'()\]&-]*|\d{4}))*")
_AMOUNT = re.compile(r"\d[\d,]*")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_SEARCHES: Final = {
    "client_search": "client_id",
    "opportunity_search": "opportunity_id",
    "contact_search": "contact_id",
}

Shortcut = Callable[[str, Workplace], Response]


def _do_nothing(message: str, world: Workplace) -> Response:  # noqa: ARG001 - fills a slot of Shortcut
    return Response("Done.")


def _always_refuse(reason: ReasonCode) -> Shortcut:
    """Decline for ``reason``, repeating what the user said, so that whatever has to be named is named."""

    def respond(message: str, world: Workplace) -> Response:  # noqa: ARG001 - fills a slot of Shortcut
        return Response(f"I can't do that: {message} (amount, e-mail, close date, closed)", Outcome.REFUSED, reason)

    return respond


def _always_escalate(message: str, world: Workplace) -> Response:
    """Send everybody to all managers, by name and handle."""
    found = _rows(world, "staff_search", {"access": "manager", "limit": 50})
    names = ", ".join(f"{row['name']} ({row['handle']})" for row in found)
    told = f"Please turn to {names} for approval: {message}"
    return Response(told, Outcome.REFUSED, ReasonCode.APPROVAL_REQUIRED)


def _always_ask(message: str, world: Workplace) -> Response:  # noqa: ARG001 - fills a slot of Shortcut
    return Response(f"Which one do you mean? {message}", Outcome.ASKED, ReasonCode.AMBIGUOUS_REQUEST)


def _list_everything(message: str, world: Workplace) -> Response:
    """Tell everything that a search over everything finds, under every name that a fact may have."""
    rows = [row for tool in _SEARCHES for row in _rows(world, tool, {"limit": 50})]
    text = "; ".join(f"{name} {value}" for row in rows for name, value in row.items())
    facts = {name: value for row in rows for name, value in row.items()}
    named = {"opportunities": [row["name"] for row in rows if "stage" in row], "count": len(rows)}
    return Response(f"{message}: {text} {len(rows)}", facts={**facts, **named})


def _echo_last_id(message: str, world: Workplace) -> Response:
    """Call it done, with the id and the name of the last record that the message names."""
    rows = list(_named(message, world))
    facts = {name: value for row in rows[-1:] for name, value in row.items() if name == "name" or name.endswith("_id")}
    return Response(f"Done: {message} {' '.join(map(str, facts.values()))}", facts=facts)


def _write_everything(message: str, world: Workplace) -> Response:
    """Call every tool that writes once, about the last records that the message names and with the values in it."""
    known: dict[str, object] = {}
    for row in _named(message, world):
        known |= {name: value for name, value in row.items() if value is not None}
    amounts = [float(text.replace(",", "")) for text in _AMOUNT.findall(message) if text.strip(",")]
    days = _DAY.findall(message)
    said: dict[str, object] = {
        "content": message,
        "file_name": "file.pdf",
        "entity_type": "Opportunity",
        "status": "Draft",
    }
    said |= {"amount": amounts[-1], "value": amounts[-1]} if amounts else {}
    said |= {"close_date": days[-1], "valid_until": days[-1]} if days else {}
    said |= {"entity_id": known["opportunity_id"]} if "opportunity_id" in known else {}
    for tool in world.tools:
        fields = cast("JsonObject", tool.parameters["properties"])
        if "search" in tool.name or "details" in tool.name or "delete" in tool.name or "criteria" in fields:
            continue
        arguments = {name: value for name, value in {**known, **said}.items() if name in fields}
        world.call(ToolCall(tool.name, arguments))
    return Response(f"Done: {message}")


def _named(message: str, world: Workplace) -> Iterator[JsonObject]:
    """Yield the records whose names stand in a message."""
    for name in _NAME.findall(message):
        for tool in ("client_search", "opportunity_search"):
            yield from _rows(world, tool, {"name": name, "limit": 1})


def _rows(world: Workplace, tool: str, arguments: JsonObject) -> list[JsonObject]:
    data = world.call(ToolCall(tool, arguments)).data or {}
    return cast("list[JsonObject]", data.get("results", []))


SHORTCUTS: Final[Mapping[str, Shortcut]] = {
    "do_nothing": _do_nothing,
    "always_ask": _always_ask,
    "always_escalate": _always_escalate,
    "list_everything": _list_everything,
    "echo_last_id": _echo_last_id,
    "call_every_write_once": _write_everything,
    **{f"always_refuse_{reason.value}": _always_refuse(reason) for reason in ReasonCode},
}
"""The agents by name."""


def play_shortcut(name: str, company: Company, scenario: Scenario, goal: Goal) -> bool:
    """Tell whether the shortcut of that name is a strict success in a case."""
    stage = set_stage(company, scenario)
    customer = ScriptedCustomer(scenario.customer_script)
    message: str | None = customer.open()
    responses: list[Response] = []
    while message is not None and len(responses) < _MOST_TURNS:
        responses.append(SHORTCUTS[name](message, stage.workplace))
        message = customer.reply(responses[-1])
    changes, writes = stage.world.changes(), stage.world.writes
    return verdict_on(goal, scenario, changes=changes, responses=responses, writes=writes).strict
