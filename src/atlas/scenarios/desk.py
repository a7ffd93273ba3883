"""Where a case is drawn: the records of one pool, the day, the people, and how a user writes amounts and dates."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import TypeVar, cast

from atlas.core.errors import CorpusError
from atlas.core.money import from_cents
from atlas.crm.records import Entity, FieldValue, Row, StaffMember
from atlas.scenarios.companies import Company, pool_words
from atlas.scenarios.conventions import AmountRounding, Confidentiality, DealNaming
from atlas.scenarios.conventions.deals import CLOSED_STAGES, territory_of
from atlas.scenarios.conventions.drawing import ACCOUNT_EXECUTIVE
from atlas.scenarios.house import House
from atlas.scenarios.naming import PRODUCT_KINDS, NameMaker
from atlas.scenarios.portfolio import Vocabularies
from atlas.verify.goals import Split

T = TypeVar("T")

_MANAGER_CHANCE = 0.2  # share of cases in which a manager asks, where both might
_FRIDAY = 4
_K = 100_000  # cents in a thousand, as in "45k"
_PRODUCTS = 12  # draws of a product; the name that the house gives to a deal hides what the deal is about


class NothingFitsError(CorpusError):
    """A pool holds nothing that a blueprint can be drawn from."""


class Shelf:
    """The rows of one pool, looked up by what they belong to.

    Args:
        company: Whose rows.
        pool: Which pool.
    """

    def __init__(self, company: Company, pool: Split) -> None:
        self.words: Vocabularies = pool_words(company.seed, company.directory.staff, tuple(company.file.pools))[pool]
        rows = company.file.rows
        mine = frozenset(company.file.pools[pool])
        self.clients: tuple[Row, ...] = tuple(row for row in rows[Entity.CLIENT] if row["client_id"] in mine)
        self.deals: tuple[Row, ...] = tuple(row for row in rows[Entity.OPPORTUNITY] if row["client_id"] in mine)
        self._clients = {str(row["client_id"]): row for row in self.clients}
        self._deals = _grouped(self.deals, "client_id")
        self._contacts = _grouped((row for row in rows[Entity.CONTACT] if row["client_id"] in mine), "client_id")
        self._quotes = _grouped(rows[Entity.QUOTE], "opportunity_id")
        self._files = _grouped(rows[Entity.DOCUMENT], "entity_id")
        self._notes = _grouped(rows[Entity.NOTE], "entity_id")
        self.contracts: tuple[Row, ...] = tuple(row for row in rows[Entity.CONTRACT] if row["client_id"] in mine)
        self._contracts = _grouped(self.contracts, "client_id")
        self.companies: tuple[Row, ...] = tuple(rows[Entity.COMPANY])
        self._deals_by_id = {str(row["opportunity_id"]): row for row in self.deals}

    def client_of(self, row: Row) -> Row:
        """Return the client that a deal or a contact belongs to."""
        return self._clients[str(row["client_id"])]

    def deals_of(self, client: Row) -> Sequence[Row]:
        """Return the deals of a client."""
        return self._deals.get(str(client["client_id"]), ())

    def contacts_of(self, client: Row) -> Sequence[Row]:
        """Return the contacts of a client."""
        return self._contacts.get(str(client["client_id"]), ())

    @property
    def contacts(self) -> tuple[Row, ...]:
        """All contacts, client by client."""
        return tuple(row for group in self._contacts.values() for row in group)

    @property
    def unmistakable_contacts(self) -> tuple[Row, ...]:
        """The contacts whose first and last name nobody else in the pool has."""
        count = Counter((row["first_name"], row["last_name"]) for row in self.contacts)
        return tuple(row for row in self.contacts if count[row["first_name"], row["last_name"]] == 1)

    def quotes_of(self, deal: Row) -> Sequence[Row]:
        """Return the quotes of a deal."""
        return self._quotes.get(str(deal["opportunity_id"]), ())

    def contracts_of(self, client: Row) -> Sequence[Row]:
        """Return the contracts of a client."""
        return self._contracts.get(str(client["client_id"]), ())

    def deal_of(self, row: Row) -> Row:
        """Return the deal that a quote or a contract belongs to."""
        return self._deals_by_id[str(row["opportunity_id"])]

    @property
    def quotes(self) -> tuple[Row, ...]:
        """All quotes of the pool, deal by deal."""
        return tuple(quote for deal in self.deals for quote in self.quotes_of(deal))

    def notes_of(self, record_id: FieldValue) -> Sequence[Row]:
        """Return the notes on a record."""
        return self._notes.get(str(record_id), ())

    def files_of(self, deal: Row) -> tuple[str, ...]:
        """Return the names of the documents on a deal."""
        return tuple(str(row["file_name"]) for row in self._files.get(str(deal["opportunity_id"]), ()))


class Desk:
    """Draws one case.

    Args:
        company: Where it plays.
        shelf: The records that it may be about.
        today: The day on which it plays.
        rng: Where the draws come from.
        names: Where names of new records come from.
    """

    def __init__(self, company: Company, shelf: Shelf, today: date, rng: random.Random, names: NameMaker) -> None:
        self.company = company
        self.shelf = shelf
        self.today = today
        self.rng = rng
        self.names = names
        self.words = shelf.words
        self.house = House(company.conventions)

    # -- records --------------------------------------------------------------------------------------------------

    def pick(self, items: Iterable[T]) -> T:
        """Return one of ``items``.

        Raises:
            NothingFitsError: there is none.
        """
        choices = list(items)
        if not choices:
            raise NothingFitsError("the pool holds nothing that fits")
        return self.rng.choice(choices)

    def deal(self, fits: Callable[[Row], bool]) -> Row:
        """Return a deal of the pool that fits."""
        return self.pick(deal for deal in self.shelf.deals if fits(deal))

    def open_deal(self, fits: Callable[[Row], bool] = lambda _: True) -> Row:
        """Return an open deal of the pool that fits."""
        return self.deal(lambda deal: is_open(deal) and fits(deal))

    def client(self, fits: Callable[[Row], bool] = lambda _: True) -> Row:
        """Return a client of the pool that fits."""
        return self.pick(client for client in self.shelf.clients if fits(client))

    def free_stages(self, deal: Row) -> tuple[str, ...]:
        """Return the stages that ``deal`` can be set to at once, with nothing missing."""
        return self.house.free_stages(deal, file_names=self.shelf.files_of(deal))

    def product(self) -> str:
        """Return a product that nobody has a deal about, in the words of the pool.

        Raises:
            NothingFitsError: there is a deal about each of those drawn.
        """
        for _ in range(_PRODUCTS):
            product = self.names.fresh(lambda rng: f"{rng.choice(self.words.areas)} {rng.choice(PRODUCT_KINDS)}")
            if not any(product in str(deal["name"]) for deal in self.shelf.deals):
                return product
        raise NothingFitsError(f"there is a deal about {_PRODUCTS} products drawn")

    def deal_name(self, client: Row) -> str:
        """Return a name for a deal with ``client`` that nobody has and the house accepts."""
        naming = self.house.get(DealNaming)
        return naming.render(str(client["name"]), self.product(), self.today) if naming else self.product()

    def territory(self, client: Row) -> str:
        """Return the sales territory that a client is in."""
        return territory_of(str(client["address"]))

    # -- people ---------------------------------------------------------------------------------------------------

    def actor_for(self, deal: Row) -> str:
        """Return the handle of somebody who may change ``deal``: its owner, or now and then a manager."""
        if self.rng.random() < _MANAGER_CHANCE:
            return self.manager().handle
        return str(deal["owner"])

    def seller(self, *, other_than: FieldValue = None) -> StaffMember:
        """Return an account executive, another one than the colleague of that handle."""
        sellers = (member for member in self._staff if member.role == ACCOUNT_EXECUTIVE)
        return self.pick(member for member in sellers if member.handle != other_than)

    def manager(self) -> StaffMember:
        """Return a manager."""
        return self.pick(member for member in self._staff if member.access == "manager")

    def colleague(self) -> StaffMember:
        """Return anybody who may read everything and write what is not guarded."""
        guarded = self.house.get(Confidentiality)
        return self.pick(
            member
            for member in self._staff
            if member.access != "read-only" and (guarded is None or member.role != guarded.role)
        )

    def holder_of(self, role: str) -> StaffMember:
        """Return somebody who has that role."""
        return self.pick(member for member in self._staff if member.role == role)

    @property
    def _staff(self) -> tuple[StaffMember, ...]:
        return self.company.directory.staff

    # -- how a user writes ----------------------------------------------------------------------------------------

    def money(self, cents: int) -> str:
        """Return an amount in one of the ways in which people write it."""
        units = cast("int", from_cents(cents))
        forms = [f"{units:,}", f"{units}", f"{units:,} EUR", f"€{units:,}"]
        if cents % (_K // 2) == 0:
            forms.append(f"{cents / _K:g}k")
        return self.rng.choice(forms)

    def day(self, iso: str) -> str:
        """Return a date in one of the ways in which people write it."""
        day = date.fromisoformat(iso)
        return self.rng.choice((iso, f"{day.day} {day:%B %Y}", f"{day:%B} {day.day}, {day.year}"))

    def coming_day(self, first: int, last: int, *, instead_of: FieldValue = None) -> str:
        """Return the ISO date of a weekday between so many days from today, other than ``instead_of``.

        Raises:
            NothingFitsError: the one day drawn is that other one.
        """
        day = self.today + timedelta(days=self.rng.randint(first, last))
        drawn = (day - timedelta(days=max(day.weekday() - _FRIDAY, 0))).isoformat()
        if drawn == instead_of:
            raise NothingFitsError(f"the date is {drawn} already")
        return drawn

    def later_day(self, present: FieldValue, first: int, last: int) -> str:
        """Return the ISO date of a weekday between so many days from ``present``, or from today where that is later.

        For requests that speak of more time, which an earlier day would belie.
        """
        lead = 0 if present is None else max((date.fromisoformat(str(present)) - self.today).days, 0)
        return self.coming_day(lead + first, lead + last)

    def round_amount(self, low: int, high: int) -> int:
        """Return an amount in cents between two amounts in thousands that the house accepts as it is."""
        rounding = self.house.get(AmountRounding)
        cents = self.rng.randrange(low * 4, high * 4) * (_K // 4)
        return rounding.round_cents(cents) if rounding else cents


def is_open(deal: Row) -> bool:
    """Tell whether a deal is in an open stage."""
    return deal["stage"] not in CLOSED_STAGES


def _grouped(rows: Iterable[Row], key: str) -> Mapping[str, Sequence[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(row[key]), []).append(row)
    return groups
