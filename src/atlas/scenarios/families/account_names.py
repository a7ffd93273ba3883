"""Which client a colleague means who says "the X account"."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial

from atlas.crm.records import Entity, Row
from atlas.scenarios.conventions import AccountReference
from atlas.scenarios.desk import Desk, NothingFitsError
from atlas.scenarios.families.mending import Seek, Target
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import PatchedRow


@dataclasses.dataclass(frozen=True, slots=True)
class Account:
    """A client, and the word that colleagues have for its account."""

    client: Row
    word: str
    seekers: tuple[Seek, Seek]
    patch: tuple[PatchedRow, ...] = ()

    def target(self, actor: str) -> Target:
        """Return the client as the record that ``actor`` asks about."""
        return Target(Entity.CLIENT, self.client, f"the {self.word} account", actor, self.seekers)


def find_account(desk: Desk, fits: Callable[[Row], bool] = lambda _: True) -> Account:
    """Return a client that fits, with a word that stands for no other one, whatever colleagues go by."""
    rule = desk.house.need(AccountReference)
    return {"town": _by_town, "street": _by_street, "contact": _by_contact}[rule.by](desk, fits)


def _by_town(desk: Desk, fits: Callable[[Row], bool]) -> Account:
    client = desk.client(lambda row: fits(row) and _mentions(desk, town_of(row)) == 1)
    word = town_of(client)
    return Account(client, word, _address_seekers(word))


def _by_street(desk: Desk, fits: Callable[[Row], bool]) -> Account:
    """The client moves to a street that no other one is in; half of a company's clients share a few street names."""
    client, word = desk.client(fits), desk.names.town()
    if _mentions(desk, word):
        raise NothingFitsError(f"{word} is part of a name already")
    address = f"{desk.rng.randint(1, 90)} {word} Road, {town_of(client)}, {desk.territory(client)}"
    fields = {name: value for name, value in client.items() if name != "client_id"}
    patch = PatchedRow(Entity.CLIENT, str(client["client_id"]), {**fields, "address": address})
    return Account(client, word, _address_seekers(word), (patch,))


def _by_contact(desk: Desk, fits: Callable[[Row], bool]) -> Account:
    contact = desk.pick(
        row
        for row in desk.shelf.contacts
        if fits(desk.shelf.client_of(row)) and _mentions(desk, str(row["last_name"])) == 1
    )
    word = str(contact["last_name"])
    return Account(
        desk.shelf.client_of(contact), word, (partial(_seek_by_surname, word), partial(_read_employer, word))
    )


def town_of(client: Row) -> str:
    """Return the town in a client's address."""
    return str(client["address"]).split(", ")[1]


def _address_seekers(word: str) -> tuple[Seek, Seek]:
    return partial(_seek_by_address, word), partial(_read_by_address, word)


def _seek_by_address(word: str, plan: Plan) -> str:
    return plan.call("client_search", address=word).at("results.0.client_id")


def _read_by_address(word: str, plan: Plan) -> str:
    found = plan.call("client_search", criteria={"address": {"contains": word}})
    return plan.call("client_details", client_id=found.at("results.0.client_id")).at("client.client_id")


def _seek_by_surname(word: str, plan: Plan) -> str:
    return plan.call("contact_search", last_name=word).at("results.0.client_id")


def _read_employer(word: str, plan: Plan) -> str:
    found = plan.call("contact_search", criteria={"last_name": {"equals": word}})
    return plan.call("contact_details", contact_id=found.at("results.0.contact_id")).at("client.client_id")


def _mentions(desk: Desk, word: str) -> int:
    """Return how many names and addresses of the whole company have ``word`` in them."""
    rows = desk.company.file.rows
    named = {
        Entity.CLIENT: ("name", "address"),
        Entity.CONTACT: ("first_name", "last_name"),
        Entity.OPPORTUNITY: ("name",),
        Entity.COMPANY: ("name", "address"),
    }
    texts = [str(row[field]) for entity, fields in named.items() for row in rows[entity] for field in fields]
    texts += [member.name for member in desk.company.directory.staff]
    return sum(word.casefold() in text.casefold() for text in texts)
