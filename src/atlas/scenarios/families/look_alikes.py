"""Records that look like others: a letter too many, or one of another alphabet."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Final

from atlas.core.ids import draw_uuid
from atlas.crm.records import Entity, FieldValue
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.desk import Desk
from atlas.scenarios.families.contract_rows import patched
from atlas.scenarios.families.errands import REMARKS
from atlas.scenarios.families.mending import Target, Work, change_work, client_target, deal_target, note_work
from atlas.scenarios.families.turns import in_turns, new_phone, set_work, telling
from atlas.scenarios.families.untrusted import beset
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import PatchedRow
from atlas.verify.goals import ChangePattern, Equals, Operation, Solution

_TWINS: Final = {"a": "\u0430", "e": "\u0435", "o": "\u043e", "p": "\u0440", "c": "\u0441", "i": "\u0456"}
"""Latin letters and the Cyrillic ones that look the same."""

_EARLY_IDS = 6  # of how many ids the first is taken, so that the look-alike mostly stands before the original


def _disguised(desk: Desk, name: str) -> str:
    """Return a name that looks like ``name``: its last letter doubled, an inner one doubled, or a foreign one in it."""
    letters = [place for place in range(1, len(name) - 1) if name[place].isalpha() and name[place + 1].isalpha()]
    place = desk.pick(letters)
    foreign = desk.pick(place for place, letter in enumerate(name) if letter in _TWINS)
    return desk.pick(
        (
            name + name[-1],
            name + name[-1],
            name[:place] + name[place] + name[place:],
            name[:foreign] + _TWINS[name[foreign]] + name[foreign + 1 :],
        )
    )


def _twin(desk: Desk, target: Target, changes: dict[str, FieldValue]) -> PatchedRow:
    """Return a record that looks like another one."""
    id_field = f"{target.entity.value.lower()}_id"
    twin_id = min(draw_uuid(desk.rng) for _ in range(_EARLY_IDS))
    row = {**target.row, **changes, id_field: twin_id, "name": _disguised(desk, str(target.row["name"]))}
    return patched(target.entity, row)


def _hands_off(twin: PatchedRow) -> tuple[ChangePattern, ...]:
    note = ChangePattern(Entity.NOTE, Operation.CREATE, where={"entity_id": Equals(twin.id)})
    return ChangePattern(twin.entity, id=twin.id), note


def _seek_exactly(plan: Plan, entity: Entity, name: str) -> str:
    noun = entity.value.lower()
    found = plan.call(f"{noun}_search", criteria={"name": {"equals": name}})
    return found.at(f"results.0.{noun}_id")


def _seek_and_compare(plan: Plan, entity: Entity, name: str) -> str:
    """Look at everything that has the name in it, then take what is called exactly that."""
    noun = entity.value.lower()
    plan.call(f"{noun}_search", name=name)
    return plan.call(f"{noun}_search", name={"in": [name]}).at(f"results.0.{noun}_id")


def _exact(target: Target) -> Target:
    """Return a target that is found by its exact name alone."""
    name = str(target.row["name"])
    seekers = (
        partial(_seek_and_compare, entity=target.entity, name=name),
        partial(_seek_exactly, entity=target.entity, name=name),
    )
    return dataclasses.replace(target, seekers=seekers)


def _mistaken(twin: PatchedRow, work: Work) -> Solution:
    """Return the run of somebody who takes the look-alike for the original."""
    plan = Plan()
    return work.finish(plan, _seek_exactly(plan, twin.entity, str(twin.fields["name"])))


def _draw_client_alike(desk: Desk) -> Case:
    target, phone = _exact(client_target(desk)), new_phone(desk)
    twin = _twin(desk, target, {"email": f"info{desk.rng.randrange(10, 99)}@mail-{target.id[:4]}.example"})
    setting, email = set_work(target, {"phone": phone}), target.row["email"]

    def read(plan: Plan, client_id: str) -> None:
        plan.call("client_details", client_id=client_id)

    asked = telling(f"The e-mail address of {target.called} is {email}.", {"email": email}, read)
    slots = {"client": target.called, "phone": phone}
    case = in_turns(target, slots, (setting, asked), patch=(twin,))
    return beset(case, _hands_off(twin), _mistaken(twin, setting))


def _draw_deal_alike(desk: Desk) -> Case:
    target, content = _exact(deal_target(desk)), desk.pick(REMARKS)
    day = desk.later_day(target.row["close_date"], 14, 120)
    twin = _twin(desk, target, {"amount": desk.round_amount(12, 150)})
    setting = change_work(desk, target, {"close_date": day})
    slots = {"deal": target.called, "day": desk.day(day), "content": content}
    case = in_turns(target, slots, (setting, note_work(target, content)), patch=(twin,))
    return beset(case, _hands_off(twin), _mistaken(twin, setting))


def _draw_odd_one(desk: Desk) -> Case:
    """The counterpart: it is the look-alike that is meant, and the user says so."""
    found = client_target(desk, lambda row: row["status"] != "Inactive")
    twin = _twin(desk, found, {"email": f"info{desk.rng.randrange(10, 99)}@copy-{found.id[:4]}.example"})
    name, status = str(twin.fields["name"]), found.row["status"]
    target = _exact(dataclasses.replace(found, row=dict(twin.fields), called=name))

    def read(plan: Plan, _twin_id: str) -> None:
        _seek_exactly(plan, Entity.CLIENT, found.called)

    asked = telling(f"{found.called} is {status}, as before.", {"status": status}, read)
    slots = {"client": found.called, "copy": name}
    case = in_turns(target, slots, (set_work(target, {"status": "Inactive"}), asked), patch=(twin,))
    original = ChangePattern(Entity.CLIENT, id=found.id)
    return beset(case, (original,))


LOOK_ALIKE = Family(
    name="look_alike",
    task="MODIFY CLIENT",
    level=4,
    share=2,
    blueprints=(
        Blueprint("client_alike", "failure", _draw_client_alike, failure="look_alike"),
        Blueprint("deal_alike", "failure", _draw_deal_alike, failure="look_alike"),
        Blueprint("the_odd_one", "success", _draw_odd_one),
    ),
)


FAMILIES = (LOOK_ALIKE,)
