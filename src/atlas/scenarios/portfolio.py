"""The rows of a company: accounts with people and deals, a few large ones and a long tail, stale and closed deals.

Rows hold stored values (cents, ISO texts). They are state, not calls: they may break a rule of the house where real
data would, such as a deal whose close date went by.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from atlas.core.clock import start_of_business
from atlas.core.ids import draw_uuid
from atlas.core.records import record
from atlas.core.rng import derive_rng
from atlas.crm.records import Entity, FieldValue, StaffMember
from atlas.scenarios.conventions import (
    AmountRounding,
    DealNaming,
    OwnerAssignment,
    StageFields,
    StageProbability,
)
from atlas.scenarios.conventions.deals import CLOSED_STAGES, OPEN_STAGES
from atlas.scenarios.conventions.drawing import ACCOUNT_EXECUTIVE
from atlas.scenarios.house import House
from atlas.scenarios.naming import INDUSTRIES, PRODUCT_KINDS, TITLES, NameMaker, plain_ascii

StoredRow = dict[str, FieldValue]

_LARGE_ACCOUNTS = 6  # one client in so many is a large account
_STAGE_DECK = (*OPEN_STAGES * 4, "Closed-Won", "Closed-Won", "Closed-Lost", "Closed-Lost", "Closed-Lost")
_SHARED_SURNAME_CHANCE = 0.35  # share of clients with several contacts, two of whom share a surname
_SISTER_CHANCE = 0.15  # share of clients whose name starts like another one's
_STALE_CHANCE = 0.1  # share of open deals whose close date went by
_UNDATED_CHANCE = 0.14  # share of open deals without a close date, where no rule asks for one
_ROUND_STEP_CENTS = 25_000  # amounts of companies without a rounding rule are multiples of this


@record
class Vocabularies:
    """What the names in one pool are drawn from; pools of one company share nothing.

    Attributes:
        first_names: First names of contacts.
        surnames: Surnames of contacts.
        areas: First parts of product names.
    """

    first_names: tuple[str, ...]
    surnames: tuple[str, ...]
    areas: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Setting:
    """What every row of a company depends on."""

    today: date
    house: House
    staff: tuple[StaffMember, ...]

    @property
    def sellers(self) -> tuple[StaffMember, ...]:
        """The account executives."""
        return tuple(member for member in self.staff if member.role == ACCOUNT_EXECUTIVE)


class PoolWriter:
    """Writes the clients of one pool with their contacts and deals.

    Every client has its own generator, so that a rule of the house that asks for one draw more shifts nothing else.

    Args:
        seed: Where the draws come from.
        taken: Names that the company has given out.
        setting: The company.
        vocabularies: The pool's own words.
    """

    def __init__(self, seed: int, taken: set[str], setting: Setting, vocabularies: Vocabularies) -> None:
        self._seed = seed
        self._taken = taken
        self._setting = setting
        self._words = vocabularies
        self._deck_rng = derive_rng(seed, "stages")
        self._stages: list[str] = []
        self._enter(0)

    def _enter(self, number: int) -> None:
        self._rng = derive_rng(self._seed, "client", number)
        self._names = NameMaker(self._rng, self._taken)

    def write(self, clients: int) -> Iterator[tuple[Entity, StoredRow]]:
        """Yield the rows of so many clients, each client before what belongs to it."""
        previous: StoredRow | None = None
        for number in range(clients):
            self._enter(number)
            client = self._client(previous)
            previous = client
            yield Entity.CLIENT, client
            large = number % _LARGE_ACCOUNTS == 0
            for contact in self._contacts(client, self._rng.randint(3, 4) if large else self._rng.randint(1, 2)):
                yield Entity.CONTACT, contact
            deals = self._rng.randint(4, 6) if large else self._rng.choice((1, 2, 2, 3))
            yield from ((Entity.OPPORTUNITY, deal) for deal in self._deals(client, deals, large=large))

    def _client(self, previous: StoredRow | None) -> StoredRow:
        rng = self._rng
        industry = rng.choice(INDUSTRIES)
        if previous is not None and rng.random() < _SISTER_CHANCE:
            industry = str(previous["industry"])
            name = self._names.sister_firm(str(previous["name"]), industry)
            if name == previous["name"] or not self._names.claim(name):
                name = self._names.firm(industry)
        else:
            name = self._names.firm(industry)
        seller = rng.choice(self._setting.sellers)
        street = (
            f"{rng.randint(1, 180)} {rng.choice(('Mill', 'Harbor', 'Station', 'Garden', 'Market', 'Bridge'))} Street"
        )
        return {
            "client_id": draw_uuid(rng),
            "name": name,
            "industry": industry,
            "email": f"{rng.choice(('office', 'info', 'contact', 'hello'))}@{plain_ascii(name)}.example",
            "phone": _phone(rng),
            "address": f"{street}, {self._names.town()}, {seller.territory}",
            "status": rng.choice(("Active", "Active", "Active", "Prospect", "Prospect", "Inactive")),
            "created_date": _moment(rng, self._setting.today - timedelta(days=rng.randint(200, 1500))),
            "owner": seller.handle,
        }

    def _contacts(self, client: StoredRow, count: int) -> Iterator[StoredRow]:
        rng = self._rng
        surname = rng.choice(self._words.surnames)
        shared = count > 1 and rng.random() < _SHARED_SURNAME_CHANCE
        firsts = rng.sample(self._words.first_names, count)
        titles = rng.sample(TITLES, count)
        others = [name for name in rng.sample(self._words.surnames, count + 1) if name != surname]
        domain = str(client["email"]).partition("@")[2]
        for place, (first, title) in enumerate(zip(firsts, titles, strict=True)):
            last = surname if place == 0 or (place == 1 and shared) else others[place]
            yield {
                "contact_id": draw_uuid(rng),
                "first_name": first,
                "last_name": last,
                "title": title,
                "email": f"{plain_ascii(first)}.{plain_ascii(last)}@{domain}",
                "phone": _phone(rng),
                "client_id": client["client_id"],
                "notes": None,
            }

    def _deals(self, client: StoredRow, count: int, *, large: bool) -> Iterator[StoredRow]:
        amounts: set[int] = set()
        dates: set[str] = set()
        for _ in range(count):
            stage = self._next_stage()
            amount = self._amount(amounts, large=large)
            close_date = self._close_date(stage, dates)
            yield {
                "opportunity_id": draw_uuid(self._rng),
                "name": self._deal_name(str(client["name"])),
                "client_id": client["client_id"],
                "stage": stage,
                "amount": amount,
                "close_date": close_date,
                "owner": self._owner(client),
                "probability": self._probability(stage),
                "notes": self._notes(stage),
            }

    def _next_stage(self) -> str:
        if not self._stages:
            self._stages = list(_STAGE_DECK)
            self._deck_rng.shuffle(self._stages)
        return self._stages.pop()

    def _amount(self, taken: set[int], *, large: bool) -> int:
        rounding = self._setting.house.get(AmountRounding)
        step = rounding.step_cents if rounding else _ROUND_STEP_CENTS
        while True:
            size = self._rng.lognormvariate(11.3 if large else 10.2, 0.7) * 100
            amount = max(int(size) // step, 20) * step
            if amount not in taken:
                taken.add(amount)
                return amount

    def _close_date(self, stage: str, taken: set[str]) -> str | None:
        rng = self._rng
        needs = self._setting.house.get(StageFields)
        required = needs is not None and needs.field == "close_date" and _reached(stage, needs.stage)
        if stage not in CLOSED_STAGES and not required and rng.random() < _UNDATED_CHANCE:
            return None
        while True:
            if stage in CLOSED_STAGES:
                days = -rng.randint(5, 400)
            else:
                days = -rng.randint(3, 80) if rng.random() < _STALE_CHANCE else rng.randint(75, 330)
            day = (self._setting.today + timedelta(days=days)).isoformat()
            if day not in taken:
                taken.add(day)
                return day

    def _deal_name(self, client: str) -> str:
        naming = self._setting.house.get(DealNaming)
        product = self._names.fresh(lambda rng: f"{rng.choice(self._words.areas)} {rng.choice(PRODUCT_KINDS)}")
        return naming.render(client, product, self._setting.today) if naming else product

    def _owner(self, client: StoredRow) -> str:
        rule = self._setting.house.get(OwnerAssignment)
        if rule is None:
            return str(client["owner"])
        return rule.owner(industry=str(client["industry"]), address=str(client["address"]))

    def _probability(self, stage: str) -> int:
        if stage in CLOSED_STAGES:
            return 99 if stage == "Closed-Won" else 1
        rule = self._setting.house.get(StageProbability)
        return rule.points[stage] if rule else (OPEN_STAGES.index(stage) + 1) * 20 - self._rng.choice((0, 5, 10))

    def _notes(self, stage: str) -> str | None:
        needs = self._setting.house.get(StageFields)
        if stage in CLOSED_STAGES and (needs is None or needs.field == "notes"):
            reasons = {
                "Closed-Won": ("Signed after the second demo.", "Price was right.", "Won against two bidders."),
                "Closed-Lost": ("Budget was cut.", "Went with a competitor.", "Project postponed."),
            }
            return self._rng.choice(reasons[stage])
        return None


def _reached(stage: str, milestone: str) -> bool:
    ladder = (*OPEN_STAGES, "Closed-Won")
    return stage in ladder and milestone in ladder and ladder.index(stage) >= ladder.index(milestone)


def _phone(rng: random.Random) -> str:
    return f"+{rng.randint(30, 49)} {rng.randint(100, 999)} {rng.randint(100000, 999999)}"


def _moment(rng: random.Random, day: date) -> str:
    return (start_of_business(day) + timedelta(minutes=rng.randint(0, 8 * 60))).isoformat()


def rows_by_entity(rows: Iterator[tuple[Entity, StoredRow]]) -> Mapping[Entity, list[StoredRow]]:
    """Return the rows of each kind, in the order in which they came; every kind has an entry."""
    gathered: dict[Entity, list[StoredRow]] = {entity: [] for entity in Entity}
    for entity, row in rows:
        gathered[entity].append(row)
    return gathered
