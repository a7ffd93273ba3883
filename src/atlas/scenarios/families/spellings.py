"""Names that are not written as the records have them: misspelt, turned round, with a title or a legal form."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from atlas.crm.records import Entity, Row
from atlas.crm.schema import SCHEMA
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.desk import Desk, is_open
from atlas.scenarios.families.mending import Seek, Target, change_work, client_target, contact_target, note_work
from atlas.scenarios.families.moves import seek_client, seek_contact
from atlas.scenarios.families.turns import (
    FIELD_WORDS,
    Miss,
    in_turns,
    list_deals_work,
    missed_case,
    new_phone,
    open_deals,
    set_work,
    telling,
    total_work,
)
from atlas.scenarios.naming import PRODUCT_KINDS
from atlas.scenarios.plans import Plan
from atlas.verify.goals import RequiredMention

_REMARKS = (
    "Prefers to be called by the first name.", "Left a message, wants a call back on Thursday.",
    "Would like to see the demo again.", "Signs the papers on their side.", "Asked for an offer in two variants.",
    "Knows our support team from an earlier project.", "Goes on vacation at the end of the month.",
)  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------
# One letter off

_HEARD_AS: Final = {"a": "e", "e": "a", "i": "y", "o": "u", "u": "o", "y": "i"}
_STEM = 4  # characters at the start of a word that a slip leaves alone
_SHORTEST_WORD = 6  # characters of a word that somebody misspells


@dataclasses.dataclass(frozen=True, slots=True)
class _Misspelling:
    """A name as somebody writes it who has one letter wrong.

    Attributes:
        said: The name as the user writes it.
        part: A part of it that is right, and is part of no other name.
    """

    said: str
    part: str


def _misspellings(name: str) -> Iterator[tuple[str, int]]:
    """Yield ``name`` with one letter wrong, missing or doubled, each with the place of the slip."""
    start = 0
    for word in name.split(" "):
        if len(word) >= _SHORTEST_WORD and word.isalpha():
            for place in range(start + _STEM, start + len(word)):
                letter = name[place]
                for other in ("", letter * 2, _HEARD_AS.get(letter, letter)):
                    said = name[:place] + other + name[place + 1 :]
                    if name not in said:
                        yield said, place
        start += len(word) + 1


def _misspelling(name: str, names: Sequence[str], rng: random.Random) -> _Misspelling | None:
    """Return a misspelling that leaves a part which no other of ``names`` has, None where there is none."""
    found = list(_misspellings(name))
    rng.shuffle(found)
    for said, place in found:
        words_before, words_after = name[:place].rpartition(" ")[0], name[place:].partition(" ")[2]
        for part in (words_before, words_after, name[:place]):
            if len(part) >= _STEM and sum(part.casefold() in other.casefold() for other in names) == 1:
                return _Misspelling(said, part)
    return None


def _misspelt(desk: Desk, entity: Entity, rows: Sequence[Row]) -> tuple[Row, _Misspelling]:
    """Return one of ``rows`` and a way to misspell its name.

    Raises:
        NothingFitsError: none of the names can be misspelt and found again.
    """
    names = [str(row["name"]) for row in desk.company.file.rows[entity]]
    pairs = ((row, _misspelling(str(row["name"]), names, desk.rng)) for row in rows)
    return desk.pick((row, slip) for row, slip in pairs if slip is not None)


def _misspelt_target(desk: Desk, entity: Entity, row: Row, slip: _Misspelling) -> Target:
    """Return the record as one that is found by what is right in its name."""
    seekers = (partial(_seek_twice, entity=entity, slip=slip), partial(_seek_by_part, entity=entity, slip=slip))
    return Target(entity, row, str(row["name"]), desk.actor_for(row), seekers)


def _seek_twice(plan: Plan, entity: Entity, slip: _Misspelling) -> str:
    """Look for the name as it was said, in vain, then for the part."""
    noun = SCHEMA[entity].noun
    plan.call(f"{noun}_search", name=slip.said)
    found = plan.call(f"{noun}_search", criteria={"name": {"contains": slip.part}})
    return found.at(f"results.0.{noun}_id")


def _seek_by_part(plan: Plan, entity: Entity, slip: _Misspelling) -> str:
    noun = SCHEMA[entity].noun
    found = plan.call(f"{noun}_search", name=slip.part).at(f"results.0.{noun}_id")
    details = plan.call(f"{noun}_details", **{f"{noun}_id": found})
    return details.at(f"{noun}_id" if entity is Entity.OPPORTUNITY else f"{noun}.{noun}_id")


def _mentioning(case: Case, name: str) -> Case:
    """Return a case in which the user also has to be told what the record is really called."""
    return dataclasses.replace(case, goal=dataclasses.replace(case.goal, mentions=(RequiredMention((name,)),)))


def _draw_client_by_letter(desk: Desk) -> Case:
    client, slip = _misspelt(desk, Entity.CLIENT, desk.shelf.clients)
    target, phone = _misspelt_target(desk, Entity.CLIENT, client, slip), new_phone(desk)
    owner, industry = client["owner"], client["industry"]
    asked = telling(f"{client['name']} ({industry}) belongs to {owner}.", {"owner": owner, "industry": industry})
    slots = {"client": slip.said, "phone": phone, "part": slip.part}
    case = in_turns(target, slots, (asked, set_work(target, {"phone": phone})))
    return _mentioning(case, str(client["name"]))


def _draw_deal_by_letter(desk: Desk) -> Case:
    deals = [deal for deal in desk.shelf.deals if is_open(deal)]
    deal, slip = _misspelt(desk, Entity.OPPORTUNITY, deals)
    target = _misspelt_target(desk, Entity.OPPORTUNITY, deal, slip)
    day = desk.later_day(deal["close_date"], 14, 120)
    work = change_work(desk, target, {"close_date": day})
    slots = {"deal": slip.said, "day": desk.day(day), "part": slip.part}
    return _mentioning(in_turns(target, slots, (work,)), target.called)


def _draw_nobody_close(desk: Desk) -> Case:
    """The counterpart: a name that nobody's is close to."""
    target, content = contact_target(desk), desk.pick(_REMARKS)
    client = desk.shelf.client_of(target.row)
    first, last = desk.pick(_strangers(desk))
    person = f"{target.row['first_name']} {target.row['last_name']}"

    def search(plan: Plan) -> None:
        plan.call("contact_search", first_name=first, last_name=last)

    def look_around(plan: Plan) -> None:
        plan.call("contact_search", criteria={"client_id": seek_client(plan, client), "last_name": {"contains": last}})
        plan.call("contact_search", criteria={"last_name": {"contains": last[:_STEM]}})

    miss = Miss(
        about=(last,),
        message=f"I find no contact called {first} {last}, nor anybody of a similar name at {client['name']}.",
        mend=f"I mean {person}.",
        looks=(search, look_around),
        bad=partial(target.note, content=content),
    )
    slots = {"stranger": f"{first} {last}", "client": str(client["name"]), "person": person, "content": content}
    return missed_case(dataclasses.replace(target, called=person), slots, miss, note_work(target, content))


def _strangers(desk: Desk) -> Sequence[tuple[str, str]]:
    """Return names of people of whom nobody in the pool has as much as the beginning of the surname."""
    known = {str(row["last_name"])[:3] for row in desk.shelf.contacts}
    lasts = [name for name in desk.words.surnames if name[:3] not in known and len(name) > _STEM]
    return [(first, last) for first in desk.words.first_names for last in lasts]


MISSPELT = Family(
    name="misspelt",
    task="CLIENT SEARCH",
    level=4,
    share=2,
    blueprints=(
        Blueprint("client_by_a_letter", "success", _draw_client_by_letter),
        Blueprint("deal_by_a_letter", "success", _draw_deal_by_letter),
        Blueprint("nobody_close", "failure", _draw_nobody_close, failure="unknown_record"),
    ),
)


# ---------------------------------------------------------------------------------------------------------------------
# Found at the second try

_LEGAL_FORMS = ("Ltd", "GmbH", "Inc", "plc", "AG", "Group", "Holding")
_PERSON_FORMS: Final[Sequence[Callable[[str, str], str]]] = (
    lambda first, last: f"{last}, {first}",
    lambda first, last: f"Dr. {first} {last}",
    lambda first, last: f"Prof. {first} {last}",
    lambda first, last: f"{last} {first}",
)


def _then(first_try: Callable[[Plan], object], seek: Seek) -> Seek:
    """Return a way to find a record that tries something in vain first."""

    def both(plan: Plan) -> str:
        first_try(plan)
        return seek(plan)

    return both


def _draw_person_turned_round(desk: Desk) -> Case:
    found, content = contact_target(desk), desk.pick(_REMARKS)
    first, last = str(found.row["first_name"]), str(found.row["last_name"])
    said, field = desk.pick(_PERSON_FORMS)(first, last), desk.pick(("email", "phone", "title"))

    def by_what_was_said(plan: Plan) -> None:
        plan.call("contact_search", last_name=said)

    seekers = (
        _then(by_what_was_said, partial(seek_contact, contact=found.row)),
        partial(_read_person, person=found.row),
    )
    target = dataclasses.replace(found, called=f"{first} {last}", seekers=seekers)
    value = found.row[field]
    asked = telling(f"The {FIELD_WORDS[field]} of {target.called} is {value}.", {field: value})
    slots = {"person": said, "what": FIELD_WORDS[field], "content": content}
    return in_turns(target, slots, (asked, note_work(target, content)))


def _read_person(plan: Plan, person: Row) -> str:
    criteria = {"last_name": {"equals": person["last_name"]}, "first_name": {"contains": person["first_name"]}}
    contact_id = plan.call("contact_search", criteria=criteria).at("results.0.contact_id")
    return plan.call("contact_details", contact_id=contact_id).at("contact.contact_id")


def _draw_firm_with_form(desk: Desk) -> Case:
    found = client_target(desk, lambda row: len(open_deals(desk, row)) > 0)
    said = f"{found.called} {desk.pick(_LEGAL_FORMS)}"

    def by_what_was_said(plan: Plan) -> None:
        plan.call("client_search", name=said)

    seekers = (_then(by_what_was_said, found.seekers[0]), found.seekers[1])
    target = dataclasses.replace(found, seekers=seekers, actor=desk.seller().handle)
    works = (list_deals_work(desk, target.row), total_work(desk, target.row))
    return in_turns(target, {"client": said}, works)


def _draw_deal_turned_round(desk: Desk) -> Case:
    """A deal by what it is about, in other words than its name's, with its client."""
    deal, area, kind = desk.pick(_products(desk))
    client, day = desk.shelf.client_of(deal), desk.later_day(deal["close_date"], 14, 120)

    def by_what_was_said(plan: Plan) -> None:
        plan.call("opportunity_search", name=f"{kind} for {area}")

    seekers = (
        _then(by_what_was_said, partial(_seek_at_client, client=client, area=area)),
        partial(_seek_at_client, client=client, area=kind),
    )
    target = Target(Entity.OPPORTUNITY, deal, str(deal["name"]), desk.actor_for(deal), seekers)
    slots = {"words": f"{kind} for {area}", "client": str(client["name"]), "day": desk.day(day)}
    return in_turns(target, slots, (change_work(desk, target, {"close_date": day}),))


def _products(desk: Desk) -> Iterator[tuple[Row, str, str]]:
    """Yield open deals with the area and the kind of their product, neither of which another deal of the client has."""
    for deal in desk.shelf.deals:
        others = [str(row["name"]) for row in desk.shelf.deals_of(desk.shelf.client_of(deal)) if row is not deal]
        for area in desk.words.areas:
            for kind in PRODUCT_KINDS:
                fits = is_open(deal) and f"{area} {kind}" in str(deal["name"])
                if fits and not any(area in name or kind in name for name in others):
                    yield deal, area, kind


def _seek_at_client(plan: Plan, client: Row, area: str) -> str:
    found = plan.call("opportunity_search", client_id=seek_client(plan, client), name=area)
    return found.at("results.0.opportunity_id")


SECOND_TRY = Family(
    name="second_try",
    task="CONTACT SEARCH",
    level=4,
    share=2,
    blueprints=(
        Blueprint("person_turned_round", "success", _draw_person_turned_round),
        Blueprint("firm_with_legal_form", "success", _draw_firm_with_form),
        Blueprint("deal_turned_round", "success", _draw_deal_turned_round),
    ),
)


FAMILIES = (MISSPELT, SECOND_TRY)
